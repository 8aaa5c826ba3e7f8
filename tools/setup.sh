#!/bin/sh
# Everything besides a Rust toolchain that the benches and tests use where it is there: the peers of the container adapter,
# hyperfine, debootstrap and a static busybox from the distribution, a browser to test the report in, OPA, WasmEdge, and the
# root file systems of Alpine and Debian. Nothing of it is required: what is missing becomes a row that says so, or a test
# that does. Installs packages only as root on Debian or Ubuntu, and says what to install elsewhere.
set -eu

cd "$(dirname "$0")/.."
say() { echo "setup: $*"; }

# A linker is what a Rust toolchain does not bring.
missing=
for pair in cc:gcc busybox:busybox-static crun:crun runc:runc hyperfine:hyperfine debootstrap:debootstrap \
    chromium:chromium; do
    # runc lies in /usr/sbin, which is not in everybody's PATH.
    PATH=$PATH:/usr/sbin:/sbin command -v "${pair%%:*}" >/dev/null || missing="$missing ${pair#*:}"
done
if [ -z "$missing" ]; then
    say "the packages are there"
elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "installing$missing"
    # One failing package (no network, another suite) must not stop the rest.
    DEBIAN_FRONTEND=noninteractive apt-get update -qq || true
    for package in $missing; do
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null ||
            say "$package could not be installed: what needs it is left out"
    done
else
    say "for everything that can be measured, install:$missing (on Debian: apt-get install$missing)"
fi

for tool in opa wasmedge images; do
    if [ -x "tools/setup-$tool.sh" ]; then "tools/setup-$tool.sh"; fi
done

# A virtual machine to run tests on other kernels in: 200 MB to download, and nothing else needs it.
if [ -n "${SETUP_VM:-}" ]; then tools/setup-vm.sh; fi
