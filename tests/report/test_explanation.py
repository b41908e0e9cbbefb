"""The explained compilation as text (wide and narrow) and as plain values."""

import json

import pytest

from modelfile_kit.compiler.explain.explain import explain_template
from modelfile_kit.report.explanation import SIDE_BY_SIDE, render, to_dict

SOURCE = """{% for m in messages %}
<{{ m.role }}>{{ m.content }}
{% if documents %}never{% endif %}
{% endfor %}
{% if tools %}
{{ messages[0].content | wordwrap(9) }}{% endif %}"""


@pytest.fixture(scope="module")
def explanation():
    return explain_template(SOURCE)


def test_wide_is_side_by_side(explanation):
    text = render(explanation, width=140)
    lines = text.splitlines()
    row = next(line for line in lines if "{{ m.role }}" in line)
    left, _, right = row.partition("│")
    assert (left.strip(), right.strip()) == ("2  {{ m.role }}", "{{ .Role }}")
    assert max(len(line) for line in lines if "│" in line) <= 140
    assert len({line.index("│") for line in lines if "│" in line}) == 1


def test_narrow_is_one_below_the_other(explanation):
    lines = render(explanation, width=SIDE_BY_SIDE - 1).splitlines()
    at = next(n for n, line in enumerate(lines) if "{{ m.role }}" in line)
    assert lines[at + 1].strip() == "→ {{ .Role }}"
    assert "│" not in "".join(lines)


@pytest.mark.parametrize("width", [20, 60, 109, 110, 300])
def test_no_line_is_wider_than_the_terminal(explanation, width):
    lines = render(explanation, width=width).splitlines()
    # findings are sentences, which the terminal itself wraps
    rows = [line for line in lines if "MK" not in line and "help:" not in line]
    assert [line for line in rows if len(line) > width] == []


def test_double_width_characters_count_twice():
    text = render(explain_template("你好{{ messages[0].content }}你好你好"), width=120)
    row = next(line for line in text.splitlines() if line.count("你好") == 2)
    # two characters of four columns: the rule stands two places earlier in the text
    plain = next(line for line in text.splitlines() if "{{ messages[0].content }}" in line)
    assert row.index("│") == plain.index("│") - 2


def test_reasons_and_findings(explanation):
    text = render(explanation, width=200)
    assert "(never true: `documents` is none)" in text
    assert "(never reached: the if on line 3 is never true)" in text
    assert "warning MK610 construct-not-supported: not supported in a Go template: the filter" in text
    assert "\x1b" not in text
    assert "\x1b" in render(explanation, width=200, color=True)


def test_newlines_that_count_are_seen():
    text = render(explain_template("{% for m in messages %}{{ m.content + '\n\nx' }}{% endfor %}"), width=200)
    shown = [line.partition("│")[2].strip() for line in text.splitlines()]
    assert "{{ .Content }}⏎" in shown
    assert "⏎" in shown


def test_what_the_reasons_rest_on(explanation):
    assert "assumed:\n  the content of a message is a string: the chat template shows no images" in render(
        explanation, width=200
    )


def test_as_plain_values(explanation):
    data = json.loads(json.dumps(to_dict(explanation)))
    first, *_ = data["constructs"]
    assert (first["line"], first["kind"], first["jinja"]) == (1, "for", "{% for m in messages %}")
    never = next(c for c in data["constructs"] if c["jinja"] == "{% if documents %}")
    assert (never["go"], never["why"]) == ([], "never true: `documents` is none")
    wrapped = next(c for c in data["constructs"] if "wordwrap" in c["jinja"])
    assert [d["code"] for d in wrapped["diagnostics"]] == ["MK610"]
