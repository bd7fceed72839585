#!/bin/sh
# Installs what the tests need beyond Go: git; an nginx that speaks WebDAV, as a
# real store behind the front door; a Redis; and the clients that log in: curl, wget,
# Python's requests, Perl's LWP, Chromium, and the modules of integration/clients
# for the node that is there; what checks and installs the Debian package; Prometheus, for its alerts; and strace,
# which makes system calls fail.
# Does nothing when all of it is there. What cannot be had is named in one line;
# with CI set that fails.
#
# No nginx and no Redis is left running: the tests start their own, on ports of
# their own.
set -eu

dav_module=/usr/lib/nginx/modules/ngx_http_dav_ext_module.so
policy=/usr/sbin/policy-rc.d
clients=$(dirname -- "$0")/clients
work=

# Packages of what is missing, one word each.
missing() {
	command -v git >/dev/null 2>&1 || echo git
	command -v curl >/dev/null 2>&1 || echo curl
	command -v nginx >/dev/null 2>&1 || [ -x /usr/sbin/nginx ] || echo nginx
	[ -f "$dav_module" ] || echo libnginx-mod-http-dav-ext
	command -v redis-server >/dev/null 2>&1 || echo redis-server
	command -v redis-cli >/dev/null 2>&1 || echo redis-tools
	command -v strace >/dev/null 2>&1 || echo strace
	command -v wget >/dev/null 2>&1 || echo wget
	command -v chromium >/dev/null 2>&1 || echo chromium
	# The tests ask Debian's python, whatever is first on the PATH.
	/usr/bin/python3 -c 'import requests' >/dev/null 2>&1 || echo python3-requests
	command -v adduser >/dev/null 2>&1 || [ -x /usr/sbin/adduser ] || echo adduser
	command -v ip >/dev/null 2>&1 || [ -x /usr/sbin/ip ] || echo iproute2
	command -v promtool >/dev/null 2>&1 || echo prometheus
	command -v systemd-analyze >/dev/null 2>&1 || echo systemd
	perl -MLWP::UserAgent -e 1 >/dev/null 2>&1 || echo libwww-perl
}

left_out() {
	echo "left out: $(echo "$1" | tr '\n' ' ' | sed 's/ *$//'): $2"
	[ -z "${CI:-}" ] || exit 1
}

clean_up() {
	[ -z "$work" ] || rm -rf "$work"
	[ -z "${our_policy:-}" ] || rm -f "$policy"
}

# Debian starts a service once it is installed, unless the policy forbids it.
forbid_services() {
	[ ! -e "$policy" ] || return 0
	our_policy=yes
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
}

apt() {
	DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 "$@" </dev/null >>"$work/log" 2>&1
}

install_packages() {
	needed=$(missing)
	[ -n "$needed" ] || return 0
	command -v apt-get >/dev/null 2>&1 || { left_out "$needed" 'there is no apt-get to install it with' && return; }
	[ "$(id -u)" -eq 0 ] || { left_out "$needed" 'only root may install it' && return; }
	echo "installing for the tests: $(echo "$needed" | tr '\n' ' ')"
	forbid_services
	# A list that could not be brought up to date may still do.
	apt update || true
	# shellcheck disable=SC2086 # one word for each package
	apt install --no-install-recommends $needed || true
	# Where a policy that was there before let our nginx start, it stops again.
	if echo "$needed" | grep -qx nginx && [ -s /run/nginx.pid ]; then
		nginx -s quit >>"$work/log" 2>&1 || true
	fi
	needed=$(missing)
	[ -z "$needed" ] || left_out "$needed" "apt-get could not install it: $(grep -m 1 '^E:' "$work/log" || echo 'it gave no reason')"
}

# npm writes node_modules/.package-lock.json last.
install_modules() {
	[ -z "$(find "$clients/node_modules/.package-lock.json" -newer "$clients/package-lock.json" 2>/dev/null)" ] || return 0
	command -v npm >/dev/null 2>&1 || { left_out 'the JavaScript clients' 'there is no npm to install their modules with' && return; }
	echo 'installing for the tests: the modules of the JavaScript clients'
	(cd -- "$clients" && npm ci --omit=optional --no-audit --no-fund --ignore-scripts) </dev/null >"$work/npm" 2>&1 ||
		left_out 'the JavaScript clients' "npm could not install their modules: $(grep -m 1 'npm error' "$work/npm" || echo 'it gave no reason')"
}

trap clean_up EXIT
trap 'exit 1' HUP INT TERM
work=$(mktemp -d)
install_packages
install_modules
