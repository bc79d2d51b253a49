// SPDX-License-Identifier: GPL-2.0-only
/*
 * Row displacement: the rows of all states laid over each other in one array, so that each row's steps fall into gaps of the
 * others. A state becomes the offset of its row, which no other row has; a step says whose it is. First fit, fullest rows first.
 */
#include "automaton.h"

#define PROBES_MAX 256               /* a search longer than this is not repeated for rows as full: next begins where it ended */

struct pack {
	__u64 *cells;                /* bit: taken by a step */
	__u64 *rows;                 /* bit: some row begins here */
	__u32 *offsets;              /* by state */
	__u32 top;                   /* the highest offset given */
};

/* 64 bits from any bit on. */
static __u64 lc_bits_at(const __u64 *bits, __u32 at)
{
	__u32 shift = at % 64;

	return shift ? bits[at / 64] >> shift | bits[at / 64 + 1] << (64 - shift) : bits[at / 64];
}

static void lc_bits_set(__u64 *bits, __u32 at)
{
	bits[at / 64] |= LC_BIT(at % 64);
}

static int lc_row_place(struct pack *p, __u64 classes, __u32 *hint, __u32 *ret_offset)
{
	__u32 at = *hint;

	while ((lc_bits_at(p->rows, at) & 1) || (lc_bits_at(p->cells, at) & classes))
		if (++at >= LC_STEPS_MAX - LC_C_MAX)
			return -E2BIG;
	if (at - *hint > PROBES_MAX)
		*hint = at;
	lc_bits_set(p->rows, at);
	for (; classes; classes &= classes - 1)
		lc_bits_set(p->cells, at + __builtin_ctzll(classes));
	if (at > p->top)
		p->top = at;
	*ret_offset = at;
	return 0;
}

static int lc_rows_place(struct pack *p, const struct lc_dfa *dfa)
{
	int err;

	for (int full = LC_C_MAX; full >= 0; full--) {
		__u32 hint = 0;

		for (size_t i = 0; i < dfa->states_n; i++) {
			if (__builtin_popcountll(dfa->states[i].classes) != full)
				continue;
			err = lc_row_place(p, dfa->states[i].classes, &hint, &p->offsets[i]);
			if (err)
				return err;
		}
	}
	return 0;
}

static void lc_row_write(const struct pack *p, const struct lc_dfa *dfa, const struct lc_dfa_state *s, struct lc_step *row)
{
	__u64 classes = s->classes & ~LC_BIT(LC_C_END);
	__u32 owner = p->offsets[s - dfa->states];

	if (s->classes & LC_BIT(LC_C_END))
		row[LC_C_END] = (struct lc_step){ owner, s->value };
	for (__u32 arc = s->arcs; classes; classes &= classes - 1, arc++)
		row[__builtin_ctzll(classes)] = (struct lc_step){ owner, p->offsets[dfa->arcs[arc]] };
}

int lc_dfa_pack(const struct lc_dfa *dfa, struct lc_step **ret_steps, size_t *ret_n, __u32 *ret_start)
{
	struct pack p = { 0 };
	struct lc_step *steps;
	size_t n;
	int err = -ENOMEM;

	p.cells = calloc(LC_STEPS_MAX / 64 + 2, sizeof(*p.cells));
	p.rows = calloc(LC_STEPS_MAX / 64 + 2, sizeof(*p.rows));
	p.offsets = calloc(dfa->states_n, sizeof(*p.offsets));
	if (!p.cells || !p.rows || !p.offsets)
		goto out;
	err = lc_rows_place(&p, dfa);
	if (err)
		goto out;
	n = (size_t)p.top + LC_C_MAX;
	steps = malloc(n * sizeof(*steps));
	if (!steps) {
		err = -ENOMEM;
		goto out;
	}
	memset(steps, 0xff, n * sizeof(*steps));     /* gaps belong to 0xffffffff, an offset that no row has */
	for (size_t i = 0; i < dfa->states_n; i++)
		lc_row_write(&p, dfa, &dfa->states[i], steps + p.offsets[i]);
	*ret_steps = steps;
	*ret_n = n;
	*ret_start = p.offsets[0];
out:
	free(p.cells);
	free(p.rows);
	free(p.offsets);
	return err;
}
