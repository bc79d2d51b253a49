/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gate on interfaces: tcx links (Linux 6.6) where the kernel has them, a clsact filter otherwise; which one is found by
 * trying. A tcx link is pinned; a filter lives in its interface, and a pin of the program marks it. The pin's name tells the
 * interface and its network namespace, as names and indexes come again. An interface that goes takes either with it; the pin is
 * left and says so.
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
#include <sys/stat.h>
#include <unistd.h>

#include "gate_private.h"

#define LC_TCX_INGRESS 46            /* BPF_TCX_INGRESS; not in the headers of Debian 12 */
#define LC_TC_HANDLE 0x1c
#define LC_TC_PRIORITY 0x1c          /* of our clsact filter: early, but not first */

const char *lc_hook_word(enum lc_hook hook)
{
	return hook == LC_HOOK_TCX ? "tcx" : hook == LC_HOOK_CLSACT ? "clsact" : "none";
}

struct lc_attachments { struct lc_attachment *list; size_t n; };

static int lc_attach_path(const struct lc_gate *gate, const char *pin, char path[LC_PATH_BYTES])
{
	char name[sizeof(((struct lc_attachment *)0)->pin) + sizeof(LC_LINKS) + 1];

	snprintf(name, sizeof(name), LC_LINKS "/%s", pin);
	return lc_pins_path(path, gate->dir, name);
}

/* Number of our network namespace; 0: not known. */
static unsigned long lc_attach_netns(void)
{
	struct stat ns;

	return stat("/proc/self/ns/net", &ns) ? 0 : ns.st_ino;
}

/* HOOK-IFINDEX-NETNS-NAME; bpffs takes no '.', no interface has a ':'. */
static void lc_attach_pin_name(struct lc_attachment *a)
{
	snprintf(a->pin, sizeof(a->pin), "%s-%u-%lu-%s", lc_hook_word(a->hook), a->ifindex, lc_attach_netns(), a->pinned);
	for (char *c = a->pin; *c; c++)
		if (*c == '.')
			*c = ':';
}

static bool lc_attach_pin_parse(const char *pin, struct lc_attachment *ret_a, unsigned long *ret_netns)
{
	struct lc_attachment a = { 0 };
	char hook[8];

	if (strlen(pin) >= sizeof(a.pin) || sscanf(pin, "%7[a-z]-%u-%lu-%15s", hook, &a.ifindex, ret_netns, a.pinned) != 4)
		return false;
	a.hook = !strcmp(hook, lc_hook_word(LC_HOOK_TCX)) ? LC_HOOK_TCX : LC_HOOK_CLSACT;
	for (char *c = a.pinned; *c; c++)
		if (*c == ':')
			*c = '.';
	snprintf(a.pin, sizeof(a.pin), "%s", pin);
	memcpy(a.ifname, a.pinned, sizeof(a.ifname));
	*ret_a = a;
	return true;
}

/* Index of a pinned link's interface; 0: it is gone. */
static int lc_attach_link(const struct lc_gate *gate, const char *pin, unsigned int *ret_ifindex)
{
	struct bpf_link_info info = {};
	__u32 bytes = sizeof(info);
	char path[LC_PATH_BYTES];
	int fd, err;

	err = lc_attach_path(gate, pin, path);
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

static __u32 lc_attach_map_id(int map)
{
	struct bpf_map_info info = {};
	__u32 bytes = sizeof(info);

	return map < 0 || bpf_obj_get_info_by_fd(map, &info, &bytes) ? 0 : info.id;
}

/* Does a program use one of our maps? Tells our program when its pin is lost. */
static bool lc_attach_shares(const struct lc_gate *gate, __u32 program)
{
	__u32 ids[2 * LC_MAP_MAX], n = 0, bytes = sizeof(struct bpf_prog_info);
	struct bpf_prog_info info = { .map_ids = (uintptr_t)ids, .nr_map_ids = sizeof(ids) / sizeof(*ids) };
	int fd = bpf_prog_get_fd_by_id(program);
	bool shares = false;

	if (fd < 0)
		return false;
	if (!bpf_obj_get_info_by_fd(fd, &info, &bytes))
		n = info.nr_map_ids < sizeof(ids) / sizeof(*ids) ? info.nr_map_ids : sizeof(ids) / sizeof(*ids);
	close(fd);
	for (enum lc_map map = 0; map < LC_MAP_MAX && !shares; map++) {
		__u32 id = lc_attach_map_id(gate->maps[map]);

		for (__u32 i = 0; id && i < n; i++)
			shares |= ids[i] == id;
	}
	return shares;
}

static bool lc_attach_ours(const struct lc_gate *gate, __u32 program)
{
	struct bpf_prog_info info = {};
	__u32 bytes = sizeof(info);

	if (gate->program >= 0 && !bpf_obj_get_info_by_fd(gate->program, &info, &bytes))
		return info.id == program;
	return lc_attach_shares(gate, program);
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
	return !err && lc_attach_ours(gate, opts.prog_id);
}

/* Is a link of ours on an interface of this network namespace? An interface that moves to another takes its links with it. */
static bool lc_attach_listed(const struct lc_gate *gate, unsigned int ifindex)
{
	__u32 ids[64], n = sizeof(ids) / sizeof(*ids);

	if (bpf_prog_query(ifindex, LC_TCX_INGRESS, 0, NULL, ids, &n))
		return false;
	for (__u32 i = 0; i < n; i++)
		if (lc_attach_ours(gate, ids[i]))
			return true;
	return false;
}

static bool lc_attach_there(const struct lc_gate *gate, enum lc_hook hook, unsigned int ifindex)
{
	return hook == LC_HOOK_TCX ? lc_attach_listed(gate, ifindex) : lc_attach_filter(gate, ifindex);
}

static int lc_attach_tcx(const struct lc_gate *gate, const struct lc_attachment *a, const char *path)
{
	int fd = bpf_link_create(gate->program, a->ifindex, LC_TCX_INGRESS, NULL), err;

	if (fd < 0)
		return fd;
	err = bpf_obj_pin(fd, path);
	close(fd);           /* without a pin this detaches */
	return err;
}

static int lc_attach_filter_add(const struct lc_gate *gate, unsigned int ifindex)
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

/* The mark comes first: no filter without one. */
static int lc_attach_clsact(const struct lc_gate *gate, const struct lc_attachment *a, const char *path)
{
	int err = bpf_obj_pin(gate->program, path);

	if (err)
		return err;
	err = lc_attach_filter_add(gate, a->ifindex);
	if (err)
		unlink(path);
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

static int lc_attachment_add(struct lc_attachments *all, const struct lc_attachment *a)
{
	struct lc_attachment *more = realloc(all->list, (all->n + 1) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	all->list = more;
	more[all->n++] = *a;
	return 0;
}

/* What has become of what was pinned? */
static int lc_attachment_look(const struct lc_gate *gate, unsigned long netns, struct lc_attachment *a)
{
	unsigned int linked = a->ifindex;
	int err = a->hook == LC_HOOK_TCX ? lc_attach_link(gate, a->pin, &linked) : 0;

	if (err)
		return err;
	a->where = !linked ? LC_GONE : netns == lc_attach_netns() ? LC_HERE : LC_ELSEWHERE;
	if (a->where != LC_HERE)
		return 0;
	if (!lc_attach_there(gate, a->hook, a->ifindex))
		a->where = a->hook == LC_HOOK_TCX ? LC_ELSEWHERE : LC_GONE;  /* moved: a link goes with it, a filter does not */
	else
		if_indextoname(a->ifindex, a->ifname);
	return 0;
}

static int lc_attachments_pinned(const struct lc_gate *gate, struct lc_attachments *all)
{
	struct lc_attachment a;
	struct dirent *entry;
	unsigned long netns;
	char path[LC_PATH_BYTES];
	int err = lc_pins_path(path, gate->dir, LC_LINKS);
	DIR *d = err ? NULL : opendir(path);

	if (!d)
		return err ? err : -errno;
	while (!err && (entry = readdir(d))) {
		if (!lc_attach_pin_parse(entry->d_name, &a, &netns))
			continue;
		err = lc_attachment_look(gate, netns, &a);
		if (!err)
			err = lc_attachment_add(all, &a);
	}
	closedir(d);
	return err;
}

static bool lc_attachments_have(const struct lc_attachments *all, unsigned int ifindex)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->list[i].where == LC_HERE && all->list[i].hook == LC_HOOK_CLSACT && all->list[i].ifindex == ifindex)
			return true;
	return false;
}

/* Filters in this network namespace whose mark is lost. */
static int lc_attachments_unmarked(const struct lc_gate *gate, struct lc_attachments *all)
{
	struct if_nameindex *interfaces = if_nameindex();
	int err = interfaces ? 0 : -errno;

	for (struct if_nameindex *i = interfaces; i && i->if_index && !err; i++) {
		struct lc_attachment a = { .hook = LC_HOOK_CLSACT, .ifindex = i->if_index };

		if (lc_attachments_have(all, i->if_index) || !lc_attach_filter(gate, i->if_index))
			continue;
		snprintf(a.ifname, sizeof(a.ifname), "%s", i->if_name);
		err = lc_attachment_add(all, &a);
	}
	if (interfaces)
		if_freenameindex(interfaces);
	return err;
}

int lc_gate_attachments(struct lc_gate *gate, struct lc_attachment **ret_list, size_t *ret_n, const char **ret_why)
{
	struct lc_attachments all = { 0 };
	int err = lc_attachments_pinned(gate, &all);

	if (!err)
		err = lc_attachments_unmarked(gate, &all);
	if (err) {
		free(all.list);
		return lc_why(ret_why, err, "where it is attached can not be told: '%s/" LC_LINKS "': %s", gate->dir, strerror(-err));
	}
	*ret_list = all.list;
	*ret_n = all.n;
	return 0;
}

/* Something in the way of attaching there? A pin of that name whose interface is gone makes way. */
static int lc_attach_conflict(struct lc_gate *gate, const struct lc_attachment *a, const char *ifname, unsigned int ifindex,
			      const char **ret_why)
{
	char path[LC_PATH_BYTES];

	if (a->where == LC_HERE && a->ifindex == ifindex)
		return lc_why(ret_why, -EEXIST, "already attached by %s as '%s', 'gate detach dev %s' first", lc_hook_word(a->hook),
			      *a->pinned ? a->pinned : ifname, ifname);
	if (strcmp(a->pinned, ifname))
		return 0;
	if (a->where == LC_HERE)
		return lc_why(ret_why, -EBUSY, "the pin '%s' belongs to interface %u, now '%s': 'gate detach dev %s' first", ifname,
			      a->ifindex, a->ifname, a->ifname);
	if (a->where == LC_ELSEWHERE)
		return lc_why(ret_why, -EBUSY, "the pin '%s' belongs to interface %u of another network namespace: detach that "
			      "first, there, or 'gate detach dev %s' here to forget it", ifname, a->ifindex, ifname);
	return lc_attach_path(gate, a->pin, path) || unlink(path) ? lc_why(ret_why, -errno, "unpin: %s", strerror(errno)) : 0;
}

static int lc_attach_clear(struct lc_gate *gate, const char *ifname, unsigned int ifindex, const char **ret_why)
{
	struct lc_attachment *list = NULL;
	size_t n = 0;
	int err = lc_gate_attachments(gate, &list, &n, ret_why);

	for (size_t i = 0; i < n && !err; i++)
		err = lc_attach_conflict(gate, &list[i], ifname, ifindex, ret_why);
	free(list);
	return err;
}

static int lc_attach_by(struct lc_gate *gate, const char *ifname, unsigned int ifindex, enum lc_hook hook)
{
	struct lc_attachment a = { .ifindex = ifindex, .hook = hook };
	char path[LC_PATH_BYTES];
	int err;

	snprintf(a.pinned, sizeof(a.pinned), "%s", ifname);
	lc_attach_pin_name(&a);
	err = lc_attach_path(gate, a.pin, path);
	if (err)
		return err;
	return hook == LC_HOOK_TCX ? lc_attach_tcx(gate, &a, path) : lc_attach_clsact(gate, &a, path);
}

static int lc_attach_why(int err, enum lc_hook hook, const char **ret_why)
{
	if (err == -EINVAL && hook == LC_HOOK_TCX)
		return lc_why(ret_why, err, "this kernel has no tcx (Linux 6.6), use hook clsact");
	if (err == -ENOENT && hook == LC_HOOK_CLSACT)
		return lc_why(ret_why, err, "this kernel has no clsact (CONFIG_NET_SCH_INGRESS)");
	if (err == -EEXIST)
		return lc_why(ret_why, err, "already attached by %s under a name that 'gate show' tells, detach that first",
			      lc_hook_word(hook));
	return lc_why(ret_why, err, "%s", err == -EPERM ? "not root, run it with sudo" : strerror(-err));
}

int lc_gate_attach(struct lc_gate *gate, const char *ifname, enum lc_hook hook, enum lc_hook *ret_hook, const char **ret_why)
{
	unsigned int ifindex = 0;
	int err = lc_attach_check(ifname, &ifindex, ret_why);

	if (!err)
		err = lc_gate_lock(gate, LC_LOCK_SECONDS, ret_why);
	if (!err)
		err = lc_attach_clear(gate, ifname, ifindex, ret_why);
	if (err)
		return err;
	*ret_hook = hook == LC_HOOK_NONE ? LC_HOOK_TCX : hook;
	err = lc_attach_by(gate, ifname, ifindex, *ret_hook);
	if (hook == LC_HOOK_NONE && (err == -EINVAL || err == -EOPNOTSUPP || err == -ENOTSUP)) {
		*ret_hook = LC_HOOK_CLSACT;
		err = lc_attach_by(gate, ifname, ifindex, *ret_hook);
	}
	return err ? lc_attach_why(err, *ret_hook, ret_why) : 0;
}

static int lc_detach_tcx(const char *path)
{
	int fd = bpf_obj_get(path), err;

	if (fd < 0)
		return fd;
	err = bpf_link_detach(fd);   /* at once; the last reference may go later */
	close(fd);
	return err;
}

static int lc_detach_clsact(unsigned int ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = LC_TC_HANDLE, .priority = LC_TC_PRIORITY);

	return bpf_tc_detach(&hook, &opts);
}

/* A link from anywhere, a filter only here; then the pin. */
static int lc_detach_one(struct lc_gate *gate, const struct lc_attachment *a, const char **ret_why)
{
	char path[LC_PATH_BYTES];
	int err = lc_attach_path(gate, a->pin, path);

	if (!err && a->hook == LC_HOOK_TCX && a->where != LC_GONE)
		err = lc_detach_tcx(path);
	if (!err && a->hook == LC_HOOK_CLSACT && a->where == LC_HERE)
		err = lc_detach_clsact(a->ifindex);
	if (!err && *a->pin && unlink(path))
		err = -errno;
	return err ? lc_why(ret_why, err, "detaching from '%s': %s", a->ifname, strerror(-err)) : 0;
}

static const struct lc_attachment *lc_detach_find(const struct lc_attachment *list, size_t n, const char *ifname)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].where == LC_HERE && !strcmp(list[i].ifname, ifname))
			return &list[i];
	for (size_t i = 0; i < n; i++)
		if (list[i].where != LC_HERE && !strcmp(list[i].pinned, ifname))
			return &list[i];
	return NULL;
}

int lc_gate_detach(struct lc_gate *gate, const char *ifname, struct lc_attachment *ret_was, const char **ret_why)
{
	const struct lc_attachment *found;
	struct lc_attachment *list = NULL;
	size_t n = 0;
	int err = lc_gate_lock(gate, LC_LOCK_SECONDS, ret_why);

	if (!err)
		err = lc_gate_attachments(gate, &list, &n, ret_why);
	if (err)
		return err;
	found = lc_detach_find(list, n, ifname);
	err = found ? lc_detach_one(gate, found, ret_why) : lc_why(ret_why, -ENOENT, "not attached there, 'gate show' lists where");
	if (!err)
		*ret_was = *found;
	free(list);
	return err;
}

int lc_gate_detach_all(struct lc_gate *gate, const char **ret_why)
{
	const struct lc_attachment *left = NULL;
	struct lc_attachments all = { 0 };
	int err = lc_attachments_pinned(gate, &all);

	if (!err || err == -ENOENT)          /* no directory of links: what is here is found without */
		err = lc_attachments_unmarked(gate, &all);
	if (err)
		lc_why(ret_why, err, "where it is attached can not be told: %s", strerror(-err));
	for (size_t i = 0; i < all.n && !err; i++) {
		if (all.list[i].hook == LC_HOOK_CLSACT && all.list[i].where == LC_ELSEWHERE)
			left = &all.list[i];
		else
			err = lc_detach_one(gate, &all.list[i], ret_why);
	}
	if (!err && left)
		err = lc_why(ret_why, -EBUSY, "still on '%s' (interface %u) of another network namespace: detach it there, or "
			     "'gate detach dev %s' here to forget it", left->ifname, left->ifindex, left->ifname);
	free(all.list);
	return err;
}
