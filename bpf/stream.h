/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The bytes of a hello: which of a segment's bytes are new, where they go, what the stream says then. In-order bytes
 * only: what comes too early is a reason of its own (gap), what comes again is passed over.
 */
#ifndef LENSCAP_STREAM_H
#define LENSCAP_STREAM_H

#include "maps.h"

struct lc_stream_walk { struct __sk_buff *skb; struct lc_stream *stream; __u32 from; __u32 left; };

LC_CALLBACK lc_stream_chunk(__u32 turn, void *context)
{
	struct lc_stream_walk *walk = context;
	struct lc_stream *s = walk->stream;
	__u32 n = walk->left, at = s->len;

	(void)turn;
	if (n > LC_HELLO_MAX - at)
		n = LC_HELLO_MAX - at;
	if (n > LC_STREAM_CHUNK)
		n = LC_STREAM_CHUNK;
	if (at >= LC_HELLO_MAX || !n)
		return 1;            /* full, or nothing left */
	n = lc_between_1_and(n, LC_STREAM_CHUNK);
	if (bpf_skb_load_bytes(walk->skb, walk->from, &s->bytes[at & LC_STREAM_MASK], n))
		return 1;
	s->len = at + n;
	walk->from += n;
	walk->left -= n;
	return !walk->left;
}

/* Append as much of the packet as the stream has room for. */
LC_INLINE void lc_stream_append(struct __sk_buff *skb, struct lc_stream *s, __u32 from, __u32 n)
{
	struct lc_stream_walk walk = { .skb = skb, .stream = s, .from = from, .left = n };

	lc_loop(LC_HELLO_MAX / LC_STREAM_CHUNK + 1, lc_stream_chunk, &walk);
}

LC_INLINE enum lc_reason lc_stream_read(struct lc_work *w, struct lc_stream *s)
{
	enum lc_reason why = lc_tls_hello(&w->tls, s);

	return why == LC_R_PENDING && s->len >= LC_HELLO_MAX ? LC_R_TOO_LONG : why;
}

/* The first piece. It is kept only if the hello does not end in it. */
LC_INLINE enum lc_reason lc_stream_first(struct __sk_buff *skb, struct lc_work *w, struct lc_flow *flow)
{
	enum lc_reason why;

	w->stream.len = 0;
	lc_stream_append(skb, &w->stream, w->pkt.payload, w->pkt.payload_len);
	why = lc_stream_read(w, &w->stream);
	if (why != LC_R_PENDING)
		return why;
	if (bpf_map_update_elem(&lc_hellos, &w->key, &w->stream, BPF_ANY))
		return LC_R_TABLE_FULL;
	flow->next = w->stream.len;
	return LC_R_PENDING;
}

LC_INLINE enum lc_reason lc_stream_next(struct __sk_buff *skb, struct lc_work *w, struct lc_flow *flow, __u32 seen)
{
	struct lc_stream *s = bpf_map_lookup_elem(&lc_hellos, &w->key);
	enum lc_reason why;

	if (!s || s->len != flow->next)
		return LC_R_TABLE_FULL;
	lc_stream_append(skb, s, w->pkt.payload + seen, w->pkt.payload_len - seen);
	why = lc_stream_read(w, s);
	if (why == LC_R_PENDING)
		flow->next = s->len;
	return why;
}

/* What an undecided flow's segment with data makes of its stream. LC_R_PENDING: the segment may pass. */
LC_INLINE enum lc_reason lc_stream_segment(struct __sk_buff *skb, struct lc_work *w, struct lc_flow *flow)
{
	__u32 syn = !!(w->pkt.flags & LC_TCP_SYN);
	__s32 ahead = w->pkt.seq + syn - flow->start - flow->next;

	if (ahead > 0)
		return LC_R_GAP;
	if ((__u32)-ahead >= w->pkt.payload_len)
		return LC_R_PENDING;         /* all of it was here before */
	if (!flow->next) {
		w->pkt.payload += -ahead;
		w->pkt.payload_len -= -ahead;
		return lc_stream_first(skb, w, flow);
	}
	return lc_stream_next(skb, w, flow, -ahead);
}

#endif
