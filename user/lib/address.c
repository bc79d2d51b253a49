// SPDX-License-Identifier: GPL-2.0-only
/* Addresses of assets, text to bytes and back. Strict: what could be read in two ways is refused. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"

#define LC_VLAN_MAX 4094             /* IEEE 802.1Q: 0 is no VLAN, 4095 is reserved */

static const char lc_address_wrong[] = "not an address, expected a prefix like 10.0.0.0/8 or 2001:db8::/32, a MAC address "
				       "like 02:00:5e:10:00:01, or 'vlan' and a number";

/* Digits alone, no leading zero. -1: not such a number, or above max. */
static int lc_number(const char *text, int max)
{
	int value = 0;

	if (!*text || (*text == '0' && text[1]))
		return -1;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		value = value * 10 + *text - '0';
		if (value > max)
			return -1;
	}
	return value;
}

static const char *lc_vlan_parse(const char *text, struct lc_address *ret)
{
	int id = lc_number(text, LC_VLAN_MAX);

	if (id < 1)
		return "not a VLAN id, expected a number from 1 to 4094";
	ret->type = LC_ADDRESS_VLAN;
	ret->number = id;
	return NULL;
}

static bool lc_mac_like(const char *text)
{
	return strlen(text) == 17 && strspn(text, "0123456789abcdefABCDEF:") == 17 && text[2] == ':' && text[5] == ':' &&
	       text[8] == ':' && text[11] == ':' && text[14] == ':';
}

static const char *lc_mac_parse(const char *text, struct lc_address *ret)
{
	static const __u8 zero[6];

	for (int i = 0; i < 6; i++)
		ret->bytes[i] = strtoul(text + 3 * i, NULL, 16);
	ret->type = LC_ADDRESS_MAC;
	if (ret->bytes[0] & 1)
		return "a group address, which no host sends from, expected a host's MAC address";
	return memcmp(ret->bytes, zero, 6) ? NULL : "all zeros, expected a host's MAC address";
}

/* Clears the bits behind the prefix; true if one was set. */
static bool lc_prefix_trim(struct lc_address *address, unsigned int max)
{
	bool set = false;

	for (unsigned int bit = address->number; bit < max; bit++) {
		__u8 mask = 0x80 >> bit % 8;

		set |= address->bytes[bit / 8] & mask;
		address->bytes[bit / 8] &= ~mask;
	}
	return set;
}

static const char *lc_prefix_parse(const char *text, struct lc_address *ret)
{
	static _Thread_local char why[LC_ADDRESS_TEXT + 64];
	static const __u8 mapped[12] = { [10] = 0xff, [11] = 0xff };
	char host[INET6_ADDRSTRLEN], right[LC_ADDRESS_TEXT];
	const char *slash = strchrnul(text, '/');
	bool v6 = strchr(text, ':');
	int max = v6 ? 128 : 32, len;

	if ((size_t)(slash - text) >= sizeof(host))
		return lc_address_wrong;
	memcpy(host, text, slash - text);
	host[slash - text] = 0;
	if (inet_pton(v6 ? AF_INET6 : AF_INET, host, ret->bytes) != 1)
		return lc_address_wrong;
	ret->type = v6 ? LC_ADDRESS_PREFIX6 : LC_ADDRESS_PREFIX4;
	len = *slash ? lc_number(slash + 1, max) : max;
	if (len < 0)
		return v6 ? "not a prefix, expected a length from 0 to 128" : "not a prefix, expected a length from 0 to 32";
	if (v6 && len >= 96 && !memcmp(ret->bytes, mapped, sizeof(mapped)))
		return "an IPv4 address inside IPv6, which no packet bears, expected it as IPv4";
	ret->number = len;
	if (!lc_prefix_trim(ret, max))
		return NULL;
	lc_address_format(ret, right, sizeof(right));
	snprintf(why, sizeof(why), "bits are set behind the prefix, expected %s", right);
	return why;
}

int lc_address_parse(const char *text, struct lc_address *ret_address, const char **ret_why)
{
	struct lc_address address = { 0 };
	const char *why;

	if (!strncmp(text, "vlan ", 5))
		why = lc_vlan_parse(text + 5, &address);
	else if (lc_mac_like(text))
		why = lc_mac_parse(text, &address);
	else
		why = lc_prefix_parse(text, &address);
	if (why) {
		*ret_why = why;
		return -EINVAL;
	}
	*ret_address = address;
	return 0;
}

void lc_address_format(const struct lc_address *address, char *text, size_t bytes)
{
	const __u8 *b = address->bytes;
	char host[INET6_ADDRSTRLEN] = "?";

	switch (address->type) {
	case LC_ADDRESS_VLAN:
		snprintf(text, bytes, "vlan %u", address->number);
		break;
	case LC_ADDRESS_MAC:
		snprintf(text, bytes, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
		break;
	case LC_ADDRESS_PREFIX4:
	case LC_ADDRESS_PREFIX6:
		inet_ntop(address->type == LC_ADDRESS_PREFIX4 ? AF_INET : AF_INET6, b, host, sizeof(host));
		snprintf(text, bytes, "%s/%u", host, address->number);
		break;
	}
}
