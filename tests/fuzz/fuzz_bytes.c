/* SPDX-License-Identifier: GPL-2.0-only */
/* Any pieces, in any order, over each other: marks, length, bytes and what differs are those of the slow model. */
#include <stdint.h>
#include <stdlib.h>

#include "../cases/slow_bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct lc_stream stream, piece;
	static struct slow_bytes slow;

	memset(&stream, 0, sizeof(stream));
	memset(&slow, 0, sizeof(slow));
	/* a piece is five bytes: where it begins, its length, a value for all of its bytes */
	for (size_t i = 0; i + 5 <= size && i < 500; i += 5) {
		size_t a = (data[i] << 8 | data[i + 1]) % LC_HELLO_MAX, n = 1 + (data[i + 2] << 8 | data[i + 3]) % LC_HELLO_MAX;

		if (!slow_put(&slow, &stream, &piece, a, a + n < LC_HELLO_MAX ? a + n : LC_HELLO_MAX, data[i + 4] & 3))
			abort();
	}
	if (!slow_same(&slow, &stream))
		abort();
	return 0;
}
