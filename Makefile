# Every target first makes sure that .venv is what requirements.lock says; see scripts/environment.sh.
PYTHON_HERE := .venv/bin/python
NOTEBOOKS ?= $(wildcard notebooks/*.ipynb)

.PHONY: help environment lab fresh unit test notebooks card peers lint lock bench

help:
	@sed -n 's/^\([a-z]*\):.*## /make \1	/p' Makefile

environment:
	@sh scripts/environment.sh

lab: environment  ## open JupyterLab on your own copy of the notebooks (the first time sets everything up)
	@sh scripts/lab.sh

fresh: environment  ## set one of your notebooks back, and keep what you have beside it: make fresh NOTEBOOK=02
	@$(PYTHON_HERE) scripts/own_copy.py --fresh "$(NOTEBOOK)"

# XLA compiles on many threads, and glibc keeps memory for each: one arena for all saves a kernel 70 MB.
export MALLOC_ARENA_MAX = 1

# CI=true silences the progress bar of training, so that what notebooks print is always the same.
unit test notebooks card peers bench: export CI = true
unit test notebooks card peers bench: export JAX_PLATFORMS = cpu

# Several workers share the cores, so XLA needs no threads of its own: one for each is a sixth faster for all together.
unit test: export NPROC = 1

# What XLA has compiled is kept, for the notebooks' second run (nbval's and the browser's) and for the next time.
unit test: export JAX_COMPILATION_CACHE_DIR = $(CURDIR)/.venv/jax_cache
unit test: export JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS = 0
unit test: export JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES = -1
# An entry that another process is writing just then cannot be read; JAX says so and compiles. That is as it should be.
unit test: export PYTHONWARNINGS = ignore:Error reading persistent compilation cache entry

READ_NOTEBOOKS = $(filter-out %/test_store_notebooks.py,$(wildcard tests/notebooks/test_*.py))
unit: environment  ## the tests that need no notebook and no browser, and which lines of the package they reach
	@$(PYTHON_HERE) -m pytest -rfEs -n 2 --dist loadscope --doctest-modules --cov --cov-report=term \
		$(addprefix --ignore=,tests/browser $(READ_NOTEBOOKS)) tests vae_course

test: environment  ## unit tests, every notebook run and compared, and the browser tests if there is a Chromium
	@$(PYTHON_HERE) -m pytest -rfEs -n 3 --dist loadscope --doctest-modules \
		--nbval --nbval-current-env --nbval-cell-timeout=300 --nbval-sanitize-with tests/notebooks/sanitize.cfg \
		tests vae_course notebooks

notebooks: environment  ## run and store all notebooks, or one: NOTEBOOKS=notebooks/01_autoencoder.ipynb
	@$(PYTHON_HERE) scripts/store_notebooks.py $(NOTEBOOKS)

card: environment  ## train and measure the report card of 06 again, which takes minutes, and write it into the README
	@$(PYTHON_HERE) scripts/card.py

# Whatever else is to see PyTorch and Flax (a benchmark, your own trial) takes the same PYTHONPATH.
peers: environment  ## run docs/your-framework.md in JAX, PyTorch and Flax; the first time fetches the last two, apart
	@sh scripts/peers.sh
	@REQUIRE_PEERS=1 PYTHONPATH=.venv/peers $(PYTHON_HERE) -m pytest -rfEs tests/test_your_framework.py

lint: environment  ## check code and notebooks: mistakes, format, imports, types; the front end if there is node
	@$(PYTHON_HERE) -m ruff check .
	@$(PYTHON_HERE) -m ruff format --check .
	@.venv/bin/lint-imports --no-logo
	@$(PYTHON_HERE) -m mypy
	@sh scripts/frontend.sh

lock: environment  ## choose new versions for pyproject.toml: requirements.lock and environment.yml
	@command -v uv >/dev/null || { echo "make lock needs uv: pipx install uv, or https://docs.astral.sh/uv"; exit 1; }
	@uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes --no-strip-extras pyproject.toml \
		-o requirements.lock --custom-compile-command "make lock"
	@$(PYTHON_HERE) scripts/environment_yml.py

bench: environment  ## measure: time and memory of the notebooks, speed of training
	@for script in benchmarks/*.py; do echo "$$script"; $(PYTHON_HERE) "$$script" || exit 1; done
