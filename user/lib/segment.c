/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds IP, TCP and payload of a large packet and makes segments of it: lengths, id, seq, flags and checksums are put right. */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <string.h>

#include "segment.h"

#define LC_ETHER_MAX 1522            /* a tagged frame of 1,500 bytes payload, with FCS */

/* Unaligned, big-endian. */
static unsigned int lc_get16(const __u8 *at)
{
	return at[0] << 8 | at[1];
}

static void lc_put16(__u8 *at, unsigned int value)
{
	at[0] = value >> 8;
	at[1] = value;
}

static void lc_put32(__u8 *at, __u32 value)
{
	lc_put16(at, value >> 16);
	lc_put16(at + 2, value & 0xffff);
}

/* Offset of what is behind Ethernet and VLAN tags, and its ethertype; 0: not there. */
static unsigned int lc_find_network(const __u8 *frame, size_t bytes, unsigned int *ret_type)
{
	unsigned int at = ETH_HLEN;

	if (bytes < at)
		return 0;
	*ret_type = lc_get16(frame + at - 2);
	while (*ret_type == ETH_P_8021Q || *ret_type == ETH_P_8021AD) {
		at += 4;
		if (bytes < at)
			return 0;
		*ret_type = lc_get16(frame + at - 2);
	}
	return at;
}

bool lc_segments_wanted(const __u8 *frame, size_t bytes)
{
	unsigned int type, l3;

	if (bytes <= LC_ETHER_MAX)
		return false;
	l3 = lc_find_network(frame, bytes, &type);
	return l3 && type == ETH_P_IP && !lc_get16(frame + l3 + 2);
}

/* RFC 791: offset of TCP; 0: something else, or a fragment. */
static unsigned int lc_find_tcp4(const __u8 *frame, unsigned int l3, size_t bytes, unsigned int *ret_end)
{
	const __u8 *ip = frame + l3;

	if (bytes < l3 + 20 || ip[0] >> 4 != 4 || ip[9] != IPPROTO_TCP || lc_get16(ip + 6) & (IP_MF | IP_OFFMASK))
		return 0;
	*ret_end = lc_get16(ip + 2) ? l3 + lc_get16(ip + 2) : bytes;
	return l3 + (ip[0] & 15) * 4;
}

/* RFC 8200, 4: through the extension headers; only a fragment header that fragments nothing is passed. */
static unsigned int lc_find_tcp6(const __u8 *frame, unsigned int l3, size_t bytes, unsigned int *ret_end)
{
	unsigned int at = l3 + 40, next = bytes < at ? IPPROTO_NONE : frame[l3 + 6];

	while (next != IPPROTO_TCP) {
		const __u8 *header = frame + at;

		if (bytes < at + 8)
			return 0;
		if (next == IPPROTO_FRAGMENT && !(lc_get16(header + 2) & 0xfff9))
			at += 8;
		else if (next == IPPROTO_AH)
			at += (header[1] + 2) * 4;
		else if (next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS)
			at += (header[1] + 1) * 8;
		else
			return 0;
		next = header[0];
	}
	*ret_end = lc_get16(frame + l3 + 4) ? l3 + 40 + lc_get16(frame + l3 + 4) : bytes;
	return at;
}

bool lc_segments_start(struct lc_segments *segments, const __u8 *frame, size_t bytes)
{
	unsigned int type, end, l3 = lc_find_network(frame, bytes, &type), l4 = 0, data;

	if (l3 && type == ETH_P_IP)
		l4 = lc_find_tcp4(frame, l3, bytes, &end);
	else if (l3 && type == ETH_P_IPV6)
		l4 = lc_find_tcp6(frame, l3, bytes, &end);
	if (!l4 || bytes < l4 + 20)
		return false;
	data = l4 + (frame[l4 + 12] >> 4) * 4;
	if (end > bytes)
		end = bytes;
	if (data < l4 + 20 || data >= end || data > LC_FRAME_MAX / 2)
		return false;
	segments->frame = frame;
	segments->v6 = type == ETH_P_IPV6;
	segments->l3 = l3;
	segments->l4 = l4;
	segments->data = segments->at = data;
	segments->end = end;
	segments->given = 0;
	return true;
}

/* RFC 1071 */
static __u32 lc_sum(const __u8 *data, size_t bytes, __u32 sum)
{
	for (size_t i = 0; i + 1 < bytes; i += 2)
		sum += lc_get16(data + i);
	if (bytes & 1)
		sum += data[bytes - 1] << 8;
	return sum;
}

static unsigned int lc_sum_end(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16)) & 0xffff;
}

static void lc_piece_network(struct lc_segments *s, size_t bytes)
{
	__u8 *ip = s->piece + s->l3;

	if (s->v6) {
		lc_put16(ip + 4, bytes - s->l3 - 40);
		return;
	}
	lc_put16(ip + 2, bytes - s->l3);
	lc_put16(ip + 4, lc_get16(ip + 4) + s->given);
	lc_put16(ip + 10, 0);
	lc_put16(ip + 10, lc_sum_end(lc_sum(ip, s->l4 - s->l3, 0)));
}

/* FIN and PSH are the last piece's, SYN and CWR the first's; SYN takes a sequence number of its own. */
static void lc_piece_tcp(struct lc_segments *s, size_t bytes, bool last)
{
	__u8 *tcp = s->piece + s->l4;
	__u32 seq = (__u32)lc_get16(tcp + 4) << 16 | lc_get16(tcp + 6), sum;

	lc_put32(tcp + 4, seq + (s->at - s->data) + (s->given && tcp[13] & TH_SYN));
	if (!last)
		tcp[13] &= ~(TH_FIN | TH_PUSH);
	if (s->given)
		tcp[13] &= ~(TH_SYN | 0x80);
	lc_put16(tcp + 16, 0);
	sum = lc_sum(s->piece + s->l3 + (s->v6 ? 8 : 12), s->v6 ? 32 : 8, IPPROTO_TCP + bytes - s->l4);
	lc_put16(tcp + 16, lc_sum_end(lc_sum(tcp, bytes - s->l4, sum)));
}

bool lc_segments_next(struct lc_segments *s, const __u8 **ret_data, size_t *ret_bytes)
{
	size_t share;

	if (!s->frame)
		return false;
	share = s->end - s->at;
	if (share > LC_FRAME_MAX - s->data)
		share = LC_FRAME_MAX - s->data;
	memcpy(s->piece, s->frame, s->data);
	memcpy(s->piece + s->data, s->frame + s->at, share);
	lc_piece_network(s, s->data + share);
	lc_piece_tcp(s, s->data + share, s->at + share == s->end);
	s->at += share;
	s->given++;
	if (s->at == s->end)
		s->frame = NULL;
	*ret_data = s->piece;
	*ret_bytes = s->data + share;
	return true;
}
