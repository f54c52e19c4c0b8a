# Wayside's commands. `make demo` and `make test` are all a newcomer needs.
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=

.PHONY: help setup setup-dev demo test test-parts lint format bench bench-parts proofs gauntlet detection docs lock clean

help:  ## what there is to make
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/#/' | awk -F'#' '{printf "  make %-12s %s\n", $$1, $$2}'

setup:  ## create .venv from the hash-pinned lock
	@PYTHON=$(PYTHON) deploy/make-venv.sh requirements.lock

setup-dev:
	@PYTHON=$(PYTHON) deploy/make-venv.sh requirements-dev.lock

demo: setup  ## a simulated district, end to end, in your browser (ARGS="--devices 100")
	@$(BIN)/wayside demo $(ARGS)

test-parts:
	@tests/install-parts.sh

test: setup-dev test-parts  ## every test, against real brokers, databases, buses and a browser
	@tests/run.sh $(ARGS)

lint: setup-dev  ## ruff, mypy --strict and the import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: setup-dev  ## let ruff lay out the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench-parts:
	@tests/install-parts.sh bench

bench: setup-dev bench-parts  ## measure, and write docs/benchmarks.md (ARGS="modbus_tcp")
	$(BIN)/python -m tests.bench $(ARGS)

proofs: setup-dev  ## a million round trips and fuzzed inputs (ARGS="fuzz --seed 7"); writes docs/proofs.md
	$(BIN)/python -m tests.proof $(ARGS)

gauntlet: setup-dev test-parts  ## half an hour of kill -9 and outages (ARGS="kills --seed 7"); writes docs/gauntlet.md
	$(BIN)/python -m tests.gauntlet $(ARGS)

detection: setup-dev  ## what the rules find and miss on labelled recordings; writes docs/detection.md
	$(BIN)/python -m tests.detection $(ARGS)

docs: setup-dev  ## regenerate the references in docs/ that come from the code
	$(BIN)/python -m tests.docs

lock: setup-dev  ## pin every dependency anew
	$(BIN)/uv pip compile -q --upgrade --universal --generate-hashes --no-emit-index-url --no-header \
	    --extra demo --extra field --extra ntcip --extra build pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --upgrade --universal --generate-hashes --no-emit-index-url --no-header \
	    --all-extras -c requirements.lock pyproject.toml -o requirements-dev.lock

clean:  ## remove what the tools left behind
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
