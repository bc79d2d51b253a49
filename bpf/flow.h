/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An asset's flows: when one begins, what is known of it, and the one place where its verdict is written. A refused flow stays
 * refused.
 */
#ifndef LENSCAP_FLOW_H
#define LENSCAP_FLOW_H

#include "pkt.h"
#include "views.h"

/* An entry, made of what is in w->flow; NULL where its sender has no budget for one more (or memory fails). */
LC_INLINE struct lc_flow *lc_flow_add(struct lc_work *w, int more)
{
	w->flow.profile = w->asset.profile;
	w->flow.asset = w->asset.asset;
	if ((more && !lc_budget_take(w, 0)) || bpf_map_update_elem(&lc_flows, &w->key, &w->flow, BPF_ANY))
		return NULL;
	return bpf_map_lookup_elem(&lc_flows, &w->key);
}

LC_INLINE void lc_flow_blank(struct lc_work *w)
{
	__builtin_memset(&w->flow, 0, sizeof(w->flow));
	w->flow.first_ns = bpf_ktime_get_ns();
}

/* The best view's verdict becomes the flow's. */
LC_INLINE void lc_flow_decide(struct lc_work *w, struct lc_flow *flow)
{
	w->again = !!(flow->flags & LC_FLOW_TOLD);
	w->decided = 1;
	flow->flags |= LC_FLOW_TOLD | (w->tls.started ? LC_FLOW_TLS : 0);
	flow->generation = w->conf.generation;
	flow->profile = w->asset.profile;
	flow->asset = w->asset.asset;
	flow->endpoint = w->best.endpoint;
	flow->rule = w->best.rule;
	flow->wanted = w->best.wanted;
	flow->reason = w->best.reason;
	flow->name_hash = w->best.hash;
	flow->verdict = w->best.verdict;
}

/* A verdict that rests on a reason alone. */
LC_INLINE enum lc_reason lc_flow_reason(struct lc_work *w, struct lc_flow *flow, enum lc_reason why)
{
	w->view = (struct lc_view){ .reason = why };
	lc_verdict(w);
	w->best = w->view;
	w->name.len = w->other.len = 0;
	if (flow)
		lc_flow_decide(w, flow);     /* else the packet is judged alone, and only counted: a flood is no news */
	return why;
}

/*
 * A decided flow: what was said stands, unless another generation has come since. That one judges by the endpoint that
 * was found then (its number is the same in every generation); a changed verdict is a decision like any other.
 */
LC_INLINE enum lc_reason lc_flow_known(struct lc_work *w, struct lc_flow *flow)
{
	w->tls.started = !!(flow->flags & LC_FLOW_TLS);
	w->best = (struct lc_view){ .reason = flow->reason, .endpoint = flow->endpoint, .verdict = flow->verdict,
				    .wanted = flow->wanted, .rule = flow->rule, .hash = flow->name_hash };
	w->name.len = w->other.len = 0;
	if (flow->generation == w->conf.generation)
		return LC_R_DECIDED;
	w->view = w->best;
	lc_verdict(w);
	flow->generation = w->conf.generation;
	if (w->view.verdict == flow->verdict && w->view.rule == flow->rule)
		return LC_R_DECIDED;
	/* what was let through has reached the server, so a reset must name the byte that has not */
	if (!lc_verdict_refuses(flow->verdict))
		w->pkt.rst_seq = w->pkt.seq;
	w->best = w->view;
	lc_flow_decide(w, flow);
	return w->best.reason;
}

/* The coarse clock ticks with the scheduler and costs next to nothing; the exact one cost 80 ns a packet. */
LC_INLINE void lc_flow_count(struct __sk_buff *skb, struct lc_flow *flow)
{
	flow->last_ns = bpf_ktime_get_coarse_ns();
	flow->packets++;
	flow->bytes += skb->len;
}

#endif
