/* SPDX-License-Identifier: GPL-2.0-only */
/* UDP of assets: what may be QUIC is handed on to the program that reads it; all else is only counted. */
#ifndef LENSCAP_UDP_H
#define LENSCAP_UDP_H

#include "crypto/quic_keys.h"
#include "flow.h"

/*
 * RFC 9000, 17.2 and 14.1: a long header of a version that is known, or, of another, with the fixed bit (else it may be RTP: RFC 9443,
 * 2) and in a datagram as large as a client's first must be. Whether it is QUIC at all, the tag will tell.
 */
LC_INLINE int lc_udp_is_quic(const struct lc_work *w, const __u8 head[5])
{
	__u32 version = (__u32)head[1] << 24 | head[2] << 16 | head[3] << 8 | head[4];

	if (!(head[0] & 0x80) || !version)
		return 0;
	return lc_quic_version_known(version) || (head[0] & 0x40 && w->pkt.payload_len >= LC_QUIC_FIRST_MIN);
}

/* LC_R_QUIC_LOOK: an Initial may be in it, for the program that reads those. */
LC_INLINE enum lc_reason lc_udp(struct __sk_buff *skb, struct lc_work *w)
{
	struct lc_flow *flow = bpf_map_lookup_elem(&lc_flows, &w->key);
	__u8 head[5] = {};

	if (w->pkt.payload_len >= sizeof(head))
		lc_pkt_peek(skb, w, head, sizeof(head));
	if (!flow) {
		if (!lc_udp_is_quic(w, head))
			return LC_R_NOT_TCP;
		lc_flow_blank(w);
		flow = lc_flow_add(w, 1);
	}
	if (!flow)
		return lc_flow_reason(w, NULL, LC_R_TABLE_FULL);
	lc_flow_count(skb, flow);
	if (flow->verdict != LC_V_UNDECIDED) {
		enum lc_reason why = lc_flow_known(w, flow);

		if (why != LC_R_DECIDED || lc_verdict_refuses(flow->verdict) || !(head[0] & 0x80))
			return why;
	}
	return head[0] & 0x80 ? LC_R_QUIC_LOOK : LC_R_NO_DATA;
}

#endif
