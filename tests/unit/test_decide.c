// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which rule decides: every layer, tie and mode. Each row is asked of lc_decide() and of the compiled table, which must agree;
 * so must they over random policies.
 */
#include "build_model.h"

#define RULES_MAX 6

/* The one who asks: metro-pd, us-police, US-WA-SEA, body-worn camera. What is asked: a face and transcription host of AWS. */
struct row {
	const char *sentence;
	struct rule rules[RULES_MAX];
	const char *rule;
	__u8 verdict, wanted;        /* wanted 0: as verdict */
	__u8 reason;                 /* 0: the endpoint is asked for */
	__u8 mode;                   /* 0: enforce */
};

#define MONITOR (LC_MODE_MONITOR + 1)
#define ALLOW_LIST (LC_MODE_ALLOW_LIST_ONLY + 1)
#define POLICE BIT(LC_CLASS_US_POLICE)
#define DASH BIT(LC_KIND_DASH_CAMERA)
#define TRANS BIT(LC_CAPABILITY_TRANSCRIPTION)
#define LLM BIT(LC_CAPABILITY_VISION_LLM)
#define NO_SNI (1ull << LC_R_NO_SNI)
#define PROFILE LC_ORIGIN_PROFILE

/* The longer place does not win where the rules differ in this key, too. */
#define DIFFER(key, one, two, ...) \
	{ "a longer place is nothing where " #key " differs", \
	  { { "us", RESET, .place = "US", .key = one }, { "wa", ALLOW, .place = "US-WA", .key = two } }, \
	  "us", RESET, __VA_ARGS__ }

static const struct row rows[] = {
	/* default */
	{ "no rule, an endpoint", {}, LC_RULE_MATCHED, AUDIT },
	{ "no rule, no match", {}, LC_RULE_UNMATCHED, ALLOW, .reason = LC_R_NO_MATCH },
	{ "no rule, no name", {}, LC_RULE_UNMATCHED, ALLOW, .reason = LC_R_NO_SNI },
	{ "no rule, a fragment", {}, LC_RULE_UNMATCHED, ALLOW, .reason = LC_R_FRAGMENT },
	{ "what is only counted has no rule", { { "all", RESET } }, NULL, ALLOW, .reason = LC_R_PENDING },
	{ "an endpoint's reason by itself has no rule", { { "all", RESET } }, NULL, ALLOW, .reason = LC_R_MATCH },
	/* layers */
	{ "a rule with no key is for endpoints", { { "all", RESET } }, "all", RESET },
	{ "a rule with no key is for reasons", { { "all", RESET } }, "all", RESET, .reason = LC_R_NO_SNI },
	{ "class before no one", { { "any", RESET }, { "cls", ALLOW, .classes = POLICE } }, "cls", ALLOW },
	{ "tenant before no one", { { "any", RESET }, { "ten", ALLOW, .tenant = "metro-pd" } }, "ten", ALLOW },
	{ "place before no one", { { "any", RESET }, { "plc", ALLOW, .place = "US" } }, "plc", ALLOW },
	{ "class before no one, even with fewer keys",
	  { { "any", RESET, .capabilities = FACE, .provider = "AWS", .endpoint = "REK" }, { "cls", ALLOW, .classes = POLICE } },
	  "cls", ALLOW },
	{ "tenant before no one, even with fewer keys",
	  { { "any", RESET, .capabilities = FACE, .provider = "AWS" }, { "ten", ALLOW, .tenant = "metro-pd" } }, "ten", ALLOW },
	{ "place before no one, even with fewer keys",
	  { { "any", RESET, .capabilities = FACE, .provider = "AWS" }, { "plc", ALLOW, .place = "US" } }, "plc", ALLOW },
	{ "kind before class", { { "cls", RESET, .classes = POLICE }, { "kind", ALLOW, .kinds = BODY } }, "kind", ALLOW },
	{ "kind before tenant and place, even with fewer keys",
	  { { "ten", RESET, .tenant = "metro-pd", .place = "US-WA", .capabilities = FACE }, { "kind", ALLOW, .kinds = BODY } },
	  "kind", ALLOW },
	{ "a rule before the default", { { "face", ALLOW, .capabilities = FACE } }, "face", ALLOW },
	/* specificity */
	{ "more keys", { { "one", RESET, .capabilities = FACE }, { "two", ALLOW, .capabilities = FACE, .provider = "AWS" } },
	  "two", ALLOW },
	{ "more keys among kinds",
	  { { "one", RESET, .kinds = BODY }, { "two", ALLOW, .kinds = BODY, .reasons = NO_SNI } },
	  "two", ALLOW, .reason = LC_R_NO_SNI },
	{ "every key counts",
	  { { "ten", RESET, .tenant = "metro-pd", .place = "US", .endpoint = "REK", .provider = "AWS", .service = "Rekognition",
	      .classes = POLICE, .kinds = BODY, .capabilities = FACE, .clouds = BIT(LC_CLOUD_GOV) },
	    { "eleven", ALLOW, .tenant = "metro-pd", .place = "US", .endpoint = "REK", .provider = "AWS",
	      .service = "Rekognition", .classes = POLICE, .kinds = BODY, .capabilities = FACE, .clouds = BIT(LC_CLOUD_GOV),
	      .confidences = BIT(LC_CONFIDENCE_MEDIUM) } },
	  "eleven", ALLOW },
	{ "a longer place", { { "us", RESET, .place = "US" }, { "wa", ALLOW, .place = "US-WA" } }, "wa", ALLOW },
	{ "a longer place, whichever comes first",
	  { { "wa", ALLOW, .place = "US-WA" }, { "us", RESET, .place = "US" } }, "wa", ALLOW },
	{ "a longer place beside equal keys",
	  { { "us", RESET, .place = "US", .capabilities = FACE }, { "wa", ALLOW, .place = "US-WA", .capabilities = FACE } },
	  "wa", ALLOW },
	{ "a longer place beside equal words in another order",
	  { { "us", RESET, .place = "US", .endpoint = "REK X" }, { "wa", ALLOW, .place = "US-WA", .endpoint = "X REK" } },
	  "wa", ALLOW },
	{ "a longer place is nothing where the rules have other keys",
	  { { "us", RESET, .place = "US", .capabilities = FACE }, { "wa", ALLOW, .place = "US-WA", .provider = "AWS" } },
	  "us", RESET },
	DIFFER(tenant, "metro-pd", "metro-pd other-pd"),
	DIFFER(endpoint, "REK", "REK X"),
	DIFFER(provider, "Google AWS", "AWS"),
	DIFFER(service, "Rekognition", "Rekognition Bedrock"),
	DIFFER(classes, POLICE, POLICE | BIT(LC_CLASS_COURT)),
	DIFFER(kinds, BODY, BODY | DASH),
	DIFFER(capabilities, FACE, FACE | TRANS),
	DIFFER(clouds, BIT(LC_CLOUD_GOV), BIT(LC_CLOUD_GOV) | BIT(LC_CLOUD_CN)),
	DIFFER(confidences, BIT(LC_CONFIDENCE_MEDIUM), BIT(LC_CONFIDENCE_MEDIUM) | BIT(LC_CONFIDENCE_LOW)),
	DIFFER(reasons, NO_SNI, NO_SNI | 1ull << LC_R_VIEWS, .reason = LC_R_NO_SNI),
	{ "place and class weigh the same", { { "wa", AUDIT, .place = "US-WA-SEA" }, { "cls", RESET, .classes = POLICE } },
	  "cls", RESET },
	{ "a place that is overridden is silent beside a third",
	  { { "us", RESET, .place = "US" }, { "wa", ALLOW, .place = "US-WA" }, { "cls", AUDIT, .classes = POLICE } },
	  "cls", AUDIT },
	{ "the longest of a rule's places counts",
	  { { "two", ALLOW, .place = "EU US US-WA" }, { "us", RESET, .place = "US" } }, "two", ALLOW },
	/* ties */
	{ "the stricter, reset and drop", { { "d", DROP }, { "r", RESET } }, "r", RESET },
	{ "the stricter, drop and audit", { { "a", AUDIT }, { "d", DROP } }, "d", DROP },
	{ "the stricter, audit and allow", { { "l", ALLOW }, { "a", AUDIT } }, "a", AUDIT },
	{ "the stricter, of the profile", { { "pol", ALLOW }, { "pro", RESET, .origin = PROFILE } }, "pro", RESET },
	{ "the policy's before the profile's", { { "pro", RESET, .origin = PROFILE }, { "pol", RESET } }, "pol", RESET },
	{ "the first", { { "one", RESET }, { "two", RESET } }, "one", RESET },
	/* who */
	{ "another tenant", { { "x", RESET, .tenant = "other-pd" } }, LC_RULE_MATCHED, AUDIT },
	{ "one of several tenants", { { "x", RESET, .tenant = "other-pd metro-pd" } }, "x", RESET },
	{ "another class", { { "x", RESET, .classes = BIT(LC_CLASS_COURT) } }, LC_RULE_MATCHED, AUDIT },
	{ "one of several classes", { { "x", RESET, .classes = BIT(LC_CLASS_COURT) | POLICE } }, "x", RESET },
	{ "another kind", { { "x", RESET, .kinds = DASH } }, LC_RULE_MATCHED, AUDIT },
	{ "one of several kinds", { { "x", RESET, .kinds = DASH | BODY } }, "x", RESET },
	{ "the place itself", { { "x", RESET, .place = "US-WA-SEA" } }, "x", RESET },
	{ "a place within", { { "x", RESET, .place = "US-WA-SEA-N" } }, LC_RULE_MATCHED, AUDIT },
	{ "a place that only begins alike", { { "x", RESET, .place = "US-W" } }, LC_RULE_MATCHED, AUDIT },
	{ "another place", { { "x", RESET, .place = "EU" } }, LC_RULE_MATCHED, AUDIT },
	{ "tenant and kind must both fit", { { "x", RESET, .tenant = "metro-pd", .kinds = DASH } }, LC_RULE_MATCHED, AUDIT },
	/* what */
	{ "another endpoint", { { "x", RESET, .endpoint = "X" } }, LC_RULE_MATCHED, AUDIT },
	{ "one of several endpoints", { { "x", RESET, .endpoint = "X REK" } }, "x", RESET },
	{ "another provider", { { "x", RESET, .provider = "Google" } }, LC_RULE_MATCHED, AUDIT },
	{ "the provider", { { "x", RESET, .provider = "AWS" } }, "x", RESET },
	{ "another service", { { "x", RESET, .service = "Bedrock" } }, LC_RULE_MATCHED, AUDIT },
	{ "the service", { { "x", RESET, .service = "Rekognition" } }, "x", RESET },
	{ "another capability", { { "x", RESET, .capabilities = LLM } }, LC_RULE_MATCHED, AUDIT },
	{ "any of the capabilities", { { "x", RESET, .capabilities = LLM | TRANS } }, "x", RESET },
	{ "another cloud", { { "x", RESET, .clouds = BIT(LC_CLOUD_COMMERCIAL) } }, LC_RULE_MATCHED, AUDIT },
	{ "the cloud", { { "x", RESET, .clouds = BIT(LC_CLOUD_GOV) } }, "x", RESET },
	{ "another confidence", { { "x", RESET, .confidences = BIT(LC_CONFIDENCE_HIGH) } }, LC_RULE_MATCHED, AUDIT },
	{ "the confidence", { { "x", RESET, .confidences = BIT(LC_CONFIDENCE_MEDIUM) } }, "x", RESET },
	{ "capability and provider must both fit", { { "x", RESET, .capabilities = FACE, .provider = "Google" } },
	  LC_RULE_MATCHED, AUDIT },
	{ "a capability is no reason's", { { "x", RESET, .capabilities = FACE } },
	  LC_RULE_UNMATCHED, ALLOW, .reason = LC_R_NO_SNI },
	{ "a cloud is no reason's", { { "x", RESET, .clouds = BIT(LC_CLOUD_GOV) } },
	  LC_RULE_UNMATCHED, ALLOW, .reason = LC_R_NO_MATCH },
	{ "the reason", { { "x", RESET, .reasons = NO_SNI } }, "x", RESET, .reason = LC_R_NO_SNI },
	{ "another reason", { { "x", RESET, .reasons = NO_SNI } }, LC_RULE_UNMATCHED, ALLOW, .reason = LC_R_NO_MATCH },
	{ "a reason is no endpoint's", { { "x", RESET, .reasons = NO_SNI } }, LC_RULE_MATCHED, AUDIT },
	{ "a reason that is only counted stays so", { { "x", RESET, .reasons = ~0ull } }, NULL, ALLOW, .reason = LC_R_NOT_TCP },
	/* modes */
	{ "monitor makes reset audit", { { "x", RESET } }, "x", AUDIT, RESET, .mode = MONITOR },
	{ "monitor makes drop audit", { { "x", DROP } }, "x", AUDIT, DROP, .mode = MONITOR },
	{ "monitor leaves allow", { { "x", ALLOW } }, "x", ALLOW, .mode = MONITOR },
	{ "monitor of QUIC", { { "x", RESET } }, "x", AUDIT, RESET, LC_R_QUIC, MONITOR },
	{ "QUIC cannot be reset", { { "x", RESET } }, "x", DROP, RESET, LC_R_QUIC },
	{ "a fragment cannot be reset", { { "x", RESET } }, "x", DROP, RESET, LC_R_FRAGMENT },
	{ "QUIC can be allowed", { { "x", ALLOW } }, "x", ALLOW, .reason = LC_R_QUIC },
	{ "allow-list refuses an endpoint without a rule", {}, LC_RULE_ALLOW_LIST, RESET, .mode = ALLOW_LIST },
	{ "allow-list refuses what does not match", {}, LC_RULE_ALLOW_LIST, RESET, .reason = LC_R_NO_MATCH, .mode = ALLOW_LIST },
	{ "allow-list drops QUIC", {}, LC_RULE_ALLOW_LIST, DROP, RESET, LC_R_QUIC, ALLOW_LIST },
	{ "allow-list drops fragments", {}, LC_RULE_ALLOW_LIST, DROP, RESET, LC_R_FRAGMENT, ALLOW_LIST },
	{ "allow-list only counts what is counted", {}, NULL, ALLOW, .reason = LC_R_NOT_TCP, .mode = ALLOW_LIST },
	{ "allow-list takes a rule's audit of an endpoint", { { "x", AUDIT } }, "x", AUDIT, .mode = ALLOW_LIST },
	{ "allow-list refuses a reason that a rule audits", { { "x", AUDIT, .reasons = NO_SNI } }, LC_RULE_ALLOW_LIST, RESET,
	  .reason = LC_R_NO_SNI, .mode = ALLOW_LIST },
	{ "allow-list lets a reason pass that a rule allows", { { "x", ALLOW, .reasons = NO_SNI } }, "x", ALLOW,
	  .reason = LC_R_NO_SNI, .mode = ALLOW_LIST },
	{ "allow-list takes a rule's reset", { { "x", RESET, .endpoint = "REK" } }, "x", RESET, .mode = ALLOW_LIST },
};

static void row_check(const struct row *row)
{
	struct lc_model *model = lc_model_new();
	struct lc_endpoint *e = endpoint_add(model, "REK", "rek.example.com", FACE | TRANS);
	struct lc_decision d;
	struct lc_tables *t;

	tenant_add(model, "metro-pd", "US-WA-SEA", LC_CLASS_US_POLICE, row->mode ? row->mode - 1 : LC_MODE_ENFORCE);
	asset_add(model, "cams", 0, LC_KIND_BODY_WORN_CAMERA);
	for (size_t i = 0; i < RULES_MAX && row->rules[i].id; i++)
		rule_add(model, &row->rules[i]);
	t = compile(model);
	d = decide(model, t, 0, row->reason ? NULL : e, row->reason);
	if (d.verdict != row->verdict || d.wanted != (row->wanted ? row->wanted : row->verdict) || !d.rule != !row->rule ||
	    (d.rule && strcmp(d.rule, row->rule)))
		fail_msg("%s: %s (wanted %s) by %s", row->sentence, lc_word(LC_LIST_VERDICT, d.verdict),
			 lc_word(LC_LIST_VERDICT, d.wanted), d.rule);
	lc_tables_free(t);
	lc_model_free(model);
}

static void test_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		row_check(&rows[i]);
}

static void test_default_said(void **state)
{
	struct lc_model *model = lc_model_new();
	struct lc_endpoint *e = endpoint_add(model, "REK", "rek.example.com", FACE);
	struct lc_tables *t;

	(void)state;
	tenant_add(model, "nowhere", NULL, LC_CLASS_UNKNOWN, LC_MODE_ENFORCE);
	asset_add(model, "a", 0, LC_KIND_UNKNOWN);
	rule_add(model, &(struct rule){ "us", DROP, .place = "US" });        /* whoever is nowhere is not in the US */
	model->matched = LC_V_DENY_RESET;
	model->unmatched = LC_V_AUDIT;
	t = compile(model);
	assert_int_equal(decide(model, t, 0, e, LC_R_NONE).verdict, LC_V_DENY_RESET);
	assert_int_equal(decide(model, t, 0, NULL, LC_R_NO_MATCH).verdict, LC_V_AUDIT);
	lc_tables_free(t);
	lc_model_free(model);
}

static __u32 random_bits(int bits)
{
	return random() % 3 ? 0 : random() % BIT(bits);
}

static const char *random_word(const char *const *words, int n)
{
	return random() % 3 ? NULL : words[random() % n];
}

/* Now and then the one before at another place. */
static struct rule random_rule(const char *id, const struct rule *before)
{
	static const char *const tenants[] = { "t0", "t1", "t0 t2", "t3" };
	static const char *const places[] = { "US", "US-WA", "EU US-WA-SEA", "US-OR" };
	static const char *const endpoints[] = { "E0", "E1 E2", "E3", "E1" };
	static const char *const providers[] = { "AWS", "Google" };
	struct rule r = { id, 1 + random() % 4, random_word(tenants, 4), random_word(places, 4) };

	if (random() % 2) {
		r = *before;
		r.id = id;
		r.verdict = 1 + random() % 4;
		r.place = places[random() % 4];
		return r;
	}
	r.classes = random_bits(3);
	r.kinds = random_bits(3);
	r.origin = 2 + random() % 2;
	if (random() % 3 == 0) {
		r.reasons = random() % (1ull << LC_R_MAX);
	} else {
		r.endpoint = random_word(endpoints, 4);
		r.provider = random_word(providers, 2);
		r.capabilities = random_bits(4);
	}
	return r;
}

/* Many rules, tenants and endpoints: the table, filled by sets of columns, against lc_decide(), one question at a time. */
static void random_round(void)
{
	static const char *const places[] = { "US", "US-WA", "US-WA-SEA", NULL };
	struct lc_model *model = lc_model_new();
	struct rule rule = { 0 };
	struct lc_tables *t;
	char text[32];

	for (int i = 0; i < 4; i++) {
		snprintf(text, sizeof(text), "t%d", i);
		tenant_add(model, text, places[i], random() % 3, random() % 3);
		snprintf(text, sizeof(text), "a%d", i);
		asset_add(model, text, i, random() % 3);
	}
	for (int i = 0; i < 70; i++) {       /* more than a word of columns */
		snprintf(text, sizeof(text), "E%d", i);
		endpoint_add(model, text, "same.example.com", random() % 16);
	}
	for (int i = random() % 40; i >= 0; i--) {
		snprintf(text, sizeof(text), "r%d", i);
		rule = random_rule(text, &rule);
		rule_add(model, &rule);
	}
	t = compile(model);
	for (size_t a = 0; a < model->assets_n; a++) {
		for (size_t e = 0; e < model->endpoints_n; e++)
			decide(model, t, a, &model->endpoints[e], LC_R_NONE);
		for (int reason = 0; reason < LC_R_MAX; reason++)
			decide(model, t, a, NULL, reason);
	}
	lc_tables_free(t);
	lc_model_free(model);
}

static void test_random(void **state)
{
	(void)state;
	srandom(20261123);
	for (int i = 0; i < 60; i++)
		random_round();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_default_said),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests_name("decide", tests, NULL, NULL);
}
