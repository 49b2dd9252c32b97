#!/bin/sh
# Outlives its parent to end what the parent started; see process-guard.ts.
#
# Usage: process-guard.sh GRACE_MS [together], with lines "add PGID" and "remove PGID" on stdin.
#
# The parent holds the other end of stdin. Its death closes the pipe, whatever killed it, and no
# process can miss that. It is a shell script because it must cost nothing while it waits (about
# 1 MB, where a Node process takes 40) and because it runs on any system that has a sh (dash,
# busybox, bash).

# A Ctrl-C or a stop of the whole session must not end the guard before those that it guards.
trap '' INT TERM HUP

grace_ms=${1:?usage: process-guard.sh GRACE_MS [together]}
order=${2-}
groups= # newest first

is_alive() { kill -0 "-$1" 2>/dev/null; }

# Waits until no process of the group is left, or the time is over.
wait_until_gone() {
  waited_ms=0
  while [ "$waited_ms" -lt "$2" ] && is_alive "$1"; do
    # A sleep that takes whole seconds only is still right, just coarser.
    sleep 0.05 2>/dev/null || sleep 1
    waited_ms=$((waited_ms + 50))
  done
}

end() {
  if kill -TERM "-$1" 2>/dev/null; then
    wait_until_gone "$1" "$grace_ms"
    kill -KILL "-$1" 2>/dev/null
  fi
}

forget() {
  kept=
  for known in $groups; do
    [ "$known" = "$1" ] || kept="$kept $known"
  done
  groups=$kept
}

while read -r verb group; do
  # "kill -1" means every process there is, so only plain numbers above 1 pass.
  case $group in '' | *[!0-9]* | 0* | 1) continue ;; esac
  case $verb in
    add) groups="$group $groups" ;;
    remove) forget "$group" ;;
  esac
done

for group in $groups; do
  if [ "$order" = together ]; then
    end "$group" &
  else
    end "$group"
  fi
done
wait
exit 0
