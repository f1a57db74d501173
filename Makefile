# Everything a newcomer needs: `make run` and `make test`. Both make their own .venv first, from the locked dependencies.
# Needs Python 3.11 or newer with its venv module; PYTHON=… picks one.

.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$python && break; done)
BIN := .venv/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet
UV_LOCK := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --quiet
# One process of tests more than there are cores: tests wait for services, browsers and deadlines much of their time.
JOBS ?= $(shell $(BIN)/python -c 'import os; print(len(os.sched_getaffinity(0)) + 1)' 2>/dev/null || echo 2)

.PHONY: help up down rehearse swagger docs run frontend-dev frontend-check wheel seed load-test test integration-test test-stack test-failover proof soak check fmt test-cover bench setup-env setup-dev lock migration clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

run: setup-env ## Serve on port 8080, on a private PostgreSQL in .data/
	@$(BIN)/python hatch_build.py || echo "Serving without it; docs/web.md says more" >&2
	@$(BIN)/holdfast serve

up: ## Start everything in containers: the API on port 8080, behind nginx on port 3000
	@REVISION=$$(git describe --always --abbrev=40 --dirty --exclude='*' 2>/dev/null || echo unknown) \
		docker compose up --build --detach --wait && echo "Holdfast serves http://localhost:3000, and the API http://localhost:8080"

down: ## Stop those containers; ARGS=--volumes removes their data, too
	@docker compose down $(ARGS)

frontend-dev: setup-env ## Serve the web app on port 3000 as it is written, before the API on port 8080 (API=… names another)
	@$(BIN)/python hatch_build.py run dev

frontend-check: setup-dev ## Types, rules, tests and generated client of the web app, and its build
	@$(BIN)/python hatch_build.py
	@for step in types lint test drift; do $(BIN)/python hatch_build.py run --silent $$step || exit 1; done

wheel: setup-dev ## Build the wheel, with the web app in it, into dist/
	@$(BIN)/python -m hatchling build -t wheel

seed: ## Add an office to the service that runs, to try things on: 50 rooms, 10,000 users, 100,000 bookings
	@BIN=$(BIN) MAKE="$(MAKE)" deploy/running.sh seed $(ARGS)

load-test: setup-dev ## Ask the service that runs for free slots at a constant rate; ARGS="--rate 200 --duration 30s"
	@BIN=$(BIN) deploy/running.sh load-test $(ARGS)

test: setup-dev ## Run every test (TEST_DATABASE_URL, or a throw-away PostgreSQL)
	@$(BIN)/pytest -n $(JOBS) --dist loadfile $(ARGS)

integration-test: setup-dev ## Run the tests on a real PostgreSQL (a container where Docker runs) and a running service only
	@tests/on_a_container.sh $(BIN)/pytest -n $(JOBS) --dist loadfile tests/integration tests/contract tests/races $(ARGS)

test-stack: setup-dev ## Run them on PostgreSQL 15, behind PgBouncer and nginx; needs Debian's packages of these, and redis-server
	@PYTHONPATH=tests:deploy/rehearsal $(BIN)/python tests/stack/run.py $(ARGS)

test-failover: setup-dev ## Kill the leader of three servers under load, ARGS="--kills 15" times; needs etcd-server, haproxy, Patroni on PATH
	@PYTHONPATH=tests:deploy/rehearsal $(BIN)/python tests/stack/failover.py $(ARGS)

proof: setup-dev ## Prove the engine: 100,000 simulated runs, planted errors all found, a recorded minute of faults, hostile and described requests
	@PYTHONPATH=tests $(BIN)/python -m proof.simulate --seeds 100000 --jobs $(JOBS)
	@PYTHONPATH=tests $(BIN)/python -m proof.interleaved --seeds 10000 --jobs $(JOBS)
	@PYTHONPATH=tests $(BIN)/python -m proof.planted --jobs $(JOBS)
	@PYTHONPATH=tests $(BIN)/python -m proof.recorded --seconds 60
	@PYTHONPATH=tests $(BIN)/python -m proof.hostile
	@EXAMPLES=100 $(BIN)/pytest -q tests/contract/test_description_holds.py

rehearse: setup-dev ## Do what the Dockerfile and docker-compose.yml say without containers; needs root, redis-server, nginx
	@$(BIN)/python deploy/rehearsal/run.py

swagger: setup-dev ## Write the description of the API to openapi.json
	@$(BIN)/python frontend/openapi.py openapi.json

docs: setup-dev ## Build the documents as a site into site/, with a reference of the API
	@$(BIN)/python docs/site.py

soak: setup-dev ## Load and faults for MINUTES=10: what was told is checked; memory, connections and files are drawn
	@PYTHONPATH=tests $(BIN)/python -m proof.recorded --seconds $$(( $(or $(MINUTES),10) * 60 )) --chart soak.svg

check: setup-dev ## Formatting, linting, types, import rules: what a commit must pass
	@$(BIN)/pre-commit run --all-files --show-diff-on-failure

fmt: setup-dev ## Put the code into its form
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

test-cover: setup-dev ## Run every test and write htmlcov/index.html
	@$(BIN)/pytest -n $(JOBS) --dist loadfile --cov --cov-report=term --cov-report=html $(ARGS)

bench: setup-dev ## Measure against pgbench on the same PostgreSQL, with wrk; ARGS=--help shows the options
	@$(BIN)/python bench/run.py $(ARGS)

setup-env: .venv/runtime ## Make .venv with what the service needs

setup-dev: .venv/dev ## Make .venv with what developing needs too

.venv/runtime: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer, with venv and ensurepip, is needed: set PYTHON" >&2; exit 1; }
	@echo "Making .venv with $$($(PYTHON) --version)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(PIP) install --require-hashes --no-deps -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev: .venv/runtime requirements-dev.lock
	@echo "Adding the tools for developing"
	@$(PIP) install --require-hashes --no-deps -r requirements-dev.lock
	@touch $@

lock: setup-dev ## Pin the dependencies anew, with hashes and without addresses
	@$(UV_LOCK) pyproject.toml --group build --upgrade -o requirements.lock
	@$(UV_LOCK) pyproject.toml --group build --group dev --upgrade -c requirements.lock -o requirements-dev.lock
	@$(UV_LOCK) tests/generators/requirements.in --upgrade -o tests/generators/requirements.lock

migration: setup-dev ## Draft a migration from the tables in the code: make migration NAME="what it does"
	@$(BIN)/python tests/draft_migration.py "$(NAME)"

clean: ## Remove what can be made again; the data in .data/ stays
	@rm -rf frontend/node_modules src/holdfast/web/built .venv .coverage* htmlcov .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache dist build site openapi.json
