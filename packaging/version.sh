#!/bin/sh
# Prints the version of this checkout, or with --time when it was made, in
# seconds since the epoch: both from git, and 0 where there is none.
#
# The third commit after v1.2.0 is 1.2.0+3.gabc1234; before the first release a
# commit is less than any.
set -eu

cd -- "$(dirname -- "$0")"
git_says() { git -c safe.directory='*' "$@" 2>/dev/null; }

if [ "${1:-}" = --time ]; then
	git_says log -1 --format=%ct || echo 0
else
	git_says describe --tags --match 'v[0-9]*' | sed 's/^v//; s/-/+/; s/-/./' | grep . ||
		git_says log -1 --date=format:%Y%m%d --format='0~git%cd.%h' || echo 0
fi
