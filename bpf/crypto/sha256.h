/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SHA-256 (FIPS 180-4), one block at a time. Pure. Words are kept in host order; whoever fills a block turns and pads it.
 */
#ifndef LENSCAP_CRYPTO_SHA256_H
#define LENSCAP_CRYPTO_SHA256_H

#include "words.h"

struct lc_sha256 {
	__u32 state[8];
	__u32 w[64];                 /* the block is in the first 16, the message schedule behind it */
};

/* 4.2.2 */
static const __u32 lc_sha256_k[64] LC_TABLE = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* 5.3.3 */
static const __u32 lc_sha256_initial[8] LC_TABLE = {
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

/* BPF has no rotation; of a word that stands twice in 64 bits every right shift is one. Hidden: clang 14 multiplies, slower. */
LC_INLINE __u64 lc_sha256_twice(__u32 x)
{
	__u64 high = (__u64)x << 32;

	lc_opaque(high);
	return high | x;
}

/* 4.1.2: the capital sigmas, three rotations */
LC_INLINE __u32 lc_sha256_sum(__u32 x, int i, int j, int k)
{
	__u64 twice = lc_sha256_twice(x);

	return twice >> i ^ twice >> j ^ twice >> k;
}

/* and the small ones, two rotations and a shift */
LC_INLINE __u32 lc_sha256_sigma(__u32 x, int i, int j, int shift)
{
	__u64 twice = lc_sha256_twice(x);

	return (__u32)(twice >> i ^ twice >> j) ^ x >> shift;
}

/* 6.2.2, step 1: the word that is 16 behind this one */
LC_INLINE void lc_sha256_schedule(volatile __u32 *w)
{
	__u32 next = lc_sha256_sigma(w[1], 7, 18, 3);

	next += w[0];
	lc_opaque(next);
	next += w[9];
	lc_opaque(next);
	w[16] = next + lc_sha256_sigma(w[14], 17, 19, 10);
}

/*
 * The eight working variables. a, b, e and b ^ c are wanted in registers, the rest is read when its turn comes: left alone, clang
 * 14 juggles eight variables in ten registers, and a block takes a third longer.
 */
struct lc_sha256_vars {
	__u32 a[2];                  /* a is the one with the turn's parity, b the other */
	__u32 bc, e;
	volatile __u32 old_a[4];     /* what each of the last four turns made, at its number modulo 4 */
	volatile __u32 old_e[4];
};

/* Step 3. In this order, so that what comes last is what the next turn waits for. */
LC_INLINE void lc_sha256_turn(struct lc_sha256_vars *v, __u32 k, __u32 w, int i)
{
	__u32 *a = &v->a[i & 1], *b = &v->a[~i & 1], t = k + w, f, g, sum;

	lc_opaque(t);
	t += v->old_e[i & 3];
	lc_opaque(t);
	g = v->old_e[(i + 1) & 3];
	f = v->old_e[(i + 2) & 3];
	t += ((f ^ g) & v->e) ^ g;
	lc_opaque(t);
	f = v->old_a[i & 3] + t;
	lc_opaque(f);
	sum = lc_sha256_sum(v->e, 6, 11, 25);
	lc_opaque(sum);
	v->e = f + sum;
	v->old_e[i & 3] = v->e;
	t += sum;
	f = *a ^ *b;
	t += (f & v->bc) ^ *b;
	v->bc = f;
	lc_opaque(t);
	*b = t + lc_sha256_sum(*a, 2, 13, 22);
	v->old_a[i & 3] = *b;
}

LC_INLINE void lc_sha256_turns(struct lc_sha256_vars *v, struct lc_sha256 *s)
{
	LC_ROLLED
	for (int i = 0; i < 64; i += 4) {
		const volatile __u32 *k = &lc_sha256_k[i];
		volatile __u32 *w = &s->w[i];

		lc_sha256_turn(v, k[0], w[0], 0);
		lc_sha256_turn(v, k[1], w[1], 1);
		lc_sha256_turn(v, k[2], w[2], 2);
		lc_sha256_turn(v, k[3], w[3], 3);
		/* among the turns, not before them all: the two wait for different things */
		for (int j = 0; i < 48 && j < 4; j++)
			lc_sha256_schedule(w + j);
	}
}

LC_INLINE void lc_sha256_begin(struct lc_sha256 *s)
{
	for (int i = 0; i < 8; i++)
		s->state[i] = lc_sha256_initial[i];
}

/* 6.2.2: the state after the block in w. */
LC_GLOBAL int lc_sha256_block(struct lc_sha256 *s)
{
	struct lc_sha256_vars v;

	if (!s)
		return 0;
	v.a[0] = s->state[0];
	v.a[1] = s->state[1];
	v.bc = s->state[1] ^ s->state[2];
	v.e = s->state[4];
	for (int i = 0; i < 4; i++) {
		v.old_a[i] = s->state[3 - i];
		v.old_e[i] = s->state[7 - i];
	}
	lc_sha256_turns(&v, s);
	for (int i = 0; i < 4; i++) {
		s->state[i] += v.old_a[3 - i];
		s->state[i + 4] += v.old_e[3 - i];
	}
	return 0;
}

#endif
