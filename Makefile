# The commands are explained in README.md.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help demo test test-unit test-site test-browser bench-site lint format clean

help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

## make demo          the engines on a real shop's history: a summary and one HTML dashboard in out/demo
demo: .venv/demo
	$(BIN)/ccms demo --out out/demo

## make test          every suite that can run here; cleans up after itself
test: .venv/ready
	$(BIN)/python -m tests.harness

## make test-unit     one suite; ARGS='…' goes to pytest (also test-site, test-browser)
test-unit test-site test-browser: .venv/ready
	$(BIN)/python -m tests.harness --suite $(@:test-%=%) $(ARGS)

## make bench-site    a development bench with ERPNext, this app and demo data
bench-site: .venv/bench
	$(BIN)/python -m scripts.bench_site

## make lint          ruff, and its formatter as a check (make format writes)
lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: .venv/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

## make clean         remove what these commands made
clean:
	rm -rf .venv .venv-site out .pytest_cache .hypothesis .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/ready: pyproject.toml
	@echo "Making an environment in .venv: about a minute, without a word from pip"
	$(PYTHON) -m venv .venv
	$(PIP) install --quiet --upgrade pip
	$(PIP) install --quiet --editable '.[test]'
	@if ! command -v java >/dev/null; then echo "No Java: Spark will not be tested"; \
	elif ! $(PIP) install --quiet --editable '.[spark]'; then echo "Spark could not be installed: it will not be tested"; fi
	@touch $@

.venv/demo .venv/dev .venv/bench: .venv/ready
	$(PIP) install --quiet --editable '.[$(@F)]'
	@touch $@
