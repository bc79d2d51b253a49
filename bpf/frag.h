/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IP fragments of assets, put together as far as a verdict needs: their bytes are kept as a stream of their own, under the
 * datagram's identification, in the hellos' pool. Pieces pass (a host can do nothing with them) until the one that completes
 * the datagram: that packet is then looked at as if it carried all of it. What can not be put together is a reason of its own.
 */
#ifndef LENSCAP_FRAG_H
#define LENSCAP_FRAG_H

#include "pkt.h"
#include "stream.h"

/* Addresses and identification in the place of ports; with IPv4 also the protocol (RFC 791, 3.2; RFC 8200, 4.5). */
LC_INLINE void lc_frag_key(struct lc_work *w)
{
	if (w->pkt.family == 6)
		w->key.proto = 0;
	w->key.sport = w->pkt.frag_id >> 16;
	w->key.dport = w->pkt.frag_id & 0xffff;
	lc_stream_select(w, LC_STREAM_DATAGRAM, 0);
}

/* Copy the datagram out if all of it is here. */
LC_INLINE int lc_frag_copy(const struct lc_stream *s)
{
	struct lc_stream *datagram;
	__u32 zero = 0;

	datagram = bpf_map_lookup_elem(&lc_datagrams, &zero);
	if (!datagram || !s->total || s->len < s->total)
		return 0;
	lc_stream_copy(datagram, s, 0, 0, s->total);
	datagram->len = s->total;
	return 1;
}

/*
 * What a fragment says of its datagram: the last one where it ends, the first one what is in it. A second word on the end counts
 * only where that completes the datagram: else one that the receiver never gets would keep us waiting. Returns whether it
 * contradicts what was said before.
 */
LC_INLINE int lc_frag_says(const struct lc_work *w, struct lc_stream *s)
{
	__u32 end = w->piece.b;

	if (w->pkt.last && (!s->total || s->len >= end))
		s->total = end;
	if (!w->pkt.frag_at && !s->proto)
		s->proto = w->pkt.proto;
	if (!w->pkt.frag_at && s->proto != w->pkt.proto)
		return 1;
	return s->total && (w->pkt.last ? s->total != end : s->total < end);
}

/* Note the fragment. Returns whether it contradicts others, or -1 where it could not be kept. */
LC_INLINE int lc_frag_put(struct __sk_buff *skb, struct lc_work *w)
{
	struct lc_stream *s = bpf_map_lookup_elem(&lc_hellos, &w->stream_key);
	int differs = 0;

	if (s)
		differs = lc_stream_put(skb, w, s);
	else if (lc_stream_keep(skb, w))
		return -1;
	else
		s = bpf_map_lookup_elem(&lc_hellos, &w->stream_key);
	if (!s)
		return -1;
	return lc_frag_says(w, s) | differs;
}

/* TCP or UDP of the datagram in lc_datagrams, as lc_pkt_tcp() and lc_pkt_udp() find it in a packet. */
LC_INLINE enum lc_reason lc_frag_transport(struct lc_work *w)
{
	struct lc_stream *d;
	__u32 zero = 0;

	d = bpf_map_lookup_elem(&lc_datagrams, &zero);
	if (!d)
		return LC_R_FRAGMENT;
	w->pkt.whole = 1;
	if (w->pkt.proto == IPPROTO_TCP && d->len >= sizeof(struct tcphdr))
		return lc_pkt_tcp_header(w, (struct tcphdr *)d->bytes, 0, d->len);
	if (w->pkt.proto == IPPROTO_UDP && d->len >= sizeof(struct udphdr))
		return lc_pkt_udp_header(w, (struct udphdr *)d->bytes, 0, d->len);
	return LC_R_FRAGMENT;
}

/* LC_R_NONE: the packet completes its datagram, and is that from now on. LC_R_PENDING: it does not. LC_R_FRAGMENT: nobody can tell. */
LC_INLINE enum lc_reason lc_frag_take(struct __sk_buff *skb, struct lc_work *w)
{
	struct lc_pkt *p = &w->pkt;
	struct lc_stream *s;
	int differs, whole;

	if (p->end <= p->l4 || p->frag_at + p->end - p->l4 > LC_HELLO_MAX)
		return LC_R_FRAGMENT;
	w->piece = (struct lc_piece){ p->frag_at, p->frag_at + p->end - p->l4, p->l4 };
	lc_frag_key(w);
	differs = lc_frag_put(skb, w);
	s = bpf_map_lookup_elem(&lc_hellos, &w->stream_key);
	whole = s ? lc_frag_copy(s) : 0;
	if (whole)
		w->pkt.proto = w->key.proto = s->proto;
	if (differs)
		return LC_R_FRAGMENT;        /* RFC 5722: overlapping fragments are nobody's honest ones */
	return whole ? lc_frag_transport(w) : LC_R_PENDING;
}

#endif
