/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is kept of a QUIC flow: its client's keys, and for each connection id the streams that its CRYPTO frames make. Where a byte
 * comes again with another value, a second stream is kept. Knows nothing of verdicts.
 */
#ifndef LENSCAP_QUIC_STREAMS_H
#define LENSCAP_QUIC_STREAMS_H

#include "flow.h"
#include "quic.h"

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

#endif
