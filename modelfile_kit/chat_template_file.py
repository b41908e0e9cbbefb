"""A chat template from whatever file carries one: Jinja text, a GGUF, or Hugging Face's JSON files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .diagnostics import Span
from .errors import UsageError
from .files import parse_json

_GGUF_MAGIC = b"GGUF"


@dataclass(frozen=True)
class ChatTemplate:
    """text: the Jinja source; bos_token, eos_token: None where the file does not say; names: all in it."""

    text: str
    bos_token: str | None = None
    eos_token: str | None = None
    names: tuple[str, ...] = ("default",)


def load_chat_template(path: Path, *, name: str | None = None) -> ChatTemplate:
    """Reads a chat template.

    path: a GGUF, a tokenizer_config.json or chat_template.json, else a file of Jinja text.
    name: which of several named templates (Hugging Face's "default", "tool_use", …).
    Raises UsageError where the file holds no such template, OSError where it cannot be read.
    """
    with path.open("rb") as file:
        magic = file.read(len(_GGUF_MAGIC))
    if magic == _GGUF_MAGIC:
        return _from_gguf(path, name)
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"not a chat template: byte {error.start} is 0x{data[error.start]:02x}, expected UTF-8 text",
            span=Span(str(path)),
            help="give a .jinja file, a GGUF, a tokenizer_config.json or a chat_template.json",
        ) from error
    if path.suffix == ".json":
        return _from_json(path, text, name)
    return _choose({"default": text}, name, path)


def _from_gguf(path: Path, name: str | None) -> ChatTemplate:
    from .gguf_file import read_header
    from .gguf_file.vocabulary import Vocabulary

    vocabulary = Vocabulary.from_header(read_header(str(path)))
    templates = dict(vocabulary.chat_templates)
    if not templates:
        raise UsageError(
            "the GGUF has no tokenizer.chat_template",
            span=Span(str(path)),
            help="give the model's chat_template.jinja, or name a family in mkmodelfile.yaml",
        )
    texts = [vocabulary.token(i) if i is not None else None for i in (vocabulary.bos_id, vocabulary.eos_id)]
    return _choose(templates, name, path, *texts)


def _from_json(path: Path, text: str, name: str | None) -> ChatTemplate:
    data = parse_json(text, str(path), help="give a tokenizer_config.json or a chat_template.json")
    found = data.get("chat_template") if isinstance(data, Mapping) else None
    templates = {}
    if isinstance(found, list):
        named = [t for t in found if isinstance(t, Mapping) and {"name", "template"} <= t.keys()]
        templates = {str(t["name"]): str(t["template"]) for t in named}
    elif isinstance(found, str):
        templates = {"default": found}
    if not templates:
        raise UsageError(
            "no `chat_template` in this JSON",
            span=Span(str(path)),
            help="newer models keep it in a file chat_template.jinja of its own",
        )
    return _choose(templates, name, path, _token(data.get("bos_token")), _token(data.get("eos_token")))


def _token(value: Any) -> str | None:
    # tokenizer_config.json writes a special token as text or as an object with its `content`.
    content = value.get("content") if isinstance(value, Mapping) else value
    return content if isinstance(content, str) else None


def _choose(
    templates: Mapping[str, str], name: str | None, path: Path, bos: str | None = None, eos: str | None = None
) -> ChatTemplate:
    wanted = name or ("default" if "default" in templates else next(iter(templates)))
    if wanted not in templates:
        raise UsageError(
            f"no chat template called {wanted!r}",
            span=Span(str(path)),
            help=f"it has {', '.join(sorted(templates))}",
        )
    return ChatTemplate(templates[wanted], bos, eos, tuple(templates))
