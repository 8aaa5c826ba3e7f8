#!/bin/sh
# cargo, with the features that this machine can build: all of them, less WasmEdge where tools/setup-wasmedge.sh found none.
#   tools/cargo.sh test --locked        becomes  cargo test --features … --locked
set -eu

cd "$(dirname "$0")/.."
features=cli
environment=${CARGO_TARGET_DIR:-target}/wasmedge/env
if [ -f "$environment" ]; then
    # It exports WASMEDGE_DIR and what bindgen needs.
    . "$environment"
    features=$features,wasmedge
fi
command=$1
shift
exec cargo "$command" --features "$features" "$@"
