"""len, index and slice of compiled templates, as the string idioms use them: against Python's answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelfile_kit.gotemplate import GoTemplateError, parse
from modelfile_kit.gotemplate.values.representation import from_bytes
from tests.gotemplate.compiled.test_compile import same

_TEXTS = st.text("ab é<\u3000", max_size=12) | st.binary(max_size=8).map(from_bytes)
_CUT = (
    '{{ $r := .S }}{{ range $i := len .S }}{{ if eq (printf "%.2s" (slice $.S $i)) "ab" }}'
    "{{ $r = slice $.S 0 $i }}{{ break }}{{ end }}{{ end }}{{ $r }}"
)
_LAST = (
    '{{ $r := .S }}{{ range $i := len .S }}{{ if eq (printf "%.1s" (slice $.S $i)) "<" }}'
    "{{ $r = slice (slice $.S $i) 1 }}{{ end }}{{ end }}{{ $r }}"
)
_STRIP = (
    '{{ $r := "" }}{{ range $i := len .S }}{{ if ne (slice (slice $.S $i) 0 1) " " }}'
    '{{ $r = slice $.S 0 (len (printf "%*s " $i "")) }}{{ end }}{{ end }}{{ $r }}'
)


@given(_TEXTS)
def test_split_at_the_first(text):
    assert same(_CUT, {"S": text}) == text.split("ab")[0]


@given(_TEXTS)
def test_split_at_the_last(text):
    assert same(_LAST, {"S": text}) == text.split("<")[-1]


@given(_TEXTS)
def test_strip_at_the_right(text):
    assert same(_STRIP, {"S": text}) == text.rstrip(" ")


@given(_TEXTS, st.integers(0, 14), st.integers(0, 14))
def test_cuts_in_bytes(text, low, high):
    data = text.encode("utf-8", "surrogateescape")
    if low <= high <= len(data):
        assert same(f"{{{{slice .S {low} {high}}}}}", {"S": text}) == from_bytes(data[low:high])
        assert same(f"{{{{len (slice .S {low})}}}}", {"S": text}) == str(len(data) - low)
    if low < len(data):
        assert same(f"{{{{index .S {low}}}}}", {"S": text}) == str(data[low])


@given(st.integers(-20, 20), st.integers(0, 20), st.text("aé", max_size=5))
def test_lengths_without_text(a, b, text):
    padded = len(text.rjust(abs(a)).encode()) + b
    source = '{{ len (printf "%*s%*s" .A .T .B "") }}|{{ len (printf "%-*s%%é.%s" .A .T "xy") }}'
    assert same(source, {"A": a, "B": b, "T": text}) == f"{padded}|{len(text.ljust(abs(a)).encode()) + 6}"


@given(st.lists(st.integers(0, 9), max_size=5), st.integers(0, 6))
def test_lists(items, at):
    data = {"L": items}
    if at <= len(items):
        assert same(f"{{{{slice .L {at}}}}}", data) == f"[{' '.join(map(str, items[at:]))}]"
        assert same(f"{{{{len (slice .L {at})}}}}", data) == str(len(items) - at)
    if at < len(items):
        assert same(f"{{{{index .L {at}}}}}", data) == str(items[at])
        assert same(f"{{{{index (slice .L {at}) 0}}}}", data) == str(items[at])


def test_a_list_keeps_its_room():
    assert same("{{slice (slice .L 0 1) 0 3}}", {"L": [1, 2, 3]}) == "[1 2 3]"
    assert same("{{slice .L 0 4}}", {"L": [1, 2, 3]}) == "[1 2 3 <nil>]"  # decoded JSON has room for four


@pytest.mark.parametrize("data", [{"S": "abc"}, {"S": [1, 2, 3]}, {"S": (1, 2, 3)}])
@pytest.mark.parametrize("indexes", ["1 $nothing", "$nothing", "$nothing 2"])
def test_a_nil_is_no_index(data, indexes):
    # Go: "cannot index slice/array with nil"; an upper bound of nil is not one that is left out.
    with pytest.raises(GoTemplateError, match="cannot index slice/array with nil"):
        parse("{{ $nothing := .Nothing }}{{ slice .S " + indexes + " }}").execute(data)
