// SPDX-License-Identifier: GPL-2.0-only
/*
 * "counter": how often what was decided about whom, and how many packets went which way. Counters outlive policies, so their
 * numbers are read through the registry, which forgets no id.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"

static json_t *lc_counter_json_one(const struct lc_model *model, const struct lc_counter *c)
{
	const char *rule = lc_model_id(model, LC_REG_RULE, c->key.rule), *profile = lc_model_id(model, LC_REG_PROFILE, c->key.profile);
	const char *endpoint = lc_model_id(model, LC_REG_ENDPOINT, c->key.endpoint);

	return json_pack("{s:s?, s:s?, s:s, s:s, s:s?, s:o, s:I, s:I, s:I}", "profile",
			 profile, "endpoint", endpoint, "verdict", lc_word(LC_LIST_VERDICT, c->key.verdict), "reason",
			 lc_word(LC_LIST_REASON, c->key.reason), "rule", rule, "clause",
			 lc_json_clauses(model, rule, endpoint, lc_profile_kind(profile)),
			 "flows", (json_int_t)c->count.flows, "packets", (json_int_t)c->count.packets, "bytes",
			 (json_int_t)c->count.bytes);
}

/* Busiest first, then by number, so that two looks are alike. */
static int lc_counter_order(const void *a, const void *b)
{
	const struct lc_counter *x = a, *y = b;

	if (x->count.flows != y->count.flows)
		return x->count.flows < y->count.flows ? 1 : -1;
	return memcmp(&x->key, &y->key, sizeof(x->key));
}

static json_t *lc_counter_json_decisions(const struct lc_gate *gate, const struct lc_model *model, int *ret_err)
{
	struct lc_counter *list = NULL;
	json_t *array = json_array();
	size_t n = 0;

	*ret_err = lc_read_counters(gate, &list, &n);
	if (*ret_err)
		return array;
	if (n)
		qsort(list, n, sizeof(*list), lc_counter_order);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(array, lc_counter_json_one(model, &list[i]));
	free(list);
	return array;
}

static json_t *lc_counter_json_totals(const struct lc_gate *gate, int *ret_err)
{
	struct lc_total totals[LC_R_MAX];
	json_t *array = json_array();

	*ret_err = lc_read_totals(gate, totals);
	for (int i = LC_R_NONE + 1; i < LC_R_MAX && !*ret_err; i++)
		json_array_append_new(array, json_pack("{s:s, s:I, s:I, s:s}", "reason", lc_word(LC_LIST_REASON, i), "packets",
						       (json_int_t)totals[i].packets, "bytes", (json_int_t)totals[i].bytes, "help",
						       lc_word_help(LC_LIST_REASON, i)));
	return array;
}

/* Plain text leaves out the reasons that nothing had. */
static json_t *lc_counter_without_zeros(const json_t *totals)
{
	json_t *array = json_array(), *row;
	size_t i;

	json_array_foreach(totals, i, row)
		if (json_integer_value(json_object_get(row, "packets")))
			json_array_append(array, row);
	return array;
}

static void lc_counter_print(const json_t *decisions, const json_t *totals)
{
	static const struct lc_column columns[] = {
		{ "profile", "PROFILE" }, { "endpoint", "ENDPOINT" }, { "verdict", "VERDICT" }, { "reason", "REASON" },
		{ "rule", "RULE" }, { "clause", "CLAUSE" }, { "flows", "FLOWS" }, { "packets", "STOPPED" },
		{ "bytes", "STOPPED-BYTES" }, { NULL, NULL },
	};
	static const struct lc_column reasons[] = {
		{ "reason", "REASON" }, { "packets", "PACKETS" }, { "bytes", "BYTES" }, { "help", "MEANING" }, { NULL, NULL },
	};
	json_t *seen = lc_counter_without_zeros(totals);

	lc_out_rows(decisions, columns, "nothing was decided yet");
	lc_out_line("%s", "");
	lc_out_rows(seen, reasons, "no packet came by");
	json_decref(seen);
}

static int lc_counter_show(int argc, char **argv)
{
	struct lc_model *model = NULL;
	struct lc_gate *gate = NULL;
	int err, err_decisions, err_totals;
	json_t *decisions, *totals, *value;

	(void)argv;
	if (lc_args_count(argc, 0, 0))
		return LC_USAGE;
	err = lc_open_both(&gate, &model);
	if (err)
		return err;
	decisions = lc_counter_json_decisions(gate, model, &err_decisions);
	totals = lc_counter_json_totals(gate, &err_totals);
	value = json_pack("{s:O, s:O}", "decisions", decisions, "totals", totals);
	if (err_decisions || err_totals)
		err = lc_fail(NULL, err_decisions ? err_decisions : err_totals, NULL);
	else if (!lc_out_json(value))
		lc_counter_print(decisions, totals);
	json_decref(value);
	json_decref(totals);
	json_decref(decisions);
	lc_model_free(model);
	lc_gate_free(gate);
	return err;
}

const struct lc_command lc_counter_commands[] = {
	{ "show", lc_counter_show, "", "print the decisions by who, what, verdict, reason and rule, and all packets by reason" },
	LC_COMMAND_HELP,
	{ NULL, NULL, NULL, NULL },
};
