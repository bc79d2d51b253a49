// SPDX-License-Identifier: GPL-2.0-only
/* Patterns: grammar, precedence, and the automaton against the slow matcher, over the published list of names and random ones. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "compile.h"
#include "data.h"
#include "parse.h"
#include "pattern.h"
#include "slow_match.h"

#define PATTERNS_MAX 16

static struct lc_tables build(const char *const *patterns, size_t n)
{
	struct lc_patterns *p = lc_patterns_new();
	struct lc_tables t = { 0 };

	assert_non_null(p);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(lc_patterns_add(p, patterns[i], i + 1), 0);
	assert_int_equal(lc_patterns_build(p, &t.steps, &t.steps_n, &t.conf.start), 0);
	lc_patterns_free(p);
	return t;
}

static int find(const struct lc_tables *t, const char *name, size_t bytes)
{
	unsigned int endpoint = 0;
	__u8 *exact = malloc(bytes + !bytes);        /* so that a byte read beyond the name is noticed */
	int state;

	memcpy(exact, name, bytes);
	state = lc_tables_lookup(t, exact, bytes, &endpoint);
	free(exact);
	return state == LC_NAME_MATCH ? (int)endpoint : state == LC_NAME_INVALID ? INVALID : NO_MATCH;
}

#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void test_grammar(void **state)
{
	static const struct { const char *pattern, *why; } rows[] = {
		{ "localhost", NULL },
		{ "a.b_c.d-e.9", NULL },
		{ "**.example.com", NULL },
		{ "**.*.example.com", NULL },
		{ "a.*.b*c.{aws-region}.com", NULL },
		{ "{aws-region}.amazonaws.com", NULL },
		{ "foo.*", NULL },
		{ "*.1.2", NULL },
		{ L63 ".com", NULL },
		{ L63 "." L63 "." L63 "." "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL },
		{ L63 "." L63 "." L63 "." "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "253 bytes" },
		{ L63 "a.com", "63 bytes" },
		{ "", "empty" },
		{ "*", "every name" },
		{ "**", "every name" },
		{ "**.*", "every name" },
		{ "*.*", "every name" },
		{ "a..b", "empty label" },
		{ ".a", "empty label" },
		{ "a.", "empty label" },
		{ ".", "empty label" },
		{ "a.**.b", "left end" },
		{ "a.**", "left end" },
		{ "**a.b", "more than one \"*\"" },
		{ "a**.b", "more than one \"*\"" },
		{ "*a*.b", "more than one \"*\"" },
		{ "***.b", "more than one \"*\"" },
		{ "OpenAI.com", "upper-case" },
		{ "a b.com", "a byte that no host name has" },
		{ "caf\xc3\xa9.com", "a byte that no host name has" },
		{ "a/b.com", "a byte that no host name has" },
		{ "a.{aws-region", "braces" },
		{ "a.{aws-regions}.com", "braces" },
		{ "a.{gcp-region}.com", "braces" },
		{ "a-{aws-region}.com", "a byte that no host name has" },
		{ "{aws-region}-a.com", "braces" },
		{ "10.20.0.1", "only digits" },
		{ "10", "only digits" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *why = lc_pattern_check(rows[i].pattern);
		struct lc_patterns *p = lc_patterns_new();

		if (!why != !rows[i].why || (why && !strstr(why, rows[i].why)))
			fail_msg("'%s': %s, wanted %s", rows[i].pattern, why ? why : "well formed", rows[i].why);
		assert_int_equal(lc_patterns_add(p, rows[i].pattern, 1), why ? -EINVAL : 0);
		lc_patterns_free(p);
	}
}

struct row {
	const char *sentence, *patterns[PATTERNS_MAX], *name;
	int want;
};

static const struct row rows[] = {
	{ "a literal is equal", { "api.openai.com" }, "api.openai.com", 1 },
	{ "upper case is lowered", { "api.openai.com" }, "API.OpenAI.COM", 1 },
	{ "one trailing dot is removed", { "api.openai.com" }, "api.openai.com.", 1 },
	{ "a second trailing dot is an empty label", { "api.openai.com" }, "api.openai.com..", INVALID },
	{ "a longer first label is another name", { "api.openai.com" }, "xapi.openai.com", NO_MATCH },
	{ "a shorter first label is another name", { "api.openai.com" }, "pi.openai.com", NO_MATCH },
	{ "a label more is another name", { "api.openai.com" }, "a.api.openai.com", NO_MATCH },
	{ "a label less is another name", { "api.openai.com" }, "openai.com", NO_MATCH },
	{ "one label can be a pattern", { "localhost" }, "localhost", 1 },
	{ "** takes one label", { "**.openai.azure.com" }, "a.openai.azure.com", 1 },
	{ "** takes several labels", { "**.openai.azure.com" }, "a.b-c.d_e.openai.azure.com", 1 },
	{ "** does not take the apex", { "**.openai.azure.com" }, "openai.azure.com", NO_MATCH },
	{ "** ends at a label's boundary", { "**.openai.azure.com" }, "notopenai.azure.com", NO_MATCH },
	{ "** before a wildcard", { "**.*.b" }, "x.y.b", 1 },
	{ "** before a wildcard needs two labels", { "**.*.b" }, "y.b", NO_MATCH },
	{ "* takes one label", { "a.*.com" }, "a.xyz.com", 1 },
	{ "* does not take two", { "a.*.com" }, "a.x.y.com", NO_MATCH },
	{ "* on the left", { "*.api.x.com" }, "westus.api.x.com", 1 },
	{ "* on the left needs a label", { "*.api.x.com" }, "api.x.com", NO_MATCH },
	{ "* on the right", { "a.*" }, "a.example", 1 },
	{ "* in a label takes a byte", { "*-v.g.com" }, "u-v.g.com", 1 },
	{ "* in a label takes more, hyphens too", { "*-v.g.com" }, "us-v-v.g.com", 1 },
	{ "* in a label takes at least one byte", { "*-v.g.com" }, "-v.g.com", NO_MATCH },
	{ "* in a label takes no dot", { "*-v.g.com" }, "a.-v.g.com", NO_MATCH },
	{ "* at a label's end", { "v-*.g.com" }, "v-v-.g.com", 1 },
	{ "* in a label's middle", { "a*a.com" }, "aaa.com", 1 },
	{ "* in a label's middle is not nothing", { "a*a.com" }, "aa.com", NO_MATCH },
	{ "a region", { "r.{aws-region}.aws" }, "r.us-east-1.aws", 1 },
	{ "a region of two digits", { "r.{aws-region}.aws" }, "r.eusc-de-east-12.aws", 1 },
	{ "a region of three words", { "r.{aws-region}.aws" }, "r.us-gov-west-1.aws", 1 },
	{ "a region whose word is a beginning", { "r.{aws-region}.aws" }, "r.us-us-us-1.aws", 1 },
	{ "a region has a word", { "r.{aws-region}.aws" }, "r.us-1.aws", NO_MATCH },
	{ "a region has a digit", { "r.{aws-region}.aws" }, "r.us-east-.aws", NO_MATCH },
	{ "a region has at most two digits", { "r.{aws-region}.aws" }, "r.us-east-123.aws", NO_MATCH },
	{ "a region begins as regions do", { "r.{aws-region}.aws" }, "r.xx-east-1.aws", NO_MATCH },
	{ "a region begins at its label's boundary", { "r.{aws-region}.aws" }, "r.xus-east-1.aws", NO_MATCH },
	{ "a region is no bucket host", { "r.{aws-region}.aws" }, "r.s3-us-west-2.aws", NO_MATCH },
	{ "a region's words have no digits", { "r.{aws-region}.aws" }, "r.us-ea2t-1.aws", NO_MATCH },
	{ "a region has no double hyphen", { "r.{aws-region}.aws" }, "r.us--east-1.aws", NO_MATCH },
	{ "a region stands for one label", { "r.{aws-region}.aws" }, "r.us-east.us-east-1.aws", NO_MATCH },
	{ "a region first", { "{aws-region}.aws" }, "eu-west-3.aws", 1 },
	{ "without ** comes before **", { "**.a.b.com", "*.a.*.com" }, "x.a.b.com", 2 },
	{ "more literal labels come first", { "*.*.com", "*.b.com" }, "a.b.com", 2 },
	{ "more literal labels come before more bytes", { "verylong*.*.c", "*.x.c" }, "verylongs.x.c", 2 },
	{ "more literal bytes come first", { "a*.com", "ab*.com" }, "abc.com", 2 },
	{ "more literal bytes, whichever side", { "*bc.com", "a*.com" }, "abc.com", 1 },
	{ "a region has no literal bytes", { "{aws-region}.com", "u*.com" }, "us-east-1.com", 2 },
	{ "a partly literal label is no literal label", { "*x.com", "**.com" }, "yx.com", 1 },
	{ "deeper ** comes first", { "**.com", "**.b.com", "**.a.b.com" }, "x.a.b.com", 3 },
	{ "shallower ** where only that matches", { "**.com", "**.b.com", "**.a.b.com" }, "x.b.com", 2 },
	{ "of equals the first", { "a*.com", "*c.com" }, "abc.com", 1 },
	{ "the same pattern twice is the first", { "a.com", "a.com" }, "a.com", 1 },
	{ "apex and ** side by side, apex", { "**.evidence.com", "evidence.com" }, "evidence.com", 2 },
	{ "apex and ** side by side, below", { "**.evidence.com", "evidence.com" }, "x.evidence.com", 1 },
	{ "nothing", { "a.com" }, "", INVALID },
	{ "a dot", { "a.com" }, ".", INVALID },
	{ "a leading dot", { "**.a.com" }, ".b.a.com", INVALID },
	{ "an empty label", { "**.a.com" }, "b..a.com", INVALID },
	{ "a space", { "**.a.com" }, "b c.a.com", INVALID },
	{ "a byte of UTF-8", { "**.a.com" }, "caf\xc3\xa9.a.com", INVALID },
	{ "an asterisk", { "**.a.com" }, "*.a.com", INVALID },
	{ "invalid comes before no match", { "a.com" }, "b c.example", INVALID },
	{ "an address", { "**.1" }, "10.0.0.1", INVALID },
	{ "digits are a name with a letter", { "**.1" }, "x.0.0.1", 1 },
	{ "a label of 63 bytes", { "**.a.com" }, L63 ".a.com", 1 },
	{ "a label of 64 bytes", { "**.a.com" }, L63 "a.a.com", INVALID },
	{ "a first label of 64 bytes that matches nothing", { "a.com" }, "a" L63 ".b.com", INVALID },
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *r = &rows[i];
		struct lc_tables t;
		size_t n = 0;
		int found, slow;

		while (r->patterns[n])
			n++;
		t = build(r->patterns, n);
		found = find(&t, r->name, strlen(r->name));
		slow = slow_find(r->patterns, n, r->name, strlen(r->name));
		if (found != r->want || slow != r->want)
			fail_msg("%s: '%s' gave %d, slowly %d, wanted %d", r->sentence, r->name, found, slow, r->want);
		free(t.steps);
	}
}

static void test_lengths(void **state)
{
	static const char *const patterns[] = { "**.c" };
	struct lc_tables t = build(patterns, 1);
	char name[256];

	(void)state;
	for (int i = 0; i < 256; i++)
		name[i] = i % 2 ? '.' : 'a';
	memcpy(name + 251, ".c..", 4);
	assert_int_equal(find(&t, name, 253), 1);
	assert_int_equal(find(&t, name, 254), 1);
	assert_int_equal(find(&t, name, 255), INVALID);
	name[253] = 'c';
	assert_int_equal(find(&t, name, 254), INVALID);
	memcpy(name, "a\0b.c", 5);
	assert_int_equal(find(&t, name, 5), INVALID);
	free(t.steps);
}

/* Every cell that is a state's leads to a state, and two states never have the same offset. */
static void test_packing(void **state)
{
	static const char *const patterns[] = { "**.a.com", "a*.b.com", "{aws-region}.c.com", "x.com", "y.x.com", "*-b.b.com" };
	struct lc_tables t = build(patterns, 6);
	size_t used = 0;

	(void)state;
	for (size_t i = 0; i < t.steps_n; i++) {
		if (t.steps[i].owner == 0xffffffff)
			continue;
		used++;
		assert_true(t.steps[i].owner <= i && i - t.steps[i].owner < LC_C_MAX);
		if (i != t.steps[i].owner)
			assert_true(t.steps[i].next < t.steps_n);
		else
			assert_in_range(t.steps[i].next, 1, 6);
	}
	assert_true(used * 2 > t.steps_n);
	free(t.steps);
}

static void test_nothing_to_match(void **state)
{
	struct lc_tables t = build(NULL, 0);

	(void)state;
	assert_true(t.steps_n > 0);
	assert_int_equal(find(&t, "a.com", 5), NO_MATCH);
	assert_int_equal(find(&t, "a..com", 6), INVALID);
	free(t.steps);
}

/* Which of 20 labels begin with "a" is 2^20 states. */
static void test_too_big(void **state)
{
	struct lc_patterns *p = lc_patterns_new();
	struct lc_step *steps = NULL;
	size_t n = 0;
	__u32 start;

	(void)state;
	for (int i = 0; i < 20; i++) {
		char pattern[64] = "";

		for (int label = 0; label < 20; label++)
			strcat(pattern, label == i ? "a*." : "*.");
		strcat(pattern, "com");
		assert_int_equal(lc_patterns_add(p, pattern, i + 1), 0);
	}
	assert_int_equal(lc_patterns_build(p, &steps, &n, &start), -E2BIG);
	assert_null(steps);
	lc_patterns_free(p);
}

/* A label of a pattern or of a name: short and of few kinds, so that random ones meet. */
static void random_label(char *text, bool pattern)
{
	static const char *const names[] = { "a", "b", "ab", "ba", "aab", "a-b", "us-east-1", "us-us-12", "us-1", "1",
					     "1a", "_" };
	static const char *const globs[] = { "*", "a*", "*b", "a*b", "*-b", "*-1", "us-*", "aa*", "{aws-region}" };
	int i;

	if (pattern && random() % 2) {
		strcat(text, globs[random() % 9]);
		return;
	}
	if (pattern || random() % 2) {
		strcat(text, names[random() % 12]);
		return;
	}
	for (i = strlen(text); random() % 4; text[++i] = 0)
		text[i] = "aabbcAB-1._us\xff"[random() % (random() % 8 ? 9 : 14)];
}

static void random_text(char *text, bool pattern)
{
	*text = 0;
	if (pattern && random() % 3 == 0)
		strcpy(text, "**.");
	for (int labels = 1 + random() % 4; labels; labels--) {
		random_label(text, pattern);
		if (labels > 1 || random() % 16 == 0)
			strcat(text, ".");
	}
}

/* A name that the pattern may well match: its wildcards filled in. */
static void random_instance(char *text, const char *pattern)
{
	static const char *const regions[] = { "us-east-1", "eusc-de-east-12", "us-a-b-2", "us-a-123", "eu-1", "xx-a-1" };

	for (*text = 0; *pattern; pattern++) {
		size_t n = strlen(text);

		if (*pattern == '{') {
			strcat(text, regions[random() % 6]);
			pattern += strlen("{aws-region");
		} else if (*pattern != '*') {
			text[n] = *pattern;
			text[n + 1] = 0;
		} else if (pattern[1] == '*') {
			random_text(text + n, false);
			pattern++;
		} else {
			random_label(text, false);
		}
	}
}

static void test_random(void **state)
{
	char texts[PATTERNS_MAX][256], name[256];
	int matched = 0, unmatched = 0, invalid = 0;

	(void)state;
	srandom(20261123);
	for (int round = 0; round < 400; round++) {
		const char *patterns[PATTERNS_MAX];
		size_t n = 0, want = 1 + random() % PATTERNS_MAX;
		struct lc_tables t;

		while (n < want) {
			random_text(texts[n], true);
			patterns[n] = texts[n];
			n += !lc_pattern_check(texts[n]);
		}
		t = build(patterns, n);
		for (int i = 0; i < 200; i++) {
			int slow, found;

			if (random() % 2)
				random_text(name, false);
			else
				random_instance(name, texts[random() % n]);
			slow = slow_find(patterns, n, name, strlen(name));
			found = find(&t, name, strlen(name));
			if (found != slow)
				fail_msg("'%s' gave %d (%s), slowly %d (%s)", name, found, found > 0 ? patterns[found - 1] : "-",
					 slow, slow > 0 ? patterns[slow - 1] : "-");
			matched += found > 0;
			unmatched += found == NO_MATCH;
			invalid += found == INVALID;
		}
		free(t.steps);
	}
	assert_true(matched > 10000 && unmatched > 10000 && invalid > 10000);
}

static void test_ten_thousand(void **state)
{
	enum { N = 10000 };
	static char texts[N][48];
	static const char *patterns[N];
	static const char *const tops[] = { "com", "net", "org", "example" };
	struct lc_tables t;
	size_t used = 0;

	(void)state;
	srandom(1);
	for (int i = 0; i < N; i++) {
		size_t n = 0, bytes = 3 + random() % 12;

		while (n < bytes)
			texts[i][n++] = "abcdefghijklmnopqrstuvwxyz0123456789"[random() % 36];
		sprintf(texts[i] + n, "%d.%s", i, tops[random() % 4]);       /* i: no two are equal */
		patterns[i] = texts[i];
	}
	t = build(patterns, N);
	for (int i = 0; i < N; i++) {
		char name[64];

		assert_int_equal(find(&t, texts[i], strlen(texts[i])), i + 1);
		snprintf(name, sizeof(name), "a.%s", texts[i]);
		assert_int_equal(find(&t, name, strlen(name)), NO_MATCH);
	}
	for (size_t i = 0; i < t.steps_n; i++)
		used += t.steps[i].owner != 0xffffffff;
	assert_true(t.steps_n * sizeof(*t.steps) < 4 << 20);
	assert_true(used * 10 > t.steps_n * 9);      /* rows lie well over each other */
	free(t.steps);
}

/* The published list. */

static FILE *facts_open(const char *name)
{
	const char *shared = getenv("LC_SHARED");
	char path[4096];

	snprintf(path, sizeof(path), "%s/facts/%s", shared ? shared : "../shared", name);
	return fopen(path, "r");
}

/* \xNN to bytes, in place; number of bytes */
static size_t unescape(char *text)
{
	char *to = text;
	unsigned int byte;

	for (const char *from = text; *from;) {
		if (sscanf(from, "\\x%2x", &byte) == 1) {
			*to++ = byte;
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	return to - text;
}

static struct lc_model *catalogue(struct lc_tables **ret_tables)
{
	struct lc_source source = { .name = "catalogue", .origin = LC_ORIGIN_CATALOGUE };
	struct lc_model *model = lc_model_new();
	struct lc_errors errors = { 0 };

	source.text = lc_data("catalogue", &source.bytes);
	assert_non_null(source.text);
	assert_int_equal(lc_parse(model, &source, &errors), 0);
	assert_int_equal(lc_compile(model, &errors, ret_tables), 0);
	assert_int_equal(errors.n, 0);
	return model;
}

static int row_check(const struct lc_model *model, const struct lc_tables *t, const char *const *patterns, char *line)
{
	char *save = line, *name = strsep(&save, ","), *id = strsep(&save, ","), *kind = strsep(&save, ",\r\n");
	size_t bytes = unescape(name);
	int found = find(t, name, bytes), slow = slow_find(patterns, model->endpoints_n, name, bytes);
	const char *found_id = found > 0 ? lc_model_id(model, LC_REG_ENDPOINT, found) : "none";

	if (slow > 0 ? found <= 0 || strcmp(found_id, model->endpoints[slow - 1].id) : found != slow) {
		print_error("%s: slowly %d, found %d\n", name, slow, found);
		return 1;
	}
	if (strcmp(found_id, id) || !strcmp(kind, "negative-invalid") != (found == INVALID)) {
		print_error("%s: found %s, %d, wanted %s, %s\n", name, found_id, found, id, kind);
		return 1;
	}
	return 0;
}

static void test_published_names(void **state)
{
	FILE *file = facts_open("sni_names.csv");
	char *line = NULL;
	size_t room = 0, wrong = 0, n = 0;
	struct lc_tables *tables;
	struct lc_model *model;
	const char **patterns;

	(void)state;
	if (!file) {
		print_message("no ../shared/facts/sni_names.csv, and LC_SHARED names no other place\n");
		skip();
	}
	model = catalogue(&tables);
	patterns = calloc(model->endpoints_n, sizeof(*patterns));
	for (size_t i = 0; i < model->endpoints_n; i++)
		patterns[i] = model->endpoints[i].pattern;
	assert_true(getline(&line, &room, file) > 0);        /* headings */
	for (; getline(&line, &room, file) > 0; n++)
		wrong += row_check(model, tables, patterns, line);
	assert_int_equal(wrong, 0);
	assert_int_equal(n, 235);
	fclose(file);
	free(line);
	free(patterns);
	lc_tables_free(tables);
	lc_model_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grammar),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_packing),
		cmocka_unit_test(test_nothing_to_match),
		cmocka_unit_test(test_too_big),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_ten_thousand),
		cmocka_unit_test(test_published_names),
	};

	return cmocka_run_group_tests_name("pattern", tests, slow_setup, slow_teardown);
}
