// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a pattern may look like, how patterns rank, and each pattern's way through the automaton, written from its last byte to
 * its first. Patterns that end alike share nodes. Never looks at a name: automaton.c and pack.c make what names walk over.
 */
#include <stdbool.h>
#include <string.h>
#include "automaton.h"
#include "pattern.h"

#define REGION "{aws-region}"
#define REGION_BYTES (sizeof(REGION) - 1)

#define CLASSES_DIGIT (LC_BIT(LC_C_A) - LC_BIT(LC_C_0))
#define CLASSES_LETTER (LC_BIT(LC_C_MAX) - LC_BIT(LC_C_A))
#define CLASSES_ANY (LC_BIT(LC_C_MAX) - LC_BIT(LC_C_DOT))
#define CLASSES_LABEL (CLASSES_ANY & ~LC_BIT(LC_C_DOT))

/* Tokens of a pattern: the class of a literal byte, or one of these. */
enum { TOKEN_LABEL = LC_C_MAX, TOKEN_DEEP, TOKEN_REGION };

struct lc_patterns {
	struct lc_nfa nfa;
	__u32 n;
};

static bool lc_label_is(const char *label, size_t bytes, const char *word)
{
	return bytes == strlen(word) && !memcmp(label, word, bytes);
}

static const char *lc_label_bytes_check(const char *label, size_t bytes)
{
	int stars = 0;

	for (size_t i = 0; i < bytes; i++) {
		if (label[i] == '*')
			stars++;
		else if (label[i] >= 'A' && label[i] <= 'Z')
			return "has an upper-case letter; names are compared in lower case, so write it in lower case";
		else if (lc_walk_class(label[i]) == LC_C_END)
			return "has a byte that no host name has; use a-z, 0-9, '-', '_', '.'";
	}
	return stars > 1 ? "has more than one \"*\" in a label" : NULL;
}

static const char *lc_label_check(const char *label, size_t bytes, bool first)
{
	if (!bytes)
		return "has an empty label; no dot at either end, no two dots in a row";
	if (bytes > LC_LABEL_MAX)
		return "has a label of more than 63 bytes";
	if (lc_label_is(label, bytes, "**"))
		return first ? NULL : "has \"**\" elsewhere than at its left end";
	if (label[0] == '{')
		return lc_label_is(label, bytes, REGION) ? NULL : "has a word in braces that is not a whole label \"" REGION "\"";
	return lc_label_bytes_check(label, bytes);
}

const char *lc_pattern_check(const char *pattern)
{
	const char *label = pattern, *why;
	size_t bytes;

	if (!*pattern)
		return "is empty";
	if (strlen(pattern) > LC_NAME_MAX)
		return "is longer than 253 bytes, the most that a host name has";
	if (!pattern[strspn(pattern, "*.")] && strchr(pattern, '*'))
		return "would match every name; end it with a label that is not \"*\"";
	for (;;) {
		bytes = strcspn(label, ".");
		why = lc_label_check(label, bytes, label == pattern);
		if (why)
			return why;
		if (!label[bytes])
			break;
		label += bytes + 1;
	}
	if (!pattern[strspn(pattern, "0123456789.")])
		return "has only digits and dots; an address is never asked for as a host name";
	return NULL;
}

/* Without "**" first, then more literal labels, then more literal bytes, then the one added first. Never 0. */
static __u64 lc_pattern_rank(const char *pattern, __u32 order)
{
	__u64 labels = 0, literal = 0, deep = !strncmp(pattern, "**", 2);
	size_t bytes;

	for (const char *label = pattern;; label += bytes + 1) {
		bytes = strcspn(label, ".");
		if (label[0] != '{') {
			labels += !memchr(label, '*', bytes);
			for (size_t i = 0; i < bytes; i++)
				literal += label[i] != '*';
		}
		if (!label[bytes])
			break;
	}
	return (!deep << 16 | labels << 8 | literal) << 32 | (~order & 0xffffffff);
}

/* The caller has made room for both of these. */
static void lc_edge_add(struct lc_nfa *nfa, __u32 from, __u64 classes, __u32 to)
{
	nfa->edges[nfa->edges_n] = (struct lc_edge){ classes, to, nfa->nodes[from].edges };
	nfa->nodes[from].edges = nfa->edges_n++;
}

static __u32 lc_node_add(struct lc_nfa *nfa, __u32 from, __u64 classes, __u32 token)
{
	nfa->nodes[nfa->nodes_n] = (struct lc_node){ .token = token };
	lc_edge_add(nfa, from, classes, nfa->nodes_n);
	return nfa->nodes_n++;
}

/*
 * ^(af|ap|ca|eu|eusc|il|me|mx|sa|us)(-[a-z]+)+-[0-9]{1,2}$ from its end: digits, then a word after each hyphen; after the
 * second hyphen the next may be a further word or the first of all.
 */
static __u32 lc_region_add(struct lc_nfa *nfa, __u32 from)
{
	static const char *const firsts[] = { "af", "ap", "ca", "eu", "eusc", "il", "me", "mx", "sa", "us" };
	__u64 hyphen = LC_BIT(LC_C_HYPHEN);
	__u32 digit = lc_node_add(nfa, from, CLASSES_DIGIT, 0), digit2 = lc_node_add(nfa, digit, CLASSES_DIGIT, 0);
	__u32 last = lc_node_add(nfa, digit, hyphen, 0), word = lc_node_add(nfa, last, CLASSES_LETTER, 0);
	__u32 inner = lc_node_add(nfa, word, hyphen, 0), end = lc_node_add(nfa, from, 0, TOKEN_REGION), at;

	lc_edge_add(nfa, digit2, hyphen, last);
	lc_edge_add(nfa, word, CLASSES_LETTER, word);
	lc_edge_add(nfa, inner, CLASSES_LETTER, word);
	for (size_t i = 0; i < sizeof(firsts) / sizeof(*firsts); i++) {
		at = inner;
		for (size_t left = strlen(firsts[i]) - 1; left; left--)
			at = lc_node_add(nfa, at, LC_BIT(lc_walk_class(firsts[i][left])), 0);
		lc_edge_add(nfa, at, LC_BIT(lc_walk_class(firsts[i][0])), end);
	}
	return end;
}

/* The node after a token, shared with the patterns that came this way before. */
static __u32 lc_token_add(struct lc_nfa *nfa, __u32 from, __u32 token)
{
	__u64 classes = token == TOKEN_DEEP ? CLASSES_ANY : token == TOKEN_LABEL ? CLASSES_LABEL : LC_BIT(token);
	__u32 to;

	for (__u32 e = nfa->nodes[from].edges; e; e = nfa->edges[e].next) {
		to = nfa->edges[e].to;
		if (nfa->nodes[to].token == token)
			return to;
	}
	if (token == TOKEN_REGION)
		return lc_region_add(nfa, from);
	to = lc_node_add(nfa, from, classes, token);
	if (token >= TOKEN_LABEL)
		lc_edge_add(nfa, to, classes, to);
	return to;
}

/* Take the token at the end of a checked pattern's first *bytes. */
static __u32 lc_token_take(const char *pattern, size_t *bytes)
{
	size_t n = *bytes;

	if (pattern[n - 1] == '}') {
		*bytes -= REGION_BYTES;
		return TOKEN_REGION;
	}
	if (n == 2 && pattern[0] == '*' && pattern[1] == '*') {
		*bytes = 0;
		return TOKEN_DEEP;
	}
	*bytes -= 1;
	return pattern[n - 1] == '*' ? TOKEN_LABEL : lc_walk_class(pattern[n - 1]);
}

int lc_patterns_add(struct lc_patterns *patterns, const char *pattern, __u32 value)
{
	struct lc_nfa *nfa = &patterns->nfa;
	size_t bytes = strlen(pattern);
	__u32 at = 0;
	__u64 rank;

	if (lc_pattern_check(pattern))
		return -EINVAL;
	/* A region, the dearest for its 12 bytes, takes 18 nodes and 30 edges. */
	if (lc_room(&nfa->nodes, &nfa->nodes_room, nfa->nodes_n + 3 * bytes, sizeof(*nfa->nodes)) ||
	    lc_room(&nfa->edges, &nfa->edges_room, nfa->edges_n + 3 * bytes, sizeof(*nfa->edges)))
		return -ENOMEM;
	while (bytes)
		at = lc_token_add(nfa, at, lc_token_take(pattern, &bytes));
	rank = lc_pattern_rank(pattern, patterns->n++);
	if (rank > nfa->nodes[at].rank) {
		nfa->nodes[at].rank = rank;
		nfa->nodes[at].value = value;
	}
	return 0;
}

struct lc_patterns *lc_patterns_new(void)
{
	struct lc_patterns *patterns = calloc(1, sizeof(*patterns));
	struct lc_nfa *nfa;

	if (!patterns)
		return NULL;
	nfa = &patterns->nfa;
	if (lc_room(&nfa->nodes, &nfa->nodes_room, 1, sizeof(*nfa->nodes)) ||
	    lc_room(&nfa->edges, &nfa->edges_room, 1, sizeof(*nfa->edges))) {
		lc_patterns_free(patterns);
		return NULL;
	}
	nfa->nodes[0] = (struct lc_node){ .rank = 0 };
	nfa->edges[0] = (struct lc_edge){ .next = 0 };
	nfa->nodes_n = nfa->edges_n = 1;
	return patterns;
}

void lc_patterns_free(struct lc_patterns *patterns)
{
	if (!patterns)
		return;
	free(patterns->nfa.nodes);
	free(patterns->nfa.edges);
	free(patterns);
}

int lc_patterns_build(const struct lc_patterns *patterns, struct lc_step **ret_steps, size_t *ret_n, __u32 *ret_start)
{
	struct lc_dfa dfa = { 0 };
	int err = lc_dfa_build(&patterns->nfa, &dfa);

	if (!err)
		err = lc_dfa_pack(&dfa, ret_steps, ret_n, ret_start);
	lc_dfa_free(&dfa);
	return err;
}
