/* SPDX-License-Identifier: GPL-2.0-only */
/* What leaves the program: bytes made safe, tables laid out, JSON that parses, errors in the form that was asked for. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "out.h"

/* Both streams of a call, caught; freed with the group's next one. */
static struct { FILE *out, *err; char *text[2]; size_t n[2]; } caught;

static void catch_begin(enum lc_out_mode mode)
{
	free(caught.text[0]);
	free(caught.text[1]);
	caught.out = stdout;
	caught.err = stderr;
	stdout = open_memstream(&caught.text[0], &caught.n[0]);
	stderr = open_memstream(&caught.text[1], &caught.n[1]);
	lc_out_mode_set(mode);
}

static void catch_end(void)
{
	fclose(stdout);
	fclose(stderr);
	stdout = caught.out;
	stderr = caught.err;
	lc_out_mode_set(LC_OUT_PLAIN);
}

static void test_bytes(void **state)
{
	static const struct { const char *name, *bytes; size_t n; const char *want; } rows[] = {
		{ "nothing", "", 0, "" },
		{ "a host name", "a.example", 9, "a.example" },
		{ "a backslash", "a\\x00", 5, "a\\x5cx00" },
		{ "a zero byte", "a\0b", 3, "a\\x00b" },
		{ "an escape sequence", "\033[2J", 4, "\\x1b[2J" },
		{ "ends of the printable range", " ~\x7f", 3, " ~\\x7f" },
		{ "no UTF-8", "\xff\xc3", 2, "\\xff\\xc3" },
		{ "UTF-8", "\xc3\xa9", 2, "\\xc3\\xa9" },
		{ "a quote", "\"", 1, "\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		json_t *got = lc_json_bytes(rows[i].bytes, rows[i].n);

		if (!got || strcmp(json_string_value(got), rows[i].want))
			fail_msg("%s: got %s", rows[i].name, got ? json_string_value(got) : "nothing");
		json_decref(got);
	}
}

static void test_table(void **state)
{
	static const struct lc_column columns[] = { { "id", "ID" }, { "list", "LIST" }, { "n", "N" }, { NULL, NULL } };

	(void)state;
	catch_begin(LC_OUT_PLAIN);
	lc_out_table(json_pack("[{s:s,s:[s,s],s:i},{s:s,s:[],s:n}]", "id", "h\xc3\xa9", "list", "a", "b", "n", 7,
			       "id", "longer", "list", "n"), columns, "none");
	catch_end();
	assert_string_equal(caught.text[0], "ID      LIST  N\n"
					    "h\xc3\xa9      a,b   7\n"
					    "longer  -     -\n");

	catch_begin(LC_OUT_PLAIN);
	lc_out_table(json_array(), columns, "none");
	catch_end();
	assert_string_equal(caught.text[0], "none\n");

	catch_begin(LC_OUT_JSON);
	lc_out_table(json_array(), columns, "none");
	lc_out_line("left out");
	lc_out_note("left out");
	catch_end();
	assert_string_equal(caught.text[0], "[]\n");
	assert_string_equal(caught.text[1], "");
}

static void test_object(void **state)
{
	(void)state;
	catch_begin(LC_OUT_PLAIN);
	lc_out_object(json_pack("{s:s,s:b,s:n,s:{s:i}}", "dev", "eth\033[1m\x7f\xc2\x9b""0", "up", 1, "hook", "o", "k", 1));
	catch_end();
	assert_string_equal(caught.text[0], "dev: eth\\x1b[1m\\x7f\\x9b0\nup: yes\nhook: -\no: {\"k\":1}\n");

	catch_begin(LC_OUT_PRETTY);
	lc_out_object(json_pack("{s:s}", "dev", "\xc2\x9b"));
	catch_end();
	assert_string_equal(caught.text[0], "{\n  \"dev\": \"\\u009B\"\n}\n");
}

static void test_array(void **state)
{
	(void)state;
	for (int n = 0; n < 4; n++) {
		json_t *got;

		catch_begin(n % 2 ? LC_OUT_JSON : LC_OUT_PRETTY);
		lc_out_array_begin();
		for (int i = 0; i < n; i++)
			lc_out_array_add(json_pack("{s:i}", "i", i));
		lc_out_array_end();
		catch_end();
		got = json_loads(caught.text[0], 0, NULL);
		assert_non_null(got);
		assert_int_equal(json_array_size(got), n);
		json_decref(got);
	}
	catch_begin(LC_OUT_PLAIN);
	lc_out_array_begin();
	lc_out_array_add(json_integer(1));
	lc_out_array_end();
	catch_end();
	assert_string_equal(caught.text[0], "");
}

static void test_error(void **state)
{
	json_t *got;

	(void)state;
	catch_begin(LC_OUT_PLAIN);
	lc_out_error("gate attach '%s': %s", "\033eth\xff", "no such interface");
	catch_end();
	assert_string_equal(caught.text[1], "lenscap: gate attach '\\x1beth\\xff': no such interface\n");
	assert_string_equal(caught.text[0], "");

	catch_begin(LC_OUT_JSON);
	lc_out_where("batch 'f' line 3: ");
	lc_out_error("gate attach '%s': gone", "\033eth\xff");
	lc_out_where(NULL);
	catch_end();
	got = json_loads(caught.text[1], 0, NULL);
	assert_non_null(got);
	assert_string_equal(json_string_value(json_object_get(got, "error")),
			    "batch 'f' line 3: gate attach '\\x1beth\\xff': gone");
	assert_int_equal(json_object_size(got), 1);
	json_decref(got);
}

static void test_errors(void **state)
{
	json_t *list = json_pack("[{s:s,s:i,s:i,s:s},{s:s,s:s},{s:s}]", "file", "p.yaml", "line", 3, "column", 9, "text",
				 "unknown key 'x'", "file", "q.yaml", "text", "not there", "text", "no tenant 'y'");
	json_t *got;

	(void)state;
	catch_begin(LC_OUT_PLAIN);
	lc_out_errors(json_incref(list), "policy check 'p.yaml': %d errors", 3);
	catch_end();
	assert_string_equal(caught.text[1], "p.yaml:3:9: unknown key 'x'\nq.yaml: not there\nno tenant 'y'\n"
					    "lenscap: policy check 'p.yaml': 3 errors\n");

	catch_begin(LC_OUT_JSON);
	lc_out_errors(list, "policy check 'p.yaml': %d errors", 3);
	catch_end();
	got = json_loads(caught.text[1], 0, NULL);
	assert_int_equal(json_array_size(json_object_get(got, "errors")), 3);
	json_decref(got);
}

/* Output that is lost at the end, or was lost before it. */
static int finish_full(int buffering)
{
	int err;

	catch_begin(LC_OUT_PLAIN);
	fclose(stdout);
	stdout = fopen("/dev/full", "w");
	setvbuf(stdout, NULL, buffering, 0);
	printf("lost");
	err = lc_out_finish();
	catch_end();
	return err;
}

static void test_finish(void **state)
{
	(void)state;
	assert_int_equal(finish_full(_IOFBF), -ENOSPC);
	assert_non_null(strstr(caught.text[1], "No space left"));
	assert_true(finish_full(_IONBF) < 0);
	assert_non_null(strstr(caught.text[1], "not complete"));
	assert_int_equal(lc_out_finish(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes), cmocka_unit_test(test_table), cmocka_unit_test(test_object),
		cmocka_unit_test(test_array), cmocka_unit_test(test_error), cmocka_unit_test(test_errors),
		cmocka_unit_test(test_finish),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	free(caught.text[0]);
	free(caught.text[1]);
	return failed;
}
