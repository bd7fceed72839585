#!/bin/sh
# Installs, upgrades, removes and purges the Debian package on this very system,
# of which nothing is left afterwards: dpkg_session.sh <package> <port>
#
# Its first step is to move into a mount namespace of its own, where the root is
# an overlay that keeps every change in memory. So dpkg, its scripts and the user
# database are the real ones, and the machine's own are never written to.
set -eu

if [ -z "${DPKG_SESSION:-}" ]; then
	exec env DPKG_SESSION=outside unshare --mount --propagation private sh "$0" "$@"
fi

if [ "$DPKG_SESSION" = outside ]; then
	layers=$(mktemp -d)
	mount -t tmpfs -o mode=755 tmpfs "$layers"
	mkdir "$layers/changes" "$layers/work" "$layers/system"
	mount -t overlay -o "lowerdir=/,upperdir=$layers/changes,workdir=$layers/work" overlay "$layers/system"
	mount -t proc proc "$layers/system/proc"
	mount --rbind /dev "$layers/system/dev"
	mount -t tmpfs tmpfs "$layers/system/tmp"
	mount -t tmpfs tmpfs "$layers/system/run"
	cp "$0" "$layers/system/tmp/session.sh"
	cp "$1" "$layers/system/tmp/first.deb"
	trap 'umount -l "$layers" && rmdir "$layers"' EXIT
	DPKG_SESSION=inside chroot "$layers/system" sh /tmp/session.sh first.deb "$2"
	exit
fi

export DEBIAN_FRONTEND=noninteractive
port=$2
cd /tmp
step() { printf '\n== %s\n' "$*"; }
fail() {
	echo "FAILED: $*"
	exit 1
}
# is FILE MODE OWNER
is() { [ "$(stat -c '%a %U' "$1")" = "$2 $3" ] || fail "$1 is $(stat -c '%a %U' "$1"), not $2 $3"; }
gone() { [ ! -e "$1" ] || fail "$1 is still there"; }

# The next version, with another Caddyfile.
dpkg-deb -R first.deb next
sed -i 's/^Version: .*/Version: 999/' next/DEBIAN/control
echo '# As the next version ships it.' >>next/etc/cmwell-auth/Caddyfile
dpkg-deb -Zgzip -z1 -b next next.deb >/dev/null
rm -r next

# What systemd makes for the service.
folders() {
	install -d -m 0700 -o cmwell-auth -g cmwell-auth /run/cmwell-auth /var/log/cmwell-auth
}
# serve runs the front door as the service does, until it has been asked.
serve() {
	folders
	# shellcheck disable=SC2046 # words of the unit's Environment=
	setpriv --reuid=cmwell-auth --regid=cmwell-auth --clear-groups --inh-caps=-all env -i CMWELL_SITE="http://localhost:$port" \
		$(sed -n 's/^Environment=//p' /usr/lib/systemd/system/cmwell-auth.service) \
		/usr/bin/cmwell-caddy run --config /etc/cmwell-auth/Caddyfile >/tmp/log 2>&1 &
	server=$!
	for _ in $(seq 100); do
		token=$(curl -s --noproxy "*" -u root:root "http://localhost:$port/_login" || true)
		case $token in *token*) break ;; esac
		kill -0 "$server" 2>/dev/null || break
		sleep 0.1
	done
	/usr/bin/cmwell-caddy reload --config /etc/cmwell-auth/Caddyfile >/tmp/reload 2>&1 || reloaded=no
	kill "$server"
	wait "$server" || true
	case $token in *token*) ;; *) cat /tmp/log && fail "no token: $token" ;; esac
	[ -z "${reloaded:-}" ] || { cat /tmp/reload && fail 'it did not reload through its admin socket'; }
}

step 'install'
dpkg -i first.deb
getent passwd cmwell-auth | grep -q ':/var/lib/cmwell-auth:.*nologin' || fail 'there is no system user'
is /var/lib/cmwell-auth 700 cmwell-auth
is /etc/default/cmwell-auth 600 root
is /etc/cmwell-auth/Caddyfile 644 root
is /usr/bin/cmwell-caddy 755 root
/usr/bin/cmwell-caddy list-modules | grep -qx http.handlers.cmwell_auth || fail 'the module is not in it'

step 'the unit'
systemd-analyze verify --man=no /usr/lib/systemd/system/cmwell-auth.service
systemd-analyze security --offline=true --no-pager --threshold=15 /usr/lib/systemd/system/cmwell-auth.service >exposure || fail "$(cat exposure)"
tail -n 1 exposure

step 'serve'
serve
is /var/lib/cmwell-auth/users.json 600 cmwell-auth
is /var/log/cmwell-auth/access.log 600 cmwell-auth
sum=$(sha256sum /var/lib/cmwell-auth/users.json)

step 'upgrade'
echo '# As the operator has it.' >>/etc/cmwell-auth/Caddyfile
echo CMWELL_ENVIRONMENT=production >>/etc/default/cmwell-auth
dpkg --force-confdef --force-confold -i next.deb
dpkg -s cmwell-auth | grep -qx 'Version: 999' || fail 'it was not upgraded'
grep -qx '# As the operator has it.' /etc/cmwell-auth/Caddyfile || fail 'the configuration was not kept'
grep -qx CMWELL_ENVIRONMENT=production /etc/default/cmwell-auth || fail 'the environment was not kept'
[ "$(sha256sum /var/lib/cmwell-auth/users.json)" = "$sum" ] || fail 'the users were not kept'
is /etc/default/cmwell-auth 600 root
serve

step 'remove'
dpkg -r cmwell-auth
gone /usr/bin/cmwell-caddy
gone /usr/lib/systemd/system/cmwell-auth.service
[ "$(sha256sum /var/lib/cmwell-auth/users.json)" = "$sum" ] || fail 'the users were not kept'
grep -qx '# As the operator has it.' /etc/cmwell-auth/Caddyfile || fail 'the configuration was not kept'

step 'install again'
dpkg -i next.deb
grep -qx '# As the operator has it.' /etc/cmwell-auth/Caddyfile || fail 'the configuration was not kept'
serve

step 'purge'
dpkg -P cmwell-auth
gone /etc/cmwell-auth
gone /etc/default/cmwell-auth
gone /var/lib/cmwell-auth
gone /var/log/cmwell-auth
gone /usr/share/doc/cmwell-auth
! getent passwd cmwell-auth >/dev/null || fail 'the user is still there'

step 'all is as it should be'
