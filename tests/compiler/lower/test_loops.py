"""Loops, their variable, namespaces and neighbours."""

# ruff: noqa: E501 - templates are long lines
from __future__ import annotations

import pytest

from modelfile_kit.huggingface import render_reference
from tests.compiler.cases import CALL, TOOL, check, compiled, user

ANSWER = {"role": "assistant", "content": "an answer"}
SYSTEM = {"role": "system", "content": "be brief"}
CONVERSATIONS = (
    [user("a")],
    [SYSTEM, user("a")],
    [user("a"), ANSWER],
    [user("a"), ANSWER, user("b")],
    [SYSTEM, user("a"), ANSWER, user("b"), ANSWER],
)
TEMPLATES = [
    "{% for m in messages %}{{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ loop.last }}"
    "{{ loop.length }}{{ loop.revindex }}{{ loop.revindex0 }},{% endfor %}",
    "{% for m in messages %}{{ loop.previtem.role if loop.previtem }}-{{ loop.nextitem.role if not loop.last }}{% endfor %}",
    "{% for m in messages[1:] %}{{ m.content }}{% else %}none{% endfor %}",
    "{% for m in messages[:-1] %}{{ m.content }},{% endfor %}{{ messages[-1].content }}",
    "{% for m in messages[::-1] %}{{ loop.index0 }}{{ m.content }}{% endfor %}",
    "{% for m in messages if m.role == 'user' %}{{ m.content }}{% else %}none{% endfor %}",
    "{% set x = 0 %}{% for m in messages if m.role == 'user' %}{{ m.content }}{% else %}{% set x = 1 %}{{ x }}{% endfor %}"
    "{{ x }}{% for m in [] %}{% else %}{% set x = 2 %}{{ x }}{% endfor %}{{ x }}{% for m in nothing %}{% else %}"
    "{% set x = 3 %}{% endfor %}{{ x }}",
    "{% for m in messages if m.role == 'user' or m.role == 'system' or not m.content %}{{ loop.index }}{{ m.content }}{% endfor %}",
    "{% for m in messages if (m.content and m.role == 'user') or m.role == 'assistant' %}{% set x = m.content or '-' %}{{ m.role }}{{ x }}{% endfor %}",
    "{% set roles = ['user', messages[0].role] %}{% for r in roles if r == 'user' or r == 'system' or not r %}{{ r }},{% endfor %}",
    "{% macro f(a, b=(a or 'x'), c=a) %}[{{ a }}|{{ b }}|{{ c }}]{% endmacro %}{% for m in messages %}{{ f(m.content) }}{% endfor %}",
    "{% with a = messages[0].content or 'x', b = messages[0].role or 'y' %}{{ a }}{{ b }}{% endwith %}",
    "{% for m in messages %}{% if m.role == 'assistant' %}{% break %}{% endif %}{{ m.content }}{% endfor %}",
    "{% for m in messages %}{% if m.role == 'system' %}{% continue %}{% endif %}{{ m.content }}{% endfor %}",
    "{% set ns = namespace(last=-1, n=0) %}{% for m in messages %}{% if m.role == 'user' %}"
    "{% set ns.last = loop.index0 %}{% endif %}{% endfor %}"
    "{% for m in messages %}{% if loop.index0 > ns.last %}>{% endif %}{{ m.content }}{% endfor %}"
    "{{ ns.last }}{{ ns.last + 1 }}{{ messages[ns.last].content }}",
    "{% set l = messages[1:] %}{% set ns = namespace(n=l | length - 1) %}{% for m in l %}{% if m.role == 'user' %}"
    "{% set ns.n = loop.index0 %}{% endif %}{% endfor %}{{ ns.n }}{{ ns.n > 0 }}{{ l | length - 1 }}",
    "{% set ns = namespace(x=none) %}{% for m in messages %}{{ ns.x is none }}{{ ns.x }}"
    "{% set ns.x = m.content if m.role == 'user' else none %}{% endfor %}",
    "{% set ns = namespace(t='') %}{% for m in messages %}{% set ns.t = ns.t + m.role[:1] %}{% endfor %}{{ ns.t }}",
    "{% set s = 'out' %}{% for m in messages %}{{ s }}{% set s = m.content %}{{ s }}{% endfor %}{{ s }}",
    "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('roles must alternate') }}{% endif %}{{ m.content }}{% endfor %}",
    "{% for i in range(messages | length - 1, -1, -1) %}{{ i }}{{ messages[i].content }}{% endfor %}",
    "{% for m in messages %}{% if loop.first or messages[loop.index0 - 1].role != m.role %}#{% endif %}"
    "{% if loop.last or messages[loop.index0 + 1].role == 'user' %}!{% endif %}{% endfor %}",
    "{% set rest = messages[1:] if messages[0].role == 'system' else messages %}"
    "{% for m in rest %}{{ m.content }}{{ messages[loop.index0 - 1].content }}{% endfor %}",
    "{{ messages | selectattr('role', 'equalto', 'user') | list | length }}"
    "{% set u = messages | selectattr('role', 'equalto', 'user') | list %}{{ u[-1].content }}{{ u[0].content }}",
    "{% macro f(m, x='d') %}<{{ m.role }}{{ x }}>{% endmacro %}"
    "{% for m in messages %}{{ f(m) | trim }}{% set y = f(m, x=m.content) %}{{ y }}{% endfor %}",
    "{% for k, v in {'a': 1, 'b': 'c'}.items() %}{{ k }}{{ v }}{% endfor %}"
    "{% for x in ['p', 'q'] %}{{ x }}{{ loop.last }}{% endfor %}",
    "{% if messages[0].role == 'system' %}{% set rest = messages[1:] %}{% set first = messages[0].content %}"
    "{% else %}{% set rest = messages %}{% set first = false %}{% endif %}"
    "{% if first != false %}[{{ first }}]{% endif %}{% for m in rest %}{{ loop.index0 }}{{ m.content }}{% endfor %}",
    "{% for m in messages %}{% set a = 1 %}{% if m.role == 'user' %}{% set a = m.content %}{% endif %}{{ a }}{% endfor %}",
    "{% for i in range(messages | length) %}{{ messages[i].content }}{{ loop.index }}{{ loop.length }}{{ loop.revindex }}"
    "{% if loop.last or messages[i + 1].role == 'user' %}!{% endif %}{% endfor %}",
    "{% for i in range(messages | length - 1) %}{{ i }}{{ loop.first }}{{ loop.last }}{{ loop.revindex0 }}{% endfor %}",
    "{% for i in range(1, messages | length) %}{{ messages[i - 1].role }}{{ loop.last }}{% endfor %}",
    "{% for m in messages %}{{ m.role.capitalize() }}{{ m.role | title }}: {{ m.content }}{% endfor %}",
    "{% for m in messages if m.role == 'user' %}{{ loop.index }}{{ loop.first }}{{ loop.last }}{{ loop.length }}"
    "{{ loop.revindex }}{{ m.content }}{% else %}none{% endfor %}",
    "{% for m in messages | selectattr('role', 'equalto', 'user') %}{{ loop.index0 }}{{ ', ' if not loop.last }}{% endfor %}",
    "{% for r in messages | map(attribute='role') %}{{ loop.index0 }}{{ ', ' if not loop.last }}{{ r }}{% endfor %}",
    "{% for m in messages %}{% for c in m.content %}<{{ c }}{{ loop.index }}{{ loop.last }}>{% endfor %}{% endfor %}",
    "{% for m in messages %}{% for c in m.content if c != 'n' %}{{ c }}{{ loop.index }}{{ loop.last }}{% endfor %}{% endfor %}",
    "{% for m in messages %}{% for c in ['user', 'assistant', 'x'] if c != m.role %}{{ c }}{{ loop.index }}"
    "{{ loop.last }}{% endfor %}{% endfor %}",
    "{% for m in messages %}{% for p in m.content.split('n') %}[{{ p }}{{ loop.index0 }}{{ loop.last }}{{ loop.length }}]"
    "{% endfor %}{% for p in m.content.split('n') if p %}[{{ p }}{{ loop.index }}{{ loop.last }}]{% endfor %}{% endfor %}",
    "{% set ns = namespace(l=[]) %}{% for m in messages %}{% if m.role != 'system' %}{% set ns.l = ns.l + [m] %}{% endif %}"
    "{% endfor %}{{ ns.l | length }}{% for m in ns.l %}{{ m.role }}{{ m.content }}{{ loop.index }}{{ loop.last }}{% endfor %}"
    "{{ ns.l[0].content }}{{ ns.l[-1].role }}{% if ns.l %}x{% endif %}",
    "{% for m in messages %}{% set r = namespace(l=[]) %}{% for c in messages[loop.index0:] %}"
    "{% if c.role == 'assistant' %}{% break %}{% endif %}{% set r.l = r.l + [c] %}{% endfor %}"
    "[{% for c in r.l %}{{ c.content }};{% endfor %}{{ r.l | length }}]{% endfor %}",
    "{% set ns = namespace(l=[]) %}{% for m in messages %}{% if m.role != 'system' %}{% set ns.l = ns.l + [m.content] %}"
    "{% endif %}{% endfor %}{{ ns.l | length }}{{ ns.l[0] }}{{ ns.l[-1] }}{{ ns.l[1] }}{{ ns.l | first }}{{ ns.l | last }}",
    "{% for m in messages %}{% set s = m.content %}{% set ns = namespace(f='') %}{% for i in ['z', 'a', 'y'] %}"
    "{% if i == s %}{% break %}{% endif %}{{ i }}{% set ns.f = ns.f ~ i %}{% endfor %}{{ ns.f }};{% endfor %}",
    "{% for i in range(3) %}{% if i == 1 %}{% continue %}{% endif %}{{ i }}{{ loop.last }}{% endfor %}",
    "{% for m in messages %}{% for i in ['user', 'assistant'] %}{% for j in messages %}{% if j.role == i %}{% break %}"
    "{% endif %}{{ j.content }}{% endfor %}{% if i == m.role %}{% break %}{% endif %}{{ i }}{% endfor %}{% endfor %}",
    "{% for m in messages %}{{ loop.cycle('a', 'b') }}{% endfor %}",
    "{% set t %}{% for m in messages %}{{ m.role }},{% endfor %}{% endset %}{{ t.strip(',') }}|{{ t }}",
]


@pytest.mark.parametrize("source", TEMPLATES)
def test_loop_is_jinjas(source: str) -> None:
    # Some of them loop over other things than the messages, which is told (MK537) and no matter here.
    assert not [d for d in check(source, *CONVERSATIONS).diagnostics if d.code != "MK537"]


def test_break_leaves_what_the_loop_changed() -> None:
    source = (
        "{% set ns = namespace(n='') %}{% for m in messages %}{% set ns.n = m.content %}"
        "{% if m.role == 'assistant' %}{% break %}{% endif %}{% endfor %}{{ ns.n }}"
    )
    check(source, *CONVERSATIONS)


@pytest.mark.parametrize("exit", ["break", "continue"])
@pytest.mark.parametrize("over", ["messages", "['a', 'b']", "m0.split(' ')", "range(messages | length)"])
def test_an_else_behind_an_exit_is_refused(over: str, exit: str) -> None:
    """Jinja takes it where no iteration came to its end, and not only where there was none."""
    source = (
        "{% set m0 = messages[0].content %}{% for x in "
        + over
        + " %}{% if messages[0].content == 'abc' %}{% "
        + exit
        + " %}{% endif %}x{% else %}none{% endfor %}{% for m in messages %}{{ m.content }}{% endfor %}"
    )
    assert render_reference(source, [user("abc")]) == "noneabc"
    assert "MK610" in [d.code for d in compiled(source).diagnostics]


def test_calls_and_arguments() -> None:
    source = (
        "{% for m in messages %}{% if m.tool_calls %}{% for c in m.tool_calls %}{% set c = c.function %}"
        "{{ c.name }}{{ c.arguments | tojson }}{% for k, v in c.arguments.items() %}"
        "{{ loop.index }}{{ k }}={{ v if v is string else v | tojson }}{{ ',' if not loop.last }}{% endfor %}"
        "{% endfor %}{% endif %}{% endfor %}"
    )
    nested = {
        "id": "x",
        "function": {"name": "f", "arguments": {"a": [1, 2.5, None, True, {"b": "c"}], "d": 3}},
    }
    calls = [user("a"), {"role": "assistant", "content": "", "tool_calls": [CALL, nested]}]
    found = check(source, calls)
    assert {d.code for d in found.diagnostics} == {"MK630"}


@pytest.mark.parametrize(
    "expression",
    ["range(messages | length)[1]", "range(loop.index, messages | length)[0]", "(m.items() | list)[0]"],
)
def test_an_element_is_right_or_refused(expression: str) -> None:
    """Never taken as undefined, which would print nothing."""
    source = "{% for m in messages %}{{ " + expression + " }}{% endfor %}"
    found = compiled(source)
    refused = [d.code for d in found.diagnostics] == ["MK610"]
    assert refused or check(source, *CONVERSATIONS)


COUNTED = {
    "pieces": (
        "{% for m in messages %}",
        "{% for piece in m.content.split('x') %}{{ loop.index }}{{ piece }}{% endfor %}",
    ),
    "keys": ("{% for t in tools %}", "{% for k in t.function %}{{ loop.index }}{{ k }}{% endfor %}"),
}
NEXT = ("{{ loop.index }}", "{{ q.role }}")


@pytest.mark.parametrize("shown", NEXT)
@pytest.mark.parametrize(("outer", "loop"), COUNTED.values(), ids=COUNTED)
@pytest.mark.parametrize("branch", ["LOOP", "{% if messages | length > 1 %}LOOP{% endif %}"])
def test_the_next_loop_counts_for_itself(branch: str, outer: str, loop: str, shown: str) -> None:
    """What a loop counts in is not the next one's, and may not even be declared where that stands."""
    following = "{% for q in messages %}<" + shown + ">{% endfor %}"
    source = outer + branch.replace("LOOP", loop) + following + "{% endfor %}"
    said = [user("axbxc"), {"role": "assistant", "content": "x"}, user("d")]
    check(source, said, said[:1], tools=[TOOL] if "tools" in source else None)


@pytest.mark.parametrize("shown", [*NEXT, "{{ loop.last }}"])
def test_a_loop_that_is_refused_counts_nothing_in_the_next(shown: str) -> None:
    """Counting its elements may be what is refused already."""
    refused = "{% for k in t.function if k == messages[0].content %}{{ loop.last }}{% endfor %}"
    following = "{% for q in messages %}<" + shown + ">{% endfor %}"
    source = (
        "{% for t in tools %}{% if messages | length > 5 %}"
        + refused
        + "{% endif %}"
        + following
        + "{% endfor %}"
    )
    found = check(source, [user("a"), ANSWER, user("d")], tools=[TOOL])
    assert [d.code for d in found.diagnostics] == ["MK610"]
