#!/usr/bin/env bash
# tests/integration/whatif/whatif_test.sh BIN PLUGIN OBJECTS: a changed rule over the history of a real hub.
#
# Concern: a what-if tells exactly what would have been different, of a rule that has not changed nothing, and leaves the
# log as it is, byte for byte; an upgrade shows it first, switches whole, and can be taken back.
# Plan: one hub in a temporary folder with the example "first-years in general practice" that refuses from seven weeks.
# Stays of 2, 4 and 6 weeks and one that nobody ended; then the same history with four weeks, and with nine. Every
# command has 60 s. Ends only the hub that it started, by its id.
set -euo pipefail
BIN=$(cd "${1:?usage: whatif_test.sh BIN PLUGIN OBJECTS}" && pwd)
PLUGIN=$(cd "${2:?usage: whatif_test.sh BIN PLUGIN OBJECTS}" && pwd)
OBJECTS=$(cd "${3:?usage: whatif_test.sh BIN PLUGIN OBJECTS}" && pwd)
WORK=$(mktemp -d "${TMPDIR:-/tmp}/iro-whatif-test.XXXXXX")
PATIENCE=60
# shellcheck source=tests/integration/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/../checks.sh"

# counts NAME NUMBER: the object NAME of the last JSON answer has this "count".
counts() {
  if grep -qF -- "\"$1\":{\"count\":$2," out; then pass; else miss "the count of $1 is not $2"; fi
}
is_inline() { grep -q '"state":"inline"' < <(iro plugin ls --hub region --json); }
# stay ID FIRST-DAY LAST-DAY
stay() {
  printf '{"placement_id": "%s", "student": "pseudonym-%s", "school": "roc", "branch": "general_practice", "year": 1,' "$1" "$1"
  printf ' "begin_on": "%s", "planned_end_on": "%s"}' "$2" "$3"
}
found() { exits 0 iro publish --key roc.key.toml --type placement.self-found --data "$(stay "$@")"; }
bytes_of_log() { sha256sum region/data/log.db region/data/keys.db; }

exits 0 iro init region --name 'Proefregio' --endpoint "tcp://127.0.0.1:$(free_port)"
exits 0 iro plugin enable "$PLUGIN" region
start_hub
exits 0 iro member add --hub region --slug roc --name 'ROC' --oin 00000099000000001001 --role school --out roc.key.toml
until_true 20 is_inline || miss 'the rule does not answer in the commit'
# In the past: the last day of each has passed, and the rule says so at once. "far" is in the future: its timer waits.
found two 2025-09-01 2025-09-14
found four 2025-09-01 2025-09-28
found six 2025-09-01 2025-10-12
found far 2090-09-04 2090-10-15
said_three() {
  [[ $(iro show --hub region events --json --limit 100 | grep -o '"type":"nl.placements.placement.overstayed.v1"' | wc -l) -eq 3 ]]
}
until_true 20 said_three || miss 'the rule did not say three times that a last day has passed'

# Beside the running hub: a rule that has not changed makes no difference.
exits 0 iro whatif --plugin "$PLUGIN" region
says out 'No difference.' "The log's head before" 'What this cannot see' 'events that were refused when they came'
exits 0 iro whatif --plugin "$PLUGIN/first-year-weeks.so" --hub region --json
says out '"differences":0' '"recorded_before":true'
stop_hub

# Four weeks: the stays of six weeks would have been refused; every last day is another one.
before=$(bytes_of_log)
printf 'most_weeks = 4\n' >four.toml
exits 0 iro whatif --plugin "$PLUGIN" --config four.toml region --json
says out '"recorded":"accepted","replayed":"rejected","count":2' '"code":"first_year_too_long"' 'hoogstens 4 weken' \
  '"cause_type":"nl.placements.hub.timer-fired.v1"'
# The timer of another day is another cause: three events less, two instead of them.
counts gone 3
counts more 2
counts otherwise 0
counts added 0
counts removed 2
counts changed 2
counts timers 1
head_before=$(grep -o '"head_before":{[^}]*}' out | cut -d: -f2-)
head_after=$(grep -o '"head_after":{[^}]*}' out | cut -d: -f2-)
if [[ -n $head_before && $head_before == "$head_after" ]]; then pass; else miss 'the head is not the same'; fi
exits 0 iro whatif --plugin "$PLUGIN" --config four.toml region --lang nl
says out 'aangenomen -> geweigerd' 'niet meer' 'Wat dit niet kan zien'
# From a date on that nothing has happened since: the rule still sees everything, and nothing is compared but its state.
exits 0 iro whatif --plugin "$PLUGIN" --config four.toml --since 2099-01-01 region --json
counts gone 0
counts otherwise 0
says out '"verdicts":[]'
if [[ $(bytes_of_log) == "$before" ]]; then pass; else miss 'the files of the log have changed'; fi
exits 0 iro verify region

# A rule that crashes now and then is asked again, alone; one that never ends loses the subjects that it was asked about.
# broken NAME ID: a folder with this test object as a plugin
broken() {
  mkdir "$2"
  cp "$OBJECTS/$1.so" "$2/$2.so"
  printf '[plugin]\nid = "%s"\nversion = "1.0.0"\nabi = "1.0"\nobject = "%s.so"\nsha256 = "%s"\nnl = "Kapot"\nen = "Broken"\n' \
    "$2" "$2" "$(sha256sum "$2/$2.so" | cut -d' ' -f1)" >"$2/plugin.toml"
  printf '[events]\nreacts = ["nl.placements.placement.self-found.v1"]\n[budget]\nevent_ms = 20\n' >>"$2/plugin.toml"
}
broken crash_on_event crash-on-event
exits 0 iro whatif --plugin crash-on-event region --json
counts failed 0
says out '"shown":4'
broken endless_loop endless-loop
exits 0 iro whatif --plugin endless-loop region --json
counts failed 4
says out 'deadline: an event took longer than 20 ms' '"shown":0'
if [[ $(bytes_of_log) == "$before" ]]; then pass; else miss 'a broken rule has changed the log'; fi

# What is wrong is said.
exits 1 iro whatif --plugin "$PLUGIN" --config nowhere.toml region
printf 'most_weekz = 4\n' >wrong.toml
exits 1 iro whatif --plugin "$PLUGIN" --config wrong.toml region
says err most_weekz
exits 2 iro whatif --plugin "$PLUGIN/first_year_weeks.bfbs" region
says err 'is not the object'

# Another version: shown, then put in place, then taken back.
# The object says its version too, in as many bytes.
cp -r "$PLUGIN" next
sed -i 's/1\.0\.0/1.1.0/g' next/first-year-weeks.so
sed -i "s/^version = .*/version = \"1.1.0\"/; s/^default = 6/default = 9/;
  s/^sha256 = .*/sha256 = \"$(sha256sum next/first-year-weeks.so | cut -d' ' -f1)\"/" next/plugin.toml
exits 0 iro plugin upgrade first-year-weeks next region
says out 'no longer' 'Nothing has been changed' '1.1.0' '1.0.0'
exits 1 iro plugin upgrade another-rule next region
exits 1 iro plugin rollback first-year-weeks region
says err 'no version before this one'
exits 0 iro plugin upgrade first-year-weeks next region --yes
says out 'in force when irod starts again' 'iro plugin rollback first-year-weeks region'
if [[ -f region/plugins/.first-year-weeks.old/plugin.toml ]]; then pass; else miss 'the old version is not kept'; fi
exits 0 iro plugin rollback first-year-weeks region --json
says out '"from":"1.1.0","to":"1.0.0"'
exits 0 iro plugin rollback first-year-weeks region
start_hub
until_true 20 grep -qF 'plugin first-year-weeks' hub.err || miss 'the hub does not speak of the plugin'
stop_hub

# A crash between the two steps of a switch: the next start finishes it.
mv region/plugins/first-year-weeks region/plugins/.first-year-weeks.new
start_hub
exits 0 iro plugin ls --hub region --json
says out '"first-year-weeks"'
stop_hub

closing
