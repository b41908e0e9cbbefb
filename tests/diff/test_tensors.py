from __future__ import annotations

import pytest

from modelfile_kit.core.errors import GGUFError, UsageError
from modelfile_kit.diff.part import Outcome
from modelfile_kit.diff.tensors import compare_data, compare_tensors
from modelfile_kit.gguf_file import read_header
from tests.gguf_file.handmade import Typed, gguf, tensor


@pytest.fixture
def headers(tmp_path):
    def two(before, after, *datas):
        paths = tmp_path / "a.gguf", tmp_path / "b.gguf"
        for path, tensors, data in zip(paths, (before, after), datas or (b"\1" * 4096,) * 2, strict=True):
            path.write_bytes(gguf((), tensors, data))
        return tuple(map(read_header, paths))

    return two


def test_names_types_and_shapes(headers):
    before = [tensor("a", (4,)), tensor("b", (8,), offset=32), tensor("c", (32,), offset=64)]
    after = [tensor("c", (32,), kind=8), tensor("b", (4, 2), offset=64), tensor("d", (4,), offset=96)]
    part = compare_tensors(*headers(before, after))
    assert part.outcome is Outcome.DIFFERENT
    assert part.lines == (
        "- removed: 1: a (F32, 4)",
        "+ added: 1: d (F32, 4)",
        "~ shape changed: 1: b (8 -> 4 × 2)",
        "~ type changed: F32 -> Q8_0 in 1 tensor",
    )


def test_the_order_does_not_count_and_data_only_where_it_is_asked_for(headers):
    before = [tensor("a", (4,)), tensor("b", (4,), offset=32)]
    after = [tensor("b", (4,)), tensor("a", (4,), offset=32)]
    one, two = b"\1" * 16 + b"\0" * 16, b"\2" * 16 + b"\0" * 16
    pair = headers(before, after, one + two, two + one)
    part = compare_tensors(*pair)
    assert (part.outcome, "data was not compared" in part.summary) == (Outcome.EQUAL, True)
    assert compare_data(*pair).outcome is Outcome.EQUAL
    other = headers(before, after, one + two, two + b"\1" * 15 + b"\7" + b"\0" * 16)
    part = compare_data(*other)
    assert part.lines == ("~ other bytes: 1: a",)
    assert part.summary == "1 of 2 tensors of the same type and shape have other bytes"


def test_a_split_model_is_compared_as_a_whole(tmp_path):
    one, two = b"\1" * 16 + b"\0" * 16, b"\2" * 16 + b"\0" * 16
    whole = tmp_path / "w.gguf"
    whole.write_bytes(gguf((), [tensor("a"), tensor("b", offset=32)], one + two))
    for n, (name, data) in enumerate((("a", one), ("b", two))):
        keys = {"split.no": Typed("uint16", n), "split.count": Typed("uint16", 2)}
        (tmp_path / f"s-0000{n + 1}-of-00002.gguf").write_bytes(gguf(keys, [tensor(name)], data))
    first = read_header(tmp_path / "s-00001-of-00002.gguf")
    pair = read_header(whole), first
    assert compare_tensors(*pair).outcome is Outcome.EQUAL
    assert compare_data(*pair).outcome is Outcome.EQUAL
    second = tmp_path / "s-00002-of-00002.gguf"
    second.write_bytes(second.read_bytes()[:-30] + b"\7" * 30)
    assert compare_data(*pair).lines == ("~ other bytes: 1: b",)
    second.unlink()
    with pytest.raises(GGUFError, match="not found"):
        compare_tensors(*pair)


def test_data_of_a_file_elsewhere_is_refused(headers):
    import dataclasses

    one, other = headers([tensor("a")], [tensor("a")])
    with pytest.raises(UsageError, match="--data compares files on this machine"):
        compare_data(one, dataclasses.replace(other, source="https://example.com/b.gguf"))
