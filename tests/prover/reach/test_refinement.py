"""What a passed test tells about the tests inside it."""

from __future__ import annotations

import pytest

from tests.prover.conftest import assert_found, outcomes_of

# Template; text of a condition inside; outcomes that are possible there.
CASES = [
    # every length is more than -1, so that nothing is told of the text
    (
        "{% if m.content | length > -1 %}{% if m.content %}{% endif %}{% endif %}",
        0,
        "m.content",
        {True, False},
    ),
    (
        "{% if m.content | length != -1 %}{% if m.content %}{% endif %}{% endif %}",
        0,
        "m.content",
        {True, False},
    ),
    ("{% if m.content | length < 1 %}{% if m.content %}{% endif %}{% endif %}", 0, "m.content", {False}),
    ("{% if m.content | length >= 1 %}{% if m.content %}{% endif %}{% endif %}", 0, "m.content", {True}),
    # no text has so many characters, and a list of numbers up to it would fill all memory
    (
        "{% if m.content | length > 1" + "0" * 9 + " %}{% if m.content %}{% endif %}{% endif %}",
        0,
        "m.content",
        set(),
    ),
    ("{% if loop.last or (not loop.last and m.content) %}{% endif %}", 1, "loop.last", {False}),
    ("{% if m.role == 'user' %}{% elif m.role == 'user' %}{% endif %}", 1, "m.role == 'user'", {False}),
    (
        "{% if m.role in ['a', 'user'] %}{% if m.role == 'b' %}{% endif %}{% endif %}",
        0,
        "m.role == 'b'",
        {False},
    ),
    ("{% if m.content %}{% if m.content != '' %}{% endif %}{% endif %}", 0, "m.content != ''", {True}),
    ("{% if not m.content %}{% if m.content == '' %}{% endif %}{% endif %}", 0, "m.content == ''", {True}),
    (
        "{% if m.tool_calls is defined %}{% if m.tool_calls %}{% endif %}{% endif %}",
        0,
        "m.tool_calls",
        {True},
    ),
    ("{% if 'tool_calls' in m %}{% if m.tool_calls %}{% endif %}{% endif %}", 0, "m.tool_calls", {True}),
    ("{% if m.get('tool_calls') %}{% if m.tool_calls %}{% endif %}{% endif %}", 0, "m.tool_calls", {True}),
    (
        "{% if m.role == 'user' or (m.role == 'assistant' and not m.tool_calls) %}"
        "{% elif m.role == 'assistant' %}{% if m.tool_calls %}{% endif %}{% endif %}",
        1,
        "m.tool_calls",
        {True},
    ),
    (
        "{% if tools %}{% for t in tools %}{% for n, p in t.function.parameters.properties.items() %}"
        "{% if p.type == 'string' %}{% if p.type is string %}{% endif %}{% endif %}"
        "{% endfor %}{% endfor %}{% endif %}",
        0,
        "p.type is string",
        {True},
    ),
    # what is found has a place, and what lies behind it too
    (
        "{% if 'b' in m.content %}{% set b = m.content.find('b') %}{% set c = m.content.find('c') %}"
        "{% if c < b or c == -1 %}{% endif %}{% endif %}",
        0,
        "c == -1",
        {False},
    ),
    (
        "{% set b = m.content.find('b') %}{% set c = m.content.find('c') %}"
        "{% if c < b or c == -1 %}{% endif %}",
        0,
        "c == -1",
        {False, True},
    ),
    # a message's thoughts under another name
    (
        "{% if m.reasoning_content is defined %}{% elif m.thinking is defined %}{% endif %}",
        0,
        "m.thinking is defined",
        {False},
    ),
    # a variable that was set to a test tells what the test tells, until something in it changes
    (
        "{% set u = m.role == 'user' %}{% if u %}{% if m.role == 'user' %}{% endif %}{% endif %}",
        0,
        "m.role == 'user'",
        {True},
    ),
    (
        "{% set r = m.role %}{% set u = r == 'user' %}{% set r = 'tool' if m.content else 'user' %}"
        "{% if u %}{% if r == 'user' %}{% endif %}{% endif %}",
        0,
        "r == 'user'",
        {False, True},
    ),
    (
        "{% set n = namespace(x=m.content | length) %}{% macro f() %}{% set n.x = 1 - n.x %}{% endmacro %}"
        "{% set u = n.x == 1 %}{{ f() }}{% if u %}{% if n.x == 1 %}{% endif %}{% endif %}",
        0,
        "n.x == 1",
        {False, True},
    ),
    (
        "{% for k in tools or [] %}{% set u = m.role == 'user' %}{% endfor %}"
        "{% if not u %}{% if m.role == 'user' %}{% endif %}{% endif %}",
        0,
        "m.role == 'user'",
        {False, True},
    ),
    ("{% set x = m.content %}{% if x %}{% set x = '' %}{% if x %}{% endif %}{% endif %}", 1, "x", {False}),
    # a macro reads what its call does not name, so that the same call may come out otherwise
    *(
        (
            "{% set n = namespace(x='1') %}{% macro f() %}{{ n.x }}{% endmacro %}"
            + set_to_test
            + "{% set n.x = '2' %}{% if f() == '1' %}{% endif %}{% endif %}",
            which,
            "f() == '1'",
            {False, True},
        )
        for which, set_to_test in enumerate(("{% set u = f() == '1' %}{% if u %}", "{% if f() == '1' %}"))
    ),
    # what is learned of a variable inside is not known of the one outside that has its name
    *(
        (
            "{% set x = m.content %}" + start + "{% if not x.startswith('a') %}{{ raise_exception('') }}"
            "{% endif %}" + end + "{% if x.startswith('a') %}{% endif %}",
            1,
            "x.startswith('a')",
            {False, True},
        )
        for start, end in (
            ("{% for q in messages %}{% set x = q.content %}", "{% endfor %}"),
            ("{% with x = messages[0].content %}", "{% endwith %}"),
            ("{% filter upper %}{% set x = messages[0].content %}", "{% endfilter %}"),
        )
    ),
    # what is set in such a block does not leave it
    *(
        ("{% set x = 'a' %}" + block + "{% if x == 'a' %}{% endif %}", 0, "x == 'a'", {True})
        for block in (
            "{% set y %}{% set x = 'b' %}{% endset %}",
            "{% filter upper %}{% set x = 'b' %}{% endfilter %}",
            "{% macro g() %}{{ caller() }}{% endmacro %}{% call g() %}{% set x = 'b' %}{% endcall %}",
        )
    ),
]


@pytest.mark.parametrize(("body", "which", "text", "possible"), CASES)
def test_inside(body: str, which: int, text: str, possible: set[bool]) -> None:
    template = "{% for m in messages %}" + body + "{% endfor %}"
    reference, taken, found = outcomes_of(template, "tools")
    assert taken <= found
    number = [s.number for s in reference.sites if s.text == text][which]
    assert {bool(o) for n, o in found if n == number} == possible


@pytest.mark.parametrize(
    ("before", "text"),
    [
        ("{% set c = cycler('a', 'b') %}", "c.next() == 'a'"),
        ("{% set c = joiner(',') %}", "c() == ''"),
        ("", "[1, 2] | random == 1"),
        ("", "loop.changed(m.role)"),
    ],
)
def test_what_comes_out_otherwise_the_next_time_is_not_known(before: str, text: str) -> None:
    test = "{% if " + text + " %}"
    body = before + test + test + "{% endif %}{% endif %}"
    assert_found(body, text, True)
    assert_found(body, text, False)
    _, _, possible = outcomes_of("{% for m in messages %}" + body + "{% endfor %}", "chat")
    assert {(n, o) for n, o in possible if n} == {(1, 0), (1, 1), (2, 0), (2, 1)}


def test_the_place_of_a_cycler_moves_on() -> None:
    place = "{% if c.current == 'a' %}"
    body = (
        "{% set c = cycler('a', 'b') %}" + place + "{% set d = c.next() %}" + place + "{% endif %}{% endif %}"
    )
    assert_found(body, "c.current == 'a'", False)


def test_expressions_that_differ_in_brackets_are_not_the_same() -> None:
    known = "{% if ('ab' ~ m.content) | length > 2 %}"
    _, taken, possible = outcomes_of(
        "{% for m in messages %}" + known + "{% if 'ab' ~ m.content | length > 2 %}{% endif %}{% endif %}"
        "{% if (not m.content) == m.role %}{% elif not m.content == m.role %}{% endif %}{% endfor %}",
        "chat",
    )
    assert taken <= possible


def test_what_is_equal_to_one_need_not_be_it() -> None:
    body = "{% if enable_thinking == 1 %}{% if enable_thinking is boolean %}{% endif %}{% endif %}"
    assert_found(body, "enable_thinking is boolean", True, "tools")


def test_a_test_that_holds_itself_open_is_asked_once() -> None:
    """`k` stands for a test whose parts are refined by the rest of an earlier one, which names `k` again."""
    body = (
        "{% set k = (m.content or m.get('name')) is string %}{% if k and m.content == 'x' %}"
        "{% elif not k %}{% if m.content %}{% endif %}{% endif %}"
    )
    assert_found(body, "k", True)
    assert_found(body, "k", False)
