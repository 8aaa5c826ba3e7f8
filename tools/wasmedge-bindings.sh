#!/bin/sh
# Stands in for bindgen where wasmedge-sys is built, by WASMEDGE_RUST_BINDGEN_PATH: gives it the bindings that its own package
# carries, in place of generating them anew with libclang. First it makes sure that they are those of the header at hand.
#
# Called by that package's build script, in the package's directory: wasmedge-bindings.sh OPTIONS… -o FILE HEADER -- OPTIONS…
set -eu

refuse() { echo "wasmedge-bindings: $*" >&2; exit 1; }

out='' header=''
while [ $# -gt 0 ]; do
    case $1 in
        -o) out=$2; shift 2 ;;
        --) break ;;
        *.h) header=$1; shift ;;
        *) shift ;;
    esac
done
bindings=bindings/wasmedge.rs
[ -n "$out" ] && [ -f "$header" ] || refuse "called without -o FILE and a header"
[ -f "$bindings" ] && [ -f build.rs ] || refuse "not in the directory of wasmedge-sys, or this version of it carries no bindings"

made_for=$(sed -n 's/^const WASMEDGE_RELEASE_VERSION: &str = "\(.*\)";$/\1/p' build.rs)
at_hand=$(sed -n 's/^#define WASMEDGE_VERSION "\(.*\)"$/\1/p' "${header%/*}/version.h")
[ -n "$made_for" ] && [ "$made_for" = "$at_hand" ] ||
    refuse "the package's bindings are of WasmEdge ${made_for:-?}, the header is of ${at_hand:-?}"

# Each function and structure that is bound is one of the headers', and each structure of the headers is bound.
names() { grep -ohE "$1" | sed 's/.* //' | sort -u; }
headers=$(find "${header%/*}/" -name '*.h' -exec cat {} +)
known=$(printf '%s\n' "$headers" | sed 's#//.*##' | names 'WasmEdge_[A-Za-z0-9_]+')
bound=$(names 'pub (fn|struct) WasmEdge_[A-Za-z0-9_]+' <"$bindings")
structures=$(printf '%s\n' "$headers" | names 'typedef struct WasmEdge_[A-Za-z0-9_]+')
[ -n "$bound" ] && [ -n "$structures" ] || refuse "the package's bindings, or the header, declare nothing"
unknown=$(printf '%s\n' "$bound" | grep -Fxv -e "$known" | sed -n 1p)
unbound=$(printf '%s\n' "$structures" | grep -Fxv -e "$bound" | sed -n 1p)
[ -z "$unknown" ] || refuse "the header does not know $unknown, which the package's bindings declare"
[ -z "$unbound" ] || refuse "the package's bindings lack the structure $unbound"

cp "$bindings" "$out"
