/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Endpoint patterns and the automaton that recognises all of them at once, read from a name's end, so that its cost grows with
 * the name and never with the catalogue. Literal labels; "**" left-most, one or more labels; "*" one label;
 * one "*" inside a label, at least one byte; "{aws-region}". Of several that match: without "**" first, then more literal labels,
 * then more literal bytes, then the one added first.
 */
#ifndef LENSCAP_PATTERN_H
#define LENSCAP_PATTERN_H

#include <stddef.h>
#include "lenscap_name.h"

/* NULL if the pattern is well formed, else what is wrong with it, for a message. */
const char *lc_pattern_check(const char *pattern);

struct lc_patterns;
struct lc_patterns *lc_patterns_new(void);
void lc_patterns_free(struct lc_patterns *patterns);
/* value: what an LC_C_END step gives. 0, -EINVAL, -ENOMEM. */
int lc_patterns_add(struct lc_patterns *patterns, const char *pattern, __u32 value);
/* Rows of the automaton and its first state. 0, -ENOMEM, -E2BIG. Caller frees *ret_steps. */
int lc_patterns_build(const struct lc_patterns *patterns, struct lc_step **ret_steps, size_t *ret_n, __u32 *ret_start);

#endif
