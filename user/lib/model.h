/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The policy in memory: who (tenants, assets), what (endpoints), why (clauses), and the rules that join them.
 * Made by parse.c from files or from the running gate's text, turned into tables by compile.c. Owns all its strings.
 */
#ifndef LENSCAP_MODEL_H
#define LENSCAP_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include "lenscap.h"

struct lc_pos {
	const char *file;            /* owned by the model; in an error by the error, which outlives it */
	int line, column;            /* from 1; 0: nowhere in a file */
};

/* Errors of a file are gathered, so that all are told at once. */
struct lc_error { struct lc_pos pos; char *text; };
struct lc_errors { struct lc_error *list; size_t n; };
#define LC_ERRORS_MAX 10000          /* full: one last line says that more were left out */

void lc_error_add(struct lc_errors *errors, struct lc_pos pos, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void lc_errors_sort(struct lc_errors *errors);       /* by file, line, column; those of no file come last */
void lc_errors_free(struct lc_errors *errors);

struct lc_words {
	char **list;
	size_t n;
	struct lc_pos *pos;          /* of each, where it was read from a file; else NULL */
};

enum lc_origin { LC_ORIGIN_BUILTIN, LC_ORIGIN_CATALOGUE, LC_ORIGIN_PROFILE, LC_ORIGIN_POLICY, LC_ORIGIN_MAX };

struct lc_tenant {
	char *name;
	char *jurisdiction;          /* path, "US-WA"; NULL: not said */
	enum lc_class class;
	enum lc_mode mode;
	struct lc_pos pos;
};

enum lc_address_type { LC_ADDRESS_PREFIX4, LC_ADDRESS_PREFIX6, LC_ADDRESS_MAC, LC_ADDRESS_VLAN };

struct lc_address {
	enum lc_address_type type;
	unsigned int number;         /* prefix length or VLAN id */
	__u8 bytes[16];              /* network order, host bits zero; MAC in the first six */
	struct lc_pos pos;
};

struct lc_asset_def {
	char *name;                  /* unique in the whole policy */
	size_t tenant;               /* index in the model */
	enum lc_kind kind;
	struct lc_address *addresses;
	size_t addresses_n;
	struct lc_pos pos;
};

struct lc_endpoint {
	char *id, *pattern, *provider, *service;     /* the last two "": not said */
	char *source, *revised, *notes;      /* NULL: not said */
	__u32 capabilities;          /* bit per enum lc_capability */
	enum lc_cloud cloud;
	enum lc_confidence confidence;
	bool shared;                 /* text and pictures on one host name */
	enum lc_origin origin;
	struct lc_pos pos, pattern_pos;
};

/* "": not said. */
struct lc_clause {
	char *id, *vendor, *document, *text;
	char *class, *jurisdiction, *kind, *capability, *verdict;     /* its scope, in the words of the source */
	char *source, *confidence, *revised;
	struct lc_pos pos;
};

/* 0 or empty: anything. reasons and the endpoint's side exclude each other. */
struct lc_match {
	struct lc_words tenants, jurisdictions;
	__u32 classes, kinds;                        /* bit per enum */
	struct lc_words endpoints, providers, services;
	__u32 capabilities, clouds, confidences;     /* capabilities: any of them */
	__u64 reasons;
};

struct lc_rule {
	char *id;
	struct lc_match match;
	enum lc_verdict_id verdict;
	struct lc_words clauses;
	enum lc_origin origin;
	struct lc_pos pos;
};

/* Numbers that outlive a policy: number N is list[N - 1]. Ids are never taken out, so that old counters keep their names. */
enum lc_registry { LC_REG_PROFILE, LC_REG_ASSET, LC_REG_ENDPOINT, LC_REG_RULE, LC_REG_MAX };

struct lc_model {
	char *profile;               /* shipped profile it builds on: "balanced", ..., "none" */
	struct lc_words files;       /* owner of lc_pos.file */
	struct lc_tenant *tenants;       size_t tenants_n;
	struct lc_asset_def *assets;     size_t assets_n;
	struct lc_endpoint *endpoints;   size_t endpoints_n;
	struct lc_clause *clauses;       size_t clauses_n;
	struct lc_rule *rules;           size_t rules_n;
	enum lc_verdict_id matched, unmatched;       /* default; LC_V_UNDECIDED: not said yet */
	struct lc_pos matched_pos, unmatched_pos;
	struct lc_words registry[LC_REG_MAX];        /* added to by lc_model_number() and lc_model_inherit() alone */
	void *numbers[LC_REG_MAX];                   /* search tree over each */
};

/* Rules that a policy has without writing them; they are in the registry like any other. */
#define LC_RULE_MATCHED "default-matched"
#define LC_RULE_UNMATCHED "default-unmatched"
#define LC_RULE_ALLOW_LIST "mode-allow-list-only"

const char *lc_origin_word(enum lc_origin origin);

struct lc_model *lc_model_new(void);
void lc_model_free(struct lc_model *model);          /* takes NULL */

/* Add a zeroed element at the end of an array; NULL without memory. */
void *lc_grow(void *array_ptr, size_t *n, size_t size);
int lc_words_add(struct lc_words *words, const char *word);          /* 0 or -ENOMEM */
int lc_words_add_at(struct lc_words *words, const char *word, struct lc_pos pos);    /* all words of a list this way, or none */
bool lc_words_have(const struct lc_words *words, const char *word);
void lc_words_free(struct lc_words *words);

/* Look up by id or name; NULL: none. */
struct lc_tenant *lc_model_tenant(const struct lc_model *model, const char *name);
struct lc_asset_def *lc_model_asset(const struct lc_model *model, const char *name);
struct lc_endpoint *lc_model_endpoint(const struct lc_model *model, const char *id);
struct lc_clause *lc_model_clause(const struct lc_model *model, const char *id);
struct lc_rule *lc_model_rule(const struct lc_model *model, const char *id);

/* Number of an id, given one if it has none; 0: no memory, or more than 65535 ids. */
unsigned int lc_model_number(struct lc_model *model, enum lc_registry registry, const char *id);
const char *lc_model_id(const struct lc_model *model, enum lc_registry registry, unsigned int number);   /* NULL: unknown */
/* Take over the numbers that an older policy gave, before any new one is given. 0, -EEXIST (one was given), -ENOMEM. */
int lc_model_inherit(struct lc_model *model, const struct lc_model *older);

/*
 * Does a clause that a rule names bear on this endpoint (NULL: none) and kind of asset (-1: any)? Always, where an agency wrote the rule.
 * A shipped profile's rule names the clauses of many vendors: those of another vendor, or about another kind, bear on nothing here.
 */
bool lc_clause_bears(const struct lc_model *model, const struct lc_rule *rule, const char *clause, const struct lc_endpoint *endpoint,
		     int kind);

/* "tenant/kind": what verdict rows and counters are kept for. Caller frees. */
char *lc_profile_id(const struct lc_model *model, const struct lc_asset_def *asset);
int lc_profile_kind(const char *id);                 /* enum lc_kind; -1: NULL, or no profile's id */

#endif
