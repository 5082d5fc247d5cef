# One command a wish. `make` alone lists them.

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:

# The first of these that runs and is new enough; a name on the PATH may be a shim for an interpreter that is not there.
CANDIDATES := python3.13 python3.12 python3.11 python3
PYTHON ?= $(shell for p in $(CANDIDATES); do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)

VENV := .venv
BIN := $(VENV)/bin
# Examples that each fuzz harness tries.
FUZZ ?= 20000
# Touched when the environment holds what pyproject.toml asks for.
READY := $(VENV)/.ready
PEERS := $(VENV)/.peers

.PHONY: help demo test test-consortium check audit mutants kills fuzz engines bench clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(READY) ## synthesise UCI Adult at epsilon 1 with MST, into demo/
	$(BIN)/fairshare demo -o demo

test: $(READY) ## run the tests
	$(BIN)/python -m pytest -n 2

test-consortium: $(READY) ## run whole consortia of processes over TLS, with every fault (minutes)
	$(BIN)/python -m pytest -m 'slow or not slow' tests/consortium tests/unit/mpc/test_tls.py

check: $(READY) ## lint, format, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

engines: $(READY) ## install Spark for the engine tests (400 MB; Java and PostgreSQL are the system's)
	$(BIN)/python -m pip install --quiet --group engines

audit: $(READY) ## all privacy tests at full depth: replay, games, samplers, faults (minutes)
	$(BIN)/fairshare audit --trials 100000
	FAIRSHARE_AUDIT=full $(BIN)/python -m pytest -n 2 tests/audit tests/statistical tests/faults tests/unit/privacy

mutants: $(READY) ## plant each listed fault and require a red test (minutes)
	$(BIN)/python -m tests.audit.mutants

kills: $(READY) ## kill -9 a thousand runs of synth --ledger (half an hour; goes on where it stopped)
	$(BIN)/python tools/kill_campaign.py --kills 1000 --folder campaign

fuzz: $(READY) ## fuzz the readers of strangers' files (FUZZ=examples a reader)
	FAIRSHARE_FUZZ=$(FUZZ) $(BIN)/python -m pytest -n 2 tests/fuzz

bench: $(READY) $(PEERS) ## measure cost and quality beside the peer (minutes)
	$(BIN)/python benchmarks/mst.py

clean: ## remove the environment, caches and the demo's files
	rm -rf $(VENV) demo dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# pip reads dependency groups from version 25.1 on, and a new environment may hold an older one.
$(READY): pyproject.toml
	@test -n "$(PYTHON)" || { echo "fairshare needs Python 3.11 or newer; name one: make PYTHON=/path/to/python" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --group dev --editable .
	@touch $@

$(PEERS): $(READY)
	$(BIN)/python -m pip install --quiet --group peers
	@touch $@
