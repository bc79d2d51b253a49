/* SPDX-License-Identifier: GPL-2.0-only */
/* Enum to word, word to enum, help of each, out of lenscap_lists.h. */
#ifndef LENSCAP_NAMES_H
#define LENSCAP_NAMES_H

#include "lenscap.h"

enum lc_list {
	LC_LIST_VERDICT, LC_LIST_REASON, LC_LIST_CLASS, LC_LIST_KIND, LC_LIST_MODE,
	LC_LIST_CAPABILITY, LC_LIST_CLOUD, LC_LIST_CONFIDENCE, LC_LIST_MAX
};

const char *lc_word(enum lc_list list, unsigned int value);          /* "?" past the end */
const char *lc_word_help(enum lc_list list, unsigned int value);
int lc_word_value(enum lc_list list, const char *word);              /* -1: no such word */
unsigned int lc_list_size(enum lc_list list);

enum lc_scope { LC_SCOPE_ENDPOINT, LC_SCOPE_FLOW, LC_SCOPE_PACKET, LC_SCOPE_COUNT };
enum lc_scope lc_reason_scope(enum lc_reason reason);
int lc_verdict_strictness(enum lc_verdict_id verdict);

/* Sets of words that stand for several: "law-enforcement" in classes, "camera" in kinds (those that move). 0: no such set. */
__u64 lc_word_set(enum lc_list list, const char *word);
const char *lc_word_set_name(enum lc_list list);                     /* of the list's one set, for messages; NULL: it has none */

#endif
