# The stores that are servers, as target/tools/bin/etcd and target/tools/bin/kine. An etcd or a kine on PATH, or in ETCD_BIN or
# KINE_BIN, is used in its place. What is missing is built by Go from tools/stores, whose go.mod and go.sum say which versions
# of everything, with the flags of the official builds, in three minutes of CPU time, or nine where the machine is busy. What a build
# leaves is removed.

# What the go.mod of kine asks for; that of etcd asks for less.
GO_NEEDED=1.26.5

# pinned NAME PACKAGE: the version that its go.mod names.
pinned() { sed -n "s#.*$2 v\\([^ ]*\\).*#\\1#p" "tools/stores/$1/go.mod"; }

ETCD=go.etcd.io/etcd/server/v3
ETCDCTL=go.etcd.io/etcd/etcdctl/v3
KINE=github.com/k3s-io/kine

brings="etcd $(pinned etcd $ETCD) with its etcdctl, and kine $(pinned kine $KINE) over SQLite"
size="250 MB of modules to download, three to nine minutes of building, 81 MB kept; and 75 MB of Go where there is none"
where="target/tools/bin/etcd, target/tools/bin/kine"
why="the stores of Kubernetes and of K3s, which published figures compare"
# Not the other benches: it comes after them.
serves="store cluster"
needs=network
seconds=1800
heavy=yes
remedy="put etcd and kine on PATH, or name them in ETCD_BIN and KINE_BIN"

# version_of NAME FILE: what it says that it is, or nothing.
version_of() {
  case $1 in
    etcd) "$2" --version 2>/dev/null | sed -n 's/^etcd Version: *//p' ;;
    etcdctl) "$2" version 2>/dev/null | sed -n 's/^etcdctl version: *//p' ;;
    kine) "$2" --version 2>/dev/null | sed -n 's/^kine version v\([^ ]*\).*/\1/p' ;;
  esac
}

# locate NAME VARIABLE: what is there of that name, in words.
locate() {
  local file version
  for file in "${!2:-}" "$tools/bin/$1" "$(command -v "$1" || true)"; do
    version=""
    [ -z "$file" ] || version=$(version_of "$1" "$file") || true
    if [ -n "$version" ]; then echo "$1 $version"; return; fi
    # One that was named is the one that is used.
    if [ -n "${!2:-}" ]; then return 1; fi
  done
  return 1
}

there() {
  local etcd kine
  etcd=$(locate etcd ETCD_BIN) && kine=$(locate kine KINE_BIN) && echo "$etcd, $kine"
}

# build FOLDER NAME PACKAGE CGO FLAGS: into its place.
build() {
  local folder=tools/stores/$1
  shift
  echo "building $1 with $("$go" env GOVERSION)"
  (cd "$folder" && CGO_ENABLED=$3 run_go build -mod=readonly -trimpath -ldflags "-s -w $4" -o "$work/$1" "$2") 2>&1 |
    tee "$work/build.log" ||
    { because "the build of $1 by $("$go" env GOVERSION): $(last_line "$work/build.log")"; return 1; }
  [ -n "$(version_of "$1" "$work/$1")" ] || { because "the $1 that was built does not run here"; return 1; }
  mkdir -p "$tools/bin"
  mv "$work/$1" "$tools/bin/$1"
}

bring() {
  [ -z "${ETCD_BIN:-}" ] || locate etcd ETCD_BIN || fail "ETCD_BIN is no etcd: correct or unset it"
  [ -z "${KINE_BIN:-}" ] || locate kine KINE_BIN || fail "KINE_BIN is no kine: correct or unset it"
  find_go || return 1
  if ! locate etcd ETCD_BIN; then
    build etcd etcd $ETCD 0 "" || return 1
    # What the bench is checked against costs nobody the rest.
    build etcd etcdctl $ETCDCTL 0 "" || true
  fi
  # With cgo, SQLite is the C library; without, a translation of it to Go, which is another engine.
  command -v "${CC:-gcc}" >/dev/null || command -v cc >/dev/null || fail "no C compiler here, which kine's SQLite takes"
  locate kine KINE_BIN || build kine kine $KINE 1 "-X $KINE/pkg/version.Version=v$(pinned kine $KINE)"
}
