/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers that look random and come again: all of a case follows from the seed and its number. */
#ifndef LENSCAP_TEST_RANDOM_H
#define LENSCAP_TEST_RANDOM_H

#include <stdbool.h>
#include <linux/types.h>

struct random { __u64 state; };

/* splitmix64 */
static inline __u64 random_next(struct random *r)
{
	__u64 z = r->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static inline struct random random_new(__u64 seed, __u64 number)
{
	struct random r = { seed };

	r.state = random_next(&r) ^ number * 0xd1342543de82ef95ull;
	return r;
}

/* 0 .. n - 1 */
static inline int random_below(struct random *r, int n)
{
	return n > 0 ? (int)(random_next(r) % n) : 0;
}

/* Both ends are in it. */
static inline int random_between(struct random *r, int from, int to)
{
	return from + random_below(r, to - from + 1);
}

static inline bool random_chance(struct random *r, int percent)
{
	return random_below(r, 100) < percent;
}

#endif
