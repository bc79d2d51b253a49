/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * YAML bytes to a small tree of our own, built from libfyaml's events, so that nothing of YAML that a policy has no use for
 * (anchors, aliases, tags, several documents, nesting without end) ever gets further than an error. For parse*.c alone.
 */
#ifndef LENSCAP_PARSE_YAML_H
#define LENSCAP_PARSE_YAML_H

#include "parse.h"

#define LC_SOURCE_MAX (64u << 20)    /* bytes; a canonical text is some ten times as long as the policy it was made of */
#define LC_DEPTH_MAX 16
#define LC_LIST_MAX_N 65535          /* entries of one list: numbers are 16 bits wide */

enum lc_node_type { LC_NODE_SCALAR, LC_NODE_LIST, LC_NODE_MAP };

struct lc_node {
	enum lc_node_type type;
	int line, column;            /* from 1 */
	bool bad;                    /* an error was added already: say no more about it */
	bool open;                   /* the file broke off inside it: keys may be missing */
	bool null;                   /* nothing, "~" or "null" */
	struct lc_node *key;         /* of a map's entry */
	struct lc_node *first, *last, *next;
	size_t n;                    /* entries, or bytes of text */
	char text[];                 /* of a scalar */
};

/* What a document is being read into. */
struct lc_reading {
	struct lc_model *model;
	const struct lc_source *source;
	struct lc_errors *errors;
	const char *file;            /* source->name, owned by the model */
	bool bad;                    /* there was an error */
	int err;                     /* -ENOMEM */
};

/* lc_parse(); *ret_cut: the document broke off, so that what comes behind is not in the model. */
int lc_parse_document(struct lc_model *model, const struct lc_source *source, struct lc_errors *errors, bool *ret_cut);

/* *ret_root is NULL where there was no document. Errors go to the reading; what was read before one is kept. */
void lc_yaml_read(struct lc_reading *r, struct lc_node **ret_root);
void lc_node_free(struct lc_node *node);

struct lc_pos lc_node_pos(const struct lc_reading *r, const struct lc_node *node);
#define lc_node_error(r, node, ...)                                                \
	do {                                                                       \
		(r)->bad = true;                                                   \
		lc_error_add((r)->errors, lc_node_pos(r, node), __VA_ARGS__);      \
	} while (0)

/* UTF-8 without what no policy needs: control and invisible characters. NULL, or what is wrong and where. */
const char *lc_utf8_check(const char *text, size_t bytes, bool raw, struct lc_pos *ret_pos);

#endif
