#!/usr/bin/env bash
# make soak: what only many repetitions show; tests/soak/main.rs says what that is.
#   tools/soak.sh [NAME…]     SOAK=full (the default) or a share such as 0.1; SOAK_SEED=7 for the moments of an earlier run
#
# Nothing is set up: what is not here is ignored, and named. Its figures are recorded in target/baseline-soak.
set -euo pipefail
cd "$(dirname "$0")/.."
export SOAK=${SOAK:-full}
exec tools/cargo.sh test --locked --test soak -- --nocapture "$@"
