# `make demo` and `make test` make what is missing first; see CONTRIBUTING.md.

python := .venv/bin/python
sources := src tests docs

# A virtual screen where there is none.
ifeq ($(shell uname -s)$(DISPLAY),Linux)
screen := xvfb-run -a -s "-screen 0 1600x1000x24"
endif

.PHONY: demo test lint types docs pictures bench fuzz clean system

demo: .venv/demo system
	.venv/bin/napari-ncut demo --out build/demo

# Each worker of the tests in a real window has a screen of its own.
test: .venv/develop system
	$(python) -m pytest -n 2 --ignore=tests/plugin --ignore=src/napari_ncut/plugin
	$(screen) $(python) -m pytest -n 2 --dist loadfile tests/plugin src/napari_ncut/plugin

lint: .venv/develop
	$(python) -m ruff check $(sources)
	$(python) -m ruff format --check $(sources)

types: .venv/develop
	$(python) -m mypy

docs: .venv/develop
	NO_MKDOCS_2_WARNING=1 $(python) -m mkdocs build --strict --site-dir build/site

pictures: .venv/develop system
	for script in docs/make_*pictures.py docs/make_*plots.py; do $(screen) $(python) $$script || exit 1; done

# make bench BENCH="--data FOLDER --page docs/benchmarks.md" makes the page of the docs again.
bench: .venv/develop system
	$(screen) $(python) tests/benchmarks/run.py $(BENCH)

fuzz: .venv/develop system
	NCUT_FUZZ_CASES=10000 $(python) -m pytest -n 2 --hypothesis-profile=fuzz --timeout=3600 --ignore=tests/plugin tests
	NCUT_FUZZ_SEEDS=20 NCUT_FUZZ_ACTIONS=1000 $(screen) $(python) -m pytest --timeout=3600 \
		tests/plugin/test_fuzz.py tests/plugin/test_fuzz_docks.py
	NCUT_FUZZ_SEEDS=10 $(screen) $(python) -m pytest --timeout=3600 tests/plugin/test_closing.py

clean:
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find src tests docs -name __pycache__ -type d -exec rm -rf {} +
	find src -name "*.so" -delete -o -name ".built.json*" -delete

system:
	@bash scripts/system_libraries

.venv/demo: pyproject.toml setup.py scripts/venv
	bash scripts/venv all
	@touch $@

.venv/develop: pyproject.toml setup.py scripts/venv
	bash scripts/venv all,test,docs,dev
	@touch .venv/demo $@
