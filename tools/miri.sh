#!/usr/bin/env bash
# Miri on the record half: its own tests, but for those that ask for files or processes, which Miri's machine has not.
#   tools/miri.sh [FILTER]
# It takes a nightly toolchain with the component `miri`; without it that is said, and nothing has failed.
set -euo pipefail
cd "$(dirname "$0")/.."

toolchain=${MIRI_TOOLCHAIN:-nightly}
if ! cargo +"$toolchain" miri --version >/dev/null 2>&1; then
  echo "skipped: make miri: the toolchain $toolchain has no miri (rustup component add --toolchain $toolchain miri)" >&2
  exit 0
fi
# Files and the clock are the machine's; proptest's cases are cut down, since Miri is some hundred times slower. Fractions are what
# processors make of them: Miri's own are off by a bit at random.
export MIRIFLAGS="-Zmiri-disable-isolation -Zmiri-deterministic-floats ${MIRIFLAGS-}" PROPTEST_CASES=${PROPTEST_CASES:-8}
target=$(mkdir -p "${CARGO_TARGET_DIR:-target}/miri" && cd "${CARGO_TARGET_DIR:-target}/miri" && pwd -P)
export CARGO_TARGET_DIR=$target
exec cargo +"$toolchain" miri test --locked --no-default-features --lib -- ${1+"$1"} \
  --skip whole_file --skip input --skip file:: --skip host --skip curve:: --skip simulation --skip a_file_is_named_by_its_content
