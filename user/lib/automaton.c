// SPDX-License-Identifier: GPL-2.0-only
/*
 * The deterministic automaton of all patterns, by subset construction; where several patterns end in one state, decides which
 * of them is named. Refuses to grow past LC_STEPS_MAX. Never touches pattern text or the packed form.
 */
#include "automaton.h"

#define SETS_MAX (4 * LC_STEPS_MAX)  /* nodes in all sets together */

struct build {
	const struct lc_nfa *nfa;
	struct lc_dfa *dfa;
	__u32 *buckets;              /* state + 1 by hash of its set; 0: empty */
	size_t buckets_n;            /* a power of two, at least twice the states */
	__u32 *set;                  /* the set at work */
	__u32 set_n;
	__u32 *seen;                 /* by node: the last round that put it in the set */
	__u32 round;
};

static int lc_node_compare(const void *a, const void *b)
{
	__u32 left = *(const __u32 *)a, right = *(const __u32 *)b;

	return (left > right) - (left < right);
}

static size_t lc_set_hash(const __u32 *set, __u32 n)
{
	__u64 hash = 0xcbf29ce484222325ull;

	for (__u32 i = 0; i < n; i++)
		hash = (hash ^ set[i]) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 32;
}

/* All nodes that the state's nodes lead to on a class: into set, in order, each once. */
static void lc_set_collect(struct build *b, __u32 state, int class)
{
	const struct lc_dfa_state *s = &b->dfa->states[state];
	const struct lc_edge *edge;

	b->set_n = 0;
	b->round++;
	for (__u32 i = 0; i < s->set_n; i++) {
		for (__u32 e = b->nfa->nodes[b->dfa->sets[s->set + i]].edges; e; e = edge->next) {
			edge = &b->nfa->edges[e];
			if (!(edge->classes & LC_BIT(class)) || b->seen[edge->to] == b->round)
				continue;
			b->seen[edge->to] = b->round;
			b->set[b->set_n++] = edge->to;
		}
	}
	if (b->set_n > 1)
		qsort(b->set, b->set_n, sizeof(*b->set), lc_node_compare);
}

/* Where a set has its place: the bucket of its state, or the empty one that it would get. */
static size_t lc_bucket_find(const struct build *b, const __u32 *set, __u32 n)
{
	const struct lc_dfa_state *s;
	size_t at = lc_set_hash(set, n);

	for (;; at++) {
		at &= b->buckets_n - 1;
		if (!b->buckets[at])
			return at;
		s = &b->dfa->states[b->buckets[at] - 1];
		if (s->set_n == n && !memcmp(b->dfa->sets + s->set, set, n * sizeof(*set)))
			return at;
	}
}

static int lc_buckets_grow(struct build *b)
{
	const struct lc_dfa *dfa = b->dfa;

	if (2 * (dfa->states_n + 1) <= b->buckets_n)
		return 0;
	free(b->buckets);
	b->buckets_n = b->buckets_n ? 4 * b->buckets_n : 1024;
	b->buckets = calloc(b->buckets_n, sizeof(*b->buckets));
	if (!b->buckets)
		return -ENOMEM;
	for (size_t i = 0; i < dfa->states_n; i++)
		b->buckets[lc_bucket_find(b, dfa->sets + dfa->states[i].set, dfa->states[i].set_n)] = i + 1;
	return 0;
}

/* A new state of the set at work. */
static int lc_state_add(struct build *b)
{
	struct lc_dfa *dfa = b->dfa;
	struct lc_dfa_state *s;
	const struct lc_node *node;
	__u64 rank = 0;

	if (dfa->states_n >= LC_STEPS_MAX || dfa->sets_n + b->set_n > SETS_MAX)
		return -E2BIG;
	if (lc_room(&dfa->states, &dfa->states_room, dfa->states_n + 1, sizeof(*dfa->states)) ||
	    lc_room(&dfa->sets, &dfa->sets_room, dfa->sets_n + b->set_n, sizeof(*dfa->sets)))
		return -ENOMEM;
	s = &dfa->states[dfa->states_n++];
	*s = (struct lc_dfa_state){ .set = dfa->sets_n, .set_n = b->set_n };
	memcpy(dfa->sets + dfa->sets_n, b->set, b->set_n * sizeof(*b->set));
	dfa->sets_n += b->set_n;
	for (__u32 i = 0; i < b->set_n; i++) {
		node = &b->nfa->nodes[b->set[i]];
		if (node->rank <= rank)
			continue;
		rank = node->rank;
		s->value = node->value;
		s->classes = LC_BIT(LC_C_END);
	}
	return 0;
}

/* The state of the set at work, made where there is none. */
static int lc_state_intern(struct build *b, __u32 *ret_state)
{
	int err = lc_buckets_grow(b);
	size_t at;

	if (err)
		return err;
	at = lc_bucket_find(b, b->set, b->set_n);
	if (!b->buckets[at]) {
		err = lc_state_add(b);
		if (err)
			return err;
		b->buckets[at] = b->dfa->states_n;
	}
	*ret_state = b->buckets[at] - 1;
	return 0;
}

static __u64 lc_state_classes(const struct build *b, __u32 state)
{
	const struct lc_dfa_state *s = &b->dfa->states[state];
	__u64 classes = 0;

	for (__u32 i = 0; i < s->set_n; i++)
		for (__u32 e = b->nfa->nodes[b->dfa->sets[s->set + i]].edges; e; e = b->nfa->edges[e].next)
			classes |= b->nfa->edges[e].classes;
	return classes;
}

static int lc_state_expand(struct build *b, __u32 state)
{
	struct lc_dfa *dfa = b->dfa;
	__u64 classes = lc_state_classes(b, state);
	__u32 to;
	int err;

	if (dfa->arcs_n + LC_C_MAX > LC_STEPS_MAX)
		return -E2BIG;
	if (lc_room(&dfa->arcs, &dfa->arcs_room, dfa->arcs_n + LC_C_MAX, sizeof(*dfa->arcs)))
		return -ENOMEM;
	dfa->states[state].classes |= classes;
	dfa->states[state].arcs = dfa->arcs_n;
	for (; classes; classes &= classes - 1) {
		lc_set_collect(b, state, __builtin_ctzll(classes));
		err = lc_state_intern(b, &to);
		if (err)
			return err;
		dfa->arcs[dfa->arcs_n++] = to;
	}
	return 0;
}

int lc_dfa_build(const struct lc_nfa *nfa, struct lc_dfa *ret_dfa)
{
	struct build b = { .nfa = nfa, .dfa = ret_dfa, .set_n = 1 };
	__u32 start;
	int err = -ENOMEM;

	b.set = calloc(nfa->nodes_n, sizeof(*b.set));
	b.seen = calloc(nfa->nodes_n, sizeof(*b.seen));
	if (!b.set || !b.seen)
		goto out;
	err = lc_state_intern(&b, &start);
	for (__u32 state = 0; !err && state < ret_dfa->states_n; state++)
		err = lc_state_expand(&b, state);
out:
	free(b.buckets);
	free(b.set);
	free(b.seen);
	return err;
}

void lc_dfa_free(struct lc_dfa *dfa)
{
	free(dfa->states);
	free(dfa->arcs);
	free(dfa->sets);
}
