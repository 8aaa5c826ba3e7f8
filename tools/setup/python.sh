# A Python that has pip: the machine's, else the distribution's, unpacked below target/. Read by tools/setup/step.sh.
# It reaches the package index as this machine's pip is configured to: PIP_* variables and pip.conf hold.

python() { python3 "$@"; }
pip() { python -m pip "$@"; }

find_pip() {
  if ! pip --version >/dev/null 2>&1; then
    local prefix=$tools/python wheel
    if ! compgen -G "$prefix/usr/share/python-wheels/pip-*.whl" >/dev/null; then
      echo "no Python with pip here: unpacking the distribution's below target/ (7 MB)"
      local packages="python3-pip-whl"
      command -v python3 >/dev/null || packages="$packages python3-minimal libpython3-stdlib"
      # shellcheck disable=SC2086 # one word each
      unpack_packages "$prefix" $packages || return 1
    fi
    wheel=$(compgen -G "$prefix/usr/share/python-wheels/pip-*.whl" | sed -n 1p)
    # shellcheck disable=SC2317 # called by the steps
    if compgen -G "$prefix/usr/bin/python3.*" >/dev/null; then
      python() {
        local libraries
        libraries=$(library_path "$tools/python")
        PYTHONHOME=$tools/python/usr LD_LIBRARY_PATH=$libraries "$(compgen -G "$tools/python/usr/bin/python3.*[0-9]" | sed -n 1p)" "$@"
      }
    fi
    eval "pip() { PYTHONPATH=$(printf %q "$wheel") python -m pip \"\$@\"; }"
    pip --version >"$work/pip.log" 2>&1 || { because "the distribution's pip does not run: $(last_line "$work/pip.log")"; return 1; }
  fi
}

# wheel PACKAGE==VERSION SHA256: downloads it into the step's own folder and says its name.
wheel() {
  echo "$1 --hash=sha256:$2" >"$work/requirements"
  pip download --no-deps --only-binary :all: --require-hashes --progress-bar off --dest "$work" --requirement "$work/requirements" \
    >"$work/pip.log" 2>&1 || { because "the Python package $1: $(last_line "$work/pip.log")"; return 1; }
}
