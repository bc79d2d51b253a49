/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * AES-128-GCM (NIST SP 800-38D), opening only, nonces of 12 bytes: is the tag right, and what was sent. Pure. Works in place on a
 * packet in a per-CPU struct; decrypts as far as it is asked to, since a reader may have what it wants long before the end.
 */
#ifndef LENSCAP_CRYPTO_GCM_H
#define LENSCAP_CRYPTO_GCM_H

#include <linux/errno.h>

#include "aes128.h"
#include "ghash.h"

#define LC_GCM_MAX 2048              /* most bytes of header, ciphertext and tag; a power of 2 */
#define LC_GCM_TAG 16
#define LC_GCM_STRIDE 4              /* blocks in one turn of a loop: a call and its return cost a quarter of a block of GHASH */

_Static_assert(LC_GCM_MAX / 16 + 1 <= 255, "the counter's last byte is all that changes");

struct lc_gcm_key {
	struct lc_aes_key aes;       /* put the key in its first round, then lc_gcm_expand() */
	struct lc_block hash;
};

/* A packet: additional data, ciphertext and tag one behind the other. */
struct lc_gcm {
	__u32 at;                    /* where the additional data begin, */
	__u32 aad_len;
	__u32 len;                   /* and bytes of ciphertext behind it, without the tag */
	__u32 done;                  /* of these, how many are plain already: 0 to begin with */
	struct lc_block nonce;       /* 12 bytes; the last four are the counter's */
	struct lc_block pad;
	struct lc_aes_counter counter;
	struct lc_ghash ghash;
	__u8 bytes[LC_GCM_MAX + 16]; /* what is read behind the end is noise */
};

struct lc_gcm_walk {
	struct lc_gcm *g;
	const struct lc_gcm_key *key;
	__u32 at, end;
};

LC_GLOBAL int lc_gcm_expand(struct lc_gcm_key *key)
{
	if (!key)
		return 0;
	lc_aes_expand(&key->aes);
	key->hash.half[0] = key->hash.half[1] = 0;
	return lc_aes_encrypt(&key->aes, &key->hash);
}

LC_INLINE __u8 *lc_gcm_place(struct lc_gcm *g, __u32 at)
{
	lc_opaque(at);
	return &g->bytes[at & (LC_GCM_MAX - 1)];
}

LC_CALLBACK lc_gcm_hash_turn(__u32 turn, void *context)
{
	struct lc_gcm_walk *walk = context;
	struct lc_gcm *g = walk->g;

	(void)turn;
	LC_ROLLED
	for (int i = 0; i < LC_GCM_STRIDE; i++) {
		const __u8 *from = lc_gcm_place(g, walk->at);

		if (walk->at + 16 > walk->end)
			return 1;
		lc_ghash_mix(&g->ghash, lc_get64(from), lc_get64(from + 8));
		walk->at += 16;
	}
	return 0;
}

/* The first n of eight bytes, 0 to 7. */
LC_INLINE __u64 lc_gcm_first(__u64 half, __u32 n)
{
	return half & ((1ull << (8 * n)) - 1);
}

/* 6.4 and 7.1: bytes, filled up with zeros to whole blocks. */
LC_GLOBAL int lc_gcm_hash(struct lc_gcm *g, __u32 at, __u32 len)
{
	struct lc_gcm_walk walk = { .g = g, .at = at, .end = at + len };
	__u32 rest = len & 15;
	__u64 left, right;
	const __u8 *from;

	if (!g)
		return 0;
	lc_loop(LC_GCM_MAX / 16 / LC_GCM_STRIDE, lc_gcm_hash_turn, &walk);
	if (!rest)
		return 0;
	from = lc_gcm_place(g, at + len - rest);
	left = lc_get64(from);
	right = lc_get64(from + 8);
	if (rest < 8)
		return lc_ghash_add(&g->ghash, lc_gcm_first(left, rest), 0);
	return lc_ghash_add(&g->ghash, left, lc_gcm_first(right, rest - 8));
}

LC_INLINE int lc_gcm_fits(const struct lc_gcm *g)
{
	return g->at <= LC_GCM_MAX && g->aad_len <= LC_GCM_MAX && g->len <= LC_GCM_MAX &&
	       g->at + g->aad_len + g->len + LC_GCM_TAG <= LC_GCM_MAX;
}

/* 7.2: 0 when the tag is that of header and ciphertext, else -EBADMSG. Comes before any decrypting, which takes both away. */
LC_GLOBAL int lc_gcm_check(struct lc_gcm *g, const struct lc_gcm_key *key)
{
	const struct lc_block *sum;
	const __u8 *tag;

	if (!g || !key || g->done || !lc_gcm_fits(g))
		return -EINVAL;
	lc_ghash_begin(&g->ghash, &key->hash);
	lc_gcm_hash(g, g->at, g->aad_len);
	lc_gcm_hash(g, g->at + g->aad_len, g->len);
	lc_ghash_add(&g->ghash, lc_be64((__u64)g->aad_len * 8), lc_be64((__u64)g->len * 8));
	g->pad = g->nonce;
	g->pad.word[3] = lc_be32(1);
	lc_aes_encrypt(&key->aes, &g->pad);
	sum = &g->ghash.sum;
	tag = lc_gcm_place(g, g->at + g->aad_len + g->len);
	if ((sum->half[0] ^ g->pad.half[0]) != lc_get64(tag) || (sum->half[1] ^ g->pad.half[1]) != lc_get64(tag + 8))
		return -EBADMSG;
	return 0;
}

LC_CALLBACK lc_gcm_decrypt_turn(__u32 turn, void *context)
{
	struct lc_gcm_walk *walk = context;
	struct lc_gcm *g = walk->g;

	(void)turn;
	LC_ROLLED
	for (int i = 0; i < LC_GCM_STRIDE; i++) {
		__u8 *place = lc_gcm_place(g, walk->at + g->done);
		struct lc_block pad;

		if (g->done >= walk->end)
			return 1;
		pad = lc_aes_counter_block(&g->counter, &walk->key->aes, 2 + g->done / 16);
		lc_put64(place, lc_get64(place) ^ pad.half[0]);
		lc_put64(place + 8, lc_get64(place + 8) ^ pad.half[1]);
		g->done += 16;
	}
	return 0;
}

/* 6.5: make the first bytes of the ciphertext plain, in whole blocks: the last may spoil the tag, but nothing behind it. */
LC_GLOBAL int lc_gcm_decrypt(struct lc_gcm *g, const struct lc_gcm_key *key, __u32 upto)
{
	struct lc_gcm_walk walk = { .g = g, .key = key };

	if (!g || !key || !lc_gcm_fits(g))
		return -EINVAL;
	walk.at = g->at + g->aad_len;
	walk.end = upto < g->len ? upto : g->len;
	g->nonce.word[3] = 0;
	lc_aes_counter_begin(&g->counter, &key->aes, &g->nonce);
	lc_loop(LC_GCM_MAX / 16 / LC_GCM_STRIDE, lc_gcm_decrypt_turn, &walk);
	return 0;
}

/* All of it, if it is right: else -EBADMSG, and nothing is changed. */
LC_GLOBAL int lc_gcm_open(struct lc_gcm *g, const struct lc_gcm_key *key)
{
	int err;

	if (!g || !key)
		return -EINVAL;
	err = lc_gcm_check(g, key);
	return err ? err : lc_gcm_decrypt(g, key, g->len);
}

#endif
