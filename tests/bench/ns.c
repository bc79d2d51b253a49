/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a packet costs: nanoseconds in the program by BPF_PROG_TEST_RUN, beside an empty program in the same run. Prints, never
 * judges: machines are noisy, so compare ratios. The median of several rounds, taken in turns.
 */
#include <unistd.h>

#include "../datapath/quic_packet.h"
#include "../datapath/world.h"

#define ROUNDS 9
#define REPEAT 20000
#define FRESH 1000                   /* flows of one round */

struct bench {
	const char *says;
	struct packet packets[6];    /* all but the last are run once, before; ended by src NULL */
	bool fresh;                  /* the flow is forgotten before each run: one run a round, many rounds */
};

static __u8 hello[2048];
static size_t hello_n;

/* QUIC: the whole hello; the two parts of a large one, as Chrome sends it; decoys; what costs most; what comes after. */
enum bench_quic { BENCH_WHOLE, BENCH_FIRST, BENCH_SECOND, BENCH_DECOY2, BENCH_DECOY3, BENCH_DECOY4, BENCH_BAD, BENCH_FRAMES, BENCH_SHORT,
		  BENCH_QUICS };
#define BENCH_CRYPTO(from, bytes, in) { .kind = FRAME_CRYPTO, .at = from, .n = bytes, .piece = in }
#define BENCH_INITIAL(id, ...) { { { .kind = QUIC_INITIAL, .dcid = id, .frames = { __VA_ARGS__ } } }, .size = 1250 }

static const struct quic_datagram bench_quics[BENCH_QUICS] = {
	[BENCH_WHOLE] = BENCH_INITIAL(1, BENCH_CRYPTO(0, 513, 0)),
	[BENCH_FIRST] = BENCH_INITIAL(1, BENCH_CRYPTO(0, 400, 100), { .kind = FRAME_PING }, BENCH_CRYPTO(500, 600, 0)),
	[BENCH_SECOND] = BENCH_INITIAL(1, BENCH_CRYPTO(400, 100, 50), BENCH_CRYPTO(1100, 700, 0)),
	[BENCH_DECOY2] = BENCH_INITIAL(2, BENCH_CRYPTO(0, 400, 0)),
	[BENCH_DECOY3] = BENCH_INITIAL(3, BENCH_CRYPTO(0, 400, 0)),
	[BENCH_DECOY4] = BENCH_INITIAL(4, BENCH_CRYPTO(0, 400, 0)),
	[BENCH_BAD] = { { { .kind = QUIC_INITIAL, .dcid = 5, .bad_tag = true, .frames = { { .kind = FRAME_PING } } } }, .size = 1472 },
	[BENCH_FRAMES] = BENCH_INITIAL(1, BENCH_CRYPTO(0, 250, 1)),
	[BENCH_SHORT] = { { { .kind = QUIC_SHORT } }, .size = 1250 },
};

static int bench_empty(void)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = -1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "empty", "GPL", insns, 2, NULL);
}

static int bench_order(const void *a, const void *b)
{
	return *(const __u32 *)a < *(const __u32 *)b ? -1 : *(const __u32 *)a > *(const __u32 *)b;
}

static __u32 bench_run(int fd, const struct packet *p, int repeat)
{
	static __u8 frame[PACKET_MAX];
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .repeat = repeat);

	run.data_size_in = packet_build(p, frame);
	return bpf_prog_test_run_opts(fd, &run) ? 0 : run.duration;
}

/* A packet that decides its flow can be run only once before it finds the flow decided: each time another port. Caches are cold. */
static __u32 bench_fresh(struct world *w, const struct bench *b, const struct packet *last)
{
	__u64 sum = 0;

	for (__u32 i = 0; i < FRESH; i++) {
		__u32 duration = 0;

		for (const struct packet *p = b->packets; p <= last; p++) {
			struct packet hit = *p;

			hit.sport = 10000 + i;
			duration = bench_run(lc_gate_program(w->gate), &hit, 1);
		}
		sum += duration;
		if (i % 256 == 0)
			lc_event_read(w->reader, 0);
	}
	return sum / FRESH;
}

static void bench_row(struct world *w, int empty, const struct bench *b)
{
	__u32 ours[ROUNDS], theirs[ROUNDS];
	const struct packet *last = b->packets;

	while (last[1].src)
		last++;
	for (int i = 0; i < ROUNDS; i++) {
		world_forget(w);
		for (const struct packet *p = b->packets; p != last && !b->fresh; p++)
			bench_run(lc_gate_program(w->gate), p, 1);
		theirs[i] = b->fresh ? bench_run(empty, last, 1) : bench_run(empty, last, REPEAT);
		ours[i] = b->fresh ? bench_fresh(w, b, last) : bench_run(lc_gate_program(w->gate), last, REPEAT);
	}
	qsort(ours, ROUNDS, sizeof(*ours), bench_order);
	qsort(theirs, ROUNDS, sizeof(*theirs), bench_order);
	printf("%-52s %6u ns   empty %4u ns\n", b->says, ours[ROUNDS / 2], theirs[ROUNDS / 2]);
}

/* A datagram of that kind; the hello's name is in no catalogue. */
static struct packet bench_quic(enum bench_quic which)
{
	const struct hello small = { .sni = "www.example.org", .pad = 513 }, large = { .sni = "www.example.org", .filler_after = 1000, .pad = 1800 };
	static __u8 message[4096], bytes[BENCH_QUICS][QUIC_MAX];
	const struct quic_hellos h = { { message + 5, message + 5 }, { 0, 0 } };

	hello_build(which == BENCH_WHOLE ? &small : &large, message, sizeof(message));
	return (struct packet){ .src = "10.1.0.5", .dst = "203.0.113.9", .proto = 17, .payload = bytes[which],
				.payload_n = quic_build(&bench_quics[which], &h, bytes[which]) };
}

int main(void)
{
	static struct world w;
	const struct hello plain = { .sni = "agency-0001.below.test", .session = 32, .ciphers = 32, .pad = 512 };
	const struct hello none = { .sni = "www.example.org", .session = 32, .ciphers = 32, .pad = 512 };
	static __u8 other[2048];
	int empty = bench_empty();

	hello_n = hello_build(&plain, hello, sizeof(hello));
	if (empty < 0 || !world_open(&w, NULL, LC_CONF_DRY))
		return 1;
	const struct bench rows[] = {
		{ "untagged host, IPv4 data", { { .src = "192.0.2.7", .dst = "203.0.113.9", .flags = TCP_ACK, .payload_n = 1400 } }, false },
		{ "untagged host, IPv6 data", { { .src = "2001:db8:9::7", .dst = "2001:db8:f::9", .flags = TCP_ACK, .payload_n = 1400 } }, false },
		{ "asset, data of a decided flow",
		  { { .src = "10.1.0.5", .dst = "203.0.113.9", .flags = TCP_SYN, .seq = 999 },
		    { .src = "10.1.0.5", .dst = "203.0.113.9", .flags = TCP_ACK, .seq = 1000, .payload = other,
		      .payload_n = hello_build(&none, other, sizeof(other)) },
		    { .src = "10.1.0.5", .dst = "203.0.113.9", .flags = TCP_ACK, .seq = 2000, .payload_n = 1400 } }, false },
		{ "asset, ACK without data", { { .src = "10.1.0.5", .dst = "203.0.113.9", .flags = TCP_ACK, .seq = 1000 } }, false },
		{ "asset, one-segment hello of 517 bytes, refused",
		  { { .src = "10.1.0.5", .dst = "203.0.113.9", .flags = TCP_SYN, .seq = 999 },
		    { .src = "10.1.0.5", .dst = "203.0.113.9", .flags = TCP_ACK, .seq = 1000, .payload = hello, .payload_n = hello_n } }, true },
		{ "asset, one-segment hello of 517 bytes, no match",
		  { { .src = "10.1.0.5", .dst = "203.0.113.9", .flags = TCP_SYN, .seq = 999 },
		    { .src = "10.1.0.5", .dst = "203.0.113.9", .flags = TCP_ACK, .seq = 1000, .payload = other,
		      .payload_n = hello_build(&none, other, sizeof(other)) } }, true },
		{ "QUIC, first Initial of a flow, whole hello", { bench_quic(BENCH_WHOLE) }, true },
		{ "QUIC, first of two Initials of a large hello", { bench_quic(BENCH_FIRST) }, true },
		{ "QUIC, second of them, which completes it", { bench_quic(BENCH_FIRST), bench_quic(BENCH_SECOND) }, true },
		{ "QUIC, the same Initial again", { bench_quic(BENCH_WHOLE), bench_quic(BENCH_WHOLE) }, true },
		{ "QUIC, bad tag, no keys known", { bench_quic(BENCH_BAD) }, true },
		{ "QUIC, bad tag, keys of four connection ids known",
		  { bench_quic(BENCH_FIRST), bench_quic(BENCH_DECOY2), bench_quic(BENCH_DECOY3), bench_quic(BENCH_DECOY4),
		    bench_quic(BENCH_BAD) }, true },
		{ "QUIC, CRYPTO in 250 frames of a byte", { bench_quic(BENCH_FRAMES) }, true },
		{ "QUIC, the same 250 frames again", { bench_quic(BENCH_FRAMES), bench_quic(BENCH_FRAMES) }, true },
		{ "QUIC, any other packet of a decided flow", { bench_quic(BENCH_WHOLE), bench_quic(BENCH_SHORT) }, false },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		bench_row(&w, empty, &rows[i]);
	world_close(&w);
	close(empty);
	return 0;
}
