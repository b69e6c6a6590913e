# To be sourced: how the scripts say what they are doing, and how they stop.

say() { echo "$(basename "$0"): $*" >&2; }

fail() {
  say "$*"
  exit 1
}

# Runs a command that may take a while, with a sign of life. What it prints goes to `output`. May fail.
attempt() { # WHAT COMMAND...
  local code=0 start=$SECONDS dots
  printf '%s: %s ' "$(basename "$0")" "$1" >&2
  (while sleep 5 >/dev/null 2>&1; do printf '.' >&2; done) &
  dots=$!
  output=$("${@:2}" 2>&1 </dev/null) || code=$?
  kill "$dots" 2>/dev/null && wait "$dots" 2>/dev/null || true
  if [ "$code" = 0 ]; then echo " $((SECONDS - start)) s" >&2; else echo ' failed' >&2; fi
  return "$code"
}

# The same for a command that must not fail: shows what it printed, and stops.
slow() { # WHAT COMMAND...
  attempt "$@" && return
  tail -n 30 <<<"$output" >&2
  fail "$1 failed."
}
