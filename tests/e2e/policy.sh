#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Policy and assets changed under load: a bad file changes nothing, a good one acts at once, the log never decides.
set -u
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

lenscap() { lc_lenscap "$@" 2>&1 </dev/null; }

# The bad file's three errors are told at once, each as file:line:column.
bad_file_told()
{
	local out

	out=$(lenscap policy load "$LC_TMP/bad.yaml") && return 1
	echo "$out"
	[ "$(grep -cE 'bad\.yaml:[0-9]+:[0-9]+: ' <<<"$out")" -ge 3 ]
}

bad_file()
{
	cat <<-'END'
	version: 1
	profile: none
	tenants:
	  - {name: metro-pd, class: us-polices, mode: enforce, assets: [{name: a, kind: workstation, prefix: 10.20.0.0/99}]}
	rules:
	  - {id: r, match: {kind: toaster}, verdict: allow}
	END
}

event_after_kill()
{
	kill -KILL "$(ip netns pids "$LC_RUN-gw" | head -1)"
	lc_wait 2 [ ! -e "/proc/$LC_FOLLOWER" ]
	refused cam 4 $AZURE || return 1
	lc_follow
	sleep 0.3
	client cam 4 $AZURE 443 reset && event '.verdict == "deny-reset"'
}

# An open connection outlives its policy but not the next one: it was allowed, then the policy in $1 comes, then it asks.
live_flow()
{
	local client

	client cam "$2" $AZURE 443 "$3" --hold 1.5 &
	client=$!
	sleep 0.7
	lenscap policy load "$LC_TMP/$1"
	wait $client
}

e2e_up policy
e2e_load
check "refused by the first policy" refused cam 4 $AZURE
bad_file >"$LC_TMP/bad.yaml"
check "a bad file's errors are all told, with file, line and column" bad_file_told
check "after the bad file the old policy is in force: refused" refused cam 4 $AZURE
check "after the bad file the old policy is in force: passed" passes cam 4 $CITY

e2e_policy '{id: lifted, match: {class: us-police, kind: body-worn-camera, endpoint: AZ-OAI}, verdict: allow}' '{id: city, match: {reason: no-match, kind: body-worn-camera}, verdict: deny-reset}' \
	>"$LC_TMP/other.yaml"
check "another policy is loaded" lenscap policy load "$LC_TMP/other.yaml"
check "it acts at once: what was refused passes" passes cam 4 $AZURE
check "it acts at once: what passed is refused" refused cam 4 $CITY
for family in 4 6; do
	check "an open connection is reset when a policy that refuses it comes, IPv$family" live_flow policy.yaml $family reset
	check "the policy that allows it is loaded, IPv$family" lenscap policy load "$LC_TMP/other.yaml"
	check "an open connection goes on when the same policy comes again, IPv$family" live_flow other.yaml $family answer
done
check "the first policy is loaded again" lenscap policy load "$LC_TMP/policy.yaml"
check "it refuses again" refused cam 6 $AZURE

check "city hall is made an asset" lenscap asset add hall tenant metro-pd kind body-worn-camera prefix 10.30.0.0/24
check "it is refused from then on" refused hall 4 $AZURE
check "and over IPv6, which was not tagged, it passes" passes hall 6 $AZURE
check "asset lookup finds it" lenscap asset lookup 10.30.0.10
check "city hall is an asset no more" lenscap asset del hall
check "it passes again" passes hall 4 $AZURE
check "the camera is still refused" refused cam 4 $AZURE

E2E_MODE=monitor e2e_policy >"$LC_TMP/monitor.yaml"
lc_follow
sleep 0.3
check "mode monitor is loaded" lenscap policy load "$LC_TMP/monitor.yaml"
check "in mode monitor all passes" client cam 4 $AZURE 443 handshake
check "and the event says what it would have been" event '.verdict == "audit" and .wanted == "deny-reset"'
check "mode enforce is loaded again" lenscap policy load "$LC_TMP/policy.yaml"

check "kill -9 of event follow changes no verdict, and a new one goes on" event_after_kill
counted() { lenscap -j counter show | tee "$LC_TMP/counters" && jq -e '[.. | objects | select(.verdict? == "deny-reset") | .flows] | add > 3' "$LC_TMP/counters"; }
check "the counters outlived all of these policies" counted

mac=$(lc_ip cam -j link show eth0 | jq -r '.[0].address')
E2E_TAG="mac: \"$mac\"" e2e_policy >"$LC_TMP/mac.yaml"
check "a policy that tags by MAC is loaded" lenscap policy load "$LC_TMP/mac.yaml"
for family in 4 6; do
	check "the camera is known by its MAC, IPv$family" refused cam $family $AZURE
	check "another MAC passes, IPv$family" passes hall $family $AZURE
done
e2e_end
