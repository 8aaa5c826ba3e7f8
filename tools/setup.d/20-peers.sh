# The command lines that are measured beside the crate's own adapters, unpacked and not installed. What the machine has
# already, in PATH or where an administrator's PATH looks, is used in their place.

brings="crun, runc, hyperfine and a static busybox, of this machine's distribution"
size="15 MB to download with the package index, 15 MB on disk"
where="target/tools/bin"
why="they are measured beside the containers here, and container/busybox is made of the last"
needs=network
seconds=300
remedy="install crun, runc, hyperfine and busybox-static with the package manager"

# The command, and the package that has it, by the same name but for one.
commands="crun runc hyperfine busybox"
package_of() { case $1 in busybox) echo busybox-static ;; *) echo "$1" ;; esac; }

missing() {
  local command
  for command in $commands; do
    PATH=$PATH:/usr/sbin:/sbin:$tools/bin command -v "$command" >/dev/null || echo "$command"
  done
}

there() {
  [ -z "$(missing)" ] || return 1
  echo "crun, runc, hyperfine and busybox"
}

bring() {
  local prefix=$tools/peers command packages="" wanted file
  wanted=$(missing)
  has_apt && use_own_release || return 1
  for command in $wanted; do
    # An older release lacks one or the other, which must not cost the rest.
    if has_package "$(package_of "$command")"; then
      packages="$packages $(package_of "$command")"
    else
      because "$command: ${apt_said:-this release has no package $(package_of "$command")}"
    fi
  done
  [ -n "$packages" ] || return 1
  # shellcheck disable=SC2086 # one word each
  take_packages "$prefix" $packages patchelf || return 1
  mkdir -p "$tools/bin"
  for command in $wanted; do
    file=$(find "$prefix" -path "*bin/$command" -type f -print -quit)
    [ -n "$file" ] || continue
    # Libraries that came along lie where the loader does not look.
    if ldd "$file" 2>/dev/null | grep 'not found' >/dev/null; then
      "$prefix/usr/bin/patchelf" --set-rpath "$(library_path "$prefix")" "$file"
    fi
    "$file" --version >/dev/null 2>&1 || "$file" --help >/dev/null 2>&1 || { because "$command does not run"; continue; }
    ln -sfn "../${file#"$tools"/}" "$tools/bin/$command"
  done
}
