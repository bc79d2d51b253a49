#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What is pinned: other people's files are left alone, a load is whole or nothing, and no attachment is lost track of, whatever its
# interface is called by now and wherever it is.
set -u
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

# says_in HOST STATUS WORDS COMMAND...: lenscap, run on a host, ends with this status and says this, whatever the case of letters.
says_in()
{
	local host=$1 status=$2 words=$3 out got

	shift 3
	out=$(lc_in "$host" "$LC_BIN" -P "$LC_PIN" "$@" 2>&1 </dev/null)
	got=$?
	echo "exit $got: $out"
	[ "$got" = "$status" ] && grep -qiE -- "$words" <<<"$out"
}

says() { says_in gw "$@"; }
shows() { lc_lenscap -j gate show | tee "$LC_TMP/show" && jq -e "$1" "$LC_TMP/show" >/dev/null; }
attached() { shows ".attachments | map([.dev, .state]) | . == $1"; }
nothing_pinned() { [ ! -e "$LC_PIN" ] && [ ! -e "$LC_PIN-loading" ]; }

# loaded: a gate; its program's number is kept, as a test may lose its pin.
loaded()
{
	says 0 loaded gate load && bpftool -j prog show pinned "$LC_PIN/gate_tc" | jq -e .id >"$LC_TMP/program"
}

# filtered HOST INTERFACE: is our filter there, or any tcx link of it? Debian's bpftool does not tell a link's interface.
filtered()
{
	lc_in "$1" tc filter show dev "$2" ingress | grep -q 'lc_gate_tc' ||
		bpftool -j link show | jq -e --argjson id "$(cat "$LC_TMP/program")" 'any(.prog_id == $id)' >/dev/null
}

unfiltered() { lc_wait 2 not filtered "$@"; }

# left_alone WORDS DIRECTORY: unload refuses it and changes nothing in it.
left_alone()
{
	local before

	before=$(find "$2" | sort)
	LC_PIN=$2 says 1 "$1" gate unload && [ "$(find "$2" | sort)" = "$before" ]
}

# killed SIGNAL SECONDS: a load that is interrupted leaves a gate with its policy or none, and the next load goes on.
killed()
{
	timeout -s "$1" "$2" nsenter --net="/run/netns/$LC_RUN-gw" -- "$LC_BIN" -P "$LC_PIN" gate load
	if [ -e "$LC_PIN" ]; then
		shows '.generation == 1' && says 0 . gate unload
	else
		says 0 loaded gate load && shows '.generation == 1' && says 0 . gate unload
	fi && nothing_pinned
}

# died: what a load leaves that is killed while it pins.
died()
{
	mkdir -p "$LC_PIN-loading/links"
	bpftool map create "$LC_PIN-loading/lc_state" type array key 4 value 4 entries 1 name lc_state
}

locked()
{
	local holder status

	died
	flock "$LC_PIN-loading" sleep 20 &
	holder=$!
	lc_wait 5 not flock -n "$LC_PIN-loading" true
	says 1 'another load' gate load
	status=$?
	pkill -P $holder
	wait $holder
	return $status
}

whole_refused() { LC_PIN=$LC_BPFFS says 1 "all of" gate load; }

directories()
{
	local other=$LC_PIN-other

	mkdir -p "$LC_TMP/files/links" "$other/theirs"
	touch "$LC_TMP/files/"{a,lc_state,links/b}
	check "unload leaves a directory of ordinary files alone" left_alone 'bpffs' "$LC_TMP/files"
	check "unload leaves pins of others alone" left_alone "'theirs'" "$other"
	check "unload leaves a whole bpffs alone" left_alone 'all of' "$LC_BPFFS"
	check "load does not take it either" whole_refused
	rmdir "$other/theirs"
	check "unload leaves an empty directory alone" left_alone 'no pins' "$other"
	rmdir "$other"
	check "slashes behind the directory's name do not matter" says 0 . -P "$LC_PIN//" gate load
	check "nor without them" says 0 . gate unload
	check "unload leaves nothing" nothing_pinned
}

loads()
{
	local moment

	for moment in INT:0.02 KILL:0.05 KILL:0.1 INT:0.2 KILL:0.3 KILL:0.5; do
		check "load, SIG${moment%:*} after ${moment#*:} s: whole or nothing" killed ${moment%:*} ${moment#*:}
	done
	check "a second load is held off" locked
	check "a load that died is cleared away" says 0 loaded gate load
	check "unload after it" says 0 . gate unload
	died
	check "unload clears a load that died" says 0 . gate unload
	check "and leaves nothing" nothing_pinned
}

# renamed HOOK
renamed()
{
	check "$1: attach" says 0 . gate attach dev lan0 hook "$1"
	check "$1: again is answered with the next step" says 1 "already.*detach dev lan0" gate attach dev lan0
	lc_ip gw link set lan0 down
	lc_ip gw link set lan0 name eth9
	lc_wire sw two gw lan0
	check "$1: show tells the new name" attached '[["eth9", "up"]]'
	check "$1: attach under the new name is answered" says 1 "already.*'lan0'" gate attach dev eth9
	check "$1: a new interface of the old name is refused" says 1 "now 'eth9'.*detach dev eth9" gate attach dev lan0
	check "$1: and the filter stays" filtered gw eth9
	check "$1: detach by the new name" says 0 . gate detach dev eth9
	check "$1: takes the filter away" unfiltered gw eth9
	check "$1: then the new interface is free" says 0 . gate attach dev lan0 hook "$1"
	lc_ip gw link del lan0
	check "$1: an interface that is deleted is gone" attached '[["lan0", "gone"]]'
	lc_ip gw link set eth9 name lan0
	check "$1: its pin makes way" says 0 . gate attach dev lan0 hook "$1"
	check "$1: and shows once" attached '[["lan0", "up"]]'
}

# elsewhere HOOK: what is attached on hall, seen from the gateway.
elsewhere()
{
	check "$1: a clash of names between namespaces is refused" says_in hall 1 'another network namespace' gate attach dev lan0
	check "$1: the first filter stays" filtered gw lan0
	check "$1: attach in another namespace" says_in hall 0 . gate attach dev eth0 hook "$1"
	check "$1: show tells that it is elsewhere" shows '.attachments | map(select(.dev == "eth0").state) == ["elsewhere"]'
	if [ "$1" = clsact ]; then
		check "$1: unload fails and says the next step" says 1 "'eth0'.*detach dev eth0" gate unload
		check "$1: what is here is detached" unfiltered gw lan0
		check "$1: what is there is still told" attached '[["eth0", "elsewhere"]]'
		check "$1: detach there" says_in hall 0 detached gate detach dev eth0
	fi
	check "$1: unload" says 0 . gate unload
	check "$1: leaves no filter here" unfiltered gw lan0
	check "$1: nor there" unfiltered hall eth0
	check "$1: nor a pin" nothing_pinned
}

# moved: an interface that goes to another namespace takes a tcx link with it, and loses a clsact filter.
moved()
{
	check "$1: load" loaded
	lc_wire sw three gw go0
	check "$1: attach" says 0 . gate attach dev go0 hook "$1"
	lc_ip gw link set go0 netns "$LC_RUN-hall"
	if [ "$1" = tcx ]; then
		check "$1: show tells that it went elsewhere" attached '[["go0", "elsewhere"]]'
		check "$1: attach there is refused" says_in hall 1 'another network namespace' gate attach dev go0
		lc_ip hall link set go0 name gone0
		check "$1: under a new name, too" says_in hall 1 'already' gate attach dev gone0
	else
		check "$1: show tells that the filter is gone" attached '[["go0", "gone"]]'
	fi
	check "$1: unload" says 0 . gate unload
	check "$1: leaves no filter there" unfiltered hall "$(lc_ip hall -br link show | grep -o '^go[a-z0-9]*')"
	lc_ip sw link del three
}

forgotten()
{
	check "load" loaded
	check "attach in another namespace by clsact" says_in hall 0 . gate attach dev eth0 hook clsact
	check "it can be forgotten" says 0 forgot gate detach dev eth0
	check "then unload" says 0 . gate unload
	lc_in hall tc qdisc del dev eth0 clsact
}

# lost HOOK: pins are lost, the filter must go all the same.
lost()
{
	check "$1: load" loaded
	check "$1: attach" says 0 . gate attach dev lan0 hook "$1"
	rm "$LC_PIN/gate_tc" "$LC_PIN/lc_state"
	check "$1: half unloaded says unload" says 1 'gate unload' gate show
	check "$1: unload without the program's pin" says 0 . gate unload
	check "$1: takes the filter away" unfiltered gw lan0
	check "$1: load again" loaded
	check "$1: attach again" says 0 . gate attach dev lan0 hook "$1"
	rm -r "$LC_PIN/links"
	check "$1: without the links, show fails" says 1 'can not be told' gate show
	check "$1: unload without the links" says 0 . gate unload
	check "$1: takes the filter away, too" unfiltered gw lan0
}

lc_run pins
E2E_WARNINGS=$(e2e_warnings)
lc_net_up
lc_wire sw hall0 hall lan0
directories
loads
for hook in tcx clsact; do
	loaded >"$LC_TMP/load.log" 2>&1 || die "$(cat "$LC_TMP/load.log")"
	if lc_lenscap gate attach dev wan0 hook $hook >"$LC_TMP/attach.log" 2>&1; then
		lc_lenscap gate detach dev wan0 >>"$LC_TMP/attach.log" 2>&1
		renamed $hook
		elsewhere $hook
		lost $hook
		moved $hook
	else
		skip "hook $hook: $(tail -1 "$LC_TMP/attach.log")"
		lc_lenscap gate unload >/dev/null 2>&1
	fi
done
forgotten
e2e_end
