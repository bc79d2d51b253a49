// SPDX-License-Identifier: GPL-2.0-only
/* Model to canonical text, by the same rows that read it: JSON in the order of the rows, what was not said left out. */
#include <jansson.h>
#include <stdlib.h>

#include "parse_keys.h"

struct lc_writing {
	const struct lc_model *model;
	const struct lc_key *key;
	const void *object, *field;
	bool bad;                    /* no memory */
};

/* A value for a key; NULL: nothing to say, or no memory. */
typedef json_t *(*lc_write_fn)(struct lc_writing *w);
static json_t *lc_write_object(struct lc_writing *w, const struct lc_shape *shape, const void *object);

/* Steals value, and notes where there was no memory for it. */
static json_t *lc_made(struct lc_writing *w, json_t *value)
{
	w->bad |= !value;
	return value;
}

static void lc_append(struct lc_writing *w, json_t *array, json_t *value)
{
	w->bad |= json_array_append_new(array, value);
}

static json_t *lc_write_version(struct lc_writing *w)
{
	return lc_made(w, json_integer(1));
}

static json_t *lc_write_text(struct lc_writing *w)
{
	const char *text = *(char *const *)w->field;

	return text && *text ? lc_made(w, json_string(text)) : NULL;
}

static json_t *lc_write_word(struct lc_writing *w)
{
	return lc_made(w, json_string(lc_word(w->key->list, *(const unsigned int *)w->field)));
}

static json_t *lc_write_verdict(struct lc_writing *w)
{
	unsigned int verdict = *(const unsigned int *)w->field;

	return verdict == LC_V_UNDECIDED ? NULL : lc_made(w, json_string(lc_word(LC_LIST_VERDICT, verdict)));
}

static json_t *lc_write_origin(struct lc_writing *w)
{
	return lc_made(w, json_string(lc_origin_word(*(const unsigned int *)w->field)));
}

static json_t *lc_write_flag(struct lc_writing *w)
{
	return *(const bool *)w->field ? lc_made(w, json_true()) : NULL;
}

static json_t *lc_write_set(struct lc_writing *w, enum lc_list list, __u64 set)
{
	json_t *array = set ? lc_made(w, json_array()) : NULL;

	for (unsigned int i = 0; array && i < lc_list_size(list); i++)
		if (set & 1ull << i)
			lc_append(w, array, json_string(lc_word(list, i)));
	return array;
}

static json_t *lc_write_bits(struct lc_writing *w)
{
	return lc_write_set(w, w->key->list, *(const __u32 *)w->field);
}

static json_t *lc_write_reasons(struct lc_writing *w)
{
	return lc_write_set(w, LC_LIST_REASON, *(const __u64 *)w->field);
}

static json_t *lc_write_strings(struct lc_writing *w, const struct lc_words *words)
{
	json_t *array = words->n ? lc_made(w, json_array()) : NULL;

	for (size_t i = 0; array && i < words->n; i++)
		lc_append(w, array, json_string(words->list[i]));
	return array;
}

static json_t *lc_write_words(struct lc_writing *w)
{
	return lc_write_strings(w, w->field);
}

static json_t *lc_write_numbers(struct lc_writing *w)
{
	return lc_write_strings(w, &w->model->registry[w->key->list]);
}

static json_t *lc_write_address(const struct lc_address *address)
{
	char text[LC_ADDRESS_TEXT];

	if (address->type == LC_ADDRESS_VLAN)
		return json_integer(address->number);
	lc_address_format(address, text, sizeof(text));
	return json_string(text);
}

static json_t *lc_write_addresses(struct lc_writing *w)
{
	const struct lc_asset_def *asset = w->object;
	json_t *array = NULL;

	for (size_t i = 0; i < asset->addresses_n; i++) {
		const struct lc_address *address = &asset->addresses[i];
		int type = address->type == LC_ADDRESS_PREFIX6 ? LC_ADDRESS_PREFIX4 : address->type;

		if (type != w->key->list)
			continue;
		if (!array)
			array = lc_made(w, json_array());
		lc_append(w, array, lc_write_address(address));
	}
	return array;
}

/* An object without anything to say of it is left out. */
static json_t *lc_write_shape(struct lc_writing *w)
{
	json_t *object = lc_write_object(w, w->key->shape, w->field);

	if (object && json_object_size(object))
		return object;
	json_decref(object);
	return NULL;
}

static json_t *lc_write_list(struct lc_writing *w)
{
	const struct lc_key *key = w->key;
	size_t n = *(const size_t *)((const char *)w->object + key->count);
	const char *element = *(char *const *)w->field;
	json_t *array = n ? lc_made(w, json_array()) : NULL;

	for (size_t i = 0; array && i < n; i++, element += key->shape->size)
		lc_append(w, array, lc_write_object(w, key->shape, element));
	return array;
}

static json_t *lc_write_assets(struct lc_writing *w)
{
	const struct lc_model *model = w->model;
	size_t tenant = (const struct lc_tenant *)w->object - model->tenants;
	json_t *array = NULL;

	for (size_t i = 0; i < model->assets_n; i++) {
		if (model->assets[i].tenant != tenant)
			continue;
		if (!array)
			array = lc_made(w, json_array());
		lc_append(w, array, lc_write_object(w, &lc_shape_asset, &model->assets[i]));
	}
	return array;
}

static const lc_write_fn lc_writes[LC_TAKE_MAX] = {
	[LC_TAKE_VERSION] = lc_write_version,
	[LC_TAKE_TEXT] = lc_write_text,
	[LC_TAKE_NAME] = lc_write_text,
	[LC_TAKE_PATH] = lc_write_text,
	[LC_TAKE_PROFILE] = lc_write_text,
	[LC_TAKE_WORD] = lc_write_word,
	[LC_TAKE_VERDICT] = lc_write_verdict,
	[LC_TAKE_ORIGIN] = lc_write_origin,
	[LC_TAKE_FLAG] = lc_write_flag,
	[LC_TAKE_BITS] = lc_write_bits,
	[LC_TAKE_REASONS] = lc_write_reasons,
	[LC_TAKE_TEXTS] = lc_write_words,
	[LC_TAKE_NAMES] = lc_write_words,
	[LC_TAKE_PATHS] = lc_write_words,
	[LC_TAKE_ADDRESSES] = lc_write_addresses,
	[LC_TAKE_OBJECT] = lc_write_shape,
	[LC_TAKE_LIST] = lc_write_list,
	[LC_TAKE_ASSETS] = lc_write_assets,
	[LC_TAKE_NUMBERS] = lc_write_numbers,
};

static json_t *lc_write_object(struct lc_writing *w, const struct lc_shape *shape, const void *object)
{
	json_t *json = lc_made(w, json_object());

	for (size_t i = 0; json && i < shape->n; i++) {
		struct lc_writing inner = { .model = w->model, .key = &shape->keys[i], .object = object };
		json_t *value;

		inner.field = (const char *)object + inner.key->field;
		value = lc_writes[inner.key->take](&inner);
		w->bad |= inner.bad;
		if (value)
			w->bad |= json_object_set_new(json, inner.key->key, value);
	}
	return json;
}

char *lc_model_text(const struct lc_model *model)
{
	struct lc_writing w = { .model = model };
	json_t *json = lc_write_object(&w, &lc_shape_model, model);
	char *text = json && !w.bad ? json_dumps(json, JSON_INDENT(1)) : NULL;

	json_decref(json);
	return text;
}
