// SPDX-License-Identifier: GPL-2.0-only
/* libfyaml's events to nodes. The only file that knows libfyaml; decides nothing about what a policy may say. */
#include <errno.h>
#include <libfyaml.h>
#include <stdlib.h>
#include <string.h>

#include "parse_yaml.h"

struct lc_yaml {
	struct lc_reading *r;
	struct fy_parser *parser;
	struct lc_node *root;
	struct lc_node *stack[LC_DEPTH_MAX];         /* open lists and maps, outermost first */
	struct lc_node *keys[LC_DEPTH_MAX];          /* of each open map: a key that waits for its value */
	int depth;
	int documents;
	bool stop;                                   /* an error after which the rest makes no sense */
};

struct lc_pos lc_node_pos(const struct lc_reading *r, const struct lc_node *node)
{
	return (struct lc_pos){ r->file, node ? node->line : 1, node ? node->column : 1 };
}

/* Depth is bounded by LC_DEPTH_MAX. */
void lc_node_free(struct lc_node *node)
{
	struct lc_node *next;

	for (; node; node = next) {
		next = node->next;
		lc_node_free(node->key);
		lc_node_free(node->first);
		free(node);
	}
}

static struct lc_node *lc_node_new(struct lc_yaml *y, struct fy_event *event, enum lc_node_type type, size_t bytes)
{
	const struct fy_mark *mark = fy_event_start_mark(event);
	struct lc_node *node = calloc(1, sizeof(*node) + bytes + 1);

	if (!node) {
		y->r->err = -ENOMEM;
		y->stop = true;
		return NULL;
	}
	node->type = type;
	if (mark) {
		node->line = mark->line + 1;
		node->column = mark->column + 1;
	}
	return node;
}

/* A node that the file does not show, an empty value, stands where its key or list does. */
static void lc_node_place(struct lc_node *node, const struct lc_node *by)
{
	if (!node->line) {
		node->line = by ? by->line : 1;
		node->column = by ? by->column : 1;
	}
}

static void lc_node_add(struct lc_yaml *y, struct lc_node *node)
{
	struct lc_node *parent = y->depth ? y->stack[y->depth - 1] : NULL;
	struct lc_node **key = y->depth ? &y->keys[y->depth - 1] : NULL;

	lc_node_place(node, key && *key ? *key : parent);
	if (!parent) {
		y->root = node;
		return;
	}
	if (parent->type == LC_NODE_MAP && !*key) {
		*key = node;
		return;
	}
	node->key = *key;
	*key = NULL;
	*(parent->last ? &parent->last->next : &parent->first) = node;
	parent->last = node;
	if (++parent->n > LC_LIST_MAX_N) {
		lc_node_error(y->r, node, "too many entries, expected at most %d", LC_LIST_MAX_N);
		y->stop = true;
	}
}

static bool lc_node_is_key(const struct lc_yaml *y)
{
	return y->depth && y->stack[y->depth - 1]->type == LC_NODE_MAP && !y->keys[y->depth - 1];
}

/* What libfyaml 0.7.12 reads, and reads wrong. */
static const struct {
	enum fy_scalar_style style;
	const char *raw, *what;
} lc_misread[] = {
	{ FYSS_SINGLE_QUOTED, "''''", "two quotes in a row in single quotes, expected the text in double quotes" },
	{ FYSS_DOUBLE_QUOTED, "\\\\\\\n", "a line broken behind a backslash, expected it broken elsewhere" },
};

static const char *lc_token_misread(const struct lc_reading *r, struct fy_token *token)
{
	const struct fy_mark *from = fy_token_start_mark(token), *to = fy_token_end_mark(token);
	const char *raw;

	if (!from || !to || to->input_pos > r->source->bytes || from->input_pos >= to->input_pos)
		return NULL;
	raw = r->source->text + from->input_pos;
	for (size_t i = 0; i < sizeof(lc_misread) / sizeof(*lc_misread); i++)
		if (lc_misread[i].style == fy_token_scalar_style(token) &&
		    memmem(raw, to->input_pos - from->input_pos, lc_misread[i].raw, strlen(lc_misread[i].raw)))
			return lc_misread[i].what;
	return NULL;
}

/* What YAML has, and a policy has no use for. */
static void lc_node_refuse(struct lc_yaml *y, struct fy_event *event, struct lc_node *node)
{
	const char *why = NULL;

	if (event->type == FYET_SCALAR && event->scalar.value)
		why = lc_token_misread(y->r, event->scalar.value);
	if (event->type == FYET_ALIAS)
		why = "an alias, expected the value itself";
	else if (fy_event_get_anchor_token(event))
		why = "an anchor, expected a value alone";
	else if (fy_event_get_tag_token(event))
		why = "a tag, expected a value alone";
	if (!why)
		return;
	node->bad = true;
	lc_node_error(y->r, node, "%s", why);
}

/*
 * The pieces of a token's text, one after the other, into text (NULL: nowhere). Their length, or -1. Not fy_token_get_text():
 * its buffer has the length that libfyaml foretold, which in 0.7.12 is wrong for some block scalars.
 */
static ssize_t lc_token_text(struct fy_token *token, char *text)
{
	struct fy_token_iter *iter = fy_token_iter_create(token);
	const struct fy_iter_chunk *chunk = NULL;
	ssize_t bytes = 0;
	int err = 0;

	if (!iter)
		return -1;
	while ((chunk = fy_token_iter_chunk_next(iter, chunk, &err))) {
		if (text)
			memcpy(text + bytes, chunk->str, chunk->len);
		bytes += chunk->len;
	}
	fy_token_iter_destroy(iter);
	return err ? -1 : bytes;
}

/* A scalar's node without its place; NULL: no memory. */
static struct lc_node *lc_scalar_new(struct lc_yaml *y, struct fy_event *event)
{
	struct fy_token *token = event->type == FYET_SCALAR ? event->scalar.value : NULL;
	enum fy_scalar_style style = token ? fy_token_scalar_style(token) : FYSS_ANY;
	bool marked = event->type == FYET_ALIAS || style == FYSS_DOUBLE_QUOTED || style == FYSS_SINGLE_QUOTED;
	ssize_t bytes = token ? lc_token_text(token, NULL) : 0;
	struct lc_node *node = bytes < 0 ? NULL : lc_node_new(y, event, LC_NODE_SCALAR, bytes);

	if (!node || (token && lc_token_text(token, node->text) != bytes)) {
		free(node);
		y->r->err = -ENOMEM;
		y->stop = true;
		return NULL;
	}
	node->n = bytes;
	node->column -= marked && node->column > 1;          /* libfyaml's mark is behind the quote or '*' */
	node->null = !token || (style == FYSS_PLAIN && (!bytes || !strcmp(node->text, "~") || !strcmp(node->text, "null")));
	return node;
}

static void lc_event_scalar(struct lc_yaml *y, struct fy_event *event)
{
	struct lc_node *node = lc_scalar_new(y, event);
	struct lc_pos pos;
	const char *why;

	if (!node)
		return;
	lc_node_add(y, node);
	lc_node_refuse(y, event, node);
	why = lc_utf8_check(node->text, node->n, false, &pos);
	if (!why || node->bad)
		return;
	node->bad = true;
	lc_node_error(y->r, node, "%s", why);
}

static void lc_event_open(struct lc_yaml *y, struct fy_event *event)
{
	struct lc_node *node = lc_node_new(y, event, event->type == FYET_MAPPING_START ? LC_NODE_MAP : LC_NODE_LIST, 0);
	bool key = lc_node_is_key(y);

	if (!node)
		return;
	lc_node_add(y, node);
	lc_node_refuse(y, event, node);
	if (key && !node->bad) {
		node->bad = true;
		lc_node_error(y->r, node, "a list or mapping as key, expected a word");
	}
	if (y->depth == LC_DEPTH_MAX) {
		lc_node_error(y->r, node, "nested too deep, expected at most %d levels", LC_DEPTH_MAX);
		y->stop = true;
		return;
	}
	y->keys[y->depth] = NULL;
	y->stack[y->depth++] = node;
}

static void lc_event_document(struct lc_yaml *y, struct fy_event *event)
{
	const struct fy_mark *mark = fy_event_start_mark(event);
	struct lc_node here = { .line = mark ? mark->line + 1 : 1, .column = mark ? mark->column + 1 : 1 };

	if (++y->documents == 1)
		return;
	lc_node_error(y->r, &here, "a second document, expected one");
	y->stop = true;
}

static void lc_event(struct lc_yaml *y, struct fy_event *event)
{
	switch (event->type) {
	case FYET_DOCUMENT_START:
		lc_event_document(y, event);
		break;
	case FYET_MAPPING_START:
	case FYET_SEQUENCE_START:
		lc_event_open(y, event);
		break;
	case FYET_MAPPING_END:
	case FYET_SEQUENCE_END:
		y->depth--;
		break;
	case FYET_SCALAR:
	case FYET_ALIAS:
		lc_event_scalar(y, event);
		break;
	default:
		break;
	}
}

/* The parser stops at its first error; what was open there tells most about the cause. */
static void lc_yaml_errors(struct lc_yaml *y, struct fy_diag *diag)
{
	const struct lc_node *open = y->depth ? y->stack[y->depth - 1] : NULL;
	struct fy_diag_error *error;
	void *prev = NULL;
	bool said = false;

	while ((error = fy_diag_errors_iterate(diag, &prev))) {
		struct lc_node here = { .line = error->line, .column = error->column };

		if (error->type != FYET_ERROR)
			continue;
		if (open)
			lc_node_error(y->r, &here, "not YAML: %s, inside the %s that begins at %d:%d, expected valid YAML",
				      error->msg, open->type == LC_NODE_MAP ? "mapping" : "list", open->line, open->column);
		else
			lc_node_error(y->r, &here, "not YAML: %s, expected valid YAML", error->msg);
		said = true;
	}
	if (!said)
		lc_node_error(y->r, open, "not YAML, expected the rest of what begins here in valid YAML");
}

static void lc_yaml_events(struct lc_yaml *y)
{
	struct fy_event *event;

	while (!y->stop && (event = fy_parser_parse(y->parser))) {
		lc_event(y, event);
		fy_parser_event_free(y->parser, event);
	}
}

static void lc_yaml_close(struct lc_yaml *y)
{
	while (y->depth) {
		y->stack[--y->depth]->open = true;
		lc_node_free(y->keys[y->depth]);
	}
}

/* Bytes are bounded and are text, before a parser sees them. */
static bool lc_source_check(struct lc_reading *r)
{
	struct lc_node here = { .line = 1, .column = 1 };
	struct lc_pos pos;
	const char *why;

	if (r->source->bytes > LC_SOURCE_MAX) {
		lc_node_error(r, &here, "%zu bytes, expected at most %u", r->source->bytes, LC_SOURCE_MAX);
		return false;
	}
	why = lc_utf8_check(r->source->text, r->source->bytes, true, &pos);
	if (!why)
		return true;
	here.line = pos.line;
	here.column = pos.column;
	lc_node_error(r, &here, "%s", why);
	return false;
}

void lc_yaml_read(struct lc_reading *r, struct lc_node **ret_root)
{
	struct fy_diag_cfg quiet = { .level = FYET_ERROR, .module_mask = ~0u };
	struct lc_yaml y = { .r = r };
	struct fy_parse_cfg cfg = { .flags = FYPCF_JSON_NONE };

	*ret_root = NULL;
	if (!lc_source_check(r))
		return;
	cfg.diag = fy_diag_create(&quiet);
	if (cfg.diag)
		fy_diag_set_collect_errors(cfg.diag, true);
	y.parser = cfg.diag ? fy_parser_create(&cfg) : NULL;
	if (!y.parser || fy_parser_set_string(y.parser, r->source->bytes ? r->source->text : "", r->source->bytes)) {
		r->err = -ENOMEM;
		goto out;
	}
	lc_yaml_events(&y);
	if (!y.stop && fy_parser_get_stream_error(y.parser))
		lc_yaml_errors(&y, cfg.diag);
	lc_yaml_close(&y);
	*ret_root = y.root;
out:
	fy_parser_destroy(y.parser);
	fy_diag_destroy(cfg.diag);
}
