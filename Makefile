# metrology: make help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FLASK := $(BIN)/flask --app run
DEMO := METROLOGY_INSTANCE=$(CURDIR)/instance/demo DATABASE_URL=
TESTS ?=
BENCH ?=

.DEFAULT_GOAL := help
.PHONY: help run demo prepare test lint types layers templates words pytest fmt mutate screenshots bench clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(VENV)/.run: requirements.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing requirements.txt …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	@echo "Installing requirements-dev.txt …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

prepare: $(VENV)/.run
	@$(FLASK) prepare

run: prepare ## your own registry on http://127.0.0.1:8000
	@exec $(BIN)/python run.py

demo: $(VENV)/.run ## an example city on http://127.0.0.1:8000, in a database of its own
	@$(DEMO) $(FLASK) prepare
	@$(DEMO) $(FLASK) demo
	@$(DEMO) exec $(BIN)/python run.py

test: lint types layers templates words pytest ## every check and test

lint: $(VENV)/.dev
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(VENV)/.dev
	@$(BIN)/mypy

layers: $(VENV)/.dev
	@$(BIN)/lint-imports --no-cache

templates: $(VENV)/.dev
	@$(BIN)/djlint templates --lint --quiet

words: $(VENV)/.dev
	@$(FLASK) translations --check

pytest: $(VENV)/.dev
	@$(BIN)/pytest -n auto --dist loadfile $(TESTS)

fmt: $(VENV)/.dev ## format the code
	@$(BIN)/ruff check --fix-only . ; $(BIN)/ruff format .

mutate: $(VENV)/.dev ## change the rules one by one and see which test notices (hours; MUTANTS='metrology.domain.mpe*' for some)
	@rm -rf build/mutate && mkdir -p build/mutate && git archive HEAD | tar -x -C build/mutate
	@cd build/mutate && nice $(CURDIR)/$(BIN)/mutmut run --max-children 1 $(MUTANTS) ; nice $(CURDIR)/$(BIN)/mutmut results

screenshots: $(VENV)/.dev ## every page as every role into build/screenshots/ (needs Chromium)
	@$(BIN)/python -m tests.screenshots

bench: $(VENV)/.dev ## what it costs beside bare references, at 10 thousand, 1 and 5 million instruments (an hour, 60 GB; BENCH="--size 10k" for less)
	@$(BIN)/python -m bench $(BENCH)

clean: ## remove what was built (not the databases)
	rm -rf build .mypy_cache .ruff_cache .pytest_cache
