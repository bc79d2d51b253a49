/* SPDX-License-Identifier: GPL-2.0-only */
/* Models for tests, built without a parser, and what their tables say. Checks only that both ways to ask agree. */
#ifndef TEST_BUILD_MODEL_H
#define TEST_BUILD_MODEL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "compile.h"
#include "names.h"

/* A row says what differs from zero. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define BIT(n) (1u << (n))
#define ALLOW LC_V_ALLOW
#define AUDIT LC_V_AUDIT
#define RESET LC_V_DENY_RESET
#define DROP LC_V_DENY_DROP
#define BODY BIT(LC_KIND_BODY_WORN_CAMERA)
#define FACE BIT(LC_CAPABILITY_FACE_RECOGNITION)

/* A rule in one line; lists of words are separated by spaces. origin 0: the policy file. */
struct rule {
	const char *id;
	__u8 verdict;
	const char *tenant, *place, *endpoint, *provider, *service;
	__u32 classes, kinds, capabilities, clouds, confidences;
	__u64 reasons;
	enum lc_origin origin;
};

static inline void words_fill(struct lc_words *words, const char *text)
{
	char *copy = text ? strdup(text) : NULL, *save = copy;

	while (save)
		assert_int_equal(lc_words_add(words, strsep(&save, " ")), 0);
	free(copy);
}

static inline void rule_add(struct lc_model *model, const struct rule *from)
{
	struct lc_rule *rule = lc_grow(&model->rules, &model->rules_n, sizeof(*rule));
	struct lc_match *m = &rule->match;

	rule->id = strdup(from->id);
	rule->verdict = from->verdict;
	rule->origin = from->origin ? from->origin : LC_ORIGIN_POLICY;
	words_fill(&m->tenants, from->tenant);
	words_fill(&m->jurisdictions, from->place);
	words_fill(&m->endpoints, from->endpoint);
	words_fill(&m->providers, from->provider);
	words_fill(&m->services, from->service);
	m->classes = from->classes;
	m->kinds = from->kinds;
	m->capabilities = from->capabilities;
	m->clouds = from->clouds;
	m->confidences = from->confidences;
	m->reasons = from->reasons;
}

static inline void tenant_add(struct lc_model *model, const char *name, const char *place, enum lc_class class, enum lc_mode mode)
{
	struct lc_tenant *tenant = lc_grow(&model->tenants, &model->tenants_n, sizeof(*tenant));

	tenant->name = strdup(name);
	tenant->jurisdiction = place ? strdup(place) : NULL;
	tenant->class = class;
	tenant->mode = mode;
}

static inline struct lc_asset_def *asset_add(struct lc_model *model, const char *name, size_t tenant, enum lc_kind kind)
{
	struct lc_asset_def *asset = lc_grow(&model->assets, &model->assets_n, sizeof(*asset));

	asset->name = strdup(name);
	asset->tenant = tenant;
	asset->kind = kind;
	return asset;
}

static inline void address_add(struct lc_asset_def *asset, struct lc_address address)
{
	*(struct lc_address *)lc_grow(&asset->addresses, &asset->addresses_n, sizeof(address)) = address;
}

static inline struct lc_endpoint *endpoint_add(struct lc_model *model, const char *id, const char *pattern, __u32 capabilities)
{
	struct lc_endpoint *e = lc_grow(&model->endpoints, &model->endpoints_n, sizeof(*e));

	e->id = strdup(id);
	e->pattern = strdup(pattern);
	e->provider = strdup("AWS");
	e->service = strdup("Rekognition");
	e->capabilities = capabilities;
	e->cloud = LC_CLOUD_GOV;
	e->confidence = LC_CONFIDENCE_MEDIUM;
	e->origin = LC_ORIGIN_CATALOGUE;
	return e;
}

static inline struct lc_tables *compile(struct lc_model *model)
{
	struct lc_errors errors = { 0 };
	struct lc_tables *tables = NULL;

	assert_int_equal(lc_compile(model, &errors, &tables), 0);
	assert_int_equal(errors.n, 0);
	return tables;
}

static inline const struct lc_cell *cell(struct lc_model *model, const struct lc_tables *t, size_t asset,
					 const struct lc_endpoint *e, enum lc_reason reason)
{
	char *profile = lc_profile_id(model, &model->assets[asset]);
	size_t row = lc_model_number(model, LC_REG_PROFILE, profile);
	size_t column = e ? LC_REASON_COLUMNS + lc_model_number(model, LC_REG_ENDPOINT, e->id) : reason;

	free(profile);
	assert_true(row < t->conf.profiles && column < t->conf.columns);
	return &t->cells[row * t->conf.columns + column];
}

/* lc_decide() and the table say the same. */
static inline struct lc_decision decide(struct lc_model *model, const struct lc_tables *t, size_t asset,
					const struct lc_endpoint *e, enum lc_reason reason)
{
	struct lc_decision d = lc_decide(model, &model->assets[asset], e, reason);
	const struct lc_cell *c = cell(model, t, asset, e, reason);
	const char *rule = lc_model_id(model, LC_REG_RULE, c->rule);

	if (c->verdict != d.verdict || c->wanted != d.wanted || !rule != !d.rule || (rule && strcmp(rule, d.rule)))
		fail_msg("asset %zu, %s, reason %d: the table says %s by %s, lc_decide() %s by %s", asset, e ? e->id : "-",
			 reason, lc_word(LC_LIST_VERDICT, c->verdict), rule, lc_word(LC_LIST_VERDICT, d.verdict), d.rule);
	return d;
}

#endif
