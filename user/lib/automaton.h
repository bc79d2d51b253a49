/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The steps between patterns and packed rows, for pattern.c, automaton.c and pack.c only: a non-deterministic automaton that
 * shares what patterns have in common from the right, its deterministic form, and the packing. All are read from a name's end.
 */
#ifndef LENSCAP_AUTOMATON_H
#define LENSCAP_AUTOMATON_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lenscap_name.h"

#define LC_STEPS_MAX (8u << 20)      /* 64 MiB of steps; past it: -E2BIG */
#define LC_BIT(n) (1ull << (n))

/* Several edges may be taken on one class. Edge 0 is none. */
struct lc_edge {
	__u64 classes;               /* bit per enum lc_class_of_byte; none: never taken, only leads to a token's end */
	__u32 to;
	__u32 next;                  /* of the same node */
};

struct lc_node {
	__u64 rank;                  /* of the pattern that ends here, the higher wins; 0: none ends */
	__u32 value;
	__u32 token;                 /* that led here */
	__u32 edges;
};

struct lc_nfa {
	struct lc_node *nodes;       size_t nodes_n, nodes_room;    /* node 0 is the start */
	struct lc_edge *edges;       size_t edges_n, edges_room;
};

/* A state is a set of nodes. Its arcs stand in the order of its classes; bit LC_C_END: a name may end here, with value. */
struct lc_dfa_state {
	__u64 classes;
	__u32 value;
	__u32 arcs;                  /* index of the first */
	__u32 set, set_n;            /* in sets */
};

struct lc_dfa {
	struct lc_dfa_state *states; size_t states_n, states_room;  /* state 0 is the start */
	__u32 *arcs;                 size_t arcs_n, arcs_room;
	__u32 *sets;                 size_t sets_n, sets_room;
};

/* 0, -ENOMEM, -E2BIG. */
int lc_dfa_build(const struct lc_nfa *nfa, struct lc_dfa *ret_dfa);
void lc_dfa_free(struct lc_dfa *dfa);
int lc_dfa_pack(const struct lc_dfa *dfa, struct lc_step **ret_steps, size_t *ret_n, __u32 *ret_start);

/* Make room for n elements; by doubling, so that adding one by one stays cheap. */
static inline int lc_room(void *array_ptr, size_t *room, size_t n, size_t size)
{
	size_t want = *room ? *room : 64;
	void *array;                 /* of whatever type: hence the copies */

	while (want < n)
		want *= 2;
	if (want == *room)
		return 0;
	memcpy(&array, array_ptr, sizeof(array));
	array = realloc(array, want * size);
	if (!array)
		return -ENOMEM;
	memcpy(array_ptr, &array, sizeof(array));
	*room = want;
	return 0;
}

#endif
