# The real OPA, as target/tools/bin/opa. An OPA 1.0 or newer on PATH, or in OPA_BIN, is used in its place. Ways, in order:
#   1. the official static binary, with the sum that is published beside it;
#   2. built by Go, by the ways of tools/setup/go.sh. What the build leaves is removed.

VERSION=1.22.2
# What go.mod of that version asks for.
GO_NEEDED=1.26

brings="OPA $VERSION, the real one"
size="50 MB to download from its site; else 75 MB of Go and 40 MB of modules, and two minutes of building"
where="target/tools/bin/opa"
why="opa and opa/eval are what published figures compare the policy engines with"
needs=network
seconds=1800
heavy=yes
remedy="put an OPA 1.0 or newer on PATH, or name it in OPA_BIN"

# The version of the OPA in $1, or nothing.
version_of() { "$1" version 2>/dev/null | sed -n 's/^Version: *//p'; }
# Rego v1 is the default since 1.0.
usable() { case $(version_of "$1") in [1-9]*.*.*) return 0 ;; *) return 1 ;; esac; }

there() {
  local found
  if [ -n "${OPA_BIN:-}" ]; then
    usable "$OPA_BIN" && echo "OPA $(version_of "$OPA_BIN"), OPA_BIN"
    return
  fi
  if [ "$(version_of "$tools/bin/opa")" = "$VERSION" ]; then echo "OPA $VERSION"; return; fi
  found=$(command -v opa) && usable "$found" && echo "OPA $(version_of "$found"), $found"
}

# keep FILE: it is an OPA of that version, and comes to its place.
keep() {
  chmod +x "$1"
  [ "$(version_of "$1")" = "$VERSION" ] || { because "$(basename "$1") does not run, or is not OPA $VERSION"; return 1; }
  mkdir -p "$tools/bin"
  mv "$1" "$tools/bin/opa"
}

official() {
  local site=https://github.com/open-policy-agent/opa/releases/download/v$VERSION file sum
  file=opa_linux_$(architecture)_static || return 1
  sum=$(published_sum "$site/$file.sha256") || return 1
  fetch "$site/$file" "$work/opa" "$sum" && keep "$work/opa"
}

# compile [-n]: has OPA built, or with -n only what that takes downloaded. Without cgo, as the official static binary is, and without
# what debuggers read, which is a tenth of the work and a quarter of the file.
compile() {
  GOBIN=$work/bin CGO_ENABLED=0 run_go install "$@" -trimpath -ldflags "-s -w" -gcflags all=-dwarf=false \
    "github.com/open-policy-agent/opa@v$VERSION"
}

# What can be done while something else computes: all but the build.
ahead() {
  if official; then return 0; fi
  find_go || return 1
  echo "downloading the modules of OPA $VERSION"
  # What it prints is what it would run. Where this fails, the build says why.
  compile -n >/dev/null 2>&1 || true
}

bring() {
  [ -z "${OPA_BIN:-}" ] || fail "OPA_BIN is not an OPA 1.0 or newer: correct or unset it"
  if [ ! -x "$work/go/bin/go" ] && official; then return 0; fi
  find_go || return 1
  echo "downloading the modules of OPA $VERSION"
  compile -n >/dev/null 2>&1 || true
  echo "building OPA $VERSION with $("$go" env GOVERSION)"
  compile 2>&1 | tee "$work/build.log" ||
    { because "the build by $("$go" env GOVERSION): $(last_line "$work/build.log")"; return 1; }
  keep "$work/bin/opa"
}
