// SPDX-License-Identifier: GPL-2.0-only
/*
 * "policy": tries a policy file without the kernel, puts it in force, shows what is in force, and runs captures through a
 * policy. A file with an error changes nothing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "replay.h"

static __attribute__((format(printf, 2, 3))) void lc_policy_warn(json_t *warnings, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	json_array_append_new(warnings, lc_json_text(text));
}

static void lc_policy_warn_tenants(const struct lc_model *model, json_t *warnings)
{
	for (size_t i = 0; i < model->tenants_n; i++) {
		const struct lc_tenant *tenant = &model->tenants[i];
		size_t assets = 0;

		for (size_t j = 0; j < model->assets_n; j++)
			assets += model->assets[j].tenant == i;
		if (!assets)
			lc_policy_warn(warnings, "tenant '%s' has no asset", tenant->name);
		if (tenant->mode == LC_MODE_MONITOR)
			lc_policy_warn(warnings, "tenant '%s' is in mode monitor: nothing is refused, refusals become audit", tenant->name);
	}
}

/* Rules of the file that won no cell of the verdict table. */
static void lc_policy_warn_rules(struct lc_model *model, const struct lc_tables *tables, json_t *warnings)
{
	bool *used = calloc(1 << 16, sizeof(*used));

	for (size_t i = 0; used && i < tables->cells_n; i++)
		used[tables->cells[i].rule] = true;
	for (size_t i = 0; used && i < model->rules_n; i++) {
		const struct lc_rule *rule = &model->rules[i];

		if (rule->origin == LC_ORIGIN_POLICY && !used[lc_model_number(model, LC_REG_RULE, rule->id)])
			lc_policy_warn(warnings, "rule '%s' decides nothing: it fits no asset, or stronger rules win", rule->id);
	}
	free(used);
}

/* Not wrong, and seldom meant. */
static json_t *lc_policy_warnings(struct lc_model *model, const struct lc_tables *tables)
{
	json_t *warnings = json_array();

	if (!model->assets_n)
		lc_policy_warn(warnings, "no asset: nothing is refused");
	lc_policy_warn_tenants(model, warnings);
	if (model->assets_n)
		lc_policy_warn_rules(model, tables, warnings);
	return warnings;
}

static json_t *lc_policy_json_counts(const struct lc_model *model, const char *file)
{
	return json_pack("{s:o, s:s, s:I, s:I, s:I, s:I, s:I}", "file", lc_json_text(file), "profile", model->profile, "tenants",
			 (json_int_t)model->tenants_n, "assets", (json_int_t)model->assets_n, "endpoints",
			 (json_int_t)model->endpoints_n, "rules", (json_int_t)model->rules_n, "clauses",
			 (json_int_t)model->clauses_n);
}

static void lc_policy_print_counts(const struct lc_model *model)
{
	lc_out_line("profile %s, %zu tenants, %zu assets, %zu endpoints, %zu rules, %zu clauses", model->profile, model->tenants_n,
		    model->assets_n, model->endpoints_n, model->rules_n, model->clauses_n);
}

static void lc_policy_print_list(const json_t *list, const char *before)
{
	const json_t *text;
	size_t i;

	json_array_foreach(list, i, text)
		lc_out_line("%s%s", before, json_string_value(text));
}

static int lc_policy_check(int argc, char **argv)
{
	struct lc_tables *tables = NULL;
	struct lc_model *model = NULL;
	json_t *value, *warnings;
	int err;

	if (lc_args_count(argc, 1, 1))
		return LC_USAGE;
	err = lc_open_policy(*argv, &model);
	if (!err)
		err = lc_make_tables(model, *argv, &tables);
	if (err)
		goto out;
	warnings = lc_policy_warnings(model, tables);
	value = lc_policy_json_counts(model, *argv);
	json_object_set(value, "warnings", warnings);
	if (!lc_out_json(value)) {
		lc_policy_print_list(warnings, "warning: ");
		lc_out_line("%s: no error", *argv);
		lc_policy_print_counts(model);
	}
	json_decref(value);
	json_decref(warnings);
out:
	lc_tables_free(tables);
	lc_model_free(model);
	return err;
}

/* Assets that are in force and not in the file: tagged now, not tagged after. */
static json_t *lc_policy_removed(const struct lc_model *model, const struct lc_model *running)
{
	json_t *array = json_array();

	for (size_t i = 0; running && i < running->assets_n; i++)
		if (!lc_model_asset(model, running->assets[i].name))
			json_array_append_new(array, json_string(running->assets[i].name));
	return array;
}

static void lc_policy_tell_load(const struct lc_gate *gate, const struct lc_model *model, const char *file, json_t *loaded)
{
	unsigned long long memory = lc_read_memory(gate);
	json_t *value = lc_policy_json_counts(model, file);
	char bytes[LC_BYTES_TEXT];

	json_object_set_new(value, "memory_bytes", json_integer(memory));
	json_object_update(value, loaded);
	if (!lc_out_json(value)) {
		lc_bytes_format(memory, bytes);
		lc_out_line("in force: %s as generation %lld, %lld ms, %s of kernel memory", file,
			    (long long)json_integer_value(json_object_get(value, "generation")),
			    (long long)json_integer_value(json_object_get(value, "ms")), bytes);
		lc_policy_print_counts(model);
		lc_policy_print_list(json_object_get(value, "removed_assets"), "no longer an asset: ");
	}
	json_decref(value);
}

/* Numbers of the policy in force are taken over, so that counters keep their names. */
static int lc_policy_inherit(const struct lc_gate *gate, struct lc_model *model, const char *file, json_t **ret_removed)
{
	struct lc_model *running = NULL;
	const char *why = NULL;
	int err = lc_read_model(gate, &running, &why);

	if (err && err != -ENOENT)
		return lc_fail(file, err, why);
	err = running ? lc_model_inherit(model, running) : 0;
	if (!err)
		*ret_removed = lc_policy_removed(model, running);
	lc_model_free(running);
	return err ? lc_fail(file, err, NULL) : LC_DONE;
}

static int lc_policy_load(int argc, char **argv)
{
	unsigned long long start_ms = lc_now_ms();
	struct lc_tables *tables = NULL;
	struct lc_model *model = NULL;
	struct lc_gate *gate = NULL;
	json_t *removed = NULL, *loaded;
	unsigned int generation;
	int err;

	if (lc_args_count(argc, 1, 1))
		return LC_USAGE;
	err = lc_open_policy(*argv, &model);
	if (!err)
		err = lc_open_gate_locked(&gate);
	if (!err)
		err = lc_policy_inherit(gate, model, *argv, &removed);
	if (!err)
		err = lc_make_tables(model, *argv, &tables);
	if (!err)
		err = lc_put_in_force(gate, tables, *argv, &generation);
	if (err)
		goto out;
	loaded = json_pack("{s:I, s:I, s:O}", "generation", (json_int_t)generation, "ms", (json_int_t)(lc_now_ms() - start_ms),
			   "removed_assets", removed);
	lc_policy_tell_load(gate, model, *argv, loaded);
	json_decref(loaded);
out:
	json_decref(removed);
	lc_tables_free(tables);
	lc_model_free(model);
	lc_gate_free(gate);
	return err;
}

/* {"kind": ["a", "b"]} as "kind=a|b". */
static json_t *lc_policy_match_text(const json_t *match)
{
	char *text = NULL;
	const char *key;
	json_t *value, *word, *ret;
	size_t bytes, i;
	FILE *to = open_memstream(&text, &bytes);

	if (!to)
		return NULL;
	json_object_foreach((json_t *)match, key, value) {
		fprintf(to, "%s%s=%s", ftell(to) ? " " : "", key, json_is_string(value) ? json_string_value(value) : "");
		json_array_foreach(value, i, word)
			fprintf(to, "%s%s", i ? "|" : "", json_string_value(word));
	}
	ret = fclose(to) ? NULL : json_string(bytes ? text : "anything");
	free(text);
	return ret;
}

/* The rules as rows whose match is one piece of text. */
static json_t *lc_policy_rule_rows(const json_t *rules)
{
	json_t *rows = json_array(), *rule;
	size_t i;

	json_array_foreach(rules, i, rule) {
		json_t *row = json_copy(rule);

		json_object_set_new(row, "match", lc_policy_match_text(json_object_get(rule, "match")));
		json_array_append_new(rows, row);
	}
	return rows;
}

/* The assets of all tenants, each with its tenant's name. */
static json_t *lc_policy_asset_rows(const json_t *tenants)
{
	json_t *rows = json_array(), *tenant, *asset;
	size_t i, j;

	json_array_foreach(tenants, i, tenant) {
		json_array_foreach(json_object_get(tenant, "assets"), j, asset) {
			json_t *row = json_copy(asset);

			json_object_set(row, "tenant", json_object_get(tenant, "name"));
			json_array_append_new(rows, row);
		}
	}
	return rows;
}

static void lc_policy_print(const json_t *policy)
{
	static const struct lc_column tenants[] = {
		{ "name", "TENANT" }, { "class", "CLASS" }, { "jurisdiction", "JURISDICTION" }, { "mode", "MODE" }, { NULL, NULL },
	};
	static const struct lc_column assets[] = {
		{ "name", "ASSET" }, { "tenant", "TENANT" }, { "kind", "KIND" }, { "prefix", "PREFIX" }, { "mac", "MAC" },
		{ "vlan", "VLAN" }, { NULL, NULL },
	};
	static const struct lc_column rules[] = {
		{ "id", "RULE" }, { "verdict", "VERDICT" }, { "origin", "FROM" }, { "clause", "CLAUSE" }, { "match", "MATCH" }, { NULL, NULL },
	};
	const json_t *defaults = json_object_get(policy, "default");
	json_t *asset_rows = lc_policy_asset_rows(json_object_get(policy, "tenants"));
	json_t *rule_rows = lc_policy_rule_rows(json_object_get(policy, "rules"));
	const char *matched = json_string_value(json_object_get(defaults, "matched"));
	const char *unmatched = json_string_value(json_object_get(defaults, "unmatched"));

	lc_out_line("%zu endpoints, %zu clauses; default: matched %s, unmatched %s",
		    json_array_size(json_object_get(policy, "endpoints")), json_array_size(json_object_get(policy, "clauses")),
		    matched ? matched : "-", unmatched ? unmatched : "-");
	lc_out_line("%s", "");
	lc_out_rows(json_object_get(policy, "tenants"), tenants, "no tenant");
	lc_out_line("%s", "");
	lc_out_rows(asset_rows, assets, "no asset");
	lc_out_line("%s", "");
	lc_out_rows(rule_rows, rules, "no rule");
	json_decref(rule_rows);
	json_decref(asset_rows);
}

static int lc_policy_show(int argc, char **argv)
{
	struct lc_model *model = NULL;
	struct lc_gate *gate = NULL;
	struct lc_conf conf = { 0 };
	json_t *policy = NULL, *loaded_at;
	char *text = NULL;
	int err;

	(void)argv;
	if (lc_args_count(argc, 0, 0))
		return LC_USAGE;
	err = lc_open_both(&gate, &model);
	if (err)
		return err;
	text = lc_model_text(model);
	policy = text ? json_loads(text, 0, NULL) : NULL;
	if (!policy || lc_read_conf(gate, &conf)) {
		err = lc_fail(NULL, -EIO, "the policy in force cannot be read, 'policy load' it again");
		goto out;
	}
	if (!lc_out_json(policy)) {
		loaded_at = lc_json_time(conf.loaded_ns);
		lc_out_line("profile %s, generation %u, loaded at %s", model->profile, conf.generation, json_string_value(loaded_at));
		json_decref(loaded_at);
		lc_policy_print(policy);
	}
out:
	json_decref(policy);
	free(text);
	lc_model_free(model);
	lc_gate_free(gate);
	return err;
}

static void lc_policy_progress(const char *capture, __u64 packets)
{
	if (isatty(STDERR_FILENO))
		lc_out_note("%s: %llu packets", capture, (unsigned long long)packets);
}

static void lc_policy_print_odd(json_t *counts, const char *what)
{
	const char *word;
	json_t *n;

	json_object_foreach(counts, word, n)
		if (json_integer_value(n))
			lc_out_line("  %lld packets %s: %s", (long long)json_integer_value(n), what, word);
}

static void lc_policy_print_capture(const json_t *capture)
{
	static const struct lc_column columns[] = {
		{ "packet", "PACKET" }, { "verdict", "VERDICT" }, { "reason", "REASON" }, { "asset", "ASSET" }, { "names", "NAMES" },
		{ "endpoint", "ENDPOINT" }, { "rule", "RULE" }, { "clause", "CLAUSE" }, { "proto", "PROTO" }, { "src", "SRC" },
		{ "sport", "SPORT" }, { "dst", "DST" }, { "dport", "DPORT" }, { NULL, NULL },
	};
	const json_t *flows = json_object_get(capture, "flows");

	lc_out_line("%s: %lld packets, %zu flows of assets", json_string_value(json_object_get(capture, "file")),
		    (long long)json_integer_value(json_object_get(capture, "packets")), json_array_size(flows));
	lc_policy_print_odd(json_object_get(capture, "skipped"), "not run");
	lc_policy_print_odd(json_object_get(capture, "altered"), "not run as they were");
	if (json_array_size(flows))
		lc_out_rows(flows, columns, "");
}

static void lc_policy_print_replay(const json_t *result)
{
	const json_t *capture, *error;
	size_t i;

	json_array_foreach(json_object_get(result, "captures"), i, capture) {
		if (i)
			lc_out_line("%s", "");
		lc_policy_print_capture(capture);
		error = json_object_get(capture, "error");
		if (error)
			lc_out_line("  not read to its end: %s", json_string_value(error));
	}
}

static int lc_policy_replay(int argc, char **argv)
{
	struct lc_replay replay = { .captures = (const char *const *)argv + 1, .captures_n = argc - 1,
				    .progress = lc_policy_progress };
	struct lc_model *model = NULL;
	const char *why = NULL;
	json_t *result = NULL;
	int err;

	if (lc_args_count(argc, 2, -1))
		return LC_USAGE;
	err = lc_open_policy(*argv, &model);
	if (!err)
		err = lc_make_tables(model, *argv, &replay.tables);
	if (err)
		goto out;
	replay.model = model;
	err = lc_replay(&replay, &result, &why);
	if (err < 0) {
		err = lc_fail(*argv, err, why);
		goto out;
	}
	if (!lc_out_json(result))
		lc_policy_print_replay(result);
	if (err) {
		lc_out_error("policy replay: %d of %d captures could not be read to the end", err, argc - 1);
		err = LC_FAILED;
	}
out:
	json_decref(result);
	lc_tables_free(replay.tables);
	lc_model_free(model);
	return err;
}

const struct lc_command lc_policy_commands[] = {
	{ "check", lc_policy_check, "FILE|-", "tell all that is wrong with a policy file, or what is in it" },
	{ "load", lc_policy_load, "FILE|-", "put a policy file in force; with an error in it nothing changes" },
	{ "show", lc_policy_show, "", "print the policy in force" },
	{ "replay", lc_policy_replay, "FILE|- CAPTURE...",
	  "run captures through the filter privately, with the policy in FILE, and print what is decided on which packet" },
	LC_COMMAND_HELP,
	{ NULL, NULL, NULL, NULL },
};
