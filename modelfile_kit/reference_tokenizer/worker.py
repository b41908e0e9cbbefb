"""The child process: the only place where tokenizer files are given to the libraries that read them.

Started by `child.ReferenceChild`; not for direct use.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..core.files import read_file
from ..runtime.child_worker import serve
from ..runtime.frames import Refused, cut, pack_ids
from .formats.config_files import ConfigFiles
from .formats.loaded import MAX_FILE_BYTES, Loaded, unreadable
from .formats.sentencepiece_model import SentencePieceModel
from .formats.tekken import read_tekken
from .formats.tiktoken_ranks import read_tiktoken
from .formats.tokenizer_json import TokenizerJson

# Twelve times what the largest known tokenizer.json (34 MB) needs in the library (CWE-770).
MEMORY_BYTES = 6 * 1024**3


def main() -> None:
    """Serves requests about one tokenizer until the parent closes the pipe."""
    limit_memory()
    # One thread: many would each reserve memory, and a request is over before they would pay.
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.environ["RAYON_NUM_THREADS"] = "1"
    serve(_open)


def limit_memory() -> None:
    """Lets allocations beyond `MEMORY_BYTES` fail, where the system can do that."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def _open(head: dict[str, Any]) -> Service:
    path = Path(head["file"])
    config = ConfigFiles(head["beside"])
    read = _READERS[head["kind"]]
    try:
        return Service(read(read_file(path, MAX_FILE_BYTES), config))
    except ImportError as e:
        raise Refused(str(e), kind="import") from e
    except MemoryError as e:
        raise unreadable("it needs more memory than a tokenizer may take") from e


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        raise unreadable(f"it is not UTF-8 (byte {e.start})") from e


_READERS: dict[str, Callable[[bytes, ConfigFiles], Loaded]] = {
    "tokenizer.json": lambda data, config: TokenizerJson(_text(data), config),
    "tokenizer.model": SentencePieceModel,
    "tiktoken": read_tiktoken,
    "tekken.json": lambda data, config: read_tekken(_text(data)),
}


class Service:
    """A loaded tokenizer and what may be asked of it."""

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded

    def info(self) -> dict[str, Any]:
        """Its facts."""
        return self.loaded.facts()

    def answer(self, head: dict[str, Any], block: bytes) -> tuple[dict[str, Any], bytes]:
        """One request other than `open`."""
        op, loaded = head["op"], self.loaded
        if op == "vocabulary":
            return _vocabulary(loaded)
        texts = [t.decode("utf-8") for t in cut(head["lengths"], block)]
        if op == "encode":
            lengths, ids = pack_ids([loaded.encode(t, add_special=head["add_special"]) for t in texts])
            return {"lengths": lengths}, ids
        if op == "normalize":
            return _packed([loaded.normalize(t) for t in texts])
        if op == "split":
            pieces = [loaded.split(t) for t in texts]
            reply, out = _packed([piece for row in pieces for piece in row])
            return {**reply, "counts": [len(row) for row in pieces]}, out
        raise Refused(f"unknown request: {op}", kind="request")


def _vocabulary(loaded: Loaded) -> tuple[dict[str, Any], bytes]:
    texts, kinds = loaded.tokens()
    merges = loaded.merges()
    reply, out = _packed([*(t or "" for t in texts), *(merges or ())])
    counts = {"tokens": len(texts), "merges": None if merges is None else len(merges)}
    return {**reply, **counts, "kinds": list(kinds), "scores": loaded.scores()}, out


def _packed(texts: Sequence[str]) -> tuple[dict[str, Any], bytes]:
    data = [t.encode("utf-8", "surrogatepass") for t in texts]
    return {"lengths": [len(d) for d in data]}, b"".join(data)


if __name__ == "__main__":
    main()
