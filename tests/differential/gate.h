/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gate on the gateway's LAN side, not pinned: its policy and its events. The policy has cameras and desks, which differ in what
 * they do about oddities: refuse them, or tell of them.
 */
#ifndef LENSCAP_TEST_GATE_H
#define LENSCAP_TEST_GATE_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apply.h"
#include "case.h"
#include "parse.h"
#include "read.h"

#define TCX_INGRESS 46               /* BPF_TCX_INGRESS; not in the headers of Debian 12 */

struct run_gate {
	struct lc_gate *gate;
	int link;                    /* fd, or negative */
	struct lc_event_reader *events;
};

/* Cameras refuse what is odd, desks tell of it. */
#define POLICY_ODD                                                                                                          \
	"reason: [ech, no-sni, invalid-name, malformed-hello, not-hello, not-tls, hello-too-long, table-full, mid-stream, " \
	"views-disagree, several-names, early-record, sslv2-hello, urgent-data, many-syns]"

static const char policy_head[] =
	"version: 1\n"
	"profile: none\n"
	"tenants:\n"
	"  - name: metro\n"
	"    class: us-police\n"
	"    mode: enforce\n"
	"    assets:\n";
static const char policy_rules[] =
	"endpoints:\n"
	"  - {id: BLOCKED, pattern: \"*.blocked.test\", provider: Test, service: api, capability: [vision-llm]}\n"
	"  - {id: DROPPED, pattern: \"*.dropped.test\", provider: Test, service: api, capability: [vision-llm]}\n"
	"  - {id: BENEATH, pattern: \"**.beneath.test\", provider: Test, service: api, capability: [vision-llm]}\n"
	"  - {id: ALLOWED, pattern: \"*.allowed.test\", provider: Test, service: api, capability: [vision-llm]}\n"
	"  - {id: AUDITED, pattern: \"*.audited.test\", provider: Test, service: api, capability: [vision-llm]}\n"
	"rules:\n"
	"  - {id: reset, match: {endpoint: [BLOCKED, BENEATH]}, verdict: deny-reset}\n"
	"  - {id: drop, match: {endpoint: DROPPED}, verdict: deny-drop}\n"
	"  - {id: let, match: {endpoint: ALLOWED}, verdict: allow}\n"
	"  - {id: odd, match: {kind: body-worn-camera, " POLICY_ODD "}, verdict: deny-reset}\n"
	"  - {id: told, match: {kind: workstation, " POLICY_ODD "}, verdict: audit}\n"
	"default: {matched: audit, unmatched: allow}\n";

static inline bool fail(const char *what, const char *why, int err)
{
	fprintf(stderr, "differential: %s: %s: %s\n", what, why, strerror(-err));
	return false;
}

static inline const char *policy_text(void)
{
	static char text[32768];
	size_t n = snprintf(text, sizeof(text), "%s", policy_head);

	for (int i = 0; i < ASSETS; i++)
		n += snprintf(text + n, sizeof(text) - n,
			      "      - {name: cam%d, kind: body-worn-camera, prefix: 10.1.%d.0/22}\n"
			      "      - {name: desk%d, kind: workstation, prefix: 10.2.%d.0/22}\n",
			      i, i * ASSET_BLOCK, i, i * ASSET_BLOCK);
	snprintf(text + n, sizeof(text) - n, "%s", policy_rules);
	return text;
}

static inline bool policy_apply(struct run_gate *g)
{
	const char *text = policy_text();
	struct lc_source source = { "policy", text, strlen(text), LC_ORIGIN_POLICY };
	struct lc_model *model = lc_model_new();
	struct lc_tables *tables = NULL;
	struct lc_errors errors = { 0 };
	const char *why = "does not compile";
	__u32 generation;
	int err = model ? lc_parse(model, &source, &errors) : -ENOMEM;

	if (!err)
		err = lc_model_check(model, &errors);
	for (size_t i = 0; i < errors.n; i++)
		fprintf(stderr, "policy:%d:%d: %s\n", errors.list[i].pos.line, errors.list[i].pos.column, errors.list[i].text);
	if (!err)
		err = lc_compile(model, &errors, &tables);
	if (!err)
		err = lc_apply(g->gate, tables, LC_CONF_NAMES, &generation, &why);
	lc_tables_free(tables);
	lc_errors_free(&errors);
	lc_model_free(model);
	return err ? fail("policy", why, err) : true;
}

/* By a link where the kernel has those for TC (Linux 6.6), by a filter where not: both end with the process and its namespaces. */
static inline int gate_attach(struct run_gate *g)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = if_nametoindex("lan0"), .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = lc_gate_program(g->gate));
	int err;

	g->link = bpf_link_create(lc_gate_program(g->gate), hook.ifindex, TCX_INGRESS, NULL);
	if (g->link >= 0)
		return 0;
	err = bpf_tc_hook_create(&hook);
	return err ? err : bpf_tc_attach(&hook, &opts);
}

/* Loaded, with a policy, and attached to the gateway's LAN side. Runs in the gateway. */
static inline bool gate_open(struct run_gate *g, lc_event_fn event, void *context)
{
	struct lc_gate_sizes sizes = { .hellos = 2048, .events_bytes = 8 << 20 };
	const char *why = "";
	int err;

	err = lc_gate_private(&sizes, &g->gate, &why);
	if (err)
		return fail("gate", why, err);
	if (!policy_apply(g))
		return false;
	err = gate_attach(g);
	if (err)
		return fail("gate", "attach", err);
	err = lc_event_reader_new(g->gate, event, context, &g->events);
	return err ? fail("gate", "events", err) : true;
}

static inline void gate_close(struct run_gate *g)
{
	lc_event_reader_free(g->events);
	lc_gate_free(g->gate);
	if (g->link > 0)
		close(g->link);
}

#endif
