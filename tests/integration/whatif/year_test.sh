#!/usr/bin/env bash
# tests/integration/whatif/year_test.sh BIN PLUGIN PROJECT [tiny|S|M|L]: a changed rule over the demo region's year.
#
# Concern: a what-if over a whole region's year prints the difference, and the log's head and bytes are unchanged.
# Plan: the demo region's files through a hub with the example rule "placement ends" in its mildest setting; then the
# same year with shorter placements and less patience. Ends only the processes that it started, by their ids.
set -euo pipefail
BIN=$(cd "${1:?usage: year_test.sh BIN PLUGIN PROJECT [SIZE]}" && pwd)
PLUGIN=$(cd "${2:?usage: year_test.sh BIN PLUGIN PROJECT [SIZE]}" && pwd)
PROJECT=$(cd "${3:?usage: year_test.sh BIN PLUGIN PROJECT [SIZE]}" && pwd)
# shellcheck source=deploy/lib/port.sh
. "$PROJECT/deploy/lib/port.sh"
SIZE=${4:-tiny}
WORK=$(mktemp -d "${TMPDIR:-/tmp}/iro-whatif-year.XXXXXX")
export LANG=C.UTF-8 LC_ALL=C.UTF-8 PATH="$BIN:$PATH"
unset IRO_KEY
RUNNING=()
stop_all() {
  local pid
  for pid in "${RUNNING[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in "${RUNNING[@]}"; do wait "$pid" 2>/dev/null || true; done
  RUNNING=()
}
trap 'stop_all; rm -rf "$WORK"' EXIT
cd "$WORK"
die() {
  printf 'FAILED: %s\n' "$*" >&2
  tail -n 20 ./*.log >&2 || true
  exit 1
}
# until_true SECONDS COMMAND...
until_true() {
  local ends=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    if [[ $SECONDS -ge $ends ]]; then return 1; fi
    sleep 0.2 # style: sleep-in-test, because a process can only be asked, until a deadline
  done
}
number() { grep -o "\"$1\":[0-9]*" "$2" | head -n 1 | grep -o '[0-9]*$'; }
waiting() { find region/members -mindepth 3 -maxdepth 3 -path '*/outbox/*' -type f | wc -l; }
taken() { [[ $(waiting) -eq 0 ]]; }
kept_up() { grep -q '"state":"inline"' < <(iro plugin ls --hub "$hub" --json); }

iro-demo-region region --size "$SIZE" --seed 2026 --project "$PROJECT" >/dev/null
hub=region/hub
iro init "$hub" --endpoint "tcp://127.0.0.1:$(free_port)" >/dev/null
iro plugin enable "$PLUGIN" "$hub" >/dev/null
printf 'early_weeks = 520\ngrace_days = 3650\n' >"$hub/plugins/placement-ends.toml"
iro up "$hub" >hub.log 2>&1 &
RUNNING+=($!)
until_true 20 iro status --hub "$hub" || die 'the hub did not start'
iro member add --hub "$hub" --batch region/region.toml --out-dir region/members >/dev/null
printf 'root = "members"\npoll_ms = 200\nquiet_ms = 200\n' >region/files.toml
iro files run region/files.toml >files.log 2>&1 &
RUNNING+=($!)
until_true 240 taken || die 'the files were not taken'
until_true 60 kept_up || die 'the rule did not keep up'
stop_all

bytes=$(sha256sum "$hub/data/log.db")
# What was in force makes no difference, and the log knows that it was.
iro whatif --plugin "$PLUGIN" "$hub" --json >same.json
[[ $(number differences same.json) -eq 0 ]] || die "a rule that has not changed makes a difference: $(head -c 1500 same.json)"
grep -q '"recorded_before":true' same.json || die 'the log does not know the rule'
printf 'early_weeks = 2\ngrace_days = 14\nmost_weeks = 30\n' >changed.toml
iro whatif --plugin "$PLUGIN" --config changed.toml "$hub" --limit 3
iro whatif --plugin "$PLUGIN" --config changed.toml "$hub" --json >changed.json
[[ $(number differences changed.json) -gt 0 ]] || die 'the changed rule makes no difference'
grep -q '"recorded":"accepted","replayed":"rejected"' changed.json || die 'no placement would have been refused'
before=$(grep -o '"head_before":{[^}]*}' changed.json | cut -d: -f2-)
after=$(grep -o '"head_after":{[^}]*}' changed.json | cut -d: -f2-)
[[ -n $before && $before == "$after" ]] || die "the log's head: $before before, $after after"
[[ $(sha256sum "$hub/data/log.db") == "$bytes" ]] || die 'the bytes of the log have changed'
events=$(number events changed.json)
took=$(number took_ms changed.json)
printf '%s events in %s ms (%s a second); the head and the bytes of the log are unchanged\n' "$events" "$took" \
  "$((events * 1000 / (took > 0 ? took : 1)))"
