"""Pieces of a Modelfile, against the grammar that Ollama's own packages judge."""

from __future__ import annotations

from modelfile_kit.core.errors import ModelfileError
from modelfile_kit.lsp.modelfile_pieces import piece_at, pieces
from modelfile_kit.ollama.decoding import decode
from modelfile_kit.ollama.grammar import Modelfile, parse_modelfile
from tests.ollama.generate_modelfiles import modelfiles


def parsed(data: bytes) -> Modelfile | None:
    try:
        return parse_modelfile(data)
    except ModelfileError:
        return None


def test_what_ollama_reads_is_cut_at_the_same_places() -> None:
    compared = 0
    for data in modelfiles(15, 3_000):
        read = parsed(data)
        if read is None:
            continue
        text = decode(data)
        found = [piece for piece in pieces(text) if piece.name != "#"]
        assert [piece.place for piece in found] == [i.span for i in read.instructions], text
        for piece, instruction in zip(found, read.instructions, strict=True):
            assert piece.name == instruction.name, text
            if instruction.name == "parameter" and not instruction.key:
                continue  # to Ollama a second space begins the value; here the name can still be typed
            assert piece.key == instruction.key, text
            if not read.dropped:  # a character that nobody sees may stand between quotes
                assert text[slice(*piece.value)] == instruction.value, text
        compared += len(found)
    assert compared > 1_000


def test_any_text_is_cut_into_pieces_in_order() -> None:
    for data in modelfiles(4, 2_000):
        text = decode(data)
        at = 0
        for piece in pieces(text):
            start, end = piece.place
            assert at <= start < end <= len(text), text
            for first, last in (piece.name_place, piece.key_place, piece.value):
                assert start <= first <= last <= end, (text, piece)
            at = end


def test_half_typed_lines_are_pieces_too() -> None:
    text = 'FROM ./m.gguf\nPARA\nPARAMETER\nPARAMETER te\nMESSAGE us\nSYSTEM """a\nb'
    found = pieces(text)
    names = [(piece.name, piece.key, text[slice(*piece.value)], piece.open) for piece in found]
    assert names == [
        ("from", "", "./m.gguf", False),
        ("para", "", "", False),
        ("parameter", "", "", False),
        ("parameter", "te", "", False),
        ("message", "us", "", False),
        ("system", "", "a\nb", True),
    ]
    assert piece_at(found, text.index("te") + 1) is found[3]
    assert piece_at(pieces("FROM a\n\n"), 7) is None


def test_the_projector_of_a_comment() -> None:
    text = '# PROJECTOR "./mm proj.gguf"\nFROM a\n# projector: none'
    [comment, _, other] = pieces(text)
    assert (comment.key, text[slice(*comment.value)]) == ("projector", "./mm proj.gguf")
    assert other.key == ""
