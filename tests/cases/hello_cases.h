/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ClientHellos and what a reader must say of each: the reason, and the name where there is one. The same rows are run over the
 * parser by itself and through the program in the kernel. LC_R_NONE: a name was found, whatever the policy says to it; name NULL: one
 * that can be no host's for its length.
 */
#ifndef LENSCAP_TEST_HELLO_CASES_H
#define LENSCAP_TEST_HELLO_CASES_H

#include "hello.h"
#include "lenscap.h"

#define HELLO_NAME "api.blocked.test"
#define HELLO_LABEL60 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
/* 4 * 61 + 9 = 253 bytes, the longest host name */
#define HELLO_NAME253 HELLO_LABEL60 "." HELLO_LABEL60 "." HELLO_LABEL60 "." HELLO_LABEL60 ".abcd.test"

struct hello_case {
	const char *says;
	struct hello hello;
	enum lc_reason reason;
	const char *name;
};

static const struct hello_case hello_cases[] = {
	/* what clients send */
	{ "plain hello", { .sni = HELLO_NAME }, LC_R_NONE, HELLO_NAME },
	{ "session id of 32 bytes", { .sni = HELLO_NAME, .session = 32 }, LC_R_NONE, HELLO_NAME },
	{ "200 cipher suites", { .sni = HELLO_NAME, .ciphers = 400 }, LC_R_NONE, HELLO_NAME },
	{ "post-quantum key share before the name", { .sni = HELLO_NAME, .filler = 1200 }, LC_R_NONE, HELLO_NAME },
	{ "post-quantum key share after the name", { .sni = HELLO_NAME, .filler_after = 1200 }, LC_R_NONE, HELLO_NAME },
	{ "40 unknown extensions before the name", { .sni = HELLO_NAME, .many = 40 }, LC_R_NONE, HELLO_NAME },
	{ "record version 0x0300", { .sni = HELLO_NAME, .record_version = 0x0300 }, LC_R_NONE, HELLO_NAME },
	{ "record version 0x03ff", { .sni = HELLO_NAME, .record_version = 0x03ff }, LC_R_NONE, HELLO_NAME },
	{ "legacy_version 0x0302", { .sni = HELLO_NAME, .version = 0x0302 }, LC_R_NONE, HELLO_NAME },
	{ "greased ECH beside a name that is no front", { .sni = HELLO_NAME, .ech = true }, LC_R_NONE, HELLO_NAME },
	{ "name of 253 bytes", { .sni = HELLO_NAME253 }, LC_R_NONE, HELLO_NAME253 },
	{ "trailing dot is part of the name as sent", { .sni = HELLO_NAME "." }, LC_R_NONE, HELLO_NAME "." },
	{ "name of unknown type before it", { .names = { { 7, "x.y", 0 }, { 0, HELLO_NAME, 0 } } }, LC_R_NONE, HELLO_NAME },
	{ "name of unknown type behind it", { .names = { { 0, HELLO_NAME, 0 }, { 7, "x.y", 0 } } }, LC_R_NONE, HELLO_NAME },

	/* records (RFC 8446, 5.1) */
	{ "records of 20 bytes", { .sni = HELLO_NAME, .record = 20 }, LC_R_NONE, HELLO_NAME },
	{ "records of one byte", { .sni = HELLO_NAME, .record = 1 }, LC_R_NONE, HELLO_NAME },
	{ "first record holds only the message header", { .sni = HELLO_NAME, .first_record = 4 }, LC_R_NONE, HELLO_NAME },
	{ "first record is cut inside the message header", { .sni = HELLO_NAME, .first_record = 2 }, LC_R_NONE, HELLO_NAME },
	{ "records cut inside the name", { .sni = HELLO_NAME, .first_record = 70 }, LC_R_NONE, HELLO_NAME },
	{ "an empty record before each", { .sni = HELLO_NAME, .record = 50, .empty_records = true }, LC_R_NONE, HELLO_NAME },

	/* no name */
	{ "no server_name", { 0 }, LC_R_NO_SNI, NULL },
	{ "no extensions block", { .no_extensions = true }, LC_R_NO_SNI, NULL },
	{ "ECH and no server_name", { .ech = true }, LC_R_NO_SNI, NULL },
	{ "only a name of unknown type", { .names = { { 7, "x.y", 0 } } }, LC_R_NO_SNI, NULL },
	{ "name of 257 bytes", { .names = { { 0, HELLO_NAME253 "xxxx", 0 } } }, LC_R_NONE, NULL },
	{ "name of no bytes", { .names = { { 0, "", 0 } } }, LC_R_NONE, NULL },

	/* lengths that lie, outermost first; each is bounded by its parent */
	{ "message says one byte less", { .sni = HELLO_NAME, .lie = { [LEN_MESSAGE] = -1 } }, LC_R_MALFORMED, NULL },
	{ "message says more than is kept", { .sni = HELLO_NAME, .lie = { [LEN_MESSAGE] = 20000 } }, LC_R_TOO_LONG, NULL },
	{ "session id longer than 32", { .sni = HELLO_NAME, .session = 33 }, LC_R_MALFORMED, NULL },
	{ "session id past the message", { .sni = HELLO_NAME, .lie = { [LEN_SESSION] = 200 } }, LC_R_MALFORMED, NULL },
	{ "odd bytes of cipher suites", { .sni = HELLO_NAME, .ciphers = 7 }, LC_R_MALFORMED, NULL },
	{ "cipher suites past the message", { .sni = HELLO_NAME, .lie = { [LEN_CIPHERS] = 4000 } }, LC_R_MALFORMED, NULL },
	{ "no cipher suites", { .sni = HELLO_NAME, .lie = { [LEN_CIPHERS] = -6 } }, LC_R_MALFORMED, NULL },
	{ "compression past the message", { .sni = HELLO_NAME, .lie = { [LEN_COMPRESSION] = 200 } }, LC_R_MALFORMED, NULL },
	{ "no compression methods", { .sni = HELLO_NAME, .lie = { [LEN_COMPRESSION] = -1 } }, LC_R_MALFORMED, NULL },
	{ "extensions one byte short", { .sni = HELLO_NAME, .lie = { [LEN_EXTENSIONS] = -1 } }, LC_R_MALFORMED, NULL },
	{ "extensions one byte long", { .sni = HELLO_NAME, .lie = { [LEN_EXTENSIONS] = 1 } }, LC_R_MALFORMED, NULL },
	{ "server_name one byte short", { .sni = HELLO_NAME, .lie = { [LEN_SNI] = -1 } }, LC_R_MALFORMED, NULL },
	{ "server_name runs into the next extension", { .sni = HELLO_NAME, .lie = { [LEN_SNI] = 7 } }, LC_R_MALFORMED, NULL },
	{ "name list one byte short", { .sni = HELLO_NAME, .lie = { [LEN_LIST] = -1 } }, LC_R_MALFORMED, NULL },
	{ "name list past its extension", { .sni = HELLO_NAME, .lie = { [LEN_LIST] = 1 } }, LC_R_MALFORMED, NULL },
	{ "name one byte short", { .sni = HELLO_NAME, .lie = { [LEN_NAME] = -1 } }, LC_R_MALFORMED, NULL },
	{ "name past its list", { .sni = HELLO_NAME, .lie = { [LEN_NAME] = 1 } }, LC_R_MALFORMED, NULL },
	{ "name past its list into later extensions",
	  { .sni = HELLO_NAME, .filler_after = 100, .lie = { [LEN_NAME] = 40 } }, LC_R_MALFORMED, NULL },
	{ "last extension past the message", { .sni = HELLO_NAME, .lie = { [LEN_LAST] = 1 } }, LC_R_MALFORMED, NULL },
	{ "last extension one byte short", { .sni = HELLO_NAME, .lie = { [LEN_LAST] = -1 } }, LC_R_MALFORMED, NULL },
	{ "server_name of no bytes", { .empty_sni = true }, LC_R_MALFORMED, NULL },

	/* something else */
	{ "ServerHello", { .sni = HELLO_NAME, .message_type = 2 }, LC_R_NOT_HELLO, NULL },
	{ "application data record", { .sni = HELLO_NAME, .content_type = 23 }, LC_R_NOT_TLS, NULL },
	{ "record version 0x0201", { .sni = HELLO_NAME, .record_version = 0x0201 }, LC_R_NOT_TLS, NULL },

	/* unfinished */
	{ "record and message say 300 bytes more",
	  { .sni = HELLO_NAME, .lie = { [LEN_RECORD] = 300, [LEN_MESSAGE] = 300, [LEN_EXTENSIONS] = 300 } }, LC_R_PENDING, NULL },
};

#define HELLO_CASES (sizeof(hello_cases) / sizeof(*hello_cases))

#endif
