/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HMAC-SHA256 (RFC 2104) and HKDF (RFC 5869) for messages of one block and outputs of one digest, HKDF-Expand-Label (RFC 8446,
 * 7.1) for an empty context: what QUIC needs, and no more. Pure. Digests are words in host order, as SHA-256 has them.
 */
#ifndef LENSCAP_CRYPTO_HKDF_H
#define LENSCAP_CRYPTO_HKDF_H

#include "sha256.h"

/* SHA-256's state behind a key's inner and outer padding. */
struct lc_hmac {
	__u32 inner[8];
	__u32 outer[8];
};

struct lc_hkdf {
	struct lc_sha256 sha;        /* state: the last digest; w: the next message, padded */
	struct lc_hmac key;
};

/* RFC 8446, 7.1: HkdfLabel, then RFC 5869's counter, as a padded block of SHA-256 behind one of key. */
struct lc_hkdf_label {
	__u8 len_high, len;
	__u8 text_len;
	__u8 text[59];               /* the label, an empty context, the counter, the bit that ends a message, zeros */
	__u8 bits[2];                /* length of key block and message */
};

_Static_assert(sizeof(struct lc_hkdf_label) == 64, "a block of SHA-256");

#define LC_HMAC_BITS(len) ((64 + (len)) * 8)
#define LC_HKDF_LABEL(out, label) {                                              \
	.len = out,                                                              \
	.text_len = sizeof("tls13 " label) - 1,                                  \
	.text = "tls13 " label "\0\1\x80",                                       \
	.bits = { LC_HMAC_BITS(sizeof("tls13 " label) + 4) >> 8,                 \
		  LC_HMAC_BITS(sizeof("tls13 " label) + 4) & 0xff },             \
}

/* RFC 2104, 2: of the message that is padded in w. */
LC_GLOBAL int lc_hmac_finish(struct lc_hkdf *h)
{
	struct lc_sha256 *s;

	if (!h)
		return 0;
	s = &h->sha;
	for (int i = 0; i < 8; i++)
		s->state[i] = h->key.inner[i];
	lc_sha256_block(s);
	for (int i = 0; i < 8; i++) {
		s->w[i] = s->state[i];
		s->w[i + 8] = 0;
		s->state[i] = h->key.outer[i];
	}
	s->w[8] = 0x80000000;
	s->w[15] = LC_HMAC_BITS(32);
	return lc_sha256_block(s);
}

LC_INLINE void lc_hmac_pad(struct lc_sha256 *s, const __u32 *key, __u32 pad)
{
	for (int i = 0; i < 8; i++) {
		s->w[i] = key[i] ^ pad;
		s->w[i + 8] = pad;
	}
	lc_sha256_begin(s);
	lc_sha256_block(s);
}

/* The last digest becomes the key. */
LC_GLOBAL int lc_hmac_key(struct lc_hkdf *h)
{
	struct lc_hmac *key;

	if (!h)
		return 0;
	key = &h->key;
	for (int i = 0; i < 8; i++)
		key->outer[i] = h->sha.state[i];
	lc_hmac_pad(&h->sha, key->outer, 0x36363636);
	for (int i = 0; i < 8; i++)
		key->inner[i] = h->sha.state[i];
	lc_hmac_pad(&h->sha, key->outer, 0x5c5c5c5c);
	for (int i = 0; i < 8; i++)
		key->outer[i] = h->sha.state[i];
	return 0;
}

/* Word i of a message that may end before, in or behind it. Reads it whole. */
LC_INLINE __u32 lc_hmac_word(const __u8 *message, __u32 len, __u32 i)
{
	__u32 word = lc_be32(lc_get32(message + 4 * i)), rest = len - 4 * i;

	if (len >= 4 * i + 4)
		return word;
	if (len < 4 * i)
		return 0;
	return (word & ~(~0u >> (8 * rest))) | 0x80000000 >> (8 * rest);
}

/*
 * RFC 8446, 7.1, into state: as many bytes of it as the label says. Inline, because labels lie in .rodata, and verifiers, 6.1's
 * and 6.18's, want to be able to write to what a global function is given.
 */
LC_INLINE void lc_hkdf_expand(struct lc_hkdf *h, const struct lc_hkdf_label *label)
{
	for (int i = 0; i < 16; i++)
		h->sha.w[i] = lc_be32(lc_get32((const __u8 *)label + 4 * i));
	lc_hmac_finish(h);
}

#endif
