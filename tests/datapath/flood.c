/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A flood from one asset costs that asset its own flows, and nobody else theirs: another's unfinished hello is still there to be
 * completed, another's refused flow stays refused, however many connections or unfinished hellos one host begins meanwhile.
 */
#include "world.h"

#define FLOOD 150000                 /* connections, more than twice the table */
#define HELLOS 4000                  /* unfinished ones, eight times the pool */

static __u8 hello[HELLO_MAX];
static size_t hello_n;

static const char *flood_send(struct world *w, struct packet *p)
{
	static __u8 frame[PACKET_MAX];

	return world_run(w, frame, packet_build(p, frame));
}

static struct packet victim(const char *src, __u32 seq, __u8 flags, const void *payload, size_t n)
{
	return (struct packet){ .src = src, .sport = 50000, .seq = seq, .ack = ACK, .flags = flags, .payload = payload, .payload_n = n };
}

/* Half a hello of one host, and a refused flow of another. */
static const char *flood_before(struct world *w)
{
	const struct packet packets[] = {
		victim("10.1.0.5", 999, TCP_SYN, NULL, 0),
		victim("10.1.0.5", 1000, TCP_ACK, hello, hello_n / 2),
		victim("10.1.0.6", 999, TCP_SYN, NULL, 0),
	};
	struct packet whole = victim("10.1.0.6", 1000, TCP_ACK, hello, hello_n);
	const char *complaint = NULL;

	world_forget(w);
	for (size_t i = 0; i < 3 && !complaint; i++)
		complaint = world_expect(w, &packets[i], packets[i].payload_n ? LC_R_PENDING : LC_R_NO_DATA, PASSED);
	return complaint ? complaint : world_expect(w, &whole, LC_R_MATCH, STOPPED);
}

static const char *flood_after(struct world *w)
{
	struct packet rest = victim("10.1.0.5", 1000 + hello_n / 2, TCP_ACK, hello + hello_n / 2, hello_n - hello_n / 2);
	struct packet more = victim("10.1.0.6", 1000 + hello_n, TCP_ACK, hello, 100);
	const char *complaint = world_expect(w, &rest, LC_R_MATCH, STOPPED);

	return complaint ? complaint : world_expect(w, &more, LC_R_DECIDED, STOPPED);
}

/* The flooder's packets that found no room are counted, and met by the rule for that. */
static const char *flood_counted(struct world *w, __u64 before)
{
	struct lc_total totals[LC_R_MAX];

	if (lc_read_totals(w->gate, totals))
		return "totals can not be read";
	return totals[LC_R_TABLE_FULL].packets > before ? NULL : "nothing was counted as table-full";
}

static __u64 flood_full(struct world *w)
{
	struct lc_total totals[LC_R_MAX] = { 0 };

	lc_read_totals(w->gate, totals);
	return totals[LC_R_TABLE_FULL].packets;
}

static const char *flood_syns(struct world *w)
{
	__u64 before = flood_full(w);
	const char *complaint = flood_before(w);
	char dst[32];

	for (unsigned int i = 0; i < FLOOD && !complaint; i++) {
		struct packet syn = { .src = "10.1.7.9", .dst = dst, .sport = 1024 + i % 60000, .seq = i, .flags = TCP_SYN };

		snprintf(dst, sizeof(dst), "203.0.113.%u", 1 + i / 60000);
		complaint = flood_send(w, &syn);
	}
	if (!complaint)
		complaint = flood_after(w);
	return complaint ? complaint : flood_counted(w, before);
}

static const char *flood_hellos(struct world *w)
{
	__u64 before = flood_full(w);
	const char *complaint = flood_before(w);

	for (unsigned int i = 0; i < HELLOS && !complaint; i++) {
		struct packet syn = { .src = "10.1.7.10", .sport = 1024 + i, .seq = 999, .flags = TCP_SYN };
		struct packet part = { .src = "10.1.7.10", .sport = 1024 + i, .seq = 1000, .ack = ACK, .flags = TCP_ACK, .payload = hello,
				       .payload_n = hello_n / 2 };

		complaint = flood_send(w, &syn);
		if (!complaint)
			complaint = flood_send(w, &part);
	}
	if (!complaint)
		complaint = flood_after(w);
	return complaint ? complaint : flood_counted(w, before);
}

/* Addresses that one host makes up within its asset's prefix. */
static const char *flood_many_sources(struct world *w)
{
	const char *complaint = flood_before(w);
	char src[32], dst[32];

	for (unsigned int i = 0; i < FLOOD && !complaint; i++) {
		struct packet syn = { .src = src, .dst = dst, .sport = 1024 + i % 60000, .seq = i, .flags = TCP_SYN };

		snprintf(src, sizeof(src), "10.1.7.%u", 16 + i % 200);
		snprintf(dst, sizeof(dst), "203.0.113.%u", 1 + i / 60000);
		complaint = flood_send(w, &syn);
	}
	return complaint ? complaint : flood_after(w);
}

int main(void)
{
	static struct hello refused = { .sni = "cam.dropped.test", .session = 32, .pad = 512 };
	static struct world w;

	setvbuf(stdout, NULL, _IOLBF, 0);
	hello_n = hello_build(&refused, hello, sizeof(hello));
	if (!world_open(&w, NULL, LC_CONF_NAMES))
		return 1;
	row_end(flood_syns(&w), "a SYN flood of one host: others' unfinished and refused flows stay");
	row_end(flood_hellos(&w), "a flood of unfinished hellos of one host: others' stay");
	row_end(flood_many_sources(&w), "a SYN flood with made-up addresses of one asset: other assets' flows stay");
	world_close(&w);
	printf("%u passed, %u failed, %u skipped\n", world_sum.ok, world_sum.failed, world_sum.skipped);
	return world_sum.failed != 0;
}
