# Everything a fresh machine needs is made here: Python 3.11+, make and git are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WEEK_DATA := data-latihan

.PHONY: week test lint prove bench wheelhouse audit clean
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

# What misses does not keep the rest from running: each.sh says at the end which did.
BENCHES := $(foreach file,$(sort $(wildcard benchmarks/*.py)),'$(BIN)/python $(file)')

prove: test
	@benchmarks/each.sh '$(BIN)/pytest -m prove' $(BENCHES) '$(BIN)/python benchmarks/scale.py --full'

bench: $(VENV)/dev.stamp
	@benchmarks/each.sh $(BENCHES)

# Everything a machine without internet needs, for the Python of this one: docs/install.md. Committed files only.
# WITH names another list of requirements/, for example WITH=explore.
WITH ?= core
WHEELHOUSE := dist/wheelhouse

wheelhouse: $(VENV)/core.stamp
	rm -rf $(WHEELHOUSE)
	mkdir -p $(WHEELHOUSE)/wheels
	cp requirements/$(WITH).txt $(WHEELHOUSE)/requirements.txt
	cp docs/systemd/install.sh $(WHEELHOUSE)/
	$(BIN)/python -m pip download --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
		--dest $(WHEELHOUSE)/wheels -r $(WHEELHOUSE)/requirements.txt
	version=`git rev-parse HEAD` && git archive --format=tar.gz --output=$(WHEELHOUSE)/source.tar.gz $$version && \
		git show -s --format=%cs-%h $$version > $(WHEELHOUSE)/VERSION
	$(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])' > $(WHEELHOUSE)/PYTHON
	cd $(WHEELHOUSE) && find . -type f ! -name SHA256SUMS | LC_ALL=C sort | xargs sha256sum > SHA256SUMS
	@echo "$(WHEELHOUSE): `du -sh $(WHEELHOUSE) | cut -f1`, `ls $(WHEELHOUSE)/wheels | wc -l` packages. Copy the folder, then: sudo ./install.sh"

# What auditors get: docs/audit.md says what is in it.
AUDIT := dist/audit

audit: $(VENV)/dev.stamp
	rm -rf $(AUDIT)
	mkdir -p $(AUDIT)
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --of JSON -o $(AUDIT)/sbom.cdx.json $(BIN)/python
	$(BIN)/python docs/audit/pack.py bill $(AUDIT)/sbom.cdx.json requirements/core.txt
	$(BIN)/python docs/audit/pack.py hosts > $(AUDIT)/hosts.txt
	cp docs/audit.md docs/data-protection.md docs/pelindungan-data.md requirements/core.txt docs/audit/flows.toml $(AUDIT)/
	mkdir $(AUDIT)/audit && cp docs/audit/flows.svg $(AUDIT)/audit/
	-command -v systemd-analyze >/dev/null && for unit in docs/systemd/*.service; do \
		systemd-analyze security --offline=true --no-pager $$unit; done > $(AUDIT)/exposure.txt 2>&1
	cd $(AUDIT) && find . -type f ! -name SHA256SUMS | LC_ALL=C sort | xargs sha256sum > SHA256SUMS

clean:
	rm -rf $(WEEK_DATA) .pytest_cache .mypy_cache .ruff_cache .hypothesis
