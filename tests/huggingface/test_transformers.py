"""The reference against transformers itself: a tokenizer's own `apply_chat_template`, texts and errors."""

# ruff: noqa: E501 - rows of a table
from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.core.conversation import to_huggingface
from modelfile_kit.core.errors import TemplateReferenceError
from modelfile_kit.huggingface import ConversationRefusedError, render_reference
from modelfile_kit.micro import CHAT_TEMPLATE

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
FAMILIES = Path(__file__).parents[2] / "templates"
SECONDS = 120

# Runs where transformers is: a tokenizer without words, whose chat template is the one in question.
THEIRS = """
import functools, json, sys
from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast
@functools.cache
def tokenizer_with(*tokens):
    return PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.BPE()), **dict(tokens))
answers = []
for source, tokens, chat, arguments in json.load(sys.stdin):
    tokenizer = tokenizer_with(*tokens.items())
    tokenizer.chat_template = source
    try:
        answers.append([tokenizer.apply_chat_template(chat, tokenize=False, **arguments), None])
    except Exception as e:
        answers.append([None, [type(e).__name__, str(e)]])
json.dump(answers, sys.stdout)
"""

TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": 'What the <sky> "does" & will do: ü, 中',
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string", "enum": ["Aachen", "Brüssel"]},
                "days": {"type": "integer"},
            },
            "required": ["city"],
        },
    },
}
CALL = {
    "id": "c1",
    "function": {"name": "weather", "arguments": {"days": 2, "city": "Aachen", "exact": True}},
}
CHATS: list[dict[str, Any]] = [
    {"messages": [{"role": "user", "content": " <ü> '\"\n"}]},
    {"messages": [{"role": "system", "content": ""}, {"role": "user", "content": "{{ x }}{% if %}"}]},
    {
        "messages": [
            {"role": "user", "content": "look", "images": 2},
            {"role": "assistant", "content": "I see"},
        ]
    },
    {
        "messages": [
            {"role": "user", "content": "Rain?"},
            {"role": "assistant", "content": "", "thinking": "ask\n", "tool_calls": [CALL]},
            {"role": "tool", "tool_name": "weather", "tool_call_id": "c1", "content": '{"rain": 0.5}'},
        ],
        "tools": [TOOL],
    },
    {"messages": [{"role": "user", "content": "2+2?"}], "think": True},
    {"messages": [{"role": "user", "content": "2+2?"}], "think": False},
    {
        "messages": [{"role": "assistant", "content": "first"}],
        "think": "high",
        "add_generation_prompt": False,
    },
]
# One feature of the dialect a row.
OWN = [
    "{% for m in messages %}{{ m.role }}:{{ m.content }}\n{% endfor %}",
    "{{ messages | tojson }}{{ tools | tojson(indent=4) }}{{ enable_thinking }}{{ documents }}",
    "{% for m in messages if m.role != 'system' %}{{ loop.index0 }}{{ m['content'] | trim | upper }}{% endfor %}",
    "{% macro f(x, y='d') %}[{{ x }}|{{ y }}|{{ varargs }}]{% endmacro %}{{ f(1) ~ f(2, 3, 4) }}{{ bos_token }}",
    "{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + m | length %}{% endfor %}{{ ns.n }}",
    "{% for m in messages %}{% if m.role == 'user' %}{% continue %}{% endif %}{{ m.role }}{% break %}{% endfor %}",
    "{% generation %}\n  {{ messages[-1].content }}\n{% endgeneration %}.",
    "  {% if messages %}\n  x\n  {% endif %}\n{#- gone -#}\n y",
    "{{ messages[0].content.split('\n') }}{{ messages[0].content[::-1] }}{{ messages | map(attribute='role') | list }}",
    "{{ messages | selectattr('role', 'equalto', 'user') | list | length }}{{ add_generation_prompt }}",
    "{{ {'b': [1.0, none, true], 'a': '<&>'} | tojson(sort_keys=true, separators=(',', ':')) }}",
    "{{ tools is none }}{{ tools is defined }}{{ eos_token is defined }}{{ missing }}{{ missing is defined }}",
    "{% for a, b in {'x': 1, 'y': 2}.items() %}{{ loop.first }}{{ a }}{{ b }}{{ loop.nextitem }}{% endfor %}",
    "{{ '%s-%03d' | format('a', 5) }}{{ '{:>4}'.format(7) }}{{ [3, 1, 2] | sort | join(',') }}{{ 7 // 2 }}{{ -7 % 3 }}",
    "{{ strftime_now('%Y') | length }}{{ messages[0].content is string }}{{ messages[0].images is defined }}",
    "{% for m in messages %}{% for p in m.content if p is mapping %}{{ p.type }}{{ p.text }}{% endfor %}{% endfor %}",
    "{% for m in messages %}{% for c in m.tool_calls %}{{ c.id }}{{ c.type }}{{ c.function }}{% endfor %}{% endfor %}",
    "{{ messages[1].reasoning_content }}{{ messages[-1].name }}{{ messages[-1].tool_call_id }}",
    # refusals
    "{% if messages[0].role != 'user' %}{{ raise_exception('Only ' ~ 'users, <please>!') }}{% endif %}ok",
    "{% for m in messages %}{% if m.content is not string %}{{ raise_exception('no pictures') }}{% endif %}{% endfor %}",
    "{{ messages[0].content + 1 }}",
    "{{ messages[9].role }}",
    "{{ nothing.at.all }}",
    "{{ messages | unknown_filter }}",
    "{% for tool in tools %}{{ tool.function.name }}{% endfor %}",
    "{{ messages.append(1) }}",
    "{{ ''.__class__.__mro__ }}",
]

Case = tuple[str, dict[str, str], list[dict[str, Any]], dict[str, Any]]
Answer = tuple[str | None, tuple[str, str] | None]


@cache
def python_with_transformers() -> str | None:
    """This interpreter, or the one that the variable TRANSFORMERS_PYTHON names."""
    for python in (sys.executable, os.environ.get("TRANSFORMERS_PYTHON")):
        if (
            python
            and not subprocess.run([python, "-c", "import transformers"], capture_output=True).returncode
        ):
            return python
    return None


def theirs(cases: list[Case]) -> list[Answer]:
    """What transformers answers: a text, or the error's type and message."""
    python = python_with_transformers()
    if python is None:
        pytest.skip("transformers is not installed (the extra `judges`)")
    run = subprocess.run(
        [python, "-c", THEIRS],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        check=True,
        timeout=SECONDS,
    )
    return [(text, tuple(error) if error else None) for text, error in json.loads(run.stdout)]


def ours(source: str, tokens: dict[str, str], chat: dict[str, Any]) -> Answer:
    """The same from `render_reference`; a refusal's text, or the message that ends with the error."""
    given: dict[str, Any] = {"bos_token": None, "eos_token": None, **tokens}
    options = {k: v for k, v in chat.items() if k in ("tools", "think", "add_generation_prompt")}
    try:
        return render_reference(source, chat["messages"], **options, **given), None
    except ConversationRefusedError as e:
        return None, ("TemplateError", e.reason)
    except TemplateReferenceError as e:
        return None, ("", e.message)


def case(source: str, tokens: dict[str, str], chat: dict[str, Any]) -> Case:
    """The question for transformers; Ollama's `think` is its two flags, and a level its reasoning_effort."""
    arguments = {"tools": chat.get("tools"), "add_generation_prompt": chat.get("add_generation_prompt", True)}
    if (think := chat.get("think")) is not None:
        arguments |= {"enable_thinking": think, "thinking": think}
    if isinstance(think, str):
        arguments["reasoning_effort"] = think
    return source, tokens, to_huggingface(chat["messages"]), arguments


def same(mine: Answer, other: Answer) -> bool:
    """The same text, the same refusal, or the same error: ours tells the line before it."""
    if mine == other:
        return True
    if mine[1] is None or other[1] is None or mine[1][0]:
        return False
    kind, message = other[1]
    return kind == "SecurityError" or mine[1][1].endswith(f"{kind}: {message}") or message in mine[1][1]


def compare(sources: list[tuple[str, dict[str, str]]], chats: list[dict[str, Any]]) -> list[Answer]:
    """Compares every template on every chat and answers what transformers said."""
    asked = [(source, tokens, chat) for source, tokens in sources for chat in chats]
    answers = theirs([case(*a) for a in asked])
    wrong = [(a, ours(*a), b) for a, b in zip(asked, answers, strict=True) if not same(ours(*a), b)]
    assert not wrong, wrong[:3]
    return answers


def test_the_dialect() -> None:
    answers = compare([(source, {"bos_token": "<s>"}) for source in OWN], CHATS)
    refused = [error for _, error in answers if error]
    assert {kind for kind, _ in refused} >= {"TemplateError", "TypeError", "UndefinedError", "SecurityError"}
    assert ("TemplateError", "Only users, <please>!") in refused
    assert sum(text is not None for text, _ in answers) > len(OWN) * len(CHATS) / 2


def test_the_families_and_the_micro_model() -> None:
    sources = [path.read_text(encoding="utf-8") for path in sorted(FAMILIES.glob("*/chat_template.jinja"))]
    tokens = {"bos_token": "<s>", "eos_token": "<|endoftext|>"}
    answers = compare([(source, tokens) for source in [*sources, CHAT_TEMPLATE]], CHATS)
    assert all(text for text, _ in answers)


@pytest.mark.slow
def test_the_corpus() -> None:
    if not CORPUS.is_dir():
        pytest.skip("there is no ../shared/corpus")
    entries = json.loads((CORPUS / "index.json").read_text(encoding="utf-8"))
    sources = []
    for entry in entries:
        tokens = {k: entry[k] for k in ("bos_token", "eos_token") if entry[k] is not None}
        sources.append(((CORPUS / entry["file"]).read_text(encoding="utf-8"), tokens))
    chats = json.loads((CORPUS / "conversations.json").read_text(encoding="utf-8"))
    answers = compare(sources, [*chats, CHATS[2], CHATS[3]])
    assert sum(text is not None for text, _ in answers) > len(answers) * 0.8
    assert any(error for _, error in answers)
