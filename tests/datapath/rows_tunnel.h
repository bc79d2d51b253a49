/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A flow inside other packets: PPPoE, IP in IP, GRE, VXLAN, one in another. Whichever of the senders is an asset, the inner flow is
 * looked at; a refusal is a drop, since nothing can be sent back.
 */
#ifndef LENSCAP_TEST_ROWS_TUNNEL_H
#define LENSCAP_TEST_ROWS_TUNNEL_H

#include "rows_views.h"

#define STRANGER "192.0.2.1"
#define STRANGER6 "2001:db8:9::1"

/* What lies between an outer IP header and the inner packet. */
enum tunnel_kind { TUNNEL_END, TUNNEL_IP, TUNNEL_GRE, TUNNEL_TEB, TUNNEL_VXLAN };
enum { GRE_CHECKSUM = 0x8000, GRE_KEY = 0x2000, GRE_SEQUENCE = 0x1000 };

struct tunnel {
	enum tunnel_kind kind;
	struct packet outer;         /* its sender, if not said, is an asset, and so is the inner one's */
	unsigned int flags;          /* GRE's; VXLAN: its first byte, 0 for the I flag */
};

struct tunnel_row {
	const char *says;
	struct packet inner;         /* with the hello */
	struct tunnel tunnels[5];    /* innermost first */
	enum lc_reason reason;       /* 0: the hello is found and refused */
};

static const struct tunnel_row tunnel_rows[] = {
	{ .says = "IPv4 in IPv4, outer sender tagged", .inner = { .src = STRANGER }, .tunnels = { { TUNNEL_IP } } },
	{ .says = "IPv4 in IPv4, inner sender tagged", .tunnels = { { TUNNEL_IP, .outer = { .src = STRANGER } } } },
	{ .says = "IPv4 in IPv4, neither tagged", .inner = { .src = STRANGER }, .tunnels = { { TUNNEL_IP, .outer = { .src = STRANGER } } },
	  .reason = LC_R_NOT_ASSET },
	{ .says = "IPv4 in IPv4, IP options outside", .tunnels = { { TUNNEL_IP, .outer = { .src = STRANGER, .ip_options = 8 } } } },
	{ .says = "IPv6 in IPv4, outer sender tagged", .inner = { .src = STRANGER6 }, .tunnels = { { TUNNEL_IP } } },
	{ .says = "IPv6 in IPv4, inner sender tagged", .inner = { .src = V6 }, .tunnels = { { TUNNEL_IP, .outer = { .src = STRANGER } } } },
	{ .says = "IPv4 in IPv6, outer sender tagged", .inner = { .src = STRANGER }, .tunnels = { { TUNNEL_IP, .outer = { .src = V6 } } } },
	{ .says = "IPv4 in IPv6, inner sender tagged", .tunnels = { { TUNNEL_IP, .outer = { .src = STRANGER6 } } } },
	{ .says = "IPv6 in IPv6, inner sender tagged", .inner = { .src = V6 }, .tunnels = { { TUNNEL_IP, .outer = { .src = STRANGER6 } } } },
	{ .says = "IPv4 in IPv4 on a VLAN", .inner = { .src = STRANGER }, .tunnels = { { TUNNEL_IP, .outer = { .vlan = 7 } } } },

	/* RFC 2784, RFC 2890 */
	{ .says = "GRE, outer sender tagged", .inner = { .src = STRANGER }, .tunnels = { { TUNNEL_GRE } } },
	{ .says = "GRE, inner sender tagged", .tunnels = { { TUNNEL_GRE, .outer = { .src = STRANGER } } } },
	{ .says = "GRE with checksum", .tunnels = { { TUNNEL_GRE, .outer = { .src = STRANGER }, .flags = GRE_CHECKSUM } } },
	{ .says = "GRE with key", .tunnels = { { TUNNEL_GRE, .outer = { .src = STRANGER }, .flags = GRE_KEY } } },
	{ .says = "GRE with sequence number", .tunnels = { { TUNNEL_GRE, .outer = { .src = STRANGER }, .flags = GRE_SEQUENCE } } },
	{ .says = "GRE with all of them, IPv6 inside", .inner = { .src = V6 },
	  .tunnels = { { TUNNEL_GRE, .outer = { .src = STRANGER }, .flags = GRE_CHECKSUM | GRE_KEY | GRE_SEQUENCE } } },
	{ .says = "GRE over IPv6", .tunnels = { { TUNNEL_GRE, .outer = { .src = STRANGER6 } } } },
	{ .says = "GRE with source routes is not opened", .tunnels = { { TUNNEL_GRE, .flags = 0x4000 } }, .reason = LC_R_NOT_TCP },
	{ .says = "GRE version 1 is not opened", .tunnels = { { TUNNEL_GRE, .flags = 1 } }, .reason = LC_R_NOT_TCP },
	{ .says = "GRE version 1 of an untagged host", .tunnels = { { TUNNEL_GRE, .outer = { .src = STRANGER }, .flags = 1 } },
	  .reason = LC_R_NOT_ASSET },
	{ .says = "Ethernet in GRE", .tunnels = { { TUNNEL_TEB, .outer = { .src = STRANGER } } } },
	{ .says = "Ethernet in GRE, tagged inside", .inner = { .vlan = 9 }, .tunnels = { { TUNNEL_TEB, .outer = { .src = STRANGER } } } },
	{ .says = "Ethernet in GRE with key", .inner = { .src = STRANGER }, .tunnels = { { TUNNEL_TEB, .flags = GRE_KEY } } },

	/* RFC 7348 */
	{ .says = "VXLAN, outer sender tagged", .inner = { .src = STRANGER }, .tunnels = { { TUNNEL_VXLAN } } },
	{ .says = "VXLAN, inner sender tagged", .tunnels = { { TUNNEL_VXLAN, .outer = { .src = STRANGER } } } },
	{ .says = "VXLAN over IPv6, IPv6 inside", .inner = { .src = V6 }, .tunnels = { { TUNNEL_VXLAN, .outer = { .src = STRANGER6 } } } },
	{ .says = "VXLAN, tagged inside", .inner = { .vlan = 9 }, .tunnels = { { TUNNEL_VXLAN, .outer = { .src = STRANGER } } } },
	{ .says = "VXLAN, IP options outside", .tunnels = { { TUNNEL_VXLAN, .outer = { .src = STRANGER, .ip_options = 4 } } } },
	{ .says = "VXLAN without its flag is not opened", .tunnels = { { TUNNEL_VXLAN, .flags = 0x10 } }, .reason = LC_R_NOT_TCP },
	{ .says = "another port is not VXLAN", .tunnels = { { TUNNEL_VXLAN, .outer = { .dport = 4788 } } }, .reason = LC_R_NOT_TCP },
	{ .says = "another port is not VXLAN, IP options outside",
	  .tunnels = { { TUNNEL_VXLAN, .outer = { .dport = 4788, .ip_options = 4 } } }, .reason = LC_R_NOT_TCP },
	{ .says = "ARP in VXLAN", .inner = { .ethertype = 0x0806 }, .tunnels = { { TUNNEL_VXLAN } }, .reason = LC_R_NOT_TCP },

	/* one in another */
	{ .says = "VXLAN in GRE", .tunnels = { { TUNNEL_VXLAN, .outer = { .src = STRANGER } }, { TUNNEL_GRE, .outer = { .src = STRANGER } } } },
	{ .says = "three in one another, the middle sender tagged", .inner = { .src = STRANGER },
	  .tunnels = { { TUNNEL_IP, .outer = { .src = STRANGER } }, { TUNNEL_IP }, { TUNNEL_IP, .outer = { .src = STRANGER } } } },
	{ .says = "four in one another are one too many", .inner = { .src = STRANGER },
	  .tunnels = { { TUNNEL_IP }, { TUNNEL_IP }, { TUNNEL_IP }, { TUNNEL_IP } },
	  .reason = LC_R_NOT_TCP },
	{ .says = "tunnel in fragments meets the rule for fragments", .inner = { .src = STRANGER },
	  .tunnels = { { TUNNEL_IP, .outer = { .more_fragments = true } } }, .reason = LC_R_PENDING },
	{ .says = "lying length inside", .inner = { .src = STRANGER, .length_lie = 4000 }, .tunnels = { { TUNNEL_IP } },
	  .reason = LC_R_TRUNCATED },

	/* RFC 2516; RFC 3032 */
	{ .says = "PPPoE", .inner = { .pppoe = 0x21 } },
	{ .says = "PPPoE, IPv6", .inner = { .src = V6, .pppoe = 0x57 } },
	{ .says = "PPPoE on a VLAN", .inner = { .vlan = 9, .pppoe = 0x21 } },
	{ .says = "PPPoE under two tags", .inner = { .vlan = 9, .vlan_inner = 10, .pppoe = 0x21 } },
	{ .says = "PPPoE, asset by MAC", .inner = { .src = STRANGER, .src_mac = DEVICE, .pppoe = 0x21 } },
	{ .says = "PPPoE, other protocol", .inner = { .pppoe = 0xc021 }, .reason = LC_R_NOT_IP },
	{ .says = "PPPoE, cut off", .inner = { .pppoe = 0x21, .cut = 21 }, .reason = LC_R_TRUNCATED },
	{ .says = "MPLS is counted", .inner = { .mpls = true }, .reason = LC_R_MPLS },
	{ .says = "tunnel in PPPoE", .inner = { .src = STRANGER }, .tunnels = { { TUNNEL_IP, .outer = { .pppoe = 0x21 } } } },
};

/* The header of a tunnel; returns its bytes. */
static size_t tunnel_header(const struct tunnel *t, bool six, __u8 *bytes)
{
	struct packet_out o = { bytes, 0 };

	if (t->kind == TUNNEL_VXLAN) {
		packet_put32(&o, t->flags ? t->flags << 24 : 8 << 24);
		packet_put32(&o, 77 << 8);
	}
	if (t->kind != TUNNEL_GRE && t->kind != TUNNEL_TEB)
		return o.n;
	packet_put16(&o, t->flags);
	packet_put16(&o, t->kind == TUNNEL_TEB ? 0x6558 : six ? 0x86dd : 0x0800);
	for (unsigned int flag = GRE_CHECKSUM; flag >= GRE_SEQUENCE; flag >>= 1)
		packet_put(&o, NULL, t->flags & flag ? 4 : 0);
	return o.n;
}

/* A frame becomes the inner one of a tunnel. link: bytes before its IP header. Returns the bytes of the outer frame. */
static size_t tunnel_wrap(const struct tunnel *t, __u8 *frame, size_t n, size_t link)
{
	static __u8 payload[PACKET_MAX];
	bool six = frame[link] >> 4 == 6;
	size_t head = tunnel_header(t, six, payload), skip = t->kind == TUNNEL_TEB || t->kind == TUNNEL_VXLAN ? 0 : link;
	struct packet p = t->outer;

	memcpy(payload + head, frame + skip, n - skip);
	p.proto = t->kind == TUNNEL_VXLAN ? 17 : t->kind != TUNNEL_IP ? 47 : six ? 41 : 4;
	p.dport = p.dport ? p.dport : t->kind == TUNNEL_VXLAN ? 4789 : 0;
	p.payload = payload;
	p.payload_n = head + n - skip;
	return packet_build(&p, frame);
}

/* n bytes of the hello in the row's packets. */
static size_t tunnel_build(const struct tunnel_row *row, const __u8 *stream, size_t at, size_t n, __u8 *frame)
{
	struct packet p = row->inner;
	size_t link = 14 + (p.vlan ? 4 : 0);

	p.seq = ISS + 1 + at;
	p.ack = ACK;
	p.flags = TCP_ACK | TCP_PSH;
	p.payload = stream + at;
	p.payload_n = n;
	n = packet_build(&p, frame);
	for (const struct tunnel *t = row->tunnels; t->kind; t++) {
		n = tunnel_wrap(t, frame, n, link);
		link = 14 + (t->outer.vlan ? 4 : 0);
	}
	return n;
}

static const char *tunnel_run(struct world *w, const struct tunnel_row *row, size_t at, size_t n, enum lc_reason total)
{
	static __u8 stream[HELLO_MAX], frame[PACKET_MAX];
	const struct hello hello = { .sni = world_name(w, HELLO_NAME) };
	size_t whole = hello_build(&hello, stream, sizeof(stream));
	const char *complaint;

	n = n == REST ? whole - at : n;
	complaint = world_send_frame(w, frame, tunnel_build(row, stream, at, n, frame));
	return complaint ? complaint : world_check(w, total, total == LC_R_MATCH ? STOPPED : PASSED);
}

/* In one segment; and, where that is refused, in two. */
static const char *tunnel_row(struct world *w, const struct tunnel_row *row)
{
	const char *complaint;

	world_forget(w);
	complaint = tunnel_run(w, row, 0, REST, row->reason ? row->reason : LC_R_MATCH);
	if (complaint || row->reason)
		return complaint ? complaint : w->events_n ? "an event" : NULL;
	if (!w->twin && (w->events_n != 1 || w->events[0].reason != LC_R_MATCH))
		return wrong("%u events", w->events_n);
	world_forget(w);
	complaint = tunnel_run(w, row, 0, 75, LC_R_PENDING);
	return complaint ? complaint : tunnel_run(w, row, 75, REST, LC_R_MATCH);
}

static void tunnel_rows_run(struct world *w, struct world *mild)
{
	for (size_t i = 0; i < sizeof(tunnel_rows) / sizeof(*tunnel_rows); i++) {
		row_end(tunnel_row(w, &tunnel_rows[i]), "%s", tunnel_rows[i].says);
		row_end(tunnel_row(mild, &tunnel_rows[i]), "benign twin: %s", tunnel_rows[i].says);
	}
}

#endif
