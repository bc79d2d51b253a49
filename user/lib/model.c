// SPDX-License-Identifier: GPL-2.0-only
/* Makes, grows, looks up and frees the model, its errors and its numbers. Knows nothing of files, YAML or tables. */
#include <errno.h>
#include <search.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "names.h"

#define LC_NUMBER_MAX 65535

/* Capacity is the next power of two, so it need not be kept. */
void *lc_grow(void *array_ptr, size_t *n, size_t size)
{
	char *array;

	memcpy(&array, array_ptr, sizeof(array));
	if (!(*n & (*n - 1))) {
		array = reallocarray(array, *n ? 2 * *n : 1, size);
		if (!array)
			return NULL;
		memcpy(array_ptr, &array, sizeof(array));
	}
	return memset(array + size * (*n)++, 0, size);
}

static int lc_error_compare(const void *a_ptr, const void *b_ptr)
{
	const struct lc_error *a = a_ptr, *b = b_ptr;
	int order;

	if (!a->pos.file || !b->pos.file)
		return !a->pos.file - !b->pos.file;
	order = strcmp(a->pos.file, b->pos.file);
	if (!order)
		order = a->pos.line - b->pos.line;
	if (!order)
		order = a->pos.column - b->pos.column;
	return order ? order : strcmp(a->text, b->text);
}

void lc_errors_sort(struct lc_errors *errors)
{
	if (errors->n)
		qsort(errors->list, errors->n, sizeof(*errors->list), lc_error_compare);
}

void lc_error_add(struct lc_errors *errors, struct lc_pos pos, const char *format, ...)
{
	struct lc_error error = { .pos = pos }, *slot;
	va_list args;
	int len;

	if (errors->n > LC_ERRORS_MAX)
		return;
	if (errors->n == LC_ERRORS_MAX) {
		error.pos = (struct lc_pos){ 0 };
		error.text = strdup("more errors were left out");
	} else {
		va_start(args, format);
		len = vasprintf(&error.text, format, args);
		va_end(args);
		error.text = len < 0 ? NULL : error.text;
		error.pos.file = pos.file ? strdup(pos.file) : NULL;
	}
	slot = error.text ? lc_grow(&errors->list, &errors->n, sizeof(*errors->list)) : NULL;
	if (slot) {
		*slot = error;
		return;
	}
	free((char *)error.pos.file);
	free(error.text);
}

void lc_errors_free(struct lc_errors *errors)
{
	for (size_t i = 0; i < errors->n; i++) {
		free((char *)errors->list[i].pos.file);
		free(errors->list[i].text);
	}
	free(errors->list);
	*errors = (struct lc_errors){ 0 };
}

int lc_words_add(struct lc_words *words, const char *word)
{
	char *copy = strdup(word), **slot = copy ? lc_grow(&words->list, &words->n, sizeof(*words->list)) : NULL;

	if (!slot) {
		free(copy);
		return -ENOMEM;
	}
	*slot = copy;
	return 0;
}

int lc_words_add_at(struct lc_words *words, const char *word, struct lc_pos pos)
{
	size_t n = words->n;
	struct lc_pos *slot = lc_grow(&words->pos, &n, sizeof(*words->pos));

	if (!slot)
		return -ENOMEM;
	*slot = pos;
	return lc_words_add(words, word);
}

bool lc_words_have(const struct lc_words *words, const char *word)
{
	for (size_t i = 0; i < words->n; i++)
		if (!strcmp(words->list[i], word))
			return true;
	return false;
}

void lc_words_free(struct lc_words *words)
{
	for (size_t i = 0; i < words->n; i++)
		free(words->list[i]);
	free(words->list);
	free(words->pos);
	*words = (struct lc_words){ 0 };
}

const char *lc_origin_word(enum lc_origin origin)
{
	static const char *const words[LC_ORIGIN_MAX] = { "builtin", "catalogue", "profile", "policy" };

	return origin < LC_ORIGIN_MAX ? words[origin] : "?";
}

struct lc_model *lc_model_new(void)
{
	return calloc(1, sizeof(struct lc_model));
}

static void lc_endpoint_free(struct lc_endpoint *e)
{
	char *texts[] = { e->id, e->pattern, e->provider, e->service, e->source, e->revised, e->notes };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		free(texts[i]);
}

static void lc_clause_free(struct lc_clause *c)
{
	char *texts[] = { c->id,   c->vendor,     c->document, c->text,   c->class,      c->jurisdiction,
			  c->kind, c->capability, c->verdict,  c->source, c->confidence, c->revised };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		free(texts[i]);
}

static void lc_rule_free(struct lc_rule *r)
{
	struct lc_words *words[] = { &r->match.tenants,   &r->match.jurisdictions, &r->match.endpoints,
				     &r->match.providers, &r->match.services,	   &r->clauses };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		lc_words_free(words[i]);
	free(r->id);
}

static void lc_lists_free(struct lc_model *model)
{
	for (size_t i = 0; i < model->tenants_n; i++) {
		free(model->tenants[i].name);
		free(model->tenants[i].jurisdiction);
	}
	for (size_t i = 0; i < model->assets_n; i++) {
		free(model->assets[i].name);
		free(model->assets[i].addresses);
	}
	for (size_t i = 0; i < model->endpoints_n; i++)
		lc_endpoint_free(&model->endpoints[i]);
	for (size_t i = 0; i < model->clauses_n; i++)
		lc_clause_free(&model->clauses[i]);
	for (size_t i = 0; i < model->rules_n; i++)
		lc_rule_free(&model->rules[i]);
}

void lc_model_free(struct lc_model *model)
{
	if (!model)
		return;
	lc_lists_free(model);
	free(model->tenants);
	free(model->assets);
	free(model->endpoints);
	free(model->clauses);
	free(model->rules);
	for (int i = 0; i < LC_REG_MAX; i++) {
		tdestroy(model->numbers[i], free);
		lc_words_free(&model->registry[i]);
	}
	lc_words_free(&model->files);
	free(model->profile);
	free(model);
}

#define LC_FIND(list, n, key, word)                          \
	do {                                                 \
		for (size_t lc_i = 0; lc_i < (n); lc_i++)    \
			if (!strcmp((list)[lc_i].key, word)) \
				return &(list)[lc_i];        \
		return NULL;                                 \
	} while (0)

struct lc_tenant *lc_model_tenant(const struct lc_model *model, const char *name)
{
	LC_FIND(model->tenants, model->tenants_n, name, name);
}

struct lc_asset_def *lc_model_asset(const struct lc_model *model, const char *name)
{
	LC_FIND(model->assets, model->assets_n, name, name);
}

struct lc_endpoint *lc_model_endpoint(const struct lc_model *model, const char *id)
{
	LC_FIND(model->endpoints, model->endpoints_n, id, id);
}

struct lc_clause *lc_model_clause(const struct lc_model *model, const char *id)
{
	LC_FIND(model->clauses, model->clauses_n, id, id);
}

struct lc_rule *lc_model_rule(const struct lc_model *model, const char *id)
{
	LC_FIND(model->rules, model->rules_n, id, id);
}

/* An element of the search tree over a registry; id belongs to the registry. */
struct lc_numbered { const char *id; unsigned int number; };

static int lc_numbered_compare(const void *a, const void *b)
{
	return strcmp(((const struct lc_numbered *)a)->id, ((const struct lc_numbered *)b)->id);
}

unsigned int lc_model_number(struct lc_model *model, enum lc_registry registry, const char *id)
{
	struct lc_words *words = &model->registry[registry];
	struct lc_numbered **found, *item, key = { .id = id };

	found = tfind(&key, &model->numbers[registry], lc_numbered_compare);
	if (found)
		return (*found)->number;
	item = words->n < LC_NUMBER_MAX ? malloc(sizeof(*item)) : NULL;
	if (!item || lc_words_add(words, id)) {
		free(item);
		return 0;
	}
	*item = (struct lc_numbered){ .id = words->list[words->n - 1], .number = words->n };
	if (tsearch(item, &model->numbers[registry], lc_numbered_compare))
		return item->number;
	free(words->list[--words->n]);
	free(item);
	return 0;
}

const char *lc_model_id(const struct lc_model *model, enum lc_registry registry, unsigned int number)
{
	const struct lc_words *words = &model->registry[registry];

	return number && number <= words->n ? words->list[number - 1] : NULL;
}

int lc_model_inherit(struct lc_model *model, const struct lc_model *older)
{
	for (int reg = 0; reg < LC_REG_MAX; reg++)
		if (model->registry[reg].n)
			return -EEXIST;
	for (int reg = 0; reg < LC_REG_MAX; reg++)
		for (size_t i = 0; i < older->registry[reg].n; i++)
			if (lc_model_number(model, reg, older->registry[reg].list[i]) != i + 1)
				return -ENOMEM;
	return 0;
}

char *lc_profile_id(const struct lc_model *model, const struct lc_asset_def *asset)
{
	char *id;

	if (asprintf(&id, "%s/%s", model->tenants[asset->tenant].name, lc_word(LC_LIST_KIND, asset->kind)) < 0)
		return NULL;
	return id;
}

static bool lc_vendor_provides(const struct lc_model *model, const char *vendor)
{
	for (size_t i = 0; i < model->endpoints_n; i++)
		if (!strcmp(model->endpoints[i].provider, vendor))
			return true;
	return false;
}

/* scope: words with '|' between, or "any" */
static bool lc_scope_has(const char *scope, const char *word)
{
	size_t bytes = strlen(word);

	if (!*scope || !strcmp(scope, "any"))
		return true;
	for (const char *at = scope; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
		if (!strncmp(at, word, bytes) && (at[bytes] == '|' || !at[bytes]))
			return true;
	return false;
}

bool lc_clause_bears(const struct lc_model *model, const struct lc_rule *rule, const char *clause, const struct lc_endpoint *endpoint,
		     int kind)
{
	const struct lc_clause *c = lc_model_clause(model, clause);

	if (rule->origin != LC_ORIGIN_PROFILE || !c)
		return true;
	if (endpoint && strcmp(c->vendor, endpoint->provider) && lc_vendor_provides(model, c->vendor))
		return false;
	return kind < 0 || lc_scope_has(c->kind, lc_word(LC_LIST_KIND, kind));
}

int lc_profile_kind(const char *id)
{
	const char *slash = id ? strrchr(id, '/') : NULL;

	return slash ? lc_word_value(LC_LIST_KIND, slash + 1) : -1;
}
