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

# version_of NAME FILE: what it says that it is, or nothing.
version_of() { "$2" --version 2>/dev/null | sed -n 's/^Kubernetes v\([^ ]*\).*/\1/p'; }

# locate NAME: where that program is, and which version.
locate() {
  local file
  for file in ${KUBERNETES_BIN_DIR:+"$KUBERNETES_BIN_DIR/$1"} "$tools/bin/$1" "$(command -v "$1" || true)"; do
    if [ -n "$file" ] && [ -n "$(version_of "$1" "$file")" ]; then echo "$1 $(version_of "$1" "$file")"; return; fi
  done
  return 1
}

there() {
  local name found=""
  for name in $PROGRAMS $ONE; do found="${found:+$found, }$(locate "$name")" || return 1; done
  echo "$found"
}

official() {
  local site name sum
  site=https://dl.k8s.io/v$VERSION/bin/linux/$(architecture) || return 1
  for name in $PROGRAMS; do
    if locate "$name"; then continue; fi
    sum=$(published_sum "$site/$name.sha256") && fetch "$site/$name" "$work/$name" "$sum" && keep "$name" || return 1
  done
}

bring() {
  local name missing=()
  if [ -n "${KUBERNETES_BIN_DIR:-}" ]; then
    for name in $PROGRAMS; do
      [ -n "$(version_of "$name" "$KUBERNETES_BIN_DIR/$name")" ] || fail "KUBERNETES_BIN_DIR has no $name: correct or unset it"
    done
  fi
  official || echo "the official binaries of Kubernetes $VERSION are out of reach"
  find_go || return 1
  for name in $PROGRAMS; do locate "$name" || missing+=("k8s.io/kubernetes/cmd/$name"); done
  if [ ${#missing[@]} -gt 0 ]; then
    build_kubernetes "$VERSION" tools/cluster 0 "${missing[@]}" || return 1
    for name in "${missing[@]}"; do keep "${name##*/}" || return 1; done
    # Built once more for the other, which calls C.
    rm -rf "$work/gopath/cache"
  fi
  if locate $ONE; then return 0; fi
  # With cgo, SQLite is the C library; without, a translation of it to Go, which is another engine.
  command -v "${CC:-gcc}" >/dev/null || command -v cc >/dev/null || fail "no C compiler here, which kine's SQLite takes"
  build_kubernetes "$VERSION" tools/cluster/one-process 1 . && mv "$work/one-process" "$work/$ONE" && keep $ONE
}
