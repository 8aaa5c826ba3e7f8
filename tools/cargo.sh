#!/usr/bin/env bash
# cargo, with the features that this machine can build: `cli` (which no bench needs), and WasmEdge where the set-up brought it.
#   tools/cargo.sh test --locked        becomes  cargo test --features … --locked
#   WITH=store tools/cargo.sh …         the same with a feature that is not usual
#
# Where `build`, `bench`, `test` or `run` cannot be built with an optional feature and can without it, it is left out: what
# the build said last is the reason in the report's rows, and its output is in target/setup/build.log. A lint fails.
set -euo pipefail

cd "$(dirname "$0")/.."
mkdir -p "${CARGO_TARGET_DIR:-target}/setup"
target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd -P)
state=$target/setup
# Where the adapters look for what the set-up brought, and for why it did not. The machine's own programs come first.
export RUNTIME_BASELINE_SETUP=${RUNTIME_BASELINE_SETUP:-$state}
export RUNTIME_BASELINE_TOOLS=${RUNTIME_BASELINE_TOOLS:-$target/tools}
export RUNTIME_BASELINE_IMAGES=${RUNTIME_BASELINE_IMAGES:-$target/images}
PATH=$PATH:$RUNTIME_BASELINE_TOOLS/bin

command=$1
shift
features=cli optional=""
[ "$command" != bench ] || features=""
if [ -n "${WITH:-}" ]; then features=${features:+$features,}$WITH; fi
with=$features
environment=$target/wasmedge/env
case " ${WITHOUT:-} " in
  *" wasmedge "*) ;;
  *)
    if [ -f "$environment" ]; then
      # It exports WASMEDGE_DIR and what stands in for bindgen.
      . "$environment"
      with=${features:+$features,}wasmedge optional=wasmedge
    fi ;;
esac
[ -n "$optional" ] || exec cargo "$command" --features "$features" "$@"

# What comes after `--` is the program's.
own=() then=run
for argument; do
  [ "$argument" != -- ] || break
  [ "$argument" != --no-run ] || then=nothing
  own+=("$argument")
done
# Only what is built to be run may do without the feature.
trial=$command
case $command in
  bench | test) [ $then = nothing ] || own+=(--no-run) ;;
  run) trial=build ;;
  build) then=nothing ;;
  *) exec cargo "$command" --features "$with" "$@" ;;
esac

# build FEATURES: its messages, as they come.
build() { cargo "$trial" --features "$1" ${own[@]+"${own[@]}"} 2>&1; }
run() {
  [ $then = run ] || exit 0
  exec cargo "$command" --features "$@"
}

# What cargo or the compiler said last, without paths of this machine: the end of a build script's words, or an error.
last_said() {
  sed 's/\x1b\[[0-9;]*[a-zA-Z]//g' "$1" | awk '
    /^[[:space:]]*--- stderr/ { inside = 1; next }
    /^(error|warning)/ || /stack backtrace:/ { inside = 0 }
    /^[[:space:]]*$/ || /^[[:space:]]*note: / || /RUST_BACKTRACE/ { next }
    inside { script = $0 }
    /^error/ && !/could not compile|build failed/ { error = $0 }
    END { print (script != "" ? script : error) }' |
    sed "s#$target#target#g; s#$PWD/##g; s#${CARGO_HOME:-${HOME:-/nonexistent}/.cargo}#~/.cargo#g; s#${HOME:-/nonexistent}#~#g; s/^[[:space:]]*//" |
    tr -cd '[:print:]' | cut -c 1-400
}

if build "$with" | tee "$state/build.log" >&2; then
  rm -f "$state/$optional-build.reason" "$state/$optional-build.remedy"
  run "$with" "$@"
fi
echo "cargo.sh: it does not build with the feature $optional; trying without" >&2
if ! build "$features" >&2; then exit 101; fi
reason=$(last_said "$state/build.log")
refused="the build with the feature $optional failed: ${reason:-it did not say why}"
how="correct what target/setup/build.log says, or leave it out: WITHOUT=$optional"
echo "$refused" >"$state/$optional-build.reason"
echo "$how" >"$state/$optional-build.remedy"
echo "cargo.sh: $optional is left out: $refused" >&2
run "$features" "$@"
