/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The grammar of all documents as rows: which keys an object has, what each takes, where it goes. parse_take.c reads by these
 * rows and text.c writes by them, so that what is written can be read. For parse*.c and text.c alone.
 */
#ifndef LENSCAP_PARSE_KEYS_H
#define LENSCAP_PARSE_KEYS_H

#include "names.h"
#include "parse_yaml.h"

/* What a key takes, and the type of its field. */
enum lc_take {
	LC_TAKE_VERSION,             /* 1; no field */
	LC_TAKE_TEXT,                /* char *, any text */
	LC_TAKE_NAME,                /* char *, an id */
	LC_TAKE_PATH,                /* char *, a jurisdiction */
	LC_TAKE_PROFILE,             /* char *, a shipped profile or "none" */
	LC_TAKE_WORD,                /* enum, one word of key->list */
	LC_TAKE_VERDICT,             /* enum, one that a rule may give */
	LC_TAKE_ORIGIN,              /* enum */
	LC_TAKE_FLAG,                /* bool */
	LC_TAKE_BITS,                /* __u32, one or more words or sets of key->list */
	LC_TAKE_REASONS,             /* __u64, one or more reasons that decide */
	LC_TAKE_TEXTS,               /* struct lc_words, one or more */
	LC_TAKE_NAMES,
	LC_TAKE_PATHS,
	LC_TAKE_ADDRESSES,           /* of struct lc_asset_def; key->list is an enum lc_address_type, PREFIX4 meaning both */
	LC_TAKE_OBJECT,              /* key->shape in place */
	LC_TAKE_LIST,                /* array of key->shape, and its size_t at key->count */
	LC_TAKE_ASSETS,              /* those of a tenant, which the model keeps */
	LC_TAKE_NUMBERS,             /* registry number key->list */
	LC_TAKE_MAX
};

/* Origins as bits, of documents in which a key may or must stand. BUILTIN is lenscap's own canonical text. */
#define LC_FROM(origin) (1u << LC_ORIGIN_##origin)
#define LC_FROM_ALL ((1u << LC_ORIGIN_MAX) - 1)

struct lc_key {
	const char *key;
	enum lc_take take;
	int list;
	size_t field, count;         /* offsets in the object */
	size_t pos;                  /* offset of a struct lc_pos that says where the value stands; 0: none is kept */
	unsigned int may, must;      /* LC_FROM() */
	bool blank;                  /* a char * that is "" where it was not said */
	const struct lc_shape *shape;
};

struct lc_shape {
	const char *what;            /* for messages */
	const struct lc_key *keys;
	size_t n, size;
	void (*begin)(struct lc_reading *r, void *object);                             /* defaults; may be NULL */
	void (*end)(struct lc_reading *r, const struct lc_node *node, void *object);   /* between keys; may be NULL */
};

extern const struct lc_shape lc_shape_model, lc_shape_asset;

void lc_take_object(struct lc_reading *r, const struct lc_node *node, const struct lc_shape *shape, void *object);
const struct lc_node *lc_node_get(const struct lc_node *map, const char *key);       /* NULL: none */

/* For messages: the text, cut and in quotes, in a buffer that the next call takes again. */
const char *lc_quote(const char *text);
/* For messages: the word that was probably meant, or NULL. */
const char *lc_near(const char *word, const char *(*nth)(const void *context, size_t i), const void *context, size_t n);

#endif
