"""What is thought impossible never happens."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modelfile_kit.prover.coverage import WatchedReference
from modelfile_kit.prover.reach.branches import reachable
from tests.prover.conftest import GENERATORS, assert_found, outcomes_of

STATEMENTS = {
    "set block": "{% set x %}{{ m.content }}{% endset %}{% if x %}{% endif %}",
    "with": "{% with y = m.content %}{% if y %}{% endif %}{% endwith %}{% if y is defined %}{% endif %}",
    "filter block": "{% filter upper %}{% if m.content %}a{% endif %}{% endfilter %}",
    "macro": "{% macro f(a, b=1) %}{% if a %}{% endif %}{% if b == 1 %}{% endif %}{% endmacro %}"
    "{{ f(m.content) }}{{ f('', b=2) }}",
    "recursive macro": "{% macro f(n) %}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}",
    "call block": "{% macro f() %}{{ caller() }}{% endmacro %}"
    "{% call f() %}{% if m.content %}{% endif %}{% endcall %}",
    "namespace": "{% set ns = namespace(seen=false) %}{% for c in m.content %}{% if ns.seen %}{% endif %}"
    "{% set ns.seen = true %}{% endfor %}{% if ns.seen %}{% endif %}",
    "namespace in macro": "{% set ns = namespace(n=0) %}{% macro f() %}{% set ns.n = 1 %}{% endmacro %}"
    "{% if ns.n %}{% endif %}{{ f() }}{% if ns.n %}{% endif %}",
    "break": "{% for c in m.content %}{% if c == 'x' %}{% break %}{% endif %}"
    "{% if c == 'x' %}{% endif %}{% endfor %}",
    "continue": "{% for c in m.content %}{% if c == 'x' %}{% continue %}{% endif %}"
    "{% if c != 'x' %}{% endif %}{% endfor %}",
    "loop filter": "{% for c in m.content if c == 'x' %}{% if c == 'x' %}{% endif %}{% else %}e{% endfor %}",
    "unpacking": "{% for k, v in m.items() %}{% if k == 'role' %}{% endif %}"
    "{% if v is string %}{% endif %}{% endfor %}",
    "keys": "{% for k in m %}{% if m[k] is string %}{% endif %}{% if k == 'video' %}{% endif %}{% endfor %}",
    "tuple": "{% set a, b = m.role, m.content %}{% if a == b %}{% endif %}",
    "raise": "{% if m.role == 'x' %}{{ raise_exception('') }}{% endif %}{% if m.role == 'x' %}{% endif %}",
    "scope": "{% for c in 'ab' %}{% set z = 1 %}{% endfor %}{% if z is defined %}{% endif %}",
    "two flags": "{% set ns = namespace(a=false, b=false) %}{% for c in m.content %}"
    "{% if c == 'x' %}{% set ns.a = true %}{% set ns.b = false %}{% else %}{% set ns.a = false %}"
    "{% set ns.b = true %}{% endif %}{% endfor %}{% if ns.a and ns.b %}{% endif %}",
    "generation": "{% generation %}{% if m.content %}{% endif %}{% endgeneration %}",
}


@pytest.mark.parametrize("body", STATEMENTS.values(), ids=STATEMENTS.keys())
@pytest.mark.parametrize("kind", ["chat", "tools"])
def test_nothing_impossible_happens(kind: str, body: str) -> None:
    _, taken, possible = outcomes_of("{% for m in messages %}" + body + "{% endfor %}", kind)
    assert taken <= possible


@pytest.mark.parametrize(
    ("name", "text", "impossible"),
    [
        ("continue", "c != 'x'", False),
        ("break", "c == 'x'", None),
        ("loop filter", "c == 'x'", None),
        ("keys", "k == 'video'", True),
        ("keys", "m[k] is string", False),
        ("scope", "z is defined", True),
        ("raise", "m.role == 'x'", None),
    ],
)
def test_impossible_outcomes_are_found(name: str, text: str, impossible: bool | None) -> None:
    template = "{% for m in messages %}" + STATEMENTS[name] + "{% endfor %}"
    reference, _, possible = outcomes_of(template, "chat")
    last = [s.number for s in reference.sites if s.text == text][-1]
    left = {bool(o) for n, o in possible if n == last}
    expected = {True, False} - ({impossible} if impossible is not None else set())
    assert left == expected or (impossible is None and len(left) == 1)


def test_states_kept_apart_find_more() -> None:
    template = "{% for m in messages %}" + STATEMENTS["two flags"] + "{% endfor %}"
    reference = WatchedReference(template, bos_token="", eos_token="")
    number = next(s.number for s in reference.sites if s.text == "ns.b")
    found = {}
    for apart in (False, True):
        possible = reachable(
            reference.tree, "chat", len(reference.sites), bos_token="", eos_token="", apart=apart
        )
        found[apart] = {bool(o) for n, o in possible.hits if n == number}
    assert found == {False: {True, False}, True: {False}}


def test_without_steps_everything_is_possible() -> None:
    reference = WatchedReference(
        "{% for m in messages %}{% if m.video %}{% endif %}{% endfor %}", bos_token="", eos_token=""
    )
    possible = reachable(reference.tree, "chat", 2, bos_token="", eos_token="", steps=3)
    assert possible.hits == {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert "3 steps" in possible.limit


@pytest.mark.slow
def test_nothing_impossible_happens_in_real_templates(shared: Path) -> None:
    index = json.loads((shared / "corpus/index.json").read_text(encoding="utf-8"))
    for entry in index[::4]:
        template = (shared / "corpus" / entry["file"]).read_text(encoding="utf-8")
        for kind in GENERATORS:
            _, taken, possible = outcomes_of(template, kind)
            assert taken <= possible, (entry["id"], kind)


@pytest.mark.parametrize(
    "body",
    [
        "{% if m.content %}{% elif nothing.at_all %}{% endif %}{% if loop.first %}{% endif %}",
        "{% for q in m.content if nothing.at_all %}{% else %}{% if loop.first %}{% endif %}{% endfor %}",
        "{% if m.content %}{% macro f() %}{% endmacro %}{% else %}"
        "{% macro f(a=nothing.at_all) %}{% endmacro %}{% endif %}{{ f() }}{% if loop.first %}{% endif %}",
    ],
)
def test_what_certainly_fails_does_not_end_what_goes_another_way(body: str) -> None:
    assert_found(body, "loop.first", True)
