/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The end of every packet's way: count it, tell of it, act. The only file that returns an action. Counting and telling never
 * decide: a full ring or a full counter table leaves the verdict alone.
 */
#ifndef LENSCAP_FINISH_H
#define LENSCAP_FINISH_H

#include "maps.h"
#include "refuse.h"
#include "verdict.h"

/* Pass, and let other programs on this hook have their look. */
#define LC_PASS TC_ACT_UNSPEC
#define LC_STOP TC_ACT_SHOT

LC_INLINE void lc_finish_total(enum lc_reason why, __u32 bytes)
{
	__u32 key = why;
	struct lc_total *total = bpf_map_lookup_elem(&lc_totals, &key);

	if (!total)
		return;
	total->packets++;
	total->bytes += bytes;
}

LC_INLINE void lc_finish_count(const struct lc_work *w, __u32 stopped_bytes)
{
	const struct lc_view *v = &w->best;
	struct lc_count_key key = { w->asset.profile, v->endpoint, v->rule, v->verdict, v->reason };
	struct lc_count fresh = {}, *count = bpf_map_lookup_elem(&lc_counts, &key);

	if (!count) {
		bpf_map_update_elem(&lc_counts, &key, &fresh, BPF_NOEXIST);
		count = bpf_map_lookup_elem(&lc_counts, &key);
	}
	if (!count)
		return;
	count->flows += w->decided && !w->again;
	count->packets += !!stopped_bytes;
	count->bytes += stopped_bytes;
}

/* A name outside the catalogue is nobody's business but a replay's. Returns the bytes of the name that are told. */
LC_INLINE __u16 lc_finish_name(__u8 to[256], const struct lc_name *name, int told)
{
	if (!told || !name->len)
		return 0;            /* the ring holds nothing there that was not told before */
	for (int i = 0; i < 256; i += 8)
		lc_put64(to + i, lc_get64(name->bytes + i));
	return name->len;
}

LC_GLOBAL int lc_finish_tell(struct __sk_buff *skb, struct lc_work *w)
{
	struct lc_event *event;
	__u32 zero = 0, names;
	__u64 *seq = bpf_map_lookup_elem(&lc_seq, &zero), number;

	if (!w || !seq)
		return 0;
	names = w->conf.flags & LC_CONF_NAMES;
	number = __sync_fetch_and_add(seq, 1) + 1;
	event = bpf_ringbuf_reserve(&lc_events, sizeof(*event), 0);
	if (!event) {
		lc_finish_total(LC_R_EVENT_LOST, sizeof(*event));
		return 0;
	}
	event->seq = number;
	event->time_ns = bpf_ktime_get_boot_ns();
	event->flow = w->key;
	event->ifindex = skb->ifindex;
	event->generation = w->conf.generation;
	event->packet_bytes = skb->len;
	event->profile = w->asset.profile;
	event->asset = w->asset.asset;
	event->endpoint = w->best.endpoint;
	event->rule = w->best.rule;
	event->verdict = w->best.verdict;
	event->wanted = w->best.wanted;
	event->reason = w->best.reason;
	event->flags = w->again ? LC_EVENT_AGAIN : 0;
	event->pad[0] = event->pad[1] = 0;
	__builtin_memcpy(event->mac, w->pkt.mac, sizeof(event->mac));
	event->name_len = lc_finish_name(event->name, &w->name, w->best.endpoint || names);
	event->other_len = lc_finish_name(event->other, &w->other, names);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/* w: NULL for packets that are nobody's. */
LC_INLINE int lc_finish(struct __sk_buff *skb, struct lc_work *w, enum lc_reason why)
{
	int stop;

	lc_finish_total(why, skb->len);
	if (!w)
		return LC_PASS;
	stop = lc_verdict_refuses(w->best.verdict);
	if (stop || w->decided)
		lc_finish_count(w, stop ? skb->len : 0);
	if (w->decided)
		lc_finish_tell(skb, w);
	if (!stop)
		return LC_PASS;
	return lc_refuse(skb, w) ? LC_STOP : LC_PASS;
}

#endif
