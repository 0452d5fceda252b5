# The verbs of the project. Each sets up what it needs, inside .venv and nowhere else.
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
PYTEST := $(BIN)/python -m pytest

# Given on the command line: make run PORT=9000 DATA=/tmp/cairn, make test ARGS="-k goals", make lock ARGS=--upgrade,
# make setup PYTHON=python3.12.
ARGS ?=
PORT ?=
DATA ?=

.DEFAULT_GOAL := help
.PHONY: help setup run test check bench docs lock clean

help: ## say what can be done
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-6s  %s\n", $$1, $$2}' Makefile

setup: .venv/.installed ## make .venv from the lock and install the project into it

run: setup ## start everything in one process with demo data (PORT=8080 DATA=./.cairn)
	@exec $(BIN)/cairn up --demo $(if $(PORT),--port '$(PORT)') $(if $(DATA),--data '$(DATA)')

test: setup ## run the tests (ARGS="-k goals" narrows them)
	@CAIRN_KILL_SECONDS=$${CAIRN_KILL_SECONDS:-5} $(PYTEST) $(ARGS)

check: setup ## everything that must hold before a change is done: lint, types, layers, docs, all tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/cairn docs --check
	@CAIRN_KILL_SECONDS=$${CAIRN_KILL_SECONDS:-60} $(PYTEST) $(ARGS)

bench: setup ## measure speed, reached beside target
	@$(BIN)/python -m tests.bench $(ARGS)

docs: setup ## write docs/generated anew
	@$(BIN)/cairn docs

# For maintainers. Pins that still fit stay; ARGS=--upgrade takes the newest. No address of a registry gets in.
lock: ## pin all dependencies anew, after a change of those in pyproject.toml
	@test -x $(BIN)/python || { python=$$(PYTHON='$(PYTHON)' deploy/find-python) && $$python -m venv .venv; }
	@$(PIP) install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url $(ARGS) pyproject.toml --extra dev -o requirements.lock

clean: ## remove .venv, caches and builds; the data in .cairn stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	find libs services tests -name __pycache__ -type d -prune -exec rm -rf {} +

# A changed lock makes the environment from nothing, so that nothing outlives its pin.
.venv/.locked: requirements.lock
	@python=$$(PYTHON='$(PYTHON)' deploy/find-python) && echo "Setting up .venv with $$python" && $$python -m venv --clear .venv
	$(PIP) install --require-hashes -r requirements.lock
	@touch $@

# The build backend is in the lock: pip fetches nothing of its own here.
.venv/.installed: .venv/.locked pyproject.toml
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@
