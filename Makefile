# `make demo` runs a virtual site, `make test` proves the house; both set up what they need.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check check-slow bench train-env clean

.venv/ready: requirements-dev.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@$(BIN)/python -c "import cv2" 2>/dev/null || { test "$$(id -u)" = 0 && apt-get update -qq && apt-get install -y -qq libgl1 libglib2.0-0; } \
		|| { echo "OpenCV needs the system libraries libGL and glib: install libgl1 and libglib2.0-0" >&2; exit 1; }
	touch $@

demo: .venv/ready
	$(BIN)/gatewarden demo

test: .venv/ready check
	$(BIN)/python -m tests.servers
	$(BIN)/python -m pytest -m "not slow" --ignore tests/benchmarks

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

bench: .venv/ready
	$(BIN)/python -m pytest tests/benchmarks

clean:
	rm -rf .venv build
