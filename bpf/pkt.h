/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where things are in a packet. Two steps: link layer and IP's first header by direct access, all that an untagged host
 * ever costs; and, for assets, the rest of the headers into struct lc_pkt. Looks at no byte behind TCP's or UDP's header.
 */
#ifndef LENSCAP_PKT_H
#define LENSCAP_PKT_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include "maps.h"

#define LC_ETH_P_QINQ 0x88a8         /* IEEE 802.1ad */
#define LC_EXT6_MAX 24               /* extension headers that are walked; more: many-headers */
#define LC_LINK_MAX (sizeof(struct ethhdr) + 2 * sizeof(struct lc_vlan) + sizeof(struct lc_pppoe) + sizeof(struct ipv6hdr))

#define LC_ETH_P_PPPOE 0x8864        /* RFC 2516, 4 */
#define LC_ETH_P_MPLS 0x8847         /* RFC 3032, 5; 0x8848 for multicast */
#define LC_PPP_IP 0x0021             /* RFC 1332, 1334; RFC 5072, 2 */
#define LC_PPP_IPV6 0x0057

struct lc_vlan { __be16 tci; __be16 proto; };
struct lc_pppoe { __u8 type, code; __be16 session, len, proto; };

/* The first step's findings, in registers. */
struct lc_link {
	__u32 l3;
	__be16 proto;                /* behind the tags */
	__u16 vlan_outer, vlan_inner;
	__u32 tunnel;                /* l3 is that of a packet inside another */
};

/* The tag that the driver or the stack took off is the outer one. */
LC_INLINE enum lc_reason lc_pkt_link(struct __sk_buff *skb, struct lc_link *link)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct ethhdr *eth = data;
	struct lc_vlan *tag = (void *)(eth + 1);
	int tags = 0;

	if ((void *)(eth + 1) > end)
		return LC_R_TRUNCATED;
	link->l3 = sizeof(*eth);     /* counted, not subtracted: 6.1 and 6.18 know no bounds of a difference of pointers */
	link->proto = eth->h_proto;
	link->vlan_outer = 0;
	link->vlan_inner = 0;
	link->tunnel = 0;
	if (skb->vlan_present) {
		link->vlan_outer = skb->vlan_tci & 0xfff;
		tags = 1;
	}
#pragma unroll
	for (int i = 0; i < 2; i++) {
		if (link->proto != bpf_htons(ETH_P_8021Q) && link->proto != bpf_htons(LC_ETH_P_QINQ))
			break;
		if ((void *)(tag + 1) > end)
			return LC_R_TRUNCATED;
		if (tags++)
			link->vlan_inner = bpf_ntohs(tag->tci) & 0xfff;
		else
			link->vlan_outer = bpf_ntohs(tag->tci) & 0xfff;
		link->proto = tag->proto;
		link->l3 += sizeof(*tag);
		tag++;
	}
	if (link->proto == bpf_htons(LC_ETH_P_PPPOE)) {
		struct lc_pppoe *ppp = (void *)tag;

		if ((void *)(ppp + 1) > end)
			return LC_R_TRUNCATED;
		link->tunnel = 1;
		link->l3 += sizeof(*ppp);
		link->proto = ppp->proto == bpf_htons(LC_PPP_IP) ? bpf_htons(ETH_P_IP) :
			      ppp->proto == bpf_htons(LC_PPP_IPV6) ? bpf_htons(ETH_P_IPV6) : 0;
	}
	return LC_R_NONE;
}

LC_INLINE void lc_pkt_mapped(__u8 to[16], const void *addr)
{
	__builtin_memset(to, 0, 10);
	to[10] = to[11] = 0xff;
	__builtin_memcpy(to + 12, addr, 4);
}

LC_INLINE enum lc_reason lc_pkt_ip4(struct __sk_buff *skb, struct lc_work *w)
{
	struct lc_pkt *p = &w->pkt;
	struct iphdr ip;
	__u32 len;

	if (bpf_skb_load_bytes(skb, p->l3, &ip, sizeof(ip)))
		return LC_R_TRUNCATED;
	len = bpf_ntohs(ip.tot_len);
	if (!len && skb->gso_segs > 1)
		len = skb->len - p->l3;      /* BIG TCP: more than the field holds */
	p->l4 = p->l3 + ip.ihl * 4;
	p->end = p->l3 + len;
	p->family = 4;
	p->proto = ip.protocol;
	if (ip.version != 4 || ip.ihl < 5 || p->end < p->l4 || p->end > skb->len)
		return LC_R_TRUNCATED;
	lc_pkt_mapped(w->key.src, &ip.saddr);
	lc_pkt_mapped(w->key.dst, &ip.daddr);
	if (!(ip.frag_off & bpf_htons(0x3fff)))
		return LC_R_NONE;
	p->frag_id = bpf_ntohs(ip.id);
	p->frag_at = (bpf_ntohs(ip.frag_off) & 0x1fff) * 8;
	p->last = !(ip.frag_off & bpf_htons(0x2000));
	return LC_R_FRAGMENT;
}

struct lc_ext6_walk { struct __sk_buff *skb; struct lc_work *work; __u32 why; };

/* RFC 8200, 4: one extension header. An atomic fragment (RFC 6946) is no fragment. */
LC_CALLBACK lc_pkt_ext6(__u32 turn, void *context)
{
	struct lc_ext6_walk *walk = context;
	struct lc_pkt *p = &walk->work->pkt;
	__u8 ext[8] = {};

	if (p->proto != IPPROTO_HOPOPTS && p->proto != IPPROTO_ROUTING && p->proto != IPPROTO_DSTOPTS &&
	    p->proto != IPPROTO_FRAGMENT && p->proto != IPPROTO_AH)
		return 1;
	if (turn >= LC_EXT6_MAX) {
		walk->why = LC_R_HEADERS;
		return 1;
	}
	if (bpf_skb_load_bytes(walk->skb, p->l4, ext, sizeof(ext))) {
		walk->why = LC_R_TRUNCATED;
		return 1;
	}
	if (p->proto == IPPROTO_FRAGMENT) {
		p->frag_id = (__u32)ext[4] << 24 | ext[5] << 16 | ext[6] << 8 | ext[7];
		p->frag_at = (ext[2] << 8 | ext[3]) & 0xfff8;
		p->last = !(ext[3] & 1);
		if (p->frag_at || !p->last)
			walk->why = LC_R_FRAGMENT;
		p->l4 += 8;
	} else {
		p->l4 += p->proto == IPPROTO_AH ? (ext[1] + 2) * 4 : (ext[1] + 1) * 8;
	}
	p->proto = ext[0];
	return walk->why != LC_R_NONE;
}

LC_INLINE enum lc_reason lc_pkt_ip6(struct __sk_buff *skb, struct lc_work *w)
{
	struct lc_ext6_walk walk = { .skb = skb, .work = w };
	struct lc_pkt *p = &w->pkt;
	struct ipv6hdr ip;
	__u32 len;

	if (bpf_skb_load_bytes(skb, p->l3, &ip, sizeof(ip)))
		return LC_R_TRUNCATED;
	len = bpf_ntohs(ip.payload_len);
	if (!len && skb->gso_segs > 1)
		len = skb->len - p->l3 - sizeof(ip);
	p->l4 = p->l3 + sizeof(ip);
	p->end = p->l4 + len;
	p->family = 6;
	p->proto = ip.nexthdr;
	if (ip.version != 6 || p->end > skb->len)
		return LC_R_TRUNCATED;
	__builtin_memcpy(w->key.src, &ip.saddr, 16);
	__builtin_memcpy(w->key.dst, &ip.daddr, 16);
	lc_loop(LC_EXT6_MAX + 1, lc_pkt_ext6, &walk);
	return walk.why;
}

/* A TCP header that begins at an offset of what ends at end. */
LC_INLINE enum lc_reason lc_pkt_tcp_header(struct lc_work *w, const struct tcphdr *tcp, __u32 at, __u32 end)
{
	struct lc_pkt *p = &w->pkt;

	p->payload = at + tcp->doff * 4;
	if (tcp->doff < 5 || p->payload > end)
		return LC_R_TRUNCATED;
	p->payload_len = end - p->payload;
	p->seq = bpf_ntohl(tcp->seq);
	p->ack = bpf_ntohl(tcp->ack_seq);
	p->flags = ((const __u8 *)tcp)[13];
	p->urgent = p->flags & LC_TCP_URG ? bpf_ntohs(tcp->urg_ptr) : 0;
	p->check = tcp->check;
	w->key.sport = tcp->source;
	w->key.dport = tcp->dest;
	return LC_R_NONE;
}

LC_INLINE enum lc_reason lc_pkt_udp_header(struct lc_work *w, const struct udphdr *udp, __u32 at, __u32 end)
{
	w->pkt.payload = at + sizeof(*udp);
	w->pkt.payload_len = end - w->pkt.payload;
	w->pkt.flags = 0;
	w->key.sport = udp->source;
	w->key.dport = udp->dest;
	return LC_R_NONE;
}

LC_INLINE enum lc_reason lc_pkt_tcp(struct __sk_buff *skb, struct lc_work *w)
{
	struct lc_pkt *p = &w->pkt;
	struct tcphdr tcp;

	if (p->l4 + sizeof(tcp) > p->end || bpf_skb_load_bytes(skb, p->l4, &tcp, sizeof(tcp)))
		return LC_R_TRUNCATED;
	return lc_pkt_tcp_header(w, &tcp, p->l4, p->end);
}

LC_INLINE enum lc_reason lc_pkt_udp(struct __sk_buff *skb, struct lc_work *w)
{
	struct lc_pkt *p = &w->pkt;
	struct udphdr udp;

	if (p->l4 + sizeof(udp) > p->end || bpf_skb_load_bytes(skb, p->l4, &udp, sizeof(udp)))
		return LC_R_TRUNCATED;
	return lc_pkt_udp_header(w, &udp, p->l4, p->end);
}

/* The payload's first bytes, wherever they are. */
LC_INLINE int lc_pkt_peek(struct __sk_buff *skb, const struct lc_work *w, __u8 *to, __u32 n)
{
	struct lc_stream *datagram;
	__u32 zero = 0;

	if (!w->pkt.whole)
		return bpf_skb_load_bytes(skb, w->pkt.payload, to, n);
	datagram = bpf_map_lookup_elem(&lc_datagrams, &zero);
	if (!datagram)
		return -1;
#pragma unroll
	for (__u32 i = 0; i < 8; i++)
		if (i < n)
			to[i] = datagram->bytes[(w->pkt.payload + i) & LC_STREAM_MASK];
	return 0;
}

/* An asset's packet: all headers. LC_R_NONE: TCP or UDP, ready to be looked at. */
LC_GLOBAL int lc_pkt_headers(struct __sk_buff *skb, struct lc_work *w)
{
	enum lc_reason why;

	if (!w)
		return LC_R_TRUNCATED;
	w->pkt.family = 0;
	w->key.sport = w->key.dport = 0;
	w->key.pad[0] = 0;
	w->pkt.flags = 0;
	w->pkt.urgent = 0;
	why = w->pkt.proto == 4 ? lc_pkt_ip4(skb, w) : lc_pkt_ip6(skb, w);
	w->key.proto = w->pkt.proto;
	w->key.vlan_outer = w->pkt.vlan_outer;
	w->key.vlan_inner = w->pkt.vlan_inner;
	if (why != LC_R_NONE)
		return why;
	if (w->pkt.proto == IPPROTO_TCP)
		return lc_pkt_tcp(skb, w);
	if (w->pkt.proto == IPPROTO_UDP)
		return lc_pkt_udp(skb, w);
	return LC_R_NOT_TCP;
}

#endif
