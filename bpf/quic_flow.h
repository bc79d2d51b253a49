/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A QUIC flow: which keys its client has used, the streams that its Initials make, and what the policy says to them. Every Initial
 * of a flow is looked at, decided or not, within a bound; nothing but a right one with a whole hello says anything. Runs in a
 * program of its own, behind a tail call: it wants the stack for itself.
 */
#ifndef LENSCAP_QUIC_FLOW_H
#define LENSCAP_QUIC_FLOW_H

#include "quic_streams.h"

#define LC_QUIC_LOOKS 64             /* Initials of a flow that are tried; more: undecidable */
#define LC_QUIC_PACKETS 256          /* of one datagram, or of the datagrams of one GSO packet; more: undecidable */
#define LC_QUIC_NEAR 128             /* packet numbers below are read alike by all who saw some of those before */

LC_INLINE int lc_quic_try(struct lc_quic_walk *walk, __u32 conn, __u32 start)
{
	struct lc_quic_conn *c = &walk->state->conn[conn];

	if (c->version != walk->quic->version || lc_quic_open(walk->quic, c, start))
		return 0;
	if (walk->quic->number >= c->expected)
		c->expected = walk->quic->number + 1;
	walk->quic->conn = conn;
	return 1;
}

/* Nothing fits: noise, but where a server that did not get all that passed here may read the packet number in another way. */
LC_INLINE void lc_quic_give_up(struct lc_quic_walk *walk)
{
#pragma unroll
	for (__u32 i = 0; i < LC_QUIC_CONNS; i++)
		if (walk->state->conn[i].expected >= LC_QUIC_NEAR)
			walk->tally->odd |= LC_QUIC_ODD_BOUND;
}

/* The keys of any connection id that the client used so far may fit (a server may have named another since); else this one's own. */
LC_INLINE int lc_quic_unlock(struct lc_quic_walk *walk, __u32 start)
{
	struct lc_quic_work *q = walk->quic;
	__u32 conns = walk->state->conns;

	if (lc_quic_try(walk, 0, start) || lc_quic_try(walk, 1, start) || lc_quic_try(walk, 2, start) || lc_quic_try(walk, 3, start))
		return 1;
	q->fresh.expected = 0;
	if (lc_quic_keys_derive(&q->hkdf, &q->fresh.keys, &q->cid, q->version) || lc_quic_open(q, &q->fresh, start)) {
		lc_quic_give_up(walk);
		return 0;
	}
	if (conns >= LC_QUIC_CONNS) {
		walk->tally->odd |= LC_QUIC_ODD_BOUND;      /* a right Initial, and no room to follow it */
		return 0;
	}
	q->fresh.expected = q->number + 1;
	q->fresh.version = q->version;
	lc_opaque(conns);
	q->conn = conns & (LC_QUIC_CONNS - 1);
	/* what an older flow of these ports may have left there */
	lc_quic_key(walk->work, q->conn, LC_STREAM_FIRST);
	bpf_map_delete_elem(&lc_hellos, &walk->work->other_key);
	lc_quic_key(walk->work, q->conn, LC_STREAM_LAST);
	bpf_map_delete_elem(&lc_hellos, &walk->work->other_key);
	lc_opaque(conns);
	walk->state->conn[conns & (LC_QUIC_CONNS - 1)] = q->fresh;
	walk->state->conns = conns + 1;
	return 1;
}

/* The datagram's bytes, as many as fit: a packet that ends behind them can not be opened. */
LC_INLINE void lc_quic_fill(struct lc_quic_walk *walk, __u32 from, __u32 n)
{
	struct lc_quic_work *q = walk->quic;

	if (n > LC_GCM_MAX)
		n = LC_GCM_MAX;
	if (!n)
		return;
	n = lc_between_1_and(n, LC_GCM_MAX);
	if (!bpf_skb_load_bytes(walk->skb, from, q->gcm.bytes, n))
		q->end = n;
}

LC_CALLBACK lc_quic_whole_byte(__u32 turn, void *context)
{
	struct lc_quic_walk *walk = context;
	__u32 at = turn & (LC_GCM_MAX - 1);

	lc_opaque(at);
	walk->quic->gcm.bytes[at & (LC_GCM_MAX - 1)] = walk->stream->bytes[(walk->work->pkt.payload + turn) & LC_STREAM_MASK];
	return turn + 1 >= walk->work->pkt.payload_len;
}

/* ... of a datagram that came in fragments. */
LC_INLINE void lc_quic_fill_whole(struct lc_quic_walk *walk)
{
	__u32 zero = 0, n = walk->work->pkt.payload_len;

	walk->stream = bpf_map_lookup_elem(&lc_datagrams, &zero);
	if (!walk->stream)
		return;
	lc_loop(LC_GCM_MAX, lc_quic_whole_byte, walk);
	walk->quic->end = n < LC_GCM_MAX ? n : LC_GCM_MAX;
}

/* The next datagram of the packet: two Initials may come as one GSO packet, each of gso_size bytes. 0: there is none. */
LC_INLINE int lc_quic_datagram(struct lc_quic_walk *walk)
{
	const struct lc_pkt *p = &walk->work->pkt;
	__u32 at = walk->tally->filled, n = p->payload_len - at;

	if (at >= p->payload_len)
		return 0;
	if (n > walk->segment_bytes)
		n = walk->segment_bytes;
	walk->tally->filled += n;
	walk->tally->cut = n > LC_GCM_MAX;
	walk->quic->at = 0;
	walk->quic->end = 0;
	if (p->whole)
		lc_quic_fill_whole(walk);
	else
		lc_quic_fill(walk, p->payload + at, n);
	return 1;
}

/* A datagram's first packet tells whether it is QUIC. RFC 9000, 15: a version of this form asks for negotiation, and no server speaks it. */
LC_INLINE void lc_quic_begins(struct lc_quic_walk *walk, int kind)
{
	const struct lc_quic_work *q = walk->quic;

	if (kind == LC_QUIC_STRANGE && q->end >= LC_QUIC_FIRST_MIN && (q->version & 0x0f0f0f0f) != 0x0a0a0a0a)
		walk->tally->odd |= LC_QUIC_ODD_VERSION;
	if (kind != LC_QUIC_STRANGE && kind != LC_QUIC_END && walk->tally->cut)
		walk->tally->odd |= LC_QUIC_ODD_BOUND;
}

/* One QUIC packet, of this datagram or the next. */
LC_CALLBACK lc_quic_packet(__u32 turn, void *context)
{
	struct lc_quic_walk *walk = context;
	struct lc_quic_work *q = walk->quic;
	__u32 start, end;
	int kind;

	(void)turn;
	if (q->at >= q->end && !lc_quic_datagram(walk))
		return 1;
	start = q->at;
	kind = lc_quic_header(q);
	end = kind == LC_QUIC_INITIAL || kind == LC_QUIC_OTHER ? q->packet_end : q->end;
	if (!start)
		lc_quic_begins(walk, kind);
	if (kind == LC_QUIC_INITIAL) {
		walk->state->looked++;
		if (walk->state->looked > LC_QUIC_LOOKS)
			walk->tally->odd |= LC_QUIC_ODD_BOUND;
		else if (lc_quic_unlock(walk, start))
			lc_quic_frames(walk);
	}
	q->at = end;
	return 0;
}

/*
 * A stream, and what follows the hello in it: a second one, which a server asks for by HelloRetryRequest (RFC 8446, 4.1.4), says its
 * name again; only a refusal counts. Returns whether something is still to come.
 */
LC_INLINE int lc_quic_view_stream(struct lc_work *w, const struct lc_stream *s)
{
	enum lc_reason why = lc_view_stream(w, s, 1);
	__u8 odd = w->odd;

	if ((why != LC_R_NONE && why != LC_R_NO_SNI) || s->len <= w->hello_end)
		return why == LC_R_PENDING;
	lc_stream_copy(&w->stream, s, 0, w->hello_end, s->len);
	w->stream.len = s->len - w->hello_end;
	w->quiet = 1;
	why = lc_view_stream(w, &w->stream, 1);
	w->quiet = 0;
	w->odd = odd;
	return why == LC_R_PENDING;
}

/* What a connection id's streams say now. */
LC_INLINE void lc_quic_view(struct lc_quic_walk *walk, __u32 conn)
{
	struct lc_stream *first, *last;
	struct lc_work *w = walk->work;

	lc_quic_key(w, conn, LC_STREAM_FIRST);
	first = bpf_map_lookup_elem(&lc_hellos, &w->other_key);
	if (!first)
		return;
	lc_stream_extend(first);
	walk->state->conn[conn].kept = lc_quic_view_stream(w, first);
	lc_quic_key(w, conn, LC_STREAM_LAST);
	last = bpf_map_lookup_elem(&lc_hellos, &w->other_key);
	if (!last)
		return;
	last->len = first->len;
	walk->state->conn[conn].kept |= lc_quic_view_stream(w, last);
}

/* All packets of all datagrams, then what the streams make of them. */
LC_INLINE void lc_quic_read(struct lc_quic_walk *walk)
{
	struct lc_quic_work *q = walk->quic;

	q->at = q->end = 0;
	lc_loop(LC_QUIC_PACKETS, lc_quic_packet, walk);
	if (q->at < q->end || walk->tally->filled < walk->work->pkt.payload_len)
		walk->tally->odd |= LC_QUIC_ODD_BOUND;
#pragma unroll
	for (__u32 conn = 0; conn < LC_QUIC_CONNS; conn++)
		if (walk->tally->touched & 1 << conn)
			lc_quic_view(walk, conn);
}

LC_INLINE void lc_quic_judge(struct lc_work *w, __u32 odd, enum lc_reason why)
{
	if (!odd)
		return;
	w->odd = why;
	lc_view_sum(w);
}

/* The strictest of what the names say, and, where that refuses nothing, of the rules for what is odd. */
LC_INLINE enum lc_reason lc_quic_decide(struct lc_work *w, struct lc_flow *flow, __u32 odd)
{
	int known = flow->verdict != LC_V_UNDECIDED;

	lc_view_sum(w);
	lc_quic_judge(w, odd == LC_QUIC_ODD_VERSION && !w->views, LC_R_QUIC_VERSION);
	lc_quic_judge(w, odd & LC_QUIC_ODD_BYTES, LC_R_VIEWS);
	lc_quic_judge(w, odd & LC_QUIC_ODD_ROOM, LC_R_TABLE_FULL);
	lc_quic_judge(w, odd & LC_QUIC_ODD_BOUND, LC_R_QUIC);
	if (w->best.verdict == LC_V_UNDECIDED)
		return LC_R_PENDING;
	if (lc_verdict_refuses(w->best.verdict))
		w->best.verdict = LC_V_DENY_DROP;    /* no connection to reset: the client falls back to TCP */
	else if (known && w->best.reason == flow->reason && w->best.endpoint == flow->endpoint)
		return LC_R_DECIDED;
	lc_flow_decide(w, flow);
	return w->best.reason;
}

/* What the datagram makes of its flow. */
LC_INLINE enum lc_reason lc_quic_look(struct __sk_buff *skb, struct lc_work *w, struct lc_flow *flow, struct lc_quic_scratch *scratch)
{
	struct lc_quic_walk walk = { .skb = skb, .work = w, .quic = &scratch->work, .tally = &scratch->tally };
	int known = flow->verdict != LC_V_UNDECIDED;

	scratch->tally = (struct lc_quic_tally){};
	walk.segment_bytes = skb->gso_size ? skb->gso_size : w->pkt.payload_len;
	w->views = known;            /* what was decided on is the first of the views */
	w->odd = LC_R_NONE;
	if (!known)
		w->best.verdict = LC_V_UNDECIDED;
	walk.state = lc_quic_state(w, flow, scratch);
	if (walk.state)
		lc_quic_read(&walk);
	else
		scratch->tally.odd = LC_QUIC_ODD_ROOM;
	return lc_quic_decide(w, flow, scratch->tally.odd);
}

#endif
