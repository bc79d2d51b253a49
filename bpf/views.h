/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every plausible view of a flow: each stream that a server may hold, each name in it, the packet by itself. The strictest
 * verdict of them wins; views that disagree are an oddity with a rule of its own.
 */
#ifndef LENSCAP_VIEWS_H
#define LENSCAP_VIEWS_H

#include "catalogue.h"
#include "stream.h"
#include "verdict.h"

LC_INLINE void lc_view_name_copy(struct lc_name *to, const __u8 *from, __u16 len)
{
	to->len = len;
	for (int i = 0; i < 256; i += 8)
		lc_put64(&to->bytes[i], lc_get64(from + i));
}

/* The view in hand is complete: it has a reason, and an endpoint where that is LC_R_MATCH. */
LC_GLOBAL int lc_view_add(struct lc_work *w)
{
	int same, stricter;

	if (!w)
		return 0;
	lc_verdict(w);
	if (w->quiet && !(w->view.endpoint && lc_verdict_refuses(w->view.verdict)))
		return 0;            /* only a name can say more than what was said */
	w->view.hash = w->tls.name_len ? w->walk.hash : 0;
	same = w->views && w->view.reason == w->best.reason && w->view.endpoint == w->best.endpoint && w->view.hash == w->best.hash;
	stricter = lc_verdict_rank(w->view.verdict) > lc_verdict_rank(w->best.verdict);
	/* a flow that is known by an oddity of its hello has that for a reason, and still the name */
	if (w->views && !same && (!w->view.hash || w->view.hash != w->best.hash || w->view.endpoint != w->best.endpoint))
		w->odd = LC_R_VIEWS;
	if (!w->views || (stricter && !same)) {
		if (w->views && w->name.len)
			lc_view_name_copy(&w->other, w->name.bytes, w->name.len);
		w->best = w->view;
		lc_view_name_copy(&w->name, w->tls.name, w->tls.name_len);
	} else if (!same) {
		lc_view_name_copy(&w->other, w->tls.name, w->tls.name_len);
	}
	w->views++;
	return 0;
}

LC_INLINE void lc_view_reason(struct lc_work *w, enum lc_reason why)
{
	w->tls.name_len = 0;
	w->view.endpoint = 0;
	w->view.reason = why;
	lc_view_add(w);
}

/* A name in tls.name is looked up and becomes a view. */
LC_INLINE void lc_view_name(struct lc_work *w)
{
	w->view.endpoint = 0;
	w->view.reason = lc_catalogue_find(w);
	lc_view_add(w);
}

/*
 * The name that a proxy or a server of plain HTTP is asked for. An address is no name and no view; neither is the Host of HTTP
 * that is no endpoint: that flow is plain HTTP, whatever it asks for. Returns whether it became a view.
 */
LC_INLINE int lc_view_asked(struct lc_work *w, const struct lc_stream *s, int http)
{
	__u32 len = w->inner.name_len;
	const __u8 *from = &s->bytes[w->inner.name_at & LC_STREAM_MASK];

	w->tls.name_len = 0;
	if (!len || len > LC_NAME_MAX + 1)
		return 0;
	for (int i = 0; i < 256; i += 8)
		lc_put64(&w->tls.name[i], lc_get64(from + i));
	w->tls.name_len = len;
	w->tls.ech = 0;
	w->view.endpoint = 0;
	w->view.reason = lc_catalogue_find(w);
	if (w->view.reason == LC_R_INVALID_NAME || (http && w->view.reason == LC_R_NO_MATCH)) {
		w->tls.name_len = 0;
		return 0;
	}
	lc_view_add(w);
	return 1;
}

/* asked: the last layer's name became a view; proxied: that of one before did. */
struct lc_layers_walk { struct lc_work *work; const struct lc_stream *stream; __u32 why; __u32 asked; __u32 proxied; };

LC_CALLBACK lc_view_layer(__u32 turn, void *context)
{
	struct lc_layers_walk *walk = context;
	struct lc_inner *inner = &walk->work->inner;

	(void)turn;
	inner->name_len = 0;
	walk->proxied |= walk->asked;
	walk->why = lc_inner_layer(inner, walk->stream);
	if (walk->why == LC_R_NONE || walk->why == LC_R_HTTP)
		walk->asked = lc_view_asked(walk->work, walk->stream, walk->why == LC_R_HTTP);
	return walk->why != LC_R_NONE || !inner->more;
}

LC_CALLBACK lc_view_host(__u32 turn, void *context)
{
	struct lc_layers_walk *walk = context;
	struct lc_work *w = walk->work;

	if (turn >= w->tls.hosts)
		return 1;
	if (lc_tls_name(&w->tls, walk->stream, turn) == LC_R_NONE)
		lc_view_name(w);
	else
		lc_view_reason(w, LC_R_INVALID_NAME);
	return 0;
}

LC_INLINE void lc_view_oddity(struct lc_work *w)
{
	if (w->tls.hosts > 1)
		w->odd = LC_R_NAMES;
	else if (w->inner.odd && !w->odd)
		w->odd = LC_R_EARLY_RECORD;
}

/* Read one stream, raw: a message without records and nothing before it. LC_R_PENDING: it is no complete view yet; else it has been added. */
LC_GLOBAL int lc_view_stream(struct lc_work *w, const struct lc_stream *s, __u32 raw)
{
	struct lc_layers_walk walk = { .work = w, .stream = s, .why = LC_R_NONE };
	__u32 hash;
	__u8 odd;

	if (!w || !s)
		return LC_R_PENDING;
	w->inner = (struct lc_inner){};
	w->tls.hosts = 0;
	/* nearly every stream begins with the hello itself */
	if (!raw && (!s->len || s->bytes[0] != LC_TLS_HANDSHAKE))
		lc_loop(LC_INNER_LAYERS, lc_view_layer, &walk);
	if (walk.why == LC_R_NONE && w->inner.more)
		walk.why = LC_R_NOT_TLS;
	if (walk.why == LC_R_NONE)
		walk.why = lc_tls_hello(&w->tls, s, raw ? LC_TLS_RAW : w->inner.base);
	else
		w->tls.now.at = s->len;
	if (walk.why == LC_R_PENDING && s->len >= LC_HELLO_MAX)
		walk.why = LC_R_TOO_LONG;
	if (walk.why == LC_R_PENDING)
		return LC_R_PENDING;
	w->hello_end = w->tls.now.at;
	if (walk.why == LC_R_NONE) {
		lc_loop(w->tls.hosts, lc_view_host, &walk);
		lc_view_oddity(w);
	} else if (walk.why != LC_R_HTTP || !walk.asked) {
		/* what a proxy is asked for and what then is no hello do not contradict each other */
		odd = w->odd;
		hash = w->view.hash;
		lc_view_reason(w, walk.why);
		if (walk.asked || walk.proxied) {
			w->odd = odd;
			w->best.hash = w->best.hash ? w->best.hash : hash;
		}
	}
	return walk.why;
}

/* What the views come to: the strictest of them, or the rule for what is odd about them where no view is refused by name. */
LC_GLOBAL int lc_view_sum(struct lc_work *w)
{
	if (!w || !w->odd || lc_verdict_refuses(w->best.verdict))
		return 0;
	w->view = w->best;
	w->view.reason = w->odd;
	lc_verdict(w);
	if (lc_verdict_rank(w->view.verdict) > lc_verdict_rank(w->best.verdict) || w->best.reason != LC_R_MATCH)
		w->best = w->view;
	return 0;
}

#endif
