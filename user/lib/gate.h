/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gate: programs and maps in the kernel. Opens and loads them, pins them under one bpffs directory, attaches them to
 * interfaces. Sole user of the skeletons. State is what is pinned: no daemon is needed to enforce.
 */
#ifndef LENSCAP_GATE_H
#define LENSCAP_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include "lenscap.h"

#define LC_PIN_DIR "/sys/fs/bpf/lenscap"     /* bpffs takes no '.' in a name */

/* Maps by name, in the order of lc_gate_map_name(). Those of a generation are arrays of LC_SLOTS maps. */
enum lc_map {
	LC_MAP_STATE, LC_MAP_CONFS, LC_MAP_FLOWS, LC_MAP_HELLOS, LC_MAP_COUNTS, LC_MAP_TOTALS, LC_MAP_EVENTS, LC_MAP_SEQ, LC_MAP_PROGRAMS,
	LC_MAP_ASSETS4, LC_MAP_ASSETS6, LC_MAP_MACS, LC_MAP_VLANS, LC_MAP_STEPS, LC_MAP_CELLS, LC_MAP_TEXTS, LC_MAP_MAX
};

struct lc_gate;

/* Sizes fixed at load. 0: the default. */
struct lc_gate_sizes { unsigned int flows, hellos, events_bytes, counts; };

/* Errors are negative errno; *ret_why says in words what is wrong and what to do next, owned by the library until its next call. */
/* Loads and pins beside dir, locked. Freed before it is published it leaves nothing. -EEXIST; -EBUSY: another load is under way. */
int lc_gate_stage(const char *dir, const struct lc_gate_sizes *sizes, struct lc_gate **ret_gate, const char **ret_why);
int lc_gate_publish(struct lc_gate *gate, const char **ret_why);                                 /* as dir, at one stroke */
int lc_gate_open(const char *dir, struct lc_gate **ret_gate, const char **ret_why);              /* what is pinned; -ENOENT */
int lc_gate_private(const struct lc_gate_sizes *sizes, struct lc_gate **ret_gate, const char **ret_why); /* unpinned, for replay */
void lc_gate_free(struct lc_gate *gate);                                                         /* takes NULL; leaves pins */
int lc_gate_unload(const char *dir, const char **ret_why);                                       /* detaches and unpins all, or fails */

/* Hold off other writers until the gate is freed; waits for seconds at most. -EBUSY; -ENOENT: unloaded meanwhile. */
#define LC_LOCK_SECONDS 10
int lc_gate_lock(struct lc_gate *gate, int seconds, const char **ret_why);

int lc_gate_map(const struct lc_gate *gate, enum lc_map map);        /* fd, owned by the gate */
const char *lc_gate_map_name(enum lc_map map);
int lc_gate_program(const struct lc_gate *gate);                     /* fd */

enum lc_hook { LC_HOOK_NONE, LC_HOOK_TCX, LC_HOOK_CLSACT };

enum lc_where {
	LC_HERE,
	LC_ELSEWHERE,                /* in another network namespace */
	LC_GONE                      /* the interface is gone, or has lost the filter: only the pin is left */
};

struct lc_attachment {
	char ifname[16];             /* now, where LC_HERE; else as it was attached */
	char pinned[16];             /* the name that it was attached under; "": its pin is lost */
	unsigned int ifindex;
	enum lc_hook hook;
	enum lc_where where;
	char pin[64];                /* its file */
};

/* These take the lock. hook LC_HOOK_NONE: the best that the kernel has, by probing. -EEXIST: attached already. */
int lc_gate_attach(struct lc_gate *gate, const char *ifname, enum lc_hook hook, enum lc_hook *ret_hook, const char **ret_why);
/* By its present name, or by the pinned one if that is not here. -ENOENT: not attached. What only the pin is left of, or a clsact
 * filter elsewhere, is forgotten: *ret_was tells. */
int lc_gate_detach(struct lc_gate *gate, const char *ifname, struct lc_attachment *ret_was, const char **ret_why);
int lc_gate_attachments(struct lc_gate *gate, struct lc_attachment **ret_list, size_t *ret_n, const char **ret_why);
const char *lc_hook_word(enum lc_hook hook);

/* What this kernel has; for "feature". */
struct lc_features { bool btf, jit, tcx, clsact, ringbuf, loop, root, bpffs; };
void lc_gate_features(struct lc_features *ret_features);

/* For the library's files: fills the text behind *ret_why, returns err. */
int lc_why(const char **ret_why, int err, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
