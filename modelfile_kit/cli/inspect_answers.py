"""What `inspect` says of a model beyond its description, kept from one run to the next.

To know which replies Ollama reads, the chat template is compiled; to know what it does with contents, it is
rendered. Both take longer than all the rest. What comes of it depends on the header, the kit, and the Python
and Jinja that run it, so these are the key under which it is kept, in the user's cache folder. What cannot be
read there is worked out again.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.cache import kit_cache
from ..core.diagnostics import Diagnostic, Severity, Span, has_errors
from ..core.errors import GGUFError
from ..core.files import MAX_TEXT_BYTES, read_file, write_atomically

if TYPE_CHECKING:
    from ..gguf_file import Header

FILES_MAX = 1_000
"""How many are kept, of some kilobytes each; the oldest go first."""
_MAX_CONTEXT = 1 << 24
# The kit and its families, which are beside it in a source checkout.
_HERE = Path(__file__).resolve().parents[1]
_OWN = (_HERE, _HERE.parent / "templates")


@dataclass(frozen=True)
class Answers:
    """Plain values, as they are kept.

    family: its title, "" for none; in_ollama: (head, text) of what reaches the model where a package has no
    TEMPLATE; memory: bytes by context; replies, replies_in_words: which replies Ollama reads back; contents:
    what each chat template does with contents, with its `key` in the header.
    """

    family: str = ""
    in_ollama: tuple[tuple[str, str], ...] = ()
    memory: Mapping[int, int] = field(default_factory=dict)
    replies: Mapping[str, Any] | None = None
    replies_in_words: str = ""
    contents: tuple[Mapping[str, Any], ...] = ()

    def findings(self, file: str) -> list[Diagnostic]:
        """The contents as findings; file: the name of the GGUF."""
        return [
            Diagnostic(
                one["code"],
                Severity(one["severity"]),
                one["message"],
                Span(f"{file}: {one['key']}", **one.get("span", {})),
                one.get("help", ""),
            )
            for one in self.contents
        ]

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Answers:
        """Out of JSON. Raises KeyError, TypeError or ValueError for what is none."""
        found = cls(
            str(kept["family"]),
            tuple((str(head), str(text)) for head, text in kept["in_ollama"]),
            {int(context): int(size) for context, size in kept["memory"].items()},
            None if kept["replies"] is None else dict(kept["replies"]),
            str(kept["replies_in_words"]),
            tuple(map(dict, kept["contents"])),
        )
        found.findings("")
        return found


def answers(header: Header, folder: Path | None = None) -> Answers:
    """What there is to say of a model.

    folder: where it is kept, by default `inspect` in the user's cache folder.
    """
    # The other parts of a split model count too, and are no part of the header.
    if (header.metadata.integer("split.count") or 0) > 1:
        return _worked_out(header)
    file = (folder or cache_folder()) / f"{_key(header)}.json"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Answers.from_dict(json.loads(read_file(file, MAX_TEXT_BYTES)))
    found = _worked_out(header)
    with contextlib.suppress(OSError, ValueError):
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, json.dumps(asdict(found)).encode())
        _drop_old(file.parent)
    return found


def cache_folder() -> Path:
    """Where they are kept by default."""
    return kit_cache("inspect")


def _key(header: Header) -> str:
    """Of the header, of the very files of this kit, and of what renders."""
    sums = hashlib.sha256(f"{header.metadata.digest()} {_renders()}\n".encode())
    for path in (file for folder in _OWN if folder.is_dir() for file in _files_of(str(folder))):
        state = path.stat(follow_symlinks=False)
        sums.update(f"{path.name} {state.st_size} {state.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
    return sums.hexdigest()


def _renders() -> tuple[int, ...]:
    """Python's version, and the state of Jinja's first file, which names its own."""
    found = importlib.util.find_spec("jinja2")
    if found is None or found.origin is None:
        return (sys.hexversion,)
    state = Path(found.origin).stat()
    return sys.hexversion, state.st_size, state.st_mtime_ns


def _files_of(folder: str) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda e: e.name):
            if entry.name == "__pycache__":
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _files_of(entry.path)
            else:
                yield entry


def _drop_old(folder: Path) -> None:
    files = sorted(folder.glob("*.json"), key=lambda p: p.stat().st_mtime)
    for old in files[:-FILES_MAX]:
        old.unlink(missing_ok=True)


def _worked_out(header: Header) -> Answers:
    from ..building.replies_of_model import replies_of_model
    from ..package.families import recognise

    family, replies = recognise(header), replies_of_model(header)
    return Answers(
        family.family.title if family else "",
        tuple(_in_ollama(header)),
        _memory(header),
        replies.to_dict() if replies else None,
        replies.summary if replies else "",
        tuple(_contents(header)),
    )


def _contents(header: Header) -> Iterator[dict[str, Any]]:
    """What each chat template of the model does with contents."""
    from ..gguf_file.vocabulary import Vocabulary
    from ..safety.examine import examine

    try:
        vocabulary = Vocabulary.from_header(header)
        templates = vocabulary.chat_templates
    except GGUFError:
        return
    for name, source in templates.items():
        key = "tokenizer.chat_template" + ("" if name == "default" else f".{name}")
        for found in examine(source, bos_token=vocabulary.bos_text, eos_token=vocabulary.eos_text):
            yield {**found.to_dict(), "key": key}


def _memory(header: Header) -> dict[int, int]:
    """What the model takes with a usual context and the trained one; empty where it is not known."""
    from ..fit import Settings, estimate
    from ..fit.settings import DEFAULT_CONTEXT
    from ..fit.sources import model_of

    try:
        model = model_of(header)
    except GGUFError:
        return {}
    first = estimate(model, Settings(DEFAULT_CONTEXT))
    if first.unknown:
        return {}
    found = {DEFAULT_CONTEXT: first.total}
    if first.trained and DEFAULT_CONTEXT < first.trained <= _MAX_CONTEXT:
        found[first.trained] = estimate(model, Settings(first.trained)).total
    return found


def _in_ollama(header: Header) -> Iterator[tuple[str, str]]:
    """What reaches the model on a server, where a package has no TEMPLATE."""
    from ..gguf_file.vocabulary import Vocabulary
    from ..lint.own_template import about_own_template
    from ..ollama.selection import select

    try:
        vocabulary = Vocabulary.from_header(header)
        source = vocabulary.chat_templates.get("default")
    except GGUFError:
        yield "in Ollama", "no chat format at all without a TEMPLATE"
        return
    selection = select(jinja=source, architecture=header.architecture)
    findings = list(about_own_template(source, vocabulary, selection))
    if selection.source == "jinja" and not has_errors(findings):
        yield "in Ollama", "0.30 and later render chats by its own template unless a TEMPLATE wins;"
        yield "", "older servers need a TEMPLATE: `mkmodelfile build` compiles it"
    elif selection.source == "renderer":
        yield "in Ollama", selection.why
    for found in findings:
        yield "in Ollama" if found.code == "MK258" else str(found.severity), found.message
