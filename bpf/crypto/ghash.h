/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * GHASH (NIST SP 800-38D, 6.4): blocks added up and multiplied by a key in GF(2^128), where the first bit of a block is the
 * lowest power of x. Pure. By a table of the key's 256 multiples, so that timing tells the key: for keys that are no secret only.
 */
#ifndef LENSCAP_CRYPTO_GHASH_H
#define LENSCAP_CRYPTO_GHASH_H

#include "words.h"

/* 128 bits as numbers: high begins with x^0 at its top. */
struct lc_ghash_row {
	__u64 high, low;
};

struct lc_ghash {
	struct lc_block sum;
	struct lc_block key;         /* whose table this is */
	struct lc_ghash_row table[256]; /* the key times a byte */
};

/* Times x: one to the right; what leaves at x^128 comes back as 1 + x + x^2 + x^7. */
LC_INLINE struct lc_ghash_row lc_ghash_double(struct lc_ghash_row row)
{
	__u64 carry = row.low & 1;

	row.low = row.low >> 1 | row.high << 63;
	row.high = row.high >> 1 ^ carry * 0xe100000000000000ull;
	return row;
}

/* Begin a hash. The table is made anew when the key is not that of last time: it takes as long as a dozen blocks. */
LC_GLOBAL int lc_ghash_begin(struct lc_ghash *g, const struct lc_block *key)
{
	struct lc_ghash_row row;

	if (!g || !key)
		return 0;
	g->sum.half[0] = g->sum.half[1] = 0;
	if (g->key.half[0] == key->half[0] && g->key.half[1] == key->half[1])
		return 0;
	g->key = *key;
	row.high = lc_be64(key->half[0]);
	row.low = lc_be64(key->half[1]);
	LC_ROLLED
	for (int bit = 0x80; bit; bit >>= 1) {
		g->table[bit] = row;
		row = lc_ghash_double(row);
	}
	/* any other byte is its lowest bit and the rest, which came before */
	LC_ROLLED
	for (int i = 1; i < 256; i++) {
		const struct lc_ghash_row *bit = &g->table[i & -i], *rest = &g->table[i & (i - 1)];

		g->table[i].high = bit->high ^ rest->high;
		g->table[i].low = bit->low ^ rest->low;
	}
	return 0;
}

/* A product before reduction, 248 bits of it. */
struct lc_ghash_wide {
	__u64 part[4];
};

/* The number first, or clang 14 copies the table's address for each sum. */
LC_INLINE const volatile struct lc_ghash_row *lc_ghash_times(const struct lc_ghash *g, int i)
{
	const volatile __u8 *byte = g->sum.byte;

	return (const volatile struct lc_ghash_row *)((unsigned long)byte[i] * sizeof(*g->table) + (unsigned long)g->table);
}

/* All by x^8, and the multiples by a byte of the first half and by one of the second. */
LC_INLINE void lc_ghash_step(struct lc_ghash_wide *c, const struct lc_ghash *g, int i)
{
	const volatile struct lc_ghash_row *row = lc_ghash_times(g, i);

	c->part[3] = c->part[3] >> 8 | c->part[2] << 56;
	c->part[2] = c->part[2] >> 8 | c->part[1] << 56;
	c->part[1] = c->part[1] >> 8 | c->part[0] << 56;
	c->part[0] >>= 8;
	c->part[0] ^= row->high;
	c->part[1] ^= row->low;
	row = lc_ghash_times(g, i + 8);
	c->part[1] ^= row->high;
	c->part[2] ^= row->low;
}

/* Bits from x^128 on come back as above; of the last part the low eight bits are zero, so that it does not reach the third. */
LC_INLINE struct lc_block lc_ghash_reduce(const struct lc_ghash_wide *c)
{
	__u64 p3 = c->part[3], p2 = c->part[2];
	__u64 low = c->part[1] ^ p3 ^ p3 >> 1 ^ p3 >> 2 ^ p3 >> 7 ^ p2 << 63 ^ p2 << 62 ^ p2 << 57;
	struct lc_block out;

	out.half[0] = lc_be64(c->part[0] ^ p2 ^ p2 >> 1 ^ p2 >> 2 ^ p2 >> 7);
	out.half[1] = lc_be64(low);
	return out;
}

/* 6.4: add a block, and multiply: the bytes of both halves at the same distance from their ends at once, the last first. */
LC_INLINE void lc_ghash_mix(struct lc_ghash *g, __u64 left, __u64 right)
{
	struct lc_ghash_wide c = {};

	g->sum.half[0] ^= left;
	g->sum.half[1] ^= right;
	LC_UNROLLED
	for (int i = 7; i >= 0; i--)
		lc_ghash_step(&c, g, i);
	g->sum = lc_ghash_reduce(&c);
}

/* The same where it is not in a loop. */
LC_GLOBAL int lc_ghash_add(struct lc_ghash *g, __u64 left, __u64 right)
{
	if (g)
		lc_ghash_mix(g, left, right);
	return 0;
}

#endif
