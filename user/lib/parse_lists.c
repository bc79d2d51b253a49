// SPDX-License-Identifier: GPL-2.0-only
/* Several values into one field: sets of words, addresses, lists of objects, numbers. Checks shapes and words alone. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "parse_take.h"

/* Each of a value or a list of values, at least one. */
static void lc_take_each(struct lc_taking *t, const struct lc_node *node, lc_take_fn each)
{
	if (node->type != LC_NODE_LIST || node->bad) {
		each(t, node);
		return;
	}
	if (!node->n && !node->open)
		lc_node_error(t->r, node, "an empty list for '%s', expected at least one value, or the key left out",
			      t->key->key);
	for (const struct lc_node *item = node->first; item; item = item->next)
		each(t, item);
}

static void lc_take_bit(struct lc_taking *t, const struct lc_node *node)
{
	const char *text = lc_take_scalar(t, node);
	int value = text ? lc_word_value(t->key->list, text) : -1;
	__u64 set = value >= 0 ? 1ull << value : text ? lc_word_set(t->key->list, text) : 0;

	if (text && !set)
		lc_word_error(t, node);
	*(__u32 *)t->field |= set;
}

void lc_take_bits(struct lc_taking *t, const struct lc_node *node)
{
	lc_take_each(t, node, lc_take_bit);
}

/* A reason that only counts decides nothing, so a rule for it would be a promise that nobody keeps. */
static void lc_take_reason(struct lc_taking *t, const struct lc_node *node)
{
	const char *names[LC_R_MAX], *text = lc_take_scalar(t, node);
	size_t n = 0;

	for (unsigned int i = 0; i < LC_R_MAX; i++) {
		if (lc_reason_scope(i) != LC_SCOPE_FLOW && lc_reason_scope(i) != LC_SCOPE_PACKET)
			continue;
		names[n++] = lc_word(LC_LIST_REASON, i);
		if (!text || strcmp(text, names[n - 1]))
			continue;
		*(__u64 *)t->field |= 1ull << i;
		return;
	}
	if (text)
		lc_texts_error(t, node, names, n);
}

void lc_take_reasons(struct lc_taking *t, const struct lc_node *node)
{
	lc_take_each(t, node, lc_take_reason);
}

static void lc_take_one_of_words(struct lc_taking *t, const struct lc_node *node)
{
	const char *text = lc_take_shaped(t, node);

	if (text && lc_words_add_at(t->field, text, lc_node_pos(t->r, node)))
		t->r->err = -ENOMEM;
}

void lc_take_words(struct lc_taking *t, const struct lc_node *node)
{
	lc_take_each(t, node, lc_take_one_of_words);
}

static void lc_take_address(struct lc_taking *t, const struct lc_node *node)
{
	static const char *const expected[] = {
		[LC_ADDRESS_PREFIX4] = "an IPv4 or IPv6 prefix",
		[LC_ADDRESS_PREFIX6] = "an IPv4 or IPv6 prefix",
		[LC_ADDRESS_MAC] = "a MAC address",
		[LC_ADDRESS_VLAN] = "a VLAN id",
	};
	struct lc_asset_def *asset = t->object;
	struct lc_address address, *slot;
	const char *text = lc_take_scalar(t, node), *why;
	char vlan[LC_ADDRESS_TEXT];
	int type;

	if (!text)
		return;
	snprintf(vlan, sizeof(vlan), "vlan %s", text);
	if (lc_address_parse(t->key->list == LC_ADDRESS_VLAN ? vlan : text, &address, &why)) {
		lc_node_error(t->r, node, "%s %s: %s", t->key->key, lc_quote(text), why);
		return;
	}
	type = address.type == LC_ADDRESS_PREFIX6 ? LC_ADDRESS_PREFIX4 : address.type;
	if (type != t->key->list) {
		lc_node_error(t->r, node, "%s %s: %s, expected %s", t->key->key, lc_quote(text), expected[address.type],
			      expected[t->key->list]);
		return;
	}
	address.pos = lc_node_pos(t->r, node);
	slot = lc_grow(&asset->addresses, &asset->addresses_n, sizeof(*slot));
	if (slot)
		*slot = address;
	else
		t->r->err = -ENOMEM;
}

void lc_take_addresses(struct lc_taking *t, const struct lc_node *node)
{
	lc_take_each(t, node, lc_take_address);
}

/* Is it a list? Nothing at all stands for an empty one: a heading whose entries were all commented out. */
static bool lc_take_is_list(struct lc_taking *t, const struct lc_node *node)
{
	if (node->bad || node->null)
		return false;
	if (node->type == LC_NODE_LIST)
		return true;
	lc_node_error(t->r, node, "%s for '%s', expected a list", lc_node_what(node), t->key->key);
	return false;
}

void lc_take_list(struct lc_taking *t, const struct lc_node *node)
{
	size_t *n = (size_t *)((char *)t->object + t->key->count);

	if (!lc_take_is_list(t, node))
		return;
	for (const struct lc_node *item = node->first; item && !t->r->err; item = item->next) {
		void *element = lc_grow(t->field, n, t->key->shape->size);

		if (element)
			lc_take_object(t->r, item, t->key->shape, element);
		else
			t->r->err = -ENOMEM;
	}
}

/* The assets of the tenant that is being read, which is the model's last. */
void lc_take_assets(struct lc_taking *t, const struct lc_node *node)
{
	struct lc_model *model = t->r->model;

	if (!lc_take_is_list(t, node))
		return;
	for (const struct lc_node *item = node->first; item && !t->r->err; item = item->next) {
		struct lc_asset_def *asset = lc_grow(&model->assets, &model->assets_n, sizeof(*asset));

		if (!asset) {
			t->r->err = -ENOMEM;
			return;
		}
		asset->tenant = model->tenants_n - 1;
		lc_take_object(t->r, item, &lc_shape_asset, asset);
	}
}

static void lc_take_number(struct lc_taking *t, const struct lc_node *node)
{
	const char *text = lc_take_scalar(t, node);
	size_t n = t->r->model->registry[t->key->list].n;
	unsigned int number = text ? lc_model_number(t->r->model, t->key->list, text) : 0;

	if (text && !number)
		t->r->err = -ENOMEM;
	else if (text && number <= n)
		lc_node_error(t->r, node, "%s %s has number %u already, expected each id once", t->key->key, lc_quote(text),
			      number);
}

void lc_take_numbers(struct lc_taking *t, const struct lc_node *node)
{
	if (lc_take_is_list(t, node) && node->n)
		lc_take_each(t, node, lc_take_number);
}
