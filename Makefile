# `make` lists the targets. Options for the program or the browser tests: make run ARGS="--config my.toml"
SHELL := bash
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test dev build check bench bench-render fuzz e2e setup clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## Install what is missing, build, and start the server
	@target/release/inkstream serve $(ARGS)

test: ## Every test there is, the browser's included
	@scripts/setup.sh test
	@scripts/build.sh dev --tests
	@scripts/test.sh $(ARGS)

dev: ## Build and start, and again on every change (Ctrl-C ends it)
	@scripts/setup.sh run
	@scripts/dev.sh $(ARGS)

build: ## The release build: target/release/inkstream and target/site
	@scripts/setup.sh run
	@scripts/build.sh release

check: ## Format, lints, documentation, licences
	@scripts/setup.sh check
	@scripts/check.sh

bench: build ## The client's download, speed and memory, as tables and as JSON
	@node scripts/size.mjs target/site
	@# With the features of the build: the server that is measured is the one that is run.
	@. scripts/common.sh && cargo bench --features carry --bench streaming -- $(ARGS)
	@. scripts/common.sh && cargo bench --features carry --bench library

bench-render: build ## What setting an article costs in a browser, beside other renderers; ARGS=--quick
	@cd benches/render && npm ci --silent --no-audit --no-fund && node main.mjs $(ARGS)

fuzz: ## The parsers against random texts, CASES of each kind (20000: a minute)
	@PROPTEST_CASES=$(or $(CASES),20000) cargo test --features ssr --lib article:: -- --nocapture

e2e: ## The browser tests alone
	@scripts/setup.sh test
	@scripts/build.sh dev --tests
	@scripts/test.sh --e2e $(ARGS)

setup: ## Install everything that any target needs
	@scripts/setup.sh all

clean: ## Remove what was built (tools and data stay)
	rm -rf target end2end/node_modules end2end/results benches/render/node_modules
