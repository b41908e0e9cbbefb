"""Comparisons of compiled templates."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from modelfile_kit.gotemplate.values.representation import from_bytes
from tests.gotemplate.compiled.test_compile import same

_TEXTS = st.text("ab é\U0001f600\ue000", max_size=4) | st.binary(max_size=4).map(from_bytes)


@given(_TEXTS, _TEXTS)
def test_strings_are_compared_by_their_bytes(a, b):
    x, y = (s.encode("utf-8", "surrogateescape") for s in (a, b))
    source = "{{lt .A .B}} {{le .A .B}} {{gt .A .B}} {{ge .A .B}} {{eq .A .B}} {{ne .A .B}}"
    expected = [x < y, x <= y, x > y, x >= y, x == y, x != y]
    assert same(source, {"A": a, "B": b}) == " ".join(str(e).lower() for e in expected)


@given(st.integers(-9, 9), st.integers(-9, 9))
def test_integers(a, b):
    source = "{{lt .A .B}} {{le .A .B}} {{gt .A .B}} {{ge .A .B}} {{eq .A .B}}"
    expected = [a < b, a <= b, a > b, a >= b, a == b]
    assert same(source, {"A": a, "B": b}) == " ".join(str(e).lower() for e in expected)


@given(_TEXTS, st.integers(0, 6), st.integers(0, 3), st.sampled_from(["a", "é", "ab", "", "\U0001f600"]))
def test_the_beginning_at_a_byte(text, at, count, wanted):
    data = text.encode("utf-8", "surrogateescape")
    if at <= len(data):
        source = f'{{{{$i := {at}}}}}{{{{eq (printf "%.{count}s" (slice .S $i)) "{wanted}"}}}}'
        assert same(source, {"S": text}) == str(from_bytes(data[at:])[:count] == wanted).lower()


@given(_TEXTS, st.integers(0, 5))
def test_a_byte(text, at):
    data = text.encode("utf-8", "surrogateescape")
    if at < len(data):
        assert same(f"{{{{eq (index .S {at}) 97}}}}", {"S": text}) == str(data[at] == 97).lower()


def test_one_of_several():
    assert same('{{eq .S "a" "b"}}{{eq .S "a" .T}}{{ne .S "b"}}', {"S": "b", "T": "b"}) == "truetruefalse"
    assert same("{{eq .N nil}}{{eq .N 1}}{{eq 1 .N 1}}", {"N": None}) == "truefalsetrue"
