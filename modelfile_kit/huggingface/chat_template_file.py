"""A chat template from whatever file carries one: Jinja text, a GGUF, or Hugging Face's JSON files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.errors import UsageError
from ..core.file_kinds import TOKENIZER_CONFIG, is_gguf, kind_of
from ..core.files import MAX_TEXT_BYTES, open_file, package_file_in, parse_json, read_bounded, read_file
from ..gguf_file import read_header
from ..gguf_file.vocabulary import Vocabulary
from ..sources.name import PATH, URL, parse_name
from ..sources.places import remote
from ..sources.quantizations import contents_of
from ..sources.resolve import open_repository, open_source, resolve, resolve_in
from ..sources.text_files import CHAT_TEMPLATE_FILES, MORE_CHAT_TEMPLATES, chat_template_files

MAX_BYTES = MAX_TEXT_BYTES
_IN_FOLDER = CHAT_TEMPLATE_FILES
_CONFIG = "tokenizer_config.json"


@dataclass(frozen=True)
class ChatTemplate:
    """A chat template and what its file says beside it.

    text: the Jinja source; bos_token, eos_token: None where no file says; names: of all templates in the
    file; name: of this one; beside: the file that the tokens are from, where it is another one.
    """

    text: str
    bos_token: str | None = None
    eos_token: str | None = None
    names: tuple[str, ...] = ("default",)
    name: str = "default"
    beside: Path | None = None


def load_chat_template(path: Path, *, name: str | None = None) -> ChatTemplate:
    """Reads a chat template.

    path: a GGUF, a tokenizer_config.json or chat_template.json, a folder with such files, else a file of
    Jinja text. name: which of several named templates (Hugging Face's "default", "tool_use", …). The
    tokens of a chat_template.jinja or .json are those of the tokenizer_config.json beside it.
    Raises UsageError where the file holds no such template, OSError where it cannot be read.
    """
    if remote(path) is not None:  # it is not here yet, and its header is read by ranges
        return _from_gguf(path, name)
    if path.is_dir():
        found = [path / n for n in _IN_FOLDER if (path / n).is_file()]
        if not found:
            raise UsageError(
                "no chat template in this folder",
                span=Span(str(path)),
                help=_what_is_there(path),
            )
        return load_chat_template(found[0], name=name)
    with open_file(path) as file:
        data = file.read(8)
        if is_gguf(data):
            return _from_gguf(path, name)
        data += file.read(MAX_BYTES + 1)
    if path.name in _IN_FOLDER and path.name != _CONFIG:
        return _with_folder(path, data, name)
    return chat_template_from(data, str(path), name=name)


def _what_is_there(folder: Path) -> str:
    """What to name in place of a folder without a chat template."""
    expected = f"expected one of {', '.join(_IN_FOLDER)}"
    if package_file_in(folder) is not None:
        return f"this is a package, whose chat template `mkmodelfile build` compiles; {expected}"
    models = sorted(folder.glob("*.gguf"))[:1]
    return f"{expected}; or give the file itself{f': {models[0]}' if models else ''}"


def named_chat_template(text: str, *, name: str | None = None) -> tuple[ChatTemplate, Path]:
    """The chat template of a path or a name (`sources.name`), and the path that it was read from.

    A name of a repository means its GGUF; where it has none, its own chat template files, which are fetched
    with what stands beside them. Raises as `load_chat_template` and `sources.resolve.resolve` do.
    """
    asked = parse_name(text)
    if asked.kind == PATH:
        return load_chat_template(Path(text), name=name), Path(text)
    if asked.kind == URL or (asked.file and asked.file.lower().endswith(".gguf")):
        return _of_url(text, name)
    repository = open_repository(asked)
    there = contents_of(repository.files())
    if not asked.file and (asked.quantization or there.models or there.projectors):
        path = resolve_in(repository).path
        return load_chat_template(path, name=name), path
    wanted = chat_template_files(repository)
    if not wanted:
        raise UsageError(
            f"no chat template {asked.file or 'in this repository'}",
            span=Span(repository.title),
            help=f"expected a GGUF or one of {', '.join(_IN_FOLDER)}",
        )
    for file in wanted:
        if (file.size or 0) <= MAX_BYTES:
            repository.fetch(file)
    path = repository.place(wanted[0]) if asked.file else repository.place(wanted[0]).parent
    return load_chat_template(path, name=name), path


def _of_url(text: str, name: str | None) -> tuple[ChatTemplate, Path]:
    """Of one file by its address: a GGUF's header, or a small text that is fetched."""
    source = open_source(text)
    try:
        start = source.read(8)
    finally:
        source.close()
    found = resolve(text)
    if not is_gguf(start):
        size = found.size if found.size is not None else source.size
        if (size or 0) > MAX_BYTES:
            raise UsageError(
                f"not a chat template: more than {MAX_BYTES >> 20} MiB",
                span=Span(found.title),
                help="give a .jinja file, a GGUF, a tokenizer_config.json or a chat_template.json",
            )
        found.fetch()
    return load_chat_template(found.path, name=name), found.path


def chat_template_from(data: bytes, file: str, *, name: str | None = None) -> ChatTemplate:
    """The chat template in the bytes of a file that is no GGUF; `file` is its name, for errors.

    Raises UsageError where they hold no such template.
    """
    if is_gguf(data):
        raise UsageError(
            "a GGUF cannot be read from standard input", span=Span(file), help="give the path of the GGUF"
        )
    if len(data) > MAX_BYTES:
        raise UsageError(
            f"not a chat template: more than {MAX_BYTES >> 20} MiB",
            span=Span(file),
            help="give a .jinja file, a GGUF, a tokenizer_config.json or a chat_template.json",
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"not a chat template: byte {error.start} is 0x{data[error.start]:02x}, expected UTF-8 text",
            span=Span(file),
            help="give a .jinja file, a GGUF, a tokenizer_config.json or a chat_template.json",
        ) from error
    if Path(file).suffix.lower() == ".json" or (
        text.lstrip().startswith(("{\n", '{"', "{ ")) and '"chat_template"' in text
    ):
        return _from_json(text, name, file)
    return _choose({"default": text}, name, file)


def unknown_tokens(source: ChatTemplate, *known: str) -> list[Diagnostic]:
    """A finding for each token that the chat template writes and no file says.

    known: those given otherwise ("bos_token", "eos_token").
    """
    found = []
    for name, text in (("bos_token", source.bos_token), ("eos_token", source.eos_token)):
        if name in known or text is not None or not re.search(rf"\b{name}\b", source.text):
            continue
        line = source.text[: source.text.index(name)].count("\n") + 1
        message = f"the chat template writes `{name}`, but no file here defines it, so it is taken as empty"
        option = f"--{name.partition('_')[0]}"
        hint = f"give it with {option}, or compile the model's GGUF or its folder with a {_CONFIG}"
        found.append(Diagnostic("MK612", Severity.WARNING, message, Span(line=line), hint))
    return found


def _with_folder(path: Path, data: bytes, name: str | None) -> ChatTemplate:
    """The templates of a folder as Hugging Face lays it out: more of them, and the tokens beside."""
    own = chat_template_from(data, str(path))
    more = {"default": own.text}
    for other in sorted((path.parent / MORE_CHAT_TEMPLATES).glob("*.jinja")):
        more[other.stem] = chat_template_from(read_file(other, MAX_BYTES + 1), str(other)).text
    if len(own.names) == 1:
        own = _choose(more, name, str(path))
    elif name:
        own = chat_template_from(data, str(path), name=name)
    config = path.parent / _CONFIG
    if not config.is_file():
        return own
    values = _json(read_bounded(config, "a tokenizer's configuration"), str(config))
    tokens = _token(values.get("bos_token")), _token(values.get("eos_token"))
    return replace(own, bos_token=tokens[0], eos_token=tokens[1], beside=config)


def _from_gguf(path: Path, name: str | None) -> ChatTemplate:
    vocabulary = Vocabulary.from_header(read_header(str(path)))
    templates = dict(vocabulary.chat_templates)
    if not templates:
        raise UsageError(
            "the GGUF has no tokenizer.chat_template",
            span=Span(str(path)),
            help="give the model's chat_template.jinja, or name a family in mkmodelfile.yaml",
        )
    return _choose(templates, name, str(path), vocabulary.bos_text, vocabulary.eos_text)


def _from_json(text: str, name: str | None, file: str) -> ChatTemplate:
    data = _json(text, file)
    found = data.get("chat_template")
    templates = {}
    if isinstance(found, list):
        templates = dict(_named(entry, n, file) for n, entry in enumerate(found, 1))
    elif isinstance(found, str):
        templates = {"default": found}
    elif found is not None:
        raise UsageError(
            f"`chat_template` is a {type(found).__name__}, expected a text or a list of named texts",
            span=Span(file),
            help="see Hugging Face's tokenizer_config.json",
        )
    if not templates:
        what = "no `chat_template` in this JSON"
        hint = "newer models keep it in a file chat_template.jinja of its own"
        kind = kind_of(text)
        if kind and kind is not TOKENIZER_CONFIG:
            what += f": this is {kind.what}"
            hint = f"{kind.taken_by}; here, give a chat_template.jinja, a tokenizer_config.json or a GGUF"
        raise UsageError(what, span=Span(file), help=hint)
    return _choose(templates, name, file, _token(data.get("bos_token")), _token(data.get("eos_token")))


def _json(data: str | bytes, file: str) -> Mapping[str, Any]:
    found = parse_json(data, file, help="give a tokenizer_config.json or a chat_template.json")
    return found if isinstance(found, Mapping) else {}


def _named(entry: Any, number: int, file: str) -> tuple[str, str]:
    if isinstance(entry, Mapping):
        name, text = entry.get("name"), entry.get("template")
        if isinstance(name, str) and isinstance(text, str):
            return name, text
    raise UsageError(
        f"entry {number} of `chat_template` is not a named template",
        span=Span(file),
        help='expected {"name": "tool_use", "template": "…"}, both texts',
    )


def _token(value: Any) -> str | None:
    # tokenizer_config.json writes a special token as text or as an object with its `content`.
    content = value.get("content") if isinstance(value, Mapping) else value
    return content if isinstance(content, str) else None


def _choose(
    templates: Mapping[str, str], name: str | None, file: str, bos: str | None = None, eos: str | None = None
) -> ChatTemplate:
    wanted = name or ("default" if "default" in templates else next(iter(templates)))
    if wanted not in templates:
        raise UsageError(
            f"no chat template called {wanted!r}",
            span=Span(file),
            help=f"it has {', '.join(sorted(templates))}",
        )
    if not templates[wanted].strip():
        raise UsageError(
            "the chat template is empty, so every prompt would be empty",
            span=Span(file),
            help="give the model's own chat_template.jinja, or name a family in mkmodelfile.yaml",
        )
    return ChatTemplate(templates[wanted], bos, eos, tuple(templates), wanted)
