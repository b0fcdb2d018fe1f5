# Two commands do all the set-up: `make book` builds the pages, `make test` checks everything.
# Both make .venv first if there is none, and install what pyproject.toml lists into it.

VENV := .venv
BIN := $(VENV)/bin
HTML := _build/html
PORT ?= 8000
NB ?= book/*.ipynb book/exercises/*.ipynb
TEST_EXTRAS := book,lab,test,grading

export PIP_DISABLE_PIP_VERSION_CHECK := 1
.DEFAULT_GOAL := help
.PHONY: help book serve lab notebooks assignment grade shots lint test clean

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## /\1|/p' Makefile | awk -F'|' '{ printf "make %-10s %s\n", $$1, $$2 }'

book: $(VENV)/installed-book ## build the pages (a first time takes about two minutes, then seconds)
	@$(BIN)/jupyter-book build . -W --keep-going -q >/dev/null
	@echo "The book lies in $(HTML)."
	@echo "To read it, open $(HTML)/index.html in a browser, or run: make serve"

serve: book ## build the pages and serve them on localhost
	@echo "http://localhost:$(PORT) (stop with Ctrl+C)"
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory $(HTML) $(PORT)

lab: $(VENV)/installed-lab ## open the notebooks in JupyterLab
	@$(BIN)/jupyter lab book

notebooks: $(VENV)/installed-lab ## run the notebooks and store their outputs (one: NB=book/01_….ipynb)
	@$(BIN)/python book/_ext/store_notebooks.py $(NB)

assignment: $(VENV)/installed-grading ## what students get of an exercise notebook, for nbgrader (NB=book/exercises/05_….ipynb)
	@$(BIN)/python book/exercises/assignment.py $(filter book/exercises/%,$(wildcard $(NB)))

grade: $(VENV)/installed-grading ## grade a class: NB=book/exercises/05_….ipynb INBOX=folder (see book/instructors.md)
	@$(BIN)/python book/exercises/course.py "$(NB)" "$(INBOX)"

shots: book $(VENV)/installed-test ## photograph every page (wide, phone, dark) into build/shots
	@$(BIN)/python tests/screenshots.py $(HTML) build/shots

lint: $(VENV)/installed-test ## ruff and mypy only
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

test: lint ## everything: lint, unit tests, doctests, notebooks, the built pages in a real browser
	@$(BIN)/python tests/browser.py
	@# As many workers as cores, so one thread each: what trains with two waits for the other worker's.
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile --nbval tests segedu book

clean: ## delete what was built (.venv stays)
	rm -rf _build build .pytest_cache .mypy_cache .ruff_cache .hypothesis

# A stamp for each set of packages: pip runs again only when pyproject.toml has changed.
$(VENV)/installed-book: EXTRAS := book
$(VENV)/installed-lab: EXTRAS := lab
$(VENV)/installed-grading: EXTRAS := grading
$(VENV)/installed-test: EXTRAS := $(TEST_EXTRAS)
$(VENV)/installed-%: pyproject.toml | $(BIN)/python
	@echo "Installing segedu[$(EXTRAS)] into $(VENV)"
	@$(BIN)/python -m pip install -q -e '.[$(EXTRAS)]'
	@touch $@

# The first Python that is new enough and can make virtual environments; name another with PYTHON=…
$(BIN)/python:
	@for python in $(PYTHON) python3 python3.13 python3.12 python3.11 python; do \
	  if $$python -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "Making $(VENV) with $$($$python --version)"; \
	    $$python -m venv $(VENV) || { rm -rf $(VENV); exit 1; }; exit 0; \
	  fi; \
	done; \
	echo "segedu needs Python 3.11 or newer with its venv module, and none was found on the PATH." >&2; \
	echo "Install one (Debian: apt install python3-venv; macOS: brew install python@3.13) or name it:" >&2; \
	echo "make PYTHON=/path/to/python3.13 book" >&2; \
	exit 1
