#!/bin/bash
# Runs every fuzz target of the module for FUZZTIME (60s) each, two at a time, and
# closes with the line `N targets in N packages, N executions, N failed`:
#
#	FUZZTIME=5s integration/fuzz.sh [packages]
#
# Targets are found, not listed. A package's tests are built once for all of its
# targets. An input that fails is written to testdata/fuzz of its package, from
# where every `go test` runs it again: commit it with the repair. What is
# interesting is kept in Go's cache, for the next run to begin with.
set -euo pipefail

cd -- "$(dirname -- "$0")/.."
[ $# -gt 0 ] || set -- ./...
FUZZTIME=${FUZZTIME:-60s} work=$(mktemp -d) cache=$(go env GOCACHE)/fuzz
export FUZZTIME work cache
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# fuzz BINARY FOLDER PACKAGE TARGET: one line on what came of it.
fuzz() {
	local out=$work/${3//\//.}.$4 verdict=ok execs
	if ! (cd "$2" && "$1" -test.run '^$' -test.fuzz "^$4\$" -test.fuzztime "$FUZZTIME" \
		-test.parallel 1 -test.fuzzcachedir "$cache/$3" -test.timeout 0) >"$out" 2>&1; then
		# The end of its time in the middle of an input is a failure to Go, and none here.
		if grep -q 'Failing input' "$out" || ! grep -qx ' *context deadline exceeded' "$out"; then
			verdict=FAIL
		fi
	fi
	execs=$(sed -n 's/.*execs: \([0-9]*\).*/\1/p' "$out" | tail -n 1)
	echo "$verdict ${execs:-0}" >>"$work/results"
	printf '%-4s %10s executions  %s %s\n' "$verdict" "${execs:-0}" "${3#*/*/*/}" "$4"
	[ $verdict = ok ] || cat "$out"
}
export -f fuzz

packages=0
while read -r package dir; do
	grep -qs '^func Fuzz' "$dir"/*_test.go || continue
	packages=$((packages + 1))
	go test -c -fuzz=. -o "$work/$packages.test" "$package"
	(cd "$dir" && "$work/$packages.test" -test.list '^Fuzz') | sed "s|^|$work/$packages.test $dir $package |" >>"$work/targets"
done < <(go list -f '{{.ImportPath}} {{.Dir}}' "$@")

[ -s "$work/targets" ] || { echo 'found no fuzz targets' && exit 1; }
xargs -P 2 -L 1 bash -c 'fuzz "$@"' fuzz <"$work/targets"
awk -v packages="$packages" '{ n++; sum += $2; if ($1 != "ok") failed++ }
	END { printf "%d targets in %d packages, %d executions, %d failed\n", n, packages, sum, failed; exit failed > 0 }' "$work/results"
