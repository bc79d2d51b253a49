/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Builds ClientHellos, honest and lying: one knob per lie, all zero is a plain one without server_name. Knows RFC 8446 and
 * RFC 6066, and nothing of the code that is tested with it.
 */
#ifndef LENSCAP_TEST_HELLO_H
#define LENSCAP_TEST_HELLO_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <linux/types.h>

#define HELLO_MAX 20480

/* Fields that can say more or less than is there. */
enum hello_length {
	LEN_RECORD, LEN_MESSAGE, LEN_SESSION, LEN_CIPHERS, LEN_COMPRESSION, LEN_EXTENSIONS, LEN_SNI, LEN_LIST, LEN_NAME,
	LEN_LAST, LEN_MAX
};

struct hello_name { __u8 type; const char *bytes; size_t n; };       /* n 0: strlen(bytes) */

struct hello {
	const char *sni;             /* shorthand for one host_name */
	struct hello_name names[5];  /* ended by bytes NULL */
	const char *second_sni;      /* in a server_name extension of its own, after the first */
	bool empty_sni;              /* a server_name extension of no bytes, as servers send it */
	bool ech;
	bool no_extensions;          /* no extensions block, as TLS 1.0 allows */
	size_t ciphers;              /* bytes; 0: six */
	size_t session;              /* bytes */
	size_t filler;               /* bytes of an unknown extension before server_name ... */
	size_t filler_after;         /* ... and after it */
	size_t many;                 /* empty unknown extensions before server_name */
	int lie[LEN_MAX];            /* added to the length field; LEN_LAST: that of the last extension */
	__u8 message_type;           /* 0: ClientHello */
	__u8 content_type;           /* 0: handshake */
	__u16 version, record_version;       /* 0: 0x0303, 0x0301 */
	size_t record;               /* bytes of the message in a record; 0: all */
	size_t first_record;         /* of the first one, where it differs */
	bool empty_records;          /* one before each record */
	size_t pad;                  /* make the message this long with filler_after; it must be long enough for it */
};

struct hello_out { __u8 *bytes; size_t n, max; };

static inline void hello_put(struct hello_out *o, const void *bytes, size_t n)
{
	if (o->n + n <= o->max && bytes)
		memcpy(o->bytes + o->n, bytes, n);
	else if (o->n + n <= o->max)
		memset(o->bytes + o->n, 0, n);
	o->n += n;
}

/* A big-endian number of 1 to 3 bytes. */
static inline void hello_number(struct hello_out *o, size_t bytes, unsigned int value)
{
	__u8 b[3] = { value >> 16, value >> 8, value };

	hello_put(o, b + 3 - bytes, bytes);
}

/* Make room for a length ... */
static inline size_t hello_open(struct hello_out *o, size_t bytes)
{
	hello_put(o, NULL, bytes);
	return o->n;
}

/* ... and fill it in when what it covers is complete: as it is, or with a lie. */
static inline void hello_close(struct hello_out *o, size_t start, size_t bytes, int lie)
{
	struct hello_out at = { o->bytes, start - bytes, o->max };

	hello_number(&at, bytes, o->n - start + lie);
}

static inline void hello_sni(const struct hello *h, const struct hello_name *names, struct hello_out *o)
{
	size_t extension, list, name;

	hello_number(o, 2, 0);
	extension = hello_open(o, 2);
	if (names) {
		list = hello_open(o, 2);
		for (; names->bytes; names++) {
			hello_number(o, 1, names->type);
			name = hello_open(o, 2);
			hello_put(o, names->bytes, names->n ? names->n : strlen(names->bytes));
			hello_close(o, name, 2, h->lie[LEN_NAME]);
		}
		hello_close(o, list, 2, h->lie[LEN_LIST]);
	}
	hello_close(o, extension, 2, h->lie[LEN_SNI]);
}

static inline void hello_extension(struct hello_out *o, unsigned int type, size_t bytes, int lie)
{
	hello_number(o, 2, type);
	hello_number(o, 2, bytes + lie);
	hello_put(o, NULL, bytes);
}

static inline void hello_extensions(const struct hello *h, struct hello_out *o)
{
	const struct hello_name one[2] = { { 0, h->sni, 0 } }, second[2] = { { 0, h->second_sni, 0 } };
	size_t start = hello_open(o, 2);

	hello_extension(o, 0x0017, 0, 0);    /* extended_master_secret */
	if (h->filler)
		hello_extension(o, 0x8a8a, h->filler, 0);
	for (size_t i = 0; i < h->many; i++)
		hello_extension(o, 0x9000 + i, 0, 0);
	if (h->sni || h->names[0].bytes)
		hello_sni(h, h->sni ? one : h->names, o);
	if (h->empty_sni)
		hello_sni(h, NULL, o);
	if (h->second_sni)
		hello_sni(h, second, o);
	if (h->ech)
		hello_extension(o, 0xfe0d, 64, 0);
	if (h->filler_after)
		hello_extension(o, 0x8b8b, h->filler_after, 0);
	hello_extension(o, 0x002b, 3, h->lie[LEN_LAST]);     /* supported_versions */
	hello_close(o, start, 2, h->lie[LEN_EXTENSIONS]);
}

/* RFC 8446, 4.1.2 */
static inline void hello_message(const struct hello *h, struct hello_out *o)
{
	size_t message, field;

	hello_number(o, 1, h->message_type ? h->message_type : 1);
	message = hello_open(o, 3);
	hello_number(o, 2, h->version ? h->version : 0x0303);
	hello_put(o, NULL, 32);
	field = hello_open(o, 1);
	hello_put(o, NULL, h->session);
	hello_close(o, field, 1, h->lie[LEN_SESSION]);
	field = hello_open(o, 2);
	hello_put(o, NULL, h->ciphers ? h->ciphers : 6);
	hello_close(o, field, 2, h->lie[LEN_CIPHERS]);
	field = hello_open(o, 1);
	hello_put(o, NULL, 1);
	hello_close(o, field, 1, h->lie[LEN_COMPRESSION]);
	if (!h->no_extensions)
		hello_extensions(h, o);
	hello_close(o, message, 3, h->lie[LEN_MESSAGE]);
}

static inline void hello_record(const struct hello *h, struct hello_out *o, const __u8 *bytes, size_t n)
{
	size_t record;

	hello_number(o, 1, h->content_type ? h->content_type : 22);
	hello_number(o, 2, h->record_version ? h->record_version : 0x0301);
	record = hello_open(o, 2);
	hello_put(o, bytes, n);
	hello_close(o, record, 2, n ? h->lie[LEN_RECORD] : 0);
}

/* Bytes of the stream that a client sends; more than max: did not fit. */
static inline size_t hello_build(const struct hello *h, __u8 *bytes, size_t max)
{
	static __u8 message[HELLO_MAX];
	struct hello_out m = { message, 0, sizeof(message) }, o = { bytes, 0, max };
	struct hello padded = *h;
	size_t share = h->first_record ? h->first_record : h->record;

	hello_message(h, &m);
	if (h->pad) {
		padded.filler_after = h->pad - m.n - 4;
		m.n = 0;
		hello_message(&padded, &m);
	}
	for (size_t at = 0; at < m.n && m.n <= m.max; at += share, share = h->record) {
		if (!share || share > m.n - at)
			share = m.n - at;
		if (h->empty_records)
			hello_record(h, &o, NULL, 0);
		hello_record(h, &o, message + at, share);
	}
	return m.n <= m.max ? o.n : max + 1;
}

#endif
