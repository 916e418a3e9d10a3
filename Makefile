# Lanekeeper. `make` alone lists the targets.

PREFIX ?= /usr/local
DESTDIR ?=
CONFIG ?= release
SWIFT ?= swift

root := $(DESTDIR)$(PREFIX)
bindir := $(root)/bin
libexec := $(root)/libexec/lanekeeper
share := $(root)/share/lanekeeper
build := .build/$(CONFIG)
# What is installed needs no Swift on the machine, and holds no symbols, nor languages that it does not speak; what
# nothing calls SwiftPM leaves out itself.
ifeq ($(CONFIG),release)
locale_data := $(CURDIR)/.build/locale-data
flags := --static-swift-stdlib -Xlinker -s -Xlinker --no-export-dynamic \
  -Xcc '-DLANEKEEPER_LOCALE_DATA="$(locale_data)/data.S"'
endif
zsh_functions ?= $(root)/share/zsh/site-functions

.DEFAULT_GOAL := help
.PHONY: help demo test test-agents test-ui bench-ui build install uninstall lint format check-merges bench bench-check soak docs reference clean deb test-deb docc packages test-hooks test-groups fuzz faults

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

packages:
	@Tools/ensure-packages

demo: build ## build, then let agents build a small program in demo/, and measure it
	@Tools/demo $(build)

build: packages ## build the programs (CONFIG=debug for a debug build)
# With SWIFT=true what has been built is taken, and there is nothing to link.
ifeq ($(CONFIG) $(filter true,$(SWIFT)),release )
	@Tools/small-locale-data '$(locale_data)' $(SWIFT)
endif
	@for product in lanekeeper lanekeeper-hook lanekeeper-guard lanekeeper-ui; do \
	  $(SWIFT) build -c $(CONFIG) $(flags) --product $$product || exit; done

test: packages ## run every test
	@Tools/ensure-packages bubblewrap strace faketime curl
	@$(SWIFT) build --build-tests
	@$(SWIFT) test --skip-build --parallel

test-agents: packages ## run real agent programs (from PyPI, in a cache) against a scripted model
	@Tools/ensure-packages bubblewrap
	@$(SWIFT) build
	@Tools/test-agents .build/debug $(CASES)

test-ui: packages ## drive the web page with Chromium (Debian) and Playwright (from PyPI, in a cache)
	@$(SWIFT) build
	@Tools/test-ui .build/debug $(CASES)

bench-ui: build ## measure the page's event stream under load, beside an aiohttp server
	@Tools/ui-load $(build) $(SECONDS)

test-hooks: packages ## run the hooks beside the real lefthook and pre-commit (from PyPI)
	@Tools/test-hook-managers

test-groups: build ## run the guard's memory limit on a kernel with cgroups version 2, in a virtual machine
	@Tools/ensure-packages qemu-system-x86 busybox-static cpio
	@Tools/test-memory-groups $(build)

fuzz: packages ## give each parser of paths, hooks and messages a million odd inputs (FUZZ=n, SEED=n)
	@$(SWIFT) build --build-tests
	@LANEKEEPER_FUZZ=$(or $(FUZZ),1000000) LANEKEEPER_SEED=$(or $(SEED),1) \
	  $(SWIFT) test --skip-build --filter 'FuzzTests|fuzz'

faults: packages ## let everything go wrong for N attempts (N=1000, SEED=1) and verify P1 to P9
	@Tools/ensure-packages strace faketime
	@$(SWIFT) build --build-tests
	@Tools/faults $(or $(N),1000) $(or $(SEED),1)

install: build ## install below PREFIX (default /usr/local), DESTDIR before it
	install -d "$(bindir)" "$(libexec)" "$(share)/templates" "$(share)/hooks" \
	  "$(root)/share/man/man1" "$(root)/share/bash-completion/completions" \
	  "$(zsh_functions)" "$(root)/share/fish/vendor_completions.d"
	install -m 755 $(build)/lanekeeper "$(bindir)/lanekeeper"
	ln -sf lanekeeper "$(bindir)/git-lane"
	install -m 755 $(build)/lanekeeper-hook $(build)/lanekeeper-guard $(build)/lanekeeper-ui "$(libexec)"
	cp -R templates/. "$(share)/templates"
	if test -e .git && commit=$$(git rev-parse --short=7 HEAD 2>/dev/null); then \
	  git diff --quiet HEAD -- Sources templates || commit=$$commit-changed; \
	  echo $$commit > "$(share)/templates/commit"; fi
	install -m 644 hooks/README.md "$(share)/hooks/README.md"
	for hook in pre-commit pre-merge-commit pre-push pre-receive reference-transaction; do \
	  rm -f "$(share)/hooks/$$hook"; \
	  printf '#!/bin/sh\nexec "$${0%%/*}/../../../libexec/lanekeeper/lanekeeper-hook" "$$0" "$$@"\n' \
	    > "$(share)/hooks/$$hook"; chmod 755 "$(share)/hooks/$$hook"; done
	install -m 644 docs/lanekeeper.1 "$(root)/share/man/man1/lanekeeper.1"
	ln -sf lanekeeper.1 "$(root)/share/man/man1/git-lane.1"
	$(build)/lanekeeper --generate-completion-script bash \
	  > "$(root)/share/bash-completion/completions/lanekeeper"
	$(build)/lanekeeper --generate-completion-script zsh \
	  > "$(zsh_functions)/_lanekeeper"
	$(build)/lanekeeper --generate-completion-script fish \
	  > "$(root)/share/fish/vendor_completions.d/lanekeeper.fish"

deb: build ## make a Debian package in dist/
	@Tools/ensure-packages dpkg-dev
	@Tools/make-deb $(CONFIG) dist SWIFT=true

test-deb: build ## the same, looked at by lintian, unpacked, and at work
	@Tools/test-deb $(CONFIG) SWIFT=true

uninstall: ## remove what install put there
	rm -f "$(bindir)/lanekeeper" "$(bindir)/git-lane" \
	  "$(root)/share/man/man1/lanekeeper.1" "$(root)/share/man/man1/git-lane.1" \
	  "$(root)/share/bash-completion/completions/lanekeeper" \
	  "$(zsh_functions)/_lanekeeper" \
	  "$(root)/share/fish/vendor_completions.d/lanekeeper.fish"
	rm -rf "$(libexec)" "$(share)"

lint: ## check formatting and scripts
	@$(SWIFT) format lint --strict --recursive Package.swift Sources Tests
	@for script in Tools/ensure-packages Tools/test-agents Tools/test-ui Tools/ui-environment Tools/ui-load Tools/test-hook-managers Tools/demo Tools/score-footprints Tools/score-schedules Tools/score-tiers Tools/check-merges Tools/make-deb Tools/test-deb Tools/make-docc .ci/run templates/demo/agent; do \
	  case "$$(head -n 1 $$script)" in *bash*) bash -n $$script ;; *) sh -n $$script ;; esac || exit 1; done
	@PYTHONPYCACHEPREFIX=.build/pycache python3 -m compileall -q Tools templates Tests >/dev/null
	@Tools/check-pins
	@Tools/check-docs

format: ## format the Swift code
	@$(SWIFT) format --in-place --recursive Package.swift Sources Tests

check-merges: packages ## compare 10,000 random merges, and those of REPOSITORIES="PATH...", with git's own
	@Tools/check-merges $(REPOSITORIES)

bench: build ## measure, each figure as a ratio against a peer or a limit (ONLY=names, QUICK=1)
	@Tools/bench $(build) $(if $(ONLY),--only $(ONLY)) $(if $(QUICK),--quick,--keep) --json $(build)/bench.json

bench-check: build ## measure the quick way; fails when a ratio is 20 % worse than the last one (ONLY=names)
	@Tools/bench $(build) --quick --check $(if $(ONLY),--only $(ONLY))

soak: build ## an hour (MINUTES=60) of short features, agents that flood, agents that idle: what the supervisor takes
	@Tools/soak $(build) --minutes $(or $(MINUTES),60)

docs: ## check the links of the documentation and render the man page to docs/build/
	@Tools/check-docs
	@mkdir -p docs/build
	@man -l docs/lanekeeper.1 2>/dev/null | col -b > docs/build/lanekeeper.txt || \
	  cp docs/lanekeeper.1 docs/build/lanekeeper.txt
	@echo "docs/build/lanekeeper.txt"

reference: packages ## write docs/reference from the program and the schemas
	@$(SWIFT) build --product lanekeeper
	@Tools/reference .build/debug

docc: packages ## render the comments of the library modules to docs/build/api
	@Tools/make-docc docs/build/api

clean: ## remove what was built, and the demo
	rm -rf .build demo dist docs/build
