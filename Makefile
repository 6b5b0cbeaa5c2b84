# One door for everything: `make` prints what there is.
# Each verb sets up .venv by itself, once; it does so again only when pyproject.toml or
# constraints.txt changed. An interrupted set-up leaves no stamp, so the next call finishes it.

PYTHON   ?= python3#    the Python that .venv is made from, 3.10 or newer
PIP_ARGS ?=#            handed to pip, e.g. PIP_ARGS="--extra-index-url URL" for another build of torch
ARGS     ?=#            handed to the command: make demo ARGS="--quick", make test ARGS="-k then"
JOBS     ?= auto#       how many processes run the tests; 0 runs them in one

VENV := .venv
BIN  := $(VENV)/bin
# Most of what is installed is never imported: what is, Python compiles then, once.
PIP   = $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile \
	-c constraints.txt $(PIP_ARGS)
# -c pins what is installed, --build-constraint what builds it
SETUP = $(PIP) --build-constraint constraints.txt --editable

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo picture test test-peers test-ray test-trainers check bench evidence docs format clean

help: ## print this
	@echo "usage: make VERB [PYTHON=python3] [PIP_ARGS=...] [ARGS=...]"
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.ready-demo ## train on real digits, draw every schedule, write passo-demo/ (ARGS="--quick": 25 s)
	@$(BIN)/passo demo $(ARGS)

picture: $(VENV)/.ready-demo ## the picture of README and its numbers, from a whole demo
	@$(BIN)/passo demo && cp passo-demo/sensitivity.png docs/sensitivity.png && \
	cp passo-demo/results.json docs/sensitivity.json

# check runs beside the tests, so that no core waits for mypy; what it says stands at the end.
test: $(VENV)/.ready-test ## what CI runs first: style, types, arrows, tests, doctests, README and docs fences
	@begin=$$(date +%s); \
	$(MAKE) --no-print-directory --jobs=2 $(VENV)/.checked $(VENV)/.tested; status=$$?; \
	cat $(VENV)/check.txt; \
	[ $$status -eq 0 ] && echo "== make test: green in $$(( $$(date +%s) - begin )) s"

# Nothing makes these two files, so that both run each time.
$(VENV)/.checked:
	@$(MAKE) --no-print-directory check > $(VENV)/check.txt 2>&1

$(VENV)/.tested:
	@echo "== pytest, and make check beside it"
	@$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(ARGS)

test-peers: $(VENV)/.ready-peers ## what CI runs last: passo.like beside the libraries that it writes
	@PASSO_PEERS=1 $(BIN)/python -m pytest -n $(JOBS) --dist worksteal tests/peers $(ARGS)

test-trainers: $(VENV)/.ready-trainers ## what CI runs second: passo.integrations with the real trainers and loggers
	@PASSO_TRAINERS=1 $(BIN)/python -m pytest -n $(JOBS) --dist worksteal tests/integrations \
		src/passo/integrations docs/trainers.md $(ARGS)

test-ray: $(VENV)/.ready-ray ## what CI runs third: comparisons and searches on Ray, whose processes are killed
	@PASSO_RAY=1 $(BIN)/python -m pytest tests/sweep/test_ray.py $(ARGS)

check: $(VENV)/.ready-test ## style (ruff), types (mypy strict, pyright), arrows (import-linter)
	@echo "== ruff check"    && $(BIN)/ruff check --quiet .
	@echo "== ruff format"   && $(BIN)/ruff format --quiet --check . || \
		{ echo "make format does it"; exit 1; }
	@echo "== mypy"          && $(BIN)/mypy --no-error-summary
	@echo "== pyright"       && $(BIN)/pyright --pythonpath $(BIN)/python > $(VENV)/pyright.txt || \
		{ cat $(VENV)/pyright.txt; exit 1; }
	@echo "== import-linter" && $(BIN)/lint-imports --no-cache > $(VENV)/arrows.txt || \
		{ cat $(VENV)/arrows.txt; exit 1; }

bench: $(VENV)/.ready-bench ## time what has a budget: python -m bench.run
	@$(BIN)/python -m bench.run $(ARGS)

evidence: $(VENV)/.ready-evidence ## run what is missing of each claim's experiment, and write its page (90 minutes at most)
	@$(BIN)/python -m evidence $(ARGS)

docs: $(VENV)/.ready-docs ## build the pages into site/
	@$(BIN)/mkdocs build --strict --quiet $(ARGS) && echo "site/index.html"

format: $(VENV)/.ready-test ## let ruff format, and fix what it can fix
	@$(BIN)/ruff check --quiet --fix-only . ; $(BIN)/ruff format .

clean: ## remove .venv, caches and what the verbs wrote
	rm -rf $(VENV) site passo-demo build dist .benchmarks .hypothesis .mypy_cache .pytest_cache \
		.ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ---------------------------------------------------------------- setting up, by stamps

$(VENV)/.ready-pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || { \
		echo "passo needs Python 3.10 or newer, and $(PYTHON) is: $$($(PYTHON) --version 2>&1)"; \
		echo "write  make PYTHON=python3.12 ...  with one that you have, or install one"; \
		echo "(Debian, Ubuntu: sudo apt install python3 python3-venv)"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments: its venv module is not installed"; \
		echo "(Debian, Ubuntu: sudo apt install python3-venv)"; exit 1; }
	@echo "== $(VENV): made once, from $$($(PYTHON) --version 2>&1)"
	@$(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip --version > /dev/null 2>&1 || \
		$(PYTHON) -m venv --clear $(VENV)
	@$(PIP) --upgrade "pip>=25.1"
	@touch $@

$(VENV)/.ready-demo: $(VENV)/.ready-pip pyproject.toml constraints.txt
	@echo "== $(VENV): what the demo needs (torch and drawing; a minute or more, once)"
	@$(SETUP) ".[demo]"
	@touch $@

$(VENV)/.ready-test: $(VENV)/.ready-pip pyproject.toml constraints.txt
	@echo "== $(VENV): what the tests need (torch, jax, tools; a minute or more, once)"
	@$(SETUP) ".[demo,sweep]" --group test --group lint
	@$(PIP) --no-deps --group evidence
	@touch $(VENV)/.ready-demo $@

# What imports torchvision or a whole trainer does not import here: those files are read alone.
$(VENV)/.ready-peers: $(VENV)/.ready-test
	@echo "== $(VENV): the libraries that passo.like writes"
	@$(PIP) --group peers
	@$(PIP) --no-deps --group peers-alone
	@$(PIP) --no-deps --upgrade --target $(VENV)/aside --group peers-aside
	@touch $@

$(VENV)/.ready-trainers: $(VENV)/.ready-test
	@echo "== $(VENV): the trainers, and the loggers that passo.log writes to"
	@$(PIP) --group trainers
	@$(PIP) --no-deps --group trainers-alone
	@touch $@

$(VENV)/.ready-ray: $(VENV)/.ready-test
	@echo "== $(VENV): Ray"
	@$(SETUP) ".[sweep]" --group ray
	@touch $@

$(VENV)/.ready-bench: $(VENV)/.ready-test
	@echo "== $(VENV): what the benches need"
	@$(PIP) --group bench
	@touch $@

# Only a file of images is read from it: what it asks for stays away.
$(VENV)/.ready-evidence: $(VENV)/.ready-demo
	@echo "== $(VENV): the images that the evidence trains on"
	@$(PIP) --no-deps --group evidence
	@touch $@

$(VENV)/.ready-docs: $(VENV)/.ready-pip pyproject.toml constraints.txt
	@echo "== $(VENV): what the pages need"
	@$(SETUP) "." --group docs
	@touch $@
