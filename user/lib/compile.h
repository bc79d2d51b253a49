/* SPDX-License-Identifier: GPL-2.0-only */
/* Model to the tables of one generation, in the kernel's layout. Never touches the kernel. */
#ifndef LENSCAP_COMPILE_H
#define LENSCAP_COMPILE_H

#include "lenscap_name.h"
#include "model.h"

struct lc_row4 { struct lc_prefix4 key; struct lc_asset value; };
struct lc_row6 { struct lc_prefix6 key; struct lc_asset value; };
struct lc_row_mac { struct lc_mac key; struct lc_asset value; };
struct lc_row_vlan { __u32 key; struct lc_asset value; };

struct lc_tables {
	struct lc_conf conf;                         /* generation and loaded_ns are apply.c's */
	struct lc_row4 *prefixes4;       size_t prefixes4_n;
	struct lc_row6 *prefixes6;       size_t prefixes6_n;
	struct lc_row_mac *macs;         size_t macs_n;
	struct lc_row_vlan *vlans;       size_t vlans_n;
	struct lc_step *steps;           size_t steps_n;
	struct lc_cell *cells;           size_t cells_n;     /* profiles * columns */
	char *text;                                  /* canonical; bytes in conf.text_bytes */
};

/* Gives numbers to whatever has none (so the model changes). 0, -EINVAL (errors were added), -ENOMEM, -E2BIG. */
int lc_compile(struct lc_model *model, struct lc_errors *errors, struct lc_tables **ret_tables);
void lc_tables_free(struct lc_tables *tables);

/* The rule that decides for an asset's profile and an endpoint (or, endpoint NULL, a reason), and what its verdict becomes. */
struct lc_decision { const char *rule; enum lc_verdict_id verdict, wanted; };
struct lc_decision lc_decide(const struct lc_model *model, const struct lc_asset_def *asset,
			     const struct lc_endpoint *endpoint, enum lc_reason reason);

/* Walk the automaton over a name of any bytes. ret_endpoint: number, set on LC_NAME_MATCH. */
enum lc_name_state lc_tables_lookup(const struct lc_tables *tables, const __u8 *name, size_t bytes, unsigned int *ret_endpoint);

#endif
