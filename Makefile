# Every target sets up what it needs: a virtual environment, and Debian packages where that is allowed.
SHELL := /bin/bash
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help demo test check bench soak lock format

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: ## start the whole bot with a local world, print one URL (ARGS=--without-prometheus where it cannot be installed)
	@tools/setup demo $(ARGS)
	@$(BIN)/countersign demo $(ARGS)

test: ## every test: unit, contract, content, faults, scenarios in a real browser
	@tools/setup test
	@$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder --ignore=tests/scenario $(ARGS)
	@$(BIN)/python -m pytest tests/scenario $(ARGS)

check: ## lint, types, import rules, content
	@tools/setup check
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/countersign check
	@promtool check rules --lint=all alerts.yml
	@$(BIN)/python tools/dashboards.py --check
	@tools/check-dashboards
	@tools/check-locks

bench: ## ratios against a bare server in the same run; see bench/README.md
	@tools/setup test
	@$(BIN)/python -m bench.ingest
	@$(BIN)/python -m bench.diagnose
	@$(BIN)/python -m bench.deliver

soak: ## 200 random kill -9 during executions, on SQLite and on PostgreSQL with two replicas (three minutes)
	@tools/setup test
	@COUNTERSIGN_SOAK_KILLS=$${KILLS:-200} $(BIN)/python -m pytest -q -s -n0 tests/faults/test_executions.py

format: ## put every file into its form
	@$(BIN)/ruff check --fix-only -q . && $(BIN)/ruff format .

lock: ## write both lock files anew (needs uv)
	@uv pip compile -q --generate-hashes --no-annotate --no-header --upgrade pyproject.toml -o requirements.lock
	@uv pip compile -q --generate-hashes --no-annotate --no-header --upgrade --extra demo --group dev pyproject.toml -o requirements-dev.lock
