/* SPDX-License-Identifier: GPL-2.0-only */
/* What every cipher here needs of words, tables and loops. Knows nothing of keys. */
#ifndef LENSCAP_CRYPTO_WORDS_H
#define LENSCAP_CRYPTO_WORDS_H

#include "../verif.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "bytes are taken out of words by shifts"
#endif

#define lc_be32(x) __builtin_bswap32(x)
#define lc_be64(x) __builtin_bswap64(x)

#ifdef __bpf__

/* A function: of a table with a name clang 14 knows the alignment, casts or not, and would read byte after byte. */
LC_INLINE __u32 lc_get32(const void *from)
{
	return *(const volatile __u32 *)from;
}

/*
 * clang 14 puts a table of 32 bytes into .rodata.cst32 and its BTF into .rodata: kernels refuse that BTF, libbpf 1.1 goes on
 * without, and global functions are no longer verified by themselves.
 */
#define LC_TABLE __attribute__((section(".rodata")))

#else

LC_INLINE __u32 lc_get32(const void *from)
{
	__u32 value;

	memcpy(&value, from, sizeof(value));
	return value;
}

#define LC_TABLE

#endif

/* Rolled: walked turn by turn by the verifier all the same, but a program is cold when a hello comes, and small is fast. */
#ifdef __clang__
#define LC_ROLLED _Pragma("clang loop unroll(disable)")
#define LC_UNROLLED _Pragma("clang loop unroll(full)")
#else
#define LC_ROLLED
#define LC_UNROLLED
#endif

/* A block of AES and GCM, its bytes in the order in which they are written down and sent. */
struct lc_block {
	union {
		__u8 byte[16];
		__u32 word[4];
		__u64 half[2];
	};
};

#endif
