# K3s, as target/tools/bin/k3s: the official binary of the version that the published figures name. A k3s on PATH, or in
# K3S_BIN, is used in its place. Nothing builds it: the forks that its go.mod names are not served as Go modules.

VERSION=v1.30.4+k3s1

brings="K3s $VERSION, the official binary"
size="70 MB to download and keep"
where="target/tools/bin/k3s"
why="what published figures compare with Kubernetes"
serves="cluster"
needs=network
seconds=300
remedy="put k3s on PATH, or name one in K3S_BIN"

version_of() { "$1" --version 2>/dev/null | sed -n 's/^k3s version \(v[^ ]*\).*/\1/p'; }

there() {
  local file
  for file in "${K3S_BIN:-}" "$tools/bin/k3s" "$(command -v k3s || true)"; do
    if [ -n "$file" ] && [ -n "$(version_of "$file")" ]; then echo "K3s $(version_of "$file")"; return; fi
    # One that was named is the one that is used.
    if [ -n "${K3S_BIN:-}" ]; then return 1; fi
  done
  return 1
}

bring() {
  local site=https://github.com/k3s-io/k3s/releases/download/${VERSION/+/%2B} file sum architecture
  [ -z "${K3S_BIN:-}" ] || fail "K3S_BIN is no k3s: correct or unset it"
  architecture=$(architecture) || return 1
  file=k3s
  [ "$architecture" = amd64 ] || file=k3s-$architecture
  # The sums of all files of the release, of which this is one.
  fetch "$site/sha256sum-$architecture.txt" "$work/sums" || return 1
  sum=$(awk -v file="$file" '$2 == file { print $1 }' "$work/sums")
  [ -n "$sum" ] || fail "the sums that K3s publishes have none of $file"
  fetch "$site/$file" "$work/k3s" "$sum" || return 1
  chmod +x "$work/k3s"
  [ "$(version_of "$work/k3s")" = "$VERSION" ] || fail "the k3s that was fetched does not run, or is not $VERSION"
  mkdir -p "$tools/bin"
  mv "$work/k3s" "$tools/bin/k3s"
}
