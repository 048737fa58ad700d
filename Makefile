# `make demo` runs a virtual site, `make test` proves the house; both set up what they need.
PYTHON ?= python3
BIN := .venv/bin
PART ?= .

.PHONY: demo test check check-slow train-env clean

.venv/ready: requirements-dev.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@

demo: .venv/ready
	$(BIN)/gatewarden demo

test: .venv/ready check
	$(BIN)/python -m tests.servers
	$(BIN)/python -m pytest -m "not slow"

check: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

check-slow: .venv/ready
	$(BIN)/python -m tests.servers
	$(BIN)/python -m pytest -m slow --timeout 3600

train-env: .venv/ready
	$(BIN)/python -m pip install --quiet "torch==2.13.0" "torchvision==0.28.0"
	$(BIN)/python -m pip install --quiet -e ".[train]"

clean:
	rm -rf .venv build
