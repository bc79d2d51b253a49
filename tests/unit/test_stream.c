/* SPDX-License-Identifier: GPL-2.0-only */
/* The bytes of streams and their marks, held against a model that is too simple to be wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "../cases/slow_bytes.h"

#define SEEDS 40
#define OPERATIONS 60

static struct lc_stream *stream, *other;
static struct slow_bytes *slow;

static int setup(void **state)
{
	(void)state;
	stream = calloc(1, sizeof(*stream));
	other = calloc(1, sizeof(*other));
	slow = calloc(1, sizeof(*slow));
	return !stream || !other || !slow;
}

static int teardown(void **state)
{
	(void)state;
	free(stream);
	free(other);
	free(slow);
	return 0;
}

static void clear(void)
{
	memset(stream, 0, sizeof(*stream));
	memset(other, 0, sizeof(*other));
	memset(slow, 0, sizeof(*slow));
}

static __u32 random_below(__u32 *seed, __u32 below)
{
	*seed ^= *seed << 13;        /* Marsaglia's xorshift */
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed % below;
}

/* Pieces of every size, more often near words' ends and near the ends of the stream. */
static void random_piece(__u32 *seed, size_t *ret_a, size_t *ret_b)
{
	static const size_t sizes[] = { 1, 2, 63, 64, 65, 200, 1460, LC_HELLO_MAX };
	size_t near = random_below(seed, LC_HELLO_MAX / 64 + 1) * 64 + random_below(seed, 5);
	size_t a = random_below(seed, 2) ? random_below(seed, LC_HELLO_MAX) : near < 2 ? 0 : near - 2;
	size_t n = 1 + random_below(seed, sizes[random_below(seed, sizeof(sizes) / sizeof(*sizes))]);

	*ret_a = a < LC_HELLO_MAX ? a : 0;
	*ret_b = *ret_a + n < LC_HELLO_MAX ? *ret_a + n : LC_HELLO_MAX;
}

static void test_random_pieces(void **state)
{
	(void)state;
	for (__u32 first = 1; first <= SEEDS; first++) {
		__u32 seed = first * 2654435761u;

		clear();
		for (int i = 0; i < OPERATIONS; i++) {
			size_t a, b;

			random_piece(&seed, &a, &b);
			if (!slow_put(slow, stream, other, a, b, random_below(&seed, 3)) || !slow_same(slow, stream))
				fail_msg("seed %u, piece %d: [%zu, %zu), length %u, expected %zu", first, i, a, b, stream->len,
					 slow_len(slow));
		}
	}
}

/* What is cleared is what was asked for, and nothing beside it. */
static void test_clear(void **state)
{
	(void)state;
	for (__u32 seed = 1; seed <= SEEDS; seed++) {
		__u32 walk = seed * 2654435761u;
		size_t a, b;

		clear();
		lc_stream_mark(stream, 0, LC_HELLO_MAX, LC_MARK_SET);
		slow_mark(slow, 0, LC_HELLO_MAX, LC_MARK_SET);
		for (int i = 0; i < OPERATIONS; i++) {
			random_piece(&walk, &a, &b);
			assert_int_equal(lc_stream_mark(stream, a, b, LC_MARK_CLEAR), slow_mark(slow, a, b, LC_MARK_CLEAR));
			assert_true(slow_same(slow, stream));
		}
	}
}

/* Every length that a stream without a gap can have, found from nothing and from just before it. */
static void test_every_length(void **state)
{
	(void)state;
	clear();
	for (__u32 len = 1; len <= LC_HELLO_MAX; len++) {
		lc_stream_mark(stream, len - 1, len, LC_MARK_SET);
		lc_stream_extend(stream);
		assert_int_equal(stream->len, len);
		stream->len = 0;
		lc_stream_extend(stream);
		assert_int_equal(stream->len, len);
	}
}

/* A gap of one byte, wherever it is, ends the stream there. */
static void test_every_gap(void **state)
{
	(void)state;
	clear();
	lc_stream_mark(stream, 0, LC_HELLO_MAX, LC_MARK_SET);
	for (__u32 gap = 0; gap < LC_HELLO_MAX; gap++) {
		lc_stream_mark(stream, gap, gap + 1, LC_MARK_CLEAR);
		stream->len = 0;
		lc_stream_extend(stream);
		assert_int_equal(stream->len, gap);
		assert_int_equal(lc_stream_mark(stream, gap, gap + 1, LC_MARK_SET), 0);
	}
}

static void copy(__u32 at, __u32 from, __u32 end, __u32 expected)
{
	memset(other->bytes, 0xee, sizeof(other->bytes));
	lc_stream_copy(other, stream, at, from, end);
	for (__u32 i = 0; i < sizeof(other->bytes); i++)
		if (other->bytes[i] != (i >= at && i < at + expected ? stream->bytes[i - at + from] : 0xee))
			fail_msg("[%u, %u) to %u: byte %u is %#x", from, end, at, i, other->bytes[i]);
}

static void test_copy(void **state)
{
	(void)state;
	clear();
	for (__u32 i = 0; i < sizeof(stream->bytes); i++)
		stream->bytes[i] = i % 251;
	copy(0, 0, 100, 100);
	copy(10, 11, 100, 89);
	copy(11, 10, 100, 90);
	copy(5, 100, 100, 0);
	copy(5, 101, 100, 0);
	copy(0, 0, LC_HELLO_MAX, LC_HELLO_MAX);
	copy(LC_HELLO_MAX - 3, 0, 100, 3);
	copy(LC_HELLO_MAX, 0, 100, 0);
}

/* One byte again, with another value, is seen wherever it is, and does not take the place of the first. */
static void test_differs(void **state)
{
	static const __u32 places[] = { 0, 1, 63, 64, 65, 127, 5000, LC_HELLO_MAX - 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		clear();
		lc_stream_mark(stream, 0, LC_HELLO_MAX, LC_MARK_SET);
		assert_int_equal(lc_stream_merge(stream, other, 0, LC_HELLO_MAX), 0);
		other->bytes[places[i]] = 1;
		assert_int_equal(lc_stream_merge(stream, other, 0, LC_HELLO_MAX), 1);
		assert_int_equal(stream->bytes[places[i]], 0);
		assert_int_equal(lc_stream_merge(stream, other, 0, places[i]), 0);
		assert_int_equal(lc_stream_merge(stream, other, places[i] + 1, LC_HELLO_MAX), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_pieces),
		cmocka_unit_test(test_clear),
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_every_gap),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_differs),
	};

	return cmocka_run_group_tests_name("stream", tests, setup, teardown);
}
