# WasmEdge, in exactly the version that Cargo.toml asks for. Ways, in order:
#   1. what is there already: WASMEDGE_DIR, ~/.wasmedge, /usr/local, /usr, in the right version;
#   2. an official archive: WASMEDGE_ARCHIVE (a file of yours, with WASMEDGE_ARCHIVE_SHA256 if it is not one that is known
#      here), else a download, checksum checked;
#   3. Debian or Ubuntu: the packages of this machine's release, or of a newer one, unpacked into a prefix of their own. A
#      newer release's libc comes along and serves only what is linked against the prefix. WASMEDGE_SUITES names the
#      releases to try.
# What is left: target/wasmedge/sdk (the WASMEDGE_DIR, with link.args for build/wasmedge.rs), prefix/, and env, to be sourced
# before cargo, as tools/cargo.sh does. No env file: no WasmEdge, and the feature is left out.

VERSION=0.17.1
# From wasmedge-sys 0.21.1 (build.rs, REMOTE_ARCHIVES), the crate that this build links with.
SHA256_x86_64=27a1abec072ddf45b40e2e81e33c1e5fe9b241f31fd1bbf0182f05097489a07a
SHA256_aarch64=6d7762429083e787ccbddf629868bb59de4325ccdcc31d9f7bd240adcdd9fe9d

here=$target/wasmedge
brings="WasmEdge $VERSION, library and command line"
size="65 MB to download, 190 MB on disk"
where=target/wasmedge
why="wasmedge/*, container+wasmedge and opa-wasm/wasmedge are measured with it"
needs=network
seconds=600
remedy="install WasmEdge $VERSION and set WASMEDGE_DIR, or name an official archive in WASMEDGE_ARCHIVE; then: make setup"

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

# The WASMEDGE_DIR that somebody has set, and not an env file of ours.
given() { [ "${WASMEDGE_DIR:-}" = "$here/sdk" ] || echo "${WASMEDGE_DIR:-}"; }

there() {
  local sdk
  [ -f "$here/env" ] || return 1
  sdk=$(. "$here/env" && echo "$WASMEDGE_DIR")
  has_version "$sdk/include" "$sdk/lib/libwasmedge.so" || return 1
  # Somebody named another one since.
  [ -z "$(given)" ] || grep -qF "$(printf %q "$(cd "$(given)" 2>/dev/null && pwd -P)")" "$here/env" || return 1
  echo "WasmEdge $VERSION, $(sed -n 's/^# WasmEdge [^ ]* from \(.*\)\. Written.*/\1/p' "$here/env")"
}

official_archive() {
  local archive=${WASMEDGE_ARCHIVE:-} known sum root
  case $machine in
    x86_64) known=$SHA256_x86_64 ;;
    aarch64) known=$SHA256_aarch64 ;;
    *) because "no official archive for $machine"; return 1 ;;
  esac
  if [ -n "$archive" ]; then
    [ -f "$archive" ] || { because "WASMEDGE_ARCHIVE names no file: $archive"; return 1; }
    known=${WASMEDGE_ARCHIVE_SHA256:-$known}
    sum=$(sha256sum "$archive" | cut -d ' ' -f 1)
    [ "$sum" = "$known" ] || { because "the SHA-256 of WASMEDGE_ARCHIVE is $sum, not $known"; return 1; }
  else
    archive=$work/archive.tar.gz
    fetch "https://github.com/WasmEdge/WasmEdge/releases/download/$VERSION/WasmEdge-$VERSION-manylinux_2_28_$machine.tar.gz" \
      "$archive" "$known" || return 1
  fi
  mkdir -p "$work/archive"
  tar -xzf "$archive" -C "$work/archive" || { because "the archive cannot be unpacked"; return 1; }
  for root in "$work"/archive "$work"/archive/WasmEdge-*; do
    if find_in "$root"; then
      rm -rf "$here/prefix" && mv "$root" "$here/prefix" && find_in "$here/prefix"
      return
    fi
  done
  because "the archive holds no WasmEdge $VERSION"
  return 1
}

packages_of_distribution() {
  local id codename suites components=main uri release component keyring suite
  local wanted=("libwasmedge-dev=$VERSION-*" "libwasmedge0=$VERSION-*" "wasmedge=$VERSION-*")
  has_apt || return 1
  id=$(. /etc/os-release && echo "${ID:-}")
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  case $id in
    debian) suites="forky sid" ;;
    ubuntu) suites="devel" components="main universe" ;;
    *) because "no newer packages are known for ${id:-this distribution}"; return 1 ;;
  esac
  echo "looking for libwasmedge $VERSION in this machine's release"
  if use_own_release && has_package "${wanted[0]}" && take_packages "$here/prefix" "${wanted[@]}"; then return 0; fi
  while IFS='|' read -r uri release component keyring; do
    [ "$release" = "$codename" ] && [ "$component" = main ] || continue
    for suite in ${WASMEDGE_SUITES:-$suites}; do
      echo "looking for libwasmedge $VERSION in $suite"
      use_release "$uri" "$keyring" "$suite" "$components"
      if ! has_package "${wanted[0]}"; then
        because "$suite: ${apt_said:-it has another version of libwasmedge}"
        continue
      fi
      echo "downloading it from $suite with all that it needs"
      take_packages "$here/prefix" "${wanted[@]}" && return 0
    done
  done < <(own_sources)
  because "no other release of $id could be tried"
  return 1
}

# finish: include, library and cli are set. Writes sdk/ and env, and proves that the library can be loaded.
finish() {
  local libs loader="" run=() file
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

  # A directory with nothing but the header and the library: rustc searches it too, and a libc there would break rustc.
  rm -rf "$here/sdk.new"
  mkdir -p "$here/sdk.new/lib"
  ln -s "$include" "$here/sdk.new/include"
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
    echo "# WasmEdge $VERSION from $library. Written by tools/setup.sh."
    echo "export WASMEDGE_DIR=$(printf %q "$here/sdk")"
    echo "export WASMEDGE_RUST_BINDGEN_PATH=$(printf %q "$PWD/tools/wasmedge-bindings.sh")"
    [ -z "$cli" ] || echo "export WASMEDGE_CLI=$(printf %q "$cli")"
    if [ -n "$loader" ]; then
      echo "export WASMEDGE_CLI_LOADER=$(printf %q "$loader")"
      echo "export WASMEDGE_CLI_LIBRARIES=$(printf %q "$libs")"
    fi
  } >"$here/env.new"
  mv "$here/env.new" "$here/env"
}

bring() {
  local root
  [ "$(uname -s)" = Linux ] || fail "not Linux"
  mkdir -p "$here"
  rm -f "$here/env"
  if [ -n "$(given)" ] && ! find_in "$(given)"; then because "WASMEDGE_DIR=$WASMEDGE_DIR is not WasmEdge $VERSION"; fi
  for root in "$(given)" "${HOME:-/nonexistent}/.wasmedge" /usr/local /usr "$here/prefix" "$here/prefix/usr"; do
    if find_in "$root" && finish; then return 0; fi
  done
  if official_archive && finish; then return 0; fi
  if packages_of_distribution && find_in "$here/prefix/usr" && finish; then return 0; fi
  rm -rf "$here/prefix" "$here/prefix.new" "$here/sdk.new"
  return 1
}
