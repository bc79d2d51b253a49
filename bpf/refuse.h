/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An honest end for a refused TCP connection: the refused packet itself is cut down to a RST and goes on to the server
 * (through the host's own routing and NAT), a copy turned round goes back to the client. RFC 9293, 3.5.2 and 3.10.7: a RST
 * counts only with the sequence number that the other side expects next. Changes nothing but the packet in hand.
 */
#ifndef LENSCAP_REFUSE_H
#define LENSCAP_REFUSE_H

#include <linux/pkt_cls.h>

#include "work.h"

#define LC_RST_TTL 64

struct lc_rst {
	__u8 src[16], dst[16];       /* as in flow keys */
	__be16 sport, dport;
	__u32 seq, ack;
	__u8 flags;
	__u8 ttl;
	__u8 partial;                /* the stack will finish the checksum */
	__u8 family;
	__u32 l3, l4;
};

LC_INLINE __u16 lc_refuse_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/* Addresses stay or swap, so only length and TTL change IPv4's checksum. */
LC_INLINE int lc_refuse_ip4(struct __sk_buff *skb, const struct lc_rst *rst)
{
	__u32 at = rst->l3;
	struct iphdr ip;
	__be16 len = bpf_htons(rst->l4 - at + sizeof(struct tcphdr));
	__be16 ttl, old_ttl;

	if (bpf_skb_load_bytes(skb, at, &ip, sizeof(ip)))
		return -1;
	old_ttl = bpf_htons(ip.ttl << 8 | ip.protocol);
	ttl = bpf_htons(rst->ttl << 8 | ip.protocol);
	if (bpf_l3_csum_replace(skb, at + __builtin_offsetof(struct iphdr, check), ip.tot_len, len, 2) ||
	    bpf_l3_csum_replace(skb, at + __builtin_offsetof(struct iphdr, check), old_ttl, ttl, 2))
		return -1;
	if (bpf_skb_store_bytes(skb, at + __builtin_offsetof(struct iphdr, tot_len), &len, 2, 0) ||
	    bpf_skb_store_bytes(skb, at + __builtin_offsetof(struct iphdr, ttl), &rst->ttl, 1, 0) ||
	    bpf_skb_store_bytes(skb, at + __builtin_offsetof(struct iphdr, saddr), rst->src + 12, 4, 0))
		return -1;
	return bpf_skb_store_bytes(skb, at + __builtin_offsetof(struct iphdr, daddr), rst->dst + 12, 4, 0);
}

LC_INLINE int lc_refuse_ip6(struct __sk_buff *skb, const struct lc_rst *rst)
{
	__be16 len = bpf_htons(rst->l4 - rst->l3 - sizeof(struct ipv6hdr) + sizeof(struct tcphdr));
	__u32 at = rst->l3;

	if (bpf_skb_store_bytes(skb, at + __builtin_offsetof(struct ipv6hdr, payload_len), &len, 2, 0) ||
	    bpf_skb_store_bytes(skb, at + __builtin_offsetof(struct ipv6hdr, hop_limit), &rst->ttl, 1, 0) ||
	    bpf_skb_store_bytes(skb, at + __builtin_offsetof(struct ipv6hdr, saddr), rst->src, 16, 0))
		return -1;
	return bpf_skb_store_bytes(skb, at + __builtin_offsetof(struct ipv6hdr, daddr), rst->dst, 16, 0);
}

/* The mapped form's fixed 12 bytes are in both addresses or in neither, so IPv4 takes the last four of each. */
LC_INLINE __s64 lc_refuse_pseudo(const struct lc_rst *rst)
{
	struct { __be32 len, proto; } tail = { bpf_htonl(sizeof(struct tcphdr)), bpf_htonl(IPPROTO_TCP) };
	__s64 sum = bpf_csum_diff(NULL, 0, (__be32 *)&tail, sizeof(tail), 0);

	if (rst->family == 4) {
		sum = bpf_csum_diff(NULL, 0, (__be32 *)(rst->src + 12), 4, sum);
		return bpf_csum_diff(NULL, 0, (__be32 *)(rst->dst + 12), 4, sum);
	}
	sum = bpf_csum_diff(NULL, 0, (__be32 *)rst->src, 16, sum);
	return bpf_csum_diff(NULL, 0, (__be32 *)rst->dst, 16, sum);
}

LC_INLINE int lc_refuse_tcp(struct __sk_buff *skb, const struct lc_rst *rst)
{
	struct tcphdr tcp = { .source = rst->sport, .dest = rst->dport, .seq = bpf_htonl(rst->seq), .doff = 5 };
	__s64 sum = lc_refuse_pseudo(rst);

	tcp.rst = 1;
	if (rst->flags & LC_TCP_ACK) {
		tcp.ack = 1;
		tcp.ack_seq = bpf_htonl(rst->ack);
	}
	if (rst->partial)
		tcp.check = lc_refuse_fold(sum);
	else
		tcp.check = ~lc_refuse_fold(bpf_csum_diff(NULL, 0, (__be32 *)&tcp, sizeof(tcp), sum));
	return bpf_skb_store_bytes(skb, rst->l4, &tcp, sizeof(tcp), 0);
}

/* Make the packet, headers only by now, this RST. */
LC_GLOBAL int lc_refuse_write(struct __sk_buff *skb, const struct lc_rst *rst)
{
	if (!rst)
		return -1;
	if (rst->family == 4 ? lc_refuse_ip4(skb, rst) : lc_refuse_ip6(skb, rst))
		return -1;
	return lc_refuse_tcp(skb, rst);
}

/* bpf_l4_csum_replace leaves the field alone where the stack or the card is still to fill it in (CHECKSUM_PARTIAL). */
LC_INLINE int lc_refuse_partial(struct __sk_buff *skb, const struct lc_pkt *p)
{
	__u32 at = p->l4 + __builtin_offsetof(struct tcphdr, check);
	__u16 check = p->check;

	bpf_l4_csum_replace(skb, at, 0, bpf_htons(1), 2);
	bpf_skb_load_bytes(skb, at, &check, sizeof(check));
	return check == p->check;
}

LC_INLINE int lc_refuse_macs(struct __sk_buff *skb, const __u8 *dst, const __u8 *src)
{
	if (bpf_skb_store_bytes(skb, 0, dst, 6, 0))
		return -1;
	return bpf_skb_store_bytes(skb, 6, src, 6, 0);
}

LC_INLINE int lc_refuse_client(struct __sk_buff *skb, const struct lc_work *w, struct lc_rst *rst)
{
	const struct lc_pkt *p = &w->pkt;
	__u32 sent = p->payload_len + !!(p->flags & LC_TCP_SYN) + !!(p->flags & LC_TCP_FIN);

	__builtin_memcpy(rst->src, w->key.dst, 16);
	__builtin_memcpy(rst->dst, w->key.src, 16);
	rst->sport = w->key.dport;
	rst->dport = w->key.sport;
	rst->seq = p->flags & LC_TCP_ACK ? p->ack : 0;
	rst->ack = p->seq + sent;
	rst->flags = LC_TCP_ACK;
	rst->ttl = LC_RST_TTL;
	return lc_refuse_write(skb, rst);
}

LC_INLINE int lc_refuse_server(struct __sk_buff *skb, const struct lc_work *w, struct lc_rst *rst)
{
	__builtin_memcpy(rst->src, w->key.src, 16);
	__builtin_memcpy(rst->dst, w->key.dst, 16);
	rst->sport = w->key.sport;
	rst->dport = w->key.dport;
	rst->seq = w->pkt.rst_seq;
	rst->ack = w->pkt.ack;
	rst->flags = w->pkt.flags & LC_TCP_ACK;
	return lc_refuse_write(skb, rst);
}

/* 0: the packet is now the server's RST and may go on, the client's is sent. Else: drop what is left of it. */
LC_GLOBAL int lc_refuse_reset(struct __sk_buff *skb, struct lc_work *w)
{
	struct lc_rst rst = {};
	__u8 macs[12];

	if (!w || w->conf.flags & LC_CONF_DRY || w->pkt.flags & LC_TCP_RST || w->pkt.proto != IPPROTO_TCP)
		return -1;
	rst.family = w->pkt.family;
	rst.l3 = w->pkt.l3;
	rst.l4 = w->pkt.l4;
	rst.partial = lc_refuse_partial(skb, &w->pkt);
	if (bpf_skb_load_bytes(skb, 0, macs, sizeof(macs)) || bpf_skb_change_tail(skb, rst.l4 + sizeof(struct tcphdr), 0))
		return -1;
	if (lc_refuse_client(skb, w, &rst) || lc_refuse_macs(skb, macs + 6, macs))
		return -1;
	bpf_clone_redirect(skb, skb->ifindex, 0);
	if (lc_refuse_macs(skb, macs, macs + 6))
		return -1;
	return lc_refuse_server(skb, w, &rst);
}

#endif
