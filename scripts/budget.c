// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loads a BPF object and prints a line for each of its programs: name, verified instructions, bytes as the kernel keeps it, and
 * whether its BTF loaded (without it the kernel verifies every call inline). Attaches and pins nothing. Run by scripts/budget.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static char last_words[4096];

/* libbpf's words are shown only if the load fails: the verifier's log is long. */
static int keep(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level != LIBBPF_DEBUG)
		vsnprintf(last_words, sizeof(last_words), format, args);
	return 0;
}

static int show(const struct bpf_program *program)
{
	struct bpf_prog_info info = {};
	__u32 bytes = sizeof(info);

	if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &bytes))
		return -errno;
	printf("%s %u %u %s\n", bpf_program__name(program), info.verified_insns, info.xlated_prog_len, info.btf_id ? "btf" : "no-btf");
	return 0;
}

int main(int argc, char **argv)
{
	struct bpf_object *object = NULL;
	struct bpf_program *program;
	int err;

	if (argc != 2) {
		fprintf(stderr, "usage: budget OBJECT\n");
		return 2;
	}
	libbpf_set_print(keep);
	object = bpf_object__open_file(argv[1], NULL);
	err = object ? bpf_object__load(object) : -errno;
	if (err) {
		fprintf(stderr, "load %s: %s: %s\n", argv[1], strerror(-err), last_words);
		goto out;
	}
	bpf_object__for_each_program(program, object) {
		err = show(program);
		if (err)
			goto out;
	}
out:
	bpf_object__close(object);
	return err ? 1 : 0;
}
