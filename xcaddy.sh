#!/bin/sh
# Builds Caddy with cmwell_auth in it: ./xcaddy.sh [output]
#
# The output is ./caddy beside this script, or the given file, relative to
# where the caller stands. It is built with xcaddy when that is on the PATH,
# else with Go alone; both give a Caddy with the same modules.
set -eu

module=github.com/cm-well/cmwell-auth
caddy=github.com/caddyserver/caddy/v2

checkout=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
output=${1:-$checkout/caddy}
case $output in
/*) ;;
*) output=$(pwd -P)/$output ;;
esac

cd -- "$checkout"
# As xcaddy does: no C library, so that the binary runs on any Linux.
CGO_ENABLED=${CGO_ENABLED:-0}
export CGO_ENABLED

if command -v xcaddy >/dev/null 2>&1; then
	way=xcaddy
	version=$(go list -m -f '{{.Version}}' "$caddy")
	xcaddy build "$version" --output "$output" \
		--with "$module/caddymodule" --replace "$module=$checkout"
else
	way='go build'
	go build -trimpath -buildvcs=false -o "$output" ./cmd/caddy
fi
built=$("$output" version)
echo "built $output with $way: Caddy $built"
