"""The tests mirror the package: tests/<room>/test_<module>.py tests modelfile_kit/<room>/<module>.py."""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "modelfile_kit"
# Folders with tests of something else than one room.
BESIDE = {
    "editors": "the extensions under editors/",
    "ci": "where the kit runs elsewhere: hooks, the action, the container, other services",
    "docs": "the pages under docs/, the README and the examples in docstrings",
    "integration": "several rooms together, with a real Ollama or llama.cpp",
    "zoo": "inspect, init, build and lint on the layouts in which people keep models",
    "oracle": "the judges themselves: Ollama's own packages",
}
# Tests of no single module, each with what it tests instead.
WITHOUT_MODULE = {
    "building/test_limits.py": "compile and build: a limit of the kit's own, wherever it strikes",
    "building/test_replies.py": "what build and lint say of replies that Ollama does not read",
    "cli/test_bad_input.py": "bad input to every command",
    "cli/test_brief.py": "every command: how much is said of a success, and reports in files",
    "cli/test_fuzz.py": "every command: odd servers and generated foreign text",
    "cli/test_help.py": "the help of every command",
    "cli/test_packages.py": "init, inspect, build, check and test, one after the other on one package",
    "cli/test_secrets.py": "every command: no password of an address is printed",
    "cli/test_start.py": "what quick commands may import",
    "cli/test_templates.py": "compile and render: what goes to stdout and what to stderr",
    "cli/test_terminal.py": "every command on a terminal: colour, bars, width",
    "cli/test_tokenizer_option.py": "check, test and inspect with the original model's tokenizer",
    "cli/test_wrong_kinds.py": "every command with a file of another kind than it takes",
    "compiler/test_corpus.py": "the whole compiler on real templates",
    "compiler/test_fixtures.py": "what the whole compiler makes of small chat templates",
    "compiler/test_hostile.py": "the whole compiler on hostile chat templates",
    "compiler/test_mutations.py": "the whole compiler on changed templates",
    "compiler/test_random_templates.py": "the whole compiler on generated templates",
    "diff/test_zoo.py": "the whole room, on the layouts in which people keep models",
    "gguf_file/test_against_ggml.py": "reading headers, compared with ggml's own reader on mutated files",
    "gguf_file/test_any_header.py": "every question that can be asked about a header, on generated ones",
    "gotemplate/test_fuzz.py": "the whole engine on generated templates",
    "gotemplate/test_recorded.py": "the whole engine, compared with recorded answers of Go",
    "huggingface/test_transformers.py": "the whole room, compared with transformers",
    "lint/test_good_modelfiles.py": "all rules: no false alarm",
    "ollama/test_inference_oracle.py": "detection and replies, compared with Ollama's packages",
    "ollama/test_modelfile_oracle.py": "the grammar, compared with Ollama's packages",
    "ollama/test_parameters_oracle.py": "parameters, compared with Ollama's packages",
    "ollama/parsers/test_against_ollama.py": "all parsers, compared with Ollama's packages",
    "ollama/renderers/test_against_ollama.py": "all renderers, compared with Ollama's packages",
    "ollama/parsers/test_recorded.py": "all parsers, compared with recorded answers of Ollama's packages",
    "ollama/renderers/test_recorded.py": "all renderers, compared with recorded answers of Ollama's packages",
    "ollama/test_prompt_oracle.py": "prompts, compared with Ollama's packages",
    "ollama/test_recorded.py": "the whole room, compared with recorded answers of Ollama's packages",
    "ollama/test_replies_oracle.py": "replies read by tags, compared with Ollama's packages",
    "ollama/test_server.py": "the whole room, compared with a real server",
    "ollama/test_writing.py": "writing Modelfiles: the grammar and the text of a TEMPLATE",
    "package/test_fuzz.py": "reading package files, on generated ones",
    "play/test_page.py": "the page of play in a browser",
    "report/test_page.py": "the HTML page in a browser",
    "report/test_reports.py": "all formats on one report",
    "runtime/test_harvested_errors.py": "the known error texts, held against those that programs have",
    "runtime/test_labelled_errors.py": "the same, held against labels that a second reader wrote",
}


def mirrored() -> list[str]:
    """The tests that have to have a module: all in the rooms."""
    found = (path.relative_to(TESTS) for path in TESTS.rglob("test_*.py"))
    return sorted(p.as_posix() for p in found if len(p.parts) > 1 and p.parts[0] not in BESIDE)


def has_module(test: str) -> bool:
    """Whether there is such a module, or such a folder of modules."""
    path = PACKAGE / test
    path = path.with_name(path.name.removeprefix("test_"))
    return path.is_file() or path.with_suffix("").is_dir()


@pytest.mark.parametrize("test", mirrored())
def test_the_module_exists(test: str) -> None:
    if test not in WITHOUT_MODULE:
        assert has_module(test), "name the test after its module, or list it here with the reason"


def test_the_exceptions_are_needed() -> None:
    assert set(WITHOUT_MODULE) - set(mirrored()) == set()
    assert [test for test in WITHOUT_MODULE if has_module(test)] == []
    assert [folder for folder in BESIDE if not (TESTS / folder).is_dir()] == []
