/* SPDX-License-Identifier: GPL-2.0-only */
/* An asset's flows: when one begins, what is known of it, and the one place where its verdict is written. */
#ifndef LENSCAP_FLOW_H
#define LENSCAP_FLOW_H

#include "catalogue.h"
#include "stream.h"
#include "verdict.h"

/* A new entry; NULL where the table has no room (an LRU table always has, unless memory fails). */
LC_INLINE struct lc_flow *lc_flow_new(struct lc_work *w, __u32 start, __u8 flags)
{
	__builtin_memset(&w->flow, 0, sizeof(w->flow));
	w->flow.first_ns = bpf_ktime_get_ns();
	w->flow.start = start;
	w->flow.flags = flags;
	w->flow.profile = w->asset.profile;
	w->flow.asset = w->asset.asset;
	if (bpf_map_update_elem(&lc_flows, &w->key, &w->flow, BPF_ANY))
		return NULL;
	return bpf_map_lookup_elem(&lc_flows, &w->key);
}

LC_INLINE void lc_flow_decide(struct lc_work *w, struct lc_flow *flow, enum lc_reason why)
{
	w->reason = why;
	w->decided = 1;
	lc_verdict(w);
	if (flow->next)
		bpf_map_delete_elem(&lc_hellos, &w->key);
	flow->generation = w->conf.generation;
	flow->profile = w->asset.profile;
	flow->asset = w->asset.asset;
	flow->endpoint = w->endpoint;
	flow->rule = w->rule;
	flow->wanted = w->wanted;
	flow->reason = why;
	flow->verdict = w->verdict;
}

/*
 * A decided flow: what was said stands, unless another generation has come since. That one judges by the endpoint that
 * was found then (its number is the same in every generation); a changed verdict is a decision like any other.
 */
LC_INLINE enum lc_reason lc_flow_known(struct lc_work *w, struct lc_flow *flow)
{
	w->endpoint = flow->endpoint;
	w->reason = flow->reason;
	w->verdict = flow->verdict;
	w->wanted = flow->wanted;
	w->rule = flow->rule;
	w->pkt.rst_seq = flow->start + flow->next;
	if (flow->generation == w->conf.generation)
		return LC_R_DECIDED;
	lc_verdict(w);
	flow->generation = w->conf.generation;
	if (w->verdict == flow->verdict && w->rule == flow->rule)
		return LC_R_DECIDED;
	/* what was let through has reached the server, so a reset must name the byte that has not */
	if (flow->verdict <= LC_V_AUDIT) {
		flow->start = w->pkt.seq;
		flow->next = 0;
		w->pkt.rst_seq = w->pkt.seq;
	}
	w->tls.name_len = 0;
	lc_flow_decide(w, flow, w->reason);
	return w->reason;
}

/* No room for a flow: the packet is judged by the rule for that, alone. */
LC_INLINE enum lc_reason lc_flow_homeless(struct lc_work *w)
{
	w->reason = LC_R_TABLE_FULL;
	w->decided = 1;
	w->pkt.rst_seq = w->pkt.seq;
	lc_verdict(w);
	return LC_R_TABLE_FULL;
}

/* The coarse clock ticks with the scheduler and costs next to nothing; the exact one cost 80 ns a packet. */
LC_INLINE void lc_flow_count(struct __sk_buff *skb, struct lc_flow *flow)
{
	flow->last_ns = bpf_ktime_get_coarse_ns();
	flow->packets++;
	flow->bytes += skb->len;
}

/* The hello is there, or can not be: look its name up, decide. */
LC_INLINE enum lc_reason lc_flow_hello(struct lc_work *w, struct lc_flow *flow, enum lc_reason why)
{
	if (why == LC_R_PENDING)
		return why;
	if (why == LC_R_NONE)
		why = lc_catalogue_find(w);
	lc_flow_decide(w, flow, why);
	return why;
}

LC_INLINE enum lc_reason lc_flow_tcp(struct __sk_buff *skb, struct lc_work *w)
{
	struct lc_flow *flow = bpf_map_lookup_elem(&lc_flows, &w->key);
	__u32 syn = (w->pkt.flags & (LC_TCP_SYN | LC_TCP_ACK)) == LC_TCP_SYN;
	enum lc_reason why;

	if (syn && (!flow || flow->start != w->pkt.seq + 1)) {
		if (flow && !flow->verdict && flow->next)
			bpf_map_delete_elem(&lc_hellos, &w->key);
		flow = lc_flow_new(w, w->pkt.seq + 1, LC_FLOW_SYN);
	} else if (!flow) {
		if (!w->pkt.payload_len)
			return LC_R_NO_DATA;
		flow = lc_flow_new(w, w->pkt.seq, 0);
	}
	if (!flow)
		return lc_flow_homeless(w);
	lc_flow_count(skb, flow);
	if (flow->verdict != LC_V_UNDECIDED)
		return lc_flow_known(w, flow);
	if (!w->pkt.payload_len)
		return LC_R_NO_DATA;
	w->pkt.rst_seq = flow->start + flow->next;
	why = lc_stream_segment(skb, w, flow);
	if (!(flow->flags & LC_FLOW_SYN) && (why == LC_R_NOT_TLS || why == LC_R_NOT_HELLO || why == LC_R_MALFORMED))
		why = LC_R_MID_STREAM;
	return lc_flow_hello(w, flow, why);
}

/* RFC 9000, 17.2 and 14.1: a long header, a version, and the size that a client's first datagram must have. */
LC_INLINE int lc_flow_is_quic(struct __sk_buff *skb, struct lc_work *w)
{
	__u8 head[5];

	if (w->pkt.payload_len < 1200 || bpf_skb_load_bytes(skb, w->pkt.payload, head, sizeof(head)))
		return 0;
	return head[0] & 0x80 && (head[1] | head[2] | head[3] | head[4]);
}

LC_INLINE enum lc_reason lc_flow_udp(struct __sk_buff *skb, struct lc_work *w)
{
	struct lc_flow *flow = bpf_map_lookup_elem(&lc_flows, &w->key);

	if (!flow) {
		if (!lc_flow_is_quic(skb, w))
			return LC_R_NOT_TCP;
		flow = lc_flow_new(w, 0, 0);
	}
	if (!flow)
		return lc_flow_homeless(w);
	lc_flow_count(skb, flow);
	if (flow->verdict != LC_V_UNDECIDED)
		return lc_flow_known(w, flow);
	lc_flow_decide(w, flow, LC_R_QUIC);
	return LC_R_QUIC;
}

#endif
