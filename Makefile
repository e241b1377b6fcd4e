# Every command makes what it needs: `make demo` and `make test` work on a fresh machine with Python 3.11 or newer.

PYTHON ?= python3
# What pip installs as torch, before everything else. The wheel without CUDA, where the usual one would bring gigabytes:
#   make TORCH="torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu"
TORCH ?= torch==2.13.0
# Where the real data of `make acceptance` lies.
DATA ?= ../shared/data
# Processes that run the tests.
WORKERS ?= 2

VENV := .venv
BIN := $(VENV)/bin
CORE := .venv-core
EXTRAS_$(VENV) := [dev]
PIP_INSTALL := -m pip --disable-pip-version-check -qq install
SOURCES := setup.py $(wildcard native/*) $(shell find src -name '*.so' -prune -o -name '*.egg-info' -prune -o -name __pycache__ -prune -o -print)

.PHONY: help install demo test lint types docs core sanitize acceptance clean FORCE
.DEFAULT_GOAL := help
.PRECIOUS: %/torch.stamp %/package.stamp

help:
	@echo "make demo        train on material that every machine has, and name the report"
	@echo "make test        all tests and docstring examples, against the installed package"
	@echo "make lint        ruff"
	@echo "make types       mypy"
	@echo "make docs        run the pages of docs/ and write them, with their output, to docs/_built/"
	@echo "make sanitize    the native engine under AddressSanitizer and UBSan, with g++"
	@echo "make core        the package as a user installs it, without the tools, in $(CORE): help, cells, a small training"
	@echo "make acceptance  the figures on real data in DATA ($(DATA)), into benchmarks/RESULTS.md; goes on where it stopped"
	@echo "make install     torch, the package and the tools in $(VENV); each command above does this by itself"
	@echo "make clean       remove $(VENV) and all that was built"
	@echo "Set PYTHON, TORCH, DATA or WORKERS to choose others: make test WORKERS=8"

install: $(VENV)/package.stamp

# Both environments are made alike. The first stamp holds the words of TORCH, so that another choice installs another
# torch; an environment that is there already is kept and completed.
%/torch.stamp: FORCE
	@[ "$$(cat $@ 2>/dev/null)" = '$(TORCH)' ] || { \
	  $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo "$(PYTHON) is too old: Python 3.11 or newer, please; try make PYTHON=python3.12" >&2; exit 1; }; \
	  [ -x $*/bin/pip ] || { echo "making $*"; $(PYTHON) -m venv $*; } || exit 1; \
	  echo "installing $(TORCH) in $*"; \
	  $*/bin/python $(PIP_INSTALL) $(TORCH) || exit 1; \
	  echo '$(TORCH)' > $@; }

# The package is installed as a user would have it, never as a link into src: what is tested is what is shipped.
# build/ goes first: setuptools would pack into the wheel what an earlier build left there.
%/package.stamp: %/torch.stamp pyproject.toml constraints.txt $(SOURCES)
	@echo "installing throughtime in $*"
	@rm -rf build
	@$*/bin/python $(PIP_INSTALL) 'setuptools>=77'
	@$*/bin/python $(PIP_INSTALL) --no-build-isolation --constraint constraints.txt '.$(EXTRAS_$*)'
	@touch $@

demo: install
	@$(BIN)/throughtime demo

test: install
	@$(BIN)/pytest -q -n $(WORKERS)

lint: install
	@$(BIN)/ruff check .

sanitize: install
	@$(BIN)/python -m tests.engine.sanitized

types: install
	@$(BIN)/mypy

docs: install
	@$(BIN)/python docs/build.py

core: $(CORE)/package.stamp
	@$(CORE)/bin/throughtime --help > $(CORE)/help.txt
	@$(CORE)/bin/throughtime cells > $(CORE)/cells.txt
	@$(CORE)/bin/python tests/core.py

acceptance: install
	@$(BIN)/python benchmarks/acceptance --data $(DATA)

clean:
	rm -rf $(VENV) $(CORE) build dist docs/_built .pytest_cache .mypy_cache .ruff_cache
	find src tests docs \( -name __pycache__ -o -name '*.egg-info' \) -prune -exec rm -rf {} +

FORCE:
