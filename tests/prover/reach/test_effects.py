"""What macros, call blocks and loop filters do to namespaces, and which variables they see."""

from __future__ import annotations

import pytest

from modelfile_kit.prover.coverage import WatchedReference
from modelfile_kit.prover.reach.effects import Effects, effects
from tests.prover.conftest import assert_found, outcomes_of

NS = "{% set n = namespace(x=0) %}"
CHANGE = "{% macro f() %}{% set n.x = 1 - n.x %}{% endmacro %}"
SET = "{% macro f() %}{% set n.x = 1 %}{% endmacro %}"
WRAP = "{% macro w() %}{{ caller() }}{% endmacro %}"
LOOK = "{% if n.x == 1 %}{% endif %}"
SEEN = "n.x == 1"
SCOPES = "{% set z = 'r' %}{% macro g() %}{% if z == 'r' %}{% endif %}{% endmacro %}"

# What a call changes, wherever it stands: a template, a condition in it, and an outcome that it has.
CALLS = {
    "test": (NS + CHANGE + "{% if f() == '' %}" + LOOK + "{% endif %}", SEEN, True),
    "or": (NS + CHANGE + "{% if f() or n.x == 1 %}{% endif %}", SEEN, True),
    "and": (NS + CHANGE + "{% if m.content and f() == '' %}{% endif %}" + LOOK, SEEN, True),
    "elif": (NS + CHANGE + "{% if m.content and f() %}{% elif n.x == 1 %}{% endif %}", SEEN, True),
    "inline if": (NS + CHANGE + "{{ f() if m.content else 'b' }}" + LOOK, SEEN, True),
    "filter's argument": (NS + SET + "{{ ('a' if n.x == 1 else '') | replace('q', f()) }}", SEEN, False),
    "filtered": (NS + SET + "{{ f() | replace('q', 'a' if n.x == 1 else 'b') }}", SEEN, True),
    "argument": (
        NS + SET + "{% macro g(a, b) %}{% endmacro %}{{ g(f(), 1 if n.x == 1 else 0) }}",
        SEEN,
        True,
    ),
    "default": (NS + SET + "{% macro g(a=f()) %}{% endmacro %}{{ g() }}" + LOOK, SEEN, True),
    "list": (NS + SET + "{% set l = [f(), n.x] %}{% if l[1] == 1 %}{% endif %}", "l[1] == 1", True),
    "loop filter": (NS + CHANGE + "{% for q in messages if f() == '' %}" + LOOK + "{% endfor %}", SEEN, True),
    "loop": (NS + SET + "{% for q in f() %}{% endfor %}" + LOOK, SEEN, True),
    "with": (NS + SET + "{% with a = f() %}" + LOOK + "{% endwith %}", SEEN, True),
    "set block": (NS + SET + "{% set y %}{{ f() }}{% endset %}" + LOOK, SEEN, True),
    "before caller": (
        NS
        + "{% macro w() %}{% set n.x = 1 %}{{ caller() }}{% endmacro %}{% call w() %}"
        + LOOK
        + "{% endcall %}",
        SEEN,
        True,
    ),
    "before caller, taken back": (
        NS + "{% macro w() %}{% set n.x = 1 %}{{ caller() }}{% set n.x = 0 %}{% endmacro %}"
        "{% call w() %}{{ 'a' if n.x == 1 else 'b' }}{% endcall %}",
        SEEN,
        True,
    ),
    "caller twice": (
        NS + "{% macro w() %}{{ caller() }}{{ caller() }}{% endmacro %}"
        "{% call w() %}" + LOOK + "{% set n.x = 1 %}{% endcall %}",
        SEEN,
        True,
    ),
    "caller never": (
        NS + "{% macro w() %}{% if n.x %}{{ caller() }}{% endif %}{% endmacro %}"
        "{% call w() %}{% set n.x = 1 %}{% endcall %}" + LOOK,
        SEEN,
        False,
    ),
    "in two call blocks": (
        NS + WRAP + "{% macro v() %}{% call w() %}{% set n.x = 1 %}{% endcall %}{{ caller() }}{% endmacro %}"
        "{% call v() %}" + LOOK + "{% endcall %}",
        SEEN,
        True,
    ),
    "the same kind of value": (
        "{% set n = namespace(x='') %}{% macro f() %}{% set n.x = m.content ~ 'q' %}{% endmacro %}"
        "{% set n.x = m.content %}{% if n.x == m.content %}{{ f() }}"
        "{% if n.x == m.content %}{% endif %}{% endif %}",
        "n.x == m.content",
        False,
    ),
    "recursion": (
        NS + "{% macro f(k) %}" + LOOK + "{% if k > 0 %}{{ f(k - 1) }}{% endif %}{% if n.x == 2 %}{% endif %}"
        "{% set n.x = n.x + 1 %}{% endmacro %}{{ f(3) }}",
        "n.x == 2",
        True,
    ),
    "a namespace in a recursion": (
        "{% macro f(k) %}{% set c = namespace(x=k) %}{% if k > 0 %}{{ f(k - 1) }}{% endif %}"
        "{% if c.x == 3 %}{% endif %}{% endmacro %}{{ f(3) }}{% for m in messages %}{% endfor %}",
        "c.x == 3",
        True,
    ),
    "a recursive loop": (
        NS + "{% for q in [['a'], ['b']] recursive %}{% if q is string %}{% set n.x = 1 %}"
        "{% else %}{{ loop(q) }}" + LOOK + "{% set n.x = 0 %}{% endif %}{% endfor %}",
        SEEN,
        True,
    ),
    "a namespace in a recursive loop": (
        "{% for q in [['a'], 'b'] recursive %}{% set c = namespace(x=q) %}{% if q is not string %}"
        "{{ loop(q) }}{% if c.x == 'a' %}{% endif %}{% endif %}{% endfor %}",
        "c.x == 'a'",
        False,
    ),
    "a loop filter looks ahead": (
        NS + "{% for q in messages if n.x == 0 %}{% if loop.last %}{% endif %}"
        "{% if loop.index == 2 %}{% endif %}{% set n.x = 1 %}{% endfor %}",
        "loop.index == 2",
        True,
    ),
}

# Namespaces that have other names, and namespaces that are not made in one place.
SPACES = {
    "alias": (NS + "{% set a = n %}{% set a.x = 1 %}" + LOOK, SEEN, True),
    "item": (NS + "{% set l = [n] %}{% set a = l | first %}{% set a.x = 1 %}" + LOOK, SEEN, True),
    "attribute": (NS + "{% set k = namespace(i=n) %}{% set a = k.i %}{% set a.x = 1 %}" + LOOK, SEEN, True),
    "parameter": (NS + "{% macro f(s) %}{% set s.x = 1 %}{% endmacro %}{{ f(n) }}" + LOOK, SEEN, True),
    "varargs": (
        NS + "{% macro f() %}{% set s = varargs[0] %}{% set s.x = 1 %}{% endmacro %}{{ f(n) }}" + LOOK,
        SEEN,
        True,
    ),
    "one of two": (
        NS
        + "{% set b = namespace(x=0) %}{% if m.content %}{% set c = n %}{% else %}{% set c = b %}{% endif %}"
        "{% set c.x = 1 %}" + LOOK,
        SEEN,
        False,
    ),
    "kept from an earlier round": (
        "{% set k = namespace(i=none) %}{% for m in messages %}{% set a = namespace(x=loop.index) %}"
        "{% if k.i is none %}{% set k.i = a %}{% endif %}{% if k.i.x == a.x %}{% endif %}{% endfor %}",
        "k.i.x == a.x",
        False,
    ),
    "gone with an earlier round": (
        "{% for m in messages %}{% set a = namespace() %}{% if not loop.first %}"
        "{% if a.x is defined %}{% endif %}{% endif %}{% set a.x = 1 %}{% endfor %}",
        "a.x is defined",
        False,
    ),
    "item by name": (
        NS + "{% set k = 'x' %}{% if n[k] == 0 %}{% set n.x = 1 %}{% if n[k] == 0 %}{% endif %}{% endif %}",
        "n[k] == 0",
        False,
    ),
    "attr": (
        NS + "{% if n | attr('x') == 0 %}{% set n.x = 1 %}{% if n | attr('x') == 0 %}{% endif %}{% endif %}",
        "n | attr('x') == 0",
        False,
    ),
    "a method's name": (
        "{% set n = namespace(items=1) %}{% if n['items'] == 1 %}{% set n.items = 2 %}"
        "{% if n['items'] == 1 %}{% endif %}{% endif %}",
        "n['items'] == 1",
        False,
    ),
    "of a mapping": ("{% set n = namespace({'x': 1}) %}" + LOOK, SEEN, True),
    "of an unpacked mapping": ("{% set d = {'x': 1} %}{% set n = namespace(**d) %}" + LOOK, SEEN, True),
}

# Which variable a name stands for.
ROOT = "z == 'r'"
ASK = "{% if a == 'q' %}{% endif %}"
ASKED = "a == 'q'"
NAMES = {
    "loop around the call": (
        SCOPES + "{% for m in messages %}{% for z in 'p' %}{{ g() }}{% endfor %}{% endfor %}",
        ROOT,
        True,
    ),
    "set around the call": (
        SCOPES + "{% for m in messages %}{% set z = 'p' %}{{ g() }}{% endfor %}",
        ROOT,
        True,
    ),
    "parameter around the call": (SCOPES + "{% macro f(z) %}{{ g() }}{% endmacro %}{{ f('p') }}", ROOT, True),
    "set in the macro around": (
        SCOPES + "{% macro f() %}{% set z = 'p' %}{{ g() }}{% endmacro %}{{ f() }}",
        ROOT,
        True,
    ),
    "with around the call": (SCOPES + "{% with z = 'p' %}{{ g() }}{% endwith %}", ROOT, True),
    "in a recursion": (
        "{% set z = 'r' %}{% macro f(k) %}{% if z == 'r' %}{% endif %}{% set z = 'p' %}"
        "{% if k > 0 %}{{ f(k - 1) }}{% endif %}{% endmacro %}{{ f(2) }}",
        ROOT,
        True,
    ),
    "in a call block": (
        "{% set z = 'r' %}{% macro w() %}{% set z = 'p' %}{{ caller() }}{% endmacro %}"
        "{% call w() %}{% if z == 'r' %}{% endif %}{% endcall %}",
        ROOT,
        True,
    ),
    "a default": (
        "{% set a = 'z' %}{% macro f(a, b=a) %}{% if b == 'q' %}{% endif %}{% endmacro %}{{ f('q') }}",
        "b == 'q'",
        True,
    ),
    "an unpacked list": ("{% macro f(a) %}" + ASK + "{% endmacro %}{{ f(*['q']) }}", ASKED, True),
    "an unpacked mapping": ("{% macro f(a) %}" + ASK + "{% endmacro %}{{ f(**{'a': 'q'}) }}", ASKED, True),
    "an argument of caller": (
        "{% set a = 'z' %}{% macro w() %}{{ caller('q') }}{% endmacro %}{% call(a) w() %}"
        + ASK
        + "{% endcall %}",
        ASKED,
        True,
    ),
    "a parameter named caller": (
        "{% macro w(caller=none) %}{% if caller is none %}{% endif %}{% endmacro %}"
        "{% call w() %}{% endcall %}",
        "caller is none",
        False,
    ),
    "an undefined argument": (
        "{% macro f(b='d') %}{% if b is defined %}{% endif %}{% endmacro %}{{ f(nope) }}",
        "b is defined",
        False,
    ),
    "caller outside": (
        WRAP + "{% call w() %}{% endcall %}{% if caller is defined %}{% endif %}",
        "caller is defined",
        False,
    ),
    "loop in a macro": (
        "{% macro f() %}{% if loop is defined %}{% endif %}{% endmacro %}"
        "{% for m in messages %}{{ f() }}{% endfor %}",
        "loop is defined",
        False,
    ),
    "a macro under another name": (
        "{% macro f(a) %}" + ASK + "{% endmacro %}{% set g = f %}{% macro f(a) %}{% endmacro %}{{ g('q') }}",
        ASKED,
        True,
    ),
    "one of two macros": (
        "{% if m.content %}{% macro f(a) %}" + ASK + "{% endmacro %}"
        "{% else %}{% macro f(a) %}{% endmacro %}{% endif %}{{ f('q') }}",
        ASKED,
        True,
    ),
    "a macro's attribute": (
        "{% macro f() %}{% endmacro %}{% if f.name == 'f' %}{% endif %}",
        "f.name == 'f'",
        True,
    ),
    "a block": (
        "{% set z = 1 %}{% block b %}{% set z = 2 %}{% endblock %}{% if z == 1 %}{% endif %}",
        "z == 1",
        True,
    ),
    "the template itself": ("{% if self is defined %}{% endif %}", "self is defined", True),
    "a loop that calls itself": (
        "{% for q in [[1, [2]], [3]] recursive %}{% if q is number %}{% else %}{{ loop(q) }}{% endif %}"
        "{% endfor %}",
        "q is number",
        True,
    ),
    "a loop that calls itself in a call block": (
        WRAP + "{% for q in [[[[[['a']]]]]] recursive %}{% if q == 'a' %}{% endif %}{% if q is not string %}"
        "{% call w() %}{{ loop(q) }}{% endcall %}{% endif %}{% endfor %}",
        "q == 'a'",
        True,
    ),
    "a loop that may be empty when it is called": (
        "{% for q in [[]] recursive %}{% if q %}{% endif %}{{ loop(q) }}"
        "{% else %}{% if m.content %}{% endif %}{% endfor %}",
        "m.content",
        True,
    ),
}

# What gives its items once: the second look finds none.
TWICE = "{% if g | list %}{% if g | list %}{% endif %}{% endif %}"
STREAMS = {
    "variable": ("{% set g = messages | selectattr('role', 'equalto', 'user') %}" + TWICE, "g | list", False),
    "reverse": ("{% set g = messages | reverse %}" + TWICE, "g | list", False),
    "loop": (
        "{% set g = messages | reverse %}{% for q in g %}{% endfor %}{% for q in g %}{% endfor %}",
        "g",
        False,
    ),
    "attribute": (
        "{% set n = namespace(g=messages | select) %}" + TWICE.replace("g |", "n.g |"),
        "n.g | list",
        False,
    ),
    "item": ("{% set l = [messages | select] %}" + TWICE.replace("g |", "l[0] |"), "l[0] | list", False),
    "parameter": ("{% macro f(g) %}" + TWICE + "{% endmacro %}{{ f(messages | select) }}", "g | list", False),
    "default": ("{% set g = (messages | select) | default([]) %}" + TWICE, "g | list", False),
    "pairs": (
        "{% set g = {'a': 1} | items %}{% for k, v in g %}{% endfor %}{% for k, v in g %}{% endfor %}",
        "g",
        False,
    ),
    "in": (
        "{% set g = ['a', 'b'] | select %}{% if 'a' in g %}{% if 'a' in g %}{% endif %}{% endif %}",
        "'a' in g",
        False,
    ),
    "sequence": (
        "{% if (messages | select) is sequence %}{% endif %}",
        "messages | select is sequence",
        False,
    ),
}


UNSEEN = {**CALLS, **SPACES, **{f"{name}, twice": case for name, case in STREAMS.items()}}


@pytest.mark.parametrize(("body", "text", "outcome"), UNSEEN.values(), ids=UNSEEN)
def test_what_changes_unseen_is_not_taken_for_known(body: str, text: str, outcome: bool) -> None:
    assert_found(body, text, outcome)


@pytest.mark.parametrize(("body", "text", "outcome"), NAMES.values(), ids=NAMES)
def test_a_name_is_the_variable_that_jinja_takes(body: str, text: str, outcome: bool) -> None:
    assert_found(body, text, outcome)


def found(template: str) -> Effects:
    return effects(WatchedReference(template, bos_token="", eos_token="").tree)


@pytest.mark.parametrize(
    "call",
    [
        "{{ f() }}",
        "{{ f() | trim }}",
        "{{ 'a' ~ f() ~ 'b' }}",
        "{% set y = f() %}",
        "{{ g(f()) }}",
        "{{ g(1, b=f()) }}",
        "{% set y %}{{ f() }}{% endset %}",
    ],
)
def test_a_call_that_is_executed_once_in_order_is_followed(call: str) -> None:
    template = NS + SET + "{% macro g(a, b=1) %}{% endmacro %}" + call + LOOK
    assert not found(template).unknown
    reference, taken, possible = outcomes_of(template, "chat")
    [number] = [s.number for s in reference.sites if s.text == SEEN]
    assert {o for n, o in taken if n == number} == {o for n, o in possible if n == number} == {True}


def test_what_a_macro_sets_is_what_the_macros_in_it_set() -> None:
    template = NS + SET + "{% macro g() %}{{ f() }}{% set n.y = 1 %}{% endmacro %}{% if g() %}{% endif %}"
    assert found(template).unknown == {"x", "y"}
    assert found(template).sets == {"f": {"x"}, "g": {"x", "y"}}


def test_a_namespace_is_followed_through_names_and_parameters() -> None:
    macro = "{% macro f(s, k=1) %}{% set s.x = k %}{% endmacro %}"
    assert found(
        NS + macro + "{% set a = n %}{{ f(a) }}{{ f(s=a, k=2) }}{% if a is defined %}{% endif %}"
    ).followed
    assert not found(NS + macro + "{{ f(n, n) }}" + "{% set l = [n] %}").followed
    assert not found(NS + macro + "{{ f(1, 2, n) }}").followed
    assert not found(NS + "{% set a = n if messages else 1 %}").followed


def test_namespace_may_be_the_name_of_a_parameter() -> None:
    assert found("{% macro f(namespace='a') %}{{ 'in ' ~ namespace }}{% endmacro %}{{ f() }}").followed
    assert not found("{% set make = namespace %}{% set n = make(x=1) %}").followed
