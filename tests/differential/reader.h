/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which name does a TLS server read in these bytes? OpenSSL's answer, by its servername callback; and where OpenSSL stops for
 * some other reason, that of a reader that minds nothing but where the name is. Neither knows anything of lenscap.
 */
#ifndef LENSCAP_TEST_READER_H
#define LENSCAP_TEST_READER_H

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>

#include "case.h"

static SSL_CTX *reader_context;

static inline int reader_servername(SSL *ssl, int *alert, void *context)
{
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	struct received *got = SSL_get_app_data(ssl);

	(void)context;
	if (name) {
		snprintf(got->name, sizeof(got->name), "%s", name);
		got->hello = got->by_openssl = true;
	}
	*alert = SSL_AD_ACCESS_DENIED;
	return SSL_TLSEXT_ERR_ALERT_FATAL;   /* nobody wants the handshake */
}

static inline bool reader_open(void)
{
	reader_context = SSL_CTX_new(TLS_server_method());
	if (!reader_context)
		return false;
	SSL_CTX_set_security_level(reader_context, 0);
	SSL_CTX_set_tlsext_servername_callback(reader_context, reader_servername);
	return true;
}

static inline void reader_openssl(struct received *got)
{
	SSL *ssl = SSL_new(reader_context);
	BIO *in = BIO_new_mem_buf(got->bytes, got->n), *out = BIO_new(BIO_s_mem());

	if (!ssl || !in || !out)
		abort();
	BIO_set_mem_eof_return(in, -1);      /* more might come */
	SSL_set_bio(ssl, in, out);
	SSL_set_app_data(ssl, got);
	SSL_accept(ssl);
	SSL_free(ssl);
	ERR_clear_error();
}

static inline unsigned int reader_number(const __u8 *at, size_t bytes)
{
	unsigned int value = 0;

	while (bytes--)
		value = value << 8 | *at++;
	return value;
}

/* What the handshake records hold, other records left out. */
static inline size_t reader_handshake(const struct received *got, __u8 *message)
{
	size_t at = 0, n = 0, share;

	while (at + 5 <= got->n && got->bytes[at] >= 20 && got->bytes[at] <= 23) {
		share = reader_number(got->bytes + at + 3, 2);
		if (share > got->n - at - 5)
			share = got->n - at - 5;
		if (got->bytes[at] == 22) {
			memcpy(message + n, got->bytes + at + 5, share);
			n += share;
		}
		at += 5 + share;
	}
	return n;
}

/* Stream offset behind the hello; that of the stream's end where it is not whole. */
static inline size_t reader_end(const struct received *got)
{
	static struct received less;
	static __u8 m[HELLO_MAX];
	size_t n = 0;

	less = *got;
	for (less.n = 0; less.n < got->n && (n < 4 || reader_number(m + 1, 3) > n - 4);) {
		less.n++;
		n = reader_handshake(&less, m);
	}
	return less.n;
}

/* Over a field that begins with its length. Past the end: nothing more is found there. */
static inline size_t reader_skip(const __u8 *m, size_t n, size_t at, size_t bytes)
{
	return at + bytes > n ? n : at + bytes + reader_number(m + at, bytes);
}

/* The first name in the server_name extension whose data begins here. */
static inline void reader_name(struct received *got, const __u8 *m, size_t n, size_t at)
{
	size_t len = at + 5 <= n ? reader_number(m + at + 3, 2) : 0;

	if (!len || len >= sizeof(got->name) || at + 5 + len > n)
		return;
	memcpy(got->name, m + at + 5, len);
	got->name[len] = '\0';
	got->hello = true;
}

static inline void reader_tolerant(struct received *got)
{
	static __u8 m[HELLO_MAX];
	size_t n = reader_handshake(got, m), at;

	if (n < 4 || m[0] != 1 || reader_number(m + 1, 3) > n - 4)
		return;
	n = 4 + reader_number(m + 1, 3);
	at = reader_skip(m, n, 4 + 2 + 32, 1);
	at = reader_skip(m, n, at, 2);
	at = reader_skip(m, n, at, 1) + 2;
	for (; at + 4 <= n && !got->hello; at = reader_skip(m, n, at + 2, 2))
		if (!reader_number(m + at, 2))
			reader_name(got, m, n, at + 4);
}

static inline void reader_read(struct received *got)
{
	if (got->looked_at == got->n)
		return;
	got->looked_at = got->n;
	got->hello = got->by_openssl = false;
	reader_openssl(got);
	if (!got->hello)
		reader_tolerant(got);
}

#endif
