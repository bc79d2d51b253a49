/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a case is: three streams of bytes at the same offsets, the packets that carry parts of them, what came of it at the
 * server, at the client and in lenscap's events. No behaviour but that of the tricks' rows.
 */
#ifndef LENSCAP_TEST_CASE_H
#define LENSCAP_TEST_CASE_H

#include "lenscap.h"
#include "../cases/hello.h"
#include "../datapath/packet.h"
#include "random.h"

#define OPS_MAX 900
#define NAME_ROOM 256
#define MSS 1400
#define ASSETS 64                    /* of each kind: nobody is to be over his budget of kept hellos */
#define ASSET_BLOCK 4                /* a 22 bit prefix each */

enum source { SOURCE_TRUE, SOURCE_OTHER, SOURCE_NOISE, SOURCE_MAX };

/* A stream: the hello that is meant to arrive, one with the other name, or noise. */
struct bytes { __u8 at[HELLO_MAX]; size_t n; };

/* How a segment differs from an ordinary one. Whether a server takes its bytes is for the server to say. */
struct trick {
	const char *says;
	__u8 flags;                  /* 0: ACK and PSH; TRICK_NO_FLAGS */
	__u8 ttl;
	bool bad_checksum, md5, empty;
	__s32 seq, ack;              /* added to the right ones */
};

#define TRICK_NO_FLAGS 0x80
enum { TRICK_PLAIN, TRICK_OTHER_BYTES, TRICK_FIRST_LIE = TRICK_OTHER_BYTES };

static const struct trick tricks[] = {
	[TRICK_PLAIN] = { .says = "plain" },
	[TRICK_OTHER_BYTES] = { .says = "other bytes" },
	{ .says = "TTL that ends at the gateway", .ttl = 1 },
	{ .says = "bad checksum", .bad_checksum = true },
	{ .says = "sequence number long past", .seq = -70000 },
	{ .says = "sequence number beyond the window", .seq = 500000 },
	{ .says = "acknowledges what was not sent", .ack = 1 << 20 },
	{ .says = "acknowledges what is long past", .ack = -(1 << 20) },
	{ .says = "no ACK", .flags = TCP_PSH },
	{ .says = "no flags", .flags = TRICK_NO_FLAGS },
	{ .says = "unexpected MD5 option", .md5 = true },
	{ .says = "SYN in the connection", .flags = TCP_SYN },
	{ .says = "SYN elsewhere, TTL 1", .flags = TCP_SYN, .ttl = 1, .empty = true, .seq = 7000000 },
	{ .says = "SYN and ACK, TTL 1", .flags = TCP_SYN | TCP_ACK, .ttl = 1 },
	{ .says = "RST, TTL 1", .flags = TCP_RST, .ttl = 1, .empty = true },
	{ .says = "RST, bad checksum", .flags = TCP_RST | TCP_ACK, .bad_checksum = true, .empty = true },
	{ .says = "RST beyond the window", .flags = TCP_RST, .seq = 500000, .empty = true },
	{ .says = "FIN, TTL 1", .flags = TCP_FIN | TCP_ACK, .ttl = 1, .empty = true },
	{ .says = "FIN with data, bad checksum", .flags = TCP_FIN | TCP_ACK, .bad_checksum = true },
};
#define TRICKS (sizeof(tricks) / sizeof(*tricks))

enum op_what { OP_SEND, OP_SYN, OP_ACK, OP_READ };

struct op {
	__u8 what;                   /* enum op_what */
	__u8 trick;
	__u8 source;
	__u8 ip_options, tcp_options;
	bool dropped;                /* left out to make a failing case smaller */
	__u16 urgent;                /* 0: none */
	__s32 at;                    /* offset in the stream; -1 is the SYN */
	__u32 n;
};

/* What the server's kernel gave its TLS layer. */
struct received {
	int fd;                      /* -1: no connection was accepted */
	unsigned int accepted;
	int error;                   /* errno of the last read; 0: still open */
	bool ended;
	__u8 bytes[HELLO_MAX];
	size_t n;
	size_t looked_at;            /* bytes, when it was last asked for a name */
	bool hello;                  /* a whole ClientHello with a name is in it */
	bool by_openssl;             /* and OpenSSL took it */
	char name[NAME_ROOM];
};

/* What lenscap told of the flow. */
struct said {
	unsigned int events;
	bool denied, dropped;        /* dropped: without a reset */
	bool audited;                /* at least */
	__u64 reasons;               /* bit per enum lc_reason */
	enum lc_reason why;          /* of the first refusal, else of the last event */
	bool name_true, name_other;  /* these names were in them */
};

enum server_port { PORT_PLAIN, PORT_INLINE, PORT_FAST, PORT_FAST_INLINE, PORT_MAX };
enum client_asset { ASSET_CAMERA, ASSET_DESK };

struct one_case {
	unsigned int number, tries;
	struct random random;
	/* the plan */
	enum client_asset asset;
	enum server_port port;
	bool lying;                  /* something is sent that no honest client sends */
	bool refused_sent;           /* a refused name is in what is sent */
	int urgent_at;               /* offset of the byte that is urgent; -1: none */
	char name[SOURCE_MAX][NAME_ROOM];
	struct bytes stream[SOURCE_MAX];
	struct op ops[OPS_MAX];
	unsigned int ops_n;
	__u32 isn;
	/* the run */
	char client[16];
	__u16 sport;
	__u32 server_isn;
	bool connected, client_reset;
	unsigned int next;           /* op */
	struct received got;
	struct said said;
};

#endif
