"""Every string idiom against Python's own answer, on blanks, markers, Unicode and template syntax."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from modelfile_kit import compile_template
from modelfile_kit.huggingface import render_reference
from tests.compiler.cases import TEXTS, check, check_expression, compiled, user

EXPRESSIONS = [
    "{{ s.strip() }}",
    "{{ s | trim }}",
    "{{ s.lstrip() }}|{{ s.rstrip() }}",
    "{{ s.strip('\\n') }}|{{ s.lstrip('\\n ') }}|{{ s.rstrip('a') }}",
    "{{ s.strip('é你') }}",
    "{{ s.strip('') }}|{{ s.lstrip('').rstrip() }}|{{ s.rstrip('') | length }}",
    "{{ s.split('</think>')[0] }}",
    "{{ s.split('</think>')[-1] }}",
    "{{ s.split('</think>')[-1].lstrip('\\n') }}",
    "{{ s.split('</think>')[1] }}",
    "{{ s.split('</think>', 1)[1] }}",
    "{{ s.split('aa')[-1] }}|{{ s.split('aa')[0] }}",
    "{{ s.split('|')[1:] | join('|') }}",
    "{{ s.split('|') | length }}",
    "{% for p in s.split('|') %}<{{ p }}{% if not loop.last %},{% endif %}>{% endfor %}",
    "{{ s.replace('a', '<->') }}",
    "{{ s.replace('</think>', '') }}",
    "{{ '</think>' in s }}",
    "{{ 'yes' if '</think>' not in s else 'no' }}",
    "{{ s.startswith('<think>') }}|{{ s.endswith('</think>') }}",
    "{{ s.startswith(('a', 'x')) }}",
    "{{ s | length }}",
    "{{ s | trim | length > 0 }}",
    "{{ 'empty' if not s.strip() else 'full' }}",
    "{{ s[:3] }}|{{ s[2:] }}",
    "{{ s | tojson }}",
    "{{ {'k': s, 'n': [1, true, none]} | tojson }}",
    "{{ {'k': [s], 'e': {}} | tojson(indent=2) }}",
    "{{ ('a' + s + 'b').strip() }}",
    "{{ (' ' + s + '\\n').strip() }}",
    "{{ '%s' if s == 'x' else s ~ 1 ~ none }}",
    "{{ 'a{}b{}'.format(s, 2) }}",
    "{{ '%5s|%-7s|%.2s|%9.3s' % (s, s, s, s) }}|{{ '%05d|%-4d|%+d|%x' % (s | length, 3, s | length, 255) }}",
    "{% set sep = s[:1] ~ 'a' %}{{ (s ~ sep ~ s).split(sep) | join('-') }}|{{ s.split(sep)[-1] }}",
    "{% set sep = 'a' ~ s[1:2] %}{{ (s ~ sep).split(sep) | length }}|{{ (s ~ sep ~ s).split(sep)[1] }}",
    "{% set sep = 'a' ~ s[:1] %}{% for p in (s ~ sep ~ s).split(sep) %}<{{ p }}>{% endfor %}",
    "{% set old = 'a' ~ s[-1:] %}{{ (s ~ old ~ s).replace(old, '<%>') }}|{{ s.replace(old, s) }}",
    "{{ s == 'x' or s == '' }}",
    "{{ s in ['x', 'aaa'] }}",
    "{{ ('<b>' | safe) + s }}|{{ ('<b>' | safe) ~ s }}|{{ s | e }}",
    "{% for k, v in {10: s, 2: 'b'} | dictsort %}{{ k }}{{ v }}{% endfor %}{{ {1: s}[1] }}",
    "{% for x in ['b', 'a'] | sort %}{{ x }}{{ s }}{% endfor %}",
    "{% for i in range(2, s | length) %}{{ i }},{% endfor %}",
    "{{ [s | length, 3] | min }}",
    "{{ s[:s | length - 2] }}|{{ s[s | length - 3:] }}",
    "{{ s[-2:] }}|{{ s[:-1] }}|{{ s[1:-1] }}|{{ s[2:4] }}|{{ s[-3:2] }}",
    "{% set n = s | length - 3 %}{% if n < 0 %}{% set n = 0 %}{% endif %}{{ s[n:] }}|{{ s[:n] }}",
    "{{ s[:1] in 'ab<' }}|{{ s[1:3] in s }}|{{ s in 'aaaa' }}",
    "{{ s.find('a') }}|{{ s.rfind('a') }}|{{ s.count('a') }}|{{ s.index('a') if 'a' in s }}",
    "{{ s.partition('a') | join('-') }}|{{ s.rpartition('a')[0] }}|{{ s.rpartition('a')[2] }}",
    "{{ s.rsplit('a', 1)[0] }}|{{ s.rsplit('a', 1)[-1] }}|{{ s.rsplit('|') | length }}",
    "{{ s.removeprefix('a') }}|{{ s.removesuffix('a') }}",
    "{{ s.split('|')[-2] }}|{{ s.split('a', 1)[-1] }}|{{ s.split('|')[:-1] | join('+') }}",
    "{{ s[-1] }}|{{ s | first }}|{{ s | last }}|{{ s[3] | length }}",
    "{{ s < 'b' }}{{ s >= 'a|' }}|{{ s.startswith(s[:1]) }}{{ 'aax'.endswith(s) }}",
    "{{ '%s and %s, 1%%' % (s, 3) }}|{{ '%s' | format(s) }}|{{ (['a'] * 3) | join(s) }}",
    "{{ s.replace('a', 'b', 1) }}|{{ [s, '', 'b'] | select | join(',') }}",
    "{{ [s, 'b'] | reject('equalto', 'x') | join }}",
    "{{ s | e }}",
    "{{ self.nothing }}{{ self.nothing is defined }}{{ s }}",
    "{% macro n() %} {{ s | length }}\n{% endmacro %}{{ n() | int + 1 }}{{ none | int }}{{ '3' | int }}",
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_expression_is_pythons(expression: str) -> None:
    found = check_expression(expression)
    assert found.coverage["chat"] == "exact"


OVERLAPPING = [
    "{{ s.replace('SEP', '<->') }}|{{ s.replace('SEP', '') }}|{{ s | replace('SEP', s) }}",
    "{{ s.split('SEP') | join('+') }}|{{ s.split('SEP') | length }}|{{ s.count('SEP') }}",
    "{% for p in s.split('SEP') %}<{{ p }}{{ loop.index }}{% if loop.last %}.{% endif %}>{% endfor %}",
    "{% for p in s.split('SEP') %}<{{ p }}>{% endfor %}",
    "{{ s.split('SEP')[0] }}|{{ s.split('SEP')[1] }}|{{ s.split('SEP')[-1] }}|{{ s.split('SEP')[-2] }}",
    "{{ s.split('SEP')[loop.index0] }}|{{ s.split('SEP')[:-1] | join('+') }}",
    "{{ s.split('SEP') | map('trim') | join('+') }}|{{ s.split('SEP') | reject('equalto', '') | join('+') }}",
    "{{ s.partition('SEP') | join('+') }}|{{ s.rpartition('SEP')[0] }}|{{ s.rpartition('SEP')[2] }}",
    "{{ s.rsplit('SEP', 1)[0] }}|{{ s.rsplit('SEP', 1)[-1] }}|{{ s.split('SEP', 1)[-1] }}",
    "{{ s.find('SEP') }}|{{ s.rfind('SEP') }}|{{ 'SEP' in s }}|{{ s.replace('SEP', '*', 1) }}",
]


@pytest.mark.parametrize("expression", OVERLAPPING)
@pytest.mark.parametrize("sep", ["aa", "aba"])
def test_a_separator_that_can_begin_inside_itself(sep: str, expression: str) -> None:
    """At every place of a text, also where its end and the separator share a part."""
    words = ["".join(letters) for n in range(8) for letters in itertools.product("ab", repeat=n)]
    found = check_expression(expression.replace("SEP", sep), words)
    assert found.coverage["chat"] == "exact"


@pytest.mark.parametrize(
    "expression",
    [
        "{{ s.upper() }}",
        "{{ s | lower }}",
        "{{ s.title() }}",
        "{{ s | title }}",
        "{{ s.capitalize() }}",
        "{{ s | capitalize }}",
    ],
)
def test_letters_beyond_ascii_are_noted(expression: str) -> None:
    found = check_expression(expression, ["x", "aB c-d", "", "9a", "IT'S q<b>it a1B (z"])
    assert [d.code for d in found.diagnostics] == ["MK620"]


@pytest.mark.parametrize("expression", ["{{ '{²}'.format(s) }}", "{{ [[s]] | map(attribute='²') | join }}"])
def test_a_digit_that_is_no_number_is_a_name(expression: str) -> None:
    found = compile_template("{% for m in messages %}{% set s = m.content %}" + expression + "{% endfor %}")
    assert found.coverage["chat"] == "unsupported"  # Python raises, or has no such attribute


def test_python_writing_of_lists_is_noted() -> None:
    texts = ["x", "it's", '"', "'\"", "\\ \n\t\x01", "<b>&", "你好"]
    found = check_expression("{{ [s, 'k', 1, none, true] }}|{{ {'a': s} }}", texts)
    assert [d.code for d in found.diagnostics] == ["MK623"]


def test_a_list_of_texts_that_a_loop_builds() -> None:
    source = (
        "{% set ns = namespace(seen=[]) %}{% for m in messages %}"
        "{% if m.content not in ns.seen %}{% set ns.seen = ns.seen + [m.content] %}{% endif %}{% endfor %}"
        "{{ ns.seen | join(', ') }}|{% for s in ns.seen %}<{{ s }}>{% endfor %}"
    )
    answer = {"role": "assistant", "content": "b"}
    check(source, [user("a")], [user("a"), answer, user("a")], [user(""), answer, user("a|b")])


@pytest.mark.oracle
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_expression_is_pythons_for_go_itself(expression: str, oracle: Any) -> None:
    source = "{% for m in messages %}{% set s = m.content %}[" + expression + "]{% endfor %}"
    template = compiled(source).template
    for text in TEXTS:
        answer = oracle.chat(template, [user(text)])
        assert answer.get("ok"), answer
        assert answer["output"] == render_reference(source, [user(text)])
