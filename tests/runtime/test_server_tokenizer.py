"""A server in the place of llama-server that answers /tokenize oddly: an error that says so, no crash."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from modelfile_kit.core.errors import EngineError
from modelfile_kit.gguf_file import read_header
from modelfile_kit.micro import build_pair
from modelfile_kit.runtime.server_tokenizer import _OfServer

Tokens = list[tuple[int, bytes]]


class OddServer:
    """Gives the same answers for every text. bare, whole: without and with what the server adds."""

    def __init__(self, bare: Tokens, whole: Tokens) -> None:
        self.bare, self.whole = bare, whole

    def tokens(self, content: str | Sequence[int], *, add_special: bool) -> Tokens:
        return self.whole if add_special else self.bare


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("micro")
    build_pair(folder)
    return folder / "micro-glm4v.gguf"


A, B, X = (1, b"a"), (2, b"<s>"), (3, b"x")


@pytest.mark.parametrize(
    ("bare", "whole", "start", "adds_end"),
    [([A], [A], False, False), ([A], [B, A], True, False), ([A, X], [B, A, X, B], True, True)],
)
def test_what_the_server_adds(bare: Tokens, whole: Tokens, start: bool, adds_end: bool, model: Path) -> None:
    info = _OfServer(read_header(model), OddServer(bare, whole)).info
    assert (info.add_bos, info.add_eos) == (start, adds_end)
    assert not start or info.bos == 2


@pytest.mark.parametrize(
    ("bare", "whole"), [([A], []), ([A], [X]), ([], []), ([], [B]), ([A, X], [A]), ([A, X], [X, A])]
)
def test_other_tokens_with_and_without_what_is_added(bare: Tokens, whole: Tokens, model: Path) -> None:
    with pytest.raises(EngineError, match="not the same tokens") as error:
        _ = _OfServer(read_header(model), OddServer(bare, whole)).info
    assert "use another llama-server" in error.value.help


def test_pieces_of_tokens_that_were_not_asked_for(model: Path) -> None:
    tokenizer = _OfServer(read_header(model), OddServer([A], [A]))
    assert tokenizer.pieces([1]) == [b"a"]
    with pytest.raises(EngineError, match="asked for token 5 and answered others"):
        tokenizer.pieces([1, 5])
    with pytest.raises(EngineError, match="not in the vocabulary"):
        tokenizer.pieces([-1])
