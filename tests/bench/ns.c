/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a packet costs: nanoseconds in the program by BPF_PROG_TEST_RUN, beside an empty program in the same run. Prints, never
 * judges: machines are noisy, so compare ratios. The median of several rounds, taken in turns.
 */
#include <unistd.h>

#include "../datapath/world.h"

#define ROUNDS 9
#define REPEAT 20000
#define FRESH 1000                   /* flows of one round */

struct bench {
	const char *says;
	struct packet packets[3];    /* all but the last are run once, before; ended by src NULL */
	bool fresh;                  /* the flow is forgotten before each run: one run a round, many rounds */
};

static __u8 hello[2048];
static size_t hello_n;

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
		struct packet syn = b->packets[0], hit = *last;

		syn.sport = hit.sport = 10000 + i;
		bench_run(lc_gate_program(w->gate), &syn, 1);
		sum += bench_run(lc_gate_program(w->gate), &hit, 1);
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
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		bench_row(&w, empty, &rows[i]);
	world_close(&w);
	close(empty);
	return 0;
}
