// SPDX-License-Identifier: GPL-2.0-only
/*
 * The verdict table: for every profile all columns at once, the strongest rule taking its columns first, so that the cost is
 * profiles x rules and not that times columns. Which rule is the strongest is for decide.c to say.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "decide.h"

#define LC_BIT(n) (1ull << ((n) % 64))

struct lc_fill {
	const struct lc_model *model;
	const struct lc_numbers *numbers;
	struct lc_tables *tables;
	size_t words;                /* of a set of columns */
	__u64 *wanted;               /* set of columns, for each rule */
	__u64 *known;                /* set of columns: an endpoint of the model, or a reason that decides */
	__u64 *open;                 /* set of columns that no rule has taken yet, at work */
	struct lc_claim *claims;     /* at work */
	size_t *rival;               /* for each rule: the next of its rivals, in a ring; itself where it has none */
};

static void lc_fill_free(struct lc_fill *f)
{
	free(f->wanted);
	free(f->known);
	free(f->open);
	free(f->claims);
	free(f->rival);
}

/* Columns of each rule. */
static void lc_fill_columns(struct lc_fill *f, const struct lc_rule *rule, __u64 *columns)
{
	const struct lc_model *model = f->model;
	size_t column;

	for (column = 0; column < LC_R_MAX; column++)
		if (lc_reason_decides(column) && (!rule || lc_rule_on_reason(rule, column)))
			columns[0] |= LC_BIT(column);
	for (size_t i = 0; i < model->endpoints_n; i++) {
		column = LC_REASON_COLUMNS + f->numbers->endpoints[i];
		if (!rule || lc_rule_on_endpoint(rule, &model->endpoints[i]))
			columns[column / 64] |= LC_BIT(column);
	}
}

/* Into the ring of its rivals before it, if there are any. */
static void lc_fill_rival(struct lc_fill *f, size_t rule)
{
	f->rival[rule] = rule;
	for (size_t i = 0; i < rule; i++) {
		if (!lc_rule_rivals(&f->model->rules[i], &f->model->rules[rule]))
			continue;
		f->rival[rule] = f->rival[i];
		f->rival[i] = rule;
		return;
	}
}

static int lc_fill_init(struct lc_fill *f)
{
	const struct lc_model *model = f->model;

	f->words = (f->tables->conf.columns + 63) / 64;
	f->wanted = calloc(model->rules_n * f->words + 1, sizeof(*f->wanted));
	f->known = calloc(f->words, sizeof(*f->known));
	f->open = calloc(f->words, sizeof(*f->open));
	f->claims = calloc(model->rules_n + 1, sizeof(*f->claims));
	f->rival = calloc(model->rules_n + 1, sizeof(*f->rival));
	if (!f->wanted || !f->known || !f->open || !f->claims || !f->rival)
		return -ENOMEM;
	lc_fill_columns(f, NULL, f->known);
	for (size_t i = 0; i < model->rules_n; i++) {
		lc_fill_columns(f, &model->rules[i], f->wanted + i * f->words);
		lc_fill_rival(f, i);
	}
	return 0;
}

static int lc_claim_compare(const void *a, const void *b)
{
	const struct lc_claim *left = a, *right = b;

	return (left->rank < right->rank) - (left->rank > right->rank);
}

/* The asset's claims, strongest first. */
static size_t lc_fill_claims(struct lc_fill *f, const struct lc_asset_def *asset)
{
	size_t n = 0;

	for (size_t i = 0; i < f->model->rules_n; i++)
		n += lc_claim_make(f->model, asset, &f->model->rules[i], &f->claims[n]);
	qsort(f->claims, n, sizeof(*f->claims), lc_claim_compare);
	return n;
}

static bool lc_fill_silent(const struct lc_fill *f, const struct lc_asset_def *asset, const struct lc_claim *claim)
{
	size_t rule = claim->rule - f->model->rules;

	for (size_t i = f->rival[rule]; i != rule; i = f->rival[i])
		if (lc_claim_overridden(f->model, asset, claim, &f->model->rules[i]))
			return true;
	return false;
}

/* The number of the rule that a decision names: the one that it was made by, or one that every policy has. */
static __u16 lc_fill_number(const struct lc_fill *f, const struct lc_rule *rule, const char *decided)
{
	if (rule && decided == rule->id)
		return f->numbers->rules[rule - f->model->rules];
	if (!strcmp(decided, LC_RULE_ALLOW_LIST))
		return f->numbers->builtin[LC_BUILTIN_ALLOW_LIST];
	return f->numbers->builtin[strcmp(decided, LC_RULE_MATCHED) ? LC_BUILTIN_UNMATCHED : LC_BUILTIN_MATCHED];
}

/* Give the open ones among 64 columns to a rule, NULL for the default. */
static void lc_fill_word(struct lc_fill *f, enum lc_mode mode, const struct lc_rule *rule, struct lc_cell *row, size_t word)
{
	__u64 take = f->open[word];
	struct lc_decision d;
	size_t column;

	if (rule)
		take &= f->wanted[(rule - f->model->rules) * f->words + word];
	f->open[word] &= ~take;
	for (; take; take &= take - 1) {
		column = word * 64 + __builtin_ctzll(take);
		d = lc_decision_make(f->model, mode, rule, column < LC_REASON_COLUMNS ? column : LC_R_MATCH);
		row[column] = (struct lc_cell){ .verdict = d.verdict, .wanted = d.wanted,
						.rule = lc_fill_number(f, rule, d.rule) };
	}
}

static bool lc_fill_wants(const struct lc_fill *f, const struct lc_rule *rule)
{
	const __u64 *wanted = f->wanted + (rule - f->model->rules) * f->words;

	for (size_t i = 0; i < f->words; i++)
		if (wanted[i] & f->open[i])
			return true;
	return false;
}

static void lc_fill_row(struct lc_fill *f, const struct lc_asset_def *asset, struct lc_cell *row)
{
	enum lc_mode mode = f->model->tenants[asset->tenant].mode;
	size_t n = lc_fill_claims(f, asset);

	memcpy(f->open, f->known, f->words * sizeof(*f->open));
	for (size_t i = 0; i < n; i++) {
		if (!lc_fill_wants(f, f->claims[i].rule) || lc_fill_silent(f, asset, &f->claims[i]))
			continue;
		for (size_t word = 0; word < f->words; word++)
			lc_fill_word(f, mode, f->claims[i].rule, row, word);
	}
	for (size_t word = 0; word < f->words; word++)
		lc_fill_word(f, mode, NULL, row, word);
	/* A number whose endpoint is no more, and number 0: what a name gets that matches nothing. */
	for (size_t column = LC_REASON_COLUMNS; column < f->tables->conf.columns; column++)
		if (!(f->known[column / 64] & LC_BIT(column)))
			row[column] = row[LC_R_NO_MATCH];
}

int lc_cells_fill(const struct lc_model *model, const struct lc_numbers *numbers, struct lc_tables *tables)
{
	struct lc_fill f = { .model = model, .numbers = numbers, .tables = tables };
	struct lc_cell *row;
	int err = lc_fill_init(&f);

	if (err)
		goto out;
	/* What no asset has, and reasons that are only counted: allowed, by no rule. */
	for (size_t i = 0; i < tables->cells_n; i++)
		tables->cells[i] = (struct lc_cell){ .verdict = LC_V_ALLOW, .wanted = LC_V_ALLOW };
	for (size_t i = 0; i < model->assets_n; i++) {
		row = tables->cells + (size_t)numbers->profiles[i] * tables->conf.columns;
		if (!row[LC_R_NO_MATCH].rule)        /* else done for another asset of this profile */
			lc_fill_row(&f, &model->assets[i], row);
	}
out:
	lc_fill_free(&f);
	return err;
}
