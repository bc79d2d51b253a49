// SPDX-License-Identifier: GPL-2.0-only
/*
 * "endpoint": which services there are, and which of them a host name is, found by the very automaton that the kernel walks.
 * Works without root and without a gate, on the shipped catalogue then; changes nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"

/* The policy in force, if it can be read. */
static struct lc_model *lc_endpoint_in_force(void)
{
	struct lc_model *model = NULL;
	struct lc_gate *gate = NULL;
	const char *why = NULL;

	if (lc_gate_open(lc_pin_dir(), &gate, &why))
		return NULL;
	if (lc_read_model(gate, &model, &why))
		model = NULL;
	lc_gate_free(gate);
	return model;
}

/* Of the file if one is named, else in force, else shipped. */
static int lc_endpoint_model(const char *path, struct lc_model **ret_model)
{
	*ret_model = path ? NULL : lc_endpoint_in_force();
	if (*ret_model)
		return LC_DONE;
	if (!path)
		lc_out_note("no gate that can be read in %s: this is the shipped catalogue", lc_pin_dir());
	return lc_open_policy(path, ret_model);
}

static json_t *lc_endpoint_json(const struct lc_endpoint *e)
{
	static const char *const origins[LC_ORIGIN_MAX] = {
		[LC_ORIGIN_BUILTIN] = "builtin", [LC_ORIGIN_CATALOGUE] = "catalogue",
		[LC_ORIGIN_PROFILE] = "profile", [LC_ORIGIN_POLICY] = "policy",
	};

	return json_pack("{s:s, s:s, s:s?, s:s?, s:o, s:s, s:s, s:b, s:s, s:s?, s:s?, s:s?}", "id", e->id, "pattern", e->pattern,
			 "provider", e->provider, "service", e->service, "capability",
			 lc_json_set(LC_LIST_CAPABILITY, e->capabilities), "cloud", lc_word(LC_LIST_CLOUD, e->cloud), "confidence",
			 lc_word(LC_LIST_CONFIDENCE, e->confidence), "shared", (int)e->shared, "origin", origins[e->origin],
			 "source", e->source, "revised", e->revised, "notes", e->notes);
}

struct lc_endpoint_filter { const char *id, *provider, *capability; int bit; };

static bool lc_endpoint_wanted(const struct lc_endpoint_filter *f, const struct lc_endpoint *e)
{
	if (f->id && strcasecmp(f->id, e->id))
		return false;
	if (f->provider && (!e->provider || strcasecmp(f->provider, e->provider)))
		return false;
	return !f->capability || e->capabilities >> f->bit & 1;
}

static int lc_endpoint_filter_args(int argc, char **argv, struct lc_endpoint_filter *filter, const char **ret_policy)
{
	const struct lc_keyword keywords[] = {
		{ "provider", &filter->provider, NULL },
		{ "capability", &filter->capability, NULL },
		{ "policy", ret_policy, NULL },
		{ NULL, NULL, NULL },
	};

	if (argc % 2) {
		filter->id = *argv++;
		argc--;
	}
	if (lc_args_keywords(argc, argv, keywords, NULL))
		return LC_USAGE;
	if (filter->capability)
		return lc_args_word(filter->capability, LC_LIST_CAPABILITY, "capability", &filter->bit);
	return LC_DONE;
}

static int lc_endpoint_show(int argc, char **argv)
{
	static const struct lc_column columns[] = {
		{ "id", "ID" }, { "pattern", "PATTERN" }, { "provider", "PROVIDER" }, { "service", "SERVICE" },
		{ "capability", "CAPABILITY" }, { "confidence", "CONFIDENCE" }, { NULL, NULL },
	};
	struct lc_endpoint_filter filter = { 0 };
	struct lc_model *model = NULL;
	const char *policy = NULL;
	json_t *array;
	int err;

	if (lc_endpoint_filter_args(argc, argv, &filter, &policy))
		return LC_USAGE;
	err = lc_endpoint_model(policy, &model);
	if (err)
		return err;
	array = json_array();
	for (size_t i = 0; i < model->endpoints_n; i++)
		if (lc_endpoint_wanted(&filter, &model->endpoints[i]))
			json_array_append_new(array, lc_endpoint_json(&model->endpoints[i]));
	if (filter.id && !json_array_size(array)) {
		err = lc_fail(filter.id, -ENOENT, "no such endpoint, 'endpoint show' lists all");
		json_decref(array);
	} else {
		lc_out_table(array, columns, "no endpoint is like that");
	}
	lc_model_free(model);
	return err;
}

struct lc_endpoint_finder {
	struct lc_model *model;
	struct lc_tables *tables;
};

static json_t *lc_endpoint_find(const struct lc_endpoint_finder *finder, const void *name, size_t bytes)
{
	static const char *const states[] = {
		[LC_NAME_MATCH] = "match", [LC_NAME_NO_MATCH] = "no-match", [LC_NAME_INVALID] = "invalid",
	};
	const struct lc_endpoint *e = NULL;
	unsigned int number = 0;
	enum lc_name_state state = lc_tables_lookup(finder->tables, name, bytes, &number);
	const char *id = NULL;

	if (state == LC_NAME_MATCH) {
		id = lc_model_id(finder->model, LC_REG_ENDPOINT, number);
		e = id ? lc_model_endpoint(finder->model, id) : NULL;
	}
	return json_pack("{s:o, s:s, s:s?, s:s?, s:s?, s:s?}", "name", lc_json_bytes(name, bytes), "state", states[state], "id", id,
			 "provider", e ? e->provider : NULL, "service", e ? e->service : NULL, "pattern", e ? e->pattern : NULL);
}

static const char *lc_endpoint_field(const json_t *answer, const char *key)
{
	const char *text = json_string_value(json_object_get(answer, key));

	return text ? text : "-";
}

static void lc_endpoint_print(const json_t *answer)
{
	const char *name = json_string_value(json_object_get(answer, "name"));
	const char *state = json_string_value(json_object_get(answer, "state"));
	const json_t *id = json_object_get(answer, "id");

	if (!json_is_string(id)) {
		lc_out_line("%s: %s", name, state);
		return;
	}
	lc_out_line("%s: %s %s, %s %s, by %s", name, state, json_string_value(id), lc_endpoint_field(answer, "provider"),
		    lc_endpoint_field(answer, "service"), lc_endpoint_field(answer, "pattern"));
}

static void lc_endpoint_tell(const struct lc_endpoint_finder *finder, char *name, size_t bytes)
{
	json_t *answer = lc_endpoint_find(finder, name, lc_args_unescape(name, bytes));

	if (lc_out_mode_get() == LC_OUT_PLAIN)
		lc_endpoint_print(answer);
	lc_out_array_add(answer);
}

#define LC_ENDPOINT_LINE 65536       /* bytes of an escaped name; what is longer is an error */

/* One name a line; an empty line is the empty name. */
static int lc_endpoint_tell_lines(const struct lc_endpoint_finder *finder)
{
	static char line[LC_ENDPOINT_LINE];
	size_t bytes;

	while ((bytes = lc_args_line(stdin, line, sizeof(line)))) {
		if (line[bytes - 1] == '\n')
			bytes--;
		else if (bytes == sizeof(line) - 1)
			return lc_fail("-", -EINVAL, "a line that is longer than 65534 bytes");
		lc_endpoint_tell(finder, line, bytes);
	}
	return ferror(stdin) ? lc_fail("-", -EIO, "cannot be read to its end") : LC_DONE;
}

/* One name: one object. Several, or "-": an array. */
static int lc_endpoint_answer(const struct lc_endpoint_finder *finder, int argc, char **argv)
{
	int err = LC_DONE;

	if (argc == 1 && strcmp(*argv, "-")) {
		json_t *answer = lc_endpoint_find(finder, *argv, lc_args_unescape(*argv, strlen(*argv)));

		if (!lc_out_json(answer))
			lc_endpoint_print(answer);
		json_decref(answer);
		return LC_DONE;
	}
	lc_out_array_begin();
	for (int i = 0; i < argc && !err; i++) {
		if (strcmp(argv[i], "-"))
			lc_endpoint_tell(finder, argv[i], strlen(argv[i]));
		else
			err = lc_endpoint_tell_lines(finder);
	}
	lc_out_array_end();
	return err;
}

static int lc_endpoint_lookup(int argc, char **argv)
{
	struct lc_endpoint_finder finder = { 0 };
	const char *policy = NULL;
	int err;

	if (argc > 1 && !strcmp(*argv, "policy")) {
		policy = argv[1];
		argc -= 2;
		argv += 2;
	}
	if (lc_args_count(argc, 1, -1))
		return LC_USAGE;
	err = lc_endpoint_model(policy, &finder.model);
	if (!err)
		err = lc_make_tables(finder.model, policy, &finder.tables);
	if (!err)
		err = lc_endpoint_answer(&finder, argc, argv);
	lc_tables_free(finder.tables);
	lc_model_free(finder.model);
	return err;
}

const struct lc_command lc_endpoint_commands[] = {
	{ "show", lc_endpoint_show, "[ID] [provider NAME] [capability WORD] [policy FILE]",
	  "list the endpoints of FILE, of the policy in force, or of the shipped catalogue" },
	{ "lookup", lc_endpoint_lookup, "[policy FILE] {NAME...|-}",
	  "say which endpoint a host name is; - reads one name a line; \\xNN is a byte" },
	LC_COMMAND_HELP,
	{ NULL, NULL, NULL, NULL },
};
