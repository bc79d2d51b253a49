/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Captures through the very programs: loaded privately, nothing attached, maps of their own, no packet sent. Says per flow of
 * an asset what was decided and on which packet. Never touches what is pinned.
 */
#ifndef LENSCAP_REPLAY_H
#define LENSCAP_REPLAY_H

#include <jansson.h>
#include "compile.h"

struct lc_replay {
	const struct lc_model *model;        /* words for the tables' numbers */
	struct lc_tables *tables;
	const char *const *captures;         /* paths of pcap or pcapng files; "-": standard input */
	size_t captures_n;
	void (*progress)(const char *capture, __u64 packets);        /* once a second at most; NULL: nobody wants to know */
};

/*
 * {"captures":[{"file":..., "flows":[{"proto","src","sport","dst","dport","names":[],"endpoint","verdict","rule","reason",
 * "packet","asset","clause":[]}], "packets":N, "skipped":{reason:N}, "altered":{reason:N}, "error"?:...}]}
 * packet is counted from 1 within its capture; null, verdict "undecided": the capture ended first. Number of captures that could
 * not be read to their end (each has "error"), or negative errno with *ret_why.
 */
int lc_replay(const struct lc_replay *replay, json_t **ret_result, const char **ret_why);

#endif
