/* SPDX-License-Identifier: GPL-2.0-only */
/* The shipped data, inside the binary: catalogue, clauses, profiles. */
#ifndef LENSCAP_DATA_H
#define LENSCAP_DATA_H

#include <stddef.h>

/* name: "catalogue", "clauses", "balanced", "strict", "monitor". NULL: no such data. */
const char *lc_data(const char *name, size_t *ret_bytes);

#endif
