// SPDX-License-Identifier: GPL-2.0-only
/* What to say of a word that is not known: which are, and which of them is near. Decides nothing. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "parse_take.h"

#define LC_NEAR_MAX 40               /* bytes of a word; longer ones are never near */
#define LC_QUOTE_MAX 60
#define LC_WORDS_TEXT 1024           /* bytes of all words of a list in a message */

const char *lc_quote(const char *text)
{
	static _Thread_local char quoted[LC_QUOTE_MAX + 8];
	size_t len = strlen(text), cut = len;

	if (len > LC_QUOTE_MAX)
		for (cut = LC_QUOTE_MAX; cut && (text[cut] & 0xc0) == 0x80; cut--)
			;
	snprintf(quoted, sizeof(quoted), "'%.*s%s'", (int)cut, text, cut < len ? "..." : "");
	for (char *p = quoted; *p; p++)
		*p = *p == '\n' || *p == '\t' ? ' ' : *p;
	return quoted;
}

static unsigned int lc_least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/*
 * Edits (insert, delete, replace, swap neighbours) that make one word of the other. Three rows of the usual table are enough:
 * row[i % 3][j] is the distance of a's first i bytes from b's first j.
 */
static unsigned int lc_distance(const char *a, const char *b)
{
	unsigned int rows[3][LC_NEAR_MAX + 1], i, j, n = strlen(b);

	for (j = 0; j <= n; j++)
		rows[0][j] = j;
	for (i = 1; a[i - 1]; i++) {
		unsigned int *row = rows[i % 3], *above = rows[(i - 1) % 3], *top = rows[(i + 1) % 3];

		row[0] = i;
		for (j = 1; j <= n; j++) {
			row[j] = lc_least(lc_least(above[j], row[j - 1]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = lc_least(row[j], top[j - 2] + 1);
		}
	}
	return rows[(i - 1) % 3][n];
}

const char *lc_near(const char *word, const char *(*nth)(const void *context, size_t i), const void *context, size_t n)
{
	size_t len = strlen(word);
	unsigned int best = len / 3 + 1, distance;
	const char *near = NULL;

	if (len > LC_NEAR_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		const char *known = nth(context, i);

		if (strlen(known) > LC_NEAR_MAX)
			continue;
		distance = strcasecmp(word, known) ? lc_distance(word, known) : 0;
		if (distance >= best)
			continue;
		best = distance;
		near = known;
	}
	return near;
}

void lc_choice_error(struct lc_reading *r, const struct lc_node *node, const char *what, const struct lc_choice *choice)
{
	const char *near = lc_near(node->text, choice->nth, choice->context, choice->n);
	char words[LC_WORDS_TEXT];
	size_t len = 0;

	words[0] = 0;
	for (size_t i = 0; i < choice->n && len < sizeof(words); i++)
		len += snprintf(words + len, sizeof(words) - len, "%s%s", i ? ", " : "", choice->nth(choice->context, i));
	if (choice->set && len < sizeof(words))
		snprintf(words + len, sizeof(words) - len, ", %s", choice->set);
	lc_node_error(r, node, "unknown %s %s%s%s%s, expected one of %s", what, lc_quote(node->text), near ? " (near '" : "",
		      near ? near : "", near ? "')" : "", words);
}

static const char *lc_nth_word(const void *context, size_t i)
{
	return lc_word(*(const int *)context, i);
}

static const char *lc_nth_text(const void *context, size_t i)
{
	return ((const char *const *)context)[i];
}

void lc_word_error(struct lc_taking *t, const struct lc_node *node)
{
	struct lc_choice choice = { lc_nth_word, &t->key->list, lc_list_size(t->key->list), lc_word_set_name(t->key->list) };

	if (t->key->take != LC_TAKE_BITS)
		choice.set = NULL;
	lc_choice_error(t->r, node, t->key->key, &choice);
}

void lc_texts_error(struct lc_taking *t, const struct lc_node *node, const char *const *texts, size_t n)
{
	struct lc_choice choice = { lc_nth_text, texts, n, NULL };

	lc_choice_error(t->r, node, t->key->key, &choice);
}
