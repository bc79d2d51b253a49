/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Captures of each link layer to frames, large packets to segments, broken files to errors. Writes its captures itself, with
 * the packet builder of the datapath tests, which has a check of its own here.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "../datapath/packet.h"
#include "capture.h"

static char path[] = "/tmp/lenscap-capture-XXXXXX";
static __u8 built[PACKET_MAX];

static void file_open(FILE **ret_file, __u32 linktype)
{
	__u32 head[6] = { 0xa1b2c3d4, 2 | 4 << 16, 0, 0, 262144, linktype };

	*ret_file = fopen(path, "w");
	assert_non_null(*ret_file);
	fwrite(head, sizeof(head), 1, *ret_file);
}

/* len: on the wire; 0: all of it was captured. */
static void file_packet(FILE *file, const void *bytes, __u32 n, __u32 len)
{
	__u32 head[4] = { 1, 0, n, len ? len : n };

	fwrite(head, sizeof(head), 1, file);
	fwrite(bytes, n, 1, file);
}

static struct lc_capture *capture_of(FILE *file)
{
	struct lc_capture *capture = NULL;
	const char *why = NULL;

	fclose(file);
	assert_int_equal(lc_capture_open(path, &capture, &why), 0);
	assert_null(why);
	return capture;
}

/* A capture of one packet, as its frames. */
static struct lc_capture *capture_one(__u32 linktype, const void *bytes, __u32 n)
{
	FILE *file;

	file_open(&file, linktype);
	file_packet(file, bytes, n, 0);
	return capture_of(file);
}

static void test_builder_checksum(void **state)
{
	/* RFC 1071's algorithm on the IPv4 header of every textbook (b861), with the builder's id 0x1234 in place of 0 */
	struct packet p = { .src = "192.168.0.1", .dst = "192.168.0.199", .ttl = 64, .proto = 17, .payload_n = 87 };

	(void)state;
	assert_int_equal(packet_build(&p, built), 14 + 115);
	assert_int_equal(packet_get16(built + 14 + 10), 0xa62d);
	assert_int_equal(packet_l4_sum(built + 14, built + 34, 95, 17), 0);
}

struct link_row {
	const char *says;
	__u32 linktype;
	__u8 header[20];
	unsigned int header_n;
	bool six;
	__u16 ethertype;             /* 0: not given */
	__u8 mac;                    /* last byte of the source; 0: none */
};

static const struct link_row link_rows[] = {
	{ "raw IP, IPv4", 101, { 0 }, 0, false, 0x0800, 0 },
	{ "raw IP, IPv6", 101, { 0 }, 0, true, 0x86dd, 0 },
	{ "raw IP by its BSD number", 12, { 0 }, 0, false, 0x0800, 0 },
	{ "raw IP by OpenBSD's number", 14, { 0 }, 0, false, 0x0800, 0 },
	{ "raw IPv4", 228, { 0 }, 0, false, 0x0800, 0 },
	{ "raw IPv6", 229, { 0 }, 0, true, 0x86dd, 0 },
	{ "null, little-endian", 0, { 2, 0, 0, 0 }, 4, false, 0x0800, 0 },
	{ "null, big-endian", 0, { 0, 0, 0, 2 }, 4, false, 0x0800, 0 },
	{ "null, IPv6 as FreeBSD numbers it", 0, { 28, 0, 0, 0 }, 4, true, 0x86dd, 0 },
	{ "null, IPv6 as macOS numbers it", 0, { 30, 0, 0, 0 }, 4, true, 0x86dd, 0 },
	{ "null, IPv6 as NetBSD numbers it", 0, { 24, 0, 0, 0 }, 4, true, 0x86dd, 0 },
	{ "null, AppleTalk", 0, { 16, 0, 0, 0 }, 4, false, 0, 0 },
	{ "null, a family that is none", 0, { 2, 0, 0, 2 }, 4, false, 0, 0 },
	{ "loop", 108, { 0, 0, 0, 2 }, 4, false, 0x0800, 0 },
	{ "cooked", 113, { 0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 9, 0, 0, 8, 0 }, 16, false, 0x0800, 9 },
	{ "cooked, no link address", 113, { 0, 0, 2, 4, 0, 0, 2, 0, 0, 0, 0, 9, 0, 0, 0x86, 0xdd }, 16, true, 0x86dd, 0 },
	{ "cooked, 802.2", 113, { 0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 9, 0, 0, 0, 4 }, 16, false, 0, 0 },
	{ "cooked v2", 276, { 8, 0, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6, 2, 0, 0, 0, 0, 9, 0, 0 }, 20, false, 0x0800, 9 },
};

static void link_check(const struct link_row *row)
{
	struct packet p = { .src = row->six ? "2001:db8::5" : NULL, .payload = "hello", .payload_n = 5 };
	size_t n = packet_build(&p, built) - 14;
	struct lc_capture *capture;
	struct lc_frame frame;
	__u8 packet[2048];
	const char *why;

	memcpy(packet, row->header, row->header_n);
	memcpy(packet + row->header_n, built + 14, n);
	capture = capture_one(row->linktype, packet, row->header_n + n);
	assert_int_equal(lc_capture_next(capture, &frame, &why), row->ethertype != 0);
	assert_int_equal(lc_capture_odd(capture, LC_ODD_NOT_IP), !row->ethertype);
	if (row->ethertype) {
		assert_int_equal(frame.bytes, 14 + n);
		assert_int_equal(packet_get16(frame.data + 12), row->ethertype);
		assert_int_equal(frame.data[11], row->mac);
		assert_memory_equal(frame.data + 14, built + 14, n);
		assert_int_equal(frame.packet, 1);
		assert_int_equal(lc_capture_next(capture, &frame, &why), 0);
	}
	assert_int_equal(lc_capture_packets(capture), 1);
	lc_capture_free(capture);
}

static void test_links(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(link_rows) / sizeof(*link_rows); i++) {
		print_message("  %s\n", link_rows[i].says);
		link_check(&link_rows[i]);
	}
}

static void test_ethernet_is_given_as_it_is(void **state)
{
	struct packet p = { .vlan = 7, .vlan_inner = 8, .payload = "x", .payload_n = 1 };
	size_t n = packet_build(&p, built);
	struct lc_capture *capture = capture_one(1, built, n);
	struct lc_frame frame;
	const char *why;

	(void)state;
	assert_int_equal(lc_capture_next(capture, &frame, &why), 1);
	assert_int_equal(frame.bytes, n);
	assert_memory_equal(frame.data, built, n);
	lc_capture_free(capture);
}

struct cut_row {
	const char *says;
	struct packet p;
	bool zero_length;            /* as Windows hands TSO packets to its captures */
	__u8 fill;                   /* payload of this byte; 0: a pattern */
};

static const struct cut_row cut_rows[] = {
	{ "IPv4", { .seq = 1000, .flags = TCP_ACK | TCP_PSH | TCP_FIN, .payload_n = 16384 }, false, 0 },
	{ "sequence numbers wrap", { .seq = 0xfffff000, .flags = TCP_ACK, .payload_n = 16384 }, false, 0 },
	{ "odd payload, IP and TCP options", { .ip_options = 8, .tcp_options = 12, .flags = TCP_ACK, .payload_n = 9999 },
	  false, 0 },
	{ "tagged twice", { .vlan = 3, .vlan_inner = 4, .flags = TCP_ACK, .payload_n = 4000 }, false, 0 },
	{ "IPv6", { .src = "2001:db8::5", .flags = TCP_ACK | TCP_PSH, .payload_n = 60000 }, false, 0 },
	{ "IPv6 with extension headers",
	  { .src = "2001:db8::5", .ext = { { EXT_HOP, 8, 0 }, { EXT_ROUTING, 24, 0 }, { EXT_FRAGMENT, 8, 0 }, { EXT_AH, 24, 0 } },
	    .flags = TCP_ACK, .payload_n = 7001 }, false, 0 },
	{ "IPv4 length 0, larger than a frame", { .flags = TCP_ACK, .payload_n = 2900 }, true, 0 },
	{ "sums that carry twice", { .flags = TCP_ACK, .payload_n = 60000 }, false, 0xff },
};

/* Each piece by itself, as a host would check it; returns its payload bytes. */
static size_t cut_piece(const struct cut_row *row, const struct lc_frame *frame, size_t l4, size_t at, bool last)
{
	size_t ip = 14 + (row->p.vlan ? 4 : 0) + (row->p.vlan_inner ? 4 : 0), data = l4 + 20 + row->p.tcp_options;
	const __u8 *tcp = frame->data + l4;
	unsigned int flags = last ? row->p.flags : row->p.flags & ~(TCP_FIN | TCP_PSH);

	assert_true(frame->bytes <= LC_FRAME_MAX);
	assert_int_equal(frame->packet, 1);
	assert_int_equal(packet_get32(tcp + 4), (__u32)(row->p.seq + at));
	assert_int_equal(tcp[13], flags);
	assert_int_equal(packet_l4_sum(frame->data + ip, tcp, frame->bytes - l4, 6), 0);
	if (packet_is6(&row->p)) {
		assert_int_equal(packet_get16(frame->data + ip + 4), frame->bytes - ip - 40);
	} else {
		assert_int_equal(packet_get16(frame->data + ip + 2), frame->bytes - ip);
		assert_int_equal(packet_fold(packet_sum(frame->data + ip, l4 - ip, 0)), 0);
	}
	return frame->bytes - data;
}

static void cut_check(const struct cut_row *row)
{
	static __u8 payload[PACKET_MAX];
	struct packet p = row->p;
	struct lc_capture *capture;
	struct lc_frame frame;
	size_t n, l4, at = 0;
	const char *why;

	for (size_t i = 0; i < p.payload_n; i++)
		payload[i] = row->fill ? row->fill : i * 7 + i / 251;
	p.payload = payload;
	n = packet_build(&p, built);
	l4 = n - p.payload_n - p.tcp_options - 20;
	if (row->zero_length)
		packet_set16(built + 16, 0);
	capture = capture_one(1, built, n);
	for (unsigned int piece = 0; at < p.payload_n; piece++) {
		assert_int_equal(lc_capture_next(capture, &frame, &why), 1);
		n = frame.bytes - l4 - 20 - p.tcp_options;
		assert_memory_equal(frame.data + frame.bytes - n, payload + at, n);
		assert_int_equal(cut_piece(row, &frame, l4, at, at + n == p.payload_n), n);
		if (!packet_is6(&p))
			assert_int_equal(packet_get16(frame.data + l4 - 20 - p.ip_options + 4), 0x1234 + piece);
		at += n;
	}
	assert_int_equal(lc_capture_next(capture, &frame, &why), 0);
	assert_int_equal(lc_capture_odd(capture, LC_ODD_CUT), 1);
	lc_capture_free(capture);
}

static void test_segments(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cut_rows) / sizeof(*cut_rows); i++) {
		print_message("  %s\n", cut_rows[i].says);
		cut_check(&cut_rows[i]);
	}
}

static void test_large_syn_is_one_syn(void **state)
{
	struct packet p = { .seq = 5, .flags = TCP_SYN, .payload_n = 5000 };
	struct lc_capture *capture = capture_one(1, built, packet_build(&p, built));
	struct lc_frame frame;
	const char *why;

	(void)state;
	assert_int_equal(lc_capture_next(capture, &frame, &why), 1);
	assert_int_equal(frame.data[34 + 13], TCP_SYN);
	assert_int_equal(packet_get32(frame.data + 34 + 4), 5);
	assert_int_equal(lc_capture_next(capture, &frame, &why), 1);
	assert_int_equal(frame.data[34 + 13], 0);
	assert_int_equal(packet_get32(frame.data + 34 + 4), 5 + 1 + LC_FRAME_MAX - 54);
	lc_capture_free(capture);
}

struct odd_row { const char *says; struct packet p; enum lc_oddity odd; };

static const struct odd_row odd_rows[] = {
	{ "large UDP", { .proto = 17, .payload_n = 5000 }, LC_ODD_TOO_LARGE },
	{ "large fragment", { .more_fragments = true, .payload_n = 5000 }, LC_ODD_TOO_LARGE },
	{ "large IPv6 fragment",
	  { .src = "2001:db8::5", .ext = { { EXT_FRAGMENT, 8, 0 } }, .more_fragments = true, .payload_n = 5000 },
	  LC_ODD_TOO_LARGE },
	{ "large, TCP header past the end", { .doff_lie = -1, .payload_n = 5000 }, LC_ODD_TOO_LARGE },
	{ "large, not IP", { .ethertype = 0x0806, .payload_n = 5000 }, LC_ODD_TOO_LARGE },
	{ "no Ethernet header", { .cut = 13 }, LC_ODD_SHORT },
	{ "IPv4 header cut", { .cut = 33 }, LC_ODD_SHORT },
	{ "IPv6 header cut", { .src = "2001:db8::5", .cut = 53 }, LC_ODD_SHORT },
};

static void test_odd_packets_are_counted(void **state)
{
	struct lc_capture *capture;
	struct lc_frame frame;
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(odd_rows) / sizeof(*odd_rows); i++) {
		print_message("  %s\n", odd_rows[i].says);
		capture = capture_one(1, built, packet_build(&odd_rows[i].p, built));
		assert_int_equal(lc_capture_next(capture, &frame, &why), 0);
		assert_int_equal(lc_capture_odd(capture, odd_rows[i].odd), 1);
		assert_false(lc_oddity_run(odd_rows[i].odd));
		lc_capture_free(capture);
	}
}

static void test_snap_length_is_counted_and_given(void **state)
{
	struct packet p = { .payload_n = 100 };
	struct lc_capture *capture;
	struct lc_frame frame;
	const char *why;
	FILE *file;

	(void)state;
	file_open(&file, 1);
	file_packet(file, built, packet_build(&p, built) - 60, 154);
	capture = capture_of(file);
	assert_int_equal(lc_capture_next(capture, &frame, &why), 1);
	assert_int_equal(frame.bytes, 94);
	assert_int_equal(lc_capture_odd(capture, LC_ODD_SNAPPED), 1);
	assert_true(lc_oddity_run(LC_ODD_SNAPPED));
	lc_capture_free(capture);
}

static void test_pcapng(void **state)
{
	struct packet p = { .payload = "x", .payload_n = 2 };
	__u32 n = packet_build(&p, built);
	__u32 section[7] = { 0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0xffffffff, 0xffffffff, 28 };
	__u32 interface[5] = { 1, 20, 1, 65535, 20 }, head[7] = { 6, 32 + n, 0, 0, 0, n, n };
	struct lc_capture *capture;
	struct lc_frame frame;
	const char *why;
	FILE *file = fopen(path, "w");

	(void)state;
	assert_int_equal(n % 4, 0);
	fwrite(section, sizeof(section), 1, file);
	fwrite(interface, sizeof(interface), 1, file);
	fwrite(head, sizeof(head), 1, file);
	fwrite(built, n, 1, file);
	fwrite(&head[1], 4, 1, file);
	capture = capture_of(file);
	assert_int_equal(lc_capture_next(capture, &frame, &why), 1);
	assert_memory_equal(frame.data, built, n);
	assert_int_equal(lc_capture_next(capture, &frame, &why), 0);
	lc_capture_free(capture);
}

static void test_broken_file_names_its_packet(void **state)
{
	struct packet p = { .payload_n = 10 };
	struct lc_capture *capture;
	struct lc_frame frame;
	const char *why = "";
	FILE *file;

	(void)state;
	file_open(&file, 1);
	file_packet(file, built, packet_build(&p, built), 0);
	fwrite("torn", 4, 1, file);
	capture = capture_of(file);
	assert_int_equal(lc_capture_next(capture, &frame, &why), 1);
	assert_int_equal(lc_capture_next(capture, &frame, &why), -EIO);
	assert_non_null(strstr(why, "broken after packet 1: "));
	lc_capture_free(capture);
}

static void test_what_can_not_be_opened(void **state)
{
	struct lc_capture *capture = NULL;
	const char *why = "";
	FILE *file;

	(void)state;
	file_open(&file, 189);               /* USB */
	fclose(file);
	assert_int_equal(lc_capture_open(path, &capture, &why), -EINVAL);
	assert_non_null(strstr(why, "link type 189"));
	file = fopen(path, "w");
	fputs("this is no capture, whatever its name says", file);
	fclose(file);
	assert_int_equal(lc_capture_open(path, &capture, &why), -EINVAL);
	assert_int_equal(lc_capture_open("/nonexistent/x.pcap", &capture, &why), -EINVAL);
	assert_non_null(strstr(why, "/nonexistent/x.pcap"));
	assert_null(capture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_builder_checksum),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_ethernet_is_given_as_it_is),
		cmocka_unit_test(test_segments),
		cmocka_unit_test(test_large_syn_is_one_syn),
		cmocka_unit_test(test_odd_packets_are_counted),
		cmocka_unit_test(test_snap_length_is_counted_and_given),
		cmocka_unit_test(test_pcapng),
		cmocka_unit_test(test_broken_file_names_its_packet),
		cmocka_unit_test(test_what_can_not_be_opened),
	};
	int failed, fd = mkstemp(path);

	if (fd < 0)
		return 1;
	close(fd);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}
