# What people and CI run. `make help` lists it.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: help setup check test demo experiments experiments-page

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

setup:  ## a virtual environment with everything development needs (a CPU build of torch is enough)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q torch==2.13.0
	$(BIN)/pip install -q -c constraints.txt -e '.[dev]'

check:  ## style, types and who imports whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test:  ## the whole test suite
	$(BIN)/python -m pytest -n 2 --dist loadfile

demo:  ## colourise the example photographs into photochrom-demo.png
	$(BIN)/photochrom demo

experiments:  ## the published experiments, done and to do; RUN=NAME trains or resumes one, BUDGET=full at full length
	$(BIN)/python benchmarks/experiments.py $(if $(RUN),run $(RUN) $(if $(BUDGET),--budget $(BUDGET)),list)

experiments-page:  ## docs/experiments.md from the results in experiments/
	$(BIN)/python benchmarks/experiments.py page
