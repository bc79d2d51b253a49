/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who sends: address, MAC and VLAN to an asset. The first lookup, and for everybody untagged the last.
 * A MAC names one device, so it goes first; then the longest prefix; then the inner and the outer VLAN.
 */
#ifndef LENSCAP_ASSET_H
#define LENSCAP_ASSET_H

#include "maps.h"
#include "pkt.h"

/* The generation in force, read once a packet. NULL: none. */
LC_INLINE struct lc_conf *lc_generation(__u32 *ret_slot)
{
	__u32 zero = 0, generation, slot;
	struct lc_state *state = bpf_map_lookup_elem(&lc_state, &zero);

	if (!state)
		return NULL;
	generation = *(volatile __u32 *)&state->generation;
	if (!generation)
		return NULL;
	slot = generation % LC_SLOTS;
	*ret_slot = slot;
	return bpf_map_lookup_elem(&lc_confs, &slot);
}

LC_INLINE struct lc_asset *lc_asset_mac(const __u8 *mac, __u32 slot)
{
	struct lc_mac key = {};
	void *macs = bpf_map_lookup_elem(&lc_macs, &slot);

	__builtin_memcpy(key.addr, mac, 6);
	return macs ? bpf_map_lookup_elem(macs, &key) : NULL;
}

LC_INLINE struct lc_asset *lc_asset_vlan(const struct lc_link *link, __u32 slot)
{
	__u32 inner = link->vlan_inner, outer = link->vlan_outer;
	void *vlans = bpf_map_lookup_elem(&lc_vlans, &slot);
	struct lc_asset *asset = NULL;

	if (!vlans)
		return NULL;
	if (inner)
		asset = bpf_map_lookup_elem(vlans, &inner);
	if (!asset && outer)
		asset = bpf_map_lookup_elem(vlans, &outer);
	return asset;
}

LC_INLINE struct lc_asset *lc_asset_ip4(const void *addr, __u32 slot)
{
	struct lc_prefix4 key = { .prefixlen = 32 };
	void *assets = bpf_map_lookup_elem(&lc_assets4, &slot);

	__builtin_memcpy(key.addr, addr, sizeof(key.addr));
	return assets ? bpf_map_lookup_elem(assets, &key) : NULL;
}

LC_INLINE struct lc_asset *lc_asset_ip6(const void *addr, __u32 slot)
{
	struct lc_prefix6 key = { .prefixlen = 128 };
	void *assets = bpf_map_lookup_elem(&lc_assets6, &slot);

	__builtin_memcpy(key.addr, addr, sizeof(key.addr));
	return assets ? bpf_map_lookup_elem(assets, &key) : NULL;
}

LC_INLINE enum lc_reason lc_asset_find(struct __sk_buff *skb, const struct lc_link *link, const struct lc_conf *conf, __u32 slot,
				       struct lc_asset **ret_asset)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct lc_asset *asset = NULL;
	struct ethhdr *eth = data;
	void *ip = data + link->l3;

	if ((void *)(eth + 1) > end)
		return LC_R_TRUNCATED;
	if (conf->flags & LC_CONF_MAC)
		asset = lc_asset_mac(eth->h_source, slot);
	if (link->proto == bpf_htons(ETH_P_IP)) {
		if (ip + sizeof(struct iphdr) > end)
			return LC_R_TRUNCATED;
		if (!asset && conf->flags & LC_CONF_V4)
			asset = lc_asset_ip4(ip + __builtin_offsetof(struct iphdr, saddr), slot);
	} else if (link->proto == bpf_htons(ETH_P_IPV6)) {
		if (ip + sizeof(struct ipv6hdr) > end)
			return LC_R_TRUNCATED;
		if (!asset && conf->flags & LC_CONF_V6)
			asset = lc_asset_ip6(ip + __builtin_offsetof(struct ipv6hdr, saddr), slot);
	} else {
		return (link->proto & bpf_htons(0xfff0)) == bpf_htons(LC_ETH_P_MPLS & 0xfff0) ? LC_R_MPLS : LC_R_NOT_IP;
	}
	if (!asset && conf->flags & LC_CONF_VLAN)
		asset = lc_asset_vlan(link, slot);
	*ret_asset = asset;
	return asset ? LC_R_NONE : LC_R_NOT_ASSET;
}

/* The sender of a packet inside another. */
LC_INLINE struct lc_asset *lc_asset_inner(struct __sk_buff *skb, const struct lc_link *link, __u32 slot)
{
	__u8 addr[16];

	if (link->proto == bpf_htons(ETH_P_IP)) {
		if (bpf_skb_load_bytes(skb, link->l3 + __builtin_offsetof(struct iphdr, saddr), addr, 4))
			return NULL;
		return lc_asset_ip4(addr, slot);
	}
	if (bpf_skb_load_bytes(skb, link->l3 + __builtin_offsetof(struct ipv6hdr, saddr), addr, 16))
		return NULL;
	return lc_asset_ip6(addr, slot);
}

#endif
