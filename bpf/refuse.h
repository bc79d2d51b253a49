/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An honest end for a refused TCP connection: the refused packet itself is cut down to a RST and goes on to the server
 * (through the host's own routing and NAT), a copy turned round goes back to the client, as a RST or as a TLS alert that says
 * why. RFC 9293, 3.5.2 and 3.10.7: a RST counts only with the sequence number that the other side expects next.
 * Changes nothing but the packet in hand.
 */
#ifndef LENSCAP_REFUSE_H
#define LENSCAP_REFUSE_H

#include <linux/pkt_cls.h>

#include "work.h"

#define LC_REPLY_TTL 64
#define LC_ALERT_BYTES 7

/* A TCP segment that takes the place of the packet in hand. */
struct lc_reply {
	__u8 src[16], dst[16];       /* as in flow keys */
	__be16 sport, dport;
	__u32 seq, ack;
	__u8 flags;
	__u8 ttl;
	__u8 partial;                /* the stack will finish the checksum */
	__u8 family;
	__u32 l3, l4;
	__u32 alert;                 /* LC_ALERT_BYTES behind the header, or 0 */
};

/* RFC 8446, 5.1 and 6.2: a record of one fatal alert, access_denied; a zero behind it, for sums in fours. */
struct lc_alert { __u8 bytes[LC_ALERT_BYTES + 1]; };
#define LC_ALERT ((struct lc_alert){ { 21, 3, 3, 0, 2, 2, 49, 0 } })

LC_INLINE __u16 lc_refuse_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/* Addresses stay or swap, so only length and TTL change IPv4's checksum. */
LC_INLINE int lc_refuse_ip4(struct __sk_buff *skb, const struct lc_reply *reply)
{
	__u32 at = reply->l3;
	struct iphdr ip;
	__be16 len = bpf_htons(reply->l4 - at + sizeof(struct tcphdr) + reply->alert);
	__be16 ttl, old_ttl;

	if (bpf_skb_load_bytes(skb, at, &ip, sizeof(ip)))
		return -1;
	old_ttl = bpf_htons(ip.ttl << 8 | ip.protocol);
	ttl = bpf_htons(reply->ttl << 8 | ip.protocol);
	if (bpf_l3_csum_replace(skb, at + __builtin_offsetof(struct iphdr, check), ip.tot_len, len, 2) ||
	    bpf_l3_csum_replace(skb, at + __builtin_offsetof(struct iphdr, check), old_ttl, ttl, 2))
		return -1;
	if (bpf_skb_store_bytes(skb, at + __builtin_offsetof(struct iphdr, tot_len), &len, 2, 0) ||
	    bpf_skb_store_bytes(skb, at + __builtin_offsetof(struct iphdr, ttl), &reply->ttl, 1, 0) ||
	    bpf_skb_store_bytes(skb, at + __builtin_offsetof(struct iphdr, saddr), reply->src + 12, 4, 0))
		return -1;
	return bpf_skb_store_bytes(skb, at + __builtin_offsetof(struct iphdr, daddr), reply->dst + 12, 4, 0);
}

LC_INLINE int lc_refuse_ip6(struct __sk_buff *skb, const struct lc_reply *reply)
{
	__be16 len = bpf_htons(reply->l4 - reply->l3 - sizeof(struct ipv6hdr) + sizeof(struct tcphdr) + reply->alert);
	__u32 at = reply->l3;

	if (bpf_skb_store_bytes(skb, at + __builtin_offsetof(struct ipv6hdr, payload_len), &len, 2, 0) ||
	    bpf_skb_store_bytes(skb, at + __builtin_offsetof(struct ipv6hdr, hop_limit), &reply->ttl, 1, 0) ||
	    bpf_skb_store_bytes(skb, at + __builtin_offsetof(struct ipv6hdr, saddr), reply->src, 16, 0))
		return -1;
	return bpf_skb_store_bytes(skb, at + __builtin_offsetof(struct ipv6hdr, daddr), reply->dst, 16, 0);
}

/* The mapped form's fixed 12 bytes are in both addresses or in neither, so IPv4 takes the last four of each. */
LC_INLINE __s64 lc_refuse_pseudo(const struct lc_reply *reply)
{
	struct { __be32 len, proto; } tail = { bpf_htonl(sizeof(struct tcphdr) + reply->alert), bpf_htonl(IPPROTO_TCP) };
	__s64 sum = bpf_csum_diff(NULL, 0, (__be32 *)&tail, sizeof(tail), 0);

	if (reply->family == 4) {
		sum = bpf_csum_diff(NULL, 0, (__be32 *)(reply->src + 12), 4, sum);
		return bpf_csum_diff(NULL, 0, (__be32 *)(reply->dst + 12), 4, sum);
	}
	sum = bpf_csum_diff(NULL, 0, (__be32 *)reply->src, 16, sum);
	return bpf_csum_diff(NULL, 0, (__be32 *)reply->dst, 16, sum);
}

LC_INLINE int lc_refuse_tcp(struct __sk_buff *skb, const struct lc_reply *reply)
{
	struct tcphdr tcp = { .source = reply->sport, .dest = reply->dport, .seq = bpf_htonl(reply->seq), .doff = 5 };
	struct lc_alert alert = LC_ALERT;
	__s64 sum = lc_refuse_pseudo(reply);

	((__u8 *)&tcp)[13] = reply->flags;
	tcp.window = reply->alert ? 0xffff : 0;      /* room for the client's FIN, or it would probe for ever */
	if (reply->flags & LC_TCP_ACK)
		tcp.ack_seq = bpf_htonl(reply->ack);
	if (reply->partial) {
		tcp.check = lc_refuse_fold(sum);
	} else {
		if (reply->alert)
			sum = bpf_csum_diff(NULL, 0, (__be32 *)&alert, sizeof(alert), sum);
		tcp.check = ~lc_refuse_fold(bpf_csum_diff(NULL, 0, (__be32 *)&tcp, sizeof(tcp), sum));
	}
	if (reply->alert && bpf_skb_store_bytes(skb, reply->l4 + sizeof(tcp), &alert, LC_ALERT_BYTES, 0))
		return -1;
	return bpf_skb_store_bytes(skb, reply->l4, &tcp, sizeof(tcp), 0);
}

/* Make the packet, headers only by now, this segment. */
LC_GLOBAL int lc_refuse_write(struct __sk_buff *skb, const struct lc_reply *reply)
{
	if (!reply)
		return -1;
	if (reply->family == 4 ? lc_refuse_ip4(skb, reply) : lc_refuse_ip6(skb, reply))
		return -1;
	return lc_refuse_tcp(skb, reply);
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

LC_INLINE int lc_refuse_client(struct __sk_buff *skb, const struct lc_work *w, struct lc_reply *reply)
{
	const struct lc_pkt *p = &w->pkt;
	__u32 sent = p->payload_len + !!(p->flags & LC_TCP_SYN) + !!(p->flags & LC_TCP_FIN);

	__builtin_memcpy(reply->src, w->key.dst, 16);
	__builtin_memcpy(reply->dst, w->key.src, 16);
	reply->sport = w->key.dport;
	reply->dport = w->key.sport;
	reply->seq = p->flags & LC_TCP_ACK ? p->ack : 0;
	reply->ack = p->seq + sent;
	reply->flags = reply->alert ? LC_TCP_ACK | LC_TCP_PSH | LC_TCP_FIN : LC_TCP_ACK | LC_TCP_RST;
	reply->ttl = LC_REPLY_TTL;
	return lc_refuse_write(skb, reply);
}

LC_INLINE int lc_refuse_server(struct __sk_buff *skb, const struct lc_work *w, struct lc_reply *reply)
{
	__builtin_memcpy(reply->src, w->key.src, 16);
	__builtin_memcpy(reply->dst, w->key.dst, 16);
	reply->sport = w->key.sport;
	reply->dport = w->key.dport;
	reply->seq = w->pkt.rst_seq;
	reply->ack = w->pkt.ack;
	reply->flags = LC_TCP_RST | (w->pkt.flags & LC_TCP_ACK);
	reply->alert = 0;
	return lc_refuse_write(skb, reply);
}

/* The RST that is made of a fragment is none. IPv6's fragment header stays, as an atomic one. */
LC_INLINE int lc_refuse_whole(struct __sk_buff *skb, const struct lc_pkt *p)
{
	__u32 at = p->family == 4 ? p->l3 + __builtin_offsetof(struct iphdr, frag_off) : p->l4 - 6;
	__be16 was, none = 0;

	if (bpf_skb_load_bytes(skb, at, &was, sizeof(was)) || bpf_skb_store_bytes(skb, at, &none, sizeof(none), 0))
		return -1;
	if (p->family == 6)
		return 0;
	return bpf_l3_csum_replace(skb, p->l3 + __builtin_offsetof(struct iphdr, check), was, none, 2);
}

/*
 * An alert answers data of a client that speaks TLS. What else it sends on the refused connection: a FIN is its reply to the alert's
 * and gets a RST, so that no socket waits; the bare ACK of the alert gets nothing, or it would lose the alert unread.
 */
enum lc_answer { LC_ANSWER_NONE, LC_ANSWER_RST, LC_ANSWER_ALERT };

LC_INLINE enum lc_answer lc_refuse_answer(const struct lc_work *w)
{
	const struct lc_pkt *p = &w->pkt;

	if (w->conf.flags & LC_CONF_DRY || p->tunnel || p->flags & LC_TCP_RST || p->proto != IPPROTO_TCP)
		return LC_ANSWER_NONE;
	if (w->best.verdict == LC_V_DENY_RESET)
		return LC_ANSWER_RST;
	if (w->best.verdict != LC_V_DENY_ALERT)
		return LC_ANSWER_NONE;
	if (p->flags & (LC_TCP_FIN | LC_TCP_SYN) || !w->tls.started)
		return w->decided && w->tls.started && p->flags & LC_TCP_FIN && p->flags & LC_TCP_ACK ? LC_ANSWER_ALERT : LC_ANSWER_RST;
	return p->payload_len && p->flags & LC_TCP_ACK ? LC_ANSWER_ALERT : LC_ANSWER_NONE;
}

/* 0: the packet is now the server's RST and may go on, the client has its answer. Else: drop what is left of it. */
LC_GLOBAL int lc_refuse(struct __sk_buff *skb, struct lc_work *w)
{
	struct lc_reply reply = {};
	enum lc_answer answer;
	__u8 macs[12];

	if (!w)
		return -1;
	answer = lc_refuse_answer(w);
	if (answer == LC_ANSWER_NONE)
		return -1;
	reply.family = w->pkt.family;
	reply.l3 = w->pkt.l3;
	reply.l4 = w->pkt.l4;
	reply.alert = answer == LC_ANSWER_ALERT ? LC_ALERT_BYTES : 0;
	reply.partial = !w->pkt.whole && lc_refuse_partial(skb, &w->pkt);
	if (bpf_skb_load_bytes(skb, 0, macs, sizeof(macs)) ||
	    bpf_skb_change_tail(skb, reply.l4 + sizeof(struct tcphdr) + reply.alert, 0))
		return -1;
	if (w->pkt.whole && lc_refuse_whole(skb, &w->pkt))
		return -1;
	if (lc_refuse_client(skb, w, &reply) || lc_refuse_macs(skb, macs + 6, macs))
		return -1;
	bpf_clone_redirect(skb, skb->ifindex, 0);
	if (lc_refuse_macs(skb, macs, macs + 6) || bpf_skb_change_tail(skb, reply.l4 + sizeof(struct tcphdr), 0))
		return -1;
	return lc_refuse_server(skb, w, &reply);
}

#endif
