/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Any bytes as a stream: the reader ends, stays inside, and is the same whether it saw a shorter piece before or not.
 * A name that it gives stands in the stream, as it is or over record headers.
 */
#include <stdint.h>
#include <stdlib.h>

#include "tls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct lc_stream stream;
	static struct lc_tls fresh, again;
	int why;

	if (size > LC_HELLO_MAX)
		return 0;
	memset(&stream, 0xee, sizeof(stream));
	memcpy(stream.bytes, data, size);
	stream.len = size;
	why = lc_tls_hello(&fresh, &stream);
	if (why >= LC_R_MAX || (why == LC_R_NONE && (!fresh.name_len || fresh.name_len > LC_NAME_MAX + 1)))
		abort();
	stream.len = size / 2;
	lc_tls_hello(&again, &stream);
	stream.len = size;
	if (lc_tls_hello(&again, &stream) != why || again.name_len != fresh.name_len)
		abort();
	if (why == LC_R_NONE && memcmp(again.name, fresh.name, fresh.name_len))
		abort();
	return 0;
}
