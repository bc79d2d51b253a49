#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The gate's life: what is loaded stays in force without a process, attach and detach say what they mean, unload leaves nothing.
set -u
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

# says STATUS WORDS COMMAND...: lenscap ends with this status and says this, whatever the case of letters.
says()
{
	local status=$1 words=$2 out got

	shift 2
	out=$(lc_lenscap "$@" 2>&1 </dev/null)
	got=$?
	echo "exit $got: $out"
	[ "$got" = "$status" ] && grep -qiE -- "$words" <<<"$out"
}

shows() { lc_lenscap -j gate show | tee "$LC_TMP/show" && jq -e "$1" "$LC_TMP/show" >/dev/null; }
hooks_left() { lc_in gw sh -c 'tc filter show dev lan0 ingress; bpftool net show dev lan0 | grep -E "lan0\\("'; }
nothing_left() { [ ! -e "$LC_PIN" ] && ! hooks_left | grep .; }

e2e_up life
check "attach before load says load" says 1 'load' gate attach dev lan0
e2e_load
check "no process of lenscap runs while it enforces" [ -z "$(ip netns pids "$LC_RUN-gw")" ]
check "it refuses without a process" refused cam 4 $AZURE
check "loading twice is refused and says unload" says 1 'unload' gate load
check "attaching twice is answered" says 1 'already' gate attach dev lan0
check "and changes nothing" refused cam 6 $AZURE
check "attaching to an interface that is not there is answered" says 1 'nosuch0' gate attach dev nosuch0
check "detaching what is not attached is answered" says 1 'not attached' gate detach dev wan0
check "a wrong word is wrong usage" says 2 '.' gate attach interface lan0
check "gate show names the interface" shows '[.. | strings] | index("lan0")'

check "detach" says 0 '' gate detach dev lan0
check "after detach the camera's connection passes" passes cam 4 $AZURE
check "attach again" says 0 '' gate attach dev lan0
check "after attach it is refused" refused cam 4 $AZURE

lc_ip gw link del lan0
check "gate show works when the interface is gone" shows '.'
lc_lan_up
check "attach to the interface that came back" says 0 '' gate attach dev lan0
check "it refuses there, IPv4" refused cam 4 $AZURE
check "it refuses there, IPv6" refused cam 6 $AZURE

check "unload" says 0 '' gate unload
check "unload leaves no pin and no hook" nothing_left
check "after unload the camera's connection passes" passes cam 4 $AZURE
check "unload of nothing is answered" says 1 '.' gate unload

for hook in tcx clsact; do
	lc_lenscap gate load policy "$LC_TMP/policy.yaml" >"$LC_TMP/load.log" 2>&1
	if lc_lenscap gate attach dev lan0 hook $hook >"$LC_TMP/attach.log" 2>&1; then
		for family in 4 6; do
			check "hook $hook refuses, IPv$family" refused cam $family $AZURE
			check "hook $hook passes, IPv$family" passes cam $family $CITY
		done
		check "gate show says $hook" shows '[.. | strings] | index("'$hook'")'
		check "unload with hook $hook" says 0 '' gate unload
		check "unload leaves no pin and no hook $hook" nothing_left
	else
		skip "hook $hook: $(tail -1 "$LC_TMP/attach.log")"
		lc_lenscap gate unload >/dev/null 2>&1
	fi
done
e2e_end
