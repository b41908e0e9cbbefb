"""Small files of every kind on a real Ollama: its answers are those of the tables in tests/zoo.

CI asks one pair of each family, and every tokenizer with and without BOS; `make soak`
(MKMODELFILE_SOAK=1) asks all pairs, and the llama-server beside Ollama too.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from modelfile_kit.runtime.ollama.client import OllamaServer
from tests.ollama_process import OllamaProcess
from tests.zoo.ask import ask_llama_server, ask_ollama
from tests.zoo.ask_vocabulary import count_by_llama_server, count_by_ollama, read_counted
from tests.zoo.pairs import LIVE, Pair, asked
from tests.zoo.seen import LLAMA_SERVER, read_seen
from tests.zoo.vocabularies import vocabularies

pytestmark = pytest.mark.server

SOAK = bool(os.environ.get("MKMODELFILE_SOAK"))
SEEN = {(r.pair, r.marks, r.engine): r for r in read_seen()}
COUNTED = {(r.name, r.said, r.engine): r for r in read_counted()}
NEWEST = max(engine for _, _, engine in SEEN if engine != LLAMA_SERVER)
FAMILIES = {str(pair) for pair in LIVE}
PAIRS = [(pair, marks) for pair, marks in asked() if SOAK or (marks and str(pair) in FAMILIES)]
TOKENIZERS = list(vocabularies())
NAMES = [f"{pair}{'' if marks else ' without marks'}" for pair, marks in PAIRS]


@pytest.fixture
def recorded(ollama_process: OllamaProcess) -> str:
    """The release whose rows hold for this server: its own, else the newest that was asked."""
    with OllamaServer(ollama_process.host) as server:
        version = server.version()
    return version if any(engine == version for _, _, engine in SEEN) else NEWEST


@pytest.mark.parametrize(("pair", "marks"), PAIRS, ids=NAMES)
def test_pairs(pair: Pair, marks: bool, recorded: str, ollama_process: OllamaProcess, tmp_path: Path) -> None:
    seen = ask_ollama(ollama_process, tmp_path / "files", pair, marks)
    assert str(replace(seen, engine=recorded)) == str(SEEN[str(pair), marks, recorded])


@pytest.mark.parametrize(("name", "said"), TOKENIZERS)
def test_tokenizers(
    name: str, said: str, recorded: str, ollama_process: OllamaProcess, tmp_path: Path
) -> None:
    counted = count_by_ollama(ollama_process, tmp_path / "files", name, said)
    assert str(replace(counted, engine=recorded)) == str(COUNTED[name, said, recorded])


if SOAK:

    @pytest.mark.parametrize(("pair", "marks"), PAIRS, ids=NAMES)
    def test_pairs_by_llama_server(
        pair: Pair, marks: bool, ollama_process: OllamaProcess, tmp_path: Path
    ) -> None:
        seen = ask_llama_server(beside(ollama_process), tmp_path / "files", pair, marks, LLAMA_SERVER)
        assert str(seen) == str(SEEN[str(pair), marks, LLAMA_SERVER])

    @pytest.mark.parametrize(("name", "said"), TOKENIZERS)
    def test_tokenizers_by_llama_server(
        name: str, said: str, ollama_process: OllamaProcess, tmp_path: Path
    ) -> None:
        counted = count_by_llama_server(beside(ollama_process), tmp_path / "files", name, said)
        assert str(counted) == str(COUNTED[name, said, LLAMA_SERVER])


def beside(process: OllamaProcess) -> Path:
    """The llama-server of an Ollama."""
    return process.program.parents[1] / "lib" / "ollama" / "llama-server"
