#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What both ends see of a refused connection, and that all others pass: curl, openssl s_client, a server that only reads.
set -u
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

s_client()
{
	local address

	address=$(lc_server_address "$2" "$3")
	[ "$2" = 6 ] && address="[$address]"
	lc_in "$1" timeout 10 openssl s_client -connect "$address:443" -servername "$3" -CAfile "$LC_TMP/ca.pem" -verify_return_error \
		</dev/null 2>&1
}
s_client_refused()
{
	local out

	out=$(s_client "$@") && return 1
	echo "$out"
	[[ $out == *errno=104* || $out == *"reset by peer"* ]]
}

s_client_passes()
{
	local out

	out=$(s_client "$@")
	echo "$out"
	[[ $out == *"Verify return code: 0"* ]]
}

# The server on 9443 saw the last client's connection reset, with no byte of the hello.
server_saw_reset()
{
	local sport

	read -r sport _ <"$LC_TMP/client.last"
	lc_wait 3 grep -q "^$sport " "$LC_TMP/seen$1"
	cat "$LC_TMP/seen$1"
	grep -q "^$sport 0 reset" "$LC_TMP/seen$1"
}

# Sockets of connections at HOST; TIME-WAIT belongs to those that ended well.
sockets() { lc_in "$1" ss -Htan state connected exclude time-wait; }
no_sockets() { [ -z "$(sockets "$1")" ]; }
no_socket_left() { lc_wait 2 no_sockets "$1" || { sockets "$1"; false; }; }
bad_checksums() { lc_in "$1" awk '/^Tcp:/ { value = $NF } END { print value }' /proc/net/snmp; }

e2e_up refuse
e2e_load
lc_follow
for family in 4 6; do
	check "curl to Azure OpenAI is reset at once, IPv$family" refused cam $family $AZURE
	check "curl to Rekognition is reset at once, IPv$family" refused cam $family $REKOGNITION
	check "curl to an unrelated name passes, IPv$family" passes cam $family $CITY
	check "the untagged host reaches Azure OpenAI, IPv$family" passes hall $family $AZURE
	check "openssl s_client to Azure OpenAI is reset, IPv$family" s_client_refused cam $family $AZURE
	check "openssl s_client to an unrelated name passes, IPv$family" s_client_passes cam $family $CITY
	LC_PORT=8443 check "port 8443 is refused just as well, IPv$family" refused cam $family $AZURE
	LC_PORT=8443 check "port 8443 passes the unrelated name, IPv$family" passes cam $family $CITY
	check "TLS to a server that only reads is reset, IPv$family" client cam $family $AZURE 9443 reset
	check "the event tells verdict, endpoint, rule and clause, IPv$family" event \
		'.verdict == "deny-reset" and .reason == "match" and .endpoint == "AZ-OAI" and .rule == "cams" and (.clause | index("MS-COC-24-2b")) and .tenant == "metro-pd" and .asset == "bodycams"'
	check "that server sees a reset and not one byte, IPv$family" server_saw_reset $family
done
check "the camera keeps no socket of a refused connection" no_socket_left cam
check "the server keeps no socket of a refused connection" no_socket_left net
check "no reset had a wrong checksum at the camera" [ "$(bad_checksums cam)" = 0 ]
check "no reset had a wrong checksum at the server" [ "$(bad_checksums net)" = 0 ]
check "no event tells of the untagged host" [ -z "$(jq -c 'select(.src | test("^(10[.]30[.]|2001:db8:30:)"))' "$LC_TMP/events")" ]
e2e_end
