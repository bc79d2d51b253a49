/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Any bytes as a client's datagram: its packets lie one behind the other inside of it, and what nobody sealed is not opened and left
 * as it was. Any bytes as the frames of a packet: read as a plain reader of RFC 9000, 19 reads them.
 */
#include <stdint.h>
#include <stdlib.h>

#include "quic.h"

static struct lc_quic_work work;
static struct lc_quic_conn conn;

static void expect(int right)
{
	if (!right)
		abort();
}

static void load(const uint8_t *data, size_t size, uint8_t noise)
{
	memset(work.gcm.bytes, noise, sizeof(work.gcm.bytes));
	memcpy(work.gcm.bytes, data, size);
	work.at = 0;
	work.bad = 0;
	work.end = size;
}

static void packet(uint32_t start)
{
	static uint8_t before[sizeof(work.gcm.bytes)];

	memcpy(before, work.gcm.bytes, sizeof(before));
	expect(work.cid.len <= LC_QUIC_CID_MAX && lc_quic_version_known(work.version));
	expect(!lc_quic_keys_derive(&work.hkdf, &conn.keys, &work.cid, work.version));
	conn.expected = work.version;
	expect(lc_quic_open(&work, &conn, start) == -EBADMSG);
	expect(!memcmp(before, work.gcm.bytes, sizeof(before)));
}

static void datagram(void)
{
	uint32_t start, packets = 0;

	for (; work.at < work.end; work.at = work.packet_end) {
		int kind;

		start = work.at;
		kind = lc_quic_header(&work);
		if (kind != LC_QUIC_INITIAL && kind != LC_QUIC_OTHER)
			return;
		expect(work.number_at > start + 7 && work.packet_end >= work.number_at && work.packet_end <= work.end);
		if (kind == LC_QUIC_INITIAL && packets++ < 4)
			packet(start);
	}
}

/* RFC 9000, 16; -1: not all there. */
static int64_t number(const uint8_t *data, size_t size, size_t *at)
{
	size_t bytes = *at < size ? 1u << (data[*at] >> 6) : 1;
	uint64_t value = 0;

	if (*at + bytes > size)
		return -1;
	for (size_t i = 0; i < bytes; i++)
		value = value << 8 | data[*at + i];
	value &= (1ull << (8 * bytes - 2)) - 1;
	*at += bytes;
	return value;
}

static int ack(const uint8_t *data, size_t size, size_t *at, int ecn)
{
	int64_t ranges, fields = 1;

	if (number(data, size, at) < 0 || number(data, size, at) < 0)
		return -1;
	ranges = number(data, size, at);
	if (ranges < 0 || ranges > (int64_t)size)
		return -1;
	fields += 2 * ranges + (ecn ? 3 : 0);
	while (fields--)
		if (number(data, size, at) < 0)
			return -1;
	return 0;
}

/* The next CRYPTO frame by the plain reader. 0: there is none. */
static int crypto(const uint8_t *data, size_t size, size_t *at, int64_t *ret_offset, int64_t *ret_len)
{
	while (*at < size) {
		int64_t type = number(data, size, at);

		if ((type == 2 || type == 3) && ack(data, size, at, type == 3))
			return 0;
		if (type < 0 || type > 3)
			return type == 6 && (*ret_offset = number(data, size, at)) >= 0 && (*ret_len = number(data, size, at)) >= 0 &&
			       *ret_len <= (int64_t)(size - *at);
	}
	return 0;
}

static void frames(const uint8_t *data, size_t size)
{
	int64_t offset = 0, len = 0;
	size_t at = 0;
	uint32_t turns;
	int kind;

	for (turns = 0; (kind = lc_quic_next_frame(&work)) >= 0; turns++) {
		expect(turns < LC_QUIC_FRAMES && (work.bad || work.at <= work.end));
		if (kind != LC_QUIC_CRYPTO)
			continue;
		expect(crypto(data, size, &at, &offset, &len));
		expect(work.crypto_at == (offset >> 32 ? ~0u : offset) && work.crypto_len == len && work.data == at);
		at += len;
	}
	expect(!crypto(data, size, &at, &offset, &len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size || size > LC_GCM_MAX)
		return 0;
	load(data + 1, size - 1, data[0]);
	datagram();
	load(data + 1, size - 1, data[0]);
	frames(data + 1, size - 1);
	return 0;
}
