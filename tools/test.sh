#!/usr/bin/env bash
# make test: sets up, tests. The set-up runs beside the build, and is done before the first test.
set -euo pipefail

cd "$(dirname "$0")/.."
export SETUP=${SETUP:-local}
. tools/setup/beside.sh

tools/setup.sh --plan --for test
# What decides which features are built comes first; cargo's own downloads beside it, and if they fail the build says why.
cargo fetch --locked --quiet 2>/dev/null &
tools/setup.sh --no-plan wasmedge
wait || true
set_up_beside --for test
tools/cargo.sh test --locked --no-run
tools/cargo.sh test --locked --benches --no-run
set_up_is_done

tools/skipped.sh begin
# What fails does not hide what comes after it.
failed=0
tools/cargo.sh test --locked --no-fail-fast || failed=1
tools/cargo.sh test --locked --no-fail-fast --benches || failed=1
tools/skipped.sh
exit $failed
