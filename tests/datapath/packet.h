/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Builds Ethernet frames, honest and lying: one knob per lie, all zero is the plain thing. Knows the protocols, and nothing of
 * the code that is tested with it. Lengths and checksums are right unless a knob says otherwise.
 */
#ifndef LENSCAP_TEST_PACKET_H
#define LENSCAP_TEST_PACKET_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <linux/types.h>

#define PACKET_MAX 70000

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16, TCP_URG = 32 };

/* An IPv6 extension header; data is what follows its length byte, units that length. */
enum { EXT_NONE = -1, EXT_HOP = 0, EXT_ROUTING = 43, EXT_FRAGMENT = 44, EXT_ESP = 50, EXT_AH = 51, EXT_DEST = 60 };
struct packet_ext {
	int type;                    /* EXT_NONE or 0 bytes: the end */
	size_t bytes;                /* of the whole header, a multiple of 8 (AH: 4) */
	int length_lie;              /* added to its length field */
};

struct packet {
	/* link */
	const char *src_mac, *dst_mac;       /* six bytes; NULL: 02:00:00:00:00:01 and :02 */
	__u16 vlan, vlan_inner;      /* 0: none; vlan_inner needs vlan */
	__u16 tpid;                  /* of the outer tag; 0: 0x8100, with an inner one 0x88a8 */
	__u16 ethertype;             /* 0: by src */
	__u16 pppoe;                 /* PPP's protocol number in a PPPoE session; 0: none */
	bool mpls;                   /* one label */
	/* network */
	const char *src, *dst;       /* text; the family is src's */
	size_t ip_options;           /* bytes, multiple of 4 */
	__u8 ttl;                    /* 0: 57 */
	int ihl_lie, length_lie, version_lie;
	__u16 fragment;              /* offset, in 8 bytes */
	bool more_fragments;
	__u32 id;                    /* of a datagram in fragments; 0: 0x1234 */
	bool raw;                    /* payload is all that follows the IP header */
	struct packet_ext ext[5];     /* four at most */
	/* transport */
	__u8 proto;                  /* 0: TCP */
	__u16 sport, dport;          /* 0: 40000, 443 */
	__u32 seq, ack;
	__u8 flags;
	size_t tcp_options;          /* bytes, multiple of 4 */
	int doff_lie;
	__u16 urgent;
	const void *payload;
	size_t payload_n;
	/* the frame ends here, whatever its headers say; 0: whole */
	size_t cut;
};

struct packet_out { __u8 *bytes; size_t n; };

static inline void packet_put(struct packet_out *o, const void *bytes, size_t n)
{
	if (bytes)
		memcpy(o->bytes + o->n, bytes, n);
	else
		memset(o->bytes + o->n, 0, n);
	o->n += n;
}

static inline void packet_put16(struct packet_out *o, unsigned int value)
{
	__be16 b = htons(value);

	packet_put(o, &b, 2);
}

static inline void packet_put32(struct packet_out *o, __u32 value)
{
	__be32 b = htonl(value);

	packet_put(o, &b, 4);
}

static inline void packet_set16(__u8 *at, unsigned int value)
{
	at[0] = value >> 8;
	at[1] = value;
}

static inline unsigned int packet_get16(const __u8 *at)
{
	return at[0] << 8 | at[1];
}

static inline __u32 packet_get32(const __u8 *at)
{
	return (__u32)packet_get16(at) << 16 | packet_get16(at + 2);
}

static inline bool packet_is6(const struct packet *p)
{
	return p->src && strchr(p->src, ':');
}

/* RFC 1071: to be folded by packet_fold() */
static inline __u32 packet_sum(const __u8 *bytes, size_t n, __u32 sum)
{
	for (size_t i = 0; i < n; i++)
		sum += i & 1 ? bytes[i] : bytes[i] << 8;
	return sum;
}

static inline unsigned int packet_fold(__u32 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

/* Over the pseudo header, too; 0 for a transport header whose checksum is right. */
static inline unsigned int packet_l4_sum(const __u8 *ip, const __u8 *l4, size_t n, unsigned int proto)
{
	bool six = ip[0] >> 4 == 6;
	__u32 sum = packet_sum(ip + (six ? 8 : 12), six ? 32 : 8, proto + n);

	return packet_fold(packet_sum(l4, n, sum));
}

static inline void packet_link(const struct packet *p, struct packet_out *o)
{
	unsigned int type = p->ethertype ? p->ethertype : packet_is6(p) ? 0x86dd : 0x0800;

	packet_put(o, p->dst_mac ? p->dst_mac : "\2\0\0\0\0\2", 6);
	packet_put(o, p->src_mac ? p->src_mac : "\2\0\0\0\0\1", 6);
	if (p->vlan) {
		packet_put16(o, p->tpid ? p->tpid : p->vlan_inner ? 0x88a8 : 0x8100);
		packet_put16(o, p->vlan);
	}
	if (p->vlan_inner) {
		packet_put16(o, 0x8100);
		packet_put16(o, p->vlan_inner);
	}
	packet_put16(o, p->pppoe ? 0x8864 : p->mpls ? 0x8847 : type);
	if (p->pppoe) {
		packet_put32(o, 0x11000001);
		packet_put16(o, 0);
		packet_put16(o, p->pppoe);
	}
	if (p->mpls)
		packet_put32(o, 0x00010140);
}

static inline void packet_ip4(const struct packet *p, struct packet_out *o)
{
	__u8 addr[4];

	packet_put16(o, (4 + p->version_lie) << 12 | (5 + p->ip_options / 4 + p->ihl_lie) << 8);
	packet_put16(o, 0);
	packet_put16(o, p->id ? p->id : 0x1234);
	packet_put16(o, (p->more_fragments ? 0x2000 : p->fragment ? 0 : 0x4000) | p->fragment);
	packet_put16(o, (p->ttl ? p->ttl : 57) << 8 | (p->proto ? p->proto : 6));
	packet_put16(o, 0);
	inet_pton(AF_INET, p->src ? p->src : "10.1.0.5", addr);
	packet_put(o, addr, 4);
	inet_pton(AF_INET, p->dst ? p->dst : "203.0.113.9", addr);
	packet_put(o, addr, 4);
	for (size_t i = 0; i < p->ip_options; i++)
		packet_put(o, "\1", 1);      /* no operation */
}

static inline void packet_ext6(const struct packet *p, const struct packet_ext *ext, struct packet_out *o)
{
	unsigned int next = ext[1].bytes ? (unsigned int)ext[1].type : p->proto ? p->proto : 6;
	__u8 first[2] = { next, (ext->type == EXT_AH ? ext->bytes / 4 - 2 : ext->bytes / 8 - 1) + ext->length_lie };

	packet_put(o, first, 2);
	if (ext->type != EXT_FRAGMENT) {
		packet_put(o, ext->type == EXT_AH || ext->type == EXT_ROUTING ? NULL : "\1\4", 2);     /* PadN over the rest */
		packet_put(o, NULL, ext->bytes - 4);
		return;
	}
	packet_put16(o, p->fragment << 3 | p->more_fragments);
	packet_put32(o, p->id ? p->id : 0x1234);
}

static inline void packet_ip6(const struct packet *p, struct packet_out *o)
{
	__u8 addr[16];

	packet_put32(o, (__u32)(6 + p->version_lie) << 28);
	packet_put16(o, 0);
	packet_put16(o, (p->ext[0].bytes ? (unsigned int)p->ext[0].type : p->proto ? p->proto : 6) << 8 | (p->ttl ? p->ttl : 57));
	inet_pton(AF_INET6, p->src, addr);
	packet_put(o, addr, 16);
	inet_pton(AF_INET6, p->dst ? p->dst : "2001:db8:ffff::9", addr);
	packet_put(o, addr, 16);
	for (size_t i = 0; i < 4 && p->ext[i].bytes; i++)
		packet_ext6(p, &p->ext[i], o);
}

static inline void packet_tcp(const struct packet *p, struct packet_out *o)
{
	packet_put16(o, p->sport ? p->sport : 40000);
	packet_put16(o, p->dport ? p->dport : 443);
	packet_put32(o, p->seq);
	packet_put32(o, p->ack);
	packet_put16(o, (5 + p->tcp_options / 4 + p->doff_lie) << 12 | p->flags);
	packet_put16(o, 64240);
	packet_put16(o, 0);
	packet_put16(o, p->urgent);
	for (size_t i = 0; i < p->tcp_options; i++)
		packet_put(o, "\1", 1);
	packet_put(o, p->payload, p->payload_n);
}

static inline void packet_udp(const struct packet *p, struct packet_out *o)
{
	packet_put16(o, p->sport ? p->sport : 40000);
	packet_put16(o, p->dport ? p->dport : 443);
	packet_put16(o, 8 + p->payload_n);
	packet_put16(o, 0);
	packet_put(o, p->payload, p->payload_n);
}

/* Returns the frame's bytes. */
static inline size_t packet_build(const struct packet *p, __u8 frame[PACKET_MAX])
{
	struct packet_out o = { frame, 0 };
	unsigned int proto = p->proto ? p->proto : 6;
	size_t ip, l4;

	packet_link(p, &o);
	ip = o.n;
	packet_is6(p) ? packet_ip6(p, &o) : packet_ip4(p, &o);
	l4 = o.n;
	if (p->raw || p->fragment || (proto != 6 && proto != 17))
		packet_put(&o, p->payload, p->payload_n);
	else
		proto == 6 ? packet_tcp(p, &o) : packet_udp(p, &o);
	if (packet_is6(p)) {
		packet_set16(frame + ip + 4, o.n - ip - 40 + p->length_lie);
	} else {
		packet_set16(frame + ip + 2, o.n - ip + p->length_lie);
		packet_set16(frame + ip + 10, packet_fold(packet_sum(frame + ip, l4 - ip, 0)));
	}
	if (p->pppoe)
		packet_set16(frame + ip - 4, o.n - ip + 2);
	if (!p->raw && !p->fragment && !p->more_fragments && (proto == 6 || proto == 17))
		packet_set16(frame + l4 + (proto == 6 ? 16 : 6), packet_l4_sum(frame + ip, frame + l4, o.n - l4, proto));
	return p->cut && p->cut < o.n ? p->cut : o.n;
}

#endif
