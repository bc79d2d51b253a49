/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads captures with libpcap and makes Ethernet frames of them; segment.c cuts the ones that are too large. What cannot be
 * given to the program is counted, never dropped in silence.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "segment.h"

struct lc_capture {
	pcap_t *pcap;
	const struct lc_link *link;
	__u8 *frame;                 /* a converted packet */
	size_t frame_max;
	struct lc_segments segments; /* of the packet that is being cut */
	__u64 packets;
	__u64 odd[LC_ODD_MAX];
};

static char lc_capture_why[PCAP_ERRBUF_SIZE + 128];

#define LC_ODDITY_WORD(name, word, run) [LC_ODD_##name] = { word, run },
static const struct {
	const char *word;
	bool run;
} lc_oddities[] = { LC_ODDITIES(LC_ODDITY_WORD) };

const char *lc_oddity_word(enum lc_oddity oddity)
{
	return lc_oddities[oddity].word;
}

bool lc_oddity_run(enum lc_oddity oddity)
{
	return lc_oddities[oddity].run;
}

/* Ethertype of a packet by the header of its link layer; 0: not IP. */
static unsigned int lc_type_raw(const __u8 *packet)
{
	return packet[0] >> 4 == 4 ? ETH_P_IP : packet[0] >> 4 == 6 ? ETH_P_IPV6 : 0;
}

/* An address family in the byte order of the host that captured; each BSD has its own number for IPv6. */
static unsigned int lc_type_null(const __u8 *packet)
{
	unsigned int family = packet[0] ? packet[0] : packet[3];

	if (packet[1] || packet[2] || (packet[0] && packet[3]))
		return 0;
	return family == 2 ? ETH_P_IP : family == 10 || family == 24 || family == 28 || family == 30 ? ETH_P_IPV6 : 0;
}

static unsigned int lc_type_sll(const __u8 *packet)
{
	return packet[14] << 8 | packet[15];
}

static unsigned int lc_type_sll2(const __u8 *packet)
{
	return packet[0] << 8 | packet[1];
}

/* mac, mac_bytes: offsets of the sender's link address and of its length; 0: the link layer has none. */
static const struct lc_link {
	int type;
	unsigned int header;
	unsigned int (*ethertype)(const __u8 *packet);
	unsigned int mac, mac_bytes;
} lc_links[] = {
	{ .type = DLT_EN10MB },
	{ .type = 12, .ethertype = lc_type_raw },
	{ .type = 14, .ethertype = lc_type_raw },
	{ .type = 101, .ethertype = lc_type_raw },
	{ .type = DLT_IPV4, .ethertype = lc_type_raw },
	{ .type = DLT_IPV6, .ethertype = lc_type_raw },
	{ .type = DLT_NULL, .header = 4, .ethertype = lc_type_null },
	{ .type = DLT_LOOP, .header = 4, .ethertype = lc_type_null },
	{ .type = DLT_LINUX_SLL, .header = 16, .ethertype = lc_type_sll, .mac = 6, .mac_bytes = 5 },
	{ .type = DLT_LINUX_SLL2, .header = 20, .ethertype = lc_type_sll2, .mac = 12, .mac_bytes = 11 },
};

static const struct lc_link *lc_link_find(int type)
{
	for (size_t i = 0; i < sizeof(lc_links) / sizeof(*lc_links); i++)
		if (lc_links[i].type == type)
			return &lc_links[i];
	return NULL;
}

/* Why a file can not be read, and what to give instead. */
static void lc_capture_not_read(int type)
{
	const char *name = pcap_datalink_val_to_name(type);

	snprintf(lc_capture_why, sizeof(lc_capture_why),
		 "link type %d (%s) is not read, give Ethernet, raw IP, Linux cooked or null/loopback", type,
		 name ? name : "unknown");
}

int lc_capture_open(const char *path, struct lc_capture **ret_capture, const char **ret_why)
{
	struct lc_capture *capture = calloc(1, sizeof(*capture));
	char cause[PCAP_ERRBUF_SIZE];

	if (!capture) {
		*ret_why = "no memory";
		return -ENOMEM;
	}
	capture->pcap = pcap_open_offline(path, cause);
	capture->link = capture->pcap ? lc_link_find(pcap_datalink(capture->pcap)) : NULL;
	if (capture->link) {
		*ret_capture = capture;
		return 0;
	}
	if (capture->pcap)
		lc_capture_not_read(pcap_datalink(capture->pcap));
	else
		snprintf(lc_capture_why, sizeof(lc_capture_why), "%s, give a pcap or pcapng file", cause);
	lc_capture_free(capture);
	*ret_why = lc_capture_why;
	return -EINVAL;
}

void lc_capture_free(struct lc_capture *capture)
{
	if (!capture)
		return;
	if (capture->pcap)
		pcap_close(capture->pcap);
	free(capture->frame);
	free(capture);
}

__u64 lc_capture_packets(const struct lc_capture *capture)
{
	return capture->packets;
}

__u64 lc_capture_odd(const struct lc_capture *capture, enum lc_oddity oddity)
{
	return capture->odd[oddity];
}

static bool lc_frame_reserve(struct lc_capture *capture, size_t bytes)
{
	__u8 *larger;

	if (bytes <= capture->frame_max)
		return true;
	larger = realloc(capture->frame, bytes);
	if (!larger)
		return false;
	capture->frame = larger;
	capture->frame_max = bytes;
	return true;
}

/* The packet behind an Ethernet header of our making: destination unknown, source where the link layer names one. */
static int lc_frame_convert(struct lc_capture *capture, const __u8 *packet, size_t bytes, struct lc_frame *ret_frame)
{
	const struct lc_link *link = capture->link;
	struct ethhdr eth = { 0 };
	unsigned int type;

	if (bytes <= link->header)
		return LC_ODD_SHORT;
	type = link->ethertype(packet);
	if (type < ETH_P_802_3_MIN)
		return LC_ODD_NOT_IP;
	if (link->mac && packet[link->mac_bytes] == ETH_ALEN)
		memcpy(eth.h_source, packet + link->mac, ETH_ALEN);
	eth.h_proto = htons(type);
	bytes -= link->header;
	if (!lc_frame_reserve(capture, sizeof(eth) + bytes))
		return -ENOMEM;
	memcpy(capture->frame, &eth, sizeof(eth));
	memcpy(capture->frame + sizeof(eth), packet + link->header, bytes);
	ret_frame->data = capture->frame;
	ret_frame->bytes = sizeof(eth) + bytes;
	return LC_ODD_MAX;
}

/* Bytes without which the kernel refuses a frame: the fixed header of what the ethertype says. */
static size_t lc_frame_min(const struct lc_frame *frame)
{
	unsigned int type = frame->bytes < ETH_HLEN ? 0 : frame->data[12] << 8 | frame->data[13];

	return type == ETH_P_IP ? ETH_HLEN + 20 : type == ETH_P_IPV6 ? ETH_HLEN + 40 : ETH_HLEN;
}

/* LC_ODD_MAX: the frame can be run as it is. LC_ODD_CUT: in pieces. Any other oddity: not at all. */
static int lc_frame_take(struct lc_capture *capture, const __u8 *packet, size_t bytes, struct lc_frame *frame)
{
	int odd = LC_ODD_MAX;

	frame->data = packet;
	frame->bytes = bytes;
	if (capture->link->ethertype)
		odd = lc_frame_convert(capture, packet, bytes, frame);
	if (odd != LC_ODD_MAX)
		return odd;
	if (frame->bytes < lc_frame_min(frame))
		return LC_ODD_SHORT;
	if (frame->bytes <= LC_FRAME_MAX && !lc_segments_wanted(frame->data, frame->bytes))
		return LC_ODD_MAX;
	if (lc_segments_start(&capture->segments, frame->data, frame->bytes))
		return LC_ODD_CUT;
	return frame->bytes <= LC_FRAME_MAX ? LC_ODD_MAX : LC_ODD_TOO_LARGE;
}

int lc_capture_next(struct lc_capture *capture, struct lc_frame *ret_frame, const char **ret_why)
{
	struct pcap_pkthdr *header;
	const __u8 *packet;
	int more, odd;

	for (;;) {
		if (lc_segments_next(&capture->segments, &ret_frame->data, &ret_frame->bytes))
			return 1;
		more = pcap_next_ex(capture->pcap, &header, &packet);
		if (more == PCAP_ERROR_BREAK)
			return 0;
		if (more < 0)
			break;
		ret_frame->packet = ++capture->packets;
		capture->odd[LC_ODD_SNAPPED] += header->caplen < header->len;
		odd = lc_frame_take(capture, packet, header->caplen, ret_frame);
		if (odd == LC_ODD_MAX)
			return 1;
		if (odd < 0) {
			*ret_why = "no memory";
			return odd;
		}
		capture->odd[odd]++;
	}
	snprintf(lc_capture_why, sizeof(lc_capture_why), "broken after packet %llu: %s", capture->packets,
		 pcap_geterr(capture->pcap));
	*ret_why = lc_capture_why;
	return -EIO;
}
