/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * policy replay from a capture to its JSON, whose form is a promise: keys, packet numbers, flows that end undecided, files that
 * are broken. Writes its captures itself. Needs root, as the programs are loaded. One line a row, sum on the last.
 */
#include <unistd.h>

#include "replay.h"
#include "world.h"

static char path[2][40] = { "/tmp/lenscap-replay-XXXXXX", "/tmp/lenscap-replay-XXXXXX" };

static void capture_packet(FILE *file, const struct packet *p)
{
	static __u8 frame[PACKET_MAX];
	__u32 n = packet_build(p, frame), head[4] = { 1, 0, n, n };

	fwrite(head, sizeof(head), 1, file);
	fwrite(frame, n, 1, file);
}

static FILE *capture_open(unsigned int number)
{
	__u32 head[6] = { 0xa1b2c3d4, 2 | 4 << 16, 0, 0, 262144, 1 };
	FILE *file = fopen(path[number], "w");

	fwrite(head, sizeof(head), 1, file);
	return file;
}

/* A connection: SYN, then the hello in pieces of so many bytes; 0: in one. */
static void capture_hello(FILE *file, const struct packet *base, const struct hello *hello, size_t piece)
{
	static __u8 stream[HELLO_MAX];
	size_t n = hello_build(hello, stream, sizeof(stream)), share = piece ? piece : n;
	struct packet p = *base;

	p.seq = p.seq ? p.seq : ISS;
	p.flags = TCP_SYN;
	capture_packet(file, &p);
	p.flags = TCP_ACK;
	p.seq++;
	for (size_t at = 0; at < n; at += share, p.seq += p.payload_n) {
		p.payload = stream + at;
		p.payload_n = share < n - at ? share : n - at;
		capture_packet(file, &p);
	}
}

/* Result of a replay of so many captures; ret: what lc_replay() gave. */
static json_t *replay(size_t captures, int *ret)
{
	const char *files[2] = { path[0], path[1] }, *why = "";
	struct lc_replay replay = { .captures = files, .captures_n = captures };
	struct lc_errors errors = { 0 };
	struct lc_model *model = world_parse(world_yaml, &errors);
	json_t *result = NULL;

	replay.model = model;
	*ret = model ? lc_compile(model, &errors, &replay.tables) : -EINVAL;
	if (!*ret)
		*ret = lc_replay(&replay, &result, &why);
	if (*ret < 0)
		fprintf(stderr, "replay: %s: %s\n", why, strerror(-*ret));
	lc_tables_free(replay.tables);
	lc_model_free(model);
	lc_errors_free(&errors);
	return result;
}

static json_t *capture_get(const json_t *result, size_t i)
{
	return json_array_get(json_object_get(result, "captures"), i);
}

/* The flows of a capture must be these, as JSON with ' for ". */
static const char *flows_are(const json_t *capture, const char *expected)
{
	char *got = json_dumps(json_object_get(capture, "flows"), JSON_COMPACT | JSON_SORT_KEYS), *at;
	const char *complaint;

	for (at = got; at && *at; at++)
		*at = *at == '"' ? '\'' : *at;
	complaint = got && !strcmp(got, expected) ? NULL : wrong("%s", got ? got : "no flows");
	free(got);
	return complaint;
}

static const char *number_is(const json_t *object, const char *key, json_int_t expected)
{
	json_int_t got = json_integer_value(json_object_get(object, key));

	return got == expected ? NULL : wrong("%s %lld, expected %lld", key, (long long)got, (long long)expected);
}

/* Everything else of a capture's object, once its flows were right. */
static const char *replay_one(const char *flows, json_int_t packets)
{
	int ret;
	json_t *result = replay(1, &ret), *capture = capture_get(result, 0);
	const char *complaint = ret ? wrong("returned %d", ret) : flows_are(capture, flows);

	if (!complaint)
		complaint = number_is(capture, "packets", packets);
	if (!complaint && strcmp(json_string_value(json_object_get(capture, "file")), path[0]))
		complaint = "file";
	if (!complaint && (json_object_size(json_object_get(capture, "skipped")) || json_object_get(capture, "error")))
		complaint = "packets skipped, or an error";
	json_decref(result);
	return complaint;
}

#define FLOW(endpoint, names, packet, reason, rule, src, dst, verdict)                                                         \
	"{'asset':'cams','clause':[],'dport':443,'dst':'" dst "','endpoint':" endpoint ",'names':[" names "],"                 \
	"'packet':" packet ",'proto':'tcp','reason':'" reason "','rule':" rule ",'sport':40000,'src':'" src "','verdict':'"    \
	verdict "'}"
#define REFUSED4(packet) \
	FLOW("'BLOCKED'", "'api.blocked.test'", packet, "match", "'reset'", "10.1.0.5", "203.0.113.9", "deny-reset")
#define HARMLESS(src, dst) FLOW("null", "'www.benign.test'", "2", "no-match", "'default-unmatched'", src, dst, "allow")

static const char *row_refused(void)
{
	FILE *file = capture_open(0);

	capture_hello(file, &(struct packet){ 0 }, &(struct hello){ .sni = HELLO_NAME }, 40);
	fclose(file);
	return replay_one("[" REFUSED4("4") "]", 4);
}

static const char *row_ipv6(void)
{
	FILE *file = capture_open(0);

	capture_hello(file, &(struct packet){ .src = V6 }, &(struct hello){ .sni = "www.benign.test" }, 0);
	fclose(file);
	return replay_one("[" HARMLESS(V6, "2001:db8:ffff::9") "]", 2);
}

static const char *row_untagged(void)
{
	FILE *file = capture_open(0);

	capture_hello(file, &(struct packet){ .src = "192.0.2.1" }, &(struct hello){ .sni = HELLO_NAME }, 0);
	fclose(file);
	return replay_one("[]", 2);
}

static const char *row_strange_name(void)
{
	FILE *file = capture_open(0);

	capture_hello(file, &(struct packet){ 0 }, &(struct hello){ .names = { { 0, "a\0\xff\x1b\\b", 6 } } }, 0);
	fclose(file);
	return replay_one("[" FLOW("null", "'a\\\\x00\\\\xff\\\\x1b\\\\x5cb'", "2", "invalid-name", "'odd-name'", "10.1.0.5",
				   "203.0.113.9", "deny-drop") "]", 2);
}

static const char *row_port_reuse(void)
{
	FILE *file = capture_open(0);

	capture_hello(file, &(struct packet){ 0 }, &(struct hello){ .sni = "www.benign.test" }, 0);
	capture_hello(file, &(struct packet){ .seq = 5000 }, &(struct hello){ .sni = HELLO_NAME }, 0);
	fclose(file);
	return replay_one("[" HARMLESS("10.1.0.5", "203.0.113.9") "," REFUSED4("4") "]", 4);
}

#define PLAIN "EHLO www.benign.test\r\n"

static void capture_plain(FILE *file)
{
	capture_packet(file, &(struct packet){ .seq = ISS, .flags = TCP_SYN });
	capture_packet(file, &(struct packet){ .seq = ISS + 1, .flags = TCP_ACK, .payload = PLAIN, .payload_n = sizeof(PLAIN) - 1 });
}

/* QUIC of no known version on the same ports */
static void capture_quic(FILE *file)
{
	static const __u8 initial[1200] = { 0xc0, 0x0a, 0x0a, 0x0a, 0x0b, 8, 1, 2, 3, 4, 5, 6, 7, 8 };

	capture_packet(file, &(struct packet){ .proto = 17, .payload = initial, .payload_n = sizeof(initial) });
}

#define QUIC                                                                                                                  \
	"{'asset':'cams','clause':[],'dport':443,'dst':'203.0.113.9','endpoint':null,'names':[],'packet':3,'proto':'udp',"     \
	"'reason':'quic-version','rule':'no-quic','sport':40000,'src':'10.1.0.5','verdict':'deny-drop'}"

/* The second decision takes the place of the first on that flow, and of no other: TCP and UDP have ports of their own. */
static const char *row_second_decision(void)
{
	static __u8 stream[HELLO_MAX];
	struct packet late = { .seq = ISS + 1 + sizeof(PLAIN) - 1, .flags = TCP_ACK, .payload = stream };
	FILE *file = capture_open(0);

	late.payload_n = hello_build(&(struct hello){ .sni = HELLO_NAME }, stream, sizeof(stream));
	capture_plain(file);
	capture_quic(file);
	capture_packet(file, &late);
	fclose(file);
	return replay_one("[" REFUSED4("4") "," QUIC "]", 4);
}

/* In the order in which they began, behind those that were decided. */
static const char *row_undecided(void)
{
	const struct packet late = { .sport = 40000, .dst = "203.0.113.8", .seq = ISS, .flags = TCP_SYN };
	struct packet half = { .seq = ISS + 1, .flags = TCP_ACK, .payload = "\x16\3\1", .payload_n = 3 };
	FILE *file = capture_open(0);

	capture_packet(file, &half);
	capture_packet(file, &late);
	capture_hello(file, &(struct packet){ .dst = "203.0.113.7" }, &(struct hello){ 0 }, 0);
	fclose(file);
	return replay_one("[" FLOW("null", "", "4", "no-sni", "'nameless'", "10.1.0.5", "203.0.113.7", "deny-reset")
			  "," FLOW("null", "", "null", "pending", "null", "10.1.0.5", "203.0.113.9", "undecided")
			  "," FLOW("null", "", "null", "no-data", "null", "10.1.0.5", "203.0.113.8", "undecided") "]", 4);
}

static const char *row_large_segment(void)
{
	FILE *file = capture_open(0);

	capture_hello(file, &(struct packet){ 0 }, &(struct hello){ .sni = HELLO_NAME, .filler = 15000 }, 0);
	fclose(file);
	return replay_one("[" REFUSED4("2") "]", 2);
}

static const char *row_two_captures(void)
{
	FILE *first = capture_open(0), *second = capture_open(1);
	json_t *result;
	const char *complaint;
	int ret;

	capture_hello(first, &(struct packet){ 0 }, &(struct hello){ .sni = HELLO_NAME }, 0);
	fclose(first);
	capture_hello(second, &(struct packet){ 0 }, &(struct hello){ .sni = HELLO_NAME }, 0);
	fclose(second);
	result = replay(2, &ret);
	complaint = ret ? wrong("returned %d", ret) : flows_are(capture_get(result, 0), "[" REFUSED4("2") "]");
	if (!complaint)
		complaint = flows_are(capture_get(result, 1), "[" REFUSED4("2") "]");
	json_decref(result);
	return complaint;
}

static const char *row_skipped(void)
{
	FILE *file = capture_open(0);
	json_t *result, *capture;
	const char *complaint;
	int ret;

	capture_packet(file, &(struct packet){ .proto = 17, .payload_n = 5000 });
	capture_packet(file, &(struct packet){ .cut = 20 });
	capture_packet(file, &(struct packet){ .cut = 20 });
	capture_packet(file, &(struct packet){ .src = "192.0.2.1", .flags = TCP_ACK, .payload_n = 5000 });
	fclose(file);
	result = replay(1, &ret);
	capture = capture_get(result, 0);
	complaint = number_is(json_object_get(capture, "skipped"), "too-large", 1);
	if (!complaint)
		complaint = number_is(json_object_get(capture, "skipped"), "too-short", 2);
	if (!complaint)
		complaint = number_is(json_object_get(capture, "altered"), "segmented", 1);
	if (!complaint)
		complaint = number_is(capture, "packets", 4);
	json_decref(result);
	return complaint;
}

/* What was read before is told, and so are the other captures. */
static const char *row_broken(void)
{
	FILE *first = capture_open(0), *second = capture_open(1);
	const char *complaint, *error;
	json_t *result;
	int ret;

	capture_hello(first, &(struct packet){ 0 }, &(struct hello){ .sni = HELLO_NAME }, 0);
	fwrite("torn", 4, 1, first);
	fclose(first);
	capture_hello(second, &(struct packet){ 0 }, &(struct hello){ .sni = HELLO_NAME }, 0);
	fclose(second);
	result = replay(2, &ret);
	complaint = ret == 1 ? flows_are(capture_get(result, 0), "[" REFUSED4("2") "]") : wrong("returned %d", ret);
	if (!complaint)
		complaint = flows_are(capture_get(result, 1), "[" REFUSED4("2") "]");
	error = json_string_value(json_object_get(capture_get(result, 0), "error"));
	if (!complaint && (!error || !strstr(error, "packet 2")))
		complaint = wrong("error '%s'", error ? error : "");
	if (!complaint && json_object_get(capture_get(result, 1), "error"))
		complaint = "error of the good capture";
	json_decref(result);
	return complaint;
}

static const char *row_missing(void)
{
	const char *complaint = NULL;
	json_t *result;
	int ret;

	unlink(path[0]);
	result = replay(1, &ret);
	if (ret != 1 || !json_object_get(capture_get(result, 0), "error"))
		complaint = wrong("returned %d, or no error", ret);
	json_decref(result);
	return complaint;
}

static const struct { const char *says; const char *(*run)(void); } rows[] = {
	{ "a refused flow has every promised key, and its packet", row_refused },
	{ "IPv6, a name outside the catalogue is told", row_ipv6 },
	{ "flows of untagged hosts are left out", row_untagged },
	{ "a name of any bytes is escaped", row_strange_name },
	{ "a reused port is another flow", row_port_reuse },
	{ "a second decision takes the first one's place, and no other's", row_second_decision },
	{ "flows that end undecided, with no packet", row_undecided },
	{ "a hello in one large segment has that segment's number", row_large_segment },
	{ "a flow ends with its capture", row_two_captures },
	{ "packets that can not be run are counted by reason", row_skipped },
	{ "a broken capture says so and keeps what was read", row_broken },
	{ "a capture that is not there", row_missing },
};

int main(void)
{
	for (size_t i = 0; i < 2; i++)
		close(mkstemp(path[i]));
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		row_end(rows[i].run(), "replay: %s", rows[i].says);
	for (size_t i = 0; i < 2; i++)
		unlink(path[i]);
	printf("%u passed, %u failed, %u skipped\n", world_sum.ok, world_sum.failed, world_sum.skipped);
	return world_sum.failed != 0;
}
