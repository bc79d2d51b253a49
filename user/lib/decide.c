// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which rule decides, and what its verdict becomes in the tenant's mode. Layers: rules naming kind, then rules naming class,
 * tenant or jurisdiction, then the others, then the default. Knows nothing of tables or of clauses.
 */
#include <string.h>

#include "decide.h"
#include "names.h"

static bool lc_word_allowed(const struct lc_words *words, const char *word)
{
	return !words->n || (word && lc_words_have(words, word));
}

static bool lc_bit_allowed(__u64 set, unsigned int bit)
{
	return !set || set >> bit & 1;
}

/* Bytes of the longest of the paths that the place lies in ("US" and "US-WA" hold "US-WA-SEA", "US-W" does not); 0: none. */
static size_t lc_path_match(const struct lc_words *paths, const char *place)
{
	size_t longest = 0, bytes;

	for (size_t i = 0; place && i < paths->n; i++) {
		bytes = strlen(paths->list[i]);
		if (bytes > longest && !strncmp(place, paths->list[i], bytes) && (!place[bytes] || place[bytes] == '-'))
			longest = bytes;
	}
	return longest;
}

static unsigned int lc_match_keys(const struct lc_match *m)
{
	return !!m->tenants.n + !!m->jurisdictions.n + !!m->classes + !!m->kinds + !!m->endpoints.n + !!m->providers.n +
	       !!m->services.n + !!m->capabilities + !!m->clouds + !!m->confidences + !!m->reasons;
}

/* Layer, keys, strictness, whose rule, order: from the highest bit down. */
static __u64 lc_rule_rank(const struct lc_model *model, const struct lc_rule *rule)
{
	const struct lc_match *m = &rule->match;
	__u64 layer = m->kinds ? 3 : m->classes || m->tenants.n || m->jurisdictions.n ? 2 : 1;
	__u64 strict = lc_verdict_strictness(rule->verdict);

	return layer << 60 | (__u64)lc_match_keys(m) << 48 | strict << 40 | (__u64)rule->origin << 32 |
	       (0xffffffff - (__u64)(rule - model->rules));
}

bool lc_claim_make(const struct lc_model *model, const struct lc_asset_def *asset, const struct lc_rule *rule,
		   struct lc_claim *ret_claim)
{
	const struct lc_tenant *tenant = &model->tenants[asset->tenant];
	const struct lc_match *m = &rule->match;
	size_t path = lc_path_match(&m->jurisdictions, tenant->jurisdiction);

	if (!lc_bit_allowed(m->kinds, asset->kind) || !lc_bit_allowed(m->classes, tenant->class) ||
	    !lc_word_allowed(&m->tenants, tenant->name) || (m->jurisdictions.n && !path))
		return false;
	*ret_claim = (struct lc_claim){ rule, lc_rule_rank(model, rule), path };
	return true;
}

static bool lc_words_within(const struct lc_words *a, const struct lc_words *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (!lc_words_have(b, a->list[i]))
			return false;
	return true;
}

static bool lc_words_same(const struct lc_words *a, const struct lc_words *b)
{
	return lc_words_within(a, b) && lc_words_within(b, a);
}

bool lc_rule_rivals(const struct lc_rule *rule, const struct lc_rule *other)
{
	const struct lc_match *a = &rule->match, *b = &other->match;

	return a->jurisdictions.n && b->jurisdictions.n && a->classes == b->classes && a->kinds == b->kinds &&
	       a->capabilities == b->capabilities && a->clouds == b->clouds && a->confidences == b->confidences &&
	       a->reasons == b->reasons && lc_words_same(&a->tenants, &b->tenants) &&
	       lc_words_same(&a->endpoints, &b->endpoints) && lc_words_same(&a->providers, &b->providers) &&
	       lc_words_same(&a->services, &b->services);
}

/* No part of the rank: rivals compare by place before strictness, all others do not, and no single order does both. */
bool lc_claim_overridden(const struct lc_model *model, const struct lc_asset_def *asset, const struct lc_claim *claim,
			 const struct lc_rule *rival)
{
	struct lc_claim other;

	return lc_claim_make(model, asset, rival, &other) && other.path > claim->path;
}

static bool lc_rule_names_endpoints(const struct lc_match *m)
{
	return m->endpoints.n || m->providers.n || m->services.n || m->capabilities || m->clouds || m->confidences;
}

bool lc_rule_on_reason(const struct lc_rule *rule, enum lc_reason reason)
{
	return lc_bit_allowed(rule->match.reasons, reason) && !lc_rule_names_endpoints(&rule->match);
}

bool lc_rule_on_endpoint(const struct lc_rule *rule, const struct lc_endpoint *endpoint)
{
	const struct lc_match *m = &rule->match;

	return !m->reasons && lc_word_allowed(&m->endpoints, endpoint->id) &&
	       lc_word_allowed(&m->providers, endpoint->provider) && lc_word_allowed(&m->services, endpoint->service) &&
	       (!m->capabilities || m->capabilities & endpoint->capabilities) &&
	       lc_bit_allowed(m->clouds, endpoint->cloud) && lc_bit_allowed(m->confidences, endpoint->confidence);
}

bool lc_reason_decides(enum lc_reason reason)
{
	enum lc_scope scope = lc_reason_scope(reason);

	return scope == LC_SCOPE_FLOW || scope == LC_SCOPE_PACKET;
}

/* Where no default is said: audit what matches, allow the rest. */
static struct lc_decision lc_decision_default(const struct lc_model *model, enum lc_mode mode, enum lc_reason reason)
{
	enum lc_verdict_id matched = model->matched ? model->matched : LC_V_AUDIT;
	enum lc_verdict_id unmatched = model->unmatched ? model->unmatched : LC_V_ALLOW;

	if (mode == LC_MODE_ALLOW_LIST_ONLY)
		return (struct lc_decision){ LC_RULE_ALLOW_LIST, LC_V_DENY_RESET, LC_V_DENY_RESET };
	if (reason == LC_R_MATCH)
		return (struct lc_decision){ LC_RULE_MATCHED, matched, matched };
	return (struct lc_decision){ LC_RULE_UNMATCHED, unmatched, unmatched };
}

struct lc_decision lc_decision_make(const struct lc_model *model, enum lc_mode mode, const struct lc_rule *rule,
				    enum lc_reason reason)
{
	struct lc_decision d = lc_decision_default(model, mode, reason);

	/* A rule that only watches what matches nothing does not put it on the list */
	if (rule && !(mode == LC_MODE_ALLOW_LIST_ONLY && rule->verdict == LC_V_AUDIT && reason != LC_R_MATCH))
		d = (struct lc_decision){ rule->id, rule->verdict, rule->verdict };
	if (d.wanted < LC_V_DENY_RESET)
		return d;
	if (mode == LC_MODE_MONITOR)
		d.verdict = LC_V_AUDIT;
	else if (reason == LC_R_QUIC || reason == LC_R_QUIC_VERSION || reason == LC_R_FRAGMENT ||
		 reason == LC_R_HEADERS)
		d.verdict = LC_V_DENY_DROP;  /* no TCP connection to reset */
	return d;
}

static bool lc_claim_silent(const struct lc_model *model, const struct lc_asset_def *asset, const struct lc_claim *claim)
{
	for (size_t i = 0; i < model->rules_n; i++)
		if (lc_rule_rivals(claim->rule, &model->rules[i]) &&
		    lc_claim_overridden(model, asset, claim, &model->rules[i]))
			return true;
	return false;
}

struct lc_decision lc_decide(const struct lc_model *model, const struct lc_asset_def *asset,
			     const struct lc_endpoint *endpoint, enum lc_reason reason)
{
	struct lc_claim best = { 0 }, claim;
	const struct lc_rule *rule;

	if (endpoint)
		reason = LC_R_MATCH;
	else if (!lc_reason_decides(reason))
		return (struct lc_decision){ NULL, LC_V_ALLOW, LC_V_ALLOW };
	for (size_t i = 0; i < model->rules_n; i++) {
		rule = &model->rules[i];
		if (!(endpoint ? lc_rule_on_endpoint(rule, endpoint) : lc_rule_on_reason(rule, reason)))
			continue;
		if (lc_claim_make(model, asset, rule, &claim) && claim.rank > best.rank &&
		    !lc_claim_silent(model, asset, &claim))
			best = claim;
	}
	return lc_decision_make(model, model->tenants[asset->tenant].mode, best.rule, reason);
}
