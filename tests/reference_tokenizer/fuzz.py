"""Changed tokenizers of every kind: `python -m tests.reference_tokenizer.fuzz 10000 7`.

Each is read in the child process as `check` does it, with what a model's folder has beside it. It is refused
with a message that names the file and is no error of Python, or it is read: then its vocabulary is as long as
it says, and texts become ids that are in it.
"""

from __future__ import annotations

import json
import random
import re
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from modelfile_kit.align.vocabulary_check import check_vocabulary
from modelfile_kit.core.errors import EngineError, KitError
from modelfile_kit.gguf_file import Vocabulary, read_header
from modelfile_kit.micro import build_model
from modelfile_kit.reference_tokenizer.child import ENDED, ReferenceChild
from modelfile_kit.reference_tokenizer.find import Found, find_tokenizer
from modelfile_kit.reference_tokenizer.reference import ReferenceFacts
from tests.changed import changed_bytes, changed_value
from tests.fuzzing import Fault, Tally, run
from tests.reference_tokenizer import toys

TEXTS = ("hello <|im_start|> 12 é 漢 \x00", "", " " * 50, "e\u0301\U0001f389")
SECONDS = 60.0  # of one request: a pattern can take for ever, which is told
_OF_PYTHON = re.compile(r"\b(?:[A-Z]\w*Error|Exception|Traceback)\b")
_CONFIG = {
    "bos_token": {"content": "<s>", "lstrip": True},
    "eos_token": "</s>",
    "add_bos_token": True,
    "legacy": False,
    "additional_special_tokens": ["<a>", {"content": "<b>"}],
    "added_tokens_decoder": {"2": {"content": "</s>", "special": True}, "420": {"content": "<c>"}},
}
_BESIDE: dict[str, Any] = {
    "tokenizer_config.json": _CONFIG,
    "special_tokens_map.json": {"bos_token": "<s>", "additional_special_tokens": ["<a>"]},
    "added_tokens.json": {"<a>": 400, "<b>": 401, "</s>": 2},
}


def cases(count: int, seed: int, tally: Tally) -> Iterator[Fault | None]:
    """What is wrong with the reading of each tokenizer."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name, _Reader() as reader:
        home = Path(name)
        vocabulary = Vocabulary.from_header(read_header(build_model(home / "model.gguf")))
        kinds = _kinds(home, vocabulary)
        for _ in range(count):
            files = _changed(chance, chance.choice(kinds))
            what = fault(files, reader, vocabulary, tally)
            yield Fault(what, _as_text(files), ".json") if what else None


def fault(files: dict[str, bytes], reader: _Reader, vocabulary: Vocabulary, tally: Tally) -> str:
    """What is wrong with the reading of one folder, "" if nothing is. files: their contents by name."""
    with tempfile.TemporaryDirectory() as name:
        for file, data in files.items():
            Path(name, file).write_bytes(data)
        try:
            found = find_tokenizer(name, "model.gguf")
            assert found is not None
            child = reader.open(found)
            check_vocabulary(vocabulary, child, model="model.gguf")
            what = _inconsistent(child)
        except KitError as e:
            code = e.code
            tally[f"{next(iter(files))}: {code}"] += 1
            if name not in str(e):
                return f"the message names no file: {e}"
            ended = isinstance(e, EngineError) and code == ENDED
            return f"an error of Python: {e}" if not ended and _OF_PYTHON.search(e.message) else ""
        except Exception:
            return "crash: " + traceback.format_exc(limit=-3)
    tally[f"{next(iter(files))}: read"] += 1
    return what


def _inconsistent(child: ReferenceChild) -> str:
    size = child.facts.size
    if len(child.vocabulary.texts) != size:
        return f"{len(child.vocabulary.texts)} tokens, its facts say {size}"
    for text, ids in zip(TEXTS, child.encode_many(TEXTS), strict=True):
        wrong = [n for n in ids if not 0 <= n < size or child.vocabulary.texts[n] is None]
        if wrong:
            return f"{text!r} becomes {wrong[:3]}, of a vocabulary of {size}"
    child.normalize_many(TEXTS)
    child.split_many(TEXTS)
    return ""


class _Reader:
    """A child process that reads one tokenizer after the other; another one where it has ended."""

    def __init__(self) -> None:
        self._child: ReferenceChild | None = None

    def __enter__(self) -> _Reader:
        return self

    def __exit__(self, *_: object) -> None:
        if self._child is not None:
            self._child.close()

    def open(self, found: Found) -> ReferenceChild:
        """The tokenizer of a folder."""
        child = self._child
        if child is None or child.found.kind != found.kind:
            return self._new(found)
        child.found, child.name = found, str(found.file)
        child.__dict__.pop("vocabulary", None)
        beside = {path.name: str(path) for path in found.beside}
        try:
            head = {"op": "open", "kind": found.kind, "file": str(found.file), "beside": beside}
            answer, _ = child.ask(head)
        except EngineError as e:
            if e.code == ENDED or "closed" in e.message:
                self._child = None
            raise
        files = [str(found.file), *(str(path) for path in found.beside)]
        child.facts = ReferenceFacts.from_dict({**answer, "files": files})
        return child

    def _new(self, found: Found) -> ReferenceChild:
        if self._child is not None:
            self._child.close()
            self._child = None
        self._child = ReferenceChild(found, timeout=SECONDS)
        return self._child


def _kinds(home: Path, vocabulary: Vocabulary) -> list[tuple[str, bytes]]:
    """Tokenizers that are read, by the name of their file."""
    folders = (
        toys.of_vocabulary(home / "own", vocabulary),
        toys.byte_level(home / "bytes"),
        toys.metaspace(home / "spaces", "first"),
    )
    found = [("tokenizer.json", (folder / "tokenizer.json").read_bytes()) for folder in folders]
    found.append(("tokenizer.json", toys.word_piece(home / "words/tokenizer.json").read_bytes()))
    found.append(("tekken.json", toys.tekken(home / "tekken.json").read_bytes()))
    for kind in ("bpe", "unigram"):
        found.append(
            ("tokenizer.model", toys.sentencepiece(home / kind / "tokenizer.model", kind).read_bytes())
        )
    return found


def _changed(chance: random.Random, kind: tuple[str, bytes]) -> dict[str, bytes]:
    """A tokenizer and files beside it, of which some are changed."""
    name, data = kind
    if chance.random() < 0.5:
        written = name.endswith(".json") and chance.random() < 0.9
        data = _json(changed_value(chance, json.loads(data))) if written else changed_bytes(chance, data)
    files = {name: data}
    for beside, value in _BESIDE.items():
        if chance.random() < 0.3:
            files[beside] = _json(changed_value(chance, value) if chance.random() < 0.7 else value)
    return files


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _as_text(files: dict[str, bytes]) -> bytes:
    return _json({name: data.decode("latin-1") for name, data in files.items()})


if __name__ == "__main__":
    sys.exit(run("tokenizers", cases))
