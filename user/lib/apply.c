/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A generation into the kernel: inner maps made to measure, filled, read back, compared, frozen and put in the idle slot; then one
 * store of its number puts it in force. Until that store nothing that a packet reads has changed; whatever fails before it
 * leaves the old generation whole.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "apply.h"

#define LC_BATCH 4096                /* elements a system call */

/* One table of a generation: rows of key and value as they lie in struct lc_tables. No key: the row's number. */
struct lc_table {
	enum lc_map outer;
	enum bpf_map_type type;
	const char *name;
	__u32 flags;
	const void *rows;
	size_t n;
	size_t row_bytes, key_bytes, value_at, value_bytes;
};

static int lc_apply_keyed(int fd, const struct lc_table *table)
{
	for (size_t i = 0; i < table->n; i++) {
		const char *row = (const char *)table->rows + i * table->row_bytes;

		if (bpf_map_update_elem(fd, row, row + table->value_at, BPF_NOEXIST))
			return -errno;
	}
	return 0;
}

static int lc_apply_keyed_check(int fd, const struct lc_table *table)
{
	char value[64];

	for (size_t i = 0; i < table->n; i++) {
		const char *row = (const char *)table->rows + i * table->row_bytes;

		if (bpf_map_lookup_elem(fd, row, value))
			return -errno;
		if (memcmp(value, row + table->value_at, table->value_bytes))
			return -EIO;
	}
	return 0;
}

static int lc_apply_array(int fd, const struct lc_table *table)
{
	__u32 keys[LC_BATCH];

	for (size_t at = 0; at < table->n; at += LC_BATCH) {
		__u32 n = table->n - at < LC_BATCH ? table->n - at : LC_BATCH;

		for (__u32 i = 0; i < n; i++)
			keys[i] = at + i;
		if (bpf_map_update_batch(fd, keys, (const char *)table->rows + at * table->row_bytes, &n, NULL))
			return -errno;
	}
	return 0;
}

static int lc_apply_array_check(int fd, const struct lc_table *table)
{
	char *values = malloc(LC_BATCH * table->row_bytes);
	__u32 keys[LC_BATCH], in = 0, out = 0;
	size_t at = 0;
	int err = values ? 0 : -ENOMEM;

	while (!err && at < table->n) {
		__u32 n = table->n - at < LC_BATCH ? table->n - at : LC_BATCH;

		if (bpf_map_lookup_batch(fd, at ? &in : NULL, &out, keys, values, &n, NULL) && errno != ENOENT)
			err = -errno;
		else if (!n || memcmp(values, (const char *)table->rows + at * table->row_bytes, n * table->row_bytes))
			err = -EIO;
		at += n;
		in = out;
	}
	free(values);
	return err;
}

/* Make, fill, read back, freeze. fd of the inner map, or negative errno. */
static int lc_apply_inner(const struct lc_table *table)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = table->flags);
	bool array = table->type == BPF_MAP_TYPE_ARRAY;
	int err, fd;

	fd = bpf_map_create(table->type, table->name, table->key_bytes, table->value_bytes, table->n ? table->n : 1, &opts);
	if (fd < 0)
		return -errno;
	err = array ? lc_apply_array(fd, table) : lc_apply_keyed(fd, table);
	if (!err)
		err = array ? lc_apply_array_check(fd, table) : lc_apply_keyed_check(fd, table);
	if (!err)
		err = bpf_map_freeze(fd);
	if (!err)
		return fd;
	close(fd);
	return err;
}

/* The text in whole chunks, the last one filled up with zeros. */
static char *lc_apply_text(const struct lc_tables *tables, size_t *ret_chunks)
{
	size_t chunks = (tables->conf.text_bytes + LC_TEXT_CHUNK - 1) / LC_TEXT_CHUNK;
	char *text = calloc(chunks ? chunks : 1, LC_TEXT_CHUNK);

	if (text)
		memcpy(text, tables->text, tables->conf.text_bytes);
	*ret_chunks = chunks;
	return text;
}

#define LC_KEYED(map, kind, flag, field, row)                                                                              \
	{ map, kind, #field, flag, tables->field, tables->field##_n, sizeof(struct row), sizeof(((struct row *)0)->key), \
	  offsetof(struct row, value), sizeof(((struct row *)0)->value) }
#define LC_ARRAY(map, name, rows, n, bytes) \
	{ map, BPF_MAP_TYPE_ARRAY, name, BPF_F_INNER_MAP, rows, n, bytes, sizeof(__u32), 0, bytes }

static int lc_apply_stage(struct lc_gate *gate, const struct lc_tables *tables, __u32 slot, const char **ret_why)
{
	size_t chunks;
	char *text = lc_apply_text(tables, &chunks);
	const struct lc_table rows[] = {
		LC_KEYED(LC_MAP_ASSETS4, BPF_MAP_TYPE_LPM_TRIE, BPF_F_NO_PREALLOC, prefixes4, lc_row4),
		LC_KEYED(LC_MAP_ASSETS6, BPF_MAP_TYPE_LPM_TRIE, BPF_F_NO_PREALLOC, prefixes6, lc_row6),
		LC_KEYED(LC_MAP_MACS, BPF_MAP_TYPE_HASH, 0, macs, lc_row_mac),
		LC_KEYED(LC_MAP_VLANS, BPF_MAP_TYPE_HASH, 0, vlans, lc_row_vlan),
		LC_ARRAY(LC_MAP_STEPS, "steps", tables->steps, tables->steps_n, sizeof(struct lc_step)),
		LC_ARRAY(LC_MAP_CELLS, "cells", tables->cells, tables->cells_n, sizeof(struct lc_cell)),
		LC_ARRAY(LC_MAP_TEXTS, "texts", text, chunks, LC_TEXT_CHUNK),
	};
	int err = text ? 0 : -ENOMEM;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows) && !err; i++) {
		int fd = lc_apply_inner(&rows[i]);

		err = fd < 0 ? fd : 0;
		if (!err && bpf_map_update_elem(lc_gate_map(gate, rows[i].outer), &slot, &fd, BPF_ANY))
			err = -errno;
		if (fd >= 0)
			close(fd);
		if (err)
			lc_why(ret_why, err, "staging %s: %s; the policy in force stays", rows[i].name,
			       err == -EIO ? "the kernel's copy differs from what was written" :
			       err == -EPERM ? "not root, run it with sudo" : strerror(-err));
	}
	free(text);
	return err;
}

int lc_apply(struct lc_gate *gate, struct lc_tables *tables, __u32 flags, __u32 *ret_generation, const char **ret_why)
{
	struct lc_state state;
	struct timespec now;
	__u32 zero = 0, slot;
	int err;

	err = lc_gate_lock(gate, 10, ret_why);
	if (err)
		return err;
	if (bpf_map_lookup_elem(lc_gate_map(gate, LC_MAP_STATE), &zero, &state))
		return lc_why(ret_why, -errno, "reading the generation: %s", strerror(errno));
	state.abi = LC_ABI;
	state.generation = state.generation + 1 ? state.generation + 1 : LC_SLOTS;
	slot = state.generation % LC_SLOTS;
	err = lc_apply_stage(gate, tables, slot, ret_why);
	if (err)
		return err;
	clock_gettime(CLOCK_REALTIME, &now);
	tables->conf.generation = state.generation;
	tables->conf.flags |= flags;
	tables->conf.loaded_ns = now.tv_sec * 1000000000ull + now.tv_nsec;
	if (bpf_map_update_elem(lc_gate_map(gate, LC_MAP_CONFS), &slot, &tables->conf, BPF_ANY) ||
	    bpf_map_update_elem(lc_gate_map(gate, LC_MAP_STATE), &zero, &state, BPF_ANY))
		return lc_why(ret_why, -errno, "putting the generation in force: %s; the old one stays", strerror(errno));
	*ret_generation = state.generation;
	return 0;
}
