/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The bytes of a stream to the server name of its ClientHello, or the reason why there is none. Pure: no maps, no packets.
 * Jumps from length to length (RFC 8446, 4.1.2) and crosses record headers (5.1) wherever they fall; each length is bounded by its
 * parent, not by the buffer. All state is in struct lc_tls, so that one reader serves bytes that come in pieces: it is run
 * again from the start when more have come.
 */
#ifndef LENSCAP_TLS_H
#define LENSCAP_TLS_H

#include "lenscap.h"
#include "verif.h"

#define LC_STREAM_CHUNK 2048         /* most that is copied at once */
#define LC_STREAM_MASK (LC_HELLO_MAX - 1)
#define LC_STREAM_WORDS (LC_HELLO_MAX / 64)
#define LC_RECORDS_MAX 4096          /* more than LC_HELLO_MAX bytes hold, empty ones included */
#define LC_EXTENSIONS_MAX 4096       /* likewise */
#define LC_SNI_NAMES_MAX 64          /* entries of one ServerNameList that are looked at; more: malformed */
#define LC_TLS_SNIS_MAX 2            /* server_name extensions that are looked into; more: malformed */
#define LC_TLS_HOSTS_MAX 4           /* host names that are looked up, a power of 2; more: malformed */

#define LC_TLS_RAW 0xffffffffu        /* for a base: the message is not in records (RFC 9001, 4) */
#define LC_TLS_HANDSHAKE 22          /* RFC 8446, 5.1: ContentType */
#define LC_TLS_RECORD_MAX (16384 + 256)
#define LC_TLS_CLIENT_HELLO 1        /* 4: HandshakeType */
#define LC_TLS_EXT_SERVER_NAME 0     /* RFC 6066, 3 */
#define LC_TLS_EXT_ECH 0xfe0d        /* RFC 9849, 5 */
#define LC_TLS_HOST_NAME 0           /* RFC 6066, 3: NameType */

/* What is known of a stream's first bytes. Readers look at the first len of them; stream.h fills the gaps. */
struct lc_stream {
	__u32 len;                   /* bytes from offset 0 on, without a gap */
	__u16 total;                 /* of a datagram in fragments; 0: its last one did not come yet */
	__u8 proto;                  /* of that; 0: its first one did not come yet */
	__u8 pad;
	__u64 have[LC_STREAM_WORDS]; /* bit per byte that is here */
	__u8 bytes[LC_HELLO_MAX + LC_STREAM_CHUNK];
};

/* A place in the hello. */
struct lc_tls_at {
	__u32 at;                    /* stream offset */
	__u32 left;                  /* bytes to the end of the record */
	__u32 body;                  /* bytes to the end of the message */
};

struct lc_tls {
	struct lc_tls_at now;
	struct lc_tls_at sni[LC_TLS_SNIS_MAX];       /* where the data of a server_name extension begins, */
	struct lc_tls_at host[LC_TLS_HOSTS_MAX];     /* and in it the bytes of a host name */
	__u32 sni_len[LC_TLS_SNIS_MAX];
	__u32 host_len[LC_TLS_HOSTS_MAX];
	__u32 list_left;
	__u16 name_len;
	__u8 snis;                   /* server_name extensions seen */
	__u8 hosts;                  /* host_name entries seen */
	__u8 ech;                    /* an encrypted_client_hello extension is there: by itself it says nothing */
	__u8 why;                    /* enum lc_reason; once set, every further read gives 0 */
	__u8 started;                /* a record header was taken for one */
	__u8 pad;
	__u8 name[256];              /* as sent; what lies behind name_len is noise */
};

struct lc_tls_walk { struct lc_tls *tls; const struct lc_stream *stream; __u32 skip; };

LC_INLINE void lc_tls_fail(struct lc_tls *t, enum lc_reason why)
{
	if (!t->why)
		t->why = why;
}

/* Enter the record whose header is next. */
LC_INLINE void lc_tls_record(struct lc_tls *t, const struct lc_stream *s)
{
	__u32 at = t->now.at, type, major, len;

	if (at + 5 > s->len) {
		lc_tls_fail(t, LC_R_PENDING);
		return;
	}
	type = s->bytes[at & LC_STREAM_MASK];
	major = s->bytes[(at + 1) & LC_STREAM_MASK];
	len = (__u32)s->bytes[(at + 3) & LC_STREAM_MASK] << 8 | s->bytes[(at + 4) & LC_STREAM_MASK];
	if (type != LC_TLS_HANDSHAKE || major != 3 || len > LC_TLS_RECORD_MAX)
		lc_tls_fail(t, t->started ? LC_R_MALFORMED : LC_R_NOT_TLS);
	t->started = 1;
	t->now.at = at + 5;
	t->now.left = len;
}

/* One turn: to the end of this record, or as far as is to be skipped; then, if there is more, into the next one. */
LC_CALLBACK lc_tls_cross_turn(__u32 turn, void *context)
{
	struct lc_tls_walk *walk = context;
	struct lc_tls *t = walk->tls;
	__u32 step = walk->skip < t->now.left ? walk->skip : t->now.left;

	(void)turn;
	t->now.at += step;
	t->now.left -= step;
	walk->skip -= step;
	if (t->now.left || t->why)
		return 1;
	lc_tls_record(t, walk->stream);
	return t->why != 0;
}

/* Go on by some bytes of the message, over as many records as that takes, to where one more byte can be read. */
LC_INLINE void lc_tls_cross(struct lc_tls *t, const struct lc_stream *s, __u32 skip)
{
	struct lc_tls_walk walk = { .tls = t, .stream = s, .skip = skip };

	lc_loop(LC_RECORDS_MAX, lc_tls_cross_turn, &walk);
}

/* Skip bytes of the message. Ends at a record's end without looking for the next: the message may end here, too. */
LC_GLOBAL int lc_tls_skip(struct lc_tls *t, const struct lc_stream *s, __u32 n)
{
	if (!t || !s || t->why || !n)
		return 0;
	if (n > t->now.body) {
		lc_tls_fail(t, LC_R_MALFORMED);
		return 0;
	}
	t->now.body -= n;
	if (n > t->now.left) {
		/* all but the last byte, into the record that holds it, and over it */
		lc_tls_cross(t, s, n - 1);
		n = 1;
	}
	t->now.at += n;
	t->now.left -= n;
	if (t->now.at > s->len)
		lc_tls_fail(t, LC_R_PENDING);
	return 0;
}

/* The next byte of the message; 0 when why is set. */
LC_INLINE __u32 lc_tls_byte(struct lc_tls *t, const struct lc_stream *s)
{
	__u32 at;

	if (t->why)
		return 0;
	if (!t->now.body)
		lc_tls_fail(t, LC_R_MALFORMED);
	else if (!t->now.left)
		lc_tls_cross(t, s, 0);
	at = t->now.at;
	if (at >= s->len)
		lc_tls_fail(t, LC_R_PENDING);
	if (t->why)
		return 0;
	t->now.at = at + 1;
	t->now.left--;
	t->now.body--;
	return s->bytes[at & LC_STREAM_MASK];
}

LC_GLOBAL __u32 lc_tls_u8(struct lc_tls *t, const struct lc_stream *s)
{
	return t && s ? lc_tls_byte(t, s) : 0;
}

/* Not by two calls of lc_tls_u8(): one more would be too deep for the kernel's eight frames. */
LC_GLOBAL __u32 lc_tls_u16(struct lc_tls *t, const struct lc_stream *s)
{
	__u32 at, high;

	if (!t || !s || t->why)
		return 0;
	at = t->now.at;
	if (t->now.left >= 2 && t->now.body >= 2 && at + 2 <= s->len) {
		t->now.at = at + 2;
		t->now.left -= 2;
		t->now.body -= 2;
		return (__u32)s->bytes[at & LC_STREAM_MASK] << 8 | s->bytes[(at + 1) & LC_STREAM_MASK];
	}
	high = lc_tls_byte(t, s);
	return high << 8 | lc_tls_byte(t, s);
}

LC_CALLBACK lc_tls_extension(__u32 turn, void *context)
{
	struct lc_tls_walk *walk = context;
	struct lc_tls *t = walk->tls;
	__u32 type, len;

	(void)turn;
	if (t->why || !t->now.body)
		return 1;
	type = lc_tls_u16(t, walk->stream);
	len = lc_tls_u16(t, walk->stream);
	if (type == LC_TLS_EXT_SERVER_NAME) {
		t->sni[t->snis & (LC_TLS_SNIS_MAX - 1)] = t->now;
		t->sni_len[t->snis & (LC_TLS_SNIS_MAX - 1)] = len;
		t->snis++;
		if (t->snis > LC_TLS_SNIS_MAX)
			lc_tls_fail(t, LC_R_MALFORMED);
	}
	t->ech |= type == LC_TLS_EXT_ECH;
	lc_tls_skip(t, walk->stream, len);
	return 0;
}

LC_CALLBACK lc_tls_sni_entry(__u32 turn, void *context)
{
	struct lc_tls_walk *walk = context;
	struct lc_tls *t = walk->tls;
	__u32 type, len;

	(void)turn;
	if (t->why || !t->list_left)
		return 1;
	type = lc_tls_u8(t, walk->stream);
	len = lc_tls_u16(t, walk->stream);
	if (len + 3 > t->list_left) {
		lc_tls_fail(t, LC_R_MALFORMED);
		return 1;
	}
	t->list_left -= len + 3;
	if (type == LC_TLS_HOST_NAME) {
		t->host[t->hosts & (LC_TLS_HOSTS_MAX - 1)] = t->now;
		t->host_len[t->hosts & (LC_TLS_HOSTS_MAX - 1)] = len;
		t->hosts++;
		if (t->hosts > LC_TLS_HOSTS_MAX)
			lc_tls_fail(t, LC_R_MALFORMED);
	}
	lc_tls_skip(t, walk->stream, len);
	return 0;
}

/* RFC 6066, 3: ServerNameList fills the extension. It should hold one host_name; each of several is a view. */
LC_GLOBAL int lc_tls_sni(struct lc_tls *t, const struct lc_stream *s, __u32 which)
{
	struct lc_tls_walk walk = { .tls = t, .stream = s };

	if (!t || !s)
		return 0;
	which &= LC_TLS_SNIS_MAX - 1;
	t->now = t->sni[which];
	t->list_left = lc_tls_u16(t, s);
	if (t->why)
		return 0;
	if (!t->list_left || t->list_left + 2 != t->sni_len[which])
		lc_tls_fail(t, LC_R_MALFORMED);
	lc_loop(LC_SNI_NAMES_MAX, lc_tls_sni_entry, &walk);
	if (t->list_left)
		lc_tls_fail(t, LC_R_MALFORMED);
	return 0;
}

LC_CALLBACK lc_tls_name_byte(__u32 turn, void *context)
{
	struct lc_tls_walk *walk = context;

	walk->tls->name[turn & 0xff] = lc_tls_u8(walk->tls, walk->stream);
	return turn + 1 >= walk->tls->name_len || walk->tls->why;
}

/* Copy a host name out: at one go where it lies in one record, else byte by byte. LC_R_NONE, or LC_R_INVALID_NAME. */
LC_GLOBAL int lc_tls_name(struct lc_tls *t, const struct lc_stream *s, __u32 which)
{
	struct lc_tls_walk walk = { .tls = t, .stream = s };
	const __u8 *from;
	__u32 len;

	if (!t || !s)
		return LC_R_NONE;
	which &= LC_TLS_HOSTS_MAX - 1;
	t->now = t->host[which];
	len = t->host_len[which];
	t->name_len = len;
	if (!len || len > sizeof(t->name)) {
		t->name_len = 0;
		return LC_R_INVALID_NAME;
	}
	if (len > t->now.left) {
		lc_loop(sizeof(t->name), lc_tls_name_byte, &walk);
		return LC_R_NONE;
	}
	from = &s->bytes[t->now.at & LC_STREAM_MASK];
	for (int i = 0; i < 256; i += 8)
		lc_put64(&t->name[i], lc_get64(from + i));
	return LC_R_NONE;
}

/* RFC 8446, 4.1.2, from legacy_version to the length of extensions. */
LC_INLINE void lc_tls_head(struct lc_tls *t, const struct lc_stream *s)
{
	__u32 n;

	if (lc_tls_u8(t, s) != LC_TLS_CLIENT_HELLO)
		lc_tls_fail(t, LC_R_NOT_HELLO);
	n = lc_tls_u8(t, s) << 16;
	n |= lc_tls_u16(t, s);
	if (n > LC_HELLO_MAX - 9)
		lc_tls_fail(t, LC_R_TOO_LONG);
	t->now.body = n;
	lc_tls_skip(t, s, 2 + 32);
	n = lc_tls_u8(t, s);
	if (n > 32)
		lc_tls_fail(t, LC_R_MALFORMED);
	lc_tls_skip(t, s, n);
	n = lc_tls_u16(t, s);
	if (!t->why && (n < 2 || n & 1))
		lc_tls_fail(t, LC_R_MALFORMED);
	lc_tls_skip(t, s, n);
	n = lc_tls_u8(t, s);
	if (!t->why && !n)
		lc_tls_fail(t, LC_R_MALFORMED);
	lc_tls_skip(t, s, n);
	/* RFC 5246, 7.4.1.2: a hello may end here, without extensions */
	if (t->now.body && lc_tls_u16(t, s) != t->now.body)
		lc_tls_fail(t, LC_R_MALFORMED);
}

/*
 * Read the hello that begins at an offset of a stream. Returns LC_R_NONE with hosts > 0, LC_R_PENDING while more bytes are
 * needed, else why there is no name. Nothing but the whole hello gives a name: what comes last in it may contradict what came first.
 * now.at is left behind the hello.
 */
LC_GLOBAL int lc_tls_hello(struct lc_tls *t, const struct lc_stream *s, __u32 base)
{
	struct lc_tls_walk walk = { .tls = t, .stream = s };
	__u32 end;

	if (!t || !s)
		return LC_R_NONE;
	t->now = (struct lc_tls_at){ .at = base, .body = 4 };
	if (base == LC_TLS_RAW)
		t->now = (struct lc_tls_at){ .left = LC_TLS_RAW, .body = 4 };
	t->list_left = 0;
	t->name_len = 0;
	t->snis = t->hosts = t->ech = t->why = 0;
	t->started = base == LC_TLS_RAW;
	base &= LC_STREAM_MASK;
	if (!t->started && ((s->len > base && s->bytes[base] != LC_TLS_HANDSHAKE) ||
	     (s->len > base + 1 && s->bytes[(base + 1) & LC_STREAM_MASK] != 3))) {
		t->why = LC_R_NOT_TLS;
		return t->why;
	}
	lc_tls_head(t, s);
	lc_loop(LC_EXTENSIONS_MAX, lc_tls_extension, &walk);
	end = t->now.at;
	if (t->why)
		return t->why;
	if (t->snis)
		lc_tls_sni(t, s, 0);
	if (t->snis > 1)
		lc_tls_sni(t, s, 1);
	if (!t->why && !t->hosts)
		t->why = LC_R_NO_SNI;
	t->now.at = end;
	return t->why;
}

#endif
