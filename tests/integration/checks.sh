# shellcheck shell=bash
# tests/integration/checks.sh: what the tests of whole programs share; sourced. Wants BIN (the folder of iro and irod), WORK (an
# empty folder, removed at the end) and PATIENCE (seconds for each command). Works in WORK, and ends the hub that it started
# (HUB_PID) whatever happens. Every check counts; `closing` prints how many held, and fails when one did not.
# shellcheck source=deploy/lib/port.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../deploy/lib/port.sh"
export LANG=C.UTF-8 LC_ALL=C.UTF-8 PATH="$BIN:$PATH"
unset IRO_KEY
HUB_PID=''
FAILED=0
PASSED=0

cleanup() {
  if [[ -n $HUB_PID ]] && kill -0 "$HUB_PID" 2>/dev/null; then
    kill -TERM "$HUB_PID"
    wait "$HUB_PID" 2>/dev/null || true
  fi
  rm -rf "$WORK"
}
trap cleanup EXIT
cd "$WORK" || exit 1

pass() { PASSED=$((PASSED + 1)); }
miss() {
  FAILED=$((FAILED + 1))
  printf 'FAILED: %s\n' "$*" >&2
  printf '  output: %s\n' "$(head -c 3000 out)" >&2
  printf '  errors: %s\n' "$(head -c 3000 err)" >&2
}
# exits CODE COMMAND...: run it; its output is in the files out and err.
exits() {
  local want=$1 code=0
  shift
  timeout "$PATIENCE" "$@" >out 2>err </dev/null || code=$?
  if [[ $code -eq $want ]]; then pass; else miss "exit $code, not $want: $*"; fi
}
# says FILE TEXT...: each text occurs in out or err.
says() {
  local file=$1 text
  shift
  for text in "$@"; do
    if grep -qF -- "$text" "$file"; then pass; else miss "$file does not say '$text'"; fi
  done
}
# until_true SECONDS COMMAND...
until_true() {
  local ends=$((SECONDS + $1))
  shift
  until "$@"; do
    if ((SECONDS >= ends)); then return 1; fi
    sleep 0.1 # style: sleep-in-test, because a process can only be asked, until a deadline
  done
}
# The hub of the folder `region`.
start_hub() {
  irod region >hub.out 2>hub.err &
  HUB_PID=$!
  until_true 20 grep -q '^ready' hub.out || miss 'the hub did not say that it is ready'
}
stop_hub() {
  kill -TERM "$HUB_PID"
  wait "$HUB_PID" || true
  HUB_PID=''
}
closing() {
  printf '%d checks passed, %d failed\n' "$PASSED" "$FAILED"
  if ((FAILED == 0)); then return 0; fi
  printf 'the hub said:\n%s\n' "$(tail -n 20 hub.err)" >&2
  return 1
}
