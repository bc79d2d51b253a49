/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs and maps of the gate: loaded through the skeleton, pinned under one directory, found there again. A load is made in a
 * directory beside it and renamed, so that a crash leaves a whole gate or none. Attaching is attach.c's.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
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

int lc_gate_path(char *path, size_t bytes, const char *dir, const char *name)
{
	return (size_t)snprintf(path, bytes, "%s/%s", dir, name) < bytes ? 0 : -ENAMETOOLONG;
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
	if (gate->lock >= 0)
		close(gate->lock);
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

static bool lc_gate_is_bpffs(const char *path)
{
	struct statfs fs;

	return !statfs(path, &fs) && (unsigned long)fs.f_type == BPF_FS_MAGIC;
}

/* The directory above the pins must be a bpffs; the usual place is mounted when it is not. */
static int lc_gate_bpffs(const char *dir, const char **ret_why)
{
	char *copy = strdup(dir), *parent;
	int err = 0;

	if (!copy)
		return lc_why(ret_why, -ENOMEM, "no memory");
	parent = dirname(copy);
	if (lc_gate_is_bpffs(parent))
		goto out;
	if (strcmp(parent, "/sys/fs/bpf")) {
		err = lc_why(ret_why, -ENOTDIR, "'%s' is not a bpffs, 'mount -t bpf bpf %s' first", parent, parent);
		goto out;
	}
	if (mount("bpf", parent, "bpf", 0, "mode=0700")) {
		err = -errno;
		lc_why(ret_why, err, "no bpffs at %s and mounting it failed: %s", parent, strerror(-err));
	}
out:
	free(copy);
	return err;
}

/* Remove a directory of pins and the directories in it. Links go first: enforcement ends before its maps do. */
static int lc_gate_remove(const char *dir)
{
	char path[512];
	struct dirent *entry;
	int err = 0;
	DIR *d;

	if (!lc_gate_path(path, sizeof(path), dir, LC_LINKS))
		if (!access(path, F_OK) && strcmp(strrchr(dir, '/') + 1, LC_LINKS))
			err = lc_gate_remove(path);
	d = opendir(dir);
	if (!d)
		return -errno;
	while (!err && (entry = readdir(d)))
		if (entry->d_name[0] != '.' && !lc_gate_path(path, sizeof(path), dir, entry->d_name) && unlink(path))
			err = -errno;
	closedir(d);
	if (!err && rmdir(dir))
		err = -errno;
	return err;
}

static int lc_gate_pin(const struct lc_gate *gate, const char *dir)
{
	char path[512];
	int err = 0;

	for (int i = 0; i < LC_MAP_MAX && !err; i++) {
		err = lc_gate_path(path, sizeof(path), dir, lc_map_names[i]);
		if (!err)
			err = bpf_obj_pin(gate->maps[i], path);
	}
	if (!err)
		err = lc_gate_path(path, sizeof(path), dir, LC_PROGRAM);
	if (!err)
		err = bpf_obj_pin(gate->program, path);
	if (!err)
		err = lc_gate_path(path, sizeof(path), dir, LC_LINKS);
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

int lc_gate_load(const char *dir, const struct lc_gate_sizes *sizes, const char **ret_why)
{
	struct lc_gate *gate = NULL;
	char staging[512];
	int err;

	if (geteuid())
		return lc_why(ret_why, -EPERM, "not root, run it with sudo");
	err = lc_gate_bpffs(dir, ret_why);
	if (err)
		return err;
	if (!access(dir, F_OK))
		return lc_why(ret_why, -EEXIST, "already loaded, 'gate unload' first or go on with 'policy load'");
	if ((size_t)snprintf(staging, sizeof(staging), "%s" LC_STAGING, dir) >= sizeof(staging))
		return lc_why(ret_why, -ENAMETOOLONG, "the name of the pin directory is too long");
	if (mkdir(staging, 0700)) {
		err = -errno;
		return lc_why(ret_why, err, err == -EEXIST ? "another load is under way or died, 'gate unload' clears it away" :
			      err == -EPERM ? "bpffs takes no '.' in a name, choose another pin directory" : "%s", strerror(-err));
	}
	err = lc_gate_private(sizes, &gate, ret_why);
	if (err)
		goto out;
	err = lc_gate_abi_write(gate);
	if (!err)
		err = lc_gate_pin(gate, staging);
	if (!err && rename(staging, dir))
		err = -errno;
	if (err)
		lc_why(ret_why, err, "pinning failed: %s", strerror(-err));
out:
	if (err)
		lc_gate_remove(staging);
	lc_gate_free(gate);
	return err;
}

static int lc_gate_get(const char *dir, const char *name)
{
	char path[512];
	int err = lc_gate_path(path, sizeof(path), dir, name);

	return err ? err : bpf_obj_get(path);
}

int lc_gate_open(const char *dir, struct lc_gate **ret_gate, const char **ret_why)
{
	struct lc_gate *gate = NULL;
	struct lc_state state = {};
	__u32 zero = 0;
	int err = 0;

	if (access(dir, F_OK))
		return errno == EACCES ? lc_why(ret_why, -EACCES, "not root, run it with sudo")
				       : lc_why(ret_why, -ENOENT, "not loaded, 'gate load' first");
	gate = lc_gate_new(dir);
	if (!gate)
		return lc_why(ret_why, -ENOMEM, "no memory");
	gate->program = lc_gate_get(dir, LC_PROGRAM);
	if (gate->program < 0)
		err = gate->program;
	for (int i = 0; i < LC_MAP_MAX && !err; i++) {
		gate->maps[i] = lc_gate_get(dir, lc_map_names[i]);
		err = gate->maps[i] < 0 ? gate->maps[i] : 0;
	}
	if (err) {
		lc_why(ret_why, err, err == -ENOENT ? "half unloaded, 'gate unload' again, then 'gate load'" :
		       err == -EPERM || err == -EACCES ? "not root, run it with sudo" : "%s", strerror(-err));
		goto out;
	}
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
	if (!gate->dir || gate->lock >= 0)
		return 0;
	gate->lock = open(gate->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (gate->lock < 0)
		return lc_why(ret_why, -errno, "lock '%s': %s", gate->dir, strerror(errno));
	for (int tenths = 0; flock(gate->lock, LOCK_EX | LOCK_NB); tenths++) {
		if (errno != EWOULDBLOCK || tenths >= seconds * 10) {
			close(gate->lock);
			gate->lock = -1;
			return lc_why(ret_why, -EBUSY, "another lenscap is changing the policy, try again when it is done");
		}
		usleep(100000);
	}
	return 0;
}

int lc_gate_unload(const char *dir, const char **ret_why)
{
	struct lc_gate *gate = NULL;
	char staging[512];
	int err, gone;

	if (geteuid())
		return lc_why(ret_why, -EPERM, "not root, run it with sudo");
	snprintf(staging, sizeof(staging), "%s" LC_STAGING, dir);
	gone = lc_gate_remove(staging);
	if (access(dir, F_OK))
		return gone ? lc_why(ret_why, -ENOENT, "not loaded") : 0;
	err = lc_gate_open(dir, &gate, ret_why);
	if (!err)
		lc_gate_detach_all(gate);
	lc_gate_free(gate);
	err = lc_gate_remove(dir);
	if (err)
		lc_why(ret_why, err, "removing '%s': %s", dir, strerror(-err));
	return err;
}
