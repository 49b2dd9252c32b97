#!/bin/sh
# Finds a Redis or Valkey server, or installs one, and links it at .millrace/bin/redis-server, where all else looks.
set -eu
cd "$(dirname "$0")/../.."

link=.millrace/bin/redis-server
log=.millrace/redis-setup.log

say() { echo "setup: $*"; }
runs() { "$1" --version >/dev/null 2>&1; }

# Follows the link: false when the server was removed since.
if [ -x "$link" ]; then
  exit 0
fi

# Links the first server on PATH that runs.
link_from_path() {
  for name in redis-server valkey-server; do
    if binary=$(command -v "$name") && runs "$binary"; then
      link_to "$binary"
      return 0
    fi
  done
  return 1
}

link_to() {
  mkdir -p .millrace/bin
  ln -sfn "$1" "$link"
  say "using $1 ($("$link" --version | sed 's/^[A-Za-z]* server v=\([^ ]*\).*/version \1/'))"
}

# Runs a command with its output in the log, which is shown only when the command fails.
logged() {
  mkdir -p .millrace
  "$@" >"$log" 2>&1 || {
    say "this failed: $*"
    tail -n 15 "$log" >&2
    return 1
  }
}

install_with_apt() {
  command -v apt-get >/dev/null || return 1
  if [ "$(id -u)" = 0 ]; then
    as_root='env'
  elif sudo -n true 2>/dev/null; then
    as_root='sudo -n env'
  else
    return 1
  fi
  say 'installing redis-server with apt-get'
  hold_system_services
  apt_install='apt-get install -y -qq --no-install-recommends redis-server'
  # Without package lists, or with old ones, the first attempt fails: that is expected, so it stays silent.
  # shellcheck disable=SC2086 # the words of these variables are arguments
  $as_root DEBIAN_FRONTEND=noninteractive $apt_install >/dev/null 2>&1 || {
    logged $as_root apt-get update -qq && logged $as_root DEBIAN_FRONTEND=noninteractive $apt_install
  }
}

# The package would start a server of its own on port 6379. Debian's way to prevent that is a policy program that
# answers 101; one that the machine already has is left alone.
policy=/usr/sbin/policy-rc.d
hold_system_services() {
  [ ! -e "$policy" ] || return 0
  trap '$as_root rm -f "$policy"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
  $as_root chmod 755 "$policy"
}

install_with_brew() {
  command -v brew >/dev/null || return 1
  say 'installing redis with Homebrew'
  logged brew install --quiet redis
}

# Downloads the source and compiles it: needs make and a C compiler.
compile() {
  command -v make >/dev/null && command -v cc >/dev/null || return 1
  say 'downloading and compiling Redis (a few minutes)'
  folder=.millrace/redis-memory-server
  mkdir -p "$folder"
  # Its own install script would build the same at a place that npm may clear, so it stays off.
  logged npm install --prefix "$folder" --no-save --ignore-scripts --no-audit --no-fund redis-memory-server@0.17.1 &&
    logged env REDISMS_DOWNLOAD_DIR="$PWD/$folder/binaries" node -e "
      const { default: RedisBinary } = require('./$folder/node_modules/redis-memory-server/lib/util/RedisBinary.js');
      RedisBinary.getPath().then((path) => require('node:fs').writeFileSync('$folder/path', path));
    " && binary=$(cat "$folder/path") && runs "$binary" && link_to "$binary"
}

link_from_path && exit 0
install_with_apt && link_from_path && exit 0
install_with_brew && link_from_path && exit 0
compile && exit 0

cat >&2 <<'END'
setup: no Redis server was found, and none could be installed without asking you. Any of these helps, then try again:
  Debian, Ubuntu    sudo apt-get install redis-server
  Fedora            sudo dnf install valkey
  macOS             brew install redis
  from source       install make and a C compiler: Redis is then downloaded and compiled here
  elsewhere         REDIS_URL=redis://host:6379 npm start   (the tests need redis-server or valkey-server on PATH)
END
exit 1
