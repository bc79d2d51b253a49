/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Builds datagrams of QUIC clients, honest and lying, sealed by libcrypto: one knob per lie, all zero is the plain thing. Knows
 * RFC 9000, 9001 and 9369, and nothing of the code that is tested with it.
 */
#ifndef LENSCAP_TEST_QUIC_PACKET_H
#define LENSCAP_TEST_QUIC_PACKET_H

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <linux/types.h>

#define QUIC_MAX 4096
#define QUIC_V1 1u
#define QUIC_V2 0x6b3343cfu
#define QUIC_DRAFT(n) (0xff000000u + (n))
#define QUIC_RESERVED 0x1a2a3a4au    /* RFC 9000, 15: forces negotiation */
#define QUIC_UNKNOWN 0x12345678u
#define QUIC_ALL 65535               /* of the hello: to its end */
#define QUIC_NONE 255                /* for a length: none */

/* RFC 9000, 19; numbered so that 0 ends a list. */
enum quic_frame_kind { FRAME_END, FRAME_CRYPTO, FRAME_PADDING, FRAME_PING, FRAME_ACK, FRAME_ACK_ECN, FRAME_CLOSE, FRAME_STREAM };

struct quic_frame {
	enum quic_frame_kind kind;
	__u16 at, n;                 /* CRYPTO: bytes of the hello; ACK: n more ranges; PADDING and PING: so many, 0 is one */
	__u16 piece;                 /* CRYPTO: in frames of so many bytes */
	bool backwards;              /* ... the last of them first */
	bool other;                  /* CRYPTO: bytes of the other hello */
	__u32 said_at;               /* CRYPTO: lies there, as it says */
	bool behind;                 /* CRYPTO: behind the first hello */
	bool long_type;              /* frame type in two bytes, where one would do */
	bool huge;                   /* ACK: a delay of 2^60 */
};

/* RFC 9000, 17.2. SHORT, NOISE and GARBAGE run to the end of the datagram: GARBAGE has no header at all. */
enum quic_packet_kind { QUIC_END, QUIC_INITIAL, QUIC_0RTT, QUIC_HANDSHAKE, QUIC_RETRY, QUIC_SHORT, QUIC_NOISE, QUIC_GARBAGE };

/* Connection ids go by numbers: 0 is 1. */
struct quic_packet {
	enum quic_packet_kind kind;
	__u32 version;               /* 0: 1 */
	__u8 dcid, keys;             /* keys 0: those of dcid */
	__u8 dcid_n, scid_n;         /* bytes; 0: 8, QUIC_NONE */
	__u8 number_len;             /* 0: 1 */
	__u64 number;
	__u16 token_n;
	__u16 n;                     /* bytes of a packet that is not opened; 0: to the end of the datagram */
	int length_lie;
	bool bad_tag, no_fixed_bit, short_length;
	struct quic_frame frames[6];
};

/* The last packet fills it up to its size. */
struct quic_datagram {
	struct quic_packet packets[4];
	__u16 size;                  /* 0: 1200; 1: as small as it can be */
	__u16 each;                  /* the first packet stands there so many times; 0: once */
};

struct quic_hellos { const __u8 *bytes[2]; size_t n[2]; };
struct quic_keys { __u8 key[16], iv[12], hp[16]; };
struct quic_out { __u8 *bytes; size_t n, end; };

/* Noise that is the same in every run. */
static inline void quic_noise(__u8 *bytes, size_t n)
{
	static __u32 state = 2463534242u;

	for (size_t i = 0; i < n; i++) {
		state ^= state << 13;
		state ^= state >> 17;
		state ^= state << 5;
		bytes[i] = state >> 11;
	}
}

static inline void quic_cid(unsigned int number, size_t n, __u8 *bytes)
{
	for (size_t i = 0; i < n; i++)
		bytes[i] = 0x83 + 0x11 * i + 0x35 * (number ? number : 1);
}

static inline size_t quic_length(__u8 n)
{
	return n == QUIC_NONE ? 0 : n ? n : 8;
}

/* RFC 8446, 7.1 */
static inline void quic_expand(const __u8 secret[32], const char *label, __u8 n, __u8 *ret_out)
{
	__u8 info[64] = { 0, n, strlen(label) + 6 }, out[32];
	int len = 3 + sprintf((char *)info + 3, "tls13 %s", label);

	info[len + 1] = 1;
	HMAC(EVP_sha256(), secret, 32, info, len + 2, out, NULL);
	memcpy(ret_out, out, n);
}

/* RFC 9001, 5.2; RFC 9369, 3.3; the drafts' 5.2. What is unknown gets version 1's. */
static inline struct quic_keys quic_derive(__u32 version, const __u8 *cid, size_t n)
{
	static const char v1[] = "\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a";
	static const char v2[] = "\x0d\xed\xe3\xde\xf7\x00\xa6\xdb\x81\x93\x81\xbe\x6e\x26\x9d\xcb\xf9\xbd\x2e\xd9";
	static const char d29[] = "\xaf\xbf\xec\x28\x99\x93\xd2\x4c\x9e\x97\x86\xf1\x9c\x61\x11\xe0\x43\x90\xa8\x99";
	bool two = version == QUIC_V2, draft = version >= QUIC_DRAFT(29) && version <= QUIC_DRAFT(32);
	__u8 initial[32], secret[32];
	struct quic_keys keys;

	HMAC(EVP_sha256(), two ? v2 : draft ? d29 : v1, 20, cid, n, initial, NULL);
	quic_expand(initial, "client in", 32, secret);
	quic_expand(secret, two ? "quicv2 key" : "quic key", sizeof(keys.key), keys.key);
	quic_expand(secret, two ? "quicv2 iv" : "quic iv", sizeof(keys.iv), keys.iv);
	quic_expand(secret, two ? "quicv2 hp" : "quic hp", sizeof(keys.hp), keys.hp);
	return keys;
}

static inline void quic_put(struct quic_out *o, const void *bytes, size_t n)
{
	if (bytes)
		memcpy(o->bytes + o->n, bytes, n);
	else
		memset(o->bytes + o->n, 0, n);
	o->n += n;
}

static inline void quic_number(struct quic_out *o, size_t bytes, __u64 value)
{
	for (size_t i = bytes; i--;)
		o->bytes[o->n++] = value >> (8 * i);
}

/* RFC 9000, 16: in as few bytes as it fits. */
static inline void quic_varint(struct quic_out *o, __u32 value)
{
	size_t bytes = value < 64 ? 1 : value < 16384 ? 2 : value < 1u << 30 ? 4 : 8;

	quic_number(o, bytes, value | (bytes == 8 ? 3ull << 62 : bytes == 4 ? 2u << 30 : bytes == 2 ? 1u << 14 : 0));
}

static inline void quic_type(struct quic_out *o, const struct quic_frame *f, __u8 type)
{
	quic_number(o, f->long_type ? 2 : 1, f->long_type ? 0x4000 | type : type);
}

static inline void quic_crypto_piece(struct quic_out *o, const struct quic_frame *f, const struct quic_hellos *h, __u32 at, __u32 n)
{
	quic_type(o, f, 6);
	quic_varint(o, f->said_at ? f->said_at : f->behind ? h->n[0] + at : at);
	quic_varint(o, n);
	quic_put(o, h->bytes[f->other] + at, n);
}

static inline void quic_crypto(struct quic_out *o, const struct quic_frame *f, const struct quic_hellos *h)
{
	__u32 n = f->n == QUIC_ALL ? h->n[f->other] - f->at : f->n, piece = f->piece ? f->piece : n, pieces = n ? (n + piece - 1) / piece : 1;

	for (__u32 i = 0; i < pieces; i++) {
		__u32 at = (f->backwards ? pieces - 1 - i : i) * piece;

		quic_crypto_piece(o, f, h, f->at + at, at + piece > n ? n - at : piece);
	}
}

/* 19.3: largest, delay, count, first range, then gaps and ranges of one packet each. */
static inline void quic_ack(struct quic_out *o, const struct quic_frame *f)
{
	quic_type(o, f, f->kind == FRAME_ACK_ECN ? 3 : 2);
	quic_varint(o, 3 * f->n);
	f->huge ? quic_number(o, 8, 13ull << 60) : quic_varint(o, 100000);
	quic_varint(o, f->n);
	quic_varint(o, 0);
	quic_put(o, NULL, 2 * f->n);
	for (int i = 0; i < 3 && f->kind == FRAME_ACK_ECN; i++)
		quic_varint(o, 70);
}

static inline void quic_frame(struct quic_out *o, const struct quic_frame *f, const struct quic_hellos *h)
{
	size_t times = f->n ? f->n : 1;

	if (f->kind == FRAME_CRYPTO)
		quic_crypto(o, f, h);
	else if (f->kind == FRAME_ACK || f->kind == FRAME_ACK_ECN)
		quic_ack(o, f);
	else if (f->kind == FRAME_CLOSE)
		quic_put(o, "\x1c\0\0\0", 4);
	else if (f->kind == FRAME_STREAM)
		quic_put(o, "\x08\0", 2);
	for (size_t i = 0; i < times && (f->kind == FRAME_PING || f->kind == FRAME_PADDING); i++)
		quic_type(o, f, f->kind == FRAME_PING);
}

/* First byte, version, connection ids. Returns where it begins. */
static inline size_t quic_long_header(struct quic_out *o, const struct quic_packet *p)
{
	static const __u8 types[] = { [QUIC_INITIAL] = 0, [QUIC_0RTT] = 1, [QUIC_HANDSHAKE] = 2, [QUIC_RETRY] = 3, [QUIC_NOISE] = 0 };
	unsigned int type = types[p->kind] + (p->version == QUIC_V2);
	size_t at = o->n, dcid_n = quic_length(p->dcid_n), scid_n = quic_length(p->scid_n);
	__u8 cid[256];

	quic_number(o, 1, 0x80 | (p->no_fixed_bit ? 0 : 0x40) | (type & 3) << 4 | ((p->number_len ? p->number_len : 1) - 1));
	quic_number(o, 4, p->version ? p->version : QUIC_V1);
	quic_number(o, 1, dcid_n);
	quic_cid(p->dcid, dcid_n, cid);
	quic_put(o, cid, dcid_n);
	quic_number(o, 1, scid_n);
	quic_cid(99, scid_n, cid);
	quic_put(o, cid, scid_n);
	return at;
}

/* RFC 9001, 5.3 and 5.4: seal what stands behind the packet number, then hide that. */
static inline void quic_seal(struct quic_out *o, const struct quic_packet *p, size_t start, size_t number_at)
{
	EVP_CIPHER_CTX *evp = EVP_CIPHER_CTX_new();
	size_t number_len = p->number_len ? p->number_len : 1, from = number_at + number_len;
	__u8 nonce[12], mask[16], cid[256];
	struct quic_keys keys;
	int n;

	quic_cid(p->keys ? p->keys : p->dcid, quic_length(p->dcid_n), cid);
	keys = quic_derive(p->version, cid, quic_length(p->dcid_n));
	memcpy(nonce, keys.iv, sizeof(nonce));
	for (int i = 0; i < 8; i++)
		nonce[11 - i] ^= p->number >> (8 * i);
	EVP_EncryptInit_ex(evp, EVP_aes_128_gcm(), NULL, keys.key, nonce);
	EVP_EncryptUpdate(evp, NULL, &n, o->bytes + start, from - start);
	EVP_EncryptUpdate(evp, o->bytes + from, &n, o->bytes + from, o->n - from);
	EVP_EncryptFinal_ex(evp, o->bytes + o->n, &n);
	EVP_CIPHER_CTX_ctrl(evp, EVP_CTRL_GCM_GET_TAG, 16, o->bytes + o->n);
	o->n += 16;
	o->bytes[o->n - 1] ^= p->bad_tag;
	EVP_EncryptInit_ex(evp, EVP_aes_128_ecb(), NULL, keys.hp, NULL);
	EVP_EncryptUpdate(evp, mask, &n, o->bytes + number_at + 4, 16);
	EVP_CIPHER_CTX_free(evp);
	o->bytes[start] ^= mask[0] & 0x0f;
	for (size_t i = 0; i < number_len; i++)
		o->bytes[number_at + i] ^= mask[1 + i];
}

/* The length of what begins at from and has a tag still to come. */
static inline void quic_set_length(const struct quic_out *o, const struct quic_packet *p, size_t at, size_t from)
{
	struct quic_out length = { o->bytes, at, 0 };
	size_t n = o->n + 16 - from + p->length_lie;

	quic_number(&length, from - at, from - at == 2 ? 0x4000 | n : n);
}

/* fill: with PADDING up to the datagram's end. */
static inline void quic_initial(struct quic_out *o, const struct quic_packet *p, const struct quic_hellos *h, bool fill)
{
	size_t start = quic_long_header(o, p), length_at, number_at, rest;

	quic_varint(o, p->token_n);
	quic_noise(o->bytes + o->n, p->token_n);
	length_at = o->n += p->token_n;
	number_at = o->n += p->short_length ? 1 : 2;
	quic_number(o, p->number_len ? p->number_len : 1, p->number);
	for (const struct quic_frame *f = p->frames; f->kind; f++)
		quic_frame(o, f, h);
	rest = fill && o->n + 16 < o->end ? o->end - o->n - 16 : 0;
	if (o->n + rest < number_at + 4)
		rest = number_at + 4 - o->n; /* or there would be no sample (RFC 9001, 5.4.2) */
	quic_put(o, NULL, rest);
	quic_set_length(o, p, length_at, number_at);
	quic_seal(o, p, start, number_at);
}

/* What nobody here can open: noise behind a header, or without one. */
static inline void quic_closed(struct quic_out *o, const struct quic_packet *p)
{
	size_t n;

	if (p->kind == QUIC_SHORT)
		quic_number(o, 1, 0x43);
	else if (p->kind != QUIC_GARBAGE)
		quic_long_header(o, p);
	n = p->n ? p->n : o->end > o->n + 2 ? o->end - o->n - 2 : 0;
	if (p->kind == QUIC_0RTT || p->kind == QUIC_HANDSHAKE)
		quic_number(o, 2, 0x4000 | n);
	else
		n = p->n ? p->n : o->end - o->n;
	quic_noise(o->bytes + o->n, n);
	o->n += n;
}

/* Returns the datagram's bytes; out has room for QUIC_MAX. */
static inline size_t quic_build(const struct quic_datagram *d, const struct quic_hellos *h, __u8 *out)
{
	struct quic_out o = { out, 0, d->size ? d->size : 1200 };
	unsigned int times = d->each ? d->each : 1;

	for (const struct quic_packet *p = d->packets; p->kind && p < d->packets + 4; p++) {
		for (unsigned int i = 0; i < (p == d->packets ? times : 1); i++) {
			if (p->kind == QUIC_INITIAL)
				quic_initial(&o, p, h, p + 1 == d->packets + 4 || !p[1].kind);
			else
				quic_closed(&o, p);
		}
	}
	return o.n;
}

#endif
