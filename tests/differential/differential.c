/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The differential test: random hellos in random segments, honest and lying, from a raw sender through the gate to the kernel's
 * TCP and OpenSSL. Whatever name the server received must have been decided on before it did. Needs root; makes its own
 * namespaces and its own gate, which end with it. Ends with status 1 if a case failed.
 *
 *   differential [--seed N] [--cases N] [--seconds N] [--only CASE] [--shrink CASE]     also LC_SEED, LC_CASES
 */
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/sysinfo.h>
#include <time.h>

#include "gate.h"
#include "judge.h"
#include "plan.h"
#include "run.h"
#include "show.h"

#define CASES 20000
#define SECONDS 240
#define TRIES 3
#define SHOWN 5                       /* failing cases that are told in full */

struct test {
	__u64 seed;
	unsigned int cases, seconds;
	int only, shrink;            /* -1: none */
	struct run run;
	struct one_case *pool;
	struct run_gate gate;
	unsigned int sum[OUT_MAX];
	unsigned int done, faults, retried, by_openssl, honest, open_after_lie;
	unsigned int first;          /* fault, by the number of cases that it took */
	unsigned long used[TRICKS];
	bool stopped;                /* the time is over */
};

static volatile sig_atomic_t interrupted;

static void interrupt(int sig)
{
	(void)sig;
	interrupted = 1;
}

static void count(struct test *t, struct one_case *c, enum outcome outcome)
{
	t->sum[outcome]++;
	t->done++;
	t->honest += !c->lying;
	t->by_openssl += c->got.by_openssl;
	t->open_after_lie += outcome == OUT_IN_TIME && c->got.accepted && !c->said.dropped && !c->got.error;
	for (unsigned int i = 0; i < c->ops_n; i++)
		t->used[c->ops[i].trick] += c->ops[i].what == OP_SEND;
	if (!judge_is_fault(outcome))
		return;
	if (!t->faults)
		t->first = t->done;
	if (t->faults++ < SHOWN)
		show_case(t->seed, c, outcome);
}

/* One case by itself; what came of it. */
static enum outcome once(struct test *t, struct one_case *c)
{
	enum outcome outcome = OUT_UNDELIVERED;

	t->run.cases[0] = c;
	for (c->tries = 0; c->tries < TRIES && outcome == OUT_UNDELIVERED;) {
		t->run.n = 1;
		run_batch(&t->run);
		outcome = judge(c);
	}
	return outcome == OUT_UNDELIVERED ? OUT_ERROR : outcome;
}

/* Leave out a packet after the other, as long as the case still fails as it did. */
static void shrink(struct test *t)
{
	struct one_case *c = t->pool;
	enum outcome outcome;
	bool less = true;

	plan_case(c, t->seed, t->shrink);
	outcome = once(t, c);
	while (less && judge_is_fault(outcome)) {
		less = false;
		for (unsigned int i = c->ops_n; i-- > 0;) {
			if (c->ops[i].dropped || c->ops[i].what == OP_SYN)
				continue;
			c->ops[i].dropped = true;
			if (once(t, c) == outcome)
				less = true;
			else
				c->ops[i].dropped = false;
		}
	}
	outcome = once(t, c);
	show_case(t->seed, c, outcome);
}

/* Fill the batch: cases that were not delivered once more, then new ones. Returns the next new number. */
static unsigned int fill(struct test *t, struct one_case **again, unsigned int again_n, unsigned int next)
{
	bool waits[BATCH] = { false };
	unsigned int n = 0;

	for (; n < again_n; n++) {
		t->run.cases[n] = again[n];
		waits[again[n] - t->pool] = true;
	}
	for (unsigned int i = 0; i < BATCH && n < BATCH && next < t->cases; i++) {
		if (waits[i])
			continue;
		plan_case(&t->pool[i], t->seed, next++);
		t->pool[i].tries = 0;
		t->run.cases[n++] = &t->pool[i];
	}
	t->run.n = n;
	return next;
}

static void all(struct test *t)
{
	struct one_case *again[BATCH];
	unsigned int next = 0, again_n = 0, n;
	time_t end = time(NULL) + t->seconds;

	while ((next < t->cases || again_n) && !interrupted && !t->stopped) {
		next = fill(t, again, again_n, next);
		again_n = 0;
		n = t->run.n;
		run_batch(&t->run);
		for (unsigned int i = 0; i < n; i++) {
			struct one_case *c = t->run.cases[i];
			enum outcome outcome = judge(c);

			if (outcome == OUT_UNDELIVERED && c->tries < TRIES) {
				again[again_n++] = c;
				t->retried++;
			} else {
				count(t, c, outcome == OUT_UNDELIVERED ? OUT_ERROR : outcome);
			}
		}
		t->stopped = time(NULL) > end;
	}
}

/* A line of the result. */
__attribute__((format(printf, 2, 3))) static bool check(bool fine, const char *format, ...)
{
	va_list args;

	printf(fine ? "ok - " : "not ok - ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	return fine;
}

/* Did the test do what it is for? A server that gets nothing, or a trick that is never used, proves nothing. */
static bool result_meaning(const struct test *t)
{
	bool every = true;

	for (unsigned int i = 0; i < TRICKS; i++)
		if (!t->used[i]) {
			printf("#   never used: %s\n", tricks[i].says);
			every = false;
		}
	every &= check(!t->stopped && t->done >= t->cases, "%u cases in the time that was given", t->done);
	return check(every && t->by_openssl > t->done / 5 && t->sum[OUT_IN_TIME] > t->done / 4 && t->honest > t->done / 5,
		     "the cases say something: OpenSSL read %u names, %u were honest, all %zu tricks came up", t->by_openssl, t->honest,
		     TRICKS);
}

static bool result(const struct test *t)
{
	bool fine = check(!t->sum[OUT_MISSED], "no server received a refused name: %u in time, %u missed", t->sum[OUT_IN_TIME],
			  t->sum[OUT_MISSED]);

	fine &= check(!t->sum[OUT_HURT], "nobody was refused who did not deserve it: %u passed, %u hurt", t->sum[OUT_PASSED],
		      t->sum[OUT_HURT]);
	fine &= check(!t->sum[OUT_UNSAID], "each name that passed was decided on: %u were not", t->sum[OUT_UNSAID]);
	fine &= check(!t->sum[OUT_HALF_OPEN], "both ends of a refused honest connection were reset: %u were not", t->sum[OUT_HALF_OPEN]);
	fine &= check(!t->sum[OUT_ERROR], "every case came to an end: %u did not", t->sum[OUT_ERROR]);
	fine &= result_meaning(t);
	printf("# seed %llu: %u cases", (unsigned long long)t->seed, t->done);
	for (enum outcome i = 0; i < OUT_MAX; i++)
		if (i != OUT_UNDELIVERED)
			printf(", %u %s", t->sum[i], outcome_words[i]);
	printf("; %u retried, %lu packets, %u liars left half-open\n", t->retried, t->run.packets, t->open_after_lie);
	if (t->faults)
		printf("# %u cases failed, the first after %u; 'differential --seed %llu --shrink CASE' makes one smaller\n", t->faults,
		       t->first, (unsigned long long)t->seed);
	return fine;
}

static __u64 number(const char *text, __u64 otherwise)
{
	return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

static bool options(struct test *t, int argc, char **argv)
{
	static const struct option list[] = {
		{ "seed", required_argument, NULL, 's' },  { "cases", required_argument, NULL, 'c' },
		{ "only", required_argument, NULL, 'o' },  { "shrink", required_argument, NULL, 'm' },
		{ "seconds", required_argument, NULL, 't' }, { 0 },
	};
	struct timespec now;
	int c;

	clock_gettime(CLOCK_REALTIME, &now);
	t->seed = number(getenv("LC_SEED"), (now.tv_sec * 1000 + now.tv_nsec / 1000000) & 0xffffffff);
	t->cases = number(getenv("LC_CASES"), CASES);
	t->seconds = SECONDS;
	t->only = t->shrink = -1;
	while ((c = getopt_long(argc, argv, "", list, NULL)) >= 0)
		switch (c) {
		case 's': t->seed = number(optarg, 0); break;
		case 'c': t->cases = number(optarg, 0); break;
		case 't': t->seconds = number(optarg, 0); break;
		case 'o': t->only = number(optarg, 0); break;
		case 'm': t->shrink = number(optarg, 0); break;
		default: return false;
		}
	return optind == argc;
}

/* On one CPU, where packets stay in the order in which they are sent. */
static void pin(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(get_nprocs() - 1, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static bool open_gate(struct test *t)
{
	bool fine = gate_open(&t->gate, run_event, &t->run);

	t->run.events = t->gate.events;
	return fine;
}

static bool work(struct test *t)
{
	bool fine = true;

	printf("# seed %llu\n", (unsigned long long)t->seed);
	if (t->shrink >= 0) {
		shrink(t);
	} else if (t->only >= 0) {
		plan_case(t->pool, t->seed, t->only);
		show_case(t->seed, t->pool, once(t, t->pool));
	} else {
		all(t);
		fine = result(t);
	}
	return fine;
}

int main(int argc, char **argv)
{
	static struct test t;
	bool fine;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!options(&t, argc, argv)) {
		fprintf(stderr, "differential [--seed N] [--cases N] [--seconds N] [--only CASE] [--shrink CASE]\n");
		return 2;
	}
	signal(SIGINT, interrupt);
	signal(SIGTERM, interrupt);
	pin();
	t.pool = calloc(BATCH, sizeof(*t.pool));
	fine = t.pool && streams_open() && reader_open() && net_open(&t.run.net) && open_gate(&t) && work(&t);
	gate_close(&t.gate);
	free(t.pool);
	return !fine;
}
