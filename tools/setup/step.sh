#!/usr/bin/env bash
# One step of the set-up. tools/setup.sh calls this; what a step is made of stands in tools/setup.d/README.md.
#
#   step.sh FILE plan     what it brings, how large it is, and so on, one KEY=VALUE a line
#   step.sh FILE there    says what is there; ends with 1 when it is not
#   step.sh FILE ahead    what may be done while something else computes: a download
#   step.sh FILE bring    brings it; when that fails, the last line says why
set -euo pipefail

cd "$(dirname "$0")/../.."
file=$1 action=$2
name=$(basename "$file" .sh)
name=${name#[0-9][0-9]-}

mkdir -p "${CARGO_TARGET_DIR:-target}"
target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd -P)
tools=${RUNTIME_BASELINE_TOOLS:-$target/tools}
images=${RUNTIME_BASELINE_IMAGES:-$target/images}
case $tools in /*) ;; *) tools=$PWD/$tools ;; esac
case $images in /*) ;; *) images=$PWD/$images ;; esac
machine=$(uname -m)
# What this step is at work on: gone when it ends, kept when it is interrupted, so that the next run goes on from there.
work=$target/setup/$name.work

# What a step says of itself.
brings="" size="" where="" why="" serves="bench test" needs="" seconds=600 heavy="" remedy=""
there() { return 1; }
bring() { return 1; }

# because REASON: why one way of several did not work. All of them are the reason when none did.
because() { echo "$*"; [ ! -d "$work" ] || echo "$*" >>"$work/why"; }
fail() { because "$@"; exit 1; }
# keep NAME: $work/NAME, which runs as the step's `version_of NAME FILE` finds, comes to its place.
keep() {
  chmod +x "$work/$1"
  [ -n "$(version_of "$1" "$work/$1")" ] || { because "the $1 that was brought does not run here"; return 1; }
  mkdir -p "$tools/bin"
  mv "$work/$1" "$tools/bin/$1"
}
# last_line FILE: the last thing that a program said.
last_line() { sed -n '/[^[:space:]]/h;${x;s/^[[:space:]]*//;p}' "$1" | cut -c 1-300; }

. tools/setup/fetch.sh
. tools/setup/packages.sh
. tools/setup/python.sh
. tools/setup/go.sh
# shellcheck source=/dev/null
. "$file"

case $action in
  plan)
    for key in brings size where why serves needs seconds heavy remedy; do echo "$key=${!key}"; done
    if declare -F ahead >/dev/null; then echo "ahead=yes"; fi ;;
  there) there ;;
  ahead | bring)
    mkdir -p "$work/tmp"
    rm -f "$work/why"
    # What the programs of a step write down in passing goes with it.
    export TMPDIR=$work/tmp
    trap 'exit 143' INT TERM HUP
    # A shell of its own: `set -e` holds in it, since nothing asks how it ends in the same breath.
    set +e
    (set -e; "$action")
    status=$?
    set -e
    reasons=""
    if [ -s "$work/why" ]; then reasons=$(awk 'NR > 1 { printf "; " } { printf "%s", $0 }' "$work/why"); fi
    # What was only made ready is for the second half.
    [ "$action" = ahead ] || rm -rf "$work"
    if [ $status = 0 ] && { [ "$action" = ahead ] || there; }; then exit 0; fi
    [ -z "$reasons" ] || echo "$reasons"
    exit 1 ;;
  *) echo "step: $action?" >&2; exit 2 ;;
esac
