/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Three network namespaces of this process: a client whose addresses only a raw socket knows, a gateway that forwards, a server
 * with the kernel's TCP. They end with the process.
 *
 *   client, eth0 -- lan0, gateway, wan0 -- eth0, server 198.51.100.10
 *   10.1.0.0/16 (cameras), 10.2.0.0/16 (desks), all by 10.0.0.2
 */
#ifndef LENSCAP_TEST_NET_H
#define LENSCAP_TEST_NET_H

#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "case.h"

#define SERVER "198.51.100.10"
#define PORT_FIRST 443

struct net {
	int client, gateway, server; /* namespaces */
	int raw;                     /* the client's socket */
	int listeners[PORT_MAX];
};

#define NET_GATEWAY                                                                                \
	"ip link add lan0 address 02:00:00:00:00:02 type veth peer name eth0 address 02:00:00:00:00:01 netns /proc/%1$d/fd/%2$d && " \
	"ip link add wan0 type veth peer name eth0 netns /proc/%1$d/fd/%3$d && "                   \
	"ip addr add 10.0.0.1/30 dev lan0 && ip addr add 198.51.100.1/24 dev wan0 && "             \
	"ip link set lan0 up && ip link set wan0 up && "                                           \
	"ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:01 dev lan0 nud permanent && "                \
	"ip route add 10.1.0.0/16 via 10.0.0.2 && ip route add 10.2.0.0/16 via 10.0.0.2 && "       \
	"echo 1 >/proc/sys/net/ipv4/ip_forward"
/* 514: data in a SYN is taken without a cookie, by listeners that ask for it */
#define NET_SERVER                                                                                 \
	"ip addr add " SERVER "/24 dev eth0 && ip link set eth0 up && ip link set lo up && "       \
	"ip route add default via 198.51.100.1 && echo 514 >/proc/sys/net/ipv4/tcp_fastopen"
#define NET_CLIENT "ip link set eth0 up"

static inline bool net_enter(int space)
{
	return !setns(space, CLONE_NEWNET);
}

/* A namespace of its own, quiet. */
static inline int net_space(void)
{
	if (unshare(CLONE_NEWNET) || system("echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6; "
					    "echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6"))
		return -1;
	return open("/proc/thread-self/ns/net", O_RDONLY);
}

static inline bool net_raw(struct net *net)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP) };
	int one = 1, bytes = 64 << 20;

	at.sll_ifindex = if_nametoindex("eth0");
	net->raw = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_P_IP));
	if (net->raw < 0 || bind(net->raw, (struct sockaddr *)&at, sizeof(at)))
		return false;
	setsockopt(net->raw, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	setsockopt(net->raw, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes));
	return !setsockopt(net->raw, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one));
}

static inline bool net_listen(struct net *net, enum server_port port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(PORT_FIRST + port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1, queue = 4096;

	net->listeners[port] = fd;
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)))
		return false;
	if ((port == PORT_INLINE || port == PORT_FAST_INLINE) && setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &one, sizeof(one)))
		return false;
	if (port >= PORT_FAST && setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &queue, sizeof(queue)))
		return false;
	return !listen(fd, queue);
}

static inline bool net_wires(struct net *net)
{
	char command[1500];

	snprintf(command, sizeof(command), NET_GATEWAY, getpid(), net->client, net->server);
	return net_enter(net->gateway) && !system(command) && net_enter(net->server) && !system(NET_SERVER) &&
	       net_enter(net->client) && !system(NET_CLIENT);
}

/* Leaves the process in the gateway. false: words on standard error. */
static inline bool net_open(struct net *net)
{
	bool fine;

	net->client = net_space();
	net->gateway = net_space();
	net->server = net_space();
	fine = net->client >= 0 && net->gateway >= 0 && net->server >= 0 && net_wires(net);
	fine = fine && net_enter(net->client) && net_raw(net) && net_enter(net->server);
	for (enum server_port port = 0; fine && port < PORT_MAX; port++)
		fine = net_listen(net, port);
	fine = fine && net_enter(net->gateway);
	if (!fine)
		perror("differential: network");
	return fine;
}

#endif
