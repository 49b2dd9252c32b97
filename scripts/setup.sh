#!/bin/sh
# Makes a fresh clone ready to run. Costs a few milliseconds when nothing is missing, says what it does otherwise.
set -eu
cd "$(dirname "$0")/.."

sh scripts/setup/node-packages.sh
# With REDIS_URL the server runs elsewhere, and none is needed here.
[ -n "${REDIS_URL:-}" ] || sh scripts/setup/redis-binary.sh
