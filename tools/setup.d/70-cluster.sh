# The programs of Kubernetes' control plane, as target/tools/bin/kube-apiserver, kube-controller-manager and kube-scheduler, and
# target/tools/bin/kubernetes-one-process, a program of this project that is those three and kine in one process. Programs in
# KUBERNETES_BIN_DIR, or on PATH, are used in their place. Ways, in order:
#   1. the official binaries, with the sums that are published beside them;
#   2. built by Go from tools/cluster, whose go.mod and go.sum say which versions of everything, with the flags of the
#      official builds.
# The one in one process is always built. What a build leaves is removed.

# What the go.mod of kine asks for; that of Kubernetes asks for less.
GO_NEEDED=1.26.5
VERSION=$(sed -n 's#.*k8s.io/kubernetes v\([^ ]*\).*#\1#p' tools/cluster/go.mod)
PROGRAMS="kube-apiserver kube-controller-manager kube-scheduler"
ONE=kubernetes-one-process
# While Go builds, in MB: modules, and what it keeps of each package.
ROOM=9500

brings="kube-apiserver, kube-controller-manager and kube-scheduler $VERSION, and the three with kine in one process"
size="540 MB to download and some 8 minutes of building on two cores; or 310 MB and some 15 minutes, where the official binaries are out of reach, and hours where the cores are busy; ${ROOM} MB of disk meanwhile, 385 MB kept; and 75 MB of Go where there is none"
where="target/tools/bin/kube-*, target/tools/bin/$ONE"
why="the control plane of Kubernetes, with which published figures compare K3s"
# Not the other benches: it comes after them.
serves="cluster"
needs=network
seconds=7200
heavy=yes
remedy="put $PROGRAMS into one directory, and name it in KUBERNETES_BIN_DIR"

# version_of FILE: what it says that it is, or nothing.
version_of() { "$1" --version 2>/dev/null | sed -n 's/^Kubernetes v\([^ ]*\).*/\1/p'; }

# locate NAME: where that program is, and which version.
locate() {
  local file
  for file in ${KUBERNETES_BIN_DIR:+"$KUBERNETES_BIN_DIR/$1"} "$tools/bin/$1" "$(command -v "$1" || true)"; do
    if [ -n "$file" ] && [ -n "$(version_of "$file")" ]; then echo "$1 $(version_of "$file")"; return; fi
  done
  return 1
}

there() {
  local name found=""
  for name in $PROGRAMS $ONE; do found="${found:+$found, }$(locate "$name")" || return 1; done
  echo "$found"
}

# keep NAME: it runs, and comes to its place.
keep() {
  chmod +x "$work/$1"
  [ -n "$(version_of "$work/$1")" ] || { because "the $1 that was brought does not run here"; return 1; }
  mkdir -p "$tools/bin"
  mv "$work/$1" "$tools/bin/$1"
}

official() {
  local site name sum
  site=https://dl.k8s.io/v$VERSION/bin/linux/$(architecture) || return 1
  for name in $PROGRAMS; do
    if locate "$name"; then continue; fi
    sum=$(published_sum "$site/$name.sha256") && fetch "$site/$name" "$work/$name" "$sum" && keep "$name" || return 1
  done
}

# compile FOLDER CGO PACKAGE...: into $work, in the way of the official builds.
compile() {
  local folder=$1 cgo=$2 flags="-s -w" package free
  shift 2
  free=$(df -Pm "$work" | awk 'END { print $4 }')
  [ "$free" -ge $ROOM ] || fail "$free MB are free in target, and building $* takes $ROOM: free some, or $remedy"
  for package in k8s.io/client-go/pkg/version k8s.io/component-base/version; do
    flags="$flags -X $package.gitVersion=v$VERSION -X $package.gitMajor=${VERSION%%.*} -X $package.gitMinor=$(cut -d. -f2 <<<"$VERSION")"
  done
  echo "building $* with $("$go" env GOVERSION)"
  # Each package by its name, so that the set-up can tell how far it is.
  (cd "$folder" && CGO_ENABLED=$cgo run_go build -v -mod=readonly -trimpath -tags selinux,notest,grpcnotrace -ldflags "$flags" \
    -o "$work/" "$@") 2>&1 | tee "$work/build.log" ||
    { because "the build of $* by $("$go" env GOVERSION): $(last_line "$work/build.log")"; return 1; }
}

bring() {
  local name missing=()
  if [ -n "${KUBERNETES_BIN_DIR:-}" ]; then
    for name in $PROGRAMS; do
      [ -n "$(version_of "$KUBERNETES_BIN_DIR/$name")" ] || fail "KUBERNETES_BIN_DIR has no $name: correct or unset it"
    done
  fi
  official || echo "the official binaries of Kubernetes $VERSION are out of reach"
  find_go || return 1
  for name in $PROGRAMS; do locate "$name" || missing+=("k8s.io/kubernetes/cmd/$name"); done
  if [ ${#missing[@]} -gt 0 ]; then
    compile tools/cluster 0 "${missing[@]}" || return 1
    for name in "${missing[@]}"; do keep "${name##*/}" || return 1; done
    # Built once more for the other, which calls C.
    rm -rf "$work/gopath/cache"
  fi
  if locate $ONE; then return 0; fi
  # With cgo, SQLite is the C library; without, a translation of it to Go, which is another engine.
  command -v "${CC:-gcc}" >/dev/null || command -v cc >/dev/null || fail "no C compiler here, which kine's SQLite takes"
  compile tools/cluster/one-process 1 . && mv "$work/one-process" "$work/$ONE" && keep $ONE
}
