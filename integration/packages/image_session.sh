#!/bin/sh
# Runs a folder as a container engine would run it as an image, as another user,
# with a read-only root and /data to write to, and logs in to it:
#
#	image_session.sh <folder> <user:group> NAME=value… -- <command>…
#
# It has namespaces of its own for mounts and for the network, where port 8080 is
# free and nothing is left behind.
set -eu

if [ -z "${IMAGE_SESSION:-}" ]; then
	exec env IMAGE_SESSION=inside unshare --mount --propagation private --net sh "$0" "$@"
fi

fail() {
	echo "FAILED: $*"
	cat "$log"
	exit 1
}

root=$1 user=$2
shift 2
environment=
while [ "$1" != -- ]; do
	environment="$environment $1"
	shift
done
shift

ip link set lo up
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o "mode=700,uid=${user%:*},gid=${user#*:}" tmpfs "$root/data"
log=$root/data/output
# shellcheck disable=SC2086 # one word for each variable
env -i $environment "$(command -v setpriv)" --no-new-privs "$(command -v chroot)" --userspec="$user" "$root" "$@" </dev/null >"$log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT

for _ in $(seq 300); do
	token=$(curl -s --noproxy '*' -u root:root http://localhost:8080/_login || true)
	case $token in *token*) break ;; esac
	kill -0 "$server" 2>/dev/null || fail 'it has ended'
	sleep 0.1
done
case $token in *token*) ;; *) fail "no token: $token" ;; esac
[ "$(stat -c %u "/proc/$server")" = "${user%:*}" ] || fail 'it runs as another user'
grep -q '^CapEff:[[:space:]]0*$' "/proc/$server/status" || fail 'it has capabilities'
[ "$(stat -c '%a %u' "$root/data/users.json")" = "600 ${user%:*}" ] || fail 'users.json is not its own'
grep -q 'read-only file system' "$log" && fail 'it wanted to write elsewhere'
grep -q 'handled request' "$log" || fail 'its log is not on standard error'
# As `docker exec` does: root gets another password, and may log in from elsewhere.
echo 'a password of my own' | chroot --userspec="$user" "$root" "$1" cmwell-auth user passwd root --password-stdin >/dev/null || fail 'no password was set'
curl -s --noproxy '*' -u 'root:a password of my own' -H 'Host: elsewhere' http://localhost:8080/_login | grep -q token || fail 'the password is not the new one'
kill "$server"
wait "$server" || fail "it ended with $?"
