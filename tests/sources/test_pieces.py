from __future__ import annotations

import os

import pytest

from modelfile_kit.sources import pieces as module
from modelfile_kit.sources.pieces import Pieces, piece_bytes

DATA = bytes(range(250)) * 10


@pytest.fixture(autouse=True)
def _small(monkeypatch) -> None:
    monkeypatch.setattr(module, "PIECE_BYTES", 1000)


@pytest.fixture
def stream(tmp_path):
    with (tmp_path / "part").open("w+b", buffering=0) as stream:
        yield stream


def bounds(pieces: Pieces) -> list[tuple[int, int, int]]:
    return [(p.start, p.end, p.done) for p in pieces.pieces]


def test_what_was_written_is_known_to_the_next_one(stream) -> None:
    first = Pieces(stream, len(DATA), "a")
    assert bounds(first) == [(0, 1000, 0), (1000, 2000, 0), (2000, 2500, 0)]
    one, two = first.take(), first.take()
    assert one is not None and two is not None
    assert first.add(two, DATA[1000:1300])
    assert first.add(one, DATA[:400]) and first.add(one, DATA[400:450])
    second = Pieces(stream, len(DATA), "a")
    assert bounds(second) == [(0, 1000, 450), (1000, 2000, 300), (2000, 2500, 0)]
    assert (second.done, second.front) == (750, 450)
    assert second.read(0, 450) == DATA[:450] and second.read(1000, 300) == DATA[1000:1300]


def test_all_of_it(stream) -> None:
    pieces = Pieces(stream, len(DATA), "a")
    while (piece := pieces.take()) is not None:
        pieces.add(piece, DATA[piece.start : piece.end])
    assert pieces.front == pieces.done == len(DATA)
    assert os.fstat(stream.fileno()).st_size > len(DATA)
    pieces.cut_list_off()
    assert (stream.seek(0), stream.read()) == (0, DATA)
    assert Pieces(stream, len(DATA), "a").done == len(DATA)  # ended between this and the renaming


def test_another_state_of_the_file_is_begun_anew(stream) -> None:
    pieces = Pieces(stream, len(DATA), "a")
    piece = pieces.take()
    assert piece is not None
    pieces.add(piece, DATA[:1000])
    assert Pieces(stream, len(DATA), "b", look_only=True).done == 0
    assert Pieces(stream, len(DATA), "a").done == 1000
    assert Pieces(stream, len(DATA), "b").done == 0
    assert Pieces(stream, len(DATA), "a").done == 0


def test_the_beginning_of_one_stream_is_kept(stream) -> None:
    stream.write(DATA[:1200])
    assert bounds(Pieces(stream, len(DATA), "a")) == [(0, 1000, 1000), (1000, 2000, 200), (2000, 2500, 0)]
    assert Pieces(stream, len(DATA), "a").read(0, 1200) == DATA[:1200]


def test_nothing_is_written_after_the_end(stream) -> None:
    pieces = Pieces(stream, len(DATA), "a")
    piece = pieces.take()
    assert piece is not None
    pieces.stop()
    assert not pieces.add(piece, DATA[:10]) and pieces.take() is None
    assert Pieces(stream, len(DATA), "a").done == 0


def test_a_piece_belongs_to_one_until_it_is_given_back(stream) -> None:
    pieces = Pieces(stream, len(DATA), "a")
    taken = [pieces.take(), pieces.take(), pieces.take()]
    assert pieces.take() is None and taken[1] is not None
    pieces.give_back(taken[1])
    assert pieces.take() is taken[1]


def test_large_files_have_large_pieces(monkeypatch) -> None:
    monkeypatch.undo()
    assert piece_bytes(module.LARGE_BYTES - 1) == module.PIECE_BYTES < piece_bytes(module.LARGE_BYTES)
