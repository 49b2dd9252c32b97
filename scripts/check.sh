#!/bin/sh
# Type check, lint, format and dead code. Runs them all, so that one run shows all there is to repair.
set -u
cd "$(dirname "$0")/.." || exit 1
PATH="$PWD/node_modules/.bin:$PATH"
export PATH

failed=
check() {
  name=$1
  shift
  echo "check: $name ($*)"
  "$@" || failed="$failed${failed:+, }$name"
}

check types tsc --noEmit
check lint oxlint --type-aware --quiet
check format oxfmt --check
check 'dead code' knip --no-progress

if [ -n "$failed" ]; then
  echo "check: failed: $failed" >&2
  exit 1
fi
