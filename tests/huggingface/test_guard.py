"""Hostile templates end in a clear error; ordinary large input does not."""

from __future__ import annotations

import pytest

from modelfile_kit.huggingface import TemplateLimitError, render_reference
from modelfile_kit.huggingface.guard import BUDGET, VALUE_MAX

USER = [{"role": "user", "content": "hi"}]
GROW = "{% set ns = namespace(s=START) %}{% for i in range(99) %}{% set ns.s = STEP %}{% endfor %}"

HOSTILE = {
    "loops in loops": "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "filter of a loop": "{% for a in range(99999) if a > 99999 %}{% endfor %}" * 12,
    "text times": "{{ 'x' * 10**9 }}",
    "times text": "{{ 10**9 * 'x' }}",
    "list times": "{{ [1] * 10**9 }}",
    "power": "{{ 7 ** (10 ** 10) }}",
    "large numbers": GROW.replace("START", "3").replace("STEP", "ns.s * ns.s"),
    "doubling by ~": GROW.replace("START", "'x'").replace("STEP", "ns.s ~ ns.s"),
    "doubling by +": GROW.replace("START", "'x'").replace("STEP", "ns.s + ns.s"),
    "list in list": GROW.replace("START", "[1]").replace("STEP", "[ns.s, ns.s]") + "{{ ns.s }}",
    "tuple as key": GROW.replace("START", "(1,)").replace("STEP", "(ns.s, ns.s)") + "{{ {ns.s: 1} }}",
    "dict in dict": GROW.replace("START", "{}").replace("STEP", "{'a': ns.s, 'b': ns.s}"),
    "namespace in itself": "{% set ns = namespace() %}{% set ns.a = [ns, ns] %}{{ ns.a }}",
    "many values": "{% set ns = namespace(l=[]) %}{% for i in range(9999) %}"
    "{% set ns.l = ['x' * 900000 ~ i] + ns.l[:4] %}{% endfor %}",
    "center filter": "{{ 'a' | center(10**9) }}",
    "center method": "{{ 'a'.center(10**9) }}",
    "percent width": "{{ '%1000000000d' % 1 }}",
    "percent precision": "{{ '%.1000000000f' % 1 }}",
    "percent star": "{{ '%*d' | format(1000000000, 1) }}",
    "format width": "{{ '{:1000000000}'.format(1) }}",
    "format nested width": "{{ '{:{}}'.format(1, 1000000000) }}",
    "format_map": "{{ '{x:1000000000}'.format_map({'x': 1}) }}",
    "join filter": "{{ (['x' * 1000000] * 10000) | join }}",
    "join method": "{{ ''.join(['x' * 1000000] * 10000) }}",
    "join of a generator": "{{ range(99999) | map('center', 99999) | join }}",
    "lists of ranges": "{{ ([range(99999)] * 999) | map('list') | list }}",
    "replace filter": "{{ ('x' * 1000000) | replace('x', 'y' * 1000000) }}",
    "replace method": "{{ ('x' * 1000000).replace('x', 'y' * 1000000) }}",
    "translate": "{{ ('a' * 1000000).translate({97: 'b' * 1000000}) }}",
    "expandtabs": "{{ ('\t' * 1000000).expandtabs(1000000) }}",
    "indent": "{{ ('x\n' * 100000) | indent(100000) }}",
    "indented JSON": "{{ ([[[[1]]]] * 99999) | tojson(indent=1000) }}",
    "batch": "{{ [1] | batch(10**9, 1) | list }}",
    "slice": "{{ [1] | slice(10**9) | list }}",
    "wordwrap": "{{ ('x ' * 1000000) | wordwrap(1, true, 'y' * 100000) }}",
    "sum of lists": "{{ ([range(99999) | list] * 9999) | sum(start=[]) }}",
    "striptags": "{{ ('<!--a-->' * 500000) | striptags }}",
    "letters as a list": "{{ ('ab' * 1000000) | list | length }}",
    "split": "{{ ('ab,' * 2000000).split(',') | length }}",
    "bytes": "{{ (1).to_bytes(10**9, 'big') }}",
    "lipsum": "{{ lipsum(10**9) }}",
    "date": "{{ strftime_now('%c' * 1000000) }}",
    "round": "{{ 1.5 | round(10**9, 'ceil') }}",
    "recursion": "{% macro a(x) %}{{ a(x + 1) }}{% endmacro %}{{ a(1) }}",
    "tree of calls": "{% macro a(x) %}{% if x %}"
    "{{ a(x - 1) ~ a(x - 1) }}{% endif %}{% endmacro %}{{ a(60) }}",
    "set block": "{% set x %}{% for i in range(99999) %}" + "y" * 1000 + "{% endfor %}{% endset %}",
    "output": "{% for i in range(99999) %}" + "y" * 1000 + "{% endfor %}",
    "brackets": "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "blocks": "{% if 1 %}" * 3000 + "{% endif %}" * 3000,
    "long sum": "{{ " + "1+" * 20000 + "1 }}",
    "long template": "x" * 600_000,
}


# A hundred thousand turns over something large: each is little code and much work.
LARGE = """{% set s = 'ab c' * 1900000 %}{% set t = 'ab c' * 1900000 %}
{%- set l = range(99999) | list %}{% set m = range(99999) | list %}{% set d = dict.fromkeys(l) %}
{%- set e = dict.fromkeys(l) %}{% for i in range(99999) %}{% set x = WORK %}{% endfor %}"""
STRENUOUS = [
    "s == t", "s < t", "'zzz' in s", "s in [t, t]", "s[1:]", "s | upper", "s.casefold()", "s.strip('abc ')",
    "s | replace('z', 'a')", "s.count('z')", "s.find('zz')", "s | wordcount", "s | tojson", "s | string",
    "s | int", "s.encode()", "dict.fromkeys(s)", "l == m", "l < m", "'a' in l", "l[1:]", "l + m",
    "l | string",
    "l | tojson", "l | sort", "l | unique | list", "l | max", "l | sum", "l | map('string') | list",
    "l | join",
    "l.count('a')", "l.index(99998)", "l | batch(9) | list", "[l] | string", "'%s' % l", "'{}'.format(l)",
    "'a' in range(99999)", "d.keys() - e.keys()", "d == e", "d.keys() == e.keys()", "'a' in d.values()",
    "d | items | list", "dict(d)", "d | dictsort", "d | tojson", "cycler(*l)", "namespace(a=l).a == m",
    "i | center(900000)",
]  # fmt: skip


def test_what_is_large_is_allowed() -> None:
    assert render_reference(LARGE.replace("WORK", "s | length"), USER) == ""


@pytest.mark.parametrize("work", STRENUOUS)
def test_a_step_counts_for_as_much_as_it_takes(work: str) -> None:
    with pytest.raises(TemplateLimitError):
        render_reference(LARGE.replace("WORK", work), USER)


KEPT = {
    "texts": "".join(f"{{% set v{i} = 'é{i}' ~ 'x' * 7000000 %}}" for i in range(40)),
    "lists": "".join(f"{{% set v{i} = range(99999) | map('string') | list %}}" for i in range(40)),
    "a chain": "{% set ns = namespace(a=[]) %}{% for i in range(99999) %}"
    "{% set ns.a = [ns.a, 'x' * 250 ~ i] %}{% endfor %}",
}


@pytest.mark.parametrize("template", KEPT.values(), ids=KEPT)
def test_what_is_kept_is_bounded(template: str) -> None:
    with pytest.raises(TemplateLimitError):
        render_reference(template, USER)


def test_what_is_given_up_does_not_count() -> None:
    """Four hundred megabytes are made here, and one at a time is in use."""
    again = "{% for i in range(400) %}{% set x = 'y' * 1000000 ~ i %}{% endfor %}"
    assert render_reference(again + "done", USER) == "done"


@pytest.mark.parametrize("template", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile(template: str) -> None:
    with pytest.raises(TemplateLimitError):
        render_reference(template, USER)


def test_the_error_names_the_line() -> None:
    with pytest.raises(TemplateLimitError) as e:
        render_reference("a\n{% set x = 1 %}\n{{ 'x' * 10**9 }}", USER)
    assert e.value.span is not None
    assert e.value.span.line == 3


def test_a_long_conversation_is_no_attack() -> None:
    text = "Ünïcode 👍 " * 10_000
    messages = [{"role": "user", "content": text}, {"role": "assistant", "content": text}] * 10
    template = (
        "{% set ns = namespace(all='') %}{% for m in messages %}"
        "{% set ns.all = ns.all + '<' + m.role + '>' + m.content.split('x')[-1].strip() | trim %}"
        "{% endfor %}{{ ns.all }}"
    )
    expected = "".join(f"<{m['role']}>{text.strip()}" for m in messages)
    assert render_reference(template, messages) == expected


def test_a_thousand_messages_are_no_attack() -> None:
    messages = [{"role": "user", "content": f"{i}"} for i in range(1000)]
    template = "{% for m in messages %}{% set l = messages[loop.index0:] %}{{ l | length }} {% endfor %}"
    assert render_reference(template, messages) == "".join(f"{n} " for n in range(1000, 0, -1))


def test_weight_counts_shared_parts_as_often_as_they_are_written() -> None:
    BUDGET.start()
    shared = ["x" * 1000]
    assert BUDGET.weigh([shared] * 50) > 50 * 1000
    assert BUDGET.weigh("x" * 7) == 7
    with pytest.raises(TemplateLimitError):
        BUDGET.check(VALUE_MAX + 1)


def test_limits_do_not_leak_into_the_next_rendering() -> None:
    for _ in range(3):
        with pytest.raises(TemplateLimitError):
            render_reference(HOSTILE["loops in loops"], USER)
        assert render_reference("{% for i in range(999) %}{{ 1 }}{% endfor %}", USER) == "1" * 999
