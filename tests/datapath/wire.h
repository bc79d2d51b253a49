/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A pair of interfaces in a network namespace of this process: gate0, where packets seem to come in, and far0, where what the
 * program sends back comes out. The namespace ends with the process.
 */
#ifndef LENSCAP_TEST_WIRE_H
#define LENSCAP_TEST_WIRE_H

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <bpf/libbpf.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "world.h"

struct wire {
	unsigned int gate;           /* ifindex */
	int far;                     /* socket */
	__u8 frame[PACKET_MAX];
	size_t n;
	unsigned int vlan;           /* of the tag that the stack took off; 0: none */
};

#define WIRE_UP                                                                         \
	"echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6; "                        \
	"ip link add gate0 type veth peer name far0 && ip link set gate0 up && ip link set far0 up"

/* false: no namespace, no veth or no ip(8); words on standard error. */
static inline bool wire_open(struct wire *wire)
{
	struct sockaddr_ll far = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int one = 1;

	if (unshare(CLONE_NEWNET) || system(WIRE_UP))
		return false;
	wire->gate = if_nametoindex("gate0");
	far.sll_ifindex = if_nametoindex("far0");
	wire->far = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	if (wire->far < 0 || bind(wire->far, (struct sockaddr *)&far, sizeof(far)) ||
	    setsockopt(wire->far, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one))) {
		perror("rows: far0");
		return false;
	}
	return wire->gate;
}

static inline void wire_auxdata(struct wire *wire, struct msghdr *message)
{
	struct cmsghdr *c;

	wire->vlan = 0;
	for (c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		const struct tpacket_auxdata *aux = (const void *)CMSG_DATA(c);

		if (c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA && aux->tp_status & TP_STATUS_VLAN_VALID)
			wire->vlan = aux->tp_vlan_tci & 0xfff;
	}
}

/* The next frame that comes out at the far end; false: none within the time. What this end sent itself is passed over. */
static inline bool wire_receive(struct wire *wire, int timeout_ms)
{
	struct pollfd wait = { wire->far, POLLIN, 0 };
	union { struct cmsghdr align; char bytes[256]; } control;
	struct iovec data = { wire->frame, sizeof(wire->frame) };
	struct sockaddr_ll from;
	struct msghdr message = { .msg_name = &from, .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control };
	ssize_t n;

	while (poll(&wait, 1, timeout_ms) > 0) {
		message.msg_namelen = sizeof(from);
		message.msg_controllen = sizeof(control);
		n = recvmsg(wire->far, &message, 0);
		if (n < 0)
			return false;
		if (from.sll_pkttype == PACKET_OUTGOING)
			continue;
		wire_auxdata(wire, &message);
		wire->n = n;
		return true;
	}
	return false;
}

#endif
