#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# scripts/demo, interrupted at several moments, leaves nothing behind: no namespace, pin, file or process.
set -u
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

left()
{
	ls -d /run/netns/lenscap-demo-"$1"-* "$LC_BPFFS/lenscap-demo-$1" "${TMPDIR:-/tmp}/lenscap-demo-$1" 2>/dev/null
	awk -v session="$1" '{ sub(/.*\) /, "") } $4 == session { print FILENAME }' /proc/[0-9]*/stat 2>/dev/null
}

# interrupted SIGNAL SECONDS: background jobs of a script ignore SIGINT; env gives it back. A session tells its processes.
interrupted()
{
	local pid

	LC_DEPS=skip LC_BUILD=skip setsid env --default-signal=INT "$LC_TOP/scripts/demo" >"$DEMO_LOG" 2>&1 </dev/null &
	pid=$!
	sleep "$2"
	kill -"$1" $pid
	wait $pid
	[ $? -ge 128 ] || { echo "was over before the signal:"; tail -3 "$DEMO_LOG"; return 1; }
	! left $pid | grep .
}

lc_root || die "needs root"
DEMO_LOG=$(mktemp)
trap 'rm -f "$DEMO_LOG"' EXIT
E2E_WARNINGS=$(e2e_warnings)
for moment in INT:0.05 TERM:0.2 INT:0.4 TERM:0.6 HUP:0.8 INT:1.0; do
	check "SIG${moment%:*} after ${moment#*:} s leaves nothing" interrupted ${moment%:*} ${moment#*:}
done
e2e_end
