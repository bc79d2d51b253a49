// SPDX-License-Identifier: GPL-2.0-only
/* The rows of lenscap_lists.h as tables to look words up in. Decides nothing but what a set of words holds. */
#include <string.h>

#include "names.h"

/* extra: what the list has beside word and help; strictness of a verdict, scope of a reason. */
struct lc_word_row { const char *word, *help; int extra; };

#define LC_ROW(name, word, help) { word, help, 0 },
#define LC_ROW_VERDICT(name, word, strictness, help) { word, help, strictness },
#define LC_ROW_REASON(name, word, scope, help) { word, help, LC_SCOPE_##scope },

static const struct lc_word_row lc_verdict_rows[] = { LC_VERDICTS(LC_ROW_VERDICT) };
static const struct lc_word_row lc_reason_rows[] = { LC_REASONS(LC_ROW_REASON) };
static const struct lc_word_row lc_class_rows[] = { LC_CLASSES(LC_ROW) };
static const struct lc_word_row lc_kind_rows[] = { LC_KINDS(LC_ROW) };
static const struct lc_word_row lc_mode_rows[] = { LC_MODES(LC_ROW) };
static const struct lc_word_row lc_capability_rows[] = { LC_CAPABILITIES(LC_ROW) };
static const struct lc_word_row lc_cloud_rows[] = { LC_CLOUDS(LC_ROW) };
static const struct lc_word_row lc_confidence_rows[] = { LC_CONFIDENCES(LC_ROW) };

#define LC_ROWS(rows) { rows, sizeof(rows) / sizeof(*(rows)) }
static const struct {
	const struct lc_word_row *rows;
	unsigned int n;
} lc_lists[LC_LIST_MAX] = {
	[LC_LIST_VERDICT] = LC_ROWS(lc_verdict_rows),
	[LC_LIST_REASON] = LC_ROWS(lc_reason_rows),
	[LC_LIST_CLASS] = LC_ROWS(lc_class_rows),
	[LC_LIST_KIND] = LC_ROWS(lc_kind_rows),
	[LC_LIST_MODE] = LC_ROWS(lc_mode_rows),
	[LC_LIST_CAPABILITY] = LC_ROWS(lc_capability_rows),
	[LC_LIST_CLOUD] = LC_ROWS(lc_cloud_rows),
	[LC_LIST_CONFIDENCE] = LC_ROWS(lc_confidence_rows),
};

#define LC_BIT(value) (1ull << (value))
/* Whom and what the vendors' clauses name. A fixed camera is none of these cameras: the clauses speak of those that move. */
static const struct {
	enum lc_list list;
	const char *word;
	__u64 bits;
} lc_sets[] = {
	{ LC_LIST_CLASS, "law-enforcement",
	  LC_BIT(LC_CLASS_US_POLICE) | LC_BIT(LC_CLASS_FEDERAL_LE) | LC_BIT(LC_CLASS_FOREIGN_LE) },
	{ LC_LIST_KIND, "camera",
	  LC_BIT(LC_KIND_BODY_WORN_CAMERA) | LC_BIT(LC_KIND_DASH_CAMERA) | LC_BIT(LC_KIND_MOBILE_CAMERA) },
};
#define LC_SETS (sizeof(lc_sets) / sizeof(*lc_sets))

static const struct lc_word_row *lc_row(enum lc_list list, unsigned int value)
{
	static const struct lc_word_row none = { "?", "?", 0 };

	return value < lc_list_size(list) ? &lc_lists[list].rows[value] : &none;
}

const char *lc_word(enum lc_list list, unsigned int value)
{
	return lc_row(list, value)->word;
}

const char *lc_word_help(enum lc_list list, unsigned int value)
{
	return lc_row(list, value)->help;
}

int lc_word_value(enum lc_list list, const char *word)
{
	for (unsigned int i = 0; i < lc_list_size(list); i++)
		if (!strcmp(lc_lists[list].rows[i].word, word))
			return i;
	return -1;
}

unsigned int lc_list_size(enum lc_list list)
{
	return lc_lists[list].n;
}

enum lc_scope lc_reason_scope(enum lc_reason reason)
{
	return reason < LC_R_MAX ? (enum lc_scope)lc_reason_rows[reason].extra : LC_SCOPE_COUNT;
}

int lc_verdict_strictness(enum lc_verdict_id verdict)
{
	return lc_row(LC_LIST_VERDICT, verdict)->extra;
}

__u64 lc_word_set(enum lc_list list, const char *word)
{
	for (size_t i = 0; i < LC_SETS; i++)
		if (lc_sets[i].list == list && !strcmp(lc_sets[i].word, word))
			return lc_sets[i].bits;
	return 0;
}

const char *lc_word_set_name(enum lc_list list)
{
	for (size_t i = 0; i < LC_SETS; i++)
		if (lc_sets[i].list == list)
			return lc_sets[i].word;
	return NULL;
}
