"""The table of what engines made of the pairs: tests/zoo/seen_pairs.txt.

A row is: projector type, text architecture, whether the vocabulary has the marks that llama.cpp puts around
an image or a sound, the engine, what Ollama shows as capabilities, and the answers to a text, an image and
a sound. An answer is the number of prompt tokens, or the HTTP status (0: the engine ended) with its words.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).parent / "seen_pairs.txt"
LLAMA_SERVER = "llama-server"
NOTHING = "-"
_HEAD = """\
# What engines made of the small pairs, written by `python -m tests.zoo.record pairs PROGRAM…` on {date}.
# llama-server: of llama-cpp-python 0.3.36, which Ollama 0.33.0 and 0.34.4 are built with here.
# type architecture | marks in the vocabulary | engine | capabilities | text | image | sound
# An answer is the number of prompt tokens, or the status (0: the engine ended) and its words.
"""


@dataclass(frozen=True)
class Seen:
    """One row. pair: "type architecture"; marks: whether the vocabulary has them; engine: "llama-server" or
    Ollama's version; capabilities: sorted, of Ollama; text, image, sound: the answers, "-" if not asked.
    """

    pair: str
    marks: bool
    engine: str
    capabilities: str
    text: str
    image: str = NOTHING
    sound: str = NOTHING

    def __str__(self) -> str:
        marks = "marks" if self.marks else "no marks"
        return " | ".join(
            (self.pair, marks, self.engine, self.capabilities, self.text, self.image, self.sound)
        )

    @property
    def loads(self) -> bool:
        """Whether a text is answered."""
        return self.text.isdigit()

    @property
    def accepted(self) -> bool:
        """Whether everything that was asked is answered."""
        return all(a.isdigit() or a == NOTHING for a in (self.text, self.image, self.sound))


def read_seen() -> Sequence[Seen]:
    """All rows; none where there is no table yet."""
    if not TABLE.exists():
        return []
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    return [_row(line) for line in lines if line and not line.startswith("#")]


def _row(line: str) -> Seen:
    pair, marks, engine, *answers = line.split(" | ")
    return Seen(pair, marks == "marks", engine, *answers)


def write_seen(rows: Iterable[Seen], date: datetime.date) -> None:
    """Writes the table, sorted."""
    ordered = sorted(rows, key=lambda r: (r.pair, not r.marks, r.engine))
    TABLE.write_text(_HEAD.format(date=date) + "".join(f"{row}\n" for row in ordered), encoding="utf-8")
