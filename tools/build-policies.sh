#!/bin/sh
# Builds the Wasm of every policy with OPA, and beside each a .toml that says how: a test compares its sums with the files.
# The entrypoints are the rules that the Rego annotates with `entrypoint: true`.
set -eu

cd "$(dirname "$0")/.."
opa=${OPA_BIN:-${RUNTIME_BASELINE_TOOLS:-target/tools}/bin/opa}
[ -x "$opa" ] || opa=$(command -v opa || true)
if [ -z "$opa" ]; then
    echo "build-policies: no OPA; run tools/setup.sh opa" >&2
    exit 1
fi
opa=$(realpath "$opa")
version=$("$opa" version | sed -n 's/^Version: *//p')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

sum() { sha256sum "$1" | cut -d ' ' -f 1; }

for rego in policies/*/policy.rego tests/policy_conformance/*.rego; do
    module=${rego%.rego}
    bundle=$work/bundle.tar.gz
    set -- build -t wasm
    # A policy that calls what OPA does not know brings the declarations along.
    if [ -f "$module.capabilities.json" ]; then
        set -- "$@" --capabilities "${module##*/}.capabilities.json"
    fi
    set -- "$@" "${rego##*/}"
    (cd "${rego%/*}" && "$opa" "$@" -o "$bundle")
    tar -xzf "$bundle" -C "$work" /policy.wasm 2>/dev/null
    if cmp -s "$work/policy.wasm" "$module.wasm"; then
        echo "build-policies: $module.wasm is as it was"
    else
        install -m 644 "$work/policy.wasm" "$module.wasm"
        echo "build-policies: $module.wasm"
    fi
    cat >"$module.wasm.toml" <<TOML
# How ${module##*/}.wasm was made; written by tools/build-policies.sh.
opa = "$version"
command = "opa $*"
source_sha256 = "$(sum "$rego")"
wasm_sha256 = "$(sum "$module.wasm")"
TOML
    if [ -f "$module.capabilities.json" ]; then
        echo "capabilities_sha256 = \"$(sum "$module.capabilities.json")\"" >>"$module.wasm.toml"
    fi
done
