/* SPDX-License-Identifier: GPL-2.0-only */
/* What gate.c and attach.c share; nobody else includes it. */
#ifndef LENSCAP_GATE_PRIVATE_H
#define LENSCAP_GATE_PRIVATE_H

#include "gate.h"

#define LC_LINKS "links"             /* directory of pinned links, one an interface, '.' in its name as ':' */
#define LC_PROGRAM "gate_tc"
#define LC_STAGING "-loading"        /* after the pin directory's name */

struct gate_tc;

struct lc_gate {
	int maps[LC_MAP_MAX];
	int program;
	int lock;                    /* -1: not held */
	char *dir;                   /* NULL: private */
	struct gate_tc *skeleton;    /* private only */
};

int lc_gate_path(char *path, size_t bytes, const char *dir, const char *name);
void lc_gate_detach_all(struct lc_gate *gate);

#endif
