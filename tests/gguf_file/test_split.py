from __future__ import annotations

from modelfile_kit.gguf_file.split import check_split, split_of
from tests.gguf_file.handmade import Typed, gguf, tensor


def part(number, count=3):
    return {"split.no": Typed("uint16", number), "split.count": Typed("uint16", count)}


def codes(header):
    return [(d.code, str(d.severity)) for d in check_split(header)]


def test_a_whole_file_is_not_split(header):
    assert split_of(header({})) is None
    assert split_of(header(part(0, 1))) is None
    assert check_split(header({})) == []


def test_all_parts_there(header, tmp_path):
    for n in (2, 3):
        header(part(n - 1), name=f"m-0000{n}-of-00003.gguf")
    first = header(part(0), name="m-00001-of-00003.gguf")
    split = split_of(first)
    assert (split.number, split.count, split.missing) == (0, 3, ())
    assert [p.name for p in split.parts] == [f"m-0000{n}-of-00003.gguf" for n in (1, 2, 3)]
    assert check_split(first) == []


def test_missing_parts_are_named(header):
    first = header(part(0), name="m-00001-of-00003.gguf")
    header(part(1), name="m-00002-of-00003.gguf")
    (found,) = check_split(first)
    assert found.code == "MK422"
    assert found.message == "is part 1 of 3; 1 are missing: m-00003-of-00003.gguf"
    assert found.help.startswith("download them into ")


def test_many_missing_parts_are_not_all_named(header):
    (found,) = check_split(header(part(0, 2000), name="m-00001-of-02000.gguf"))
    assert "1999 are missing" in found.message
    assert len(found.message) < 300


def test_a_name_that_does_not_follow_the_pattern(header):
    for name in ("m.gguf", "m-00001-of-00002.gguf", "m-1-of-3.gguf"):
        (found,) = check_split(header(part(0), name=name))
        assert "Ollama find the other parts by name" in found.message


def test_not_the_first_part(header):
    for n in (1, 2, 3):
        last = header(part(n - 1), name=f"m-0000{n}-of-00003.gguf")
    (found,) = check_split(last)
    assert found.message == "is not the first part of its model"
    assert found.help == "give m-00001-of-00003.gguf"


def test_a_part_under_another_parts_name(header):
    for n in (1, 2, 3):
        header(part(n - 1), name=f"m-0000{n}-of-00003.gguf")
    (found,) = check_split(header(part(1), name="m-00001-of-00003.gguf"))
    assert "the file name another" in found.message


def test_absurd_numbers_do_no_harm(header):
    wide = {"split.no": Typed("uint32", 2**32 - 1), "split.count": Typed("uint32", 2**32 - 1)}
    assert codes(header(wide, name="m-00001-of-00003.gguf")) == [("MK422", "error")]
    for n in (1, 2, 3):
        header(part(n - 1), name=f"m-0000{n}-of-00003.gguf")
    assert codes(header(part(9), name="m-00002-of-00003.gguf")) == [("MK422", "error")]


def test_other_parts_are_looked_into(header, tmp_path):
    first = header(part(0), name="m-00001-of-00003.gguf")
    header(part(0), name="m-00002-of-00003.gguf")
    cut = gguf(part(2), [tensor("w")], bytes(15))
    (tmp_path / "m-00003-of-00003.gguf").write_bytes(cut)
    wrong, short = check_split(first)
    assert wrong.message == "expected part 2 of 3, the header says part 1 of 3"
    assert wrong.span.file.endswith("m-00002-of-00003.gguf")
    assert (short.code, short.span.file) == ("MK404", str(tmp_path / "m-00003-of-00003.gguf"))
