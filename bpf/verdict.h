/* SPDX-License-Identifier: GPL-2.0-only */
/* Profile and endpoint, or profile and reason, to a verdict and the rule it rests on: one read of a table compiled beforehand. */
#ifndef LENSCAP_VERDICT_H
#define LENSCAP_VERDICT_H

#include "maps.h"

/* Takes reason, endpoint and asset from the work; sets verdict, wanted, rule. Without a cell (never, in a table read back whole): audit. */
LC_GLOBAL int lc_verdict(struct lc_work *w)
{
	struct lc_cell *cell = NULL;
	__u32 slot, key;
	void *cells;

	if (!w)
		return 0;
	slot = w->slot;
	key = w->reason == LC_R_MATCH ? LC_REASON_COLUMNS + w->endpoint : w->reason;
	key += w->asset.profile * w->conf.columns;
	cells = bpf_map_lookup_elem(&lc_cells, &slot);
	if (cells)
		cell = bpf_map_lookup_elem(cells, &key);
	w->verdict = cell ? cell->verdict : LC_V_AUDIT;
	w->wanted = cell ? cell->wanted : LC_V_AUDIT;
	w->rule = cell ? cell->rule : 0;
	return 0;
}

#endif
