#!/usr/bin/env bash
# make bench: sets up, measures, reports. Arguments are criterion's: --quick.
#
# In an order that shows figures early and disturbs none of them. Downloads run beside the build; what computes for minutes
# (an OPA that is built here) comes after the first table, beside the build of the other benches;
# while something is measured nothing else runs. A bench that fails does not cost the others, and makes this fail at its end.
set -euo pipefail

cd "$(dirname "$0")/.."
if [ -z "${SETUP:-}" ]; then
  SETUP=local
  [ "$(id -u)" != 0 ] || SETUP=full
fi
export SETUP
others="footprint density deployment statistics"
# What a newcomer sees first, from the two benches that are built first: the runtimes and engines that need nothing, in seconds.
# A filter of the caller's own is what he wants to see: that, and no bench that has no lanes to choose from.
look_at_starts='^startup_time/(noop|wasmtime|container-scratch)/[a-z]+$'
look_at_engines='^(engine_startup|evaluation_latency)/rbac-1000/regorus'
for argument; do
  case $argument in -*) ;; *) look_at_starts="" others="footprint density deployment" ;; esac
done
failed=""

bench() { tools/cargo.sh bench --locked --bench "$@"; }
measure() { bench "$@" || { echo "bench: $1 failed" >&2; failed="$failed $1"; }; }
. tools/setup/beside.sh

before_building bench
set_up_beside --for bench --light
bench startup --bench evaluation --no-run
set_up_is_done

if [ -n "$look_at_starts" ]; then
  echo "bench: a first look; every figure of it is measured again"
  measure startup -- --quick "$look_at_starts"
  measure evaluation -- --quick "$look_at_engines"
fi
measure startup -- "$@"

set_up_beside --for bench
# shellcheck disable=SC2046 # one word each
tools/cargo.sh bench --locked $(printf -- '--bench %s ' $others) --no-run
set_up_is_done

for name in evaluation $others; do measure "$name" -- "$@"; done

# Stores come last: where they are not installed, Go builds two of them for minutes, and a C compiler a third. What is not
# brought or built is a row that says why. A filter that names nothing of theirs asks for nothing of it.
asks_for_stores() {
  [ -z "$look_at_starts" ] || return 0
  case $* in *stor* | *list_watch* | *etcd* | *sqlite* | *kine*) return 0 ;; esac
  return 1
}
if asks_for_stores "$@"; then
  tools/setup.sh --for store
  case " ${WITHOUT:-} " in
    *" stores "*) ;;
    *)
      if WITH=store bench store --no-run; then
        export WITH=store
      else
        echo "bench: store does not build here, and is left out" >&2
      fi ;;
  esac
  measure store -- "$@"
fi

# Control planes come after them: six starts of each take four minutes of a quick pass, half an hour of a full one, and building
# Kubernetes a quarter of an hour. So a quick pass has them where a filter asks for them, of the programs that are there.
asks_for_control_planes() {
  case " $* " in *control_plane* | *binary_size* | *kubernetes* | *k3s*) return 0 ;; esac
  case " $* " in *" --quick "*) return 1 ;; esac
  [ -n "$look_at_starts" ]
}
case " ${WITHOUT:-} " in
  *" cluster "*) ;;
  *)
    if asks_for_control_planes "$@"; then
      case " $* " in *" --quick "*) ;; *) tools/setup.sh --for cluster ;; esac
      if WITH=cluster bench cluster --no-run; then
        export WITH=cluster
      else
        echo "bench: cluster does not build here, and is left out" >&2
      fi
      measure cluster -- "$@"
    else
      echo "bench: control planes are left out; make bench BENCH_ARGS='--quick control_plane' measures them"
    fi ;;
esac
echo "report: ${CARGO_TARGET_DIR:-target}/baseline/report.html"
if [ -n "$failed" ]; then
  echo "bench: these failed:$failed" >&2
  exit 1
fi
