/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TCP of assets: which bytes of a flow are looked at, and when. An undecided flow's pieces pass until one would complete a hello;
 * an allowed flow is looked at again wherever bytes of its hello come again. RST, FIN and noise close nothing.
 */
#ifndef LENSCAP_TCP_H
#define LENSCAP_TCP_H

#include "flow.h"

#define LC_SYNS_MAX 2                /* different beginnings of a connection that are followed */
#define LC_SYNS_NS (60ull * 1000 * 1000 * 1000)
#define LC_PLAIN_BYTES 65536         /* of a flow without a hello, in which one may still begin */
#define LC_WATCH_BYTES (1ull << 31)  /* after which sequence numbers may come round and say nothing of the hello */

/*
 * A SYN that is no retransmission begins the connection anew, for a server that took the first one or for one that did not:
 * both beginnings are followed. More than two within a minute are nobody's honest port reuse.
 */
LC_INLINE struct lc_flow *lc_tcp_syn(struct lc_work *w, struct lc_flow *old)
{
	__u32 start = w->pkt.seq + 1, other = old ? old->start : 0;
	__u64 first_ns = old ? old->first_ns : 0;
	__u8 syns = old ? old->syns : 0;
	struct lc_flow *flow;

	if (old && old->flags & LC_FLOW_KEPT)
		lc_stream_forget(w);
	flow = lc_flow_new(w, start, LC_FLOW_SYN | (old ? LC_FLOW_OTHER : 0));
	if (!flow || !old)
		return flow;
	flow->other_start = other;
	if (start - other + 2 * LC_HELLO_MAX < 4 * LC_HELLO_MAX)
		syns = LC_SYNS_MAX;  /* so close that a piece may belong to either */
	if (flow->first_ns - first_ns < LC_SYNS_NS) {
		flow->syns = syns + 1;
		flow->first_ns = first_ns;
	}
	return flow;
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
LC_INLINE int lc_tcp_alone(struct __sk_buff *skb, struct lc_work *w)
{
	struct lc_view best;
	__u32 n, end;
	__u8 odd, started;

	if (!lc_tcp_hello_like(skb, w))
		return 0;
	best = w->best;
	odd = w->odd;
	end = w->hello_end;
	started = w->tls.started;
	n = w->pkt.payload_len < LC_HELLO_MAX ? w->pkt.payload_len : LC_HELLO_MAX;
	w->piece = (struct lc_piece){ 0, n, w->pkt.payload };
	lc_stream_load(skb, w, &w->stream);
	w->stream.len = n;
	lc_view_stream(w, &w->stream, 0);
	if (lc_verdict_refuses(w->best.verdict))
		return 1;
	w->best = best;
	w->odd = odd;
	w->hello_end = end;
	w->tls.started = started;
	return 0;
}

/* A flow whose bytes are not kept. LC_R_PENDING: now they are. */
LC_INLINE enum lc_reason lc_tcp_look_fresh(struct __sk_buff *skb, struct lc_work *w, struct lc_flow *flow)
{
	enum lc_reason why = LC_R_PENDING;

	if (!w->piece.a && !(flow->flags & LC_FLOW_URGENT)) {
		lc_stream_load(skb, w, &w->stream);
		w->stream.len = w->piece.b;
		why = lc_view_stream(w, &w->stream, 0);
	}
	if (why != LC_R_PENDING || lc_verdict_refuses(w->best.verdict))
		return why;
	if (lc_stream_keep(skb, w))
		return LC_R_TABLE_FULL;
	flow->flags |= LC_FLOW_KEPT;
	if (flow->verdict != LC_V_UNDECIDED)
		flow->watch = LC_HELLO_MAX;
	return LC_R_PENDING;
}

/* The stream without its urgent byte, as a server gets it that does not want that in line (RFC 6093, 2). */
LC_INLINE void lc_tcp_look_without(struct lc_work *w, const struct lc_flow *flow, const struct lc_stream *s)
{
	if (s->len <= flow->urgent)
		return;
	lc_stream_copy(&w->stream, s, 0, 0, flow->urgent);
	lc_stream_copy(&w->stream, s, flow->urgent, flow->urgent + 1, s->len);
	w->stream.len = s->len - 1;
	lc_view_stream(w, &w->stream, 0);
	w->odd = LC_R_URGENT;
}

LC_INLINE enum lc_reason lc_tcp_look_kept(struct __sk_buff *skb, struct lc_work *w, struct lc_flow *flow, struct lc_stream *first)
{
	struct lc_stream *last;
	enum lc_reason why;
	__u32 end;

	if (lc_stream_put(skb, w, first))
		flow->watch = LC_HELLO_MAX;
	why = lc_view_stream(w, first, 0);
	end = w->hello_end;
	if (flow->flags & LC_FLOW_URGENT)
		lc_tcp_look_without(w, flow, first);
	last = bpf_map_lookup_elem(&lc_hellos, &w->other_key);
	if (last)
		lc_view_stream(w, last, 0);
	w->hello_end = end;
	return why;
}

/*
 * A piece of the hello, the first time or again. LC_R_PENDING: nothing is said yet. LC_R_DECIDED: what was said stands.
 * Else the best view has what is to be said.
 */
LC_INLINE enum lc_reason lc_tcp_look(struct __sk_buff *skb, struct lc_work *w, struct lc_flow *flow)
{
	struct lc_stream *first = NULL;
	enum lc_reason why;
	int known = flow->verdict != LC_V_UNDECIDED;

	w->views = known;            /* what was decided on is the first of the views */
	w->odd = LC_R_NONE;
	w->hello_end = flow->watch;
	if (flow->flags & LC_FLOW_KEPT)
		first = bpf_map_lookup_elem(&lc_hellos, &w->key);
	if (!first && flow->flags & LC_FLOW_KEPT && !known)
		return LC_R_TABLE_FULL;
	why = first ? LC_R_PENDING : lc_tcp_look_fresh(skb, w, flow);
	if (!first && flow->flags & LC_FLOW_URGENT && why == LC_R_PENDING)
		first = bpf_map_lookup_elem(&lc_hellos, &w->key);
	if (first)
		why = lc_tcp_look_kept(skb, w, flow, first);
	lc_view_sum(w);
	if (lc_verdict_refuses(w->best.verdict))
		return w->best.reason;
	if (why == LC_R_PENDING || why == LC_R_TABLE_FULL)
		return known ? LC_R_DECIDED : why;
	if (known && w->best.reason == flow->reason && w->best.endpoint == flow->endpoint)
		return LC_R_DECIDED;
	return w->best.reason;
}

/* What a look comes to. What does not lie where the stream begins is looked at by itself, too. */
LC_INLINE enum lc_reason lc_tcp_looked(struct __sk_buff *skb, struct lc_work *w, struct lc_flow *flow, enum lc_reason why)
{
	if ((w->piece.a || w->piece.from != w->pkt.payload) && !lc_verdict_refuses(w->best.verdict) && lc_tcp_alone(skb, w))
		why = w->best.reason;
	if (why == LC_R_PENDING || why == LC_R_DECIDED)
		return why;
	if (why == LC_R_TABLE_FULL)
		return lc_flow_reason(w, flow, why);
	if (flow->watch < w->hello_end)
		flow->watch = w->hello_end;
	if (why == LC_R_NOT_TLS || why == LC_R_NOT_HELLO)
		flow->flags |= LC_FLOW_PLAIN;
	if (!(flow->flags & LC_FLOW_SYN) && (why == LC_R_NOT_TLS || why == LC_R_NOT_HELLO || why == LC_R_MALFORMED))
		return lc_flow_reason(w, flow, LC_R_MID_STREAM);
	lc_flow_decide(w, flow);
	return w->best.reason;
}

/* A flow that spoke something else first may begin TLS now (STARTTLS): from here on it is undecided, as if it began here. */
LC_INLINE void lc_tcp_anew(struct lc_work *w, struct lc_flow *flow)
{
	if (flow->flags & LC_FLOW_KEPT)
		lc_stream_forget(w);
	flow->flags &= ~(LC_FLOW_KEPT | LC_FLOW_PLAIN);
	flow->flags |= LC_FLOW_OTHER | LC_FLOW_SYN;
	flow->other_start = flow->start;
	flow->start = w->pkt.seq;
	flow->next = 0;
	flow->watch = 0;
	flow->verdict = LC_V_UNDECIDED;
}

/* Does the packet hold bytes that may be of the hello, by either beginning? Sets the piece, and what a RST to the server must name. */
LC_INLINE int lc_tcp_find(struct lc_work *w, const struct lc_flow *flow)
{
	__u32 decided = flow->verdict != LC_V_UNDECIDED, start = flow->start;
	int found;

	w->piece.a = LC_HELLO_MAX;
	if (flow->bytes >= LC_WATCH_BYTES)
		return 0;
	found = lc_tcp_piece(w, start, decided ? flow->watch : LC_HELLO_MAX);
	if (!found && flow->flags & LC_FLOW_OTHER) {
		start = flow->other_start;
		found = lc_tcp_piece(w, start, LC_HELLO_MAX);
	}
	if (found && !decided)
		w->pkt.rst_seq = start + (w->piece.a < flow->next ? w->piece.a : flow->next);
	return found;
}

/* RFC 9293, 3.8.5: the urgent pointer names the byte behind; one such byte is followed, where the hello may be. */
LC_INLINE void lc_tcp_urgent(const struct lc_work *w, struct lc_flow *flow)
{
	__u32 at = w->pkt.seq + w->pkt.urgent - 1 - flow->start;

	if (!w->pkt.urgent || flow->flags & LC_FLOW_URGENT || at >= LC_HELLO_MAX)
		return;
	flow->flags |= LC_FLOW_URGENT;
	flow->urgent = at;
}

/* A segment with data of a flow that is undecided or let through. */
LC_INLINE enum lc_reason lc_tcp_segment(struct __sk_buff *skb, struct lc_work *w, struct lc_flow *flow)
{
	int found = lc_tcp_find(w, flow);
	enum lc_reason why = LC_R_PENDING;
	__u32 a = w->piece.a, b = w->piece.b;

	if (!found && flow->verdict != LC_V_UNDECIDED)
		return LC_R_DECIDED;
	if (flow->verdict == LC_V_UNDECIDED)
		w->best.verdict = LC_V_UNDECIDED;
	lc_tcp_urgent(w, flow);
	if (found)
		why = lc_tcp_look(skb, w, flow);
	why = lc_tcp_looked(skb, w, flow, why);
	if (why == LC_R_PENDING && a <= flow->next && b > flow->next)
		flow->next = b;
	return why;
}

LC_INLINE enum lc_reason lc_tcp(struct __sk_buff *skb, struct lc_work *w)
{
	struct lc_flow *flow = bpf_map_lookup_elem(&lc_flows, &w->key);
	__u32 syn = (w->pkt.flags & (LC_TCP_SYN | LC_TCP_ACK)) == LC_TCP_SYN;
	enum lc_reason why;

	w->pkt.rst_seq = w->pkt.seq;
	if (syn && (!flow || (flow->start != w->pkt.seq + 1 && flow->other_start != w->pkt.seq + 1))) {
		flow = lc_tcp_syn(w, flow);
	} else if (!flow) {
		if (!w->pkt.payload_len)
			return LC_R_NO_DATA;
		flow = lc_flow_new(w, w->pkt.seq, 0);
	}
	if (!flow)
		return lc_flow_reason(w, NULL, LC_R_TABLE_FULL);
	lc_flow_count(skb, flow);
	if (flow->verdict != LC_V_UNDECIDED) {
		why = lc_flow_known(w, flow);
		if (why != LC_R_DECIDED || lc_verdict_refuses(flow->verdict) || !w->pkt.payload_len)
			return why;
		if (flow->flags & LC_FLOW_PLAIN && flow->bytes < LC_PLAIN_BYTES && lc_tcp_hello_like(skb, w))
			lc_tcp_anew(w, flow);
	} else if (flow->syns > LC_SYNS_MAX) {
		flow->watch = LC_HELLO_MAX;
		return lc_flow_reason(w, flow, LC_R_MANY_SYNS);
	}
	return w->pkt.payload_len ? lc_tcp_segment(skb, w, flow) : LC_R_NO_DATA;
}

#endif
