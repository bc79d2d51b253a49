// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many commands from one file, one a line, up to the first that fails. Knows no command: main runs them.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"

#define LC_BATCH_LINE 65536          /* bytes; a longer line is an error */
#define LC_BATCH_WORDS 1024

/* The end of a word, its quotes taken out; NULL: a quote without its pair. Quotes of either kind hold blanks. */
static char *lc_batch_word(char **ret_end)
{
	char *from = *ret_end, *to = from, quote = 0;

	for (; *from && (quote || !isspace((unsigned char)*from)); from++) {
		if (quote ? *from == quote : *from == '"' || *from == '\'')
			quote = quote ? 0 : *from;
		else
			*to++ = *from;
	}
	if (quote)
		return NULL;
	*ret_end = *from ? from + 1 : from;
	*to = '\0';
	return to;
}

/* Words of a line up to a comment, in place. Their number, or LC_BATCH_WORDS: too many, or -1: a quote without its pair. */
static int lc_batch_split(char *line, char **words)
{
	int n = 0;

	for (;;) {
		line += strspn(line, " \t\r\n\v\f");
		if (!*line || *line == '#')
			break;
		words[n++] = line;
		if (n == LC_BATCH_WORDS)
			return n;
		if (!lc_batch_word(&line))
			return -1;
	}
	words[n] = NULL;
	return n;
}

static int lc_batch_line(char *line, size_t bytes)
{
	static char *words[LC_BATCH_WORDS + 1];
	int n;

	if (memchr(line, '\0', bytes))
		return lc_usage("a zero byte in the line");
	if (bytes == LC_BATCH_LINE - 1 && line[bytes - 1] != '\n')
		return lc_usage("a line longer than %d bytes", LC_BATCH_LINE - 2);
	n = lc_batch_split(line, words);
	if (n < 0 || n == LC_BATCH_WORDS)
		return lc_usage(n < 0 ? "a quote without its pair" : "more than 1023 words in the line");
	if (n && strlen(words[0]) && !strncmp(words[0], "batch", strlen(words[0])))
		return lc_usage("a batch within a batch");
	return n ? lc_run(n, words) : LC_DONE;
}

static int lc_batch_all(FILE *file, const char *name)
{
	static char line[LC_BATCH_LINE];
	int err = LC_DONE;
	char where[256];
	size_t bytes;

	for (unsigned int n = 1; !err && (bytes = lc_args_line(file, line, sizeof(line))); n++) {
		lc_command_set("batch", lc_batch_commands);
		snprintf(where, sizeof(where), "batch '%.200s' line %u: ", name, n);
		lc_out_where(where);
		err = lc_batch_line(line, bytes);
	}
	lc_out_where(NULL);
	lc_command_set("batch", lc_batch_commands);
	if (!err && ferror(file))
		err = lc_fail(name, -EIO, "cannot be read to its end");
	return err;
}

static int lc_batch_file(int argc, char **argv)
{
	bool standard = argc == 1 && !strcmp(*argv, "-");
	FILE *file;
	int err;

	if (lc_args_count(argc, 1, 1))
		return LC_USAGE;
	file = standard ? stdin : fopen(*argv, "re");
	if (!file)
		return lc_fail(*argv, -errno, NULL);
	err = lc_batch_all(file, *argv);
	if (!standard)
		fclose(file);
	return err;
}

const struct lc_command lc_batch_commands[] = {
	{ "file", lc_batch_file, "FILE|-", "run the commands in FILE, one a line, up to the first that fails; # begins a comment" },
	LC_COMMAND_HELP,
	{ NULL, NULL, NULL, NULL },
};
