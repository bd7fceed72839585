#!/bin/sh
# Runs the tests with the race detector and reports on them, closing with the
# line `N passed, N failed, N skipped`: integration/run-tests.sh [packages]
#
# Fails when a test fails, when nothing ran and, with CI set, when anything
# was left out. Results are never taken from Go's cache: the tests drive
# programs that the cache knows nothing of.
set -eu

cd -- "$(dirname -- "$0")/.."

# The tests of integration/ mostly wait for servers, so they run in parts at once.
apart=
if [ $# -eq 0 ]; then
	waiting=$(go list ./integration)
	# shellcheck disable=SC2046 # a name of a package has no spaces
	set -- $(go list ./... | grep -vxF "$waiting")
	apart=-apart=3:$waiting
fi

# Test files of a package whose tests a build tag hides, every one of them.
hidden=$(go list -f '{{if not (or .TestGoFiles .XTestGoFiles)}}{{range .IgnoredGoFiles}}{{$.ImportPath}}/{{.}}{{"\n"}}{{end}}{{end}}' "$@" ${apart:+"$waiting"} | grep '_test\.go$' || true)
if [ -n "$hidden" ]; then
	echo "left out: $hidden"
	[ -z "${CI:-}" ] || exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

set -- -count=1 -timeout=60m "$@"
if [ "$(go env CGO_ENABLED)" = 1 ]; then
	set -- -race "$@"
else
	echo 'left out: the race detector, which needs a C compiler'
	[ -z "${CI:-}" ] || exit 1
fi

go build -o "$work/testreport" ./integration/testreport
"$work/testreport" ${apart:+"$apart"} "$@"
