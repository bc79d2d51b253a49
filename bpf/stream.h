/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The first bytes of a stream, put where they belong: in any order, again, overlapping. Where a byte comes again with another
 * value, two streams are kept, one in which the first wins and one in which the last does: a server may hold either.
 * Knows nothing of what the bytes mean.
 */
#ifndef LENSCAP_STREAM_H
#define LENSCAP_STREAM_H

#include "budget.h"
#include "bytes.h"

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

/* What is kept under a key: pad[0]. */
enum lc_stream_kind { LC_STREAM_FIRST = 0, LC_STREAM_LAST = 1, LC_STREAM_DATAGRAM = 2 };

/* Which stream is in hand: of a flow's beginning or connection id, or of a datagram in fragments. */
LC_INLINE void lc_stream_select(struct lc_work *w, enum lc_stream_kind kind, __u32 which)
{
	w->stream_key = w->key;
	w->stream_key.pad[0] = kind;
	w->stream_key.pad[1] = which;
	w->other_key = w->stream_key;
	w->other_key.pad[0] |= LC_STREAM_LAST;
}

LC_INLINE void lc_stream_forget(struct lc_work *w)
{
	bpf_map_delete_elem(&lc_hellos, &w->stream_key);
	bpf_map_delete_elem(&lc_hellos, &w->other_key);
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
	err = bpf_map_update_elem(&lc_hellos, &w->stream_key, &w->stream, BPF_ANY);
	lc_stream_mark(&w->stream, p->a, p->b, LC_MARK_CLEAR);
	/* an LRU table gives up first what nobody has looked up since it came, before all that is stale */
	bpf_map_lookup_elem(&lc_hellos, &w->stream_key);
	return err;
}

/* A piece into the flow's streams. Returns whether a byte came again with another value. */
LC_INLINE int lc_stream_put(struct __sk_buff *skb, struct lc_work *w, struct lc_stream *first)
{
	const struct lc_piece *p = &w->piece;
	struct lc_stream *last;
	int differs = 0;

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
