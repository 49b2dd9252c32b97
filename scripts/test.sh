#!/bin/sh
# All checks, then all tests. The tests run also when a check failed: both results are worth having.
set -u
cd "$(dirname "$0")/.." || exit 1
PATH="$PWD/node_modules/.bin:$PATH"
export PATH

results=.millrace/test-results.json
rm -f "$results"

status=0
sh scripts/check.sh || status=1
vitest run --reporter=default --reporter=json --outputFile.json="$results" "$@" || status=1
exit "$status"
