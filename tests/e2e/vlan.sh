#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The camera behind a VLAN tag: 802.1Q, QinQ, known by its VLAN id or by its prefix; resets go back with the same tags.
set -u
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

# link HOST BELOW NAME PROTO ID
link() { lc_ip "$1" link add link "$2" name "$3" type vlan proto "$4" id "$5" && lc_ip "$1" link set "$3" up; }

# tag OUTER [INNER]: the camera and the gateway speak to each other on a VLAN interface.
tag()
{
	local pair host dev

	for pair in cam:eth0 gw:lan0; do
		host=${pair%:*} dev=${pair#*:}
		if [ $# = 2 ]; then
			link "$host" "$dev" outer 802.1ad "$1"
			link "$host" outer vlan 802.1Q "$2"
		else
			link "$host" "$dev" vlan 802.1Q "$1"
		fi
	done
	lc_address cam vlan 10.20.0.10/24 2001:db8:20::10/64
	lc_address gw vlan 10.20.0.1/24 2001:db8:20::1/64
	lc_ip cam route add default via 10.20.0.1
	lc_ip cam -6 route add default via 2001:db8:20::1 dev vlan
}

untag()
{
	lc_ip cam addr flush dev eth0
	lc_ip cam -6 route flush dev eth0
	lc_ip gw addr del 10.20.0.1/24 dev lan0
	lc_ip gw addr del 2001:db8:20::1/64 dev lan0
}

four()
{
	local family

	for family in 4 6; do
		check "$1: refused, IPv$family" refused cam $family $AZURE
		check "$1: passed, IPv$family" passes cam $family $CITY
	done
}

load() { e2e_policy >"$LC_TMP/vlan.yaml"; lc_lenscap policy load "$LC_TMP/vlan.yaml" >"$LC_TMP/load.log" 2>&1 || cat "$LC_TMP/load.log"; }

e2e_up vlan
if ! lc_ip cam link add link eth0 name probe type vlan id 9 2>"$LC_TMP/vlan.err"; then
	skip "connections in VLANs: no 802.1Q in this kernel ($(tail -1 "$LC_TMP/vlan.err"))"
	exit 0
fi
lc_ip cam link del probe
E2E_TAG="vlan: 120" e2e_load
check "a VLAN's rule does not touch who is not in it" passes cam 4 $AZURE
untag
tag 120
four "802.1Q, known by VLAN 120"
E2E_TAG='prefix: [10.20.0.0/24, "2001:db8:20::/64"]' load
four "802.1Q, known by prefix"
for host in cam gw; do
	lc_ip $host link del vlan
done
tag 120 7
four "QinQ, known by prefix"
E2E_TAG="vlan: 7" load
four "QinQ, known by the inner VLAN"
e2e_end
