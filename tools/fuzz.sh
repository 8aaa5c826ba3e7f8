#!/usr/bin/env bash
# Fuzzes what reads files and texts of others, each target for a while.
#   tools/fuzz.sh                     every target that can be built here, FUZZ_SECONDS (60) each
#   tools/fuzz.sh citation baseline   those
#   FUZZ_RUNS=10000000 tools/fuzz.sh  as many executions of each, however long that takes
#   FUZZ_JOBS=1 tools/fuzz.sh         one at a time, and not one on each core
#   tools/fuzz.sh --minimise TARGET   puts what a long run found, reduced to what covers the same, into fuzz/corpus
#
# FUZZ_FEATURES says which targets there are beyond the record half's: `measure` (policy folders, OPA's ABI), `container`
# (tarballs, OCI bundles; some minutes to build); both where nothing is said. It takes no nightly toolchain: a stable one puts
# in the counters that libFuzzer steers by, and the crate has no memory errors for a sanitizer to find outside of its few
# blocks of unsafe code. A C++ compiler it does take.
#
# What a run finds stays below target/fuzz: `corpus/TARGET`, and `found/TARGET` with what made a target fail. An input may take
# FUZZ_TIMEOUT (25) seconds, and a gigabyte.
set -euo pipefail
cd "$(dirname "$0")/.."

minimise=""
if [ "${1-}" = --minimise ]; then minimise=1; shift; fi
skip() {
  echo "skipped: make fuzz: $1" >&2
  exit 0
}
command -v cargo >/dev/null || skip "there is no cargo"
command -v c++ >/dev/null || skip "libFuzzer is built by a C++ compiler, and there is none (apt-get install g++)"

features=${FUZZ_FEATURES-measure,container}
state=$(mkdir -p "${CARGO_TARGET_DIR:-target}/fuzz" && cd "${CARGO_TARGET_DIR:-target}/fuzz" && pwd -P)
host=$(rustc -vV | sed -n 's/^host: //p')
# What cargo-fuzz passes, but for its sanitizer. With a target named, build scripts and macros go without.
flags="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4"
flags+=" -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table"
flags+=" -Cllvm-args=-sanitizer-coverage-trace-compares -Cllvm-args=-simplifycfg-branch-fold-threshold=0"
if ! CARGO_TARGET_DIR=$state/build RUSTFLAGS="$flags" CARGO_INCREMENTAL=0 \
  cargo build --quiet --locked --release --manifest-path fuzz/Cargo.toml --target "$host" --features "$features" 2>"$state/build.log"; then
  cat "$state/build.log" >&2
  grep -q "^error: unknown pass\|sancov" "$state/build.log" && skip "this toolchain has no coverage counters"
  exit 1
fi
programs=$state/build/$host/release
if [ $# -eq 0 ]; then
  # shellcheck disable=SC2046 # one name each
  set -- $(sed -n 's/^path = "targets\/\(.*\)\.rs"$/\1/p' fuzz/Cargo.toml)
fi

# Files of the targets, in memory where that can be.
memory=/dev/shm
[ -w "$memory" ] || memory=$state
TMPDIR=$(mktemp -d "$memory/runtime-baseline-fuzz.XXXXXX")
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT

# one TARGET: with a line of what came of it, and its executions in a file.
one() {
  local target=$1 program=$programs/$1 corpus=$state/corpus/$1 found=$state/found/$1 length options runs ended=0 dictionary
  mkdir -p "$corpus" "$found" "fuzz/corpus/$target"
  if [ -n "$minimise" ]; then
    # What is long covers little that a short one does not, and has no place in a repository.
    "$program" -merge=1 -max_len=4096 "fuzz/corpus/$target" "$corpus" 2>&1 | tail -n 1
    return
  fi
  if [ -n "${FUZZ_RUNS-}" ]; then length=-runs=$FUZZ_RUNS; else length=-max_total_time=${FUZZ_SECONDS:-60}; fi
  options=("$length" -timeout="${FUZZ_TIMEOUT:-25}" -rss_limit_mb=1024 -print_final_stats=1
    -artifact_prefix="$found/" -verbosity=0)
  for dictionary in fuzz/dictionaries/*.dict; do
    # Its first line names the targets that it is for.
    if sed -n 1p "$dictionary" | grep -qw "$target"; then options+=(-dict="$dictionary"); fi
  done
  if ! "$program" "${options[@]}" "$corpus" "fuzz/corpus/$target" >"$state/$target.log" 2>&1; then
    ended=1
    echo "$target: FAILED; the input is in $found, and it said:" >&2
    tail -n 40 "$state/$target.log" >&2
  fi
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$state/$target.log" | tail -n 1)
  echo "$target: ${runs:-?} executions"
  echo "${runs:-0}" >"$TMPDIR/$target.runs"
  return $ended
}

failed=0 running=0
for target; do
  if [ ! -x "$programs/$target" ]; then
    echo "skipped: make fuzz: $target takes a feature that was not asked for (FUZZ_FEATURES)" >&2
    continue
  fi
  if [ "$running" -ge "${FUZZ_JOBS:-$(nproc)}" ]; then
    wait -n || failed=1
    running=$((running - 1))
  fi
  one "$target" &
  running=$((running + 1))
done
for ((; running > 0; running--)); do wait -n || failed=1; done
if [ -z "$minimise" ]; then
  all=$(cat "$TMPDIR"/*.runs 2>/dev/null | awk '{ all += $1 } END { print all + 0 }')
  if [ $failed = 0 ]; then echo "$all executions, no failure"; else echo "$all executions, and failures"; fi
fi
exit $failed
