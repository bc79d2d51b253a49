/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What patterns mean, read label by label as the catalogue's rules are written, with no automaton and as slowly as that is: the
 * measure for the one that is quick. Shares no code with it.
 */
#ifndef TEST_SLOW_MATCH_H
#define TEST_SLOW_MATCH_H

#include <regex.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* What a list of patterns, the first having value 1, finds in a name: a value, or one of these. */
enum { NO_MATCH = 0, INVALID = -1 };

struct labels { char *text[128]; int n; };

static regex_t slow_region;

/* name is changed; false: no host name */
static inline bool slow_split(char *name, size_t bytes, struct labels *ret_labels)
{
	char *save = name;

	if (bytes && name[bytes - 1] == '.')
		name[--bytes] = 0;
	if (bytes < 1 || bytes > 253 || strlen(name) != bytes || !name[strspn(name, "0123456789.")])
		return false;
	for (char *c = name; *c; c++)
		*c = *c >= 'A' && *c <= 'Z' ? *c + 32 : *c;
	if (name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.")])
		return false;
	ret_labels->n = 0;
	while (save) {
		char *label = strsep(&save, ".");

		if (!*label || strlen(label) > 63)
			return false;
		ret_labels->text[ret_labels->n++] = label;
	}
	return true;
}

static inline bool slow_label(const char *pattern, const char *label)
{
	const char *star = strchr(pattern, '*');
	size_t before, after;

	if (!strcmp(pattern, "{aws-region}"))
		return !regexec(&slow_region, label, 0, NULL, 0);
	if (!star)
		return !strcmp(pattern, label);
	before = star - pattern;
	after = strlen(star + 1);
	return strlen(label) > before + after && !strncmp(pattern, label, before) &&
	       !strcmp(star + 1, label + strlen(label) - after);
}

struct weight { int shallow, labels, bytes; };

static inline bool slow_match(const char *pattern, const struct labels *name, struct weight *ret_weight)
{
	char copy[256], *save = copy;
	struct labels p = { .n = 0 };
	struct weight w = { .shallow = 1 };
	int skip = 0;

	strcpy(copy, pattern);
	while (save)
		p.text[p.n++] = strsep(&save, ".");
	if (!strcmp(p.text[0], "**")) {
		w.shallow = 0;
		skip = name->n - (p.n - 1);
		if (skip < 1)
			return false;
	} else if (p.n != name->n) {
		return false;
	}
	for (int i = !w.shallow; i < p.n; i++) {
		const char *label = p.text[i];

		if (!slow_label(label, name->text[w.shallow ? i : i - 1 + skip]))
			return false;
		w.labels += !strpbrk(label, "*{");
		w.bytes += strchr(label, '{') ? 0 : strlen(label) - !!strchr(label, '*');
	}
	*ret_weight = w;
	return true;
}

static inline bool heavier(struct weight a, struct weight b)
{
	if (a.shallow != b.shallow)
		return a.shallow > b.shallow;
	return a.labels != b.labels ? a.labels > b.labels : a.bytes > b.bytes;
}

static inline int slow_find(const char *const *patterns, size_t n, const char *name, size_t bytes)
{
	char *copy = calloc(1, bytes + 1);
	struct weight best = { -1, 0, 0 }, w;
	struct labels labels;
	int found = INVALID;

	memcpy(copy, name, bytes);
	if (slow_split(copy, bytes, &labels)) {
		found = NO_MATCH;
		for (size_t i = 0; i < n; i++) {
			if (!slow_match(patterns[i], &labels, &w) || !heavier(w, best))
				continue;
			best = w;
			found = i + 1;
		}
	}
	free(copy);
	return found;
}

static inline int slow_setup(void **state)
{
	(void)state;
	return regcomp(&slow_region, "^(af|ap|ca|eu|eusc|il|me|mx|sa|us)(-[a-z]+)+-[0-9]{1,2}$", REG_EXTENDED | REG_NOSUB);
}

static inline int slow_teardown(void **state)
{
	(void)state;
	regfree(&slow_region);
	return 0;
}

#endif
