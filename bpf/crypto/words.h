/* SPDX-License-Identifier: GPL-2.0-only */
/* What every cipher here needs of words: at any address, in network order. Knows nothing of keys. */
#ifndef LENSCAP_CRYPTO_WORDS_H
#define LENSCAP_CRYPTO_WORDS_H

#include "../verif.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "bytes are taken out of words by shifts"
#endif

#define lc_be32(x) __builtin_bswap32(x)
#define lc_be64(x) __builtin_bswap64(x)

#ifdef __bpf__
/* A function: of a named table clang 14 knows the alignment, casts or not, and would read byte after byte. */
LC_INLINE __u32 lc_get32(const void *from)
{
	return *(const volatile __u32 *)from;
}

/* A table in plain .rodata: clang 14 puts constants of 4, 8, 16 and 32 bytes into sections of their own, whose BTF kernels refuse. */
#define LC_TABLE __attribute__((section(".rodata")))
#else
#define LC_TABLE
LC_INLINE __u32 lc_get32(const void *from)
{
	__u32 value;

	memcpy(&value, from, sizeof(value));
	return value;
}
#endif

#ifdef __clang__
#define LC_ROLLED _Pragma("clang loop unroll(disable)")
#else
#define LC_ROLLED
#endif

/* One block of AES and GCM, in the order in which it stands in a packet. */
struct lc_block {
	union {
		__u8 byte[16];
		__u32 word[4];
		__u64 half[2];
	};
};

#endif
