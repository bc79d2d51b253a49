/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Streams that two receivers read differently: bytes sent again with other values, fakes that only one of them takes, urgent data,
 * several beginnings. What any of them may hold must be refused, and a stream that all of them read alike must not be hurt.
 *
 * The plain hello has 92 bytes, its name is at 69..84. The two names are equally long, so that one hello lies over the other.
 */
#ifndef LENSCAP_TEST_ROWS_VIEWS_H
#define LENSCAP_TEST_ROWS_VIEWS_H

#include "rows_stream.h"

#define HELLO_SIZE 92
#define UNSUSPECTED { LC_V_ALLOW, LC_R_NO_MATCH, NULL, NULL, LC_RULE_UNMATCHED, HELLO_TWIN, 0 }
#define DISAGREE BY(LC_R_VIEWS, LC_V_AUDIT, "differ")
#define FAKE(at, n) { STEP_OTHER, at, n, LC_R_PENDING, false, 0 }
#define FAKE_LAST(at) { STEP_OTHER, at, REST, LC_R_MATCH, true, 0 }
#define WHOLE_ALLOWED { STEP_DATA, 0, REST, LC_R_NO_MATCH, false, 0 }
#define AGAIN_ALLOWED(at, n) { STEP_DATA, at, n, LC_R_DECIDED, false, 0 }
#define SYN_AT(at) { STEP_FAKE_SYN, at, 0, LC_R_NO_DATA, false, 0 }
#define INNOCENT { .sni = HELLO_TWIN }
#define GUILTY { .sni = HELLO_NAME }

static const struct stream_row view_rows[] = {
	/* bytes again, with other values, before the hello is complete */
	{ .says = "first bytes win and name what is refused", .other = INNOCENT,
	  .steps = { SYN_SENT, PART(0, 80), FAKE(60, 20), LAST(80) }, .expect = REFUSED, .view = HELLO_TWIN },
	{ .says = "last bytes win and name what is refused", .hello = INNOCENT, .other = GUILTY,
	  .steps = { SYN_SENT, PART(0, 80), FAKE(60, 20), { STEP_DATA, 80, REST, LC_R_MATCH, true, 0 } },
	  .expect = REFUSED, .view = HELLO_TWIN },
	{ .says = "refused bytes come last, out of order", .hello = INNOCENT, .other = GUILTY,
	  .steps = { SYN_SENT, PART(60, 20), FAKE(60, 32), { STEP_DATA, 0, 60, LC_R_MATCH, true, 0 } },
	  .expect = REFUSED, .view = HELLO_TWIN },
	{ .says = "refused bytes come first, out of order", .other = INNOCENT,
	  .steps = { SYN_SENT, PART(60, 20), FAKE(60, 32), { STEP_DATA, 0, 60, LC_R_MATCH, true, 0 } },
	  .expect = REFUSED, .view = HELLO_TWIN },
	{ .says = "bytes again and alike are no other view", .hello = INNOCENT,
	  .steps = { SYN_SENT, PART(60, 20), PART(50, 42), PART(60, 20), PART(0, 10), { STEP_DATA, 5, 60, LC_R_NO_MATCH, false, 0 } },
	  .expect = UNSUSPECTED },
	{ .says = "views that are all allowed disagree", .hello = INNOCENT, .other = { .sni = "abc.defghij.test" },
	  .steps = { SYN_SENT, PART(0, 80), FAKE(69, 5), { STEP_DATA, 80, REST, LC_R_VIEWS, false, 0 } },
	  .expect = { LC_V_AUDIT, LC_R_VIEWS, NULL, NULL, "differ", HELLO_TWIN, 0 }, .view = "abc.dllowed.test" },
	{ .says = "other bytes outside the name do no harm", .hello = { .sni = HELLO_TWIN, .session = 32 },
	  .steps = { SYN_SENT, PART(0, 90), { STEP_JUNK, 50, 20, LC_R_PENDING, false, 0 },
		     { STEP_DATA, 90, REST, LC_R_NO_MATCH, false, 0 } },
	  .expect = UNSUSPECTED },
	{ .says = "the first bytes never make a hello, the last do", .hello = GUILTY, .mild = true,
	  .other = { .lie = { [LEN_RECORD] = 400, [LEN_MESSAGE] = 400 } },
	  .steps = { SYN_SENT, FAKE(3, 10), PART(13, REST), { STEP_DATA, 0, 13, LC_R_MATCH, true, 0 } }, .expect = REFUSED },
	{ .says = "the last bytes never make a hello, the first do", .hello = GUILTY, .mild = true,
	  .other = { .lie = { [LEN_RECORD] = 400, [LEN_MESSAGE] = 400 } },
	  .steps = { SYN_SENT, PART(3, 10), FAKE(3, 10), PART(13, REST), { STEP_DATA, 0, 3, LC_R_MATCH, true, 0 } },
	  .expect = REFUSED },

	/* bytes again after the verdict */
	{ .says = "allowed, then the whole hello with a refused name", .hello = INNOCENT, .other = GUILTY,
	  .steps = { SYN_SENT, WHOLE_ALLOWED, FAKE_LAST(0) }, .expect = REFUSED, .again = true, .events = 2 },
	{ .says = "allowed, then a refused name in two pieces", .hello = INNOCENT, .other = GUILTY,
	  .steps = { SYN_SENT, WHOLE_ALLOWED, { STEP_OTHER, 0, 75, LC_R_DECIDED, false, 0 }, FAKE_LAST(75) },
	  .expect = REFUSED, .again = true, .events = 2 },
	{ .says = "allowed, then a refused name in two pieces, the second first", .hello = INNOCENT, .other = GUILTY,
	  .steps = { SYN_SENT, WHOLE_ALLOWED, { STEP_OTHER, 75, REST, LC_R_DECIDED, false, 0 },
		     { STEP_OTHER, 0, 75, LC_R_MATCH, true, 0 } },
	  .expect = REFUSED, .again = true, .events = 2 },
	{ .says = "allowed, then a longer hello with a refused name", .hello = INNOCENT, .other = { .sni = HELLO_NAME, .filler = 500 },
	  .steps = { SYN_SENT, WHOLE_ALLOWED, { STEP_OTHER, 0, 75, LC_R_DECIDED, false, 0 },
		     { STEP_OTHER, 75, 300, LC_R_DECIDED, false, 0 }, FAKE_LAST(375) },
	  .expect = REFUSED, .again = true, .events = 2 },
	{ .says = "allowed in two pieces, then other bytes where the name is", .hello = INNOCENT, .other = GUILTY,
	  .steps = { SYN_SENT, PART(0, 75), { STEP_DATA, 75, REST, LC_R_NO_MATCH, false, 0 },
		     { STEP_OTHER, 69, 16, LC_R_MATCH, true, 0 } },
	  .expect = REFUSED, .again = true, .events = 2 },
	{ .says = "allowed in two pieces, then one other byte", .hello = INNOCENT, .other = { .sni = "apx.allowed.test" },
	  .steps = { SYN_SENT, PART(0, 75), { STEP_DATA, 75, REST, LC_R_NO_MATCH, false, 0 },
		     { STEP_OTHER, 71, 1, LC_R_VIEWS, false, 0 } },
	  .expect = DISAGREE, .view = "apx.allowed.test", .again = true, .events = 2 },
	{ .says = "allowed, then another name that is allowed", .hello = INNOCENT,
	  .steps = { SYN_SENT, WHOLE_ALLOWED, { STEP_OTHER, 0, REST, LC_R_VIEWS, false, 0 },
		     { STEP_OTHER, 0, REST, LC_R_DECIDED, false, 0 } },
	  .expect = DISAGREE, .view = "www.benign.test", .again = true, .events = 2 },
	{ .says = "disagreeing, then refused", .hello = INNOCENT, .other = GUILTY,
	  .steps = { SYN_SENT, PART(0, 75), { STEP_DATA, 75, REST, LC_R_NO_MATCH, false, 0 },
		     { STEP_OTHER, 71, 1, LC_R_VIEWS, false, 0 }, { STEP_OTHER, 69, 16, LC_R_MATCH, true, 0 } },
	  .expect = REFUSED, .view = HELLO_TWIN, .again = true, .events = 3 },
	{ .says = "retransmission of an allowed hello says nothing new", .hello = INNOCENT,
	  .steps = { SYN_SENT, WHOLE_ALLOWED, AGAIN_ALLOWED(0, REST), AGAIN_ALLOWED(0, REST) }, .expect = UNSUSPECTED },
	{ .says = "partial retransmission of an allowed hello says nothing new", .hello = INNOCENT,
	  .steps = { SYN_SENT, WHOLE_ALLOWED, AGAIN_ALLOWED(30, REST), AGAIN_ALLOWED(0, 30), AGAIN_ALLOWED(0, REST) },
	  .expect = UNSUSPECTED },
	{ .says = "retransmission of an allowed hello in two pieces says nothing new", .hello = INNOCENT,
	  .steps = { SYN_SENT, PART(0, 75), { STEP_DATA, 75, REST, LC_R_NO_MATCH, false, 0 }, AGAIN_ALLOWED(75, REST),
		     AGAIN_ALLOWED(0, 75), AGAIN_ALLOWED(0, REST) },
	  .expect = UNSUSPECTED },

	/* fakes */
	{ .says = "benign fake left of the stream", .other = INNOCENT,
	  .steps = { SYN_SENT, { STEP_AWAY, -10000, HELLO_SIZE, LC_R_PENDING, false, 0 }, LAST(0) }, .expect = REFUSED },
	{ .says = "benign fake that ends inside the stream", .other = INNOCENT,
	  .steps = { SYN_SENT, { STEP_AWAY, -60, HELLO_SIZE, LC_R_NOT_TLS, false, 0 }, LAST(0) },
	  .expect = REFUSED, .again = true, .events = 2 },
	{ .says = "benign fake far ahead", .other = INNOCENT,
	  .steps = { SYN_SENT, { STEP_AWAY, 50000, HELLO_SIZE, LC_R_PENDING, false, 0 }, PART(0, 75), LAST(75) }, .expect = REFUSED },
	{ .says = "benign fake ahead, where bytes are kept", .other = INNOCENT,
	  .steps = { SYN_SENT, { STEP_AWAY, 3000, HELLO_SIZE, LC_R_PENDING, false, 0 }, PART(0, 75), LAST(75) }, .expect = REFUSED },
	{ .says = "refused hello far ahead, for a server that began there", .other = GUILTY,
	  .steps = { SYN_SENT, { STEP_AWAY, 50000, HELLO_SIZE, LC_R_MATCH, true, 0 } }, .expect = REFUSED },
	{ .says = "refused hello left of the stream", .other = GUILTY,
	  .steps = { SYN_SENT, { STEP_AWAY, -10000, HELLO_SIZE, LC_R_MATCH, true, 0 } }, .expect = REFUSED },
	{ .says = "junk in place of the hello, then the hello",
	  .steps = { SYN_SENT, { STEP_JUNK, 0, HELLO_SIZE, LC_R_NOT_TLS, false, 0 }, LAST(0) },
	  .expect = REFUSED, .again = true, .events = 2 },
	{ .says = "junk in place of the hello, then the hello in two pieces",
	  .steps = { SYN_SENT, { STEP_JUNK, 0, HELLO_SIZE, LC_R_NOT_TLS, false, 0 }, PART(0, 75), LAST(75) },
	  .expect = REFUSED, .again = true, .events = 2 },
	{ .says = "a byte of junk in place of the hello, then the hello in two pieces",
	  .steps = { SYN_SENT, { STEP_JUNK, 0, 1, LC_R_PENDING, false, 0 }, { STEP_DATA, 0, 75, LC_R_NOT_TLS, false, 0 }, LAST(75) },
	  .expect = REFUSED, .again = true, .events = 2 },
	{ .says = "RST and FIN of a stranger between two pieces close nothing",
	  .steps = { SYN_SENT, PART(0, 75), { STEP_EMPTY, 75, 0, LC_R_NO_DATA, false, TCP_RST },
		     { STEP_EMPTY, 75, 0, LC_R_NO_DATA, false, TCP_ACK | TCP_FIN }, LAST(75) },
	  .expect = REFUSED },
	{ .says = "RST with data, then the hello", .other = INNOCENT,
	  .steps = { SYN_SENT, { STEP_JUNK, 0, 20, LC_R_NOT_TLS, false, TCP_RST }, LAST(0) },
	  .expect = REFUSED, .again = true, .events = 2 },
	{ .says = "FIN with the second piece",
	  .steps = { SYN_SENT, PART(0, 75), { STEP_DATA, 75, REST, LC_R_MATCH, true, TCP_ACK | TCP_FIN } }, .expect = REFUSED },
	{ .says = "piece without ACK", .steps = { SYN_SENT, { STEP_DATA, 0, 75, LC_R_PENDING, false, TCP_PSH }, LAST(75) },
	  .expect = REFUSED },

	/* sequence numbers that come round */
	{ .says = "sequence numbers wrap, pieces reversed",
	  .steps = { SYN_SENT, PART(80, REST), PART(40, 40), { STEP_DATA, 0, 40, LC_R_MATCH, true, 0 } },
	  .expect = REFUSED, .start = 0xffffffd0 },
	{ .says = "the SYN's number is the last one", .steps = { SYN_SENT, PART(0, 75), LAST(75) }, .expect = REFUSED, .start = 0 - 1u },

	/* urgent data (RFC 9293, 3.8.5; RFC 6093) */
	{ .says = "urgent byte in the name that a server leaves out", .mild = true,
	  .steps = { SYN_SENT, { STEP_DATA, 0, REST, LC_R_MATCH, true, TCP_ACK | TCP_URG } },
	  .expect = REFUSED, .urgent = 74, .inserted = true },
	{ .says = "urgent byte before the name that a server leaves out", .mild = true,
	  .steps = { SYN_SENT, { STEP_DATA, 0, REST, LC_R_MATCH, true, TCP_ACK | TCP_URG } },
	  .expect = REFUSED, .urgent = 1, .inserted = true },
	{ .says = "urgent byte in the name, in a segment of its own", .mild = true,
	  .steps = { SYN_SENT, PART(0, 74), { STEP_DATA, 74, 1, LC_R_PENDING, false, TCP_ACK | TCP_URG },
		     { STEP_DATA, 75, REST, LC_R_MATCH, true, 0 } },
	  .expect = REFUSED, .urgent = 74, .inserted = true },
	{ .says = "urgent pointer at a byte of the name that is part of it",
	  .steps = { SYN_SENT, { STEP_DATA, 0, REST, LC_R_MATCH, true, TCP_ACK | TCP_URG } },
	  .expect = REFUSED, .urgent = 74 },
	{ .says = "urgent pointer beyond the segment",
	  .steps = { SYN_SENT, { STEP_DATA, 0, REST, LC_R_MATCH, true, TCP_ACK | TCP_URG } }, .expect = REFUSED, .urgent = 4000 },
	{ .says = "urgent pointer beyond the kept bytes",
	  .steps = { SYN_SENT, { STEP_DATA, 0, REST, LC_R_MATCH, true, TCP_ACK | TCP_URG } }, .expect = REFUSED, .urgent = 40000 },
	{ .says = "urgent data in the hello of a benign flow", .hello = INNOCENT, .mild = true,
	  .steps = { SYN_SENT, { STEP_DATA, 0, REST, LC_R_URGENT, false, TCP_ACK | TCP_URG }, AGAIN_ALLOWED(0, REST) },
	  .expect = BY(LC_R_URGENT, LC_V_ALLOW, LC_RULE_UNMATCHED), .view = HELLO_TWIN, .urgent = 74, .inserted = true },
	{ .says = "urgent data in the hello, by the rule for it", .hello = INNOCENT,
	  .steps = { SYN_SENT, PART(0, 75), { STEP_DATA, 75, REST, LC_R_URGENT, false, TCP_ACK | TCP_URG }, AGAIN_ALLOWED(75, REST) },
	  .expect = { LC_V_AUDIT, LC_R_URGENT, NULL, NULL, "pushed", HELLO_TWIN, 0 }, .urgent = 91 },
	{ .says = "urgent data behind the hello of a benign flow", .hello = INNOCENT,
	  .steps = { SYN_SENT, WHOLE_ALLOWED, { STEP_JUNK, 4000, 10, LC_R_DECIDED, false, TCP_ACK | TCP_URG } },
	  .expect = UNSUSPECTED, .urgent = 4005 },

	/* several beginnings */
	{ .says = "data in the SYN that the server ignores, then the hello", .other = INNOCENT,
	  .steps = { { STEP_OTHER, 0, REST, LC_R_NO_MATCH, false, TCP_SYN }, LAST(0) },
	  .expect = REFUSED, .again = true, .events = 2 },
	{ .says = "data in the SYN that the server ignores, then the hello in two pieces", .other = INNOCENT,
	  .steps = { { STEP_OTHER, 0, REST, LC_R_NO_MATCH, false, TCP_SYN }, { STEP_DATA, 0, 75, LC_R_DECIDED, false, 0 }, LAST(75) },
	  .expect = REFUSED, .again = true, .events = 2 },
	{ .says = "hello in the SYN and sent again behind it", .hello = INNOCENT,
	  .steps = { { STEP_DATA, 0, REST, LC_R_NO_MATCH, false, TCP_SYN }, AGAIN_ALLOWED(0, REST) }, .expect = UNSUSPECTED },
	{ .says = "fake SYN behind the first, then the hello",
	  .steps = { SYN_SENT, SYN_AT(50000), LAST(0) }, .expect = REFUSED },
	{ .says = "fake SYN behind the first, then the hello in two pieces",
	  .steps = { SYN_SENT, SYN_AT(50000), PART(0, 75), LAST(75) }, .expect = REFUSED },
	{ .says = "fake SYN behind the first, then the hello reversed",
	  .steps = { SYN_SENT, SYN_AT(50000), PART(75, REST), { STEP_DATA, 0, 75, LC_R_MATCH, true, 0 } }, .expect = REFUSED },
	{ .says = "fake SYN with a hello in it, then the other hello", .other = INNOCENT,
	  .steps = { SYN_SENT, { STEP_AWAY, 50000, HELLO_SIZE, LC_R_NO_MATCH, false, TCP_SYN }, LAST(0) },
	  .expect = REFUSED, .again = true, .events = 2 },
	{ .says = "fake SYN behind an allowed hello, then a refused one in two pieces", .hello = INNOCENT, .other = GUILTY,
	  .steps = { SYN_SENT, WHOLE_ALLOWED, SYN_AT(50000), FAKE(0, 75), FAKE_LAST(75) }, .expect = REFUSED, .events = 2 },
	{ .says = "a third beginning within a minute is one too many",
	  .steps = { SYN_SENT, SYN_AT(50000), { STEP_FAKE_SYN, 90000, 0, LC_R_MANY_SYNS, true, 0 },
		     { STEP_DATA, 0, REST, LC_R_DECIDED, true, 0 } },
	  .expect = BY(LC_R_MANY_SYNS, LC_V_DENY_RESET, "reborn") },
	{ .says = "a second beginning so close that bytes may belong to either is one too many",
	  .steps = { SYN_SENT, PART(0, 75), { STEP_OTHER, 80, 10, LC_R_MANY_SYNS, true, TCP_SYN } },
	  .expect = BY(LC_R_MANY_SYNS, LC_V_DENY_RESET, "reborn") },
	{ .says = "SYN and ACK with data inside a connection are data",
	  .steps = { SYN_SENT, PART(0, 75), { STEP_DATA, 75, REST, LC_R_MATCH, true, TCP_SYN | TCP_ACK } }, .expect = REFUSED },

	/* without a SYN */
	{ .says = "SYN not seen, pieces of one byte",
	  .steps = { PART(0, 1), PART(1, 1), PART(2, 70), LAST(72) }, .expect = REFUSED },
	{ .says = "data of an unknown connection, then a hello in it",
	  .steps = { { STEP_JUNK, -500, 100, LC_R_MID_STREAM, false, 0 }, LAST(0) },
	  .expect = REFUSED, .again = true, .events = 2 },

	/* TLS behind something else that is no proxy's (STARTTLS) */
	{ .says = "TLS behind plain text", .other = GUILTY,
	  .steps = { SYN_SENT, { STEP_JUNK, 0, 50, LC_R_NOT_TLS, false, 0 }, { STEP_AWAY, 50, HELLO_SIZE, LC_R_MATCH, true, 0 } },
	  .expect = REFUSED, .again = true, .events = 2 },
};

static void view_rows_run(struct world *w, struct world *mild)
{
	stream_rows_all(w, mild, view_rows, sizeof(view_rows) / sizeof(*view_rows));
}

#endif
