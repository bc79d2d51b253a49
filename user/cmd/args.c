// SPDX-License-Identifier: GPL-2.0-only
/*
 * The grammar of the command line: words that may be cut short, keywords with values, numbers, and the messages that tell
 * what was wrong. Never touches the gate or a policy.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"

static const char *lc_object_name = "";
static const struct lc_command *lc_command;

void lc_command_set(const char *object, const struct lc_command *command)
{
	lc_object_name = object;
	lc_command = command;
}

int lc_usage(const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (lc_command)
		lc_out_error("%s %s: %s; usage: lenscap %s %s%s%s", lc_object_name, lc_command->name, text, lc_object_name,
			     lc_command->name, *lc_command->usage ? " " : "", lc_command->usage);
	else
		lc_out_error("%s", text);
	return LC_USAGE;
}

/* What to do about an error for which the library had no words. */
static const struct {
	int err;
	const char *text;
} lc_remedies[] = {
	{ EPERM, "not permitted, run it as root" },
	{ EACCES, "not permitted, run it as root" },
	{ ENOMEM, "out of memory" },
};

static const char *lc_remedy(int err)
{
	for (size_t i = 0; i < sizeof(lc_remedies) / sizeof(*lc_remedies); i++)
		if (lc_remedies[i].err == -err)
			return lc_remedies[i].text;
	return strerror(-err);
}

/* "gate attach 'eth0'", or without the object. */
static void lc_subject(const char *object, char *text, size_t bytes)
{
	snprintf(text, bytes, object ? "%s %s '%s'" : "%s %s", lc_object_name, lc_command ? lc_command->name : "", object);
}

int lc_fail(const char *object, int err, const char *why)
{
	char subject[512];

	lc_subject(object, subject, sizeof(subject));
	lc_out_error("%s: %s", subject, why && *why ? why : lc_remedy(err));
	return LC_FAILED;
}

static json_t *lc_json_error(const struct lc_error *error)
{
	json_t *value = json_object();

	if (error->pos.file)
		json_object_set_new(value, "file", lc_json_text(error->pos.file));
	if (error->pos.file && error->pos.line) {
		json_object_set_new(value, "line", json_integer(error->pos.line));
		json_object_set_new(value, "column", json_integer(error->pos.column));
	}
	json_object_set_new(value, "text", lc_json_text(error->text));
	return value;
}

int lc_fail_errors(const char *object, const struct lc_errors *errors)
{
	char subject[512];
	json_t *list;

	lc_subject(object, subject, sizeof(subject));
	if (errors->n == 1 && !errors->list->pos.line) {
		lc_out_error("%s: %s; nothing was changed", subject, errors->list->text);
		return LC_FAILED;
	}
	list = json_array();
	for (size_t i = 0; i < errors->n; i++)
		json_array_append_new(list, lc_json_error(&errors->list[i]));
	lc_out_errors(list, "%s: %zu error%s, nothing was changed", subject, errors->n, errors->n == 1 ? "" : "s");
	return LC_FAILED;
}

static const char *lc_row_name(const void *rows, size_t row_bytes, int row)
{
	return *(const char *const *)((const char *)rows + row * row_bytes);
}

/* All rows that begin with word; all: every row. */
static void lc_candidates(const char *word, const void *rows, size_t row_bytes, char *text, size_t bytes)
{
	const char *name;
	size_t used = 0;

	*text = '\0';
	for (int i = 0; (name = lc_row_name(rows, row_bytes, i)) && used < bytes; i++)
		if (!strncmp(word, name, strlen(word)))
			used += snprintf(text + used, bytes - used, "%s%s", used ? ", " : "", name);
}

int lc_args_match(const char *word, const void *rows, size_t row_bytes, const char *kind)
{
	int found = -1, n = 0;
	const char *name;
	char list[256];

	for (int i = 0; (name = lc_row_name(rows, row_bytes, i)); i++) {
		if (!strcmp(word, name))
			return i;
		if (*word && !strncmp(word, name, strlen(word))) {
			found = i;
			n++;
		}
	}
	if (n == 1)
		return found;
	lc_candidates(n ? word : "", rows, row_bytes, list, sizeof(list));
	lc_usage("%s '%s' is %s: %s", kind, word, n ? "ambiguous" : "unknown, not one of", list);
	return -1;
}

int lc_args_keywords(int argc, char **argv, const struct lc_keyword *keywords, void *context)
{
	for (; argc > 0; argc -= 2, argv += 2) {
		int i = lc_args_match(*argv, keywords, sizeof(*keywords), "keyword"), err;
		const struct lc_keyword *keyword = &keywords[i];

		if (i < 0)
			return LC_USAGE;
		if (argc < 2)
			return lc_usage("'%s' lacks its value", keyword->name);
		if (!keyword->ret_value) {
			err = keyword->add(context, keyword->name, argv[1]);
			if (err)
				return err;
		} else if (*keyword->ret_value) {
			return lc_usage("'%s' is there twice", keyword->name);
		} else {
			*keyword->ret_value = argv[1];
		}
	}
	return LC_DONE;
}

int lc_args_number(const char *text, const char *what, unsigned int most, unsigned int *ret_number)
{
	unsigned long long number;
	char *end;

	if (!text)
		return LC_DONE;
	errno = 0;
	number = strtoull(text, &end, 0);
	if (!isdigit((unsigned char)*text) || *end || errno || !number || number > most)
		return lc_usage("%s '%s' is no number from 1 to %u", what, text, most);
	*ret_number = number;
	return LC_DONE;
}

int lc_args_count(int argc, int least, int most)
{
	if (argc < least)
		return lc_usage("too few words");
	return most >= 0 && argc > most ? lc_usage("too many words") : LC_DONE;
}

int lc_args_word(const char *text, enum lc_list list, const char *what, int *ret_value)
{
	char words[512] = "";
	size_t used = 0;

	*ret_value = lc_word_value(list, text);
	if (*ret_value >= 0)
		return LC_DONE;
	for (unsigned int i = 0; i < lc_list_size(list) && used < sizeof(words); i++)
		used += snprintf(words + used, sizeof(words) - used, "%s%s", i ? ", " : "", lc_word(list, i));
	return lc_usage("%s '%s' is unknown, not one of: %s", what, text, words);
}

size_t lc_args_line(FILE *file, char *line, size_t most)
{
	size_t n = 0;
	int c;

	while (n < most - 1 && (c = getc(file)) != EOF) {
		line[n++] = c;
		if (c == '\n')
			break;
	}
	line[n] = '\0';
	return n;
}

static int lc_hex(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return at ? at - digits : -1;
}

size_t lc_args_unescape(char *text, size_t bytes)
{
	char *to = text, *end = text + bytes;

	for (const char *from = text; from < end;) {
		if (end - from >= 4 && from[0] == '\\' && from[1] == 'x' && lc_hex(from[2]) >= 0 && lc_hex(from[3]) >= 0) {
			*to++ = lc_hex(from[2]) << 4 | lc_hex(from[3]);
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	return to - text;
}
