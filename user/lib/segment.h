/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One large TCP packet as the segments that a network card would send for it (TSO): for captures taken where offloads
 * were on. Never touches a packet that the kernel takes whole.
 */
#ifndef LENSCAP_SEGMENT_H
#define LENSCAP_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include "capture.h"

struct lc_segments {
	const __u8 *frame;           /* the whole packet, the caller's; NULL: nothing is being cut */
	bool v6;
	unsigned int l3, l4, data;   /* offsets of IP, TCP, payload */
	size_t at, end;              /* of the payload: what is to be given next, and its end */
	unsigned int given;          /* pieces so far */
	__u8 piece[LC_FRAME_MAX];
};

/* Larger than Ethernet carries and with an IPv4 length of 0: Windows hands its captures TSO packets like that. */
bool lc_segments_wanted(const __u8 *frame, size_t bytes);
/* false: not an unfragmented TCP packet with its headers in place. frame must live until the last piece was given. */
bool lc_segments_start(struct lc_segments *segments, const __u8 *frame, size_t bytes);
/* The next piece; false after the last. */
bool lc_segments_next(struct lc_segments *segments, const __u8 **ret_data, size_t *ret_bytes);

#endif
