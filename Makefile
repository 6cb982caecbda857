# Everything is set up inside the project: .venv and .cache. Targets: demo, test, bench, and their parts.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
CACHE := .cache
BIN := $(VENV)/bin
PRISM_VERSION := v2.77.0
export PRISM ?= $(CURDIR)/$(CACHE)/bin/prism
export PYTHONPATH := $(CURDIR)
export PIP_CACHE_DIR := $(CURDIR)/$(CACHE)/pip
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo kafka test lint types imports unit integration search simulation mutation fuzz freeze bench soak prometheus dashboard lock clean

help: ## Show the targets.
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/.ready $(CACHE)/bin/prism ## Install Python packages into .venv and Prism into .cache.

$(VENV)/.ready: requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "python3 (3.11 or newer) is missing: install it" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

$(CACHE)/bin/prism:
	@command -v go >/dev/null || { echo "go is missing: install Go, or name a Prism binary in PRISM" >&2; exit 1; }
	@mkdir -p $(CACHE)/bin
	GOBIN=$(CURDIR)/$(CACHE)/bin GOPATH=$(CURDIR)/$(CACHE)/go GOCACHE=$(CURDIR)/$(CACHE)/go-build \
	  GOFLAGS=-modcacherw go install github.com/apache/beam/sdks/v2/go/cmd/prism@$(PRISM_VERSION)

demo: setup ## Run a short story through the real job, without a broker.
	$(BIN)/python -m pipeline.demo

kafka: setup ## Run one Kafka node on localhost:9092 until Ctrl-C.
	@exec $(BIN)/python -m pipeline.testing

test: setup prometheus lint types imports unit integration ## Run every check.

lint: setup ## Style.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: setup ## Types.
	$(BIN)/mypy

imports: setup ## The import contract.
	$(BIN)/lint-imports

unit: setup ## Unit and property tests.
	$(BIN)/python -m pytest -q -m "not integration"

integration: setup prometheus ## Tests against a real Kafka, Prism, Flink and Prometheus, which they start.
	$(BIN)/python -m pytest -q -m integration --durations=15

search: setup ## Property tests with 2,000 new examples each, and 10,000 histories against the oracle.
	RETENTION_HYPOTHESIS=search RETENTION_HISTORIES=10000 $(BIN)/python -m pytest -q -m "not integration"

simulation: setup ## The whole job in virtual time under seeded faults: SEEDS=1000 FIRST=0.
	$(BIN)/python -m tests.simulation --seeds $(or $(SEEDS),1000) $(or $(FIRST),0)

mutation: setup ## Mutation testing of rules and precedence; prints the score and what survived.
	$(BIN)/python -m tests.mutation

# Its service would listen on every address: it is installed switched off, and tests start their own.
prometheus: ## Install Prometheus where this is Debian and we may; else say what is missing.
	@command -v prometheus >/dev/null && command -v promtool >/dev/null && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  set -e; policy=/usr/sbin/policy-rc.d; made=; \
	  [ -e $$policy ] || { printf '#!/bin/sh\nexit 101\n' > $$policy; chmod +x $$policy; made=1; }; \
	  trap '[ -z "$$made" ] || rm -f $$policy' EXIT; \
	  apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends prometheus >/dev/null; \
	  systemctl disable prometheus >/dev/null 2>&1 || true; \
	else \
	  echo "prometheus and promtool are missing: install Prometheus (Debian: apt-get install prometheus)" >&2; exit 1; \
	fi

dashboard: setup ## Write deploy/grafana/retention.json anew from the catalogue.
	$(BIN)/python -m pipeline.metrics.dashboard > deploy/grafana/retention.json

fuzz: setup ## Feed 1,000,000 hostile messages and documents to the decoder, then 200,000 more by coverage.
	$(BIN)/python -m tests.fuzz --inputs 1000000 --workers 2
	$(BIN)/python -m tests.fuzz --inputs 200000 --workers 2 --atheris

freeze: setup ## Freeze the schemas under the version of pyproject.toml, for a release.
	$(BIN)/python -m tests.evolution

bench: setup ## Measure; prints ratios of what ran in the same minute.
	$(BIN)/python -m tests.bench.run

soak: setup ## Kill jobs 30 times on each runner, rebuild 1,000,000 records, measure, simulate, fuzz; takes more than an hour.
	$(BIN)/python -m tests.soak kills --runner prism --kills 30
	$(BIN)/python -m tests.soak kills --runner flink --kills 30
	$(BIN)/python -m tests.soak rebuild --records 1000000
	$(BIN)/python -m tests.bench.run --only floor --only prism --only flink --only latency-prism --only latency-flink
	$(BIN)/python -m tests.simulation --seeds 10000
	$(BIN)/python -m tests.oracle --all 10000
	$(BIN)/python -m tests.fuzz --inputs 1000000 --workers 2
	$(BIN)/python -m tests.fuzz --inputs 200000 --workers 2 --atheris

lock: ## Write requirements.lock anew from pyproject.toml.
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --group dev --extra demo --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header pyproject.toml -o requirements.lock

clean: ## Remove what setup and the tests made.
	rm -rf $(VENV) $(CACHE) mutants
