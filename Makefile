# Front door to the build; the work itself is CMake's (CMakePresets.json says how).
JOBS := $(shell nproc)
PROBER := build/release/bin/prober
# Where scripts/bootstrap puts what Debian has no package of.
export PATH := $(CURDIR)/build/python/bin:$(PATH)

.PHONY: help run build test test-long bench tidy clean
help:
	@echo 'make run        build, and run the example service prober: service :8080, admin :8081'
	@echo 'make build      release binaries in build/release/bin/'
	@echo 'make test       all tests that take minutes'
	@echo 'make test-long  those that take longer as well'
	@echo 'make bench      benchmarks, results in build/bench/*.json'
	@echo 'make tidy       format, layering, banned calls'
	@echo 'make clean      removes build/'

run: build
	@exec $(PROBER) run --allow-private --target http://127.0.0.1:8081/livez --every 10s

build:
	@scripts/bootstrap build
	@scripts/build services

test:
	@scripts/bootstrap test
	@scripts/build all
	@ctest --preset release -j $(JOBS)

test-long:
	@scripts/bootstrap long
	@scripts/build all
	@ctest --test-dir build/release --output-on-failure --no-tests=error -j $(JOBS)

bench:
	@scripts/bootstrap bench
	@scripts/build bench
	@echo "Results: build/bench/*.json"

tidy:
	@scripts/bootstrap test
	@scripts/tidy

clean:
	@rm -rf build
