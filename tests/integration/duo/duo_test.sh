#!/usr/bin/env bash
# tests/integration/duo/duo_test.sh BIN [FILE...]: DUO files with personal numbers in them, taken through a real hub.
#
# Concern: the numbers never leave the school's side; everything else arrives.
# Plan: fill a personal number into fields 2 and 3 of each BPV record of a copy of the files (our own sample when none is
# named), take them for a school, then look for each number in the raw bytes of every file of the hub and of the reader,
# and compare the learning-company ids that a reader hears with those in the files.
set -euo pipefail
# shellcheck source=deploy/lib/port.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../../deploy/lib/port.sh"
BIN=$(cd "${1:?usage: duo_test.sh BIN [FILE...]}" && pwd)
shift
FILES=()
for file in "$@"; do FILES+=("$(realpath "$file")"); done
WORK=$(mktemp -d)
HUB_PID=''
cleanup() {
  if [[ -n $HUB_PID ]]; then kill -TERM "$HUB_PID" 2>/dev/null || true; wait "$HUB_PID" 2>/dev/null || true; fi
  rm -rf "$WORK"
}
trap cleanup EXIT
cd "$WORK"
export PATH="$BIN:$PATH" LANG=C.UTF-8
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

if [[ ${#FILES[@]} -eq 0 ]]; then
  printf '%s\n' 'VLP;99ZZ;1-8-2025;31-7-2026;1-8-2026;;;;;;;;' \
    'BPV;1;;1;1;16-9-2025;1-9-2025;31-1-2026;13-11-2025;900;123456782;25655;' \
    'BPV;1;;1;2;7-12-2025;20-11-2025;31-7-2026;;1000;192837465;25655;' \
    'BPV;2;;1;1;2025-12-07;2025-12-20;20260731;20260731;400;192837465;25656;' >sample.csv
  FILES=("$WORK/sample.csv")
fi

# Numbers that pass the eleven-test: a BSN (remainder 0) and an onderwijsnummer (remainder 5) for each student.
eleven() { # eleven START REMAINDER: the first nine-digit number from START on with that remainder
  local n=$1 i sum
  while :; do
    sum=$((-(n % 10)))
    for i in 2 3 4 5 6 7 8 9; do sum=$((sum + i * (n / 10 ** (i - 1) % 10))); done
    if (((sum % 11 + 11) % 11 == $2)); then printf '%s' "$n"; return; fi
    n=$((n + 1))
  done
}
mkdir -p members/mbo-test/outbox members/mbo-test/inbox members/mbo-test/private
: >numbers
for file in "${FILES[@]}"; do
  while IFS= read -r line || [[ -n $line ]]; do
    line=${line%$'\r'}
    if [[ $line == BPV\;* ]]; then
      IFS=';' read -r _ student _ rest <<<"$line"
      bsn=$(eleven $((201000000 + 7919 * student)) 0)
      own=$(eleven $((105000000 + 7919 * student)) 5)
      printf '%s\n%s\n' "$bsn" "$own" >>numbers
      line="BPV;$bsn;$own;$rest"
    fi
    printf '%s\n' "$line"
  done <"$file" >"members/mbo-test/outbox/${file##*/}"
done
sort -u numbers -o numbers
cut -d';' -f1,11 members/mbo-test/outbox/*.csv | sed -n 's/^BPV;//p' | sort -u >companies

iro init hub --endpoint "tcp://127.0.0.1:$(free_port)" >/dev/null
iro up hub >hub.log 2>&1 &
HUB_PID=$!
for _ in {1..100}; do if iro status --hub hub >/dev/null 2>&1; then break; fi; sleep 0.1; done
iro member add --hub hub --slug mbo-test --name 'MBO Test' --oin 00000099000000000101 --role school --out members/mbo-test/key.toml >/dev/null
iro member add --hub hub --slug bureau-test --name 'Bureau Test' --oin 00000099000000000102 --role bureau --out bureau.toml >/dev/null

iro files run --root members --drain >files.log 2>&1 || { cat files.log >&2; fail 'the files adapter did not end well'; }
iro tail --key bureau.toml --from beginning --type placement.adopted --until-idle 1500 --json >heard.jsonl
sed -n 's/.*"learning_company_id":"\([0-9]*\)".*/\1/p' heard.jsonl | sort -u >heard
diff companies heard || fail 'the learning-company ids that were heard are not those of the files'

kill -TERM "$HUB_PID"
wait "$HUB_PID" || fail "irod ended with $?"
HUB_PID=''
iro verify hub >/dev/null || fail 'the log does not verify'
while IFS= read -r number; do
  if grep -rqaF -- "$number" hub heard.jsonl hub.log files.log members/mbo-test/inbox; then fail "personal number $number is in a file of the hub"; fi
done <numbers
printf '%s learning-company ids heard, %s personal numbers in no file of the hub\n' "$(wc -l <heard)" "$(wc -l <numbers)"
