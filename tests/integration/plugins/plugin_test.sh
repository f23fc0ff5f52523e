#!/usr/bin/env bash
# tests/integration/plugins/plugin_test.sh BIN PLUGIN: a rule of the region in a real hub.
#
# Concern: what an operator and a member see of a rule: it is checked, put into the hub's folder and asked; a refusal
# gives its reason in Dutch and English; its process can be killed, its folder damaged, and nothing else suffers.
# Plan: one hub in a temporary folder with the example "first-years in general practice". Every command has 30 s. Ends
# only processes that it started, by their id, and the plugin's process, which it finds as the hub's child.
set -euo pipefail
BIN=$(cd "${1:?usage: plugin_test.sh BIN PLUGIN}" && pwd)
PLUGIN=$(cd "${2:?usage: plugin_test.sh BIN PLUGIN}" && pwd)
WORK=$(mktemp -d "${TMPDIR:-/tmp}/iro-plugin-test.XXXXXX")
PATIENCE=30
# shellcheck source=tests/integration/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/../checks.sh"

plugin_pid() { pgrep -P "$HUB_PID" -f iro-plugin-host | head -n 1; }
invite() {
  printf '{"handover_id": "%s", "school": "roc", "provider": "praktijk", "year": 1, "weeks": %s, "programme": "25695"}' "$1" "$2"
}
# refuses ID WEEKS: the rule refuses it. Where it was late, on a loaded machine, the first ones are held; it comes back.
refuses() {
  local n code ends=$((SECONDS + 25))
  for n in {1..50}; do
    code=0
    timeout 30 iro publish --key roc.key.toml --type handover.invited --data "$(invite "$1-$n" "$2")" >out 2>err \
      </dev/null || code=$?
    if [[ $code -eq 1 ]]; then
      pass
      return
    fi
    if [[ $SECONDS -ge $ends ]]; then break; fi
    sleep 0.5 # style: sleep-in-test, because a second of keeping up is what it waits for, until a deadline
  done
  miss "$1 with $2 weeks was never refused"
}

exits 0 iro init region --name 'Proefregio' --endpoint "tcp://127.0.0.1:$(free_port)"

# What is wrong with a plugin is said before anything is copied.
cp -r "$PLUGIN" damaged
printf 'x' >>damaged/first-year-weeks.so
exits 1 iro plugin enable damaged region
says err config_invalid sha256
exits 0 iro plugin enable "$PLUGIN" region
says out first-year-weeks 'starts again'
start_hub
says hub.err 'plugin first-year-weeks 1.0.0'

exits 0 iro member add --hub region --slug roc --name 'ROC' --oin 00000099000000001001 --role school --out roc.key.toml
exits 0 iro member add --hub region --slug praktijk --name 'Praktijk' --oin 00000099000000002001 --role care_provider \
  --branch general_practice --out praktijk.key.toml
exits 0 iro plugin ls --hub region --json
says out '"first-year-weeks"' '"state"'

# The rule refuses, with its own reason in two languages, and lets pass what fits.
refuses ho-1 7
says err rejected_by_rule first_year_too_long 'hoogstens 6 weken' '6 weeks at most'
exits 0 iro publish --key roc.key.toml --type handover.invited --data "$(invite ho-2 6)"

# What it shows is for the operator and the bureau, and for nobody else.
exits 0 iro show plugin-views --hub region
says out plugin/first-year-weeks/stays table
exits 0 iro show plugin/first-year-weeks/stays --hub region
says out 'First-years in general practices' placement
exits 1 iro show plugin/first-year-weeks/other --hub region
says err view_unknown
exits 1 iro show plugin/first-year-weeks/stays --key roc.key.toml
says err missing_grant 'it is for bureau'

# Its process is killed: the next event starts another, and it still knows the members.
before=$(plugin_pid)
kill -KILL "$before"
until_true 10 bash -c "! kill -0 $before 2>/dev/null" || miss 'the plugin was not killed'
refuses ho-3 8
if [[ $(plugin_pid) != "$before" ]]; then pass; else miss 'no new process'; fi

# Another limit, set by the operator, holds from the next start on; a setting that does not exist is named.
stop_hub
printf 'most_weeks = 8\n' >region/plugins/first-year-weeks.toml
start_hub
exits 0 iro publish --key roc.key.toml --type handover.invited --data "$(invite ho-4 8)"
refuses ho-5 9
says err first_year_too_long '8 weeks at most'
exits 0 iro verify region
stop_hub
printf 'most_weekz = 8\n' >region/plugins/first-year-weeks.toml
exits 1 irod region
says err config_invalid most_weekz
rm region/plugins/first-year-weeks.toml

# Out of force.
exits 0 iro plugin disable first-year-weeks region
start_hub
exits 0 iro publish --key roc.key.toml --type handover.invited --data "$(invite ho-6 30)"
stop_hub
if pgrep -f "iro-plugin-host.*$WORK" >/dev/null; then miss 'a plugin survives its hub'; else pass; fi

closing
