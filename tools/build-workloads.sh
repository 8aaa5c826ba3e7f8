#!/bin/sh
# Builds the Wasm of the workloads that have one source for native and Wasm, and beside each a .toml that says how: a test
# compares its sums with the files. The native side is built where it is measured, by the machine's own rustc.
#
# Takes the rustc of PATH where it has the target (rustup target add wasm32-unknown-unknown), or the one that RUSTC names;
# else Debian's, which is unpacked into target/tools and not installed.
set -eu

cd "$(dirname "$0")/.."
TARGET=wasm32-unknown-unknown
private=${RUNTIME_BASELINE_TOOLS:-$PWD/target/tools}/rust-wasm

has_target() { [ -d "$("$1" --print sysroot 2>/dev/null)/lib/rustlib/$TARGET/lib" ]; }

fetch() {
    command -v apt-get >/dev/null && command -v dpkg >/dev/null || return 1
    mkdir -p "$private/debs"
    version=$(apt-cache show --no-all-versions rustc | sed -n 's/^Version: *\([0-9]*\.[0-9]*\).*/\1/p')
    (cd "$private/debs" && apt-get download -qq rustc "libstd-rust-$version" libstd-rust-dev-wasm32) || return 1
    for package in "$private"/debs/*.deb; do dpkg -x "$package" "$private/unpacked"; done
    rm -rf "$private/debs"
}

rustc=${RUSTC:-rustc}
if ! has_target "$rustc"; then
    rustc=$private/unpacked/usr/bin/rustc
    [ -x "$rustc" ] || fetch || true
    LD_LIBRARY_PATH=$(echo "$private"/unpacked/usr/lib/*-linux-gnu)
    export LD_LIBRARY_PATH
fi
if ! has_target "$rustc"; then
    echo "build-workloads: no rustc with the target $TARGET; rustup target add $TARGET" >&2
    exit 1
fi
# rustup's toolchains bring the linker; Debian's lies in a package of its own.
set -- --target $TARGET --edition 2021 --crate-type cdylib -O -C panic=abort -C strip=symbols \
    -C link-arg=-zstack-size=131072
if command -v wasm-ld >/dev/null; then set -- "$@" -C linker=wasm-ld; fi
version=$("$rustc" -vV | sed -n 's/^release: //p')
llvm=$("$rustc" -vV | sed -n 's/^LLVM version: //p')

sum() { sha256sum "$1" | cut -d ' ' -f 1; }

cd fixtures/workloads
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
for name in http_handler compute_kernel; do
    "$rustc" "$@" -o "$work/$name.wasm" "$name.rs"
    if cmp -s "$work/$name.wasm" "$name.wasm"; then
        echo "build-workloads: $name.wasm is as it was"
    else
        install -m 644 "$work/$name.wasm" "$name.wasm"
        echo "build-workloads: $name.wasm"
    fi
    cat >"$name.wasm.toml" <<TOML
# How $name.wasm was made; written by tools/build-workloads.sh.
rustc = "$version"
llvm = "$llvm"
command = "rustc $* $name.rs"
source_sha256 = "$(sum "$name.rs")"
start_sha256 = "$(sum start/wasm.rs)"
wasm_sha256 = "$(sum "$name.wasm")"
TOML
done
