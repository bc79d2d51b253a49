/* SPDX-License-Identifier: GPL-2.0-only */
/* What the gate holds, read from its maps: conf, the policy's text back to a model, counters, flows, events, memory. Writes nothing. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parse.h"
#include "read.h"

#define LC_PROGRAM_MAPS 64           /* that one of our programs uses, at most */
#define LC_READ_TRIES 3              /* a policy may be swapped twice while it is read */

int lc_read_conf(const struct lc_gate *gate, struct lc_conf *ret_conf)
{
	struct lc_state state;
	__u32 zero = 0, slot;

	if (bpf_map_lookup_elem(lc_gate_map(gate, LC_MAP_STATE), &zero, &state))
		return -errno;
	if (!state.generation)
		return -ENOENT;
	slot = state.generation % LC_SLOTS;
	return bpf_map_lookup_elem(lc_gate_map(gate, LC_MAP_CONFS), &slot, ret_conf) ? -errno : 0;
}

/* fd of a generation's inner map. */
static int lc_read_inner(const struct lc_gate *gate, enum lc_map outer, __u32 generation)
{
	__u32 slot = generation % LC_SLOTS, id;

	if (bpf_map_lookup_elem(lc_gate_map(gate, outer), &slot, &id))
		return -errno;
	return bpf_map_get_fd_by_id(id);
}

static int lc_read_text(const struct lc_gate *gate, const struct lc_conf *conf, char **ret_text)
{
	__u32 chunks = (conf->text_bytes + LC_TEXT_CHUNK - 1) / LC_TEXT_CHUNK;
	char *text = calloc(chunks + 1, LC_TEXT_CHUNK);
	int fd = lc_read_inner(gate, LC_MAP_TEXTS, conf->generation), err = text ? 0 : -ENOMEM;

	if (fd < 0)
		err = fd;
	for (__u32 i = 0; i < chunks && !err; i++)
		if (bpf_map_lookup_elem(fd, &i, text + (size_t)i * LC_TEXT_CHUNK))
			err = -errno;
	if (fd >= 0)
		close(fd);
	if (err)
		free(text);
	else
		*ret_text = text;
	return err;
}

static int lc_read_parse(const struct lc_conf *conf, const char *text, struct lc_model **ret_model, const char **ret_why)
{
	const struct lc_source source = { "the running policy", text, conf->text_bytes, LC_ORIGIN_BUILTIN };
	struct lc_model *model = lc_model_new();
	struct lc_errors errors = {};
	int err = model ? lc_parse(model, &source, &errors) : -ENOMEM;

	if (err && errors.n)
		lc_why(ret_why, err, "the running policy's text is broken at line %d: %s; load the policy again",
		       errors.list[0].pos.line, errors.list[0].text);
	lc_errors_free(&errors);
	if (err)
		lc_model_free(model);
	else
		*ret_model = model;
	return err;
}

int lc_read_model(const struct lc_gate *gate, struct lc_model **ret_model, const char **ret_why)
{
	struct lc_conf conf, after;
	char *text = NULL;
	int err = 0;

	for (int i = 0; i < LC_READ_TRIES; i++) {
		err = lc_read_conf(gate, &conf);
		if (err == -ENOENT)
			return lc_why(ret_why, err, "no policy is in force, 'policy load FILE' first");
		if (!err)
			err = lc_read_text(gate, &conf, &text);
		if (!err && !lc_read_conf(gate, &after) && after.generation == conf.generation)
			break;
		if (!err)
			free(text);
		err = err ? err : -EAGAIN;
	}
	if (err)
		return lc_why(ret_why, err, "reading the running policy: %s", strerror(-err));
	lc_why(ret_why, 0, "no memory");
	err = lc_read_parse(&conf, text, ret_model, ret_why);
	free(text);
	return err;
}

int lc_read_counters(const struct lc_gate *gate, struct lc_counter **ret_list, size_t *ret_n)
{
	int fd = lc_gate_map(gate, LC_MAP_COUNTS), cpus = libbpf_num_possible_cpus();
	struct lc_counter *list = NULL, *row;
	struct lc_count_key key, *last = NULL;
	struct lc_count *values;
	size_t n = 0;

	if (cpus < 0)
		return cpus;
	values = calloc(cpus, sizeof(*values));
	if (!values)
		return -ENOMEM;
	while (!bpf_map_get_next_key(fd, last, &key)) {
		last = &key;
		if (bpf_map_lookup_elem(fd, &key, values))
			continue;
		row = lc_grow(&list, &n, sizeof(*list));
		if (!row) {
			free(list);
			free(values);
			return -ENOMEM;
		}
		row->key = key;
		for (int i = 0; i < cpus; i++) {
			row->count.flows += values[i].flows;
			row->count.packets += values[i].packets;
			row->count.bytes += values[i].bytes;
		}
	}
	free(values);
	*ret_list = list;
	*ret_n = n;
	return 0;
}

int lc_read_totals(const struct lc_gate *gate, struct lc_total ret_totals[LC_R_MAX])
{
	int fd = lc_gate_map(gate, LC_MAP_TOTALS), cpus = libbpf_num_possible_cpus(), err = 0;
	struct lc_total *values;

	if (cpus < 0)
		return cpus;
	values = calloc(cpus, sizeof(*values));
	if (!values)
		return -ENOMEM;
	memset(ret_totals, 0, LC_R_MAX * sizeof(*ret_totals));
	for (__u32 reason = 0; reason < LC_R_MAX && !err; reason++) {
		err = bpf_map_lookup_elem(fd, &reason, values) ? -errno : 0;
		for (int i = 0; i < cpus && !err; i++) {
			ret_totals[reason].packets += values[i].packets;
			ret_totals[reason].bytes += values[i].bytes;
		}
	}
	free(values);
	return err;
}

int lc_read_flows(const struct lc_gate *gate, lc_flow_fn fn, void *context)
{
	int fd = lc_gate_map(gate, LC_MAP_FLOWS), err = 0;
	struct lc_flow_key key, *last = NULL;
	struct lc_flow flow;

	while (!err && !bpf_map_get_next_key(fd, last, &key)) {
		last = &key;
		if (!bpf_map_lookup_elem(fd, &key, &flow))
			err = fn(context, &key, &flow);
	}
	return err;
}

static void lc_forget_all(int fd)
{
	struct lc_flow_key key;

	while (!bpf_map_get_next_key(fd, NULL, &key))
		if (bpf_map_delete_elem(fd, &key))
			break;
}

int lc_forget_flows(const struct lc_gate *gate)
{
	lc_forget_all(lc_gate_map(gate, LC_MAP_FLOWS));
	lc_forget_all(lc_gate_map(gate, LC_MAP_HELLOS));
	return 0;
}

struct lc_event_reader {
	struct ring_buffer *ring;
	lc_event_fn fn;
	void *context;
};

static int lc_event_take(void *context, void *data, size_t bytes)
{
	struct lc_event_reader *reader = context;

	return bytes >= sizeof(struct lc_event) ? reader->fn(reader->context, data) : 0;
}

int lc_event_reader_new(const struct lc_gate *gate, lc_event_fn fn, void *context, struct lc_event_reader **ret_reader)
{
	struct lc_event_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return -ENOMEM;
	reader->fn = fn;
	reader->context = context;
	reader->ring = ring_buffer__new(lc_gate_map(gate, LC_MAP_EVENTS), lc_event_take, reader, NULL);
	if (!reader->ring) {
		free(reader);
		return -errno;
	}
	*ret_reader = reader;
	return 0;
}

int lc_event_read(struct lc_event_reader *reader, int timeout_ms)
{
	return timeout_ms ? ring_buffer__poll(reader->ring, timeout_ms) : ring_buffer__consume(reader->ring);
}

void lc_event_reader_free(struct lc_event_reader *reader)
{
	if (!reader)
		return;
	ring_buffer__free(reader->ring);
	free(reader);
}

static __u64 lc_read_map_memory(int fd)
{
	char path[64], line[128];
	__u64 bytes = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "re");
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "memlock: %llu", &bytes) == 1)
			break;
	fclose(f);
	return bytes;
}

/* Memory of the maps that a program uses and that were not counted before. */
static __u64 lc_read_program_memory(int program, __u32 *seen, __u32 *n)
{
	struct bpf_prog_info info = {};
	__u32 ids[LC_PROGRAM_MAPS], bytes = sizeof(info);
	__u64 sum = 0;

	info.nr_map_ids = LC_PROGRAM_MAPS;
	info.map_ids = (__u64)(unsigned long)ids;
	if (bpf_obj_get_info_by_fd(program, &info, &bytes))
		return 0;
	for (__u32 i = 0; i < info.nr_map_ids && i < LC_PROGRAM_MAPS; i++) {
		__u32 known = 0;
		int fd;

		while (known < *n && seen[known] != ids[i])
			known++;
		if (known < *n)
			continue;
		seen[(*n)++] = ids[i];
		fd = bpf_map_get_fd_by_id(ids[i]);
		sum += fd < 0 ? 0 : lc_read_map_memory(fd);
		if (fd >= 0)
			close(fd);
	}
	return sum;
}

static __u64 lc_read_programs_memory(const struct lc_gate *gate)
{
	__u32 seen[2 * LC_PROGRAM_MAPS], n = 0, zero = 0, id;
	__u64 bytes = lc_read_program_memory(lc_gate_program(gate), seen, &n);
	int fd;

	if (bpf_map_lookup_elem(lc_gate_map(gate, LC_MAP_PROGRAMS), &zero, &id))
		return bytes;
	fd = bpf_prog_get_fd_by_id(id);
	if (fd < 0)
		return bytes;
	bytes += lc_read_program_memory(fd, seen, &n);
	close(fd);
	return bytes;
}

__u64 lc_read_memory(const struct lc_gate *gate)
{
	__u64 bytes = lc_read_programs_memory(gate);

	for (int i = LC_MAP_ASSETS4; i < LC_MAP_MAX; i++)
		for (__u32 slot = 0; slot < LC_SLOTS; slot++) {
			int fd = lc_read_inner(gate, i, slot);

			bytes += fd < 0 ? 0 : lc_read_map_memory(fd);
			if (fd >= 0)
				close(fd);
		}
	return bytes;
}
