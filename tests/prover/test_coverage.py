"""Which branches a rendering takes, and that watching changes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modelfile_kit.core.errors import TemplateReferenceError
from modelfile_kit.huggingface import render_reference
from modelfile_kit.prover.coverage import WatchedReference

USER = [{"role": "user", "content": "hi"}]
TEMPLATE = """{% for m in messages %}
{% if m.role == 'user' and not loop.last or m.name %}A{% elif m.content %}B{% else %}C{% endif %}
{% for c in m.content if c != 'h' %}{{ c }}{% else %}-{% endfor %}
{{ 'x' if loop.first else 'y' }}{{ m.name or 'none' }}
{% endfor %}"""


def watched(template: str) -> WatchedReference:
    return WatchedReference(template, bos_token="<s>", eos_token=None)


def test_sites_are_taken_apart_at_and_or_not() -> None:
    texts = {(s.kind, s.text) for s in watched(TEMPLATE).sites}
    assert texts == {
        ("loop", "messages"),
        ("condition", "m.role == 'user'"),
        ("condition", "loop.last"),
        ("condition", "m.name"),
        ("condition", "m.content"),
        ("loop", "m.content"),
        ("condition", "c != 'h'"),
        ("condition", "loop.first"),
    }
    assert {s.line for s in watched(TEMPLATE).sites} == {1, 2, 3, 4}


def test_hits() -> None:
    reference = watched("{% for m in messages %}{% if m.content %}x{% endif %}{% endfor %}")
    loop, condition = reference.sites
    reference.render(USER)
    assert reference.hits == {(loop.number, 1), (condition.number, True)}
    reference.render([*USER, {"role": "user", "content": ""}])
    assert reference.hits == {(loop.number, 2), (condition.number, True), (condition.number, False)}


def test_what_short_circuits_is_not_hit() -> None:
    reference = watched("{% if messages or tools %}{% endif %}")
    reference.render(USER)
    assert reference.hits == {(0, True)}


def test_branches_before_an_error_count() -> None:
    reference = watched("{% if messages %}{{ raise_exception('no') }}{% endif %}")
    with pytest.raises(TemplateReferenceError):
        reference.render(USER)
    assert reference.hits == {(0, True)}


def test_missing() -> None:
    reference = watched("{% for m in messages %}{% if m.content %}x{% endif %}{% endfor %}")
    reference.render([*USER, *USER])
    missing = [(s.text, outcome) for s, outcome in reference.missing(reference.hits)]
    assert missing == [("messages", 0), ("m.content", False)]


def test_constants_are_watched_too() -> None:
    reference = watched("{% if true %}x{% endif %}")
    assert reference.render(USER) == "x"
    assert reference.hits == {(0, True)}


@pytest.mark.parametrize(
    "template",
    [
        TEMPLATE,
        "{% for x in messages | map(attribute='role') %}{{ loop.length }}{{ x }}{% endfor %}",
        "{% macro f(a) %}{{ a if a else 'no' }}{% endmacro %}{{ f(1) }}{{ f('') }}",
        "{% for c in 'abc' recursive %}{{ c }}{% endfor %}{{ (missing or 'd') is string }}",
        "{% for x in missing %}{% else %}none{% endfor %}{% set y = messages and 'z' %}{{ y }}",
    ],
)
def test_watching_changes_no_text(template: str) -> None:
    messages = [*USER, {"role": "assistant", "content": ""}]
    assert watched(template).render(messages) == render_reference(
        template, messages, bos_token="<s>", eos_token=None
    )


def test_watching_changes_no_text_of_real_templates(shared: Path) -> None:
    conversations = json.loads((shared / "corpus/conversations.json").read_text(encoding="utf-8"))
    for entry in json.loads((shared / "corpus/index.json").read_text(encoding="utf-8")):
        source = (shared / "corpus" / entry["file"]).read_text(encoding="utf-8")
        tokens = {"bos_token": entry["bos_token"], "eos_token": entry["eos_token"]}
        reference = WatchedReference(source, **tokens)
        for c in conversations:
            known = {"tools": c["tools"], "think": c["think"]}
            try:
                expected = render_reference(source, c["messages"], **tokens, **known)
            except TemplateReferenceError:
                continue
            assert reference.render(c["messages"], **known) == expected


def test_reasoning_without_aliases() -> None:
    reference = watched("{{ messages[0].thinking | default('-') }}{{ messages[0].reasoning_content }}")
    told = [{"role": "assistant", "content": "", "thinking": "r"}]
    assert reference.render(told) == "rr"
    assert reference.render_without_aliases(told) == "-r"
    assert reference.render(told) == "rr"
