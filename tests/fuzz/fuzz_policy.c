// SPDX-License-Identifier: GPL-2.0-only
/* Any bytes as a policy file and as the gate's text: no crash, no leak; and what is clean must come back as it was written. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"

/* The canonical text of bytes that are a clean policy, else NULL. */
static char *canonical(const void *bytes, size_t n, enum lc_origin origin)
{
	const struct lc_source source = { "fuzz", bytes, n, origin };
	struct lc_model *model = lc_model_new();
	struct lc_errors errors = { 0 };
	int err = lc_parse(model, &source, &errors), bad = lc_model_check(model, &errors);
	char *text = err || bad ? NULL : lc_model_text(model);

	if (!text != !!errors.n)
		abort();
	lc_errors_free(&errors);
	lc_model_free(model);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const enum lc_origin origins[] = { LC_ORIGIN_POLICY, LC_ORIGIN_BUILTIN };

	for (int i = 0; i < 2; i++) {
		char *text = canonical(bytes, n, origins[i]);
		char *again = text ? canonical(text, strlen(text), LC_ORIGIN_BUILTIN) : NULL;

		if (text && (!again || strcmp(text, again)))
			abort();
		free(again);
		free(text);
	}
	return 0;
}
