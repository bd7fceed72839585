#!/bin/sh
# Builds Caddy with cmwell_auth for release: packaging/build.sh <output>
#
# Stripped, without a C library, and without anything of the machine it is built
# on: the same sources and the same Go give the same bytes. `go version -m` lists
# the modules in it and their checksums.
set -eu

case $1 in
/*) output=$1 ;;
*) output=$(pwd -P)/$1 ;;
esac
cd -- "$(dirname -- "$0")/.."
GOFLAGS='' GOEXPERIMENT='' GOAMD64=v1 GOARM64=v8.0 CGO_ENABLED=0 \
	go build -trimpath -buildvcs=false -ldflags='-s -w' -o "$output" ./cmd/caddy
