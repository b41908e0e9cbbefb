"""Each construct is followed to the Go that it became, or the reason why nothing is left is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.compiler import compile_template
from modelfile_kit.compiler.explain.explain import NO_IMAGES, explain_template

CORPUS = Path(__file__).parents[4] / "shared" / "corpus"
CHATML = """{% for m in messages %}<|im_start|>{{ m.role }}
{{ m.content }}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""
# Tools, calls and thinking, with what is only chosen at compile time around them.
TOOLS = """{%- if tools %}<tools>{% for tool in tools %}
{{ tool | tojson }}{% endfor %}</tools>{% endif %}
{%- for m in messages %}
{%- if m.role == 'assistant' %}
{%- set thought = m.reasoning_content if m.reasoning_content is string else '' %}
{%- if thought %}<think>{{ thought | trim }}</think>{% endif %}
{{- m.content }}
{%- for call in m.tool_calls or [] %}
<call>{{ call.function.name }} {{ call.function.arguments | tojson }}</call>
{%- endfor %}
{%- else %}<{{ m.role }}>{{ m.content | trim }}{% endif %}
{%- endfor %}<assistant>"""


def explained(source: Any) -> Any:
    """What became of each construct, by its source."""
    return {row.construct.source: row for row in explain_template(source).constructs}


def test_the_parts_of_a_plain_template() -> None:
    rows = explained(
        "{%- for m in messages %}<{{ m.role }}>{{ m.content }}{%- endfor %}"
        "{% if add_generation_prompt %}<assistant>{% endif %}"
    )
    assert rows["{{ m.role }}"].go == ("{{ .Role }}",)
    assert rows["{{ m.content }}"].go == ("{{ .Content }}",)
    assert rows["{%- for m in messages %}"].go[0].strip("{}- ") == "range .Messages"
    assert rows["{% if add_generation_prompt %}"].go == ()
    assert rows["{% if add_generation_prompt %}"].why == (
        "always true, only its body remains: `add_generation_prompt` is True"
    )
    assert rows["<assistant>"].go == ("<assistant>",)


@pytest.mark.parametrize(
    ("source", "tag", "why"),
    [
        (
            "{% if documents %}D{% endif %}{{ messages[0].content }}",
            "{% if documents %}",
            "never true: `documents` is none",
        ),
        (
            "{% if documents %}D{% endif %}{{ messages[0].content }}",
            "D",
            "never reached: the if on line 1 is never true",
        ),
        (
            "{% if custom is defined %}A{% else %}B{% endif %}",
            "{% if custom is defined %}",
            "never true: `custom` is never defined in Ollama's requests",
        ),
        (
            "{% for m in messages %}{% if m.role is string %}{{ m.content }}{% endif %}{% endfor %}",
            "{% if m.role is string %}",
            "always true, only its body remains: `m.role` is always a string",
        ),
        (
            "{% set x = 'a' %}{{ x }}{{ messages[0].content }}",
            "{% set x = 'a' %}",
            "x is a constant: 'a' is inserted where it is used",
        ),
        (
            "{% macro f(x) %}[{{ x }}]{% endmacro %}{{ messages[0].content }}",
            "{{ x }}",
            "never reached: f is never called",
        ),
        (
            "{% for x in ['a', 'b'] %}{{ x }}{% endfor %}{{ messages[0].content }}",
            "{% for x in ['a', 'b'] %}",
            "unrolled: its iterations are known at compile time",
        ),
        (
            "{% for m in messages | batch(2) %}{{ m.content }}{% endfor %}",
            "{{ m.content }}",
            "not compiled: the loop on line 1 is not supported",
        ),
        (
            "{{ messages[0].role }}{{ messages[0].content | wordwrap(9) }}",
            "{{ messages[0].role }}",
            "dropped: the request ends with an error on line 1",
        ),
        (
            "{% for x in documents or [] %}{{ x }}{% endfor %}{{ messages[0].content }}",
            "{{ x }}",
            "never reached: the loop on line 1 never iterates",
        ),
        (
            "{{ messages[0].content }}{{ raise_exception('no') }}{{ tools }}",
            "{{ tools }}",
            "never reached: rendering always stops before it",
        ),
        (
            "{{ documents_text }}{{ messages[0].content }}",
            "{{ documents_text }}",
            "always empty: `documents_text` is never defined in Ollama's requests",
        ),
        (
            "{% for m in messages %}{% generation %}{{ m.content }}{% endgeneration %}{% endfor %}",
            "{% generation %}",
            "marks the text of the assistant for training; the content is printed as it is",
        ),
    ],
)
def test_why_nothing_is_left(source: Any, tag: Any, why: Any) -> None:
    row = explained(source)[tag]
    assert (row.go, row.why) == ((), why)


def test_a_macro_is_seen_where_it_is_called() -> None:
    rows = explained(
        "{% macro f(x) %}[{{ x }}]{% endmacro %}\n{% for m in messages %}{{ f(m.role) }}{% endfor %}"
    )
    assert rows["{{ f(m.role) }}"].go == ("[{{ .Role }}]",)
    assert rows["{{ x }}"].why == "part of the output for line 2"
    assert rows["{% macro f(x) %}"].why == "a macro: f is expanded where it is called"


def test_what_is_not_supported_stands_at_its_construct() -> None:
    source = "{% for m in messages %}\n{{ m.content | wordwrap(9) }}\n{% endfor %}"
    row = explained(source)["{{ m.content | wordwrap(9) }}"]
    assert [(d.code, d.span.line) for d in row.findings] == [("MK610", 2), ("MK659", 2)]


@pytest.mark.parametrize("source", [CHATML, TOOLS])
def test_it_is_the_same_compilation(source: Any) -> None:
    explanation = explain_template(source, eos_token="<|im_end|>")
    compiled = compile_template(source, eos_token="<|im_end|>")
    assert explanation.compiled == compiled
    for row in explanation.constructs:
        assert bool(row.go) != bool(row.why), row
        # every part stands in the TEMPLATE as it is shown
        assert [part for part in row.go if part not in compiled.template] == []


def test_a_construct_written_out_twice_is_shown_once() -> None:
    rows = explained(
        "{% for x in ['a', 'b'] %}{% if tools %}T{% endif %}{{ x }}{% endfor %}{{ messages[0].content }}"
    )
    assert (len(rows["T"].go), rows["T"].times) == (1, 2)


@pytest.mark.parametrize(
    ("part", "assumed"),
    [("<image>", ()), ("", (NO_IMAGES,))],
)
def test_reasons_that_rest_on_texts_alone_say_so(part: Any, assumed: Any) -> None:
    source = (
        "{% for m in messages %}{% if m.content is string %}{{ m.content }}{% else %}{% for p in m.content %}"
        "{% if p.type == 'image' %}"
        + part
        + "{% else %}{{ p.text }}{% endif %}{% endfor %}{% endif %}{% endfor %}"
    )
    assert explain_template(source).assumed == assumed


def test_what_was_added_for_the_server_and_the_helpers() -> None:
    explanation = explain_template(TOOLS, eos_token="<|im_end|>")
    assert "tojson" in explanation.helpers
    for text, why in explanation.added:
        assert text.startswith("{{ if false }}")
        assert why.startswith("never runs")


@pytest.mark.skipif(not CORPUS.is_dir(), reason="there is no ../shared/corpus here")
def test_templates_of_the_corpus(monkeypatch: pytest.MonkeyPatch) -> None:
    from modelfile_kit.compiler.explain import explain

    # proving is slow and another test's subject
    monkeypatch.setattr(explain, "prove_translation", lambda found, *args, **kwargs: found)
    entries = json.loads((CORPUS / "index.json").read_text())
    for entry in entries[::4]:
        source = (CORPUS / entry["file"]).read_text()
        explanation = explain_template(
            source, bos_token=entry.get("bos_token") or "", eos_token=entry.get("eos_token") or ""
        )
        unsaid = [r.construct for r in explanation.constructs if not r.go and not r.why]
        assert unsaid == [], entry["id"]
