#!/usr/bin/env bash
# make test: sets up, tests. The set-up runs beside the build, and is done before the first test.
set -euo pipefail

cd "$(dirname "$0")/.."
export SETUP=${SETUP:-local}
. tools/setup/beside.sh

before_building test
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
