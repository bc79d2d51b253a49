/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs captures through the programs one packet at a time and writes down, as JSON, each decision beside the packet that
 * brought it. Interprets nothing: what a flow is, and when it is decided, is what the events say.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "apply.h"
#include "capture.h"
#include "names.h"
#include "out.h"
#include "read.h"
#include "replay.h"

struct lc_player {
	const struct lc_replay *replay;
	struct lc_gate *gate;
	struct lc_event_reader *events;
	json_t *flows;               /* of the capture that is being run */
	json_t *index;               /* "proto src sport dst dport": the last of these flows on those ports */
	__u64 packet;
	__u64 refused;               /* packets that the kernel did not want to run */
	time_t told;                 /* when progress was */
	int err;
};

static char lc_replay_why[512];

static json_t *lc_replay_id(const struct lc_player *player, enum lc_registry registry, unsigned int number)
{
	const char *id = number ? lc_model_id(player->replay->model, registry, number) : NULL;

	return id ? json_string(id) : json_null();
}

static const char *lc_replay_address(const __u8 address[16], char text[INET6_ADDRSTRLEN])
{
	bool mapped = IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)address);

	return inet_ntop(mapped ? AF_INET : AF_INET6, mapped ? address + 12 : address, text, INET6_ADDRSTRLEN);
}

#define LC_REPLAY_KEY (2 * INET6_ADDRSTRLEN + 24)

static void lc_replay_key(const struct lc_flow_key *key, char text[LC_REPLAY_KEY])
{
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];

	snprintf(text, LC_REPLAY_KEY, "%u %s %u %s %u", key->proto, lc_replay_address(key->src, src), ntohs(key->sport),
		 lc_replay_address(key->dst, dst), ntohs(key->dport));
}

static json_t *lc_replay_proto(unsigned int proto)
{
	return proto == IPPROTO_TCP ? json_string("tcp") : proto == IPPROTO_UDP ? json_string("udp") : json_sprintf("%u", proto);
}

static json_t *lc_replay_clauses(const struct lc_player *player, const struct lc_event *event)
{
	const struct lc_model *model = player->replay->model;
	const char *id = lc_model_id(model, LC_REG_RULE, event->rule), *endpoint = lc_model_id(model, LC_REG_ENDPOINT, event->endpoint);
	const char *name = lc_model_id(model, LC_REG_ASSET, event->asset);
	const struct lc_asset_def *asset = name ? lc_model_asset(model, name) : NULL;
	const struct lc_rule *rule = id ? lc_model_rule(model, id) : NULL;
	json_t *clauses = json_array();

	for (size_t i = 0; rule && i < rule->clauses.n; i++)
		if (lc_clause_bears(model, rule, rule->clauses.list[i], endpoint ? lc_model_endpoint(model, endpoint) : NULL,
				    asset ? (int)asset->kind : -1))
			json_array_append_new(clauses, json_string(rule->clauses.list[i]));
	return clauses;
}

/* One object per flow. What an event and an unfinished flow have in common comes as an event. */
static json_t *lc_replay_flow(const struct lc_player *player, const struct lc_event *event, json_t *names, json_t *packet)
{
	const struct lc_flow_key *key = &event->flow;
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];

	return json_pack(
		"{s:o, s:s, s:i, s:s, s:i, s:o, s:o, s:s, s:o, s:s, s:o, s:o, s:o}",
		"proto", lc_replay_proto(key->proto),
		"src", lc_replay_address(key->src, src), "sport", ntohs(key->sport),
		"dst", lc_replay_address(key->dst, dst), "dport", ntohs(key->dport),
		"names", names, "endpoint", lc_replay_id(player, LC_REG_ENDPOINT, event->endpoint),
		"verdict", lc_word(LC_LIST_VERDICT, event->verdict), "rule", lc_replay_id(player, LC_REG_RULE, event->rule),
		"reason", lc_word(LC_LIST_REASON, event->reason), "packet", packet,
		"asset", lc_replay_id(player, LC_REG_ASSET, event->asset), "clause", lc_replay_clauses(player, event));
}

/* Every name once. */
static void lc_replay_name(json_t *names, const __u8 *name, size_t bytes)
{
	json_t *text = bytes && bytes <= LC_EVENT_NAME ? lc_json_bytes(name, bytes) : NULL, *known;
	size_t i;

	if (!text)
		return;
	json_array_foreach(names, i, known)
		if (json_equal(known, text)) {
			json_decref(text);
			return;
		}
	json_array_append_new(names, text);
}

/* A second decision on a flow takes the place of the first, and keeps its names. */
static int lc_replay_event(void *context, const struct lc_event *event)
{
	struct lc_player *player = context;
	char key[LC_REPLAY_KEY];
	json_t *flow, *first, *names;

	lc_replay_key(&event->flow, key);
	first = event->flags & LC_EVENT_AGAIN ? json_object_get(player->index, key) : NULL;
	names = first ? json_incref(json_object_get(first, "names")) : json_array();
	lc_replay_name(names, event->name, event->name_len);
	lc_replay_name(names, event->other, event->other_len);
	flow = lc_replay_flow(player, event, names, json_integer(player->packet));
	if (!flow || (first ? json_object_update(first, flow) :
			      json_array_append(player->flows, flow) || json_object_set(player->index, key, flow)))
		player->err = -ENOMEM;
	json_decref(flow);
	return player->err;
}

struct lc_unfinished { struct lc_flow_key key; struct lc_flow flow; };
struct lc_unfinished_list { struct lc_unfinished *list; size_t n; };

static int lc_replay_gather(void *context, const struct lc_flow_key *key, const struct lc_flow *flow)
{
	struct lc_unfinished_list *unfinished = context;
	struct lc_unfinished *one;

	if (flow->verdict != LC_V_UNDECIDED)
		return 0;
	one = lc_grow(&unfinished->list, &unfinished->n, sizeof(*one));
	if (!one)
		return -ENOMEM;
	*one = (struct lc_unfinished){ *key, *flow };
	return 0;
}

static int lc_replay_older(const void *a, const void *b)
{
	__u64 first = ((const struct lc_unfinished *)a)->flow.first_ns, second = ((const struct lc_unfinished *)b)->flow.first_ns;

	return first < second ? -1 : first > second;
}

/* Flows whose hello did not come, or not to its end: in the order in which they began. */
static void lc_replay_unfinished(struct lc_player *player)
{
	struct lc_unfinished_list unfinished = { 0 };
	int err = lc_read_flows(player->gate, lc_replay_gather, &unfinished);

	if (err)
		player->err = err;
	else if (unfinished.n)
		qsort(unfinished.list, unfinished.n, sizeof(*unfinished.list), lc_replay_older);
	for (size_t i = 0; !player->err && i < unfinished.n; i++) {
		const struct lc_unfinished *one = &unfinished.list[i];
		struct lc_event event = { .flow = one->key, .asset = one->flow.asset, .verdict = LC_V_UNDECIDED };

		event.reason = one->flow.flags & LC_FLOW_KEPT ? LC_R_PENDING : LC_R_NO_DATA;
		if (json_array_append_new(player->flows, lc_replay_flow(player, &event, json_array(), json_null())))
			player->err = -ENOMEM;
	}
	free(unfinished.list);
}

static void lc_replay_progress(struct lc_player *player, const char *capture)
{
	time_t now = time(NULL);

	if (!player->replay->progress || now == player->told)
		return;
	if (player->told)
		player->replay->progress(capture, player->packet);
	player->told = now;
}

static int lc_replay_frame(struct lc_player *player, const struct lc_frame *frame)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame->data, .data_size_in = frame->bytes);
	int got;

	player->packet = frame->packet;
	if (bpf_prog_test_run_opts(lc_gate_program(player->gate), &run)) {
		if (errno != EINVAL)
			return -errno;
		player->refused++;
		return 0;
	}
	got = lc_event_read(player->events, 0);
	return got < 0 ? got : player->err;
}

/* {reason: packets} of what was run otherwise than captured, or not at all. */
static json_t *lc_replay_oddities(const struct lc_player *player, const struct lc_capture *capture, bool run)
{
	json_t *counts = json_object();

	for (enum lc_oddity odd = 0; odd < LC_ODD_MAX; odd++)
		if (lc_oddity_run(odd) == run && lc_capture_odd(capture, odd))
			json_object_set_new(counts, lc_oddity_word(odd), json_integer(lc_capture_odd(capture, odd)));
	if (!run && player->refused)
		json_object_set_new(counts, "not-run", json_integer(player->refused));
	return counts;
}

/* Returns 0 or negative errno: of the machine, not of the file. A broken file leaves *ret_why set. */
static int lc_replay_frames(struct lc_player *player, struct lc_capture *capture, const char *path, const char **ret_why)
{
	struct lc_frame frame;
	int more, err = 0;

	player->refused = 0;
	while (!err) {
		more = lc_capture_next(capture, &frame, ret_why);
		if (more <= 0)
			return more == -ENOMEM ? more : 0;
		err = lc_replay_frame(player, &frame);
		lc_replay_progress(player, path);
	}
	snprintf(lc_replay_why, sizeof(lc_replay_why), "packet %llu: %s", player->packet, strerror(-err));
	*ret_why = lc_replay_why;
	return err;
}

/* 1: the file could not be read to its end, ret_object has "error". */
static int lc_replay_capture(struct lc_player *player, const char *path, json_t **ret_object, const char **ret_why)
{
	struct lc_capture *capture = NULL;
	const char *broken = NULL;
	json_t *object;
	int err;

	player->flows = json_array();
	player->index = json_object();
	object = json_pack("{s:o, s:o}", "file", lc_json_bytes(path, strlen(path)), "flows", player->flows);
	err = lc_capture_open(path, &capture, &broken);
	if (err == -ENOMEM)
		goto out;
	if (capture) {
		err = lc_replay_frames(player, capture, path, &broken);
		if (err)
			goto out;
		lc_replay_unfinished(player);
		json_object_set_new(object, "packets", json_integer(lc_capture_packets(capture)));
		json_object_set_new(object, "skipped", lc_replay_oddities(player, capture, false));
		json_object_set_new(object, "altered", lc_replay_oddities(player, capture, true));
	}
	if (broken)
		json_object_set_new(object, "error", json_string(broken));
	err = player->err ? player->err : lc_forget_flows(player->gate);
	broken = broken ? broken : err ? strerror(-err) : NULL;
out:
	lc_capture_free(capture);
	json_decref(player->index);
	if (err) {
		*ret_why = broken;
		json_decref(object);
		return err;
	}
	*ret_object = object;
	return broken != NULL;
}

/* Every flow of a capture is kept to its end, so that a second decision finds the first. */
static const struct lc_gate_sizes lc_replay_sizes = { .flows = 262144 };

static int lc_player_open(struct lc_player *player, const char **ret_why)
{
	__u32 generation;
	int err = lc_gate_private(&lc_replay_sizes, &player->gate, ret_why);

	if (err)
		return err;
	err = lc_apply(player->gate, player->replay->tables, LC_CONF_DRY | LC_CONF_NAMES, &generation, ret_why);
	if (err)
		return err;
	err = lc_event_reader_new(player->gate, lc_replay_event, player, &player->events);
	if (err)
		*ret_why = "events can not be read";
	return err;
}

int lc_replay(const struct lc_replay *replay, json_t **ret_result, const char **ret_why)
{
	struct lc_player player = { .replay = replay };
	json_t *captures = json_array(), *object = NULL;
	int broken = 0, err;

	err = lc_player_open(&player, ret_why);
	for (size_t i = 0; err >= 0 && i < replay->captures_n; i++) {
		err = lc_replay_capture(&player, replay->captures[i], &object, ret_why);
		if (err < 0)
			break;
		broken += err;
		json_array_append_new(captures, object);
	}
	lc_event_reader_free(player.events);
	lc_gate_free(player.gate);
	if (err < 0) {
		json_decref(captures);
		return err;
	}
	*ret_result = json_pack("{s:o}", "captures", captures);
	return broken;
}
