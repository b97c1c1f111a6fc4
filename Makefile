# Everything a developer or an operator does with this repository; `make help` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

# Debian packages that the build needs and a machine with only Swift lacks.
PACKAGES := binutils ca-certificates libcurl4-openssl-dev libmicrohttpd-dev libsqlite3-dev libssl-dev pkg-config \
	zlib1g-dev
# Those that the Debian package needs beside them.
DEB_PACKAGES := debhelper dpkg-dev lintian

# The one place of the version.
VERSION = $(shell sed -n 's/.*static let version = "\(.*\)".*/\1/p' Sources/ImpactNotifier/BuildInformation.swift)
DEB_REVISION ?= 1
DEB_MAINTAINER = $(shell sed -n 's/^Maintainer: //p' config/debian/control)

PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
UNITDIR ?= /etc/systemd/system
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
DOCDIR = $(PREFIX)/share/doc/impact-notifier
ARGS ?=
FUZZ_SECONDS ?= 60

# The Swift runtime inside the binary, symbols kept: a crash then names file and line. No function is bound late, so that
# their table is read-only, and no library is looked for beside the program. config/hardening.sh looks at what came of it.
RELEASE := -c release --static-swift-stdlib -Xlinker --compress-debug-sections=zlib -Xlinker -z -Xlinker now \
	--disable-local-rpath -Xcc -fstack-protector-strong --product impact-notifier
RESOURCES = $(shell swift -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')
BACKTRACE = $(RESOURCES)/../../libexec/swift/linux/swift-backtrace-static
# What "make release" leaves and "make install" copies: the second may be run by another user, without Swift.
BUILT := .build/release
MANUAL := .build/manual
COMPLETIONS := .build/completions
DEB_STAGE = .build/deb/impact-notifier-$(VERSION)

# Installs those of the packages $(1) that are missing, and says which.
define ensure
@missing=; for package in $(1); do \
	[ "$$(dpkg-query -W -f='$${db:Status-Status}' $$package 2>/dev/null)" = installed ] || missing+=" $$package"; \
done; \
if [ -n "$$missing" ]; then \
	echo "installing$$missing"; \
	as_root=; [ "$$(id -u)" = 0 ] || as_root=sudo; \
	apt="$$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120"; \
	$$apt update && $$apt install -y --no-install-recommends $$missing; \
fi
endef

.PHONY: help setup setup-deb hooks build release deb version acceptance test demo install uninstall format lint alerts words documentation \
	interop autobahn testbed jose wsproto websockets page bench bench-latency bench-ledger fuzz clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: ## install the Debian packages that the build needs, if any is missing
	@command -v swift >/dev/null || { echo 'swift is not on the PATH; see https://www.swift.org/install/' >&2; exit 69; }
	$(call ensure,$(PACKAGES))
	@# What the program carries in it is read anew only after the manifest: a package's "init" must know its configuration.
	@[ -z "$$(find -L Sources/ImpactNotifier/Resources -type f -newer Package.swift 2>/dev/null)" ] || touch Package.swift

hooks: ## let git look at what is committed, before it is
	git config core.hooksPath .ci/hooks

setup-deb: setup
	$(call ensure,$(DEB_PACKAGES))

build: setup ## build everything, for development
	swift build

release: setup ## build the daemon as it is deployed: optimised, one file
	swift build $(RELEASE)
	@bash config/hardening.sh $(BUILT)/impact-notifier
	install -m 755 "$(BACKTRACE)" $(BUILT)/swift-backtrace-static
	@mkdir -p $(COMPLETIONS)
	@for shell in bash zsh fish; do \
		$(BUILT)/impact-notifier --generate-completion-script $$shell | sed '1{/^#!/d}' > $(COMPLETIONS)/$$shell; \
	done
	@# The plug-in "generate-manual" would build the whole program once more, for debugging: its tool alone is enough.
	swift build --package-path .build/checkouts/swift-argument-parser --scratch-path .build/manual-tool \
		--product generate-manual
	bash config/manual.sh $(BUILT)/impact-notifier .build/manual-tool/debug/generate-manual $(MANUAL)

deb: setup-deb release ## build the Debian package, and let lintian look at it (DEB_REVISION)
	@rm -rf .build/deb && mkdir -p $(DEB_STAGE)
	@cp -R config/debian $(DEB_STAGE)/debian
	@awk -v version=$(VERSION) -v revision=$(DEB_REVISION) -v maintainer='$(DEB_MAINTAINER)' \
		-v date="$$(git log -1 --format=%cD 2>/dev/null || date -R)" \
		-f config/debian/changelog.awk CHANGELOG.md > $(DEB_STAGE)/debian/changelog
	cd $(DEB_STAGE) && REPOSITORY="$(CURDIR)" dpkg-buildpackage --build=binary --no-sign
	lintian --fail-on error,warning .build/deb/impact-notifier_*.deb
	@mv -f .build/deb/impact-notifier_*.deb .build/
	@ls -l .build/impact-notifier_$(VERSION)-$(DEB_REVISION)_*.deb

version: ## print the version of the program
	@echo $(VERSION)

acceptance: setup ## from init to a message; the package in a Debian with systemd, its image in podman, both in use (root)
	@bash Tests/Package/init.sh
	@bash Tests/Package/acceptance.sh
	@bash Tests/Package/container.sh

test: setup ## build and run every test
	swift build --build-tests
	@bash Tests/tests.sh

demo: setup ## a local network, the real daemon, and the message it sends (ARGS=--once: three messages, then exit)
	swift build --product impact-notifier
	swift build --product impact-sandbox
	@bin=$$(swift build --show-bin-path); exec "$$bin/impact-sandbox" demo --daemon "$$bin/impact-notifier" $(ARGS)

# Paths as they are written in units and pages, as they are installed.
IN_PLACE = sed 's|/usr/bin/|$(PREFIX)/bin/|g; s|/usr/libexec/|$(PREFIX)/libexec/|g; \
	s|/usr/share/doc/|$(PREFIX)/share/doc/|g; s|/etc/impact-notifier/|$(SYSCONFDIR)/impact-notifier/|g'
# The unit for several bots on one host differs from the other in these words, and in nothing else.
INSTANCE = sed '/^Description=/s|$$| (%i)|; s|/impact-notifier\.yaml|/%i.yaml|; s|^StateDirectory=.*|&-%i|; \
	2s|.*|\# One of several bots: impact-notifier@NAME reads NAME.yaml. Made from impact-notifier.service.|'

install: ## install what "make release" built, units, configuration, manual and docs (DESTDIR, PREFIX)
	@[ -d $(MANUAL) ] || { echo 'nothing is built yet: run "make release" first' >&2; exit 66; }
	install -D -m 755 $(BUILT)/impact-notifier "$(DESTDIR)$(PREFIX)/bin/impact-notifier"
	install -D -m 755 $(BUILT)/swift-backtrace-static \
		"$(DESTDIR)$(PREFIX)/libexec/impact-notifier/swift-backtrace-static"
	@install -d -m 755 "$(DESTDIR)$(UNITDIR)" "$(DESTDIR)$(PREFIX)/lib/sysusers.d" "$(DESTDIR)$(PREFIX)/lib/tmpfiles.d" \
		"$(DESTDIR)$(PREFIX)/share/man/man1" "$(DESTDIR)$(DOCDIR)/systemd" "$(DESTDIR)$(SYSCONFDIR)/impact-notifier/rules"
	$(IN_PLACE) systemd/impact-notifier.service > "$(DESTDIR)$(UNITDIR)/impact-notifier.service"
	$(INSTANCE) systemd/impact-notifier.service | $(IN_PLACE) > "$(DESTDIR)$(UNITDIR)/impact-notifier@.service"
	install -m 644 systemd/impact-notifier.sysusers "$(DESTDIR)$(PREFIX)/lib/sysusers.d/impact-notifier.conf"
	$(IN_PLACE) systemd/impact-notifier.tmpfiles > "$(DESTDIR)$(PREFIX)/lib/tmpfiles.d/impact-notifier.conf"
	@for page in $(MANUAL)/*.1; do $(IN_PLACE) "$$page" > "$(DESTDIR)$(PREFIX)/share/man/man1/$${page##*/}"; done
	install -D -m 644 $(COMPLETIONS)/bash "$(DESTDIR)$(PREFIX)/share/bash-completion/completions/impact-notifier"
	install -D -m 644 $(COMPLETIONS)/zsh "$(DESTDIR)$(ZSHDIR)/_impact-notifier"
	install -D -m 644 $(COMPLETIONS)/fish "$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/impact-notifier.fish"
	@# The pages, and what they lead to, with the same paths as here.
	@for file in README.md CHANGELOG.md LICENSE $$(find docs config/grafana config/prometheus config/oauth \
		config/container config/rules config/impact-notifier.yaml -type f); do \
		install -D -m 644 "$$file" "$(DESTDIR)$(DOCDIR)/$$file"; \
	done
	@ln -sfr "$(DESTDIR)$(UNITDIR)"/impact-notifier.service "$(DESTDIR)$(DOCDIR)/systemd/"
	@for file in impact-notifier.yaml $$(cd config && ls rules/*.yaml); do \
		target="$(DESTDIR)$(SYSCONFDIR)/impact-notifier/$$file"; \
		if [ -e "$$target" ]; then echo "kept $$target"; else install -v -m 644 "config/$$file" "$$target"; fi; \
	done
	@[ -n "$(DESTDIR)" ] || printf '%s\n' 'next, as root:' \
		'  systemd-sysusers $(PREFIX)/lib/sysusers.d/impact-notifier.conf' \
		'  systemd-tmpfiles --create $(PREFIX)/lib/tmpfiles.d/impact-notifier.conf' '  systemctl daemon-reload' \
		'  impact-notifier init'

uninstall: ## remove what install put there, except configuration and state
	cd "$(DESTDIR)/" && rm -rf .$(PREFIX)/bin/impact-notifier .$(PREFIX)/libexec/impact-notifier .$(DOCDIR) \
		.$(UNITDIR)/impact-notifier.service .$(UNITDIR)/impact-notifier@.service \
		.$(PREFIX)/lib/sysusers.d/impact-notifier.conf .$(PREFIX)/lib/tmpfiles.d/impact-notifier.conf \
		.$(PREFIX)/share/man/man1/impact-notifier.1 .$(PREFIX)/share/man/man1/impact-notifier-*.1 \
		.$(PREFIX)/share/bash-completion/completions/impact-notifier .$(ZSHDIR)/_impact-notifier \
		.$(PREFIX)/share/fish/vendor_completions.d/impact-notifier.fish

format: ## format every source file
	swift format --in-place --recursive Package.swift Sources Tests

lint: ## check the format of every source file
	swift format lint --strict --recursive Package.swift Sources Tests

documentation: setup ## the pages of the libraries for others, by the toolchain's docc, in .build/documentation
	@bash Tests/documentation.sh

alerts: ## check the alert rules, and test each alert with promtool
	@bash Tests/Alerts/alerts.sh

words: ## print every sentence that an operator sees, by kind
	@python3 Tests/words.py

interop: autobahn testbed jose wsproto websockets page ## every check against software of others

autobahn: setup ## the Autobahn suite against the WebSocket client (quick, limits, compress-small)
	@bash Tests/Interop/autobahn.sh

testbed: setup ## one message through a third-party PDS, OAuth server and chat service
	@bash Tests/Interop/testbed.sh

jose: setup ## an independent JOSE library verifies our proofs
	@bash Tests/Interop/jose.sh

wsproto: setup ## an independent WebSocket library reads what our client reads
	@bash Tests/Interop/wsproto.sh

websockets: setup ## the daemon reads a compressed stream of a third-party server, which asks for a key
	@bash Tests/Interop/streams.sh

page: setup ## the page for people in headless Chromium, in every state; pictures in .build/pages
	@bash Tests/Interop/page.sh

bench: setup ## the WebSocket client against the limit and its peers
	@bash Tests/Benchmarks/bench.sh $(ARGS)

bench-latency: setup ## from the stream to the message on its way, a thousand times
	@bash Tests/Benchmarks/latency.sh $(ARGS)

bench-ledger: setup ## what grows with the ledger, from a thousand rows to a million (LEDGER_PARTS, LEDGER_ONLY)
	@bash Tests/Benchmarks/ledger.sh

fuzz: setup ## every fuzz target for FUZZ_SECONDS each
	@FUZZ_SECONDS=$(FUZZ_SECONDS) bash Tests/Fuzz/fuzz.sh

clean: ## remove what was built
	rm -rf .build .build-*
