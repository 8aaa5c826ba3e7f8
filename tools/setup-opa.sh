#!/bin/sh
# Puts the real OPA where the adapter finds it: target/tools/bin/opa (or $RUNTIME_BASELINE_TOOLS/bin/opa). Builds it with
# the Go toolchain where there is one, touches nothing outside that folder, and does nothing when an OPA is there already.
# Exits with 0 in any case: without OPA everything else still runs, and the report says what is missing.
set -eu

VERSION=1.22.2
cd "$(dirname "$0")/.."
tools=${RUNTIME_BASELINE_TOOLS:-$PWD/target/tools}
case $tools in /*) ;; *) tools=$PWD/$tools ;; esac

say() { echo "setup-opa: $*"; }

# The version of the OPA in $1, or nothing.
version_of() { "$1" version 2>/dev/null | sed -n 's/^Version: *//p'; }

# Rego v1 is the default since 1.0.
usable() { case $(version_of "$1") in [1-9]*.*.*) return 0 ;; *) return 1 ;; esac; }

if [ -n "${OPA_BIN:-}" ]; then
    if usable "$OPA_BIN"; then
        say "OPA_BIN is $OPA_BIN, OPA $(version_of "$OPA_BIN")"
    else
        say "OPA_BIN is $OPA_BIN, which is not an OPA 1.0 or newer: correct or unset it"
    fi
    exit 0
fi
if [ "$(version_of "$tools/bin/opa")" = "$VERSION" ]; then
    say "OPA $VERSION is in $tools/bin"
    exit 0
fi
found=$(command -v opa || true)
if [ -n "$found" ] && usable "$found"; then
    say "OPA $(version_of "$found") is $found"
    exit 0
fi
if ! command -v go >/dev/null; then
    say "no OPA here, and no Go to build it with; install Go, or put an OPA 1.0 or newer on PATH, or name it in OPA_BIN"
    exit 0
fi

say "building OPA $VERSION with $(go env GOVERSION) in $tools (a few minutes, once)"
mkdir -p "$tools/bin"
# A GOPATH of its own, so that nothing lands in the user's; a cache that the user has set is used.
build=$tools/go-opa
if GOPATH=$build GOBIN=$tools/bin GOFLAGS=-modcacherw \
    GOMODCACHE=${GOMODCACHE:-$build/mod} GOCACHE=${GOCACHE:-$build/cache} \
    go install -trimpath "github.com/open-policy-agent/opa@v$VERSION" >"$tools/opa-build.log" 2>&1; then
    # Half a gigabyte that only a rebuild would read.
    rm -rf "$build"
    say "OPA $(version_of "$tools/bin/opa") is in $tools/bin"
else
    tail -n 5 "$tools/opa-build.log" >&2
    say "the build failed, see $tools/opa-build.log; put an OPA 1.0 or newer on PATH, or name it in OPA_BIN"
fi
