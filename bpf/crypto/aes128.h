/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * AES-128 (FIPS 197), forwards only: GCM and header protection never turn it round. Pure. Blocks and keys are bytes in the order
 * in which they are written down. Reads a table at places that depend on the key, which gives the key away to who shares the
 * cache: good for keys that anybody can work out, like those of QUIC's Initials (RFC 9001, 7), and for no others.
 */
#ifndef LENSCAP_CRYPTO_AES128_H
#define LENSCAP_CRYPTO_AES128_H

#include "words.h"

#define LC_AES_ROUNDS 10

/* Put the key in the first round, then expand it. */
struct lc_aes_key {
	struct lc_block round[LC_AES_ROUNDS + 1];
};

/*
 * The S-box (5.1.1) times a column of MixColumns (5.1.3): 2s s s 3s, twice, so that four bytes from 0, 3, 2 and 1 on are what
 * the byte in rows 0, 1, 2 and 3 adds to its column. s itself is at 1.
 */
#define LC_AES_TWICE(s) ((((s) << 1) ^ ((s) >> 7) * 0x1b) & 0xff)
#define LC_AES_COLUMN(s) LC_AES_TWICE(s), s, s, LC_AES_TWICE(s) ^ (s)
#define E(s) { LC_AES_COLUMN(0x##s), LC_AES_COLUMN(0x##s) },
static const __u8 lc_aes_table[256][8] LC_TABLE = {
	E(63) E(7c) E(77) E(7b) E(f2) E(6b) E(6f) E(c5) E(30) E(01) E(67) E(2b) E(fe) E(d7) E(ab) E(76)
	E(ca) E(82) E(c9) E(7d) E(fa) E(59) E(47) E(f0) E(ad) E(d4) E(a2) E(af) E(9c) E(a4) E(72) E(c0)
	E(b7) E(fd) E(93) E(26) E(36) E(3f) E(f7) E(cc) E(34) E(a5) E(e5) E(f1) E(71) E(d8) E(31) E(15)
	E(04) E(c7) E(23) E(c3) E(18) E(96) E(05) E(9a) E(07) E(12) E(80) E(e2) E(eb) E(27) E(b2) E(75)
	E(09) E(83) E(2c) E(1a) E(1b) E(6e) E(5a) E(a0) E(52) E(3b) E(d6) E(b3) E(29) E(e3) E(2f) E(84)
	E(53) E(d1) E(00) E(ed) E(20) E(fc) E(b1) E(5b) E(6a) E(cb) E(be) E(39) E(4a) E(4c) E(58) E(cf)
	E(d0) E(ef) E(aa) E(fb) E(43) E(4d) E(33) E(85) E(45) E(f9) E(02) E(7f) E(50) E(3c) E(9f) E(a8)
	E(51) E(a3) E(40) E(8f) E(92) E(9d) E(38) E(f5) E(bc) E(b6) E(da) E(21) E(10) E(ff) E(f3) E(d2)
	E(cd) E(0c) E(13) E(ec) E(5f) E(97) E(44) E(17) E(c4) E(a7) E(7e) E(3d) E(64) E(5d) E(19) E(73)
	E(60) E(81) E(4f) E(dc) E(22) E(2a) E(90) E(88) E(46) E(ee) E(b8) E(14) E(de) E(5e) E(0b) E(db)
	E(e0) E(32) E(3a) E(0a) E(49) E(06) E(24) E(5c) E(c2) E(d3) E(ac) E(62) E(91) E(95) E(e4) E(79)
	E(e7) E(c8) E(37) E(6d) E(8d) E(d5) E(4e) E(a9) E(6c) E(56) E(f4) E(ea) E(65) E(7a) E(ae) E(08)
	E(ba) E(78) E(25) E(2e) E(1c) E(a6) E(b4) E(c6) E(e8) E(dd) E(74) E(1f) E(4b) E(bd) E(8b) E(8a)
	E(70) E(3e) E(b5) E(66) E(48) E(03) E(f6) E(0e) E(61) E(35) E(57) E(b9) E(86) E(c1) E(1d) E(9e)
	E(e1) E(f8) E(98) E(11) E(69) E(d9) E(8e) E(94) E(9b) E(1e) E(87) E(e9) E(ce) E(55) E(28) E(df)
	E(8c) E(a1) E(89) E(0d) E(bf) E(e6) E(42) E(68) E(41) E(99) E(2d) E(0f) E(b0) E(54) E(bb) E(16)
};
#undef E

/*
 * The row for byte n of a half block. Each step hidden: clang 14 would work out all sixteen rows of a round before it uses the
 * first, spill them, and copy the table's address for every sum.
 */
LC_INLINE const __u8 *lc_aes_row(const __u8 *table, __u64 half, int n)
{
	const __u8 *row;

	lc_opaque(half);
	half = (n ? half >> (8 * n - 3) : half << 3) & 0x7f8;
	lc_opaque(half);
	row = (const __u8 *)(half + (unsigned long)table);
	lc_opaque(row);
	return row;
}

/* The table in a register: clang 14 would name its address at each use. */
LC_INLINE const __u8 *lc_aes_rows(void)
{
	const __u8 *table = lc_aes_table[0];

	lc_opaque(table);
	return table;
}

/* 5.2: round keys from the key in the first. */
LC_GLOBAL int lc_aes_expand(struct lc_aes_key *key)
{
	const __u8 *table = lc_aes_rows();
	__u32 rcon = 1;

	if (!key)
		return 0;
	LC_ROLLED
	for (int i = 0; i < LC_AES_ROUNDS; i++) {
		const struct lc_block *old = &key->round[i];
		__u32 last = old->word[3];
		__u32 next = rcon ^ lc_aes_row(table, last, 1)[1] ^ lc_aes_row(table, last, 2)[1] << 8 ^
			     lc_aes_row(table, last, 3)[1] << 16 ^ (__u32)lc_aes_row(table, last, 0)[1] << 24;

		for (int j = 0; j < 4; j++) {
			next ^= old->word[j];
			key->round[i + 1].word[j] = next;
		}
		rcon = LC_AES_TWICE(rcon);
	}
	return 0;
}

/* 5.1: half a block after a round but for its key. ShiftRows (5.1.2) is in which half a byte is taken from. */
LC_INLINE __u64 lc_aes_half(const __u8 *table, __u64 own, __u64 other)
{
	__u64 left, right = lc_get32(lc_aes_row(table, own, 4));

	right ^= lc_get32(lc_aes_row(table, other, 1) + 3);
	right ^= lc_get32(lc_aes_row(table, other, 6) + 2);
	right ^= lc_get32(lc_aes_row(table, own, 3) + 1);
	right <<= 32;
	left = lc_get32(lc_aes_row(table, own, 0));
	left ^= lc_get32(lc_aes_row(table, own, 5) + 3);
	left ^= lc_get32(lc_aes_row(table, other, 2) + 2);
	left ^= lc_get32(lc_aes_row(table, other, 7) + 1);
	return left ^ right;
}

/* The last round has no MixColumns. */
LC_INLINE __u64 lc_aes_last_half(const __u8 *table, __u64 own, __u64 other)
{
	__u64 half = lc_aes_row(table, own, 0)[1];

	half |= (__u64)lc_aes_row(table, own, 5)[1] << 8;
	half |= (__u64)lc_aes_row(table, other, 2)[1] << 16;
	half |= (__u64)lc_aes_row(table, other, 7)[1] << 24;
	half |= (__u64)lc_aes_row(table, own, 4)[1] << 32;
	half |= (__u64)lc_aes_row(table, other, 1)[1] << 40;
	half |= (__u64)lc_aes_row(table, other, 6)[1] << 48;
	return half | (__u64)lc_aes_row(table, own, 3)[1] << 56;
}

/* From the state before some round to the end. */
LC_INLINE struct lc_block lc_aes_rounds(const struct lc_aes_key *key, int first, __u64 left, __u64 right)
{
	const struct lc_block *round = key->round, *last = &key->round[LC_AES_ROUNDS];
	const __u8 *table = lc_aes_rows();
	struct lc_block out;

	LC_ROLLED
	for (int i = first; i < LC_AES_ROUNDS; i++) {
		__u64 next = lc_aes_half(table, left, right) ^ round[i].half[0];

		right = lc_aes_half(table, right, left) ^ round[i].half[1];
		left = next;
	}
	out.half[0] = lc_aes_last_half(table, left, right) ^ last->half[0];
	out.half[1] = lc_aes_last_half(table, right, left) ^ last->half[1];
	return out;
}

/* Encrypt one block in place. */
LC_GLOBAL int lc_aes_encrypt(const struct lc_aes_key *key, struct lc_block *b)
{
	if (key && b)
		*b = lc_aes_rounds(key, 1, b->half[0] ^ key->round[0].half[0], b->half[1] ^ key->round[0].half[1]);
	return 0;
}

/* Blocks that differ in their last byte only, as a counter's do up to 255: what is the same in all of them is worked out once. */
struct lc_aes_counter {
	__u64 left, right;           /* before the third round, but for what the first word adds to each */
	__u32 word;                  /* the first before the second round, but for what the last byte adds to it */
	__u32 last;                  /* the last byte before the first round, at 0 */
};

/* One round on from the first word: a byte of it to each of the four. */
LC_INLINE void lc_aes_spread(const __u8 *table, __u32 word, __u64 *left, __u64 *right)
{
	*left ^= (__u64)lc_get32(lc_aes_row(table, word, 3) + 1) << 32;
	*left ^= lc_get32(lc_aes_row(table, word, 0));
	*right ^= (__u64)lc_get32(lc_aes_row(table, word, 1) + 3) << 32;
	*right ^= lc_get32(lc_aes_row(table, word, 2) + 2);
}

LC_GLOBAL int lc_aes_counter_begin(struct lc_aes_counter *c, const struct lc_aes_key *key, const struct lc_block *zero)
{
	const __u8 *table = lc_aes_rows();
	__u64 left, right, next;

	if (!c || !key || !zero)
		return 0;
	left = zero->half[0] ^ key->round[0].half[0];
	right = zero->half[1] ^ key->round[0].half[1];
	c->last = right >> 56;
	next = lc_aes_half(table, left, right) ^ key->round[1].half[0];
	right = lc_aes_half(table, right, left) ^ key->round[1].half[1];
	c->word = next ^ lc_get32(lc_aes_row(table, c->last, 0) + 1);
	left = next >> 32 << 32;
	c->left = lc_aes_half(table, left, right) ^ key->round[2].half[0];
	c->right = lc_aes_half(table, right, left) ^ key->round[2].half[1];
	lc_aes_spread(table, 0, &c->left, &c->right);
	return 0;
}

LC_INLINE struct lc_block lc_aes_counter_block(const struct lc_aes_counter *c, const struct lc_aes_key *key, __u8 count)
{
	const __u8 *table = lc_aes_rows();
	__u64 left = c->left, right = c->right;

	lc_aes_spread(table, c->word ^ lc_get32(lc_aes_row(table, c->last ^ count, 0) + 1), &left, &right);
	return lc_aes_rounds(key, 3, left, right);
}

#endif
