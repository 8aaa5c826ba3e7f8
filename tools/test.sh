#!/usr/bin/env bash
# make test: sets up, tests. The set-up runs beside the build, and is done before the first test.
set -euo pipefail

cd "$(dirname "$0")/.."
export SETUP=${SETUP:-local}
beside=""
trap 'if [ -n "$beside" ]; then kill -TERM "$beside" 2>/dev/null || true; fi' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

tools/setup.sh --plan --for test
# The one that decides what is built; cargo's own downloads run beside, and if they fail the build says why.
cargo fetch --locked --quiet 2>/dev/null &
tools/setup.sh --no-plan wasmedge
wait || true
tools/setup.sh --for test --no-plan &
beside=$!
tools/cargo.sh test --locked --no-run
tools/cargo.sh test --locked --benches --no-run
wait "$beside" || true
beside=""

# What fails does not hide what comes after it.
failed=0
tools/cargo.sh test --locked --no-fail-fast || failed=1
tools/cargo.sh test --locked --no-fail-fast --benches || failed=1
exit $failed
