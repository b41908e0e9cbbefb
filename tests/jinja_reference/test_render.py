"""Messages in Ollama's shape, rendered as Hugging Face would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.conversation import to_huggingface
from modelfile_kit.errors import TemplateReferenceError
from modelfile_kit.jinja_reference import ConversationRefusedError, Reference, render_reference

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
USER = [{"role": "user", "content": "hi"}]
SHOW = "{{ messages | tojson }}"


def seen(message: dict[str, Any]) -> dict[str, Any]:
    shown = json.loads(render_reference(SHOW, [{"role": "user", "content": ""} | message]))
    return shown[0]  # type: ignore[no-any-return]


def test_pictures_come_before_the_text() -> None:
    assert seen({"content": "look", "images": 2})["content"] == [
        {"type": "image"},
        {"type": "image"},
        {"type": "text", "text": "look"},
    ]


def test_reasoning_is_seen_under_both_names() -> None:
    shown = seen({"role": "assistant", "thinking": "why"})
    assert shown["reasoning_content"] == shown["thinking"] == "why"
    assert next(iter(shown)) == "thinking"


def test_absent_values_are_dropped() -> None:
    assert seen({"content": None, "tool_calls": None}) == {"role": "user"}


def test_tool_names_and_calls() -> None:
    call = {"id": "1", "function": {"name": "f", "arguments": {"b": 1, "a": 2}}}
    assert seen({"role": "assistant", "tool_calls": [call]})["tool_calls"] == [{"type": "function", **call}]
    assert seen({"role": "tool", "tool_name": "f"})["name"] == "f"


@pytest.mark.parametrize(
    ("think", "expected"), [(None, "-/-"), (True, "True/True"), (False, "False/False"), ("low", "low/low")]
)
def test_think_becomes_both_arguments(think: bool | str | None, expected: str) -> None:
    template = "{{ enable_thinking | default('-') }}/{{ thinking | default('-') }}"
    assert render_reference(template, USER, think=think) == expected


def test_tokens_may_be_undefined() -> None:
    template = "{{ bos_token is defined }}{{ bos_token }}{{ eos_token }}"
    assert render_reference(template, USER, bos_token="<s>", eos_token=None) == "True<s>"
    assert render_reference(template, USER, bos_token=None, eos_token="</s>") == "False</s>"


def test_tools_are_given_as_they_are() -> None:
    tool = {"type": "function", "function": {"name": "f", "strict": True}}
    assert json.loads(render_reference("{{ tools | tojson }}", USER, tools=[tool])) == [tool]
    assert render_reference("{{ tools is none }}", USER) == "True"
    assert render_reference("{{ tools is none }}{{ tools }}", USER, tools=[]) == "False[]"


def test_further_arguments_reach_the_template() -> None:
    template = "{{ documents[0].title }}{{ date_string }}{{ add_generation_prompt }}"
    got = render_reference(
        template, USER, documents=[{"title": "T"}], date_string="D", add_generation_prompt=False
    )
    assert got == "TDFalse"


def test_a_refusal_is_told_from_a_failure() -> None:
    with pytest.raises(ConversationRefusedError) as e:
        render_reference("a\n{{ raise_exception('Only users!') }}", USER)
    assert e.value.reason == "Only users!"
    assert e.value.span is not None
    assert e.value.span.line == 2
    with pytest.raises(TemplateReferenceError) as f:
        render_reference("{{ messages[0]['content'] + 1 }}", USER)
    assert not isinstance(f.value, ConversationRefusedError)
    assert "messages[0]['content'] + 1" in f.value.message


def test_a_refusal_inside_a_macro_names_the_line_of_the_call_inside() -> None:
    template = "{% macro m() %}\n{{ raise_exception('no') }}\n{% endmacro %}\n{{ m() }}"
    with pytest.raises(ConversationRefusedError) as e:
        render_reference(template, USER)
    assert e.value.span is not None
    assert e.value.span.line == 2


def test_an_empty_conversation_is_an_error() -> None:
    with pytest.raises(TemplateReferenceError, match="empty"):
        render_reference("x", [])


def test_one_reference_renders_many_times_without_memory() -> None:
    reference = Reference("{% set ns = namespace(n=0) %}{% set ns.n = ns.n + 1 %}{{ ns.n }}{{ bos_token }}")
    assert [reference.render(USER) for _ in range(3)] == ["1", "1", "1"]


def test_messages_are_not_changed() -> None:
    message = {"role": "user", "content": "hi", "images": 1, "thinking": "t", "tool_calls": None}
    before = dict(message)
    render_reference(SHOW, [message])
    assert message == before


# Rendered by transformers itself, for a second opinion on every template that is at hand.
THEIRS = """
import json, sys
from transformers.utils.chat_template_utils import render_jinja_template
answers = []
for source, arguments in json.load(sys.stdin):
    try:
        answer = render_jinja_template(chat_template=source, add_generation_prompt=True, **arguments)
        answers.append(answer[0][0])
    except Exception:
        answers.append(None)
json.dump(answers, sys.stdout)
"""
OWN = [
    "{% for m in messages %}{{ m.role }}:{{ m.content }}\n{% endfor %}",
    "{{ messages | tojson }}{{ tools | tojson(indent=4) }}{{ enable_thinking }}{{ documents }}",
    "{% for m in messages if m.role != 'system' %}"
    "{{ loop.index0 }}{{ m['content'] | trim | upper }}{% endfor %}",
    "{% macro f(x, y='d') %}[{{ x }}|{{ y }}|{{ varargs }}]{% endmacro %}"
    "{{ f(1) ~ f(2, 3, 4) }}{{ bos_token }}",
]


def _python_with_transformers() -> str | None:
    """This interpreter, or the one that the variable TRANSFORMERS_PYTHON names."""
    for python in (sys.executable, os.environ.get("TRANSFORMERS_PYTHON")):
        if (
            python
            and not subprocess.run([python, "-c", "import transformers"], capture_output=True).returncode
        ):
            return python
    return None


@pytest.mark.slow
def test_equal_to_transformers() -> None:
    python = _python_with_transformers()
    if python is None:
        pytest.skip("transformers is not installed")
    conversations, templates = _material()
    cases, ours = [], []
    for source, tokens in templates:
        for c in conversations:
            flags = {} if c["think"] is None else {"enable_thinking": c["think"], "thinking": c["think"]}
            chats = [to_huggingface(c["messages"])]
            cases.append((source, {"conversations": chats, "tools": c["tools"], **tokens, **flags}))
            ours.append(_rendered(source, tokens, c))
    run = subprocess.run(
        [python, "-c", THEIRS], input=json.dumps(cases), capture_output=True, text=True, check=True
    )
    theirs = json.loads(run.stdout)
    assert sum(t is not None for t in theirs) > len(theirs) / 2
    assert ours == theirs


def _rendered(source: str, tokens: dict[str, str], conversation: dict[str, Any]) -> str | None:
    all_tokens: dict[str, str | None] = {"bos_token": None, "eos_token": None, **tokens}
    try:
        return render_reference(
            source,
            conversation["messages"],
            tools=conversation["tools"],
            think=conversation["think"],
            **all_tokens,
        )
    except TemplateReferenceError:
        return None


def _material() -> tuple[list[dict[str, Any]], list[tuple[str, dict[str, str]]]]:
    messages = [{"role": "system", "content": " s\n"}, {"role": "user", "content": "<ü> '\"", "images": 1}]
    conversations = [{"messages": messages, "tools": None, "think": True}]
    templates: list[tuple[str, dict[str, str]]] = [(source, {"bos_token": "<s>"}) for source in OWN]
    if CORPUS.is_dir():
        conversations += json.loads((CORPUS / "conversations.json").read_text(encoding="utf-8"))
        for entry in json.loads((CORPUS / "index.json").read_text(encoding="utf-8")):
            tokens = {k: entry[k] for k in ("bos_token", "eos_token") if entry[k] is not None}
            templates.append(((CORPUS / entry["file"]).read_text(encoding="utf-8"), tokens))
    return conversations, templates
