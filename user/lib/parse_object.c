// SPDX-License-Identifier: GPL-2.0-only
/* The keys of an object, by the rows of its shape: each once, none unknown, none missing. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parse_take.h"

#define LC_KEYS_MAX 32               /* of one shape */

/* An object while it is read. */
struct lc_object {
	const struct lc_key *known[LC_KEYS_MAX];             /* rows that this document may use */
	const struct lc_node *seen[LC_KEYS_MAX];
	size_t n;
};

static void lc_take_shape(struct lc_taking *t, const struct lc_node *node)
{
	lc_take_object(t->r, node, t->key->shape, t->field);
}

static const lc_take_fn lc_takes[LC_TAKE_MAX] = {
	[LC_TAKE_VERSION] = lc_take_version,
	[LC_TAKE_TEXT] = lc_take_text,
	[LC_TAKE_NAME] = lc_take_text,
	[LC_TAKE_PATH] = lc_take_text,
	[LC_TAKE_PROFILE] = lc_take_profile,
	[LC_TAKE_WORD] = lc_take_word,
	[LC_TAKE_VERDICT] = lc_take_verdict,
	[LC_TAKE_ORIGIN] = lc_take_origin,
	[LC_TAKE_FLAG] = lc_take_flag,
	[LC_TAKE_BITS] = lc_take_bits,
	[LC_TAKE_REASONS] = lc_take_reasons,
	[LC_TAKE_TEXTS] = lc_take_words,
	[LC_TAKE_NAMES] = lc_take_words,
	[LC_TAKE_PATHS] = lc_take_words,
	[LC_TAKE_ADDRESSES] = lc_take_addresses,
	[LC_TAKE_OBJECT] = lc_take_shape,
	[LC_TAKE_LIST] = lc_take_list,
	[LC_TAKE_ASSETS] = lc_take_assets,
	[LC_TAKE_NUMBERS] = lc_take_numbers,
};

const struct lc_node *lc_node_get(const struct lc_node *map, const char *key)
{
	for (const struct lc_node *entry = map->first; entry; entry = entry->next)
		if (!entry->key->bad && !strcmp(entry->key->text, key))
			return entry;
	return NULL;
}

static void *lc_field(void *object, size_t offset)
{
	return (char *)object + offset;
}

static const char *lc_nth_key(const void *context, size_t i)
{
	return ((const struct lc_key *const *)context)[i]->key;
}

static void lc_object_begin(struct lc_reading *r, const struct lc_shape *shape, struct lc_object *o)
{
	for (size_t i = 0; i < shape->n && o->n < LC_KEYS_MAX; i++)
		if (shape->keys[i].may & 1u << r->source->origin)
			o->known[o->n++] = &shape->keys[i];
}

static void lc_object_key(struct lc_reading *r, const struct lc_node *entry, struct lc_object *o, void *object)
{
	struct lc_choice choice = { lc_nth_key, o->known, o->n, NULL };
	struct lc_taking t = { .r = r, .object = object };
	size_t i;

	for (i = 0; i < o->n && strcmp(o->known[i]->key, entry->key->text); i++)
		;
	if (i == o->n) {
		lc_choice_error(r, entry->key, "key", &choice);
		return;
	}
	if (o->seen[i]) {
		lc_node_error(r, entry->key, "key '%s' again, expected it once, it is at %d:%d", o->known[i]->key,
			      o->seen[i]->key->line, o->seen[i]->key->column);
		return;
	}
	o->seen[i] = entry;
	t.key = o->known[i];
	t.field = lc_field(object, t.key->field);
	if (t.key->pos)
		*(struct lc_pos *)lc_field(object, t.key->pos) = lc_node_pos(r, entry);
	lc_takes[t.key->take](&t, entry);
}

/* Fields that are never NULL, whatever the document says, so that nobody need ask. */
static void lc_object_blanks(struct lc_reading *r, const struct lc_shape *shape, void *object)
{
	for (size_t i = 0; i < shape->n; i++) {
		char **field = lc_field(object, shape->keys[i].field);

		if (!shape->keys[i].blank || *field)
			continue;
		*field = strdup("");
		if (!*field)
			r->err = -ENOMEM;
	}
}

static void lc_object_missing(struct lc_reading *r, const struct lc_node *node, const struct lc_shape *shape,
			      const struct lc_object *o)
{
	for (size_t i = 0; i < o->n; i++)
		if (!o->seen[i] && o->known[i]->must & 1u << r->source->origin)
			lc_node_error(r, node, "no '%s' in this %s, expected one", o->known[i]->key, shape->what);
}

void lc_take_object(struct lc_reading *r, const struct lc_node *node, const struct lc_shape *shape, void *object)
{
	struct lc_object o = { .n = 0 };

	if (shape->begin)
		shape->begin(r, object);
	if (node->type != LC_NODE_MAP && !node->bad)
		lc_node_error(r, node, "%s where the keys of one %s belong, expected a mapping", lc_node_what(node), shape->what);
	if (node->type == LC_NODE_MAP && !node->bad) {
		lc_object_begin(r, shape, &o);
		for (const struct lc_node *entry = node->first; entry && !r->err; entry = entry->next)
			if (!entry->key->bad)
				lc_object_key(r, entry, &o, object);
		if (!node->open)
			lc_object_missing(r, node, shape, &o);
		if (shape->end)
			shape->end(r, node, object);
	}
	lc_object_blanks(r, shape, object);
}
