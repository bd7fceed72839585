# What a developer does here. `make` alone lists the targets.

.DEFAULT_GOAL := help
.PHONY: help build run afternoon test attacks lint fmt bench fuzz model differential mutation timing chaos soak deb reproduce

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

build: ## build ./caddy with the front door in it
	@./xcaddy.sh

run: build ## build, then serve Caddyfile.example
	./caddy run --config Caddyfile.example --adapter caddyfile

afternoon: build ## do all that docs/first-afternoon.md shows, and compare
	@go run ./integration/afternoon

test: ## run every test, on real parts
	@./integration/prepare.sh
	@./integration/run-tests.sh

attacks: ## try every known attack, and say what came of each
	@./integration/prepare.sh
	@go run ./integration/attackreport -timeout 60m

lint: ## check format, go vet and golangci-lint
	@echo '-- gofmt'
	@unformatted=$$(gofmt -l .) || exit 1; \
	if [ -n "$$unformatted" ]; then echo "not formatted (make fmt):"; echo "$$unformatted"; exit 1; fi
	@echo '-- go vet'
	@go vet ./...
	@echo '-- golangci-lint'
	@if command -v golangci-lint >/dev/null 2>&1; then golangci-lint run --allow-parallel-runners; \
	else echo 'left out: golangci-lint is not on the PATH'; [ -z "$$CI" ]; fi

fmt: ## format the Go files
	@gofmt -w .

bench: ## measure what a request costs, beside the same Caddy without the door
	@go test -run '^$$' -bench . -benchmem ./internal/...
	@go run ./integration/bench $(BENCH)

fuzz: ## run every fuzz target for FUZZTIME (60s)
	@./integration/fuzz.sh

model: ## check the rule of permissions in the whole small world
	@go test -count=1 -timeout 60m -v -run InEverySmallWorld ./internal/permission -args -whole

differential: ## compare a million requests with independent readers
	@./integration/prepare.sh
	@go test -count=1 -timeout 60m -v ./integration/differential -args -cases 1000000 -seed 0

mutation: ## tell which conditions could be wrong without a test that says so
	@go run ./integration/mutation

timing: ## compare the times that must tell nothing
	@go run ./integration/timing

chaos: export CHAOS_TIME ?= 2m
chaos: ## break everything around the doors while they are asked: CHAOS_TIME=2m CHAOS_SEED=…
	@./integration/prepare.sh
	@go test -race -count=1 -timeout 0 -v -run '^(TestTheDoorHoldsWhateverBreaks|TestNoStepOfTheClockLetsAnybodyIn|TestAClockThatIsSetBack.*)$$' ./integration ./integration/chaos

soak: export SOAK_TIME ?= 10m
soak: ## ask the doors everything for ten minutes, and look at their memory: SOAK_TIME=10m
	@./integration/prepare.sh
	@go test -count=1 -timeout 0 -v -run '^TestEveryAnswerIsOwedAndTheMemoryStaysLevelUnderMixedLoad$$' ./integration

deb: ## build the Debian package into dist/
	@./packaging/deb.sh

reproduce: ## build the Debian package twice, from nothing, and compare
	@./packaging/reproduce.sh
