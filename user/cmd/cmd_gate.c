// SPDX-License-Identifier: GPL-2.0-only
/*
 * "gate": loads the filter with a policy in force, attaches it, shows what is pinned, takes it away. All that outlives the
 * command is pinned; the gate library does it, this file says it.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"

#define LC_GATE_ENTRIES_MAX (1u << 26)
#define LC_GATE_EVENTS_MAX (1u << 30)

struct lc_gate_plan {
	const char *policy;
	struct lc_gate_sizes sizes;
	struct lc_model *model;
	struct lc_tables *tables;
	unsigned long long start_ms;
};

static int lc_gate_load_args(int argc, char **argv, struct lc_gate_plan *plan)
{
	const char *flows = NULL, *hellos = NULL, *events = NULL;
	const struct lc_keyword keywords[] = {
		{ "flows", &flows, NULL },
		{ "hellos", &hellos, NULL },
		{ "events", &events, NULL },
		{ "policy", &plan->policy, NULL },
		{ NULL, NULL, NULL },
	};

	if (lc_args_keywords(argc, argv, keywords, NULL) ||
	    lc_args_number(flows, "flows", LC_GATE_ENTRIES_MAX, &plan->sizes.flows) ||
	    lc_args_number(hellos, "hellos", LC_GATE_ENTRIES_MAX, &plan->sizes.hellos) ||
	    lc_args_number(events, "events", LC_GATE_EVENTS_MAX, &plan->sizes.events_bytes))
		return LC_USAGE;
	return LC_DONE;
}

static void lc_gate_tell_load(const struct lc_gate *gate, const struct lc_gate_plan *plan, unsigned int generation)
{
	const struct lc_model *model = plan->model;
	__u64 memory = lc_read_memory(gate);
	unsigned long long ms = lc_now_ms() - plan->start_ms;
	char bytes[LC_BYTES_TEXT];
	json_t *value = json_pack("{s:o, s:I, s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "pin_dir", lc_json_text(lc_pin_dir()), "generation",
				  (json_int_t)generation, "profile", model->profile, "tenants", (json_int_t)model->tenants_n,
				  "assets", (json_int_t)model->assets_n, "endpoints", (json_int_t)model->endpoints_n, "rules",
				  (json_int_t)model->rules_n, "ms", (json_int_t)ms, "memory_bytes", (json_int_t)memory);

	if (!lc_out_json(value)) {
		lc_bytes_format(memory, bytes);
		lc_out_line("loaded in %llu ms, %s of kernel memory, pinned in %s", ms, bytes, lc_pin_dir());
		lc_out_line("policy: profile %s, %zu tenants, %zu assets, %zu endpoints, %zu rules", model->profile,
			    model->tenants_n, model->assets_n, model->endpoints_n, model->rules_n);
		if (!model->assets_n)
			lc_out_line("no asset yet, so nothing is refused: 'lenscap policy load FILE'");
		lc_out_line("next: 'lenscap gate attach dev INTERFACE'");
	}
	json_decref(value);
}

/* With its policy in force it gets its name, or not at all. */
static int lc_gate_make(const struct lc_gate_plan *plan)
{
	struct lc_gate *gate = NULL;
	unsigned int generation;
	const char *why = NULL;
	int err = lc_gate_stage(lc_pin_dir(), &plan->sizes, &gate, &why);

	if (err)
		return lc_fail(lc_pin_dir(), err, why);
	err = lc_put_in_force(gate, plan->tables, plan->policy, &generation);
	if (!err) {
		err = lc_gate_publish(gate, &why);
		err = err ? lc_fail(lc_pin_dir(), err, why) : LC_DONE;
	}
	if (!err)
		lc_gate_tell_load(gate, plan, generation);
	lc_gate_free(gate);
	return err;
}

static int lc_gate_run_load(int argc, char **argv)
{
	struct lc_gate_plan plan = { .start_ms = lc_now_ms() };
	int err = lc_gate_load_args(argc, argv, &plan);

	if (!err)
		err = lc_open_policy(plan.policy, &plan.model);
	if (!err)
		err = lc_make_tables(plan.model, plan.policy, &plan.tables);
	if (!err)
		err = lc_gate_make(&plan);
	lc_tables_free(plan.tables);
	lc_model_free(plan.model);
	return err;
}

static int lc_gate_run_unload(int argc, char **argv)
{
	const char *why = NULL;
	int err;

	(void)argv;
	if (lc_args_count(argc, 0, 0))
		return LC_USAGE;
	err = lc_gate_unload(lc_pin_dir(), &why);
	if (err)
		return lc_fail(lc_pin_dir(), err, why);
	if (lc_out_mode_get() != LC_OUT_PLAIN)
		lc_out_object(json_pack("{s:o}", "unloaded", lc_json_text(lc_pin_dir())));
	lc_out_line("unloaded: %s is gone, its interfaces pass everything", lc_pin_dir());
	return LC_DONE;
}

/* "dev IF [hook H]". */
static int lc_gate_dev_args(int argc, char **argv, const char **ret_dev, const char **ret_hook)
{
	const struct lc_keyword keywords[] = {
		{ "dev", ret_dev, NULL },
		{ ret_hook ? "hook" : NULL, ret_hook, NULL },
		{ NULL, NULL, NULL },
	};

	if (lc_args_keywords(argc, argv, keywords, NULL))
		return LC_USAGE;
	return *ret_dev ? LC_DONE : lc_usage("'dev' is missing");
}

static const struct {
	const char *name;
	enum lc_hook hook;
} lc_hooks[] = {
	{ "auto", LC_HOOK_NONE },
	{ "tcx", LC_HOOK_TCX },
	{ "clsact", LC_HOOK_CLSACT },
	{ NULL, LC_HOOK_NONE },
};

static const char *lc_gate_hook_why(enum lc_hook asked, enum lc_hook got)
{
	struct lc_features features;

	if (asked != LC_HOOK_NONE)
		return "as asked";
	if (got == LC_HOOK_TCX)
		return "this kernel has tcx";
	lc_gate_features(&features);
	return features.tcx ? "tcx did not take it" : "this kernel has no tcx (6.6 and later have)";
}

static int lc_gate_run_attach(int argc, char **argv)
{
	const char *dev = NULL, *word = NULL, *why = NULL, *reason;
	struct lc_gate *gate = NULL;
	enum lc_hook hook;
	int i = 0, err;

	if (lc_gate_dev_args(argc, argv, &dev, &word))
		return LC_USAGE;
	if (word)
		i = lc_args_match(word, lc_hooks, sizeof(*lc_hooks), "hook");
	if (i < 0)
		return LC_USAGE;
	err = lc_open_gate(&gate);
	if (err)
		return err;
	err = lc_gate_attach(gate, dev, lc_hooks[i].hook, &hook, &why);
	lc_gate_free(gate);
	if (err)
		return lc_fail(dev, err, why);
	reason = lc_gate_hook_why(lc_hooks[i].hook, hook);
	if (lc_out_mode_get() != LC_OUT_PLAIN)
		lc_out_object(json_pack("{s:o, s:s, s:s}", "dev", lc_json_text(dev), "hook", lc_hook_word(hook), "why", reason));
	lc_out_line("attached to %s by %s: %s", dev, lc_hook_word(hook), reason);
	return LC_DONE;
}

static int lc_gate_run_detach(int argc, char **argv)
{
	const char *dev = NULL, *why = NULL;
	struct lc_attachment was;
	struct lc_gate *gate = NULL;
	bool forgotten;
	int err;

	if (lc_gate_dev_args(argc, argv, &dev, NULL))
		return LC_USAGE;
	err = lc_open_gate(&gate);
	if (err)
		return err;
	err = lc_gate_detach(gate, dev, &was, &why);
	lc_gate_free(gate);
	if (err)
		return lc_fail(dev, err, why);
	forgotten = was.where == LC_ELSEWHERE && was.hook == LC_HOOK_CLSACT;
	if (lc_out_mode_get() != LC_OUT_PLAIN)
		lc_out_object(json_pack("{s:o}", forgotten ? "forgotten" : "detached", lc_json_text(dev)));
	if (forgotten)
		lc_out_line("forgot %s: in its network namespace the filter stays until its interface goes", dev);
	else
		lc_out_line("detached from %s: it passes everything", dev);
	return LC_DONE;
}

static const char *const lc_wheres[] = { [LC_HERE] = "up", [LC_ELSEWHERE] = "elsewhere", [LC_GONE] = "gone" };

/* Null: could not be told, explained. */
static json_t *lc_gate_json_attachments(struct lc_gate *gate)
{
	struct lc_attachment *list = NULL;
	const char *why = NULL;
	json_t *array;
	size_t n = 0;
	int err = lc_gate_attachments(gate, &list, &n, &why);

	if (err) {
		lc_fail(lc_pin_dir(), err, why);
		return json_null();
	}
	array = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(array, json_pack("{s:o, s:I, s:s, s:s}", "dev", lc_json_text(list[i].ifname), "ifindex",
						       (json_int_t)list[i].ifindex, "hook", lc_hook_word(list[i].hook), "state",
						       lc_wheres[list[i].where]));
	free(list);
	return array;
}

static json_t *lc_gate_json_maps(const struct lc_gate *gate)
{
	json_t *array = json_array();

	for (enum lc_map map = 0; map < LC_MAP_MAX; map++) {
		struct bpf_map_info info = { 0 };
		__u32 bytes = sizeof(info);

		if (bpf_obj_get_info_by_fd(lc_gate_map(gate, map), &info, &bytes))
			continue;
		json_array_append_new(array, json_pack("{s:s, s:I, s:I}", "name", lc_gate_map_name(map), "id",
						       (json_int_t)info.id, "max_entries", (json_int_t)info.max_entries));
	}
	return array;
}

/* Nulls where no policy is in force. */
static json_t *lc_gate_json(struct lc_gate *gate)
{
	struct lc_model *model = NULL;
	struct lc_conf conf = { 0 };
	const char *why = NULL;
	json_t *value;

	if (!lc_read_conf(gate, &conf))
		lc_read_model(gate, &model, &why);
	value = json_pack("{s:o, s:i, s:I, s:s?, s:o, s:I, s:o, s:o}", "pin_dir", lc_json_text(lc_pin_dir()), "abi", LC_ABI, "generation",
			  (json_int_t)conf.generation, "profile", model ? model->profile : NULL, "loaded_at",
			  conf.generation ? lc_json_time(conf.loaded_ns) : json_null(), "memory_bytes",
			  (json_int_t)lc_read_memory(gate), "attachments", lc_gate_json_attachments(gate), "maps",
			  lc_gate_json_maps(gate));
	lc_model_free(model);
	return value;
}

static void lc_gate_print(const json_t *gate)
{
	static const struct lc_column attachments[] = {
		{ "dev", "DEV" }, { "ifindex", "IFINDEX" }, { "hook", "HOOK" }, { "state", "STATE" }, { NULL, NULL },
	};
	static const struct {
		const char *state, *says;
	} states[] = {
		{ "gone", "is gone, or has lost the filter: attach again when it is back" },
		{ "elsewhere", "is in another network namespace: detach it there" },
	};
	static const struct lc_column maps[] = { { "name", "MAP" }, { "id", "ID" }, { "max_entries", "MAX-ENTRIES" }, { NULL, NULL } };
	json_int_t generation = json_integer_value(json_object_get(gate, "generation"));
	const json_t *attached = json_object_get(gate, "attachments");
	char bytes[LC_BYTES_TEXT];
	const json_t *row;
	size_t i;

	lc_bytes_format(json_integer_value(json_object_get(gate, "memory_bytes")), bytes);
	lc_out_line("loaded: pinned in %s, %s of kernel memory", lc_pin_dir(), bytes);
	if (generation)
		lc_out_line("policy: generation %lld, profile %s, loaded at %s", (long long)generation,
			    json_string_value(json_object_get(gate, "profile")),
			    json_string_value(json_object_get(gate, "loaded_at")));
	else
		lc_out_line("policy: none in force, everything passes; 'lenscap policy load FILE'");
	lc_out_line("%s", "");
	if (!json_is_null(attached))
		lc_out_rows(attached, attachments, "attached to nothing: 'lenscap gate attach dev INTERFACE'");
	json_array_foreach(attached, i, row)
		for (size_t k = 0; k < sizeof(states) / sizeof(*states); k++)
			if (!strcmp(json_string_value(json_object_get(row, "state")), states[k].state))
				lc_out_line("%s %s", json_string_value(json_object_get(row, "dev")), states[k].says);
	lc_out_line("%s", "");
	lc_out_rows(json_object_get(gate, "maps"), maps, "no maps");
}

static int lc_gate_run_show(int argc, char **argv)
{
	struct lc_gate *gate = NULL;
	json_t *value;
	int err;

	(void)argv;
	if (lc_args_count(argc, 0, 0))
		return LC_USAGE;
	err = lc_open_gate(&gate);
	if (err)
		return err;
	value = lc_gate_json(gate);
	lc_gate_free(gate);
	err = json_is_null(json_object_get(value, "attachments")) ? LC_FAILED : LC_DONE;
	if (!lc_out_json(value))
		lc_gate_print(value);
	json_decref(value);
	return err;
}

const struct lc_command lc_gate_commands[] = {
	{ "load", lc_gate_run_load, "[flows N] [hellos N] [events BYTES] [policy FILE]",
	  "load the filter and pin it, with the policy in FILE or, without one, profile balanced and no tenant; N are table sizes" },
	{ "attach", lc_gate_run_attach, "dev IF [hook auto|tcx|clsact]", "filter what interface IF receives" },
	{ "detach", lc_gate_run_detach, "dev IF", "stop filtering on interface IF" },
	{ "show", lc_gate_run_show, "", "print what is pinned, attached and in force" },
	{ "unload", lc_gate_run_unload, "", "detach from all interfaces and take the filter out of the kernel" },
	LC_COMMAND_HELP,
	{ NULL, NULL, NULL, NULL },
};
