# The only entry point. `make help` lists the commands.
#
# Each command installs the Debian packages that it needs and that are missing
# (tests/tools/install-packages), builds on all cores with CMake and Ninja, and does its work.

FUZZ_SECONDS ?= 60

install := tests/tools/install-packages
run_all := tests/tools/run-all
configure := cmake -G Ninja -DCMAKE_BUILD_TYPE=Release
# The suites: programs that drive a whole server (tests/README.md).
suites := $(wildcard $(patsubst %,tests/%/run,wire conformance clients))
unit := leat-tests leat-bench-tests
# $(call with,suite,arguments,list): the list, with arguments for one of its suites.
with = $(patsubst tests/$1/run,'tests/$1/run $2',$3)

.PHONY: help run build test check format fuzz bench soak clean

help:
	@echo 'make run      build, then start leat-server on 127.0.0.1:6379 with conf/leat.toml, data in ./data'
	@echo 'make build    build build/leat-server and build/leat-check'
	@echo 'make test     run every test: unit tests, then the suites in tests/'
	@echo 'make check    format, clang-tidy, fuzz targets, and every test again with sanitizers'
	@echo 'make format   lay out the code with clang-format'
	@echo 'make fuzz     run each fuzz target for FUZZ_SECONDS ($(FUZZ_SECONDS))'
	@echo 'make bench    measure Leat, redis-server and the floor, and print a table'
	@echo 'make soak     the tests and fuzz targets for hours, with larger counts'
	@echo 'make clean    remove what was built; ./data stays'

run: build
	exec build/leat-server conf/leat.toml

build:
	@$(install) build
	@$(configure) -B build --log-level=NOTICE
	@ninja -C build leat-server leat-check

test: build-tests
	@LEAT_BUILD=build $(run_all) $(unit:%=build/%) $(suites)

# Sanitizers take their time: a quarter of the random commands, and no second look at redis-server.
check: build-fuzz build-sanitize
	@$(configure) -B build-tidy --log-level=NOTICE -DCMAKE_CXX_COMPILER=clang++-14
	@LEAT_BUILD=build-sanitize FUZZ_SECONDS=$(FUZZ_SECONDS) $(run_all) \
	  tests/tools/check-format tests/tools/check-tidy tests/tools/run-fuzz \
	  $(unit:%=build-sanitize/%) $(call with,wire,--leat-only,$(call with,conformance,--steps 50000,$(suites)))

format:
	@$(install) check
	@tests/tools/check-format --fix

fuzz: build-fuzz
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tests/tools/run-fuzz

bench: export LEAT_BUILD := $(CURDIR)/build
bench: export LEAT_SERVER := $(CURDIR)/build/leat-server
bench: build-tests
	@tests/bench/run
	@tests/bench/larger-than-memory

soak: build-tests build-fuzz
	@LEAT_BUILD=build LEAT_TIMEOUT=14400 FUZZ_SECONDS=1800 $(run_all) \
	  $(foreach seed,1 2 3 4 5 6 7 8,'build/leat-tests --gtest_shuffle --gtest_random_seed=$(seed)') \
	  $(call with,clients,--kills 100,$(call with,conformance,--steps 10000000,$(suites))) \
	  tests/tools/run-fuzz

clean:
	rm -rf build build-fuzz build-sanitize build-tidy

# The steps that several commands share.
.PHONY: build-tests build-sanitize build-fuzz

build-tests:
	@$(install) build test
	@$(configure) -B build --log-level=NOTICE
	@ninja -C build

build-sanitize:
	@$(install) build test check
	@$(configure) -B build-sanitize --log-level=NOTICE -DLEAT_SANITIZE=ON
	@ninja -C build-sanitize

build-fuzz:
	@$(install) build test check
	@$(configure) -B build-fuzz --log-level=NOTICE -DLEAT_FUZZ=ON -DCMAKE_CXX_COMPILER=clang++-14
	@ninja -C build-fuzz fuzz-targets
