#!/bin/bash
# Runs every fuzz target of the module for FUZZTIME (60s) each, with two workers,
# and closes with the line `N targets in N packages, N executions, N failed`:
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
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cache=$(go env GOCACHE)/fuzz

targets=0 packages=0 executions=0 failed=0
while read -r package dir; do
	grep -qs '^func Fuzz' "$dir"/*_test.go || continue
	packages=$((packages + 1))
	go test -c -fuzz=. -o "$work/test" "$package"
	for target in $(cd "$dir" && "$work/test" -test.list '^Fuzz'); do
		targets=$((targets + 1))
		if (cd "$dir" && "$work/test" -test.run '^$' -test.fuzz "^$target\$" -test.fuzztime "${FUZZTIME:-60s}" \
			-test.parallel 2 -test.fuzzcachedir "$cache/$package" -test.timeout 0) >"$work/out" 2>&1; then
			verdict=ok
		elif ! grep -q 'Failing input' "$work/out" && grep -qx ' *context deadline exceeded' "$work/out"; then
			verdict=ok # the end of its time came in the middle of an input, which Go takes for a failure
		else
			verdict=FAIL failed=$((failed + 1))
		fi
		execs=$(sed -n 's/.*execs: \([0-9]*\).*/\1/p' "$work/out" | tail -n 1)
		executions=$((executions + ${execs:-0}))
		printf '%-4s %10s executions  %s %s\n' "$verdict" "${execs:-0}" "${package#*/*/*/}" "$target"
		[ $verdict = ok ] || cat "$work/out"
	done
done < <(go list -f '{{.ImportPath}} {{.Dir}}' "$@")

echo "$targets targets in $packages packages, $executions executions, $failed failed"
[ "$targets" -gt 0 ] && [ "$failed" -eq 0 ]
