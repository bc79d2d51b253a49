/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The directory of pins: is one ours, who may change it now, and how it is emptied. Knows names, not what is behind them; removes
 * no name that lenscap does not give.
 */
#ifndef LENSCAP_PINS_H
#define LENSCAP_PINS_H

#include <stddef.h>

#define LC_LINKS "links"             /* directory: one pin an attachment */
#define LC_PROGRAM "gate_tc"
#define LC_PATH_BYTES 512

/* All of these return 0 or negative errno with *ret_why. */
int lc_pins_path(char path[LC_PATH_BYTES], const char *dir, const char *name);
/* dir with what a load under way puts behind its name. */
int lc_pins_staging(const char *dir, char staging[LC_PATH_BYTES], const char **ret_why);
/* The directory that dir is to be made in is a bpffs; the usual one is mounted when it is not. */
int lc_pins_parent(const char *dir, const char **ret_why);
/* dir is on a bpffs, not all of it, and holds what lenscap pins and nothing else. */
int lc_pins_check(const char *dir, const char **ret_why);
/* As long as *ret_lock is open nobody else changes the directory; waits for seconds at most. -EBUSY. -ENOENT: gone meanwhile. */
int lc_pins_lock(const char *dir, int seconds, int *ret_lock, const char **ret_why);
/* Makes, or takes over from a load that died, the empty staging directory; it is ours until *ret_lock is closed. */
int lc_pins_stage(const char *staging, int *ret_lock, const char **ret_why);
int lc_pins_remove(const char *dir, const char **ret_why);

#endif
