/* SPDX-License-Identifier: GPL-2.0-only */
/* What this kernel has of what the gate can use: found by trying, never by version. Leaves nothing behind. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "gate.h"

#define LC_TCX_INGRESS 46            /* BPF_TCX_INGRESS */
#define LC_NO_IFINDEX 0x7fffffff

/* A program of two instructions; fd or negative errno. */
static int lc_feature_program(void)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "lc_probe", "GPL", insns, 2, NULL);
}

/* A kernel with tcx looks for the interface and finds none; one without does not know the attach type. */
static bool lc_feature_tcx(void)
{
	int program = lc_feature_program(), fd;

	if (program < 0)
		return false;
	fd = bpf_link_create(program, LC_NO_IFINDEX, LC_TCX_INGRESS, NULL);
	close(program);
	if (fd >= 0)
		close(fd);
	return fd == -ENODEV;
}

static bool lc_feature_jit(void)
{
	FILE *f = fopen("/proc/sys/net/core/bpf_jit_enable", "re");
	int on = 0;

	if (!f)
		return false;
	if (fscanf(f, "%d", &on) != 1)
		on = 0;
	fclose(f);
	return on > 0;
}

void lc_gate_features(struct lc_features *ret_features)
{
	struct statfs fs;

	memset(ret_features, 0, sizeof(*ret_features));
	ret_features->root = geteuid() == 0;
	ret_features->btf = access("/sys/kernel/btf/vmlinux", R_OK) == 0;
	ret_features->jit = lc_feature_jit();
	ret_features->bpffs = !statfs("/sys/fs/bpf", &fs) && (unsigned long)fs.f_type == BPF_FS_MAGIC;
	ret_features->tcx = lc_feature_tcx();
	ret_features->clsact = libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_SCHED_CLS, NULL) == 1;
	ret_features->ringbuf = libbpf_probe_bpf_map_type(BPF_MAP_TYPE_RINGBUF, NULL) == 1;
	ret_features->loop = libbpf_probe_bpf_helper(BPF_PROG_TYPE_SCHED_CLS, BPF_FUNC_loop, NULL) == 1;
}
