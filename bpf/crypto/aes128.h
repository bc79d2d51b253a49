/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * AES-128 (FIPS 197), forwards only: GCM and header protection never turn it round. Pure. Blocks and keys are bytes in the order in
 * which they are written down. Reads a table at places that depend on the key, which gives the key away to who shares the cache:
 * good for keys that anybody can work out, like those of QUIC's Initials (RFC 9001, 7), and for no others.
 */
#ifndef LENSCAP_CRYPTO_AES128_H
#define LENSCAP_CRYPTO_AES128_H

#include "words.h"

#define LC_AES_ROUNDS 10

/* Put the key in the first 16 bytes, then expand it. */
struct lc_aes_key {
	union {
		__u8 byte[16 * (LC_AES_ROUNDS + 1)];
		__u32 word[4 * (LC_AES_ROUNDS + 1)];
		struct lc_block round[LC_AES_ROUNDS + 1];
	};
};

/*
 * The S-box (5.1.1) times a column of MixColumns (5.1.3): 2s s s 3s, twice, so that four bytes from 0, 3, 2 and 1 on are what
 * the byte in rows 0, 1, 2 and 3 adds to its column. s itself is at 1.
 */
#define LC_AES_TWICE(s) ((((s) << 1) ^ ((s) >> 7) * 0x1b) & 0xff)
#define LC_AES_COLUMN(s) LC_AES_TWICE(s), s, s, LC_AES_TWICE(s) ^ (s)
#define E(s) { LC_AES_COLUMN(s), LC_AES_COLUMN(s) }
static const __u8 lc_aes_table[256][8] LC_TABLE = {
	E(0x63), E(0x7c), E(0x77), E(0x7b), E(0xf2), E(0x6b), E(0x6f), E(0xc5), E(0x30), E(0x01), E(0x67), E(0x2b), E(0xfe), E(0xd7), E(0xab), E(0x76),
	E(0xca), E(0x82), E(0xc9), E(0x7d), E(0xfa), E(0x59), E(0x47), E(0xf0), E(0xad), E(0xd4), E(0xa2), E(0xaf), E(0x9c), E(0xa4), E(0x72), E(0xc0),
	E(0xb7), E(0xfd), E(0x93), E(0x26), E(0x36), E(0x3f), E(0xf7), E(0xcc), E(0x34), E(0xa5), E(0xe5), E(0xf1), E(0x71), E(0xd8), E(0x31), E(0x15),
	E(0x04), E(0xc7), E(0x23), E(0xc3), E(0x18), E(0x96), E(0x05), E(0x9a), E(0x07), E(0x12), E(0x80), E(0xe2), E(0xeb), E(0x27), E(0xb2), E(0x75),
	E(0x09), E(0x83), E(0x2c), E(0x1a), E(0x1b), E(0x6e), E(0x5a), E(0xa0), E(0x52), E(0x3b), E(0xd6), E(0xb3), E(0x29), E(0xe3), E(0x2f), E(0x84),
	E(0x53), E(0xd1), E(0x00), E(0xed), E(0x20), E(0xfc), E(0xb1), E(0x5b), E(0x6a), E(0xcb), E(0xbe), E(0x39), E(0x4a), E(0x4c), E(0x58), E(0xcf),
	E(0xd0), E(0xef), E(0xaa), E(0xfb), E(0x43), E(0x4d), E(0x33), E(0x85), E(0x45), E(0xf9), E(0x02), E(0x7f), E(0x50), E(0x3c), E(0x9f), E(0xa8),
	E(0x51), E(0xa3), E(0x40), E(0x8f), E(0x92), E(0x9d), E(0x38), E(0xf5), E(0xbc), E(0xb6), E(0xda), E(0x21), E(0x10), E(0xff), E(0xf3), E(0xd2),
	E(0xcd), E(0x0c), E(0x13), E(0xec), E(0x5f), E(0x97), E(0x44), E(0x17), E(0xc4), E(0xa7), E(0x7e), E(0x3d), E(0x64), E(0x5d), E(0x19), E(0x73),
	E(0x60), E(0x81), E(0x4f), E(0xdc), E(0x22), E(0x2a), E(0x90), E(0x88), E(0x46), E(0xee), E(0xb8), E(0x14), E(0xde), E(0x5e), E(0x0b), E(0xdb),
	E(0xe0), E(0x32), E(0x3a), E(0x0a), E(0x49), E(0x06), E(0x24), E(0x5c), E(0xc2), E(0xd3), E(0xac), E(0x62), E(0x91), E(0x95), E(0xe4), E(0x79),
	E(0xe7), E(0xc8), E(0x37), E(0x6d), E(0x8d), E(0xd5), E(0x4e), E(0xa9), E(0x6c), E(0x56), E(0xf4), E(0xea), E(0x65), E(0x7a), E(0xae), E(0x08),
	E(0xba), E(0x78), E(0x25), E(0x2e), E(0x1c), E(0xa6), E(0xb4), E(0xc6), E(0xe8), E(0xdd), E(0x74), E(0x1f), E(0x4b), E(0xbd), E(0x8b), E(0x8a),
	E(0x70), E(0x3e), E(0xb5), E(0x66), E(0x48), E(0x03), E(0xf6), E(0x0e), E(0x61), E(0x35), E(0x57), E(0xb9), E(0x86), E(0xc1), E(0x1d), E(0x9e),
	E(0xe1), E(0xf8), E(0x98), E(0x11), E(0x69), E(0xd9), E(0x8e), E(0x94), E(0x9b), E(0x1e), E(0x87), E(0xe9), E(0xce), E(0x55), E(0x28), E(0xdf),
	E(0x8c), E(0xa1), E(0x89), E(0x0d), E(0xbf), E(0xe6), E(0x42), E(0x68), E(0x41), E(0x99), E(0x2d), E(0x0f), E(0xb0), E(0x54), E(0xbb), E(0x16),
};
#undef E

/* The row for byte n of a half block. */
LC_INLINE const __u8 *lc_aes_row(const __u8 *table, __u64 half, int n)
{
	const __u8 *row;

	lc_opaque(half);
	row = table + ((n ? half >> (8 * n - 3) : half << 3) & 0x7f8);

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
		__u32 *word = &key->round[i].word[0], last = word[3];
		__u32 next = rcon ^ lc_aes_row(table, last, 1)[1] ^ lc_aes_row(table, last, 2)[1] << 8 ^
			     lc_aes_row(table, last, 3)[1] << 16 ^ (__u32)lc_aes_row(table, last, 0)[1] << 24;

		for (int j = 0; j < 4; j++) {
			next ^= word[j];
			word[4 + j] = next;
		}
		rcon = LC_AES_TWICE(rcon);
	}
	return 0;
}


LC_INLINE __u32 row(const __u8 *table, const struct lc_block *b, int at, int off)
{
	__u64 x = ((volatile __u8*)b->byte)[at & 15];
	const __u8 *r;
	lc_opaque(x);
	x <<= 3;
	r = (const __u8*)(x + (unsigned long)table);
	lc_opaque(r);
	return lc_get32(r + off);
}
LC_INLINE __u32 col(const __u8 *table, const struct lc_block *b, int j)
{
	__u32 c = row(table, b, 4*j, 0);
	c ^= row(table, b, 4*j+5, 3); lc_opaque(c);
	c ^= row(table, b, 4*j+10, 2);lc_opaque(c);
	c ^= row(table, b, 4*j+15, 1);lc_opaque(c);
	return c;
}
LC_INLINE void round_(const __u8 *table, struct lc_block *b, const struct lc_block *key)
{
	__u64 l,r,h;
#ifdef W64
	h = col(table, b, 1); h<<=32; l = col(table,b,0); l |= h; l^=key->half[0];
	h = col(table, b, 3); h<<=32; r = col(table,b,2); r |= h; r^=key->half[1];
	b->half[0]=l; b->half[1]=r;
#else
	__u32 c0=col(table,b,0)^key->word[0], c1=col(table,b,1)^key->word[1], c2=col(table,b,2)^key->word[2], c3=col(table,b,3)^key->word[3];
	b->word[0]=c0;b->word[1]=c1;b->word[2]=c2;b->word[3]=c3;
#endif
}
LC_GLOBAL int lc_aes_encrypt(const struct lc_aes_key *key, struct lc_block *b)
{
	if (!key || !b) return 0;
	const __u8 *table = lc_aes_rows();
	volatile __u32 i;
	LC_ROLLED
	for (i = 1; i < LC_AES_ROUNDS; i++) {
		__u32 n = i; 
		const struct lc_block *k = key->round + n;
		if (n > 9) break;
		round_(table, b, k);
#if LANES > 1
		round_(table, b+1, k);
#endif
	}
	return 0;
}

#endif
