// SPDX-License-Identifier: GPL-2.0-only
/*
 * Policy files: every file of tests/cases/policy gives the errors that its "# expect: LINE:COLUMN: TEXT" lines name (TEXT may be
 * cut short) and no others; hostile bytes give an error each; what is clean comes back from its canonical text unchanged.
 */
#include <errno.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "names.h"
#include "parse.h"

#define CASES "tests/cases/policy/"

static void errors_print(const struct lc_errors *errors)
{
	for (size_t i = 0; i < errors->n; i++)
		print_error("%s:%d:%d: %s\n", errors->list[i].pos.file ? errors->list[i].pos.file : "", errors->list[i].pos.line,
			    errors->list[i].pos.column, errors->list[i].text);
}

/* The file's next "# expect:" line; false: none. */
static bool next_expected(FILE *file, char line[1024])
{
	static const char mark[] = "# expect: ";
	char text[1024];

	while (fgets(text, sizeof(text), file)) {
		if (strncmp(text, mark, strlen(mark)))
			continue;
		text[strcspn(text, "\n")] = 0;
		strcpy(line, text + strlen(mark));
		return true;
	}
	return false;
}

static void case_check(const char *path)
{
	struct lc_errors errors = { 0 };
	struct lc_model *model = NULL;
	FILE *file = fopen(path, "r");
	char line[1024], said[1024];
	size_t n = 0;
	int err = lc_parse_policy(path, &errors, &model);

	assert_non_null(file);
	for (; next_expected(file, line); n++) {
		if (n >= errors.n)
			fail_msg("%s: no error '%s'", path, line);
		snprintf(said, sizeof(said), "%d:%d: %s", errors.list[n].pos.line, errors.list[n].pos.column,
			 errors.list[n].text);
		if (strncmp(said, line, strlen(line)))
			fail_msg("%s: expected '%s', found '%s'", path, line, said);
		assert_string_equal(errors.list[n].pos.file, path);
	}
	if (n < errors.n)
		errors_print(&errors);
	assert_int_equal(n, errors.n);
	assert_int_equal(err, n ? -EINVAL : 0);
	assert_true(!model == !!n);
	fclose(file);
	lc_errors_free(&errors);
	lc_model_free(model);
}

static void test_cases(void **state)
{
	glob_t found;

	(void)state;
	assert_int_equal(glob(CASES "*.yaml", 0, NULL, &found), 0);
	assert_true(found.gl_pathc >= 10);
	for (size_t i = 0; i < found.gl_pathc; i++)
		case_check(found.gl_pathv[i]);
	globfree(&found);
}

#define BYTES(text) text, sizeof(text) - 1
static const struct {
	const char *what, *text;
	size_t bytes;
	const char *expected;        /* of the first error; NULL: none */
} hostile[] = {
	{ "nothing", BYTES(""), "1:1: nothing in it" },
	{ "blanks and a comment", BYTES("\n  \n# x\n"), "1:1: nothing in it" },
	{ "a word", BYTES("version"), "1:1: a value where the keys of one document belong" },
	{ "a list", BYTES("- 1"), "1:1: a list where" },
	{ "no version", BYTES("rules: []"), "1:1: no 'version' in this document" },
	{ "CR LF", BYTES("version: 1\r\nrules:\r\n"), NULL },
	{ "CR alone", BYTES("version: 1\rrules:\n"), "1:11: a control character" },
	{ "byte order mark at the start", BYTES("\xef\xbb\xbfversion: 1\n"), NULL },
	{ "byte order mark elsewhere", BYTES("version: 1 # \xef\xbb\xbf\n"), "1:14: a byte order mark" },
	{ "UTF-16", BYTES("\xff\xfev\0e\0"), "1:1: not UTF-8" },
	{ "NUL in the file", BYTES("version: 1\n# \0\n"), "2:3: a NUL byte" },
	{ "NUL as an escape", BYTES("version: \"1\\0\""), "1:10: a NUL byte" },
	{ "NUL in a key", BYTES("version: 1\n\"rules\\0\": []"), "2:1: a NUL byte" },
	{ "not UTF-8, behind some that is", BYTES("version: 1 # \xc3\xa9\xc3("), "1:15: not UTF-8" },
	{ "overlong UTF-8", BYTES("# \xc0\xaf"), "1:3: not UTF-8" },
	{ "surrogate", BYTES("# \xed\xa0\x80"), "1:3: not UTF-8" },
	{ "above Unicode", BYTES("# \xf4\x90\x80\x80"), "1:3: not UTF-8" },
	{ "cut short UTF-8", BYTES("# \xe2\x82"), "1:3: not UTF-8" },
	{ "terminal escape", BYTES("# \x1b[2J"), "1:3: a control character" },
	{ "nesting", BYTES("version: 1\nrules: [[[[[[[[[[[[[[[[[[[["), "2:9: a list where" },
	{ "nested keys", BYTES("? ? ? ? ? ? ? ? ? ? ? ? ? ? ? ? ? ? ? ?"), "1:3: a list or mapping as key" },
	{ "laughs", BYTES("a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\nversion: 1"), "1:1: unknown key 'a'" },
	{ "alias of itself", BYTES("version: &v [*v]"), "1:13: an anchor" },
	{ "alias as key", BYTES("version: 1\n? *x\n: 1"), "2:3: an alias" },
	{ "tag", BYTES("!!python/object:os.system\nversion: 1"), "2:1: a tag" },
	{ "two documents", BYTES("version: 1\n---\nversion: 1\n"), "2:1: a second document" },
	{ "one document, marked", BYTES("---\nversion: 1\n...\n"), NULL },
	{ "broken off in quotes", BYTES("version: \"1"), "1:11: not YAML: " },
	{ "broken off in brackets", BYTES("version: 1\nrules: [\n"), "3:1: not YAML: " },
	{ "a tab for indentation", BYTES("version: 1\ndefault:\n\tmatched: audit\n"), "3:1: not YAML: " },
	{ "escaped quotes", BYTES("version: 1\nclauses: [{id: a, vendor: 'it''s', document: ''''}]"), NULL },
	{ "escaped quotes in a row", BYTES("version: 'a''''b'"), "1:10: two quotes in a row in single quotes" },
	{ "a line broken behind a backslash", BYTES("version: \"a\\\\\\\n  b\""), "1:10: a line broken behind a backslash" },
	{ "a long word", BYTES("version: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa9zz"),
	  "1:10: unknown version 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...', expected 1" },
};

/* On the heap and without a NUL, so that a byte read beyond the end is noticed. */
static int parse_bytes(const char *text, size_t bytes, enum lc_origin origin, struct lc_errors *errors,
		       struct lc_model **ret_model)
{
	char *exact = malloc(bytes + !bytes);
	const struct lc_source source = { "test", exact, bytes, origin };
	struct lc_model *model = lc_model_new();
	int err;

	memcpy(exact, text, bytes);
	err = lc_parse(model, &source, errors);
	free(exact);
	*ret_model = model;
	return err;
}

static void test_hostile(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile); i++) {
		struct lc_errors errors = { 0 };
		const char *expected = hostile[i].expected;
		struct lc_model *model;
		char said[1024] = "";
		int err = parse_bytes(hostile[i].text, hostile[i].bytes, LC_ORIGIN_POLICY, &errors, &model);

		if (errors.n)
			snprintf(said, sizeof(said), "%d:%d: %s", errors.list[0].pos.line, errors.list[0].pos.column,
				 errors.list[0].text);
		if (!expected != !errors.n || (expected && strncmp(said, expected, strlen(expected))))
			fail_msg("%s: '%s'", hostile[i].what, said);
		assert_int_equal(err, expected ? -EINVAL : 0);
		lc_errors_free(&errors);
		lc_model_free(model);
	}
}

/* libfyaml's own messages, which it would write to standard error, stay ours. */
static void test_quiet(void **state)
{
	FILE *file = tmpfile();
	int kept = dup(STDERR_FILENO);
	struct stat st;

	fflush(stderr);
	assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
	test_hostile(state);
	fflush(stderr);
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	dup2(kept, STDERR_FILENO);
	close(kept);
	fclose(file);
	assert_int_equal(st.st_size, 0);
}

static char *repeat(const char *head, const char *item, size_t n, const char *tail)
{
	char *text = malloc(strlen(head) + n * strlen(item) + strlen(tail) + 1), *p = stpcpy(text, head);

	while (n--)
		p = stpcpy(p, item);
	strcpy(p, tail);
	return text;
}

static void test_bounds(void **state)
{
	static const struct {
		const char *head, *item, *tail;
		size_t n;
		enum lc_origin origin;
		size_t errors;
		const char *last;
	} rows[] = {
		{ "version: 1\nregistry: {asset: [a", ",a", "]}", 65534, LC_ORIGIN_BUILTIN, LC_ERRORS_MAX + 1,
		  "more errors were left out" },
		{ "version: 1\nrules: [{id: a, clause: [a", ",a", "], verdict: allow}]", 65534, LC_ORIGIN_POLICY, 0, NULL },
		{ "version: 1\nrules: [{id: a, clause: [a", ",a", "], verdict: allow}]", 65535, LC_ORIGIN_POLICY, 1,
		  "too many entries, expected at most 65535" },
		{ "version: 1\nrules: [", "[],", "]", LC_ERRORS_MAX + 1, LC_ORIGIN_POLICY, LC_ERRORS_MAX + 1, "more errors were left out" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *text = repeat(rows[i].head, rows[i].item, rows[i].n, rows[i].tail);
		struct lc_errors errors = { 0 };
		struct lc_model *model;

		assert_int_equal(parse_bytes(text, strlen(text), rows[i].origin, &errors, &model), rows[i].errors ? -EINVAL : 0);
		assert_int_equal(errors.n, rows[i].errors);
		if (errors.n)
			assert_string_equal(errors.list[errors.n - 1].text, rows[i].last);
		lc_errors_free(&errors);
		lc_model_free(model);
		free(text);
	}
}

static struct lc_model *policy_read(const char *path)
{
	struct lc_errors errors = { 0 };
	struct lc_model *model = NULL;

	if (lc_parse_policy(path, &errors, &model))
		errors_print(&errors);
	assert_non_null(model);
	assert_int_equal(errors.n, 0);
	return model;
}

/* The shipped data and every good case: model to text to model to text gives the same text, registry and all. */
static void test_round_trip(void **state)
{
	glob_t found;

	(void)state;
	assert_int_equal(glob(CASES "good-*.yaml", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct lc_model *model = policy_read(found.gl_pathv[i]), *again;
		struct lc_errors errors = { 0 };
		char *text, *text2;

		for (size_t j = 0; j < model->endpoints_n; j++)
			assert_int_equal(lc_model_number(model, LC_REG_ENDPOINT, model->endpoints[j].id), j + 1);
		assert_int_equal(lc_model_number(model, LC_REG_PROFILE, "metro-pd/dash-camera"), 1);
		assert_int_equal(lc_model_number(model, LC_REG_RULE, LC_RULE_MATCHED), 1);
		text = lc_model_text(model);
		assert_non_null(text);
		if (parse_bytes(text, strlen(text), LC_ORIGIN_BUILTIN, &errors, &again) || lc_model_check(again, &errors))
			errors_print(&errors);
		assert_int_equal(errors.n, 0);
		assert_int_equal(again->endpoints_n, model->endpoints_n);
		assert_int_equal(again->registry[LC_REG_ENDPOINT].n, model->endpoints_n);
		text2 = lc_model_text(again);
		assert_string_equal(text, text2);
		free(text);
		free(text2);
		lc_model_free(model);
		lc_model_free(again);
	}
	globfree(&found);
}

static void test_fields(void **state)
{
	struct lc_model *m = policy_read(CASES "good-forms.yaml");
	const struct lc_rule *sets = lc_model_rule(m, "sets"), *what = lc_model_rule(m, "what");
	const struct lc_endpoint *e = lc_model_endpoint(m, "E"), *f = lc_model_endpoint(m, "F");

	(void)state;
	assert_string_equal(m->profile, "none");
	assert_int_equal(m->matched, LC_V_AUDIT);
	assert_int_equal(m->unmatched, LC_V_AUDIT);
	assert_int_equal(lc_model_tenant(m, "t")->mode, LC_MODE_ENFORCE);
	assert_int_equal(lc_model_asset(m, "a")->addresses_n, 5);
	assert_int_equal(lc_model_asset(m, "b")->tenant, 0);
	assert_int_equal(lc_model_asset(m, "a")->pos.line, 8);
	assert_int_equal(lc_model_asset(m, "a")->pos.column, 15);
	assert_int_equal(e->capabilities, 1 << LC_CAPABILITY_CUSTOM_ML);
	assert_int_equal(e->cloud, LC_CLOUD_GOV);
	assert_true(e->shared);
	assert_string_equal(e->provider, "");
	assert_int_equal(f->cloud, LC_CLOUD_LOCAL);
	assert_int_equal(f->confidence, LC_CONFIDENCE_HIGH);
	assert_int_equal(f->origin, LC_ORIGIN_POLICY);
	assert_string_equal(f->notes, "two\nlines\n");
	assert_null(f->source);
	assert_string_equal(lc_model_clause(m, "own-1")->text, "");
	assert_int_equal(sets->match.classes, lc_word_set(LC_LIST_CLASS, "law-enforcement"));
	assert_int_equal(sets->match.kinds, lc_word_set(LC_LIST_KIND, "camera") | 1 << LC_KIND_WORKSTATION);
	assert_string_equal(sets->clauses.list[0], "own-1");
	assert_int_equal(what->match.confidences, 1 << LC_CONFIDENCE_LOW | 1 << LC_CONFIDENCE_UNVERIFIED);
	assert_int_equal(what->verdict, LC_V_DENY_DROP);
	assert_int_equal(lc_model_rule(m, "why")->match.reasons, 1ull << LC_R_FRAGMENT);
	lc_model_free(m);
}

/* The policy's text in a file of its own, read as a user would have it. */
static int policy_text(const char *text, struct lc_errors *errors, struct lc_model **ret_model)
{
	char path[] = "/tmp/lenscap-policy-XXXXXX";
	int fd = mkstemp(path), err;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	err = lc_parse_policy(path, errors, ret_model);
	unlink(path);
	return err;
}

static void test_layers(void **state)
{
	static const struct {
		const char *text, *profile;
		enum lc_verdict_id matched;
		bool rules;
	} rows[] = {
		{ "version: 1", "balanced", LC_V_AUDIT, true },
		{ "version: 1\nprofile: strict\ndefault: {matched: deny-drop}", "strict", LC_V_DENY_DROP, true },
		{ "version: 1\nprofile: monitor", "monitor", LC_V_AUDIT, true },
		{ "version: 1\nprofile: none\ndefault: {matched: allow}", "none", LC_V_ALLOW, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct lc_errors errors = { 0 };
		struct lc_model *model = NULL;

		assert_int_equal(policy_text(rows[i].text, &errors, &model), 0);
		assert_string_equal(model->profile, rows[i].profile);
		assert_int_equal(model->matched, rows[i].matched);
		assert_true(model->unmatched != LC_V_UNDECIDED);
		assert_int_equal(model->rules_n > 0, rows[i].rules);
		assert_true(model->endpoints_n > 100 && model->clauses_n > 50);
		lc_model_free(model);
	}
}

static void test_files(void **state)
{
	static const struct { const char *path, *expected; } rows[] = {
		{ "/nonexistent/policy.yaml", "cannot be read: No such file or directory" },
		{ "/", "cannot be read: Is a directory" },
		{ "/dev/zero", "a device, pipe or socket, expected a regular file" },
	};
	struct lc_errors errors = { 0 };
	struct lc_model *model = NULL;
	char *text;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(lc_parse_policy(rows[i].path, &errors, &model), -EINVAL);
		assert_int_equal(errors.n, 1);
		assert_string_equal(errors.list[0].pos.file, rows[i].path);
		assert_memory_equal(errors.list[0].text, rows[i].expected, strlen(rows[i].expected));
		lc_errors_free(&errors);
	}
	text = repeat("version: 1\n", "#234567\n", 1 << 19, "");
	assert_int_equal(policy_text(text, &errors, &model), -EINVAL);
	assert_string_equal(errors.list[0].text, "too large, expected at most 4194304 bytes");
	lc_errors_free(&errors);
	free(text);
	assert_null(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),  cmocka_unit_test(test_hostile),    cmocka_unit_test(test_quiet),
		cmocka_unit_test(test_bounds), cmocka_unit_test(test_round_trip), cmocka_unit_test(test_fields),
		cmocka_unit_test(test_layers), cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
