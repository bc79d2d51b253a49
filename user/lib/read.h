/* SPDX-License-Identifier: GPL-2.0-only */
/* What the gate holds: the policy in force, counters, flows, events. Changes nothing. */
#ifndef LENSCAP_READ_H
#define LENSCAP_READ_H

#include "gate.h"
#include "model.h"

/* 0; -ENOENT: no policy is in force. */
int lc_read_conf(const struct lc_gate *gate, struct lc_conf *ret_conf);
int lc_read_model(const struct lc_gate *gate, struct lc_model **ret_model, const char **ret_why);

struct lc_counter { struct lc_count_key key; struct lc_count count; };
int lc_read_counters(const struct lc_gate *gate, struct lc_counter **ret_list, size_t *ret_n);     /* summed over CPUs */
int lc_read_totals(const struct lc_gate *gate, struct lc_total ret_totals[LC_R_MAX]);

typedef int (*lc_flow_fn)(void *context, const struct lc_flow_key *key, const struct lc_flow *flow);
int lc_read_flows(const struct lc_gate *gate, lc_flow_fn fn, void *context);
int lc_forget_flows(const struct lc_gate *gate);                     /* between two captures of a replay */

/* Events, oldest first. fn returns a negative errno to stop. timeout_ms 0: only what is there. Number of events, or negative errno. */
typedef int (*lc_event_fn)(void *context, const struct lc_event *event);
struct lc_event_reader;
int lc_event_reader_new(const struct lc_gate *gate, lc_event_fn fn, void *context, struct lc_event_reader **ret_reader);
int lc_event_read(struct lc_event_reader *reader, int timeout_ms);
void lc_event_reader_free(struct lc_event_reader *reader);

/* Kernel memory of the gate's maps, pinned or not, bytes, as the kernel accounts for it (fdinfo memlock). */
__u64 lc_read_memory(const struct lc_gate *gate);

#endif
