# A browser, to test the report in. The one step that installs packages.

brings="Chromium"
size="85 MB to download with what it needs, 300 MB on disk"
where="installed by apt"
why="one test opens the report in it; no bench needs it"
serves=test
needs="root network packages"
seconds=600
heavy=yes
remedy="install chromium with the package manager, or name one in CHROMIUM"

there() {
  local command
  for command in ${CHROMIUM:-} chromium chromium-browser google-chrome; do
    if command -v "$command" >/dev/null; then echo "$command"; return; fi
  done
  return 1
}

bring() {
  export DEBIAN_FRONTEND=noninteractive
  mkdir -p "$work/archives/partial"
  has_apt || return 1
  # The archives go where they can be removed; the package lists are the machine's own.
  { apt-get -q update || true; } 2>&1 | tee "$work/apt.log"
  apt-get -q -o Dir::Cache::archives="$work/archives" install -y --no-install-recommends chromium 2>&1 |
    tee -a "$work/apt.log" || { because "apt: $(apt_complains "$work/apt.log")"; return 1; }
}
