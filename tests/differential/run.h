/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sends the packets of many cases side by side, a packet of each in turn, and gathers what server, client and gate make of
 * them. Judges nothing.
 */
#ifndef LENSCAP_TEST_RUN_H
#define LENSCAP_TEST_RUN_H

#include <poll.h>

#include "net.h"
#include "read.h"
#include "reader.h"

#define BATCH 96                     /* connections at a time */
#define SPORT_FIRST 20000
#define ROUNDS 1024                  /* batches that the addresses of a slot are enough for */
#define HANDSHAKE_TURNS 200          /* of a millisecond */
#define SETTLE_TURNS 40

struct run {
	struct net net;
	struct lc_event_reader *events;
	struct one_case *cases[BATCH];       /* by slot */
	unsigned int n;
	unsigned int round;          /* gives each batch addresses and ports of its own */
	unsigned long packets;
};

static inline unsigned int run_sport(const struct run *run)
{
	return SPORT_FIRST + run->round / ROUNDS % 400 * BATCH;
}

static inline struct one_case *run_find(struct run *run, const __u8 client[4], __u16 sport)
{
	unsigned int slot = sport - run_sport(run);
	struct one_case *c = slot < run->n ? run->cases[slot] : NULL;
	__u8 own[4];

	if (!c || inet_pton(AF_INET, c->client, own) != 1)
		return NULL;
	return memcmp(own, client, 4) ? NULL : c;
}

static inline bool run_same_name(const __u8 *told, unsigned int n, const char *name)
{
	return n == strlen(name) && !strncasecmp((const char *)told, name, n);
}

static inline void run_name(struct one_case *c, const __u8 *name, unsigned int n)
{
	c->said.name_true |= run_same_name(name, n, c->name[SOURCE_TRUE]);
	c->said.name_other |= run_same_name(name, n, c->name[SOURCE_OTHER]);
}

static inline int run_event(void *context, const struct lc_event *e)
{
	struct one_case *c = run_find(context, e->flow.src + 12, ntohs(e->flow.sport));
	bool deny = e->verdict >= LC_V_DENY_RESET;

	if (!c)
		return 0;
	if (!c->said.denied)
		c->said.why = e->reason;
	c->said.events++;
	c->said.denied |= deny;
	c->said.audited |= e->verdict != LC_V_ALLOW;
	c->said.dropped |= e->verdict == LC_V_DENY_DROP;
	c->said.reasons |= 1ull << e->reason;
	run_name(c, e->name, e->name_len);
	run_name(c, e->other, e->other_len);
	return 0;
}

/* RFC 9293, 3.10.7.1: what comes for a connection that was reset is answered with a RST. */
static inline void run_answer(struct run *run, const struct one_case *c, __u32 seq)
{
	static __u8 frame[PACKET_MAX];
	struct packet p = {
		.src = c->client, .dst = SERVER, .sport = c->sport, .dport = PORT_FIRST + c->port, .seq = seq, .flags = TCP_RST,
	};

	send(run->net.raw, frame, packet_build(&p, frame), 0);
	run->packets++;
}

/* Client side: SYN-ACKs, RSTs, and a server that does not know yet. */
static inline void run_sniff(struct run *run)
{
	__u8 frame[2048];
	struct one_case *c;
	const __u8 *tcp;
	ssize_t n;

	while ((n = recv(run->net.raw, frame, sizeof(frame), 0)) > 0) {
		tcp = frame + 34;
		c = n >= 54 && frame[23] == 6 && frame[14] == 0x45 ? run_find(run, frame + 30, packet_get16(tcp + 2)) : NULL;
		if (!c || packet_get16(tcp) != PORT_FIRST + c->port)
			continue;
		if (tcp[13] & TCP_RST)
			c->client_reset = true;
		else if (c->client_reset && !(tcp[13] & TCP_SYN))
			run_answer(run, c, packet_get32(tcp + 8));
		if ((tcp[13] & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK) && !c->connected) {
			c->server_isn = packet_get32(tcp + 4);
			c->connected = true;
		}
	}
}

static inline void run_read(struct received *got)
{
	ssize_t n = 1;

	while (got->fd >= 0 && !got->error && !got->ended && n > 0 && got->n < sizeof(got->bytes)) {
		n = recv(got->fd, got->bytes + got->n, sizeof(got->bytes) - got->n, 0);
		if (n > 0)
			got->n += n;
		else if (!n)
			got->ended = true;
		else if (errno != EAGAIN)
			got->error = errno;
	}
}

/* A second connection of the same ports, after the first has ended without a hello, takes its place. */
static inline void run_accepted(struct one_case *c, int fd)
{
	struct received *got = &c->got;

	c->got.accepted++;
	run_read(got);
	reader_read(got);
	if (got->hello) {
		close(fd);
		return;
	}
	if (got->fd >= 0)
		close(got->fd);
	*got = (struct received){ .fd = fd, .accepted = got->accepted };
}

static inline void run_accept(struct run *run, enum server_port port)
{
	struct sockaddr_in from;
	struct one_case *c;
	socklen_t bytes = sizeof(from);
	int fd;

	while ((fd = accept4(run->net.listeners[port], (struct sockaddr *)&from, &bytes, SOCK_NONBLOCK)) >= 0) {
		c = run_find(run, (const __u8 *)&from.sin_addr, ntohs(from.sin_port));
		if (c)
			run_accepted(c, fd);
		else
			close(fd);
	}
}

static inline void run_accept_all(struct run *run)
{
	for (enum server_port port = 0; port < PORT_MAX; port++)
		run_accept(run, port);
}

/* RFC 2385: option 19, 18 bytes; two are left of the 20. */
static inline void run_md5(__u8 *frame, size_t n)
{
	__u8 *tcp = frame + 14 + (frame[14] & 15) * 4;

	memset(tcp + 22, 0x5a, 18);
	tcp[20] = 19;
	tcp[21] = 18;
	tcp[38] = tcp[39] = 1;
	packet_set16(tcp + 16, 0);
	packet_set16(tcp + 16, packet_l4_sum(frame + 14, tcp, n - (tcp - frame), 6));
}

static inline struct packet run_packet(struct one_case *c, const struct op *op)
{
	const struct trick *trick = &tricks[op->trick];
	struct packet p = {
		.src = c->client, .dst = SERVER, .sport = c->sport, .dport = PORT_FIRST + c->port, .ttl = trick->ttl,
		.seq = c->isn + 1 + op->at + trick->seq, .ack = c->server_isn + 1 + trick->ack,
		.flags = trick->flags ? trick->flags & ~TRICK_NO_FLAGS : TCP_ACK | TCP_PSH, .urgent = op->urgent,
		.ip_options = op->ip_options, .tcp_options = trick->md5 ? 20 : op->tcp_options,
		.payload = &c->stream[op->source].at[op->at < 0 ? 0 : op->at], .payload_n = trick->empty ? 0 : op->n,
	};

	if (op->what == OP_SYN) {
		p.flags = TCP_SYN;
		p.ack = 0;
		p.payload = c->stream[op->source].at;
	} else if (op->what == OP_ACK) {
		p.payload_n = 0;
		p.flags = TCP_ACK;
	}
	if (op->urgent)
		p.flags |= TCP_URG;
	return p;
}

/* The kernel works on a packet until it lies in a queue; when there are too many for that, it asks to come again. */
static inline void run_send(struct run *run, struct one_case *c, const struct op *op)
{
	static __u8 frame[PACKET_MAX];
	struct packet p = run_packet(c, op);
	size_t n = packet_build(&p, frame);

	if (tricks[op->trick].md5)
		run_md5(frame, n);
	if (tricks[op->trick].bad_checksum)
		frame[14 + (frame[14] & 15) * 4 + 17] ^= 0x55;
	for (int again = 0; again < 100 && send(run->net.raw, frame, n, 0) < 0 && (errno == ENOBUFS || errno == EAGAIN); again++)
		usleep(1000);
	run->packets++;
}

static inline void run_op(struct run *run, struct one_case *c, const struct op *op)
{
	if (op->dropped)
		return;
	if (op->what != OP_READ) {
		run_send(run, c, op);
		return;
	}
	run_accept_all(run);
	run_read(&c->got);
}

/* Up to the SYN, and its answer: from the server, or from the gate. A hello in the SYN may be refused there. */
static inline void run_connect(struct run *run)
{
	unsigned int waiting = run->n;

	for (unsigned int i = 0; i < run->n; i++)
		for (struct one_case *c = run->cases[i]; c->next < c->ops_n;) {
			run_op(run, c, &c->ops[c->next]);
			if (c->ops[c->next++].what == OP_SYN)
				break;
		}
	for (int turn = 0; waiting && turn < HANDSHAKE_TURNS; turn++) {
		struct pollfd answer = { run->net.raw, POLLIN, 0 };

		if (turn)
			poll(&answer, 1, 1);
		run_sniff(run);
		lc_event_read(run->events, 0);
		waiting = 0;
		for (unsigned int i = 0; i < run->n; i++)
			waiting += !run->cases[i]->connected && !run->cases[i]->said.denied;
	}
}

static inline void run_data(struct run *run)
{
	bool more = true;

	while (more) {
		more = false;
		for (unsigned int i = 0; i < run->n; i++) {
			struct one_case *c = run->cases[i];

			if (!c->connected || c->next >= c->ops_n)
				continue;
			run_op(run, c, &c->ops[c->next++]);
			more = true;
		}
		run_sniff(run);
	}
}

/* Is it clear what became of it? A refusal with a reset is, once both ends have that; a little time may pass until then. */
static inline bool run_settled(const struct one_case *c)
{
	if (!c->connected)
		return true;
	if (c->said.denied)
		return c->said.dropped || (c->client_reset && (c->got.error || !c->got.accepted));
	return c->got.hello;
}

static inline void run_settle(struct run *run)
{
	unsigned int waiting = 1;

	for (int turn = 0; waiting && turn < SETTLE_TURNS; turn++) {
		if (turn)
			usleep(1000);
		run_sniff(run);
		run_accept_all(run);
		waiting = 0;
		for (unsigned int i = 0; i < run->n; i++) {
			struct one_case *c = run->cases[i];

			run_read(&c->got);
			reader_read(&c->got);
			waiting += !run_settled(c);
		}
		lc_event_read(run->events, 0);
	}
}

/* The server's RST, so that no connection is left in its last wait. */
static inline void run_close(struct one_case *c)
{
	struct linger now = { 1, 0 };

	if (c->got.fd < 0)
		return;
	setsockopt(c->got.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(c->got.fd);
	c->got.fd = -1;
}

static inline void run_begin(struct run *run, unsigned int slot)
{
	struct one_case *c = run->cases[slot];

	snprintf(c->client, sizeof(c->client), "10.%d.%u.%u", c->asset == ASSET_CAMERA ? 1 : 2,
		 slot % ASSETS * ASSET_BLOCK + run->round % ASSET_BLOCK, run->round % ROUNDS / ASSET_BLOCK);
	c->sport = run_sport(run) + slot;
	c->connected = c->client_reset = false;
	c->next = 0;
	c->tries++;
	memset(&c->got, 0, sizeof(c->got));
	c->got.fd = -1;
	memset(&c->said, 0, sizeof(c->said));
}

/* cases and n are set. */
static inline void run_batch(struct run *run)
{
	run->round++;
	for (unsigned int i = 0; i < run->n; i++)
		run_begin(run, i);
	run_connect(run);
	run_data(run);
	run_settle(run);
	for (unsigned int i = 0; i < run->n; i++)
		run_close(run->cases[i]);
	run->n = 0;                          /* what comes now is nobody's */
	run_sniff(run);
}

#endif
