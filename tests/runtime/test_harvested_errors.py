"""The texts in the sources of Ollama and llama.cpp, and that doctor knows what they mean.

harvested_errors.txt says where each text stands, and its code: written from what the source does at that
line. The texts that doctor does not know are counted, not named; a wrong answer is never allowed.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from modelfile_kit.doctor import diagnose

FILE = Path(__file__).with_name("harvested_errors.txt")
PLACE = re.compile(r"[\w./-]+\.(?:go|cpp|h):\d+")


class Row(NamedTuple):
    """A text that a program prints. place: file and line of its source; code: what it means."""

    program: str
    code: str
    place: str
    text: str


def _rows() -> list[Row]:
    rows = []
    program = code = ""
    for line in FILE.read_text(encoding="utf-8").splitlines():
        mark, _, rest = line.partition(" ")
        if mark == "@":
            program = rest.partition(":")[0]
        elif mark == "=":
            code, meaning, step = rest.split(" | ")
            assert meaning and step
        elif mark != "#":
            rows.append(Row(program, code, mark, rest))
    return rows


ROWS = _rows()


def _codes(text: str) -> list[str]:
    return [found.code for found in diagnose(text)]


def test_the_table_is_whole():
    assert len(ROWS) >= 300
    assert {r.program for r in ROWS} == {"Ollama", "llama.cpp"}
    assert [r for r in ROWS if not PLACE.fullmatch(r.place) or not r.text] == []
    assert len({(r.program, r.text) for r in ROWS}) == len(ROWS)


def test_the_page_has_the_right_numbers():
    page = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text(encoding="utf-8")
    numbers = re.findall(r"^\| (Ollama|llama\.cpp) [^|]*\| (\d+) \| (\d+) \| (\d+) \|$", page, re.MULTILINE)
    for program, texts, answered, codes in numbers:
        rows = [r for r in ROWS if r.program == program]
        known = [r for r in rows if _codes(r.text) == [r.code]]
        assert (int(texts), int(answered)) == (len(rows), len(known))
        assert int(codes) == len({r.code for r in rows})
    assert len(numbers) == 2


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r.place)
def test_no_text_gets_a_wrong_answer(row):
    assert _codes(row.text) in ([row.code], [])


@pytest.mark.parametrize("around", ["{}", "Error: 500 Internal Server Error: {}", "srv  init: {}\n"])
@pytest.mark.parametrize("program", ["Ollama", "llama.cpp"])
def test_nearly_every_text_is_answered(program, around):
    rows = [r for r in ROWS if r.program == program]
    unknown = [r for r in rows if _codes(around.format(r.text)) != [r.code]]
    assert len(unknown) <= 0.05 * len(rows), unknown


@pytest.mark.parametrize(
    "text",
    [
        "invalid digest format",  # manifest/paths.go:15, also for a blob that is asked for
        "error: --model is required",  # common/arg.cpp:916, an option of llama-server
        "mtmd_gen: model does not support audio generation",  # tools/mtmd/mtmd.cpp:1933
        "ring buffer is empty",  # src/llama-sampler.cpp:30
        "Cannot specify both content and content_parts",  # common/chat.cpp:78
        "ollama server not responding",
    ],
)
def test_a_text_of_another_fault_gets_no_answer(text):
    assert _codes(text) == []
