// SPDX-License-Identifier: GPL-2.0-only
/*
 * Options, the table of objects, help made from it, exit codes. Runs one command and holds no knowledge of any.
 */
#include <bpf/libbpf.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"

static int lc_version_show(int argc, char **argv);

static const struct lc_command lc_version_commands[] = {
	{ "show", lc_version_show, "", "print the versions of lenscap, its maps' layout and libbpf" },
	LC_COMMAND_HELP,
	{ NULL, NULL, NULL, NULL },
};

static const struct lc_object lc_objects[] = {
	{ "gate", lc_gate_commands, "the filter in the kernel: load it, attach it to interfaces" },
	{ "asset", lc_asset_commands, "the hosts that the policy is about" },
	{ "endpoint", lc_endpoint_commands, "the services that the policy is about, by host name" },
	{ "policy", lc_policy_commands, "who may reach what, and why" },
	{ "counter", lc_counter_commands, "how often what was decided" },
	{ "event", lc_event_commands, "what is decided, as it happens" },
	{ "feature", lc_feature_commands, "what this kernel has of what lenscap uses" },
	{ "version", lc_version_commands, "versions" },
	{ "batch", lc_batch_commands, "many commands from one file" },
	{ "help", NULL, "this list" },
	{ NULL, NULL, NULL },
};

static const struct {
	char letter;
	const char *name, *value, *help;
} lc_options[] = {
	{ 'j', "json", NULL, "print JSON, errors too" },
	{ 'p', "pretty", NULL, "print JSON, indented" },
	{ 'd', "debug", NULL, "print libbpf's log to standard error" },
	{ 'P', "pin-dir", "DIR", "use the gate pinned in DIR instead of " LC_PIN_DIR },
	{ 'V', "version", NULL, "print the version" },
	{ 'h', "help", NULL, "print this help" },
};
#define LC_OPTIONS (sizeof(lc_options) / sizeof(*lc_options))

static const char *lc_libbpf_version(void)
{
	const char *text = libbpf_version_string();

	return *text == 'v' ? text + 1 : text;
}

static int lc_version_show(int argc, char **argv)
{
	json_t *value;

	(void)argv;
	if (lc_args_count(argc, 0, 0))
		return LC_USAGE;
	value = json_pack("{s:s, s:i, s:s}", "version", LC_VERSION, "abi", LC_ABI, "libbpf", lc_libbpf_version());
	if (!lc_out_json(value))
		lc_out_line("lenscap %s, layout of maps %u, libbpf %s", LC_VERSION, LC_ABI, lc_libbpf_version());
	json_decref(value);
	return LC_DONE;
}

static void lc_help_commands(const struct lc_object *object)
{
	for (const struct lc_command *c = object->commands; c && c->name; c++) {
		lc_out_line("lenscap %s %s%s%s", object->name, c->name, *c->usage ? " " : "", c->usage);
		lc_out_line("        %s", c->help);
	}
}

static void lc_help_objects(void)
{
	lc_out_line("lenscap [OPTIONS] OBJECT { COMMAND | help }");
	lc_out_line("Words may be cut short where they stay unambiguous. 'lenscap OBJECT help' lists an object's commands.");
	lc_out_line("%s", "");
	for (const struct lc_object *o = lc_objects; o->name; o++)
		lc_out_line("  %-10s  %s", o->name, o->help);
	lc_out_line("%s", "");
	for (size_t i = 0; i < LC_OPTIONS; i++)
		lc_out_line("  -%c, --%-7s %-3s  %s", lc_options[i].letter, lc_options[i].name,
			    lc_options[i].value ? lc_options[i].value : "", lc_options[i].help);
}

/* object NULL: all. */
static json_t *lc_help_rows(const struct lc_object *object)
{
	json_t *rows = json_array();

	for (const struct lc_object *o = lc_objects; o->name; o++)
		for (const struct lc_command *c = o->commands; c && c->name && (!object || o == object); c++)
			json_array_append_new(rows, json_pack("{s:s, s:s, s:s, s:s}", "object", o->name, "command", c->name,
							      "usage", c->usage, "help", c->help));
	return rows;
}

static int lc_help(const struct lc_object *object)
{
	json_t *rows = lc_help_rows(object);

	if (!lc_out_json(rows)) {
		if (object)
			lc_help_commands(object);
		else
			lc_help_objects();
	}
	json_decref(rows);
	return LC_DONE;
}

/* Every word there is, for scripts/docs and for completion: object, command, usage, help; what is no object begins with ':'. */
static int lc_help_table(void)
{
	static const char *const lists[LC_LIST_MAX] = {
		[LC_LIST_VERDICT] = "verdict", [LC_LIST_REASON] = "reason", [LC_LIST_CLASS] = "class",
		[LC_LIST_KIND] = "kind", [LC_LIST_MODE] = "mode", [LC_LIST_CAPABILITY] = "capability",
		[LC_LIST_CLOUD] = "cloud", [LC_LIST_CONFIDENCE] = "confidence",
	};

	for (const struct lc_object *o = lc_objects; o->name; o++) {
		printf(":object\t%s\t\t%s\n", o->name, o->help);
		for (const struct lc_command *c = o->commands; c && c->name; c++)
			printf("%s\t%s\t%s\t%s\n", o->name, c->name, c->usage, c->help);
	}
	for (size_t i = 0; i < LC_OPTIONS; i++)
		printf(":option\t-%c\t--%s%s%s\t%s\n", lc_options[i].letter, lc_options[i].name, lc_options[i].value ? " " : "",
		       lc_options[i].value ? lc_options[i].value : "", lc_options[i].help);
	for (int list = 0; list < LC_LIST_MAX; list++)
		for (unsigned int i = 0; i < lc_list_size(list); i++)
			printf(":%s\t%s\t\t%s\n", lists[list], lc_word(list, i), lc_word_help(list, i));
	return LC_DONE;
}

static int lc_help_run(int argc, char **argv)
{
	int i;

	if (!argc)
		return lc_help(NULL);
	if (!strcmp(*argv, "--table"))
		return lc_help_table();
	i = lc_args_match(*argv, lc_objects, sizeof(*lc_objects), "object");
	if (i < 0)
		return LC_USAGE;
	return lc_help(lc_objects[i].commands ? &lc_objects[i] : NULL);
}

/* The command that a word names; without one, "show". NULL: explained. */
static const struct lc_command *lc_command_find(const struct lc_object *object, const char *word)
{
	char kind[32];
	int i;

	snprintf(kind, sizeof(kind), "%s command", object->name);
	if (word) {
		i = lc_args_match(word, object->commands, sizeof(*object->commands), kind);
		return i < 0 ? NULL : &object->commands[i];
	}
	for (i = 0; object->commands[i].name; i++)
		if (!strcmp(object->commands[i].name, "show"))
			return &object->commands[i];
	lc_usage("%s what? 'lenscap %s help' lists its commands", object->name, object->name);
	return NULL;
}

int lc_run(int argc, char **argv)
{
	const struct lc_command *command;
	const struct lc_object *object;
	int i;

	lc_command_set("", NULL);
	if (!argc)
		return lc_usage("no object; 'lenscap help' lists them");
	i = lc_args_match(*argv, lc_objects, sizeof(*lc_objects), "object");
	if (i < 0)
		return LC_USAGE;
	object = &lc_objects[i];
	if (!object->commands)
		return lc_help_run(argc - 1, argv + 1);
	command = lc_command_find(object, argv[1]);
	if (!command)
		return LC_USAGE;
	lc_command_set(object->name, command);
	return command->run ? command->run(argc > 2 ? argc - 2 : 0, argv + (argc > 2 ? 2 : argc)) : lc_help(object);
}

static int lc_debug_print(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	return vfprintf(stderr, format, args);
}

static void lc_options_getopt(struct option *ret_long, char *ret_short)
{
	*ret_short++ = '+';          /* options end where the object begins */
	for (size_t i = 0; i < LC_OPTIONS; i++) {
		ret_long[i] = (struct option){ lc_options[i].name, lc_options[i].value ? required_argument : no_argument, NULL,
					       lc_options[i].letter };
		*ret_short++ = lc_options[i].letter;
		if (lc_options[i].value)
			*ret_short++ = ':';
	}
}

/* enum lc_exit; what an option runs instead of a command goes to *ret_instead. */
static int lc_options_read(int argc, char **argv, const char **ret_instead)
{
	struct option longs[LC_OPTIONS + 1] = { 0 };
	char shorts[2 * LC_OPTIONS + 2] = "";
	int c;

	lc_options_getopt(longs, shorts);
	opterr = 0;
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		switch (c) {
		case 'j':
		case 'p':
			lc_out_mode_set(c == 'p' ? LC_OUT_PRETTY : LC_OUT_JSON);
			break;
		case 'd':
			libbpf_set_print(lc_debug_print);
			break;
		case 'P':
			lc_pin_dir_set(optarg);
			break;
		case 'V':
		case 'h':
			*ret_instead = c == 'V' ? "version" : "help";
			break;
		default:
			return lc_usage("option '%s' is unknown or lacks its value; 'lenscap help' lists them", argv[optind - 1]);
		}
	}
	return LC_DONE;
}

int main(int argc, char **argv)
{
	const char *dir = getenv("LENSCAP_PIN_DIR"), *instead = NULL;
	int ret;

	libbpf_set_print(NULL);      /* the library's errors are told by the commands, once */
	if (dir && *dir)
		lc_pin_dir_set(dir);
	ret = lc_options_read(argc, argv, &instead);
	if (!ret && instead)
		ret = lc_run(1, (char *[]){ (char *)instead, NULL });
	else if (!ret)
		ret = lc_run(argc - optind, argv + optind);
	if (lc_out_finish() && !ret)
		ret = LC_FAILED;
	return ret;
}
