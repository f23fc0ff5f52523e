#!/usr/bin/env bash
# tests/integration/cli/cli_test.sh BIN: the command line against a real hub, from `init` to `verify`.
#
# Concern: what an operator and a member type works, and what is wrong is refused with the permanent code, the
# promised exit code, and nothing half done.
# Plan: one hub in a temporary folder; sections in the order of a region's life. Every command has 30 s. A section
# that fails prints what was expected and what came, and the others go on.
set -euo pipefail
BIN=$(cd "${1:?usage: cli_test.sh BIN (the folder of iro and irod)}" && pwd)
WORK=$(mktemp -d "${TMPDIR:-/tmp}/iro-cli-test.XXXXXX")
PATIENCE=30
# shellcheck source=tests/integration/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/../checks.sh"

section() { printf '== %s\n' "$*"; }
silent_about() { if grep -qF -- "$2" "$1"; then miss "$1 says '$2'"; else pass; fi; }
there() { if [[ -e $1 ]]; then pass; else miss "$1 is not there"; fi; }
gone() { if [[ ! -e $1 ]]; then pass; else miss "$1 is there"; fi; }
# same WHAT WANTED GOT
same() { if [[ $2 == "$3" ]]; then pass; else miss "$1 is '$3', not '$2'"; fi; }
# fails COMMAND...: it is refused, with whatever code.
fails() {
  if timeout "$PATIENCE" "$@" >out 2>err </dev/null; then miss "this should fail: $*"; else pass; fi
}
lines() {
  local n
  n=$(wc -l <"$1")
  if [[ $n -eq $2 ]]; then pass; else miss "$1 has $n lines, not $2"; fi
}
section 'without a hub: help, types, errors, usage'
exits 0 iro --help
says out 'member' 'publish' 'tail' 'verify'
exits 0 iro member add --help
says out 'Examples:' '--batch'
exits 0 iro tail --help --lang nl
says out 'Voorbeelden:'
exits 0 iro types
says out 'nl.placements.vacancy.opened.v1'
exits 0 iro types show vacancy.opened --lang nl
says out 'Stageplaats geopend'
exits 0 iro types show vacancy.opened --json
says out '"vacancy_id"'
exits 0 iro errors 209
says out 'personal_number (209)' 'next:'
exits 0 iro errors personal_number --json --lang nl
says out '"code":209' 'BSN'
exits 1 iro errors no_such_code
exits 1 iro types show no.such.type
says err 'unknown_type (203)' 'iro types'
exits 2 iro no-such-command
exits 2 iro tail --no-such-option
says err 'iro tail --help'
exits 1 iro status
says err '--key'

section 'init'
port=$(free_port)
exits 0 iro init region --name 'Proefregio' --endpoint "tcp://127.0.0.1:$port"
says out 'iro up region' 'iro member add'
there region/operator.key.toml
same "the operator key's mode" 600 "$(stat -c %a region/operator.key.toml)"
exits 1 iro init region
says err 'exists (508)'
exits 2 iro init other --oin 123
exits 69 iro status --hub region --timeout 1
says err 'unreachable (506)' 'iro up'
exits 1 iro up nowhere

section 'up'
iro up region >hub.out 2>hub.err &
HUB_PID=$!
if ! until_true 20 grep -q '^ready' hub.out; then
  cp hub.out out && cp hub.err err
  miss 'the hub did not say that it is ready'
  exit 1
fi
exits 0 iro status --hub region
says out 'hub'
exits 0 iro status --hub region --json
says out '"accepted":0' '"hub":"Proefregio"'

section 'members'
exits 0 iro member add --hub region --slug waterpoort --name 'Ziekenhuis Waterpoort' --oin 00000099000000002001 \
  --role care_provider --branch hospital --out waterpoort.key.toml
there waterpoort.key.toml
gone waterpoort.key.toml.pending
same "the member key's mode" 600 "$(stat -c %a waterpoort.key.toml)"
exits 1 iro member add --hub region --slug waterpoort --name 'Nog eens' --oin 00000099000000002009 \
  --role care_provider --out again.key.toml
says err 'command_invalid (216)' 'waterpoort'
gone again.key.toml
gone again.key.toml.pending
exits 1 iro member add --hub region --slug dwars --name 'Dwars' --oin 99 --role school --out dwars.key.toml
gone dwars.key.toml
exits 2 iro member add --hub region --slug dwars
cat >region.toml <<'TOML'
[[member]]
slug = "roc-laag"
name = "ROC Laag"
oin = "00000099000000001001"
role = "school"
brin = "98LA"

[[member]]
slug = "bureau"
name = "Stagebureau"
oin = "00000099000000003001"
roles = ["bureau"]
TOML
exits 0 iro member add --hub region --batch region.toml --out-dir members
says out '2 enrolled'
there members/roc-laag/key.toml
exits 0 iro member add --hub region --batch region.toml --out-dir members
says out '2 were there already'
exits 0 iro member ls --hub region
says out 'waterpoort' 'roc-laag' 'bureau'
exits 0 iro member show waterpoort --hub region --json
says out '"publish":true' '"public_key"'
exits 1 iro member show nobody --hub region
says err 'not_found (404)'
exits 1 iro member add --key waterpoort.key.toml --slug sluip --name 'Sluip' --oin 00000099000000002002 --role school --out sluip.key.toml
says err 'missing_grant (202)'
gone sluip.key.toml

section 'publish'
provider=(--key waterpoort.key.toml)
school=(--key members/roc-laag/key.toml)
vacancy='{"vacancy_id": "vac-1", "provider": "waterpoort", "offer": {"ward_name": "Cardiologie", "programmes": ["25655"]}}'
exits 0 iro publish "${provider[@]}" --type vacancy.opened --data "$vacancy"
id=$(cat out)
same 'the length of the id' 36 "${#id}"
printf '%s' "$vacancy" | sed 's/vac-1/vac-2/' >vacancy.json
exits 0 iro publish "${provider[@]}" --type nl.placements.vacancy.opened.v1 --data @vacancy.json --foreign-id row-2 --json
says out '"result":"accepted"'
exits 1 iro publish "${provider[@]}" --type vacancy.opened --data @vacancy.json --foreign-id row-2
says err 'duplicate_event (208)'

section 'refusals'
exits 1 iro publish "${school[@]}" --type vacancy.opened --data "$vacancy"
says err 'missing_grant (202)' 'next:'
exits 1 iro publish "${school[@]}" --type vacancy.opened --data "$vacancy" --lang nl
says err 'dit lid mag dit niet' 'wat nu:'
exits 1 iro publish "${provider[@]}" --type vacancy.opened --data '{"vacancy_id": "vac-3", "provider": "waterpoort", "offer": {"note": "bel 111222333"}}'
says err 'personal_number (209)'
silent_about err '111222333'
exits 1 iro publish "${provider[@]}" --type vacancy.opened --data '{"vacancy_id": "vac-3"}'
says err 'payload_invalid (204)'
exits 1 iro publish "${provider[@]}" --type no.such --data '{}'
exits 1 iro publish "${provider[@]}" --type vacancy.opened --data "$vacancy" --expires 2020-01-01T00:00:00Z
says err 'event_expired (207)'
exits 2 iro publish "${provider[@]}" --type vacancy.opened --data "$vacancy" --expires tomorrow
exits 2 iro publish "${provider[@]}"
{
  printf '{"specversion":"1.0","type":"nl.placements.vacancy.opened.v1","data":%s}\n' "${vacancy/vac-1/vac-10}"
  printf 'this is no JSON\n'
  printf '{"specversion":"1.0","type":"nl.placements.vacancy.opened.v1","data":%s}\n' "${vacancy/vac-1/vac-11}"
  printf '{"specversion":"1.0","type":"nl.placements.vacancy.opened.v1","source":"urn:nld:oin:00000099000000009999:systeem:x","data":%s}\n' "${vacancy/vac-1/vac-12}"
} >events.jsonl
exits 1 iro publish "${provider[@]}" --events events.jsonl
lines out 2
says err 'line 2:' 'line 4:' 'wrong_source (201)' '2 accepted, 2 refused'
exits 1 iro publish "${provider[@]}" --events events.jsonl --json
says out '"line":2,"result":"refused"'

section 'tail'
exits 0 iro tail "${school[@]}" --json --count 2
lines out 2
says out '"subject":"vac-1"' '"subject":"vac-2"' '"specversion":"1.0"' 'Cardiologie'
exits 0 iro tail "${school[@]}" --until-idle 1500 --type vacancy --subject vac-1
says out 'Vacancy opened' 'vac-1' 'waterpoort' 'vac-11'
silent_about out 'vac-2'
exits 0 iro tail "${school[@]}" --until-idle 1500 --from "event:$id" --json
silent_about out "$id"
says out '"subject":"vac-2"'
exits 0 iro tail "${school[@]}" --until-idle 1500 --from now --json
lines out 0
exits 0 iro tail "${school[@]}" --until-idle 1500 --filter '{"exact": {"subject": "vac-2"}}' --json
lines out 1
exits 1 iro tail "${school[@]}" --until-idle 1500 --filter '{"sounds_like": {"subject": "vac-2"}}'
says err 'filter_invalid (402)'
exits 2 iro tail "${school[@]}" --from yesterday
# Ctrl-C ends it well.
iro tail "${school[@]}" --json >out 2>err </dev/null &
tail=$!
until_true "$PATIENCE" grep -q 'vac-1' out || miss 'tail shows nothing'
kill -INT "$tail"
code=0
wait "$tail" || code=$?
same 'the exit code of an interrupted tail' 0 "$code"
exits 0 iro tail --hub region --until-idle 1500
says out 'Member enrolled' 'roc-laag'
silent_about out 'vac-1'

section 'grants and quota'
exits 0 iro grant give roc-laag vacancy.opened --publish --hub region
exits 0 iro grant ls roc-laag --hub region --json
says out '"type":"nl.placements.vacancy.opened.v1","publish":true,"receive":"full"'
exits 0 iro publish "${school[@]}" --type vacancy.opened --data "${vacancy/vac-1/vac-20}"
exits 0 iro grant take roc-laag vacancy.opened --publish --hub region
exits 1 iro publish "${school[@]}" --type vacancy.opened --data "$vacancy"
says err 'missing_grant (202)'
exits 0 iro tail "${school[@]}" --json --count 1
exits 2 iro grant give roc-laag vacancy.opened --hub region
exits 1 iro grant give nobody vacancy.opened --publish --hub region
exits 0 iro quota waterpoort --events 1000 --bytes 1000000 --hub region
exits 0 iro quota --hub region
says out 'waterpoort' '1000'
exits 0 iro quota waterpoort --none --hub region

section 'consumers, replay and parked'
exits 0 iro tail "${school[@]}" --consumer nightly --json --until-idle 1500
all=$(wc -l <out)
exits 0 iro tail "${school[@]}" --consumer nightly --json --until-idle 1500
lines out 0
exits 0 iro consumer ls "${school[@]}"
says out 'nightly'
exits 0 iro replay "${school[@]}" --consumer nightly --from beginning
exits 0 iro tail "${school[@]}" --consumer nightly --json --until-idle 1500
lines out "$all"
exits 0 iro consumer seek nightly "${school[@]}" --from now
exits 0 iro tail "${school[@]}" --consumer nightly --json --until-idle 1500
lines out 0
exits 1 iro consumer seek nobodys "${school[@]}" --from beginning
says err 'consumer_unknown (401)'
exits 0 iro parked ls "${school[@]}" --json
says out '[]'
exits 0 iro parked redrive nightly --all "${school[@]}"
exits 1 iro parked skip nobodys --all "${school[@]}"
says err 'consumer_unknown (401)'
exits 2 iro parked skip nightly "${school[@]}"
exits 0 iro consumer rm nightly "${school[@]}"
exits 1 iro consumer rm nightly "${school[@]}"

section 'show'
exits 0 iro show
says out 'consumers' 'events'
exits 0 iro show members --hub region
exits 0 iro show types --hub region --json
says out 'vacancy.opened'
exits 0 iro show events "${school[@]}" --type vacancy --limit 3
says out 'vac-20' 'waterpoort'
exits 0 iro show "$id" --hub region
says out "$id" 'waterpoort'
exits 0 iro show event "$id" "${provider[@]}" --json
says out 'Cardiologie'
exits 1 iro show no-such-view --hub region
says err 'view_unknown (406)' 'iro show'
exits 1 iro show event 01900000-0000-7000-8000-000000000000 --hub region
says err 'not_found (404)'

section 'joining, and keys of one'"'"'s own'
mkdir zorg-zuid  # a folder for each member: its outbox and what it believes of others stand beside the key file
exits 2 iro member invite zorg-zuid --hub region
says err '--name'
exits 0 iro member invite zorg-zuid --hub region --name 'Zorg Zuid' --oin 00000099000000002005 --role care_provider --json
token=$(sed -n 's/.*"token":"\([^"]*\)".*/\1/p' out)
exits 1 iro join "${token}x" --key zorg-zuid/key.toml
says err 'invitation_unreadable (548)'
gone zorg-zuid/key.toml.pending
printf '%s\n' "$token" >token.txt
timeout 30 iro join - --key zorg-zuid/key.toml <token.txt >out 2>err || miss 'join from standard input'
says out 'zorg-zuid' 'Fingerprint'
there zorg-zuid/key.toml
gone zorg-zuid/key.toml.pending
same "the joined key's mode" 600 "$(stat -c %a zorg-zuid/key.toml)"
exits 1 iro join "$token" --key thief.key.toml --timeout 5
says err 'enrolment_over (141)' 'iro member invite'
gone thief.key.toml
gone thief.key.toml.pending
exits 1 iro join "$token" --key zorg-zuid/key.toml
says err 'exists (508)'
exits 0 iro key fingerprint --key zorg-zuid/key.toml
own=$(cat out)
exits 0 iro key fingerprint zorg-zuid --key members/roc-laag/key.toml
same 'the fingerprint at both ends' "$own" "$(cat out)"
says err 'first time'
exits 0 iro key ls zorg-zuid --hub region
says out "${own##* }"

section 'sealed documents'
disclose=(--type handover.identity-disclosed --key members/roc-laag/key.toml
  --data '{"handover_id": "ho-9", "student": "p-7f3a91c2", "school": "roc-laag", "provider": "zorg-zuid"}')
printf 'een geheim\n' >plan.txt
exits 0 iro seal plan.txt "${disclose[@]}" --publish
sealed=$(cat out)
exits 0 iro open "$sealed" --key zorg-zuid/key.toml
says out 'een geheim'
says err 'plan.txt' 'roc-laag'
mkdir documents
exits 0 iro open "$sealed" --key zorg-zuid/key.toml --out documents --json
says out '"sender":"roc-laag"' 'documents/plan.txt'
same 'the opened document' "$(cat plan.txt)" "$(cat documents/plan.txt)"
exits 1 iro open "$sealed" --key waterpoort.key.toml
says err 'not_found (404)'
exits 0 iro seal plan.txt "${disclose[@]}" --out event.json
exits 1 iro open event.json --key members/roc-laag/key.toml
says err 'sealed_for_others (543)'
sed 's/"subject":"ho-9"/"subject":"ho-8"/' event.json >moved.json
exits 1 iro open moved.json --key zorg-zuid/key.toml
says err 'sealed_other_event (545)'
printf 'zijn bsn is 111222333\n' >bsn.txt
exits 1 iro seal bsn.txt "${disclose[@]}" --publish
says err 'personal_number (209)'
if grep -rqF 'een geheim' region; then miss 'the hub has the document'; else pass; fi
exits 0 iro key rotate --key zorg-zuid/key.toml
says out 'iro key revoke --old'
exits 0 iro key revoke --old --key zorg-zuid/key.toml --json
says out '"member":"zorg-zuid"'
exits 0 iro open "$sealed" --key zorg-zuid/key.toml
says out 'een geheim'
exits 0 iro seal plan.txt "${disclose[@]}" --publish
exits 0 iro open "$(cat out)" --key zorg-zuid/key.toml
says out 'een geheim'
exits 1 iro key trust zorg-zuid --fingerprint 00000-00000 --key members/roc-laag/key.toml
says err 'fingerprint_differs (549)'

section 'keys'
exits 0 iro member key-add waterpoort --out waterpoort-2.key.toml --hub region
exits 0 iro member key-revoke waterpoort --key-file waterpoort.key.toml --hub region
exits 0 iro publish --key waterpoort-2.key.toml --outbox second --type vacancy.opened --data "${vacancy/vac-1/vac-30}"
fails iro publish "${provider[@]}" --outbox third --timeout 5 --type vacancy.opened --data "$vacancy"
says err 'unknown_key (101)'
exits 0 iro member change roc-laag --role school pool --hub region
exits 0 iro member leave bureau --reason 'einde' --hub region
fails iro status --key members/bureau/key.toml --timeout 5

section 'history, and what is kept of one person'
exits 0 iro member backfill roc-laag vacancy.opened --since 1d --reason 'kwam later' --hub region
says out 'roc-laag'
exits 1 iro member backfill roc-laag student.at-risk --hub region
says err 'command_invalid (216)'
exits 0 iro publish --key members/roc-laag/key.toml --outbox risk --type student.at-risk --data '{"risk_id": "risk-1", "student": "p-00c4f1aa", "school": "roc-laag"}'
exits 0 iro subject export p-00c4f1aa --key members/roc-laag/key.toml --out inzage.jsonl
says err '1 '
same "the export's mode" 600 "$(stat -c %a inzage.jsonl)"
says inzage.jsonl 'risk-1' 'p-00c4f1aa'
exits 0 iro subject export p-00c4f1aa --purpose 'gevraagd door de student' --key members/roc-laag/key.toml
# The record becomes durable within a second.
exported() { grep -q 'gevraagd door' < <(iro subject access p-00c4f1aa --key members/roc-laag/key.toml --json 2>/dev/null); }
if until_true 20 exported; then pass; else miss 'the export is not in the access log'; fi
exits 0 iro subject access p-00c4f1aa --key members/roc-laag/key.toml --json
says out '"exported"'
silent_about out '"asked"'
exits 0 iro subject export p-00c4f1aa --key waterpoort-2.key.toml
if [[ -s out ]]; then miss 'another member sees whom an event is about'; else pass; fi
exits 2 iro subject erase p-00c4f1aa --reason because --hub region
exits 2 iro subject erase p-00c4f1aa --reason asked_by_student --hub region
says err 'invalid_argument (504)' '--yes'
exits 0 iro subject erase p-00c4f1aa --reason asked_by_student --yes --hub region
exits 1 iro subject erase p-00c4f1aa --reason asked_by_student --yes --hub region
says err 'subject_unknown (271)'
exits 0 iro subject export p-00c4f1aa --key members/roc-laag/key.toml
if [[ -s out ]]; then miss 'what was erased is still there'; else pass; fi
exits 0 iro retention run --dry-run --hub region
exits 0 iro retention run --hub region --json
says out '"bodies":0'
fails iro retention run --key members/roc-laag/key.toml

section 'numbers that are one student'
printf 'studentnummer;bsn\n400001;900000012\n400002;\n' >numbers.csv
exits 1 iro files link --member members/roc-laag numbers.csv --dry-run --json
says out '"made":1' '"rejected":1' 'line 3: there is no BSN'
exits 1 iro files link --member members/roc-laag numbers.csv
says out '1 students were new'
silent_about out 900000012
exits 1 iro files link --member members/roc-laag numbers.csv --json
says out '"already":1' '"made":0'
if grep -rqaF -e 900000012 -e 400001 members/roc-laag; then miss 'a number was kept'; else pass; fi
exits 2 iro files link --member members/roc-laag inzage.jsonl

section 'the configuration'
exits 0 irod --check-config region
says err 'witness_volume: warning:'
cp region/hub.toml hub.toml.before
printf 'scrub_bytes_per_second = -1\n' | cat - <(grep -v scrub_bytes hub.toml.before) >region/hub.toml
exits 1 irod --check-config region
says err 'hub.toml:1: scrub_bytes_per_second' '1 problems'
cp hub.toml.before region/hub.toml
exits 0 iro doctor region --json
says out '"scrub_works"' '"witness_volume"'

section 'backup, resume, verify'
exits 0 iro backup region --to "$WORK/copy"
there copy/log.db
exits 0 iro verify copy
says out 'sound'
exits 0 iro resume region
exits 0 iro verify region --json
says out '"sound":true'

section 'the end'
kill -TERM "$HUB_PID"
code=0
until_true 20 bash -c "! kill -0 $HUB_PID 2>/dev/null" || miss 'the hub does not end'
wait "$HUB_PID" || code=$?
HUB_PID=''
same "the hub's exit code" 0 "$code"
exits 0 iro verify region
exits 69 iro status --hub region --timeout 1
printf 'damage' | dd of=copy/log.db bs=1 seek=8200 conv=notrunc status=none
exits 74 iro verify copy

closing
