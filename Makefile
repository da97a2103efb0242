# One entry point for people and CI alike. `make help` lists the targets.
.DEFAULT_GOAL := help
CARGO ?= cargo

.PHONY: help
help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  %-12s %s\n", $$1, $$2 }'

.PHONY: demo
demo: ## Show it all on a made-up company: no key, no network
	$(CARGO) run --locked --quiet -- demo

.PHONY: test
test: ## Run all tests
	$(CARGO) test --locked --workspace
	@echo 'Left out: what runs on Google Cloud, for it needs emulators, and the export of spans; `make test-google` runs both.'

# Where `make emulators` puts them.
EVERYCENT_EMULATORS ?= $(HOME)/.cache/everycent-emulators

.PHONY: emulators
emulators: ## Install the emulators of Google's services from packages
	EVERYCENT_EMULATORS=$(EVERYCENT_EMULATORS) tests/emulators/install.sh

.PHONY: test-google
test-google: emulators ## Test the bodies of the ports on Google Cloud, on emulators, and the export of spans
	EVERYCENT_EMULATORS=$(EVERYCENT_EMULATORS) EVERYCENT_EMULATORS_REQUIRED=1 \
	$(CARGO) test --locked --package everycent-emulators
	EVERYCENT_EMULATORS=$(EVERYCENT_EMULATORS) EVERYCENT_EMULATORS_REQUIRED=1 \
	$(CARGO) test --locked --package everycent-runtime --features google,conformance,otlp

.PHONY: lint
lint: ## Formatting and lints, warnings are errors
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	$(CARGO) clippy --locked --package everycent-runtime --package everycent-fetcher --package everycent-normalizer \
		--package everycent-loader --features google,otlp,everycent-runtime/conformance --all-targets -- -D warnings

.PHONY: docs
docs: ## Write docs/tables.md, the page of all tables and views, from the schemas
	EVERYCENT_DOCS=write $(CARGO) test --locked --quiet --package everycent-schemas --test reference

.PHONY: deny
deny: ## Licences, bans and sources of all dependencies (needs cargo-deny)
	$(CARGO) fetch --locked --quiet
	$(CARGO) deny --offline check bans licenses sources

.PHONY: advisories
advisories: ## Known vulnerabilities of dependencies (needs cargo-deny and the network)
	$(CARGO) deny check advisories

.PHONY: bench
bench: ## Normalize, merge and a sync of a million rows, with peak memory
	$(CARGO) build --locked --release --package everycent
	$(CARGO) bench --locked --package everycent-pipeline-tests --bench throughput

.PHONY: build
build: ## The program, optimized, in target/release/everycent
	$(CARGO) build --locked --release --package everycent

.PHONY: ci
ci: lint deny test demo ## What CI runs
