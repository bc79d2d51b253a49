/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Any bytes as what stands before a hello: each layer ends inside the stream and behind the one before, its name lies in it, and
 * what was found in fewer bytes is found in more.
 */
#include <stdint.h>
#include <stdlib.h>

#include "inner.h"

/* All layers of the stream; the last one's result. */
static int layers(const struct lc_stream *s, struct lc_inner *ret_inner)
{
	int why = LC_R_NONE;

	*ret_inner = (struct lc_inner){ .more = 1 };
	for (int i = 0; i < LC_INNER_LAYERS && why == LC_R_NONE && ret_inner->more; i++) {
		__u32 from = ret_inner->base;

		ret_inner->name_len = 0;
		why = lc_inner_layer(ret_inner, s);
		if (why >= LC_R_MAX || ret_inner->base > s->len || (ret_inner->more && (why != LC_R_NONE || ret_inner->base <= from)))
			abort();
		if ((why == LC_R_NONE || why == LC_R_HTTP) && ret_inner->name_len &&
		    (ret_inner->name_at < from || ret_inner->name_at + ret_inner->name_len > s->len))
			abort();
	}
	return why;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct lc_stream stream;
	struct lc_inner shorter, whole;
	int early, why;

	if (size > LC_HELLO_MAX)
		return 0;
	memset(&stream, 0xee, sizeof(stream));
	memcpy(stream.bytes, data, size);
	stream.len = size / 2;
	early = layers(&stream, &shorter);
	stream.len = size;
	why = layers(&stream, &whole);
	if (whole.base < shorter.base || (early != LC_R_PENDING && early != LC_R_NONE && early != why))
		abort();
	return 0;
}
