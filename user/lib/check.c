// SPDX-License-Identifier: GPL-2.0-only
/*
 * What must hold between the parts of a model: names once, references to something, addresses on one asset each, patterns well
 * formed. Works on sorted arrays, so that its cost stays near the policy's size. Changes nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parse_keys.h"
#include "pattern.h"

/* A name that the model defines, and where. file and at order equal ones: the policy file, which was read first, comes last. */
struct lc_named { const char *name; struct lc_pos pos; size_t file, at; };
struct lc_index { struct lc_named *list; size_t n; };

struct lc_check {
	const struct lc_model *model;
	struct lc_errors *errors;
	struct lc_index tenants, assets, endpoints, providers, services, clauses, rules;
	bool bad;
	int err;                     /* -ENOMEM */
};

#define lc_check_error(c, pos, ...)                              \
	do {                                                     \
		(c)->bad = true;                                 \
		lc_error_add((c)->errors, pos, __VA_ARGS__);     \
	} while (0)

static int lc_named_compare(const void *a_ptr, const void *b_ptr)
{
	const struct lc_named *a = a_ptr, *b = b_ptr;
	int order = strcmp(a->name, b->name);

	if (!order)
		order = (a->file < b->file) - (a->file > b->file);
	return order ? order : (a->at > b->at) - (a->at < b->at);
}

static int lc_named_find(const void *a, const void *b)
{
	return strcmp(((const struct lc_named *)a)->name, ((const struct lc_named *)b)->name);
}

static void lc_index_add(struct lc_check *c, struct lc_index *index, const char *name, struct lc_pos pos)
{
	struct lc_named *slot;
	size_t file = 0;

	if (!name || !*name)
		return;
	while (file < c->model->files.n && c->model->files.list[file] != pos.file)
		file++;
	slot = lc_grow(&index->list, &index->n, sizeof(*slot));
	if (slot)
		*slot = (struct lc_named){ name, pos, file, index->n };
	else
		c->err = -ENOMEM;
}

static bool lc_index_has(const struct lc_index *index, const char *name)
{
	struct lc_named key = { .name = name };

	return index->n && bsearch(&key, index->list, index->n, sizeof(key), lc_named_find);
}

static const char *lc_place(struct lc_pos pos)
{
	static _Thread_local char text[256];

	if (!pos.line)
		return "elsewhere in the model";
	snprintf(text, sizeof(text), "at %s:%d:%d", pos.file, pos.line, pos.column);
	return text;
}

static void lc_index_sort(struct lc_index *index)
{
	if (index->n)
		qsort(index->list, index->n, sizeof(*index->list), lc_named_compare);
}

static void lc_index_unique(struct lc_check *c, struct lc_index *index, const char *what)
{
	struct lc_named *list = index->list;

	lc_index_sort(index);
	for (size_t i = 1, first = 0; i < index->n; i++) {
		if (strcmp(list[i].name, list[first].name))
			first = i;
		else
			lc_check_error(c, list[i].pos, "%s %s again, expected it once, it is %s", what, lc_quote(list[i].name),
				       lc_place(list[first].pos));
	}
}

/* The agency's pattern may stand over the catalogue's, so each origin is looked at alone. */
static void lc_check_origin(struct lc_check *c, enum lc_origin origin)
{
	struct lc_index patterns = { 0 };

	for (size_t i = 0; i < c->model->endpoints_n; i++) {
		const struct lc_endpoint *e = &c->model->endpoints[i];

		if (e->origin == origin)
			lc_index_add(c, &patterns, e->pattern, e->pattern_pos);
	}
	lc_index_unique(c, &patterns, "pattern");
	free(patterns.list);
}

static void lc_check_patterns(struct lc_check *c)
{
	for (size_t i = 0; i < c->model->endpoints_n; i++) {
		const struct lc_endpoint *e = &c->model->endpoints[i];
		const char *why = *e->pattern ? lc_pattern_check(e->pattern) : NULL;

		if (why)
			lc_check_error(c, e->pattern_pos, "pattern %s: %s", lc_quote(e->pattern), why);
	}
	for (int origin = 0; origin < LC_ORIGIN_MAX; origin++)
		lc_check_origin(c, origin);
}

static void lc_check_names(struct lc_check *c)
{
	const struct lc_model *m = c->model;

	for (size_t i = 0; i < m->tenants_n; i++)
		lc_index_add(c, &c->tenants, m->tenants[i].name, m->tenants[i].pos);
	for (size_t i = 0; i < m->assets_n; i++)
		lc_index_add(c, &c->assets, m->assets[i].name, m->assets[i].pos);
	for (size_t i = 0; i < m->endpoints_n; i++) {
		lc_index_add(c, &c->endpoints, m->endpoints[i].id, m->endpoints[i].pos);
		lc_index_add(c, &c->providers, m->endpoints[i].provider, m->endpoints[i].pos);
		lc_index_add(c, &c->services, m->endpoints[i].service, m->endpoints[i].pos);
	}
	for (size_t i = 0; i < m->clauses_n; i++)
		lc_index_add(c, &c->clauses, m->clauses[i].id, m->clauses[i].pos);
	for (size_t i = 0; i < m->rules_n; i++)
		lc_index_add(c, &c->rules, m->rules[i].id, m->rules[i].pos);
	lc_index_unique(c, &c->tenants, "tenant");
	lc_index_unique(c, &c->assets, "asset");
	lc_index_unique(c, &c->endpoints, "endpoint");
	lc_index_unique(c, &c->clauses, "clause");
	lc_index_unique(c, &c->rules, "rule");
	lc_index_sort(&c->providers);
	lc_index_sort(&c->services);
}

static const char *lc_nth_named(const void *context, size_t i)
{
	return ((const struct lc_named *)context)[i].name;
}

static void lc_check_words(struct lc_check *c, const struct lc_rule *rule, const struct lc_words *words,
			   const struct lc_index *index, const char *expected)
{
	for (size_t i = 0; i < words->n; i++) {
		const char *word = words->list[i], *near;

		if (lc_index_has(index, word))
			continue;
		near = lc_near(word, lc_nth_named, index->list, index->n);
		lc_check_error(c, words->pos ? words->pos[i] : rule->pos, "%s%s%s%s is not there, expected %s", lc_quote(word),
			       near ? " (near '" : "", near ? near : "", near ? "')" : "", expected);
	}
}

static void lc_check_rules(struct lc_check *c)
{
	static const char *const built_in[] = { LC_RULE_MATCHED, LC_RULE_UNMATCHED, LC_RULE_ALLOW_LIST };

	for (size_t i = 0; i < c->model->rules_n; i++) {
		const struct lc_rule *rule = &c->model->rules[i];
		const struct lc_match *match = &rule->match;

		lc_check_words(c, rule, &match->tenants, &c->tenants, "the name of a tenant");
		lc_check_words(c, rule, &match->endpoints, &c->endpoints, "the id of an endpoint");
		lc_check_words(c, rule, &match->providers, &c->providers, "the provider of an endpoint");
		lc_check_words(c, rule, &match->services, &c->services, "the service of an endpoint");
		lc_check_words(c, rule, &rule->clauses, &c->clauses, "the id of a clause");
		for (size_t j = 0; j < sizeof(built_in) / sizeof(*built_in); j++)
			if (!strcmp(rule->id, built_in[j]))
				lc_check_error(c, rule->pos, "rule '%s', expected another id: lenscap's own has this one",
					       rule->id);
	}
}

/* An address and the asset that has it; in the order of the file, where they are equal. */
struct lc_held { const struct lc_address *address; const struct lc_asset_def *asset; };

static int lc_held_compare(const void *a_ptr, const void *b_ptr)
{
	const struct lc_held *a = a_ptr, *b = b_ptr;
	int order = memcmp(a->address->bytes, b->address->bytes, sizeof(a->address->bytes));

	if (a->address->type != b->address->type)
		return a->address->type < b->address->type ? -1 : 1;
	if (a->address->number != b->address->number)
		return a->address->number < b->address->number ? -1 : 1;
	if (!order && a->asset != b->asset)
		order = a->asset < b->asset ? -1 : 1;
	return order ? order : (a->address > b->address) - (a->address < b->address);
}

static bool lc_address_same(const struct lc_address *a, const struct lc_address *b)
{
	return a->type == b->type && a->number == b->number && !memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

static void lc_check_addresses(struct lc_check *c)
{
	struct lc_held *list = NULL, *slot;
	char text[LC_ADDRESS_TEXT];
	size_t n = 0;

	for (size_t i = 0; i < c->model->assets_n && !c->err; i++) {
		const struct lc_asset_def *asset = &c->model->assets[i];

		for (size_t j = 0; j < asset->addresses_n && !c->err; j++) {
			slot = lc_grow(&list, &n, sizeof(*list));
			if (slot)
				*slot = (struct lc_held){ &asset->addresses[j], asset };
			else
				c->err = -ENOMEM;
		}
	}
	if (n && !c->err)
		qsort(list, n, sizeof(*list), lc_held_compare);
	for (size_t i = 1; i < n && !c->err; i++) {
		if (!lc_address_same(list[i].address, list[i - 1].address))
			continue;
		lc_address_format(list[i].address, text, sizeof(text));
		lc_check_error(c, list[i].address->pos, "%s again, expected it once, asset '%s' has it %s", text,
			       list[i - 1].asset->name, lc_place(list[i - 1].address->pos));
	}
	free(list);
}

int lc_model_check(const struct lc_model *model, struct lc_errors *errors)
{
	struct lc_check c = { .model = model, .errors = errors };
	struct lc_index *indexes[] = { &c.tenants, &c.assets, &c.endpoints, &c.providers, &c.services, &c.clauses, &c.rules };

	lc_check_names(&c);
	if (!c.err)
		lc_check_rules(&c);
	if (!c.err)
		lc_check_patterns(&c);
	if (!c.err)
		lc_check_addresses(&c);
	for (size_t i = 0; i < sizeof(indexes) / sizeof(*indexes); i++)
		free(indexes[i]->list);
	lc_errors_sort(errors);
	return c.err ? c.err : c.bad ? -EINVAL : 0;
}
