"""The answers that Ollama's own packages gave once (recorded/*.json), held without Go."""

from __future__ import annotations

import json

import pytest

from modelfile_kit.core.errors import GoTemplateError, ModelfileError, PromptError
from modelfile_kit.gotemplate.values.unicode_tables import is_print
from modelfile_kit.ollama.grammar import parse_modelfile
from modelfile_kit.ollama.parameters import options_of, parse_value
from modelfile_kit.ollama.prompt import PromptTemplate
from modelfile_kit.ollama.replies import split_reply
from modelfile_kit.ollama.selection import jinja_evidence, select, template_evidence
from modelfile_kit.ollama.versions import Target
from tests.ollama.test_modelfile_oracle import as_command, ours, theirs
from tests.ollama.test_prompt_oracle import as_sent
from tests.oracle.record import FOLDER, TOOLS, load, unbase64


def version(name):
    return json.loads((FOLDER / f"{name}.json").read_text())["ollama"]


def test_modelfiles():
    for data, answer in load("modelfiles"):
        wanted = theirs(answer)
        if answer["ok"]:
            wanted = [tuple(c) for c in wanted]
        assert ours(unbase64(data), version("modelfiles")) == wanted, unbase64(data)


def test_what_is_written_parses_back():
    for data, answer in load("modelfiles"):
        if not answer["ok"]:
            continue
        first = parse_modelfile(unbase64(data), dialect=False)
        again = parse_modelfile(str(first), dialect=False)
        assert [as_command(i) for i in again.instructions] == [as_command(i) for i in first.instructions]
        assert [c.text for c in again.comments] == [c.text for c in first.comments]
        assert str(again) == str(first)


def test_prompts():
    for template, request, system, answer in load("prompts"):
        case = (template, request, system, answer)
        try:
            prepared = PromptTemplate(template, target=version("prompts"), system=system, name="m")
            got = prepared.render(**request)
        except (PromptError, GoTemplateError) as e:
            assert not answer["ok"], (case, e)
            if "status" in answer:
                assert e.status == answer["status"], case
            continue
        assert answer["ok"], (case, got)
        assert got == as_sent(answer["prompt"]), case


def test_inference():
    for text, variables, tags in load("inference"):
        try:
            template = PromptTemplate(text, target=version("inference"))
        except GoTemplateError:
            assert variables is None, text
            continue
        assert sorted(template.variables) == variables, text
        thinking = template.thinking_tags
        assert [thinking.opening, thinking.closing, template.tool_tag.tag] == tags, text


def test_selection():
    for text, jinja, jinja_wins, jinja_capabilities, go_capabilities in load("selection"):
        template = PromptTemplate(text, target=version("selection"))
        assert list(jinja_evidence(jinja).capabilities) == jinja_capabilities, jinja
        assert list(template_evidence(template).capabilities) == go_capabilities, text
        chosen = select(template=template, jinja=jinja, target=version("selection"))
        assert (chosen.source == "jinja") == jinja_wins, (text, jinja)


def test_replies():
    for template, text, prompt, think, (thinking, content, calls) in load("replies"):
        t = PromptTemplate(template)
        reply = split_reply(
            text,
            opening=t.thinking_tags.opening,
            closing=t.thinking_tags.closing,
            tool_tag=t.tool_tag.tag,
            prompt=prompt,
            think=think,
            tools=TOOLS,
        )
        assert (reply.thinking, reply.content) == (thinking, content), (template, text)
        assert [[c.name, c.arguments] for c in reply.tool_calls] == calls, (template, text)


def test_parameters():
    options = options_of(Target.parse(version("parameters")))
    for name, value, answer in load("parameters"):
        kind = options.get(name)
        parsed = parse_value(kind, value) if kind else None
        if answer is None:
            assert parsed is None or parsed in (float("inf"), float("-inf")) or parsed != parsed, (
                name,
                value,
            )
        else:
            wanted = json.loads(answer)
            assert parsed == (wanted[0] if isinstance(wanted, list) else wanted), (name, value)


def test_printable_runes():
    refused = {point for first, last in load("printable") for point in range(first, last + 1)}
    for point in range(0x110000):
        if not 0xD800 <= point < 0xE000:
            assert is_print(chr(point)) == (point not in refused), hex(point)


def test_both_outcomes_are_recorded():
    """A table of refusals alone, or of none, would prove little."""
    outcomes = {
        "modelfiles": [answer["ok"] for _, answer in load("modelfiles")],
        "prompts": [answer["ok"] for *_, answer in load("prompts")],
        "inference": [variables is not None for _, variables, _ in load("inference")],
        "selection": [jinja for _, _, jinja, *_ in load("selection")],
        "replies": [bool(calls) for *_, (_, _, calls) in load("replies")],
        "parameters": [answer is not None for *_, answer in load("parameters")],
    }
    for name, seen in outcomes.items():
        assert 10 < sum(seen) < len(seen) - 10, name


def test_refusals_name_a_code():
    codes = set()
    for data, answer in load("modelfiles"):
        if not answer["ok"]:
            with pytest.raises(ModelfileError) as caught:
                parse_modelfile(unbase64(data), dialect=False)
            codes.add(caught.value.code)
            assert caught.value.help or caught.value.code == "MK103", data
    # MK136 and MK138: MK101 in a file of UTF-16, and in one of another kind
    assert codes == {"MK101", "MK102", "MK103", "MK104", "MK136", "MK138"}
