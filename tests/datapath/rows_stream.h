/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Connections step by step: pieces of one hello in any order and number, what comes before and after it. Offsets are those
 * of the stream, 0 being the byte behind the SYN; each step says what it must be counted as and whether it may pass.
 */
#ifndef LENSCAP_TEST_ROWS_STREAM_H
#define LENSCAP_TEST_ROWS_STREAM_H

#include "rows_hello.h"

#define REST 65535

enum step_kind { STEP_END, STEP_BASE, STEP_SYN, STEP_FAKE_SYN, STEP_DATA, STEP_JUNK, STEP_EMPTY, STEP_OTHER, STEP_AWAY, STEP_HTTP };

/*
 * BASE: nothing is sent, but the hellos begin here. JUNK: bytes that are no TLS. OTHER: the row's other hello. SYN, at: moves the stream's first sequence number; FAKE_SYN: one
 * that the server does not take. AWAY: the other hello from its first byte, wherever it is sent to. HTTP: a request, STEP_HTTP_SIZE bytes.
 */
#define STEP_HTTP_TEXT "GET / HTTP/1.0\r\n\r\n"
#define STEP_HTTP_SIZE (sizeof(STEP_HTTP_TEXT) - 1)

struct step {
	enum step_kind kind;
	int at;
	unsigned int n;              /* REST: to the end */
	enum lc_reason total;
	bool stopped;
	__u8 flags;                  /* 0: ACK (SYN for a SYN); URG: the row's urgent byte; SYN: takes a number of its own */
};

struct stream_row {
	const char *says;
	struct hello hello, other;   /* names NULL: api.blocked.test; www.benign.test for other */
	struct step steps[12];       /* ended by STEP_END */
	struct expect expect;        /* of the last event; verdict UNDECIDED: there is none */
	const char *view;            /* the other name in it */
	bool again;                  /* it is not the flow's first decision */
	unsigned int events;         /* 0: one */
	__u32 start;                 /* sequence number of offset 0; 0: ISS + 1 */
	int urgent;                  /* offset of the byte that is sent as urgent data */
	bool inserted;               /* ... and is no part of the hello */
	bool mild;                   /* by the policy that refuses no reason */
};

#define REFUSED { LC_V_DENY_RESET, LC_R_MATCH, NULL, "BLOCKED", "reset", HELLO_NAME, 0 }
#define HARMLESS { LC_V_ALLOW, LC_R_NO_MATCH, NULL, NULL, LC_RULE_UNMATCHED, "www.benign.test", 0 }
#define BY(reason, verdict, rule) { verdict, reason, NULL, NULL, rule, NULL, 0 }
#define PART(at, n) { STEP_DATA, at, n, LC_R_PENDING, false, 0 }
#define LAST(at) { STEP_DATA, at, REST, LC_R_MATCH, true, 0 }
#define SYN_SENT { STEP_SYN, 0, 0, LC_R_NO_DATA, false, 0 }

static const struct stream_row stream_rows[] = {
	/* what an undecided flow sends */
	{ .says = "SYN and bare ACKs pass and decide nothing",
	  .steps = { SYN_SENT, { STEP_EMPTY, 0, 0, LC_R_NO_DATA, false, 0 },
		     { STEP_EMPTY, 0, 0, LC_R_NO_DATA, false, TCP_ACK | TCP_FIN } } },
	{ .says = "RST before the hello closes nothing",
	  .steps = { SYN_SENT, { STEP_EMPTY, 0, 0, LC_R_NO_DATA, false, TCP_RST }, LAST(0) },
	  .expect = REFUSED },
	{ .says = "FIN before the hello closes nothing",
	  .steps = { SYN_SENT, { STEP_EMPTY, 0, 0, LC_R_NO_DATA, false, TCP_ACK | TCP_FIN }, LAST(0) },
	  .expect = REFUSED },
	{ .says = "retransmitted SYN changes nothing",
	  .steps = { SYN_SENT, SYN_SENT, LAST(0) }, .expect = REFUSED },
	{ .says = "retransmitted SYN between two pieces changes nothing",
	  .steps = { SYN_SENT, PART(0, 75), SYN_SENT, LAST(75) },
	  .expect = REFUSED },
	{ .says = "hello in the SYN (TCP Fast Open)",
	  .steps = { { STEP_SYN, 0, REST, LC_R_MATCH, true, 0 } }, .expect = REFUSED },
	{ .says = "half of the hello in the SYN",
	  .steps = { { STEP_SYN, 0, 60, LC_R_PENDING, false, 0 }, LAST(60) }, .expect = REFUSED },

	/* pieces */
	{ .says = "retransmitted first piece",
	  .steps = { SYN_SENT, PART(0, 75), PART(0, 75), LAST(75) },
	  .expect = REFUSED },
	{ .says = "piece that repeats some of the one before",
	  .steps = { SYN_SENT, PART(0, 75), LAST(40) },
	  .expect = REFUSED },
	{ .says = "whole hello after its first half",
	  .steps = { SYN_SENT, PART(0, 75), LAST(0) },
	  .expect = REFUSED },
	{ .says = "keep-alive of one byte before the stream",
	  .steps = { SYN_SENT, { STEP_JUNK, -1, 1, LC_R_PENDING, false, 0 }, LAST(0) },
	  .expect = REFUSED },
	{ .says = "keep-alive between two pieces",
	  .steps = { SYN_SENT, PART(0, 75), { STEP_JUNK, 74, 1, LC_R_PENDING, false, 0 }, LAST(75) },
	  .expect = REFUSED, .view = "api.bJocked.test" },
	{ .says = "first segment begins left of the stream",
	  .steps = { SYN_SENT, LAST(-30) }, .expect = REFUSED },
	{ .says = "old data far left of the stream",
	  .steps = { SYN_SENT, { STEP_JUNK, -10000, 50, LC_R_PENDING, false, 0 }, LAST(0) },
	  .expect = REFUSED },
	{ .says = "sequence numbers wrap inside the hello",
	  .steps = { SYN_SENT, PART(0, 75), LAST(75) },
	  .expect = REFUSED, .start = 0xffffffd0 },
	{ .says = "records cut inside header and name, segments elsewhere", .hello = { .first_record = 3, .record = 66 },
	  .steps = { SYN_SENT, PART(0, 7), PART(7, 71), LAST(78) },
	  .expect = REFUSED },
	{ .says = "second piece first",
	  .steps = { SYN_SENT, PART(75, REST), { STEP_DATA, 0, 75, LC_R_MATCH, true, 0 } }, .expect = REFUSED },
	{ .says = "third piece before the second",
	  .steps = { SYN_SENT, PART(0, 40), PART(75, REST), { STEP_DATA, 40, 35, LC_R_MATCH, true, 0 } }, .expect = REFUSED },
	{ .says = "data behind a whole hello in its segment", .hello = { .pad = 600 },
	  .steps = { SYN_SENT, PART(0, 300), { STEP_DATA, 300, 2000, LC_R_MATCH, true, 0 } },
	  .expect = REFUSED },

	/* size */
	{ .says = "hello of 16 KiB, one record", .hello = { .pad = 16000 },
	  .steps = { SYN_SENT, PART(0, 3000), PART(3000, 3000), PART(6000, 3000), PART(9000, 3000), PART(12000, 3000),
		     LAST(15000) },
	  .expect = REFUSED },
	{ .says = "largest hello that is kept", .hello = { .pad = LC_HELLO_MAX - 5 },
	  .steps = { SYN_SENT, PART(0, 3300), PART(3300, 3300), PART(6600, 3300), PART(9900, 3300), PART(13200, 3183),
		     LAST(16383) },
	  .expect = REFUSED },
	{ .says = "hello one byte larger is too long, as soon as it says so", .hello = { .pad = LC_HELLO_MAX - 4 },
	  .steps = { SYN_SENT, { STEP_DATA, 0, 3000, LC_R_TOO_LONG, true, 0 } },
	  .expect = BY(LC_R_TOO_LONG, LC_V_DENY_DROP, "endless") },
	{ .says = "too many record headers make a hello too long", .hello = { .record = 1, .pad = 3000 },
	  .steps = { SYN_SENT, PART(0, 3300), PART(3300, 3300), PART(6600, 3300), PART(9900, 3300), PART(13200, 3183),
		     { STEP_DATA, 16383, 1000, LC_R_TOO_LONG, true, 0 } },
	  .expect = BY(LC_R_TOO_LONG, LC_V_DENY_DROP, "endless") },

	/* after the verdict */
	{ .says = "refused stays refused",
	  .steps = { SYN_SENT, LAST(0), { STEP_DATA, 0, REST, LC_R_DECIDED, true, 0 },
		     { STEP_JUNK, 600, 50, LC_R_DECIDED, true, 0 }, { STEP_EMPTY, 0, 0, LC_R_DECIDED, true, 0 } },
	  .expect = REFUSED },
	{ .says = "another hello does not reopen a refused flow",
	  .steps = { SYN_SENT, LAST(0), { STEP_OTHER, 0, REST, LC_R_DECIDED, true, 0 } },
	  .expect = REFUSED },
	{ .says = "later data of an allowed flow passes", .hello = { .sni = "www.benign.test" },
	  .steps = { SYN_SENT, { STEP_DATA, 0, REST, LC_R_NO_MATCH, false, 0 },
		     { STEP_JUNK, 600, 1000, LC_R_DECIDED, false, 0 },
		     { STEP_EMPTY, 1600, 0, LC_R_DECIDED, false, TCP_ACK | TCP_FIN } },
	  .expect = HARMLESS },
	{ .says = "new SYN on the ports of a refused flow is a new flow", .other = { .sni = "www.benign.test" },
	  .steps = { SYN_SENT, LAST(0), { STEP_SYN, 50000, 0, LC_R_NO_DATA, false, 0 },
		     { STEP_OTHER, 50000, REST, LC_R_NO_MATCH, false, 0 } },
	  .expect = HARMLESS, .events = 2 },
	{ .says = "new SYN on the ports of an allowed flow is a new flow",
	  .hello = { .sni = "www.benign.test" }, .other = { .sni = HELLO_NAME },
	  .steps = { SYN_SENT, { STEP_DATA, 0, REST, LC_R_NO_MATCH, false, 0 },
		     { STEP_SYN, 50000, 0, LC_R_NO_DATA, false, 0 }, { STEP_OTHER, 50000, REST, LC_R_MATCH, true, 0 } },
	  .expect = REFUSED, .events = 2 },
	{ .says = "new SYN in the middle of a hello begins anew", .other = { .sni = HELLO_NAME },
	  .steps = { SYN_SENT, PART(0, 75), { STEP_SYN, 50000, 0, LC_R_NO_DATA, false, 0 },
		     { STEP_OTHER, 50000, 75, LC_R_PENDING, false, 0 }, { STEP_OTHER, 50075, REST, LC_R_MATCH, true, 0 } },
	  .expect = REFUSED },

	/* without a SYN */
	{ .says = "hello of a connection whose SYN was not seen",
	  .steps = { LAST(0) }, .expect = REFUSED },
	{ .says = "hello in two pieces, SYN not seen",
	  .steps = { PART(0, 75), LAST(75) }, .expect = REFUSED },
	{ .says = "bare ACK of an unknown connection makes no flow",
	  .steps = { { STEP_EMPTY, 0, 0, LC_R_NO_DATA, false, 0 } } },
	{ .says = "data of an unknown connection is mid-stream",
	  .steps = { { STEP_JUNK, 0, 100, LC_R_MID_STREAM, false, 0 }, { STEP_JUNK, 100, 100, LC_R_DECIDED, false, 0 } },
	  .expect = BY(LC_R_MID_STREAM, LC_V_AUDIT, "late") },
	{ .says = "second half of a hello, its first not seen, is mid-stream",
	  .steps = { { STEP_DATA, 75, REST, LC_R_MID_STREAM, false, 0 } },
	  .expect = BY(LC_R_MID_STREAM, LC_V_AUDIT, "late") },
	{ .says = "plain text after a SYN is not TLS",
	  .steps = { SYN_SENT, { STEP_JUNK, 0, 100, LC_R_NOT_TLS, false, 0 } },
	  .expect = BY(LC_R_NOT_TLS, LC_V_ALLOW, LC_RULE_UNMATCHED) },
};

/* The row's hello, or its other one. */
static size_t stream_hello(const struct world *w, const struct stream_row *row, bool other, __u8 *bytes)
{
	struct hello hello = other ? row->other : row->hello;
	size_t n;

	for (size_t i = 0; hello.names[i].bytes; i++)
		hello.names[i].bytes = world_name(w, hello.names[i].bytes);
	hello.second_sni = world_name(w, hello.second_sni);
	if (!hello.names[0].bytes)
		hello.sni = world_name(w, hello.sni ? hello.sni : other ? "www.benign.test" : HELLO_NAME);
	n = hello_build(&hello, bytes, HELLO_MAX);
	if (!row->inserted)
		return n;
	memmove(bytes + row->urgent + 1, bytes + row->urgent, n - row->urgent);
	bytes[row->urgent] = 'U';
	return n + 1;
}

/* Those of them that a step sends. from: where the stream begins. */
static const __u8 *stream_bytes(const struct step *step, const __u8 *data, size_t n, size_t from, size_t *ret_n)
{
	static __u8 bytes[HELLO_MAX];
	int at = step->kind == STEP_AWAY ? 0 : step->at - (int)from;
	size_t share = step->kind == STEP_EMPTY || step->kind == STEP_FAKE_SYN ? 0 : step->n == REST ? n - at : step->n;

	memset(bytes, 'J', sizeof(bytes));
	if (step->kind == STEP_HTTP)
		data = (const __u8 *)STEP_HTTP_TEXT;
	for (size_t i = 0; step->kind != STEP_JUNK && i < share; i++)
		if (at + (int)i >= 0 && at + i < n)
			bytes[i] = data[at + i];
	*ret_n = share;
	return bytes;
}

static const char *stream_step(struct world *w, const struct stream_row *row, const struct step *step, size_t *from)
{
	static __u8 hello[HELLO_MAX];
	bool syn = step->kind == STEP_SYN || step->kind == STEP_FAKE_SYN;
	struct packet p = { .ack = ACK, .flags = step->flags ? step->flags : syn ? TCP_SYN : TCP_ACK };
	size_t n = stream_hello(w, row, step->kind == STEP_OTHER || step->kind == STEP_AWAY, hello);

	if (step->kind == STEP_SYN || step->kind == STEP_BASE)
		*from = step->at;
	if (step->kind == STEP_BASE)
		return NULL;
	p.seq = (row->start ? row->start : ISS + 1) + step->at - !!(p.flags & TCP_SYN);
	p.urgent = p.flags & TCP_URG ? row->urgent + 1 - step->at : 0;
	p.payload = stream_bytes(step, hello, n, *from, &p.payload_n);
	return world_expect(w, &p, step->total, step->stopped ? STOPPED : PASSED);
}

static const char *stream_row(struct world *w, const struct stream_row *row)
{
	unsigned int events = row->events ? row->events : row->expect.verdict != LC_V_UNDECIDED;
	const char *complaint;
	char where[400];
	size_t from = 0;

	world_forget(w);
	for (const struct step *step = row->steps; step->kind; step++) {
		complaint = stream_step(w, row, step, &from);
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
static void stream_rows_all(struct world *w, struct world *mild, const struct stream_row *rows, size_t n)
{
	mild->twin = false;
	for (size_t i = 0; i < n; i++)
		row_end(stream_row(rows[i].mild ? mild : w, &rows[i]), "%s", rows[i].says);
	mild->twin = true;
	for (size_t i = 0; i < n; i++)
		row_end(stream_row(mild, &rows[i]), "benign twin: %s", rows[i].says);
}

static void stream_rows_run(struct world *w, struct world *mild)
{
	stream_rows_all(w, mild, stream_rows, sizeof(stream_rows) / sizeof(*stream_rows));
}

#endif
