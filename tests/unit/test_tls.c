/* SPDX-License-Identifier: GPL-2.0-only */
/* The TLS reader by itself: every row of the cases, whole, with bytes behind it, and cut short at every byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tls.h"
#include "../cases/hello_cases.h"

#define ROWS (sizeof(hello_cases) / sizeof(*hello_cases))

static struct lc_stream *stream;
static struct lc_tls tls;

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

static void load(const struct hello *hello)
{
	memset(stream, 0xee, sizeof(*stream));
	stream->len = hello_build(hello, stream->bytes, LC_HELLO_MAX);
	assert_true(stream->len <= LC_HELLO_MAX);
}

static void expect(const struct hello_case *row, const char *how)
{
	int why = lc_tls_hello(&tls, stream, 0);

	if (why != (int)row->reason)
		fail_msg("%s, %s: reason %d, expected %d", row->says, how, why, row->reason);
	if (row->reason != LC_R_NONE)
		return;
	assert_true(tls.hosts >= 1);
	if (!row->name)
		assert_int_equal(lc_tls_name(&tls, stream, 0), LC_R_INVALID_NAME);
	if (!row->name)
		return;
	assert_int_equal(lc_tls_name(&tls, stream, 0), LC_R_NONE);
	assert_int_equal(tls.name_len, strlen(row->name));
	assert_memory_equal(tls.name, row->name, tls.name_len);
}

static void test_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		load(&hello_cases[i].hello);
		expect(&hello_cases[i], "whole");
	}
}

/* A client may send early data right behind its hello. */
static void test_bytes_behind(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		load(&hello_cases[i].hello);
		if (hello_cases[i].reason != LC_R_NONE || stream->len + 5 > LC_HELLO_MAX)
			continue;
		memcpy(stream->bytes + stream->len, "\x17\x03\x03\x00\x40", 5);
		stream->len += 5;
		expect(&hello_cases[i], "with bytes behind");
	}
}

/* Before the last byte an honest hello is pending, and whatever is said of a liar early is what is said at the end. */
static void test_cut_at_every_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		__u32 len;

		load(&hello_cases[i].hello);
		len = stream->len;
		for (__u32 cut = 0; cut < len; cut++) {
			int why;

			stream->len = cut;
			why = lc_tls_hello(&tls, stream, 0);
			if (why == LC_R_PENDING || (hello_cases[i].reason != LC_R_NONE && why == (int)hello_cases[i].reason))
				continue;
			fail_msg("%s, cut at %u of %u: reason %d", hello_cases[i].says, cut, len, why);
		}
	}
}

/* Nothing that an earlier, longer hello left in the reader's memory shows in a later one. */
static void test_no_memory_of_the_last(void **state)
{
	const struct hello longer = { .sni = HELLO_NAME253, .ech = true }, shorter = { .sni = "a.test" }, none = { 0 };

	(void)state;
	load(&longer);
	assert_int_equal(lc_tls_hello(&tls, stream, 0), LC_R_NONE);
	assert_int_equal(tls.ech, 1);
	load(&shorter);
	assert_int_equal(lc_tls_hello(&tls, stream, 0), LC_R_NONE);
	assert_int_equal(lc_tls_name(&tls, stream, 0), LC_R_NONE);
	assert_int_equal(tls.name_len, 6);
	assert_int_equal(tls.ech, 0);
	load(&none);
	assert_int_equal(lc_tls_hello(&tls, stream, 0), LC_R_NO_SNI);
	assert_int_equal(tls.name_len, 0);
}

static void test_first_bytes(void **state)
{
	static const struct { const char *bytes; __u32 n; enum lc_reason why; } rows[] = {
		{ "", 0, LC_R_PENDING },
		{ "\x16", 1, LC_R_PENDING },
		{ "\x16\x03\x01\x02", 4, LC_R_PENDING },
		{ "G", 1, LC_R_NOT_TLS },
		{ "\x16\x02", 2, LC_R_NOT_TLS },
		{ "\x17\x03\x03\x00\x20", 5, LC_R_NOT_TLS },
		{ "\x16\x03\x01\xff\xff", 5, LC_R_NOT_TLS },
		{ "\x16\x03\x01\x00\x04\x02", 6, LC_R_NOT_HELLO },
		{ "\x16\x03\x01\x00\x00\x16\x03\x01\x00\x00", 10, LC_R_PENDING },
		{ "\x16\x03\x01\x00\x01\x01\x17\x03\x03\x00\x10", 11, LC_R_MALFORMED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		memset(stream, 0xee, sizeof(*stream));
		memcpy(stream->bytes, rows[i].bytes, rows[i].n);
		stream->len = rows[i].n;
		assert_int_equal(lc_tls_hello(&tls, stream, 0), rows[i].why);
	}
}

/* Each of several names can be had, in the order of the hello, whichever extension holds it. */
static void test_several_names(void **state)
{
	const struct hello two = { .names = { { 0, "one.test", 0 }, { 0, "two.test", 0 } }, .second_sni = "three.test" };
	static const char *const names[] = { "one.test", "two.test", "three.test" };

	(void)state;
	load(&two);
	assert_int_equal(lc_tls_hello(&tls, stream, 0), LC_R_NONE);
	assert_int_equal(tls.hosts, 3);
	for (__u32 i = 0; i < 3; i++) {
		assert_int_equal(lc_tls_name(&tls, stream, i), LC_R_NONE);
		assert_int_equal(tls.name_len, strlen(names[i]));
		assert_memory_equal(tls.name, names[i], tls.name_len);
	}
}

/* A hello behind something else is read from where it begins. */
static void test_base(void **state)
{
	const struct hello plain = { .sni = HELLO_NAME, .record = 40 };

	(void)state;
	memset(stream, 0xee, sizeof(*stream));
	stream->len = 100 + hello_build(&plain, stream->bytes + 100, LC_HELLO_MAX - 100);
	assert_int_equal(lc_tls_hello(&tls, stream, 100), LC_R_NONE);
	assert_int_equal(tls.now.at, stream->len);
	assert_int_equal(lc_tls_hello(&tls, stream, 0), LC_R_NOT_TLS);
}

/* A stream full of records without a byte in them ends, and says that it is not done. */
static void test_empty_records_end(void **state)
{
	(void)state;
	for (__u32 at = 0; at + 5 <= LC_HELLO_MAX; at += 5)
		memcpy(stream->bytes + at, "\x16\x03\x01\x00\x00", 5);
	stream->len = LC_HELLO_MAX;
	assert_int_equal(lc_tls_hello(&tls, stream, 0), LC_R_PENDING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_bytes_behind),
		cmocka_unit_test(test_cut_at_every_byte),
		cmocka_unit_test(test_no_memory_of_the_last),
		cmocka_unit_test(test_first_bytes),
		cmocka_unit_test(test_several_names),
		cmocka_unit_test(test_base),
		cmocka_unit_test(test_empty_records_end),
	};

	return cmocka_run_group_tests_name("tls", tests, setup, teardown);
}
