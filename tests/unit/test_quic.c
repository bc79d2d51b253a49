/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The reader of QUIC datagrams by itself: the packets of the standards, headers and frames that lie, cut short at every byte,
 * spoilt at every bit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "quic.h"
#include "../cases/crypto_cases.h"

#define ROWS(table) (sizeof(table) / sizeof(*(table)))
#define PACKET 1200                  /* bytes of the standards' packets */

static struct lc_quic_work *q;
static struct lc_quic_conn conn;
static uint64_t seed;

static uint32_t draw(uint32_t below)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (seed >> 33) % below;
}

static int setup(void **state)
{
	(void)state;
	seed = 20261123;
	memset(&conn, 0, sizeof(conn));
	q = calloc(1, sizeof(*q));
	return !q;
}

static int teardown(void **state)
{
	(void)state;
	free(q);
	return 0;
}

static size_t hex(const char *text, void *to)
{
	size_t n = strlen(text) / 2;

	for (size_t i = 0; i < n; i++)
		assert_int_equal(sscanf(text + 2 * i, "%2hhx", (uint8_t *)to + i), 1);
	return n;
}

/* A datagram: these bytes, and noise behind them that is none of it. */
static void load(const char *text)
{
	memset(q->gcm.bytes, 0xff, sizeof(q->gcm.bytes));
	q->at = 0;
	q->bad = 0;
	q->end = hex(text, q->gcm.bytes);
}

static void test_varint(void **state)
{
	/* RFC 9000, A.1, and what does not fit */
	static const struct { const char *bytes; uint32_t value, used; } rows[] = {
		{ "25", 37, 1 }, { "4025", 37, 2 }, { "7bbd", 15293, 2 }, { "9d7f3e7d", 494878333, 4 }, { "80000025", 37, 4 },
		{ "c000000000000025", 37, 8 }, { "c0000000ffffffff", 0xffffffff, 8 },
		{ "c2197c5eff14e88c", ~0u, 8 }, { "c000000100000000", ~0u, 8 }, { "c0000100000000ff", ~0u, 8 },
		{ "c0010000000000ff", ~0u, 8 }, { "c1000000000000ff", ~0u, 8 }, { "c2197c5eff14e8", 0, 0 }, { "", 0, 0 }, { "7b", 0, 0 }, { "9d7f3e", 0, 0 }, { "c0000000000000", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		load(rows[i].bytes);
		assert_int_equal(lc_quic_varint(q), rows[i].value);
		assert_int_equal(q->at, rows[i].used);
		assert_int_equal(q->bad, !rows[i].used);
	}
}

/* Every number that a sender may shorten (17.1) is read as what it was. */
static void test_number(void **state)
{
	(void)state;
	assert_int_equal(lc_quic_number(0xa82f30eb, 0x9b32, 2), 0xa82f9b32); /* A.3 */
	assert_int_equal(lc_quic_number(0, 0xffffffff, 4), 0xffffffff);
	for (int round = 0; round < 100000; round++) {
		uint32_t bytes = 1 + draw(4), half = 1u << (8 * bytes - 1);
		uint64_t expected = (uint64_t)draw(1u << 31) << draw(20), number = expected + draw(half + 1u);

		if (round % 2)
			number = expected + half; /* the farthest there is */
		else if (draw(2) && number > half)
			number -= half - 1;
		assert_int_equal(lc_quic_number(expected, number & (2ull * half - 1), bytes), number);
	}
}

static void derive(uint32_t version)
{
	struct lc_quic_cid cid = { .len = 8 };

	hex("8394c8f03e515708", cid.bytes);
	conn.expected = 0;
	assert_int_equal(lc_quic_keys_derive(&q->hkdf, &conn.keys, &cid, version), 0);
}

/* 5 of RFC 9001, from the datagram's bytes to the frames. */
static void test_packets(void **state)
{
	uint8_t plain[1162] = {};

	(void)state;
	hex(crypto_rfc_payload, plain);
	for (size_t i = 0; i < ROWS(crypto_quic_cases) && crypto_quic_cases[i].packet; i++) {
		load(crypto_quic_cases[i].packet);
		assert_int_equal(q->end, PACKET);
		assert_int_equal(lc_quic_header(q), LC_QUIC_INITIAL);
		assert_int_equal(q->version, crypto_quic_cases[i].version);
		assert_int_equal(q->cid.len, 8);
		assert_int_equal(q->number_at, 18);
		assert_int_equal(q->packet_end, PACKET);
		assert_int_equal(lc_quic_keys_derive(&q->hkdf, &conn.keys, &q->cid, q->version), 0);
		assert_int_equal(lc_quic_open(q, &conn, 0), 0);
		assert_int_equal(q->number, 2);
		q->at = q->gcm.at + q->gcm.aad_len;
		q->end = q->at + q->gcm.len;
		assert_int_equal(q->gcm.len, sizeof(plain));
		assert_memory_equal(q->gcm.bytes + q->at, plain, sizeof(plain));
		assert_int_equal(lc_quic_next_frame(q), LC_QUIC_CRYPTO);
		assert_int_equal(q->crypto_at, 0);
		assert_int_equal(q->crypto_len, 0xf1);
		assert_memory_equal(q->gcm.bytes + q->data, plain + 4, 0xf1);
		while (q->at < q->end)
			assert_int_equal(lc_quic_next_frame(q), LC_QUIC_PADDING);
		assert_int_equal(q->at, q->end);
		assert_int_equal(lc_quic_next_frame(q), -1);
		conn.expected = 0;
	}
}

/* Cut short anywhere it is no packet of the datagram, and what is there can not be opened. */
static void test_packets_cut(void **state)
{
	(void)state;
	derive(LC_QUIC_V1);
	for (uint32_t n = 0; n < PACKET; n++) {
		int kind;

		load(crypto_rfc9001_packet);
		memset(q->gcm.bytes + n, 0xff, PACKET - n);
		q->end = n;
		kind = lc_quic_header(q);
		assert_int_equal(kind, n < 7 ? LC_QUIC_END : LC_QUIC_LONG);
		q->number_at = 18;
		q->packet_end = n;
		assert_int_equal(lc_quic_open(q, &conn, 0), -EBADMSG);
	}
}

/* Any bit other than it was: not opened, and left as it came. */
static void test_packets_spoilt(void **state)
{
	static uint8_t before[sizeof(q->gcm.bytes)];

	(void)state;
	derive(LC_QUIC_V1);
	load(crypto_rfc9001_packet);
	memcpy(before, q->gcm.bytes, sizeof(before));
	q->number_at = 18;
	q->packet_end = PACKET;
	for (uint32_t bit = 0; bit < 8 * PACKET; bit += bit < 400 || bit > 8 * (PACKET - 20) ? 1 : 1 + draw(60)) {
		q->gcm.bytes[bit / 8] ^= 1 << bit % 8;
		before[bit / 8] ^= 1 << bit % 8;
		assert_int_equal(lc_quic_open(q, &conn, 0), -EBADMSG);
		assert_memory_equal(q->gcm.bytes, before, sizeof(before));
		q->gcm.bytes[bit / 8] ^= 1 << bit % 8;
		before[bit / 8] ^= 1 << bit % 8;
	}
	assert_int_equal(lc_quic_open(q, &conn, 0), 0);
}

/* 17.2 of RFC 9000, 3.2 of RFC 9369. at: of the packet number; end: of the packet. */
static void test_headers(void **state)
{
	static const struct { const char *says, *bytes; int kind; uint32_t at, end; } rows[] = {
		{ "Initial", "c00000000101aa01bb00020000", LC_QUIC_INITIAL, 11, 13 },
		{ "Initial, no connection ids", "c0000000010000000100", LC_QUIC_INITIAL, 9, 10 },
		{ "Initial, fixed bit cleared", "80000000010000000100", LC_QUIC_INITIAL, 9, 10 },
		{ "Initial of v2", "d06b3343cf0000000100", LC_QUIC_INITIAL, 9, 10 },
		{ "Initial of draft-32", "c0ff0000200000000100", LC_QUIC_INITIAL, 9, 10 },
		{ "Initial with a token", "c000000001000003aabbcc0100", LC_QUIC_INITIAL, 12, 13 },
		{ "Initial with a token's length in 8 bytes", "c0000000010000c000000000000001aa0100", LC_QUIC_INITIAL, 17, 18 },
		{ "Initial of no bytes", "c00000000100000000", LC_QUIC_INITIAL, 9, 9 },
		{ "20 bytes of connection id", "c00000000114aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa000000", LC_QUIC_INITIAL, 29, 29 },
		{ "21 bytes of connection id", "c00000000115aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa000000", LC_QUIC_END, 0, 0 },
		{ "0-RTT", "d000000001000001ff", LC_QUIC_OTHER, 8, 9 },
		{ "Handshake", "e000000001000001ff", LC_QUIC_OTHER, 8, 9 },
		{ "0-RTT of v2", "e06b3343cf000001ff", LC_QUIC_OTHER, 8, 9 },
		{ "Handshake of v2", "f06b3343cf000001ff", LC_QUIC_OTHER, 8, 9 },
		{ "Retry", "f000000001000001ff", LC_QUIC_END, 0, 0 },
		{ "Retry of v2", "c06b3343cf000001ff", LC_QUIC_END, 0, 0 },
		{ "short header", "4000000001000001ff", LC_QUIC_END, 0, 0 },
		{ "version negotiation", "c000000000000001ff", LC_QUIC_END, 0, 0 },
		{ "unknown version", "c012345678000001ff", LC_QUIC_STRANGE, 0, 0 },
		{ "unknown version, any length of connection id", "c012345678ff0001ff", LC_QUIC_STRANGE, 0, 0 },
		{ "RTP", "8012345678000001ff", LC_QUIC_END, 0, 0 },
		{ "connection id past the end", "c00000000104aabb", LC_QUIC_LONG, 0, 0 },
		{ "server's connection id past the end", "c0000000010009aabbccddeeff0011", LC_QUIC_LONG, 0, 0 },
		{ "token past the end", "c000000001000009aabb", LC_QUIC_LONG, 0, 0 },
		{ "token of 2^32 - 1 bytes", "c0000000010000c0000000ffffffff0100", LC_QUIC_LONG, 0, 0 },
		{ "token of 2^32 - 7 bytes, back into its own length", "c0000000010000c0000000fffffff90100", LC_QUIC_LONG, 0, 0 },
		{ "token of 2^62 - 1 bytes", "c0000000010000ffffffffffffffff0100", LC_QUIC_LONG, 0, 0 },
		{ "one byte longer than the datagram", "c0000000010000000200", LC_QUIC_LONG, 0, 0 },
		{ "2^32 - 1 bytes long", "c0000000010000" "00" "c0000000ffffffff00", LC_QUIC_LONG, 0, 0 },
		{ "2^32 - 9 bytes long, back to its own beginning", "c0000000010000" "00" "c0000000fffffff700", LC_QUIC_LONG, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		int kind;

		load(rows[i].bytes);
		kind = lc_quic_header(q);
		if (kind != rows[i].kind || (rows[i].at && (q->number_at != rows[i].at || q->packet_end != rows[i].end)))
			fail_msg("%s: kind %d, number at %u, end %u", rows[i].says, kind, q->number_at, q->packet_end);
	}
}

/* 19. kinds: what each turn says, in hexadecimal, f for the end. */
static void test_frames(void **state)
{
	static const struct { const char *says, *bytes, *kinds; uint32_t at, len; } rows[] = {
		{ "nothing", "", "f", 0, 0 },
		{ "CRYPTO", "060503aabbcc", "6f", 5, 3 },
		{ "CRYPTO at 2^32 - 1", "06c0000000ffffffff01aa", "6f", 0xffffffff, 1 },
		{ "CRYPTO at 2^32", "06c00000010000000001aa", "6f", 0xffffffff, 1 },
		{ "CRYPTO, one byte missing", "060503aabb", "f", 0, 0 },
		{ "CRYPTO of 2^32 - 1 bytes", "0600c0000000ffffffffaa", "f", 0, 0 },
		{ "CRYPTO without an offset", "06", "f", 0, 0 },
		{ "CRYPTO without a length", "0605", "f", 0, 0 },
		{ "CRYPTO of no bytes", "060500", "6f", 5, 0 },
		{ "frame types in 2, 4 and 8 bytes", "4001" "80000000" "c000000000000006" "0501aa", "006f", 5, 1 },
		{ "frame type cut short", "40", "f", 0, 0 },
		{ "PADDING and PING", "000100", "000f", 0, 0 },
		{ "eight PADDINGs at once, and one more", "000000000000000000", "00f", 0, 0 },
		{ "seven PADDINGs before a CRYPTO", "00000000000000060501aa", "00000006f", 5, 1 },
		{ "ACK", "0205060007" "060501aa", "06f", 5, 1 },
		{ "ACK with two more ranges", "0205060207" "01020304" "060501aa", "06f", 5, 1 },
		{ "ACK with ECN counts", "0305060007" "010203" "060501aa", "06f", 5, 1 },
		{ "ACK of 2^40, after 2^61", "02c000010000000000" "e000000000000000" "0007" "060501aa", "06f", 5, 1 },
		{ "ACK cut short", "02050602070102", "0f", 0, 0 },
		{ "ACK with more ranges than are there", "0205063f07" "060501aa", "0f", 0, 0 },
		{ "ACK with 2^32 - 1 ranges", "020506c0000000ffffffff07" "060501aa", "0f", 0, 0 },
		{ "CONNECTION_CLOSE", "1c000000" "060501aa", "f", 0, 0 },
		{ "STREAM", "0800" "060501aa", "f", 0, 0 },
		{ "CRYPTO's type and 2^32", "c000000100000006" "0501aa", "f", 0, 0 },
		{ "CRYPTO's type and 256", "4106" "0501aa", "f", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		load(rows[i].bytes);
		for (const char *kind = rows[i].kinds; *kind; kind++) {
			int got = lc_quic_next_frame(q);

			if (got != (*kind == 'f' ? -1 : *kind - '0'))
				fail_msg("%s: turn %td gives %d", rows[i].says, kind - rows[i].kinds, got);
			if (got == LC_QUIC_CRYPTO && (q->crypto_at != rows[i].at || q->crypto_len != rows[i].len || q->data + q->crypto_len != q->at))
				fail_msg("%s: %u bytes at %u", rows[i].says, q->crypto_len, q->crypto_at);
		}
	}
}

/* As many ranges as a packet can hold. */
static void test_frames_long_ack(void **state)
{
	static const uint8_t head[] = { 2, 0, 0, 0x43, 0xe8, 0 }, crypto[] = { 6, 5, 1, 0xaa };

	(void)state;
	load("");
	memset(q->gcm.bytes, 0, sizeof(q->gcm.bytes));
	memcpy(q->gcm.bytes, head, sizeof(head));
	memcpy(q->gcm.bytes + sizeof(head) + 2000, crypto, sizeof(crypto));
	q->end = sizeof(head) + 2000 + sizeof(crypto);
	assert_int_equal(lc_quic_next_frame(q), LC_QUIC_PADDING);
	assert_int_equal(lc_quic_next_frame(q), LC_QUIC_CRYPTO);
	assert_int_equal(q->at, q->end);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_varint, setup, teardown),
		cmocka_unit_test_setup_teardown(test_number, setup, teardown),
		cmocka_unit_test_setup_teardown(test_packets, setup, teardown),
		cmocka_unit_test_setup_teardown(test_packets_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(test_packets_spoilt, setup, teardown),
		cmocka_unit_test_setup_teardown(test_headers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_frames, setup, teardown),
		cmocka_unit_test_setup_teardown(test_frames_long_ack, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
