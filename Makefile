# Everything runs in .venv, from requirements that are locked with versions and hashes. Nothing here needs root.
#   make run      the REPL (ARGS="..." are passed on)      make lint     ruff
#   make test     the suite (ARGS="..." for pytest)        make types    mypy --strict
#   make agreement  our verdicts on mutants beside mutmut's
#   make errors   the gate's own error rate, on the open part of the corpus; make bench-held-back for a release
#   make bench    the benchmarks, side by side             make lock     write requirements/*.txt again
#   make runtime  the embedded model, here and now: the REPL builds it behind the prompt, its tests are skipped without it
#   make map      write the lists in ARCHITECTURE.md and README.md again
# PYTHON=/path/to/python3 chooses the interpreter that .venv is made with (3.11 or later); BENCH_PYTHON that of the peers
# that `make bench` measures beside us, which is the same one by default: eryx needs 3.12 or later.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BENCH_PYTHON ?= $(BIN)/python
JOBS ?= 2
ARGS ?=
PIP := $(BIN)/python -m pip --disable-pip-version-check
LOCKED := $(PIP) install --quiet --require-hashes --only-binary=:all:
LOCK := $(if $(wildcard $(BIN)/uv),$(BIN)/uv,uv) pip compile --quiet --universal --generate-hashes --no-header

.DELETE_ON_ERROR:
.PHONY: run runtime test lint types agreement errors bench bench-held-back lock map clean

run: $(VENV)/.ratchet
	@$(BIN)/ratchet $(ARGS)

runtime: $(VENV)/.ratchet
	@$(BIN)/python -I -m selfmod.models.runtime

test: $(VENV)/.dev
	@$(BIN)/python -m pytest -n $(JOBS) $(ARGS)

lint: $(VENV)/.dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/.dev
	@$(BIN)/mypy

agreement: $(VENV)/.dev
	@$(BIN)/python -m benchmarks.agree

errors: $(VENV)/.ratchet
	@$(BIN)/python -m benchmarks.error_rate

bench-held-back: $(VENV)/.ratchet
	@$(BIN)/python -m benchmarks.error_rate --held-back

bench: $(VENV)/.dev $(VENV)/.bench
	@$(BIN)/python -m benchmarks

# --- what they stand on: one stamp for each lock file, newer than the file it was installed from ---

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Ratchet needs Python 3.11 or later; choose one with PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "making $(VENV)" >&2
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "on Debian and Ubuntu: install python3-venv" >&2; exit 1; }

$(VENV)/.base: requirements/base.txt | $(BIN)/python
	@echo "installing what Ratchet needs" >&2
	@$(LOCKED) -r requirements/base.txt
	@touch $@

$(VENV)/.ratchet: pyproject.toml $(VENV)/.base
	@$(PIP) install --no-index --no-build-isolation --no-deps --editable . >$@.log 2>&1 || { cat $@.log >&2; exit 1; }
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.ratchet
	@echo "installing what the tests need" >&2
	@$(LOCKED) -r requirements/dev.txt
	@touch $@

$(VENV)/.bench: requirements/bench.txt | $(BIN)/python
	@$(BENCH_PYTHON) -m venv --clear $(VENV)/bench
	@$(VENV)/bench/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes --only-binary=:all: \
	  -r requirements/bench.txt
	@touch $@

# What documents repeat: the map in ARCHITECTURE.md from the modules' docstrings, the verbs in README.md from their table.
map: $(VENV)/.dev
	@$(BIN)/python -m tests.test_documents

lock:
	$(LOCK) --extra dev --extra wasm pyproject.toml requirements/build.in -o requirements/dev.txt
	$(LOCK) -c requirements/dev.txt pyproject.toml requirements/build.in -o requirements/base.txt
	$(LOCK) requirements/bench.in -o requirements/bench.txt
	$(LOCK) requirements/agreement.in -o requirements/agreement.txt
	{ echo "# What the embedded model's runtime needs, and what builds it: installed first, as wheels."; \
	  $(LOCK) --no-annotate --no-emit-package llama-cpp-python -c requirements/dev.txt requirements/local.in; \
	} > selfmod/models/runtime_tools.txt

clean:
	rm -rf $(VENV) build dist ./*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
