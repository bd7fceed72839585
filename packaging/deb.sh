#!/bin/sh
# Builds the Debian package: packaging/deb.sh [folder], dist/ by default.
#
# The same commit, Go and version give the same bytes. VERSION and
# SOURCE_DATE_EPOCH are taken from git where they are not set; DEB_ARCH is this
# machine's, and may be another that Go builds for.
set -eu

nfpm=github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.2

checkout=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
folder=${1:-$checkout/dist}
mkdir -p -- "$folder"
folder=$(CDPATH='' cd -- "$folder" && pwd -P)
cd -- "$checkout"

DEB_VERSION=${VERSION:-$(packaging/version.sh)}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(packaging/version.sh --time)}
DEB_ARCH=${DEB_ARCH:-$(go env GOARCH)}
DEB_ROOT=$(mktemp -d)
export DEB_VERSION SOURCE_DATE_EPOCH DEB_ARCH DEB_ROOT
trap 'rm -rf "$DEB_ROOT"' EXIT
trap 'exit 1' HUP INT TERM

GOOS=linux GOARCH=$DEB_ARCH packaging/build.sh "$DEB_ROOT/cmwell-caddy"
go version -m "$DEB_ROOT/cmwell-caddy" | sed "1s,^.*: ,cmwell-caddy: ," >"$DEB_ROOT/sbom.txt"
GOFLAGS='' go run "$nfpm" package --config packaging/nfpm.yaml --packager deb --target "$folder"
