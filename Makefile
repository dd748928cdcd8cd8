# Everything a person does with this repository: make demo | test | test-fast | lint | bench | docs

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.complete
PIP := $(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt
# Where torch comes from, if not from the default index: https://download.pytorch.org/whl/cpu holds builds without CUDA.
TORCH_INDEX ?=

# How many processes test at once.
JOBS ?= auto

# One thread a process: the work is small, and threads that wait for each other are slower than none.
export OMP_NUM_THREADS ?= 1
export TOKENIZERS_PARALLELISM ?= false

.DEFAULT_GOAL := help
.PHONY: help venv demo test test-fast lint format bench docs clean

help:
	@sed -n '1s/^# //p' Makefile

venv: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "make: Python 3.11 or later is needed; name one with make PYTHON=..." >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) torch==2.13.0
	$(PIP) -e '.[dev]'
	@touch $@

demo: $(STAMP)
	$(BIN)/ecg-text demo

test: $(STAMP)
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(ARGS)

test-fast: $(STAMP)
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal -m "not slow" $(ARGS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP)
	@for script in scripts/bench/*.py; do $(BIN)/python $$script || exit 1; done

# The site of docs/, into build/docs: a link, anchor or page that is not there is an error (and none with --quiet).
docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "to read it: $(BIN)/python -m http.server -d build/docs, then http://localhost:8000"

$(VENV)/.docs: $(STAMP)
	$(PIP) -e '.[docs]'
	@touch $@

clean:
	rm -rf $(VENV) build dist demo .mypy_cache .pytest_cache .ruff_cache .hypothesis
