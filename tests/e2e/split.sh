#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# However the hello is cut - writes, segments, TLS records, offload - the refused name is refused and the other one passes.
set -u
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

# Sentence, then the client's options. OpenSSL's hello has 517 bytes, or more by the ALPN names.
WAYS="in one piece:
in pieces of 100 bytes:--piece 100
in pieces of 7 bytes, one TLS record:--piece 7
byte by byte:--piece 1
in TLS records of 60 bytes:--record 60
in TLS records of 30 bytes and pieces of 41:--record 30 --piece 41
with 2 kB, two full segments:--pad 2000
with 4 kB at a segment size of 300:--pad 4000 --mss 300
with 12 kB in one write:--pad 12000
with 12 kB in pieces of 900 bytes:--pad 12000 --piece 900"

# both SENTENCE OPTIONS...: refused for one name, handshake for the other, over both families.
both()
{
	local family sentence=$1

	shift
	for family in 4 6; do
		check "a hello $sentence is refused, IPv$family" client cam $family $AZURE 443 reset "$@"
		check "a hello $sentence passes, IPv$family" client cam $family $CITY 443 handshake "$@"
	done
}

e2e_up split
e2e_load
while IFS=: read -r sentence options; do
	# shellcheck disable=SC2086 # options, one a word
	both "$sentence" $options
done <<<"$WAYS"
for state in off on; do
	if ! offload $state; then
		skip "offload switched $state: ethtool says $(head -1 "$LC_TMP/ethtool.log")"
		continue
	fi
	both "in one piece, offload $state"
	both "with 12 kB, offload $state" --pad 12000
	for family in 4 6; do
		check "curl is refused with offload $state, IPv$family" refused cam $family $REKOGNITION
		check "curl passes with offload $state, IPv$family" passes cam $family $CITY
	done
done
e2e_end
