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
# Seconds of fuzzing, all readers together.
FUZZ ?= 3600
# Touched when the environment holds what pyproject.toml asks for.
READY := $(VENV)/.ready
PEERS := $(VENV)/.peers
FUZZER := $(VENV)/.fuzzer
# uv, pip-audit and cyclonedx-py, apart from what is tested.
TOOLS := .venvs/tools

.PHONY: help demo test test-consortium check audit mutants kills fuzz supply lock test-all engines bench reproduce clean

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

audit: $(READY) ## all privacy tests at full depth, with their power: replay, games, samplers, faults (under 10 minutes)
	$(BIN)/fairshare audit
	FAIRSHARE_AUDIT=full $(BIN)/python -m pytest -q -n 2 --deselect tests/audit/test_mutants.py::test_the_suite_notices \
		tests/audit tests/statistical tests/faults tests/unit/privacy

mutants: $(READY) ## plant each listed fault and require a red test (10 minutes; goes on where it stopped)
	$(BIN)/python -m tests.audit.mutants

kills: $(READY) ## kill -9 a thousand runs of synth --ledger (half an hour; goes on where it stopped)
	$(BIN)/python tools/kill_campaign.py --kills 1000 --folder campaign

fuzz: $(FUZZER) ## fuzz the readers of strangers' files (FUZZ=seconds, an hour; goes on where it stopped)
	$(BIN)/python -m tests.fuzz.campaign --seconds $(FUZZ) --folder fuzzing

supply: $(TOOLS)/.ready ## is the lock current, is anything in it known to be faulty; write the bill of materials
	$(TOOLS)/bin/python tools/supply.py --folder build

lock: $(TOOLS)/.ready ## lock dependencies anew, after a change of pyproject.toml
	$(TOOLS)/bin/uv lock

test-all: $(TOOLS)/.ready ## run the tests on Python 3.11, 3.12, 3.13 as found, and on the lowest versions admitted
	$(TOOLS)/bin/python tools/environments.py 3.11 3.12 3.13 lowest -- -n 2

bench: $(READY) $(PEERS) ## measure cost and quality beside the peer (minutes)
	$(BIN)/python benchmarks/mst.py

reproduce: $(READY) ## the papers' tables and figures into docs/results (half an hour; goes on where it stopped; QUICK=1: a few minutes)
	$(BIN)/python benchmarks/reproduce.py $(if $(QUICK),--quick)

clean: ## remove the environment, caches and the demo's files
	rm -rf $(VENV) .venvs demo dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
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

$(FUZZER): $(READY)
	$(BIN)/python -m pip install --quiet --group fuzz
	@touch $@

$(TOOLS)/.ready: pyproject.toml
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check --group supply
	@touch $@
