// SPDX-License-Identifier: GPL-2.0-only
/*
 * "event": one line for each flow of an asset when it is decided. Only reads; a slow reader loses events, which the gaps in
 * their numbers tell, and never holds up a verdict.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"

#define LC_EVENT_WAIT_MS 250         /* how late an end of the gate, or a signal between two waits, is noticed */

struct lc_follower {
	struct lc_gate *gate;
	struct lc_model *model;      /* words for the numbers, of at least the last event's generation; NULL: none could be read */
	unsigned int generation;     /* that was in force when the model was read */
	__u64 seq;                   /* of the last event; 0: none yet */
	unsigned int left;           /* events to print */
	bool done;
};

static volatile sig_atomic_t lc_stopped;

static void lc_event_stop(int signal)
{
	(void)signal;
	lc_stopped = 1;
}

/* An event's words come from a policy that is as new as the event. */
static void lc_event_model(struct lc_follower *f, unsigned int generation)
{
	struct lc_model *model = NULL;
	struct lc_conf conf;
	const char *why;

	if (f->model && generation <= f->generation)
		return;
	if (lc_read_conf(f->gate, &conf) || lc_read_model(f->gate, &model, &why))
		return;
	lc_model_free(f->model);
	f->model = model;
	f->generation = conf.generation;
}

/* CLOCK_BOOTTIME to UTC, as the clocks are now. */
static json_t *lc_event_json_time(__u64 boot_ns)
{
	struct timespec real, boot;
	long long offset;

	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	offset = (real.tv_sec - boot.tv_sec) * 1000000000ll + real.tv_nsec - boot.tv_nsec;
	return lc_json_time(boot_ns + offset);
}

static json_t *lc_event_json_address(const __u8 address[16])
{
	static const __u8 mapped[12] = { [10] = 0xff, [11] = 0xff };     /* RFC 4291, 2.5.5.2 */
	bool v4 = !memcmp(address, mapped, sizeof(mapped));
	char text[INET6_ADDRSTRLEN];

	return json_string(inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? address + 12 : address, text, sizeof(text)));
}

static json_t *lc_event_json_dev(unsigned int ifindex)
{
	char name[IF_NAMESIZE];

	if (!if_indextoname(ifindex, name))
		snprintf(name, sizeof(name), "if%u", ifindex);
	return lc_json_text(name);
}

static json_t *lc_event_json_number(unsigned int number)
{
	return number ? json_integer(number) : json_null();
}

static const char *lc_event_id(const struct lc_follower *f, enum lc_registry registry, unsigned int number)
{
	return f->model ? lc_model_id(f->model, registry, number) : NULL;
}

/* Who: tenant and kind are halves of the profile's id, which the registry keeps even when the asset is gone. */
static void lc_event_who(const struct lc_follower *f, const struct lc_event *event, json_t *value)
{
	const char *profile = lc_event_id(f, LC_REG_PROFILE, event->profile);
	const char *slash = profile ? strrchr(profile, '/') : NULL;

	json_object_set_new(value, "tenant", slash ? json_stringn(profile, slash - profile) : json_null());
	json_object_set_new(value, "asset", lc_json_text(lc_event_id(f, LC_REG_ASSET, event->asset)));
	json_object_set_new(value, "kind", slash ? json_string(slash + 1) : json_null());
}

static void lc_event_what(const struct lc_follower *f, const struct lc_event *event, json_t *value)
{
	const char *id = lc_event_id(f, LC_REG_ENDPOINT, event->endpoint), *rule = lc_event_id(f, LC_REG_RULE, event->rule);
	const struct lc_endpoint *e = id ? lc_model_endpoint(f->model, id) : NULL;
	int kind = lc_profile_kind(lc_event_id(f, LC_REG_PROFILE, event->profile));

	json_object_set_new(value, "endpoint", lc_json_text(id));
	json_object_set_new(value, "provider", lc_json_text(e ? e->provider : NULL));
	json_object_set_new(value, "service", lc_json_text(e ? e->service : NULL));
	json_object_set_new(value, "pattern", lc_json_text(e ? e->pattern : NULL));
	json_object_set_new(value, "rule", lc_json_text(rule));
	json_object_set_new(value, "clause", f->model ? lc_json_clauses(f->model, rule, id, kind) : json_array());
}

static const char *lc_event_proto(unsigned int proto)
{
	return proto == IPPROTO_TCP ? "tcp" : proto == IPPROTO_UDP ? "udp" : "other";
}

static void lc_event_where(const struct lc_event *event, json_t *value)
{
	const struct lc_flow_key *flow = &event->flow;
	const __u8 *m = event->mac;
	char mac[18];

	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
	json_object_set_new(value, "proto", json_string(lc_event_proto(flow->proto)));
	json_object_set_new(value, "src", lc_event_json_address(flow->src));
	json_object_set_new(value, "sport", json_integer(ntohs(flow->sport)));
	json_object_set_new(value, "dst", lc_event_json_address(flow->dst));
	json_object_set_new(value, "dport", json_integer(ntohs(flow->dport)));
	json_object_set_new(value, "vlan", lc_event_json_number(flow->vlan_outer));
	json_object_set_new(value, "vlan_inner", lc_event_json_number(flow->vlan_inner));
	json_object_set_new(value, "mac", json_string(mac));
	json_object_set_new(value, "dev", lc_event_json_dev(event->ifindex));
}

static json_t *lc_event_json(const struct lc_follower *f, const struct lc_event *event)
{
	size_t name_len = event->name_len < sizeof(event->name) ? event->name_len : sizeof(event->name);
	json_t *value = json_object();

	json_object_set_new(value, "time", lc_event_json_time(event->time_ns));
	json_object_set_new(value, "seq", json_integer(event->seq));
	json_object_set_new(value, "generation", json_integer(event->generation));
	json_object_set_new(value, "verdict", json_string(lc_word(LC_LIST_VERDICT, event->verdict)));
	if (event->wanted != event->verdict)
		json_object_set_new(value, "wanted", json_string(lc_word(LC_LIST_VERDICT, event->wanted)));
	json_object_set_new(value, "reason", json_string(lc_word(LC_LIST_REASON, event->reason)));
	lc_event_who(f, event, value);
	lc_event_what(f, event, value);
	lc_event_where(event, value);
	json_object_set_new(value, "name", name_len ? lc_json_bytes(event->name, name_len) : json_null());
	return value;
}

/* " key=value" where there is a value. */
static void lc_event_put(FILE *to, const json_t *event, const char *key)
{
	const json_t *value = json_object_get(event, key), *element;
	size_t i;

	if (json_is_integer(value))
		fprintf(to, " %s=%lld", key, (long long)json_integer_value(value));
	else if (json_is_string(value))
		fprintf(to, strchr(json_string_value(value), ' ') ? " %s=\"%s\"" : " %s=%s", key, json_string_value(value));
	else if (json_array_size(value))
		fprintf(to, " %s=", key);
	json_array_foreach(value, i, element)
		fprintf(to, "%s%s", i ? "," : "", json_string_value(element));
}

/* Time, verdict, reason, then pairs. */
static void lc_event_print(const json_t *event)
{
	static const char *const keys[] = { "wanted", "tenant", "asset", "kind", "name", "endpoint", "provider", "service",
					    "rule", "clause", "proto", "src", "sport", "dst", "dport", "vlan", "vlan_inner", "mac",
					    "dev", "generation", "seq" };
	char *line = NULL;
	size_t bytes;
	FILE *to = open_memstream(&line, &bytes);

	if (!to)
		return;
	fprintf(to, "%s %s %s", json_string_value(json_object_get(event, "time")),
		json_string_value(json_object_get(event, "verdict")), json_string_value(json_object_get(event, "reason")));
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		lc_event_put(to, event, keys[i]);
	if (!fclose(to))
		lc_out_line("%s", line);
	free(line);
}

static void lc_event_tell_lost(const struct lc_event *event, __u64 last)
{
	unsigned long long lost = event->seq - last - 1;
	json_t *value = json_pack("{s:o, s:I, s:I, s:I}", "time", lc_event_json_time(event->time_ns), "lost", (json_int_t)lost,
				  "first_seq", (json_int_t)(last + 1), "last_seq", (json_int_t)(event->seq - 1));

	if (!lc_out_json(value))
		lc_out_line("%s lost %llu events, seq %llu to %llu: the ring was full", json_string_value(json_object_get(value, "time")),
			    lost, (unsigned long long)last + 1, (unsigned long long)event->seq - 1);
	json_decref(value);
}

static int lc_event_one(void *context, const struct lc_event *event)
{
	struct lc_follower *f = context;
	json_t *value;

	lc_event_model(f, event->generation);
	if (f->seq && event->seq > f->seq + 1)
		lc_event_tell_lost(event, f->seq);
	if (event->seq > f->seq)
		f->seq = event->seq;
	value = lc_event_json(f, event);
	if (!lc_out_json(value))
		lc_event_print(value);
	json_decref(value);
	f->done = lc_stopped || ferror(stdout) || (f->left && !--f->left);
	return f->done ? -ECANCELED : 0;     /* what is left in the ring is for the next reader */
}

static void lc_event_signals(void)
{
	struct sigaction stop = { .sa_handler = lc_event_stop };       /* no SA_RESTART: the wait ends */

	lc_stopped = 0;
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
}

/* Until count, a signal, a reader that has gone, or the end of the gate. */
static int lc_event_loop(struct lc_follower *f, struct lc_event_reader *reader, const struct stat *pinned)
{
	struct stat now;
	int err;

	while (!f->done && !lc_stopped) {
		err = lc_event_read(reader, LC_EVENT_WAIT_MS);
		if (f->done || lc_stopped)
			break;
		if (err < 0 && err != -EINTR)
			return lc_fail(NULL, err, NULL);
		if (!err && (stat(lc_pin_dir(), &now) || now.st_ino != pinned->st_ino))
			return lc_fail(lc_pin_dir(), -ENOENT, "the gate was unloaded, follow again when it is loaded");
	}
	return LC_DONE;
}

/*
 * The ring has one place up to which it was read, so two readers would take each other's events. The directory of links is
 * locked, as the pin directory's own lock is for changes. fd, or negative errno.
 */
static int lc_event_lock(void)
{
	char path[PATH_MAX];
	int fd, err = 0;

	if ((size_t)snprintf(path, sizeof(path), "%s/links", lc_pin_dir()) >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB))
		err = errno == EWOULDBLOCK ? -EBUSY : -errno;
	if (!err)
		return fd;
	close(fd);
	return err;
}

static int lc_event_args(int argc, char **argv, unsigned int *ret_count)
{
	const char *count = NULL;
	const struct lc_keyword keywords[] = { { "count", &count, NULL }, { NULL, NULL, NULL } };

	if (lc_args_keywords(argc, argv, keywords, NULL))
		return LC_USAGE;
	return lc_args_number(count, "count", UINT_MAX, ret_count);
}

static int lc_event_follow(int argc, char **argv)
{
	struct lc_event_reader *reader = NULL;
	struct lc_follower f = { 0 };
	struct stat pinned = { 0 };
	int lock, err;

	if (lc_event_args(argc, argv, &f.left))
		return LC_USAGE;
	lc_event_signals();
	setvbuf(stdout, NULL, _IOLBF, 0);
	err = lc_open_gate(&f.gate);
	if (err)
		return err;
	lock = lc_event_lock();
	err = lock < 0 ? lock : stat(lc_pin_dir(), &pinned) ? -errno : lc_event_reader_new(f.gate, lc_event_one, &f, &reader);
	if (err)
		err = lc_fail(NULL, err, err == -EBUSY ? "somebody else follows already, end that one first" : NULL);
	else
		err = lc_event_loop(&f, reader, &pinned);
	lc_event_reader_free(reader);
	if (lock >= 0)
		close(lock);
	lc_model_free(f.model);
	lc_gate_free(f.gate);
	return err;
}

const struct lc_command lc_event_commands[] = {
	{ "follow", lc_event_follow, "[count N]", "print each decision on a flow of an asset, N of them or until interrupted" },
	LC_COMMAND_HELP,
	{ NULL, NULL, NULL, NULL },
};
