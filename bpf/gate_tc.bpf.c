/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gate at TC ingress of a LAN-side interface. Decides for packets of tagged assets; everybody else's leave after the
 * asset lookup. Never holds a packet back, never waits for user space.
 */
#include "quic_flow.h"
#include "tcp.h"
#include "udp.h"
#include "asset.h"
#include "frag.h"
#include "tunnel.h"
#include "finish.h"

char _license[] SEC("license") = "GPL";

/* A packet in a packet: the flow is the inner one, its sender's tag counts where the outer one has none. */
LC_INLINE enum lc_reason lc_gate_inside(struct __sk_buff *skb, struct lc_link *link, __u32 slot, enum lc_reason why,
					struct lc_asset **ret_asset)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct lc_link inner;

	if (!lc_tunnel_like(data + link->l3, end, link->proto))
		return why;
	inner = *link;
#pragma unroll
	for (int i = 0; i < LC_TUNNELS_MAX; i++) {
		if (!lc_tunnel_open(skb, &inner))
			break;
		*link = inner;
		link->tunnel = 1;
		if (!*ret_asset)
			*ret_asset = lc_asset_inner(skb, link, slot);
	}
	return *ret_asset ? LC_R_NONE : LC_R_NOT_ASSET;
}

/* Who sends? LC_R_NONE: an asset, found out with one lookup of each kind that the policy uses. */
LC_INLINE enum lc_reason lc_gate_who(struct __sk_buff *skb, struct lc_link *link, struct lc_conf **ret_conf, __u32 *ret_slot,
				     struct lc_asset **ret_asset)
{
	enum lc_reason why;

	*ret_conf = lc_generation(ret_slot);
	if (!*ret_conf)
		return LC_R_NO_POLICY;
	/* Headers are nearly always in the linear part; what is not is pulled there, and a short packet stays short. */
	if (skb->data_end - skb->data < LC_LINK_MAX && skb->len > skb->data_end - skb->data)
		bpf_skb_pull_data(skb, skb->len < LC_LINK_MAX ? skb->len : LC_LINK_MAX);
	why = lc_pkt_link(skb, link);
	if (why != LC_R_NONE)
		return why;
	why = lc_asset_find(skb, link, *ret_conf, *ret_slot, ret_asset);
	if (why == LC_R_NONE || why == LC_R_NOT_ASSET)
		return lc_gate_inside(skb, link, *ret_slot, why, ret_asset);
	return why;
}

/* What is known by now into the working memory: nothing of the packet before may be left in it. */
LC_INLINE void lc_gate_begin(struct __sk_buff *skb, struct lc_work *w, const struct lc_link *link)
{
	w->pkt.l3 = link->l3;
	w->pkt.proto = link->proto == bpf_htons(ETH_P_IP) ? 4 : 6;
	w->pkt.vlan_outer = link->vlan_outer;
	w->pkt.vlan_inner = link->vlan_inner;
	w->pkt.whole = 0;
	w->pkt.tunnel = link->tunnel;
	w->best = (struct lc_view){};
	w->decided = 0;
	w->again = 0;
	w->quiet = 0;
	w->views = 0;
	w->odd = LC_R_NONE;
	w->tls.started = 0;
	w->name.len = 0;
	w->other.len = 0;
	bpf_skb_load_bytes(skb, 6, w->pkt.mac, sizeof(w->pkt.mac));
}

/* An asset's packet: what does it ask for, and what is the verdict? */
LC_INLINE enum lc_reason lc_gate_what(struct __sk_buff *skb, struct lc_work *w)
{
	enum lc_reason why = lc_pkt_headers(skb, w);

	if (why == LC_R_FRAGMENT)
		why = lc_frag_take(skb, w);
	if (why == LC_R_FRAGMENT || why == LC_R_HEADERS) {
		w->view = (struct lc_view){ .reason = why };
		lc_verdict(w);
		w->best = w->view;
	}
	if (why != LC_R_NONE)
		return why;
	return w->pkt.proto == IPPROTO_TCP ? lc_tcp(skb, w) : lc_udp(skb, w);
}

/* The loader writes: which program reads QUIC. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} lc_programs SEC(".maps");

/* Behind a tail call of the gate's: all that it found out is in the working memory. */
SEC("tc")
int lc_gate_quic(struct __sk_buff *skb)
{
	enum lc_reason why = LC_R_QUIC_LOOK;
	struct lc_quic_scratch *scratch;
	struct lc_work *w;
	struct lc_flow *flow;
	__u32 zero = 0;

	w = bpf_map_lookup_elem(&lc_works, &zero);
	scratch = bpf_map_lookup_elem(&lc_quic_works, &zero);
	flow = w ? bpf_map_lookup_elem(&lc_flows, &w->key) : NULL;
	if (w && scratch && flow)
		why = lc_quic_look(skb, w, flow, scratch);
	return lc_finish(skb, w, why);
}

SEC("tc")
int lc_gate_tc(struct __sk_buff *skb)
{
	struct lc_asset *asset = NULL;
	struct lc_conf *conf = NULL;
	struct lc_work *w = NULL;
	struct lc_link link;
	enum lc_reason why;
	__u32 slot = 0, zero = 0;

	why = lc_gate_who(skb, &link, &conf, &slot, &asset);
	if (why == LC_R_NONE)
		w = bpf_map_lookup_elem(&lc_works, &zero);
	if (w && conf && asset) {
		w->conf = *conf;
		w->slot = slot;
		w->asset = *asset;
		lc_gate_begin(skb, w, &link);
		why = lc_gate_what(skb, w);
		if (why == LC_R_QUIC_LOOK)
			bpf_tail_call(skb, &lc_programs, 0);
	}
	return lc_finish(skb, w, why);
}
