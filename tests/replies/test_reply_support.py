"""What Ollama makes of the model's replies: our prediction, what is told, and Ollama's own packages."""

from __future__ import annotations

from typing import Any

import pytest

from modelfile_kit.compiler import Compiled, compile_template
from modelfile_kit.compiler.compile import translate
from modelfile_kit.core.diagnostics import Severity
from modelfile_kit.huggingface import Reference, render
from modelfile_kit.ollama.selection import select
from modelfile_kit.replies.call_tag import NO_CALLS
from modelfile_kit.replies.reply_support import check_replies
from modelfile_kit.replies.turns import TOOLS
from tests.replies import formats

FORMATS = {k: v for k, v in vars(formats).items() if k.isupper() and k[0] != "_"}
SIZES = range(1, 8)


def understood(source: str, *, eos: str = "<|im_end|>", target: str = "latest") -> Compiled:
    """A translation, its claims taken back where replies are not read."""
    found = translate(source, eos_token=eos, target=target)
    reference = Reference(source, eos_token=eos)
    claimed = {kind: "exact" if claim != "absent" else claim for kind, claim in found.coverage.items()}
    support = check_replies(reference, found.template, claimed, target, parser="none", eos_token=eos)
    return Compiled(found.template, found.stop, claimed, list(support.diagnostics), None, support.replies)


def codes(found: Compiled) -> set[str]:
    return {d.code for d in found.diagnostics}


@pytest.mark.parametrize(
    ("name", "told", "tools", "thinking"),
    [
        ("JSON_CALLS", {"MK670"}, "partial", "exact"),  # text and call in one piece
        ("MARKED_CALLS", {"MK670"}, "partial", "exact"),
        ("OPENED", set(), "exact", "absent"),
        ("XML_CALLS", {"MK670"}, "unread", "exact"),
        ("ODD_JSON_CALLS", {"MK670"}, "unread", "absent"),
        # The second of two calls that stand side by side is lost.
        ("BARE_CALLS", {"MK670"}, "partial", "absent"),
        ("NO_CALLS", {"MK672"}, "absent", "absent"),
        ("SWITCHED", {"MK673"}, "absent", "absent"),
        ("CHANNELS", {"MK670", "MK674"}, "partial", "exact"),
        ("OPEN_TURNS", {"MK670"}, "partial", "absent"),
    ],
)
def test_what_is_told(name: str, told: set[str], tools: str, thinking: str) -> None:
    found = understood(FORMATS[name])
    assert (codes(found), found.replies["tools"], found.replies["thinking"]) == (told, tools, thinking)
    assert all(d.help and d.message for d in found.diagnostics)


def test_claims_of_prompts_are_not_those_of_replies() -> None:
    found = compile_template(formats.XML_CALLS, eos_token="<|im_end|>")
    assert found.replies["tools"] == "unread"
    assert found.parser is None
    lost = next(d for d in found.diagnostics if d.code == "MK670")
    assert lost.severity is Severity.WARNING
    assert "<arg name=" in lost.message


def test_a_reply_is_shown_from_a_tag_on_not_from_within_a_word() -> None:
    wordy = formats.XML_CALLS.replace("<arg name=", "<an-argument-of-this-call name=")
    found = compile_template(wordy, eos_token="<|im_end|>")
    lost = next(d for d in found.diagnostics if d.code == "MK670")
    shown = lost.message.partition("the model writes '")[2]
    assert shown.startswith("…<")


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
    assert found.replies["thinking"] == "unread"


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
    told = check_replies(Reference(source), plain, coverage, "latest").diagnostics
    unused = next(d for d in told if d.code == "MK201")
    assert "OLLAMA_GO_TEMPLATE=1" in unused.help
    told = check_replies(Reference(source), plain, coverage, "0.24.0").diagnostics
    assert not told
    told = check_replies(Reference(source), plain, coverage, ">=0.24").diagnostics
    assert [d.code for d in told] == ["MK201"]


# -- Ollama's own packages -----------------------------------------------------------------------------


@pytest.mark.oracle
def test_no_calls_is_a_tag_that_takes_nothing(oracle: Any) -> None:
    template = "{{ range .Messages }}{{ if .ToolCalls }}" + NO_CALLS + "{{ end }}{{ end }}{{ .Tools }}"
    text = '{"name": "tool_q7", "arguments": {}} and [{"tool": "tool_q7"}]\n'
    for size in (1, 3, 100):
        pieces = [text[i : i + size] for i in range(0, len(text), size)]
        answer = oracle.reply(template, pieces, tools=list(TOOLS))
        assert (answer["content"], answer["tool_calls"]) == (text, [])


def test_nothing_is_said_of_replies_that_a_limit_hides(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither that there are none, nor that they are misread, nor which PARSER is better."""
    found = translate(formats.JSON_CALLS, eos_token="<|im_end|>")
    reference = Reference("{# asked for here alone #}" + formats.JSON_CALLS, eos_token="<|im_end|>")
    monkeypatch.setattr(render, "LOOK_STEPS", 20)
    support = check_replies(reference, found.template, found.coverage, "latest", eos_token="<|im_end|>")
    (told,) = support.diagnostics
    assert (told.code, told.severity) == ("MK655", Severity.WARNING)
    assert "more than 20 steps" in told.message
    assert support.replies == {"answer": "partial", "thinking": "partial", "tools": "partial"}
    assert support.parser == ""
