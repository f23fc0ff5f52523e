# deploy/lib/common.sh: what tests/run and deploy/demo say and how they stop.
# Sourced, never run: the caller has set -euo pipefail, and PROJECT is the project's folder.
# shellcheck shell=bash

if [[ -t 1 ]]; then BOLD=$'\e[1m' PLAIN=$'\e[0m'; else BOLD='' PLAIN=''; fi

say() { printf '%s\n' "$*"; }

# die WHAT [WHAT-TO-DO]: the exit code of a broken environment is 1, that of a wrong argument 2.
die() {
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  if [[ $# -gt 1 ]]; then printf '  %s\n' "$2" >&2; fi
  exit 1
}
usage_error() {
  printf '%s: %s\n  %s -h tells what it takes\n' "${0##*/}" "$1" "$0" >&2
  exit 2
}

# step NAME COMMAND...: say what begins, and afterwards how long it took.
step() {
  local name=$1 start=$SECONDS
  shift
  say "${BOLD}== $name${PLAIN}"
  "$@" || return
  say "   $name: $((SECONDS - start)) s"
}
