# make bench: set up, measure, report.    make test: set up, test.    Both work from a fresh clone.

BENCH_ARGS ?=

.PHONY: bench test setup policies workloads lint clean-baseline

bench: setup
	tools/cargo.sh bench --locked -- $(BENCH_ARGS)
	@echo "report: $${CARGO_TARGET_DIR:-target}/baseline/report.md"

test: setup
	tools/cargo.sh test --locked
	tools/cargo.sh test --locked --benches

setup:
	@tools/setup.sh

# Rebuilds policies/*/policy.wasm with OPA after a policy changed.
policies: setup
	tools/build-policies.sh

# Rebuilds fixtures/workloads/*.wasm after their source changed. The native side is built where it runs.
workloads:
	tools/build-workloads.sh

lint:
	cargo fmt --check
	tools/cargo.sh clippy --locked --all-targets -- -D warnings
	cargo clippy --locked --all-targets --no-default-features -- -D warnings
	RUSTDOCFLAGS="-D warnings" tools/cargo.sh doc --locked --no-deps
