/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random hellos: names that the policy refuses or lets through, of any shape that an honest client sends, in records cut
 * anywhere. Half of them are OpenSSL's own. The other stream of a case has the same shape, so that parts of both can be mixed.
 */
#ifndef LENSCAP_TEST_STREAMS_H
#define LENSCAP_TEST_STREAMS_H

#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "case.h"

/* Seven letters each, so that a name can stand in another's place. */
static const char *const domains_refused[] = { ".blocked.test", ".dropped.test", ".beneath.test" };
static const char *const domains_passed[] = { ".allowed.test", ".audited.test", ".unknown.test" };

static SSL_CTX *streams_context;

static inline bool streams_open(void)
{
	streams_context = SSL_CTX_new(TLS_client_method());
	return streams_context;
}

static inline bool streams_name_refused(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < 3; i++) {
		size_t end = strlen(domains_refused[i]);

		if (n > end && !strcasecmp(name + n - end, domains_refused[i]))
			return true;
	}
	return false;
}

static inline void streams_name(struct random *r, bool refused, int label, char *ret_name)
{
	for (int i = 0; i < label; i++)
		ret_name[i] = "abcdefghijklmnopqrstuvwxyz0123456789"[random_below(r, 36)];
	strcpy(ret_name + label, (refused ? domains_refused : domains_passed)[random_below(r, 3)]);
	if (random_chance(r, 10))
		for (char *c = ret_name; *c; c++)
			if (*c >= 'a' && *c <= 'z' && random_chance(r, 50))
				*c -= 'a' - 'A';
}

/* Bytes of a field that is mostly small. */
static inline size_t streams_size(struct random *r)
{
	static const int tops[] = { 0, 0, 40, 200, 700, 1500 };

	if (random_chance(r, 3))
		return random_below(r, 6000);
	return random_below(r, tops[random_below(r, 6)] + 1);
}

static inline struct hello streams_shape(struct random *r)
{
	struct hello h = {
		.ciphers = random_chance(r, 30) ? 2 * random_between(r, 1, 100) : 6,
		.session = random_chance(r, 60) ? 32 : 0,
		.filler = streams_size(r),
		.filler_after = streams_size(r),
		.many = random_chance(r, 10) ? random_below(r, 40) : 0,
		.ech = random_chance(r, 20),
	};

	return h;
}

/* The builder's zeros to what OpenSSL reads on to the name with: cipher suites, and TLS 1.2 in supported_versions. */
static inline void streams_patch(__u8 *message, size_t n)
{
	static const __u16 suites[] = { 0xc02f, 0xc030, 0xcca8, 0x009c, 0x1301 };
	size_t at = 4 + 2 + 32, bytes;

	at += 1 + message[at];
	bytes = packet_get16(message + at);
	for (size_t i = 0; i + 2 <= bytes; i += 2)
		packet_set16(message + at + 2 + i, suites[i / 2 % 5]);
	memcpy(message + n - 3, "\2\3\3", 3);
}

/* A message without its record header; returns its bytes. */
static inline size_t streams_built(const struct hello *shape, const char *name, __u8 *message)
{
	static __u8 record[HELLO_MAX + 5];
	struct hello h = *shape;
	size_t n;

	h.sni = name;
	n = hello_build(&h, record, sizeof(record)) - 5;
	memcpy(message, record + 5, n);
	streams_patch(message, n);
	return n;
}

static inline size_t streams_openssl(const char *name, __u8 *message)
{
	SSL *ssl = SSL_new(streams_context);
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
	char *data;
	size_t n;

	if (!ssl || !in || !out)
		abort();
	SSL_set_bio(ssl, in, out);
	SSL_set_tlsext_host_name(ssl, name);
	SSL_connect(ssl);
	n = BIO_get_mem_data(out, &data) - 5;
	memcpy(message, data + 5, n);
	SSL_free(ssl);
	return n;
}

/* Bytes of the next record: a few large ones, or many small ones. */
static inline size_t streams_share(struct random *r, size_t usual, size_t left)
{
	size_t share = usual ? usual : 1u + random_below(r, left);

	return share < left ? share : left;
}

static inline void streams_records(struct random r, const __u8 *message, size_t n, struct bytes *ret_stream)
{
	unsigned int way = random_below(&r, 10);
	size_t usual = way < 6 ? n : way < 8 && n < 1500 ? 1u + random_below(&r, 30) : 0, share;
	struct hello_out out = { ret_stream->at, 0, sizeof(ret_stream->at) };
	struct hello_out plain = out;
	struct hello h = { .record_version = random_chance(&r, 90) ? 0x0301 : 0x0303 };

	for (size_t at = 0; at < n; at += share) {
		share = streams_share(&r, usual, n - at);
		hello_record(&h, &out, message + at, share);
	}
	if (out.n > LC_HELLO_MAX) {
		out = plain;
		hello_record(&h, &out, message, n);
	}
	ret_stream->n = out.n;
}

/* Offset of a stream's name; where a record is cut in it: of the middle of the stream. */
static inline int streams_find(const struct one_case *c, enum source source)
{
	const struct bytes *s = &c->stream[source];
	const __u8 *found = memmem(s->at, s->n, c->name[source], strlen(c->name[source]));

	return found ? found - s->at : (int)s->n / 2;
}

static inline void streams_make(struct one_case *c, bool refused, bool other_refused)
{
	static __u8 message[HELLO_MAX];
	struct random *r = &c->random, cuts;
	struct hello shape = streams_shape(r);
	bool own = random_chance(r, 50);
	int label = random_between(r, 1, 20);
	size_t n;

	streams_name(r, refused, label, c->name[SOURCE_TRUE]);
	streams_name(r, other_refused, random_chance(r, 80) ? label : random_between(r, 1, 40), c->name[SOURCE_OTHER]);
	cuts = *r;
	for (enum source s = SOURCE_TRUE; s <= SOURCE_OTHER; s++) {
		n = own ? streams_openssl(c->name[s], message) : streams_built(&shape, c->name[s], message);
		streams_records(cuts, message, n, &c->stream[s]);
	}
	random_next(r);
	c->stream[SOURCE_NOISE].n = HELLO_MAX;
	for (size_t i = 0; i < HELLO_MAX; i += 8) {
		__u64 bits = random_next(r);

		memcpy(c->stream[SOURCE_NOISE].at + i, &bits, 8);
	}
}

#endif
