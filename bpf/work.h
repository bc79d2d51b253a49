/* SPDX-License-Identifier: GPL-2.0-only */
/* A packet's working memory: what each step found, for the steps after it. One per CPU; nothing in it outlives a packet. */
#ifndef LENSCAP_WORK_H
#define LENSCAP_WORK_H

#include "lenscap.h"
#include "lenscap_name.h"
#include "inner.h"
#include "tls.h"

/* Where things are in the packet: offsets from its first byte. */
struct lc_pkt {
	__u32 l3, l4;
	__u32 end;                   /* of the IP packet; Ethernet may have padded it */
	__u32 payload, payload_len;  /* of TCP or UDP */
	__u32 seq, ack;              /* TCP */
	__u32 rst_seq;               /* the first byte that the server does not have: what a RST to it must carry */
	__u16 check;                 /* TCP checksum as it came */
	__u16 urgent;                /* TCP urgent pointer, 0 without URG */
	__u16 ext6_len;              /* IPv6: bytes of extension headers so far */
	__u16 vlan_outer, vlan_inner;
	__u8 family;                 /* 4, 6 */
	__u8 proto;
	__u8 flags;                  /* TCP, byte 13 */
	__u8 whole;                  /* put together from fragments: TCP or UDP begins lc_datagrams, not l4 */
	__u8 tunnel;                 /* inside another packet: l3 is the inner one's */
	__u8 last;                   /* fragment: none follows */
	__u8 mac[6];                 /* source */
	__u16 frag_at;               /* fragment: offset in bytes */
	__u32 frag_id;
};

/* One way to read a flow, and what the policy says to it. */
struct lc_view {
	__u32 hash;                  /* of its name */
	__u16 endpoint;
	__u16 rule;
	__u8 reason;
	__u8 verdict;
	__u8 wanted;
	__u8 pad;
};

struct lc_name { __u16 len; __u8 pad[6]; __u8 bytes[256]; };

/* Bytes [a, b) of the stream, 0 <= a < b <= LC_HELLO_MAX, which begin at offset from of the packet. */
struct lc_piece { __u32 a, b, from; };

/*
 * What the looks at a packet come to, over all beginnings of its flow. Here and not on the stack: the verifier would
 * follow every combination of such values.
 */
struct lc_looks {
	__u32 hits;                  /* bit per beginning whose hello the packet may hold bytes of */
	__u32 known;                 /* the flow was decided before */
	__u32 full;                  /* no room to keep a piece */
	__u32 len;                   /* of the stream that was looked at last, without a gap */
	__u32 whole;                 /* a hello is whole, ... */
	__u32 after;                 /* ... and this is the sequence number behind it */
};

struct lc_work {
	struct lc_looks looks;
	struct lc_pkt pkt;
	struct lc_conf conf;
	struct lc_asset asset;
	struct lc_flow_key key;
	struct lc_flow_key stream_key;       /* of the stream in hand, in which the first byte wins, */
	struct lc_flow_key other_key;        /* and of the one in which the last does */
	struct lc_flow flow;         /* a new flow, before it is in its table */
	struct lc_walk walk;
	struct lc_piece piece;
	struct lc_inner inner;
	struct lc_view view;         /* the one that is being looked at */
	struct lc_view best;         /* the one with the strictest verdict */
	__u32 slot;
	__u32 hello_end;             /* stream offset behind the hello */
	__u8 views;                  /* complete ones so far */
	__u8 odd;                    /* enum lc_reason: what is odd about them together */
	__u8 decided;                /* this packet decided its flow */
	__u8 again;                  /* ... that was decided before */
	__u8 quiet;                  /* of what is looked at only a refused name counts */
	struct lc_name name, other;  /* of the best view, and of one that disagrees */
	struct lc_tls tls;
	struct lc_stream stream;
};

#define LC_TCP_FIN 0x01
#define LC_TCP_SYN 0x02
#define LC_TCP_RST 0x04
#define LC_TCP_PSH 0x08
#define LC_TCP_ACK 0x10
#define LC_TCP_URG 0x20

#endif
