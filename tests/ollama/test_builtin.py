"""Ollama's own renderers and parsers, by name; the oracle's cases need Go."""

from __future__ import annotations

import random

import pytest

from modelfile_kit import render_prompt
from modelfile_kit.core.errors import PromptError
from modelfile_kit.ollama.builtin import PARSERS, RENDERERS, harmony_names, parser_for
from modelfile_kit.ollama.versions import Target
from tests.oracle.oracle import VERSIONS

PLAIN = "{{ range .Messages }}{{ .Content }}{{ end }}"
NAMES = [
    "a b",
    "a-b",
    "a.b",
    "1x",
    "",
    "é!",
    "browser.open",
    "python",
    "!!",
    "a_b",
    "a_b_2",
    "²x",
    "٣",
    "$",
    "f",
]


def tool(name):
    return {"type": "function", "function": {"name": name}}


def test_harmony_names():
    # Given by Ollama 0.33.0.
    wanted = [
        "a_b",
        "a_b_2",
        "a_b_3",
        "_1x",
        "",
        "é",
        "browser.open",
        "python",
        "unnamed",
        "a_b_4",
        "a_b_2_2",
        "x",
    ]
    assert harmony_names(NAMES[:12]) == wanted


def test_a_parser_gives_capabilities():
    assert render_prompt(PLAIN, [{"role": "user", "content": "x"}], tools=[tool("f")], parser="qwen3") == "x"
    assert render_prompt(PLAIN, [{"role": "user", "content": "x"}], think=True, parser="cogito") == "x"
    with pytest.raises(PromptError):
        render_prompt(PLAIN, [{"role": "user", "content": "x"}], tools=[tool("f")], parser="unknown")
    with pytest.raises(PromptError):
        render_prompt(
            PLAIN, [{"role": "user", "content": "x"}], tools=[tool("f")], parser="qwen3", target="0.13.0"
        )


def test_harmony_by_architecture():
    template = "<|start|><|end|>{{ range .Messages }}{{ end }}"
    template += "{{ range .Tools }}{{ .Function.Name }} {{ end }}{{ .ThinkLevel }}"
    messages = [{"role": "user", "content": "x"}]
    shown = render_prompt(template, messages, tools=[tool("a b"), tool("a-b")], think="max", family="gptoss")
    assert shown == "<|start|><|end|>a_b a_b_2 high"
    assert "a b a-b" in render_prompt(template, messages, tools=[tool("a b"), tool("a-b")])


@pytest.mark.oracle
@pytest.mark.parametrize("version", VERSIONS[2:])
def test_known_names(oracle_for, version):
    judge, target = oracle_for(version), Target.parse(version)
    for name in (*PARSERS, "nothing"):
        answer = judge.ask("parser", name=name)
        parser = parser_for(name, target)
        assert (parser is not None) == answer["known"], name
        if parser:
            assert (parser.tools, parser.thinking) == (answer["tools"], answer["thinking"]), name
    for name in (*RENDERERS, "nothing"):
        known = name in RENDERERS and target.version >= RENDERERS[name]
        assert known == judge.ask("renderer", name=name)["known"], name


@pytest.mark.oracle
@pytest.mark.parametrize("version", VERSIONS[-2:])
def test_harmony_names_as_ollama_makes_them(oracle_for, version):
    source = random.Random(1)
    lists = [[source.choice(NAMES) for _ in range(source.randrange(1, 9))] for _ in range(500)]
    lists += [
        ["".join(source.choice("ab .-1²é_$!٣") for _ in range(source.randrange(5)))] * 2 for _ in range(500)
    ]
    answers = oracle_for(version).ask_all({"op": "harmony_names", "names": names} for names in lists)
    for names, answer in zip(lists, answers, strict=True):
        assert harmony_names(names) == answer["names"], names


UNFINISHED = "Fine. <tool_ca"


@pytest.mark.oracle
@pytest.mark.parametrize("version", ["0.33.0", "0.34.4"])
@pytest.mark.parametrize("name", ["qwen3-coder", "nemotron-3-nano", "nemotron-3.5-nano"])
def test_what_a_parser_still_holds_back_at_the_end(oracle_for, version, name):
    """A reply that ends in the middle of a tag: 0.33 swallowed what might have become one."""
    tools, chunks = [tool("f")], [*UNFINISHED]
    answer = oracle_for(version).ask("parser_reply", name=name, tools=tools, chunks=chunks, think=False)
    flushed = Target.parse(version).has("parser_flush")
    assert answer["content"] == (UNFINISHED if flushed else "Fine.")
