/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The first bytes of a stream, put where they belong: in any order, again, overlapping. Where a byte comes again with another
 * value, two streams are kept, one in which the first wins and one in which the last does: a server may hold either.
 * Knows nothing of what the bytes mean.
 */
#ifndef LENSCAP_STREAM_H
#define LENSCAP_STREAM_H

#include "budget.h"

struct lc_load_walk { struct __sk_buff *skb; struct lc_stream *stream; __u32 at; __u32 from; __u32 left; };

LC_CALLBACK lc_stream_chunk(__u32 turn, void *context)
{
	struct lc_load_walk *walk = context;
	struct lc_stream *s = walk->stream;
	__u32 n = walk->left, at = walk->at;

	(void)turn;
	if (n > LC_STREAM_CHUNK)
		n = LC_STREAM_CHUNK;
	if (at >= LC_HELLO_MAX || !n)
		return 1;
	n = lc_between_1_and(n, LC_STREAM_CHUNK);
	if (bpf_skb_load_bytes(walk->skb, walk->from, &s->bytes[at & LC_STREAM_MASK], n))
		return 1;
	walk->at = at + n;
	walk->from += n;
	walk->left -= n;
	return !walk->left;
}

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

/* The piece's bytes to their places: out of the packet, or out of the datagram that it completes. */
LC_INLINE void lc_stream_load(struct __sk_buff *skb, const struct lc_work *w, struct lc_stream *s)
{
	const struct lc_piece *p = &w->piece;
	struct lc_load_walk walk = { .skb = skb, .stream = s, .at = p->a, .from = p->from, .left = p->b - p->a };
	struct lc_stream *datagram;
	__u32 zero = 0;

	if (!w->pkt.whole) {
		lc_loop(LC_HELLO_MAX / LC_STREAM_CHUNK + 1, lc_stream_chunk, &walk);
		return;
	}
	datagram = bpf_map_lookup_elem(&lc_datagrams, &zero);
	if (datagram)
		lc_stream_copy(s, datagram, p->a, p->from, p->from + p->b - p->a);
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

/* What is kept under a key: pad[0]. */
enum lc_stream_kind { LC_STREAM_FIRST = 0, LC_STREAM_LAST = 1, LC_STREAM_DATAGRAM = 2 };

/* The second stream, in which the last byte wins, is kept beside the first. */
LC_INLINE void lc_stream_other_key(struct lc_flow_key *key)
{
	key->pad[0] |= LC_STREAM_LAST;
}

LC_INLINE void lc_stream_forget(struct lc_work *w)
{
	struct lc_flow_key *key = &w->other_key;

	bpf_map_delete_elem(&lc_hellos, &w->key);
	*key = w->key;
	lc_stream_other_key(key);
	bpf_map_delete_elem(&lc_hellos, key);
}

/*
 * Map operations stand in the program itself, not in global functions: 6.1 takes neither key nor value from the memory that
 * those are given (R2 type=mem).
 */

/* A stream of its own for a flow's first piece. The scratch stream gives the bytes and takes its marks back. */
LC_INLINE int lc_stream_keep(struct __sk_buff *skb, struct lc_work *w)
{
	const struct lc_piece *p = &w->piece;
	int err;

	if (!lc_budget_take(w, 1))
		return -1;
	lc_stream_load(skb, w, &w->stream);
	w->stream.len = 0;
	w->stream.total = 0;
	lc_stream_mark(&w->stream, p->a, p->b, LC_MARK_SET);
	lc_stream_extend(&w->stream);
	err = bpf_map_update_elem(&lc_hellos, &w->key, &w->stream, BPF_ANY);
	lc_stream_mark(&w->stream, p->a, p->b, LC_MARK_CLEAR);
	return err;
}

/* A piece into the flow's streams. Returns whether a byte came again with another value. */
LC_INLINE int lc_stream_put(struct __sk_buff *skb, struct lc_work *w, struct lc_stream *first)
{
	const struct lc_piece *p = &w->piece;
	struct lc_stream *last;
	int differs = 0;

	w->other_key = w->key;
	lc_stream_other_key(&w->other_key);
	last = bpf_map_lookup_elem(&lc_hellos, &w->other_key);
	if (lc_stream_mark(first, p->a, p->b, LC_MARK_TEST)) {
		lc_stream_load(skb, w, &w->stream);
		differs = lc_stream_merge(first, &w->stream, p->a, p->b);
	} else {
		lc_stream_load(skb, w, first);
	}
	if (differs && !last) {
		bpf_map_update_elem(&lc_hellos, &w->other_key, first, BPF_ANY);
		last = bpf_map_lookup_elem(&lc_hellos, &w->other_key);
	}
	lc_stream_mark(first, p->a, p->b, LC_MARK_SET);
	lc_stream_extend(first);
	if (last) {
		lc_stream_load(skb, w, last);
		last->len = first->len;
	}
	return differs;
}

#endif
