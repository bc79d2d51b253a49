#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# QUIC clients of others: a refused name gets nothing, and over TCP its honest answer; all else is as if nothing were there.
set -u
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

VERSION_RULE='{id: new, match: {reason: quic-version}, verdict: deny-drop}'

# quic_server PORT [OPTIONS...]: both families; its log tells of every packet.
quic_server()
{
	local port=$1

	shift
	lc_in net gtlsserver --no-quic-dump --no-http-dump -d "$LC_TMP/www" "$@" '*' "$port" "$LC_TMP/server.key" "$LC_TMP/server.pem" \
		>"$LC_TMP/quic.$port" 2>&1 </dev/null &
	lc_wait 5 quic_listening "$port" || die "gtlsserver did not start: $(cat "$LC_TMP/quic.$port")"
}

quic_listening() { [ "$(lc_in net ss -Hlun "sport = :$1" | wc -l)" -ge 2 ]; }

# quic HOST FAMILY NAME [OPTIONS...]: fetches a page, waits for two seconds at most. The client sends as server_name only what it looks
# up itself, so it gets a hosts file of its own.
quic()
{
	local host=$1 family=$2 name=$3 port=${LC_PORT:-443}

	shift 3
	rm -rf "$LC_TMP/got"
	mkdir "$LC_TMP/got"
	echo "$(lc_server_address "$family" "$name") $name" >"$LC_TMP/hosts"
	# shellcheck disable=SC2016 # expanded in there
	lc_in "$host" unshare -m sh -c 'mount --bind "$1" /etc/hosts && shift && exec timeout 10 gtlsclient "$@"' - "$LC_TMP/hosts" -q \
		--no-quic-dump --no-http-dump --exit-on-all-streams-close --handshake-timeout=2s --download="$LC_TMP/got" "$@" \
		"$name" "$port" "https://$name/hello" 2>&1
}

quic_passes()
{
	quic "$@"
	cmp "$LC_TMP/got/hello" "$LC_TMP/www/hello"
}

packets() { grep -c '^Received packet' "$LC_TMP/quic.${LC_PORT:-443}"; }

# The client has nothing, and the server saw no packet.
quic_refused()
{
	local before out

	before=$(packets)
	out=$(quic "$@")
	echo "$out"
	[[ $out == *HANDSHAKE_TIMEOUT* ]] && [ ! -e "$LC_TMP/got/hello" ] && [ "$(packets)" = "$before" ]
}

# quic_told FILTER: an event of a QUIC flow fulfils it, within two seconds.
quic_told() { lc_wait 2 quic_told_now "$1" || { cat "$LC_TMP/events"; false; }; }
quic_told_now() { jq -c "select(.proto == \"udp\") | select($1)" "$LC_TMP/events" 2>/dev/null | grep -q .; }

# browse HOST FAMILY NAME: what headless Chromium shows of the page, asked for over QUIC and nothing else.
browse()
{
	local host=$1 name=$3 pin

	pin=$(openssl x509 -in "$LC_TMP/server.pem" -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64)
	rm -rf "$LC_TMP/browser"
	lc_in "$host" timeout -k 5 60 chromium --headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking \
		--user-data-dir="$LC_TMP/browser" --enable-quic --origin-to-force-quic-on="$name:443" --ignore-certificate-errors-spki-list="$pin" \
		--host-resolver-rules="MAP $name $(lc_server_address "$2" "$name"), MAP * ~NOTFOUND" --virtual-time-budget=20000 \
		--dump-dom "https://$name/hello" 2>"$LC_TMP/browser.err"
	grep 'Page load failed' "$LC_TMP/browser.err"
}

browser_passes()
{
	local before page

	before=$(packets)
	page=$(browse "$@")
	echo "$page"
	[[ $page == *"hello from"* ]] && [ "$(packets)" -gt $((before + 1)) ]
}

# Its hello takes two datagrams: the server has seen the first of them, and no more.
browser_refused()
{
	local before page

	before=$(packets)
	page=$(browse "$@")
	echo "$page, $(($(packets) - before)) packets"
	[[ $page == *net::ERR_* ]] && [ "$(packets)" -le $((before + 1)) ]
}

e2e_up quic
if ! command -v gtlsclient >/dev/null || ! command -v gtlsserver >/dev/null; then
	skip "QUIC clients of others: no gtlsclient or no gtlsserver (ngtcp2-client, ngtcp2-server)"
	e2e_end
fi
e2e_load
lc_follow
quic_server 443
quic_server 8443 --validate-addr
for family in 4 6; do
	check "Azure OpenAI over QUIC gets nothing, IPv$family" quic_refused cam $family $AZURE
	check "curl falls back to TCP and is reset at once, IPv$family" refused cam $family $AZURE
	check "Rekognition over draft-29 gets nothing, IPv$family" quic_refused cam $family $REKOGNITION --version=0xff00001d
	check "an unrelated name over QUIC passes, IPv$family" quic_passes cam $family $CITY
	check "an unrelated name over draft-29 passes, IPv$family" quic_passes cam $family $CITY --version=0xff00001d
	check "connection ids of 18 bytes change nothing, IPv$family" quic_refused cam $family $AZURE --dcid=0102030405060708090a0b0c0d0e0f101112 --scid=
	check "the untagged host reaches Azure OpenAI over QUIC, IPv$family" quic_passes hall $family $AZURE
	LC_PORT=8443 check "port 8443 is refused just as well, IPv$family" quic_refused cam $family $AZURE
	LC_PORT=8443 check "an unrelated name passes a server that sends Retry, IPv$family" quic_passes cam $family $CITY
	check "a version that can not be read passes without a rule, IPv$family" quic_passes cam $family $CITY --version=v2draft
done
check "the event tells verdict, endpoint, rule and clause" quic_told \
	'.verdict == "deny-drop" and .reason == "match" and .endpoint == "AZ-OAI" and .rule == "cams" and (.clause | index("MS-COC-24-2b"))'
check "no event tells of the untagged host" [ -z "$(jq -c 'select(.src | test("^(10[.]30[.]|2001:db8:30:)"))' "$LC_TMP/events")" ]
if command -v chromium >/dev/null; then
	check "Chromium shows the page of an unrelated name over QUIC" browser_passes cam 4 $CITY
	check "Chromium shows an error for Azure OpenAI" browser_refused cam 4 $AZURE
	check "Chromium of the untagged host shows Azure OpenAI's page" browser_passes hall 4 $AZURE
else
	skip "Chromium over QUIC: it is not installed"
fi
e2e_policy "$VERSION_RULE" >"$LC_TMP/policy.yaml"
lc_lenscap policy load "$LC_TMP/policy.yaml" >"$LC_TMP/load.log" 2>&1 || cat "$LC_TMP/load.log"
check "a version that can not be read is refused by its rule" quic_refused cam 4 $CITY --version=v2draft
check "and says so" quic_told '.reason == "quic-version" and .rule == "new"'
check "that rule leaves other versions alone" quic_passes cam 4 $CITY
e2e_end
