"""Chat templates that hide what they do: in macros, call blocks, other names, and values that are used up.

The grammar is that of the compiler's generator (tests/compiler/random_templates.py), with more of what makes
one place of a template depend on another, and with more that the compiler refuses.
"""

from __future__ import annotations

import random

from tests.compiler.random_templates import GRAMMAR, Generator

_MACROS = {
    "{% macro show(x, y=$literal, z=x) %}$look{{ x ~ y }}{% endmacro %}": 3,
    "{% macro show(x='', y=a, z=none) %}{% set a = y %}$look{{ a }}{% endmacro %}": 1,
    "{% macro name_it(s, x=1) %}{% set s.count = s.count + x %}{% set s.text = s.text ~ 'n' %}$look"
    "{% endmacro %}": 2,
    "{% macro deep(n) %}$look{% if n > 0 %}{{ deep(n - 1) }}{% endif %}{% set ns.count = n %}$look"
    "{% endmacro %}": 1,
    "{% macro deep(n) %}{% set own = namespace(n=n) %}{% if n > 0 %}{{ deep(n - 1) }}{% endif %}"
    "{% if own.n == 2 %}$literal_text{% endif %}{% endmacro %}": 1,
    "{% macro show(x='') %}{% if varargs %}{% set s = varargs[0] %}{% set s.flag = true %}{% endif %}"
    "{% endmacro %}": 1,
}

_LOOK = {
    "{% if a == $a_value %}A{% else %}B{% endif %}": 3,
    "{% if ns.flag %}F{% else %}G{% endif %}": 3,
    "{% if ns.count == $number %}C{% endif %}": 3,
    "{% if ns.text == $content %}T{% endif %}": 1,
    "{% if ns.text == $a_value %}{% if ns.text == $a_value %}T{% endif %}{% endif %}": 1,
    "{% if ns.more is defined %}M{% if ns.more %}N{% endif %}{% endif %}": 2,
    "{% if a == $a_value and ns.count > $number %}A{% elif not ns.flag %}B{% endif %}": 1,
    "{% if other.flag is defined and other.flag %}O{% endif %}": 1,
    "{% if kept.item is not none and kept.item.n == $number %}K{% endif %}": 1,
    "{% if stream | list %}{% if stream | list | length > 1 %}S{% endif %}{% endif %}": 1,
    "{% if loop is defined and loop.index == $number %}L{% endif %}": 1,
    "{% if u %}{% if $condition %}U{% endif %}{% endif %}": 1,
    "{% if c.next() == 'p' %}{% if c.next() == 'p' %}P{% endif %}{% endif %}": 1,
    "{% if b is defined %}D{% endif %}": 1,
}

_STATEMENT = {
    "$look": 10,
    "{% set a = $a_value %}": 4,
    "{% set a = $content %}": 2,
    "{% set b = a %}": 1,
    "{% set u = $condition %}": 2,
    "{% set ns.flag = $condition %}": 2,
    "{% set ns.flag = not ns.flag %}": 2,
    "{% set ns.count = ns.count + 1 %}": 2,
    "{% set ns.count = loop.index %}": 1,
    "{% set ns.more = $condition %}": 2,
    "{% set ns.text = $content %}": 1,
    "{% set ns.text = $a_value %}": 1,
    "{% set other = ns %}$statement": 1,
    "{% set other.flag = true %}": 1,
    "{% set ns = namespace(flag=$condition, count=$number, text='') %}": 1,
    "{% set inner = namespace(n=loop.index) %}{% if kept.item is none %}{% set kept.item = inner %}"
    "{% endif %}": 1,
    "{% set each = namespace() %}{% if each.x is defined %}X{% endif %}{% set each.x = 1 %}": 1,
    "{% set stream = messages | selectattr('role', 'equalto', $a_role) %}": 1,
    "{% set stream = messages | reverse %}": 1,
    "{% set stream = messages | reverse %}{% for p in stream %}p{% endfor %}"
    "{% for p in stream %}p{% else %}q{% endfor %}": 2,
    "{% set a = 'q' %}{{ seen() }}": 1,
    "{% for a in ['q'] %}{{ seen() }}{% endfor %}": 2,
    "{% with a = 'q' %}{{ seen() }}{% endwith %}": 1,
    "{% for p in stream %}p{% else %}q{% endfor %}": 1,
    "{% if $condition %}$statement{% else %}$statement{% endif %}": 4,
    "{% if $condition %}{% continue %}{% endif %}": 1,
    "{% if $condition %}{% break %}{% endif %}": 1,
    "{% if $condition %}{{ raise_exception('') }}{% endif %}": 1,
    "{% for a in ['x', $literal] %}$statement{% endfor %}": 2,
    "{% for p in messages[$span] if p.role == $a_role %}$statement$statement{% else %}$statement"
    "{% endfor %}": 2,
    "{% for p in messages if not ns.flag %}$statement{% if loop.last %}.{% endif %}{% else %}$look"
    "{% endfor %}": 1,
    "{% for p in range($span_end) %}$statement{% else %}$look{% endfor %}": 1,
    "{% for p in [['x'], [['y'], 'z']] recursive %}$look{% if p is string %}$statement"
    "{% else %}{{ loop(p) }}{% endif %}$look{% endfor %}": 1,
    "{% with a = $content %}$statement{% endwith %}": 1,
    "{% with b = $effect %}$look{% endwith %}": 1,
    "{% set said %}$statement{% endset %}": 1,
    "{% filter upper %}$statement{% endfilter %}": 1,
    "{% generation %}$statement{% endgeneration %}": 1,
    "{% call wrap(a) %}$statement$look{% endcall %}": 2,
    "{% call(b) wrap($effect) %}$look$statement{% endcall %}": 1,
    "{% macro late(x) %}$look{% endmacro %}{{ late(a) }}": 1,
    "{% if $condition %}{% macro show(x='') %}$look{% endmacro %}{% endif %}": 1,
    "$effect_statement": 6,
    "{{ name_it(ns) }}": 1,
    "{{ name_it(s=other, x=2) }}": 1,
    "{{ name_it(namespace(count=0, text='')) }}": 1,
    "{{ deep(2) }}": 1,
    "{{ show(a, ns) }}": 1,
    "{{ show(*[a]) }}{{ show(**{'x': $a_value}) }}": 1,
    "{{ messages[:($content | length)] | length }}": 1,
}

_CONDITION = {
    "$role $equal $a_role": 4,
    "loop.first": 4,
    "loop.last": 4,
    "$content": 4,
    "tools": 4,
    "ns.flag": 3,
    "not ns.flag": 3,
    "ns.count > $number": 3,
    "a == $a_value": 3,
    "u": 3,
    "$effect == ''": 2,
    "$effect": 2,
    "loop.changed($role)": 2,
    "$m.tool_calls": 2,
    "ns.more is defined": 2,
    "loop.previtem is defined and loop.previtem.role == 'user'": 1,
    "loop.nextitem is defined": 1,
    "loop.index0 == ns.count": 1,
    "loop.index == messages | length": 1,
    "loop.cycle('a', 'b') == 'a'": 1,
    "a is defined": 1,
    "$content | length == $number": 1,
    "a == $content": 1,
    "enable_thinking == 1": 1,
    "('a' if $condition else 'b') == 'a'": 1,
    "($condition $both $condition)": 1,
    "not ($condition)": 1,
    "'-' * loop.index == '--'": 1,
    "-loop.index == -2": 1,
}

HIDING: dict[str, dict[str, int]] = {
    **GRAMMAR,
    "a_value": dict.fromkeys(("'x'", "''", "'user'", "1"), 1),
    "span": dict.fromkeys(("1:", ":1", "ns.count:", ":loop.index0", "::-1", ""), 1),
    "span_end": dict.fromkeys(("0", "2", "ns.count", "loop.index0", "loop.index, 0, -1", "1, 3"), 1),
    "look": _LOOK,
    "macros": _MACROS,
    "statement": _STATEMENT,
    "condition": _CONDITION,
    "outside": {"": 1, "$look": 2, "$statement_outside": 2},
    "statement_outside": {
        "{% set a = $a_value %}$look": 1,
        "{{ $effect }}$look": 1,
        "{{ show(a) }}": 1,
        "{% set ns.flag = $effect == '' %}$look": 1,
    },
}

# What hands namespaces around as values, so that nobody follows them: a template has none of it, or much.
_ODD = ("kept", "varargs", "show(a, ns)", "(namespace(")
_PLAIN = {
    hole: {line: n for line, n in lines.items() if not any(odd in line for odd in _ODD)}
    for hole, lines in HIDING.items()
}


class HidingGenerator(Generator):
    """Writes templates with much of what HIDING adds."""

    def __init__(self, rng: random.Random) -> None:
        odd = rng.random() < 0.15
        super().__init__(rng, HIDING if odd else _PLAIN)
        self.head = (
            "{% set ns = namespace(flag=false, count=0, text='') %}{% set other = ns %}{% set a = 'x' %}"
            "{% set u = false %}{% set c = cycler('p', 'q') %}"
        )
        self.head += "{% set kept = namespace(item=none) %}" if odd else ""

    def template(self) -> str:
        """A whole chat template."""
        fill = self.fill
        macros = [fill("effects"), "{% macro show(x='') %}" + fill("look") + "{{ x }}{% endmacro %}"]
        macros.append("{% macro seen() %}{% if a == 'x' %}S{% endif %}{% endmacro %}")
        macros += [fill("macros") for _ in range(self.rng.randint(0, 2))]
        body = "".join(fill("statement") for _ in range(self.rng.randint(2, 5)))
        loop = "{% for " + fill("m") + " in messages" + fill("chosen") + " %}" + body + "{% endfor %}"
        return self.head + "".join(macros) + fill("outside") + loop + fill("outside")


def random_template(seed: str) -> str:
    """The chat template of a seed."""
    return HidingGenerator(random.Random(seed)).template()
