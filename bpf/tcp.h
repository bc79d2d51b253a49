/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TCP of assets: which bytes of a flow are looked at, and when. An undecided flow's pieces pass until one would complete a hello;
 * an allowed flow is looked at again wherever bytes of its hello come again, and where another hello may follow it.
 * RST, FIN and noise close nothing.
 */
#ifndef LENSCAP_TCP_H
#define LENSCAP_TCP_H

#include "flow.h"

#define LC_BEGINS_NS (60ull * 1000 * 1000 * 1000)
#define LC_PLAIN_BYTES 65536         /* of a flow without a hello, in which one may still begin */
#define LC_WATCH_BYTES (1ull << 31)  /* after which sequence numbers may come round and say nothing of the hello */

struct lc_tcp_walk { struct __sk_buff *skb; struct lc_work *work; struct lc_flow *flow; };

/*
 * A SYN that is no retransmission begins the connection anew, for a server that took the ones before or for one that did not: the
 * beginnings of the last minute are all followed, up to LC_BEGINS. More are nobody's honest port reuse.
 */
LC_INLINE struct lc_flow *lc_tcp_syn(struct lc_work *w, const struct lc_flow *old)
{
	__u32 which = 0;

	lc_flow_blank(w);
	w->flow.flags = LC_FLOW_SYN;
	if (old && old->begins && w->flow.first_ns - old->first_ns < LC_BEGINS_NS) {
		__builtin_memcpy(w->flow.begin, old->begin, LC_BEGINS * sizeof(struct lc_begin));
		w->flow.first_ns = old->first_ns;
		w->flow.begins = which = old->begins;
		w->flow.flags |= old->flags & LC_FLOW_MANY;
	}
	if (which >= LC_BEGINS) {
		w->flow.flags |= LC_FLOW_MANY;
		which = LC_BEGINS - 1;
	}
	lc_opaque(which);
	which &= LC_BEGINS - 1;
	w->flow.begin[which] = (struct lc_begin){ .start = w->pkt.seq + 1, .watch = LC_HELLO_MAX, .flags = LC_BEGIN_LIVE };
	w->flow.begins = which + 1;
	lc_stream_select(w, LC_STREAM_FIRST, which);
	lc_stream_forget(w);
	return lc_flow_add(w, !old);
}

/* A connection whose SYN was not seen: it begins here, for all that is known. */
LC_INLINE struct lc_flow *lc_tcp_midstream(struct lc_work *w)
{
	lc_flow_blank(w);
	w->flow.begin[0] = (struct lc_begin){ .start = w->pkt.seq, .watch = LC_HELLO_MAX, .flags = LC_BEGIN_LIVE };
	w->flow.begins = 1;
	lc_stream_select(w, LC_STREAM_FIRST, 0);
	lc_stream_forget(w);
	return lc_flow_add(w, 1);
}

LC_INLINE int lc_tcp_known_start(const struct lc_flow *flow, __u32 start)
{
	int known = 0;

#pragma unroll
	for (int i = 0; i < LC_BEGINS; i++)
		known |= flow->begin[i].flags & LC_BEGIN_LIVE && flow->begin[i].start == start;
	return known;
}

/* Which bytes of the stream's first limit ones are in the packet, by this count of its offsets? */
LC_INLINE int lc_tcp_piece(struct lc_work *w, __u32 start, __u32 limit)
{
	__s32 a = w->pkt.seq + !!(w->pkt.flags & LC_TCP_SYN) - start, b = a + (__s32)w->pkt.payload_len;

	if (b <= 0 || a >= (__s32)limit)
		return 0;
	w->piece.a = a < 0 ? 0 : a;
	w->piece.b = b > LC_HELLO_MAX ? LC_HELLO_MAX : b;
	w->piece.from = w->pkt.payload + (a < 0 ? -a : 0);
	return w->piece.a < w->piece.b;
}

/* RFC 8446, 5.1 and 4: does the packet's payload begin as a hello does? */
LC_INLINE int lc_tcp_hello_like(struct __sk_buff *skb, const struct lc_work *w)
{
	__u8 head[6];

	if (w->pkt.payload_len < sizeof(head) || lc_pkt_peek(skb, w, head, sizeof(head)))
		return 0;
	return head[0] == LC_TLS_HANDSHAKE && head[1] == 3 && head[5] == LC_TLS_CLIENT_HELLO;
}

/* The packet by itself: for a server that knows better than we do where the stream begins. Only a refusal counts. */
LC_INLINE void lc_tcp_alone(struct __sk_buff *skb, struct lc_work *w)
{
	__u32 n = w->pkt.payload_len < LC_HELLO_MAX ? w->pkt.payload_len : LC_HELLO_MAX, end = w->hello_end;
	__u8 started = w->tls.started;

	if (!lc_tcp_hello_like(skb, w))
		return;
	w->piece = (struct lc_piece){ 0, n, w->pkt.payload };
	lc_stream_load(skb, w, &w->stream);
	w->stream.len = n;
	w->quiet = 1;
	lc_view_stream(w, &w->stream, 0);
	w->quiet = 0;
	if (lc_verdict_refuses(w->best.verdict))
		return;
	w->hello_end = end;
	w->tls.started = started;
}

/* A beginning whose bytes are not kept. LC_R_PENDING: now they are. */
LC_INLINE enum lc_reason lc_tcp_look_fresh(struct lc_tcp_walk *walk, struct lc_begin *begin)
{
	enum lc_reason why = LC_R_PENDING;
	struct lc_work *w = walk->work;

	if (!w->piece.a && !(begin->flags & LC_BEGIN_URGENT)) {
		lc_stream_load(walk->skb, w, &w->stream);
		w->stream.len = w->piece.b;
		why = lc_view_stream(w, &w->stream, 0);
	}
	if (why != LC_R_PENDING || lc_verdict_refuses(w->best.verdict))
		return why;
	if (lc_stream_keep(walk->skb, w))
		return LC_R_TABLE_FULL;
	w->looks.len = w->stream.len;
	begin->flags |= LC_BEGIN_KEPT;
	begin->watch = LC_HELLO_MAX;
	walk->flow->flags |= LC_FLOW_KEPT;
	return LC_R_PENDING;
}

/* The stream without its urgent byte, as a server gets it that does not want that in line (RFC 6093, 2). */
LC_INLINE void lc_tcp_look_without(struct lc_work *w, const struct lc_begin *begin, const struct lc_stream *s)
{
	__u32 urgent = begin->urgent;

	if (s->len <= urgent)
		return;
	lc_stream_copy(&w->stream, s, 0, 0, urgent);
	lc_stream_copy(&w->stream, s, urgent, urgent + 1, s->len);
	w->stream.len = s->len - 1;
	lc_view_stream(w, &w->stream, 0);
	w->odd = LC_R_URGENT;
}

/* The stream in which the last byte wins, where the other has no whole hello. */
LC_INLINE enum lc_reason lc_tcp_look_last(struct lc_work *w, const struct lc_begin *begin, const struct lc_stream *last)
{
	enum lc_reason why = lc_view_stream(w, last, 0);

	if (begin->flags & LC_BEGIN_URGENT)
		lc_tcp_look_without(w, begin, last);
	if (begin->flags & LC_BEGIN_CONFLICT && why != LC_R_PENDING)
		w->odd = LC_R_VIEWS;
	return why;
}

LC_INLINE enum lc_reason lc_tcp_look_kept(struct lc_tcp_walk *walk, struct lc_begin *begin, struct lc_stream *first)
{
	struct lc_work *w = walk->work;
	struct lc_stream *last;
	enum lc_reason why;
	__u32 end;

	if (lc_stream_put(walk->skb, w, first)) {
		begin->flags |= LC_BEGIN_CONFLICT;
		begin->watch = LC_HELLO_MAX;
	}
	w->looks.len = first->len;
	why = lc_view_stream(w, first, 0);
	end = w->hello_end;
	if (begin->flags & LC_BEGIN_URGENT)
		lc_tcp_look_without(w, begin, first);
	last = bpf_map_lookup_elem(&lc_hellos, &w->other_key);
	if (last && why == LC_R_PENDING)
		return lc_tcp_look_last(w, begin, last);     /* whole in any view is whole */
	if (last)
		lc_tcp_look_last(w, begin, last);
	/* a third version of a byte may have come between two that are alike */
	if (begin->flags & LC_BEGIN_CONFLICT && why != LC_R_PENDING)
		w->odd = LC_R_VIEWS;
	w->hello_end = end;
	return why;
}

/* RFC 9293, 3.8.5: the urgent pointer names the byte behind; one such byte is followed, where the hello may be. */
LC_INLINE void lc_tcp_urgent(const struct lc_work *w, struct lc_begin *begin)
{
	__u32 at = w->pkt.seq + w->pkt.urgent - 1 - begin->start;

	if (!w->pkt.urgent || begin->flags & LC_BEGIN_URGENT || at >= LC_HELLO_MAX)
		return;
	begin->flags |= LC_BEGIN_URGENT;
	begin->urgent = at;
}

/* A piece that one beginning's hello may be made of, the first time or again. */
LC_INLINE enum lc_reason lc_tcp_look(struct lc_tcp_walk *walk, struct lc_begin *begin)
{
	struct lc_stream *first = NULL;
	struct lc_work *w = walk->work;
	enum lc_reason why;

	lc_tcp_urgent(w, begin);
	if (begin->flags & LC_BEGIN_KEPT)
		first = bpf_map_lookup_elem(&lc_hellos, &w->stream_key);
	if (!first && begin->flags & LC_BEGIN_KEPT && !walk->work->looks.known)
		return LC_R_TABLE_FULL;
	why = first ? LC_R_PENDING : lc_tcp_look_fresh(walk, begin);
	if (!first && begin->flags & LC_BEGIN_URGENT && why == LC_R_PENDING)
		first = bpf_map_lookup_elem(&lc_hellos, &w->stream_key);
	return first ? lc_tcp_look_kept(walk, begin, first) : why;
}

/*
 * What follows a hello that was let through: a second one, which a server asks for by HelloRetryRequest (RFC 8446, 4.1.4), says its name
 * again; only a refusal counts. Application data ends the watch: from there on nothing is in the clear.
 */
LC_INLINE void lc_tcp_after(struct lc_tcp_walk *walk, struct lc_begin *begin)
{
	struct lc_work *w = walk->work;
	__u8 odd = w->odd, started = w->tls.started;

	w->quiet = 1;
	if (lc_tcp_look(walk, begin) != LC_R_PENDING)
		begin->flags = 0;
	w->quiet = 0;
	w->odd = odd;
	if (!lc_verdict_refuses(w->best.verdict))
		w->tls.started = started;
}

/* One beginning. */
LC_CALLBACK lc_tcp_begin(__u32 turn, void *context)
{
	struct lc_tcp_walk *walk = context;
	struct lc_work *w = walk->work;
	struct lc_begin *begin;
	enum lc_reason why;
	__u32 which = turn;

	lc_opaque(which);
	if (which > LC_AFTER)
		return 1;
	if (!(walk->work->looks.hits >> which & 1))
		return 0;
	begin = &walk->flow->begin[which];
	if (!lc_tcp_piece(w, begin->start, LC_HELLO_MAX))
		return 0;
	lc_stream_select(w, LC_STREAM_FIRST, which);
	if (turn == LC_AFTER) {
		lc_tcp_after(walk, begin);
		return 0;
	}
	if (!w->looks.known)
		w->pkt.rst_seq = begin->start + (w->piece.b > begin->next ? begin->next : w->piece.a);
	why = lc_tcp_look(walk, begin);
	w->looks.full |= why == LC_R_TABLE_FULL;
	/* a whole hello was let through, and what comes in its place wants more than it had: the rest may be there already */
	if (why == LC_R_PENDING && w->looks.known && begin->next && w->looks.len >= begin->next) {
		w->odd = LC_R_VIEWS;
		w->looks.whole = 1;
	}
	if (why == LC_R_PENDING && !w->looks.known && w->looks.len > begin->next)
		begin->next = w->looks.len;
	if (why == LC_R_PENDING || why == LC_R_TABLE_FULL)
		return 0;
	begin->next = w->hello_end;
	if (!(begin->flags & (LC_BEGIN_KEPT | LC_BEGIN_CONFLICT)) || begin->watch < w->hello_end)
		begin->watch = w->hello_end;
	walk->work->looks.whole = 1;
	walk->work->looks.after = begin->start + w->hello_end;
	return 0;
}

/* Which beginnings may the packet hold bytes of? */
LC_INLINE __u32 lc_tcp_hits(const struct lc_work *w, const struct lc_flow *flow)
{
	__u32 known = flow->verdict != LC_V_UNDECIDED, hits = 0;

#pragma unroll
	for (int i = 0; i <= LC_AFTER; i++) {
		const struct lc_begin *begin = &flow->begin[i];
		__s32 a = w->pkt.seq + !!(w->pkt.flags & LC_TCP_SYN) - begin->start;

		if (begin->flags & LC_BEGIN_LIVE && a + (__s32)w->pkt.payload_len > 0 &&
		    a < (__s32)(known ? begin->watch : LC_HELLO_MAX))
			hits |= 1 << i;
		lc_opaque(hits);     /* or the verifier tells apart which of them are set */
	}
	return hits;
}

/* A hello was let through: what follows it is watched, beginning with what of it is in this very packet. */
LC_INLINE void lc_tcp_follow(struct lc_tcp_walk *walk)
{
	struct lc_flow *flow = walk->flow;

	if (!walk->work->looks.whole || !walk->work->tls.started || lc_verdict_refuses(flow->verdict))
		return;
	flow->begin[LC_AFTER] = (struct lc_begin){ .start = walk->work->looks.after, .watch = LC_HELLO_MAX, .flags = LC_BEGIN_LIVE };
	lc_stream_select(walk->work, LC_STREAM_FIRST, LC_AFTER);
	lc_stream_forget(walk->work);
	if ((__s32)(walk->work->pkt.seq + walk->work->pkt.payload_len - walk->work->looks.after) <= 0)
		return;
	walk->work->looks.hits = 1 << LC_AFTER;
	lc_loop(LC_AFTER + 1, lc_tcp_begin, walk);
	if (lc_verdict_refuses(walk->work->best.verdict))
		lc_flow_decide(walk->work, flow);
}

/* What the looks come to: the reason, and the flow's verdict where there is one. */
LC_INLINE enum lc_reason lc_tcp_conclude(struct lc_tcp_walk *walk)
{
	struct lc_flow *flow = walk->flow;
	struct lc_work *w = walk->work;
	enum lc_reason why;

	lc_view_sum(w);
	why = w->best.reason;
	if (lc_verdict_refuses(w->best.verdict)) {
		lc_flow_decide(w, flow);
		return why;
	}
	if (!walk->work->looks.whole && walk->work->looks.full && !walk->work->looks.known)
		return lc_flow_reason(w, flow, LC_R_TABLE_FULL);
	if (!walk->work->looks.whole)
		return walk->work->looks.known ? LC_R_DECIDED : LC_R_PENDING;
	if (walk->work->looks.known && why == flow->reason && w->best.endpoint == flow->endpoint)
		return LC_R_DECIDED;
	if (why == LC_R_NOT_TLS || why == LC_R_NOT_HELLO)
		flow->flags |= LC_FLOW_PLAIN;
	if (!(flow->flags & LC_FLOW_SYN) && (why == LC_R_NOT_TLS || why == LC_R_NOT_HELLO || why == LC_R_MALFORMED))
		return lc_flow_reason(w, flow, LC_R_MID_STREAM);
	lc_flow_decide(w, flow);
	lc_tcp_follow(walk);
	return w->best.reason;
}

/* A flow that spoke something else first may begin TLS now (STARTTLS): from here on it is undecided, as if it began here. */
LC_INLINE void lc_tcp_anew(struct lc_work *w, struct lc_flow *flow)
{
	flow->begin[0] = (struct lc_begin){ .start = w->pkt.seq, .watch = LC_HELLO_MAX, .flags = LC_BEGIN_LIVE };
	flow->begins = 1;
	lc_stream_select(w, LC_STREAM_FIRST, 0);
	lc_stream_forget(w);
	flow->flags &= ~LC_FLOW_PLAIN;
	flow->flags |= LC_FLOW_SYN;
	flow->verdict = LC_V_UNDECIDED;
}

/* A segment with data of a flow that is undecided or let through. */
LC_INLINE enum lc_reason lc_tcp_segment(struct __sk_buff *skb, struct lc_work *w, struct lc_flow *flow)
{
	struct lc_tcp_walk walk = { .skb = skb, .work = w, .flow = flow };

	w->looks = (struct lc_looks){ .known = flow->verdict != LC_V_UNDECIDED };
	if (!w->looks.known || flow->bytes < LC_WATCH_BYTES)
		w->looks.hits = lc_tcp_hits(w, flow);
	if (!w->looks.hits && w->looks.known && flow->flags & LC_FLOW_PLAIN && flow->bytes < LC_PLAIN_BYTES && lc_tcp_hello_like(skb, w)) {
		lc_tcp_anew(w, flow);
		w->looks.known = 0;
		w->looks.hits = 1;
	}
	if (!w->looks.hits && w->looks.known)
		return LC_R_DECIDED;
	w->views = w->looks.known;       /* what was decided on is the first of the views */
	w->odd = LC_R_NONE;
	w->hello_end = 0;
	if (!w->looks.known)
		w->best.verdict = LC_V_UNDECIDED;
	w->piece = (struct lc_piece){ .a = LC_HELLO_MAX };
	lc_loop(LC_AFTER + 1, lc_tcp_begin, &walk);
	/* what does not lie where a stream begins is looked at by itself, too */
	if ((w->piece.a || w->piece.from != w->pkt.payload) && !lc_verdict_refuses(w->best.verdict))
		lc_tcp_alone(skb, w);
	return lc_tcp_conclude(&walk);
}

LC_INLINE enum lc_reason lc_tcp(struct __sk_buff *skb, struct lc_work *w)
{
	struct lc_flow *flow = bpf_map_lookup_elem(&lc_flows, &w->key);
	__u32 syn = (w->pkt.flags & (LC_TCP_SYN | LC_TCP_ACK)) == LC_TCP_SYN;
	enum lc_reason why;

	w->pkt.rst_seq = w->pkt.seq;
	if (syn && (!flow || !lc_tcp_known_start(flow, w->pkt.seq + 1))) {
		flow = lc_tcp_syn(w, flow);
	} else if (!flow) {
		if (!w->pkt.payload_len)
			return LC_R_NO_DATA;
		flow = lc_tcp_midstream(w);
	}
	if (!flow)
		return lc_flow_reason(w, NULL, LC_R_TABLE_FULL);
	lc_flow_count(skb, flow);
	if (flow->verdict != LC_V_UNDECIDED) {
		why = lc_flow_known(w, flow);
		if (why != LC_R_DECIDED || lc_verdict_refuses(flow->verdict) || !w->pkt.payload_len)
			return why;
	} else if (flow->flags & LC_FLOW_MANY) {
		return lc_flow_reason(w, flow, LC_R_MANY_SYNS);
	}
	return w->pkt.payload_len ? lc_tcp_segment(skb, w, flow) : LC_R_NO_DATA;
}

#endif
