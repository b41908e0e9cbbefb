# Two commands do all the set-up: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
STAMP := $(VENV)/.installed

N ?= 100000
SEED ?= 1
JOBS ?= 1
MINUTES ?= 60

.PHONY: demo test lint format site fuzz soak benchmarks changelog release-check lowest clean

demo: $(STAMP)
	$(VENV)/bin/mkmodelfile demo

test: $(STAMP)
	$(VENV)/bin/python -m pytest $(PYTEST_ARGS)

lint: $(STAMP)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

# The documentation as a site, in site/
site: $(STAMP)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[docs]"
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --strict

format: $(STAMP)
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

# Generated inputs of every kind that comes from strangers: GGUF files against ggml's own reader, replies,
# Modelfiles, Go templates and prompts against Ollama's packages, chat templates against the compiler's claims,
# package files against libyaml; odd servers and foreign text through every command; tokenizers, images and lock
# files. What shows a fault is kept in fuzz-found/. make fuzz N=1000000 SEED=7, at one
# release of Ollama alone: make fuzz N=100000 VERSION=0.9.6
fuzz: $(STAMP)
	$(VENV)/bin/python -m tests.gguf_file.fuzz $(N) $(SEED)
	$(VENV)/bin/python -m tests.package.fuzz $(N) $(SEED)
	$(VENV)/bin/python -m tests.ollama.fuzz $(N) $(SEED)
	$(VENV)/bin/python -m tests.ollama.parsers.fuzz $(N) $(SEED)
	$(VENV)/bin/python -m tests.gotemplate.fuzz $(N) $(SEED) $(if $(VERSION),--version $(VERSION)) --jobs $(JOBS)
	MKMODELFILE_FUZZ=$(N) MKMODELFILE_SEED=$(SEED) $(VENV)/bin/python -m pytest -m oracle tests/ollama \
		$(if $(VERSION),-k $(VERSION))
	$(VENV)/bin/python -m tests.compiler.fuzz $$(($(N) / 250 + 1)) $(SEED)
	$(VENV)/bin/python -m tests.prover.fuzz $$(($(N) / 50 + 1)) $(SEED)
	$(VENV)/bin/python -m tests.cli.fuzz_http $$(($(N) / 200 + 1)) $(SEED)
	$(VENV)/bin/python -m tests.cli.fuzz_terminal $$(($(N) / 50 + 1)) $(SEED)
	$(VENV)/bin/python -m tests.reference_tokenizer.fuzz $$(($(N) / 500 + 1)) $(SEED)
	$(VENV)/bin/python -m tests.vision.fuzz $$(($(N) / 50 + 1)) $(SEED)
	$(VENV)/bin/python -m tests.package.fuzz_lock $$(($(N) / 20 + 1)) $(SEED)

# All fuzzers in turn for MINUTES, with a new seed for each round; a million replies each, read by the parsers and
# by the tags (some 10 minutes each); every pair, layout and odd file that the tests know, and what a real server
# makes of them; the hooks and the action installed as strangers get them; copies that share blocks on a btrfs and an XFS of their own (needs root, btrfs-progs and xfsprogs)
soak: $(STAMP)
	$(VENV)/bin/python -m tools.soak --minutes $(MINUTES) --seed $(SEED)
	$(VENV)/bin/python -m tests.ollama.parsers.fuzz 1000000 $(SEED)
	MKMODELFILE_NO_SKIPS=1 MKMODELFILE_SOAK=1 $(VENV)/bin/python -m pytest --durations=10 tests/zoo \
		tests/gguf_file tests/integration tests/reference_tokenizer tests/vision tests/fit \
		tests/docs/test_renderer_pairs.py tests/compiler/test_hostile.py tests/ci
	$(VENV)/bin/python -m tools.container $$(mktemp -d)
	MKMODELFILE_MOUNT=1 $(VENV)/bin/python -m pytest -rPs tests/gguf_file/test_tensor_copy.py -k shares

# Every benchmark that can run here, into benchmarks/README.md: make benchmarks, or make benchmarks NAMES="lint header"
benchmarks: $(STAMP)
	$(VENV)/bin/python -m benchmarks $(NAMES)

$(STAMP): pyproject.toml
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[align,dev]"
	touch $@

# The fragments of changes/ become a section of CHANGELOG.md: make changelog VERSION=0.2.0
changelog: $(STAMP)
	$(if $(VERSION),,$(error make changelog VERSION=X.Y.Z))
	$(VENV)/bin/towncrier build --yes --version $(VERSION)

# Wheel and sdist, built, installed and tried on Python 3.10 to 3.13
release-check: $(STAMP)
	$(VENV)/bin/python -m tools.release_check

# Quick tests with the lowest versions that pyproject.toml claims, on the oldest Python, and with the newest on the newest
lowest: $(STAMP)
	$(VENV)/bin/python -m tools.release_check --lowest

clean:
	rm -rf $(VENV) build dist site .pytest_cache .mypy_cache .ruff_cache .hypothesis
