// SPDX-License-Identifier: GPL-2.0-only
/*
 * "feature": what this kernel has of what lenscap uses, and what follows where it has not. Probing is the gate library's.
 */
#include <stddef.h>

#include "cmd.h"

/* needed: without it the gate does not load. tried: by a call that only root may make. */
static const struct {
	const char *name;
	size_t at;
	bool needed, tried;
	const char *missing;
} lc_feature_rows[] = {
	{ "root", offsetof(struct lc_features, root), true, false, "load, attach and read the gate as root" },
	{ "bpffs", offsetof(struct lc_features, bpffs), false, false, "'gate load' mounts it" },
	{ "btf", offsetof(struct lc_features, btf), true, false, "the gate does not load: use a kernel with CONFIG_DEBUG_INFO_BTF" },
	{ "ringbuf", offsetof(struct lc_features, ringbuf), true, true, "the gate does not load: use Linux 5.8 or later" },
	{ "loop", offsetof(struct lc_features, loop), true, true, "the gate does not load: use Linux 5.17 or later" },
	{ "tcx", offsetof(struct lc_features, tcx), false, true, "'gate attach' uses clsact" },
	{ "clsact", offsetof(struct lc_features, clsact), false, true, "'gate attach' needs tcx" },
	{ "jit", offsetof(struct lc_features, jit), false, false, "slow: echo 1 >/proc/sys/net/core/bpf_jit_enable" },
};

/* true, false, or null where that cannot be told without being root. */
static json_t *lc_feature_json_present(const struct lc_features *features, size_t row)
{
	if (lc_feature_rows[row].tried && !features->root)
		return json_null();
	return json_boolean(*(const bool *)((const char *)features + lc_feature_rows[row].at));
}

static int lc_feature_show(int argc, char **argv)
{
	static const struct lc_column columns[] = {
		{ "feature", "FEATURE" }, { "present", "PRESENT" }, { "needed", "NEEDED" }, { "if_missing", "IF MISSING" }, { NULL, NULL },
	};
	struct lc_features features;
	json_t *array;

	(void)argv;
	if (lc_args_count(argc, 0, 0))
		return LC_USAGE;
	lc_gate_features(&features);
	array = json_array();
	for (size_t i = 0; i < sizeof(lc_feature_rows) / sizeof(*lc_feature_rows); i++)
		json_array_append_new(array, json_pack("{s:s, s:o, s:b, s:s}", "feature", lc_feature_rows[i].name, "present",
						       lc_feature_json_present(&features, i), "needed",
						       (int)lc_feature_rows[i].needed, "if_missing", lc_feature_rows[i].missing));
	if (!features.root)
		lc_out_note("not root: what is '-' cannot be tried");
	lc_out_table(array, columns, "");
	return LC_DONE;
}

const struct lc_command lc_feature_commands[] = {
	{ "show", lc_feature_show, "", "print what this kernel has and what follows where it has not" },
	LC_COMMAND_HELP,
	{ NULL, NULL, NULL, NULL },
};
