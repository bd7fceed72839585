#!/bin/sh
# Runs what compose.yaml describes without its engine, and drives the two doors:
#
#	compose_session.sh <binary> <folder of the Caddyfiles> <password of Redis> NAME=value…
#
# The doors get the environment that compose.yaml gives them. The namespaces for
# mounts and the network are its own, where the names of the services are this
# machine's, and nothing is left behind.
set -eu

if [ -z "${COMPOSE_SESSION:-}" ]; then
	exec env COMPOSE_SESSION=inside unshare --mount --propagation private --net sh "$0" "$@"
fi

caddy=$1 caddyfiles=$2 password=$3
shift 3
work=$(mktemp -d)
pids=
clean_up() {
	# shellcheck disable=SC2086 # one word for each process
	kill $pids 2>/dev/null || true
	wait
	rm -rf "$work"
}
trap clean_up EXIT
fail() {
	echo "FAILED: $*"
	tail -n 30 "$work"/*.log
	exit 1
}
# eventually WHAT COMMAND…
eventually() {
	what=$1
	shift
	for _ in $(seq 300); do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.1
	done
	fail "$what"
}
ask() { curl -s --noproxy '*' "$@"; }
status() { ask -o /dev/null -w '%{http_code}' "$@"; }

ip link set lo up
echo '127.0.0.1 localhost redis store' >"$work/hosts"
mount --bind "$work/hosts" /etc/hosts
mkdir "$work/doors" "$work/store"

redis-server --port 6379 --requirepass "$password" --save '' --dir "$work" >"$work/redis.log" 2>&1 &
pids="$pids $!"
eventually 'redis answers' env REDISCLI_AUTH="$password" redis-cli -h redis ping

sed "s,/data/,$work/store/," "$caddyfiles/store.Caddyfile" >"$work/store.Caddyfile"
env -i "$caddy" run --config "$work/store.Caddyfile" --adapter caddyfile >"$work/store.log" 2>&1 &
pids="$pids $!"
for port in 8081 8082; do
	# One network instead of two: a port of its own for each.
	sed "s,^:8080,:$port,; s,admin localhost:2019,admin off," "$caddyfiles/Caddyfile" >"$work/$port.Caddyfile"
	env -i XDG_DATA_HOME="$work/doors" "$@" "$caddy" run --config "$work/$port.Caddyfile" --adapter caddyfile >"$work/$port.log" 2>&1 &
	pids="$pids $!"
done

a=http://localhost:8081 b=http://localhost:8082
logged_in() {
	token=$(ask -u root:root "$1/_login" | sed -n 's/.*"token":"\([^"]*\)".*/\1/p')
	[ -n "$token" ]
}
eventually 'door a logs root in' logged_in $a
[ "$(status -H "X-CM-WELL-TOKEN: $token" -H 'X-CM-WELL-TYPE: OBJ' -d '{"name":"Ann"}' $b/example.org/ann)" = 200 ] || fail 'door b does not take the token of door a'
ask $a/example.org/ann | grep -q '"Ann"' || fail 'the store has not what was written'
[ "$(status "$a/_auth?op=logout" -H "X-CM-WELL-TOKEN: $token")" = 200 ] || fail 'door a does not log out'
refused() { [ "$(status -X DELETE -H "X-CM-WELL-TOKEN: $token" $b/example.org/ann)" = 401 ]; }
eventually 'door b refuses the token that door a has ended' refused
