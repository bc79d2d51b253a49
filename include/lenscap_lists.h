/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The words of lenscap: every list that kernel, loader, policy file and JSON share, one row an entry: enum, word, help.
 * Rows are appended, never moved or renamed: their numbers live in pinned maps, their words in people's files.
 */
#ifndef LENSCAP_LISTS_H
#define LENSCAP_LISTS_H

/* What was done. X(NAME, word, strictness, help); on a tie between rules the higher strictness wins. All from DENY_RESET on refuse. */
#define LC_VERDICTS(X) \
	X(UNDECIDED,  "undecided",  0, "no verdict yet: the pieces of an unfinished hello pass") \
	X(ALLOW,      "allow",      1, "pass") \
	X(AUDIT,      "audit",      2, "pass, and say so in the event") \
	X(DENY_RESET, "deny-reset", 4, "refuse, TCP RST to both ends") \
	X(DENY_DROP,  "deny-drop",  3, "refuse, silently") \
	X(DENY_ALERT, "deny-alert", 4, "refuse, TLS alert access_denied to the client, TCP RST to the server")

/*
 * Why it was done. X(NAME, word, scope, help), scope being what the reason decides:
 *   ENDPOINT  the flow, by its endpoint's rule     FLOW    the flow, by the rule for this reason
 *   PACKET    one packet, by the rule for it       COUNT   nothing: the packet passes and is counted
 */
#define LC_REASONS(X) \
	X(NONE,         "none",            COUNT,    "not set") \
	X(MATCH,        "match",           ENDPOINT, "the name asked for matches an endpoint") \
	X(NO_MATCH,     "no-match",        FLOW,     "the name asked for matches no endpoint") \
	X(NO_SNI,       "no-sni",          FLOW,     "a ClientHello without server_name") \
	X(INVALID_NAME, "invalid-name",    FLOW,     "server_name is not a host name") \
	X(ECH,          "ech",             FLOW,     "encrypted ClientHello behind a known front") \
	X(MALFORMED,    "malformed-hello", FLOW,     "lengths or fields of the ClientHello contradict each other") \
	X(NOT_HELLO,    "not-hello",       FLOW,     "a TLS handshake that does not begin with ClientHello") \
	X(NOT_TLS,      "not-tls",         FLOW,     "the stream does not begin with a TLS handshake record") \
	X(TOO_LONG,     "hello-too-long",  FLOW,     "a ClientHello longer than is kept") \
	X(MID_STREAM,   "mid-stream",      FLOW,     "data of a connection whose beginning was not seen") \
	X(TABLE_FULL,   "table-full",      FLOW,     "no room to follow the flow: its sender is over its budget, or its hello was pushed out") \
	X(QUIC,         "quic-undecidable", FLOW,    "QUIC whose client changes its connection ids, or tries, too often to be followed") \
	X(FRAGMENT,     "fragment",        PACKET,   "an IP fragment that can not be put together with its others") \
	X(NO_POLICY,    "no-policy",       COUNT,    "no policy is loaded") \
	X(NOT_IP,       "not-ip",          COUNT,    "neither IPv4 nor IPv6") \
	X(TRUNCATED,    "truncated",       COUNT,    "headers longer than the packet") \
	X(NOT_ASSET,    "not-asset",       COUNT,    "the sender is not a tagged asset") \
	X(NOT_TCP,      "not-tcp",         COUNT,    "an asset's packet that is neither TCP nor QUIC") \
	X(NO_DATA,      "no-data",         COUNT,    "an undecided flow's packet without data") \
	X(PENDING,      "pending",         COUNT,    "a piece of an unfinished ClientHello") \
	X(DECIDED,      "decided",         COUNT,    "a packet of a flow that is decided already") \
	X(EVENT_LOST,   "event-lost",      COUNT,    "an event that found the ring full") \
	X(VIEWS,        "views-disagree",  FLOW,     "bytes of the hello came again and were others: who reads it decides the name") \
	X(NAMES,        "several-names",   FLOW,     "a ClientHello with more than one host name") \
	X(EARLY_RECORD, "early-record",    FLOW,     "an alert or ChangeCipherSpec record before the ClientHello") \
	X(SSLV2,        "sslv2-hello",     FLOW,     "a ClientHello in SSLv2's form, which has no server_name") \
	X(HTTP,         "plain-http",      FLOW,     "plain HTTP to a host that is no endpoint") \
	X(MANY_SYNS,    "many-syns",       FLOW,     "more beginnings of one connection within a minute than are followed") \
	X(URGENT,       "urgent-data",     FLOW,     "TCP urgent data in the ClientHello: servers differ on whether it is part of it") \
	X(MPLS,         "mpls",            COUNT,    "MPLS, which is not looked into") \
	X(QUIC_VERSION, "quic-version",    FLOW,     "QUIC of a version whose Initials can not be read") \
	X(HEADERS,      "many-headers",    PACKET,   "more IPv6 extension headers than are walked") \
	X(QUIC_LOOK,    "quic-look",       COUNT,    "a QUIC packet that could not be handed to the program that reads it")

/* Who asks. X(NAME, word, help) from here on. */
#define LC_CLASSES(X) \
	X(UNKNOWN,     "unknown",     "not said") \
	X(US_POLICE,   "us-police",   "US police department, sheriff, state or campus police") \
	X(FEDERAL_LE,  "federal-le",  "US federal law enforcement") \
	X(FOREIGN_LE,  "foreign-le",  "law enforcement outside the US") \
	X(COURT,       "court",       "court") \
	X(CORRECTIONS, "corrections", "prison, jail, probation") \
	X(EMERGENCY,   "emergency",   "fire, ambulance, dispatch") \
	X(MUNICIPAL,   "municipal",   "other city or county body") \
	X(VENDOR,      "vendor",      "contractor's equipment") \
	X(OTHER,       "other",       "none of these")

#define LC_KINDS(X) \
	X(UNKNOWN,          "unknown",          "not said") \
	X(BODY_WORN_CAMERA, "body-worn-camera", "camera on an officer, or its dock") \
	X(DASH_CAMERA,      "dash-camera",      "camera in a vehicle") \
	X(MOBILE_CAMERA,    "mobile-camera",    "phone, tablet or drone with a camera") \
	X(FIXED_CAMERA,     "fixed-camera",     "camera on a building or a pole") \
	X(SUSPECT_DB_HOST,  "suspect-db-host",  "database of suspects, inmates or mugshots") \
	X(EVIDENCE_SERVER,  "evidence-server",  "store of digital evidence") \
	X(WORKSTATION,      "workstation",      "desk or vehicle computer") \
	X(SERVER,           "server",           "any other server")

#define LC_MODES(X) \
	X(MONITOR,         "monitor",         "every refusal becomes audit; the event says what it would have been") \
	X(ENFORCE,         "enforce",         "verdicts are carried out") \
	X(ALLOW_LIST_ONLY, "allow-list-only", "only endpoints that a rule allows or audits, and reasons that a rule allows, pass")

/* What is asked. */
#define LC_CAPABILITIES(X) \
	X(FACE_RECOGNITION, "face-recognition", "finds, compares or identifies faces") \
	X(VISION_LLM,       "vision-llm",       "language model that takes pictures") \
	X(VISION_GENERAL,   "vision-general",   "labels, text or objects in pictures") \
	X(VIDEO_ANALYTICS,  "video-analytics",  "analyses moving pictures") \
	X(TRANSCRIPTION,    "transcription",    "speech to text") \
	X(EVIDENCE_STORAGE, "evidence-storage", "store of digital evidence") \
	X(CUSTOM_ML,        "custom-ml",        "runs the customer's own model") \
	X(OPAQUE,           "opaque",           "front that hides the name behind it")

#define LC_CLOUDS(X) \
	X(COMMERCIAL, "commercial", "the vendor's public cloud") \
	X(GOV,        "gov",        "a cloud for US government") \
	X(CN,         "cn",         "a cloud in China") \
	X(LOCAL,      "local",      "the agency's own")

#define LC_CONFIDENCES(X) \
	X(HIGH,       "high",       "SDK, service definition or vendor documentation was read") \
	X(MEDIUM,     "medium",     "third-party code, press or a legal site") \
	X(LOW,        "low",        "weak or disputed") \
	X(UNVERIFIED, "unverified", "general knowledge only")

#endif
