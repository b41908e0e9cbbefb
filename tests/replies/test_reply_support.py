"""What Ollama makes of the model's replies: our prediction, what is told, and Ollama's own packages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.compiler import Compiled, compile_template
from modelfile_kit.compiler.compile import translate
from modelfile_kit.core.diagnostics import Severity
from modelfile_kit.core.errors import KitError
from modelfile_kit.huggingface import Reference
from modelfile_kit.ollama.prompt import PromptTemplate
from modelfile_kit.ollama.selection import select
from modelfile_kit.replies.reading_back import NO_CALLS, Written, written_replies
from modelfile_kit.replies.reply_support import PARSER_MARKS, check_replies
from modelfile_kit.replies.turns import TOOLS, USER
from tests.replies import formats

FORMATS = {k: v for k, v in vars(formats).items() if k.isupper() and k[0] != "_"}
SIZES = range(1, 8)


def understood(source: str, *, eos: str = "<|im_end|>", target: str = "latest") -> Compiled:
    """A translation, its claims taken back where replies are not read."""
    found = translate(source, eos_token=eos, target=target)
    reference = Reference(source, eos_token=eos)
    claimed = {kind: "exact" if claim != "absent" else claim for kind, claim in found.coverage.items()}
    coverage, told = check_replies(reference, found.template, claimed, target)
    return Compiled(found.template, found.stop, coverage, told)


def codes(found: Compiled) -> set[str]:
    return {d.code for d in found.diagnostics}


@pytest.mark.parametrize(
    ("name", "told", "tools", "thinking"),
    [
        ("JSON_CALLS", set(), "exact", "exact"),
        ("MARKED_CALLS", set(), "exact", "exact"),
        ("OPENED", set(), "exact", "absent"),
        ("XML_CALLS", {"MK670"}, "partial", "exact"),
        ("ODD_JSON_CALLS", {"MK670"}, "partial", "absent"),
        # The second of two calls that stand side by side is lost.
        ("BARE_CALLS", {"MK670"}, "partial", "absent"),
        ("NO_CALLS", {"MK672"}, "exact", "absent"),
        ("SWITCHED", {"MK673"}, "absent", "exact"),
        ("CHANNELS", {"MK674"}, "exact", "exact"),
        ("OPEN_TURNS", set(), "exact", "absent"),
    ],
)
def test_what_is_told(name: str, told: set[str], tools: str, thinking: str) -> None:
    found = understood(FORMATS[name])
    assert codes(found) == told
    assert (found.coverage["tools"], found.coverage["thinking"]) == (tools, thinking)
    assert all(d.help and d.message for d in found.diagnostics)


def test_a_claim_is_taken_back_by_the_compiler_itself() -> None:
    found = compile_template(formats.XML_CALLS, eos_token="<|im_end|>")
    assert found.coverage["tools"] == "partial"
    lost = next(d for d in found.diagnostics if d.code == "MK670")
    assert lost.severity is Severity.WARNING
    assert "<arg name=" in lost.message


def test_thoughts_that_cannot_be_split() -> None:
    """The thought is told behind the answer, and Ollama looks for its tag at the start."""
    thought = "{% if m.reasoning_content %}<think>{{ m.reasoning_content }}</think>{% endif %}"
    source = (
        "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}"
        + thought
        + "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
    )
    found = understood(source)
    assert "MK671" in codes(found)
    assert found.coverage["thinking"] == "partial"


def test_a_chat_template_that_says_nothing_of_a_text() -> None:
    said = "{% for p in m.content if p.type == 'text' %}{{ p.text }}{% endfor %}"
    source = "{% for m in messages %}" + said + "{% endfor %}?"
    assert "MK677" in codes(understood(source))
    # one that looks at no contents is not meant to say them
    assert "MK677" not in codes(understood("{% for m in messages %}{{ m.role }}{% endfor %}"))


# -- which of the two is used ------------------------------------------------------------------------

MENTIONED = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}{# tools, tool_calls #}"


@pytest.mark.parametrize(
    "source",
    [
        *FORMATS.values(),
        MENTIONED,
        MENTIONED.replace("#}", "ipython #}"),
        MENTIONED + "{# <think></think> #}",
        MENTIONED + "{# content.split('</think>') message.role == 'tool' #}",
        "{{ tools }}{# assistant_tool_call tool_response #}" + formats.SWITCHED,
    ],
)
def test_the_template_wins_over_its_chat_template(source: str) -> None:
    found = understood(source)
    assert "MK201" not in codes(found)
    for target in ("0.30.0", "0.33.0"):
        assert select(template=found.template, jinja=source, target=target).source == "template"


def test_tools_that_are_only_mentioned_are_told() -> None:
    found = understood(MENTIONED)
    assert "MK676" in codes(found)
    assert found.coverage["tools"] == "absent"
    # Servers that know no Jinja refuse tools, which is better.
    old = understood(MENTIONED, target="0.24.0")
    assert ".Tools" not in old.template
    assert "MK676" not in codes(old)


def test_a_template_that_is_not_used_is_told() -> None:
    source = "{{ tools }}" + formats.NO_CALLS
    coverage = {"chat": "exact", "tools": "absent", "thinking": "absent", "images": "absent"}
    plain = "{{ range .Messages }}{{ .Content }}{{ end }}"
    _, told = check_replies(Reference(source), plain, coverage, "latest")
    unused = next(d for d in told if d.code == "MK201")
    assert "OLLAMA_GO_TEMPLATE=1" in unused.help
    _, told = check_replies(Reference(source), plain, coverage, "0.24.0")
    assert not told
    _, told = check_replies(Reference(source), plain, coverage, ">=0.24")
    assert [d.code for d in told] == ["MK201"]


# -- Ollama's own packages -----------------------------------------------------------------------------


def answers(judge: Any, source: str, template: str, eos: str) -> Iterator[tuple[Written, dict[str, Any]]]:
    """Each reply with what Ollama makes of it in pieces of each size; our prediction is held to that."""
    seen = PromptTemplate(template)
    tags = seen.thinking_tags
    known = (tags.opening, tags.closing) if "thinking" in seen.capabilities else None
    for written in written_replies(Reference(source, eos_token=eos), known):
        tools = list(TOOLS) if written.turn.tools and "tools" in seen.capabilities else None
        try:
            prompt = seen.render([USER], tools=tools, think=written.turn.think)
        except KitError:
            continue  # the finding about that is another
        for size in SIZES:
            pieces = list(written.pieces(size))
            request = {"prompt": prompt, "think": written.turn.think is not False, "tools": tools}
            answer = judge.reply(template, [*pieces, ""], **request)
            ours = seen.split_reply(pieces, prompt=prompt, think=written.turn.think, tools=tools)
            calls = [(c["function"]["name"], c["function"]["arguments"]) for c in answer["tool_calls"]]
            assert (ours.thinking, ours.content) == (answer["thinking"], answer["content"])
            assert [(c.name, c.arguments) for c in ours.tool_calls] == calls
            yield written, {"calls": calls, **answer}


def hold(judge: Any, source: str, found: Compiled, eos: str) -> tuple[bool, bool]:
    """What is not told comes out; answers whether calls and thoughts were seen to come out."""
    told, calls, thoughts = codes(found), [], []
    for written, answer in answers(judge, source, found.template, eos):
        if written.calls and not written.turn.content:
            calls.append(answer["calls"] == [(c.name, c.arguments) for c in written.calls])
        if written.thinking:
            thoughts.append(answer["thinking"].strip() == written.thinking)
    if "tools" in PromptTemplate(found.template).capabilities and found.coverage["tools"] != "absent":
        assert ("MK670" in told) == (not all(calls))
        assert ("MK672" in told) == (not calls)
        assert found.coverage["tools"] != "exact" or all(calls)
    if found.coverage["thinking"] != "absent":
        assert ("MK671" in told) == (not all(thoughts))
        assert found.coverage["thinking"] != "exact" or all(thoughts)
    return bool(calls) and all(calls), bool(thoughts) and all(thoughts)


@pytest.mark.oracle
@pytest.mark.parametrize("name", FORMATS)
def test_ollama_reads_what_is_claimed(oracle: Any, name: str) -> None:
    source = FORMATS[name]
    read = hold(oracle, source, understood(source), "<|im_end|>")
    if name in ("JSON_CALLS", "MARKED_CALLS"):
        assert read == (True, True)


@pytest.mark.oracle
def test_no_calls_is_a_tag_that_takes_nothing(oracle: Any) -> None:
    template = "{{ range .Messages }}{{ if .ToolCalls }}" + NO_CALLS + "{{ end }}{{ end }}{{ .Tools }}"
    text = '{"name": "tool_q7", "arguments": {}} and [{"tool": "tool_q7"}]\n'
    for size in (1, 3, 100):
        pieces = [text[i : i + size] for i in range(0, len(text), size)]
        answer = oracle.reply(template, pieces, tools=list(TOOLS))
        assert (answer["content"], answer["tool_calls"]) == (text, [])


@pytest.mark.slow
@pytest.mark.oracle
def test_ollama_reads_what_is_claimed_for_real_templates(oracle: Any, shared: Path) -> None:
    corpus = shared / "corpus"
    both = [0, 0]
    for entry in json.loads((corpus / "index.json").read_text()):
        source = (corpus / entry["file"]).read_text(encoding="utf-8")
        if not re.search("tool|think", source):
            continue
        found = understood(source, eos=entry["eos_token"] or "")
        read = hold(oracle, source, found, entry["eos_token"] or "")
        both = [n + r for n, r in zip(both, read, strict=True)]
        jinja = oracle.ask("prefers_jinja", template=found.template, jinja=source)
        assert not jinja["jinja"], entry["id"]
    assert both[0] >= 18
    assert both[1] >= 15


# Calls as the formats have them that Ollama's own parsers are for.
FOREIGN = {
    "qwen3-coder": "<tool_call>\n<function=tool_q7>\n<parameter=x>\nParis\n</parameter>\n</function>\n"
    "</tool_call>",
    "gemma4": '<|tool_call>call:tool_q7{x:<|"|>Paris<|"|>}<tool_call|>',
    "cohere": '<|START_ACTION|>[{"tool_call_id": "0", "tool_name": "tool_q7", "parameters": {"x": "Paris"}}]'
    "<|END_ACTION|>",
    "glimmer": ' to=tool_q7<|message|><atem:function_calls>\n<atem:invoke name="tool_q7">\n'
    '<atem:parameter name="x">Paris</atem:parameter>\n</atem:invoke>\n</atem:function_calls>',
    "harmony": '<|channel|>commentary to=functions.tool_q7 json<|message|>{"x": "Paris"}',
    "glm-ocr": "<tool_call>tool_q7\n<arg_key>x</arg_key>\n<arg_value>Paris</arg_value>\n</tool_call>",
    "glm-4.7": "</think><tool_call>tool_q7<arg_key>x</arg_key><arg_value>Paris</arg_value></tool_call>",
}


@pytest.mark.oracle
@pytest.mark.parametrize(("marks", "name"), PARSER_MARKS)
def test_the_parsers_that_are_recommended_read_such_calls(
    oracle: Any, marks: tuple[str, ...], name: str
) -> None:
    text = FOREIGN[name]
    assert all(mark in text for mark in marks)
    first = next(n for several, n in PARSER_MARKS if all(mark in text for mark in several))
    assert first == name
    for size in (1, 5, 1000):
        pieces = [text[i : i + size] for i in range(0, len(text), size)]
        thinks = text.startswith("</think>")
        answer = oracle.ask(
            "parser_reply",
            name=name,
            tools=list(TOOLS),
            think=thinks,
            chunks=pieces,
            last={"role": "user", "content": "x"},
        )
        calls = [(c["function"]["name"], c["function"]["arguments"]) for c in answer["tool_calls"]]
        assert calls == [("tool_q7", {"x": "Paris"})]
