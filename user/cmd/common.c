// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ways of every command to the gate, to the policy in force and to a policy file. Whoever calls these has nothing left to
 * explain: what failed has been told, once. Nothing is printed here but errors.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd.h"
#include "data.h"

static char lc_dir[PATH_MAX] = LC_PIN_DIR;

void lc_pin_dir_set(const char *dir)
{
	size_t n = strlen(dir);

	while (n > 1 && dir[n - 1] == '/')
		n--;
	snprintf(lc_dir, sizeof(lc_dir), "%.*s", (int)n, dir);
}

const char *lc_pin_dir(void)
{
	return lc_dir;
}

int lc_open_gate(struct lc_gate **ret_gate)
{
	const char *why = NULL;
	int err = lc_gate_open(lc_dir, ret_gate, &why);

	if (!err)
		return LC_DONE;
	return lc_fail(lc_dir, err, why);
}

int lc_open_gate_locked(struct lc_gate **ret_gate)
{
	const char *why = NULL;
	int err = lc_open_gate(ret_gate);

	if (err)
		return err;
	err = lc_gate_lock(*ret_gate, LC_LOCK_SECONDS, &why);
	if (!err)
		return LC_DONE;
	lc_gate_free(*ret_gate);
	*ret_gate = NULL;
	return lc_fail(lc_dir, err, why);
}

int lc_open_model(const struct lc_gate *gate, struct lc_model **ret_model)
{
	const char *why = NULL;
	int err = lc_read_model(gate, ret_model, &why);

	if (!err)
		return LC_DONE;
	return lc_fail(NULL, err, err == -ENOENT ? "no policy is in force, 'policy load' one" : why);
}

int lc_open_both(struct lc_gate **ret_gate, struct lc_model **ret_model)
{
	int err = lc_open_gate(ret_gate);

	if (err)
		return err;
	err = lc_open_model(*ret_gate, ret_model);
	if (err) {
		lc_gate_free(*ret_gate);
		*ret_gate = NULL;
	}
	return err;
}

#define LC_DEFAULT_PROFILE "balanced"

/* What a policy file with nothing but "profile: balanced" would be, without the file. */
static int lc_default_model(struct lc_model *model, struct lc_errors *errors)
{
	static const struct {
		const char *name;
		enum lc_origin origin;
	} parts[] = {
		{ "catalogue", LC_ORIGIN_CATALOGUE },
		{ "clauses", LC_ORIGIN_CATALOGUE },
		{ LC_DEFAULT_PROFILE, LC_ORIGIN_PROFILE },
	};
	int err = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts) && !err; i++) {
		struct lc_source source = { .name = parts[i].name, .origin = parts[i].origin };

		source.text = lc_data(parts[i].name, &source.bytes);
		err = lc_parse(model, &source, errors);
	}
	free(model->profile);
	model->profile = strdup(LC_DEFAULT_PROFILE);
	if (!model->profile)
		return -ENOMEM;
	return err ? err : lc_model_check(model, errors);
}

int lc_open_policy(const char *path, struct lc_model **ret_model)
{
	struct lc_errors errors = { 0 };
	struct lc_model *model = NULL;
	int err;

	if (path) {
		err = lc_parse_policy(path, &errors, &model);
	} else {
		model = lc_model_new();
		err = model ? lc_default_model(model, &errors) : -ENOMEM;
	}
	if (!err)
		*ret_model = model;
	else if (errors.n)
		lc_fail_errors(path, &errors);
	else
		lc_fail(path, err, NULL);
	lc_errors_free(&errors);
	if (err)
		lc_model_free(model);
	return err ? LC_FAILED : LC_DONE;
}

int lc_make_tables(struct lc_model *model, const char *object, struct lc_tables **ret_tables)
{
	struct lc_errors errors = { 0 };
	int err = lc_compile(model, &errors, ret_tables);

	if (err && errors.n)
		lc_fail_errors(object, &errors);
	else if (err)
		lc_fail(object, err, err == -E2BIG ? "the policy is larger than the tables can be, take assets or endpoints out" : NULL);
	lc_errors_free(&errors);
	return err ? LC_FAILED : LC_DONE;
}

int lc_put_in_force(struct lc_gate *gate, struct lc_tables *tables, const char *object, unsigned int *ret_generation)
{
	const char *why = NULL;
	int err = lc_apply(gate, tables, 0, ret_generation, &why);

	return err ? lc_fail(object, err, why) : LC_DONE;
}

unsigned long long lc_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ull + now.tv_nsec / 1000000;
}

json_t *lc_json_time(__u64 realtime_ns)
{
	time_t seconds = realtime_ns / 1000000000;
	char day[32], text[48];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "%s.%03lluZ", day, (unsigned long long)(realtime_ns / 1000000 % 1000));
	return json_string(text);
}

json_t *lc_json_words(const struct lc_words *words)
{
	json_t *array = json_array();

	for (size_t i = 0; i < words->n; i++)
		json_array_append_new(array, json_string(words->list[i]));
	return array;
}

json_t *lc_json_set(enum lc_list list, __u64 bits)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < lc_list_size(list); i++)
		if (bits >> i & 1)
			json_array_append_new(array, json_string(lc_word(list, i)));
	return array;
}

json_t *lc_json_clauses(const struct lc_model *model, const char *rule, const char *endpoint, int kind)
{
	const struct lc_endpoint *asked = endpoint ? lc_model_endpoint(model, endpoint) : NULL;
	const struct lc_rule *found = rule ? lc_model_rule(model, rule) : NULL;
	json_t *clauses = json_array();

	for (size_t i = 0; found && i < found->clauses.n; i++)
		if (lc_clause_bears(model, found, found->clauses.list[i], asked, kind))
			json_array_append_new(clauses, json_string(found->clauses.list[i]));
	return clauses;
}

void lc_bytes_format(__u64 bytes, char text[LC_BYTES_TEXT])
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB" };
	double value = bytes;
	int unit = 0;

	for (; value >= 1024 && unit < 3; unit++)
		value /= 1024;
	snprintf(text, LC_BYTES_TEXT, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
}
