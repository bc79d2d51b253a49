/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ABI between the programs in the kernel and the loader: keys and values of maps, events, limits.
 * Fixed-width types, explicit padding, no pointers; includes nothing of ours but the lists.
 * Numbers of profiles, assets, endpoints and rules come from the policy's registry: stable over generations, 0 = none.
 */
#ifndef LENSCAP_H
#define LENSCAP_H

#include <linux/types.h>
#include "lenscap_lists.h"

#define LC_ABI 1u                    /* changes with any layout below; a loader refuses pins of another */

#define LC_VERDICT_ENUM(name, word, strictness, help) LC_V_##name,
enum lc_verdict_id { LC_VERDICTS(LC_VERDICT_ENUM) LC_V_MAX };

#define LC_REASON_ENUM(name, word, scope, help) LC_R_##name,
enum lc_reason { LC_REASONS(LC_REASON_ENUM) LC_R_MAX };

#define LC_CLASS_ENUM(name, word, help) LC_CLASS_##name,
enum lc_class { LC_CLASSES(LC_CLASS_ENUM) LC_CLASS_MAX };

#define LC_KIND_ENUM(name, word, help) LC_KIND_##name,
enum lc_kind { LC_KINDS(LC_KIND_ENUM) LC_KIND_MAX };

#define LC_MODE_ENUM(name, word, help) LC_MODE_##name,
enum lc_mode { LC_MODES(LC_MODE_ENUM) LC_MODE_MAX };

#define LC_CAPABILITY_ENUM(name, word, help) LC_CAPABILITY_##name,
enum lc_capability { LC_CAPABILITIES(LC_CAPABILITY_ENUM) LC_CAPABILITY_MAX };

#define LC_CLOUD_ENUM(name, word, help) LC_CLOUD_##name,
enum lc_cloud { LC_CLOUDS(LC_CLOUD_ENUM) LC_CLOUD_MAX };

#define LC_CONFIDENCE_ENUM(name, word, help) LC_CONFIDENCE_##name,
enum lc_confidence { LC_CONFIDENCES(LC_CONFIDENCE_ENUM) LC_CONFIDENCE_MAX };

/* Limits */
#define LC_NAME_MAX 253              /* RFC 1035, 2.3.4, less length bytes and root */
#define LC_LABEL_MAX 63
#define LC_EVENT_NAME 256            /* bytes of a name that an event has room for, valid or not */
#define LC_HELLO_MAX 16384           /* bytes of a stream that are kept while its hello is unfinished */
#define LC_SLOTS 2                   /* generations whose maps are kept: the running one and the one before */
#define LC_TEXT_CHUNK 4096
#define LC_REASON_COLUMNS 64         /* columns of the verdict table before the first endpoint's */

_Static_assert(LC_R_MAX <= LC_REASON_COLUMNS, "a column for every reason");

/* lc_state[0]: the one store that puts a generation in force. 0: none. Its maps are those of slot generation % LC_SLOTS. */
struct lc_state {
	__u32 abi;
	__u32 generation;
};
_Static_assert(sizeof(struct lc_state) == 8, "ABI");

/* lc_confs[slot]: what a generation's tables look like. */
enum lc_conf_flag {
	LC_CONF_V4 = 1 << 0,         /* which lookups can hit at all */
	LC_CONF_V6 = 1 << 1,
	LC_CONF_MAC = 1 << 2,
	LC_CONF_VLAN = 1 << 3,
	LC_CONF_DRY = 1 << 4,        /* replay: no packet is built or sent */
	LC_CONF_NAMES = 1 << 5,      /* replay: events hold names that match no endpoint, too */
};

struct lc_conf {
	__u32 generation;
	__u32 flags;                 /* enum lc_conf_flag */
	__u32 profiles;              /* rows of the verdict table, row 0 unused */
	__u32 columns;               /* LC_REASON_COLUMNS + endpoints */
	__u32 start;                 /* first state of the name automaton */
	__u32 text_bytes;            /* of the policy's canonical text in lc_texts */
	__u64 loaded_ns;             /* CLOCK_REALTIME */
};
_Static_assert(sizeof(struct lc_conf) == 32, "ABI");

/* Who: keys of the asset tables, and what all of them give. */
struct lc_prefix4 { __u32 prefixlen; __u8 addr[4]; };
struct lc_prefix6 { __u32 prefixlen; __u8 addr[16]; };
struct lc_mac { __u8 addr[6]; __u8 pad[2]; };
struct lc_asset { __u16 profile; __u16 asset; };
_Static_assert(sizeof(struct lc_prefix4) == 8 && sizeof(struct lc_prefix6) == 20, "ABI");
_Static_assert(sizeof(struct lc_mac) == 8 && sizeof(struct lc_asset) == 4, "ABI");

/*
 * What: the name automaton, read from the last byte of a name to the first. A state is the index of its row; the step on
 * class c stands at [state + c] and counts only where owner == state. Class LC_C_END gives, in next, what has matched.
 */
enum lc_class_of_byte {
	LC_C_END = 0,                /* before the first byte */
	LC_C_DOT = 1,
	LC_C_HYPHEN = 2,
	LC_C_UNDERSCORE = 3,
	LC_C_0 = 4,
	LC_C_A = 14,
	LC_C_MAX = 40,
};
#define LC_STEP_ENDPOINT 0xffffu     /* next of an LC_C_END step: endpoint number ... */
#define LC_STEP_OPAQUE 0x10000u      /* ... and whether it is a front (capability opaque) */

struct lc_step { __u32 owner; __u32 next; };
_Static_assert(sizeof(struct lc_step) == 8, "ABI");

/* The verdict table: lc_cells[profile * columns + column], column = reason, or LC_REASON_COLUMNS + endpoint. */
struct lc_cell {
	__u8 verdict;
	__u8 wanted;                 /* the rule's verdict before the tenant's mode softened it */
	__u16 rule;
	__u16 grant;                 /* 0: none */
	__u16 pad;
	__u32 expiry_s;              /* of the grant */
	__u32 cap_bytes;             /* 0: none */
};
_Static_assert(sizeof(struct lc_cell) == 16, "ABI");

/* A flow, as its client names it. IPv4 as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2). VLAN ids 0: untagged. */
struct lc_flow_key {
	__u8 src[16];
	__u8 dst[16];
	__be16 sport;
	__be16 dport;
	__u16 vlan_outer;
	__u16 vlan_inner;
	__u8 proto;
	__u8 pad[3];
};
_Static_assert(sizeof(struct lc_flow_key) == 44, "ABI");

/*
 * A place where a stream may begin for its server: a SYN's, or, at LC_AFTER, what follows a hello that was let through (a second hello
 * after HelloRetryRequest). Each has streams of its own in lc_hellos.
 */
#define LC_BEGINS 4
#define LC_AFTER LC_BEGINS

enum lc_begin_flag {
	LC_BEGIN_LIVE = 1 << 0,
	LC_BEGIN_KEPT = 1 << 1,      /* bytes of it are in lc_hellos */
	LC_BEGIN_URGENT = 1 << 2,    /* a byte was sent as urgent data: urgent */
	LC_BEGIN_CONFLICT = 1 << 3,  /* a byte came again with another value */
};

struct lc_begin {
	__u32 start;                 /* TCP sequence number of stream offset 0 */
	__u32 watch;                 /* stream offset below which bytes are looked at once the flow is let through */
	__u32 next;                  /* stream offset up to which bytes were let through without a gap */
	__u32 urgent;                /* stream offset of the urgent byte */
	__u8 flags;                  /* enum lc_begin_flag */
	__u8 pad[3];
};
_Static_assert(sizeof(struct lc_begin) == 20, "ABI");

enum lc_flow_flag {
	LC_FLOW_SYN = 1 << 0,        /* its SYN was seen, so its first byte is known */
	LC_FLOW_KEPT = 1 << 1,       /* pieces of a hello were seen */
	LC_FLOW_PLAIN = 1 << 2,      /* decided without a hello: one may still come (STARTTLS) */
	LC_FLOW_TOLD = 1 << 3,       /* decided before, so that a further decision is one of the same flow */
	LC_FLOW_TLS = 1 << 4,        /* decided on a handshake record: its client understands an alert */
	LC_FLOW_MANY = 1 << 5,       /* more beginnings than are followed */
};

struct lc_flow {
	__u64 first_ns;              /* CLOCK_MONOTONIC */
	__u64 last_ns;               /* the same, coarse */
	__u64 packets;               /* from the asset; approximate where CPUs race */
	__u64 bytes;
	__u32 generation;            /* that gave the verdict */
	__u32 name_hash;             /* of the name that was decided on */
	struct lc_begin begin[LC_BEGINS + 1];
	__u16 profile;
	__u16 asset;
	__u16 endpoint;
	__u16 rule;
	__u8 verdict;
	__u8 wanted;
	__u8 reason;
	__u8 flags;                  /* enum lc_flow_flag */
	__u8 begins;                 /* of begin that were used within the last minute */
	__u8 pad[7];
};
_Static_assert(sizeof(struct lc_flow) == 160, "ABI");

/*
 * What one sender may still take of the tables that all share: the time at which its budget would be used up (GCRA). One entry for an
 * address of an asset, one, with address 0, for the whole asset.
 */
struct lc_budget_key { __u8 addr[16]; __u16 asset; __u16 pad; };
struct lc_budget { __u64 flows_ns; __u64 hellos_ns; };
_Static_assert(sizeof(struct lc_budget_key) == 20 && sizeof(struct lc_budget) == 16, "ABI");

enum lc_event_flag {
	LC_EVENT_AGAIN = 1 << 0,     /* the flow was decided before: another view, or another generation */
};

/* One for each decided flow of an asset. seq goes up by one for each, lost ones included, so a loss is a numbered gap. */
struct lc_event {
	__u64 seq;
	__u64 time_ns;               /* CLOCK_BOOTTIME */
	struct lc_flow_key flow;
	__u32 ifindex;
	__u32 generation;
	__u32 packet_bytes;          /* of the packet that decided */
	__u16 profile;
	__u16 asset;
	__u16 endpoint;
	__u16 rule;
	__u8 verdict;
	__u8 wanted;
	__u8 reason;
	__u8 flags;                  /* enum lc_event_flag */
	__u8 mac[6];                 /* source */
	__u16 name_len;              /* bytes of name; 0: none, or not to be stored */
	__u16 other_len;             /* of a view that disagrees */
	__u8 pad[2];
	__u8 name[LC_EVENT_NAME];    /* as sent; of the view that decided */
	__u8 other[LC_EVENT_NAME];
};
_Static_assert(sizeof(struct lc_event) == 608, "ABI");

struct lc_text { __u8 bytes[LC_TEXT_CHUNK]; };
_Static_assert(sizeof(struct lc_text) == LC_TEXT_CHUNK, "ABI");

/* Counters, per CPU. They outlive generations. */
struct lc_count_key { __u16 profile; __u16 endpoint; __u16 rule; __u8 verdict; __u8 reason; };
struct lc_count { __u64 flows; __u64 packets; __u64 bytes; };     /* packets, bytes: those that the verdict stopped */
struct lc_total { __u64 packets; __u64 bytes; };                  /* lc_totals[reason]: every packet that passed by */
_Static_assert(sizeof(struct lc_count_key) == 8 && sizeof(struct lc_count) == 24, "ABI");
_Static_assert(sizeof(struct lc_total) == 16, "ABI");

#endif
