// SPDX-License-Identifier: GPL-2.0-only
/* One value into one field. Checks shapes and words; whether what is named exists is check.c's. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parse_take.h"

#define LC_ID_MAX 63

const char *lc_node_what(const struct lc_node *node)
{
	if (node->type == LC_NODE_SCALAR)
		return node->null ? "nothing" : node->text[0] ? "a value" : "an empty text";
	return node->type == LC_NODE_MAP ? "a mapping" : node->n ? "a list" : "an empty list";
}

const char *lc_take_scalar(struct lc_taking *t, const struct lc_node *node)
{
	if (node->bad)
		return NULL;
	if (node->type == LC_NODE_SCALAR && !node->null && node->text[0])
		return node->text;
	lc_node_error(t->r, node, "%s for '%s', expected a value%s", lc_node_what(node), t->key->key,
		      t->key->must & 1u << t->r->source->origin ? "" : ", or the key left out");
	return NULL;
}

void lc_take_string(struct lc_taking *t, const char *text)
{
	char **field = t->field, *copy = strdup(text);

	if (!copy) {
		t->r->err = -ENOMEM;
		return;
	}
	free(*field);
	*field = copy;
}

static bool lc_name_ok(const char *text)
{
	size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

	return len && len <= LC_ID_MAX && !text[len];
}

/* "US-WA": parts of capitals and digits, joined by single hyphens. */
static bool lc_path_ok(const char *text)
{
	size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");

	return len && len <= LC_ID_MAX && !text[len] && text[0] != '-' && text[len - 1] != '-' && !strstr(text, "--");
}

static bool lc_text_ok(const char *text)
{
	return *text;
}

/* Shapes of single words, shared by keys that take one and keys that take several. */
static const struct {
	bool (*ok)(const char *text);
	const char *expected;
} lc_word_shapes[LC_TAKE_MAX] = {
	[LC_TAKE_TEXT] = { lc_text_ok, "text" },
	[LC_TAKE_TEXTS] = { lc_text_ok, "text" },
	[LC_TAKE_NAME] = { lc_name_ok, "1 to 63 letters, digits, '.', '_' or '-'" },
	[LC_TAKE_NAMES] = { lc_name_ok, "1 to 63 letters, digits, '.', '_' or '-'" },
	[LC_TAKE_PATH] = { lc_path_ok, "a path like US or US-WA" },
	[LC_TAKE_PATHS] = { lc_path_ok, "a path like US or US-WA" },
};

const char *lc_take_shaped(struct lc_taking *t, const struct lc_node *node)
{
	const char *text = lc_take_scalar(t, node);

	if (!text || lc_word_shapes[t->key->take].ok(text))
		return text;
	lc_node_error(t->r, node, "wrong %s %s, expected %s", t->key->key, lc_quote(text), lc_word_shapes[t->key->take].expected);
	return NULL;
}

void lc_take_text(struct lc_taking *t, const struct lc_node *node)
{
	const char *text = lc_take_shaped(t, node);

	if (text)
		lc_take_string(t, text);
}

void lc_take_version(struct lc_taking *t, const struct lc_node *node)
{
	const char *text = lc_take_scalar(t, node);

	if (text && strcmp(text, "1"))
		lc_node_error(t->r, node, "unknown version %s, expected 1", lc_quote(text));
}

void lc_take_profile(struct lc_taking *t, const struct lc_node *node)
{
	static const char *const names[] = { "balanced", "strict", "monitor", "none" };
	const char *text = lc_take_scalar(t, node);

	for (size_t i = 0; text && i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(names[i], text))
			continue;
		lc_take_string(t, text);
		return;
	}
	if (text)
		lc_texts_error(t, node, names, sizeof(names) / sizeof(*names));
}

void lc_take_word(struct lc_taking *t, const struct lc_node *node)
{
	const char *text = lc_take_scalar(t, node);
	int value = text ? lc_word_value(t->key->list, text) : -1;

	if (text && value < 0)
		lc_word_error(t, node);
	if (value >= 0)
		*(unsigned int *)t->field = value;
}

void lc_take_verdict(struct lc_taking *t, const struct lc_node *node)
{
	const char *names[LC_V_MAX], *text = lc_take_scalar(t, node);
	size_t n = 0;

	for (unsigned int i = 0; i < LC_V_MAX; i++)
		if (i != LC_V_UNDECIDED)
			names[n++] = lc_word(LC_LIST_VERDICT, i);
	for (size_t i = 0; text && i < n; i++) {
		if (strcmp(names[i], text))
			continue;
		*(unsigned int *)t->field = lc_word_value(LC_LIST_VERDICT, text);
		return;
	}
	if (text)
		lc_texts_error(t, node, names, n);
}

void lc_take_origin(struct lc_taking *t, const struct lc_node *node)
{
	const char *names[LC_ORIGIN_MAX], *text = lc_take_scalar(t, node);

	for (unsigned int i = 0; i < LC_ORIGIN_MAX; i++) {
		names[i] = lc_origin_word(i);
		if (!text || strcmp(names[i], text))
			continue;
		*(unsigned int *)t->field = i;
		return;
	}
	if (text)
		lc_texts_error(t, node, names, LC_ORIGIN_MAX);
}

void lc_take_flag(struct lc_taking *t, const struct lc_node *node)
{
	static const char *const names[] = { "false", "true" };
	const char *text = lc_take_scalar(t, node);

	if (text && strcmp(text, names[0]) && strcmp(text, names[1]))
		lc_texts_error(t, node, names, 2);
	else if (text)
		*(bool *)t->field = text[0] == 't';
}
