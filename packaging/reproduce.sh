#!/bin/sh
# Builds the Debian package twice, in two folders and each from nothing, and
# compares: packaging/reproduce.sh [--warm] [folder]
#
# With --warm both use Go's build cache, which is quick and shows less. The
# package is left in the folder, dist/ by default.
set -eu

warm=
[ "${1:-}" != --warm ] || { warm=yes && shift; }
checkout=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
folder=${1:-$checkout/dist}
mkdir -p -- "$folder"
folder=$(CDPATH='' cd -- "$folder" && pwd -P)
cd -- "$checkout"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# The copies have no history, so what comes of it is said here.
VERSION=${VERSION:-$(packaging/version.sh)}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(packaging/version.sh --time)}
export VERSION SOURCE_DATE_EPOCH

for copy in "$work/a" "$work/another/and/deeper"; do
	mkdir -p "$copy" "$work/out"
	git -c safe.directory='*' ls-files -z --cached --others --exclude-standard |
		tar --null --files-from=- --ignore-failed-read -cf - 2>/dev/null | tar -C "$copy" --touch -xf -
	[ -n "$warm" ] || export GOCACHE="$work/cache-${copy##*/}"
	(umask "$([ "$copy" = "$work/a" ] && echo 022 || echo 077)" && "$copy/packaging/deb.sh" "$copy/dist" >/dev/null)
done
first=$(echo "$work"/a/dist/*.deb)
second=$(echo "$work"/another/and/deeper/dist/*.deb)
cmp "$first" "$second"
cp "$first" "$folder"
echo "built twice, with the same bytes: $(cd "$folder" && sha256sum "${first##*/}")"
