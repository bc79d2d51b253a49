/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A packet inside a packet: IP in IP, GRE, VXLAN. Finds where the inner IP header is, for the flow that it carries; the asset may
 * be the outer or the inner sender. Encrypted tunnels are not for us to open.
 */
#ifndef LENSCAP_TUNNEL_H
#define LENSCAP_TUNNEL_H

#include "pkt.h"

#define LC_TUNNELS_MAX 3             /* one in another; what lies deeper is looked at from there */
#define LC_ETH_P_TEB 0x6558          /* RFC 1701: Ethernet in GRE */
#define LC_GRE_CHECKSUM 0x8000       /* RFC 2784, 2.1; RFC 2890, 2 */
#define LC_GRE_KEY 0x2000
#define LC_GRE_SEQUENCE 0x1000
#define LC_GRE_KNOWN (LC_GRE_CHECKSUM | LC_GRE_KEY | LC_GRE_SEQUENCE)
#define LC_VXLAN_PORT 4789           /* RFC 7348, 8 */

/* By the first header: may there be a packet inside? Costs an untagged host two comparisons. */
LC_INLINE int lc_tunnel_like(const void *ip, const void *end, __be16 proto)
{
	const struct iphdr *ip4 = ip;
	const struct ipv6hdr *ip6 = ip;
	const struct udphdr *udp = proto == bpf_htons(ETH_P_IP) ? ip + sizeof(*ip4) : ip + sizeof(*ip6);
	__u8 next;

	if ((const void *)(ip4 + 1) > end || (proto != bpf_htons(ETH_P_IP) && (const void *)(ip6 + 1) > end))
		return 0;
	next = proto == bpf_htons(ETH_P_IP) ? ip4->protocol : ip6->nexthdr;
	if (next == IPPROTO_TCP)
		return 0;
	if (next == IPPROTO_IPIP || next == IPPROTO_IPV6 || next == IPPROTO_GRE)
		return 1;
	/* behind options the port is elsewhere: look */
	if (next != IPPROTO_UDP || (const void *)(udp + 1) > end)
		return 0;
	return udp->dest == bpf_htons(LC_VXLAN_PORT) || (proto == bpf_htons(ETH_P_IP) && ip4->ihl != 5);
}

/* Ethernet at an offset: to the header behind it, over one tag. */
LC_INLINE int lc_tunnel_ethernet(struct __sk_buff *skb, struct lc_link *link, __u32 at)
{
	__be16 proto;

	if (bpf_skb_load_bytes(skb, at + 12, &proto, sizeof(proto)))
		return 0;
	at += sizeof(struct ethhdr);
	if (proto == bpf_htons(ETH_P_8021Q)) {
		if (bpf_skb_load_bytes(skb, at + 2, &proto, sizeof(proto)))
			return 0;
		at += sizeof(struct lc_vlan);
	}
	link->l3 = at;
	link->proto = proto;
	return proto == bpf_htons(ETH_P_IP) || proto == bpf_htons(ETH_P_IPV6);
}

LC_INLINE int lc_tunnel_gre(struct __sk_buff *skb, struct lc_link *link, __u32 at)
{
	struct { __be16 flags, proto; } gre;
	__u16 flags;

	if (bpf_skb_load_bytes(skb, at, &gre, sizeof(gre)))
		return 0;
	flags = bpf_ntohs(gre.flags);
	if (flags & ~LC_GRE_KNOWN)
		return 0;
	at += 4 + (flags & LC_GRE_CHECKSUM ? 4 : 0) + (flags & LC_GRE_KEY ? 4 : 0) + (flags & LC_GRE_SEQUENCE ? 4 : 0);
	if (gre.proto == bpf_htons(LC_ETH_P_TEB))
		return lc_tunnel_ethernet(skb, link, at);
	link->l3 = at;
	link->proto = gre.proto;
	return gre.proto == bpf_htons(ETH_P_IP) || gre.proto == bpf_htons(ETH_P_IPV6);
}

LC_INLINE int lc_tunnel_vxlan(struct __sk_buff *skb, struct lc_link *link, __u32 at)
{
	struct { struct udphdr udp; __u8 vxlan[8]; } head;

	if (bpf_skb_load_bytes(skb, at, &head, sizeof(head)) || head.udp.dest != bpf_htons(LC_VXLAN_PORT) ||
	    !(head.vxlan[0] & 8))
		return 0;
	return lc_tunnel_ethernet(skb, link, at + sizeof(head));
}

/* One tunnel: link becomes the inner packet's. 0: there is none, or it is cut into fragments. */
LC_GLOBAL int lc_tunnel_open(struct __sk_buff *skb, struct lc_link *link)
{
	struct iphdr ip4;
	__u8 next;
	__u32 at;

	if (!link)
		return 0;
	at = link->l3;
	if (link->proto == bpf_htons(ETH_P_IP)) {
		if (bpf_skb_load_bytes(skb, at, &ip4, sizeof(ip4)) || ip4.frag_off & bpf_htons(0x3fff))
			return 0;
		next = ip4.protocol;
		at += ip4.ihl * 4;
	} else {
		if (bpf_skb_load_bytes(skb, at + __builtin_offsetof(struct ipv6hdr, nexthdr), &next, sizeof(next)))
			return 0;
		at += sizeof(struct ipv6hdr);
	}
	if (next == IPPROTO_GRE)
		return lc_tunnel_gre(skb, link, at);
	if (next == IPPROTO_UDP)
		return lc_tunnel_vxlan(skb, link, at);
	if (next != IPPROTO_IPIP && next != IPPROTO_IPV6)
		return 0;
	link->l3 = at;
	link->proto = next == IPPROTO_IPIP ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
	return 1;
}

#endif
