/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a case comes to: the name that the server's TLS layer received against what lenscap said of the flow. A camera's rules
 * refuse all that is odd, a desk's only tell of it; so a desk's connection that is mixed together from several streams in a
 * way that no single view has is told, and everything else must be refused by its name.
 */
#ifndef LENSCAP_TEST_JUDGE_H
#define LENSCAP_TEST_JUDGE_H

#include "reader.h"
#include "streams.h"

#define BIT(reason) (1ull << (reason))

#define OUTCOMES(X) \
	X(IN_TIME,   "refused in time") \
	X(PASSED,    "passed") \
	X(DECOY,     "refused for a decoy") \
	X(FORM,      "refused for their form") \
	X(TOLD,      "told") \
	X(NAMELESS,  "without a hello at the server") \
	X(UNDELIVERED, "not delivered") \
	X(MISSED,    "missed") \
	X(HURT,      "hurt") \
	X(UNSAID,    "not decided on") \
	X(HALF_OPEN, "half-open") \
	X(ERROR,     "errors")

#define OUTCOME_ENUM(name, word) OUT_##name,
enum outcome { OUTCOMES(OUTCOME_ENUM) OUT_MAX };

#define OUTCOME_WORD(name, word) word,
static const char *const outcome_words[] = { OUTCOMES(OUTCOME_WORD) };

/* A stream as the gate may have put it together from the packets so far: the first byte at an offset, or the last. */
struct model { __u8 bytes[2][HELLO_MAX]; bool have[HELLO_MAX], honest[HELLO_MAX]; };

static inline void judge_put(struct model *m, const struct one_case *c, const struct op *op)
{
	const __u8 *from = &c->stream[op->source].at[op->at < 0 ? 0 : op->at];
	int shift = op->what == OP_SYN || tricks[op->trick].flags & TCP_SYN ? 1 : 0;

	if (op->what == OP_READ || op->what == OP_ACK || tricks[op->trick].seq || tricks[op->trick].empty || op->dropped)
		return;
	for (__u32 i = 0; i < op->n; i++) {
		int at = op->at + shift + (int)i;

		if (at < 0 || at >= LC_HELLO_MAX)
			continue;
		if (!m->have[at])
			m->bytes[0][at] = from[i];
		m->bytes[1][at] = from[i];
		m->have[at] = true;
		m->honest[at] |= !op->trick && op->source == SOURCE_TRUE;
	}
}

/* Are the first n bytes that the server got in a model, with the urgent byte or without? */
static inline bool judge_equal(const struct model *m, const struct one_case *c, size_t n)
{
	size_t u = c->urgent_at < 0 || c->urgent_at > (int)n ? n : (size_t)c->urgent_at;

	if (memchr(m->have, false, n))
		return false;
	for (int last = 0; last < 2; last++) {
		const __u8 *b = m->bytes[last], *got = c->got.bytes;

		if (!memcmp(got, b, n) || (!memcmp(got, b, u) && !memcmp(got + u, b + u + 1, n - u)))
			return true;
	}
	return false;
}

/* A hello in one segment, which is decided on and not kept. */
static inline bool judge_whole(const struct one_case *c, const struct op *op)
{
	bool begins = op->what == OP_SYN || (op->what == OP_SEND && !op->at && !(tricks[op->trick].flags & TCP_SYN));

	return begins && op->source != SOURCE_NOISE && op->n == c->stream[op->source].n;
}

/* Did some view hold what the server took for a hello, before the server had all of it without a doubt? */
static inline bool judge_modelled(const struct one_case *c)
{
	static struct model m;
	size_t n = reader_end(&c->got);

	memset(&m, 0, sizeof(m));
	for (unsigned int i = 0; i < c->ops_n && memchr(m.honest, false, n); i++) {
		if (!memchr(m.have, true, sizeof(m.have)) && judge_whole(c, &c->ops[i]))
			continue;
		judge_put(&m, c, &c->ops[i]);
		if (judge_equal(&m, c, n))
			return true;
	}
	return false;
}

/* Can something shorter have been whole before it? Of a flow that is decided, what comes behind its hello is not kept. */
static inline bool judge_longer(const struct one_case *c)
{
	bool longer = c->stream[SOURCE_OTHER].n < c->stream[SOURCE_TRUE].n;

	for (unsigned int i = 0; i < c->ops_n; i++)
		longer |= c->ops[i].source == SOURCE_NOISE && c->ops[i].at <= 0 && !c->ops[i].dropped;
	return longer;
}

/* A refused name is at the server. */
static inline enum outcome judge_missed(const struct one_case *c)
{
	if (c->asset != ASSET_DESK || !c->lying)
		return OUT_MISSED;
	/* an audit by an endpoint's rule stands for one by that of the oddity */
	if (!c->said.audited)
		return OUT_MISSED;
	if (!c->got.by_openssl || c->said.reasons & (BIT(LC_R_URGENT) | BIT(LC_R_MANY_SYNS)))
		return OUT_TOLD;
	return judge_longer(c) || !judge_modelled(c) ? OUT_TOLD : OUT_MISSED;
}

/* It was refused, but the server would have got a name that may pass, or did. */
static inline enum outcome judge_hurt(const struct one_case *c)
{
	if (c->refused_sent)
		return OUT_DECOY;
	return c->lying && c->asset == ASSET_CAMERA && c->said.why != LC_R_MATCH ? OUT_FORM : OUT_HURT;
}

/* The server has a name that may pass, and lenscap let it: it must have seen that name. */
static inline enum outcome judge_passed(const struct one_case *c)
{
	bool other = !strcasecmp(c->got.name, c->name[SOURCE_OTHER]);

	if (c->said.name_true && !strcasecmp(c->got.name, c->name[SOURCE_TRUE]))
		return OUT_PASSED;
	if ((c->said.name_other && other) || (c->lying && c->said.audited))
		return OUT_PASSED;
	return OUT_UNSAID;
}

/* RFC 7413: whether the server took a SYN's data can not be seen on the client's side of it, so neither which byte a RST must name. */
static inline bool judge_data_in_syn(const struct one_case *c)
{
	for (unsigned int i = 0; i < c->ops_n; i++)
		if (c->ops[i].what == OP_SYN && c->ops[i].n)
			return true;
	return false;
}

static inline enum outcome judge_refused(const struct one_case *c)
{
	bool half_open = !c->said.dropped && c->got.accepted && !(c->got.error && c->client_reset);

	if (!streams_name_refused(c->name[SOURCE_TRUE]))
		return judge_hurt(c);
	return half_open && !c->lying && !judge_data_in_syn(c) ? OUT_HALF_OPEN : OUT_IN_TIME;
}

static inline enum outcome judge(const struct one_case *c)
{
	unsigned int urgent = c->urgent_at >= 0;

	if (c->said.reasons & BIT(LC_R_TABLE_FULL))
		return OUT_ERROR;
	if (c->got.hello && streams_name_refused(c->got.name))
		return judge_missed(c);
	if (c->said.denied)
		return c->got.hello ? judge_hurt(c) : judge_refused(c);
	if (c->got.hello)
		return judge_passed(c);
	if (c->lying && (c->got.n + urgent >= c->stream[SOURCE_TRUE].n || c->got.accepted > 1 || c->client_reset))
		return OUT_NAMELESS; /* lies that the server fell for, and nobody else */
	return OUT_UNDELIVERED;
}

static inline bool judge_is_fault(enum outcome outcome)
{
	return outcome >= OUT_MISSED;
}

#endif
