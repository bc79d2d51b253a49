/* SPDX-License-Identifier: GPL-2.0-only */
/* What gate.c and attach.c share; nobody else includes it. */
#ifndef LENSCAP_GATE_PRIVATE_H
#define LENSCAP_GATE_PRIVATE_H

#include "gate.h"
#include "pins.h"

struct gate_tc;

struct lc_gate {
	int maps[LC_MAP_MAX];
	int program;
	int lock;                    /* -1: not held */
	char *dir;                   /* NULL: private */
	char *staging;               /* where it is pinned until it is published; NULL: in dir */
	struct gate_tc *skeleton;    /* as long as it is not opened from pins */
};

/* Works on a gate that has lost pins (fds of -1), too. Fails if an attachment is left. */
int lc_gate_detach_all(struct lc_gate *gate, const char **ret_why);

#endif
