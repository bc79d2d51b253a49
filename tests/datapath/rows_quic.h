/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * QUIC flows, a datagram at a time, and what its clients do: versions, connection ids, numbers, frames in any order, hellos over
 * several datagrams, Retry. Each datagram says what it must be counted as and whether it may pass; a twin that asks for another name
 * must never be stopped.
 *
 * The plain hello has 87 bytes, its name is at 64..79.
 */
#ifndef LENSCAP_TEST_ROWS_QUIC_H
#define LENSCAP_TEST_ROWS_QUIC_H

#include "quic_packet.h"
#include "world.h"

/* How a step's datagram travels; all zero: as it is, in one packet. */
struct quic_step {
	enum lc_reason total;        /* NONE: the end */
	bool stopped;
	struct quic_datagram datagram;
	__u8 ttl;
	__u16 cut;                   /* fragments: the first so many bytes of UDP, then the rest; all but the last step of it is pending */
	bool cut_backwards;
	__u16 segment;               /* each packet fills a datagram of so many bytes, and all of them are one GSO packet */
	bool no_segs;                /* ... of a guest's: gso_segs is 0 */
	bool together;               /* ... and the last two packets are in one datagram */
	bool raise;                  /* each repetition has another packet number */
	__u16 times;                 /* 0: once */
};

struct quic_row {
	const char *says;
	struct hello hello, other;   /* names NULL: api.blocked.test; www.benign.test for other */
	struct packet net;           /* addresses, ports, tags */
	struct quic_step steps[9];
	struct expect expect;        /* of the last event; verdict UNDECIDED: there is none */
	const char *view;            /* the other name in it */
	bool again;                  /* it is not the flow's first decision */
	unsigned int events;         /* 0: one */
	bool as_is;                  /* the hello has the names that it says, or none */
};

#define QUIC_REFUSED { LC_V_DENY_DROP, LC_R_MATCH, NULL, "BLOCKED", "reset", HELLO_NAME, 0 }
#define QUIC_HARMLESS { LC_V_ALLOW, LC_R_NO_MATCH, NULL, NULL, LC_RULE_UNMATCHED, HELLO_TWIN, 0 }
#define QUIC_BY(reason, verdict, rule) { verdict, reason, NULL, NULL, rule, NULL, 0 }
#define QUIC_INNOCENT { .sni = HELLO_TWIN }
#define CRYPTO(from, bytes) { .kind = FRAME_CRYPTO, .at = from, .n = bytes }
#define OTHER(from, bytes) { .kind = FRAME_CRYPTO, .at = from, .n = bytes, .other = true }
#define INITIAL(...) { .kind = QUIC_INITIAL, .frames = { __VA_ARGS__ } }
#define NUMBERED(pn, ...) { .kind = QUIC_INITIAL, .number = pn, .frames = { __VA_ARGS__ } }
#define DATAGRAM(...) .datagram.packets = { __VA_ARGS__ }
#define SENT(...) { .total = LC_R_PENDING, DATAGRAM(__VA_ARGS__) }
#define LAST_SENT(...) { .total = LC_R_MATCH, .stopped = true, DATAGRAM(__VA_ARGS__) }
#define LET_BY(...) { .total = LC_R_DECIDED, DATAGRAM(__VA_ARGS__) }
#define WHOLE CRYPTO(0, QUIC_ALL)
#define REST_OF(from) CRYPTO(from, QUIC_ALL)

static const struct quic_row quic_rows[] = {
	/* versions */
	{ .says = "v1, one CRYPTO frame", .steps = { LAST_SENT(INITIAL(WHOLE)) }, .expect = QUIC_REFUSED },
	{ .says = "v2", .steps = { LAST_SENT({ QUIC_INITIAL, .version = QUIC_V2, .frames = { WHOLE } }) }, .expect = QUIC_REFUSED },
	{ .says = "draft-29", .steps = { LAST_SENT({ QUIC_INITIAL, .version = QUIC_DRAFT(29), .frames = { WHOLE } }) },
	  .expect = QUIC_REFUSED },
	{ .says = "draft-30", .steps = { LAST_SENT({ QUIC_INITIAL, .version = QUIC_DRAFT(30), .frames = { WHOLE } }) },
	  .expect = QUIC_REFUSED },
	{ .says = "draft-32", .steps = { LAST_SENT({ QUIC_INITIAL, .version = QUIC_DRAFT(32), .frames = { WHOLE } }) },
	  .expect = QUIC_REFUSED },
	{ .says = "draft-33", .steps = { LAST_SENT({ QUIC_INITIAL, .version = QUIC_DRAFT(33), .frames = { WHOLE } }) },
	  .expect = QUIC_REFUSED },
	{ .says = "draft-34", .steps = { LAST_SENT({ QUIC_INITIAL, .version = QUIC_DRAFT(34), .frames = { WHOLE } }) },
	  .expect = QUIC_REFUSED },
	{ .says = "fixed bit cleared (RFC 9287)", .steps = { LAST_SENT({ QUIC_INITIAL, .no_fixed_bit = true, .frames = { WHOLE } }) },
	  .expect = QUIC_REFUSED },
	{ .says = "a version that forces negotiation, then v1",
	  .steps = { SENT({ QUIC_NOISE, .version = QUIC_RESERVED }), LAST_SENT(INITIAL(WHOLE)) }, .expect = QUIC_REFUSED },
	{ .says = "half in v1, then all of it in v2",
	  .steps = { SENT(INITIAL(CRYPTO(0, 60))), LAST_SENT({ QUIC_INITIAL, .version = QUIC_V2, .frames = { WHOLE } }) },
	  .expect = QUIC_REFUSED },

	/* frames */
	{ .says = "frames out of order, PING and PADDING between them",
	  .steps = { LAST_SENT(INITIAL(REST_OF(70), { FRAME_PING, .n = 3 }, CRYPTO(20, 50), { FRAME_PADDING, .n = 11 }, CRYPTO(0, 20))) },
	  .expect = QUIC_REFUSED },
	{ .says = "frames of 8 bytes",
	  .steps = { LAST_SENT(INITIAL({ FRAME_CRYPTO, .n = QUIC_ALL, .piece = 8 })) }, .expect = QUIC_REFUSED },
	{ .says = "frames of 8 bytes, the last one first",
	  .steps = { LAST_SENT(INITIAL({ FRAME_CRYPTO, .n = QUIC_ALL, .piece = 8, .backwards = true })) }, .expect = QUIC_REFUSED },
	{ .says = "frames of one byte, the last one first",
	  .steps = { LAST_SENT(INITIAL({ FRAME_CRYPTO, .n = QUIC_ALL, .piece = 1, .backwards = true })) }, .expect = QUIC_REFUSED },
	{ .says = "first frame of one byte", .steps = { LAST_SENT(INITIAL(CRYPTO(0, 1), REST_OF(1))) }, .expect = QUIC_REFUSED },
	{ .says = "frames that overlap and agree",
	  .steps = { LAST_SENT(INITIAL(CRYPTO(0, 70), CRYPTO(30, 10), REST_OF(13))) }, .expect = QUIC_REFUSED },
	{ .says = "empty CRYPTO frame before and behind",
	  .steps = { LAST_SENT(INITIAL(CRYPTO(0, 0), WHOLE, CRYPTO(87, 0))) }, .expect = QUIC_REFUSED },
	{ .says = "ACK before it",
	  .steps = { LAST_SENT(INITIAL({ FRAME_ACK, .n = 0 }, WHOLE)) }, .expect = QUIC_REFUSED },
	{ .says = "ACK with 3 more ranges and ECN counts before it",
	  .steps = { LAST_SENT(INITIAL({ FRAME_ACK_ECN, .n = 3 }, WHOLE)) }, .expect = QUIC_REFUSED },
	{ .says = "ACK with a delay of 2^60 before it",
	  .steps = { LAST_SENT(INITIAL({ FRAME_ACK, .huge = true }, WHOLE)) }, .expect = QUIC_REFUSED },
	{ .says = "ACK with 400 more ranges before it",
	  .steps = { LAST_SENT(INITIAL({ FRAME_ACK, .n = 400 }, WHOLE)) }, .expect = QUIC_REFUSED },
	{ .says = "900 PINGs before it", .steps = { LAST_SENT(INITIAL({ FRAME_PING, .n = 900 }, WHOLE)) }, .expect = QUIC_REFUSED },
	{ .says = "1300 PINGs before it",
	  .steps = { { .total = LC_R_MATCH, .stopped = true, DATAGRAM(INITIAL({ FRAME_PING, .n = 1300 }, WHOLE)), .datagram.size = 1472 } },
	  .expect = QUIC_REFUSED },
	{ .says = "frame types in two bytes",
	  .steps = { LAST_SENT(INITIAL({ FRAME_PING, .long_type = true }, { FRAME_PADDING, .n = 9, .long_type = true },
				       { FRAME_ACK, .long_type = true }, { FRAME_CRYPTO, .n = QUIC_ALL, .long_type = true })) },
	  .expect = QUIC_REFUSED },
	{ .says = "CONNECTION_CLOSE behind it",
	  .steps = { LAST_SENT(INITIAL(WHOLE, { FRAME_CLOSE })) }, .expect = QUIC_REFUSED },
	{ .says = "what no Initial may hold ends the packet, not the flow",
	  .steps = { SENT(INITIAL({ FRAME_STREAM }, WHOLE)), LAST_SENT(NUMBERED(1, WHOLE)) }, .expect = QUIC_REFUSED },
	{ .says = "PING alone, then the hello",
	  .steps = { SENT(INITIAL({ FRAME_PING })), LAST_SENT(NUMBERED(1, WHOLE)) }, .expect = QUIC_REFUSED },

	/* several datagrams */
	{ .says = "large hello over two datagrams, name in the second", .hello = { .filler = 1200 },
	  .steps = { SENT(INITIAL(CRYPTO(0, 1100))), LAST_SENT(NUMBERED(1, REST_OF(1100))) }, .expect = QUIC_REFUSED },
	{ .says = "large hello over two datagrams, name in the first", .hello = { .filler_after = 1200 },
	  .steps = { SENT(INITIAL(CRYPTO(0, 1100))), LAST_SENT(NUMBERED(1, REST_OF(1100))) }, .expect = QUIC_REFUSED },
	{ .says = "large hello over two datagrams, the second first", .hello = { .filler = 1200 },
	  .steps = { SENT(NUMBERED(1, REST_OF(1100))), LAST_SENT(INITIAL(CRYPTO(0, 1100))) }, .expect = QUIC_REFUSED },
	{ .says = "large hello scattered over two datagrams, cut inside the name", .hello = { .filler = 1200 },
	  .steps = { SENT(INITIAL(CRYPTO(1290, 40), CRYPTO(0, 500), CRYPTO(700, 100))),
		     LAST_SENT(NUMBERED(1, CRYPTO(500, 200), CRYPTO(800, 470), CRYPTO(1270, 20))) }, .expect = QUIC_REFUSED },
	{ .says = "three datagrams, the last one first", .hello = { .filler = 1200 },
	  .steps = { SENT(NUMBERED(2, REST_OF(1000))), SENT(NUMBERED(1, CRYPTO(500, 500))), LAST_SENT(INITIAL(CRYPTO(0, 500))) },
	  .expect = QUIC_REFUSED },
	{ .says = "three datagrams, the middle one last", .hello = { .filler = 1200 },
	  .steps = { SENT(INITIAL(CRYPTO(0, 500))), SENT(NUMBERED(2, REST_OF(1000))), LAST_SENT(NUMBERED(1, CRYPTO(500, 500))) },
	  .expect = QUIC_REFUSED },
	{ .says = "hello of 16 KiB over many datagrams", .hello = { .pad = LC_HELLO_MAX - 5 },
	  .steps = { SENT(INITIAL(CRYPTO(0, 1900))),
		     { .total = LC_R_PENDING, DATAGRAM(INITIAL(CRYPTO(1900, 1900))) },
		     { .total = LC_R_PENDING, DATAGRAM(INITIAL(CRYPTO(3800, 1900))) },
		     { .total = LC_R_PENDING, DATAGRAM(INITIAL(CRYPTO(5700, 1900)), INITIAL(CRYPTO(7600, 1))) },
		     { .total = LC_R_PENDING, DATAGRAM(INITIAL(CRYPTO(7601, 1900))) },
		     { .total = LC_R_PENDING, DATAGRAM(INITIAL(CRYPTO(9501, 1900))) },
		     { .total = LC_R_PENDING, .segment = 1760, DATAGRAM(INITIAL(CRYPTO(11401, 1700)), INITIAL(CRYPTO(13101, 1700))) },
		     LAST_SENT(INITIAL(REST_OF(14801))) },
	  .expect = QUIC_REFUSED },
	{ .says = "first part twice, then the second", .hello = { .filler = 1200 },
	  .steps = { SENT(INITIAL(CRYPTO(0, 1100))), SENT(NUMBERED(1, CRYPTO(0, 1100))), LAST_SENT(NUMBERED(2, REST_OF(1100))) },
	  .expect = QUIC_REFUSED },
	{ .says = "the same datagram twice, then the second part", .hello = { .filler = 1200 },
	  .steps = { SENT(INITIAL(CRYPTO(0, 1100))), SENT(INITIAL(CRYPTO(0, 1100))), LAST_SENT(NUMBERED(1, REST_OF(1100))) },
	  .expect = QUIC_REFUSED },
	{ .says = "two halves in one datagram", .steps = { LAST_SENT(INITIAL(CRYPTO(0, 60)), NUMBERED(1, REST_OF(60))) },
	  .expect = QUIC_REFUSED },

	/* coalesced packets */
	{ .says = "0-RTT before it", .steps = { LAST_SENT({ QUIC_0RTT, .n = 200 }, INITIAL(WHOLE)) }, .expect = QUIC_REFUSED },
	{ .says = "0-RTT behind it", .steps = { LAST_SENT(INITIAL(WHOLE), { QUIC_0RTT }) }, .expect = QUIC_REFUSED },
	{ .says = "Handshake before it", .steps = { LAST_SENT({ QUIC_HANDSHAKE, .n = 30 }, INITIAL(WHOLE)) }, .expect = QUIC_REFUSED },
	{ .says = "0-RTT of v2 before it",
	  .steps = { LAST_SENT({ QUIC_0RTT, .version = QUIC_V2, .n = 200 }, { QUIC_INITIAL, .version = QUIC_V2, .frames = { WHOLE } }) },
	  .expect = QUIC_REFUSED },
	{ .says = "short header behind it", .steps = { LAST_SENT(INITIAL(WHOLE), { QUIC_SHORT }) }, .expect = QUIC_REFUSED },
	{ .says = "Initial that nobody can open before it",
	  .steps = { LAST_SENT({ QUIC_INITIAL, .bad_tag = true, .frames = { OTHER(0, QUIC_ALL) } }, NUMBERED(1, WHOLE)) },
	  .expect = QUIC_REFUSED },
	{ .says = "bytes behind it that look like another version",
	  .steps = { SENT(INITIAL(CRYPTO(0, 60)), { QUIC_NOISE, .version = QUIC_UNKNOWN }), LAST_SENT(NUMBERED(1, REST_OF(60))) },
	  .expect = QUIC_REFUSED },
	{ .says = "smaller than a client's first datagram",
	  .steps = { { .total = LC_R_MATCH, .stopped = true, DATAGRAM(INITIAL(WHOLE)), .datagram.size = 1 } }, .expect = QUIC_REFUSED },
	{ .says = "length in one byte",
	  .steps = { LAST_SENT({ QUIC_INITIAL, .short_length = true, .frames = { CRYPTO(60, 27) } }, INITIAL(CRYPTO(0, 60))) },
	  .expect = QUIC_REFUSED },

	/* connection ids and numbers */
	{ .says = "server's connection id with the first one's keys",
	  .steps = { SENT(INITIAL(CRYPTO(0, 60))), LAST_SENT({ QUIC_INITIAL, .dcid = 2, .keys = 1, .number = 1, .frames = { REST_OF(60) } }) },
	  .expect = QUIC_REFUSED },
	{ .says = "server's connection id is new in each datagram",
	  .steps = { SENT(INITIAL(CRYPTO(0, 10))), SENT({ QUIC_INITIAL, .dcid = 2, .keys = 1, .frames = { CRYPTO(10, 10) } }),
		     SENT({ QUIC_INITIAL, .dcid = 3, .keys = 1, .frames = { CRYPTO(20, 10) } }),
		     SENT({ QUIC_INITIAL, .dcid = 4, .keys = 1, .frames = { CRYPTO(30, 10) } }),
		     SENT({ QUIC_INITIAL, .dcid = 5, .keys = 1, .frames = { CRYPTO(40, 10) } }),
		     LAST_SENT({ QUIC_INITIAL, .dcid = 6, .keys = 1, .frames = { REST_OF(50) } }) },
	  .expect = QUIC_REFUSED },
	{ .says = "Retry: half, then all of it under a new connection id, with a token",
	  .steps = { SENT(INITIAL(CRYPTO(0, 60))), LAST_SENT({ QUIC_INITIAL, .dcid = 2, .token_n = 80, .number = 1, .frames = { WHOLE } }) },
	  .expect = QUIC_REFUSED },
	{ .says = "Retry, half, then the server's connection id",
	  .steps = { SENT(INITIAL({ FRAME_PING })), SENT({ QUIC_INITIAL, .dcid = 2, .token_n = 80, .frames = { CRYPTO(0, 60) } }),
		     LAST_SENT({ QUIC_INITIAL, .dcid = 3, .keys = 2, .frames = { REST_OF(60) } }) },
	  .expect = QUIC_REFUSED },
	{ .says = "a second Retry, and keys of the first",
	  .steps = { SENT(INITIAL(CRYPTO(0, 60))), SENT({ QUIC_INITIAL, .dcid = 2, .frames = { CRYPTO(0, 60) } }),
		     SENT({ QUIC_INITIAL, .dcid = 3, .frames = { CRYPTO(0, 60) } }),
		     LAST_SENT({ QUIC_INITIAL, .dcid = 9, .keys = 1, .frames = { REST_OF(60) } }) },
	  .expect = QUIC_REFUSED },
	{ .says = "keys of the fourth connection id",
	  .steps = { SENT(INITIAL({ FRAME_PING })), SENT({ QUIC_INITIAL, .dcid = 2, .frames = { { FRAME_PING } } }),
		     SENT({ QUIC_INITIAL, .dcid = 3, .frames = { { FRAME_PING } } }), SENT({ QUIC_INITIAL, .dcid = 4, .frames = { CRYPTO(0, 60) } }),
		     LAST_SENT({ QUIC_INITIAL, .dcid = 9, .keys = 4, .frames = { REST_OF(60) } }) },
	  .expect = QUIC_REFUSED },
	{ .says = "packet numbers begin anywhere",
	  .steps = { SENT({ QUIC_INITIAL, .number = 70000, .number_len = 3, .frames = { CRYPTO(0, 60) } }),
		     LAST_SENT(NUMBERED(70001, REST_OF(60))) },
	  .expect = QUIC_REFUSED },
	{ .says = "packet number of one byte goes round",
	  .steps = { SENT(NUMBERED(200, CRYPTO(0, 60))), LAST_SENT(NUMBERED(256, REST_OF(60))) }, .expect = QUIC_REFUSED },
	{ .says = "packet number of one byte was before it went round",
	  .steps = { SENT({ QUIC_INITIAL, .number = 256, .number_len = 2, .frames = { CRYPTO(0, 60) } }),
		     LAST_SENT(NUMBERED(250, REST_OF(60))) },
	  .expect = QUIC_REFUSED },
	{ .says = "packet number of four bytes goes round",
	  .steps = { SENT({ QUIC_INITIAL, .number = 0xfffffff0, .number_len = 4, .frames = { CRYPTO(0, 60) } }),
		     LAST_SENT({ QUIC_INITIAL, .number = 0x100000002, .number_len = 4, .frames = { REST_OF(60) } }) },
	  .expect = QUIC_REFUSED },

	/* the way there */
	{ .says = "IPv6", .net = { .src = V6 }, .steps = { LAST_SENT(INITIAL(WHOLE)) }, .expect = QUIC_REFUSED },
	{ .says = "802.1Q", .net = { .vlan = 7 }, .steps = { LAST_SENT(INITIAL(WHOLE)) }, .expect = QUIC_REFUSED },
	{ .says = "QinQ and IPv6", .net = { .src = V6, .vlan = 7, .vlan_inner = 8 }, .steps = { LAST_SENT(INITIAL(WHOLE)) },
	  .expect = QUIC_REFUSED },
	{ .says = "port 8443", .net = { .dport = 8443 }, .steps = { LAST_SENT(INITIAL(WHOLE)) }, .expect = QUIC_REFUSED },
	{ .says = "source port below the destination's", .net = { .sport = 300 }, .steps = { LAST_SENT(INITIAL(WHOLE)) },
	  .expect = QUIC_REFUSED },
	{ .says = "IPv4 options", .net = { .ip_options = 8 }, .steps = { LAST_SENT(INITIAL(WHOLE)) }, .expect = QUIC_REFUSED },
	{ .says = "IPv6 destination options", .net = { .src = V6, .ext = { { EXT_DEST, 16, 0 } } },
	  .steps = { LAST_SENT(INITIAL(WHOLE)) }, .expect = QUIC_REFUSED },
	{ .says = "IPv4 fragments",
	  .steps = { { .total = LC_R_MATCH, .stopped = true, .cut = 64, DATAGRAM(INITIAL(WHOLE)) } }, .expect = QUIC_REFUSED },
	{ .says = "IPv4 fragments, the last one first",
	  .steps = { { .total = LC_R_MATCH, .stopped = true, .cut = 1000, .cut_backwards = true, DATAGRAM(INITIAL(WHOLE)) } },
	  .expect = QUIC_REFUSED },
	{ .says = "IPv6 fragments", .net = { .src = V6, .ext = { { EXT_FRAGMENT, 8, 0 } } },
	  .steps = { { .total = LC_R_MATCH, .stopped = true, .cut = 600, DATAGRAM(INITIAL(WHOLE)) } }, .expect = QUIC_REFUSED },
	{ .says = "second of two datagrams in fragments", .hello = { .filler = 1200 },
	  .steps = { SENT(INITIAL(CRYPTO(0, 1100))),
		     { .total = LC_R_MATCH, .stopped = true, .cut = 64, DATAGRAM(NUMBERED(1, REST_OF(1100))) } },
	  .expect = QUIC_REFUSED },
	{ .says = "two datagrams in one GSO packet", .hello = { .filler = 1200 },
	  .steps = { { .total = LC_R_MATCH, .stopped = true, .segment = 1252, DATAGRAM(INITIAL(CRYPTO(0, 1100)), NUMBERED(1, REST_OF(1100))) } },
	  .expect = QUIC_REFUSED },
	{ .says = "two datagrams in one GSO packet of a guest", .hello = { .filler = 1200 },
	  .steps = { { .total = LC_R_MATCH, .stopped = true, .segment = 1252, .no_segs = true,
		       DATAGRAM(INITIAL(CRYPTO(0, 1100)), NUMBERED(1, REST_OF(1100))) } },
	  .expect = QUIC_REFUSED },
	{ .says = "noise and the hello in one GSO packet",
	  .steps = { { .total = LC_R_MATCH, .stopped = true, .segment = 1252, DATAGRAM({ QUIC_NOISE, .n = 1200 }, INITIAL(WHOLE)) } },
	  .expect = QUIC_REFUSED },
};

/* The row's hello, or its other one, without a record. */
static size_t quic_hello(const struct world *w, const struct quic_row *row, bool other, __u8 *bytes)
{
	struct hello hello = other ? row->other : row->hello;
	size_t n;

	if (!row->as_is)
		hello.sni = world_name(w, hello.sni ? hello.sni : other ? "www.benign.test" : HELLO_NAME);
	hello.first_record = hello.record = 0;
	n = hello_build(&hello, bytes, HELLO_MAX) - 5;
	memmove(bytes, bytes + 5, n);
	return n;
}

/* As world_send(), of several datagrams in one packet. */
static const char *quic_send_gso(struct world *w, const struct packet *p, const struct quic_step *step)
{
	struct __sk_buff ctx = { .gso_size = step->segment, .gso_segs = step->no_segs ? 0 : p->payload_n / step->segment + 1 };
	struct lc_total before[LC_R_MAX], after[LC_R_MAX];
	static __u8 frame[PACKET_MAX];
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .ctx_in = &ctx, .ctx_size_in = sizeof(ctx));

	run.data_size_in = packet_build(p, frame);
	if (lc_read_totals(w->gate, before))
		return "totals can not be read";
	if (bpf_prog_test_run_opts(lc_gate_program(w->gate), &run))
		return wrong("a GSO packet can not be run: %s", strerror(errno));
	if (lc_read_totals(w->gate, after))
		return "totals can not be read";
	w->action = run.retval;
	w->total = world_moved(before, after);
	lc_event_read(w->reader, 0);
	return NULL;
}

static const char *quic_send_segments(struct world *w, struct packet *p, const struct quic_step *step, const struct quic_hellos *h)
{
	struct quic_datagram one = { 0 };
	static __u8 bytes[4 * QUIC_MAX];
	const char *complaint;

	memset(bytes, 0, sizeof(bytes));
	p->payload = bytes;
	for (const struct quic_packet *packet = step->datagram.packets; packet->kind; packet++) {
		one.packets[0] = *packet;
		one.size = packet[1].kind || !step->datagram.size ? step->segment : step->datagram.size;
		one.each = packet->kind == QUIC_0RTT ? step->datagram.each : 0;
		if (step->together && packet[1].kind && !packet[2].kind)
			one.packets[1] = *++packet;
		if (p->payload_n % step->segment)
			p->payload_n += step->segment - p->payload_n % step->segment;
		p->payload_n += quic_build(&one, h, bytes + p->payload_n);
	}
	complaint = quic_send_gso(w, p, step);
	return complaint ? complaint : world_check(w, step->total, step->stopped ? STOPPED : PASSED);
}

/* The same datagram in two fragments. */
static const char *quic_send_cut(struct world *w, struct packet *p, const struct quic_step *step)
{
	__u8 udp[QUIC_MAX + 8] = { 40000 >> 8, 40000 & 0xff, 443 >> 8, 443 & 0xff, (p->payload_n + 8) >> 8, p->payload_n + 8 };
	size_t n = p->payload_n + 8;
	const char *complaint;

	memcpy(udp + 8, p->payload, p->payload_n);
	p->raw = true;
	for (int i = 0; i < 2; i++) {
		bool second = i != step->cut_backwards;

		p->fragment = second ? step->cut / 8 : 0;
		p->more_fragments = !second;
		p->payload = second ? udp + step->cut : udp;
		p->payload_n = second ? n - step->cut : step->cut;
		complaint = world_expect(w, p, i ? step->total : LC_R_PENDING, i && step->stopped ? STOPPED : PASSED);
		if (complaint)
			return complaint;
	}
	return NULL;
}

static const char *quic_step(struct world *w, const struct quic_row *row, const struct quic_step *step, unsigned int time)
{
	static __u8 hellos[2][HELLO_MAX], bytes[QUIC_MAX];
	const struct quic_hellos h = { { hellos[0], hellos[1] }, { quic_hello(w, row, false, hellos[0]), quic_hello(w, row, true, hellos[1]) } };
	struct quic_datagram datagram = step->datagram;
	struct packet p = row->net;

	p.proto = 17;
	p.ttl = step->ttl;
	if (step->segment)
		return quic_send_segments(w, &p, step, &h);
	if (step->raise)
		datagram.packets[0].number += time;
	p.payload = bytes;
	p.payload_n = quic_build(&datagram, &h, bytes);
	if (step->cut)
		return quic_send_cut(w, &p, step);
	return world_expect(w, &p, step->total, step->stopped ? STOPPED : PASSED);
}

static const char *quic_row(struct world *w, const struct quic_row *row)
{
	unsigned int events = row->events ? row->events : row->expect.verdict != LC_V_UNDECIDED;
	const char *complaint = NULL;
	char where[400];

	world_forget(w);
	for (const struct quic_step *step = row->steps; step->total; step++) {
		for (unsigned int i = 0; i < (step->times ? step->times : 1) && !complaint; i++)
			complaint = quic_step(w, row, step, i);
		if (!complaint)
			continue;
		snprintf(where, sizeof(where), "%s", complaint);
		return wrong("step %td: %s", step - row->steps + 1, where);
	}
	if (w->twin)
		return NULL;
	if (w->events_n != events)
		return wrong("%u events, expected %u", w->events_n, events);
	if (!events)
		return NULL;
	w->events[0] = w->events[events - 1];
	w->events_n = 1;
	return world_told_more(w, &row->expect, row->view, row->again);
}

/* mild: the world in which the same rows ask for a name that is allowed. */
static void quic_rows_all(struct world *w, struct world *mild, const struct quic_row *rows, size_t n)
{
	mild->twin = true;
	for (size_t i = 0; i < n; i++) {
		row_end(quic_row(w, &rows[i]), "%s", rows[i].says);
		row_end(quic_row(mild, &rows[i]), "benign twin: %s", rows[i].says);
	}
}

#endif
