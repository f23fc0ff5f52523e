#!/usr/bin/env bash
# export_test.sh BIN OBJECTS
# Concern: what a rule failed on goes to its author as a scenario file that fails in the same way, with nothing in it by which
# a student could be known.
# Plan: a hub with a plugin that opens a socket, which is deadly. Its event is parked and the next of the same subject waits;
# both are exported and run again by `iro-plugin test`.
set -euo pipefail
BIN=$(cd "${1:?usage: export_test.sh BIN OBJECTS}" && pwd)
OBJECTS=$(cd "${2:?usage: export_test.sh BIN OBJECTS}" && pwd)
WORK=$(mktemp -d "${TMPDIR:-/tmp}/iro-export-test.XXXXXX")
PATIENCE=30
# shellcheck source=tests/integration/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/../checks.sh"

mkdir rule
cp "$OBJECTS/opens_socket.so" rule
cat >rule/plugin.toml <<TOML
[plugin]
id = "opens-socket"
version = "1.0.0"
abi = "1.0"
object = "opens_socket.so"
sha256 = "$(sha256sum rule/opens_socket.so | cut -d' ' -f1)"
nl = "Proef"
en = "Test"
[events]
judges = []
reacts = ["nl.placements.risk.followed-up.v1", "nl.placements.risk.closed.v1"]
emits = []
TOML

exits 0 iro init region --name 'Proefregio' --endpoint "tcp://127.0.0.1:$(free_port)"
exits 0 iro plugin enable rule region
start_hub
exits 0 iro member add --hub region --slug roc --name 'ROC' --oin 00000099000000001001 --role school --out roc.key.toml
exits 1 iro plugin export opens-socket --hub region
says err 'iro plugin parked'
risk() { exits 0 iro publish --key roc.key.toml --type "risk.$1" --data "{\"risk_id\": \"r-1\", \"student\": \"pseudo-secret-7\", \"school\": \"roc\"$2}"; }
risk owner-assigned ', "owner_role": "school_mentor"'
risk followed-up ', "author_role": "school_mentor", "done_on": "2026-09-07"'
risk closed ', "outcome": "continues"'
parked() { iro plugin parked --hub region --json >out 2>err && grep -q '"state": *"parked"' out && grep -q '"state": *"waits"' out; }
until_true 20 parked || miss 'the event was not parked'

exits 0 iro plugin export opens-socket --hub region
says out 'publish roc risk.followed-up' '"school":"roc"' '"risk_id":"r-1"' '"student":"reference-0001"' 'SIGSYS' 'member roc school'
if grep -q -e 'pseudo-secret' -e 'owner-assigned' -e 'risk.closed' out; then miss 'too much is shown'; else pass; fi
waits=$(iro plugin parked --hub region --json | tr -d ' \n' | tr '{' '\n' | grep '"state":"waits"' | sed 's/.*"ref":"\([0-9a-f]*\)".*/\1/')
exits 0 iro plugin export opens-socket --hub region --ref "$waits" --out failed.scenario
if grep -q 'pseudo-secret' failed.scenario; then miss 'a pseudonym is in the file'; else pass; fi
if [[ $(grep -c '^publish' failed.scenario) -eq 2 ]]; then pass; else miss 'what came before is not there'; fi
exits 1 iro plugin export opens-socket --hub region --ref 00
exits 1 iro plugin export nobody --hub region
says err 'iro plugin ls'

# Elsewhere, without the hub and its log, it fails in the same way.
stop_hub
exits 1 iro-plugin test rule failed.scenario
cat err >>out
says out 'SIGSYS'
closing
