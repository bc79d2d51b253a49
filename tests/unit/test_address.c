// SPDX-License-Identifier: GPL-2.0-only
/* Addresses of assets: what is read, how it is written again, and what is refused with which advice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <errno.h>
#include <cmocka.h>

#include "parse.h"

static const struct {
	const char *text, *written;
	enum lc_address_type type;
	unsigned int number;
} good[] = {
	{ "10.0.0.0/8", "10.0.0.0/8", LC_ADDRESS_PREFIX4, 8 },
	{ "192.0.2.7", "192.0.2.7/32", LC_ADDRESS_PREFIX4, 32 },
	{ "0.0.0.0/0", "0.0.0.0/0", LC_ADDRESS_PREFIX4, 0 },
	{ "192.0.2.254/31", "192.0.2.254/31", LC_ADDRESS_PREFIX4, 31 },
	{ "::/0", "::/0", LC_ADDRESS_PREFIX6, 0 },
	{ "2001:DB8:0::/33", "2001:db8::/33", LC_ADDRESS_PREFIX6, 33 },
	{ "2001:db8::1", "2001:db8::1/128", LC_ADDRESS_PREFIX6, 128 },
	{ "2001:db8:0:0:0:0:0:fffe/127", "2001:db8::fffe/127", LC_ADDRESS_PREFIX6, 127 },
	{ "02:00:5E:10:0a:01", "02:00:5e:10:0a:01", LC_ADDRESS_MAC, 0 },
	{ "vlan 1", "vlan 1", LC_ADDRESS_VLAN, 1 },
	{ "vlan 4094", "vlan 4094", LC_ADDRESS_VLAN, 4094 },
};

static const struct { const char *text, *why; } bad[] = {
	{ "", "not an address" },
	{ "host", "not an address" },
	{ "10.0.0.0/", "not a prefix, expected a length from 0 to 32" },
	{ "10.0.0.0/33", "not a prefix, expected a length from 0 to 32" },
	{ "10.0.0.0/08", "not a prefix" },
	{ "10.0.0.0/+8", "not a prefix" },
	{ "10.0.0.0/8 ", "not a prefix" },
	{ "10.0.0.0/4294967304", "not a prefix" },
	{ "10.0.0", "not an address" },
	{ "010.0.0.1", "not an address" },
	{ "10.0.0.256", "not an address" },
	{ "10.1.2.3/8", "bits are set behind the prefix, expected 10.0.0.0/8" },
	{ "10.1.2.3/31", "bits are set behind the prefix, expected 10.1.2.2/31" },
	{ "10.1.2.3/0", "bits are set behind the prefix, expected 0.0.0.0/0" },
	{ "2001:db8::1/64", "bits are set behind the prefix, expected 2001:db8::/64" },
	{ "2001:db8:c000::/33", "bits are set behind the prefix, expected 2001:db8:8000::/33" },
	{ "2001:db8::/129", "not a prefix, expected a length from 0 to 128" },
	{ "fe80::1%lo", "not an address" },
	{ "::ffff:10.0.0.0/104", "an IPv4 address inside IPv6" },
	{ "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000/64", "not an address" },
	{ "02:00:5e:10:00", "not an address" },
	{ "02:00:5e:10:00:0g", "not an address" },
	{ "02-00-5e-10-00-01", "not an address" },
	{ "01:00:5e:10:00:01", "a group address" },
	{ "00:00:00:00:00:00", "all zeros" },
	{ "vlan 0", "not a VLAN id" },
	{ "vlan 4095", "not a VLAN id" },
	{ "vlan 01", "not a VLAN id" },
	{ "vlan ", "not a VLAN id" },
	{ "vlan 1 ", "not a VLAN id" },
};

static void test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct lc_address address, again;
		char text[LC_ADDRESS_TEXT];
		const char *why = "";

		if (lc_address_parse(good[i].text, &address, &why))
			fail_msg("%s: %s", good[i].text, why);
		assert_int_equal(address.type, good[i].type);
		assert_int_equal(address.number, good[i].number);
		lc_address_format(&address, text, sizeof(text));
		assert_string_equal(text, good[i].written);
		assert_int_equal(lc_address_parse(text, &again, &why), 0);
		assert_memory_equal(&again, &address, sizeof(again));
	}
}

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct lc_address address = { .number = 77 };
		const char *why = "";

		if (lc_address_parse(bad[i].text, &address, &why) != -EINVAL)
			fail_msg("'%s' was taken", bad[i].text);
		if (strncmp(why, bad[i].why, strlen(bad[i].why)))
			fail_msg("'%s': %s", bad[i].text, why);
		assert_int_equal(address.number, 77);
	}
}

static void test_bytes(void **state)
{
	static const __u8 mac[6] = { 0x02, 0x00, 0x5e, 0x10, 0x0a, 0xff }, v4[4] = { 10, 20, 0, 0 };
	struct lc_address address;
	const char *why;

	(void)state;
	assert_int_equal(lc_address_parse("02:00:5e:10:0a:ff", &address, &why), 0);
	assert_memory_equal(address.bytes, mac, sizeof(mac));
	assert_int_equal(lc_address_parse("10.20.0.0/22", &address, &why), 0);
	assert_memory_equal(address.bytes, v4, sizeof(v4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
