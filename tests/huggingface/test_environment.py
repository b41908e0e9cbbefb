"""The dialect: what transformers' own environment does, from its source and jinja2's documentation."""

from __future__ import annotations

from collections import UserDict, UserString
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import jinja2
import pytest
from jinja2 import nodes
from jinja2.optimizer import Optimizer
from jinja2.sandbox import ImmutableSandboxedEnvironment

from modelfile_kit.core.errors import TemplateReferenceError
from modelfile_kit.huggingface import render_reference
from modelfile_kit.huggingface.environment import environment, plain
from tests.hostile_templates import ALL

TEMPLATES = sorted((Path(__file__).parents[2] / "templates").rglob("*.jinja"))

USER = [{"role": "user", "content": "hi"}]


def render(template: str, **kwargs: object) -> str:
    return render_reference(template, USER, **kwargs)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        # trim_blocks: the newline after a block goes; lstrip_blocks: blanks before a block go.
        ("  {% if true %}\n a\n  {% endif %}\nb", " a\nb"),
        ("a {{ 1 }}\n", "a 1"),
        ("{% generation %}\nx{{ 1 }}{% endgeneration %}|", "x1|"),
        ("{% for i in range(9) %}{% if i == 2 %}{% continue %}{% endif %}{{ i }}"
         "{% if i == 4 %}{% break %}{% endif %}{% endfor %}", "0134"),
        ("{{ {'b': '<ü&\\u2028>', 'a': [1.0, none, true]} | tojson }}",
         '{"b": "<ü&\u2028>", "a": [1.0, null, true]}'),
        ("{{ {'b': 1, 'a': 2} | tojson(sort_keys=true, separators=(',', ':')) }}", '{"a":2,"b":1}'),
        ("{{ {'b': [1]} | tojson(indent=2) }}", '{\n  "b": [\n    1\n  ]\n}'),
        ("{{ 'ü' | tojson(ensure_ascii=true) }}", '"\\u00fc"'),
        ("{{ dict(a=1).a }}{{ dict.fromkeys(['k'], 2).k }}", "12"),
        ("{% set ns = namespace(n=1) %}{% for i in [1, 2] %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}",
         "4"),
        ("{{ '%s-%d' | format('a', 3) }}{{ '{:>3}'.format(7) }}{{ '%03d' % 5 }}", "a-3  7005"),
        ("{{ [3, 1, 2] | sort | join(',') }}{{ ['a'] * 2 }}{{ 'ab'[::-1] }}", "1,2,3['a', 'a']ba"),
        ("{{ range(3) | map('string') | join('+') }}", "0+1+2"),
        ("{% for k, v in {'a': 1}.items() %}{{ k ~ v }}{% else %}x{% endfor %}", "a1"),
        ("{{ documents is none }}{{ tools is none }}{{ eos_token is defined }}", "TrueTrueTrue"),
        ("{{ missing }}{{ missing is defined }}", "False"),
        ("{% for c in 'abcd' if c != 'b' %}{{ loop.index }}{{ c }}{{ loop.last }} {% endfor %}",
         "1aFalse 2cFalse 3dTrue "),
    ],
)  # fmt: skip
def test_dialect(template: str, expected: str) -> None:
    assert render(template) == expected


def test_the_clock_is_a_parameter() -> None:
    now = datetime(2024, 7, 26, 9, 5)
    assert render("{{ strftime_now('%d %b %Y %H:%M') }}", now=now) == "26 Jul 2024 09:05"
    assert render("{{ strftime_now('%Y') }}", now=lambda: now) == "2024"


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ messages.append(1) }}",
        "{{ messages[0].update(a=1) }}",
        "{{ cycler.__init__.__globals__ }}{{ cycler.__init__.__globals__.os }}",
        "{{ '{0.__class__.__mro__}'.format('') }}",
        "{% set ns = namespace(_x=1) %}",
        "{% set ns = namespace() %}{% set ns._x = 1 %}",
        "{% include 'file' %}",
        "{{ 1 / 0 }}",
        "{{ missing.attribute }}",
        "{{ 'a' + 1 }}",
        "{{ x | nofilter }}",
    ],
)
def test_what_hugging_face_refuses_is_an_error_with_its_line(template: str) -> None:
    with pytest.raises(TemplateReferenceError) as e:
        render("\n\n" + template)
    assert e.value.span is not None
    assert e.value.span.line == 3


def test_a_syntax_error_names_line_and_source() -> None:
    with pytest.raises(TemplateReferenceError, match=r"does not parse.*for in x") as e:
        render("a\n{% for in x %}")
    assert e.value.span is not None
    assert e.value.span.line == 2


def test_values_become_plain_json() -> None:
    class Rich:
        def write(self) -> str:
            return "danger"

    class Level(str):
        __slots__ = ()

    got = plain({"a": (1, UserDict(b=Level("x"))), "c": Rich(), "d": UserString("u"), "e": 1.5, "f": None})
    assert got == {"a": (1, {"b": "x"}), "c": "<Rich>", "d": "<UserString>", "e": 1.5, "f": None}
    assert type(got["a"][1]["b"]) is str


@pytest.mark.parametrize("name", ["role", "items", "none", "nothing", "__class__", "update", "keys", "pop"])
def test_a_dictionary_s_names_are_what_jinja2_s_sandbox_finds(name: str) -> None:
    """Its methods before its keys, and what the sandbox refuses."""
    mapping = {"role": "user", "items": 1, "none": None, "__class__": 2}
    template = f"{{{{ d.{name} is defined }}}} {{{{ d.{name} is callable }}}} {{{{ d.{name} is none }}}}"
    usual = ImmutableSandboxedEnvironment().from_string(template).render(d=mapping)
    assert render(template, d=mapping) == usual


def test_a_name_that_a_dictionary_lacks_is_told() -> None:
    with pytest.raises(TemplateReferenceError, match="has no attribute 'other'"):
        render("{{ d.other.more }}", d={"role": "user"})


SOURCES = [*(p.read_text(encoding="utf-8") for p in TEMPLATES), *list(ALL.values())[::5]]


def test_constants_are_folded_into_the_code_that_jinja2_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    def code(source: str) -> str | None:
        try:
            return environment().compile(source, raw=True)
        except (jinja2.TemplateError, RecursionError):
            return None

    ours = [code(source) for source in SOURCES]
    with monkeypatch.context() as patch:
        patch.setattr(import_module("modelfile_kit.huggingface.environment"), "_FoldedOnce", Optimizer)
        theirs = [code(source) for source in SOURCES]
    assert ours == theirs
    assert sum(c is not None for c in ours) >= 40


@pytest.mark.parametrize("operator", [" and ", " ~ ", " + "])
def test_each_node_of_a_deep_expression_is_folded_once(
    operator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    usual = Optimizer.generic_visit

    def counted(self: Optimizer, node: nodes.Node, *args: Any, **kwargs: Any) -> nodes.Node:
        seen.append(node)
        return usual(self, node, *args, **kwargs)

    monkeypatch.setattr(Optimizer, "generic_visit", counted)
    environment().compile("{{ " + operator.join(f"(a.b{n} or c)" for n in range(60)) + " }}", raw=True)
    assert 0 < len(seen) < 60 * 12
