/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One packet a row: link layers, headers, who the sender is. A packet with a hello in it asks for what its asset is refused,
 * without a SYN before it, so that finding payload and sender is all that can go wrong.
 */
#ifndef LENSCAP_TEST_ROWS_LINK_H
#define LENSCAP_TEST_ROWS_LINK_H

#include "world.h"


struct link_row {
	const char *says;
	struct packet p;
	enum lc_reason reason;       /* LC_R_MATCH: the hello was found */
	const char *asset;           /* NULL: cams */
	bool bare;                   /* no hello in it */
};

static const struct link_row link_rows[] = {
	/* who */
	{ "untagged IPv4 host passes", { .src = "192.0.2.1" }, LC_R_NOT_ASSET, NULL, false },
	{ "untagged IPv6 host passes", { .src = "2001:db8:2::1" }, LC_R_NOT_ASSET, NULL, false },
	{ "untagged host on another VLAN passes", { .src = "192.0.2.1", .vlan = 119 }, LC_R_NOT_ASSET, NULL, false },
	{ "packet to an asset is not from one", { .src = "203.0.113.9", .dst = "10.1.0.5" }, LC_R_NOT_ASSET, NULL, false },
	{ "asset by IPv4 prefix", { 0 }, LC_R_MATCH, NULL, false },
	{ "asset by IPv6 prefix", { .src = V6 }, LC_R_MATCH, NULL, false },
	{ "longer IPv4 prefix wins", { .src = "10.1.7.1" }, LC_R_MATCH, "near", false },
	{ "longest IPv4 prefix wins", { .src = "10.1.7.7" }, LC_R_MATCH, "nearest", false },
	{ "longer IPv6 prefix wins", { .src = "2001:db8:1:7::1" }, LC_R_MATCH, "near", false },
	{ "longest IPv6 prefix wins", { .src = "2001:db8:1:7::7" }, LC_R_MATCH, "nearest", false },
	{ "first address of a prefix", { .src = "10.1.0.0" }, LC_R_MATCH, NULL, false },
	{ "last address of a prefix", { .src = "10.1.255.255" }, LC_R_MATCH, NULL, false },
	{ "address before a prefix", { .src = "10.0.255.255" }, LC_R_NOT_ASSET, NULL, false },
	{ "address behind a prefix", { .src = "10.3.0.0" }, LC_R_NOT_ASSET, NULL, false },
	{ "asset by MAC", { .src = "192.0.2.1", .src_mac = DEVICE }, LC_R_MATCH, "device", false },
	{ "asset by MAC, IPv6", { .src = "2001:db8:2::1", .src_mac = DEVICE }, LC_R_MATCH, "device", false },
	{ "an asset's MAC as destination", { .src = "192.0.2.1", .dst_mac = DEVICE }, LC_R_NOT_ASSET, NULL, false },
	{ "asset by VLAN", { .src = "192.0.2.1", .vlan = 120 }, LC_R_MATCH, "lan", false },
	{ "asset by VLAN with priority bits set", { .src = "192.0.2.1", .vlan = 0xe000 | 120 }, LC_R_MATCH, "lan", false },
	{ "asset by VLAN, IPv6", { .src = "2001:db8:2::1", .vlan = 120 }, LC_R_MATCH, "lan", false },
	{ "asset by inner VLAN of QinQ", { .src = "192.0.2.1", .vlan = 9, .vlan_inner = 121 }, LC_R_MATCH, "inner", false },
	{ "asset by outer VLAN of QinQ", { .src = "192.0.2.1", .vlan = 120, .vlan_inner = 9 }, LC_R_MATCH, "lan", false },
	{ "inner VLAN beats outer VLAN", { .src = "192.0.2.1", .vlan = 120, .vlan_inner = 121 }, LC_R_MATCH, "inner", false },
	{ "MAC beats longest prefix", { .src = "10.1.7.7", .src_mac = DEVICE }, LC_R_MATCH, "device", false },
	{ "MAC beats VLAN", { .src = "192.0.2.1", .vlan = 120, .src_mac = DEVICE }, LC_R_MATCH, "device", false },
	{ "prefix beats VLAN", { .vlan = 120 }, LC_R_MATCH, NULL, false },

	/* link layer */
	{ "802.1Q", { .vlan = 5 }, LC_R_MATCH, NULL, false },
	{ "802.1ad alone", { .vlan = 5, .tpid = 0x88a8 }, LC_R_MATCH, NULL, false },
	{ "QinQ, 802.1ad outside", { .vlan = 5, .vlan_inner = 6 }, LC_R_MATCH, NULL, false },
	{ "QinQ, 802.1Q twice", { .vlan = 5, .vlan_inner = 6, .tpid = 0x8100 }, LC_R_MATCH, NULL, false },
	{ "priority tag, VLAN 0", { .vlan = 0xe000 }, LC_R_MATCH, NULL, false },
	{ "tag cut off", { .vlan = 120, .cut = 15 }, LC_R_TRUNCATED, NULL, false },
	{ "inner tag cut off", { .vlan = 120, .vlan_inner = 121, .cut = 19 }, LC_R_TRUNCATED, NULL, false },
	{ "ARP", { .ethertype = 0x0806 }, LC_R_NOT_IP, NULL, true },
	{ "802.3 length instead of a type", { .ethertype = 100 }, LC_R_NOT_IP, NULL, true },
	{ "ARP from an asset's MAC", { .ethertype = 0x0806, .src_mac = DEVICE }, LC_R_NOT_IP, NULL, true },
	{ "three tags", { .vlan = 5, .vlan_inner = 6, .ethertype = 0x8100 }, LC_R_NOT_IP, NULL, true },

	/* IPv4 */
	{ "IPv4 options", { .ip_options = 4 }, LC_R_MATCH, NULL, false },
	{ "40 bytes of IPv4 options", { .ip_options = 40 }, LC_R_MATCH, NULL, false },
	{ "IPv4 header cut off", { .vlan = 5, .cut = 18 + 19 }, LC_R_TRUNCATED, NULL, false },
	{ "ihl below 5, and what follows looks like TCP", { .ihl_lie = -1, .ack = 0x50000000 }, LC_R_TRUNCATED, NULL, false },
	{ "ihl past the packet", { .ihl_lie = 10 }, LC_R_TRUNCATED, NULL, true },
	{ "version 6 in an IPv4 frame", { .version_lie = 2 }, LC_R_TRUNCATED, NULL, false },
	{ "total length past the frame", { .length_lie = 1 }, LC_R_TRUNCATED, NULL, false },
	{ "total length less than the header", { .length_lie = -2000 }, LC_R_TRUNCATED, NULL, true },
	{ "first fragment", { .more_fragments = true }, LC_R_PENDING, NULL, false },
	{ "later fragment", { .fragment = 100 }, LC_R_PENDING, NULL, false },
	{ "first fragment of 8 bytes", { .more_fragments = true, .cut = 42, .length_lie = -12 }, LC_R_PENDING, NULL, true },
	{ "ICMP", { .proto = 1 }, LC_R_NOT_TCP, NULL, true },
	{ "ESP", { .proto = 50 }, LC_R_NOT_TCP, NULL, true },

	/* IPv6 */
	{ "hop-by-hop options", { .src = V6, .ext = { { EXT_HOP, 8, 0 } } }, LC_R_MATCH, NULL, false },
	{ "long hop-by-hop options", { .src = V6, .ext = { { EXT_HOP, 256, 0 } } }, LC_R_MATCH, NULL, false },
	{ "destination options", { .src = V6, .ext = { { EXT_DEST, 16, 0 } } }, LC_R_MATCH, NULL, false },
	{ "routing header", { .src = V6, .ext = { { EXT_ROUTING, 24, 0 } } }, LC_R_MATCH, NULL, false },
	{ "atomic fragment", { .src = V6, .ext = { { EXT_FRAGMENT, 8, 0 } } }, LC_R_MATCH, NULL, false },
	{ "authentication header", { .src = V6, .ext = { { EXT_AH, 24, 0 } } }, LC_R_MATCH, NULL, false },
	{ "four extension headers",
	  { .src = V6, .ext = { { EXT_HOP, 8, 0 }, { EXT_DEST, 8, 0 }, { EXT_ROUTING, 8, 0 }, { EXT_FRAGMENT, 8, 0 } } },
	  LC_R_MATCH, NULL, false },
	{ "first IPv6 fragment", { .src = V6, .ext = { { EXT_FRAGMENT, 8, 0 } }, .more_fragments = true },
	  LC_R_PENDING, NULL, false },
	{ "later IPv6 fragment", { .src = V6, .ext = { { EXT_FRAGMENT, 8, 0 } }, .fragment = 100 }, LC_R_PENDING, NULL, false },
	{ "IPv6 header cut off", { .src = V6, .vlan = 5, .cut = 18 + 39 }, LC_R_TRUNCATED, NULL, false },
	{ "extension header past the packet", { .src = V6, .ext = { { EXT_DEST, 8, 200 } } }, LC_R_TRUNCATED, NULL, true },
	{ "extension header cut off", { .src = V6, .ext = { { EXT_DEST, 8, 0 } }, .cut = 56, .length_lie = -26 },
	  LC_R_TRUNCATED, NULL, true },
	{ "payload length past the frame", { .src = V6, .length_lie = 1 }, LC_R_TRUNCATED, NULL, false },
	{ "payload length less than a TCP header", { .src = V6, .length_lie = -10 }, LC_R_TRUNCATED, NULL, true },
	{ "version 4 in an IPv6 frame", { .src = V6, .version_lie = -2 }, LC_R_TRUNCATED, NULL, false },
	{ "no next header", { .src = V6, .proto = 59 }, LC_R_NOT_TCP, NULL, true },
	{ "ICMPv6", { .src = V6, .proto = 58 }, LC_R_NOT_TCP, NULL, true },

	/* TCP, UDP */
	{ "TCP options", { .tcp_options = 12 }, LC_R_MATCH, NULL, false },
	{ "40 bytes of TCP options", { .tcp_options = 40 }, LC_R_MATCH, NULL, false },
	{ "data offset below 5", { .doff_lie = -1 }, LC_R_TRUNCATED, NULL, false },
	{ "data offset past the packet", { .doff_lie = 1 }, LC_R_TRUNCATED, NULL, true },
	{ "TCP header cut by the IP length", { .length_lie = -1 }, LC_R_TRUNCATED, NULL, true },
	{ "UDP header cut by the IP length", { .proto = 17, .length_lie = -1 }, LC_R_TRUNCATED, NULL, true },
	{ "small UDP datagram", { .proto = 17 }, LC_R_NOT_TCP, NULL, false },
	{ "any destination port", { .dport = 8443 }, LC_R_MATCH, NULL, false },
	{ "port 22", { .dport = 22 }, LC_R_MATCH, NULL, false },
	{ "destination port below source port", { .sport = 300, .dport = 70 }, LC_R_MATCH, NULL, false },
	{ "PSH not set", { .flags = TCP_ACK }, LC_R_MATCH, NULL, false },
	{ "FIN with the hello", { .flags = TCP_ACK | TCP_FIN }, LC_R_MATCH, NULL, false },
	{ "ECN flags", { .flags = TCP_ACK | 0xc0 }, LC_R_MATCH, NULL, false },
};

static const char *link_row(struct world *w, const struct link_row *row)
{
	static __u8 stream[HELLO_MAX];
	const struct hello hello = { .sni = HELLO_NAME };
	const struct expect x = { LC_V_DENY_RESET, LC_R_MATCH, row->asset, "BLOCKED", "reset", HELLO_NAME, 0 };
	bool dropped = row->reason == LC_R_MATCH || row->reason == LC_R_FRAGMENT;
	struct packet p = row->p;
	const char *complaint;

	p.flags = p.flags ? p.flags : TCP_ACK | TCP_PSH;
	p.seq = ISS + 1;
	p.payload = stream;
	p.payload_n = row->bare ? 0 : hello_build(&hello, stream, sizeof(stream));
	world_forget(w);
	complaint = world_expect(w, &p, row->reason, dropped ? STOPPED : PASSED);
	if (complaint)
		return complaint;
	if (row->reason == LC_R_MATCH)
		return world_told(w, &x);
	return w->events_n ? wrong("%u events, expected none", w->events_n) : NULL;
}

static void link_rows_run(struct world *w)
{
	for (size_t i = 0; i < sizeof(link_rows) / sizeof(*link_rows); i++)
		row_end(link_row(w, &link_rows[i]), "%s", link_rows[i].says);
}

#endif
