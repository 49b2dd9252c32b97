#!/bin/sh
# Installs the Node packages exactly as the lockfile says. Node 24 is one of them (the package `node`), so that any
# Node from 20 on is enough to get started.
set -eu
cd "$(dirname "$0")/../.."

# The lockfile as it was installed. Written last, so that a set-up that was interrupted is done again.
installed=node_modules/.installed-lockfile
if [ -x node_modules/.bin/node ] && cmp -s package-lock.json "$installed"; then
  exit 0
fi

fail() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}

# npm scripts have node_modules/.bin first on PATH. The Node in there cannot replace itself, the machine's can.
PATH=$(printf '%s' "$PATH" | tr ':' '\n' | grep -vxF "$PWD/node_modules/.bin" | paste -sd: -)
export PATH

command -v node >/dev/null || fail 'Node is missing. Install Node 20 or later (https://nodejs.org), then try again.'
command -v npm >/dev/null || fail 'npm is missing. Install Node 20 or later with npm (https://nodejs.org), then try again.'
[ "$(node -p 'parseInt(process.versions.node)')" -ge 20 ] ||
  fail "Node $(node -v) is too old to install the packages. Install Node 20 or later (https://nodejs.org), then try again."

echo 'setup: installing the Node packages (about a minute the first time)'
rm -f "$installed"
# Development packages are named because Node 24 is one, and NODE_ENV=production would leave it out. Errors only:
# the packages run on Node 24, so npm's warnings about the older Node that installs them mean nothing.
npm ci --include=dev --no-audit --no-fund --loglevel=error >/dev/null ||
  fail 'npm ci failed, see above. Nothing was set up.'

version=$(node_modules/.bin/node --version) ||
  fail "Node 24, the npm package \`node\`, does not run here. Its install script must be allowed: npm config get ignore-scripts"
cp package-lock.json "$installed"
echo "setup: Node packages are installed, Node $version runs them"
