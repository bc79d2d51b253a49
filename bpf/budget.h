/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a sender may take of the tables that all assets share, by the second. Flows and kept hellos are in LRU tables, where
 * whoever adds most pushes out the others; a sender that is over its budget adds nothing, and is judged by the rule for table-full.
 * So a flood costs the asset that it comes from: with made-up addresses all of that asset, but no other.
 */
#ifndef LENSCAP_BUDGET_H
#define LENSCAP_BUDGET_H

#include "maps.h"

#define LC_SECOND_NS 1000000000ull

/* Entries of the tables; the loader sets what it made. */
const volatile __u32 lc_flows_n = 65536;
const volatile __u32 lc_hellos_n = 1024;

/*
 * Shares of a table: new entries a second and at once, for one address and for all of an asset together (one of them may lie about its
 * own). What an asset leaves alone lives for as long as it takes to fill the other half: some 8 s of flows, 2 s of hellos.
 */
#define LC_HOST_FLOWS_RATE (lc_flows_n / 256)
#define LC_HOST_FLOWS_BURST (lc_flows_n / 32)
#define LC_HOST_HELLOS_RATE (lc_hellos_n / 16)
#define LC_HOST_HELLOS_BURST (lc_hellos_n / 8)
#define LC_ASSET_FLOWS_RATE (lc_flows_n / 16)
#define LC_ASSET_FLOWS_BURST (lc_flows_n / 2)
#define LC_ASSET_HELLOS_RATE (lc_hellos_n / 4)
#define LC_ASSET_HELLOS_BURST (lc_hellos_n / 2)

/* GCRA: an entry costs second/rate of time; burst of them may be taken ahead. */
LC_INLINE int lc_budget_spend(__u64 *spent_ns, __u64 now, __u32 rate, __u32 burst)
{
	__u64 from = *spent_ns > now ? *spent_ns : now, each = LC_SECOND_NS / (rate ? rate : 1);

	if (from - now > burst * each)
		return 0;
	*spent_ns = from + each;
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
