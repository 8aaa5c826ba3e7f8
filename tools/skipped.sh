#!/bin/sh
# What the tests did not test, for want of something on this machine.
#   tools/skipped.sh begin     before the tests: forgets what an earlier run noted
#   tools/skipped.sh           after them: the tests that were skipped, and the known gaps, each with its reason, and their counts
set -eu

cd "$(dirname "$0")/.."
notes=${CARGO_TARGET_DIR:-target}/skipped
case ${1-} in
    begin) rm -rf "$notes"; exit 0 ;;
    '') ;;
    *) sed -n '2,4s/^# *//p' "$0" >&2; exit 2 ;;
esac

count() { cat "$notes"/* 2>/dev/null | grep -c "^$1	" || true; }
if [ -d "$notes" ]; then
    sort "$notes"/* | awk -F '\t' '{ printf "%s: %s %s: %s\n", $1, $2, $3, $4 }'
fi
echo "$(count skipped) tests skipped, $(count 'known gap') known gaps. RUNTIME_BASELINE_REQUIRE=all makes a failure of what is skipped."
