/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gate on interfaces: tcx links (Linux 6.6) where the kernel has them, a clsact filter otherwise; which one is found by
 * trying. A tcx link is pinned, a filter lives in its interface; both outlive the command. An interface that goes takes
 * either with it; of a link the pin is left and says so.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gate_private.h"

#define LC_TCX_INGRESS 46            /* BPF_TCX_INGRESS; not in the headers of Debian 12 */
#define LC_TC_HANDLE 0x1c
#define LC_TC_PRIORITY 0x1c          /* of our clsact filter: early, but not first */

const char *lc_hook_word(enum lc_hook hook)
{
	return hook == LC_HOOK_TCX ? "tcx" : hook == LC_HOOK_CLSACT ? "clsact" : "none";
}

static int lc_attach_path(const struct lc_gate *gate, const char *ifname, char *path, size_t bytes)
{
	char name[IF_NAMESIZE + sizeof(LC_LINKS) + 1];

	snprintf(name, sizeof(name), LC_LINKS "/%s", ifname);
	for (char *c = name; *c; c++)
		if (*c == '.')
			*c = ':';
	return lc_gate_path(path, bytes, gate->dir, name);
}

/* Interface of a pinned link; 0: it is gone. -ENOENT: no such link. */
static int lc_attach_link(const struct lc_gate *gate, const char *ifname, unsigned int *ret_ifindex)
{
	struct bpf_link_info info = {};
	__u32 bytes = sizeof(info);
	char path[512];
	int fd, err;

	err = lc_attach_path(gate, ifname, path, sizeof(path));
	if (err)
		return err;
	fd = bpf_obj_get(path);
	if (fd < 0)
		return fd;
	err = bpf_obj_get_info_by_fd(fd, &info, &bytes);
	if (!err)
		*ret_ifindex = info.xdp.ifindex;     /* tcx has its ifindex at the same place */
	close(fd);
	return err;
}

static __u32 lc_attach_program_id(const struct lc_gate *gate)
{
	struct bpf_prog_info info = {};
	__u32 bytes = sizeof(info);

	return bpf_obj_get_info_by_fd(gate->program, &info, &bytes) ? 0 : info.id;
}

/* libbpf warns about what is no error here: no qdisc, no filter, a qdisc that is there already. */
static int lc_attach_quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level, (void)format, (void)args;
	return 0;
}

/* Is our filter on this interface's clsact? */
static bool lc_attach_filter(const struct lc_gate *gate, unsigned int ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = LC_TC_HANDLE, .priority = LC_TC_PRIORITY);
	libbpf_print_fn_t print = libbpf_set_print(lc_attach_quiet);
	int err = bpf_tc_query(&hook, &opts);

	libbpf_set_print(print);
	return !err && opts.prog_id == lc_attach_program_id(gate);
}

static int lc_attach_tcx(struct lc_gate *gate, const char *ifname, unsigned int ifindex)
{
	char path[512];
	int fd, err;

	err = lc_attach_path(gate, ifname, path, sizeof(path));
	if (err)
		return err;
	fd = bpf_link_create(gate->program, ifindex, LC_TCX_INGRESS, NULL);
	if (fd < 0)
		return fd;
	unlink(path);        /* of an interface of that name that is gone */
	err = bpf_obj_pin(fd, path);
	close(fd);           /* without a pin this detaches */
	return err;
}

static int lc_attach_clsact(struct lc_gate *gate, unsigned int ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = LC_TC_HANDLE, .priority = LC_TC_PRIORITY, .prog_fd = gate->program);
	libbpf_print_fn_t print = libbpf_set_print(lc_attach_quiet);
	int err = bpf_tc_hook_create(&hook);

	if (!err || err == -EEXIST)
		err = bpf_tc_attach(&hook, &opts);
	libbpf_set_print(print);
	return err;
}

static int lc_attach_check(const char *ifname, unsigned int *ret_ifindex, const char **ret_why)
{
	struct ifreq request = {};
	int fd, err = 0;

	*ret_ifindex = if_nametoindex(ifname);
	if (!*ret_ifindex)
		return lc_why(ret_why, -ENODEV, "no such interface, 'ip link' shows those of this network namespace");
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return lc_why(ret_why, -errno, "socket: %s", strerror(errno));
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", ifname);
	if (ioctl(fd, SIOCGIFHWADDR, &request))
		err = lc_why(ret_why, -errno, "link type: %s", strerror(errno));
	else if (request.ifr_hwaddr.sa_family != ARPHRD_ETHER)
		err = lc_why(ret_why, -ENOTSUP, "not an Ethernet interface, attach to the LAN-side one");
	close(fd);
	return err;
}

/* How is it attached already, if at all? */
static enum lc_hook lc_attach_now(const struct lc_gate *gate, const char *ifname, unsigned int ifindex)
{
	unsigned int linked = 0;

	if (!lc_attach_link(gate, ifname, &linked) && linked == ifindex)
		return LC_HOOK_TCX;
	return lc_attach_filter(gate, ifindex) ? LC_HOOK_CLSACT : LC_HOOK_NONE;
}

int lc_gate_attach(struct lc_gate *gate, const char *ifname, enum lc_hook hook, enum lc_hook *ret_hook, const char **ret_why)
{
	unsigned int ifindex = 0;
	int err = lc_attach_check(ifname, &ifindex, ret_why);

	if (err)
		return err;
	*ret_hook = lc_attach_now(gate, ifname, ifindex);
	if (*ret_hook != LC_HOOK_NONE)
		return lc_why(ret_why, -EEXIST, "already attached by %s", lc_hook_word(*ret_hook));
	*ret_hook = hook == LC_HOOK_NONE ? LC_HOOK_TCX : hook;
	err = *ret_hook == LC_HOOK_TCX ? lc_attach_tcx(gate, ifname, ifindex) : lc_attach_clsact(gate, ifindex);
	if (hook == LC_HOOK_NONE && (err == -EINVAL || err == -EOPNOTSUPP || err == -ENOTSUP)) {
		*ret_hook = LC_HOOK_CLSACT;
		err = lc_attach_clsact(gate, ifindex);
	}
	if (!err)
		return 0;
	if (err == -EINVAL && *ret_hook == LC_HOOK_TCX)
		return lc_why(ret_why, err, "this kernel has no tcx (Linux 6.6), use hook clsact");
	if (err == -ENOENT && *ret_hook == LC_HOOK_CLSACT)
		return lc_why(ret_why, err, "this kernel has no clsact (CONFIG_NET_SCH_INGRESS)");
	return lc_why(ret_why, err, "%s", err == -EPERM ? "not root, run it with sudo" : strerror(-err));
}

static int lc_detach_clsact(struct lc_gate *gate, unsigned int ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = LC_TC_HANDLE, .priority = LC_TC_PRIORITY);

	return lc_attach_filter(gate, ifindex) ? bpf_tc_detach(&hook, &opts) : -ENOENT;
}

int lc_gate_detach(struct lc_gate *gate, const char *ifname, const char **ret_why)
{
	unsigned int ifindex = if_nametoindex(ifname), linked = 0;
	char path[512];
	int err;

	if (!lc_attach_link(gate, ifname, &linked)) {
		err = lc_attach_path(gate, ifname, path, sizeof(path));
		if (!err && unlink(path))
			err = -errno;
		return err ? lc_why(ret_why, err, "unpin: %s", strerror(-err)) : 0;
	}
	err = ifindex ? lc_detach_clsact(gate, ifindex) : -ENOENT;
	if (err == -ENOENT)
		return lc_why(ret_why, err, "not attached there, 'gate show' lists where");
	return err ? lc_why(ret_why, err, "%s", strerror(-err)) : 0;
}

static int lc_attachment_add(struct lc_attachment **list, size_t *n, const char *ifname, unsigned int ifindex, enum lc_hook hook)
{
	struct lc_attachment *more = realloc(*list, (*n + 1) * sizeof(**list));

	if (!more)
		return -ENOMEM;
	*list = more;
	more[*n] = (struct lc_attachment){ .ifindex = ifindex, .hook = hook, .up = ifindex != 0 };
	snprintf(more[*n].ifname, sizeof(more[*n].ifname), "%s", ifname);
	(*n)++;
	return 0;
}

static int lc_attachments_tcx(struct lc_gate *gate, struct lc_attachment **list, size_t *n)
{
	struct dirent *entry;
	char path[512];
	int err = lc_gate_path(path, sizeof(path), gate->dir, LC_LINKS);
	DIR *d = err ? NULL : opendir(path);

	if (!d)
		return err ? err : -errno;
	while (!err && (entry = readdir(d))) {
		unsigned int ifindex = 0;
		char ifname[IF_NAMESIZE];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(ifname, sizeof(ifname), "%.15s", entry->d_name);
		for (char *c = ifname; *c; c++)
			if (*c == ':')
				*c = '.';
		if (!lc_attach_link(gate, ifname, &ifindex))
			err = lc_attachment_add(list, n, ifname, ifindex, LC_HOOK_TCX);
	}
	closedir(d);
	return err;
}

int lc_gate_attachments(struct lc_gate *gate, struct lc_attachment **ret_list, size_t *ret_n)
{
	struct if_nameindex *interfaces = if_nameindex();
	struct lc_attachment *list = NULL;
	size_t n = 0;
	int err = lc_attachments_tcx(gate, &list, &n);

	for (struct if_nameindex *i = interfaces; i && i->if_index && !err; i++)
		if (lc_attach_filter(gate, i->if_index))
			err = lc_attachment_add(&list, &n, i->if_name, i->if_index, LC_HOOK_CLSACT);
	if_freenameindex(interfaces);
	if (err) {
		free(list);
		return err;
	}
	*ret_list = list;
	*ret_n = n;
	return 0;
}

void lc_gate_detach_all(struct lc_gate *gate)
{
	struct lc_attachment *list = NULL;
	size_t n = 0;

	if (lc_gate_attachments(gate, &list, &n))
		return;
	for (size_t i = 0; i < n; i++)
		lc_gate_detach(gate, list[i].ifname, NULL);
	free(list);
}
