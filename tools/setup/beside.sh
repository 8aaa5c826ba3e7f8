# Sourced by tools/bench.sh and tools/test.sh: a set-up that runs beside a build, and ends with the script, by its own handler.

beside=""
trap 'if [ -n "$beside" ]; then kill -TERM "$beside" 2>/dev/null || true; fi' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# before_building test: says what will be done, and brings what decides what is built. cargo's own downloads run beside,
# and if they fail the build says why.
before_building() {
  tools/setup.sh --plan --for "$1"
  cargo fetch --locked --quiet 2>/dev/null &
  tools/setup.sh --no-plan wasmedge
  wait || true
}

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
