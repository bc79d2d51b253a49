# SPDX-License-Identifier: GPL-2.0-only
# What the scripts share: words to the terminal, the build, and the small network that demo and tests/e2e run in.
# Sourced by bash, never run. Everything that it makes carries $LC_RUN in its name, and lc_cleanup() takes it all away.
# shellcheck shell=bash

LC_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
LC_SHARED=${LC_SHARED:-$LC_TOP/../shared}
LC_BIN=$LC_TOP/build/lenscap
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

if [ -t 1 ]; then
	BOLD=$'\e[1m' RED=$'\e[31m' GREEN=$'\e[32m' YELLOW=$'\e[33m' DIM=$'\e[2m' PLAIN=$'\e[0m'
else
	BOLD='' RED='' GREEN='' YELLOW='' DIM='' PLAIN=''
fi

say() { printf '%s\n' "$BOLD$*$PLAIN"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }
lc_root() { [ "$(id -u)" = 0 ]; }

# Builds as the owner of the checkout, so that root leaves no files there that the owner cannot remove.
lc_make()
{
	local owner

	owner=$(stat -c %U "$LC_TOP")
	if lc_root && [ "$owner" != root ] && [ "$owner" != UNKNOWN ]; then
		runuser -u "$owner" -- make -C "$LC_TOP" --no-print-directory -j"$(nproc)" "$@"
	else
		make -C "$LC_TOP" --no-print-directory -j"$(nproc)" "$@"
	fi
}

# Everything below needs root.
#
#   cam   10.20.0.10  2001:db8:20::10 --.
#                                       sw (bridge) -- lan0 gw wan0 -- eth0 net   198.51.100.{10,20,30}
#   hall  10.30.0.10  2001:db8:30::10 --'                                         2001:db8:ff::{10,20,30}
#
# lenscap runs by nsenter, not by "ip netns exec": that one mounts a fresh /sys, which hides bpffs.

LC_HOSTS="cam hall sw gw net"
LC_BPFFS=/sys/fs/bpf

# lc_run NAME: must come before anything is made; from here on every exit takes everything away.
lc_run()
{
	lc_root || die "needs root: sudo $0"
	LC_RUN=lenscap-$1-$$
	LC_PIN=$LC_BPFFS/$LC_RUN
	LC_MOUNTED=
	trap lc_cleanup EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	LC_TMP=${TMPDIR:-/tmp}/$LC_RUN
	mkdir -m 700 "$LC_TMP" || exit 1
	if ! mountpoint -q "$LC_BPFFS"; then
		LC_MOUNTED=1
		mount -t bpf bpf "$LC_BPFFS" || die "cannot mount bpffs on $LC_BPFFS"
	fi
}

lc_cleanup()
{
	local status=$? host

	trap '' HUP INT TERM
	trap - EXIT
	set +e
	exec 2>/dev/null
	for host in $LC_HOSTS; do
		[ -e "/run/netns/$LC_RUN-$host" ] && lc_kill "$host"
	done
	[ -d "$LC_PIN" ] && lc_in gw timeout 10 "$LC_BIN" -P "$LC_PIN" gate unload >/dev/null
	rm -rf "$LC_PIN" "$LC_PIN"-*   # a load that was interrupted, too
	for host in $LC_HOSTS; do
		ip netns del "$LC_RUN-$host"
	done
	rm -rf "${LC_TMP:?}"
	[ -n "$LC_MOUNTED" ] && [ -z "$(ls -A "$LC_BPFFS")" ] && umount "$LC_BPFFS"
	exit "$status"
}

# lc_kill HOST: ends every process there, and sees it gone: one that is being killed may still pin what it was pinning.
lc_kill()
{
	local pids

	pids=$(ip netns pids "$LC_RUN-$1")
	[ -z "$pids" ] && return
	# shellcheck disable=SC2086 # one word a process
	kill -KILL $pids 2>/dev/null
	lc_wait 5 lc_idle "$1"
	return 0
}

lc_idle() { [ -z "$(ip netns pids "$LC_RUN-$1")" ]; }

# lc_in HOST COMMAND...: runs it there.
lc_in()
{
	local host=$1

	shift
	nsenter --net="/run/netns/$LC_RUN-$host" -- "$@"
}

# lc_ip HOST ARGUMENTS...: ip(8) there.
lc_ip()
{
	local host=$1

	shift
	ip -n "$LC_RUN-$host" "$@"
}

# lc_lenscap ARGUMENTS...: lenscap on the gateway.
lc_lenscap() { lc_in gw "$LC_BIN" -P "$LC_PIN" "$@"; }

# lc_sysctl HOST PATH=VALUE...: paths below /proc/sys/net.
lc_sysctl()
{
	local host=$1 pair

	shift
	for pair; do
		# shellcheck disable=SC2016 # expanded in there
		lc_in "$host" sh -c 'echo "$2" >"/proc/sys/net/$1"' - "${pair%%=*}" "${pair#*=}"
	done
}

# lc_wire HOST INTERFACE HOST INTERFACE: a cable.
lc_wire()
{
	ip link add "$2" netns "$LC_RUN-$1" type veth peer name "$4" netns "$LC_RUN-$3"
	lc_ip "$1" link set "$2" up
	lc_ip "$3" link set "$4" up
}

# lc_address HOST INTERFACE ADDRESS...
lc_address()
{
	local host=$1 dev=$2 address

	shift 2
	for address; do
		case $address in
		*:*) lc_ip "$host" addr add "$address" dev "$dev" nodad ;;
		*) lc_ip "$host" addr add "$address" dev "$dev" ;;
		esac
	done
}

# Ends the script if anything fails.
lc_net_up()
{
	local host

	set -e
	for host in $LC_HOSTS; do
		ip netns add "$LC_RUN-$host"
		lc_ip "$host" link set lo up
		lc_sysctl "$host" ipv4/conf/all/rp_filter=0 ipv4/conf/default/rp_filter=0 ipv6/conf/default/accept_dad=0
	done
	lc_ip sw link add br0 type bridge forward_delay 0 mcast_snooping 0
	lc_ip sw link set br0 up
	lc_lan_up
	lc_wire gw wan0 net eth0
	lc_address gw wan0 198.51.100.1/24 2001:db8:ff::1/64
	lc_address net eth0 198.51.100.{10,20,30}/24 2001:db8:ff::{10,20,30}/64
	lc_sysctl gw ipv4/ip_forward=1 ipv6/conf/all/forwarding=1
	lc_ip net route add default via 198.51.100.1
	lc_ip net -6 route add default via 2001:db8:ff::1
	set +e
}

# The gateway's LAN-side link and the two hosts behind it; called again, it makes the link anew. Its MAC stays, as the hosts
# remember it.
lc_lan_up()
{
	local host n

	lc_wire sw gw gw lan0
	lc_ip gw link set lan0 address 02:00:5e:00:00:01
	lc_ip sw link set gw master br0
	lc_address gw lan0 10.20.0.1/24 10.30.0.1/24 2001:db8:20::1/64 2001:db8:30::1/64
	for host in cam:20 hall:30; do
		n=${host#*:} host=${host%:*}
		[ -e "$LC_TMP/$host.up" ] && continue
		lc_wire sw "$host" "$host" eth0
		lc_ip sw link set "$host" master br0
		lc_address "$host" eth0 "10.$n.0.10/24" "2001:db8:$n::10/64"
		lc_ip "$host" route add default via "10.$n.0.1"
		lc_ip "$host" -6 route add default via "2001:db8:$n::1"
		: >"$LC_TMP/$host.up"
	done
}

# Name, and the last part of its server's addresses. Nothing here leaves the namespaces.
LC_NAMES="demo-pd.openai.azure.com:10 rekognition.us-east-1.amazonaws.com:20 www.city.example:30"

# lc_server_address FAMILY NAME
lc_server_address()
{
	local pair

	for pair in $LC_NAMES; do
		[ "${pair%:*}" = "$2" ] && { [ "$1" = 6 ] && echo "2001:db8:ff::${pair#*:}" || echo "198.51.100.${pair#*:}"; }
	done
	return 0
}

# A certificate authority of a day and one certificate with all the names.
lc_certificates()
{
	local pair san=

	for pair in $LC_NAMES; do
		san=$san${san:+,}DNS:${pair%:*}
	done
	(
		cd "$LC_TMP" || exit 1
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=lenscap demo CA" \
			-keyout ca.key -out ca.pem
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=lenscap demo server" \
			-keyout server.key -out server.csr
		printf 'subjectAltName=%s\n' "$san" >server.ext
		openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile server.ext -out server.pem
	) >"$LC_TMP/openssl.log" 2>&1 || die "openssl made no certificate: $(tail -1 "$LC_TMP/openssl.log")"
}

# lc_servers PORT: TLS servers, one a family, that serve /hello; returns when they listen.
lc_servers()
{
	local family port=$1

	mkdir -p "$LC_TMP/www"
	echo "hello from the internet side" >"$LC_TMP/www/hello"
	for family in 4 6; do
		(
			cd "$LC_TMP/www" || exit 1
			exec nsenter --net="/run/netns/$LC_RUN-net" -- openssl s_server -"$family" -accept "$port" -WWW -quiet \
				-cert ../server.pem -key ../server.key
		) >"$LC_TMP/server$family.$port.log" 2>&1 </dev/null &
	done
	lc_wait 5 lc_listening "$port" || die "TLS servers did not start: $(cat "$LC_TMP"/server?."$port".log)"
}

lc_listening() { [ "$(lc_in net ss -Hltn "sport = :$1" | wc -l)" -ge 2 ]; }

# lc_wait SECONDS COMMAND...: until it succeeds.
lc_wait()
{
	local left=$(($1 * 20))

	shift
	until "$@"; do
		[ $((left -= 1)) -gt 0 ] || return 1
		sleep 0.05
	done
}

# lc_curl HOST FAMILY NAME [OPTIONS...]: prints "EXIT SPORT MILLISECONDS WORDS", words being curl's own or the HTTP status.
lc_curl()
{
	local host=$1 family=$2 name=$3 port=${LC_PORT:-443} out status

	shift 3
	out=$(lc_in "$host" curl -"$family" -sS -o "$LC_TMP/curl.body" -w '%{local_port} %{time_total} HTTP status %{http_code}\n' \
		--stderr "$LC_TMP/curl.err" --max-time 10 --cacert "$LC_TMP/ca.pem" --noproxy '*' \
		--resolve "$name:$port:$(lc_server_address "$family" "$name")" "$@" "https://$name:$port/hello")
	status=$?
	# shellcheck disable=SC2086 # the fields that -w wrote
	set -- $out
	[ "$status" = 0 ] || set -- "$1" "$2" "$(head -1 "$LC_TMP/curl.err")"
	printf '%s %s %s %s\n' "$status" "$1" "$(awk -v s="$2" 'BEGIN { printf "%.0f", s * 1000 }')" "${*:3}"
}

# lc_event SPORT: the first event of that client port, as JSON, from the file that lc_follow() fills; fails if there is none.
lc_event() { jq -ce "select(.sport == $1)" "$LC_TMP/events" 2>/dev/null | head -1 | grep .; }

lc_follow()
{
	lc_lenscap -j event follow >"$LC_TMP/events" 2>"$LC_TMP/events.err" </dev/null &
	LC_FOLLOWER=$!
}

# lc_load [POLICY]: the gate, with the policy on standard input or in a file, on the gateway's LAN-side interface.
lc_load()
{
	lc_lenscap gate load policy "$1" >"$LC_TMP/load.log" 2>&1 || die "gate load: $(cat "$LC_TMP/load.log")"
	lc_lenscap gate attach dev lan0 hook "${2:-auto}" >"$LC_TMP/attach.log" 2>&1 || die "gate attach: $(cat "$LC_TMP/attach.log")"
}
