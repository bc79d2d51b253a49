/* SPDX-License-Identifier: GPL-2.0-only */
/* How a value is taken: between parse_take.c (one value), parse_lists.c (several) and parse_object.c (keys). For these alone. */
#ifndef LENSCAP_PARSE_TAKE_H
#define LENSCAP_PARSE_TAKE_H

#include "parse_keys.h"

struct lc_taking {
	struct lc_reading *r;
	const struct lc_key *key;
	void *object, *field;
};

typedef void (*lc_take_fn)(struct lc_taking *t, const struct lc_node *node);

void lc_take_text(struct lc_taking *t, const struct lc_node *node);
void lc_take_version(struct lc_taking *t, const struct lc_node *node);
void lc_take_profile(struct lc_taking *t, const struct lc_node *node);
void lc_take_word(struct lc_taking *t, const struct lc_node *node);
void lc_take_verdict(struct lc_taking *t, const struct lc_node *node);
void lc_take_origin(struct lc_taking *t, const struct lc_node *node);
void lc_take_flag(struct lc_taking *t, const struct lc_node *node);
void lc_take_bits(struct lc_taking *t, const struct lc_node *node);
void lc_take_reasons(struct lc_taking *t, const struct lc_node *node);
void lc_take_words(struct lc_taking *t, const struct lc_node *node);
void lc_take_addresses(struct lc_taking *t, const struct lc_node *node);
void lc_take_list(struct lc_taking *t, const struct lc_node *node);
void lc_take_assets(struct lc_taking *t, const struct lc_node *node);
void lc_take_numbers(struct lc_taking *t, const struct lc_node *node);

/* The text of a node that must be one value, and of the shape that the key wants; NULL after an error. */
const char *lc_take_scalar(struct lc_taking *t, const struct lc_node *node);
const char *lc_take_shaped(struct lc_taking *t, const struct lc_node *node);
void lc_take_string(struct lc_taking *t, const char *text);

/* "unknown WHAT 'TEXT' (near 'WORD'), expected one of WORDS, SET". */
struct lc_choice {
	const char *(*nth)(const void *context, size_t i);
	const void *context;
	size_t n;
	const char *set;             /* NULL: no such word */
};
void lc_choice_error(struct lc_reading *r, const struct lc_node *node, const char *what, const struct lc_choice *choice);
void lc_word_error(struct lc_taking *t, const struct lc_node *node);
void lc_texts_error(struct lc_taking *t, const struct lc_node *node, const char *const *texts, size_t n);
const char *lc_node_what(const struct lc_node *node);        /* "a list", ... */

#endif
