# Needs git, make and Python 3.11 or newer; everything else is installed into .venv and .venv-vllm.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq

export PREFECT_SERVER_ANALYTICS_ENABLED := false
export DO_NOT_TRACK := 1
# Compiled modules halve the start of Prefect and vLLM.
unexport PYTHONDONTWRITEBYTECODE

# An environment belongs to one lock, one interpreter and one folder: each change makes it anew.
LOCK_ID := $(shell { cat requirements.lock requirements-logic.lock; $(PYTHON) -VV; pwd; } | git hash-object --stdin)
PROJECT_ID := $(shell git hash-object pyproject.toml)
LOCKED := .venv/locked-$(LOCK_ID)
INSTALLED := .venv/installed-$(PROJECT_ID)

# A file of tests is for one process, so that what its tests share is made once.
PARALLEL := -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup setup-vllm demo test test-unit test-flow test-vllm lint format bench soak simulate lock clean

help:
	@echo "make TARGET, where TARGET is one of:"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' Makefile

setup: $(INSTALLED) ## install the project and its locked dependencies into .venv

$(LOCKED): requirements.lock requirements-logic.lock
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed" if sys.version_info < (3, 11) else 0)'
	@echo "installing the locked dependencies into .venv (about a minute)"
	@$(PYTHON) -m venv --clear .venv
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --require-hashes -r requirements-logic.lock || \
	  echo "reasoning-gym could not be installed (it needs a C compiler): the verifier 'logic' is left out"
	@touch $@

$(INSTALLED): $(LOCKED)
	@$(PIP) install --no-deps --no-build-isolation --no-index -e .
	@touch $@

setup-vllm: ## install vLLM for the bundled model into an environment of its own
	@PYTHONPATH=. $(PYTHON) infra/vllm/setup_env.py

demo: setup $(if $(FAKE),,setup-vllm) ## run both lanes on the bundled model (FAKE=1: on the fake backend)
	@$(BIN)/python infra/demo.py $(if $(FAKE),--fake)

test: lint test-unit setup-vllm test-flow test-vllm ## run every check and every test

test-unit: setup ## run the unit tests alone
	@$(BIN)/pytest -q $(PARALLEL) -m "not flow and not slow and not vllm" --ignore=tests/flows

test-flow: setup
	@$(BIN)/pytest -q $(PARALLEL) -m "(flow or slow) and not vllm"

test-vllm: setup setup-vllm
	@$(BIN)/pytest -q -m vllm

lint: setup ## check format, style, types and import contracts
	@$(BIN)/ruff format --check -q .
	@$(BIN)/ruff check -q .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: setup ## rewrite the code in the project's format
	@$(BIN)/ruff check -q --fix .
	@$(BIN)/ruff format -q .

bench: setup ## measure speed, size and memory, and hold them to their gates
	@$(BIN)/python infra/bench.py

soak: setup ## run over servers that misbehave and die, killed again and again
	@$(BIN)/python infra/bench.py soak

simulate: setup ## ask simulated questions of known pass rates in rounds, and write docs/spending.md
	@$(BIN)/python infra/simulate.py

lock: setup ## resolve requirements.lock anew from pyproject.toml
	@$(BIN)/uv pip compile -q pyproject.toml --group dev --universal --python-version 3.11 --upgrade \
	  --generate-hashes --no-header --no-emit-index-url --no-emit-find-links -o requirements.lock
	@echo reasoning-gym | $(BIN)/uv pip compile -q - -c requirements.lock --universal --python-version 3.11 \
	  --upgrade --generate-hashes --no-header --no-emit-index-url --no-emit-find-links -o requirements-logic.lock

clean: ## remove environments, caches and runs
	@rm -rf .venv .venv-* data/runs dist .cache .hypothesis .import_linter_cache .mypy_cache \
	  .pytest_cache .ruff_cache
	@find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
