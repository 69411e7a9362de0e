# routerbot's commands. A fresh machine needs only make and Python 3.11, 3.12 or 3.13 (with venv).
# `make PYTHON=/path/to/python ...` picks another interpreter.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
CANDIDATES := $(if $(PYTHON),"$(PYTHON)",python3.13 python3.12 python3.11 python3)

# A candidate must really run: version managers put stand-ins on the PATH which only fail.
SUITS := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))

.PHONY: help sandbox test check format bench simulate kills power-cuts schema wheel lock clean

help:  ## show this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 12

sandbox: $(VENV)/.installed  ## run the real daemon against simulated WhatsApp, telco and Genesys
	@exec $(BIN)/routerbot sandbox

test: check  ## linters, type checks, then the whole test suite
	@$(BIN)/python -m pytest

check: $(VENV)/.installed  ## linters and type checks only
	@echo "ruff check";          $(BIN)/ruff check --quiet .
	@echo "ruff format --check"; $(BIN)/ruff format --quiet --check . || \
	  { echo "Not formatted: run 'make format'." >&2; exit 1; }
	@echo "mypy";                $(BIN)/mypy
	@echo "lint-imports";        report=$$($(BIN)/lint-imports --no-logo 2>&1) || { echo "$$report" >&2; exit 1; }

format: $(VENV)/.installed  ## format the code and apply the linter's safe fixes
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

# -P keeps the working directory off the path, so the benchmarks' folder is named here.
bench: $(VENV)/.installed  ## run the benchmarks
	@PYTHONPATH="$(CURDIR)" $(BIN)/python -P -m tests.benchmarks

schema: $(VENV)/.installed  ## write the JSON Schema and the reference of flow files anew from the structs that read them
	@$(BIN)/python -m daemon.flow_schema
	@$(BIN)/python -m daemon.flow_reference

# `build/` goes first: what was left over there would get into the wheel.
wheel: $(VENV)/.installed  ## build the wheel for a server into dist/
	@rm -rf build
	@report=$$($(BIN)/python -m build --wheel --no-isolation --outdir dist . 2>&1) || \
	  { echo "$$report" >&2; exit 1; }
	@rm -rf build
	@ls dist/routerbot-*.whl

# `make simulate SEEDS=1000 FIRST=5000`; ends at the first seed that fails, and names it.
SEEDS := 200
FIRST := 1
simulate: $(VENV)/.installed  ## run the seeded simulation: SEEDS=200 seeds, from FIRST=1 on
	@PYTHONPATH="$(CURDIR)" $(BIN)/python -P -m tests.simulation --first $(FIRST) --seeds $(SEEDS)

# `make power-cuts POINTS=5000 SEED=100`; names every point that fails.
POINTS := 1000
SEED := 1
power-cuts: $(VENV)/.installed  ## cut the power POINTS=1000 times, in runs from SEED=1 on
	@PYTHONPATH="$(CURDIR)" $(BIN)/python -P -m tests.power --points $(POINTS) --seed $(SEED)

# `make kills RUNS=10 SEED=20`; ends at the first run that fails, and names its seed.
RUNS := 1
kills: $(VENV)/.installed  ## kill the real process under load, again and again: RUNS=1, from SEED=1 on
	@PYTHONPATH="$(CURDIR)" $(BIN)/python -P -m tests.kills --seed $(SEED) --runs $(RUNS)

# One lock for all platforms and Python versions. No index or folder is written into it: where
# packages come from is the machine's business, and the hashes say whether they are the right ones.
# `make lock UPGRADE=--upgrade` takes newer versions.
# requirements.run.lock is the part of it that a server needs; -c holds it to the same versions.
LOCK := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 \
  --generate-hashes --only-binary :all: --no-header --no-emit-index-url --no-emit-find-links --quiet
lock: $(VENV)/.installed  ## write both lock files anew from pyproject.toml
	@$(LOCK) --extra dev --output-file requirements.lock $(UPGRADE)
	@rm -f requirements.run.lock
	@$(LOCK) -c requirements.lock --output-file requirements.run.lock
	@if grep -nE '://|^ *-[-a-z]|[ @]/' requirements.lock requirements.run.lock \
	  | grep -vE ':    --hash=sha256:'; then \
	  echo "A lock file names a host, a folder or an option; see above." >&2; exit 1; fi
	@echo "Both lock files are up to date; 'make check' installs requirements.lock."

clean:  ## remove the environment and everything that was built
	@rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find actors adapters daemon state tests -name __pycache__ -type d -prune -exec rm -rf {} +

# Two stamps: a new lock means a new environment, with nothing left over from the old one; a change
# of pyproject.toml (scripts, packages) only installs this project again, which takes a second.
$(VENV)/.requirements: requirements.lock
	@python=; \
	for candidate in $(CANDIDATES); do \
	  if "$$candidate" -c '$(SUITS)' >/dev/null 2>&1; then python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "routerbot needs Python 3.11, 3.12 or 3.13 with its venv module; none of these fits:" $(CANDIDATES) >&2; \
	  echo "Install one (on Debian or Ubuntu: apt-get install python3 python3-venv)," >&2; \
	  echo "or say where it is: make PYTHON=/path/to/python3.13 ..." >&2; \
	  exit 1; \
	fi; \
	echo "Building $(VENV) with $$("$$python" --version): takes a minute, only this once ..."; \
	"$$python" -m venv --clear $(VENV)
	@$(PIP) install --require-hashes --only-binary :all: -r requirements.lock
	@touch $@

$(VENV)/.installed: $(VENV)/.requirements pyproject.toml
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@
