/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a sender may take of the tables that all assets share, by the second. Flows and kept hellos are in LRU tables, where
 * whoever adds most pushes out the others; a sender that is over its budget adds nothing, and is judged by the rule for table-full.
 * So a flood costs the flooder its own flows: others' entries live for at least (table - burst) / rate seconds.
 */
#ifndef LENSCAP_BUDGET_H
#define LENSCAP_BUDGET_H

#include "maps.h"

#define LC_SECOND_NS 1000000000ull

/* New entries a second, and at once. */
#define LC_HOST_FLOWS_RATE 256
#define LC_HOST_FLOWS_BURST 2048
#define LC_HOST_HELLOS_RATE 32
#define LC_HOST_HELLOS_BURST 96
#define LC_ASSET_FLOWS_RATE 2048     /* all addresses of an asset together: one of them may lie about its own */
#define LC_ASSET_FLOWS_BURST 16384
#define LC_ASSET_HELLOS_RATE 128
#define LC_ASSET_HELLOS_BURST 192

/* GCRA: an entry costs second/rate of time; burst of them may be taken ahead. */
LC_INLINE int lc_budget_spend(__u64 *spent_ns, __u64 now, __u32 rate, __u32 burst)
{
	__u64 from = *spent_ns > now ? *spent_ns : now;

	if (from - now > burst * (LC_SECOND_NS / rate))
		return 0;
	*spent_ns = from + LC_SECOND_NS / rate;
	return 1;
}

LC_INLINE struct lc_budget *lc_budget_of(const struct lc_budget_key *key)
{
	struct lc_budget fresh = {}, *budget = bpf_map_lookup_elem(&lc_budgets, key);

	if (budget)
		return budget;
	bpf_map_update_elem(&lc_budgets, key, &fresh, BPF_NOEXIST);
	return bpf_map_lookup_elem(&lc_budgets, key);
}

/* May this packet's sender add a flow, or keep a hello? No memory for a budget: yes. A replay has all the time of its capture. */
LC_INLINE int lc_budget_take(const struct lc_work *w, int hello)
{
	struct lc_budget_key key = { .asset = w->asset.asset };
	__u64 now = bpf_ktime_get_coarse_ns();
	struct lc_budget *asset, *host;

	if (w->conf.flags & LC_CONF_DRY)
		return 1;
	asset = lc_budget_of(&key);
	__builtin_memcpy(key.addr, w->key.src, sizeof(key.addr));
	host = lc_budget_of(&key);
	if (!asset || !host)
		return 1;
	if (hello)
		return lc_budget_spend(&host->hellos_ns, now, LC_HOST_HELLOS_RATE, LC_HOST_HELLOS_BURST) &&
		       lc_budget_spend(&asset->hellos_ns, now, LC_ASSET_HELLOS_RATE, LC_ASSET_HELLOS_BURST);
	return lc_budget_spend(&host->flows_ns, now, LC_HOST_FLOWS_RATE, LC_HOST_FLOWS_BURST) &&
	       lc_budget_spend(&asset->flows_ns, now, LC_ASSET_FLOWS_RATE, LC_ASSET_FLOWS_BURST);
}

#endif
