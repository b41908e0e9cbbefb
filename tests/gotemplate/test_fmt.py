"""Package fmt; the matrix of verbs is held to Go in test_recorded.py."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelfile_kit.gotemplate import LimitError, Limits
from modelfile_kit.gotemplate.budget import Budget
from modelfile_kit.gotemplate.fmt import AddressError, Printer
from modelfile_kit.gotemplate.values import gotypes as t
from modelfile_kit.gotemplate.values.gotypes import Field, Function, GoType, Kind
from modelfile_kit.gotemplate.values.representation import Func, Map, Pointer, Slice, Struct, zero

MIXED = GoType(
    "main.S",
    Kind.STRUCT,
    fields=(
        Field("A", t.INT),
        Field("B", t.pointer_to(t.STRING)),
        Field("C", t.slice_of(t.STRING)),
        Field("D", t.ANY),
        Field("E", t.map_of(t.STRING, t.INT)),
        Field("f", t.INT),
        Field("G", t.array_of(2, t.BOOL)),
    ),
)


def sprintf(form: str, *args: Any) -> str:
    return Printer(Budget(Limits())).sprintf(form, args)


# What Go 1.26 printed for these.
@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        ("%v", Struct(MIXED, {"C": ["a"]}), "{0 <nil> [a] <nil> map[] 0 [false false]}"),
        (
            "%+v",
            Struct(MIXED, {"A": 2, "D": 3, "E": {"k": 1}}),
            "{A:2 B:<nil> C:[] D:3 E:map[k:1] f:0 G:[false false]}",
        ),
        (
            "%#v",
            Struct(MIXED, {"A": 2, "D": "x"}),
            'main.S{A:2, B:(*string)(nil), C:[]string(nil), D:"x", E:map[string]int(nil), f:0, '
            "G:[2]bool{false, false}}",
        ),
        ("%v", Pointer(Struct(MIXED)), "&{0 <nil> [] <nil> map[] 0 [false false]}"),
        ("%+v", Pointer(Slice(t.slice_of(t.INT), [1])), "&[1]"),
        ("%T", Pointer(Struct(MIXED)), "*main.S"),
        ("%v", zero(t.pointer_to(MIXED)), "<nil>"),
        ("%#v", zero(t.pointer_to(MIXED)), "(*main.S)(nil)"),
        ("%p", zero(t.pointer_to(MIXED)), "0x0"),
        ("%d", zero(t.pointer_to(MIXED)), "0"),
        ("%s", Struct(GoType("x.T", Kind.STRUCT, fields=(Field("A", t.INT),)), {"A": 1}), "{%!s(int=1)}"),
        ("%d", [None, "a", 1], "[<nil> %!d(string=a) 1]"),
        ("%#v", [None, 1.0, "a"], '[]interface {}{interface {}(nil), 1, "a"}'),
        ("%x", ["hi", b"hi"], "[6869 6869]"),
        ("%v", Map(t.map_of(t.BOOL, t.STRING), {True: "y", False: "n"}), "map[false:n true:y]"),
        ("%6.2f|", [1.0, 2.0], "[  1.00   2.00]|"),
    ],
)
def test_composites(form, value, text):
    assert sprintf(form, value) == text


def test_text_methods():
    by_value = GoType("x.T", Kind.STRUCT, methods={"String": Function(lambda _: "text", (), t.STRING)})
    by_pointer = GoType(
        "x.P", Kind.STRUCT, pointer_methods={"String": Function(lambda _: "there", (), t.STRING)}
    )
    failing = GoType("x.E", Kind.STRUCT, methods={"Error": Function(lambda _: "err", (), t.STRING)})
    assert sprintf("%v %s %q %x %6v|", *[Struct(by_value)] * 5) == 'text text "text" 74657874   text|'
    assert sprintf("%d %#v %T", *[Struct(by_value)] * 3) == "{} x.T{} x.T"
    assert sprintf("%v %v", Struct(by_pointer), Pointer(Struct(by_pointer))) == "{} there"
    assert sprintf("%v", Struct(failing)) == "err"
    assert sprintf("%v", [Struct(by_value), Pointer(Struct(by_pointer))]) == "[text there]"
    assert sprintf("%v", zero(t.pointer_to(by_value))) == "<nil>"
    hidden = GoType("x.H", Kind.STRUCT, fields=(Field("inner", by_value),))
    assert sprintf("%v", Struct(hidden)) == "{{}}"  # below an unexported field no method is called
    assert sprintf("%w", Struct(by_value)) == "%!w(x.T={})"


def test_print_and_println():
    def printer() -> Printer:
        return Printer(Budget(Limits()))

    assert printer().sprint([1, 2, "a", 3, None, "b", "c", True]) == "1 2a3 <nil>bctrue"
    assert printer().sprintln([1, "a", "b"]) == "1 a b\n"
    assert printer().sprint(["\udcc3", "\udca9"]) == "é"


def test_addresses_are_not_made_up():
    for form, value in (
        ("%v", [Pointer(1)]),
        ("%p", [1]),
        ("%v", Func(t.func_of(()), lambda: 1)),
        ("%x", Pointer(1)),
    ):
        with pytest.raises(AddressError):
            sprintf(form, value)


def test_limits():
    small = Budget(Limits(string=100))
    with pytest.raises(LimitError, match="more than 100 characters"):
        Printer(small).sprintf("%101d", [1])
    with pytest.raises(LimitError):
        Printer(small).sprintf("%60[1]d%60[1]d", [1])
    with pytest.raises(LimitError, match="escapes or quotes a text"):
        sprintf("%q", "a" * 2_000_000)


@given(st.integers(-(2**63), 2**63 - 1), st.sampled_from("dxXob"), st.integers(0, 30), st.booleans())
def test_integers_as_python_has_them(number, verb, width, zeros):
    flag = "0" if zeros else ""
    assert sprintf(f"%{flag}{width or ''}{verb}", number) == format(number, f"{flag}{width or ''}{verb}")
    assert sprintf(f"%-{width}{verb}|", number) == format(number, f"<{width}{verb}") + "|"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), st.integers(0, 10), st.integers(0, 10))
def test_strings_are_measured_in_characters(text, width, precision):
    assert sprintf(f"%{width}.{precision}s", text) == text[:precision].rjust(width)
    assert sprintf(f"%-{width}s", text) == text.ljust(width)
    assert sprintf("%x", text) == text.encode().hex()


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        ("%#x", 255, "0xff"),
        ("%#o", 8, "010"),
        ("%O", 8, "0o10"),
        ("%+.3d", 7, "+007"),
        ("%.0d|", 0, "|"),
        ("% d", 7, " 7"),
        ("%c%c", 233, "é%!c(MISSING)"),
        ("%U", 233, "U+00E9"),
        ("%#U", 233, "U+00E9 'é'"),
        ("%U", -1, "U+FFFFFFFFFFFFFFFF"),
        ("%+q", "é", '"\\u00e9"'),
        ("%#q", "a`", '"a`"'),
        ("%#q", "a", "`a`"),
        ("% x", "hi", "68 69"),
        ("%# X", "hi", "0X68 0X69"),
        ("%08.2f", -1.5, "-0001.50"),
        ("%+e", 1.5, "+1.500000e+00"),
        ("%#g", 1.0, "1.00000"),
        ("%#.3x", 1.0, "0x1.000p+00"),
        ("%06.1f", float("inf"), "  +Inf"),
        ("%t", 1, "%!t(int=1)"),
        ("%v", 1 - 2j, "(1-2i)"),
        ("%8.1f", 1 - 2j, "(     1.0    -2.0i)"),
    ],
)
def test_flags(form, value, text):
    assert sprintf(form, value) == text


@pytest.mark.parametrize(
    ("form", "args", "text"),
    [
        ("%d%%", (1,), "1%"),
        ("%[2]d %[1]d", (1, 2), "2 1"),
        ("%d %d", (1,), "1 %!d(MISSING)"),
        ("%d", (1, "a"), "1%!(EXTRA string=a)"),
        ("%[2]d", (1, 2, 3), "2"),
        ("%[3]*.[2]*[1]f", (12.0, 2, 6), " 12.00"),
        ("%*d", ("a", 1), "%!(BADWIDTH)1"),
        ("%.*d", (-1, 1), "%!(BADPREC)1"),
        ("%-*d|", (4, 1), "1   |"),
        ("%*d|", (-4, 1), "1   |"),
        ("%", (), "%!(NOVERB)"),
        ("%[x]d", (1,), "%!d(BADINDEX)"),
        ("%[1]", (1,), "%!(NOVERB)"),
        ("%\udcff", (1,), "%!\ufffd(int=1)"),
        ("%!", (), "%!!(MISSING)"),
        ("%[1]5d", (1,), "%!d(BADINDEX)"),
        ("%5[1]d|", (1,), "    1|"),
    ],
)
def test_formats(form, args, text):
    assert sprintf(form, *args) == text


def test_a_width_that_is_far_too_long():
    assert sprintf("%99999999d", 1) == "%!(NOVERB)%!(EXTRA int=1)"
    assert sprintf("%*d", 1_000_001, 1) == "%!(BADWIDTH)1"
    assert len(sprintf("%*d", 1_000_000, 1)) == 1_000_000
