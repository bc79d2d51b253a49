/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The real program in the kernel with a small policy, a packet at a time: what it returned, what it counted, what it told.
 * Nothing is attached or pinned. A row that fails says what was seen and what was expected.
 */
#ifndef LENSCAP_TEST_WORLD_H
#define LENSCAP_TEST_WORLD_H

#include <bpf/bpf.h>
#include <errno.h>
#include <sched.h>
#include <linux/pkt_cls.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "../cases/hello_cases.h"
#include "apply.h"
#include "names.h"
#include "packet.h"
#include "parse.h"
#include "read.h"

#define PASSED ((__u32)TC_ACT_UNSPEC)
#define STOPPED ((__u32)TC_ACT_SHOT)
#define EVENTS_MAX 64
#define ISS 1000000u                 /* of every client, but where a row says otherwise */
#define ACK 77000u
#define V6 "2001:db8:1::5"
#define DEVICE "\2\0\x5e\x10\0\1"

#define WORLD_ASSETS                                                                                    \
	"version: 1\n"                                                                                         \
	"profile: none\n"                                                                                      \
	"tenants:\n"                                                                                           \
	"  - name: metro\n"                                                                                    \
	"    class: us-police\n"                                                                               \
	"    mode: enforce\n"                                                                                  \
	"    assets:\n"                                                                                        \
	"      - {name: cams, kind: body-worn-camera, prefix: [10.1.0.0/16, \"2001:db8:1::/48\"]}\n"           \
	"      - {name: near, kind: dash-camera, prefix: [10.1.7.0/24, \"2001:db8:1:7::/64\"]}\n"              \
	"      - {name: nearest, kind: mobile-camera, prefix: [10.1.7.7/32, \"2001:db8:1:7::7/128\"]}\n"       \
	"      - {name: device, kind: workstation, mac: \"02:00:5e:10:00:01\"}\n"                              \
	"      - {name: lan, kind: server, vlan: 120}\n"                                                       \
	"      - {name: inner, kind: fixed-camera, vlan: 121}\n"                                               \
	"  - name: quiet\n"                                                                                    \
	"    class: municipal\n"                                                                               \
	"    mode: monitor\n"                                                                                  \
	"    assets:\n"                                                                                        \
	"      - {name: watched, kind: body-worn-camera, prefix: 10.2.0.0/16}\n"

/* Each asset is of another kind and each verdict of another rule, so that none can be taken for another. */
static const char world_yaml[] = WORLD_ASSETS
	"endpoints:\n"
	"  - {id: BLOCKED, pattern: \"api.blocked.test\", provider: Test, service: api, capability: [vision-llm]}\n"
	"  - {id: BELOW, pattern: \"**.below.test\", provider: Test, service: api, capability: [vision-llm]}\n"
	"  - {id: DROPPED, pattern: \"*.dropped.test\", provider: Test, service: api, capability: [vision-llm]}\n"
	"  - {id: AUDITED, pattern: \"audited.test\", provider: Test, service: api, capability: [vision-llm]}\n"
	"  - {id: ALLOWED, pattern: \"allowed.test\", provider: Test, service: api, capability: [vision-llm]}\n"
	"  - {id: FRONT, pattern: \"front.test\", provider: Test, service: front, capability: [opaque]}\n"
	"rules:\n"
	"  - {id: reset, match: {endpoint: [BLOCKED, BELOW]}, verdict: deny-reset}\n"
	"  - {id: drop, match: {endpoint: DROPPED}, verdict: deny-drop}\n"
	"  - {id: watch, match: {endpoint: AUDITED}, verdict: audit}\n"
	"  - {id: let, match: {endpoint: ALLOWED}, verdict: allow}\n"
	"  - {id: hidden, match: {reason: ech}, verdict: deny-reset}\n"
	"  - {id: nameless, match: {reason: no-sni}, verdict: deny-reset}\n"
	"  - {id: broken, match: {reason: malformed-hello}, verdict: deny-drop}\n"
	"  - {id: odd-name, match: {reason: invalid-name}, verdict: deny-drop}\n"
	"  - {id: endless, match: {reason: hello-too-long}, verdict: deny-drop}\n"
	"  - {id: reborn, match: {reason: many-syns}, verdict: deny-reset}\n"
	"  - {id: differ, match: {reason: views-disagree}, verdict: audit}\n"
	"  - {id: twofold, match: {reason: several-names}, verdict: audit}\n"
	"  - {id: early, match: {reason: early-record}, verdict: audit}\n"
	"  - {id: ancient, match: {reason: sslv2-hello}, verdict: deny-drop}\n"
	"  - {id: clear, match: {reason: plain-http}, verdict: audit}\n"
	"  - {id: pushed, match: {reason: urgent-data}, verdict: audit}\n"
	"  - {id: late, match: {reason: mid-stream}, verdict: audit}\n"
	"  - {id: crowd, match: {reason: table-full}, verdict: deny-drop}\n"
	"  - {id: no-quic, match: {reason: [quic-undecidable, quic-version]}, verdict: deny-drop}\n"
	"  - {id: pieces, match: {reason: fragment, kind: body-worn-camera}, verdict: deny-drop}\n"
	"default: {matched: audit, unmatched: allow}\n";

/* One name is refused and no reason is: under it no odd form of a connection to another name may be stopped. */
static const char world_mild_yaml[] = WORLD_ASSETS
	"endpoints:\n"
	"  - {id: BLOCKED, pattern: \"api.blocked.test\", provider: Test, service: api, capability: [vision-llm]}\n"
	"rules:\n"
	"  - {id: reset, match: {endpoint: BLOCKED}, verdict: deny-reset}\n"
	"default: {matched: audit, unmatched: allow}\n";

struct world {
	struct lc_gate *gate;
	struct lc_model *model;
	struct lc_event_reader *reader;
	unsigned int ifindex;        /* that packets seem to come in on; 0: the loopback */
	__u32 generation;
	bool twin;                   /* rows ask for a name that is allowed instead: nothing may be stopped */
	/* of the last packet */
	__u32 action;
	__u8 out[PACKET_MAX];
	size_t out_n;
	enum lc_reason total;        /* the one counter of packets that went up; LC_R_MAX: none, or several */
	/* since world_forget() */
	struct lc_event events[EVENTS_MAX];
	unsigned int events_n;
};

static struct { unsigned int ok, failed, skipped; } world_sum;

/* What is wrong with a row, for its line. */
__attribute__((format(printf, 1, 2))) static inline const char *wrong(const char *format, ...)
{
	static char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return text;
}

/* complaint: NULL for a good row. */
__attribute__((format(printf, 2, 3))) static inline void row_end(const char *complaint, const char *format, ...)
{
	va_list args;

	complaint ? world_sum.failed++ : world_sum.ok++;
	printf("%sok %u - ", complaint ? "not " : "", world_sum.ok + world_sum.failed + world_sum.skipped);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf(complaint ? ": %s\n" : "\n", complaint);
}

static inline const char *word(enum lc_list list, unsigned int value)
{
	return lc_word(list, value);
}

/* LRU tables keep part of their entries by CPU: who wants to see one pushed out stays where he is. */
static inline void world_one_cpu(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

static inline int world_event(void *context, const struct lc_event *event)
{
	struct world *w = context;

	if (w->events_n < EVENTS_MAX)
		w->events[w->events_n] = *event;
	w->events_n++;
	return 0;
}

static inline struct lc_model *world_parse(const char *text, struct lc_errors *errors)
{
	struct lc_source source = { "rows", text, strlen(text), LC_ORIGIN_POLICY };
	struct lc_model *model = lc_model_new();

	if (model && !lc_parse(model, &source, errors) && !lc_model_check(model, errors))
		return model;
	for (size_t i = 0; i < errors->n; i++)
		fprintf(stderr, "rows:%d:%d: %s\n", errors->list[i].pos.line, errors->list[i].pos.column, errors->list[i].text);
	lc_model_free(model);
	return NULL;
}

/* Put a policy in force; numbers of the one before are kept. false, and words on standard error. */
static inline bool world_policy(struct world *w, const char *text, __u32 flags)
{
	struct lc_errors errors = { 0 };
	struct lc_model *model = world_parse(text, &errors);
	struct lc_tables *tables = NULL;
	const char *why = "the model does not compile";
	int err = model ? 0 : -EINVAL;

	if (!err && w->model)
		err = lc_model_inherit(model, w->model);
	if (!err)
		err = lc_compile(model, &errors, &tables);
	if (!err)
		err = lc_apply(w->gate, tables, flags, &w->generation, &why);
	if (err)
		fprintf(stderr, "rows: policy: %s: %s\n", why, strerror(-err));
	lc_tables_free(tables);
	lc_errors_free(&errors);
	if (err) {
		lc_model_free(model);
		return false;
	}
	lc_model_free(w->model);
	w->model = model;
	return true;
}

static inline bool world_open(struct world *w, const struct lc_gate_sizes *sizes, __u32 flags)
{
	const char *why = "";
	int err;

	memset(w, 0, sizeof(*w));
	err = lc_gate_private(sizes, &w->gate, &why);
	if (err) {
		fprintf(stderr, "rows: gate: %s: %s\n", why, strerror(-err));
		return false;
	}
	if (!world_policy(w, world_yaml, flags))
		return false;
	err = lc_event_reader_new(w->gate, world_event, w, &w->reader);
	if (err)
		fprintf(stderr, "rows: events: %s\n", strerror(-err));
	return !err;
}

static inline void world_close(struct world *w)
{
	lc_event_reader_free(w->reader);
	lc_gate_free(w->gate);
	lc_model_free(w->model);
}

/* Before each row: no flow and no event of the one before. */
static inline void world_forget(struct world *w)
{
	lc_event_read(w->reader, 0);
	lc_forget_flows(w->gate);
	w->events_n = 0;
}

static inline enum lc_reason world_moved(const struct lc_total *before, const struct lc_total *after)
{
	enum lc_reason moved = LC_R_MAX;

	for (unsigned int i = 0; i < LC_R_MAX; i++) {
		if (i == LC_R_EVENT_LOST || after[i].packets == before[i].packets)
			continue;
		if (moved != LC_R_MAX || after[i].packets != before[i].packets + 1)
			return LC_R_MAX;
		moved = i;
	}
	return moved;
}

/* Run the program on a frame. NULL, or what went wrong. */
static inline const char *world_run(struct world *w, const __u8 *frame, size_t n)
{
	struct __sk_buff ctx = { .ifindex = w->ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = n, .data_out = w->out,
		    .data_size_out = sizeof(w->out), .ctx_in = w->ifindex ? &ctx : NULL,
		    .ctx_size_in = w->ifindex ? sizeof(ctx) : 0);

	if (bpf_prog_test_run_opts(lc_gate_program(w->gate), &run))
		return wrong("a frame of %zu bytes can not be run: %s", n, strerror(errno));
	w->action = run.retval;
	w->out_n = run.data_size_out;
	return NULL;
}

/* Run a frame, and see which counter of packets moved and what was told. */
static inline const char *world_send_frame(struct world *w, const __u8 *frame, size_t n)
{
	struct lc_total before[LC_R_MAX], after[LC_R_MAX];
	const char *complaint;

	if (lc_read_totals(w->gate, before))
		return "totals can not be read";
	complaint = world_run(w, frame, n);
	if (complaint)
		return complaint;
	if (lc_read_totals(w->gate, after))
		return "totals can not be read";
	w->total = world_moved(before, after);
	lc_event_read(w->reader, 0);
	return NULL;
}

static inline const char *world_send(struct world *w, const struct packet *p)
{
	static __u8 frame[PACKET_MAX];

	return world_send_frame(w, frame, packet_build(p, frame));
}

/* The last packet must have been counted under one reason and have met one action. */
static inline const char *world_check(const struct world *w, enum lc_reason total, __u32 action)
{
	if (w->twin)
		return w->action == PASSED ? NULL : wrong("the benign twin is stopped, counted as %s",
							  w->total == LC_R_MAX ? "several" : word(LC_LIST_REASON, w->total));
	if (w->total != total)
		return wrong("counted as %s, expected %s", w->total == LC_R_MAX ? "nothing, or several" :
			     word(LC_LIST_REASON, w->total), word(LC_LIST_REASON, total));
	return w->action == action ? NULL : wrong("action %d, expected %d", (int)w->action, (int)action);
}

static inline const char *world_expect(struct world *w, const struct packet *p, enum lc_reason total, __u32 action)
{
	const char *complaint = world_send(w, p);

	return complaint ? complaint : world_check(w, total, action);
}

static inline struct lc_count world_count(struct world *w, const struct lc_event *e)
{
	struct lc_count_key key = { e->profile, e->endpoint, e->rule, e->verdict, e->reason };
	struct lc_counter *list = NULL;
	struct lc_count found = { 0 };
	size_t n = 0;

	if (lc_read_counters(w->gate, &list, &n))
		return found;
	for (size_t i = 0; i < n; i++)
		if (!memcmp(&list[i].key, &key, sizeof(key)))
			found = list[i].count;
	free(list);
	return found;
}

struct expect {
	enum lc_verdict_id verdict;
	enum lc_reason reason;
	const char *asset, *endpoint, *rule, *name;  /* NULL: none; asset NULL: cams */
	size_t name_n;               /* 0: strlen(name) */
};

static inline bool same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static inline const char *event_ids(struct world *w, const struct lc_event *e, const struct expect *x)
{
	const char *asset = lc_model_id(w->model, LC_REG_ASSET, e->asset), *wanted = x->asset ? x->asset : "cams";
	const char *endpoint = e->endpoint ? lc_model_id(w->model, LC_REG_ENDPOINT, e->endpoint) : NULL;
	const char *rule = e->rule ? lc_model_id(w->model, LC_REG_RULE, e->rule) : NULL;

	if (!same(asset, wanted))
		return wrong("asset %s, expected %s", asset ? asset : "none", wanted);
	if (!same(endpoint, x->endpoint))
		return wrong("endpoint %s, expected %s", endpoint ? endpoint : "none", x->endpoint ? x->endpoint : "none");
	if (!same(rule, x->rule))
		return wrong("rule %s, expected %s", rule ? rule : "none", x->rule ? x->rule : "none");
	return NULL;
}

/* The one event since world_forget(): what it decided, the name in another view (NULL: none), and whether that was not the first time. */
static inline const char *world_told_more(struct world *w, const struct expect *x, const char *other, bool again)
{
	size_t other_n = other ? strlen(other) : 0;
	size_t name_n = x->name_n ? x->name_n : x->name ? strlen(x->name) : 0;
	const struct lc_event *e = w->events;

	if (w->twin)
		return NULL;
	if (w->events_n != 1)
		return wrong("%u events, expected one", w->events_n);
	if (e->reason != x->reason)
		return wrong("reason %s, expected %s", word(LC_LIST_REASON, e->reason), word(LC_LIST_REASON, x->reason));
	if (e->verdict != x->verdict)
		return wrong("verdict %s, expected %s", word(LC_LIST_VERDICT, e->verdict), word(LC_LIST_VERDICT, x->verdict));
	if (e->generation != w->generation)
		return wrong("generation %u, expected %u", e->generation, w->generation);
	if (e->name_len != name_n || (name_n && memcmp(e->name, x->name, name_n)))
		return wrong("name '%.*s', expected '%s'", e->name_len < 256 ? e->name_len : 256, (const char *)e->name,
			     x->name ? x->name : "");
	if (e->other_len != other_n || (other_n && memcmp(e->other, other, other_n)))
		return wrong("other name '%.*s', expected '%s'", e->other_len < 256 ? e->other_len : 256, (const char *)e->other,
			     other ? other : "");
	if (e->flags != (again ? LC_EVENT_AGAIN : 0))
		return wrong("event flags %#x", e->flags);
	return event_ids(w, e, x);
}

static inline const char *world_told(struct world *w, const struct expect *x)
{
	return world_told_more(w, x, NULL, false);
}

/* The name that a row asks for, or that of its benign twin, which is as long. */
#define HELLO_TWIN "app.allowed.test"

static inline const char *world_name(const struct world *w, const char *name)
{
	return w->twin && name && !strcmp(name, HELLO_NAME) ? HELLO_TWIN : name;
}

static inline bool denies(enum lc_verdict_id verdict)
{
	return verdict == LC_V_DENY_RESET || verdict == LC_V_DENY_DROP;
}

#endif
