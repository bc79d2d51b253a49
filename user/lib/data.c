/* SPDX-License-Identifier: GPL-2.0-only */
/* The shipped YAML files as bytes of the binary, so that one file is all there is to install. */
#include <string.h>

#include "data.h"

#define LC_EMBED(symbol, path)                                                       \
	extern const char symbol[], symbol##_end[];                                  \
	__asm__(".pushsection .rodata\n"                                             \
		#symbol ":\n.incbin \"" path "\"\n" #symbol "_end:\n.byte 0\n.popsection\n")

LC_EMBED(lc_data_catalogue, LC_DATA "/catalogue.yaml");
LC_EMBED(lc_data_clauses, LC_DATA "/clauses.yaml");
LC_EMBED(lc_data_balanced, LC_DATA "/profiles/balanced.yaml");
LC_EMBED(lc_data_strict, LC_DATA "/profiles/strict.yaml");
LC_EMBED(lc_data_monitor, LC_DATA "/profiles/monitor.yaml");

static const struct {
	const char *name, *start, *end;
} lc_embedded[] = {
	{ "catalogue", lc_data_catalogue, lc_data_catalogue_end },
	{ "clauses", lc_data_clauses, lc_data_clauses_end },
	{ "balanced", lc_data_balanced, lc_data_balanced_end },
	{ "strict", lc_data_strict, lc_data_strict_end },
	{ "monitor", lc_data_monitor, lc_data_monitor_end },
};

const char *lc_data(const char *name, size_t *ret_bytes)
{
	for (size_t i = 0; i < sizeof(lc_embedded) / sizeof(*lc_embedded); i++) {
		if (strcmp(lc_embedded[i].name, name))
			continue;
		*ret_bytes = lc_embedded[i].end - lc_embedded[i].start;
		return lc_embedded[i].start;
	}
	return NULL;
}
