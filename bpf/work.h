/* SPDX-License-Identifier: GPL-2.0-only */
/* A packet's working memory: what each step found, for the steps after it. One per CPU; nothing in it outlives a packet. */
#ifndef LENSCAP_WORK_H
#define LENSCAP_WORK_H

#include "lenscap.h"
#include "lenscap_name.h"
#include "tls.h"

/* Where things are in the packet: offsets from its first byte. */
struct lc_pkt {
	__u32 l3, l4;
	__u32 end;                   /* of the IP packet; Ethernet may have padded it */
	__u32 payload, payload_len;  /* of TCP or UDP */
	__u32 seq, ack;              /* TCP */
	__u32 rst_seq;               /* the first byte that the server does not have: what a RST to it must carry */
	__u16 check;                 /* TCP checksum as it came */
	__u16 ext6_len;              /* IPv6: bytes of extension headers so far */
	__u16 vlan_outer, vlan_inner;
	__u8 family;                 /* 4, 6 */
	__u8 proto;
	__u8 flags;                  /* TCP, byte 13 */
	__u8 pad;
	__u8 mac[6];                 /* source */
	__u8 pad2[2];
};

struct lc_work {
	struct lc_pkt pkt;
	struct lc_conf conf;
	struct lc_asset asset;
	struct lc_flow_key key;
	struct lc_flow flow;         /* a new flow, before it is in its table */
	struct lc_walk walk;
	__u32 slot;
	__u16 endpoint;
	__u16 rule;
	__u8 verdict;
	__u8 wanted;
	__u8 reason;
	__u8 decided;                /* this packet decided its flow */
	struct lc_tls tls;
	struct lc_stream stream;
};

#define LC_TCP_FIN 0x01
#define LC_TCP_SYN 0x02
#define LC_TCP_RST 0x04
#define LC_TCP_ACK 0x10

#endif
