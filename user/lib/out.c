/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Prints what commands have made: JSON, tables, lines, errors. Decides nothing about what is printed; makes sure only that no
 * control byte of a name or a file reaches a terminal, and that JSON stays JSON.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "out.h"

static enum lc_out_mode lc_mode;
static char lc_where[512];
static bool lc_array_first;

void lc_out_mode_set(enum lc_out_mode mode)
{
	lc_mode = mode;
}

enum lc_out_mode lc_out_mode_get(void)
{
	return lc_mode;
}

json_t *lc_json_bytes(const void *bytes, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *from = bytes;
	char *text = malloc(4 * n + 1), *to = text;
	json_t *ret;

	if (!text)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		if (from[i] >= ' ' && from[i] <= '~' && from[i] != '\\') {
			*to++ = from[i];
			continue;
		}
		*to++ = '\\';
		*to++ = 'x';
		*to++ = hex[from[i] >> 4];
		*to++ = hex[from[i] & 15];
	}
	ret = json_stringn(text, to - text);
	free(text);
	return ret;
}

json_t *lc_json_text(const char *text)
{
	json_t *ret = text ? json_string(text) : json_null();

	return ret ? ret : lc_json_bytes(text, strlen(text));
}

/* UTF-8 without its control characters: C0, DEL, and C1 (c2 80 to c2 9f). */
static void lc_put(FILE *to, const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		bool c1 = p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0;

		if (c1)
			p++;
		if (c1 || *p < ' ' || *p == 0x7f)
			fprintf(to, "\\x%02x", *p);
		else
			putc(*p, to);
	}
}

/* Any value as one piece of plain text. Lists lose their brackets. */
static void lc_put_value(FILE *to, const json_t *value)
{
	const json_t *element;
	size_t i;

	switch (value ? json_typeof(value) : JSON_NULL) {
	case JSON_NULL:
		putc('-', to);
		break;
	case JSON_STRING:
		lc_put(to, json_string_value(value));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		fputs(json_is_true(value) ? "yes" : "no", to);
		break;
	case JSON_ARRAY:
		if (!json_array_size(value))
			putc('-', to);
		json_array_foreach(value, i, element) {
			fputs(i ? "," : "", to);
			lc_put_value(to, element);
		}
		break;
	default:
		json_dumpf(value, to, JSON_ENCODE_ANY | JSON_ENSURE_ASCII | JSON_COMPACT);
	}
}

/* Caller frees; NULL without memory. */
static char *lc_value_text(const json_t *value)
{
	char *text = NULL;
	size_t n;
	FILE *to = open_memstream(&text, &n);

	if (!to)
		return NULL;
	lc_put_value(to, value);
	fclose(to);
	return text;
}

/* Characters, not bytes. */
static int lc_width(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}

static int lc_column_width(const json_t *array, const struct lc_column *column)
{
	int width = lc_width(column->heading);
	const json_t *row;
	size_t i;

	json_array_foreach(array, i, row) {
		char *text = lc_value_text(json_object_get(row, column->key));
		int n = text ? lc_width(text) : 0;

		width = n > width ? n : width;
		free(text);
	}
	return width;
}

/* One line of a table; row NULL: the headings. */
static void lc_put_row(const json_t *row, const struct lc_column *columns, const int *widths)
{
	for (int i = 0; columns[i].key; i++) {
		char *text = row ? lc_value_text(json_object_get(row, columns[i].key)) : strdup(columns[i].heading);
		int gap = columns[i + 1].key ? widths[i] - (text ? lc_width(text) : 0) + 2 : 0;

		printf("%s%*s", text ? text : "", gap, "");
		free(text);
	}
	putchar('\n');
}

void lc_out_rows(const json_t *array, const struct lc_column *columns, const char *nothing)
{
	int widths[32], n = 0;
	const json_t *row;
	size_t i;

	if (!json_array_size(array)) {
		lc_out_line("%s", nothing);
		return;
	}
	for (; columns[n].key && n < 32; n++)
		widths[n] = lc_column_width(array, &columns[n]);
	lc_put_row(NULL, columns, widths);
	json_array_foreach(array, i, row)
		lc_put_row(row, columns, widths);
}

static size_t lc_flags(void)
{
	return JSON_ENCODE_ANY | JSON_ENSURE_ASCII | (lc_mode == LC_OUT_PRETTY ? JSON_INDENT(2) : JSON_COMPACT);
}

bool lc_out_json(const json_t *value)
{
	if (lc_mode == LC_OUT_PLAIN)
		return false;
	json_dumpf(value, stdout, lc_flags());
	putchar('\n');
	return true;
}

void lc_out_table(json_t *array, const struct lc_column *columns, const char *nothing)
{
	if (!lc_out_json(array))
		lc_out_rows(array, columns, nothing);
	json_decref(array);
}

void lc_out_object(json_t *object)
{
	const char *key;
	json_t *value;

	if (lc_out_json(object))
		goto out;
	json_object_foreach(object, key, value) {
		lc_put(stdout, key);
		fputs(": ", stdout);
		lc_put_value(stdout, value);
		putchar('\n');
	}
out:
	json_decref(object);
}

void lc_out_array_begin(void)
{
	lc_array_first = true;
	if (lc_mode != LC_OUT_PLAIN)
		putchar('[');
}

void lc_out_array_add(json_t *value)
{
	if (lc_mode != LC_OUT_PLAIN) {
		fputs(lc_array_first ? "\n" : ",\n", stdout);
		json_dumpf(value, stdout, lc_flags());
		lc_array_first = false;
	}
	json_decref(value);
}

void lc_out_array_end(void)
{
	if (lc_mode != LC_OUT_PLAIN)
		puts(lc_array_first ? "]" : "\n]");
}

/* The formatted text as a JSON string, after before; NULL without memory. */
static __attribute__((format(printf, 2, 0))) json_t *lc_text(const char *before, const char *format, va_list args)
{
	char *text = NULL, *whole = NULL;
	json_t *ret = NULL;

	if (vasprintf(&text, format, args) < 0)
		return NULL;
	if (asprintf(&whole, "%s%s", before, text) >= 0) {
		ret = lc_json_text(whole);
		free(whole);
	}
	free(text);
	return ret;
}

/* A line of text to a stream, headed by prefix; to standard output or error in plain mode. */
static void lc_put_line(FILE *to, const char *prefix, const json_t *text)
{
	fputs(prefix, to);
	lc_put(to, text ? json_string_value(text) : "out of memory");
	putc('\n', to);
}

void lc_out_line(const char *format, ...)
{
	va_list args;
	json_t *text;

	if (lc_mode != LC_OUT_PLAIN)
		return;
	va_start(args, format);
	text = lc_text("", format, args);
	va_end(args);
	lc_put_line(stdout, "", text);
	json_decref(text);
}

void lc_out_note(const char *format, ...)
{
	va_list args;
	json_t *text;

	if (lc_mode != LC_OUT_PLAIN)
		return;
	va_start(args, format);
	text = lc_text("", format, args);
	va_end(args);
	fflush(stdout);
	lc_put_line(stderr, "lenscap: ", text);
	json_decref(text);
}

void lc_out_where(const char *where)
{
	snprintf(lc_where, sizeof(lc_where), "%s", where ? where : "");
}

/* "file:line:column: text", as compilers write and editors read it. */
static void lc_put_error(const json_t *error)
{
	static const struct {
		const char *key, *end;
	} parts[] = { { "file", ":" }, { "line", ":" }, { "column", ":" }, { "text", "\n" } };
	bool place = false;

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		const json_t *part = json_object_get(error, parts[i].key);

		if (!part)
			continue;
		fputs(place && i + 1 == sizeof(parts) / sizeof(*parts) ? " " : "", stderr);
		lc_put_value(stderr, part);
		fputs(parts[i].end, stderr);
		place = true;
	}
}

/* Steals both. */
static void lc_tell(json_t *text, json_t *list)
{
	const json_t *error;
	json_t *whole;
	size_t i;

	fflush(stdout);
	if (lc_mode == LC_OUT_PLAIN) {
		json_array_foreach(list, i, error)
			lc_put_error(error);
		lc_put_line(stderr, "lenscap: ", text);
	} else {
		whole = json_pack("{s:O?, s:O*}", "error", text, "errors", list);
		json_dumpf(whole, stderr, lc_flags());
		putc('\n', stderr);
		json_decref(whole);
	}
	json_decref(text);
	json_decref(list);
}

void lc_out_error(const char *format, ...)
{
	va_list args;
	json_t *text;

	va_start(args, format);
	text = lc_text(lc_where, format, args);
	va_end(args);
	lc_tell(text, NULL);
}

void lc_out_errors(json_t *list, const char *format, ...)
{
	va_list args;
	json_t *text;

	va_start(args, format);
	text = lc_text(lc_where, format, args);
	va_end(args);
	lc_tell(text, list);
}

int lc_out_finish(void)
{
	int err = 0;

	errno = 0;
	if (fflush(stdout) || ferror(stdout))
		err = errno ? -errno : -EIO;
	clearerr(stdout);
	if (err && err != -EPIPE)
		lc_out_error("standard output: %s; what was printed is not complete", strerror(-err));
	return err;
}
