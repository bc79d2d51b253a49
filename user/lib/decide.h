/* SPDX-License-Identifier: GPL-2.0-only */
/* How rules are weighed, for decide.c, which weighs them for one question, and cells.c, which does so for the whole table. */
#ifndef LENSCAP_DECIDE_H
#define LENSCAP_DECIDE_H

#include "compile.h"

/* A rule that concerns an asset. */
struct lc_claim {
	const struct lc_rule *rule;
	__u64 rank;                  /* among the asset's claims, no two are equal, the higher wins */
	size_t path;                 /* bytes of the jurisdiction that it names for the asset; 0: names none */
};

/* false: the rule does not concern the asset */
bool lc_claim_make(const struct lc_model *model, const struct lc_asset_def *asset, const struct lc_rule *rule,
		   struct lc_claim *ret_claim);
/* Do two rules name jurisdictions, and differ in nothing else that they match? */
bool lc_rule_rivals(const struct lc_rule *a, const struct lc_rule *b);
/* Does the other, a rival, name a place within the claim's for this asset? Then the claim is silent, whatever its rank. */
bool lc_claim_overridden(const struct lc_model *model, const struct lc_asset_def *asset, const struct lc_claim *claim,
			 const struct lc_rule *rival);

bool lc_rule_on_reason(const struct lc_rule *rule, enum lc_reason reason);
bool lc_rule_on_endpoint(const struct lc_rule *rule, const struct lc_endpoint *endpoint);

/* What the winning rule, NULL for none, comes to. An endpoint's reason is LC_R_MATCH. */
struct lc_decision lc_decision_make(const struct lc_model *model, enum lc_mode mode, const struct lc_rule *rule,
				    enum lc_reason reason);
/* Is there anything to decide for a reason, or is it only counted? */
bool lc_reason_decides(enum lc_reason reason);

/* The numbers of all that a model holds, by index in the model. */
enum lc_builtin { LC_BUILTIN_MATCHED, LC_BUILTIN_UNMATCHED, LC_BUILTIN_ALLOW_LIST, LC_BUILTIN_MAX };
struct lc_numbers {
	__u16 *profiles, *assets;    /* by asset */
	__u16 *endpoints, *rules;
	__u16 builtin[LC_BUILTIN_MAX];
};

/* Fill cells of tables, whose conf has the size. 0, -ENOMEM. */
int lc_cells_fill(const struct lc_model *model, const struct lc_numbers *numbers, struct lc_tables *tables);

#endif
