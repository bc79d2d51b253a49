/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The directory of pins on a bpffs, and the one beside it in which a load is made. Decides by names whether a directory is ours,
 * by a lock who may change it, and takes away only what lenscap names. Never looks at what is pinned.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "gate.h"
#include "pins.h"

#define LC_STAGING "-loading"
#define LC_BPFFS "/sys/fs/bpf"

int lc_pins_path(char path[LC_PATH_BYTES], const char *dir, const char *name)
{
	return snprintf(path, LC_PATH_BYTES, "%s/%s", dir, name) < LC_PATH_BYTES ? 0 : -ENAMETOOLONG;
}

int lc_pins_staging(const char *dir, char staging[LC_PATH_BYTES], const char **ret_why)
{
	if (snprintf(staging, LC_PATH_BYTES, "%s" LC_STAGING, dir) < LC_PATH_BYTES)
		return 0;
	return lc_why(ret_why, -ENAMETOOLONG, "the name of the pin directory is too long");
}

static bool lc_pins_bpffs(const char *path)
{
	struct statfs fs;

	return !statfs(path, &fs) && (unsigned long)fs.f_type == BPF_FS_MAGIC;
}

int lc_pins_parent(const char *dir, const char **ret_why)
{
	char *copy = strdup(dir), *parent;
	int err = 0;

	if (!copy)
		return lc_why(ret_why, -ENOMEM, "no memory");
	parent = dirname(copy);
	if (lc_pins_bpffs(parent))
		goto out;
	if (strcmp(parent, LC_BPFFS)) {
		err = lc_why(ret_why, -ENOTDIR, "'%s' is no directory of a bpffs, choose a pin directory in " LC_BPFFS, parent);
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

/* Maps that another version of lenscap has are ours, too. */
static bool lc_pins_ours(const char *name)
{
	return !strncmp(name, "lc_", 3) || !strcmp(name, LC_PROGRAM) || !strcmp(name, LC_LINKS);
}

static bool lc_pins_known(const char *name)
{
	for (enum lc_map map = 0; map < LC_MAP_MAX; map++)
		if (!strcmp(name, lc_gate_map_name(map)))
			return true;
	return !strcmp(name, LC_PROGRAM);
}

static int lc_pins_names(const char *dir, const char **ret_why)
{
	struct dirent *entry;
	size_t known = 0;
	DIR *d = opendir(dir);
	int err = 0;

	if (!d)
		return lc_why(ret_why, -errno, "'%s': %s", dir, strerror(errno));
	while (!err && (entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		known += lc_pins_known(entry->d_name);
		if (!lc_pins_ours(entry->d_name))
			err = lc_why(ret_why, -EPERM, "it holds '%s', which lenscap did not pin: left alone, is this the right directory?",
				     entry->d_name);
	}
	closedir(d);
	if (!err && !known)
		err = lc_why(ret_why, -ENOENT, "it holds no pins of lenscap: left alone, is this the right directory?");
	return err;
}

int lc_pins_check(const char *dir, const char **ret_why)
{
	char above[LC_PATH_BYTES];

	if (lc_pins_path(above, dir, ".."))
		return lc_why(ret_why, -ENAMETOOLONG, "the name of the pin directory is too long");
	if (!lc_pins_bpffs(dir))
		return lc_why(ret_why, -ENOTDIR, "not a directory of a bpffs: left alone, is this the right one?");
	if (!lc_pins_bpffs(above))
		return lc_why(ret_why, -EPERM, "all of a bpffs, which others use, too: name a directory in it");
	return lc_pins_names(dir, ret_why);
}

/* Locked, but is it still what bears the name? */
static bool lc_pins_current(const char *dir, int lock)
{
	struct stat held, named;

	return !fstat(lock, &held) && !stat(dir, &named) && held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

int lc_pins_lock(const char *dir, int seconds, int *ret_lock, const char **ret_why)
{
	int lock = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;

	if (lock < 0)
		return lc_why(ret_why, -errno, "lock '%s': %s", dir, strerror(errno));
	for (int tenths = 0; flock(lock, LOCK_EX | LOCK_NB); tenths++) {
		if (errno != EWOULDBLOCK || tenths >= seconds * 10) {
			err = lc_why(ret_why, -EBUSY, "another lenscap is changing it, try again when that is done");
			goto out;
		}
		usleep(100000);
	}
	if (!lc_pins_current(dir, lock))
		err = lc_why(ret_why, -ENOENT, "unloaded meanwhile, 'gate load' first");
out:
	if (err)
		close(lock);
	else
		*ret_lock = lock;
	return err;
}

static int lc_pins_unlink(const char *dir, bool all)
{
	char path[LC_PATH_BYTES];
	struct dirent *entry;
	DIR *d = opendir(dir);
	int err = 0;

	if (!d)
		return errno == ENOENT ? 0 : -errno;
	while (!err && (entry = readdir(d))) {
		if (entry->d_name[0] == '.' || !strcmp(entry->d_name, LC_LINKS) || !(all || lc_pins_ours(entry->d_name)))
			continue;
		err = lc_pins_path(path, dir, entry->d_name);
		if (!err && unlink(path))
			err = -errno;
	}
	closedir(d);
	return err;
}

/* Attachments go first: enforcement ends before its maps do. */
static int lc_pins_clear(const char *dir)
{
	char links[LC_PATH_BYTES];
	int err = lc_pins_path(links, dir, LC_LINKS);

	if (!err)
		err = lc_pins_unlink(links, true);
	if (!err && rmdir(links) && errno != ENOENT)
		err = -errno;
	return err ? err : lc_pins_unlink(dir, false);
}

int lc_pins_remove(const char *dir, const char **ret_why)
{
	int err = lc_pins_clear(dir);

	if (!err && rmdir(dir) && errno != ENOENT)
		err = -errno;
	return err ? lc_why(ret_why, err, "removing '%s': %s", dir, strerror(-err)) : 0;
}

int lc_pins_stage(const char *staging, int *ret_lock, const char **ret_why)
{
	int lock, err;

	if (mkdir(staging, 0700) && errno != EEXIST) {
		err = -errno;
		return lc_why(ret_why, err, "making '%s': %s", staging,
			      err == -EPERM ? "bpffs takes no '.' in a name, choose another pin directory" : strerror(-err));
	}
	err = lc_pins_lock(staging, 0, &lock, NULL);
	if (err)
		return lc_why(ret_why, -EBUSY, "another load is under way, try again when it is done");
	err = lc_pins_clear(staging);
	if (err) {
		close(lock);
		return lc_why(ret_why, err, "clearing '%s' of a load that died: %s", staging, strerror(-err));
	}
	*ret_lock = lock;
	return 0;
}
