# Everything a fresh machine needs is made here: Python 3.11+, make and git are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WEEK_DATA := data-latihan

.PHONY: week test lint prove bench clean
.DEFAULT_GOAL := week

# One environment for both: the core first, what tests need on top. A stamp per list, so nothing is done twice.
$(VENV)/core.stamp: requirements/core.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "make: Python 3.11 or later is needed (PYTHON=python3.12 make ...)"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: $(PYTHON) is older than 3.11; name a newer one with PYTHON=..."; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/core.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --no-index -e .
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt $(VENV)/core.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

week: $(VENV)/core.stamp
	MONITOR_CONFIG= MONITOR_DATABASE_URL= MONITOR_RESULTS_URL= MONITOR_PHONE_KEY_FILE= \
	MONITOR_DATA_DIR=$(WEEK_DATA) $(BIN)/python -m monitor week --sandbox

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint
	$(BIN)/pytest -n 2 --dist loadfile -m "not prove"

prove: test
	$(BIN)/pytest -m prove
	$(MAKE) bench

bench: $(VENV)/dev.stamp
	@for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

clean:
	rm -rf $(WEEK_DATA) .pytest_cache .mypy_cache .ruff_cache .hypothesis
