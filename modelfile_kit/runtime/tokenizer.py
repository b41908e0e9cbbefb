"""A GGUF's own vocabulary, asked through llama.cpp in a child process."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from .frames import cut, pack_ids, unpack_ids
from .llama_cpp.child import Child
from .vocabulary_info import VocabularyInfo, vocabulary_info

Text = str | bytes


class Tokenizer(Protocol):
    """What alignment needs of a tokenizer; `LlamaTokenizer` is the real one."""

    @property
    def info(self) -> VocabularyInfo:
        """Facts about the vocabulary."""
        ...

    def tokenize_many(self, texts: Sequence[Text], *, add_bos: bool | None = None) -> list[list[int]]:
        """Token ids of each text."""
        ...

    def pieces(self, ids: Sequence[int]) -> list[bytes]:
        """The bytes of each token."""
        ...


class LlamaTokenizer:
    """The vocabulary of a GGUF file.

    model_path: the model (only its vocabulary is loaded); timeout: seconds one request may take.
    Use it as a context manager, or call `close`. Raises MissingDependencyError without llama-cpp-python,
    UsageError where there is no such file, EngineError where llama.cpp refuses the file, dies or hangs.
    """

    def __init__(self, model_path: str | Path, *, timeout: float = 60.0) -> None:
        self._child = Child(model_path, timeout=timeout)
        self.engine = f"llama-cpp-python {importlib.metadata.version('llama-cpp-python')}"

    @cached_property
    def info(self) -> VocabularyInfo:
        """Facts about the vocabulary (its end-of-generation tokens are looked up once)."""
        head, _ = self._child.ask({"op": "end_of_generation"})
        return vocabulary_info(self._child.info, head["ids"])

    def tokenize(self, text: Text, *, add_bos: bool | None = None) -> list[int]:
        """Token ids of a text; special tokens in it are parsed.

        add_bos: None takes the vocabulary's own setting (for BOS, EOS and SEP), as llama-server does for
        /completion (server-common.cpp, tokenize_mixed); True puts BOS in front in any case; False adds
        nothing, as Hugging Face does for a rendered chat template.
        """
        return self.tokenize_many([text], add_bos=add_bos)[0]

    def tokenize_many(self, texts: Sequence[Text], *, add_bos: bool | None = None) -> list[list[int]]:
        """`tokenize` for many texts in one request."""
        data = [t.encode("utf-8", "surrogatepass") if isinstance(t, str) else t for t in texts]
        request: dict[str, Any] = {
            "op": "tokenize",
            "lengths": [len(d) for d in data],
            "add_special": add_bos is not False,
        }
        head, block = self._child.ask(request, b"".join(data))
        lists = unpack_ids(head["lengths"], block)
        facts = self._child.info
        if add_bos and not facts["add_bos"] and facts["bos"] >= 0:
            return [[facts["bos"], *ids] for ids in lists]
        return lists

    def pieces(self, ids: Sequence[int], *, special: bool = True) -> list[bytes]:
        """The bytes of each token; EngineError for an id that does not exist.

        special: whether control tokens are rendered; False gives what llama-server shows of an answer.
        """
        _, block = pack_ids([ids])
        head, out = self._child.ask({"op": "pieces", "count": len(ids), "special": special}, block)
        return cut(head["lengths"], out)

    @property
    def pid(self) -> int:
        """The child process's id."""
        return self._child.pid

    def close(self) -> None:
        """Ends the child process; may be called twice."""
        self._child.close()

    def __enter__(self) -> LlamaTokenizer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def spell_out(text: str, tokenizer: Tokenizer) -> list[tuple[int, str]]:
    """The tokens of a text: id and piece of each, without an added BOS.

    One pair for a text that is one token of the vocabulary. Bytes that are no UTF-8 by themselves are
    shown as U+FFFD.
    """
    [ids] = tokenizer.tokenize_many([text], add_bos=False)
    return [(i, p.decode("utf-8", "replace")) for i, p in zip(ids, tokenizer.pieces(ids), strict=True)]
