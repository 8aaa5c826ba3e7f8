# Packages of Debian or Ubuntu that are unpacked below target/ and not installed. Read by tools/setup/step.sh.
#
# They come from the mirror and are checked with the keyring that this machine's own sources name. apt runs on state and
# cache directories of its own: nothing is installed, no entry is added anywhere, no root is needed.

# private_apt COMMAND...: the machine's configuration (proxies, authentication), without its hooks.
private_apt() { "$1" -c "$apt/apt.conf" "${@:2}"; }

# prepare_apt STATUS: writes apt.conf; STATUS is the dpkg status that packages are resolved against.
prepare_apt() {
  mkdir -p "$apt/lists/partial"
  cat >"$apt/apt.conf" <<CONF
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
Dir::State::lists "$apt/lists";
Dir::State::status "$1";
Dir::State::extended_states "$apt/lists/extended_states";
Dir::Cache "$apt";
Dir::Etc::sourcelist "$apt/sources.list";
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
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
CONF
}

# keyring_of FILE:N: the keyring that the entry names, if any. N counts lines, or paragraphs in a .sources file.
keyring_of() {
  case ${1%:*} in
    *.sources) awk -v n="${1##*:}" 'BEGIN { RS = "" } NR == n' "${1%:*}" | sed -n 's/^[Ss]igned-[Bb]y:[[:space:]]*\(\/.*\)/\1/p' ;;
    *) sed -n "${1##*:}s/.*\[.*signed-by=\([^] ]*\).*/\1/p" "${1%:*}" ;;
  esac
}

# own_sources: "URI|RELEASE|COMPONENT|KEYRING" of each package index of the distribution that this machine names, one a line.
own_sources() {
  local uri release component entry codename
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  apt-get indextargets --format '$(SITE)|$(RELEASE)|$(COMPONENT)|$(SOURCESENTRY)' 'Created-By: Packages' | sort -u |
    while IFS='|' read -r uri release component entry; do
      case $release in "$codename" | "$codename"-*) echo "$uri|$release|$component|$(keyring_of "$entry")" ;; esac
    done
}

# write_source URI KEYRING RELEASE COMPONENTS
write_source() {
  echo "deb [target=Packages arch=$(dpkg --print-architecture)${2:+ signed-by=$2}] $1 $3 $4" >>"$apt/sources.list"
}

# apt_complains FILE: what apt said was wrong, in the order of how much it explains; without addresses.
apt_complains() {
  sed -n 's/^[EW]: *//p' "$1" | sed -E 's#https?://[^ ]*#the mirror#g; s/  +/ /g' | awk '
    /expired|not valid yet|NO_PUBKEY|not signed|Clearsigned/ { print; found = 1; exit }
    first == "" { first = $0 }
    END { if (!found && first != "") print first }' | cut -c 1-300
}

# read_indexes: downloads the indexes of sources.list. What apt refused goes into apt_said: some may be read all the same.
read_indexes() {
  apt_said=""
  private_apt apt-get -q=2 update >"$work/apt.log" 2>&1 || true
  cat "$work/apt.log"
  apt_said=$(apt_complains "$work/apt.log")
}

# has_apt: or why there are no packages to take.
has_apt() {
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || { because "no apt here to take packages with"; return 1; }
}

# use_own_release: this machine's release, on top of what is installed. The steps share its index for an hour.
use_own_release() {
  local uri release component keyring sources
  apt=$target/setup/apt
  sources=$(own_sources)
  [ -n "$sources" ] || { because "apt has no sources of this distribution here"; return 1; }
  if [ -n "$(find "$apt/read" -mmin -60 2>/dev/null)" ] && [ "$(cat "$apt/read")" = "$sources" ]; then
    apt_said=""
    return
  fi
  rm -rf "$apt"
  mkdir -p "$apt"
  while IFS='|' read -r uri release component keyring; do
    write_source "$uri" "$keyring" "$release" "$component"
  done <<<"$sources"
  prepare_apt "$(apt-config shell s Dir::State::status/f | sed "s/^s='\(.*\)'/\1/")"
  read_indexes
  [ -n "$apt_said" ] || echo "$sources" >"$apt/read"
}

# use_release URI KEYRING RELEASE COMPONENTS: a newer release, on top of nothing: its libc comes along.
use_release() {
  apt=$work/apt
  rm -rf "$apt"
  mkdir -p "$apt"
  write_source "$@"
  : >"$apt/status"
  prepare_apt "$apt/status"
  read_indexes
}

# has_package PACKAGE[=VERSION]. No `grep -q` behind a pipe: it ends early, and what writes to it fails.
has_package() { private_apt apt-cache show "$1" 2>/dev/null | grep '^Package:' >/dev/null; }

# take_packages INTO PACKAGE...: downloads them with what they need beyond the status, unpacks them. What an interrupted run
# has downloaded serves the next one, as long as the index names it.
take_packages() {
  local into=$1 archives=$work/archives package
  shift
  mkdir -p "$archives/partial"
  if ! { private_apt apt-get -q=2 -o Dir::Cache::archives="$archives" -o Debug::NoLocking=true autoclean &&
    private_apt apt-get -q=2 -o Dir::Cache::archives="$archives" -o Debug::NoLocking=true \
      --yes --no-remove --download-only install "$@"; } >"$work/apt.log" 2>&1; then
    cat "$work/apt.log"
    because "apt did not get $*: ${apt_said:-$(apt_complains "$work/apt.log")}"
    return 1
  fi
  rm -rf "$into.new"
  mkdir -p "$into.new"
  for package in "$archives"/*.deb; do
    dpkg-deb --extract "$package" "$into.new" || { because "$(basename "$package") cannot be unpacked"; return 1; }
  done
  rm -rf "$into" && mv "$into.new" "$into" && rm -rf "$archives"
}

# unpack_packages INTO PACKAGE...: of this machine's own release.
unpack_packages() {
  has_apt && use_own_release && take_packages "$@"
}

# library_path PREFIX: where the libraries of unpacked packages lie.
library_path() { compgen -G "$1/usr/lib/*-linux-gnu*" | paste -sd : - || true; }

# new_debian RELEASE DIRECTORY: makes the smallest system of a release of Debian there, by debootstrap, which is unpacked where it is
# not installed, from where the machine's own packages of that release come from. Takes root.
new_debian() {
  local mirror libraries prefix=$work/debootstrap
  PATH=$PATH:/usr/sbin:/sbin
  if ! command -v debootstrap >/dev/null; then
    unpack_packages "$prefix" debootstrap || { echo "E: no debootstrap here"; return 1; }
    PATH=$prefix/usr/sbin:$prefix/usr/bin:$PATH
    libraries=$(library_path "$prefix")
    export DEBOOTSTRAP_DIR=$prefix/usr/share/debootstrap ${libraries:+LD_LIBRARY_PATH="$libraries"}
  fi
  # Of the release itself: that of its security updates holds no system.
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $1" 2>/dev/null | sed -n 1p)
  # It mounts /proc in there, and killed it would leave that: in a mount namespace of its own that goes with it.
  unshare --mount --propagation private debootstrap --variant=minbase "$1" "$2" ${mirror:+"$mirror"}
}
