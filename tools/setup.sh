#!/usr/bin/env bash
# Brings what the benches and tests use besides a Rust toolchain and a linker, in independent steps: each is a file in
# tools/setup.d, with a time limit of its own. Nothing of it is required: what is missing becomes a row of the report, or a
# test that says so, with the reason that its step gave.
#
#   tools/setup.sh [OPTION]... [STEP]...     all steps, or those that are named
#     --plan         says what would be done, and does nothing
#     --for WHAT     the steps that `bench` or `test` has a use for
#     --light        what may be done while something else computes: downloads
#     --no-plan      does it without saying first what
#
# SETUP=local (what is meant by default) writes below target/ alone. SETUP=full, as root, may install packages of the
# distribution: the plan names them. SETUP=none does nothing. WITHOUT="opa browser" leaves steps out. LIMIT_OPA=60 is another
# limit of time for a step, in seconds.
#
# A step leaves target/setup/NAME.log; one that fails leaves NAME.reason and NAME.remedy, which the report's rows tell.
# Ends with 0 whatever failed: what there is will do.
set -euo pipefail

cd "$(dirname "$0")/.."
mode=${SETUP:-local} plan="" purpose="" light="" quiet=""
while [ $# -gt 0 ]; do
  case $1 in
    --plan) plan=yes; shift ;;
    --for) purpose=$2; shift 2 ;;
    --light) light=yes; shift ;;
    --no-plan) quiet=yes; shift ;;
    --help) sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//p}' "$0"; exit 0 ;;
    -*) echo "setup: unknown option $1" >&2; exit 2 ;;
    *) break ;;
  esac
done
case $mode in
  none | local) ;;
  full) [ "$(id -u)" = 0 ] || { echo "setup: SETUP=full installs packages, which takes root; this is SETUP=local" >&2; mode=local; } ;;
  *) echo "setup: SETUP is none, local or full, not $mode" >&2; exit 2 ;;
esac

mkdir -p "${CARGO_TARGET_DIR:-target}/setup"
target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd -P)
state=$target/setup
say() { echo "setup: $*"; }

steps=${SETUP_STEPS:-tools/setup.d}
known=$(for file in "$steps"/[0-9][0-9]-*.sh; do name=$(basename "$file" .sh); echo "${name#[0-9][0-9]-}"; done)
for name in "$@" ${WITHOUT:-}; do
  grep -qx "$name" <<<"$known" || { echo "setup: no step $name; there are: $(paste -sd ' ' <<<"$known")" >&2; exit 2; }
done

# Without the machine's own paths: what a step says may end in a baseline that is shared.
without_paths() { sed "s#$target#target#g; s#$PWD/##g; s#${HOME:-/nonexistent}#~#g" | tr -cd '[:print:]' | cut -c 1-400; }
# last_said LOG: but not what bash says of a program that was killed, nor this script's own headings.
last_said() {
  sed -E 's/\x1b\[[0-9;]*[a-zA-Z]//g; s/\r/\n/g; /step\.sh: line [0-9]+: +[0-9]+ /d; /^== [a-z]+$/d' "$1" |
    sed -n '/[^[:space:]]/h;${x;s/^[[:space:]]*//;p}' | without_paths
}
refuse() { echo "$2" >"$state/$1.reason"; echo "$3" >"$state/$1.remedy"; }

# The step's own words about itself, as variables.
describe() {
  local key value
  ahead=""
  while IFS='=' read -r key value; do
    case $key in brings | size | where | why | serves | needs | seconds | heavy | remedy | ahead) printf -v "$key" %s "$value" ;; esac
  done < <(bash tools/setup/step.sh "$1" plan)
}

# What is to be done: names in `todo`, and what is said of each.
todo=() said=()
for file in "$steps"/[0-9][0-9]-*.sh; do
  name=$(basename "$file" .sh)
  name=${name#[0-9][0-9]-}
  if [ $# -gt 0 ]; then case " $* " in *" $name "*) ;; *) continue ;; esac; fi
  describe "$file"
  if [ -n "$purpose" ]; then case " $serves " in *" $purpose "*) ;; *) continue ;; esac; fi
  if found=$(bash tools/setup/step.sh "$file" there 2>/dev/null); then
    rm -f "$state/$name.reason" "$state/$name.remedy"
    said+=("$(printf '  %-9s there: %s' "$name" "$found")")
    continue
  fi
  refused=""
  case " ${WITHOUT:-} " in *" $name "*) refused="WITHOUT leaves it out" how="make setup, without $name in WITHOUT" ;; esac
  if [ "$mode" = none ]; then
    refused="SETUP=none" how="make setup"
  elif [ -z "$refused" ]; then
    case " $needs " in
      *" packages "*) [ "$mode" = full ] || refused="it is installed, and SETUP=$mode writes below target/ alone" how="make setup SETUP=full, as root; or $remedy" ;;
      *" root "*) [ "$(id -u)" = 0 ] || refused="bringing it takes root" how="make setup as root; or $remedy" ;;
    esac
  fi
  if [ -n "$refused" ]; then
    refuse "$name" "the set-up has not brought it: $refused" "$how"
    said+=("$(printf '  %-9s left out: %s' "$name" "$refused")")
  else
    todo+=("$file")
    said+=("$(printf '  %-9s %s: %s; into %s; %s' "$name" "$brings" "$size" "$where" "$why")")
  fi
done

if [ -z "$quiet" ]; then
  say "SETUP=$mode${purpose:+, for the $purpose}: ${#todo[@]} of ${#said[@]} steps to do"
  [ ${#said[@]} = 0 ] || printf '%s\n' "${said[@]}"
fi
if [ -n "$plan" ] || [ ${#todo[@]} = 0 ]; then exit 0; fi

# One set-up at a time. The steps do not hold the lock, so that one which outlives this does not block the next.
exec 9>"$state/lock"
if command -v flock >/dev/null && ! flock -n 9; then
  say "another set-up is at work, waiting for it"
  flock 9
fi

group=""
stop() {
  if [ -n "$group" ]; then kill -TERM -- "-$group" 2>/dev/null || true; sleep 1; kill -KILL -- "-$group" 2>/dev/null || true; fi
}
trap 'stop; exit 130' INT
trap 'stop; exit 143' TERM HUP

# run FILE NAME ACTION LIMIT: its output goes to the log. Sets `ended`, and `late`, to what it said last, when the limit was reached.
run() {
  local log=$state/$2.log clock=0 size
  late="" ended=0
  echo "== $3" >>"$log"
  # A session of its own, so that all that it started can be ended; a lower priority, since a build may run beside.
  setsid nice -n 5 bash tools/setup/step.sh "$1" "$3" >>"$log" 2>&1 </dev/null 9>&- &
  group=$!
  local began=$SECONDS said=0
  while kill -0 "$group" 2>/dev/null; do
    sleep 0.3
    clock=$((SECONDS - began))
    if [ $((clock - said)) -ge 9 ]; then
      said=$clock
      size=$(du -sm "$state/$2.work" 2>/dev/null | cut -f 1) || size=""
      say "$2: $clock s, ${size:-0} MB so far; $(last_said "$log" | cut -c 1-90)"
    fi
    if [ "$clock" -ge "$4" ]; then
      # Before it is ended: then it says nothing but that.
      late=$(last_said "$log")
      late=${late:-nothing}
      stop
      break
    fi
  done
  wait "$group" 2>/dev/null || ended=$?
  group=""
}

for file in "${todo[@]}"; do
  name=$(basename "$file" .sh)
  name=${name#[0-9][0-9]-}
  describe "$file"
  action=bring
  if [ -n "$light" ] && [ -n "$heavy" ]; then
    [ -n "$ahead" ] || continue
    action=ahead
  fi
  limit=LIMIT_${name^^}
  limit=${!limit:-$seconds}
  case $limit in '' | *[!0-9]*) echo "setup: LIMIT_${name^^} is a number of seconds" >&2; exit 2 ;; esac
  # Another set-up may have done it while this one waited.
  if bash tools/setup/step.sh "$file" there >/dev/null 2>&1; then continue; fi
  began=$SECONDS
  [ $action = ahead ] || [ -e "$state/$name.work" ] || rm -f "$state/$name.log"
  say "$name: $brings"
  run "$file" "$name" $action "$limit"
  took=$((SECONDS - began))
  if [ $action = ahead ]; then
    say "$name: made ready in $took s"
  elif [ "$ended" = 0 ] && [ -z "$late" ]; then
    rm -f "$state/$name.reason" "$state/$name.remedy"
    say "$name: done in $took s"
  elif [ -n "$late" ]; then
    rm -rf --one-file-system "$state/$name.work"
    refuse "$name" "the set-up gave up after $limit s; the last that it said: $late" \
      "LIMIT_${name^^}=$((limit * 4)) make setup; or $remedy"
    say "$name: gave up after $limit s, see ${state#"$PWD"/}/$name.log"
  else
    refuse "$name" "$(last_said "$state/$name.log")" "$remedy"
    say "$name: left out after $took s: $(cat "$state/$name.reason")"
  fi
done
# The package index that the steps share: 60 MB.
if [ -z "$light" ] && [ $# = 0 ]; then rm -rf "$state/apt"; fi
