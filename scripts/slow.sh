# To be sourced: how the scripts say what they are doing, and how they stop.

say() { echo "$(basename "$0"): $*" >&2; }

fail() {
  say "$*"
  exit 1
}

# Runs a command that takes a while, quietly but with a sign of life. Its output is shown when it fails, and only then.
attempt() { # WHAT COMMAND...
  local log code=0 start=$SECONDS dots
  log=$(mktemp)
  printf '%s: %s ' "$(basename "$0")" "$1" >&2
  (while sleep 5 >/dev/null 2>&1; do printf '.' >&2; done) &
  dots=$!
  "${@:2}" >"$log" 2>&1 </dev/null || code=$?
  kill "$dots" && wait "$dots" 2>/dev/null || true
  if [ "$code" = 0 ]; then
    echo " $((SECONDS - start)) s" >&2
  else
    echo " failed:" >&2
    tail -n 30 "$log" >&2
  fi
  rm -f "$log"
  return "$code"
}

slow() { # WHAT COMMAND...
  attempt "$@" || fail "$1 failed."
}
