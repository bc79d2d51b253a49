/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What may stand before a ClientHello in a client's stream: a proxy's request, a protocol's wish for TLS, a stray record. Finds
 * where the hello begins, and the name that a proxy was asked for. Pure. Plain HTTP ends here: its Host is the name.
 */
#ifndef LENSCAP_INNER_H
#define LENSCAP_INNER_H

#include "tls.h"

#define LC_INNER_LAYERS 4            /* CONNECT in CONNECT in ...; more: not TLS */
#define LC_HTTP_HEAD_MAX 8192        /* bytes of a request's head that are looked through */
#define LC_PROXY1_MAX 107            /* PROXY protocol 2.9, 2.1: the longest line */

struct lc_inner {
	__u32 base;                  /* where the next layer begins */
	__u32 name_at;               /* host that a proxy or server is asked for; name_len 0: none */
	__u32 name_len;
	__u8 odd;                    /* records stand before the handshake */
	__u8 more;                   /* another layer was found: look again at base */
	__u8 pad[2];
};

struct lc_http_walk { const struct lc_stream *stream; __u32 at; __u32 end; __u32 host; __u32 host_len; __u32 mask; };

LC_INLINE __u32 lc_inner_u8(const struct lc_stream *s, __u32 at)
{
	return s->bytes[at & LC_STREAM_MASK];
}

LC_INLINE __u32 lc_inner_u16(const struct lc_stream *s, __u32 at)
{
	return lc_inner_u8(s, at) << 8 | lc_inner_u8(s, at + 1);
}

LC_INLINE __u32 lc_inner_u32(const struct lc_stream *s, __u32 at)
{
	return lc_inner_u16(s, at) << 16 | lc_inner_u16(s, at + 2);
}

#define LC_TEXT4(a, b, c, d) ((__u32)(a) << 24 | (b) << 16 | (c) << 8 | (d))

/* RFC 9112, 2.1 and 2.2: the empty line ends a head, CR is optional. mask holds the last four bytes: a line's end is seen in one look. */
LC_CALLBACK lc_http_byte(__u32 turn, void *context)
{
	struct lc_http_walk *w = context;
	__u32 at = w->at, byte;

	(void)turn;
	if (at >= w->stream->len)
		return 1;
	byte = lc_inner_u8(w->stream, at);
	w->at = at + 1;
	w->mask = w->mask << 8 | byte;
	if ((w->mask & 0xffff) == 0x0a0a || (w->mask & 0xffffff) == 0x0a0d0a) {
		w->end = at + 1;
		return 1;
	}
	/* field names are case-insensitive (RFC 9110, 5.1) */
	if ((w->mask | 0x20202000) == LC_TEXT4('o', 's', 't', ':') && !w->host &&
	    (lc_inner_u8(w->stream, at - 4) | 0x20) == 'h' && lc_inner_u8(w->stream, at - 5) == '\n')
		w->host = at + 1;
	return 0;
}

LC_CALLBACK lc_http_space(__u32 turn, void *context)
{
	struct lc_http_walk *w = context;
	__u32 byte = lc_inner_u8(w->stream, w->host + turn);

	if (byte != ' ' && byte != '\t') {
		w->host += turn;
		return 1;
	}
	return 0;
}

LC_CALLBACK lc_http_host_byte(__u32 turn, void *context)
{
	struct lc_http_walk *w = context;
	__u32 byte = lc_inner_u8(w->stream, w->host + turn);

	if (byte == ':' || byte == ' ' || byte == '\r' || byte == '\n' || byte == '\t')
		return 1;
	w->host_len = turn + 1;
	return 0;
}

/* The host that begins at an offset, up to its port or the end of its word. */
LC_INLINE void lc_http_host(struct lc_http_walk *w, struct lc_inner *inner)
{
	lc_loop(64, lc_http_space, w);
	lc_loop(LC_NAME_MAX + 2, lc_http_host_byte, w);
	inner->name_at = w->host;
	inner->name_len = w->host_len;
}

/* LC_R_NONE: the head is whole. */
LC_GLOBAL int lc_inner_http(struct lc_inner *inner, const struct lc_stream *s, __u32 connect)
{
	struct lc_http_walk w = { .stream = s };

	if (!inner || !s)
		return LC_R_NOT_TLS;
	w.at = inner->base;
	lc_loop(LC_HTTP_HEAD_MAX, lc_http_byte, &w);
	if (!w.end)
		return w.at - inner->base < LC_HTTP_HEAD_MAX ? LC_R_PENDING : LC_R_NOT_TLS;
	if (connect)
		w.host = inner->base + 8;    /* behind "CONNECT " */
	if (w.host)
		lc_http_host(&w, inner);
	if (!connect)
		return LC_R_HTTP;
	inner->base = w.end;
	inner->more = 1;
	return LC_R_NONE;
}

/* RFC 1928: greeting, maybe RFC 1929's user and password, request. What the proxy answers in between is not seen. */
LC_GLOBAL int lc_inner_socks5(struct lc_inner *inner, const struct lc_stream *s)
{
	__u32 at, type, len;

	if (!inner || !s)
		return LC_R_NOT_TLS;
	at = inner->base;
	if (at + 2 > s->len)
		return LC_R_PENDING;
	at += 2 + lc_inner_u8(s, at + 1);
	if (at + 2 > s->len)
		return LC_R_PENDING;
	if (lc_inner_u8(s, at) == 1) {
		at += 2 + lc_inner_u8(s, at + 1);
		if (at + 1 > s->len)
			return LC_R_PENDING;
		at += 1 + lc_inner_u8(s, at);
	}
	if (at + 5 > s->len)
		return LC_R_PENDING;
	if (lc_inner_u8(s, at) != 5 || lc_inner_u8(s, at + 1) != 1)
		return LC_R_NOT_TLS;
	type = lc_inner_u8(s, at + 3);
	len = type == 1 ? 4 : type == 4 ? 16 : 1 + lc_inner_u8(s, at + 4);
	if (type == 3) {
		inner->name_at = at + 5;
		inner->name_len = len - 1;
	}
	at += 4 + len + 2;
	if (at > s->len)
		return LC_R_PENDING;
	inner->base = at;
	inner->more = 1;
	return LC_R_NONE;
}

LC_CALLBACK lc_inner_line(__u32 turn, void *context)
{
	struct lc_http_walk *w = context;

	(void)turn;
	w->at++;
	if (w->at > w->stream->len)
		return 1;
	if (lc_inner_u8(w->stream, w->at - 1) == '\n')
		w->end = w->at;
	return w->end != 0;
}

/* PROXY protocol, 2.1: one line of text. */
LC_GLOBAL int lc_inner_proxy1(struct lc_inner *inner, const struct lc_stream *s)
{
	struct lc_http_walk w = { .stream = s };

	if (!inner || !s)
		return LC_R_NOT_TLS;
	w.at = inner->base;
	lc_loop(LC_PROXY1_MAX, lc_inner_line, &w);
	if (!w.end)
		return w.at > s->len ? LC_R_PENDING : LC_R_NOT_TLS;
	inner->base = w.end;
	inner->more = 1;
	return LC_R_NONE;
}

/* A layer of fixed or stated size: go over it once it is here. */
LC_INLINE int lc_inner_over(struct lc_inner *inner, const struct lc_stream *s, __u32 bytes)
{
	if (inner->base + bytes > s->len)
		return LC_R_PENDING;
	inner->base += bytes;
	inner->more = 1;
	return LC_R_NONE;
}

/* The methods of RFC 9110, 9.3, by their first four bytes. */
LC_INLINE int lc_inner_is_http(__u32 word)
{
	return word == LC_TEXT4('G', 'E', 'T', ' ') || word == LC_TEXT4('P', 'O', 'S', 'T') || word == LC_TEXT4('P', 'U', 'T', ' ') ||
	       word == LC_TEXT4('H', 'E', 'A', 'D') || word == LC_TEXT4('D', 'E', 'L', 'E') || word == LC_TEXT4('O', 'P', 'T', 'I') ||
	       word == LC_TEXT4('P', 'A', 'T', 'C');
}

/* What four bytes of text, or fewer of them that are there yet, may become. */
LC_INLINE int lc_inner_text(struct lc_inner *inner, const struct lc_stream *s)
{
	__u32 word;

	if (inner->base + 4 > s->len)
		return LC_R_PENDING;
	word = lc_inner_u32(s, inner->base);
	if (word == LC_TEXT4('C', 'O', 'N', 'N'))
		return inner->base + 8 > s->len ? LC_R_PENDING :
		       lc_inner_u32(s, inner->base + 4) == LC_TEXT4('E', 'C', 'T', ' ') ? lc_inner_http(inner, s, 1) : LC_R_NOT_TLS;
	if (word == LC_TEXT4('P', 'R', 'O', 'X'))
		return lc_inner_proxy1(inner, s);
	return lc_inner_is_http(word) ? lc_inner_http(inner, s, 0) : LC_R_NOT_TLS;
}

/* One layer. LC_R_NONE with more: look again at base; LC_R_NONE without: a handshake record, or the beginning of one, is at base. */
LC_GLOBAL int lc_inner_layer(struct lc_inner *inner, const struct lc_stream *s)
{
	__u32 left, first;

	if (!inner || !s)
		return LC_R_NOT_TLS;
	inner->more = 0;
	left = s->len - inner->base;
	if (inner->base >= s->len)
		return LC_R_PENDING;
	first = lc_inner_u8(s, inner->base);
	if (first == LC_TLS_HANDSHAKE)
		return LC_R_NONE;
	if ((first == 20 || first == 21) && left < 5)
		return LC_R_PENDING;         /* RFC 8446, 5.1: change_cipher_spec, alert */
	if ((first == 20 || first == 21) && lc_inner_u8(s, inner->base + 1) == 3) {
		inner->odd = 1;
		return lc_inner_over(inner, s, 5 + lc_inner_u16(s, inner->base + 3));
	}
	if (first == 5)
		return lc_inner_socks5(inner, s);
	if (first == 0)                      /* PostgreSQL, 55.7: SSLRequest */
		return left < 8 ? LC_R_PENDING : lc_inner_u32(s, inner->base + 4) == 80877103 ? lc_inner_over(inner, s, 8) : LC_R_NOT_TLS;
	if (first == '\r')                   /* PROXY protocol, 2.2 */
		return left < 16 ? LC_R_PENDING : lc_inner_u32(s, inner->base + 8) == 0x5549540a ?
		       lc_inner_over(inner, s, 16 + lc_inner_u16(s, inner->base + 14)) : LC_R_NOT_TLS;
	if (first & 0x80)                    /* RFC 5246, E.2 */
		return left < 4 ? LC_R_PENDING : lc_inner_u8(s, inner->base + 2) == 1 && lc_inner_u8(s, inner->base + 3) <= 3 ?
		       LC_R_SSLV2 : LC_R_NOT_TLS;
	return first >= 'A' && first <= 'Z' ? lc_inner_text(inner, s) : LC_R_NOT_TLS;
}

#endif
