/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Streams and their marks as nobody would write them who had to be quick: one array element a byte. What bytes.h does is
 * held against this, by the unit test with random operations and by the fuzz target with any.
 */
#ifndef LENSCAP_TEST_SLOW_BYTES_H
#define LENSCAP_TEST_SLOW_BYTES_H

#include <stdbool.h>
#include <string.h>

#include "bytes.h"

struct slow_bytes { bool have[LC_HELLO_MAX]; __u8 bytes[LC_HELLO_MAX]; };

static inline bool slow_mark(struct slow_bytes *s, size_t a, size_t b, enum lc_mark op)
{
	bool seen = false;

	for (size_t i = a; i < b; i++) {
		seen |= s->have[i];
		s->have[i] = op == LC_MARK_SET || (s->have[i] && op == LC_MARK_TEST);
	}
	return seen;
}

static inline size_t slow_len(const struct slow_bytes *s)
{
	size_t len = 0;

	while (len < LC_HELLO_MAX && s->have[len])
		len++;
	return len;
}

static inline bool slow_merge(struct slow_bytes *s, const __u8 *piece, size_t a, size_t b)
{
	bool differs = false;

	for (size_t i = a; i < b; i++) {
		differs |= s->have[i] && s->bytes[i] != piece[i];
		s->bytes[i] = s->have[i] ? s->bytes[i] : piece[i];
	}
	return differs;
}

/* The same? Bytes count where they are marked. */
static inline bool slow_same(const struct slow_bytes *slow, const struct lc_stream *s)
{
	for (size_t i = 0; i < LC_HELLO_MAX; i++) {
		bool have = s->have[i / 64] >> i % 64 & 1;

		if (have != slow->have[i] || (have && s->bytes[i] != slow->bytes[i]))
			return false;
	}
	return true;
}

/* One operation on both, as stream.h does them for a piece: [a, b) of value, put in. Returns whether both say the same. */
static inline bool slow_put(struct slow_bytes *slow, struct lc_stream *s, struct lc_stream *piece, size_t a, size_t b, __u8 value)
{
	int seen, differs;

	memset(piece->bytes + a, value, b - a);
	seen = lc_stream_mark(s, a, b, LC_MARK_TEST);
	if (seen != slow_mark(slow, a, b, LC_MARK_TEST))
		return false;
	differs = lc_stream_merge(s, piece, a, b);
	if (differs != slow_merge(slow, piece->bytes, a, b))
		return false;
	if (lc_stream_mark(s, a, b, LC_MARK_SET) != seen)
		return false;
	slow_mark(slow, a, b, LC_MARK_SET);
	lc_stream_extend(s);
	return s->len == slow_len(slow);
}

#endif
