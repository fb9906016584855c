# Every target is one line or one script; CI runs the same ones (.ci/run).
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed$(if $(filter spark,$(PALETTE_ENGINE)),-spark)
RESOLVE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-header --no-annotate \
	--no-emit-package dbt-core-experimental-parser
SCHEMA = $(BIN)/check-jsonschema --quiet --builtin-schema vendor
WORKERS := --numprocesses auto --maxprocesses 4 --dist loadscope --no-loadscope-reorder
SMALL_BUILD := tests/integration/test_warehouse.py::test_a_handful_of_customers_is_enough_and_a_failed_warning_is_reported

.DEFAULT_GOAL := help
.PHONY: help build report test check everything units test-spark faults fuzz lint docs screenshots entities schema exposures bench contracts notes lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.venv/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -r requirements.lock
	$(if $(DBT),$(BIN)/pip install --quiet --disable-pip-version-check 'dbt-core==$(DBT).*')
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

.venv/.installed-spark: .venv/.installed requirements-spark.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -r requirements.lock -r requirements-spark.lock
	@touch $@

build: $(INSTALLED) ## build the warehouse (PALETTE_DATA=... PALETTE_RETAILERS=... for your own files)
	@$(BIN)/palette build $(if $(VARS),--vars '$(VARS)')

report: $(INSTALLED) ## write the report, target/report/index.html (the end of a build does as well)
	@$(BIN)/palette report

test: $(INSTALLED) ## lint, types, pytest and dbt on throw-away warehouses
	@$(MAKE) --jobs=2 --no-print-directory lint everything

check: $(INSTALLED) ## lint, types, all unit tests but the slow ones, and one small build
	@$(MAKE) --jobs=2 --no-print-directory lint units

everything: $(INSTALLED)
	$(BIN)/pytest $(WORKERS)

units: $(INSTALLED)
	$(BIN)/pytest $(WORKERS) -m 'not slow' tests/unit $(SMALL_BUILD)

.venv/spark: .venv/.installed requirements-spark.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --upgrade --target $@ -r requirements-spark.lock
	@touch $@

test-spark: .venv/spark ## build shops on DuckDB and on Spark, and compare every table (half an hour; needs Java 17)
	PYTHONPATH=$(CURDIR)/.venv/spark$(if $(PYTHONPATH),:$(PYTHONPATH)) $(BIN)/pytest $(or $(TESTS),tests/unit/adapter tests/spark)

faults: $(INSTALLED) ## kill, starve and race builds, and count what the warehouse survives (a quarter of an hour)
	$(BIN)/pytest tests/faults

fuzz: $(INSTALLED) ## read 10,000 made-up files, against what was written (FILES=... for another number)
	PALETTE_FUZZ=$(or $(FILES),10000) $(BIN)/pytest tests/unit/core/test_fuzz_inputs.py

lint: $(INSTALLED) ## ruff, sqlfmt, mypy and dbt-bouncer, and what the files of .github and CITATION.cff may say
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .
	$(BIN)/sqlfmt --quiet --check models macros tests src/dbt
	$(BIN)/mypy
	$(SCHEMA).github-workflows .github/workflows/*.yml
	$(SCHEMA).github-issue-forms $(filter-out %/config.yml,$(wildcard .github/ISSUE_TEMPLATE/*.yml))
	$(SCHEMA).citation-file-format --default-filetype yaml CITATION.cff
	$(BIN)/zizmor --quiet --offline --strict-collection .
	@$(BIN)/dbt --quiet parse --target-path target/lint
	$(BIN)/dbt-bouncer run --config-file dbt-bouncer.yml

docs: $(INSTALLED) ## build the lineage site
	@$(BIN)/palette docs

screenshots: $(INSTALLED) ## take the README's pictures of the last report (needs Chromium)
	@$(BIN)/python docs/screenshots.py

entities: $(INSTALLED) ## draw docs/entities.md, how the marts refer to each other
	@$(BIN)/dbt --quiet parse --target-path target
	@$(BIN)/python docs/entities.py target docs/entities.md

contracts: $(INSTALLED) ## say what readers of the public marts would miss since a commit (BASE=main; default: the last tag)
	@rm -rf target/base && mkdir -p target/base
	@git archive $(or $(BASE),$(shell git describe --tags --abbrev=0 2>/dev/null),$(error no release yet: name a commit, BASE=main)) | tar -x -C target/base
	@$(BIN)/dbt --quiet --no-version-check parse --project-dir target/base --profiles-dir target/base --target-path state
	@$(BIN)/dbt --quiet parse --target-path target
	@$(BIN)/python docs/contracts.py target/base/state/manifest.json target/manifest.json

exposures: $(INSTALLED) ## write into models/marts/_exposures.yml which marts the report shows (build the demo before)
	@$(BIN)/python docs/exposures.py warehouse/palette.duckdb models/marts/_exposures.yml

schema: $(INSTALLED) ## write docs/retailer.schema.json, docs/settings.md and the tables of docs/your-data.md
	@$(BIN)/python docs/schema.py docs/retailer.schema.json docs/your-data.md docs/settings.md

bench: $(INSTALLED) ## time builds beside a bare script (ROWS="real ten", HUNDRED=1, QUICK=1, DATA=/folder)
	@$(BIN)/python benchmarks/bench.py $(if $(QUICK),--quick) $(if $(HUNDRED),--hundred) $(if $(DATA),--data $(DATA)) $(if $(ROWS),--rows $(ROWS))

notes: ## print what CHANGELOG.md says of the version in pyproject.toml (VERSION=vX.Y.Z, the tag)
	@$(PYTHON) docs/notes.py $(VERSION)

lock: $(INSTALLED) ## resolve requirements.lock anew, and what Spark adds to it
	$(RESOLVE) --extra dev pyproject.toml -o requirements.lock
	$(RESOLVE) --extra dev --extra spark --constraints requirements.lock pyproject.toml | grep -vxFf requirements.lock > requirements-spark.lock

clean: ## remove everything that a build makes (your own data stays)
	rm -rf .venv target logs warehouse/*.duckdb* warehouse/spark* warehouse/.building data/demo .pytest_cache .ruff_cache .mypy_cache
