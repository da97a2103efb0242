# One entry point for people and CI alike. `make help` lists the targets.
.DEFAULT_GOAL := help
CARGO ?= cargo

.PHONY: help
help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  %-12s %s\n", $$1, $$2 }'

.PHONY: demo
demo: ## Show it all on a made-up company: no key, no network
	$(CARGO) run --locked --quiet -- demo

# Where `make emulators` puts the emulators of Google's services, and tests look for them.
export EVERYCENT_EMULATORS ?= $(HOME)/.cache/everycent-emulators
# Everything that the programs can do; without them they work on one machine.
FEATURES := google,otlp,conformance
TESTS_ON_EMULATORS := google pubsub gcs bigquery start
# Tests on emulators are ignored where there are none, but fail there if emulators are required.
IGNORED = $$(test -z "$(EVERYCENT_EMULATORS_REQUIRED)" -a ! -e "$(EVERYCENT_EMULATORS)/stamp" || echo --include-ignored)

.PHONY: test
test: ## Run all tests, on emulators of Google Cloud as well if there are any; name the slowest
	$(CARGO) test --locked --package everycent --test bad_input
	CARGO="$(CARGO)" tests/slowest --locked --workspace --features $(FEATURES) -- $(IGNORED)
	@test -e "$(EVERYCENT_EMULATORS)/stamp" || \
		echo 'Ignored: Pub/Sub, Cloud Storage and BigQuery, for want of emulators; `make emulators` installs them.'

.PHONY: emulators
emulators: ## Install the emulators of Google's services from packages
	tests/emulators/install.sh

.PHONY: test-google
test-google: emulators ## Run only the tests on emulators of Google Cloud, the three services end to end among them
	$(CARGO) test --locked --workspace --features $(FEATURES) --no-run
	CARGO="$(CARGO)" tests/slowest --locked --workspace --features $(FEATURES) \
		$(addprefix --test ,$(TESTS_ON_EMULATORS)) -- --include-ignored

.PHONY: compose-test
compose-test: ## Build the images and test the compose stack, without Docker; what it needs: tests/compose/run.sh
	CARGO="$(CARGO)" tests/compose/run.sh

.PHONY: lint
lint: ## Formatting and lints, warnings are errors
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	$(CARGO) clippy --locked --workspace --all-targets --features $(FEATURES),everycent/containers -- -D warnings

.PHONY: docs
docs: ## Write what the schemas and the list of reports say into docs and infra/terraform
	EVERYCENT_DOCS=write $(CARGO) test --locked --quiet --package everycent-schemas --package everycent-domain --test reference

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

.PHONY: bench-google
bench-google: emulators ## On emulators of Google Cloud: events a second, and jobs and bytes of a year's backfill
	$(CARGO) build --locked --release --package everycent --package everycent-fetcher --package everycent-normalizer \
		--package everycent-loader --features google
	$(CARGO) bench --locked --package everycent-pipeline-tests --features google --bench google

.PHONY: build
build: ## The program, optimized, in target/release/everycent
	$(CARGO) build --locked --release --package everycent

# First what the README begins with: a later target may download what these should have.
.PHONY: ci
ci: demo emulators test lint deny ## What CI runs: all of it, on emulators too
.NOTPARALLEL:
