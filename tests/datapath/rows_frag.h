/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IP datagrams in fragments, over IPv4 and IPv6. The fragment that completes a datagram must not pass if the hello in it is
 * refused; what can not be put together for sure meets the rule for fragments.
 *
 * The datagram is a TCP header of 20 bytes and the plain hello, or a part of it: 112 bytes, name at 89..104.
 */
#ifndef LENSCAP_TEST_ROWS_FRAG_H
#define LENSCAP_TEST_ROWS_FRAG_H

#include "rows_views.h"

enum frag_flag {
	FRAG_OTHER = 1 << 0,         /* its bytes are those of the other hello's datagram */
	FRAG_MORE = 1 << 1,          /* says that another one follows, although it is the last */
	FRAG_LAST = 1 << 2,          /* says that it is the last, although it is not */
	FRAG_AGAIN = 1 << 3,         /* of a datagram with another identification */
	FRAG_UDP = 1 << 4,           /* says that it is one of UDP (RFC 8200, 4.5: only the first one's word counts) */
	FRAG_SECOND = 1 << 5,        /* of the second segment's datagram, see cut */
	FRAG_OPTIONS = 1 << 6,       /* destination options are what is in fragments */
};

struct frag { size_t at, n; enum lc_reason total; bool stopped; unsigned int flags; };      /* n REST: to the end; 0: no more */

struct frag_row {
	const char *says;
	const char *sni;             /* NULL: api.blocked.test */
	size_t cut;                  /* the hello is in two segments, cut here; 0: in one */
	struct frag frags[10];
	struct expect expect;
	unsigned int only;           /* IP version; 0: both */
	bool mild;                   /* by the policy that refuses no reason */
};

#define FRAG(at, n) { at, n, LC_R_PENDING, false, 0 }
#define FRAG_DECIDES(at, n) { at, n, LC_R_MATCH, true, 0 }
#define FRAG_BAD(at, n, flags) { at, n, LC_R_FRAGMENT, true, flags }

static const struct frag_row frag_rows[] = {
	{ .says = "two fragments", .frags = { FRAG(0, 56), FRAG_DECIDES(56, REST) }, .expect = REFUSED },
	{ .says = "two fragments, reversed", .frags = { FRAG(56, REST), FRAG_DECIDES(0, 56) }, .expect = REFUSED },
	{ .says = "cut inside the name", .frags = { FRAG(96, REST), FRAG_DECIDES(0, 96) }, .expect = REFUSED },
	{ .says = "five fragments, the TCP header in three of them",
	  .frags = { FRAG(0, 8), FRAG(8, 8), FRAG(24, 40), FRAG(64, REST), FRAG_DECIDES(16, 8) }, .expect = REFUSED },
	{ .says = "fragments of an allowed hello pass", .sni = HELLO_TWIN,
	  .frags = { FRAG(56, REST), { 0, 56, LC_R_NO_MATCH, false, 0 } }, .expect = UNSUSPECTED },
	{ .says = "fragments again", .frags = { FRAG(0, 56), FRAG(0, 56), FRAG_DECIDES(56, REST), { 56, REST, LC_R_DECIDED, true, 0 } },
	  .expect = REFUSED },
	{ .says = "fragments that overlap and agree", .frags = { FRAG(40, REST), FRAG(16, 40), FRAG_DECIDES(0, 64) }, .expect = REFUSED },
	{ .says = "never complete", .frags = { FRAG(0, 56), FRAG(64, REST), FRAG(0, 56) } },
	{ .says = "fragments of two datagrams are none of each other's",
	  .frags = { FRAG(0, 56), { 56, REST, LC_R_PENDING, false, FRAG_AGAIN }, FRAG_DECIDES(56, REST) }, .expect = REFUSED },
	{ .says = "segments in fragments", .cut = 75,
	  .frags = { FRAG(0, 48), FRAG(48, REST), { 24, REST, LC_R_PENDING, false, FRAG_SECOND },
		     { 0, 24, LC_R_MATCH, true, FRAG_SECOND } }, .expect = REFUSED },
	{ .says = "segments in fragments, the second first", .cut = 75,
	  .frags = { { 24, REST, LC_R_PENDING, false, FRAG_SECOND }, { 0, 24, LC_R_PENDING, false, FRAG_SECOND }, FRAG(0, 48),
		     FRAG_DECIDES(48, REST) }, .expect = REFUSED },

	/* what nobody can put together for sure */
	{ .says = "fragments that overlap and disagree", .frags = { FRAG(64, 40), FRAG_BAD(64, REST, FRAG_OTHER) } },
	{ .says = "fragments that disagree, the first one's bytes are looked at, too", .mild = true,
	  .frags = { FRAG(64, REST), { 64, REST, LC_R_FRAGMENT, false, FRAG_OTHER }, FRAG_DECIDES(0, 64) }, .expect = REFUSED },
	{ .says = "two ends, the larger one later", .frags = { FRAG(56, REST), FRAG_BAD(4000, 16, FRAG_LAST) } },
	{ .says = "two ends, the smaller one later", .frags = { FRAG(56, REST), FRAG_BAD(40, 8, FRAG_LAST), FRAG_DECIDES(0, 56) },
	  .expect = REFUSED },
	{ .says = "two ends, neither at the datagram's", .frags = { { 4000, 16, LC_R_PENDING, false, FRAG_LAST }, FRAG_BAD(56, REST, 0) } },
	{ .says = "fragment behind the end", .frags = { { 40, 8, LC_R_PENDING, false, FRAG_LAST }, FRAG_BAD(56, REST, FRAG_MORE) } },
	{ .says = "early end, then the true one",
	  .frags = { FRAG(0, 48), { 48, 8, LC_R_PENDING, false, FRAG_LAST }, FRAG_DECIDES(56, REST) }, .expect = REFUSED },
	{ .says = "beyond what is kept", .frags = { FRAG_BAD(LC_HELLO_MAX - 8, 16, 0) } },
	{ .says = "at the end of what is kept", .frags = { FRAG(LC_HELLO_MAX - 8, 8) } },
	{ .says = "no TCP header in the datagram", .frags = { FRAG(0, 8), FRAG_BAD(8, 8, FRAG_LAST) } },

	/* RFC 8200, 4.5 */
	{ .says = "only the first fragment says what is in them", .only = 6,
	  .frags = { FRAG(0, 56), { 56, REST, LC_R_MATCH, true, FRAG_UDP } }, .expect = REFUSED },
	{ .says = "only the first fragment says what is in them, reversed", .only = 6,
	  .frags = { { 56, REST, LC_R_PENDING, false, FRAG_UDP }, FRAG_DECIDES(0, 56) }, .expect = REFUSED },
	{ .says = "two first fragments that disagree on what is in them", .only = 6,
	  .frags = { { 0, 56, LC_R_PENDING, false, FRAG_UDP }, FRAG_BAD(0, 56, 0) } },
	{ .says = "extension headers in fragments", .only = 6,
	  .frags = { { 0, 56, LC_R_PENDING, false, FRAG_OPTIONS }, FRAG_BAD(56, REST, FRAG_OPTIONS) } },
	{ .says = "fragments of another protocol are another datagram's", .only = 4,
	  .frags = { FRAG(0, 56), { 56, REST, LC_R_PENDING, false, FRAG_UDP }, FRAG_DECIDES(56, REST) }, .expect = REFUSED },
};

/* TCP header and payload of a segment, as packet_build() makes them. */
static size_t frag_datagram(const struct packet *whole, __u8 *bytes)
{
	static __u8 frame[PACKET_MAX];
	size_t ip = 14 + (packet_is6(whole) ? 40 : 20), n = packet_build(whole, frame);

	memcpy(bytes, frame + ip, n - ip);
	return n - ip;
}

/* The datagram that a fragment is of. */
static size_t frag_bytes(const struct world *w, const struct frag_row *row, const struct frag *f, const char *src, __u8 *bytes)
{
	static __u8 stream[HELLO_MAX];
	const char *sni = row->sni ? row->sni : HELLO_NAME;
	const struct hello hello = { .sni = world_name(w, f->flags & FRAG_OTHER ? "xyz.another.test" : sni) };
	struct packet p = { .src = src, .seq = ISS + 1, .ack = ACK, .flags = TCP_ACK, .payload = stream };
	size_t n = hello_build(&hello, stream, sizeof(stream));

	p.payload_n = row->cut ? row->cut : n;
	if (f->flags & FRAG_SECOND) {
		p.seq += row->cut;
		p.payload = stream + row->cut;
		p.payload_n = n - row->cut;
	}
	memset(bytes, 0, 20000);
	return frag_datagram(&p, bytes);
}

static const char *frag_send(struct world *w, const struct frag_row *row, const struct frag *f, const char *src)
{
	static __u8 bytes[20000];
	size_t n = frag_bytes(w, row, f, src, bytes);
	struct packet p = { .src = src, .raw = true, .fragment = f->at / 8, .payload = bytes + f->at };

	p.payload_n = f->n == REST ? n - f->at : f->n;
	p.more_fragments = f->flags & FRAG_MORE || (f->at + p.payload_n < n && !(f->flags & FRAG_LAST));
	p.proto = f->flags & FRAG_UDP ? 17 : f->flags & FRAG_OPTIONS ? EXT_DEST : 6;
	p.id = 1 + (f->flags & FRAG_SECOND ? 2 : 0) + (!(f->flags & FRAG_AGAIN) ? 0 : packet_is6(&p) ? 0x10000 : 4);
	if (packet_is6(&p))
		p.ext[0] = (struct packet_ext){ EXT_FRAGMENT, 8, 0 };
	return world_expect(w, &p, f->total, f->stopped ? STOPPED : PASSED);
}

static const char *frag_row(struct world *w, const struct frag_row *row, const char *src)
{
	const char *complaint;
	char where[400];

	world_forget(w);
	complaint = hello_syn(w, src);
	if (complaint)
		return complaint;
	for (const struct frag *f = row->frags; f->n; f++) {
		complaint = frag_send(w, row, f, src);
		if (!complaint)
			continue;
		snprintf(where, sizeof(where), "%s", complaint);
		return wrong("fragment %td: %s", f - row->frags + 1, where);
	}
	if (row->expect.verdict != LC_V_UNDECIDED)
		return world_told(w, &row->expect);
	return w->events_n && !w->twin ? wrong("%u events, expected none", w->events_n) : NULL;
}

/* RFC 9000, 14: no honest QUIC client does this. */
static const char *frag_quic(struct world *w)
{
	static __u8 datagram[1208] = "\x9c\x40\1\xbb\4\xb8\0\0\xc3\x12\x34\x56\x78";
	struct packet p = { .proto = 17, .raw = true, .more_fragments = true, .payload = datagram, .payload_n = 600 };
	const char *complaint;

	world_forget(w);
	complaint = world_expect(w, &p, LC_R_PENDING, PASSED);
	p.fragment = 75;
	p.more_fragments = false;
	p.payload = datagram + 600;
	p.payload_n = 608;
	return complaint ? complaint : world_expect(w, &p, LC_R_QUIC_VERSION, STOPPED);
}

static const char *frag_untagged(struct world *w)
{
	struct packet p = { .src = "192.0.2.1", .raw = true, .more_fragments = true, .payload_n = 64 };

	world_forget(w);
	return world_expect(w, &p, LC_R_NOT_ASSET, PASSED);
}

static void frag_rows_each(struct world *w, struct world *mild, const char *src, const char *how)
{
	for (size_t i = 0; i < sizeof(frag_rows) / sizeof(*frag_rows); i++) {
		const struct frag_row *row = &frag_rows[i];

		if (row->only && row->only != (strchr(src, ':') ? 6 : 4))
			continue;
		mild->twin = false;
		row_end(frag_row(row->mild ? mild : w, row, src), "fragments: %s, %s", row->says, how);
		mild->twin = true;
		row_end(frag_row(mild, row, src), "benign twin: fragments: %s, %s", row->says, how);
	}
}

static void frag_rows_run(struct world *w, struct world *mild)
{
	frag_rows_each(w, mild, "10.1.0.5", "IPv4");
	frag_rows_each(w, mild, V6, "IPv6");
	row_end(frag_quic(w), "fragments: a QUIC Initial is known for one");
	row_end(frag_untagged(w), "fragments: those of an untagged host pass");
}

#endif
