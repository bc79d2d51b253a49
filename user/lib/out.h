/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What commands print. A command makes one JSON value; out prints it as JSON (-j), indented (-p), or as the lines that
 * a layout describes. Errors go to standard error, as JSON too when JSON was asked for. No control byte leaves here raw.
 */
#ifndef LENSCAP_OUT_H
#define LENSCAP_OUT_H

#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>

enum lc_out_mode { LC_OUT_PLAIN, LC_OUT_JSON, LC_OUT_PRETTY };

void lc_out_mode_set(enum lc_out_mode mode);
enum lc_out_mode lc_out_mode_get(void);

/* A column of a plain table: a key of each object, and its heading. The last row's key is NULL. */
struct lc_column { const char *key; const char *heading; };

/* Print an array of objects: JSON as it is, plain as a table ("nothing" where it is empty). Steals value. */
void lc_out_table(json_t *array, const struct lc_column *columns, const char *nothing);
/* Print an object: JSON as it is, plain as "key: value" lines. Steals value. */
void lc_out_object(json_t *object);
/* One line of plain text, left out in JSON. */
void lc_out_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* For a command with a layout of its own. In a JSON mode: print value, true. Plain: false. */
bool lc_out_json(const json_t *value);
/* The plain table alone. */
void lc_out_rows(const json_t *array, const struct lc_column *columns, const char *nothing);
/* A JSON array too long to hold: begin, each value (stolen), end. Nothing in plain mode. */
void lc_out_array_begin(void);
void lc_out_array_add(json_t *value);
void lc_out_array_end(void);

/* "verb 'object': cause, next step". */
void lc_out_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same with what it sums up: objects {file, line, column, text}, of which all but text may be missing. Steals list. */
void lc_out_errors(json_t *list, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What precedes the error messages from now on, to say in which line of a batch it happened. NULL: nothing. */
void lc_out_where(const char *where);
/* A remark on standard error, left out in JSON. */
void lc_out_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* 0, or a negative errno where standard output did not take all; it tells so unless the reader has gone. */
int lc_out_finish(void);

/* A string of any bytes: printable ASCII as it is, the rest and backslash as \xNN, so that the JSON is valid and a terminal safe. */
json_t *lc_json_bytes(const void *bytes, size_t n);
/* A string that should be UTF-8, as it is; if it is not, as bytes. NULL: null. */
json_t *lc_json_text(const char *text);

#endif
