/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a host name is, byte by byte from its last to its first, and how the name automaton is walked. The kernel walks it
 * over a map, the command line over an array; both call these. Never touches a map, never looks at a whole name.
 * Rules: RFC 1035, 2.3.1 and 2.3.4, with '_' as found in use; A-Z lowered; one trailing dot removed; no IPv4 address.
 */
#ifndef LENSCAP_NAME_H
#define LENSCAP_NAME_H

#include "lenscap.h"

enum lc_name_state { LC_NAME_MATCH, LC_NAME_NO_MATCH, LC_NAME_INVALID };

struct lc_walk {
	__u32 state;                 /* of the automaton */
	__u8 label;                  /* bytes of the current label so far */
	__u8 bad;                    /* a byte or a label that no host name has */
	__u8 alpha;                  /* a byte that is neither digit nor dot */
	__u8 dead;                   /* no pattern can match any more */
	__u32 hash;                  /* of the classes, so that two names can be told apart without keeping either */
};

/* Class of a byte, LC_C_END for one that no name has. */
static inline __attribute__((always_inline)) __u32 lc_walk_class(__u8 byte)
{
	__u8 letter = (byte | 0x20) - 'a', digit = byte - '0';

	if (letter < 26)
		return LC_C_A + letter;
	if (digit < 10)
		return LC_C_0 + digit;
	return byte == '.' ? LC_C_DOT : byte == '-' ? LC_C_HYPHEN : byte == '_' ? LC_C_UNDERSCORE : LC_C_END;
}

/* Note one more byte; returns its class. */
static inline __attribute__((always_inline)) __u32 lc_walk_byte(struct lc_walk *w, __u8 byte)
{
	__u32 class = lc_walk_class(byte);

	w->hash = (w->hash ^ class) * 0x01000193;    /* FNV-1a, 32 bits */
	if (class == LC_C_DOT) {
		w->bad |= !w->label;
		w->label = 0;
		return class;
	}
	w->bad |= class == LC_C_END || w->label >= LC_LABEL_MAX;
	w->alpha |= class < LC_C_0 || class >= LC_C_A;
	w->label++;
	return class;
}

/* Take the step that was found at state + class, if it is this state's. */
static inline __attribute__((always_inline)) void lc_walk_step(struct lc_walk *w, const struct lc_step *step)
{
	if (!step || step->owner != w->state)
		w->dead = 1;
	else
		w->state = step->next;
}

/* After the first byte: is what was walked over a host name at all? */
static inline __attribute__((always_inline)) int lc_walk_valid(const struct lc_walk *w)
{
	return !w->bad && w->label && w->alpha;
}

#endif
