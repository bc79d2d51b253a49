/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every map: who writes it, who reads it, what happens when it is full. The maps of a policy generation stand in arrays of
 * maps, one slot a generation; the loader makes the inner ones to measure, fills, checks and freezes them before lc_state
 * points a packet there.
 */
#ifndef LENSCAP_MAPS_H
#define LENSCAP_MAPS_H

#include "lenscap.h"
#include "verif.h"
#include "work.h"

/* Loader writes, one store puts a generation in force; programs read. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct lc_state);
} lc_state SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, LC_SLOTS);
	__type(key, __u32);
	__type(value, struct lc_conf);
} lc_confs SEC(".maps");

/* Programs write. full: the flow that was quiet for longest is forgotten; what it sends later is mid-stream. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct lc_flow_key);
	__type(value, struct lc_flow);
} lc_flows SEC(".maps");

/* Programs write: the bytes of hellos that came in more than one piece. full: the oldest goes, its flow becomes table-full. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct lc_flow_key);
	__type(value, struct lc_stream);
} lc_hellos SEC(".maps");

/* Programs write. full: the sender that was quiet for longest gets a fresh budget. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct lc_budget_key);
	__type(value, struct lc_budget);
} lc_budgets SEC(".maps");

/* Programs count, anyone reads. full: a new combination is not counted, the verdict stands. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct lc_count_key);
	__type(value, struct lc_count);
} lc_counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LC_R_MAX);
	__type(key, __u32);
	__type(value, struct lc_total);
} lc_totals SEC(".maps");

/* Programs write, one reader takes. full: the event is lost, counted as event-lost, its number missing; the verdict stands. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} lc_events SEC(".maps");

/* Number of the last event. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} lc_seq SEC(".maps");

/* Programs only: a packet's working memory, too large for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct lc_work);
} lc_works SEC(".maps");

/* Sizes instead of types for inner maps: clang 14 leaves types that stand only there as forward declarations in BTF. */
/* Programs only: a datagram put together from fragments, from TCP's or UDP's header on. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct lc_stream);
} lc_datagrams SEC(".maps");

/* The loader makes the inner maps of a generation; programs read. They are as large as the policy, so never full. */
#define LC_PER_GENERATION(name, kind, flags, key_type, value_type) \
	struct {                                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);          \
		__uint(max_entries, LC_SLOTS);                     \
		__type(key, __u32);                                \
		__array(values, struct {                           \
			__uint(type, kind);                        \
			__uint(map_flags, flags);                  \
			__uint(max_entries, 1);                    \
			__uint(key_size, sizeof(key_type));        \
			__uint(value_size, sizeof(value_type));    \
		});                                                \
	} name SEC(".maps")

LC_PER_GENERATION(lc_assets4, BPF_MAP_TYPE_LPM_TRIE, BPF_F_NO_PREALLOC, struct lc_prefix4, struct lc_asset);
LC_PER_GENERATION(lc_assets6, BPF_MAP_TYPE_LPM_TRIE, BPF_F_NO_PREALLOC, struct lc_prefix6, struct lc_asset);
LC_PER_GENERATION(lc_macs, BPF_MAP_TYPE_HASH, 0, struct lc_mac, struct lc_asset);
LC_PER_GENERATION(lc_vlans, BPF_MAP_TYPE_HASH, 0, __u32, struct lc_asset);
LC_PER_GENERATION(lc_steps, BPF_MAP_TYPE_ARRAY, BPF_F_INNER_MAP, __u32, struct lc_step);
LC_PER_GENERATION(lc_cells, BPF_MAP_TYPE_ARRAY, BPF_F_INNER_MAP, __u32, struct lc_cell);
/* The policy as text, for whoever asks what is in force; programs never look. */
LC_PER_GENERATION(lc_texts, BPF_MAP_TYPE_ARRAY, BPF_F_INNER_MAP, __u32, struct lc_text);

#endif
