# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# GNU make and a POSIX shell. Everything that is made lies in .venv and build; the home directory is left alone.
# Paths in the rules are relative, so that a checkout may lie in a directory with spaces in its name.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

VENV := .venv
PY := $(VENV)/bin/python
COLLECTIONS := build/collections
LINK := $(COLLECTIONS)/ansible_collections/mlops/ingress
STAGED := ansible_collections/mlops/ingress

# The linters look at a copy, and keep a log in the home directory: not in the user's.
LINT_ENV := HOME="$(CURDIR)/build/lint" ANSIBLE_COLLECTIONS_PATH="$(CURDIR)/build/lint"

# Ansible and Python find the collection through this link; Ansible's files and Python's caches stay inside build.
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/$(COLLECTIONS)
export ANSIBLE_HOME := $(CURDIR)/build/ansible
export ANSIBLE_REMOTE_TMP := $(CURDIR)/build/ansible/tmp
export HYPOTHESIS_STORAGE_DIRECTORY := $(CURDIR)/build/hypothesis
export PYTHONPATH := $(CURDIR)/$(COLLECTIONS)
export PYTHONPYCACHEPREFIX := $(CURDIR)/build/pycache
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

# pip must not see our import path, and compiles what it installs beside it.
PIP := PYTHONPATH= PYTHONPYCACHEPREFIX= $(PY) -m pip --disable-pip-version-check

.PHONY: help
help: ## Say what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' Makefile | while IFS='|' read -r name text; do printf '%-14s %s\n' "$$name" "$$text"; done

.PHONY: demo
demo: $(VENV)/.stamp-run $(LINK) ## Render the example environments into build/demo and show their endpoints
	sh tools/demo.sh

.PHONY: check
check: $(VENV)/.stamp-test $(LINK) ## Fast: style, types, unit tests
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m yamllint --strict .
	$(PY) -m mypy
	$(PY) -m pytest -m "not slow"

.PHONY: lint
lint: $(VENV)/.stamp-test ## Ansible content, documentation, changelog
	$(PY) tools/stage.py build/lint/$(STAGED)
	cd build/lint/$(STAGED) && $(LINT_ENV) ansible-lint --offline --strict
	cd build/lint/$(STAGED) && $(LINT_ENV) antsibull-docs lint-collection-docs --plugin-docs .
	cd build/lint/$(STAGED) && $(LINT_ENV) antsibull-changelog lint

.PHONY: sanity
sanity: $(VENV)/.stamp-test ## ansible-test sanity, without an ignore file
	$(PY) tools/stage.py build/sanity/$(STAGED)
	$(PY) tools/sanity.py build/sanity/$(STAGED) build/sanity-home

.PHONY: slow
slow: $(VENV)/.stamp-test $(LINK) ## The unit tests that take long
	$(PY) -m pytest -m slow

.PHONY: integration
integration: $(VENV)/.stamp-test $(LINK) ## Playbooks and modules as a user runs them
	$(PY) -m pytest tests/integration

.PHONY: test
test: check slow lint sanity integration demo ## Everything above

.PHONY: bench
bench: $(VENV)/.stamp-test $(LINK) ## Measure: one line a figure
	@status=0; for file in tests/benchmarks/bench_*.py; do \
		if [ ! -e "$$file" ]; then echo "make bench: there is no tests/benchmarks/bench_*.py" >&2; exit 1; fi; \
		$(PY) "$$file" || status=1; \
	done; exit $$status

.PHONY: clean
clean: ## Remove what was built; the virtual environment stays
	rm -rf build

.PHONY: distclean
distclean: clean ## Remove the virtual environment as well
	rm -rf $(VENV)

# A relative link, so that it still holds when the checkout is moved.
$(LINK):
	@mkdir -p $(@D)
	@ln -sfn ../../../.. $@

# sys._base_executable: when the caller's shell has this very environment active, it must not be rebuilt from itself.
$(VENV)/.stamp-venv:
	@for python in $(PYTHON) python3.11 python3.12 python3.13 python3; do \
		base=$$("$$python" -c 'import sys; sys.version_info >= (3, 11) or sys.exit(1); print(sys._base_executable)' 2>/dev/null) || continue; \
		echo "Making $(VENV) with $$base"; \
		PYTHONPATH= PYTHONPYCACHEPREFIX= "$$base" -m venv --clear $(VENV) \
			|| { echo "Python could not make a virtual environment; on Debian and Ubuntu install the package python3-venv." >&2; exit 1; }; \
		touch $@; exit 0; \
	done; \
	echo "This needs Python 3.11 or later, and found none: install it, or name it with 'make PYTHON=/path/to/python3.11 ...'." >&2; exit 1

$(VENV)/.stamp-run: requirements/run.txt $(VENV)/.stamp-venv
	@$(PIP) install --quiet -r requirements/run.txt
	@touch $@

$(VENV)/.stamp-test: requirements/test.txt requirements/go.txt $(VENV)/.stamp-run
	@$(PIP) install --quiet -r requirements/test.txt
	@command -v go >/dev/null || $(PIP) install --quiet -r requirements/go.txt
	@touch $@
