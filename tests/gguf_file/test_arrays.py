from __future__ import annotations

import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelfile_kit.gguf_file.arrays import HITS_MIN
from tests.gguf_file.handmade import Typed

ORDERS = st.sampled_from(["<", ">"])
LOOSE = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
MANY = settings(suppress_health_check=LOOSE, max_examples=120)


@given(st.lists(st.text("ab\0\1", max_size=3), max_size=700), st.text("ab\0\1", max_size=3), ORDERS)
@MANY
def test_index_of_is_what_a_list_would_say(header, strings, wanted, order):
    array = header({"t": Typed("string[]", strings)}, order=order).metadata["t"]
    assert array.index_of(wanted) == (strings.index(wanted) if wanted in strings else None)
    assert (wanted in array) == (wanted in strings)


def test_a_string_that_looks_like_another_is_not_taken_for_it(header):
    """Length and bytes of "x" stand inside the first string, where no element begins."""
    lure = b"__" + struct.pack("<Q", 1) + b"x"
    array = header({"t": Typed("string[]", [lure, "y", lure, "x"])}).metadata["t"]
    assert array.index_of("x") == 3
    assert array.index_of(lure) == 0
    assert header({"t": Typed("string[]", [lure, lure])}).metadata["t"].index_of("x") is None


@given(st.lists(st.text(max_size=4), min_size=1, max_size=600), st.data())
@MANY
def test_elements_and_slices(header, strings, data):
    array = header({"t": Typed("string[]", strings)}).metadata["t"]
    at = data.draw(st.integers(-len(strings), len(strings) - 1))
    part = slice(*(data.draw(st.none() | st.integers(-9, 700)) for _ in range(2)))
    assert array[at] == strings[at]
    assert array.raw(at) == strings[at].encode()
    assert array[part] == strings[part]
    assert list(array) == strings
    assert array.index(strings[at]) == strings.index(strings[at])
    for beyond in (len(strings), -len(strings) - 1):
        with pytest.raises(IndexError):
            array[beyond]


@given(st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1, max_size=99), ORDERS)
@MANY
def test_numbers(header, numbers, order):
    array = header({"n": Typed("int32[]", numbers)}, order=order).metadata["n"]
    assert array.tolist() == list(array) == numbers
    assert array[-1] == numbers[-1]
    assert array[1:5] == numbers[1:5]
    assert array.element_type == "int32"
    with pytest.raises(IndexError):
        array[len(numbers)]


def test_text_that_is_no_utf8_is_found_by_its_bytes(header):
    array = header({"t": Typed("string[]", [b"\xff\xfe", "é"])}).metadata["t"]
    assert array.index_of(b"\xff\xfe") == 0
    assert array[0] == "\\xff\\xfe"
    assert array.index_of("é") == 1
    assert array.index_of("\ud800") is None
    with pytest.raises(ValueError, match="is not in the array"):
        array.index("nothing")


def test_empty_arrays(header):
    metadata = header({"t": Typed("string[]", []), "n": Typed("float64[]", [])}).metadata
    assert (len(metadata["t"]), metadata["t"].tolist(), metadata["t"].index_of("")) == (0, [], None)
    assert (len(metadata["n"]), metadata["n"].tolist()) == (0, [])


class Steps(struct.Struct):
    """Counts how many lengths are read."""

    taken = 0

    def unpack_from(self, data, offset=0):
        self.taken += 1
        return super().unpack_from(data, offset)


MANY_STRINGS = 4000


@pytest.fixture
def counted(header):
    def counted(strings):
        array = header({"t": Typed("string[]", strings)}).metadata["t"]
        array._length = Steps("<Q")
        return array

    return counted


def test_one_after_the_other_is_one_step_each(counted):
    array = counted([str(n) for n in range(MANY_STRINGS)])
    assert [array[n] for n in range(MANY_STRINGS)] == [str(n) for n in range(MANY_STRINGS)]
    assert array._length.taken <= 3 * MANY_STRINGS


def test_every_third_is_no_more_than_all(counted):
    array = counted([str(n) for n in range(MANY_STRINGS)])
    assert [array[n] for n in range(0, MANY_STRINGS, 3)] == [str(n) for n in range(0, MANY_STRINGS, 3)]
    assert array._length.taken <= 2 * MANY_STRINGS


def test_lures_are_stepped_over_once(counted):
    """Each element holds what is looked for, many times over, where no element begins."""
    lure = struct.pack("<Q", 1) + b"x"
    array = counted([lure * 20] * MANY_STRINGS)
    assert array.index_of("x") is None
    assert array._length.taken <= 2 * MANY_STRINGS


@given(
    st.lists(st.text("ab", max_size=3), max_size=400),
    st.lists(st.text("ab", max_size=3), max_size=30),
    ORDERS,
)
@MANY
def test_first_of_is_index_of_for_each(header, strings, wanted, order):
    array = header({"t": Typed("string[]", strings)}, order=order).metadata["t"]
    assert array.first_of(wanted) == {t: strings.index(t) for t in wanted if t in strings}


# Bytes of which lengths are made, so that elements hold what looks like others.
LURES = st.text("ab\0\1\2\3", max_size=24)


@given(
    st.lists(LURES, max_size=40),
    st.lists(st.text("ab\0\1\2", min_size=1, max_size=3), min_size=5, max_size=30),
)
@MANY
def test_first_of_is_not_misled_by_what_elements_hold(header, strings, wanted):
    array = header({"t": Typed("string[]", strings)}).metadata["t"]
    assert array.first_of(wanted) == {t: strings.index(t) for t in wanted if t in strings}


def test_lures_of_several_texts_are_stepped_over_once(counted):
    lures = b"".join(struct.pack("<Q", n) + b"x" * n for n in range(1, 7))
    array = counted([lures] * MANY_STRINGS + ["xxxx"])
    assert array.first_of("x" * n for n in range(1, 7)) == {"xxxx": MANY_STRINGS}
    assert array._length.taken <= 40 * MANY_STRINGS


def test_bytes_that_are_full_of_the_texts_are_gone_through_instead(counted):
    strings = ["<a>" * 50] * 2000 + ["<b>"]
    array = counted(strings)
    assert array.first_of(f"<{letter}>" for letter in "abcdefg") == {"<b>": 2000}
    # each place of the search that was given up, and each element
    assert array._length.taken <= HITS_MIN + len(strings) // 8 + len(strings) + 1


def test_many_texts_are_found_in_one_walk(counted):
    array = counted([str(n) for n in range(MANY_STRINGS)])
    assert array.first_of(str(n) for n in range(0, 2 * MANY_STRINGS, 2)) == {
        str(n): n for n in range(0, MANY_STRINGS, 2)
    }
    assert array._length.taken <= MANY_STRINGS


NUMBERS = {
    "int32": st.integers(-2, 300),
    "uint8": st.integers(0, 5),
    "uint64": st.integers(0, 6),
    "int8": st.integers(-3, 4),
}


@given(st.sampled_from([*NUMBERS]), st.data(), ORDERS)
@MANY
def test_where_and_tally(header, kind, data, order):
    numbers = data.draw(st.lists(NUMBERS[kind] | st.integers(0, 5), max_size=50))
    array = header({"n": Typed(f"{kind}[]", numbers)}, order=order).metadata["n"]
    assert array.tally() == {n: numbers.count(n) for n in set(numbers)}
    assert list(array.where((3, 4))) == [n for n, number in enumerate(numbers) if number in (3, 4)]


def test_where_in_several_parts(header):
    numbers = [4 if n % 40_000 == 39_999 else 1 for n in range(150_000)]
    numbers[70_000] = -1  # the part that holds it is read otherwise
    array = header({"n": Typed("int32[]", numbers)}).metadata["n"]
    assert list(array.where((3, 4))) == [39_999, 79_999, 119_999]
    assert array.tally() == {1: 150_000 - 4, 4: 3, -1: 1}


@given(st.lists(st.integers(-2, 2), max_size=50))
@MANY
def test_tally(header, numbers):
    array = header({"n": Typed("int32[]", numbers)}).metadata["n"]
    assert array.tally() == {n: numbers.count(n) for n in set(numbers)}


def test_numbers_in_several_parts(header):
    numbers = list(range(150_000))
    assert list(header({"n": Typed("uint32[]", numbers)}).metadata["n"]) == numbers
