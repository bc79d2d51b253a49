/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Any bytes as a stream: the reader ends, stays inside, and is the same whether it saw a shorter piece before or not.
 * Every name that it gives can be had, twice the same.
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
	why = lc_tls_hello(&fresh, &stream, 0);
	if (why >= LC_R_MAX || (why == LC_R_NONE && (!fresh.hosts || fresh.hosts > LC_TLS_HOSTS_MAX || fresh.now.at > size)))
		abort();
	stream.len = size / 2;
	lc_tls_hello(&again, &stream, size / 3);
	stream.len = size;
	if (lc_tls_hello(&again, &stream, 0) != why || again.hosts != fresh.hosts)
		abort();
	for (unsigned int i = 0; why == LC_R_NONE && i < fresh.hosts; i++) {
		int named = lc_tls_name(&fresh, &stream, i);

		if (named != lc_tls_name(&again, &stream, i) || fresh.name_len > sizeof(fresh.name) ||
		    memcmp(again.name, fresh.name, fresh.name_len))
			abort();
	}
	return 0;
}
