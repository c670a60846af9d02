# make run    set up and serve the demo on http://127.0.0.1:8000
# make test   set up and run every check and test
# Both need Python 3.11 or newer and nothing else.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check

# Processes that run the tests, each with a Postgres and a Chroma of its own.
TEST_WORKERS ?= 3

AS_DEPLOYED := STATE_DIR=var/check ALLOWED_HOSTS=support.example.com PHONE_REGION=ZZ

.DEFAULT_GOAL := help
.PHONY: help run setup test test-core check lock clean

help:
	@sed -n '1,3s/^# //p' Makefile

run: setup
	@$(PY) -m supportsite.secrets
	@exec $(PY) manage.py serve

setup: $(VENV)/.installed

test: $(VENV)/.installed-dev $(VENV)/.installed-clients check
	$(PY) -m pytest -q -n $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder

test-core: $(VENV)/.installed-dev
	$(PY) -m pytest -q -m core assistant audit faq tickets

check: $(VENV)/.installed-dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports
	$(VENV)/bin/hadolint deploy/Dockerfile
	$(VENV)/bin/gixy deploy/nginx/nginx.conf
	$(VENV)/bin/shellcheck .ci/run $(wildcard deploy/*.sh deploy/*/*.sh)
	$(AS_DEPLOYED) $(PY) -m supportsite.secrets
	$(AS_DEPLOYED) $(PY) -m mypy .
	$(AS_DEPLOYED) $(PY) manage.py makemigrations --check --dry-run
	$(AS_DEPLOYED) $(PY) manage.py check --deploy --fail-level WARNING

# uv, with the hashes of the lock file, installs what pip would in a quarter of the time. It does not read pip's
# configuration, which may name an index or a proxy: where it fails, pip installs.
SOURCES = $(addprefix --find-links ,$(PIP_FIND_LINKS)) $(addprefix --extra-index-url ,$(PIP_EXTRA_INDEX_URL))
UV_INSTALL = $(VENV)/bin/uv pip install --python $(PY) --no-cache --system-certs $(SOURCES)
HASHED = --no-deps --require-hashes --index-strategy unsafe-best-match

$(VENV)/.uv: requirements-dev-lock.txt | $(PY)
	@sed -n '/^uv==/,/[^\\]$$/p' $< > $(VENV)/uv.txt
	@$(PIP) install -q --require-hashes -r $(VENV)/uv.txt || echo "→ Going on without uv"
	@touch $@

$(PY):
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; none was found."; exit 1; }
	@echo "→ Creating $(VENV) with $(PYTHON); downloads follow, once: about 395 MB for torch and 360 MB for the rest"
	@$(PYTHON) -m venv $(VENV) || { \
		echo "If venv is missing: install it (on Debian and Ubuntu: apt install python3-venv)."; \
		rm -rf $(VENV); exit 1; }

# The CPU build of torch where it can be had (395 MB); else the index's own, which on Linux brings
# CUDA (3.2 GB). See README, "Run it".
$(VENV)/.torch: requirements.txt | $(VENV)/.uv
	@echo "→ Installing torch (a download of 395 MB; 3.2 GB where only the CUDA build is available)"
	@$(PY) -c 'import torch; assert torch.__version__.startswith("2.13.0")' 2>/dev/null \
		|| $(UV_INSTALL) 'torch==2.13.0+cpu' 2>/dev/null \
		|| $(PIP) install --progress-bar on --no-compile -q 'torch==2.13.0+cpu' 2>/dev/null \
		|| $(PIP) install --progress-bar on --no-compile -q 'torch==2.13.0'
	@touch $@

$(VENV)/.installed: requirements-lock.txt | $(VENV)/.torch
	@echo "→ Installing requirements-lock.txt (a download of about 360 MB)"
	@$(UV_INSTALL) -q $(HASHED) -r requirements-lock.txt \
		|| $(PIP) install --progress-bar on --no-compile -q --require-hashes -r requirements-lock.txt
	@# Python itself writes no bytecode where PYTHONDONTWRITEBYTECODE is set, and then compiles at each start.
	@$(PY) -m compileall -q assistant audit faq supportsite tickets
	@touch $@

$(VENV)/.installed-dev: requirements-dev-lock.txt | $(VENV)/.installed
	@echo "→ Installing requirements-dev-lock.txt (a download of about 155 MB more)"
	@$(UV_INSTALL) -q $(HASHED) -r requirements-dev-lock.txt \
		|| $(PIP) install --progress-bar on --no-compile -q --require-hashes -r requirements-dev-lock.txt
	@touch $@

# What generates clients from the schema: apart from the rest, whose versions it does not share.
CLIENTS := supportsite/tests/clients
$(VENV)/.installed-clients: $(CLIENTS)/requirements.txt $(CLIENTS)/package-lock.json | $(VENV)/.installed-dev
	@command -v npm >/dev/null || { echo "npm is needed for the tests; on Debian and Ubuntu: apt install npm."; exit 1; }
	@echo "→ Installing the generators of clients (a download of about 15 MB)"
	@rm -rf $(VENV)/clients && mkdir $(VENV)/clients
	@$(PIP) install -q --no-deps --require-hashes --target $(VENV)/clients/python -r $(CLIENTS)/requirements.txt
	@cp $(CLIENTS)/package.json $(CLIENTS)/package-lock.json $(CLIENTS)/.npmrc $(VENV)/clients
	@cd $(VENV)/clients && npm ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@

# Exact versions and hashes of what requirements.txt, requirements-dev.txt and benchmarks/ ask for. torch is left
# out: its build depends on the machine, see above. uv must find the CPU build: where pip does.
COMPILE = $(VENV)/bin/uv pip compile --universal --python-version 3.11 --generate-hashes \
	--no-emit-package torch --no-emit-package setuptools --no-header --no-annotate -q \
	$(SOURCES)
lock: $(VENV)/.installed-dev
	sed 's/^torch==.*/&+cpu/' requirements.txt > .lock-in.txt
	$(COMPILE) .lock-in.txt -o requirements-lock.txt
	cat requirements-dev.txt benchmarks/requirements.txt >> .lock-in.txt
	$(COMPILE) .lock-in.txt -c requirements-lock.txt -o requirements-dev-lock.txt
	rm .lock-in.txt

clean:
	rm -rf $(VENV)
