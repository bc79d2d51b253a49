/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The keys of a QUIC client's Initials, which anybody can work out who sees the connection id that it chose for the server:
 * RFC 9001, 5.2 (v1), RFC 9369, 3.3 (v2), draft-ietf-quic-tls-29, 5.2. Pure. Knows nothing of packets.
 */
#ifndef LENSCAP_CRYPTO_QUIC_KEYS_H
#define LENSCAP_CRYPTO_QUIC_KEYS_H

#include "gcm.h"
#include "hkdf.h"

#define LC_QUIC_V1 0x00000001
#define LC_QUIC_V2 0x6b3343cf
#define LC_QUIC_DRAFT_29 0xff00001d
#define LC_QUIC_DRAFT_32 0xff000020  /* from 29 to this one with the same salt; from here on with that of v1 */
#define LC_QUIC_DRAFT_34 0xff000022
#define LC_QUIC_CID_MAX 20           /* RFC 9000, 17.2 */
#define LC_QUIC_FIRST_MIN 1200       /* 14.1: bytes of a client's first datagram; servers drop a smaller one */

/* What lies behind len is noise. */
struct lc_quic_cid {
	__u32 len;
	__u8 bytes[LC_QUIC_CID_MAX + 4]; /* read by words, one more than fit */
};

/* Worth keeping for as long as a client uses the connection id. */
struct lc_quic_keys {
	struct lc_gcm_key payload;
	struct lc_aes_key header;
	__u8 iv[12];
	__u8 pad[4];
};

_Static_assert(sizeof(struct lc_quic_keys) == 384, "kept per connection id");

/* Rows of lc_quic_labels: that of the secret, and of the three that begin with each of these. */
enum lc_quic_label { LC_QUIC_CLIENT_IN, LC_QUIC_LABELS_V1, LC_QUIC_LABELS_V2 = LC_QUIC_LABELS_V1 + 3 };

static const struct lc_hkdf_label lc_quic_labels[] LC_TABLE = {
	LC_HKDF_LABEL(32, "client in"),
	LC_HKDF_LABEL(16, "quic key"),
	LC_HKDF_LABEL(12, "quic iv"),
	LC_HKDF_LABEL(16, "quic hp"),
	LC_HKDF_LABEL(16, "quicv2 key"),
	LC_HKDF_LABEL(12, "quicv2 iv"),
	LC_HKDF_LABEL(16, "quicv2 hp"),
};

/* Salts never change, nor does what HMAC's paddings make of them: two of sixteen blocks less. The test works them out again. */
static const struct lc_quic_version {
	__u32 version;
	__u32 labels;
	struct lc_hmac salt;
} lc_quic_versions[] LC_TABLE = {
	{ LC_QUIC_V1, LC_QUIC_LABELS_V1,
	  { .inner = { 0x2d5eed97, 0x70d71abf, 0x4c9b8799, 0xc4eb86b0, 0xe9b16e41, 0xd04322f6, 0xf73a0cb2, 0x9e23a203 },
	    .outer = { 0x0d3d813d, 0xcffa6f1f, 0x7dbcb03e, 0x923042dc, 0xd15a45f6, 0x55ab0325, 0xf3c23aab, 0x37426939 } } },
	{ LC_QUIC_V2, LC_QUIC_LABELS_V2,
	  { .inner = { 0x9f201982, 0x7e771bd0, 0x601a8795, 0x5d7ab60d, 0x2ff30d4b, 0x72201a09, 0x6eaa0d12, 0xca4e4d6b },
	    .outer = { 0xbb153200, 0x003bcf3a, 0xf99876d1, 0xf698c9aa, 0x804d4d49, 0x7a379cfe, 0xc1eb346e, 0xadaf299f } } },
	{ LC_QUIC_DRAFT_29, LC_QUIC_LABELS_V1,
	  { .inner = { 0x5a14242c, 0x451b6623, 0x8bda6c0c, 0x56a97e94, 0xa7e1ce39, 0x201b10d1, 0x424f7ac4, 0x82ada9c5 },
	    .outer = { 0x85562323, 0x55aa3152, 0x4f429776, 0x5f4cbb4a, 0x1f3a1465, 0x72c5b0e0, 0x0e00e756, 0x23be8427 } } },
};

#define LC_QUIC_VERSIONS (sizeof(lc_quic_versions) / sizeof(*lc_quic_versions))

/* The version, or the one whose Initials have the same keys. */
LC_INLINE __u32 lc_quic_version_alike(__u32 version)
{
	if (version > LC_QUIC_DRAFT_32 && version <= LC_QUIC_DRAFT_34)
		return LC_QUIC_V1;
	return version > LC_QUIC_DRAFT_29 && version <= LC_QUIC_DRAFT_32 ? LC_QUIC_DRAFT_29 : version;
}

/* Row of a version; LC_QUIC_VERSIONS when its Initials can not be read. */
LC_INLINE __u32 lc_quic_version_row(__u32 version)
{
	__u32 row = 0;

	version = lc_quic_version_alike(version);
	while (row < LC_QUIC_VERSIONS && lc_quic_versions[row].version != version)
		row++;
	return row;
}

LC_INLINE int lc_quic_version_known(__u32 version)
{
	return lc_quic_version_row(version) < LC_QUIC_VERSIONS;
}

/* RFC 5869, 2.2: HKDF-Extract of a connection id. */
LC_INLINE void lc_quic_extract(struct lc_hkdf *h, const struct lc_hmac *salt, const struct lc_quic_cid *cid)
{
	h->key = *salt;
	for (int i = 0; i < 16; i++)
		h->sha.w[i] = i <= LC_QUIC_CID_MAX / 4 ? lc_hmac_word(cid->bytes, cid->len, i) : 0;
	h->sha.w[15] = LC_HMAC_BITS(cid->len);
	lc_hmac_finish(h);
	lc_hmac_key(h);
}

LC_INLINE void lc_quic_expand(struct lc_hkdf *h, const struct lc_hkdf_label *label, struct lc_block *ret_key)
{
	lc_hkdf_expand(h, label);
	for (int i = 0; i < 4; i++)
		ret_key->word[i] = lc_be32(h->sha.state[i]);
}

/* 0; -EINVAL: no such connection id; -EPROTONOSUPPORT: no such version. */
LC_GLOBAL int lc_quic_keys_derive(struct lc_hkdf *h, struct lc_quic_keys *keys, const struct lc_quic_cid *cid, __u32 version)
{
	const struct lc_hkdf_label *labels;
	struct lc_block iv;
	__u32 row;

	if (!h || !keys || !cid || cid->len > LC_QUIC_CID_MAX)
		return -EINVAL;
	row = lc_quic_version_row(version);
	if (row == LC_QUIC_VERSIONS)
		return -EPROTONOSUPPORT;
	lc_quic_extract(h, &lc_quic_versions[row].salt, cid);
	lc_hkdf_expand(h, &lc_quic_labels[LC_QUIC_CLIENT_IN]);
	lc_hmac_key(h);
	labels = &lc_quic_labels[lc_quic_versions[row].labels];
	lc_quic_expand(h, labels, keys->payload.aes.round);
	lc_quic_expand(h, labels + 1, &iv);
	__builtin_memcpy(keys->iv, &iv, sizeof(keys->iv));
	lc_quic_expand(h, labels + 2, keys->header.round);
	lc_gcm_expand(&keys->payload);
	return lc_aes_expand(&keys->header);
}

/* RFC 9001, 5.4.3: the first five bytes of what becomes of the sample are the mask. */
LC_INLINE int lc_quic_hp_mask(const struct lc_quic_keys *keys, struct lc_block *sample)
{
	return lc_aes_encrypt(&keys->header, sample);
}

/* RFC 9001, 5.3: the packet number, as long as it really is, is xored to the end of the IV. */
LC_INLINE void lc_quic_nonce(struct lc_gcm *g, const struct lc_quic_keys *keys, __u64 number)
{
	__builtin_memcpy(g->nonce.byte, keys->iv, sizeof(keys->iv));
	g->nonce.word[1] ^= lc_be32(number >> 32);
	g->nonce.word[2] ^= lc_be32((__u32)number);
}

#endif
