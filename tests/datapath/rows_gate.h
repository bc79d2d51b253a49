/* SPDX-License-Identifier: GPL-2.0-only */
/* What is no matter of one packet or stream: QUIC, modes, policies that change under live flows, tables that are full. */
#ifndef LENSCAP_TEST_ROWS_GATE_H
#define LENSCAP_TEST_ROWS_GATE_H

#include "rows_stream.h"

/* The rows' policy with one text in place of another. */
static const char *gate_yaml(const char *from, const char *to)
{
	static char text[sizeof(world_yaml) + 256];
	const char *at = strstr(world_yaml, from);

	if (!at)
		return "";
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - world_yaml), world_yaml, to, at + strlen(from));
	return text;
}

/* A packet with one hello in it for a name; at: offset in the stream. */
static const char *gate_hello(struct world *w, const char *src, const char *name, enum lc_reason total, __u32 action)
{
	static __u8 stream[HELLO_MAX];
	const struct hello hello = { .sni = name };
	struct packet p = { .src = src, .seq = ISS + 1, .ack = ACK, .flags = TCP_ACK, .payload = stream };

	p.payload_n = hello_build(&hello, stream, sizeof(stream));
	return world_expect(w, &p, total, action);
}

static const char *gate_later(struct world *w, __u32 at, enum lc_reason total, __u32 action)
{
	struct packet p = { .seq = ISS + 1 + at, .ack = ACK, .flags = TCP_ACK, .payload_n = 100 };

	return world_expect(w, &p, total, action);
}

struct udp_row {
	const char *says;
	const char *src;
	__u8 head[5];
	size_t n;
	enum lc_reason total;
	const char *asset;           /* NULL: no decision */
};

static const struct udp_row udp_rows[] = {
	{ "noise that begins like a QUIC v1 Initial", NULL, { 0xc3, 0, 0, 0, 1 }, 1200, LC_R_PENDING, NULL },
	{ "noise that begins like a QUIC v1 Initial, IPv6", V6, { 0xc3, 0, 0, 0, 1 }, 1200, LC_R_PENDING, NULL },
	{ "noise that begins like a QUIC v2 Initial", NULL, { 0xd3, 0x6b, 0x33, 0x43, 0xcf }, 1200, LC_R_PENDING, NULL },
	{ "a version that forces negotiation", NULL, { 0xc3, 0x1a, 0x2a, 0x3a, 0x4a }, 1200, LC_R_PENDING, NULL },
	{ "an unknown QUIC version", NULL, { 0xc3, 0x12, 0x34, 0x56, 0x78 }, 1200, LC_R_QUIC_VERSION, "cams" },
	{ "an unknown QUIC version over IPv6", V6, { 0xc3, 0x12, 0x34, 0x56, 0x78 }, 1200, LC_R_QUIC_VERSION, "cams" },
	{ "long header of no known version, smaller than a client's first datagram", NULL, { 0xc3, 0x12, 0x34, 0x56, 0x78 }, 1199,
	  LC_R_NOT_TCP, NULL },
	{ "short header", NULL, { 0x43, 0, 0, 0, 1 }, 1200, LC_R_NOT_TCP, NULL },
	{ "version negotiation", NULL, { 0xc3, 0, 0, 0, 0 }, 1200, LC_R_NOT_TCP, NULL },
	{ "empty datagram", NULL, { 0 }, 0, LC_R_NOT_TCP, NULL },
	{ "DNS query", NULL, { 0x12, 0x34, 1, 0, 0 }, 40, LC_R_NOT_TCP, NULL },
};

static const char *udp_row(struct world *w, const struct udp_row *row)
{
	const struct expect x = BY(LC_R_QUIC_VERSION, LC_V_DENY_DROP, "no-quic");
	struct packet p = { .src = row->src, .proto = 17, .payload_n = row->n };
	__u8 datagram[3000] = { 0 };
	const char *complaint;

	memcpy(datagram, row->head, sizeof(row->head));
	p.payload = datagram;
	world_forget(w);
	complaint = world_expect(w, &p, row->total, row->asset ? STOPPED : PASSED);
	if (complaint)
		return complaint;
	if (!row->asset)
		return w->events_n ? wrong("%u events, expected none", w->events_n) : NULL;
	complaint = world_told(w, &x);
	p.payload_n = 30;
	return complaint ? complaint : world_expect(w, &p, LC_R_DECIDED, STOPPED);
}

static const char *gate_udp_first(struct world *w)
{
	__u8 initial[1200] = { 0xc3, 0x12, 0x34, 0x56, 0x78 };
	struct packet empty = { .proto = 17 }, p = { .proto = 17, .payload = initial, .payload_n = sizeof(initial) };
	const char *complaint;

	world_forget(w);
	complaint = world_expect(w, &empty, LC_R_NOT_TCP, PASSED);
	return complaint ? complaint : world_expect(w, &p, LC_R_QUIC_VERSION, STOPPED);
}

static const char *gate_monitor(struct world *w)
{
	const struct expect x = { LC_V_AUDIT, LC_R_MATCH, "watched", "BLOCKED", "reset", HELLO_NAME, 0 };
	const char *complaint;

	world_forget(w);
	complaint = gate_hello(w, "10.2.0.5", HELLO_NAME, LC_R_MATCH, PASSED);
	if (!complaint)
		complaint = world_told(w, &x);
	if (!complaint && w->events[0].wanted != LC_V_DENY_RESET)
		complaint = wrong("wanted %s", word(LC_LIST_VERDICT, w->events[0].wanted));
	return complaint;
}

static const char *gate_fragment_by_kind(struct world *w)
{
	struct packet p = { .src_mac = DEVICE, .fragment = LC_HELLO_MAX / 8, .payload_n = 64 };

	world_forget(w);
	return world_expect(w, &p, LC_R_FRAGMENT, PASSED);
}

/* One flow, one decision; every packet that it stopped, with its bytes. */
static const char *gate_counts(struct world *w)
{
	struct lc_count before, after;
	const char *complaint;
	__u64 bytes;

	world_forget(w);
	complaint = gate_hello(w, NULL, HELLO_NAME, LC_R_MATCH, STOPPED);
	if (complaint)
		return complaint;
	bytes = w->events[0].packet_bytes;
	before = world_count(w, w->events);
	complaint = gate_hello(w, NULL, HELLO_NAME, LC_R_DECIDED, STOPPED);
	if (complaint)
		return complaint;
	after = world_count(w, w->events);
	if (after.flows != before.flows || after.packets != before.packets + 1 || after.bytes != before.bytes + bytes)
		return wrong("%llu flows, %llu packets, %llu bytes more", after.flows - before.flows,
			     after.packets - before.packets, after.bytes - before.bytes);
	return NULL;
}

/* What a new policy does to a flow that the one before has decided. */
struct change_row {
	const char *says;
	const char *name;            /* asked for under the old one */
	enum lc_reason first;
	const char *from, *to;
	struct expect expect;        /* verdict UNDECIDED: no new decision */
	enum lc_reason total;        /* of the flow's next packet */
	bool stopped_before, stopped;
};

#define LET "{id: let, match: {endpoint: ALLOWED}, verdict: allow}"
#define RESET "{id: reset, match: {endpoint: [BLOCKED, BELOW]}, verdict: deny-reset}"

static const struct change_row change_rows[] = {
	{ "a new policy that refuses ends a live flow", "allowed.test", LC_R_MATCH, LET,
	  "{id: let, match: {endpoint: ALLOWED}, verdict: deny-reset}",
	  { LC_V_DENY_RESET, LC_R_MATCH, NULL, "ALLOWED", "let", NULL, 0 }, LC_R_MATCH, false, true },
	{ "a new policy that allows lets a refused flow pass", HELLO_NAME, LC_R_MATCH, RESET,
	  "{id: reset, match: {endpoint: [BLOCKED, BELOW]}, verdict: allow}",
	  { LC_V_ALLOW, LC_R_MATCH, NULL, "BLOCKED", "reset", NULL, 0 }, LC_R_MATCH, true, false },
	{ "a new policy that says the same decides nothing anew", "allowed.test", LC_R_MATCH, LET, LET,
	  { LC_V_UNDECIDED, 0, NULL, NULL, NULL, NULL, 0 }, LC_R_DECIDED, false, false },
	{ "a new policy for what has no match acts on live flows, too", "www.benign.test", LC_R_NO_MATCH, "unmatched: allow",
	  "unmatched: deny-drop",
	  { LC_V_DENY_DROP, LC_R_NO_MATCH, NULL, NULL, LC_RULE_UNMATCHED, NULL, 0 }, LC_R_NO_MATCH, false, true },
	{ "a host that is no asset any more passes", HELLO_NAME, LC_R_MATCH, "[10.1.0.0/16, ", "[10.9.0.0/16, ",
	  { LC_V_UNDECIDED, 0, NULL, NULL, NULL, NULL, 0 }, LC_R_NOT_ASSET, true, false },
};

static const char *change_row(struct world *w, const struct change_row *row)
{
	const char *complaint;

	world_forget(w);
	complaint = gate_hello(w, NULL, row->name, row->first, row->stopped_before ? STOPPED : PASSED);
	if (complaint)
		return complaint;
	w->events_n = 0;
	if (!world_policy(w, gate_yaml(row->from, row->to), LC_CONF_DRY | LC_CONF_NAMES))
		return "the new policy is not in force";
	complaint = gate_later(w, 600, row->total, row->stopped ? STOPPED : PASSED);
	if (!complaint && row->expect.verdict != LC_V_UNDECIDED)
		complaint = world_told_more(w, &row->expect, NULL, true);
	else if (!complaint && w->events_n)
		complaint = wrong("%u events, expected none", w->events_n);
	if (!complaint && row->expect.verdict != LC_V_UNDECIDED)
		complaint = gate_later(w, 700, LC_R_DECIDED, row->stopped ? STOPPED : PASSED);
	return complaint;
}

static const char *gate_change_in_hello(struct world *w)
{
	static __u8 stream[HELLO_MAX];
	const struct hello hello = { .sni = HELLO_NAME };
	const struct expect x = REFUSED;
	struct packet p = { .seq = ISS + 1, .ack = ACK, .flags = TCP_ACK, .payload = stream, .payload_n = 75 };
	size_t n = hello_build(&hello, stream, sizeof(stream));
	const char *complaint;

	world_forget(w);
	complaint = world_expect(w, &p, LC_R_PENDING, PASSED);
	if (complaint)
		return complaint;
	if (!world_policy(w, world_yaml, LC_CONF_DRY | LC_CONF_NAMES))
		return "the new policy is not in force";
	p.seq += 75;
	p.payload = stream + 75;
	p.payload_n = n - 75;
	complaint = world_expect(w, &p, LC_R_MATCH, STOPPED);
	return complaint ? complaint : world_told(w, &x);
}

/* Numbers and names of endpoints that the first policy does not know. */
static const char *gate_names_left_out(struct world *w)
{
	const struct expect x = { LC_V_ALLOW, LC_R_NO_MATCH, NULL, NULL, LC_RULE_UNMATCHED, NULL, 0 };
	const char *complaint;

	if (!world_policy(w, world_yaml, LC_CONF_DRY))
		return "the policy is not in force";
	world_forget(w);
	complaint = gate_hello(w, NULL, "www.benign.test", LC_R_NO_MATCH, PASSED);
	return complaint ? complaint : world_told(w, &x);
}

static const char *gate_no_policy(void)
{
	static struct world w;
	const char *why = "", *complaint;

	memset(&w, 0, sizeof(w));
	if (lc_gate_private(NULL, &w.gate, &why) || lc_event_reader_new(w.gate, world_event, &w, &w.reader))
		return wrong("no gate: %s", why);
	complaint = gate_hello(&w, NULL, HELLO_NAME, LC_R_NO_POLICY, PASSED);
	world_close(&w);
	return complaint;
}

/* More decisions than the ring holds, then a look at what is in it. */
static const char *gate_ring_fill(struct world *w, unsigned int flows)
{
	static __u8 stream[HELLO_MAX], frame[PACKET_MAX];
	const struct hello hello = { .sni = HELLO_NAME };
	struct packet p = { .seq = ISS + 1, .flags = TCP_ACK, .payload = stream };
	const char *complaint = NULL;

	p.payload_n = hello_build(&hello, stream, sizeof(stream));
	for (unsigned int i = 0; !complaint && i < flows; i++) {
		p.sport = 2000 + i;
		complaint = world_run(w, frame, packet_build(&p, frame));
		if (!complaint && w->action != STOPPED)
			complaint = wrong("flow %u: action %d", i + 1, (int)w->action);
	}
	return complaint;
}

static const char *gate_ring_full(void)
{
	const struct lc_gate_sizes sizes = { .events_bytes = 4096 };
	static struct world w;
	struct lc_total totals[LC_R_MAX];
	const char *complaint;
	unsigned int kept;

	if (!world_open(&w, &sizes, LC_CONF_DRY))
		return "no gate";
	complaint = gate_ring_fill(&w, 40);
	lc_event_read(w.reader, 0);
	kept = w.events_n;
	if (!complaint)
		complaint = gate_hello(&w, NULL, HELLO_NAME, LC_R_MATCH, STOPPED);
	if (!complaint && (lc_read_totals(w.gate, totals) || !kept || kept >= 40 || totals[LC_R_EVENT_LOST].packets != 40 - kept))
		complaint = wrong("%u events kept, %llu counted as lost", kept, totals[LC_R_EVENT_LOST].packets);
	if (!complaint && (w.events[kept - 1].seq != kept || w.events[kept].seq != 41))
		complaint = wrong("events %llu and %llu stand side by side", w.events[kept - 1].seq, w.events[kept].seq);
	world_close(&w);
	return complaint;
}

/* So many unfinished hellos that the first is forgotten. */
/* However much noise an undecided flow has sent, its hello is looked at. */
static const char *gate_much_noise(struct world *w)
{
	const struct stream_row rest = { .steps = { PART(0, 75), LAST(75) }, .expect = REFUSED };
	int flows = lc_gate_map(w->gate, LC_MAP_FLOWS);
	const char *complaint;
	struct lc_flow_key key;
	struct lc_flow flow;
	size_t from = 0;

	world_forget(w);
	complaint = hello_syn(w, NULL);
	if (complaint)
		return complaint;
	if (bpf_map_get_next_key(flows, NULL, &key) || bpf_map_lookup_elem(flows, &key, &flow))
		return "no flow";
	flow.bytes = 3ull << 30;
	if (bpf_map_update_elem(flows, &key, &flow, BPF_ANY))
		return "the flow can not be written";
	for (const struct step *step = rest.steps; !complaint && step->kind; step++)
		complaint = stream_step(w, &rest, step, &from);
	return complaint ? complaint : world_told(w, &rest.expect);
}

static const char *gate_hellos_full_allowed(struct world *w)
{
	static __u8 stream[HELLO_MAX];
	const struct hello hello = { .sni = HELLO_NAME };
	struct packet p = { .sport = 2001, .seq = ISS + 7, .flags = TCP_ACK, .payload = "\1", .payload_n = 1 };
	const char *complaint;

	if (!world_policy(w, world_mild_yaml, LC_CONF_DRY))
		return "the policy is not in force";
	complaint = world_expect(w, &p, LC_R_TABLE_FULL, PASSED);
	p.seq = ISS + 1;
	p.payload = stream;
	p.payload_n = hello_build(&hello, stream, sizeof(stream));
	return complaint ? complaint : world_expect(w, &p, LC_R_MATCH, STOPPED);
}

/* Its flow must not pass for want of memory; and where the rule lets it pass, what comes again is looked at. */
static const char *gate_hellos_full(void)
{
	const struct lc_gate_sizes sizes = { .hellos = 64 };
	const struct expect x = BY(LC_R_TABLE_FULL, LC_V_DENY_DROP, "crowd");
	struct packet p = { .seq = ISS + 1, .flags = TCP_ACK, .payload = "\x16\3\1\1\0\1", .payload_n = 6 };
	static struct world w;
	const char *complaint = NULL;

	if (!world_open(&w, &sizes, LC_CONF_DRY))
		return "no gate";
	for (unsigned int i = 0; !complaint && i < 2000; i++) {
		p.sport = 2000 + i;
		complaint = world_expect(&w, &p, LC_R_PENDING, PASSED);
	}
	p.sport = 2000;
	p.seq += 6;
	if (!complaint)
		complaint = world_expect(&w, &p, LC_R_TABLE_FULL, STOPPED);
	if (!complaint)
		complaint = world_told(&w, &x);
	if (!complaint)
		complaint = gate_hellos_full_allowed(&w);
	world_close(&w);
	return complaint;
}

static void gate_rows_run(struct world *w)
{
	for (size_t i = 0; i < sizeof(udp_rows) / sizeof(*udp_rows); i++)
		row_end(udp_row(w, &udp_rows[i]), "%s", udp_rows[i].says);
	row_end(gate_udp_first(w), "an empty datagram closes nothing, QUIC behind it is refused");
	row_end(gate_monitor(w), "in monitor mode a refusal is an audit that says what it would have been");
	row_end(gate_fragment_by_kind(w), "a fragment of another kind of asset passes by the rule for it");
	row_end(gate_counts(w), "every packet of a refused flow is counted as stopped, the flow once");
	for (size_t i = 0; i < sizeof(change_rows) / sizeof(*change_rows); i++) {
		row_end(change_row(w, &change_rows[i]), "%s", change_rows[i].says);
		if (!world_policy(w, world_yaml, LC_CONF_DRY | LC_CONF_NAMES))
			exit(1);
	}
	row_end(gate_change_in_hello(w), "a hello that a new policy comes upon is judged by the new one");
	row_end(gate_names_left_out(w), "outside replay a name that matches nothing is not told");
	row_end(gate_no_policy(), "without a policy everything passes and is counted");
	row_end(gate_ring_full(), "a full ring loses events by number and changes no verdict");
	row_end(gate_much_noise(w), "the hello of a flow that has sent 3 GiB before is looked at");
	row_end(gate_hellos_full(), "a hello pushed out of its table is a reason of its own");
}

#endif
