/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A QUIC client's datagram to the bytes of its ClientHello: packets in it (RFC 9000, 17.2), their protection taken off with keys
 * that anybody can work out (RFC 9001, 5), the frames that Initials may hold. Only a packet whose tag is right counts, so that
 * noise of the right shape is noise. Pure: knows no maps and no flows.
 */
#ifndef LENSCAP_QUIC_H
#define LENSCAP_QUIC_H

#include "crypto/quic_keys.h"
#include "lenscap.h"
#include "verif.h"

#define LC_QUIC_CONNS 4              /* connection ids of a client, each with keys and a stream of its own; a power of 2 */
#define LC_QUIC_FRAMES LC_GCM_MAX    /* of a packet: each has a byte or more */
#define LC_QUIC_ACK_RANGES (LC_GCM_MAX / 2)

/*
 * RFC 9000, 17.2, table 5; RFC 9369, 3.2. END: nothing that a server takes. LONG: of a version that is known, and longer than what
 * is here. STRANGE: of another version.
 */
enum lc_quic_kind { LC_QUIC_END, LC_QUIC_INITIAL, LC_QUIC_OTHER, LC_QUIC_LONG, LC_QUIC_STRANGE };

/* RFC 9000, 19 */
enum lc_quic_frame { LC_QUIC_PADDING = 0, LC_QUIC_PING = 1, LC_QUIC_ACK = 2, LC_QUIC_ACK_ECN = 3, LC_QUIC_CRYPTO = 6 };

struct lc_quic_conn {
	struct lc_quic_keys keys;
	__u64 expected;              /* packet number: one more than the highest so far */
	__u32 version;
	__u32 kept;                  /* its stream is, and has no whole hello yet */
};

/* What is kept of a flow. */
struct lc_quic {
	__u32 conns;
	__u32 looked;                /* Initials that were tried, good and bad */
	struct lc_quic_conn conn[LC_QUIC_CONNS];
};

/* The packet in hand: offsets are into gcm.bytes, which holds the datagram. */
struct lc_quic_work {
	__u32 end;                   /* of the datagram */
	__u32 at;                    /* of the packet; then of the frame */
	__u32 number_at;             /* packet number */
	__u32 packet_end;
	__u32 version;
	__u32 conn;                  /* whose keys fit */
	__u32 bad;                   /* read past the end */
	__u64 number;                /* of the packet that was opened */
	__u32 crypto_at, crypto_len; /* of the frame in hand, crypto_at in the stream; */
	__u32 data;                  /* its bytes */
	struct lc_quic_cid cid;      /* the packet's destination */
	struct lc_hkdf hkdf;
	struct lc_quic_conn fresh;
	struct lc_gcm gcm;
};

LC_INLINE __u32 lc_quic_u8(const struct lc_quic_work *q, __u32 at)
{
	lc_opaque(at);
	return q->gcm.bytes[at & (LC_GCM_MAX - 1)];
}

/* RFC 9000, 16: the top two bits say how many bytes. What does not fit 32 bits becomes the largest that does: past every end. */
LC_GLOBAL __u32 lc_quic_varint(struct lc_quic_work *q)
{
	__u32 first, bytes, value = 0;

	if (!q)
		return 0;
	first = lc_quic_u8(q, q->at);
	bytes = 1 << (first >> 6);
	if (q->at + bytes > q->end) {
		q->bad = 1;
		return 0;
	}
	if (bytes == 8 && (first & 0x3f || lc_quic_u8(q, q->at + 1) || lc_quic_u8(q, q->at + 2) || lc_quic_u8(q, q->at + 3))) {
		q->at += 8;
		return ~0u;
	}
	value = first & 0x3f;
	for (__u32 i = 1; i < 8; i++)
		if (i < bytes)
			value = value << 8 | lc_quic_u8(q, q->at + i);
	q->at += bytes;
	return value;
}

LC_INLINE __u32 lc_quic_u32(const struct lc_quic_work *q, __u32 at)
{
	return lc_quic_u8(q, at) << 24 | lc_quic_u8(q, at + 1) << 16 | lc_quic_u8(q, at + 2) << 8 | lc_quic_u8(q, at + 3);
}

/* Which of the four types of long header; Initial's number differs in version 2. */
LC_INLINE enum lc_quic_kind lc_quic_type(__u32 first, __u32 version)
{
	__u32 type = first >> 4 & 3;

	if (version == LC_QUIC_V2)
		type = (type - 1) & 3;
	return type == 0 ? LC_QUIC_INITIAL : type == 3 ? LC_QUIC_END : LC_QUIC_OTHER;        /* 3: Retry, servers' */
}

/* The header at q->at. Sets number_at, packet_end, version, cid. The fixed bit may be anything (RFC 9287). */
LC_GLOBAL int lc_quic_header(struct lc_quic_work *q)
{
	enum lc_quic_kind kind;
	__u32 first, at, len;

	if (!q)
		return LC_QUIC_END;
	at = q->at;
	first = lc_quic_u8(q, at);
	if (at + 7 > q->end || !(first & 0x80))
		return LC_QUIC_END;
	q->version = lc_quic_u32(q, at + 1);
	q->cid.len = lc_quic_u8(q, at + 5);
	if (!q->version)
		return LC_QUIC_END;          /* Version Negotiation, servers' */
	/* RFC 9287, 3: who clears the fixed bit has been told that he may; of an unknown version it may be RTP (RFC 9443, 2) */
	if (!lc_quic_version_known(q->version))
		return first & 0x40 ? LC_QUIC_STRANGE : LC_QUIC_END;
	if (q->cid.len > LC_QUIC_CID_MAX)
		return LC_QUIC_END;
	for (__u32 i = 0; i < sizeof(q->cid.bytes); i++)
		q->cid.bytes[i] = lc_quic_u8(q, at + 6 + i);
	at += 6 + q->cid.len;
	q->at = at + 1 + lc_quic_u8(q, at);
	q->bad = 0;
	kind = lc_quic_type(first, q->version);
	if (kind == LC_QUIC_INITIAL) {
		len = lc_quic_varint(q);     /* token */
		q->bad |= len > q->end;
		q->at += len;
	}
	len = lc_quic_varint(q);
	q->number_at = q->at;
	q->packet_end = q->at + len;
	return q->bad || len > q->end || q->packet_end > q->end ? LC_QUIC_LONG : kind;
}

/* RFC 9001, 5.4.1: xor the mask over the first byte's low bits and the packet number; again takes it off. */
LC_INLINE __u32 lc_quic_mask(struct lc_quic_work *q, __u32 start, const struct lc_block *mask, __u32 number_len)
{
	__u32 number = 0, at = start;

	lc_opaque(at);
	q->gcm.bytes[at & (LC_GCM_MAX - 1)] ^= mask->byte[0] & 0x0f;
	for (__u32 i = 0; i < 4; i++) {
		at = q->number_at + i;
		lc_opaque(at);
		if (i >= number_len)
			continue;
		q->gcm.bytes[at & (LC_GCM_MAX - 1)] ^= mask->byte[1 + i];
		number = number << 8 | q->gcm.bytes[at & (LC_GCM_MAX - 1)];
	}
	return number;
}

/* RFC 9000, A.3: what a receiver makes of a number's last bytes, who expects another one next. */
LC_INLINE __u64 lc_quic_number(__u64 expected, __u32 number, __u32 number_len)
{
	__u64 window = 1ull << (8 * number_len), near = (expected & ~(window - 1)) | number;

	if (near + window / 2 <= expected)
		return near + window;
	if (near > expected + window / 2 && near >= window)
		return near - window;
	return near;
}

LC_INLINE int lc_quic_check(struct lc_quic_work *q, const struct lc_quic_keys *keys, __u64 number)
{
	q->number = number;
	lc_quic_nonce(&q->gcm, keys, number);
	return lc_gcm_check(&q->gcm, &keys->payload);
}

/*
 * Take the protection off the Initial that starts there, if these are its keys. The packet number is as it stands there, or what it
 * is to a server that got all the packets before. 0, or -EBADMSG and the packet is as it was.
 */
LC_GLOBAL int lc_quic_open(struct lc_quic_work *q, const struct lc_quic_conn *conn, __u32 start)
{
	const struct lc_quic_keys *keys;
	__u32 number_len, number, at;
	struct lc_block mask;
	__u64 full;

	if (!q || !conn || q->number_at + 4 + 16 > q->packet_end)
		return -EBADMSG;
	keys = &conn->keys;
	at = q->number_at + 4;
	lc_opaque(at);
	mask.half[0] = lc_get64(&q->gcm.bytes[at & (LC_GCM_MAX - 1)]);
	mask.half[1] = lc_get64(&q->gcm.bytes[(at & (LC_GCM_MAX - 1)) + 8]);
	lc_quic_hp_mask(keys, &mask);
	number_len = ((lc_quic_u8(q, start) ^ mask.byte[0]) & 3) + 1;
	number = lc_quic_mask(q, start, &mask, number_len);
	q->gcm.at = start;
	q->gcm.aad_len = q->number_at + number_len - start;
	q->gcm.len = q->packet_end - q->number_at - number_len - LC_GCM_TAG;
	q->gcm.done = 0;
	full = lc_quic_number(conn->expected, number, number_len);
	/* not lc_gcm_open(): the call would be one too deep for the kernel's eight frames */
	if (!lc_quic_check(q, keys, number) || (full != number && !lc_quic_check(q, keys, full)))
		return lc_gcm_decrypt(&q->gcm, &keys->payload, q->gcm.len);
	lc_quic_mask(q, start, &mask, number_len);
	return -EBADMSG;
}

LC_CALLBACK lc_quic_ack_range(__u32 turn, void *context)
{
	struct lc_quic_work **q = context;

	(void)turn;
	lc_quic_varint(*q);
	lc_quic_varint(*q);
	return (*q)->bad != 0;
}

/* RFC 9000, 19.3: over an ACK frame. */
LC_GLOBAL int lc_quic_ack(struct lc_quic_work *q, __u32 ecn)
{
	struct lc_quic_work *context = q;
	__u32 ranges;

	if (!q)
		return 0;
	lc_quic_varint(q);
	lc_quic_varint(q);
	ranges = lc_quic_varint(q);
	lc_quic_varint(q);
	if (ranges > LC_QUIC_ACK_RANGES) {
		q->bad = 1;
		return 0;
	}
	lc_loop(ranges, lc_quic_ack_range, &context);
	if (ecn) {
		lc_quic_varint(q);
		lc_quic_varint(q);
		lc_quic_varint(q);
	}
	return 0;
}

/*
 * Go over the frame at q->at. LC_QUIC_CRYPTO: crypto_at, crypto_len and data are set. LC_QUIC_PADDING: any other. -1: the end, or what
 * no Initial may hold (RFC 9000, 12.4, table 3).
 */
LC_GLOBAL int lc_quic_next_frame(struct lc_quic_work *q)
{
	__u32 type, at;

	if (!q || q->bad || q->at >= q->end)
		return -1;
	at = q->at;
	lc_opaque(at);
	if (q->at + 8 <= q->end && !lc_get64(&q->gcm.bytes[at & (LC_GCM_MAX - 1)])) {
		q->at += 8;
		return LC_QUIC_PADDING;
	}
	type = lc_quic_varint(q);    /* RFC 9000, 12.4: the shortest form is a must, and servers may take others */
	if (q->bad)
		return -1;
	if (type == LC_QUIC_PADDING || type == LC_QUIC_PING)
		return LC_QUIC_PADDING;
	if (type == LC_QUIC_ACK || type == LC_QUIC_ACK_ECN) {
		lc_quic_ack(q, type == LC_QUIC_ACK_ECN);
		return LC_QUIC_PADDING;
	}
	if (type != LC_QUIC_CRYPTO)
		return -1;
	q->crypto_at = lc_quic_varint(q);
	q->crypto_len = lc_quic_varint(q);
	q->data = q->at;
	if (q->bad || q->crypto_len > q->end - q->at)
		return -1;
	q->at += q->crypto_len;
	return LC_QUIC_CRYPTO;
}

#endif
