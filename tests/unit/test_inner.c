/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What stands before a hello, by itself: each layer whole, with a hello behind it, cut short at every byte, and with every value
 * in each of its bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "inner.h"

#define TEXT(s) s, sizeof(s) - 1
#define HELLO "\x16\3\1\2\0\1\0\1\xfc\3\3"
#define PROXY2 "\r\n\r\n\0\r\nQUIT\n"

static struct lc_stream *stream;

static int setup(void **state)
{
	(void)state;
	stream = calloc(1, sizeof(*stream));
	return !stream;
}

static int teardown(void **state)
{
	(void)state;
	free(stream);
	return 0;
}

struct layer {
	const char *says;
	const char *bytes;
	size_t n;
	const char *name;            /* NULL: none */
	bool odd;
};

/* Layers with something behind them. */
static const struct layer layers[] = {
	{ "CONNECT", TEXT("CONNECT a.test:443 HTTP/1.1\r\n\r\n"), "a.test", false },
	{ "CONNECT and fields", TEXT("CONNECT a.test:443 HTTP/1.1\r\nHost: b.test\r\nX: y\r\n\r\n"), "a.test", false },
	{ "CONNECT, LF", TEXT("CONNECT a.test HTTP/1.1\nX: y\n\n"), "a.test", false },
	{ "CONNECT, LF and CR LF", TEXT("CONNECT a.test HTTP/1.1\n\r\n"), "a.test", false },
	{ "CONNECT, spaces and a tab", TEXT("CONNECT \t  a.test\tHTTP/1.1\r\n\r\n"), "a.test", false },
	{ "CONNECT to an IPv6 address", TEXT("CONNECT [2001:db8::1]:443 HTTP/1.1\r\n\r\n"), "[2001", false },
	{ "SOCKS5", TEXT("\5\1\0\5\1\0\3\6a.test\1\xbb"), "a.test", false },
	{ "SOCKS5, many methods", TEXT("\5\4\0\1\2\x80\5\1\0\3\6a.test\1\xbb"), "a.test", false },
	{ "SOCKS5, user and password", TEXT("\5\1\2\1\1u\1p\5\1\0\3\6a.test\1\xbb"), "a.test", false },
	{ "SOCKS5, user and no password", TEXT("\5\1\2\1\1u\0\5\1\0\3\6a.test\1\xbb"), "a.test", false },
	{ "SOCKS5, IPv4", TEXT("\5\1\0\5\1\0\1\1\2\3\4\1\xbb"), NULL, false },
	{ "SOCKS5, IPv6", TEXT("\5\1\0\5\1\0\4\1\2\3\4\5\6\7\x8\1\2\3\4\5\6\7\x8\1\xbb"), NULL, false },
	{ "PROXY 1", TEXT("PROXY TCP4 1.2.3.4 5.6.7.8 9 10\r\n"), NULL, false },
	{ "PROXY 2", TEXT(PROXY2 "\x21\x11\0\x0c" "123456789012"), NULL, false },
	{ "PROXY 2, empty", TEXT(PROXY2 "\x20\0\0\0"), NULL, false },
	{ "SSLRequest", TEXT("\0\0\0\x8\4\xd2\x16\x2f"), NULL, false },
	{ "alert", TEXT("\x15\3\1\0\2\1\0"), NULL, true },
	{ "ChangeCipherSpec", TEXT("\x14\3\3\0\1\1"), NULL, true },
	{ "alert of no bytes", TEXT("\x15\3\1\0\0"), NULL, true },
};

#define LAYERS (sizeof(layers) / sizeof(*layers))

static int layer_of(const char *bytes, size_t n, struct lc_inner *ret_inner)
{
	*ret_inner = (struct lc_inner){ .base = 0 };
	memset(stream->bytes, 0xee, sizeof(stream->bytes));
	memcpy(stream->bytes, bytes, n);
	stream->len = n;
	return lc_inner_layer(ret_inner, stream);
}

static void is_layer(const struct layer *l, const struct lc_inner *inner, __u32 base)
{
	assert_int_equal(inner->more, 1);
	assert_int_equal(inner->base, base + l->n);
	assert_int_equal(inner->odd, l->odd);
	assert_int_equal(inner->name_len, l->name ? strlen(l->name) : 0);
	if (l->name)
		assert_memory_equal(stream->bytes + inner->name_at, l->name, strlen(l->name));
}

static void test_whole(void **state)
{
	struct lc_inner inner;
	char bytes[200];

	(void)state;
	for (size_t i = 0; i < LAYERS; i++) {
		memcpy(bytes, layers[i].bytes, layers[i].n);
		memcpy(bytes + layers[i].n, HELLO, sizeof(HELLO) - 1);
		for (size_t behind = 0; behind < sizeof(HELLO); behind++) {
			if (layer_of(bytes, layers[i].n + behind, &inner) != LC_R_NONE)
				fail_msg("%s, %zu bytes behind it", layers[i].says, behind);
			is_layer(&layers[i], &inner, 0);
		}
		assert_int_equal(lc_inner_layer(&inner, stream), LC_R_NONE);
		assert_int_equal(inner.more, 0);
		assert_int_equal(inner.base, layers[i].n);
	}
}

static void test_cut_at_every_byte(void **state)
{
	struct lc_inner inner;

	(void)state;
	for (size_t i = 0; i < LAYERS; i++)
		for (size_t cut = 0; cut < layers[i].n; cut++)
			if (layer_of(layers[i].bytes, cut, &inner) != LC_R_PENDING || inner.base || inner.more)
				fail_msg("%s, cut at %zu", layers[i].says, cut);
}

/* One behind another, in either order. */
static void test_behind_each_other(void **state)
{
	struct lc_inner inner;
	char bytes[400];

	(void)state;
	for (size_t i = 0; i < LAYERS; i++)
		for (size_t k = 0; k < LAYERS; k++) {
			memcpy(bytes, layers[i].bytes, layers[i].n);
			memcpy(bytes + layers[i].n, layers[k].bytes, layers[k].n);
			assert_int_equal(layer_of(bytes, layers[i].n + layers[k].n, &inner), LC_R_NONE);
			inner.name_len = inner.odd = 0;
			assert_int_equal(lc_inner_layer(&inner, stream), LC_R_NONE);
			is_layer(&layers[k], &inner, layers[i].n);
		}
}

/* Whatever a byte becomes: the end is inside, the name too, and more bytes never take back that there is no layer. */
static void test_every_value(void **state)
{
	struct lc_inner inner;
	char bytes[200];

	(void)state;
	for (size_t i = 0; i < LAYERS; i++)
		for (size_t at = 0; at < layers[i].n; at++)
			for (int value = 0; value < 256; value++) {
				int why, later;

				memcpy(bytes, layers[i].bytes, layers[i].n);
				memset(bytes + layers[i].n, 'x', 100);
				bytes[at] = value;
				why = layer_of(bytes, layers[i].n, &inner);
				assert_true(inner.base <= stream->len);
				assert_true(why != LC_R_NONE || !inner.name_len || inner.name_at + inner.name_len <= inner.base);
				later = layer_of(bytes, layers[i].n + 100, &inner);
				if (why != LC_R_PENDING && why != later)
					fail_msg("%s, byte %zu = %d: %d, then %d", layers[i].says, at, value, why, later);
			}
}

static void test_others(void **state)
{
	static const struct { const char *bytes; size_t n; enum lc_reason why; const char *name; } rows[] = {
		{ TEXT(""), LC_R_PENDING, NULL },
		{ TEXT("\x16"), LC_R_NONE, NULL },
		{ TEXT("\x17\3\3\0\1x"), LC_R_NOT_TLS, NULL },
		{ TEXT("\x15\2\0\0\2\1\0"), LC_R_NOT_TLS, NULL },
		{ TEXT("\0\0\0\x8\4\xd2\x16\x30"), LC_R_NOT_TLS, NULL },
		{ TEXT("\0\0\0\x8\4\xd2\x16"), LC_R_PENDING, NULL },
		{ TEXT("\5\1\0\4\1\0\1\1\2\3\4\1\xbb"), LC_R_NOT_TLS, NULL },
		{ TEXT("\5\1\0\5\3\0\1\1\2\3\4\1\xbb"), LC_R_NOT_TLS, NULL },
		{ TEXT("\r\n\r\n\0\r\nQUIX\n\x21\x11\0\0"), LC_R_NOT_TLS, NULL },
		{ TEXT("PROXIES are no proxies, and this line is so long that it can not be one of the PROXY protocol: more than "
		       "107 bytes"), LC_R_NOT_TLS, NULL },
		{ TEXT("CON"), LC_R_PENDING, NULL },
		{ TEXT("CONNx\n\n"), LC_R_PENDING, NULL },
		{ TEXT("CONNx\n\nx"), LC_R_NOT_TLS, NULL },
		{ TEXT("CONNECTa.test HTTP/1.1\r\n\r\n"), LC_R_NOT_TLS, NULL },
		{ TEXT("SSH-2.0-x\r\n"), LC_R_NOT_TLS, NULL },
		{ TEXT("\x80\x2e\1\3\1"), LC_R_SSLV2, NULL },
		{ TEXT("\x80\x2e\1\0\2"), LC_R_SSLV2, NULL },
		{ TEXT("\x80\x2e\1"), LC_R_PENDING, NULL },
		{ TEXT("\x80\x2e\4\0\2"), LC_R_NOT_TLS, NULL },
		{ TEXT("\x80\x2e\1\4\2"), LC_R_NOT_TLS, NULL },
		{ TEXT("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"), LC_R_HTTP, "a.test" },
		{ TEXT("GET / HTTP/1.1\r\nHost: a.test\r\n\r"), LC_R_PENDING, NULL },
		{ TEXT("POST / HTTP/1.1\r\nX: y\r\nHOST:\t a.test:80\r\n\r\n"), LC_R_HTTP, "a.test" },
		{ TEXT("GET / HTTP/1.1\r\nHost: a.test\r\nHost: b.test\r\n\r\n"), LC_R_HTTP, "a.test" },
		{ TEXT("GET / HTTP/1.1\r\nGhost: a.test\r\n\r\n"), LC_R_HTTP, NULL },
		{ TEXT("GET / HTTP/1.1\r\nHost:\r\n\r\n"), LC_R_HTTP, NULL },
		{ TEXT("GET / HTTP/1.0\r\n\r\n"), LC_R_HTTP, NULL },
	};
	struct lc_inner inner;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (layer_of(rows[i].bytes, rows[i].n, &inner) != (int)rows[i].why)
			fail_msg("row %zu: expected %d", i, rows[i].why);
		assert_int_equal(inner.more, 0);
		assert_int_equal(inner.name_len, rows[i].name ? strlen(rows[i].name) : 0);
		if (rows[i].name)
			assert_memory_equal(stream->bytes + inner.name_at, rows[i].name, inner.name_len);
	}
}

/* A head without an end is given up after so many bytes, not before. */
static void test_endless_head(void **state)
{
	struct lc_inner inner = { .base = 0 };

	(void)state;
	memset(stream->bytes, 'x', sizeof(stream->bytes));
	memcpy(stream->bytes, "CONNECT ", 8);
	stream->len = LC_HTTP_HEAD_MAX - 1;
	assert_int_equal(lc_inner_layer(&inner, stream), LC_R_PENDING);
	stream->len = LC_HTTP_HEAD_MAX;
	assert_int_equal(lc_inner_layer(&inner, stream), LC_R_NOT_TLS);
	assert_int_equal(inner.base, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_cut_at_every_byte),
		cmocka_unit_test(test_behind_each_other),
		cmocka_unit_test(test_every_value),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_endless_head),
	};

	return cmocka_run_group_tests_name("inner", tests, setup, teardown);
}
