# deploy/lib/story.sh: the second-year doctor's assistant, at the hub of the demo, with the three joint programmes in force.
# Sourced by deploy/demo; tests/programmes/stories tells the same with a clock that can be moved.
# The demo sets region, hub and STATE.
# shellcheck shell=bash disable=SC2154

STORY_SCHOOL=roc-lage-waarden
STORY_HOSPITAL=ziekenhuis-waterpoort
STORY_PRACTICE=huisartsen-oudermeer-oost
STORY_POOL=poule-stagebegeleiders
STORY_STUDENT=demo-student-7f3a
STORY_CASE=''
STORY_ID=''

day() { date -u -d "$1" +%F; }
week() { date -u -d "$1" +%G-W%V; }

# told MEMBER TYPE JSON WORDS: publish it, and say in words what happened. STORY_ID is its id.
told() {
  local member=$1 type=$2 data=$3 words=$4 case=()
  if [[ -n $STORY_CASE ]]; then case=(--correlation "$STORY_CASE"); fi
  if ! STORY_ID=$(iro publish --key "$region/members/$member/key.toml" --type "$type" --data "$data" "${case[@]}" --json 2>"$STATE/story.err"); then
    cat "$STATE/story.err" >&2
    die "the story stopped at $type" "the logs are in $STATE"
  fi
  STORY_ID=$(grep -o '"id": *"[0-9a-f-]*"' <<<"$STORY_ID" | head -n 1 | grep -o '[0-9a-f-]\{36\}')
  printf '   %-28s %-30s %s\n' "$member" "$type" "$words"
}

# enable_programmes HUB PLUGINS: puts the three into the hub's folder; in force when it starts again.
enable_programmes() {
  local id
  for id in warm-handover chain-placement supervisor-pool; do iro plugin enable "$2/$id" "$1" >/dev/null; done
}

tell_story() {
  local s=$STORY_SCHOOL h=$STORY_HOSPITAL p=$STORY_PRACTICE pool=$STORY_POOL who=$STORY_STUDENT case
  local of="\"student\": \"$who\", \"school\": \"$s\"" goals='[{"code": "triage"}, {"code": "urine-test"}]'
  local new_goals='[{"code": "triage"}, {"code": "urine-test"}, {"code": "regional-contribution", "text": "een les over triage voor de regio"}]'
  told "$p" recognition.granted "{\"recognition_id\": \"story-re\", \"provider\": \"$p\", \"programme\": \"25695\", \"valid_from\": \"$(day '-300 days')\"}" 'a recognised learning company'
  told "$p" vacancy.opened "{\"vacancy_id\": \"story-va\", \"provider\": \"$p\", \"offer\": {\"branch\": \"general_practice\", \"programmes\": [\"25695\"], \"levels\": [4], \"years\": [2], \"learning_paths\": [\"bol\"], \"goals\": $goals, \"area\": \"6525\", \"hours_per_week\": 24, \"practice_trainer_id\": \"pt-1\", \"supervision_minutes_per_week\": 45}}" 'a place for triage and tests'
  told "$pool" supervisor.registered "{\"supervisor_id\": \"story-sv\", \"supervisor\": \"demo-staff-11\", \"employer\": \"$pool\", \"kind\": \"pool_supervisor\", \"level\": 4, \"branches\": [\"general_practice\", \"hospital\"], \"area\": \"6511\", \"fte_hundredths\": 60}" '0.6 fte for two branches'
  told "$pool" supervisor.qualified "{\"supervisor_id\": \"story-sv\", \"supervisor\": \"demo-staff-11\", \"employer\": \"$pool\", \"training\": \"basic\"}" 'trained'
  told "$s" placement.started "{\"placement_id\": \"story-contact\", $of, \"provider\": \"$h\", \"begin_on\": \"$(day '-110 days')\", \"planned_end_on\": \"$(day '-80 days')\", \"kind\": \"shared_seat\"}" 'contact centre, in a trio'
  told "$h" hours.approved "{\"hours_id\": \"story-h1\", $of, \"provider\": \"$h\", \"placement_id\": \"story-contact\", \"minutes\": 5760}" '96 hours, kept'
  told "$s" placement.ended "{\"placement_id\": \"story-contact\", $of, \"provider\": \"$h\", \"ended_on\": \"$(day '-80 days')\", \"outcome\": \"completed\"}" ''
  told "$s" placement.started "{\"placement_id\": \"story-reception\", $of, \"provider\": \"$h\", \"begin_on\": \"$(day '-79 days')\", \"planned_end_on\": \"$(day '60 days')\", \"kind\": \"regular\"}" 'reception'
  told "$s" placement.started "{\"placement_id\": \"story-day\", $of, \"provider\": \"$p\", \"begin_on\": \"$(day '-60 days')\", \"planned_end_on\": \"$(day '-60 days')\", \"kind\": \"taster\"}" 'a taster day in the practice'
  told "$s" student.at-risk "{\"risk_id\": \"story-ri\", $of, \"author_role\": \"student\", \"next_action\": \"talk_with_student\", \"next_action_on\": \"$(day '+2 days')\"}" 'a signal of the student: to the school alone'
  told "$s" risk.owner-assigned "{\"risk_id\": \"story-ri\", $of, \"owner_role\": \"school_mentor\", \"next_action\": \"consider_handover\", \"next_action_on\": \"$(day '+2 days')\"}" 'it has an owner and a date'

  told "$s" handover.requested "{\"handover_id\": \"story-ho\", $of, \"present_provider\": \"$h\", \"placement_id\": \"story-reception\", \"reason_class\": \"threatened_dropout\", \"programme\": \"25695\", \"level\": 4, \"year\": 2, \"learning_path\": \"bol\", \"goals_open\": $goals, \"weeks\": 14, \"hours_left\": 300, \"area\": \"6525\", \"begin_on\": \"$(day today)\"}" 'no cause, no provider hears of it'
  case=$STORY_ID STORY_CASE=$STORY_ID
  told "$s" handover.student-agreed "{\"handover_id\": \"story-ho\", $of, \"method\": \"in_person\", \"destination_may_be_told\": true}" 'the student is asked first; places are ranked'
  told "$s" handover.candidate-chosen "{\"handover_id\": \"story-ho\", $of, \"vacancy_id\": \"story-va\", \"decided_by\": \"school_coordinator\"}" 'people choose; the practice is asked without the student'
  told "$p" handover.accepted "{\"handover_id\": \"story-ho\", \"school\": \"$s\", \"provider\": \"$p\"}" 'the pool is asked for a supervisor'
  told "$pool" supervision.accepted "{\"supervision_id\": \"story-ho.s1-1\", \"supervisor\": \"demo-staff-11\", \"employer\": \"$pool\", \"supervisor_id\": \"story-sv\"}" 'the supervisor says yes'
  told "$s" meeting.held "{\"meeting_id\": \"story-me\", $of, \"provider\": \"$p\", \"present_provider\": \"$h\", \"handover_id\": \"story-ho\", \"held_on\": \"$(day today)\", \"method\": \"in_person\", \"goals\": $new_goals}" 'old and new supervisor and the student: new goals, one a contribution to the region'
  told "$s" agreement.finalised "{\"agreement_id\": \"story-ag\", $of, \"provider\": \"$p\", \"placement_id\": \"story-practice\", \"handover_id\": \"story-ho\", \"begin_on\": \"$(day '-43 days')\", \"hours\": 300}" ''
  told "$p" arrival.confirmed "{\"placement_id\": \"story-practice\", $of, \"provider\": \"$p\", \"handover_id\": \"story-ho\", \"begin_on\": \"$(day '-43 days')\"}" 'the practice is ready'
  told "$s" handover.started "{\"handover_id\": \"story-ho\", $of, \"provider\": \"$p\", \"placement_id\": \"story-practice\", \"begin_on\": \"$(day '-43 days')\", \"overlaps\": true}" 'six weeks ago, so that its checks are due'
  told "$s" placement.ended "{\"placement_id\": \"story-reception\", $of, \"provider\": \"$h\", \"ended_on\": \"$(day '-40 days')\", \"outcome\": \"handed_over\"}" ''
  told "$s" handover.check-done "{\"handover_id\": \"story-ho\", $of, \"provider\": \"$p\", \"after_weeks\": 2, \"outcome\": \"good\", \"author_role\": \"school_mentor\"}" 'how is it going?'
  told "$s" handover.check-done "{\"handover_id\": \"story-ho\", $of, \"provider\": \"$p\", \"after_weeks\": 6, \"outcome\": \"good\", \"author_role\": \"school_mentor\"}" 'it goes well: completed'

  STORY_CASE=''
  STORY_HANDOVER=$case

  local school=hogeschool-maasoever bureau=stagebureau-tussen-de-dijken stations='' name branch n
  local chain='"chain_id": "story-ch"' three=("$h hospital" "zorggroep-de-wielen nursing_home_care" "ggz-de-stroomrug mental_health")
  for n in "${three[@]}"; do
    read -r name branch <<<"$n"
    stations+="${stations:+, }{\"provider\": \"$name\", \"branch\": \"$branch\"}"
  done
  told "$bureau" chain.proposed "{$chain, \"school\": \"$school\", \"providers\": [\"$h\", \"zorggroep-de-wielen\", \"ggz-de-stroomrug\"], \"stations\": [$stations], \"programme\": \"34560\", \"level\": 6, \"year\": 2, \"learning_path\": \"hbo_fulltime\", \"group_size\": 3, \"starts_in_week\": \"$(week '+84 days')\", \"opening_weeks\": 1, \"weeks_per_leg\": 6, \"closing_weeks\": 1}" 'three providers around one client group'
  for n in "${three[@]}"; do
    read -r name branch <<<"$n"
    told "$name" chain.confirmed "{$chain, \"school\": \"$school\", \"provider\": \"$name\"}" ''
  done
  for n in 1 2 3; do
    told "$school" chain.student-joined "{$chain, \"student\": \"demo-student-ch0$n\", \"school\": \"$school\"}" 'opted in'
  done

  # A leg that nobody can take over becomes a handover: three rules, each in the commit of the event that it answers.
  local first='"student": "demo-student-ch01", "school": "hogeschool-maasoever"' ho=story-ch-leg1-handover clinic=kliniek-helderdal
  told "$clinic" vacancy.opened "{\"vacancy_id\": \"story-vb\", \"provider\": \"$clinic\", \"offer\": {\"branch\": \"mental_health\", \"programmes\": [\"34560\"], \"levels\": [6], \"years\": [2], \"learning_paths\": [\"hbo_fulltime\"], \"area\": \"6525\", \"hours_per_week\": 24, \"practice_trainer_id\": \"pt-9\", \"supervision_minutes_per_week\": 60}}" 'another place'
  told "$h" leg.confirmed "{$chain, \"leg_id\": \"story-ch-leg1\", \"school\": \"$school\", \"provider\": \"$h\"}" 'the provider takes the leg'
  told "$h" leg.failed "{$chain, $first, \"leg_id\": \"story-ch-leg1\", \"provider\": \"$h\", \"code\": \"provider_withdrew\"}" 'and cannot after all'
  STORY_CHAIN=$STORY_ID STORY_CASE=$STORY_ID
  told "$school" handover.student-agreed "{\"handover_id\": \"$ho\", $first, \"method\": \"video_call\"}" 'the student agrees'
  told "$school" handover.candidate-chosen "{\"handover_id\": \"$ho\", $first, \"vacancy_id\": \"story-vb\", \"decided_by\": \"school_coordinator\"}" 'people choose'
  told "$clinic" handover.accepted "{\"handover_id\": \"$ho\", \"school\": \"$school\", \"provider\": \"$clinic\"}" 'the pool is asked'
  STORY_CASE=''
}

# check_story: who must not know, does not. 0 when all of it holds.
check_story() {
  local who=$STORY_STUDENT inbox held=0 member rule
  for inbox in "$region"/members/*/inbox; do
    member=$(basename "$(dirname "$inbox")")
    case $member in "$STORY_SCHOOL" | "$STORY_PRACTICE" | "$STORY_HOSPITAL" | "$STORY_POOL" | stagebureau-*) continue ;; esac
    if grep -rqs "$who" "$inbox"; then
      say "   $member has heard of the student"
      held=1
    fi
  done
  if grep -q story-ho < <(grep -rhs '"handover\.\|placements\.handover\.' "$region/members/$STORY_HOSPITAL/inbox"); then
    say '   the present provider has heard of the handover'
    held=1
  fi
  # Up to its own acceptance the practice was told of an invitation, and of nobody.
  if ! grep -qv "$who" < <(grep -rhs 'handover.invited' "$region/members/$STORY_PRACTICE/inbox" | grep story-ho); then
    say '   the practice was not invited, or not without the student'
    held=1
  fi
  if ! grep -q '"story-ho","completed"' < <(iro show handovers --hub "$hub" --args '{"all": true}' --json | tr -d ' \n'); then
    say '   the handover is not completed'
    held=1
  fi
  local words
  words=$(iro explain --key "$region/members/hogeschool-maasoever/key.toml" "$STORY_CHAIN")
  for rule in chain-placement warm-handover supervisor-pool; do
    if ! grep -q "rule $rule:" <<<"$words"; then
      say "   the tree of the leg that failed does not say what $rule did"
      held=1
    fi
  done
  if ! grep -q ziekenhuis-waterpoort < <(iro show chain story-ch --hub "$hub" --json); then
    say '   the chain has no plan'
    held=1
  fi
  return "$held"
}

# forget_story: the student asks to be forgotten. 0 when no file of the hub can be read for the pseudonym any more, and the rules
# know nothing of the handover.
forget_story() {
  iro subject erase "$STORY_STUDENT" --reason asked_by_student --yes --hub "$hub" || return 1
  # The operator's own outbox keeps this command for seven days, for a hub that is restored from a backup.
  if grep -rqa --exclude-dir=operator "$STORY_STUDENT" "$hub"; then
    say '   the pseudonym of an erased student is in a file of the hub'
    return 1
  fi
  local known
  known=$(iro show handovers --hub "$hub" --args '{"all": true}' --json) || return 1
  if grep -q story-ho <<<"$known"; then
    say '   a rule still knows the handover of an erased student'
    return 1
  fi
}

# show_programmes: each plugin's figures, and the whole tree of both handovers as their schools may see it.
show_programmes() {
  iro show handovers --hub "$hub" --args '{"all": true}'
  printf '\n'
  iro show chain story-ch --hub "$hub"
  printf '\n'
  iro show people --hub "$hub"
  printf '\n'
  iro show pool --week "$(week today)" --hub "$hub"
  printf '\n'
  iro explain --key "$region/members/$STORY_SCHOOL/key.toml" "$STORY_HANDOVER"
  printf '\n'
  iro explain --key "$region/members/hogeschool-maasoever/key.toml" "$STORY_CHAIN"
}
