#!/usr/bin/env bash
# make bench: sets up, measures, reports. Arguments are criterion's: --quick.
#
# In an order that shows figures early and disturbs none of them. What needs no Wasm engine is built first, in a third of the time,
# and looked at, with the downloads beside the build; then everything is built, with what computes for minutes (an OPA that is
# built here) beside it. While something is measured nothing else runs. A bench that fails does not cost the others, and makes
# this fail at its end.
set -euo pipefail

cd "$(dirname "$0")/.."
if [ -z "${SETUP:-}" ]; then
  SETUP=local
  [ "$(id -u)" != 0 ] || SETUP=full
fi
export SETUP
target=${CARGO_TARGET_DIR:-target}
benches="startup evaluation footprint density deployment statistics"
# A filter of the caller's own is what he wants to see: that, and no bench that has no lanes to choose from.
filtered="" quick=""
for argument; do
  case $argument in
    --quick) quick=yes ;;
    -*) ;;
    *) filtered=yes benches="startup evaluation footprint density deployment" ;;
  esac
done
failed=""

# PROFILE=dev builds in a third of the time, and has figures that say nothing: to see that all of it works.
build() { tools/cargo.sh bench --locked ${PROFILE:+--profile "$PROFILE"} "$@"; }
bench() { build --bench "$@"; }
measure() { bench "$@" || { echo "bench: $1 failed" >&2; failed="$failed $1"; }; }
. tools/setup/beside.sh

tools/setup.sh --plan --for bench
set_up_beside --for bench --light

# Where nothing was measured yet: what a newcomer sees first. `build/alike` is why the second build shares the first one's work.
if [ -z "$filtered" ] && [ ! -f "$target/baseline/baseline.json" ]; then
  # Its own code is little optimised in it: what is looked at first is measured again.
  first() {
    WITH="" WITHOUT="${WITHOUT:-} wasmedge" tools/cargo.sh bench --locked --no-default-features --features "$(cat build/alike/first)" \
      --config 'profile.bench.package.runtime-baseline.opt-level=1' "$@"
  }
  if first --bench startup --bench evaluation --no-run; then
    set_up_is_done
    echo "bench: a first look, without the Wasm engines; every figure of it is measured again"
    first --bench startup -- --quick '^startup_time/(noop|container-scratch|crun|runc)/' || true
    first --bench evaluation -- --quick '^(engine_startup|evaluation_latency)/rbac-1000/regorus' || true
  fi
fi
set_up_is_done

set_up_beside --for bench
# shellcheck disable=SC2046 # one word each
build $(printf -- '--bench %s ' $benches) --no-run
set_up_is_done
for name in $benches; do measure "$name" -- "$@"; done

# Stores and control planes come last: where they are not installed, Go builds them, for minutes and for a quarter of an hour, and
# a C compiler one more. What is not brought or built is a row that says why. A filter that names nothing of theirs asks for
# nothing of it, and a quick pass, which should not take three times as long for them, takes those that are here.
asks_for() { [ -z "$filtered" ] || grep -qE "$1" <<<"${*:2}"; }
# late BENCH STEP ARGUMENT...: the bench, whose programs that step of the set-up brings.
late() {
  local name=$1 step=$2
  shift 2
  if [ -z "$quick" ] || bash tools/setup/step.sh "tools/setup.d/$step.sh" there >/dev/null 2>&1; then
    [ -n "$quick" ] || tools/setup.sh --for "$name"
    case " ${WITHOUT:-} " in
      *" ${step#*-} "*) ;;
      *)
        # Beside what the caller asked for.
        local with=${WITH:+$WITH,}$name
        if WITH=$with bench "$name" --no-run; then
          export WITH=$with
        else
          echo "bench: $name does not build here, and is left out" >&2
        fi ;;
    esac
  fi
  measure "$name" -- "$@"
}
if asks_for 'stor|list_watch|etcd|sqlite|kine' "$@"; then late store 60-stores "$@"; fi
if asks_for 'control_plane|binary_size|pod_|node_memory|max_nodes|total_objects|kubernetes|k3s|kine' "$@"; then late cluster 70-cluster "$@"; fi
echo "report: $target/baseline/report.html"
if [ -n "$failed" ]; then
  echo "bench: these failed:$failed" >&2
  exit 1
fi
