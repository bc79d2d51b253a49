// SPDX-License-Identifier: GPL-2.0-only
/* What each document may hold: the grammar's rows, and what must hold between the keys of one object. */
#include <errno.h>
#include <string.h>

#include "parse_keys.h"

#define LC_COUNT(rows) (sizeof(rows) / sizeof(*(rows)))
#define LC_OWN (LC_FROM(POLICY) | LC_FROM(BUILTIN))

#define LC_FIELD(type, name) .field = offsetof(struct type, name), .may = LC_FROM_ALL
#define LC_ID(type, name) \
	.take = LC_TAKE_NAME, LC_FIELD(type, name), .pos = offsetof(struct type, pos), .must = LC_FROM_ALL, .blank = true

#define LC_ORIGIN_OF(type) \
	.take = LC_TAKE_ORIGIN, .field = offsetof(struct type, origin), .may = LC_FROM(BUILTIN), .must = LC_FROM(BUILTIN)

static const struct lc_key lc_asset_keys[] = {
	{ "name", LC_ID(lc_asset_def, name) },
	{ "kind", LC_TAKE_WORD, LC_LIST_KIND, LC_FIELD(lc_asset_def, kind) },
	{ "prefix", LC_TAKE_ADDRESSES, LC_ADDRESS_PREFIX4, LC_FIELD(lc_asset_def, addresses) },
	{ "mac", LC_TAKE_ADDRESSES, LC_ADDRESS_MAC, LC_FIELD(lc_asset_def, addresses) },
	{ "vlan", LC_TAKE_ADDRESSES, LC_ADDRESS_VLAN, LC_FIELD(lc_asset_def, addresses) },
};

static const struct lc_key lc_tenant_keys[] = {
	{ "name", LC_ID(lc_tenant, name) },
	{ "class", LC_TAKE_WORD, LC_LIST_CLASS, LC_FIELD(lc_tenant, class) },
	{ "jurisdiction", LC_TAKE_PATH, LC_FIELD(lc_tenant, jurisdiction) },
	{ "mode", LC_TAKE_WORD, LC_LIST_MODE, LC_FIELD(lc_tenant, mode) },
	{ "assets", LC_TAKE_ASSETS, .may = LC_FROM_ALL },
};

/* The shipped data says all that it can; of an agency's own endpoint, id and pattern will do. */
#define LC_MUST_SHIPPED .must = LC_FROM(CATALOGUE) | LC_FROM(PROFILE)
#define LC_MUST_WRITTEN .must = LC_FROM_ALL & ~LC_FROM(POLICY)
static const struct lc_key lc_endpoint_keys[] = {
	{ "id", LC_ID(lc_endpoint, id) },
	{ "pattern", LC_TAKE_TEXT, LC_FIELD(lc_endpoint, pattern), .pos = offsetof(struct lc_endpoint, pattern_pos),
	  .must = LC_FROM_ALL, .blank = true },
	{ "provider", LC_TAKE_TEXT, LC_FIELD(lc_endpoint, provider), LC_MUST_SHIPPED, .blank = true },
	{ "service", LC_TAKE_TEXT, LC_FIELD(lc_endpoint, service), LC_MUST_SHIPPED, .blank = true },
	{ "capability", LC_TAKE_BITS, LC_LIST_CAPABILITY, LC_FIELD(lc_endpoint, capabilities), LC_MUST_SHIPPED },
	{ "cloud", LC_TAKE_WORD, LC_LIST_CLOUD, LC_FIELD(lc_endpoint, cloud), LC_MUST_WRITTEN },
	{ "shared", LC_TAKE_FLAG, LC_FIELD(lc_endpoint, shared) },
	{ "confidence", LC_TAKE_WORD, LC_LIST_CONFIDENCE, LC_FIELD(lc_endpoint, confidence), LC_MUST_WRITTEN },
	{ "source", LC_TAKE_TEXT, LC_FIELD(lc_endpoint, source) },
	{ "revised", LC_TAKE_TEXT, LC_FIELD(lc_endpoint, revised) },
	{ "notes", LC_TAKE_TEXT, LC_FIELD(lc_endpoint, notes) },
	{ "origin", LC_ORIGIN_OF(lc_endpoint) },
};

#define LC_SAID(name) LC_TAKE_TEXT, LC_FIELD(lc_clause, name), .blank = true
static const struct lc_key lc_clause_keys[] = {
	{ "id", LC_ID(lc_clause, id) },
	{ "vendor", LC_SAID(vendor), .must = LC_FROM_ALL },
	{ "document", LC_SAID(document), .must = LC_FROM_ALL },
	{ "text", LC_SAID(text) },
	{ "class", LC_SAID(class) },
	{ "jurisdiction", LC_SAID(jurisdiction) },
	{ "kind", LC_SAID(kind) },
	{ "capability", LC_SAID(capability) },
	{ "verdict", LC_SAID(verdict) },
	{ "source", LC_SAID(source) },
	{ "confidence", LC_SAID(confidence) },
	{ "revised", LC_SAID(revised) },
};

static const struct lc_key lc_match_keys[] = {
	{ "tenant", LC_TAKE_NAMES, LC_FIELD(lc_match, tenants) },
	{ "jurisdiction", LC_TAKE_PATHS, LC_FIELD(lc_match, jurisdictions) },
	{ "class", LC_TAKE_BITS, LC_LIST_CLASS, LC_FIELD(lc_match, classes) },
	{ "kind", LC_TAKE_BITS, LC_LIST_KIND, LC_FIELD(lc_match, kinds) },
	{ "endpoint", LC_TAKE_NAMES, LC_FIELD(lc_match, endpoints) },
	{ "provider", LC_TAKE_TEXTS, LC_FIELD(lc_match, providers) },
	{ "service", LC_TAKE_TEXTS, LC_FIELD(lc_match, services) },
	{ "capability", LC_TAKE_BITS, LC_LIST_CAPABILITY, LC_FIELD(lc_match, capabilities) },
	{ "cloud", LC_TAKE_BITS, LC_LIST_CLOUD, LC_FIELD(lc_match, clouds) },
	{ "confidence", LC_TAKE_BITS, LC_LIST_CONFIDENCE, LC_FIELD(lc_match, confidences) },
	{ "reason", LC_TAKE_REASONS, LC_FIELD(lc_match, reasons) },
};

static void lc_asset_end(struct lc_reading *r, const struct lc_node *node, void *object)
{
	(void)object;
	if (!node->open && !lc_node_get(node, "prefix") && !lc_node_get(node, "mac") && !lc_node_get(node, "vlan"))
		lc_node_error(r, node, "no address in this asset, expected 'prefix', 'mac' or 'vlan'");
}

static void lc_tenant_begin(struct lc_reading *r, void *object)
{
	(void)r;
	((struct lc_tenant *)object)->mode = LC_MODE_ENFORCE;
}

static void lc_endpoint_begin(struct lc_reading *r, void *object)
{
	struct lc_endpoint *endpoint = object;

	endpoint->origin = r->source->origin;
	endpoint->cloud = LC_CLOUD_LOCAL;
	endpoint->confidence = LC_CONFIDENCE_HIGH;
}

static void lc_rule_begin(struct lc_reading *r, void *object)
{
	((struct lc_rule *)object)->origin = r->source->origin;
}

/* A reason means that no endpoint is known, so a match that names both would never hold. */
static void lc_match_end(struct lc_reading *r, const struct lc_node *node, void *object)
{
	static const char *const sides[] = { "endpoint", "provider", "service", "capability", "cloud", "confidence" };
	const struct lc_node *reason = lc_node_get(node, "reason");

	(void)object;
	for (size_t i = 0; reason && i < LC_COUNT(sides); i++)
		if (lc_node_get(node, sides[i]))
			lc_node_error(r, reason->key, "'reason' beside '%s', expected one of them: %s", sides[i],
				      "a reason says that no endpoint is known");
}

#define LC_SHAPE(name, rows, type) .what = name, .keys = rows, .n = LC_COUNT(rows), .size = sizeof(struct type)
const struct lc_shape lc_shape_asset = { LC_SHAPE("asset", lc_asset_keys, lc_asset_def), .end = lc_asset_end };
static const struct lc_shape lc_shape_tenant = { LC_SHAPE("tenant", lc_tenant_keys, lc_tenant), .begin = lc_tenant_begin };
static const struct lc_shape lc_shape_endpoint = { LC_SHAPE("endpoint", lc_endpoint_keys, lc_endpoint),
						   .begin = lc_endpoint_begin };
static const struct lc_shape lc_shape_clause = { LC_SHAPE("clause", lc_clause_keys, lc_clause) };
static const struct lc_shape lc_shape_match = { LC_SHAPE("match", lc_match_keys, lc_match), .end = lc_match_end };

static const struct lc_key lc_rule_keys[] = {
	{ "id", LC_ID(lc_rule, id) },
	{ "match", LC_TAKE_OBJECT, LC_FIELD(lc_rule, match), .shape = &lc_shape_match },
	{ "verdict", LC_TAKE_VERDICT, LC_FIELD(lc_rule, verdict), .must = LC_FROM_ALL },
	{ "clause", LC_TAKE_NAMES, LC_FIELD(lc_rule, clauses) },
	{ "origin", LC_ORIGIN_OF(lc_rule) },
};
static const struct lc_shape lc_shape_rule = { LC_SHAPE("rule", lc_rule_keys, lc_rule), .begin = lc_rule_begin };

/* default and registry have no object of their own: their fields are the model's. */
static const struct lc_key lc_default_keys[] = {
	{ "matched", LC_TAKE_VERDICT, LC_FIELD(lc_model, matched), .pos = offsetof(struct lc_model, matched_pos) },
	{ "unmatched", LC_TAKE_VERDICT, LC_FIELD(lc_model, unmatched), .pos = offsetof(struct lc_model, unmatched_pos) },
};
static const struct lc_shape lc_shape_default = { LC_SHAPE("default", lc_default_keys, lc_model) };

static const struct lc_key lc_registry_keys[] = {
	{ "profile", LC_TAKE_NUMBERS, LC_REG_PROFILE, .may = LC_FROM_ALL },
	{ "asset", LC_TAKE_NUMBERS, LC_REG_ASSET, .may = LC_FROM_ALL },
	{ "endpoint", LC_TAKE_NUMBERS, LC_REG_ENDPOINT, .may = LC_FROM_ALL },
	{ "rule", LC_TAKE_NUMBERS, LC_REG_RULE, .may = LC_FROM_ALL },
};
static const struct lc_shape lc_shape_registry = { LC_SHAPE("registry", lc_registry_keys, lc_model) };

#define LC_LIST_OF(name, elements) \
	.take = LC_TAKE_LIST, .field = offsetof(struct lc_model, name), .count = offsetof(struct lc_model, name##_n), \
	.shape = &(elements)
static const struct lc_key lc_model_keys[] = {
	{ "version", LC_TAKE_VERSION, .may = LC_FROM_ALL, .must = LC_FROM_ALL },
	{ "profile", LC_TAKE_PROFILE, .field = offsetof(struct lc_model, profile), .may = LC_OWN },
	{ "tenants", LC_LIST_OF(tenants, lc_shape_tenant), .may = LC_OWN },
	{ "endpoints", LC_LIST_OF(endpoints, lc_shape_endpoint), .may = LC_FROM_ALL },
	{ "clauses", LC_LIST_OF(clauses, lc_shape_clause), .may = LC_FROM_ALL },
	{ "rules", LC_LIST_OF(rules, lc_shape_rule), .may = LC_FROM_ALL },
	{ "default", LC_TAKE_OBJECT, .shape = &lc_shape_default, .may = LC_FROM_ALL },
	{ "registry", LC_TAKE_OBJECT, .shape = &lc_shape_registry, .may = LC_FROM(BUILTIN) },
};
const struct lc_shape lc_shape_model = { LC_SHAPE("document", lc_model_keys, lc_model) };

/* The model keeps one copy of each name, for positions to point at. */
static const char *lc_file_keep(struct lc_model *model, const char *name)
{
	for (size_t i = 0; i < model->files.n; i++)
		if (!strcmp(model->files.list[i], name))
			return model->files.list[i];
	return lc_words_add(&model->files, name) ? NULL : model->files.list[model->files.n - 1];
}

int lc_parse_document(struct lc_model *model, const struct lc_source *source, struct lc_errors *errors, bool *ret_cut)
{
	struct lc_reading r = { .model = model, .source = source, .errors = errors };
	struct lc_node *root;

	r.file = lc_file_keep(model, source->name);
	if (!r.file)
		return -ENOMEM;
	lc_yaml_read(&r, &root);
	if (root && !r.err)
		lc_take_object(&r, root, &lc_shape_model, model);
	else if (!r.err && !r.bad)
		lc_node_error(&r, root, "nothing in it, expected a document with 'version: 1'");
	*ret_cut = !root || root->open;
	lc_node_free(root);
	lc_errors_sort(errors);
	return r.err ? r.err : r.bad ? -EINVAL : 0;
}

int lc_parse(struct lc_model *model, const struct lc_source *source, struct lc_errors *errors)
{
	bool cut;

	return lc_parse_document(model, source, errors, &cut);
}
