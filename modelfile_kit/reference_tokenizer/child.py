"""A reference tokenizer in a process of its own: a hostile file can cost no more than that process."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from ..core.errors import EngineError, KitError, MissingDependencyError
from ..runtime.child_process import ChildProcess, start
from ..runtime.frames import cut, unpack_ids
from .find import Found
from .reference import KINDS, NO_TOKEN, ReferenceFacts, ReferenceVocabulary

UNREADABLE, ENDED = "MK741", "MK742"

_NEEDED = {
    "tokenizer.json": ("tokenizers",),
    "tokenizer.model": ("sentencepiece", "google.protobuf"),
    "tiktoken": ("tiktoken", "regex"),
    "tekken.json": ("tiktoken", "regex"),
}
"""The libraries that a kind of file needs."""

_FORGED = (
    "give the files of the model's own repository; a tokenizer that needs this much is broken or hostile"
)
_DAMAGED = "download the file again from the model's own repository, with the files beside it"
_AGAIN = {
    "tokenizer.json": f"{_DAMAGED}; a new kind of file needs a newer library: `pip install -U tokenizers`",
    "tiktoken": "name the model's tokenizer.json, or a folder with its tokenizer_config.json too",
}


class ReferenceChild(ChildProcess):
    """A tokenizer that is loaded and asked in a child process.

    found: its files (`find.find_tokenizer`); timeout: seconds that one request may take. Use it as a context
    manager, or call `close`. Raises MissingDependencyError where the library for this kind of file is not
    installed, EngineError MK741 for a file that cannot be read, MK742 where reading it takes too much time or
    memory.
    """

    def __init__(self, found: Found, *, timeout: float = 60.0) -> None:
        require(found.kind)
        self.found = found
        super().__init__(
            start("modelfile_kit.reference_tokenizer.worker", {"RUST_BACKTRACE": "0"}),
            name=str(found.file),
            timeout=timeout,
        )
        beside = {path.name: str(path) for path in found.beside}
        answer = self.prepare({"op": "open", "kind": found.kind, "file": str(found.file), "beside": beside})
        files = [str(found.file), *(str(path) for path in found.beside)]
        self.facts = ReferenceFacts.from_dict({**answer, "files": files})

    @cached_property
    def vocabulary(self) -> ReferenceVocabulary:
        """Its tokens; read once, when they are first asked for."""
        head, block = self.ask({"op": "vocabulary"})
        texts = [t.decode("utf-8", "surrogatepass") for t in cut(head["lengths"], block)]
        size, kinds = head["tokens"], head["kinds"]
        return ReferenceVocabulary(
            texts=[None if k == NO_TOKEN else t for t, k in zip(texts[:size], kinds, strict=True)],
            kinds=["" if k == NO_TOKEN else KINDS[k] for k in kinds],
            merges=None if head["merges"] is None else texts[size:],
            scores=head["scores"],
        )

    def encode(self, text: str, *, add_special: bool = False) -> list[int]:
        """Token ids of a text, special tokens in it parsed.

        add_special: put BOS and EOS around it as for plain text; a rendered chat template gets neither.
        """
        return self.encode_many([text], add_special=add_special)[0]

    def encode_many(self, texts: Sequence[str], *, add_special: bool = False) -> list[list[int]]:
        """`encode` for many texts in one request."""
        head, block = self._texts("encode", texts, add_special=add_special)
        return unpack_ids(head["lengths"], block)

    def normalize_many(self, texts: Sequence[str]) -> list[str]:
        """Each text as the normalizer leaves it."""
        head, block = self._texts("normalize", texts)
        return [t.decode("utf-8", "surrogatepass") for t in cut(head["lengths"], block)]

    def split_many(self, texts: Sequence[str]) -> list[list[str]]:
        """The pieces into which the pre-tokenizer cuts each text."""
        head, block = self._texts("split", texts)
        pieces = iter([t.decode("utf-8", "surrogatepass") for t in cut(head["lengths"], block)])
        return [[next(pieces) for _ in range(count)] for count in head["counts"]]

    def _texts(self, op: str, texts: Sequence[str], **more: Any) -> tuple[dict[str, Any], bytes]:
        # A half of a pair of surrogates is no text for any tokenizer: it becomes U+FFFD, as llama.cpp has it.
        data = [re.sub("[\ud800-\udfff]", "\ufffd", t).encode() for t in texts]
        return self.ask({"op": op, "lengths": [len(d) for d in data], **more}, b"".join(data))

    def timed_out(self, head: Mapping[str, Any], stderr: str) -> EngineError:
        """The error for a file whose reading or whose regular expressions take too long."""
        doing = "load it" if head["op"] == "open" else f"answer ({head['op']})"
        return EngineError(
            f"{self.name}: the tokenizer's library took more than {self.timeout:g} s to {doing}",
            help=_FORGED,
            stderr=stderr,
            code=ENDED,
        )

    def died(self, returncode: int | None, head: Mapping[str, Any], stderr: str) -> EngineError:
        """The error for a library that ended the process, as it does when memory runs out."""
        last = next((line for line in reversed(stderr.splitlines()) if line.strip()), "")
        panic = last.partition("PanicException:")[2].strip()
        if panic and head["op"] == "open":  # the library checks less than it needs to
            return EngineError(
                f"{self.name}: the library `tokenizers` fails on it: {panic[:200]}",
                help=_DAMAGED,
                stderr=stderr,
                code=UNREADABLE,
            )
        return EngineError(
            f"{self.name}: the tokenizer's library ended its process (status {returncode})"
            + (f": {last.strip()[:200]}" if last else ""),
            help=_FORGED,
            stderr=stderr,
            code=ENDED,
        )

    def refused(self, answer: Mapping[str, Any], head: Mapping[str, Any], stderr: str) -> KitError:
        """The error for what the library itself says."""
        if answer.get("kind") == "import":
            return missing(self.found.kind, str(answer["error"]))
        advice = _AGAIN.get(self.found.kind, _DAMAGED)
        return EngineError(f"{self.name}: {answer['error']}", help=advice, stderr=stderr, code=UNREADABLE)


def require(kind: str) -> None:
    """Raises MissingDependencyError, with how to get it, where the library for a kind of file is missing."""
    for module in _NEEDED[kind]:
        if not _is_there(module):
            raise missing(kind, f"the Python package for `{module}` is not installed")


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # the package around it is missing
        return False


def missing(kind: str, why: str) -> MissingDependencyError:
    """The one text about the extra `tokenizers`."""
    return MissingDependencyError(
        f"{why}; a reference tokenizer from {kind} needs it",
        help='pip install "modelfile-kit[tokenizers]" (it needs no compiler), or set `tokenizer: none`',
    )
