# Downloads by what this machine has. Read by tools/setup/step.sh.

# fetch URL FILE [SHA256 or SHA512]: the file is there and right, or it is not there at all, and why is said.
fetch() {
  local url=$1 file=$2 sum=${3:-} part=$2.part said=$work/fetch.log host found kind
  host=${url#*//} host=${host%%/*}
  if command -v curl >/dev/null; then
    set -- curl --fail --silent --show-error --location --connect-timeout 5 --speed-limit 1000 --speed-time 30 \
      --output "$part" "$url"
  elif command -v wget >/dev/null; then
    set -- wget --no-verbose --connect-timeout=5 --read-timeout=30 --tries=2 --output-document="$part" "$url"
  elif [ -x /usr/lib/apt/apt-helper ]; then
    # Every Debian and Ubuntu has it, with the proxies and certificates that its apt uses.
    set -- /usr/lib/apt/apt-helper -q=2 -o APT::Sandbox::User= -o Acquire::Retries=1 -o Acquire::http::Timeout=10 \
      -o Acquire::https::Timeout=10 download-file "$url" "$part"
  else
    because "nothing here can download from $host: no curl, no wget, no apt"
    return 1
  fi
  mkdir -p "$work"
  if ! "$@" >"$said" 2>&1; then
    cat "$said"
    because "$host: $(sed -E 's/^[EW]: //; s/^Failed to fetch [^ ]* *//; s/  +/ /g' "$said" | sed -n '/[^ ]/{p;q}')"
    rm -f "$part" "$part".*
    return 1
  fi
  if [ -n "$sum" ]; then
    case ${#sum} in 64) kind=256 ;; *) kind=512 ;; esac
    found=$("sha${kind}sum" "$part" | cut -d ' ' -f 1)
    if [ "$found" != "$sum" ]; then
      because "what $host sent has the SHA-$kind $found, not $sum: removed"
      rm -f "$part"
      return 1
    fi
  fi
  mv "$part" "$file"
}

# published_sum URL: the SHA-256 that the site publishes beside a file.
published_sum() {
  fetch "$1" "$work/sum" && grep -oE -m1 '\b[0-9a-f]{64}\b' "$work/sum"
}
