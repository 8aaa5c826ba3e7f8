# make bench: set up, measure, report.    make test: set up, test.    Both work from a fresh clone.

BENCH_ARGS ?=

.PHONY: bench test soak test-v2 setup policies workloads lint modules fuzz miri deny clean-baseline

# SETUP=none|local|full and WITHOUT="opa browser" say what may be brought: tools/setup.sh --help. WITH=wasmi builds a feature in
# that is not usual; "WITH=wasmi,store" two.
bench:
	@tools/bench.sh $(BENCH_ARGS)

test:
	@tools/test.sh

# Hours: 20,000 containers, a million starts and decisions of each engine, 200 kills, 50 pairs of runs; SOAK=0.1 is a tenth of
# it. ONLY=wasmtime works through what has that in its name. `make test` has a five-hundredth of it.
soak:
	@tools/soak.sh $(ONLY)

# What bears on cgroups, on a kernel of its own with cgroup2 alone. VM="--kernel trixie", VM="--cgroup v1", ...
CGROUP_TESTS = --lib --test footprint --test footprint_container --test limits --test container --test container_faults \
	--test density --test density_faults --test wasm_container
VM ?=

test-v2:
	tools/setup-vm.sh
	tools/in-vm.sh --time 7200 $(VM) -- tools/in-own-group.sh sh -c \
		'ended=$$((! $$#)); for test; do echo "$$test"; "$$test" || ended=1; done; exit $$ended' sh \
		$$(tools/cargo.sh test --locked --no-run $(CGROUP_TESTS) 2>&1 | sed -n 's/^ *Executable.*(\(.*\))$$/\1/p')

setup:
	@tools/setup.sh

# Rebuilds policies/*/policy.wasm with OPA after a policy changed.
policies:
	tools/setup.sh --no-plan opa
	tools/build-policies.sh

# Rebuilds fixtures/workloads/*.wasm after their source changed. The native side is built where it runs.
workloads:
	tools/build-workloads.sh

# What each of these four needs and this machine may lack is said, and no failure.
# Every module of WebAssembly's own test suite through every engine in this process; ENGINE=wasmi takes one.
modules:
	@tools/modules.sh $(ENGINE)

# Every fuzz target for FUZZ_SECONDS (60). FUZZ="citation tarball" names some; tools/fuzz.sh has the rest.
fuzz:
	@tools/fuzz.sh $(FUZZ)

# The record half under Miri.
miri:
	@tools/miri.sh

# Licences, duplicate versions, sources, known faults of the dependencies.
deny:
	@tools/deny.sh

lint:
	cargo fmt --check
	tools/cargo.sh clippy --locked --all-targets -- -D warnings
	cargo clippy --locked --all-targets --no-default-features -- -D warnings
	RUSTDOCFLAGS="-D warnings" tools/cargo.sh doc --locked --no-deps
