#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deny-drop: the client waits in vain and no byte of the hello reaches the server; and rules for reasons instead of names.
set -u
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

server_got_nothing()
{
	local sport

	read -r sport _ <"$LC_TMP/client.last"
	lc_wait 4 grep -q "^$sport " "$LC_TMP/seen$1"
	cat "$LC_TMP/seen$1"
	grep -q "^$sport 0 " "$LC_TMP/seen$1"
}

e2e_up drop
e2e_load auto '{id: silent, match: {class: us-police, kind: body-worn-camera, endpoint: AZ-OAI}, verdict: deny-drop}' \
	'{id: nameless, match: {reason: no-sni}, verdict: deny-reset}' '{id: broken, match: {reason: invalid-name}, verdict: deny-reset}'
lc_follow
for family in 4 6; do
	check "a dropped hello is never answered, IPv$family" client cam $family $AZURE 9443 timeout --wait 1
	check "the event says deny-drop and the rule, IPv$family" event '.verdict == "deny-drop" and .rule == "silent"'
	check "not one byte of it reaches the server, IPv$family" server_got_nothing $family
	check "a hello without a name meets the rule for it, IPv$family" client cam $family $CITY 443 reset --no-sni
	check "the event says no-sni, IPv$family" event '.reason == "no-sni" and .rule == "nameless"'
	check "a name that is none meets the rule for it, IPv$family" client cam $family $CITY 443 reset --sni 'not a name.example'
	check "the event says invalid-name, IPv$family" event '.reason == "invalid-name" and .rule == "broken"'
done
e2e_end
