"""The child process: the only place where `play` renders what was typed.

Started by `process.Player`; not for direct use.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from ..core.errors import EngineError, KitError, UsageError
from ..core.extras import installed
from ..core.foreign_text import shown
from ..core.os_errors import os_finding
from ..runtime.child_worker import serve
from ..runtime.server_tokenizer import AttachedTokenizer
from ..runtime.tokenizer import LlamaTokenizer
from .answer import Answers, Native
from .subject import Asked, Subject, open_subject

# Several times what the largest known template and vocabulary take (CWE-770).
MEMORY_BYTES = 4 * 1024**3


def main() -> None:
    """Serves requests about one package or template until the parent closes the pipe."""
    serve(_open)


class Playing:
    """An opened subject and what may be asked of it."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        tokenizer, self.no_tokens = _tokenizer(subject)
        limit_memory()  # after the model's file was mapped by a process of its own
        self.answers = Answers(subject, tokenizer)

    def info(self) -> dict[str, Any]:
        """What the page says at its head, and what the parent needs for native mode."""
        subject, reference = self.subject, self.subject.reference
        return {
            "title": shown(subject.title),
            "ways": [{"name": shown(way.name), "chosen": way.chosen} for way in subject.ways],
            "spoken": dict(subject.spoken or {}),
            "no_tokens": shown(self.no_tokens or "", lines=True),
            "notes": [shown(note, lines=True) for note in subject.notes],
            "native": any(way.native for way in subject.ways),
            "chat_template": reference.text if reference is not None else None,
            "bos_token": reference.bos_token if reference is not None else None,
            "eos_token": reference.eos_token if reference is not None else None,
            "wants_tokens": self.no_tokens is None,
            "model": str(subject.model) if subject.model is not None else None,
            "images": subject.images,
            "system": subject.system,
            "first": [dict(message) for message in subject.first],
        }

    def answer(self, head: dict[str, Any], block: bytes) -> tuple[dict[str, Any], bytes]:
        """One conversation; what is wrong with it is part of the answer. Or the address of a tokenizer."""
        if head["op"] == "tokens":
            assert self.subject.model is not None
            found = AttachedTokenizer(self.subject.model, head["program"], head["url"])
            self.answers = Answers(self.subject, found)
            return {}, b""
        native = Native(**head["native"]) if head.get("native") is not None else None
        try:
            return self.answers.answer(head["conversation"], head["reply"], native), b""
        except KitError as error:
            return {"refused": failure(error)}, b""
        except (MemoryError, RecursionError):
            return {"refused": [{"message": "this conversation takes more memory than it may"}]}, b""


class Failed:
    """What could not be opened, with the findings that say why."""

    def __init__(self, error: KitError) -> None:
        self.error = error

    def info(self) -> dict[str, Any]:
        """Why, so that the parent can raise it."""
        return {"failed": failure(self.error), "exit_code": self.error.exit_code}

    def answer(self, head: dict[str, Any], block: bytes) -> tuple[dict[str, Any], bytes]:
        """Nothing can be asked."""
        return {"refused": failure(self.error)}, b""


def failure(error: KitError) -> list[dict[str, Any]]:
    """The findings of an error as plain values."""
    return [d.to_dict() for d in error.findings]


def limit_memory() -> None:
    """Lets allocations beyond `MEMORY_BYTES` fail, where the system can do that."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def _open(head: Mapping[str, Any]) -> Playing | Failed:
    try:
        return Playing(open_subject(Asked(**head["asked"])))
    except KitError as error:
        return Failed(error)
    except OSError as error:
        found = os_finding(error)
        return Failed(UsageError(found.message, span=found.span, help=found.help, code=found.code))


def _tokenizer(subject: Subject) -> tuple[LlamaTokenizer | None, str | None]:
    """The tokenizer of the model, or why there is none; no reason where the parent may bring another one.

    llama-cpp-python runs in a child of this process and ends with it. A llama-server would not, so that one
    is the parent's.
    """
    if subject.model is None:
        return None, subject.no_tokens
    if not installed("llama_cpp"):
        return None, None
    try:
        return LlamaTokenizer(subject.model), ""
    except EngineError as error:
        return None, error.message
