# crun with the handler that runs Wasm modules by WasmEdge, as Debian 13 ships it and no later release does, unpacked and not
# installed. Two pairs, each a folder with a crun and the wasmedge of the library that it loads: 0.14, that release's own, and
# 0.17, the same crun with the WasmEdge of the step before, where that is there.

RELEASE=trixie

here=$tools/crun_wasmedge
env=$target/wasmedge/env
brings="crun with WasmEdge's handler and WasmEdge 0.14, of Debian 13"
size="42 MB to download, 10 MB of package index, 180 MB on disk"
where=target/tools/crun_wasmedge
why="crun+wasmedge and crun+wasmedge/0.17 are measured with it"
needs=network
seconds=300
remedy="on Debian 13, apt-get install crun libwasmedge0 wasmedge; or name a crun with the handler in CRUN_WASMEDGE_BIN"

# is_pair VERSION: both programs run, and are what they have to be.
is_pair() {
  "$here/$1/crun" --version 2>/dev/null | grep -F WASM:wasmedge >/dev/null &&
    "$here/$1/wasmedge" --version 2>/dev/null | grep -F "version $1." >/dev/null
}

there() {
  is_pair 0.14 || return 1
  [ -f "$env" ] || { echo "crun with WasmEdge 0.14"; return; }
  is_pair 0.17 || return 1
  echo "crun with WasmEdge 0.14 and 0.17"
}

# pair VERSION LOADER LIBRARIES WASMEDGE: a copy of both programs that finds its libraries, and a libc, where they were unpacked.
# `loader` and `libraries` are those of the prefix.
pair() {
  local program
  mkdir -p "$here/$1"
  for program in "$here/prefix/usr/bin/crun" "$4"; do
    # An rpath, not a runpath: it must hold for what is loaded later, and for the libraries of the libraries. crun starts
    # /proc/self/exe again, so that it cannot be an argument of the loader.
    cp "$program" "$here/$1/$(basename "$program").new"
    "$loader" --library-path "$libraries" "$here/prefix/usr/bin/patchelf" \
      --force-rpath --set-interpreter "$2" --set-rpath "$3" "$here/$1/$(basename "$program").new"
    mv "$here/$1/$(basename "$program").new" "$here/$1/$(basename "$program")"
  done
  is_pair "$1" || { because "crun with WasmEdge $1 does not run here: $("$here/$1/wasmedge" --version 2>&1 | sed -n 1p)"; return 1; }
}

packages() {
  local id codename uri release component keyring
  has_apt || return 1
  id=$(. /etc/os-release && echo "${ID:-}")
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  [ "$id" = debian ] || { because "no crun with WasmEdge's handler is known among the packages of ${id:-this distribution}"; return 1; }
  while IFS='|' read -r uri release component keyring; do
    [ "$release" = "$codename" ] && [ "$component" = main ] || continue
    echo "looking for crun and libwasmedge0 in $RELEASE"
    use_release "$uri" "$keyring" "$RELEASE" main
    if ! has_package libwasmedge0; then
      because "$RELEASE: ${apt_said:-it has no libwasmedge0}"
      continue
    fi
    echo "downloading them with all that they need"
    take_packages "$here/prefix" crun libwasmedge0 wasmedge patchelf && return 0
  done < <(own_sources)
  because "no mirror of Debian could be tried"
  return 1
}

bring() {
  local libraries loader
  if ! compgen -G "$here/prefix/usr/lib/*/libwasmedge.so.0" >/dev/null; then
    mkdir -p "$here"
    packages || return 1
    rm -rf "$here/prefix/usr/share"
  fi
  libraries=$(library_path "$here/prefix")
  # Debian's libLLVM looks for its libraries in $ORIGIN/../lib, which is where they are once this link exists.
  ln -sfn "$(basename "$libraries")" "$(dirname "$libraries")/lib"
  loader=$(find "$here/prefix" -name 'ld-linux*.so.*' -not -type l -print -quit)
  pair 0.14 "$loader" "$libraries" "$here/prefix/usr/bin/wasmedge" || return 1
  [ -f "$env" ] || return 0
  # The libraries that WasmEdge came with first, with their libc; else the folder that has it alone, and the libc of here.
  unset WASMEDGE_CLI WASMEDGE_CLI_LOADER WASMEDGE_CLI_LIBRARIES
  . "$env"
  [ -n "${WASMEDGE_CLI:-}" ] || { because "WasmEdge 0.17 came without its program, which says the version"; return 1; }
  pair 0.17 "${WASMEDGE_CLI_LOADER:-$loader}" "${WASMEDGE_CLI_LIBRARIES:-$WASMEDGE_DIR/lib}:$libraries" "$WASMEDGE_CLI"
}
