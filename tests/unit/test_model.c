// SPDX-License-Identifier: GPL-2.0-only
/* The model's arrays, errors and numbers, and the words of the lists. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "model.h"
#include "names.h"

static void test_grow(void **state)
{
	size_t n = 0;
	int *list = NULL;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		int *slot = lc_grow(&list, &n, sizeof(*list));

		assert_non_null(slot);
		assert_int_equal(*slot, 0);
		assert_ptr_equal(slot, &list[i]);
		*slot = i;
	}
	assert_int_equal(n, 1000);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(list[i], i);
	free(list);
}

static void test_words(void **state)
{
	struct lc_words words = { 0 }, placed = { 0 };

	(void)state;
	assert_int_equal(lc_words_add(&words, "a"), 0);
	assert_int_equal(lc_words_add(&words, "b"), 0);
	assert_true(lc_words_have(&words, "b"));
	assert_false(lc_words_have(&words, "c"));
	assert_null(words.pos);
	for (int i = 0; i < 9; i++)
		assert_int_equal(lc_words_add_at(&placed, "x", (struct lc_pos){ "f", i + 1, 2 }), 0);
	assert_int_equal(placed.pos[8].line, 9);
	lc_words_free(&words);
	lc_words_free(&placed);
	assert_int_equal(words.n, 0);
	lc_words_free(&words);
}

/* Errors keep their file's name, come in its order, and stop at a bound that says so. */
static void test_errors(void **state)
{
	struct lc_errors errors = { 0 };
	char file[] = "b.yaml", last[24];

	(void)state;
	snprintf(last, sizeof(last), "error %d", LC_ERRORS_MAX - 1);
	for (int i = 0; i < 2 * LC_ERRORS_MAX; i++)
		lc_error_add(&errors, (struct lc_pos){ file, 2 * LC_ERRORS_MAX - i, 1 }, "error %d", i);
	lc_error_add(&errors, (struct lc_pos){ "a.yaml", 5, 1 }, "one too many");
	file[0] = '?';
	assert_int_equal(errors.n, LC_ERRORS_MAX + 1);
	lc_errors_sort(&errors);
	assert_string_equal(errors.list[0].pos.file, "b.yaml");
	assert_string_equal(errors.list[0].text, last);
	assert_string_equal(errors.list[LC_ERRORS_MAX - 1].text, "error 0");
	assert_string_equal(errors.list[LC_ERRORS_MAX].text, "more errors were left out");
	assert_null(errors.list[LC_ERRORS_MAX].pos.file);
	lc_errors_free(&errors);
	assert_int_equal(errors.n, 0);
}

static void test_numbers(void **state)
{
	struct lc_model *model = lc_model_new(), *next = lc_model_new();
	char id[16];

	(void)state;
	for (unsigned int i = 1; i <= 65535; i++) {
		snprintf(id, sizeof(id), "id-%u", i);
		assert_int_equal(lc_model_number(model, LC_REG_RULE, id), i);
	}
	assert_int_equal(lc_model_number(model, LC_REG_RULE, "id-77"), 77);
	assert_int_equal(lc_model_number(model, LC_REG_RULE, "one too many"), 0);
	assert_int_equal(lc_model_number(model, LC_REG_ASSET, "another registry"), 1);
	assert_string_equal(lc_model_id(model, LC_REG_RULE, 65535), "id-65535");
	assert_null(lc_model_id(model, LC_REG_RULE, 0));
	assert_null(lc_model_id(model, LC_REG_ASSET, 2));
	assert_int_equal(lc_model_inherit(next, model), 0);
	assert_int_equal(lc_model_number(next, LC_REG_RULE, "id-4711"), 4711);
	assert_int_equal(lc_model_number(next, LC_REG_ASSET, "new"), 2);
	assert_int_equal(lc_model_inherit(next, model), -EEXIST);
	lc_model_free(model);
	lc_model_free(next);
	lc_model_free(NULL);
}

static void test_lookup(void **state)
{
	struct lc_model *model = lc_model_new();
	struct lc_tenant *tenant = lc_grow(&model->tenants, &model->tenants_n, sizeof(*tenant));
	struct lc_asset_def *asset = lc_grow(&model->assets, &model->assets_n, sizeof(*asset));
	char *profile;

	(void)state;
	tenant->name = strdup("metro-pd");
	asset->name = strdup("cams");
	asset->kind = LC_KIND_BODY_WORN_CAMERA;
	assert_ptr_equal(lc_model_tenant(model, "metro-pd"), tenant);
	assert_ptr_equal(lc_model_asset(model, "cams"), asset);
	assert_null(lc_model_asset(model, "cam"));
	assert_null(lc_model_endpoint(model, "x"));
	assert_null(lc_model_clause(model, "x"));
	assert_null(lc_model_rule(model, "x"));
	profile = lc_profile_id(model, asset);
	assert_string_equal(profile, "metro-pd/body-worn-camera");
	free(profile);
	lc_model_free(model);
}

static void test_lists(void **state)
{
	(void)state;
	for (int list = 0; list < LC_LIST_MAX; list++) {
		for (unsigned int i = 0; i < lc_list_size(list); i++) {
			assert_int_equal(lc_word_value(list, lc_word(list, i)), i);
			assert_true(strlen(lc_word_help(list, i)) > 3);
		}
		assert_string_equal(lc_word(list, lc_list_size(list)), "?");
		assert_int_equal(lc_word_value(list, "?"), -1);
		assert_true(lc_list_size(list) <= 64);
	}
	assert_int_equal(lc_list_size(LC_LIST_REASON), LC_R_MAX);
	assert_int_equal(lc_list_size(LC_LIST_CONFIDENCE), LC_CONFIDENCE_MAX);
}

static void test_meanings(void **state)
{
	(void)state;
	assert_int_equal(lc_reason_scope(LC_R_MATCH), LC_SCOPE_ENDPOINT);
	assert_int_equal(lc_reason_scope(LC_R_NO_SNI), LC_SCOPE_FLOW);
	assert_int_equal(lc_reason_scope(LC_R_FRAGMENT), LC_SCOPE_PACKET);
	assert_int_equal(lc_reason_scope(LC_R_DECIDED), LC_SCOPE_COUNT);
	assert_true(lc_verdict_strictness(LC_V_DENY_RESET) > lc_verdict_strictness(LC_V_DENY_DROP));
	assert_int_equal(lc_word_set(LC_LIST_CLASS, "law-enforcement"),
			 1 << LC_CLASS_US_POLICE | 1 << LC_CLASS_FEDERAL_LE | 1 << LC_CLASS_FOREIGN_LE);
	assert_int_equal(lc_word_set(LC_LIST_KIND, "camera"),
			 1 << LC_KIND_BODY_WORN_CAMERA | 1 << LC_KIND_DASH_CAMERA | 1 << LC_KIND_MOBILE_CAMERA);
	assert_int_equal(lc_word_set(LC_LIST_KIND, "law-enforcement"), 0);
	assert_string_equal(lc_origin_word(LC_ORIGIN_POLICY), "policy");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grow),    cmocka_unit_test(test_words),  cmocka_unit_test(test_errors),
		cmocka_unit_test(test_numbers), cmocka_unit_test(test_lookup), cmocka_unit_test(test_lists),
		cmocka_unit_test(test_meanings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
