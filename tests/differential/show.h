/* SPDX-License-Identifier: GPL-2.0-only */
/* A case in full: what was sent, what the server got, what lenscap said. */
#ifndef LENSCAP_TEST_SHOW_H
#define LENSCAP_TEST_SHOW_H

#include <stdio.h>
#include <string.h>

#include "judge.h"
#include "names.h"

static inline void show_op(const struct op *op)
{
	static const char *const sources[] = { "true", "other", "noise" };

	if (op->dropped || op->what == OP_READ || op->what == OP_ACK) {
		if (!op->dropped)
			printf("#     %s\n", op->what == OP_READ ? "(server reads)" : "ACK");
		return;
	}
	printf("#     %6d +%-5u %-5s %s%s", op->what == OP_SYN ? 0 : op->at, op->n, sources[op->source],
	       op->what == OP_SYN ? "SYN" : tricks[op->trick].says, op->ip_options ? ", IP options" : "");
	if (op->urgent)
		printf(", urgent %d", op->at + op->urgent - 1);
	printf(op->tcp_options ? ", TCP options\n" : "\n");
}

/* Words of the reasons in the events. */
static inline void show_reasons(const struct one_case *c)
{
	for (unsigned int i = 0; i < LC_R_MAX; i++)
		if (c->said.reasons >> i & 1)
			printf(" %s", lc_word(LC_LIST_REASON, i));
}

static inline void show_case(__u64 seed, const struct one_case *c, enum outcome outcome)
{
	static const char *const ports[] = { "plain", "urgent data in line", "data in SYN", "data in SYN, urgent data in line" };
	const struct received *got = &c->got;

	printf("# case %u of seed %llu: %s, %s, server with %s, %s\n", c->number, (unsigned long long)seed, outcome_words[outcome],
	       c->asset == ASSET_CAMERA ? "camera" : "desk", ports[c->port], c->lying ? "lying" : "honest");
	for (enum source s = SOURCE_TRUE; s <= SOURCE_OTHER; s++)
		printf("#   %s: %s at %d of %zu bytes\n", s == SOURCE_TRUE ? "true" : "other", c->name[s], streams_find(c, s),
		       c->stream[s].n);
	for (unsigned int i = 0; i < c->ops_n; i++)
		show_op(&c->ops[i]);
	printf("#   server: %s, %zu bytes, name %s%s%s\n", !c->connected ? "no connection" : got->fd < 0 && !got->accepted ?
	       "not accepted" : got->error ? strerror(got->error) : got->ended ? "closed" : "open", got->n,
	       got->hello ? got->name : "none", !got->hello ? "" : got->by_openssl ? " by OpenSSL" : " by the tolerant reader",
	       c->client_reset ? "; client: reset" : "");
	printf("#   lenscap: %u events%s%s, reasons:", c->said.events, c->said.denied ? ", deny" : "", c->said.dropped ? " by drop" : "");
	show_reasons(c);
	printf("\n");
}

#endif
