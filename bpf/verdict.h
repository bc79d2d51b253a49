/* SPDX-License-Identifier: GPL-2.0-only */
/* Profile and endpoint, or profile and reason, to a verdict and the rule it rests on: one read of a table compiled beforehand. */
#ifndef LENSCAP_VERDICT_H
#define LENSCAP_VERDICT_H

#include "maps.h"

/*
 * Takes reason and endpoint from the view in hand; sets its verdict, wanted, rule. Without a cell (never, in a table read back
 * whole): audit.
 */
LC_GLOBAL int lc_verdict(struct lc_work *w)
{
	struct lc_cell *cell = NULL;
	struct lc_view *v;
	__u32 slot, key;
	void *cells;

	if (!w)
		return 0;
	v = &w->view;
	slot = w->slot;
	key = v->reason == LC_R_MATCH ? LC_REASON_COLUMNS + v->endpoint : v->reason;
	key += w->asset.profile * w->conf.columns;
	cells = bpf_map_lookup_elem(&lc_cells, &slot);
	if (cells)
		cell = bpf_map_lookup_elem(cells, &key);
	v->verdict = cell ? cell->verdict : LC_V_AUDIT;
	v->wanted = cell ? cell->wanted : LC_V_AUDIT;
	v->rule = cell ? cell->rule : 0;
	return 0;
}

/* Undecided, allow, audit, and all that refuse: from here on nothing is stricter. */
LC_INLINE __u32 lc_verdict_rank(__u32 verdict)
{
	return verdict < LC_V_DENY_RESET ? verdict : LC_V_DENY_RESET;
}

LC_INLINE int lc_verdict_refuses(__u32 verdict)
{
	return verdict >= LC_V_DENY_RESET;
}

#endif
