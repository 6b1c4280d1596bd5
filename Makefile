# Everything runs in .local/venvs; `make` alone lists what there is.
SEED ?= 1
PATIENTS ?= 10000
DAYS ?= 2
TROUBLE ?= default
SEQUENCES ?= 10000
ENGINE ?= sail
COUNT ?= 200
TRIAL ?=
COLUMN ?=
NAME ?=
DATA ?=
WORLD ?=
FRESH ?=
FROM ?=
TO ?=
DATE ?=
QUERY ?=
FORMAT ?= table
FILE ?=
HOSPITAL ?=
KIND ?=
FOLDER ?=
DATES ?=

PYTHON := .local/venvs/main/bin/python
JAVA := $(if $(filter jvm,$(ENGINE)),--java)

# Python's compiled files save seconds at every start.
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPATH := $(CURDIR)

# A world of its own beside the others, for every target.
ifneq ($(WORLD),)
ifneq ($(shell printf '%s' '$(WORLD)' | tr -d 'A-Za-z0-9_-'),)
$(error WORLD=$(WORLD) is no name: use letters, digits, _ and -)
endif
export RCM_STATE_DIR := $(or $(RCM_STATE_DIR),$(CURDIR)/.local)/worlds/$(WORLD)
endif
export VERBOSE QUERY

# $(call needs,FILE HOSPITAL): stops with one line unless the variables are given.
needs = $(foreach name,$(1),$(if $($(name)),,$(error $(name) is missing: `make help` lists the variables)))

COMPILE = $(CURDIR)/.local/venvs/uv/bin/uv pip compile --quiet --upgrade --universal --generate-hashes \
	--no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command "make requirements"

# Shows the output of a command only if it fails.
quietly = output=$$($(1) 2>&1) || { echo "$$output"; exit 1; }

.DEFAULT_GOAL := help
.PHONY: help setup up down status run date backfill check sql airflow deliver case verify chaos ui test google-sql prove lint lint-imports bundle new-kpi new-source dictionary lineage requirements clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  Variables of run: SEED=$(SEED) PATIENTS=$(PATIENTS) DAYS=$(DAYS) TROUBLE=none|default|high ENGINE=sail|jvm DATA=<folder of CSV exports> FRESH=1"
	@echo "  Variables of date: DATE=2026-02-03; of backfill: FROM= TO=, both included"
	@echo "  Variables of sql: QUERY='…' FORMAT=table|csv; of airflow: ARGS='…'; of deliver: FILE= HOSPITAL= KIND="
	@echo "  Variables of case: FOLDER= DATES= ENGINE="
	@echo "  Variables of all: WORLD=<name> takes a state of its own; VERBOSE=1 shows the traceback of an error"
	@echo "  Variables of chaos: SEED=$(SEED) COUNT=$(COUNT) TRIAL=<number>"

setup: ## Install everything into .local (once; then it takes a moment)
	@sh local/setup.sh $(JAVA)

up: setup ## Start the local services
	@$(PYTHON) -m local up --engine $(ENGINE)

down: ## Stop the local services
	@test ! -x $(PYTHON) || $(PYTHON) -m local down $(if $(filter clean,$(MAKECMDGOALS)),--all)

status: ## Show which services run
	@test -x $(PYTHON) || { echo "nothing is installed yet: run \`make setup\`"; exit 1; }
	@$(PYTHON) -m local status

run: setup ## Run the pipeline from two hospitals to gold, with a report
	@$(PYTHON) -m local run --seed $(SEED) --patients $(PATIENTS) --days $(DAYS) --trouble $(TROUBLE) --engine $(ENGINE) $(if $(DATA),--data "$(DATA)") $(if $(FRESH),--fresh)

date: setup ## Run one business date: DATE=2026-02-03
	$(call needs,DATE)@$(PYTHON) -m local date $(DATE) --engine $(ENGINE)

backfill: setup ## Run every business date FROM=2026-02-01 TO=2026-02-04, both included
	$(call needs,FROM TO)@$(PYTHON) -m local date $(FROM) $(TO) --engine $(ENGINE)

check: setup ## Try configuration, connections, tables and landing folders; write nothing
	@$(PYTHON) -m local check

sql: ## Ask the warehouse: QUERY='SELECT * FROM gold.kpi_days_in_ar', or type statements
	@$(PYTHON) -m local sql --format $(FORMAT) $(if $(QUERY),"$$QUERY")

airflow: ## Airflow's command line with the stack's variables: ARGS='dags list'
	$(call needs,ARGS)@$(PYTHON) -m local airflow '$(ARGS)'

deliver: ## Put a payer's FILE= for a HOSPITAL= into the landing bucket
	$(call needs,FILE)@$(PYTHON) -m local deliver "$(FILE)" $(if $(HOSPITAL),--hospital $(HOSPITAL)) $(if $(KIND),--kind $(KIND))

case: setup ## Run a FOLDER= of SQL and files on an empty stack and print what came of it
	$(call needs,FOLDER)@$(PYTHON) -m local case "$(FOLDER)" --engine $(ENGINE) $(if $(DATES),--dates $(DATES))

verify: setup ## Compare gold with the simulator's answer key
	@$(PYTHON) -m simulator.verify

chaos: setup ## Kill, refuse and cut off the pipeline COUNT times; its tables must stay right
	@$(PYTHON) -m tools.chaos --seed $(SEED) --count $(COUNT) $(if $(TRIAL),--trial $(TRIAL))

ui: setup ## Start Airflow's web page with the same DAGs
	@$(PYTHON) -m local ui --engine $(ENGINE)

test: ## Run all tests (they start their own services)
	@sh local/setup.sh --java
	@$(PYTHON) -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile $(ARGS)

google-sql: setup ## Evaluate gold with Google's own evaluator, also at the ends of the calendar
	@$(PYTHON) -m local.setup.google_sql
	@$(PYTHON) -m pytest --quiet tests/google_sql $(ARGS)

prove: setup ## Prove history on SEQUENCES generated event sequences
	@$(PYTHON) -m pytest --quiet --capture=no --durations=0 --sequences $(SEQUENCES) tests/unit/spark/test_history_properties.py

lint: setup lint-imports ## Check style, types, SQL and imports
	@$(PYTHON) -m ruff check --quiet .
	@$(PYTHON) -m ruff format --quiet --check .
	@$(call quietly,$(PYTHON) -m mypy --no-error-summary)
	@$(call quietly,$(PYTHON) -m sqlfluff lint --disable-progress-bar --processes 2 --nocolor sql)
	@echo "lint: no complaint"

lint-imports: setup
	@$(call quietly,.local/venvs/main/bin/lint-imports --no-logo)

bundle: setup ## Assemble what ships to Composer and Dataproc in build/
	@$(PYTHON) -m tools.bundle $(if $(VERSION),--version $(VERSION))

new-kpi: setup ## Write the SELECT and a case of the KPI NAME=kpi_<name>
	@$(PYTHON) -m tools.scaffold kpi "$(NAME)"

new-source: setup ## Write the source file of the hospital NAME=<name>
	@$(PYTHON) -m tools.scaffold source "$(NAME)"

dictionary: setup ## Write docs/dictionary/ from the declarations
	@$(PYTHON) -m tools.dictionary

lineage: setup ## Show where COLUMN=gold.<table>.<column> comes from
	@$(PYTHON) -m tools.lineage $(COLUMN)

requirements: setup ## Pin the newest allowed versions in requirements/*.txt
	@cd requirements && $(COMPILE) --python-version 3.11 uv.in --output-file uv.txt
	@cd requirements && $(COMPILE) --python-version 3.11 airflow-spark.in --output-file airflow-spark.txt
	@cd requirements && $(COMPILE) --python-version 3.11 google-sql.in --output-file google-sql.txt
	@cd requirements && $(COMPILE) --python-version 3.11 containers.in --output-file containers.txt
	@cd requirements && $(COMPILE) --python-version 3.11 dev.in --output-file dev.txt
	@cd requirements && $(COMPILE) --python-version 3.13 bigquery-emulator.in --output-file bigquery-emulator.txt

clean: down ## Stop the services and delete their data, build/ and caches; keep what is installed
	@find .local -mindepth 1 -maxdepth 1 ! -name venvs -exec rm -rf {} + 2>/dev/null || true
	@rm -rf build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -not -path './.local/*' -prune -exec rm -rf {} +
