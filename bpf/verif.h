/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the verifier and the two worlds need: the same parser text is built for the kernel, for unit tests and for fuzzers.
 * Every workaround names the kernel and compiler that need it.
 */
#ifndef LENSCAP_VERIF_H
#define LENSCAP_VERIF_H

#ifdef __bpf__

#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* A global function is verified once, whoever calls it, so that parsers cost their own size and not their callers' paths. */
#define LC_GLOBAL __attribute__((noinline))
#define LC_INLINE static __always_inline
#define LC_CALLBACK static __attribute__((noinline)) long

/* 6.1 walks a plain loop once per turn; a callback of bpf_loop (5.17) is verified once. */
#define lc_loop(turns, fn, context) bpf_loop(turns, fn, context, 0)

/* clang 14 drops masks that it can prove redundant, the verifier can not: hide the value from the compiler. */
#define lc_opaque(value) asm volatile("" : "+r"(value))

/* 6.1 wants to see that a helper's length is at least 1, and clang 14 folds the comparisons that would show it. max: a power of 2. */
#define lc_between_1_and(n, max)                   \
	({                                         \
		__u32 _less = (n) - 1;             \
		lc_opaque(_less);                  \
		_less &= (max) - 1;                \
		lc_opaque(_less);                  \
		_less + 1;                         \
	})

/* Eight bytes at any address: the BPF target has no unaligned loads of its own (clang 14), the kernel allows them. */
#define lc_get64(from) (*(const volatile __u64 *)(from))
#define lc_put64(to, value) (*(volatile __u64 *)(to) = (value))

#else

#include <linux/types.h>
#include <string.h>

#define LC_GLOBAL static inline
#define LC_INLINE static inline
#define LC_CALLBACK static inline long
#define lc_opaque(value) ((void)(value))

static inline __u64 lc_get64(const void *from)
{
	__u64 value;

	memcpy(&value, from, sizeof(value));
	return value;
}

static inline void lc_put64(void *to, __u64 value)
{
	memcpy(to, &value, sizeof(value));
}

static inline long lc_loop(__u32 turns, long (*fn)(__u32, void *), void *context)
{
	__u32 i;

	for (i = 0; i < turns && !fn(i, context); i++)
		;
	return i;
}

#endif

#endif
