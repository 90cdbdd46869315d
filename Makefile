# Everything that is done to this repository. `make help` lists it.
SHELL := /bin/bash -euo pipefail
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# What `make bench` runs, as a regular expression over the benchmarks' names.
BENCH ?= .
TOOL_MODULES := controlplane generate helm kustomize lint registry

# Packages with and without the embedded stack. The stack's scenarios run the built binary, which go's test cache
# knows nothing of, so they are never answered from it; and they run one after the other, because each wants the machine.
UNITS = $$(go list ./... | grep -vE '^github.com/fairlead/fairlead/e2e(/|$$)')
SCENARIOS = ./e2e/...

.PHONY: help
help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## Show a tag's journey from the registry to the pods, on a control plane of its own (DEMO_ONCE=1: end after it).
	@echo "building the demo ..." >&2
	@CGO_ENABLED=0 go build -trimpath -o bin/demo ./e2e/demo # as the tools and the program are: each library is compiled once
	@bin/demo

.PHONY: test
test: tools ## Run all tests with the race detector, the scenarios on real parts included.
	go test -race -timeout 20m $(UNITS)
	go test -race -timeout 45m -count 1 -p 1 $(SCENARIOS)

.PHONY: bench
bench: tools ## Measure: every package's benchmarks, then the latencies of the whole stack (BENCH=regexp chooses).
	go test -run '^$$' -bench '$(BENCH)' -benchmem -timeout 30m $(UNITS)
	go test -run '^$$' -bench '$(BENCH)' -benchtime 1x -timeout 30m -count 1 $(SCENARIOS)

.PHONY: build
build: ## Build bin/fairlead, a static binary.
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/fairlead ./cmd/fairlead

.PHONY: generate
generate: ## Generate the deep copies of the API types.
	@$$(hack/tools generate)/controller-gen object paths=./api/...

.PHONY: manifests
manifests: ## Generate what config holds: CRDs and rights from the code, plain manifests from the chart; and what the program ships of them.
	@rm -f config/crd/fairlead.dev_*.yaml config/chart/files/crd/*.yaml
	@$$(hack/tools generate)/controller-gen crd paths=./api/... output:crd:dir=config/crd
	@$$(hack/tools generate)/controller-gen rbac:roleName=fairlead-controller paths=./controllers/... paths=./cmd/... output:rbac:dir=config/chart/files/rbac
	@cp config/crd/*.yaml config/chart/files/crd/ # Helm reads nothing outside of the chart.
	@hack/plain
	@rm -f cmd/fairlead/shipped/crd/*.yaml
	@cp config/crd/*.yaml cmd/fairlead/shipped/crd/ # Go embeds nothing from folders above.
	@cp config/chart/files/rbac/role.yaml cmd/fairlead/shipped/role.yaml

.PHONY: docs
docs: ## Generate the references: of the kinds' fields, and of the command line.
	@go test ./api/v1alpha1 -run '^TestReference$$' -update >/dev/null
	@go test ./cmd/fairlead -run '^TestPages$$' -update >/dev/null

.PHONY: fmt
fmt: ## Format the Go sources.
	@$$(hack/tools lint)/golangci-lint fmt

.PHONY: lint
lint: ## Run the linters, go vet's analyses among them.
	@$$(hack/tools lint)/golangci-lint run ./...

.PHONY: verify
verify: ## Check what a change must hold before it is pushed: generated files, format, go.mod files, linters.
	@echo "generated files and format ..." >&2
	@hack/unchanged $(MAKE) generate manifests docs fmt
	@echo "go.mod files ..." >&2
	@for dir in . $(addprefix hack/,$(TOOL_MODULES)); do \
		diff=$$(go -C $$dir mod tidy -diff) || { \
			grep -m 40 '^[-+]' <<<"$$diff" >&2 || true; \
			echo "$$dir/go.mod or go.sum isn't tidy: run go -C $$dir mod tidy" >&2; \
			exit 1; \
		}; \
	done
	@echo "linters ..." >&2
	@$(MAKE) lint

# The tools that tests and the demo run; the first build takes minutes and says so.
.PHONY: tools
tools:
	@for module in controlplane registry helm kustomize; do hack/tools $$module >/dev/null; done
