"""Asks the engines what they make of every small file, and writes it down.

    python -m tests.zoo.record shapes              the tensors of each text architecture (llama-cpp-python)
    python -m tests.zoo.record pairs PROGRAM… [TYPE…]   pairs, by llama-server and by a real Ollama
    python -m tests.zoo.record vocabularies PROGRAM…    tokenizers and BOS, by the same

PROGRAM is an `ollama` (0.30 or later) with its llama-server beside it, which is asked once, of the first
program. TYPE: only these projector types. Rows that are not asked again are kept as they are.
"""

from __future__ import annotations

import datetime
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.ollama_process import OllamaProcess

from .ask import ask_llama_server, ask_ollama
from .ask_vocabulary import (
    Counted,
    count_by_llama_server,
    count_by_ollama,
    read_counted,
    write_counted,
)
from .engine_shapes import shapes_of
from .pairs import SHAPES, asked, pairs, print_shapes, wanted_shapes, write_metadata
from .seen import LLAMA_SERVER, Seen, read_seen, write_seen
from .vocabularies import vocabularies


def record_shapes() -> None:
    """tests/zoo/text_shapes.txt, out of llama-cpp-python."""
    with tempfile.TemporaryDirectory() as folder:
        found = {
            (name, width): shapes_of(write_metadata(Path(folder) / f"{name}-{width}.gguf", name, width))
            for name, width in wanted_shapes()
        }
    SHAPES.write_text(print_shapes(found), encoding="utf-8")


def record_pairs(programs: list[Path], only: list[str]) -> None:
    """tests/zoo/seen_pairs.txt: every pair, with the marks of its type in the vocabulary and without."""
    known = {str(p) for p in pairs()}
    rows = {(row.pair, row.marks, row.engine): row for row in read_seen() if row.pair in known}
    for program in programs:
        with tempfile.TemporaryDirectory() as folder:
            for row in _answers(program, Path(folder), only, program == programs[0]):
                rows[row.pair, row.marks, row.engine] = row
                write_seen(rows.values(), datetime.date.today())
                sys.stderr.write(f"{row}\n")


def _answers(program: Path, folder: Path, only: list[str], with_engine: bool) -> Iterator[Seen]:
    process = OllamaProcess(program, folder / "server")
    process.start()
    try:
        for pair, marks in asked():
            if only and pair.kind not in only:
                continue
            if with_engine:
                yield ask_llama_server(_engine(program), folder / "files", pair, marks, LLAMA_SERVER)
            yield ask_ollama(process, folder / "files", pair, marks)
    finally:
        process.stop()


def record_vocabularies(programs: list[Path]) -> None:
    """tests/zoo/seen_vocabularies.txt: every tokenizer with every word about BOS."""
    rows = {(row.name, row.said, row.engine): row for row in read_counted()}
    for program in programs:
        with tempfile.TemporaryDirectory() as folder:
            for row in _counts(program, Path(folder), program == programs[0]):
                rows[row.name, row.said, row.engine] = row
                sys.stderr.write(f"{row}\n")
    write_counted(rows.values(), datetime.date.today())


def _counts(program: Path, folder: Path, with_engine: bool) -> Iterator[Counted]:
    process = OllamaProcess(program, folder / "server")
    process.start()
    try:
        for which in vocabularies():
            if with_engine:
                yield count_by_llama_server(_engine(program), folder / "files", *which)
            yield count_by_ollama(process, folder / "files", *which)
    finally:
        process.stop()


def _engine(program: Path) -> Path:
    return program.parents[1] / "lib" / "ollama" / "llama-server"


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    if what == "shapes":
        record_shapes()
    elif what == "vocabularies":
        record_vocabularies([Path(p) for p in rest])
    else:
        record_pairs([Path(p) for p in rest if Path(p).exists()], [p for p in rest if not Path(p).exists()])
