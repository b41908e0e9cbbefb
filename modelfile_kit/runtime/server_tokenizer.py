"""A GGUF's own vocabulary, asked through a llama-server, where llama-cpp-python is not installed.

llama-server loads whole models only. So it gets a model of one layer whose tensors are zeros, which takes no
space on most disks, and whose vocabulary is the file's, byte for byte. The tokens of a text depend on nothing
else (llama.cpp, src/llama-vocab.cpp), but for two architectures without chat, which are refused.
"""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Protocol

from ..core.errors import EngineError
from ..gguf_file import Header, Vocabulary, read_header
from ..gguf_file.new_file import gguf_head
from ..ollama.prompt_ends import strips_bos_text
from .llama_server import AttachedServer, LlamaServer, program_version
from .vocabulary_info import VocabularyInfo

Text = str | bytes

_WIDTH = 32
_KEYS: dict[str, int | float] = {
    "block_count": 1,
    "context_length": 512,
    "embedding_length": _WIDTH,
    "feed_forward_length": _WIDTH,
    "attention.head_count": 1,
    "attention.head_count_kv": 1,
    "attention.layer_norm_rms_epsilon": 1e-5,
    "rope.dimension_count": _WIDTH,
}
_SQUARE = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
# What llama.cpp looks at in a vocabulary beside `tokenizer.`: texts of Phi-3 by the model's name.
_COPIED = "general.name"
_BY_ARCHITECTURE = ("nomic-bert-moe", "jina-bert-v3")
_PROBE = "a"
_ANOTHER = 'use another llama-server, or llama-cpp-python: pip install "modelfile-kit[align]"'
START_SECONDS = 120.0  # a vocabulary of 260,000 tokens takes some seconds


class _TokenSource(Protocol):
    def tokens(self, content: str | Sequence[int], *, add_special: bool) -> list[tuple[int, bytes]]: ...


class _OfServer:
    """The vocabulary of a GGUF file, behind the interface of `LlamaTokenizer`. server: has loaded it."""

    def __init__(self, header: Header, server: _TokenSource) -> None:
        self._vocabulary = Vocabulary.from_header(header)
        self._server = server
        self._known: dict[int, bytes] = {}
        self._pre = header.metadata.text("tokenizer.ggml.pre")  # as written, which the rules may override

    @cached_property
    def info(self) -> VocabularyInfo:
        """Facts about the vocabulary: what the server adds to a text is seen, the rest is in the file."""
        vocabulary = self._vocabulary
        bare, whole = (self._ids(_PROBE, add_special=special) for special in (False, True))
        places = range(len(whole) - len(bare) + 1)
        start = next((i for i in places if whole[i : i + len(bare)] == bare), None)
        if not bare or start is None:
            raise EngineError(
                f"the server reads {_PROBE!r} as {bare}, with its additions as {whole}: not the same tokens",
                help=_ANOTHER,
            )
        return VocabularyInfo(
            size=len(vocabulary),
            bos=whole[0] if start else vocabulary.bos_id,
            eos=vocabulary.eos_id,
            eot=vocabulary.eot_id,
            add_bos=start > 0,
            add_eos=start + len(bare) < len(whole),
            strips_bos_text=strips_bos_text(vocabulary.model, vocabulary.pre, bool(vocabulary.add_bos_said)),
            pre=self._pre,
            kind=vocabulary.model,
            end_of_generation=tuple(sorted(vocabulary.end_of_generation())),
        )

    def tokenize(self, text: Text, *, add_bos: bool | None = None) -> list[int]:
        """Token ids of a text; special tokens in it are parsed. add_bos: as for `LlamaTokenizer`."""
        ids = self._ids(text, add_special=add_bos is not False)
        if add_bos and not self.info.add_bos and self.info.bos is not None:
            return [self.info.bos, *ids]
        return ids

    def tokenize_many(self, texts: Sequence[Text], *, add_bos: bool | None = None) -> list[list[int]]:
        """`tokenize` for many texts."""
        return [self.tokenize(text, add_bos=add_bos) for text in texts]

    def pieces(self, ids: Sequence[int]) -> list[bytes]:
        """The bytes of each token; EngineError for an id that does not exist."""
        new = [token for token in dict.fromkeys(ids) if token not in self._known]
        for token in new:
            if not 0 <= token < len(self._vocabulary):
                raise EngineError(f"token {token} is not in the vocabulary of {len(self._vocabulary)}")
        if new:
            self._known.update(self._server.tokens(new, add_special=False))
        if missing := [token for token in ids if token not in self._known]:
            raise EngineError(
                f"the server was asked for token {missing[0]} and answered others", help=_ANOTHER
            )
        return [self._known[token] for token in ids]

    def _ids(self, text: Text, *, add_special: bool) -> list[int]:
        try:
            whole = text.decode() if isinstance(text, bytes) else text.encode().decode()
        except UnicodeError as e:
            raise EngineError(
                f"llama-server takes texts in UTF-8 alone ({e})",
                help='pip install "modelfile-kit[align]": llama-cpp-python takes any bytes',
            ) from e
        tokens = self._server.tokens(whole, add_special=add_special)
        self._known.update(tokens)
        return [token for token, _ in tokens]


class ServerTokenizer(_OfServer):
    """A vocabulary in a llama-server of its own.

    model: the GGUF, of which only the header is read; program: a llama-server.
    Use it as a context manager, or call `close`. Raises UsageError where there is no such file, EngineError
    where llama-server refuses the vocabulary, dies or hangs.
    """

    def __init__(self, model: str | Path, program: Path) -> None:
        header = read_header(Path(model))
        self._folder = tempfile.TemporaryDirectory(prefix="mkmodelfile-vocabulary-")
        try:
            carrier = Path(self._folder.name) / "vocabulary.gguf"
            _write(carrier, header, len(Vocabulary.from_header(header)))
            server = LlamaServer(program, carrier, patience=START_SECONDS)
        except BaseException:
            self._folder.cleanup()
            raise
        super().__init__(header, server)
        self.program, self.url = program, server.url
        self._end = server.close
        self._clean = weakref.finalize(self, self._folder.cleanup)
        self.engine = f"llama-server {program_version(program)} ({program})"

    def close(self) -> None:
        """Ends the server; may be called twice."""
        self._end()
        self._clean()

    def __enter__(self) -> ServerTokenizer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AttachedTokenizer(_OfServer):
    """The same vocabulary for another process than the one that has the `ServerTokenizer`.

    model, program, url: those of that one, which starts and ends the server. Raises as it does.
    """

    def __init__(self, model: str | Path, program: str, url: str) -> None:
        super().__init__(read_header(Path(model)), AttachedServer(Path(program), url))


def _write(path: Path, header: Header, size: int) -> None:
    """The model with that vocabulary: its head, and a hole in place of the zeros."""
    if header.byte_order != "little" or header.architecture in _BY_ARCHITECTURE:
        raise EngineError(
            f"{header.source}: llama-server alone cannot tell the tokens of this file",
            help='pip install "modelfile-kit[align]"',
        )
    shapes: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (size, _WIDTH),
        "output_norm.weight": (_WIDTH,),
    }
    shapes |= {f"blk.0.{name}.weight": (_WIDTH, _WIDTH) for name in _SQUARE}
    shapes |= {f"blk.0.{name}.weight": (_WIDTH,) for name in ("attn_norm", "ffn_norm")}
    copied = [
        bytes(piece)
        for key, piece in header.metadata.pieces()
        if key == _COPIED or (key.startswith("tokenizer.") and not key.startswith("tokenizer.chat_template"))
    ]
    keys = {f"llama.{key}": value for key, value in _KEYS.items()}
    head, data = gguf_head("llama", keys, shapes, more=copied)
    with path.open("wb") as file:
        file.write(head)
        file.truncate(len(head) + data)
