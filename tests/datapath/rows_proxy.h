/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What may stand before a hello: requests to proxies, wishes for TLS, stray records; and plain HTTP, which has no hello. Each row
 * is sent at one go, in two parts, in halves and a byte at a time; it must be decided by the piece in which the byte is
 * that decides it, and by no earlier one.
 */
#ifndef LENSCAP_TEST_ROWS_PROXY_H
#define LENSCAP_TEST_ROWS_PROXY_H

#include <strings.h>

#include "rows_views.h"

#define TEXT(s) s, sizeof(s) - 1
#define NO_HELLO ((const char *)1)
#define PROXY2 "\r\n\r\n\0\r\nQUIT\n"
#define ALERT "\x15\3\1\0\2\1\0"
#define CHANGE "\x14\3\1\0\1\1"

struct proxy_row {
	const char *says;
	const char *before;
	size_t before_n;
	const char *sni;             /* of the hello behind it; NULL: api.blocked.test; NO_HELLO */
	struct expect expect;
	const char *view;            /* the other name in the event */
	bool early;                  /* what stands before decides */
};

#define LET_NAME(name) { LC_V_ALLOW, LC_R_NO_MATCH, NULL, NULL, LC_RULE_UNMATCHED, name, 0 }
#define DISAGREE_ON(name) { LC_V_AUDIT, LC_R_VIEWS, NULL, NULL, "differ", name, 0 }
#define CLEAR BY(LC_R_HTTP, LC_V_AUDIT, "clear")

static const struct proxy_row proxy_rows[] = {
	/* HTTP proxies (RFC 9110, 9.3.6) */
	{ "CONNECT to a refused name", TEXT("CONNECT api.blocked.test:443 HTTP/1.1\r\n\r\n"), NO_HELLO, REFUSED, NULL, true },
	{ "CONNECT with Host and other fields", TEXT("CONNECT api.blocked.test:443 HTTP/1.1\r\nHost: www.benign.test:443\r\n"
	  "Proxy-Connection: keep-alive\r\n\r\n"), NULL, REFUSED, NULL, true },
	{ "CONNECT in capitals", TEXT("CONNECT API.BLOCKED.TEST:443 HTTP/1.1\r\n\r\n"), NO_HELLO,
	  { LC_V_DENY_RESET, LC_R_MATCH, NULL, "BLOCKED", "reset", "API.BLOCKED.TEST", 0 }, NULL, true },
	{ "CONNECT with lines that end in LF alone", TEXT("CONNECT api.blocked.test:443 HTTP/1.1\nA: b\n\n"), NULL, REFUSED, NULL, true },
	{ "CONNECT with LF and then CR LF", TEXT("CONNECT api.blocked.test:443 HTTP/1.1\n\r\n"), NULL, REFUSED, NULL, true },
	{ "CONNECT without a port", TEXT("CONNECT api.blocked.test HTTP/1.0\r\n\r\n"), NULL, REFUSED, NULL, true },
	{ "CONNECT with two spaces", TEXT("CONNECT  api.blocked.test:443 HTTP/1.1\r\n\r\n"), NULL, REFUSED, NULL, true },
	{ "CONNECT to an allowed name, refused name in the hello", TEXT("CONNECT app.allowed.test:443 HTTP/1.1\r\n\r\n"), NULL, REFUSED,
	  HELLO_TWIN, false },
	{ "CONNECT to an IPv4 address, refused name in the hello", TEXT("CONNECT 203.0.113.80:443 HTTP/1.1\r\n\r\n"), NULL, REFUSED,
	  NULL, false },
	{ "CONNECT to an IPv6 address, refused name in the hello", TEXT("CONNECT [2001:db8::80]:443 HTTP/1.1\r\n\r\n"), NULL, REFUSED,
	  NULL, false },
	{ "CONNECT in CONNECT", TEXT("CONNECT app.allowed.test:80 HTTP/1.1\r\n\r\nCONNECT api.blocked.test:443 HTTP/1.1\r\n\r\n"),
	  NULL, REFUSED, HELLO_TWIN, true },
	{ "CONNECT twice, as after a demand for a password", TEXT("CONNECT app.allowed.test:443 HTTP/1.1\r\n\r\n"
	  "CONNECT app.allowed.test:443 HTTP/1.1\r\nProxy-Authorization: Basic YTpi\r\n\r\n"), NULL, REFUSED, HELLO_TWIN, false },
	{ "CONNECT and hello agree", TEXT("CONNECT app.allowed.test:443 HTTP/1.1\r\n\r\n"), HELLO_TWIN, UNSUSPECTED, NULL, false },
	{ "CONNECT and hello agree but for case and final dot", TEXT("CONNECT App.Allowed.Test.:443 HTTP/1.1\r\n\r\n"), HELLO_TWIN,
	  LET_NAME("App.Allowed.Test."), NULL, false },
	{ "CONNECT and hello disagree", TEXT("CONNECT app.allowed.test:443 HTTP/1.1\r\n\r\n"), "www.benign.test",
	  DISAGREE_ON(HELLO_TWIN), "www.benign.test", false },
	{ "CONNECT, then what is no TLS", TEXT("CONNECT app.allowed.test:22 HTTP/1.1\r\n\r\nSSH-2.0-x\r\n"), NO_HELLO,
	  LET_NAME(HELLO_TWIN), NULL, false },
	{ "CONNECT, then plain HTTP to another host", TEXT("CONNECT app.allowed.test:80 HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nHost: "
	  "www.benign.test\r\n\r\n"), NO_HELLO, { LC_V_AUDIT, LC_R_HTTP, NULL, NULL, "clear", NULL, 0 }, HELLO_TWIN, false },
	{ "CONNECT, then plain HTTP to a refused host", TEXT("CONNECT app.allowed.test:80 HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nHost: "
	  "api.blocked.test\r\n\r\n"), NO_HELLO, REFUSED, HELLO_TWIN, false },

	/* SOCKS5 (RFC 1928, 1929) */
	{ "SOCKS5 to a refused name", TEXT("\5\1\0\5\1\0\3\x10""api.blocked.test\1\xbb"), NO_HELLO, REFUSED, NULL, true },
	{ "SOCKS5 to an allowed name, refused name in the hello", TEXT("\5\2\0\2\5\1\0\3\x10""app.allowed.test\1\xbb"), NULL, REFUSED,
	  HELLO_TWIN, false },
	{ "SOCKS5 with user and password to a refused name",
	  TEXT("\5\1\2\1\4user\6passwd\5\1\0\3\x10""api.blocked.test\1\xbb"), NO_HELLO, REFUSED, NULL, true },
	{ "SOCKS5 with user and password to an IPv4 address", TEXT("\5\1\2\1\4user\6passwd\5\1\0\1\xcb\0\x71\x50\1\xbb"), NULL, REFUSED,
	  NULL, false },
	{ "SOCKS5 to an IPv6 address", TEXT("\5\1\0\5\1\0\4\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\x80\1\xbb"), NULL, REFUSED, NULL, false },
	{ "SOCKS5 and hello agree", TEXT("\5\1\0\5\1\0\3\x10""app.allowed.test\1\xbb"), HELLO_TWIN, UNSUSPECTED, NULL, false },
	{ "SOCKS5 that binds is no proxied stream", TEXT("\5\1\0\5\2\0\1\xcb\0\x71\x50\1\xbb"), NO_HELLO,
	  BY(LC_R_NOT_TLS, LC_V_ALLOW, LC_RULE_UNMATCHED), NULL, false },
	{ "SOCKS5 in CONNECT", TEXT("CONNECT app.allowed.test:1080 HTTP/1.1\r\n\r\n\5\1\0\5\1\0\3\x10""api.blocked.test\1\xbb"), NO_HELLO,
	  REFUSED, HELLO_TWIN, true },

	/* PROXY protocol, 2.1 and 2.2 */
	{ "PROXY version 1", TEXT("PROXY TCP4 10.1.0.5 203.0.113.9 40000 443\r\n"), NULL, REFUSED, NULL, false },
	{ "PROXY version 1, longest line", TEXT("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:"
	  "ffff:ffff 65535 65535\r\n"), NULL, REFUSED, NULL, false },
	{ "PROXY version 2", TEXT(PROXY2 "\x21\x11\0\x0c\x0a\1\0\5\xcb\0\x71\x09\x9c\x40\1\xbb"), NULL, REFUSED, NULL, false },
	{ "PROXY version 2 without addresses", TEXT(PROXY2 "\x20\0\0\0"), NULL, REFUSED, NULL, false },
	{ "PROXY version 1, then CONNECT", TEXT("PROXY UNKNOWN\r\nCONNECT api.blocked.test:443 HTTP/1.1\r\n\r\n"), NO_HELLO, REFUSED,
	  NULL, true },

	/* PostgreSQL, 55.7 */
	{ "PostgreSQL's SSLRequest", TEXT("\0\0\0\x08\x04\xd2\x16\x2f"), NULL, REFUSED, NULL, false },
	{ "PostgreSQL's SSLRequest, allowed name", TEXT("\0\0\0\x08\x04\xd2\x16\x2f"), HELLO_TWIN, UNSUSPECTED, NULL, false },
	{ "PostgreSQL without TLS", TEXT("\0\0\0\x20\0\3\0\0user\0postgres\0\0\0\0\0\0\0\0\0\0\0"), NO_HELLO,
	  BY(LC_R_NOT_TLS, LC_V_ALLOW, LC_RULE_UNMATCHED), NULL, false },

	/* stray records (RFC 8446, 5.1) */
	{ "alert before the hello", TEXT(ALERT), NULL, REFUSED, NULL, false },
	{ "ChangeCipherSpec before the hello", TEXT(CHANGE), NULL, REFUSED, NULL, false },
	{ "alert and ChangeCipherSpec", TEXT(ALERT CHANGE CHANGE), NULL, REFUSED, NULL, false },
	{ "alert before an allowed hello, by the rule for it", TEXT(ALERT), HELLO_TWIN,
	  { LC_V_AUDIT, LC_R_EARLY_RECORD, NULL, NULL, "early", HELLO_TWIN, 0 }, NULL, false },
	{ "ChangeCipherSpec before an allowed hello, by the rule for it", TEXT(CHANGE), HELLO_TWIN,
	  { LC_V_AUDIT, LC_R_EARLY_RECORD, NULL, NULL, "early", HELLO_TWIN, 0 }, NULL, false },
	{ "CONNECT and hello disagree, ChangeCipherSpec between them", TEXT("CONNECT app.allowed.test:443 HTTP/1.1\r\n\r\n" CHANGE),
	  "www.benign.test", DISAGREE_ON(HELLO_TWIN), "www.benign.test", false },
	{ "four records before a hello are one too many", TEXT(CHANGE CHANGE CHANGE CHANGE), NO_HELLO,
	  BY(LC_R_NOT_TLS, LC_V_ALLOW, LC_RULE_UNMATCHED), NULL, true },
	{ "ChangeCipherSpec in CONNECT", TEXT("CONNECT 203.0.113.80:443 HTTP/1.1\r\n\r\n" CHANGE), NULL, REFUSED, NULL, false },

	/* SSLv2's form (RFC 5246, E.2) */
	{ "SSLv2 hello that asks for TLS", TEXT("\x80\x2e\1\3\1\0\x15\0\0\0\x10\0\0\x2f"), NO_HELLO,
	  BY(LC_R_SSLV2, LC_V_DENY_DROP, "ancient"), NULL, false },
	{ "SSLv2 hello that asks for SSLv2", TEXT("\x80\x2e\1\0\2\0\x15\0\0\0\x10\0\0\x2f"), NO_HELLO,
	  BY(LC_R_SSLV2, LC_V_DENY_DROP, "ancient"), NULL, false },

	/* plain HTTP */
	{ "HTTP to a refused host", TEXT("GET / HTTP/1.1\r\nHost: api.blocked.test\r\n\r\n"), NO_HELLO, REFUSED, NULL, true },
	{ "HTTP to a refused host, with its port", TEXT("POST /v1 HTTP/1.1\r\nHost: api.blocked.test:80\r\nA: b\r\n\r\n"), NO_HELLO, REFUSED,
	  NULL, true },
	{ "HTTP, field name in odd case", TEXT("PUT /x HTTP/1.1\r\nA: b\r\nhOsT:api.blocked.test\r\n\r\n"), NO_HELLO, REFUSED, NULL, true },
	{ "HTTP, spaces around the host", TEXT("HEAD / HTTP/1.1\r\nHOST: \t  api.blocked.test \r\n\r\n"), NO_HELLO, REFUSED, NULL, true },
	{ "HTTP with body behind its head", TEXT("PATCH / HTTP/1.1\r\nHost: api.blocked.test\r\n\r\nx"), NO_HELLO, REFUSED, NULL, false },
	{ "HTTP, lines that end in LF alone", TEXT("DELETE / HTTP/1.1\nHost: api.blocked.test\n\n"), NO_HELLO, REFUSED, NULL, true },
	{ "HTTP to an audited host", TEXT("OPTIONS * HTTP/1.1\r\nHost: audited.test\r\n\r\n"), NO_HELLO,
	  { LC_V_AUDIT, LC_R_MATCH, NULL, "AUDITED", "watch", "audited.test", 0 }, NULL, true },
	{ "HTTP to a host that is no endpoint", TEXT("GET / HTTP/1.1\r\nHost: www.benign.test\r\n\r\n"), NO_HELLO, CLEAR, NULL, true },
	{ "HTTP without Host", TEXT("GET / HTTP/1.0\r\n\r\n"), NO_HELLO, CLEAR, NULL, true },
	{ "a field that ends like Host is not Host", TEXT("GET / HTTP/1.1\r\nX-Host: api.blocked.test\r\n\r\n"), NO_HELLO, CLEAR, NULL,
	  true },
	{ "Host in the request's target is not Host", TEXT("GET /?host:api.blocked.test HTTP/1.1\r\n\r\n"), NO_HELLO, CLEAR, NULL, true },
	{ "Host that is an address", TEXT("GET / HTTP/1.1\r\nHost: 203.0.113.9\r\n\r\n"), NO_HELLO, CLEAR, NULL, true },
	{ "text that is no request", TEXT("EHLO mail.benign.test\r\n"), NO_HELLO, BY(LC_R_NOT_TLS, LC_V_ALLOW, LC_RULE_UNMATCHED), NULL,
	  false },
};

/* How a stream is cut: as in rows_hello.h, and between what stands before and the hello. */
static const struct cut proxy_cuts[] = {
	{ "one segment", NULL, 0, 0, false },
	{ "IPv6", V6, 0, 0, false },
	{ "halves", NULL, 0, 0, true },
	{ "pieces of 7 bytes", NULL, 0, 7, false },
	{ "a byte at a time", NULL, 0, 1, false },
};

/* The row's stream; benign twin: all of its names replaced. Returns its bytes, and the place of the one that decides. */
static size_t proxy_stream(const struct world *w, const struct proxy_row *row, __u8 *stream, size_t *ret_decides)
{
	struct hello hello = { 0 };
	size_t n = row->before_n;
	size_t name_n = strlen(HELLO_NAME);

	memcpy(stream, row->before, n);
	for (size_t i = 0; w->twin && i + name_n <= n; i++)
		if (!strncasecmp((char *)stream + i, HELLO_NAME, name_n))
			memcpy(stream + i, HELLO_TWIN, name_n);
	*ret_decides = n;
	if (row->sni == NO_HELLO)
		return n;
	hello.sni = world_name(w, row->sni ? row->sni : HELLO_NAME);
	n += hello_build(&hello, stream + n, HELLO_MAX - n);
	if (!row->early)
		*ret_decides = n;
	return n;
}

/* Was it decided where it should? A reason why there is no name may be told before the last byte. */
static const char *proxy_where(struct world *w, const struct proxy_row *row, size_t at, size_t share, size_t decides)
{
	if (w->twin)
		return NULL;
	if (!w->events_n && at + share >= decides)
		return wrong("byte %zu has passed undecided", decides);
	if (w->events_n && at + share < decides && (row->early || row->sni != NO_HELLO))
		return wrong("decided at byte %zu, expected %zu", at + share, decides);
	return NULL;
}

/* The whole stream again, as it was: what was said stands, and is not said twice. */
static const char *proxy_again(struct world *w, struct packet *p, const __u8 *stream, size_t n)
{
	const char *complaint;

	p->seq = ISS + 1;
	p->payload = stream;
	p->payload_n = n;
	complaint = world_expect(w, p, LC_R_DECIDED, denies(w->events[0].verdict) ? STOPPED : PASSED);
	if (complaint || w->events_n < 2)
		return complaint;
	return wrong("a retransmission is told as %s", word(LC_LIST_REASON, w->events[1].reason));
}

static const char *proxy_row(struct world *w, const struct cut *cut, const struct proxy_row *row)
{
	static __u8 stream[HELLO_MAX];
	struct packet p = { .src = cut->src, .ack = ACK, .flags = TCP_ACK | TCP_PSH };
	size_t decides, n = proxy_stream(w, row, stream, &decides), share;
	const char *complaint;

	world_forget(w);
	complaint = hello_syn(w, cut->src);
	for (size_t at = 0; !complaint && at < n && !w->events_n; at += share) {
		share = cut_share(cut, at, n);
		p.seq = ISS + 1 + at;
		p.payload = stream + at;
		p.payload_n = share;
		complaint = world_send(w, &p);
		if (!complaint && w->action != (w->events_n && denies(w->events[0].verdict) ? STOPPED : PASSED))
			return wrong("byte %zu: action %d, counted as %s", at, (int)w->action,
				     w->total == LC_R_MAX ? "several" : word(LC_LIST_REASON, w->total));
		if (!complaint)
			complaint = proxy_where(w, row, at, share, decides);
	}
	if (!complaint && w->twin && w->events_n && denies(w->events[0].verdict))
		return "the benign twin is refused";
	if (!complaint)
		complaint = world_told_more(w, &row->expect, row->view, false);
	return complaint ? complaint : proxy_again(w, &p, stream, n);
}

/* Whether the last hello of another flow had the extension says nothing of a request to a proxy. */
static const char *proxy_front(struct world *w)
{
	static const struct proxy_row row = { "", TEXT("CONNECT front.test:443 HTTP/1.1\r\n\r\n"), "front.test",
					      { LC_V_AUDIT, LC_R_MATCH, NULL, "FRONT", LC_RULE_MATCHED, "front.test", 0 }, NULL, false };
	static __u8 stream[HELLO_MAX];
	const struct hello hello = { .sni = "front.test", .ech = true };
	struct packet p = { .sport = 39999, .seq = ISS + 1, .flags = TCP_ACK, .payload = stream };
	const char *complaint;

	world_forget(w);
	p.payload_n = hello_build(&hello, stream, sizeof(stream));
	complaint = world_expect(w, &p, LC_R_ECH, STOPPED);
	return complaint ? complaint : proxy_row(w, &proxy_cuts[0], &row);
}

static void proxy_rows_run(struct world *w, struct world *mild)
{
	size_t n = sizeof(proxy_rows) / sizeof(*proxy_rows);

	for (size_t c = 0; c < sizeof(proxy_cuts) / sizeof(*proxy_cuts); c++) {
		for (size_t i = 0; i < n; i++)
			row_end(proxy_row(w, &proxy_cuts[c], &proxy_rows[i]), "%s, %s", proxy_rows[i].says, proxy_cuts[c].says);
		for (size_t i = 0; i < n; i++)
			row_end(proxy_row(mild, &proxy_cuts[c], &proxy_rows[i]), "benign twin: %s, %s", proxy_rows[i].says,
				proxy_cuts[c].says);
	}
	row_end(proxy_front(w), "CONNECT to a known front is not ECH");
}

#endif
