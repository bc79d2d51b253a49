# SPDX-License-Identifier: GPL-2.0-only
# What the end-to-end tests share. Each test is a file of its own that prints "ok - sentence", "not ok - sentence" or
# "skip - sentence: reason", and leaves nothing behind. Sourced, never run.
# shellcheck shell=bash

# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"
E2E_BAD=0
AZURE=demo-pd.openai.azure.com REKOGNITION=rekognition.us-east-1.amazonaws.com CITY=www.city.example

# check SENTENCE COMMAND...: ok if it succeeds; what it printed is shown if it does not.
check()
{
	local sentence=$1 out

	shift
	if out=$("$@" 2>&1); then
		echo "ok - $sentence"
	else
		echo "not ok - $sentence"
		printf '%s\n' "failed: $* -> $out" | sed 's/^/#   /'
		E2E_BAD=1
	fi
}

skip() { echo "skip - $1"; }
not() { ! "$@"; }

# The network, servers on 443 and 8443 and, on 9443, one that only listens.
e2e_up()
{
	local family

	lc_run "$1"
	E2E_WARNINGS=$(e2e_warnings)
	lc_net_up
	lc_certificates
	lc_servers 443
	lc_servers 8443
	for family in 4 6; do
		lc_in net python3 "$LC_TOP/tests/e2e/server.py" $family 9443 2 >"$LC_TMP/seen$family" 2>&1 </dev/null &
	done
	lc_wait 5 lc_listening 9443 || die "server.py did not start: $(cat "$LC_TMP"/seen?)"
}

e2e_warnings() { dmesg 2>/dev/null | grep -cE 'WARNING:|BUG:|Oops|general protection'; }

# The last line of every test.
e2e_end()
{
	# fewer than before: the kernel's log is a ring
	check "the kernel warned of nothing" [ "$(e2e_warnings)" -le "$E2E_WARNINGS" ]
	exit $E2E_BAD
}

# e2e_policy [RULES...]: a policy whose camera may not talk to Azure OpenAI and Rekognition; by keys, rules given with a class too win over its own.
e2e_policy()
{
	local rule

	cat <<-END
	version: 1
	profile: none
	tenants:
	  - name: metro-pd
	    class: us-police
	    jurisdiction: US-WA
	    mode: ${E2E_MODE:-enforce}
	    assets:
	      - {name: bodycams, kind: body-worn-camera, ${E2E_TAG:-prefix: [10.20.0.0/24, "2001:db8:20::/64"]}}
	rules:
	END
	for rule; do
		echo "  - $rule"
	done
	cat <<-'END'
	  - {id: cams, match: {kind: body-worn-camera, capability: [face-recognition, vision-llm]}, verdict: deny-reset, clause: [MS-COC-24-2b]}
	default: {matched: audit, unmatched: allow}
	END
}

# e2e_load [HOOK] [RULES...]
e2e_load()
{
	local hook=${1:-auto}

	[ $# = 0 ] || shift
	e2e_policy "$@" >"$LC_TMP/policy.yaml"
	lc_load "$LC_TMP/policy.yaml" "$hook"
}

# Outcomes of one curl, true or false: HOST FAMILY NAME.
passes()
{
	local out

	out=$(lc_curl "$@")
	echo "$out"
	[[ $out =~ ^0\ .*status\ 200 ]]
}

refused()
{
	local out ms

	out=$(lc_curl "$@")
	echo "$out"
	read -r _ _ ms _ <<<"$out"
	[[ $out =~ ^(35|56)\ .*reset\ by\ peer ]] && [ "$ms" -lt 2000 ]
}

# client HOST FAMILY NAME PORT EXPECTED [OPTIONS...]: tests/e2e/client.py ends as expected.
client()
{
	local host=$1 family=$2 name=$3 port=$4 expected=$5 out

	shift 5
	out=$(lc_in "$host" python3 "$LC_TOP/tests/e2e/client.py" "$(lc_server_address "$family" "$name")" "$port" "$name" "$@" 2>&1)
	echo "$out"
	echo "$out" >"$LC_TMP/client.last"
	[[ $out =~ ^[0-9]+\ $expected\  ]]
}

# event FILTER: an event of the last client fulfils the jq filter, within two seconds.
event()
{
	local sport

	read -r sport _ <"$LC_TMP/client.last"
	lc_wait 2 lc_event "$sport" >/dev/null
	lc_event "$sport"
	lc_event "$sport" | jq -e "$1" >/dev/null
}

# offload on|off: checksum and segmentation offload of every cable.
offload()
{
	local pair

	for pair in cam:eth0 hall:eth0 gw:lan0 gw:wan0 net:eth0 sw:cam sw:gw; do
		lc_in "${pair%:*}" ethtool -K "${pair#*:}" tx "$1" tso "$1" gso "$1" gro "$1" >"$LC_TMP/ethtool.log" 2>&1 || return 1
	done
}
