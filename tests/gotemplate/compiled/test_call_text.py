"""print and printf of compiled templates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelfile_kit.gotemplate.values.representation import from_bytes
from tests.gotemplate.compiled.test_compile import same

_TEXTS = st.text("ab é", max_size=4) | st.binary(max_size=4).map(from_bytes)
_ANY = (
    _TEXTS
    | st.integers(-9, 9)
    | st.booleans()
    | st.none()
    | st.floats(-9, 9)
    | st.lists(st.integers(0, 3), max_size=2)
)


@given(_TEXTS, _TEXTS)
def test_strings_are_joined_by_their_bytes(a, b):
    whole = (a.encode("utf-8", "surrogateescape") + b.encode("utf-8", "surrogateescape")).decode(
        "utf-8", "surrogateescape"
    )
    for source in ('{{printf "%s%s" .A .B}}', "{{print .A .B}}", '{{printf "%v%v" .A .B}}'):
        assert same(source, {"A": a, "B": b}) == whole
        assert same(f"{{{{len ({source[2:-2]})}}}}", {"A": a, "B": b}) == str(
            len(whole.encode("utf-8", "surrogateescape"))
        )


@given(_ANY, _ANY)
def test_any_operands(a, b):
    for call in (
        'printf "%s-%v" .A .B',
        "print .A .B",
        "println .A .B",
        'printf "%%%v" .A',
        'printf "%.2s" .A',
        'printf "%d|%5v|%q" .A .B .A',
        'printf "%s" .A .B',
        'printf "%s%s" .A',
        "html .A",
        "js .A .B",
        "urlquery .A",
    ):
        same(f"{{{{{call}}}}}", {"A": a, "B": b})


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ('{{printf "%.3s" (slice .S 1)}}', "éll".encode()[1:].decode("utf-8", "surrogateescape")[:3]),
        ('{{printf "%.0s" .S}}', ""),
        ("{{printf .F 1 2}}", "1 and 2"),
        ("{{html `<` .S}}", "&lt;éllo"),
        ("{{print}}{{printf `a`}}", "a"),
    ],
)
def test_forms(source, output):
    assert same(source, {"S": "éllo", "F": "%d and %d"}) == output
