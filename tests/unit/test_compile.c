// SPDX-License-Identifier: GPL-2.0-only
/* The tables of a generation: numbers that last, rows of assets, the shape of the verdict table, names looked up, bounds. */
#include <errno.h>

#include "build_model.h"

/* Two tenants, three profiles, addresses of each type, and what an older policy left in the registry. */
static struct lc_model *city(void)
{
	struct lc_model *model = lc_model_new();
	struct lc_asset_def *asset;

	lc_model_number(model, LC_REG_ENDPOINT, "OLD");
	lc_model_number(model, LC_REG_PROFILE, "gone/server");
	tenant_add(model, "pd", "US-WA", LC_CLASS_US_POLICE, LC_MODE_ENFORCE);
	tenant_add(model, "hall", "US-WA", LC_CLASS_MUNICIPAL, LC_MODE_ENFORCE);
	asset = asset_add(model, "cams", 0, LC_KIND_BODY_WORN_CAMERA);
	address_add(asset, (struct lc_address){ LC_ADDRESS_PREFIX4, 22, { 10, 20, 0, 0 }, { 0 } });
	address_add(asset, (struct lc_address){ LC_ADDRESS_PREFIX6, 48, { 0x20, 1, 0xd, 0xb8, 0, 0x20 }, { 0 } });
	asset = asset_add(model, "more-cams", 0, LC_KIND_BODY_WORN_CAMERA);
	address_add(asset, (struct lc_address){ LC_ADDRESS_MAC, 0, { 2, 0, 0x5e, 0x10, 0, 1 }, { 0 } });
	asset = asset_add(model, "desks", 1, LC_KIND_WORKSTATION);
	address_add(asset, (struct lc_address){ LC_ADDRESS_VLAN, 120, { 0 }, { 0 } });
	address_add(asset, (struct lc_address){ LC_ADDRESS_PREFIX4, 32, { 10, 1, 2, 3 }, { 0 } });
	endpoint_add(model, "REK", "rek.example.com", FACE);
	endpoint_add(model, "FRONT", "front.example.com", BIT(LC_CAPABILITY_OPAQUE));
	endpoint_add(model, "OWN", "rek.example.com", 0)->origin = LC_ORIGIN_POLICY;
	rule_add(model, &(struct rule){ "cams", RESET, .kinds = BODY, .capabilities = FACE });
	rule_add(model, &(struct rule){ "lost", DROP, .kinds = BODY, .reasons = 1ull << LC_R_NO_MATCH });
	return model;
}

static void test_assets(void **state)
{
	struct lc_model *model = city();
	struct lc_tables *t = compile(model);

	(void)state;
	assert_int_equal(t->conf.flags, LC_CONF_V4 | LC_CONF_V6 | LC_CONF_MAC | LC_CONF_VLAN);
	assert_int_equal(t->prefixes4_n, 2);
	assert_memory_equal(&t->prefixes4[0], (&(struct lc_row4){ { 22, { 10, 20, 0, 0 } }, { 2, 1 } }), sizeof(struct lc_row4));
	assert_memory_equal(&t->prefixes4[1], (&(struct lc_row4){ { 32, { 10, 1, 2, 3 } }, { 3, 3 } }), sizeof(struct lc_row4));
	assert_int_equal(t->prefixes6_n, 1);
	assert_memory_equal(&t->prefixes6[0], (&(struct lc_row6){ { 48, { 0x20, 1, 0xd, 0xb8, 0, 0x20 } }, { 2, 1 } }),
			    sizeof(struct lc_row6));
	assert_int_equal(t->macs_n, 1);
	assert_memory_equal(&t->macs[0], (&(struct lc_row_mac){ { { 2, 0, 0x5e, 0x10, 0, 1 }, { 0 } }, { 2, 2 } }),
			    sizeof(struct lc_row_mac));
	assert_int_equal(t->vlans_n, 1);
	assert_memory_equal(&t->vlans[0], (&(struct lc_row_vlan){ 120, { 3, 3 } }), sizeof(struct lc_row_vlan));
	lc_tables_free(t);
	lc_model_free(model);
}

static void test_shape(void **state)
{
	struct lc_model *model = city();
	struct lc_tables *t = compile(model);
	const struct lc_cell *row = t->cells + 2 * t->conf.columns;
	const struct lc_cell none = { .verdict = ALLOW, .wanted = ALLOW };

	(void)state;
	assert_int_equal(t->conf.profiles, 4);
	assert_int_equal(t->conf.columns, LC_REASON_COLUMNS + 5);
	assert_int_equal(t->cells_n, t->conf.profiles * t->conf.columns);
	assert_int_equal(t->conf.text_bytes, strlen(t->text));
	for (size_t i = 0; i < 2 * t->conf.columns; i++)     /* no profile, and one that is no more */
		assert_memory_equal(&t->cells[i], &none, sizeof(none));
	for (size_t i = LC_R_MAX; i < LC_REASON_COLUMNS; i++)
		assert_memory_equal(&row[i], &none, sizeof(none));
	/* an endpoint that is no more, and none */
	assert_int_equal(row[LC_R_NO_MATCH].verdict, DROP);
	assert_memory_equal(&row[LC_REASON_COLUMNS], &row[LC_R_NO_MATCH], sizeof(none));
	assert_memory_equal(&row[LC_REASON_COLUMNS + 1], &row[LC_R_NO_MATCH], sizeof(none));
	assert_int_equal(row[LC_REASON_COLUMNS + 2].verdict, RESET);
	assert_int_equal(decide(model, t, 2, &model->endpoints[0], LC_R_NONE).verdict, AUDIT);
	lc_tables_free(t);
	lc_model_free(model);
}

static void test_lookup(void **state)
{
	struct lc_model *model = city();
	struct lc_tables *t = compile(model);
	unsigned int number = 77, opaque = 0;

	(void)state;
	/* the agency's own before the catalogue's */
	assert_int_equal(lc_tables_lookup(t, (const __u8 *)"rek.example.com", 15, &number), LC_NAME_MATCH);
	assert_string_equal(lc_model_id(model, LC_REG_ENDPOINT, number), "OWN");
	assert_int_equal(lc_tables_lookup(t, (const __u8 *)"front.example.com", 17, &number), LC_NAME_MATCH);
	assert_string_equal(lc_model_id(model, LC_REG_ENDPOINT, number), "FRONT");
	number = 77;
	assert_int_equal(lc_tables_lookup(t, (const __u8 *)"example.com", 11, &number), LC_NAME_NO_MATCH);
	assert_int_equal(lc_tables_lookup(t, (const __u8 *)"..", 2, &number), LC_NAME_INVALID);
	assert_int_equal(number, 77);
	for (size_t i = 0; i < t->steps_n; i++)
		if (t->steps[i].owner == i && t->steps[i].next & LC_STEP_OPAQUE)
			opaque += 1000 + (t->steps[i].next & LC_STEP_ENDPOINT);
	assert_int_equal(opaque, 1000 + lc_model_number(model, LC_REG_ENDPOINT, "FRONT"));
	lc_tables_free(t);
	lc_model_free(model);
}

/* Numbers are given once: a second policy that inherits them keeps them. */
static void test_numbers(void **state)
{
	struct lc_model *model = city(), *next = lc_model_new();
	struct lc_tables *t = compile(model);

	(void)state;
	assert_int_equal(lc_model_inherit(next, model), 0);
	endpoint_add(next, "NEW", "new.example.com", 0);
	endpoint_add(next, "FRONT", "front.example.com", 0);
	tenant_add(next, "hall", NULL, LC_CLASS_MUNICIPAL, LC_MODE_ENFORCE);
	asset_add(next, "desks", 0, LC_KIND_WORKSTATION);
	lc_tables_free(t);
	t = compile(next);
	assert_string_equal(lc_model_id(next, LC_REG_ENDPOINT, 1), "OLD");
	assert_string_equal(lc_model_id(next, LC_REG_ENDPOINT, 3), "FRONT");
	assert_string_equal(lc_model_id(next, LC_REG_ENDPOINT, 5), "NEW");
	assert_string_equal(lc_model_id(next, LC_REG_PROFILE, 3), "hall/workstation");
	assert_int_equal(t->conf.profiles, 4);
	assert_int_equal(t->conf.columns, LC_REASON_COLUMNS + 6);
	assert_int_equal(lc_model_number(next, LC_REG_RULE, LC_RULE_MATCHED),
			 lc_model_number(model, LC_REG_RULE, LC_RULE_MATCHED));
	lc_tables_free(t);
	lc_model_free(model);
	lc_model_free(next);
}

static void fails(struct lc_model *model, int want, size_t errors_n, const char *text)
{
	struct lc_errors errors = { 0 };
	struct lc_tables *t = NULL;

	assert_int_equal(lc_compile(model, &errors, &t), want);
	assert_null(t);
	assert_int_equal(errors.n, errors_n);
	assert_non_null(strstr(errors.list[0].text, text));
	lc_errors_free(&errors);
	lc_model_free(model);
}

static void test_failures(void **state)
{
	struct lc_model *model = city();
	char text[32];

	(void)state;
	endpoint_add(model, "BAD1", "a..b", 0);
	endpoint_add(model, "BAD2", "**", 0)->origin = LC_ORIGIN_POLICY;
	fails(model, -EINVAL, 2, "endpoint 'BAD2': the pattern '**' would match every name");

	model = city();
	for (int i = 0; i < 65535; i++) {
		snprintf(text, sizeof(text), "e%d", i);
		lc_model_number(model, LC_REG_ENDPOINT, text);
	}
	fails(model, -E2BIG, 1, "all 65535 numbers of endpoints");

	model = city();
	for (int i = 0; i < 4000; i++) {
		snprintf(text, sizeof(text), "e%d", i);
		lc_model_number(model, LC_REG_ENDPOINT, text);
		lc_model_number(model, LC_REG_PROFILE, text);
	}
	fails(model, -E2BIG, 1, "verdict table: 4003 profiles and 4004 endpoints");
}

static void test_nothing(void **state)
{
	struct lc_model *model = lc_model_new();
	struct lc_tables *t = compile(model);
	unsigned int number;

	(void)state;
	assert_int_equal(t->conf.flags, 0);
	assert_int_equal(t->conf.profiles, 1);
	assert_int_equal(lc_tables_lookup(t, (const __u8 *)"a.com", 5, &number), LC_NAME_NO_MATCH);
	lc_tables_free(t);
	lc_tables_free(NULL);
	lc_model_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_assets),
		cmocka_unit_test(test_shape),
		cmocka_unit_test(test_lookup),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests_name("compile", tests, NULL, NULL);
}
