/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Segments in any order: reversed, shuffled, one byte each, and random pieces that lie over each other with the same or with other
 * bytes, held against a model that knows nothing but two arrays. Seeds are fixed; a row that fails names its own.
 */
#ifndef LENSCAP_TEST_ROWS_ORDER_H
#define LENSCAP_TEST_ROWS_ORDER_H

#include "rows_views.h"

#define ORDER_PIECES 800
#define ORDER_SEEDS 200              /* random streams, ... */
#define ORDER_PACKETS 24             /* ... and packets of each */

static __u32 order_random(__u32 *seed, __u32 below)
{
	*seed ^= *seed << 13;        /* Marsaglia's xorshift */
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed % below;
}

struct order_row {
	const char *says;
	struct hello hello;
	size_t piece;
	enum { REVERSED, ODD_FIRST, SHUFFLED } order;
	__u32 seed;
};

static const struct order_row order_rows[] = {
	{ "one byte each, reversed", { 0 }, 1, REVERSED, 0 },
	{ "one byte each, every other one first", { 0 }, 1, ODD_FIRST, 0 },
	{ "one byte each, shuffled", { 0 }, 1, SHUFFLED, 1 },
	{ "7 bytes each, shuffled", { 0 }, 7, SHUFFLED, 2 },
	{ "64 bytes each, reversed, key share before the name", { .filler = 1200 }, 64, REVERSED, 0 },
	{ "65 bytes each, shuffled, key share before the name", { .filler = 1200 }, 65, SHUFFLED, 3 },
	{ "63 bytes each, shuffled, key share behind the name", { .filler_after = 1200 }, 63, SHUFFLED, 4 },
	{ "13 bytes each, shuffled, records of 20 bytes", { .record = 20 }, 13, SHUFFLED, 5 },
	{ "3 bytes each, shuffled, records of one byte", { .record = 1 }, 3, SHUFFLED, 6 },
	{ "1400 bytes each, reversed, a hello of 16,000 bytes", { .pad = 16000 }, 1400, REVERSED, 0 },
	{ "200 bytes each, shuffled, a hello of 16,000 bytes", { .pad = 16000 }, 200, SHUFFLED, 7 },
	{ "100 bytes each, shuffled, records of 300 bytes, a hello of 12,000 bytes", { .pad = 12000, .record = 300 }, 100, SHUFFLED, 8 },
};

/* Which piece comes when. */
static void order_make(const struct order_row *row, size_t n, size_t *list)
{
	__u32 seed = row->seed;

	for (size_t i = 0; i < n; i++)
		list[i] = row->order == ODD_FIRST ? (i < n / 2 ? 2 * i + 1 : 2 * (i - n / 2)) : n - 1 - i;
	for (size_t i = n; row->order == SHUFFLED && i > 1; i--) {
		size_t other = order_random(&seed, i), kept = list[i - 1];

		list[i - 1] = list[other];
		list[other] = kept;
	}
}

static const char *order_row(struct world *w, const struct order_row *row, const char *src)
{
	static __u8 stream[HELLO_MAX];
	struct hello hello = row->hello;
	struct packet p = { .src = src, .ack = ACK, .flags = TCP_ACK };
	const struct expect x = REFUSED;
	size_t list[ORDER_PIECES], n, pieces;
	const char *complaint;

	hello.sni = world_name(w, HELLO_NAME);
	n = hello_build(&hello, stream, sizeof(stream));
	pieces = (n + row->piece - 1) / row->piece;
	order_make(row, pieces, list);
	world_forget(w);
	complaint = hello_syn(w, src);
	for (size_t i = 0; !complaint && i < pieces; i++) {
		size_t at = list[i] * row->piece;

		p.seq = ISS + 1 + at;
		p.payload = stream + at;
		p.payload_n = at + row->piece < n ? row->piece : n - at;
		complaint = i + 1 < pieces ? world_expect(w, &p, LC_R_PENDING, PASSED) : world_expect(w, &p, LC_R_MATCH, STOPPED);
	}
	return complaint ? complaint : world_told(w, &x);
}

/* Two receivers of a stream: one keeps the first byte at an offset, one the last. */
struct order_model {
	bool kept;                   /* a hello that comes whole is looked at and not kept */
	bool have[HELLO_SIZE];
	__u8 first[HELLO_SIZE], last[HELLO_SIZE];
	bool refused;
};

static void order_model_take(struct order_model *m, size_t a, size_t b, const __u8 *bytes, const __u8 *guilty)
{
	if (!m->kept && !a && b == HELLO_SIZE) {
		m->refused |= !memcmp(bytes, guilty, HELLO_SIZE);
		return;
	}
	m->kept = true;
	for (size_t i = a; i < b; i++) {
		m->first[i] = m->have[i] ? m->first[i] : bytes[i];
		m->last[i] = bytes[i];
		m->have[i] = true;
	}
	if (!memchr(m->have, false, sizeof(m->have)))
		m->refused |= !memcmp(m->first, guilty, HELLO_SIZE) || !memcmp(m->last, guilty, HELLO_SIZE);
}

/* Half of the pieces begin or end where the name is. */
static void order_piece(__u32 *seed, size_t *ret_a, size_t *ret_b)
{
	size_t a = order_random(seed, 2) ? order_random(seed, HELLO_SIZE) : 66 + order_random(seed, 20);
	size_t b = order_random(seed, 2) ? order_random(seed, HELLO_SIZE + 1) : 66 + order_random(seed, 27);

	*ret_a = order_random(seed, 6) ? a < b ? a : b : 0;
	*ret_b = order_random(seed, 6) ? a < b ? b : a + 1 : HELLO_SIZE;
}

/* others: of how many pieces one has the other name's bytes. */
static const char *order_overlaps(struct world *w, __u32 seed, __u32 others)
{
	static __u8 guilty[HELLO_MAX], innocent[HELLO_MAX];
	const struct hello hello = { .sni = world_name(w, HELLO_NAME) }, twin = { .sni = HELLO_TWIN };
	struct packet p = { .ack = ACK, .flags = TCP_ACK };
	struct order_model m = { .kept = false };
	const char *complaint;

	hello_build(&hello, guilty, sizeof(guilty));
	hello_build(&twin, innocent, sizeof(innocent));
	world_forget(w);
	complaint = hello_syn(w, NULL);
	for (int i = 0; !complaint && i < ORDER_PACKETS; i++) {
		const __u8 *bytes = order_random(&seed, others) ? guilty : innocent;
		size_t a, b;

		order_piece(&seed, &a, &b);
		order_model_take(&m, a, b, bytes, guilty);
		p.seq = ISS + 1 + a;
		p.payload = bytes + a;
		p.payload_n = b - a;
		complaint = world_send(w, &p);
		if (!complaint && w->action != (m.refused && !w->twin ? STOPPED : PASSED))
			complaint = wrong("packet %d, %zu to %zu: action %d", i + 1, a, b, (int)w->action);
	}
	return complaint;
}

static void order_overlaps_run(struct world *w, __u32 others, const char *says)
{
	const char *complaint = NULL;
	char text[400];
	__u32 seed;

	for (seed = 1; !complaint && seed <= ORDER_SEEDS; seed++)
		complaint = order_overlaps(w, seed * 2654435761u, others);
	if (complaint)
		snprintf(text, sizeof(text), "seed %u: %s", seed - 1, complaint);
	row_end(complaint ? text : NULL, "%u streams of random pieces, %s", ORDER_SEEDS, says);
}

static void order_rows_run(struct world *w, struct world *mild)
{
	for (size_t i = 0; i < sizeof(order_rows) / sizeof(*order_rows); i++) {
		row_end(order_row(w, &order_rows[i], NULL), "order: %s", order_rows[i].says);
		row_end(order_row(w, &order_rows[i], V6), "order: %s, IPv6", order_rows[i].says);
		row_end(order_row(mild, &order_rows[i], NULL), "benign twin: order: %s", order_rows[i].says);
	}
	order_overlaps_run(w, 1u << 31, "all of one hello");
	order_overlaps_run(w, 8, "some of another hello");
	order_overlaps_run(w, 2, "half of them of another hello");
	order_overlaps_run(mild, 2, "benign twin");
}

#endif
