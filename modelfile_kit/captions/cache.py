"""Answers that were given once: by the image as it is sent, the question, the model and its settings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..core.files import write_atomically
from ..runtime.completion import Completion

# Part of every key: another number, when an answer means something else than before.
_FORM = 1
_TEXTS, _COUNTS = ("text", "thinking", "finish_reason"), ("prompt_tokens", "completion_tokens")


class AnswerCache:
    """A file for each answer.

    folder: where they are, made when the first is written; None remembers nothing. A file is whole or not
    there, and one that is damaged counts as not there.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def read(self, key: str) -> Completion | None:
        """The answer under a key of `answer_key`."""
        if self.folder is None:
            return None
        try:
            found = json.loads(self._path(key).read_bytes())
        except (OSError, ValueError, RecursionError):
            return None
        if not isinstance(found, dict) or found.get("key") != key or not _sound(found):
            return None
        return Completion(**{name: found[name] for name in (*_TEXTS, *_COUNTS)})

    def write(self, key: str, answer: Completion) -> None:
        """Remembers an answer. Raises OSError where the folder cannot be written."""
        if self.folder is None:
            return
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        facts = {"key": key, **{name: getattr(answer, name) for name in (*_TEXTS, *_COUNTS)}}
        write_atomically(path, json.dumps(facts, ensure_ascii=True).encode())

    def _path(self, key: str) -> Path:
        assert self.folder is not None
        return self.folder / key[:2] / f"{key}.json"


def answer_key(image: bytes, facts: Mapping[str, Any]) -> str:
    """The key of an answer: image is the file as it is sent, facts are everything else that decides it."""
    whole = {"form": _FORM, "image": hashlib.sha256(image).hexdigest(), **facts}
    return hashlib.sha256(json.dumps(whole, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def _sound(found: Mapping[str, Any]) -> bool:
    counts = all(isinstance(found.get(name), (int, type(None))) for name in _COUNTS)
    return counts and isinstance(found.get("text"), str) and isinstance(found.get("thinking"), str)
