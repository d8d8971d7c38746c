# make demo: everything on a synthetic corpus.  make test: the quick tests.  Both make .venv themselves.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
DEMO ?= demo
export HF_HUB_OFFLINE ?= 1
# Small networks are as fast on one thread, and far faster than on two where other work shares the cores.
export OMP_NUM_THREADS ?= 1
TESTS := -m pytest -q --numprocesses=auto --maxprocesses=4 --dist=worksteal

.PHONY: demo test test-all check format clean

demo: $(INSTALLED)
	$(BIN)/emojudge demo --out $(DEMO)

test: $(INSTALLED)
	$(BIN)/python $(TESTS) -m "not slow and not browser and not gpu"

test-all: $(INSTALLED)
	$(BIN)/python $(TESTS) -m "not gpu"

check: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv $(DEMO) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(INSTALLED): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,corpus,augmentation,judge,lora,notebooks]'
	touch $@
