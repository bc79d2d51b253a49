/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the commands share: the table they are listed in, the grammar of their arguments, and the ways to the gate and to a
 * policy that explain themselves when they fail. A file holds one object's commands; none of them knows another.
 */
#ifndef LENSCAP_CMD_H
#define LENSCAP_CMD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "apply.h"
#include "compile.h"
#include "gate.h"
#include "model.h"
#include "names.h"
#include "out.h"
#include "parse.h"
#include "read.h"

enum lc_exit { LC_DONE, LC_FAILED, LC_USAGE };

/* The only source of help texts, and what man page and completion are checked against. A row with a NULL name ends a table. */
struct lc_command {
	const char *name;
	int (*run)(int argc, char **argv);   /* of the words after its name; enum lc_exit. NULL: prints the object's help */
	const char *usage;                   /* arguments; lower case is typed as it is */
	const char *help;
};

struct lc_object {
	const char *name;
	const struct lc_command *commands;
	const char *help;
};

#define LC_COMMAND_HELP { "help", NULL, "", "print this object's commands" }

extern const struct lc_command lc_gate_commands[], lc_asset_commands[], lc_endpoint_commands[], lc_policy_commands[],
	lc_counter_commands[], lc_event_commands[], lc_feature_commands[], lc_batch_commands[];

/* main.c: one command line without its options. */
int lc_run(int argc, char **argv);

/* args.c: the grammar */

/* Which row a word names: all of its name, or a beginning that no other row has. -1, explained; kind is for that. */
int lc_args_match(const char *word, const void *rows, size_t row_bytes, const char *kind);

struct lc_keyword {
	const char *name;
	const char **ret_value;              /* once; or, NULL, many times: */
	int (*add)(void *context, const char *keyword, const char *value);   /* enum lc_exit, explained */
};

/* Pairs of keyword and value up to the end. enum lc_exit. */
int lc_args_keywords(int argc, char **argv, const struct lc_keyword *keywords, void *context);
/* text NULL leaves *ret_number alone. enum lc_exit. */
int lc_args_number(const char *text, const char *what, unsigned int most, unsigned int *ret_number);
/* LC_USAGE where there are fewer or more words; most < 0: any number. */
int lc_args_count(int argc, int least, int most);
/* A word of a list, or explained. */
int lc_args_word(const char *text, enum lc_list list, const char *what, int *ret_value);
/* \xNN is a byte, as out prints it. In place; returns the number of bytes. */
size_t lc_args_unescape(char *text, size_t bytes);
/* Bytes of the next line, its newline included, at most - 1 of them; 0: no more. */
size_t lc_args_line(FILE *file, char *line, size_t most);

/* The command that runs, for messages. */
void lc_command_set(const char *object, const struct lc_command *command);
/* Explains what is wrong with the arguments, and what they should be. Returns LC_USAGE. */
int lc_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "gate attach 'eth0': why". why NULL: the words for err. object NULL: none. Returns LC_FAILED. */
int lc_fail(const char *object, int err, const char *why);
int lc_fail_errors(const char *object, const struct lc_errors *errors);      /* the same, for all that is wrong with a policy */

/* common.c: gate and policy. All of these return enum lc_exit and have explained what failed. */

void lc_pin_dir_set(const char *dir);
const char *lc_pin_dir(void);

int lc_open_gate(struct lc_gate **ret_gate);
/* Held until the gate is freed: who reads the policy to change it must not be overtaken. */
int lc_open_gate_locked(struct lc_gate **ret_gate);
int lc_open_model(const struct lc_gate *gate, struct lc_model **ret_model);
int lc_open_both(struct lc_gate **ret_gate, struct lc_model **ret_model);
/* From a file; path NULL: the shipped catalogue with profile balanced and no tenant. */
int lc_open_policy(const char *path, struct lc_model **ret_model);
int lc_make_tables(struct lc_model *model, const char *object, struct lc_tables **ret_tables);
int lc_put_in_force(struct lc_gate *gate, struct lc_tables *tables, const char *object, unsigned int *ret_generation);

unsigned long long lc_now_ms(void);                                  /* of a clock that only goes forward */
json_t *lc_json_time(__u64 realtime_ns);                             /* UTC, ISO 8601, milliseconds */
json_t *lc_json_words(const struct lc_words *words);
json_t *lc_json_set(enum lc_list list, __u64 bits);
/* Ids of a rule's clauses that bear on an endpoint (NULL: none) and a kind of asset (-1: any); empty: none, or no such rule. */
json_t *lc_json_clauses(const struct lc_model *model, const char *rule, const char *endpoint, int kind);
#define LC_BYTES_TEXT 24
void lc_bytes_format(__u64 bytes, char text[LC_BYTES_TEXT]);         /* "3.2 MiB" */

#endif
