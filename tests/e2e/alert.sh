#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deny-alert: the client is told why by TLS itself, the server is reset; no socket is left and nothing is sent again and again.
set -u
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

alerted()
{
	local out ms

	out=$(lc_curl "$@")
	echo "$out"
	read -r _ _ ms _ <<<"$out"
	[[ $out =~ ^35\ .*"access denied" ]] && [ "$ms" -lt 2000 ]
}

s_client_alerted()
{
	local address out

	address=$(lc_server_address "$2" "$3")
	[ "$2" = 6 ] && address="[$address]"
	out=$(lc_in "$1" timeout 10 openssl s_client -connect "$address:443" -servername "$3" </dev/null 2>&1)
	echo "$out"
	[[ $out == *"alert number 49"* || $out == *"access denied"* ]]
}

python_alerted()
{
	local out

	out=$(lc_in "$1" timeout 10 python3 -c '
import socket, ssl, sys
context = ssl.create_default_context()
try:
    context.wrap_socket(socket.create_connection((sys.argv[1], 443)), server_hostname=sys.argv[2])
except ssl.SSLError as error:
    print(error)' "$(lc_server_address "$2" "$3")" "$3" 2>&1)
	echo "$out"
	[[ $out == *ACCESS_DENIED* ]]
}

sockets() { lc_in "$1" ss -Htan state connected exclude time-wait; }
no_sockets() { [ -z "$(sockets "$1")" ]; }
no_socket_left() { lc_wait 2 no_sockets "$1" || { sockets "$1"; false; }; }
sent() { lc_in cam cat /sys/class/net/eth0/statistics/tx_packets; }
bad_checksums() { lc_in "$1" awk '/^Tcp:/ { value = $NF } END { print value }' /proc/net/snmp; }

# Segments that the camera sends for one refused connection: SYN, ACK, hello, what it answers to the alert; no storm.
quiet()
{
	local before after

	before=$(sent)
	alerted "$@" || return 1
	sleep 1
	after=$(sent)
	echo "$((after - before)) packets"
	[ $((after - before)) -le 12 ]
}

refusals()
{
	local family

	for family in 4 6; do
		check "curl is told 'access denied', IPv$family, $1" alerted cam $family $AZURE
		check "openssl s_client is told alert 49, IPv$family, $1" s_client_alerted cam $family $AZURE
		check "Python is told ACCESS_DENIED, IPv$family, $1" python_alerted cam $family $AZURE
		check "an unrelated name passes, IPv$family, $1" passes cam $family $CITY
		check "a refused connection costs the camera a handful of packets, IPv$family, $1" quiet cam $family $AZURE
	done
}

e2e_up alert
e2e_load auto '{id: why, match: {kind: body-worn-camera, class: us-police, capability: [face-recognition, vision-llm]}, verdict: deny-alert}'
lc_follow
refusals "offloads as they come"
check "a client that splits its hello is told, too" client cam 4 $AZURE 443 alert:TLSV1_ALERT_ACCESS_DENIED --piece 100
check "the event says deny-alert" event '.verdict == "deny-alert" and .rule == "why"'
if offload off; then
	refusals "offloads off"
	offload on
else
	skip "offloads off: ethtool can not switch them here"
fi
check "the camera keeps no socket" no_socket_left cam
check "the server keeps no socket" no_socket_left net
check "no segment had a wrong checksum at the camera" [ "$(bad_checksums cam)" = 0 ]
check "no segment had a wrong checksum at the server" [ "$(bad_checksums net)" = 0 ]
e2e_end
