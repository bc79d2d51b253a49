/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A name to the endpoint that it matches: the automaton of lenscap_name.h, walked over its map from the name's last byte.
 * Costs one lookup a byte, whatever the size of the catalogue, and none once nothing can match any more.
 */
#ifndef LENSCAP_CATALOGUE_H
#define LENSCAP_CATALOGUE_H

#include "maps.h"

struct lc_name_walk { struct lc_work *work; void *steps; __u32 last; };

LC_CALLBACK lc_catalogue_byte(__u32 turn, void *context)
{
	struct lc_name_walk *walk = context;
	struct lc_walk *w = &walk->work->walk;
	__u32 class, key;

	class = lc_walk_byte(w, walk->work->tls.name[(walk->last - turn) & 0xff]);
	if (w->dead)
		return w->bad & 1;  /* the verifier wants to see 0 or 1 */
	key = w->state + class;
	lc_walk_step(w, bpf_map_lookup_elem(walk->steps, &key));
	return w->bad & 1;
}

/* LC_R_MATCH with the endpoint set, LC_R_ECH (an opaque front, and the hello has the extension), LC_R_NO_MATCH, LC_R_INVALID_NAME. */
LC_GLOBAL int lc_catalogue_find(struct lc_work *w)
{
	struct lc_name_walk walk = { .work = w };
	__u32 len, slot, key;

	if (!w)
		return LC_R_NO_MATCH;
	slot = w->slot;
	walk.steps = bpf_map_lookup_elem(&lc_steps, &slot);
	if (!walk.steps)
		return LC_R_NO_MATCH;
	w->walk = (struct lc_walk){ .state = w->conf.start };
	len = w->tls.name_len;
	if (len && w->tls.name[(len - 1) & 0xff] == '.')
		len--;
	if (!len || len > LC_NAME_MAX)
		return LC_R_INVALID_NAME;
	walk.last = len - 1;
	lc_loop(len, lc_catalogue_byte, &walk);
	if (!lc_walk_valid(&w->walk))
		return LC_R_INVALID_NAME;
	if (w->walk.dead)
		return LC_R_NO_MATCH;
	key = w->walk.state + LC_C_END;
	lc_walk_step(&w->walk, bpf_map_lookup_elem(walk.steps, &key));
	if (w->walk.dead)
		return LC_R_NO_MATCH;
	w->view.endpoint = w->walk.state & LC_STEP_ENDPOINT;
	return w->walk.state & LC_STEP_OPAQUE && w->tls.ech ? LC_R_ECH : LC_R_MATCH;
}

#endif
