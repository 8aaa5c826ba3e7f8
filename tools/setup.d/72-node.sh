# The programs of a node of Kubernetes, as target/tools/bin/kubelet, containerd, containerd-shim-runc-v2 and ctr. A kubelet in
# KUBERNETES_BIN_DIR, the others in CONTAINERD_BIN_DIR, or any on PATH, are used in their place; runc is the step `peers`'. Ways, in
# order:
#   1. the official binaries, with the sums that are published beside them;
#   2. built by Go: the kubelet from tools/cluster, containerd from tools/node, whose go.mod and go.sum say which versions of
#      everything, with the flags of the official builds but for what takes C.
# What a build leaves is removed.

# What the go.mod of containerd asks for; that of Kubernetes asks for less.
GO_NEEDED=1.26.6
KUBERNETES=$(sed -n 's#.*k8s.io/kubernetes v\([^ ]*\).*#\1#p' tools/cluster/go.mod)
CONTAINERD_MODULE=github.com/containerd/containerd/v2
CONTAINERD=$(sed -n "s#.*$CONTAINERD_MODULE v\\([^ ]*\\).*#\\1#p" tools/node/go.mod)
PROGRAMS="containerd containerd-shim-runc-v2 ctr"
# While Go builds, in MB: modules, and what it keeps of each package.
ROOM=4000

brings="kubelet $KUBERNETES; containerd, its shim and ctr $CONTAINERD"
size="110 MB to download; or 300 MB and some 6 minutes of building on two cores, where the official binaries are out of reach; ${ROOM} MB of disk meanwhile, 140 MB kept; and 75 MB of Go where there is none"
where="target/tools/bin/kubelet, target/tools/bin/containerd*, target/tools/bin/ctr"
why="a real node, on which pods are started and the memory of what runs them is read"
# Not the other benches: it comes after them.
serves="cluster"
needs=network
seconds=3600
heavy=yes
remedy="put kubelet into a directory that KUBERNETES_BIN_DIR names, and $PROGRAMS into one that CONTAINERD_BIN_DIR names"

# version_of NAME FILE: what it says that it is, or nothing.
version_of() {
  case $1 in
    kubelet) "$2" --version 2>/dev/null | sed -n 's/^Kubernetes v\([^ ]*\).*/\1/p' ;;
    containerd-shim-runc-v2) "$2" -v 2>/dev/null | sed -n 's/^ *Version: *v\([^ ]*\).*/\1/p' ;;
    *) "$2" --version 2>/dev/null | sed -n "s/^$1 [^ ]* v\\([^ ]*\\).*/\\1/p" ;;
  esac
}

# locate NAME: where that program is, and which version.
locate() {
  local file named=""
  case $1 in
    # A directory of the control plane's programs need not have a node's.
    kubelet) [ -z "${KUBERNETES_BIN_DIR:-}" ] || named=$KUBERNETES_BIN_DIR/kubelet ;;
    *) [ -z "${CONTAINERD_BIN_DIR:-}" ] || named=$CONTAINERD_BIN_DIR/$1 ;;
  esac
  for file in ${named:+"$named"} "$tools/bin/$1" "$(command -v "$1" || true)"; do
    if [ -n "$file" ] && [ -n "$(version_of "$1" "$file")" ]; then echo "$1 $(version_of "$1" "$file")"; return; fi
  done
  return 1
}

there() {
  local name found=""
  for name in kubelet $PROGRAMS; do found="${found:+$found, }$(locate "$name")" || return 1; done
  echo "$found"
}

official_kubelet() {
  local site sum
  site=https://dl.k8s.io/v$KUBERNETES/bin/linux/$(architecture) || return 1
  sum=$(published_sum "$site/kubelet.sha256") && fetch "$site/kubelet" "$work/kubelet" "$sum" && keep kubelet
}

official_containerd() {
  local site file sum name
  file=containerd-$CONTAINERD-linux-$(architecture).tar.gz || return 1
  site=https://github.com/containerd/containerd/releases/download/v$CONTAINERD
  sum=$(published_sum "$site/$file.sha256sum") && fetch "$site/$file" "$work/containerd.tar.gz" "$sum" || return 1
  for name in $PROGRAMS; do
    tar -xzf "$work/containerd.tar.gz" -C "$work" --strip-components=1 "bin/$name" && keep "$name" || return 1
  done
}

built_kubelet() { build_kubernetes "$KUBERNETES" tools/cluster 0 k8s.io/kubernetes/cmd/kubelet && keep kubelet; }

built_containerd() {
  local name packages=()
  for name in $PROGRAMS; do packages+=("$CONTAINERD_MODULE/cmd/$name"); done
  # What is left out are file systems that no node here has its containers on, and which take C.
  build_by_go tools/node 0 no_btrfs,no_zfs,no_devmapper "-X $CONTAINERD_MODULE/version.Version=v$CONTAINERD" "${packages[@]}" || return 1
  for name in $PROGRAMS; do keep "$name" || return 1; done
}

bring() {
  local name of_containerd=yes
  for name in $PROGRAMS; do
    if locate "$name"; then continue; fi
    [ -z "${CONTAINERD_BIN_DIR:-}" ] || fail "CONTAINERD_BIN_DIR has no $name: correct or unset it"
    of_containerd=""
  done
  if ! locate kubelet && ! official_kubelet; then
    find_go && built_kubelet || return 1
  fi
  if [ -z "$of_containerd" ] && ! official_containerd; then
    find_go && built_containerd
  fi
}
