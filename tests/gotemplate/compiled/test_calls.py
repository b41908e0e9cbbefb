"""and, or, not and user functions of compiled templates."""

from __future__ import annotations

import itertools

from modelfile_kit.gotemplate import parse
from tests.gotemplate.compiled.test_compile import same


def test_truth_tables():
    for values in itertools.product((0, 1, "", "x"), repeat=3):
        data = dict(zip("ABC", values, strict=True))
        a, b, c = values
        assert same("{{and .A .B .C}}", data) == str(a and b and c)
        assert same("{{or .A .B .C}}", data) == str(a or b or c)
        assert same("{{and .A .B}}|{{or .A .B}}|{{not .A}}|{{and .A}}|{{or .A}}", data) == "|".join(
            str(v) if not isinstance(v, bool) else str(v).lower() for v in (a and b, a or b, not a, a, a)
        )


def test_no_more_is_asked_than_needed():
    assert same("{{and .A (index .L 9)}}{{or .B (index .L 9)}}", {"A": 0, "B": 1, "L": []}) == "01"


def test_user_functions():
    asked = []

    def spy(value):
        asked.append(value)
        return "seen"

    template = parse("{{spy .A}}{{.B | spy}}{{if or true (spy 1)}}!{{end}}", functions={"spy": spy})
    assert template.execute({"A": 1, "B": None}) == "seenseen!"
    assert asked == [1, None]
