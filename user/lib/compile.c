// SPDX-License-Identifier: GPL-2.0-only
/*
 * Model to tables: numbers for everything, rows of assets, the name automaton, the verdict table, the canonical text. Checks
 * only the bounds of the tables; what is allowed in a policy was checked when it was read. Never touches the kernel.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "decide.h"
#include "parse.h"
#include "pattern.h"

#define LC_CELLS_MAX (4u << 20)      /* 64 MiB: 1,000 profiles with 4,000 endpoints */

static const char *const lc_builtins[LC_BUILTIN_MAX] = {
	[LC_BUILTIN_MATCHED] = LC_RULE_MATCHED,
	[LC_BUILTIN_UNMATCHED] = LC_RULE_UNMATCHED,
	[LC_BUILTIN_ALLOW_LIST] = LC_RULE_ALLOW_LIST,
};

struct lc_compiler {
	struct lc_model *model;
	struct lc_errors *errors;
	struct lc_numbers numbers;
	struct lc_tables *tables;
};

static int lc_number_give(struct lc_compiler *c, enum lc_registry registry, const char *id, __u16 *ret_number)
{
	static const char *const things[LC_REG_MAX] = { "profiles", "assets", "endpoints", "rules" };
	unsigned int number = lc_model_number(c->model, registry, id);

	if (!number && c->model->registry[registry].n < 0xffff)
		return -ENOMEM;
	if (!number) {
		lc_error_add(c->errors, (struct lc_pos){ 0 },
			     "number '%s': all 65535 numbers of %s are given; "
			     "old ones are kept for their counters until the gate is unloaded",
			     id, things[registry]);
		return -E2BIG;
	}
	*ret_number = number;
	return 0;
}

static int lc_number_profile(struct lc_compiler *c, const struct lc_asset_def *asset, __u16 *ret_number)
{
	char *id = lc_profile_id(c->model, asset);
	int err = id ? lc_number_give(c, LC_REG_PROFILE, id, ret_number) : -ENOMEM;

	free(id);
	return err;
}

static int lc_numbers_give(struct lc_compiler *c)
{
	struct lc_numbers *n = &c->numbers;
	struct lc_model *m = c->model;
	int err = 0;

	for (size_t i = 0; !err && i < LC_BUILTIN_MAX; i++)
		err = lc_number_give(c, LC_REG_RULE, lc_builtins[i], &n->builtin[i]);
	for (size_t i = 0; !err && i < m->rules_n; i++)
		err = lc_number_give(c, LC_REG_RULE, m->rules[i].id, &n->rules[i]);
	for (size_t i = 0; !err && i < m->endpoints_n; i++)
		err = lc_number_give(c, LC_REG_ENDPOINT, m->endpoints[i].id, &n->endpoints[i]);
	for (size_t i = 0; !err && i < m->assets_n; i++)
		err = lc_number_give(c, LC_REG_ASSET, m->assets[i].name, &n->assets[i]);
	for (size_t i = 0; !err && i < m->assets_n; i++)
		err = lc_number_profile(c, &m->assets[i], &n->profiles[i]);
	return err;
}

static int lc_numbers_build(struct lc_compiler *c)
{
	struct lc_numbers *n = &c->numbers;
	const struct lc_model *m = c->model;

	n->profiles = calloc(m->assets_n + 1, sizeof(*n->profiles));
	n->assets = calloc(m->assets_n + 1, sizeof(*n->assets));
	n->endpoints = calloc(m->endpoints_n + 1, sizeof(*n->endpoints));
	n->rules = calloc(m->rules_n + 1, sizeof(*n->rules));
	return n->profiles && n->assets && n->endpoints && n->rules ? lc_numbers_give(c) : -ENOMEM;
}

static int lc_row_add(struct lc_tables *t, const struct lc_address *a, struct lc_asset asset)
{
	struct lc_row4 *row4;
	struct lc_row6 *row6;
	struct lc_row_mac *row_mac;
	struct lc_row_vlan *row_vlan;

	switch (a->type) {
	case LC_ADDRESS_PREFIX4:
		row4 = lc_grow(&t->prefixes4, &t->prefixes4_n, sizeof(*row4));
		if (!row4)
			return -ENOMEM;
		*row4 = (struct lc_row4){ { .prefixlen = a->number }, asset };
		memcpy(row4->key.addr, a->bytes, sizeof(row4->key.addr));
		break;
	case LC_ADDRESS_PREFIX6:
		row6 = lc_grow(&t->prefixes6, &t->prefixes6_n, sizeof(*row6));
		if (!row6)
			return -ENOMEM;
		*row6 = (struct lc_row6){ { .prefixlen = a->number }, asset };
		memcpy(row6->key.addr, a->bytes, sizeof(row6->key.addr));
		break;
	case LC_ADDRESS_MAC:
		row_mac = lc_grow(&t->macs, &t->macs_n, sizeof(*row_mac));
		if (!row_mac)
			return -ENOMEM;
		*row_mac = (struct lc_row_mac){ .value = asset };
		memcpy(row_mac->key.addr, a->bytes, sizeof(row_mac->key.addr));
		break;
	case LC_ADDRESS_VLAN:
		row_vlan = lc_grow(&t->vlans, &t->vlans_n, sizeof(*row_vlan));
		if (!row_vlan)
			return -ENOMEM;
		*row_vlan = (struct lc_row_vlan){ a->number, asset };
		break;
	}
	return 0;
}

static int lc_assets_build(struct lc_compiler *c)
{
	struct lc_tables *t = c->tables;
	const struct lc_asset_def *def;
	int err = 0;

	for (size_t i = 0; i < c->model->assets_n; i++) {
		def = &c->model->assets[i];
		for (size_t k = 0; !err && k < def->addresses_n; k++)
			err = lc_row_add(t, &def->addresses[k],
					 (struct lc_asset){ c->numbers.profiles[i], c->numbers.assets[i] });
	}
	t->conf.flags = (t->prefixes4_n ? LC_CONF_V4 : 0) | (t->prefixes6_n ? LC_CONF_V6 : 0) | (t->macs_n ? LC_CONF_MAC : 0) |
			(t->vlans_n ? LC_CONF_VLAN : 0);
	return err;
}

static int lc_endpoint_add(struct lc_compiler *c, struct lc_patterns *patterns, size_t i)
{
	const struct lc_endpoint *e = &c->model->endpoints[i];
	__u32 opaque = e->capabilities >> LC_CAPABILITY_OPAQUE & 1 ? LC_STEP_OPAQUE : 0;
	int err = lc_patterns_add(patterns, e->pattern, c->numbers.endpoints[i] | opaque);

	if (err == -EINVAL)
		lc_error_add(c->errors, e->pattern_pos, "endpoint '%s': the pattern '%s' %s", e->id, e->pattern,
			     lc_pattern_check(e->pattern));
	return err;
}

/* The agency's own first: of two patterns that are alike, the one added first is named. */
static int lc_endpoints_add(struct lc_compiler *c, struct lc_patterns *patterns)
{
	const struct lc_model *m = c->model;
	int err, bad = 0;

	for (int own = 1; own >= 0; own--) {
		for (size_t i = 0; i < m->endpoints_n; i++) {
			if ((m->endpoints[i].origin == LC_ORIGIN_POLICY) != own)
				continue;
			err = lc_endpoint_add(c, patterns, i);
			if (err && err != -EINVAL)
				return err;
			bad = err ? err : bad;
		}
	}
	return bad;
}

static int lc_steps_build(struct lc_compiler *c)
{
	struct lc_patterns *patterns = lc_patterns_new();
	struct lc_tables *t = c->tables;
	int err = patterns ? lc_endpoints_add(c, patterns) : -ENOMEM;

	if (err)
		goto out;
	err = lc_patterns_build(patterns, &t->steps, &t->steps_n, &t->conf.start);
	if (err == -E2BIG)
		lc_error_add(c->errors, (struct lc_pos){ 0 },
			     "endpoints: %zu patterns take more than 64 MiB; "
			     "use fewer with \"*\" inside a label or below one \"**\"",
			     c->model->endpoints_n);
out:
	lc_patterns_free(patterns);
	return err;
}

static int lc_cells_build(struct lc_compiler *c)
{
	const struct lc_words *registry = c->model->registry;
	struct lc_tables *t = c->tables;

	t->conf.profiles = registry[LC_REG_PROFILE].n + 1;
	t->conf.columns = LC_REASON_COLUMNS + registry[LC_REG_ENDPOINT].n + 1;
	t->cells_n = (size_t)t->conf.profiles * t->conf.columns;
	if (t->cells_n > LC_CELLS_MAX) {
		lc_error_add(c->errors, (struct lc_pos){ 0 },
			     "verdict table: %zu profiles and %zu endpoints, old ones included, take %zu cells of at most %u",
			     registry[LC_REG_PROFILE].n, registry[LC_REG_ENDPOINT].n, t->cells_n, LC_CELLS_MAX);
		return -E2BIG;
	}
	t->cells = calloc(t->cells_n, sizeof(*t->cells));
	return t->cells ? lc_cells_fill(c->model, &c->numbers, t) : -ENOMEM;
}

/* Last, since the text holds the numbers. */
static int lc_text_build(struct lc_compiler *c)
{
	c->tables->text = lc_model_text(c->model);
	if (!c->tables->text)
		return -ENOMEM;
	c->tables->conf.text_bytes = strlen(c->tables->text);
	return 0;
}

int lc_compile(struct lc_model *model, struct lc_errors *errors, struct lc_tables **ret_tables)
{
	static int (*const steps[])(struct lc_compiler *) = {
		lc_numbers_build, lc_assets_build, lc_steps_build, lc_cells_build, lc_text_build,
	};
	struct lc_compiler c = { .model = model, .errors = errors };
	int err = -ENOMEM;

	c.tables = calloc(1, sizeof(*c.tables));
	if (!c.tables)
		return -ENOMEM;
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		err = steps[i](&c);
		if (err)
			goto out;
	}
	*ret_tables = c.tables;
	c.tables = NULL;
out:
	lc_tables_free(c.tables);
	free(c.numbers.profiles);
	free(c.numbers.assets);
	free(c.numbers.endpoints);
	free(c.numbers.rules);
	return err;
}

void lc_tables_free(struct lc_tables *tables)
{
	if (!tables)
		return;
	free(tables->prefixes4);
	free(tables->prefixes6);
	free(tables->macs);
	free(tables->vlans);
	free(tables->steps);
	free(tables->cells);
	free(tables->text);
	free(tables);
}

static const struct lc_step *lc_tables_step(const struct lc_tables *tables, __u32 state, __u32 class)
{
	return (size_t)state + class < tables->steps_n ? &tables->steps[state + class] : NULL;
}

/* As bpf/catalogue.h walks it. */
enum lc_name_state lc_tables_lookup(const struct lc_tables *tables, const __u8 *name, size_t bytes, unsigned int *ret_endpoint)
{
	struct lc_walk walk = { .state = tables->conf.start };
	const struct lc_step *end;
	__u32 class;

	if (bytes && name[bytes - 1] == '.')
		bytes--;
	if (!bytes || bytes > LC_NAME_MAX)
		return LC_NAME_INVALID;
	while (bytes && !walk.bad) {
		class = lc_walk_byte(&walk, name[--bytes]);
		if (!walk.bad && !walk.dead)
			lc_walk_step(&walk, lc_tables_step(tables, walk.state, class));
	}
	if (!lc_walk_valid(&walk))
		return LC_NAME_INVALID;
	end = walk.dead ? NULL : lc_tables_step(tables, walk.state, LC_C_END);
	if (!end || end->owner != walk.state)
		return LC_NAME_NO_MATCH;
	*ret_endpoint = end->next & LC_STEP_ENDPOINT;
	return LC_NAME_MATCH;
}
