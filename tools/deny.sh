#!/usr/bin/env bash
# cargo-deny on the whole dependency graph, with every feature: licences, versions that stand twice, where crates come from
# (deny.toml); and known faults, where a database can be had. Without cargo-deny that is said, and nothing has failed.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v cargo-deny >/dev/null; then
  echo "skipped: make deny: cargo-deny is not installed (cargo install --locked cargo-deny)" >&2
  exit 0
fi
cargo deny --all-features --locked check licenses bans sources
# The database is a repository of its own, which not every machine reaches. What it says of a crate is a failure.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if cargo deny --all-features --locked check advisories 2>"$log"; then
  cat "$log" >&2
elif grep -qi "failed to fetch advisory database\|unable to .*database\|advisory-db" "$log" && ! grep -q "^error\[" "$log"; then
  echo "skipped: make deny: no database of advisories can be had here: $(grep -im 1 "advisory" "$log")" >&2
else
  cat "$log" >&2
  exit 1
fi
