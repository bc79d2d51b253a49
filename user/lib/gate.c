/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs and maps of the gate: loaded through the skeleton, pinned under one directory, found there again. A load is made in a
 * directory beside it and renamed when its policy is in force, so that a crash leaves a whole gate or none; an unload goes the same
 * way back. Attaching is attach.c's, the directory pins.c's.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gate_tc.skel.h"
#include "gate_private.h"

static const char *const lc_map_names[LC_MAP_MAX] = {
	[LC_MAP_STATE] = "lc_state",     [LC_MAP_CONFS] = "lc_confs",     [LC_MAP_FLOWS] = "lc_flows",
	[LC_MAP_HELLOS] = "lc_hellos",   [LC_MAP_COUNTS] = "lc_counts",   [LC_MAP_TOTALS] = "lc_totals",
	[LC_MAP_EVENTS] = "lc_events",   [LC_MAP_SEQ] = "lc_seq",         [LC_MAP_ASSETS4] = "lc_assets4",
	[LC_MAP_ASSETS6] = "lc_assets6", [LC_MAP_MACS] = "lc_macs",       [LC_MAP_VLANS] = "lc_vlans",
	[LC_MAP_PROGRAMS] = "lc_programs",
	[LC_MAP_STEPS] = "lc_steps",     [LC_MAP_CELLS] = "lc_cells",     [LC_MAP_TEXTS] = "lc_texts",
};

int lc_why(const char **ret_why, int err, const char *format, ...)
{
	static char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (ret_why)
		*ret_why = text;
	return err;
}

const char *lc_gate_map_name(enum lc_map map)
{
	return map < LC_MAP_MAX ? lc_map_names[map] : "?";
}

int lc_gate_map(const struct lc_gate *gate, enum lc_map map)
{
	return map < LC_MAP_MAX ? gate->maps[map] : -1;
}

int lc_gate_program(const struct lc_gate *gate)
{
	return gate->program;
}

static struct lc_gate *lc_gate_new(const char *dir)
{
	struct lc_gate *gate = calloc(1, sizeof(*gate));

	if (!gate)
		return NULL;
	gate->program = gate->lock = -1;
	for (int i = 0; i < LC_MAP_MAX; i++)
		gate->maps[i] = -1;
	gate->dir = dir ? strdup(dir) : NULL;
	if (dir && !gate->dir) {
		free(gate);
		return NULL;
	}
	return gate;
}

void lc_gate_free(struct lc_gate *gate)
{
	if (!gate)
		return;
	if (gate->skeleton) {
		gate_tc__destroy(gate->skeleton);        /* closes the fds, too */
	} else {
		for (int i = 0; i < LC_MAP_MAX; i++)
			if (gate->maps[i] >= 0)
				close(gate->maps[i]);
		if (gate->program >= 0)
			close(gate->program);
	}
	if (gate->staging)
		lc_pins_remove(gate->staging, NULL);
	if (gate->lock >= 0)
		close(gate->lock);
	free(gate->staging);
	free(gate->dir);
	free(gate);
}

static int lc_gate_sizes_set(struct gate_tc *skeleton, const struct lc_gate_sizes *sizes)
{
	const struct { struct bpf_map *map; unsigned int n; } rows[] = {
		{ skeleton->maps.lc_flows, sizes->flows },
		{ skeleton->maps.lc_hellos, sizes->hellos },
		{ skeleton->maps.lc_counts, sizes->counts },
		{ skeleton->maps.lc_events, sizes->events_bytes },
	};

	/* budgets are shares of these two */
	skeleton->rodata->lc_flows_n = sizes->flows ? sizes->flows : bpf_map__max_entries(skeleton->maps.lc_flows);
	skeleton->rodata->lc_hellos_n = sizes->hellos ? sizes->hellos : bpf_map__max_entries(skeleton->maps.lc_hellos);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int err = rows[i].n ? bpf_map__set_max_entries(rows[i].map, rows[i].n) : 0;

		if (err)
			return err;
	}
	return 0;
}

static int lc_gate_load_why(int err, const char **ret_why)
{
	if (err == -EPERM || err == -EACCES)
		return lc_why(ret_why, err, "the kernel refuses: %s", geteuid() ? "not root, run it with sudo" : strerror(-err));
	if (err == -ENOMEM)
		return lc_why(ret_why, err, "no memory for the maps, ask for fewer flows or hellos");
	return lc_why(ret_why, err, "the kernel does not take the program (%s), see 'lenscap feature' and run it again with -d",
		      strerror(-err));
}

/* The program that reads QUIC, where the gate's tail call finds it. */
static int lc_gate_chain(struct gate_tc *skeleton)
{
	int fd = bpf_program__fd(skeleton->progs.lc_gate_quic);
	__u32 zero = 0;

	return bpf_map_update_elem(bpf_map__fd(skeleton->maps.lc_programs), &zero, &fd, BPF_ANY) ? -errno : 0;
}

int lc_gate_private(const struct lc_gate_sizes *sizes, struct lc_gate **ret_gate, const char **ret_why)
{
	struct lc_gate *gate = lc_gate_new(NULL);
	struct bpf_map *map;
	int err;

	if (!gate)
		return lc_why(ret_why, -ENOMEM, "no memory");
	gate->skeleton = gate_tc__open();
	if (!gate->skeleton) {
		err = lc_gate_load_why(-errno, ret_why);
		goto out;
	}
	err = sizes ? lc_gate_sizes_set(gate->skeleton, sizes) : 0;
	if (!err)
		err = gate_tc__load(gate->skeleton);
	if (err) {
		lc_gate_load_why(err, ret_why);
		goto out;
	}
	/* Without it, functions are verified once per call; on 6.1 that passes the limit and nobody would know why. */
	if (bpf_object__btf_fd(gate->skeleton->obj) < 0) {
		err = lc_why(ret_why, -ENOTSUP, "the kernel did not take the program's BTF (CONFIG_DEBUG_INFO_BTF)");
		goto out;
	}
	for (int i = 0; i < LC_MAP_MAX; i++) {
		map = bpf_object__find_map_by_name(gate->skeleton->obj, lc_map_names[i]);
		gate->maps[i] = map ? bpf_map__fd(map) : -1;
	}
	gate->program = bpf_program__fd(gate->skeleton->progs.lc_gate_tc);
	err = lc_gate_chain(gate->skeleton);
	if (err) {
		lc_why(ret_why, err, "joining the programs: %s", strerror(-err));
		goto out;
	}
	*ret_gate = gate;
	gate = NULL;
out:
	lc_gate_free(gate);
	return err;
}

static int lc_gate_pin(const struct lc_gate *gate, const char *dir)
{
	char path[LC_PATH_BYTES];
	int err = 0;

	for (int i = 0; i < LC_MAP_MAX && !err; i++) {
		err = lc_pins_path(path, dir, lc_map_names[i]);
		if (!err)
			err = bpf_obj_pin(gate->maps[i], path);
	}
	if (!err)
		err = lc_pins_path(path, dir, LC_PROGRAM);
	if (!err)
		err = bpf_obj_pin(gate->program, path);
	if (!err)
		err = lc_pins_path(path, dir, LC_LINKS);
	if (!err && mkdir(path, 0700))
		err = -errno;
	return err;
}

static int lc_gate_abi_write(const struct lc_gate *gate)
{
	struct lc_state state = { .abi = LC_ABI };
	__u32 zero = 0;

	return bpf_map_update_elem(gate->maps[LC_MAP_STATE], &zero, &state, BPF_ANY);
}

/* Is there room for a gate at dir? */
static int lc_gate_vacant(const char *dir, const char **ret_why)
{
	int err;

	if (geteuid())
		return lc_why(ret_why, -EPERM, "not root, run it with sudo");
	if (!access(dir, F_OK)) {
		err = lc_pins_check(dir, ret_why);
		return err ? err : lc_why(ret_why, -EEXIST, "already loaded, 'gate unload' first or go on with 'policy load'");
	}
	return lc_pins_parent(dir, ret_why);
}

int lc_gate_stage(const char *dir, const struct lc_gate_sizes *sizes, struct lc_gate **ret_gate, const char **ret_why)
{
	char staging[LC_PATH_BYTES];
	struct lc_gate *gate = NULL;
	int lock = -1, err;

	err = lc_gate_vacant(dir, ret_why);
	if (!err)
		err = lc_pins_staging(dir, staging, ret_why);
	if (!err)
		err = lc_pins_stage(staging, &lock, ret_why);
	if (err)
		return err;
	err = lc_gate_private(sizes, &gate, ret_why);
	if (err)
		goto out;
	err = lc_gate_abi_write(gate);
	if (!err)
		err = lc_gate_pin(gate, staging);
	gate->dir = strdup(dir);
	gate->staging = strdup(staging);
	if (!err && (!gate->dir || !gate->staging))
		err = -ENOMEM;
	if (err) {
		lc_why(ret_why, err, "pinning failed: %s", strerror(-err));
		goto out;
	}
	gate->lock = lock;
	*ret_gate = gate;
	return 0;
out:
	lc_gate_free(gate);
	lc_pins_remove(staging, NULL);
	close(lock);
	return err;
}

int lc_gate_publish(struct lc_gate *gate, const char **ret_why)
{
	if (rename(gate->staging, gate->dir))
		return lc_why(ret_why, -errno, errno == ENOTEMPTY ? "loaded meanwhile by another lenscap" : "pinning failed: %s",
			      strerror(errno));
	free(gate->staging);
	gate->staging = NULL;
	return 0;
}

static int lc_gate_get(const char *dir, const char *name)
{
	char path[LC_PATH_BYTES];
	int err = lc_pins_path(path, dir, name);

	return err ? err : bpf_obj_get(path);
}

/* What is pinned, as far as it is. The first error, and the gate in any case, unless there is no memory for it. */
static int lc_gate_get_all(const char *dir, struct lc_gate **ret_gate)
{
	struct lc_gate *gate = lc_gate_new(dir);
	int err;

	*ret_gate = gate;
	if (!gate)
		return -ENOMEM;
	gate->program = lc_gate_get(dir, LC_PROGRAM);
	err = gate->program < 0 ? gate->program : 0;
	for (int i = 0; i < LC_MAP_MAX; i++) {
		gate->maps[i] = lc_gate_get(dir, lc_map_names[i]);
		if (gate->maps[i] < 0 && !err)
			err = gate->maps[i];
	}
	return err;
}

int lc_gate_open(const char *dir, struct lc_gate **ret_gate, const char **ret_why)
{
	struct lc_gate *gate = NULL;
	struct lc_state state = {};
	__u32 zero = 0;
	int err;

	if (access(dir, F_OK))
		return errno == EACCES ? lc_why(ret_why, -EACCES, "not root, run it with sudo")
				       : lc_why(ret_why, -ENOENT, "not loaded, 'gate load' first");
	err = lc_gate_get_all(dir, &gate);
	if (err == -EPERM || err == -EACCES)
		lc_why(ret_why, err, "not root, run it with sudo");
	else if (err && !lc_pins_check(dir, ret_why))
		lc_why(ret_why, err, err == -ENOENT ? "half unloaded, 'gate unload' again, then 'gate load'" : "%s", strerror(-err));
	if (err)
		goto out;
	if (bpf_map_lookup_elem(gate->maps[LC_MAP_STATE], &zero, &state) || state.abi != LC_ABI) {
		err = lc_why(ret_why, -EPROTO, "loaded by another version of lenscap (ABI %u, this one speaks %u), unload and load again",
			     state.abi, LC_ABI);
		goto out;
	}
	*ret_gate = gate;
	gate = NULL;
out:
	lc_gate_free(gate);
	return err;
}

int lc_gate_lock(struct lc_gate *gate, int seconds, const char **ret_why)
{
	return !gate->dir || gate->lock >= 0 ? 0 : lc_pins_lock(gate->dir, seconds, &gate->lock, ret_why);
}

/* Detaches, then takes the name away at one stroke: what is left is cleared as a load that died would be. */
static int lc_gate_take_down(const char *dir, const char *staging, struct lc_gate **ret_gate, const char **ret_why)
{
	struct lc_gate *gate;
	int err;

	lc_gate_get_all(dir, &gate);
	if (!gate)
		return lc_why(ret_why, -ENOMEM, "no memory");
	*ret_gate = gate;
	err = lc_gate_lock(gate, LC_LOCK_SECONDS, ret_why);
	if (!err)
		err = lc_gate_detach_all(gate, ret_why);
	if (!err && rename(dir, staging))
		err = lc_why(ret_why, -errno, "unpinning failed: %s", strerror(errno));
	return err;
}

int lc_gate_unload(const char *dir, const char **ret_why)
{
	struct lc_gate *gate = NULL;
	char staging[LC_PATH_BYTES];
	int lock, gone, err;
	bool loaded = !access(dir, F_OK);

	if (geteuid())
		return lc_why(ret_why, -EPERM, "not root, run it with sudo");
	err = lc_pins_staging(dir, staging, ret_why);
	if (!err && !loaded && access(staging, F_OK))
		err = lc_why(ret_why, -ENOENT, "not loaded");
	if (!err)
		err = loaded ? lc_pins_check(dir, ret_why) : lc_pins_parent(dir, ret_why);
	if (!err)
		err = lc_pins_stage(staging, &lock, ret_why);
	if (err)
		return err;
	if (loaded)
		err = lc_gate_take_down(dir, staging, &gate, ret_why);
	gone = lc_pins_remove(staging, err ? NULL : ret_why);
	lc_gate_free(gate);
	close(lock);
	return err ? err : gone;
}
