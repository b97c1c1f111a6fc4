# Everything a developer or an operator does with this repository; `make help` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

# Debian packages that the build needs and a machine with only Swift lacks.
PACKAGES := ca-certificates libcurl4-openssl-dev libsqlite3-dev libssl-dev pkg-config zlib1g-dev

PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
UNITDIR ?= /etc/systemd/system
ARGS ?=
FUZZ_SECONDS ?= 60

# The Swift runtime inside the binary, symbols kept: a crash then names file and line.
RELEASE := -c release --static-swift-stdlib -Xlinker --compress-debug-sections=zlib --product impact-notifier
RESOURCES = $(shell swift -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')
BACKTRACE = $(RESOURCES)/../../libexec/swift/linux/swift-backtrace-static
# What "make release" leaves and "make install" copies: the second may be run by another user, without Swift.
BUILT := .build/release

.PHONY: help setup build release test demo install uninstall format lint interop autobahn testbed jose wsproto bench fuzz clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: ## install the Debian packages that the build needs, if any is missing
	@command -v swift >/dev/null || { echo 'swift is not on the PATH; see https://www.swift.org/install/' >&2; exit 69; }
	@missing=; for package in $(PACKAGES); do \
		[ "$$(dpkg-query -W -f='$${db:Status-Status}' $$package 2>/dev/null)" = installed ] || missing+=" $$package"; \
	done; \
	if [ -n "$$missing" ]; then \
		echo "installing$$missing"; \
		as_root=; [ "$$(id -u)" = 0 ] || as_root=sudo; \
		apt="$$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120"; \
		$$apt update && $$apt install -y --no-install-recommends $$missing; \
	fi

build: setup ## build everything, for development
	swift build

release: setup ## build the daemon as it is deployed: optimised, one file
	swift build $(RELEASE)
	install -m 755 "$(BACKTRACE)" $(BUILT)/swift-backtrace-static

# One test after the other: Swift's pool has as many threads as cores, and suites that compute starve suites with deadlines.
test: setup ## build and run every test
	swift test --disable-xctest --no-parallel

demo: setup ## a local network, the real daemon, and the message it sends (ARGS=--once: three messages, then exit)
	swift build --product impact-notifier
	swift build --product impact-sandbox
	@bin=$$(swift build --show-bin-path); exec "$$bin/impact-sandbox" demo --daemon "$$bin/impact-notifier" $(ARGS)

install: ## install what "make release" built, the unit and the configuration (DESTDIR, PREFIX)
	@[ -x $(BUILT)/swift-backtrace-static ] || { echo 'nothing is built yet: run "make release" first' >&2; exit 66; }
	install -D -m 755 $(BUILT)/impact-notifier "$(DESTDIR)$(PREFIX)/bin/impact-notifier"
	install -D -m 755 $(BUILT)/swift-backtrace-static \
		"$(DESTDIR)$(PREFIX)/libexec/impact-notifier/swift-backtrace-static"
	install -d -m 755 "$(DESTDIR)$(UNITDIR)" "$(DESTDIR)$(SYSCONFDIR)/impact-notifier/rules"
	sed 's|/usr/bin/|$(PREFIX)/bin/|; s|/usr/libexec/|$(PREFIX)/libexec/|; s|/etc/impact-notifier/|$(SYSCONFDIR)/impact-notifier/|' \
		systemd/impact-notifier.service > "$(DESTDIR)$(UNITDIR)/impact-notifier.service"
	@for file in impact-notifier.yaml $$(cd config && ls rules/*.yaml); do \
		target="$(DESTDIR)$(SYSCONFDIR)/impact-notifier/$$file"; \
		if [ -e "$$target" ]; then echo "kept $$target"; else install -v -m 644 "config/$$file" "$$target"; fi; \
	done

uninstall: ## remove what install put there, except configuration and state
	rm -rf "$(DESTDIR)$(PREFIX)/bin/impact-notifier" "$(DESTDIR)$(PREFIX)/libexec/impact-notifier" \
		"$(DESTDIR)$(UNITDIR)/impact-notifier.service"

format: ## format every source file
	swift format --in-place --recursive Package.swift Sources Tests

lint: ## check the format of every source file
	swift format lint --strict --recursive Package.swift Sources Tests

interop: autobahn testbed jose wsproto ## every check against software of others

autobahn: setup ## the Autobahn suite against the WebSocket client (quick, limits, compress-small)
	@bash Tests/Interop/autobahn.sh

testbed: setup ## one message through a third-party PDS, OAuth server and chat service
	@bash Tests/Interop/testbed.sh

jose: setup ## an independent JOSE library verifies our proofs
	@bash Tests/Interop/jose.sh

wsproto: setup ## an independent WebSocket library reads what our client reads
	@bash Tests/Interop/wsproto.sh

bench: setup ## the WebSocket client against the limit and its peers
	@bash Tests/Benchmarks/bench.sh $(ARGS)

fuzz: setup ## every fuzz target for FUZZ_SECONDS each
	@FUZZ_SECONDS=$(FUZZ_SECONDS) bash Tests/Fuzz/fuzz.sh

clean: ## remove what was built
	rm -rf .build .build-*
