# Sourced by tools/bench.sh and tools/test.sh: a set-up that runs beside a build, and ends with the script, by its own handler.

beside=""
trap 'if [ -n "$beside" ]; then kill -TERM "$beside" 2>/dev/null || true; fi' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# set_up_beside OPTION...: begins the set-up, while the caller goes on.
set_up_beside() {
  tools/setup.sh --no-plan "$@" &
  beside=$!
}

# set_up_is_done: waits for it, if it still runs. What it could not bring is a row of the report.
set_up_is_done() {
  [ -z "$beside" ] || wait "$beside" || true
  beside=""
}
