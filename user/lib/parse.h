/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * YAML (and so JSON) to model, and back to the canonical text. One grammar serves catalogue, clauses, profiles, policy
 * files and the text that the gate keeps; they differ in which top-level keys they hold.
 */
#ifndef LENSCAP_PARSE_H
#define LENSCAP_PARSE_H

#include "model.h"

struct lc_source {
	const char *name;            /* for messages */
	const char *text;
	size_t bytes;
	enum lc_origin origin;       /* BUILTIN: canonical text of our own, the only one that may say "registry" and "origin" */
};

/*
 * Read one document into the model. All that is wrong with it goes to errors. 0, -EINVAL (errors were added), -ENOMEM.
 * Only shapes and words are checked here; what must hold between documents is checked by lc_model_check().
 */
int lc_parse(struct lc_model *model, const struct lc_source *source, struct lc_errors *errors);

/*
 * The policy file, and the shipped catalogue, clauses and profile beneath it, checked. "-" is standard input. A file that names
 * no profile builds on "balanced"; defaults that nobody names are audit (matched) and allow.
 * 0, -EINVAL (errors were added), -ENOMEM.
 */
int lc_parse_policy(const char *path, struct lc_errors *errors, struct lc_model **ret_model);

/* Duplicates, references to nothing, the same prefix on two assets, patterns, ... 0, -EINVAL (errors were added), -ENOMEM. */
int lc_model_check(const struct lc_model *model, struct lc_errors *errors);

/* The whole model as JSON that lc_parse() reads again to the same model, registry and origins included. NULL: no memory. */
char *lc_model_text(const struct lc_model *model);

/*
 * An address as assets hold it: "10.0.0.0/8", "2001:db8::/32", "02:00:5e:10:00:01", "vlan 120".
 * 0, or -EINVAL and *ret_why (until the next call).
 */
int lc_address_parse(const char *text, struct lc_address *ret_address, const char **ret_why);
void lc_address_format(const struct lc_address *address, char *text, size_t bytes);
#define LC_ADDRESS_TEXT 64

#endif
