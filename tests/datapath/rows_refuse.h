/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Refusals that are carried out: the reset that goes on to the server in place of the refused packet, and the one that comes
 * back to the client, byte by byte (RFC 9293, 3.5.2 and 3.10.7).
 */
#ifndef LENSCAP_TEST_ROWS_REFUSE_H
#define LENSCAP_TEST_ROWS_REFUSE_H

#include "rows_frag.h"
#include "rows_gate.h"
#include "wire.h"

struct refuse_row {
	const char *says;
	struct packet p;             /* what all of the client's packets share */
	size_t first;                /* bytes of the hello in a segment of their own before */
	const char *name;            /* NULL: api.blocked.test */
	enum { AFTER_SYN, IN_SYN, NO_SYN, AGAIN, SECOND_FIRST, OVERLAP, AHEAD, LAST_OF_THREE } when;
	bool silent;                 /* nobody is told */
};

static const struct refuse_row refuse_rows[] = {
	{ .says = "IPv4" },
	{ .says = "IPv6", .p = { .src = V6 } },
	{ .says = "IPv4 options stay", .p = { .ip_options = 8 } },
	{ .says = "TCP options go", .p = { .tcp_options = 12 } },
	{ .says = "IPv6 extension headers stay", .p = { .src = V6, .ext = { { EXT_HOP, 8, 0 }, { EXT_DEST, 16, 0 } } } },
	{ .says = "802.1Q", .p = { .vlan = 7 } },
	{ .says = "802.1Q over IPv6", .p = { .src = V6, .vlan = 7 } },
	{ .says = "QinQ", .p = { .vlan = 7, .vlan_inner = 8 } },
	{ .says = "FIN takes a number of its own", .p = { .flags = TCP_ACK | TCP_FIN } },
	{ .says = "client without ACK", .p = { .flags = TCP_PSH } },
	{ .says = "second of two pieces", .first = 75 },
	{ .says = "second of two pieces, IPv6", .p = { .src = V6 }, .first = 75 },
	{ .says = "sequence numbers wrap", .p = { .seq = 0xfffffff0 }, .first = 75 },
	{ .says = "SYN not seen", .when = NO_SYN },
	{ .says = "hello in the SYN", .p = { .flags = TCP_SYN }, .when = IN_SYN },
	{ .says = "retransmission to a refused flow is answered again", .when = AGAIN },
	{ .says = "first of two pieces, which comes last", .first = 75, .when = SECOND_FIRST },
	{ .says = "second piece, which repeats some of the first", .first = 75, .when = OVERLAP },
	{ .says = "hello far ahead: the server still waits for the first byte", .when = AHEAD },
	{ .says = "last of three pieces, the second came before the first", .first = 75, .when = LAST_OF_THREE },
	{ .says = "inside a tunnel nobody is told", .p = { .pppoe = 0x21 }, .silent = true },
	{ .says = "deny-drop tells nobody", .name = "a.dropped.test", .silent = true },
};

/* Where a frame's IP and TCP headers are. */
struct found { const __u8 *ip, *tcp; size_t end; };

static const char *refuse_find(const __u8 *frame, size_t n, struct found *f)
{
	size_t at = 14, next;

	while (at < n && packet_get16(frame + at - 2) != 0x0800 && packet_get16(frame + at - 2) != 0x86dd)
		at += 4;
	if (at + 40 > n)
		return wrong("no IP in %zu bytes", n);
	f->ip = frame + at;
	if (f->ip[0] >> 4 == 4) {
		f->end = packet_get16(f->ip + 2);
		f->tcp = f->ip + (f->ip[0] & 15) * 4;
		return packet_fold(packet_sum(f->ip, f->tcp - f->ip, 0)) ? "IPv4 checksum" : NULL;
	}
	f->end = 40 + packet_get16(f->ip + 4);
	for (next = f->ip[6], f->tcp = f->ip + 40; next != 6; f->tcp += (f->tcp[1] + 1) * 8)
		next = f->tcp[0];
	return NULL;
}

static const char *refuse_reset(const struct found *f, __u32 seq, __u32 ack, unsigned int flags)
{
	size_t n = f->ip + f->end - f->tcp;

	if (n != 20 || f->tcp[12] >> 4 != 5)
		return wrong("%zu bytes of TCP", n);
	if (f->tcp[13] != flags)
		return wrong("flags %#x, expected %#x", f->tcp[13], flags);
	if (packet_get32(f->tcp + 4) != seq)
		return wrong("seq %#x, expected %#x", packet_get32(f->tcp + 4), seq);
	if (packet_get32(f->tcp + 8) != ack)
		return wrong("ack %#x, expected %#x", packet_get32(f->tcp + 8), ack);
	return packet_l4_sum(f->ip, f->tcp, n, 6) ? "TCP checksum" : NULL;
}

/* Same ends as the packet that was refused, or, back, the ends exchanged. */
static const char *refuse_ends(const struct found *f, const struct packet *p, bool back)
{
	static __u8 frame[PACKET_MAX];
	struct found sent;
	size_t size = packet_is6(p) ? 16 : 4, src = packet_is6(p) ? 8 : 12;
	const char *complaint = refuse_find(frame, packet_build(p, frame), &sent);

	if (complaint)
		return complaint;
	if (memcmp(f->ip + src, sent.ip + src + (back ? size : 0), size) ||
	    memcmp(f->ip + src + size, sent.ip + src + (back ? 0 : size), size))
		return "addresses";
	if (memcmp(f->tcp, sent.tcp + (back ? 2 : 0), 2) || memcmp(f->tcp + 2, sent.tcp + (back ? 0 : 2), 2))
		return "ports";
	return f->tcp - f->ip == sent.tcp - sent.ip ? NULL : "headers before TCP";
}

/* start: sequence number of the first byte that the server has not got. */
static const char *refuse_server(struct world *w, const struct packet *p, __u32 start)
{
	unsigned int ack = p->flags & TCP_ACK;
	const char *complaint;
	struct found f;

	complaint = refuse_find(w->out, w->out_n, &f);
	if (!complaint && memcmp(w->out, "\2\0\0\0\0\2\2\0\0\0\0\1", 12))
		complaint = "MACs";
	if (!complaint)
		complaint = refuse_ends(&f, p, false);
	if (!complaint)
		complaint = refuse_reset(&f, start, ack ? p->ack : 0, TCP_RST | ack);
	return complaint;
}

static const char *refuse_client(struct wire *wire, const struct packet *p)
{
	__u32 end = p->seq + p->payload_n + !!(p->flags & TCP_SYN) + !!(p->flags & TCP_FIN);
	const char *complaint;
	struct found f;

	if (!wire_receive(wire, 1000))
		return "nothing came back";
	if (memcmp(wire->frame, "\2\0\0\0\0\1\2\0\0\0\0\2", 12))
		return "MACs";
	if (wire->vlan != (p->vlan & 0xfff))
		return wrong("VLAN %u, expected %u", wire->vlan, p->vlan & 0xfff);
	if (p->vlan_inner && packet_get16(wire->frame + 14) != p->vlan_inner)
		return "inner VLAN";
	complaint = refuse_find(wire->frame, wire->n, &f);
	if (!complaint && f.ip[packet_is6(p) ? 7 : 8] != 64)
		complaint = "TTL";
	if (!complaint)
		complaint = refuse_ends(&f, p, true);
	if (!complaint)
		complaint = refuse_reset(&f, p->flags & TCP_ACK ? p->ack : 0, end, TCP_RST | TCP_ACK);
	return complaint;
}

static const char *refuse_both(struct world *w, struct wire *wire, const struct packet *p, __u32 start)
{
	static char text[400];
	const char *complaint = refuse_server(w, p, start), *to = "server";

	if (!complaint) {
		complaint = refuse_client(wire, p);
		to = "client";
	}
	if (!complaint)
		return wire_receive(wire, 0) ? "more than one packet came back" : NULL;
	snprintf(text, sizeof(text), "reset to the %s: %s", to, complaint);
	return text;
}

/* What comes before the packet that is refused. */
static const char *refuse_before(struct world *w, const struct refuse_row *row, const struct packet *p, size_t n)
{
	struct packet syn = *p, first = *p;
	const char *complaint = NULL;

	syn.seq--;
	syn.flags = TCP_SYN;
	syn.payload_n = 0;
	first.payload_n = row->first;
	first.flags = TCP_ACK;
	if (row->when == SECOND_FIRST) {
		first.seq += row->first;
		first.payload += row->first;
		first.payload_n = n - row->first;
	}
	if (row->when != NO_SYN && row->when != IN_SYN)
		complaint = world_expect(w, &syn, LC_R_NO_DATA, PASSED);
	if (!complaint && row->when == LAST_OF_THREE) {
		first.seq += 30;
		first.payload += 30;
		first.payload_n -= 30;
		complaint = world_expect(w, &first, LC_R_PENDING, PASSED);
		first = (struct packet){ .src = p->src, .seq = p->seq, .ack = p->ack, .flags = TCP_ACK, .payload = p->payload, .payload_n = 30 };
	}
	if (!complaint && row->first)
		complaint = world_expect(w, &first, LC_R_PENDING, PASSED);
	return complaint;
}

static const char *refuse_row(struct world *w, struct wire *wire, const struct refuse_row *row)
{
	static __u8 stream[HELLO_MAX];
	const struct hello hello = { .sni = row->name ? row->name : HELLO_NAME };
	size_t n = hello_build(&hello, stream, sizeof(stream));
	size_t at = row->when == SECOND_FIRST ? 0 : row->when == OVERLAP ? row->first - 35 : row->first;
	struct packet p = row->p;
	const char *complaint;
	__u32 start;

	p.seq = p.seq ? p.seq : ISS + 1;
	p.ack = ACK;
	p.flags = p.flags ? p.flags : TCP_ACK | TCP_PSH;
	p.payload = stream;
	world_forget(w);
	complaint = refuse_before(w, row, &p, n);
	/* the first byte that the server does not have */
	start = p.seq + (row->when == OVERLAP ? row->first : at) + (row->when == IN_SYN);
	p.seq += at + (row->when == AHEAD ? 3000 : 0);
	p.payload = stream + at;
	p.payload_n = row->when == SECOND_FIRST ? row->first : n - at;
	if (!complaint)
		complaint = world_expect(w, &p, LC_R_MATCH, row->silent ? STOPPED : PASSED);
	if (complaint || row->silent)
		return complaint ? complaint : wire_receive(wire, 0) ? "something came back" : NULL;
	complaint = refuse_both(w, wire, &p, start);
	if (complaint || row->when != AGAIN)
		return complaint;
	complaint = world_expect(w, &p, LC_R_DECIDED, PASSED);
	return complaint ? complaint : refuse_both(w, wire, &p, start);
}

static bool refuse_is_fragment(const struct found *f)
{
	return f->ip[0] >> 4 == 4 ? packet_get16(f->ip + 6) & 0x3fff : packet_get16(f->ip + 42);
}

/* The fragment that completes a refused datagram becomes a reset that is none, or, with IPv6, an atomic one. */
static const char *refuse_fragments(struct world *w, struct wire *wire, const char *src, size_t cut, bool reversed)
{
	static __u8 stream[HELLO_MAX], bytes[HELLO_MAX];
	const struct hello hello = { .sni = HELLO_NAME };
	struct packet whole = { .src = src, .seq = ISS + 1, .ack = ACK, .flags = TCP_ACK | TCP_PSH, .payload = stream };
	struct packet pieces[2] = { { .src = src, .raw = true, .payload = bytes, .payload_n = cut, .more_fragments = true },
				    { .src = src, .raw = true, .payload = bytes + cut, .fragment = cut / 8 } };
	const char *complaint;
	struct found f;

	whole.payload_n = hello_build(&hello, stream, sizeof(stream));
	pieces[1].payload_n = frag_datagram(&whole, bytes) - cut;
	if (packet_is6(&whole))
		whole.ext[0] = pieces[0].ext[0] = pieces[1].ext[0] = (struct packet_ext){ EXT_FRAGMENT, 8, 0 };
	world_forget(w);
	complaint = hello_syn(w, src);
	if (!complaint)
		complaint = world_expect(w, &pieces[reversed], LC_R_PENDING, PASSED);
	if (!complaint)
		complaint = world_expect(w, &pieces[!reversed], LC_R_MATCH, PASSED);
	if (!complaint)
		complaint = refuse_both(w, wire, &whole, ISS + 1);
	if (complaint || refuse_find(w->out, w->out_n, &f) || refuse_is_fragment(&f))
		return complaint ? complaint : "the server's is a fragment";
	return refuse_find(wire->frame, wire->n, &f) || refuse_is_fragment(&f) ? "the client's is a fragment" : NULL;
}

/* A reset is never answered with a reset. */
static const char *refuse_no_loop(struct world *w, struct wire *wire)
{
	struct packet p = { .seq = ISS + 900, .ack = ACK, .flags = TCP_RST };
	const char *complaint;

	world_forget(w);
	complaint = gate_hello(w, NULL, HELLO_NAME, LC_R_MATCH, PASSED);
	if (complaint)
		return complaint;
	if (!wire_receive(wire, 1000))
		return "nothing came back";
	complaint = world_expect(w, &p, LC_R_DECIDED, STOPPED);
	return complaint ? complaint : wire_receive(wire, 0) ? "a reset came back" : NULL;
}

/* The stack takes the tag off before TC: the program must find it beside the packet, and the reset must carry it again. */
static const char *refuse_stripped_tag(struct world *w, struct wire *wire)
{
	static __u8 stream[HELLO_MAX], frame[PACKET_MAX];
	const struct hello hello = { .sni = HELLO_NAME };
	const struct expect x = { LC_V_DENY_RESET, LC_R_MATCH, "lan", "BLOCKED", "reset", HELLO_NAME, 0 };
	struct packet p = { .src = "192.0.2.1", .vlan = 0xe000 | 120, .seq = ISS + 1, .ack = ACK, .flags = TCP_ACK };
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = wire->gate, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = lc_gate_program(w->gate));
	const char *complaint;
	size_t n;

	p.payload = stream;
	p.payload_n = hello_build(&hello, stream, sizeof(stream));
	n = packet_build(&p, frame);
	world_forget(w);
	if (bpf_tc_hook_create(&hook) || bpf_tc_attach(&hook, &opts))
		return "can not be attached";
	if (send(wire->far, frame, n, 0) != (ssize_t)n)
		return wrong("send: %s", strerror(errno));
	complaint = refuse_client(wire, &p);
	lc_event_read(w->reader, 500);
	if (!complaint)
		complaint = world_told(w, &x);
	if (!complaint && (w->events[0].flow.vlan_outer != 120 || w->events[0].flow.vlan_inner))
		complaint = wrong("event of VLAN %u, %u", w->events[0].flow.vlan_outer, w->events[0].flow.vlan_inner);
	hook.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS;
	bpf_tc_hook_destroy(&hook);
	return complaint;
}

static void refuse_rows_run(struct world *w)
{
	static struct wire wire;

	if (!wire_open(&wire)) {
		world_sum.skipped++;
		printf("skip - resets: no network namespace with a veth pair here\n");
		return;
	}
	w->ifindex = wire.gate;
	for (size_t i = 0; i < sizeof(refuse_rows) / sizeof(*refuse_rows); i++)
		row_end(refuse_row(w, &wire, &refuse_rows[i]), "resets: %s", refuse_rows[i].says);
	for (int reversed = 0; reversed < 2; reversed++) {
		const char *how = reversed ? "the first, which comes last" : "the last";

		row_end(refuse_fragments(w, &wire, "10.1.0.5", 56, reversed), "resets: of two fragments, %s", how);
		row_end(refuse_fragments(w, &wire, V6, 56, reversed), "resets: of two fragments, %s, IPv6", how);
		row_end(refuse_fragments(w, &wire, "10.1.0.5", 104, reversed), "resets: of two fragments, one of 8 bytes, %s", how);
	}
	row_end(refuse_no_loop(w, &wire), "resets: a reset is not answered with a reset");
	row_end(refuse_stripped_tag(w, &wire), "resets: tag that the stack took off");
	close(wire.far);
}

#endif
