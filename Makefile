# Developers and the build server call the same targets. `make` alone lists them.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.SUFFIXES:
MAKEFLAGS += --no-print-directory

PORT ?= 8000
HOST ?= 127.0.0.1
ARGS ?=
# Test processes; they share one bundled server. WORKERS=0 runs in one process (for a debugger).
WORKERS ?= auto
# What `make check` runs as its last step. The build server runs it as a step of its own.
TESTS ?= 1
PYTHON ?=
export PYTHON

PY := .venv/bin/python
# With services and development secrets; whatever was started is stopped at the end.
WITH_SERVICES := $(PY) -m config.embedded exec --stop-after --
# With development secrets and addresses only, for what never opens a connection.
WITH_SECRETS := $(PY) -m config.embedded exec --no-services --
PO_FILES := $(wildcard locale/*/LC_MESSAGES/*.po)
OPENAPI := docs/openapi.yaml

.PHONY: help install demo demo-reset test check static-checks openapi format shell bench \
	screenshots requirements stop status clean translations

help:  ## List what can be done
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

install:  ## Make .venv from the pinned requirements (quick when nothing changed)
	@sh config/embedded/install.sh
	@$(MAKE) translations

# Compiled translations are not committed: a branch that changes a text changes one file.
translations: .venv/translations
	@:

.venv/translations: $(PO_FILES)
	@echo "Compiling translations …"
	@$(WITH_SECRETS) $(PY) manage.py compile_locale
	@touch $@

demo: install  ## Run the demo at PORT=8000 until Ctrl-C
	@exec $(PY) -m config.embedded.demo --host $(HOST) --port $(PORT)

demo-reset: install  ## Forget the demo's data; the next demo begins anew
	@exec $(PY) -m config.embedded.demo --reset

test: install  ## Run the tests; ARGS="tests/intake -k batch" chooses
	@echo "Running the tests …"
	@exec $(PY) -m config.embedded exec --stop-after --test -- \
		$(PY) -m pytest -n $(WORKERS) $(ARGS)

check: install static-checks  ## Everything that must hold before a change goes in
	@if [ "$(TESTS)" = 1 ]; then $(MAKE) test; fi

static-checks: install
	@echo "Format …"
	@$(PY) -m ruff format --check .
	@echo "Lint …"
	@$(PY) -m ruff check .
	@echo "Types …"
	@$(WITH_SECRETS) $(PY) -m mypy .
	@echo "Layers …"
	@.venv/bin/lint-imports
	@echo "Migrations complete …"
	@$(WITH_SERVICES) $(PY) manage.py makemigrations --check --dry-run
	@echo "OpenAPI unchanged …"
	@mkdir -p var
	@$(WITH_SECRETS) $(PY) manage.py spectacular --validate --fail-on-warn --file var/openapi.yaml
	@diff -u $(OPENAPI) var/openapi.yaml || { \
		echo "Error: $(OPENAPI) does not describe the code: run 'make openapi' and commit it." >&2; \
		exit 1; }

openapi: install  ## Write docs/openapi.yaml anew from the code
	@mkdir -p docs
	@$(WITH_SECRETS) $(PY) manage.py spectacular --validate --fail-on-warn --file $(OPENAPI)
	@echo "Wrote $(OPENAPI)."

format: install  ## Put the code in order
	@$(PY) -m ruff check --fix-only --quiet .
	@$(PY) -m ruff format .

shell: install  ## A Django shell over the demo's database
	@$(WITH_SERVICES) $(PY) manage.py shell

bench: install  ## Measure; ARGS chooses what
	@sh config/embedded/install.sh bench
	@$(WITH_SERVICES) $(PY) -m bench $(ARGS)

screenshots: install  ## Take the README's pictures from the running demo
	@$(WITH_SECRETS) $(PY) -m demo.screenshots $(ARGS)

# Universal: one file for every Python from 3.11 and every platform. No index addresses, so that
# each installation uses its own.
COMPILE := cd requirements && uv pip compile --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --quiet
requirements:  ## Pin the requirements anew (needs uv); UPGRADE=--upgrade takes newer releases
	@command -v uv >/dev/null || { echo "Error: uv is needed to pin requirements." >&2; exit 1; }
	@echo "Resolving …"
	@$(COMPILE) $(UPGRADE) base.in -o base.txt
	@$(COMPILE) $(UPGRADE) dev.in -o dev.txt
	@$(COMPILE) $(UPGRADE) bench.in -o bench.txt

stop: install  ## Stop the bundled PostgreSQL and Redis
	@$(PY) -m config.embedded stop

status: install  ## Say which services are up
	@$(PY) -m config.embedded status

clean: stop  ## Remove the environment, caches and compiled files; keep var with its data
	@rm -rf .venv .venv-bench .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache staticfiles
	@find . -name __pycache__ -not -path './var/*' -prune -exec rm -rf {} +
	@rm -f $(PO_FILES:.po=.mo)
