/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The end of every packet's way: count it, tell of it, act. The only file that returns an action. Counting and telling never
 * decide: a full ring or a full counter table leaves the verdict alone.
 */
#ifndef LENSCAP_FINISH_H
#define LENSCAP_FINISH_H

#include "maps.h"
#include "refuse.h"

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
	struct lc_count_key key = { w->asset.profile, w->reason == LC_R_MATCH || w->reason == LC_R_ECH ? w->endpoint : 0, w->rule,
				    w->verdict, w->reason };
	struct lc_count fresh = {}, *count = bpf_map_lookup_elem(&lc_counts, &key);

	if (!count) {
		bpf_map_update_elem(&lc_counts, &key, &fresh, BPF_NOEXIST);
		count = bpf_map_lookup_elem(&lc_counts, &key);
	}
	if (!count)
		return;
	count->flows += w->decided;
	count->packets += !!stopped_bytes;
	count->bytes += stopped_bytes;
}

/* A name outside the catalogue is nobody's business but a replay's. */
LC_INLINE void lc_finish_name(struct lc_event *event, const struct lc_work *w)
{
	if (w->reason != LC_R_MATCH && w->reason != LC_R_ECH && !(w->conf.flags & LC_CONF_NAMES)) {
		event->name_len = 0;
		__builtin_memset(event->name, 0, sizeof(event->name));
		return;
	}
	event->name_len = w->tls.name_len;
	__builtin_memcpy(event->name, w->tls.name, sizeof(event->name));
}

LC_GLOBAL int lc_finish_tell(struct __sk_buff *skb, struct lc_work *w)
{
	struct lc_event *event;
	__u32 zero = 0;
	__u64 *seq = bpf_map_lookup_elem(&lc_seq, &zero), number;

	if (!w || !seq)
		return 0;
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
	event->endpoint = w->endpoint;
	event->rule = w->rule;
	event->verdict = w->verdict;
	event->wanted = w->wanted;
	event->reason = w->reason;
	event->pad = 0;
	event->pad2 = 0;
	__builtin_memcpy(event->mac, w->pkt.mac, sizeof(event->mac));
	lc_finish_name(event, w);
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
	stop = w->verdict == LC_V_DENY_RESET || w->verdict == LC_V_DENY_DROP;
	if (stop || w->decided)
		lc_finish_count(w, stop ? skb->len : 0);
	if (w->decided)
		lc_finish_tell(skb, w);
	if (!stop)
		return LC_PASS;
	if (w->verdict == LC_V_DENY_RESET && !lc_refuse_reset(skb, w))
		return LC_PASS;
	return LC_STOP;
}

#endif
