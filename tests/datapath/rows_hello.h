/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Connections that send one ClientHello: the shared cases and some that need a policy, each of them whole, over IPv6, in two
 * halves and a byte at a time. However it is cut, the verdict must be the same, and the piece that completes it must not pass.
 */
#ifndef LENSCAP_TEST_ROWS_HELLO_H
#define LENSCAP_TEST_ROWS_HELLO_H

#include "world.h"

struct named_row {
	const char *says;
	const char *name;
	size_t name_n;               /* 0: strlen */
	enum lc_reason reason;
	enum lc_verdict_id verdict;
	const char *endpoint, *rule;
	bool ech;
};

#define DENIED LC_R_MATCH, LC_V_DENY_RESET
#define UNKNOWN_NAME LC_R_NO_MATCH, LC_V_ALLOW, NULL, LC_RULE_UNMATCHED, false
#define BAD_NAME LC_R_INVALID_NAME, LC_V_DENY_DROP, NULL, "odd-name", false

static const struct named_row named_rows[] = {
	{ "refused name", "api.blocked.test", 0, DENIED, "BLOCKED", "reset", false },
	{ "refused name in capitals", "API.Blocked.TEST", 0, DENIED, "BLOCKED", "reset", false },
	{ "refused name with its final dot", "api.blocked.test.", 0, DENIED, "BLOCKED", "reset", false },
	{ "name below a refused zone", "x.y.below.test", 0, DENIED, "BELOW", "reset", false },
	{ "long name below a refused zone", HELLO_LABEL60 "." HELLO_LABEL60 "." HELLO_LABEL60 ".below.test", 0, DENIED, "BELOW",
	  "reset", false },
	{ "apex of a refused zone", "below.test", 0, UNKNOWN_NAME },
	{ "name that ends like a refused one", "notapi.blocked.test", 0, UNKNOWN_NAME },
	{ "name that begins like a refused one", "api.blocked.test.example", 0, UNKNOWN_NAME },
	{ "part of a refused name", "pi.blocked.test", 0, UNKNOWN_NAME },
	{ "single label", "test", 0, UNKNOWN_NAME },
	{ "name dropped in silence", "a.dropped.test", 0, LC_R_MATCH, LC_V_DENY_DROP, "DROPPED", "drop", false },
	{ "two labels where the pattern takes one", "a.b.dropped.test", 0, UNKNOWN_NAME },
	{ "audited name passes", "audited.test", 0, LC_R_MATCH, LC_V_AUDIT, "AUDITED", "watch", false },
	{ "allowed name passes", "allowed.test", 0, LC_R_MATCH, LC_V_ALLOW, "ALLOWED", "let", false },
	{ "ECH behind a known front", "front.test", 0, LC_R_ECH, LC_V_DENY_RESET, "FRONT", "hidden", true },
	{ "known front without ECH", "front.test", 0, LC_R_MATCH, LC_V_AUDIT, "FRONT", LC_RULE_MATCHED, false },
	{ "greased ECH beside a refused name", "api.blocked.test", 0, DENIED, "BLOCKED", "reset", true },
	{ "greased ECH beside an unknown name", "www.benign.test", 0, LC_R_NO_MATCH, LC_V_ALLOW, NULL, LC_RULE_UNMATCHED, true },
	{ "NUL inside a name", "api.blocked.test\0.x", 19, BAD_NAME },
	{ "space in a name", "api.blocked .test", 0, BAD_NAME },
	{ "UTF-8 in a name", "api.bl\xc3\xb6""cked.test", 0, BAD_NAME },
	{ "empty label", "api..blocked.test", 0, BAD_NAME },
	{ "leading dot", ".api.blocked.test", 0, BAD_NAME },
	{ "two final dots", "api.blocked.test..", 0, BAD_NAME },
	{ "only a dot", ".", 0, BAD_NAME },
	{ "label of 63 bytes", "abc" HELLO_LABEL60 ".test", 0, UNKNOWN_NAME },
	{ "label of 64 bytes", "abcd" HELLO_LABEL60 ".test", 0, BAD_NAME },
	{ "name of 254 bytes", "x" HELLO_NAME253, 0, BAD_NAME },
	{ "IPv4 address", "203.0.113.9", 0, BAD_NAME },
	{ "IPv6 address", "2001:db8::9", 0, BAD_NAME },
	{ "underscore", "_x.api.test", 0, UNKNOWN_NAME },
};

/* How a stream is cut. at: bytes of the first segment, then piece bytes each; 0: as much as one segment holds. */
struct cut { const char *says; const char *src; size_t first, piece; bool half; };

static const struct cut cuts[] = {
	{ "one segment", NULL, 0, 0, false },
	{ "IPv6", V6, 0, 0, false },
	{ "two halves", NULL, 0, 0, true },
	{ "1 byte, then the rest", NULL, 1, 0, false },
	{ "a byte at a time", NULL, 0, 1, false },
};

#define SEGMENT_MAX 3000             /* BPF_PROG_TEST_RUN takes no more than a page, headers included */

static size_t cut_share(const struct cut *cut, size_t at, size_t n)
{
	size_t share = !at && cut->half ? n / 2 : !at && cut->first ? cut->first : cut->piece ? cut->piece : SEGMENT_MAX;

	return share < n - at ? share : n - at;
}

static const char *hello_syn(struct world *w, const char *src)
{
	struct packet syn = { .src = src, .seq = ISS, .flags = TCP_SYN, .tcp_options = 20 };

	return world_expect(w, &syn, LC_R_NO_DATA, PASSED);
}

/* Segment by segment: pending until something is told, which must be by the last one, and stopped if it is a refusal. */
static const char *hello_send(struct world *w, const struct cut *cut, const __u8 *stream, size_t n)
{
	struct packet p = { .src = cut->src, .ack = ACK, .flags = TCP_ACK | TCP_PSH };
	const char *complaint = hello_syn(w, cut->src);
	size_t share;

	for (size_t at = 0; !complaint && at < n && !w->events_n; at += share) {
		share = cut_share(cut, at, n);
		p.seq = ISS + 1 + at;
		p.payload = stream + at;
		p.payload_n = share;
		complaint = world_send(w, &p);
		if (!complaint && !w->events_n && (w->total != LC_R_PENDING || w->action != PASSED))
			return wrong("byte %zu: counted as %s, action %d", at,
				     w->total == LC_R_MAX ? "several" : word(LC_LIST_REASON, w->total), (int)w->action);
	}
	return complaint;
}

static const char *hello_row(struct world *w, const struct cut *cut, const struct hello *hello, const struct expect *x)
{
	static __u8 stream[HELLO_MAX];
	size_t n = hello_build(hello, stream, sizeof(stream));
	struct lc_count count;
	const char *complaint;

	world_forget(w);
	complaint = hello_send(w, cut, stream, n);
	if (complaint)
		return complaint;
	if (x->reason == LC_R_PENDING)
		return w->events_n ? "was decided" : NULL;
	complaint = world_told(w, x);
	if (complaint)
		return complaint;
	if (w->total != x->reason)
		return wrong("last piece counted as %s", word(LC_LIST_REASON, w->total));
	if (w->action != (denies(x->verdict) ? STOPPED : PASSED))
		return wrong("action %d", (int)w->action);
	count = world_count(w, w->events);
	if (!count.flows || !denies(x->verdict) != !count.packets)
		return wrong("%llu flows, %llu packets counted", count.flows, count.packets);
	return NULL;
}

/* What the policy of the rows says to a shared case. */
static struct expect hello_expect(const struct hello_case *c)
{
	static const struct { enum lc_reason reason; enum lc_verdict_id verdict; const char *rule; } answers[] = {
		{ LC_R_NO_SNI, LC_V_DENY_RESET, "nameless" },
		{ LC_R_MALFORMED, LC_V_DENY_DROP, "broken" },
		{ LC_R_INVALID_NAME, LC_V_DENY_DROP, "odd-name" },
		{ LC_R_TOO_LONG, LC_V_DENY_DROP, "endless" },
		{ LC_R_PENDING, LC_V_UNDECIDED, NULL },
	};
	struct expect x = { LC_V_ALLOW, c->reason, NULL, NULL, LC_RULE_UNMATCHED, c->name, 0 };

	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		if (answers[i].reason != c->reason)
			continue;
		x.verdict = answers[i].verdict;
		x.rule = answers[i].rule;
	}
	if (c->reason != LC_R_NONE)
		return x;
	if (!c->name)
		return (struct expect){ LC_V_DENY_DROP, LC_R_INVALID_NAME, NULL, NULL, "odd-name", NULL, 0 };
	if (strncmp(c->name, HELLO_NAME, strlen(HELLO_NAME))) {
		x.reason = LC_R_NO_MATCH;
		return x;
	}
	return (struct expect){ LC_V_DENY_RESET, LC_R_MATCH, NULL, "BLOCKED", "reset", c->name, 0 };
}

static void hello_rows_run(struct world *w)
{
	for (size_t c = 0; c < sizeof(cuts) / sizeof(*cuts); c++) {
		for (size_t i = 0; i < HELLO_CASES; i++) {
			struct expect x = hello_expect(&hello_cases[i]);

			row_end(hello_row(w, &cuts[c], &hello_cases[i].hello, &x), "%s, %s", hello_cases[i].says, cuts[c].says);
		}
		for (size_t i = 0; i < sizeof(named_rows) / sizeof(*named_rows); i++) {
			const struct named_row *r = &named_rows[i];
			struct hello hello = { .names = { { 0, r->name, r->name_n } }, .ech = r->ech };
			struct expect x = { r->verdict, r->reason, NULL, r->endpoint, r->rule, r->name, r->name_n };

			row_end(hello_row(w, &cuts[c], &hello, &x), "%s, %s", r->says, cuts[c].says);
		}
	}
}

#endif
