"""Rules get what a chat template writes: too few arguments, too many, and names that they do not have."""

from __future__ import annotations

import pytest

from modelfile_kit.compiler.compile import compile_template, translate
from modelfile_kit.compiler.lower.operations import FILTERS, METHODS, TESTS
from modelfile_kit.huggingface import environment, render_reference
from modelfile_kit.ollama.prompt import render_prompt

ARGUMENTS = ("", "'x'", "'x', 1", "1, 2, 3, 4, 5, 6", "unknown=1", "**{'x': 1}")
FUNCTIONS = ("range", "strftime_now", "dict", "m.get", "{'a': 1}.get")


def _told(expression: str) -> list[str]:
    """The codes of what is said of an expression in a chat template that Jinja can read."""
    source = "{% for m in messages %}{{ " + expression + " }}{% endfor %}"
    environment().parse(source)
    return [d.code for d in translate(source).diagnostics]


def _expressions() -> list[str]:
    found = []
    for arguments in ARGUMENTS:
        found += [f"m.content | {name}({arguments})" for name in FILTERS]
        found += [f"m.content.{name}({arguments})" for name in METHODS]
        found += [f"m.content is {name}({arguments})" for name in TESTS if name.isidentifier()]
        found += [
            f"{name}({arguments})" for name in ("range", "strftime_now", "dict", "m.get", "{'a': 1}.get")
        ]
    return found


def test_no_arguments_end_in_an_internal_error() -> None:
    """An operation with too many arguments, or too few, is refused by name, or fails in the reference too."""
    for expression in _expressions():
        assert "MK657" not in _told(expression), expression


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ("m.content.splitlines(true)", "the method splitlines of a text with these arguments"),
        ("m.content.find('x', 3)", "the method find of a text with these arguments"),
        ("{'a': 1} | dictsort(true)", "the filter dictsort with these arguments"),
        ("m.content is divisibleby", "the test divisibleby with these arguments"),
        ("[m.content] | map('trim', 'x', 'y') | list", "the filter trim with these arguments"),
        ("[m.content] | select('divisibleby') | list", "the test divisibleby with these arguments"),
        ("[m] | selectattr | list", "choosing by an attribute that is not named"),
        ("strftime_now()", "strftime_now() with these arguments"),
        ("range()", "range() with these arguments"),
        ("m.get()", "the method get with these arguments"),
        ("m.content | tojson(separators=(',', ':', '-'))", "tojson with these separators"),
    ],
)
def test_they_are_named(expression: str, named: str) -> None:
    source = "{% for m in messages %}{{ " + expression + " }}{% endfor %}"
    assert any(named in d.message for d in translate(source).diagnostics)


@pytest.mark.parametrize("expression", ["'abc'[::0]", "[1, 2][::0]", "range(1, 2, 0)"])
def test_a_step_of_nothing_fails_as_in_python(expression: str) -> None:
    assert "MK657" not in _told(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "m.name | default(default_value='x')",
        "m.content | default(boolean=true, default_value='x')",
        "([m.role, m.content] | join(d='-')) == 'user-'",
        "nope is callable",
        "loop is callable",
        "m.content is callable",
        "m.content.upper is callable",
        "['B', 'a'] | min == 'a' and ['B', 'a'] | max == 'B'",
    ],
)
def test_names_of_arguments_and_what_can_be_called_are_jinja_s(expression: str) -> None:
    source = "{% for m in messages %}[{{ m.content }}{{ 'y' if " + expression + " else 'n' }}]{% endfor %}"
    compiled = compile_template(source)
    assert compiled.coverage["chat"] == "exact"
    for content in ("", "a\nb"):
        asked = [{"role": "user", "content": content}]
        assert render_prompt(compiled.template, asked) == render_reference(source, asked)
