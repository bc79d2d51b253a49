/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A pcap or pcapng file as the Ethernet frames that a program can be run on: link layers converted, what is larger than the
 * kernel takes in a test run cut into TCP segments as a network card would. Decides nothing about what the packets hold.
 */
#ifndef LENSCAP_CAPTURE_H
#define LENSCAP_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

/*
 * BPF_PROG_TEST_RUN takes at least the fixed headers of Ethernet and IP, and, with pages of 4 KiB, at most 3,712 bytes as one
 * skb (measured on 6.1 and 6.18; headroom and skb_shared_info take the rest). Less here, as both may grow.
 */
#define LC_FRAME_MAX 3456

/* Packets of a capture that were not run, or not as they were on the wire. X(NAME, word, run) */
#define LC_ODDITIES(X) \
	X(SHORT,     "too-short",   false) /* headers of link or network layer cut off */ \
	X(NOT_IP,    "not-ip",      false) /* of a link layer that is converted: only IP can be */ \
	X(TOO_LARGE, "too-large",   false) /* and no TCP that could be cut */ \
	X(SNAPPED,   "snap-length", true)  /* the capture holds only its beginning */ \
	X(CUT,       "segmented",   true)  /* given as several segments */

#define LC_ODDITY_ENUM(name, word, run) LC_ODD_##name,
enum lc_oddity { LC_ODDITIES(LC_ODDITY_ENUM) LC_ODD_MAX };

struct lc_frame {
	const __u8 *data;            /* until the next call */
	size_t bytes;
	__u64 packet;                /* number in the capture, from 1; the same for all pieces of one packet */
};

struct lc_capture;

/* "-" is standard input. -EINVAL, -ENOMEM; *ret_why is the library's until the next call. */
int lc_capture_open(const char *path, struct lc_capture **ret_capture, const char **ret_why);
/* 1 and a frame; 0 at the end; -EIO and *ret_why where the file is broken. */
int lc_capture_next(struct lc_capture *capture, struct lc_frame *ret_frame, const char **ret_why);
void lc_capture_free(struct lc_capture *capture);        /* takes NULL */

__u64 lc_capture_packets(const struct lc_capture *capture);                          /* read so far */
__u64 lc_capture_odd(const struct lc_capture *capture, enum lc_oddity oddity);       /* packets */
const char *lc_oddity_word(enum lc_oddity oddity);
bool lc_oddity_run(enum lc_oddity oddity);

#endif
