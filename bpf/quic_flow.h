/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A QUIC flow: which keys its client has used, the streams that its Initials make, and what the policy says to them. Every Initial
 * of a flow is looked at, decided or not, within a bound; nothing but a right one with a whole hello says anything. Runs in a
 * program of its own, behind a tail call: it wants the stack for itself.
 */
#ifndef LENSCAP_QUIC_FLOW_H
#define LENSCAP_QUIC_FLOW_H

#include "flow.h"
#include "quic.h"

#define LC_QUIC_LOOKS 64             /* Initials of a flow that are tried; more: undecidable */
#define LC_QUIC_PACKETS 256          /* of one datagram, or of the datagrams of one GSO packet; more: undecidable */
#define LC_QUIC_NEAR 128             /* packet numbers below are read alike by all who saw some of those before */

/* Why a server may read more in the flow than the streams hold. */
enum lc_quic_odd { LC_QUIC_ODD_VERSION = 1, LC_QUIC_ODD_BYTES = 2, LC_QUIC_ODD_ROOM = 4, LC_QUIC_ODD_BOUND = 8 };

/* What came of the packets so far. In a map: of what is on its stack the verifier would walk every combination. */
struct lc_quic_tally {
	__u32 filled;                /* bytes of the payload that were taken */
	__u32 cut;                   /* the datagram is longer than what is looked at */
	__u32 touched;               /* bit per connection id: its stream has new bytes */
	__u32 odd;                   /* enum lc_quic_odd */
};

struct lc_quic_scratch { struct lc_quic_work work; struct lc_quic_tally tally; struct lc_quic blank; };

/* Programs only: the datagram in hand. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct lc_quic_scratch);
} lc_quic_works SEC(".maps");

/* Programs write. full: the flow that was quiet for longest is forgotten; if it was undecided, it becomes table-full. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct lc_flow_key);
	__type(value, struct lc_quic);
} lc_quics SEC(".maps");

/* What the callbacks share. */
struct lc_quic_walk {
	struct __sk_buff *skb;
	struct lc_work *work;
	struct lc_quic_work *quic;
	struct lc_quic *state;
	struct lc_stream *stream;    /* of the packet's connection id */
	struct lc_quic_tally *tally;
	__u32 segment_bytes;
};

/* What is kept of the flow; NULL: it is no more, or its sender has no budget for it. The first connection id's stream is paid with it. */
LC_INLINE struct lc_quic *lc_quic_state(struct lc_work *w, const struct lc_flow *flow, struct lc_quic_scratch *scratch)
{
	struct lc_quic *state = bpf_map_lookup_elem(&lc_quics, &w->key);

	if (state && flow->packets > 1)
		return state;
	if ((flow->packets > 1 && flow->verdict == LC_V_UNDECIDED) || !lc_budget_take(w, 1))
		return NULL;
	bpf_map_update_elem(&lc_quics, &w->key, &scratch->blank, BPF_ANY);
	return bpf_map_lookup_elem(&lc_quics, &w->key);
}

/* Where a connection id's stream is kept: the flow's key, and which of the ids. */
LC_INLINE void lc_quic_key(struct lc_work *w, __u32 conn, enum lc_stream_kind kind)
{
	w->other_key = w->key;
	w->other_key.pad[0] = kind;
	w->other_key.pad[1] = conn + 1;
}

/* NULL: it was pushed out, or its sender has no budget for it. */
LC_INLINE struct lc_stream *lc_quic_stream(struct lc_work *w, struct lc_quic *state, __u32 conn)
{
	struct lc_quic_conn *c;
	struct lc_stream *s;

	lc_quic_key(w, conn, LC_STREAM_FIRST);
	s = bpf_map_lookup_elem(&lc_hellos, &w->other_key);
	if (s)
		return s;
	lc_opaque(conn);
	c = &state->conn[conn & (LC_QUIC_CONNS - 1)];
	if (c->kept || (conn && !lc_budget_take(w, 1)))
		return NULL;
	c->kept = 1;
	w->stream.len = 0;
	w->stream.total = 0;
	bpf_map_update_elem(&lc_hellos, &w->other_key, &w->stream, BPF_ANY);
	return bpf_map_lookup_elem(&lc_hellos, &w->other_key);
}

struct lc_quic_copy { struct lc_stream *to; const struct lc_quic_work *from; __u32 at, data, left; };

/* Eight bytes a turn while there are that many: not one more may be written, it may be another frame's. */
LC_CALLBACK lc_quic_copy_turn(__u32 turn, void *context)
{
	struct lc_quic_copy *c = context;
	__u32 at = c->at, data = c->data, n = c->left >= 8 ? 8 : 1;

	(void)turn;
	if (!c->left || at >= LC_HELLO_MAX)
		return 1;
	at &= LC_STREAM_MASK;
	data &= LC_GCM_MAX - 1;
	lc_opaque(at);
	lc_opaque(data);
	if (n == 8)
		lc_put64(&c->to->bytes[at & LC_STREAM_MASK], lc_get64(&c->from->gcm.bytes[data & (LC_GCM_MAX - 1)]));
	else
		c->to->bytes[at & LC_STREAM_MASK] = c->from->gcm.bytes[data & (LC_GCM_MAX - 1)];
	c->at += n;
	c->data += n;
	c->left -= n;
	return 0;
}

/* The CRYPTO frame's bytes to their places. */
LC_GLOBAL int lc_quic_load(struct lc_stream *to, const struct lc_quic_work *q)
{
	struct lc_quic_copy copy = { .to = to, .from = q };

	if (!to || !q)
		return 0;
	copy.at = q->crypto_at;
	copy.data = q->data;
	copy.left = q->crypto_len;
	lc_loop(LC_GCM_MAX / 8 + 8, lc_quic_copy_turn, &copy);
	return 0;
}

/* A CRYPTO frame into the streams, as stream.h puts a segment: first wins in one, last in the other. */
LC_INLINE void lc_quic_put(struct lc_quic_walk *walk)
{
	struct lc_quic_work *q = walk->quic;
	struct lc_work *w = walk->work;
	struct lc_stream *first = walk->stream, *last, *scratch;
	__u32 a = q->crypto_at, b = a + q->crypto_len, zero = 0;
	int differs = 0;

	scratch = bpf_map_lookup_elem(&lc_datagrams, &zero);
	if (!first || !scratch || a >= LC_HELLO_MAX || b > LC_HELLO_MAX) {
		walk->tally->odd |= LC_QUIC_ODD_BOUND;
		return;
	}
	lc_quic_key(w, q->conn, LC_STREAM_LAST);
	last = bpf_map_lookup_elem(&lc_hellos, &w->other_key);
	if (lc_stream_mark(first, a, b, LC_MARK_TEST)) {
		lc_quic_load(scratch, q);
		differs = lc_stream_merge(first, scratch, a, b);
	} else {
		lc_quic_load(first, q);
	}
	if (differs && !last) {
		bpf_map_update_elem(&lc_hellos, &w->other_key, first, BPF_ANY);
		last = bpf_map_lookup_elem(&lc_hellos, &w->other_key);
	}
	if (differs)
		walk->tally->odd |= LC_QUIC_ODD_BYTES;
	lc_stream_mark(first, a, b, LC_MARK_SET);
	if (last)
		lc_quic_load(last, q);
}

LC_CALLBACK lc_quic_frame(__u32 turn, void *context)
{
	struct lc_quic_walk *walk = context;
	int kind = lc_quic_next_frame(walk->quic);

	(void)turn;
	if (kind == LC_QUIC_CRYPTO && walk->quic->crypto_len)
		lc_quic_put(walk);
	return kind < 0;
}

/* The frames of the packet that is open. */
LC_INLINE void lc_quic_frames(struct lc_quic_walk *walk)
{
	struct lc_quic_work *q = walk->quic;
	__u32 end = q->end;

	walk->stream = lc_quic_stream(walk->work, walk->state, q->conn);
	if (!walk->stream) {
		walk->tally->odd |= LC_QUIC_ODD_ROOM;
		return;
	}
	q->at = q->gcm.at + q->gcm.aad_len;
	q->end = q->at + q->gcm.len;
	lc_loop(LC_QUIC_FRAMES, lc_quic_frame, walk);
	q->end = end;
	walk->tally->touched |= 1 << q->conn;
}

LC_INLINE int lc_quic_try(struct lc_quic_walk *walk, __u32 conn, __u32 start)
{
	struct lc_quic_conn *c = &walk->state->conn[conn];

	if (conn >= walk->state->conns || c->version != walk->quic->version || lc_quic_open(walk->quic, c, start))
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
		if (i < walk->state->conns && walk->state->conn[i].expected >= LC_QUIC_NEAR)
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
	q->fresh.kept = 0;
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
	if (lc_view_stream(w, first, 1) != LC_R_PENDING)
		walk->state->conn[conn].kept = 0;
	lc_quic_key(w, conn, LC_STREAM_LAST);
	last = bpf_map_lookup_elem(&lc_hellos, &w->other_key);
	if (!last)
		return;
	last->len = first->len;
	lc_view_stream(w, last, 1);
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
