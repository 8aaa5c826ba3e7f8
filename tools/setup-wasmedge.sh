#!/usr/bin/env bash
# Makes WasmEdge (exactly the version that Cargo.toml asks for) available to the build, below target/ and nowhere else.
#
#   tools/setup-wasmedge.sh          set up, or say in one line why it cannot be; ends with 0 in both cases
#   tools/setup-wasmedge.sh --help   this text
#
# Ways, in order:
#   1. what is there already: WASMEDGE_DIR, ~/.wasmedge, /usr/local, /usr, in the right version;
#   2. an official archive: WASMEDGE_ARCHIVE (a file of yours, with WASMEDGE_ARCHIVE_SHA256 if it is not one that this
#      script knows), else a download, checksum checked;
#   3. Debian or Ubuntu: the packages of this machine's release, or of a newer one, from the mirror and with the keyring
#      that this machine's own sources name, unpacked into a prefix of its own. apt runs on state and cache directories of
#      its own: nothing is installed, no entry is added anywhere, no root is needed. A newer release's libc comes along and
#      serves only what is linked against the prefix. WASMEDGE_SUITES names the releases to try.
# bindgen's libclang comes from this machine's release in the same way, where it is missing.
#
# What is left: target/wasmedge/sdk (the WASMEDGE_DIR, with link.args for build/wasmedge.rs), prefix/, tools/, and
# target/wasmedge/env, to be sourced before cargo. No env file: no WasmEdge, leave the feature out.
# A second run finds what is there. An interrupted run keeps only complete packages, and the next one goes on from them.

set -euo pipefail

VERSION=0.17.1
# From wasmedge-sys 0.21.1 (build.rs, REMOTE_ARCHIVES), the crate that this build links with.
SHA256_x86_64=27a1abec072ddf45b40e2e81e33c1e5fe9b241f31fd1bbf0182f05097489a07a
SHA256_aarch64=6d7762429083e787ccbddf629868bb59de4325ccdcc31d9f7bd240adcdd9fe9d

case "${1:-}" in
  "") ;;
  *) sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; [ "$1" = --help ] && exit 0 || exit 2 ;;
esac

cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target/wasmedge"
here=$(cd "$target/wasmedge" && pwd -P)
why=()

say() { echo "setup-wasmedge: $*" >&2; }
because() { why+=("$1"); say "$1"; }

give_up() {
  rm -f "$here/env"
  local reason
  reason=$(printf '%s; ' "${why[@]}")
  say "wasmedge unavailable: ${reason}remedy: install WasmEdge $VERSION and set WASMEDGE_DIR, or name an official archive in WASMEDGE_ARCHIVE, then run this again. Everything else runs without it."
  exit 0
}

# What is half done goes away, however this ends. The lock goes with its descriptor.
clean_up() {
  rm -rf "$here"/*.new "$here/lists" "$here"/*.packages/partial "$here"/apt.conf "$here"/sources.list "$here"/status
  rmdir "$here"/*.packages 2>/dev/null || true
}
exec 9>"$here/lock"
if command -v flock >/dev/null; then
  flock -n 9 || { say "another set-up is at work, waiting"; flock 9; }
fi
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
clean_up

arch=$(uname -m)
[ "$(uname -s)" = Linux ] || { because "not Linux"; give_up; }

# has_version INCLUDE LIBRARY: the header and the library are both of the version wanted.
has_version() {
  [ -f "$1/wasmedge/wasmedge.h" ] && grep -qs "define WASMEDGE_VERSION \"$VERSION\"" "$1/wasmedge/version.h" &&
    [ -e "$2" ] && grep -aqF "$VERSION" "$2"
}

# find_in ROOT: sets include and library when ROOT holds the right version.
find_in() {
  local dir
  [ -n "$1" ] || return 1
  for dir in "$1"/lib64 "$1"/lib "$1"/lib/*-linux-gnu*; do
    if has_version "$1/include" "$dir/libwasmedge.so"; then
      include=$(cd "$1/include" && pwd -P)
      library=$(cd "$dir" && pwd -P)/libwasmedge.so
      cli=""
      if [ -x "$1/bin/wasmedge" ]; then cli=$(cd "$1/bin" && pwd -P)/wasmedge; fi
      return 0
    fi
  done
  return 1
}

# ---- apt, on directories of its own ------------------------------------------------------------------------------

# private_apt COMMAND...: the machine's configuration (proxies, authentication), without its hooks.
private_apt() {
  "$1" -c "$here/apt.conf" "${@:2}"
}

# prepare_apt STATUS: writes apt.conf; STATUS is the dpkg status that packages are resolved against.
prepare_apt() {
  mkdir -p "$here/lists/partial"
  cat >"$here/apt.conf" <<CONF
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
Dir::State::lists "$here/lists";
Dir::State::status "$1";
Dir::State::extended_states "$here/lists/extended_states";
Dir::Cache "$here/lists";
Dir::Etc::sourcelist "$here/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Install-Recommends "false";
APT::Install-Suggests "false";
APT::Architecture "$(dpkg --print-architecture)";
APT::Architectures { "$(dpkg --print-architecture)"; };
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "2";
CONF
}

# keyring_of FILE:N: the keyring that the entry names, if any. N counts lines, or paragraphs in a .sources file.
keyring_of() {
  case ${1%:*} in
    *.sources) awk -v n="${1##*:}" 'BEGIN { RS = "" } NR == n' "${1%:*}" | sed -n 's/^[Ss]igned-[Bb]y:[[:space:]]*\(\/.*\)/\1/p' ;;
    *) sed -n "${1##*:}s/.*\[.*signed-by=\([^] ]*\).*/\1/p" "${1%:*}" ;;
  esac
}

# own_sources: "URI|RELEASE|COMPONENT|KEYRING" of each package index that this machine names, one a line.
own_sources() {
  local uri release component entry
  apt-get indextargets --format '$(SITE)|$(RELEASE)|$(COMPONENT)|$(SOURCESENTRY)' 'Created-By: Packages' | sort -u |
    while IFS='|' read -r uri release component entry; do
      echo "$uri|$release|$component|$(keyring_of "$entry")"
    done
}

# write_source URI KEYRING RELEASE COMPONENTS >> sources.list
write_source() {
  echo "deb [target=Packages arch=$(dpkg --print-architecture)${2:+ signed-by=$2}] $1 $3 $4" >>"$here/sources.list"
}

# fetch INTO PACKAGES...: downloads them with what they need beyond the status, unpacks them.
fetch() {
  local into=$1 packages=$1.packages
  shift
  mkdir -p "$packages/partial"
  # What an earlier, interrupted run has downloaded counts only if it is still what the index names.
  private_apt apt-get -q=2 -o Dir::Cache::archives="$packages" -o Debug::NoLocking=true autoclean >/dev/null || return 1
  private_apt apt-get -q=2 -o Dir::Cache::archives="$packages" -o Debug::NoLocking=true \
    --yes --no-remove --download-only install "$@" || return 1
  rm -rf "$into.new"
  mkdir -p "$into.new"
  local package
  for package in "$packages"/*.deb; do
    dpkg-deb --extract "$package" "$into.new" || return 1
  done
  rm -rf "$into" && mv "$into.new" "$into"
  rm -rf "$packages"
}

# use_own_release: the machine's own releases, on top of what is installed.
use_own_release() {
  : >"$here/sources.list"
  local uri release component keyring
  while IFS='|' read -r uri release component keyring; do
    write_source "$uri" "$keyring" "$release" "$component"
  done < <(own_sources)
  prepare_apt "$(apt-config shell s Dir::State::status/f | sed "s/^s='\(.*\)'/\1/")"
  private_apt apt-get -q=2 update || say "not every index of this machine's own sources could be read"
}

# No `grep -q` behind a pipe: it ends early, and what writes to it fails.
candidate() { private_apt apt-cache show "libwasmedge-dev=$VERSION-*" 2>/dev/null | grep '^Package:' >/dev/null; }

# use_release URI KEYRING RELEASE: a newer release, on top of nothing: its libc comes along.
use_release() {
  local components=main
  [ "$id" = ubuntu ] && components="main universe"
  : >"$here/sources.list"
  write_source "$1" "$2" "$3" "$components"
  : >"$here/status"
  prepare_apt "$here/status"
  private_apt apt-get -q=2 update 2>/dev/null && candidate
}

packages_of_distribution() {
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || { because "no apt here"; return 1; }
  id=$(. /etc/os-release && echo "${ID:-}")
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  local suites=""
  case $id in
    debian) suites="forky sid" ;;
    ubuntu) suites="devel" ;;
    *) because "no newer packages are known for ${id:-this distribution}"; return 1 ;;
  esac
  say "looking for libwasmedge $VERSION in this machine's release"
  use_own_release
  if candidate; then
    fetch "$here/prefix" "libwasmedge-dev=$VERSION-*" "libwasmedge0=$VERSION-*" "wasmedge=$VERSION-*" && return 0
    because "its packages could not be downloaded"
  fi
  local uri release component keyring suite
  while IFS='|' read -r uri release component keyring; do
    [ "$release" = "$codename" ] && [ "$component" = main ] || continue
    for suite in ${WASMEDGE_SUITES:-$suites}; do
      say "looking for libwasmedge $VERSION in $suite"
      use_release "$uri" "$keyring" "$suite" || continue
      say "downloading it with all that it needs (about 45 MB; 190 MB unpacked) into $here/prefix"
      fetch "$here/prefix" "libwasmedge-dev=$VERSION-*" "libwasmedge0=$VERSION-*" "wasmedge=$VERSION-*" && return 0
      because "the packages of $suite could not be downloaded"
    done
  done < <(own_sources)
  because "no release of $id that this machine can reach has libwasmedge $VERSION"
  return 1
}

# ---- the official archive ------------------------------------------------------------------------------------------

official_archive() {
  local archive=${WASMEDGE_ARCHIVE:-} known sum
  case $arch in
    x86_64) known=$SHA256_x86_64 ;;
    aarch64) known=$SHA256_aarch64 ;;
    *) because "no official archive for $arch"; return 1 ;;
  esac
  if [ -n "$archive" ]; then
    [ -f "$archive" ] || { because "WASMEDGE_ARCHIVE names no file: $archive"; return 1; }
    known=${WASMEDGE_ARCHIVE_SHA256:-$known}
  else
    command -v curl >/dev/null || { because "no curl to download the official archive with"; return 1; }
    archive=$here/archive.new
    say "downloading the official archive"
    curl --fail --silent --show-error --location --connect-timeout 10 --max-time 600 --output "$archive" \
      "https://github.com/WasmEdge/WasmEdge/releases/download/$VERSION/WasmEdge-$VERSION-manylinux_2_28_$arch.tar.gz" ||
      { because "the official archive is out of reach"; return 1; }
  fi
  sum=$(sha256sum "$archive" | cut -d' ' -f1)
  [ "$sum" = "$known" ] || { because "the archive's SHA-256 is $sum, not $known"; return 1; }
  rm -rf "$here/archive-tree.new"
  mkdir "$here/archive-tree.new"
  tar -xzf "$archive" -C "$here/archive-tree.new" || { because "the archive cannot be unpacked"; return 1; }
  local root
  for root in "$here"/archive-tree.new "$here"/archive-tree.new/WasmEdge-*; do
    if find_in "$root"; then
      rm -rf "$here/prefix" && mv "$root" "$here/prefix" && find_in "$here/prefix"
      return
    fi
  done
  because "the archive holds no WasmEdge $VERSION"
  return 1
}

# ---- what the build needs ------------------------------------------------------------------------------------------

# has_libclang DIRECTORIES...: bindgen would find it there.
has_libclang() {
  local dir
  for dir in "$@"; do
    compgen -G "$dir/libclang.so*" >/dev/null || compgen -G "$dir/libclang-*.so*" >/dev/null && { echo "$dir"; return 0; }
  done
  return 1
}

libclang() {
  has_libclang ${LIBCLANG_PATH:+"$LIBCLANG_PATH"} /usr/lib/llvm-*/lib /usr/lib/*-linux-gnu* /usr/lib64 /usr/lib \
    /usr/local/lib >/dev/null && return 0
  if ! has_libclang "$here"/tools/usr/lib/llvm-*/lib >/dev/null; then
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
    use_own_release
    local release
    release=$(private_apt apt-cache depends libclang-dev | sed -n 's/.*Depends: libclang-\([0-9]*\)-dev.*/\1/p')
    say "downloading libclang $release (about 50 MB) into $here/tools"
    fetch "$here/tools" "libclang1-$release" "libclang-common-$release-dev" patchelf || return 1
    # Its libraries find each other, in a build script that knows nothing of this directory.
    local file libs
    libs=$(dirname "$(find "$here/tools/usr/lib" -name 'libclang*.so.*' -not -path '*/llvm-*' -print -quit)")
    for file in "$libs"/*.so*; do
      # Some are linker scripts.
      [ -L "$file" ] || [ "$(head -c 4 "$file" | tail -c 3)" != ELF ] || LD_LIBRARY_PATH=$libs "$here/tools/usr/bin/patchelf" --force-rpath --set-rpath "$libs" "$file"
    done
  fi
  local dir
  dir=$(has_libclang "$here"/tools/usr/lib/llvm-*/lib)
  echo "export LIBCLANG_PATH=$(printf %q "$dir")"
  echo "export BINDGEN_EXTRA_CLANG_ARGS=$(printf %q "-isystem $(echo "$dir"/clang/*/include)")"
}

# finish: include, library and cli are set. Writes sdk/ and env, and proves that the library can be loaded.
finish() {
  local libs loader="" run=()
  libs=$(dirname "$library")
  case $library in
    "$here"/prefix/*)
      # Debian's libLLVM looks for its libraries in $ORIGIN/../lib, which is where they are once this link exists.
      case $libs in */usr/lib/*-linux-gnu*) ln -sfn "$(basename "$libs")" "$(dirname "$libs")/lib" ;; esac
      loader=$(find "$here/prefix" -name 'ld-linux*.so.*' -not -type l -print -quit) ;;
  esac
  if [ -n "$cli" ]; then
    [ -n "$loader" ] && run=("$loader" --library-path "$libs")
    "${run[@]}" "$cli" --version 2>/dev/null | grep -F "version $VERSION" >/dev/null ||
      { because "$cli does not run, or is not $VERSION"; return 1; }
  elif [ -z "$loader" ] && ldd "$library" 2>&1 | grep 'not found' >/dev/null; then
    because "$library needs libraries, or a libc, that this machine does not have"
    return 1
  fi
  local clang
  clang=$(libclang) || { because "no libclang for bindgen (install libclang-dev)"; return 1; }

  # A directory with nothing but the header and the library: rustc searches it too, and a libc there would break rustc.
  rm -rf "$here/sdk.new"
  mkdir -p "$here/sdk.new/lib"
  ln -s "$include" "$here/sdk.new/include"
  local file
  for file in "$libs"/libwasmedge.so*; do ln -s "$file" "$here/sdk.new/lib/"; done
  {
    echo "-Wl,-rpath,$libs"
    if [ -n "$loader" ]; then
      # An rpath, not a runpath: it must hold for the libraries of the libraries. The prefix's libc is newer than the
      # one at hand when linking, hence the undefined symbols.
      printf '%s\n' -Wl,--disable-new-dtags -Wl,--allow-shlib-undefined "-Wl,--dynamic-linker,$loader"
    fi
  } >"$here/sdk.new/link.args"
  rm -rf "$here/sdk" && mv "$here/sdk.new" "$here/sdk"
  {
    echo "# WasmEdge $VERSION from $library. Written by tools/setup-wasmedge.sh."
    echo "export WASMEDGE_DIR=$(printf %q "$here/sdk")"
    [ -n "$cli" ] && echo "export WASMEDGE_CLI=$(printf %q "$cli")"
    if [ -n "$loader" ]; then
      echo "export WASMEDGE_CLI_LOADER=$(printf %q "$loader")"
      echo "export WASMEDGE_CLI_LIBRARIES=$(printf %q "$libs")"
    fi
    [ -n "$clang" ] && echo "$clang"
    true
  } >"$here/env.new"
  mv "$here/env.new" "$here/env"
  say "WasmEdge $VERSION: $library; before cargo: . ${here#"$PWD"/}/env"
}

# ---- the ways, in order --------------------------------------------------------------------------------------------

given=${WASMEDGE_DIR:-}
[ "$given" = "$here/sdk" ] && given=""
if [ -n "$given" ] && ! find_in "$given"; then because "WASMEDGE_DIR=$given is not WasmEdge $VERSION"; fi
for root in "$given" "${HOME:-/nonexistent}/.wasmedge" /usr/local /usr "$here/prefix" "$here/prefix/usr"; do
  if find_in "$root" && finish; then exit 0; fi
done
if official_archive; then
  if finish; then exit 0; fi
  rm -rf "$here/prefix"
fi
if packages_of_distribution; then
  if find_in "$here/prefix/usr" && finish; then exit 0; fi
  because "the unpacked packages cannot be used"
  rm -rf "$here/prefix"
fi
give_up
