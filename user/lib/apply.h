/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables to the idle generation's maps, read back, compared, and put in force by one store. On failure the old one stays. */
#ifndef LENSCAP_APPLY_H
#define LENSCAP_APPLY_H

#include "compile.h"
#include "gate.h"

/* flags are added to the tables' conf (LC_CONF_DRY, LC_CONF_NAMES). 0 or negative errno with *ret_why. */
int lc_apply(struct lc_gate *gate, struct lc_tables *tables, __u32 flags, __u32 *ret_generation, const char **ret_why);

#endif
