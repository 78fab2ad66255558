# Xingtan: `make help` lists the targets. No target needs root, and a second run starts at once.

PYTHON     ?= python3
XDIST      ?= -n 2 --dist loadfile
ARGS       ?=

VENV       := .venv
BIN        := $(VENV)/bin
SERVING    := $(VENV)/.serving
TESTING    := $(VENV)/.testing
NPM        := node_modules/.installed
EVERYTHING := .[test,scale]
PINNED     := pyproject.toml constraints.txt

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help demo serve test check lint format lock docs bench lighthouse screenshots clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sort | while IFS= read -r line; do \
	  printf '  %-12s %s\n' "$${line%%:*}" "$${line##*## }"; done

demo: $(SERVING) ## open an academy with demo data
	@$(BIN)/xingtan demo $(ARGS)

serve: $(SERVING) ## serve your own academy
	@$(BIN)/xingtan serve $(ARGS)

# What tests write goes to memory where there is such a folder: nothing there has to outlive them, and fsync costs nothing.
test: $(TESTING) $(NPM) ## lint, types and every test
	@status=0; \
	$(MAKE) lint || status=1; \
	folder=$$(mktemp -d -p /dev/shm xingtan.XXXXXX 2>/dev/null || mktemp -d); chmod 711 "$$folder"; \
	trap 'rm -rf "$$folder"' EXIT; \
	TMPDIR="$$folder" $(BIN)/pytest -q $(XDIST) $(ARGS) || status=1; \
	exit $$status

check: $(TESTING) ## lint, types and the rules of the house, without the other tests
	@status=0; \
	$(MAKE) lint || status=1; \
	$(BIN)/pytest -q tests/architecture $(ARGS) || status=1; \
	exit $$status

lint: $(TESTING) ## ruff, mypy and the import contracts
	@status=0; \
	$(BIN)/ruff check --quiet --output-format concise . || status=1; \
	$(BIN)/ruff format --quiet --check --output-format concise . || { echo "Some files are not formatted: make format"; status=1; }; \
	PYTHONPATH=src $(BIN)/lint-imports --no-cache >$(VENV)/.imports 2>&1 || { cat $(VENV)/.imports; status=1; }; \
	$(BIN)/mypy --no-error-summary || status=1; \
	exit $$status

format: $(TESTING) ## let ruff repair what it can
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format --quiet .

lock: $(TESTING) ## write constraints.txt anew from pyproject.toml
	@$(uv_settings); $(BIN)/python -m uv pip compile pyproject.toml --all-extras --python-version 3.11 \
	  --no-header --no-annotate --upgrade --quiet --output-file constraints.txt

docs: $(TESTING) ## write docs/reference anew from the code
	@$(BIN)/python docs/reference/generate.py

bench: $(TESTING) ## measure, and print tables
	@$(BIN)/python -m bench $(ARGS)

lighthouse: $(TESTING) $(NPM) ## score the demo's pages
	@$(BIN)/python -m bench.lighthouse $(ARGS)

screenshots: $(TESTING) ## photograph the demo's pages
	@$(BIN)/python -m bench.screenshots $(ARGS)

clean: ## remove what make made; your academy in var/ stays
	@rm -rf $(VENV) node_modules build dist reports test-results .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the set-up behind the targets ---

# uv does not read pip's configuration, so a folder of wheels named there is handed on.
define uv_settings
links="$${PIP_FIND_LINKS:-$$($(BIN)/python -m pip config get global.find-links 2>/dev/null)}"; \
if [ -n "$$links" ]; then export UV_FIND_LINKS="$${UV_FIND_LINKS:-$$(printf '%s' "$$links" | tr -s ' \n' ',,')}"; fi
endef

# $(call install,WHAT): with uv, else with pip: because uv cannot be had, or because only pip knows the way to an index.
define install
@echo "Installing what Xingtan needs into $(VENV) (once; a minute or two)"; \
$(BIN)/python -m uv --version >/dev/null 2>&1 || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv 2>/dev/null || true; \
$(uv_settings); \
$(BIN)/python -m uv pip install --quiet --python $(BIN)/python -c constraints.txt -e $(1) || \
{ echo "uv could not do it; pip tries, which takes longer"; \
  $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e $(1); }
@touch $@
endef

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Xingtan needs Python 3.11 or newer, and $(PYTHON) is not: name another, as in make demo PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) >/dev/null || \
	  { rm -rf $(VENV); echo "$(PYTHON) has no venv module; on Debian and Ubuntu the package is python3-venv"; exit 1; }

$(SERVING): $(PINNED) | $(BIN)/python
	$(call install,.)

$(TESTING): $(PINNED) | $(BIN)/python
	$(call install,'$(EVERYTHING)')
	@touch $(SERVING)

# Tools for a few tests only. Without npm those tests say so and are skipped.
$(NPM): package.json
	@if command -v npm >/dev/null 2>&1; then \
	  if PUPPETEER_SKIP_DOWNLOAD=1 npm install --no-package-lock --no-audit --no-fund --ignore-scripts --silent >/dev/null 2>&1; \
	  then touch $@; else echo "npm could not install the test tools; the tests that need them are skipped"; fi; fi
