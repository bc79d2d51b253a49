/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A case's packets, all of them before the first is sent: a handshake, the hello in pieces of any size and order, between them
 * what a liar would send, and at the end the whole hello once more, so that a server that was let has it.
 */
#ifndef LENSCAP_TEST_PLAN_H
#define LENSCAP_TEST_PLAN_H

#include "streams.h"

#define CUTS_MAX 400
#define OPS_SPARE 80                 /* for the end of a plan, however long the rest became */

enum plan_lie { LIE_NONE, LIE_WHOLE_FIRST, LIE_BEFORE_EACH, LIE_BEHIND_EACH, LIE_NOW_AND_THEN };

struct plan {
	struct one_case *c;
	struct random *r;
	enum plan_lie lie;
	unsigned int trick;          /* of all lies; 0: each its own */
	enum source source;          /* likewise; SOURCE_TRUE: each its own */
	bool honest_extras, closing;
	int reads;                   /* percent of packets after which the server reads */
	int front;                   /* offset up to which the hello was sent without a gap */
	int cuts[CUTS_MAX + 2];
	unsigned int order[CUTS_MAX + 1];
	unsigned int pieces;
};

static inline struct op *plan_op(struct plan *p, enum op_what what)
{
	static struct op lost;
	struct op *op = p->c->ops_n < OPS_MAX ? &p->c->ops[p->c->ops_n++] : &lost;

	*op = (struct op){ .what = what };
	return op;
}

/* The urgent pointer of a segment that has the byte, or comes shortly before it. */
static inline void plan_urgent(struct plan *p, struct op *op)
{
	int at = p->c->urgent_at;

	if (op->trick || at < 0 || op->at > at || (op->at + (int)op->n <= at && random_chance(p->r, 70)))
		return;
	op->urgent = at + 1 - op->at;
}

static inline void plan_send(struct plan *p, unsigned int trick, enum source source, int from, int to)
{
	int end = p->c->stream[source].n, at;
	struct op *op;

	to = to < end ? to : end;
	for (at = from; at < to; at += op->n) {
		if (p->c->ops_n >= OPS_MAX - OPS_SPARE && !p->closing)
			return;
		op = plan_op(p, OP_SEND);
		op->trick = trick;
		op->source = source;
		op->at = at;
		op->n = to - at < MSS ? to - at : MSS;
		plan_urgent(p, op);
		if (p->honest_extras && !trick && random_chance(p->r, 5))
			op->ip_options = 4 * random_between(p->r, 1, 10);
		if (p->honest_extras && !trick && random_chance(p->r, 5))
			op->tcp_options = 4 * random_between(p->r, 1, 9);
		if (random_chance(p->r, p->reads))
			plan_op(p, OP_READ);
	}
}

/* Where the pieces begin: evenly, anywhere, or in the name. */
static inline void plan_cuts(struct plan *p)
{
	int n = p->c->stream[SOURCE_TRUE].n, way = random_below(p->r, 10), step = n, at;
	int name = streams_find(p->c, SOURCE_TRUE);

	if (way == 0)
		step = 1 + random_below(p->r, n < CUTS_MAX ? 8 : 40);
	else if (way < 3)
		step = 20 + random_below(p->r, 200);
	if (step < n / CUTS_MAX + 1)
		step = n / CUTS_MAX + 1;
	p->pieces = 0;
	for (at = 0; at < n && p->pieces < CUTS_MAX;) {
		p->cuts[p->pieces++] = at;
		if (way < 4)
			at += step;
		else if (way < 7 && at < name)
			at = name + random_below(p->r, 8);
		else
			at += 1 + random_below(p->r, n - at < 1500 ? n - at : 1500);
	}
	p->cuts[p->pieces] = n;
}

static inline void plan_swap(struct plan *p, unsigned int a, unsigned int b)
{
	unsigned int kept = p->order[a];

	p->order[a] = p->order[b];
	p->order[b] = kept;
}

static inline void plan_order(struct plan *p)
{
	int way = random_below(p->r, 6);

	for (unsigned int i = 0; i < p->pieces; i++)
		p->order[i] = way == 1 || way == 2 ? p->pieces - 1 - i : i;
	if (way == 2)
		plan_swap(p, 0, random_below(p->r, p->pieces));
	for (unsigned int i = 0; way == 3 && i < p->pieces; i++)
		plan_swap(p, i, random_below(p->r, p->pieces));
	for (unsigned int i = 1; way == 4 && i < p->pieces; i++)
		plan_swap(p, i - 1, i);      /* the first comes last */
}

static inline unsigned int plan_any_trick(struct plan *p)
{
	return random_between(p->r, TRICK_FIRST_LIE, TRICKS - 1);
}

static inline enum source plan_lie_source(struct plan *p)
{
	if (p->source != SOURCE_TRUE)
		return p->source;
	return random_chance(p->r, 80) ? SOURCE_OTHER : random_chance(p->r, 50) ? SOURCE_NOISE : SOURCE_TRUE;
}

/* What is not true, about the range of a piece: as long, longer, shorter, or the whole stream. */
static inline void plan_lie(struct plan *p, int from, int to)
{
	unsigned int trick = p->trick ? p->trick : plan_any_trick(p);
	enum source source = plan_lie_source(p);
	int way = random_below(p->r, 8);
	int whole = p->c->stream[source == SOURCE_NOISE ? SOURCE_TRUE : source].n;

	if (way == 0 || p->lie == LIE_WHOLE_FIRST) {
		from = 0;
		to = whole;
	} else if (way == 1) {
		from = from > 4 ? from - random_below(p->r, 5) : from;
		to += random_below(p->r, 40);
	} else if (way == 2 && to - from > 2) {
		from += 1 + random_below(p->r, to - from - 1);
	} else if (way == 3 && to - from > 2) {
		to -= 1 + random_below(p->r, to - from - 1);
	}
	if (tricks[trick].empty)
		to = from + 1;
	plan_send(p, trick, source, from, to < whole ? to : whole);
}

/* RFC 9293, 3.8.4: it has the sequence number of the byte before the next one. That byte may be there, and be garbage. */
static inline void plan_keep_alive(struct plan *p)
{
	struct op *op;

	if (p->lie && p->front && random_chance(p->r, 50)) {
		plan_send(p, TRICK_PLAIN, SOURCE_NOISE, p->front - 1, p->front);
		return;
	}
	op = plan_op(p, OP_SEND);
	op->at = p->front - 1;
}

/* What honest clients send besides: again, more than is needed, keep-alives. */
static inline void plan_extra(struct plan *p, int from, int to)
{
	int way = random_below(p->r, 4);

	if (!p->honest_extras || random_chance(p->r, 70))
		return;
	if (way == 0)
		plan_send(p, TRICK_PLAIN, SOURCE_TRUE, from, to);
	else if (way == 1)
		plan_send(p, TRICK_PLAIN, SOURCE_TRUE, from > 9 ? from - random_below(p->r, 10) : 0, to + random_below(p->r, 60));
	else if (way == 2)
		plan_send(p, TRICK_PLAIN, SOURCE_NOISE, -1, 0);
	else
		plan_keep_alive(p);
}

static inline void plan_piece(struct plan *p, unsigned int which)
{
	int from = p->cuts[which], to = p->cuts[which + 1];

	if (p->lie == LIE_BEFORE_EACH || (p->lie == LIE_NOW_AND_THEN && random_chance(p->r, 30)))
		plan_lie(p, from, to);
	if (p->lie && random_chance(p->r, 30)) {
		from = from > 2 ? from - random_below(p->r, 3) : from;
		to += random_below(p->r, 3);
	}
	plan_send(p, TRICK_PLAIN, SOURCE_TRUE, from, to);
	if (from <= p->front && to > p->front)
		p->front = to;
	plan_extra(p, p->cuts[which], p->cuts[which + 1]);
	if (p->lie == LIE_BEHIND_EACH || (p->lie == LIE_NOW_AND_THEN && random_chance(p->r, 30)))
		plan_lie(p, from, to);
}

/* The handshake: seldom with data, and with lies about where the stream begins. */
static inline void plan_handshake(struct plan *p)
{
	struct op *op;
	int fakes = !p->lie || random_chance(p->r, 85) ? 0 : random_between(p->r, 1, 3);
	bool fast = p->c->port >= PORT_FAST;

	while (fakes--) {
		op = plan_op(p, OP_SEND);
		op->trick = TRICK_FIRST_LIE + 1;
		while (!(tricks[op->trick].flags & TCP_SYN) || !tricks[op->trick].empty)
			op->trick++;
	}
	op = plan_op(p, OP_SYN);
	op->at = -1;
	if (random_chance(p->r, fast ? 60 : 5)) {
		op->source = p->lie && random_chance(p->r, 40) ? SOURCE_OTHER : SOURCE_TRUE;
		op->n = random_between(p->r, 1, MSS);
		if (op->n > p->c->stream[op->source].n)
			op->n = p->c->stream[op->source].n;
	}
	if (random_chance(p->r, 80))
		plan_op(p, OP_ACK);
}

/* One byte more than the hello has, which a server does not get that takes urgent data out of the stream; or one of its own. */
static inline void plan_urgent_byte(struct plan *p)
{
	struct bytes *s = &p->c->stream[SOURCE_TRUE];
	int at = random_between(p->r, 0, s->n - 1);

	p->c->urgent_at = at;
	if (p->c->port == PORT_INLINE || p->c->port == PORT_FAST_INLINE || s->n >= LC_HELLO_MAX)
		return;
	memmove(s->at + at + 1, s->at + at, s->n - at);
	s->at[at] = random_next(p->r);
	s->n++;
}

static inline void plan_way(struct plan *p)
{
	struct one_case *c = p->c;

	c->lying = random_chance(p->r, 65);
	p->honest_extras = random_chance(p->r, 50);
	p->reads = random_chance(p->r, 50) ? 0 : random_below(p->r, 30);
	if (!c->lying)
		return;
	p->lie = random_between(p->r, LIE_WHOLE_FIRST, LIE_NOW_AND_THEN);
	if (random_chance(p->r, 60))
		p->trick = random_chance(p->r, 30) ? TRICK_OTHER_BYTES : plan_any_trick(p);
	if (random_chance(p->r, 60))
		p->source = SOURCE_OTHER;
	if (random_chance(p->r, 15))
		plan_urgent_byte(p);
}

/* All of a case but where it runs. */
static inline void plan_case(struct one_case *c, __u64 seed, unsigned int number)
{
	struct plan p = { .c = c, .r = &c->random };
	bool refused, other;

	c->number = number;
	c->random = random_new(seed, number);
	c->asset = random_chance(p.r, 50) ? ASSET_CAMERA : ASSET_DESK;
	c->port = random_chance(p.r, 70) ? PORT_PLAIN : random_below(p.r, PORT_MAX);
	c->isn = random_next(p.r);
	if (random_chance(p.r, 25))
		c->isn = -random_below(p.r, 2000);   /* comes round in the hello */
	c->urgent_at = -1;
	c->ops_n = 0;
	refused = random_chance(p.r, 60);
	other = random_chance(p.r, refused ? 20 : 60);
	streams_make(c, refused, other);
	plan_way(&p);
	c->refused_sent = refused || (other && c->lying);
	plan_cuts(&p);
	plan_order(&p);
	plan_handshake(&p);
	if (p.lie == LIE_WHOLE_FIRST)
		plan_lie(&p, 0, 0);
	for (unsigned int i = 0; i < p.pieces; i++)
		plan_piece(&p, p.order[i]);
	p.closing = true;
	p.honest_extras = false;
	plan_op(&p, OP_ACK);
	plan_send(&p, TRICK_PLAIN, SOURCE_TRUE, 0, c->stream[SOURCE_TRUE].n);
	if (c->lying && random_chance(p.r, 30))
		plan_lie(&p, 0, c->stream[SOURCE_TRUE].n);
}

#endif
