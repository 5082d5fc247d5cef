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
# Touched when the environment holds what pyproject.toml asks for.
READY := $(VENV)/.ready
PEERS := $(VENV)/.peers

.PHONY: help demo test check bench clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(READY) ## synthesise UCI Adult at epsilon 1 with MST, into demo/
	$(BIN)/fairshare demo -o demo

test: $(READY) ## run the tests
	$(BIN)/python -m pytest -n 2

check: $(READY) ## lint, format, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

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
