/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The bytes of a stream and a mark for each that is here: copy, mark, see how far it goes without a gap, merge. Pure: no maps, no
 * packets; offsets at or behind LC_HELLO_MAX are nowhere.
 */
#ifndef LENSCAP_BYTES_H
#define LENSCAP_BYTES_H

#include "tls.h"

struct lc_copy_walk { struct lc_stream *to; const struct lc_stream *from; __u32 at, from_at, end; };

LC_CALLBACK lc_stream_copy_byte(__u32 turn, void *context)
{
	struct lc_copy_walk *walk = context;
	__u32 at = walk->at + turn, from = walk->from_at + turn;

	if (from >= walk->end || at >= LC_HELLO_MAX)
		return 1;
	walk->to->bytes[at & LC_STREAM_MASK] = walk->from->bytes[from & LC_STREAM_MASK];
	return 0;
}

/* Bytes [from_at, end) of one stream to offset at of another. */
LC_GLOBAL int lc_stream_copy(struct lc_stream *to, const struct lc_stream *from, __u32 at, __u32 from_at, __u32 end)
{
	struct lc_copy_walk walk = { .to = to, .from = from, .at = at, .from_at = from_at, .end = end };

	if (!to || !from)
		return 0;
	lc_loop(LC_HELLO_MAX, lc_stream_copy_byte, &walk);
	return 0;
}

struct lc_mark_walk { struct lc_stream *stream; __u32 a, b; __u32 op; __u64 seen; };
enum lc_mark { LC_MARK_TEST, LC_MARK_SET, LC_MARK_CLEAR };

LC_CALLBACK lc_stream_word(__u32 turn, void *context)
{
	struct lc_mark_walk *walk = context;
	__u32 word = (walk->a >> 6) + turn, first = word << 6;
	__u64 mask = ~0ull, *have;

	if (first >= walk->b)
		return 1;
	if (walk->a > first)
		mask <<= walk->a & 63;
	if (walk->b < first + 64)
		mask &= ~(~0ull << (walk->b & 63));
	word &= LC_STREAM_WORDS - 1;
	lc_opaque(word);
	have = &walk->stream->have[word & (LC_STREAM_WORDS - 1)];
	walk->seen |= *have & mask;
	if (walk->op == LC_MARK_SET)
		*have |= mask;
	else if (walk->op == LC_MARK_CLEAR)
		*have &= ~mask;
	return 0;
}

/* Test, set or clear the marks of bytes [a, b). Returns whether any was set before. */
LC_GLOBAL int lc_stream_mark(struct lc_stream *s, __u32 a, __u32 b, __u32 op)
{
	struct lc_mark_walk walk = { .stream = s, .a = a, .b = b, .op = op };

	if (!s)
		return 0;
	lc_loop(LC_STREAM_WORDS + 1, lc_stream_word, &walk);
	return walk.seen != 0;
}

LC_CALLBACK lc_stream_gap(__u32 turn, void *context)
{
	struct lc_mark_walk *walk = context;
	struct lc_stream *s = walk->stream;
	__u32 len = s->len, zeros = 0;
	__u64 missing;

	(void)turn;
	if (len >= LC_HELLO_MAX)
		return 1;
	missing = ~s->have[(len >> 6) & (LC_STREAM_WORDS - 1)] >> (len & 63);
	if (!missing) {
		s->len = (len | 63) + 1;
		return 0;
	}
	/* count trailing zeros; BPF has no instruction for it */
	if (!(missing & 0xffffffff)) {
		zeros += 32;
		missing >>= 32;
	}
	if (!(missing & 0xffff)) {
		zeros += 16;
		missing >>= 16;
	}
	if (!(missing & 0xff)) {
		zeros += 8;
		missing >>= 8;
	}
	if (!(missing & 0xf)) {
		zeros += 4;
		missing >>= 4;
	}
	if (!(missing & 3)) {
		zeros += 2;
		missing >>= 2;
	}
	s->len = len + zeros + !(missing & 1);
	return 1;
}

/* How far the stream goes now without a gap. */
LC_GLOBAL int lc_stream_extend(struct lc_stream *s)
{
	struct lc_mark_walk walk = { .stream = s };

	if (!s)
		return 0;
	lc_loop(LC_STREAM_WORDS + 1, lc_stream_gap, &walk);
	return 0;
}

struct lc_merge_walk { struct lc_stream *stream; const struct lc_stream *piece; __u32 a, b; __u32 differs; };

LC_CALLBACK lc_stream_byte(__u32 turn, void *context)
{
	struct lc_merge_walk *walk = context;
	__u32 at = walk->a + turn;
	__u8 byte;

	if (at >= walk->b)
		return 1;
	at &= LC_STREAM_MASK;
	lc_opaque(at);
	byte = walk->piece->bytes[at & LC_STREAM_MASK];
	if (!(walk->stream->have[(at >> 6) & (LC_STREAM_WORDS - 1)] >> (at & 63) & 1))
		walk->stream->bytes[at & LC_STREAM_MASK] = byte;
	else if (walk->stream->bytes[at & LC_STREAM_MASK] != byte)
		walk->differs = 1;
	return 0;
}

/* Bytes that are new from the piece, which lies at the same offsets of its own stream; whether others differ from what was there. */
LC_GLOBAL int lc_stream_merge(struct lc_stream *s, const struct lc_stream *piece, __u32 a, __u32 b)
{
	struct lc_merge_walk walk = { .stream = s, .piece = piece, .a = a, .b = b };

	if (!s || !piece)
		return 0;
	lc_loop(LC_HELLO_MAX, lc_stream_byte, &walk);
	return walk.differs;
}

#endif
