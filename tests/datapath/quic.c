/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * QUIC through the real programs by BPF_PROG_TEST_RUN, as rows.c does it for TCP: rows, every length of what has a length, the
 * shared hellos, floods. A binary of its own, as libcrypto seals the packets.
 */
#include "rows_quic_odd.h"

#define ROWS(rows) rows, sizeof(rows) / sizeof(*rows)
#define HELLO_FLOWS 2000             /* unfinished hellos, four times the pool */
#define NOISE_FLOWS 14000            /* flows, more than three times the table of keys */

static struct world dry, mild, live;

static const struct quic_row quic_plain = {
	.steps = { SENT(INITIAL(CRYPTO(0, 60))), LAST_SENT(NUMBERED(1, REST_OF(60))) }, .expect = QUIC_REFUSED,
};

/* The plain row in two datagrams, with something about its packets changed. */
static void quic_lengths(void)
{
	static const __u16 tokens[] = { 1, 63, 64, 200, 800 };
	struct quic_row row;

	for (unsigned int n = 0; n <= 20; n++) {
		row = quic_plain;
		for (int i = 0; i < 2; i++)
			row.steps[i].datagram.packets[0].dcid_n = row.steps[i].datagram.packets[0].scid_n = n ? n : QUIC_NONE;
		row_end(quic_row(&dry, &row), "connection ids of %u bytes", n);
	}
	for (unsigned int n = 1; n <= 4; n++) {
		row = quic_plain;
		row.steps[0].datagram.packets[0].number_len = row.steps[1].datagram.packets[0].number_len = n;
		row_end(quic_row(&dry, &row), "packet number of %u bytes", n);
	}
	for (size_t i = 0; i < sizeof(tokens) / sizeof(*tokens); i++) {
		row = quic_plain;
		row.steps[0].datagram.packets[0].token_n = row.steps[1].datagram.packets[0].token_n = tokens[i];
		row_end(quic_row(&dry, &row), "token of %u bytes", tokens[i]);
	}
}

/* Wherever it is cut. */
static const char *quic_cuts(void)
{
	const char *complaint = NULL;
	char where[400];

	for (unsigned int at = 1; at < 87 && !complaint; at++) {
		struct quic_row row = quic_plain;

		row.steps[at % 2].datagram.packets[0].frames[0].n = at % 2 ? QUIC_ALL : at;
		row.steps[0].datagram.packets[0].frames[0] = (struct quic_frame)CRYPTO(at % 2 ? at : 0, at % 2 ? QUIC_ALL : at);
		row.steps[1].datagram.packets[0].frames[0] = (struct quic_frame)CRYPTO(at % 2 ? 0 : at, at % 2 ? at : QUIC_ALL);
		complaint = quic_row(&dry, &row);
		if (!complaint)
			continue;
		snprintf(where, sizeof(where), "%s", complaint);
		complaint = wrong("at %u: %s", at, where);
	}
	return complaint;
}

/* What the rows' policy says to a shared case, sent over QUIC. */
static struct expect quic_expect(const struct hello_case *c)
{
	static const struct { enum lc_reason reason; const char *rule; } refused[] = {
		{ LC_R_NO_SNI, "nameless" }, { LC_R_MALFORMED, "broken" }, { LC_R_TOO_LONG, "endless" },
	};

	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		if (c->reason == refused[i].reason)
			return (struct expect)QUIC_BY(c->reason, LC_V_DENY_DROP, refused[i].rule);
	if (c->reason == LC_R_PENDING)
		return (struct expect){ 0 };
	if (c->reason != LC_R_NONE)
		return (struct expect)QUIC_BY(c->reason, LC_V_ALLOW, LC_RULE_UNMATCHED);
	if (!c->name)
		return (struct expect)QUIC_BY(LC_R_INVALID_NAME, LC_V_DENY_DROP, "odd-name");
	if (strncmp(c->name, HELLO_NAME, strlen(HELLO_NAME)))
		return (struct expect){ LC_V_ALLOW, LC_R_NO_MATCH, NULL, NULL, LC_RULE_UNMATCHED, c->name, 0 };
	return (struct expect){ LC_V_DENY_DROP, LC_R_MATCH, NULL, "BLOCKED", "reset", c->name, 0 };
}

/* What is not about records: whole, and the second part first. */
static void quic_hellos(void)
{
	for (size_t i = 0; i < HELLO_CASES; i++) {
		const struct hello_case *c = &hello_cases[i];
		struct quic_row row = { .hello = c->hello, .as_is = true, .steps = { LAST_SENT(INITIAL(WHOLE)) }, .expect = quic_expect(c) };
		bool pending = c->reason == LC_R_PENDING;

		if (c->hello.record || c->hello.first_record || c->hello.content_type || c->hello.record_version)
			continue;
		row.steps[0].total = pending ? LC_R_PENDING : row.expect.reason;
		row.steps[0].stopped = row.expect.verdict == LC_V_DENY_DROP;
		row_end(quic_row(&dry, &row), "%s", c->says);
		row.steps[1] = row.steps[0];
		row.steps[0] = (struct quic_step)SENT(INITIAL(REST_OF(30)));
		row.steps[1].datagram.packets[0] = (struct quic_packet)NUMBERED(1, CRYPTO(0, 30));
		row_end(quic_row(&dry, &row), "%s, the second part first", c->says);
	}
}

static const struct quic_row quic_others[] = {
	{ .says = "a host without a tag passes", .net = { .src = "192.0.2.7" },
	  .steps = { { .total = LC_R_NOT_ASSET, DATAGRAM(INITIAL(WHOLE)) } } },
	{ .says = "an IPv6 host without a tag passes", .net = { .src = "2001:db8:9::7" },
	  .steps = { { .total = LC_R_NOT_ASSET, DATAGRAM(INITIAL(WHOLE)) } } },
	{ .says = "an asset that is only watched passes", .net = { .src = "10.2.0.5" },
	  .steps = { { .total = LC_R_MATCH, DATAGRAM(INITIAL(WHOLE)) }, LET_BY({ QUIC_SHORT }) },
	  .expect = { LC_V_AUDIT, LC_R_MATCH, "watched", "BLOCKED", "reset", HELLO_NAME, 0 } },
	{ .says = "an audited name passes", .hello = { .sni = "audited.test" },
	  .steps = { { .total = LC_R_MATCH, DATAGRAM(INITIAL(WHOLE)) }, LET_BY({ QUIC_SHORT }) },
	  .expect = { LC_V_AUDIT, LC_R_MATCH, NULL, "AUDITED", "watch", "audited.test", 0 } },
	{ .says = "ECH behind a known front", .hello = { .sni = "front.test", .ech = true },
	  .steps = { { .total = LC_R_ECH, .stopped = true, DATAGRAM(INITIAL(WHOLE)) } },
	  .expect = { LC_V_DENY_DROP, LC_R_ECH, NULL, "FRONT", "hidden", "front.test", 0 } },
	{ .says = "another flow of the same host is another flow", .hello = QUIC_INNOCENT, .net = { .sport = 40001 },
	  .steps = { { .total = LC_R_NO_MATCH, DATAGRAM(INITIAL(WHOLE)) } }, .expect = QUIC_HARMLESS },
};

/* A datagram of a host's flow. */
static const char *quic_from(struct world *w, const char *src, unsigned int sport, const struct quic_packet *packet)
{
	static __u8 hello[HELLO_MAX], bytes[QUIC_MAX], frame[PACKET_MAX];
	const struct quic_hellos h = { { hello, hello }, { quic_hello(w, &quic_plain, false, hello), 0 } };
	const struct quic_datagram datagram = { .packets = { *packet } };
	struct packet p = { .src = src, .sport = sport, .proto = 17, .payload = bytes };

	p.payload_n = quic_build(&datagram, &h, bytes);
	return world_send_frame(w, frame, packet_build(&p, frame));
}

static const char *quic_from_expect(struct world *w, const char *src, unsigned int sport, const struct quic_packet *packet, enum lc_reason total,
				    __u32 action)
{
	const char *complaint = quic_from(w, src, sport, packet);

	return complaint ? complaint : world_check(w, total, action);
}

static const struct quic_packet quic_half = INITIAL(CRYPTO(0, 60)), quic_rest = NUMBERED(1, REST_OF(60)), quic_bad = BAD(WHOLE);
static const struct quic_packet quic_second = NUMBERED(2, { .kind = FRAME_CRYPTO, .n = 60, .behind = true });
static const struct quic_packet quic_third = NUMBERED(3, { .kind = FRAME_CRYPTO, .at = 60, .n = QUIC_ALL, .behind = true });

/* What another host begins meanwhile. */
static const char *quic_flood(const struct quic_packet *packet, unsigned int flows)
{
	const char *complaint = NULL;

	for (unsigned int i = 0; i < flows && !complaint; i++)
		complaint = quic_from(&dry, "10.1.1.5", 1024 + i, packet);
	return complaint;
}

/* A flow that waits for its second half. */
static const char *quic_pushed_out(const struct quic_packet *flood, unsigned int flows)
{
	const char *complaint;

	world_forget(&dry);
	complaint = quic_from_expect(&dry, "10.1.0.5", 40000, &quic_half, LC_R_PENDING, PASSED);
	if (!complaint)
		complaint = quic_flood(flood, flows);
	return complaint ? complaint : quic_from_expect(&dry, "10.1.0.5", 40000, &quic_rest, LC_R_TABLE_FULL, STOPPED);
}

/* An allowed one, whole, whose hello comes again; or which waits for the rest of what follows its hello. */
static const char *quic_pushed_out_whole(bool more)
{
	const char *complaint;

	world_forget(&mild);
	mild.twin = true;            /* so that the name is another one */
	complaint = quic_from(&mild, "10.1.0.5", 40000, &quic_half);
	if (!complaint)
		complaint = quic_from(&mild, "10.1.0.5", 40000, &quic_rest);
	if (!complaint && more)
		complaint = quic_from(&mild, "10.1.0.5", 40000, &quic_second);
	for (unsigned int i = 0; i < HELLO_FLOWS && !complaint; i++)
		complaint = quic_from(&mild, "10.1.1.5", 1024 + i, &quic_half);
	mild.twin = false;
	if (complaint || more)
		return complaint ? complaint : quic_from_expect(&mild, "10.1.0.5", 40000, &quic_third, LC_R_TABLE_FULL, PASSED);
	return quic_from_expect(&mild, "10.1.0.5", 40000, &quic_half, LC_R_DECIDED, PASSED);
}

/* A host's flows are forgotten, but not what was kept of them. */
static const char *quic_forget_flows(struct world *w)
{
	struct lc_flow_key key;
	int flows = lc_gate_map(w->gate, LC_MAP_FLOWS);

	while (!bpf_map_get_next_key(flows, NULL, &key))
		if (bpf_map_delete_elem(flows, &key))
			return "a flow can not be deleted";
	return NULL;
}

/* The same ports again: nothing of the older flow's hello is taken for this one's. */
static const char *quic_same_ports(void)
{
	const char *complaint;

	world_forget(&dry);
	complaint = quic_from_expect(&dry, "10.1.0.5", 40000, &quic_half, LC_R_PENDING, PASSED);
	if (!complaint)
		complaint = quic_forget_flows(&dry);
	return complaint ? complaint : quic_from_expect(&dry, "10.1.0.5", 40000, &quic_rest, LC_R_PENDING, PASSED);
}

/* ... nor its second stream. */
static const char *quic_same_ports_twofold(void)
{
	static const struct quic_packet early = INITIAL(CRYPTO(30, 8)), other = NUMBERED(1, { .kind = FRAME_CRYPTO, .n = 8, .said_at = 30 });
	const char *complaint;

	world_forget(&dry);
	complaint = quic_from_expect(&dry, "10.1.0.5", 40000, &early, LC_R_PENDING, PASSED);
	if (!complaint)
		complaint = quic_from_expect(&dry, "10.1.0.5", 40000, &other, LC_R_VIEWS, PASSED);
	if (!complaint)
		complaint = quic_forget_flows(&dry);
	dry.events_n = 0;
	if (!complaint)
		complaint = quic_from_expect(&dry, "10.1.0.5", 40000, &quic_half, LC_R_PENDING, PASSED);
	if (!complaint)
		complaint = quic_from_expect(&dry, "10.1.0.5", 40000, &quic_rest, LC_R_MATCH, STOPPED);
	if (!complaint && (dry.events_n != 1 || dry.events[0].other_len))
		complaint = "another name is told";
	return complaint;
}

/* Under a policy that lets hellos without a name pass. */
static const struct quic_row quic_nameless = {
	.as_is = true, .other = { .sni = HELLO_NAME },
	.steps = { { .total = LC_R_NO_SNI, DATAGRAM(INITIAL(WHOLE)) }, LAST_SENT(NUMBERED(1, SECOND(0, QUIC_ALL))) },
	.expect = QUIC_REFUSED, .again = true, .events = 2,
};

/* Whoever begins too many is told so; others are not, and what was begun before is not lost. */
static const char *quic_budget(void)
{
	const char *complaint;

	world_forget(&live);
	complaint = quic_from_expect(&live, "10.1.0.5", 40000, &quic_half, LC_R_PENDING, PASSED);
	for (unsigned int i = 0; i < 1000 && !complaint && live.total == LC_R_PENDING; i++)
		complaint = quic_from(&live, "10.1.1.5", 1024 + i, i % 2 ? &quic_half : &quic_bad);
	if (!complaint)
		complaint = world_check(&live, LC_R_TABLE_FULL, STOPPED);
	if (!complaint)
		complaint = quic_from_expect(&live, "10.1.1.6", 40000, &quic_half, LC_R_PENDING, PASSED);
	return complaint ? complaint : quic_from_expect(&live, "10.1.0.5", 40000, &quic_rest, LC_R_MATCH, STOPPED);
}

/* How many flows of so many connection ids a host may begin at once. */
static unsigned int quic_flows(const char *src, unsigned int conns)
{
	unsigned int flows;

	live.total = LC_R_PENDING;
	for (flows = 0; flows < 1000 && live.total == LC_R_PENDING; flows++) {
		for (unsigned int i = 1; i <= conns && live.total == LC_R_PENDING; i++) {
			const struct quic_packet half = { .kind = QUIC_INITIAL, .dcid = i, .frames = { CRYPTO(0, 60) } };

			if (quic_from(&live, src, 1024 + flows, &half))
				return 0;
		}
	}
	return flows;
}

static const char *quic_budget_conns(void)
{
	unsigned int one = quic_flows("10.1.1.7", 1), four = quic_flows("10.1.1.8", 4);

	return one > 1 && four > 1 && one < 5 * four && one > 3 * four ? NULL : wrong("%u flows of one, %u of four", one, four);
}

/* What was let by under another policy is refused from the next datagram on. */
static const char *quic_policy_changes(void)
{
	static const char audit[] = WORLD_ASSETS
		"endpoints:\n"
		"  - {id: BLOCKED, pattern: \"api.blocked.test\", provider: Test, service: api, capability: [vision-llm]}\n"
		"default: {matched: audit, unmatched: allow}\n";
	static const struct quic_packet whole = INITIAL(WHOLE), later = { .kind = QUIC_SHORT };
	const char *complaint = world_policy(&live, audit, LC_CONF_NAMES) ? NULL : "no policy";

	world_forget(&live);
	if (!complaint)
		complaint = quic_from_expect(&live, "10.1.0.5", 40000, &whole, LC_R_MATCH, PASSED);
	if (!complaint)
		complaint = quic_from_expect(&live, "10.1.0.5", 40000, &later, LC_R_DECIDED, PASSED);
	if (!complaint && !world_policy(&live, world_mild_yaml, LC_CONF_NAMES))
		complaint = "no policy";
	return complaint ? complaint : quic_from_expect(&live, "10.1.0.5", 40000, &later, LC_R_MATCH, STOPPED);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!world_open(&dry, NULL, LC_CONF_DRY | LC_CONF_NAMES) || !world_open(&live, NULL, LC_CONF_NAMES) ||
	    !world_open(&mild, NULL, LC_CONF_DRY) || !world_policy(&mild, world_mild_yaml, LC_CONF_DRY | LC_CONF_NAMES))
		return 1;
	quic_rows_all(&dry, &mild, ROWS(quic_rows));
	quic_rows_all(&dry, &mild, ROWS(quic_odd_rows));
	quic_rows_all(&dry, &mild, ROWS(quic_others));
	quic_lengths();
	row_end(quic_cuts(), "two datagrams, cut anywhere, in either order");
	quic_hellos();
	mild.twin = false;
	row_end(quic_row(&mild, &quic_nameless), "hello without a name, then one with a refused name");
	row_end(quic_budget(), "who begins too many flows is refused, and nobody else");
	row_end(quic_budget_conns(), "each connection id costs as much as a flow");
	row_end(quic_policy_changes(), "a policy that changes refuses a flow that was let by");
	row_end(quic_same_ports(), "an older flow's half of a hello is not taken for a newer one's");
	row_end(quic_same_ports_twofold(), "an older flow's second stream is not taken for a newer one's");
	row_end(quic_pushed_out(&quic_half, HELLO_FLOWS), "half a hello that was pushed out is table-full");
	row_end(quic_pushed_out(&quic_bad, NOISE_FLOWS), "keys that were pushed out make their flow table-full");
	row_end(quic_pushed_out_whole(false), "a hello that was pushed out when it was whole may come again");
	row_end(quic_pushed_out_whole(true), "half of what follows a hello that was pushed out is table-full");
	world_close(&live);
	world_close(&mild);
	world_close(&dry);
	printf("%u passed, %u failed, %u skipped\n", world_sum.ok, world_sum.failed, world_sum.skipped);
	return world_sum.failed != 0;
}
