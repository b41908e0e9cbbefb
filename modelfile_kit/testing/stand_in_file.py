"""stand-in.yaml, beside the golden files: what a package's model is like, for tests where it is missing.

`--micro` makes a micro model of that shape; a package without such a file is tested with the micro GLM-4.1V.
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any

import yaml

from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.errors import PackageError, UsageError
from ..core.files import read_file, real_path, write_atomically
from ..core.near_words import near_word
from ..core.os_errors import os_reason
from ..gguf_file import Header, Vocabulary
from ..gguf_file.arrays import NumberArray, StringArray
from ..gguf_file.quantization import file_type_in_name
from ..micro import MODEL_NAME, PROJECTOR_NAME, build_pair
from ..micro.stand_in import ID, StandIn, build_stand_in
from ..package.bounded_yaml import MAX_BYTES, Document, load
from ..package.package import UNREADABLE, Package, load_package
from ..package.schema import MISSING_KEY, UNKNOWN_KEY, WRONG_VALUE

FILE_NAME, TEMPLATE_NAME = "stand-in.yaml", "chat_template.jinja"
LARGEST_MICRO = 16 * 1024 * 1024
MAX_TEMPLATE = 1024 * 1024  # the largest known chat template has 70 kB

_KEYS: Mapping[str, tuple[type, str]] = {
    "name": (str, "text, as in general.name"),
    "architecture": (str, "text such as llama"),
    "context_length": (int, "a number"),
    "tokenizer": (dict, "a mapping of the keys of tokenizer.ggml"),
    "control": (list, "a list of texts"),
    "user_defined": (list, "a list of texts"),
    "chat_template": (str, "the path of a .jinja file"),
    "m_rope": (bool, "true or false"),
    "projector": (dict, "a mapping such as {file: mmproj.gguf, type: gemma3, senses: [vision]}"),
    "reply": (list, "a list of texts"),
}
_PROJECTOR_KEYS: Mapping[str, tuple[type, str]] = {
    "file": (str, "the name of its file"),
    "type": (str, "its clip.projector_type"),
    "senses": (list, "a list of vision and audio"),
}
_REQUIRED = ("name", "architecture", "tokenizer", "control")
_PARTS = re.compile(r"-00001-of-(\d{5})\.gguf\Z")
# More tokens than this that differ in a number only, such as <unused17>, are room for others.
_NUMBERED = 8
# What answers look like that are not plain text; the parser that Ollama has for it expects no other.
_REPLIES: Mapping[str, list[str]] = {"gpt-oss": ["<|channel|>", "final", "<|message|>", "Hello"]}


@dataclass(frozen=True)
class StandInFile:
    """A stand-in, and the name of its projector's file ("" for none)."""

    stand_in: StandIn
    projector: str = ""

    def build(self, package: Package, folder: Path) -> tuple[Path, Path | None]:
        """Writes model and projector under the names of the real ones; the variants' models beside them.

        Returns those of the main model. Raises as `build_stand_in` does.
        """
        model = folder / package.model.name
        projector = folder / self.projector if self.projector else None
        build_stand_in(self.stand_in, model, projector)
        for name in variant_names(package):
            parts = _PARTS.search(name)
            shape = replace(
                self.stand_in, parts=int(parts[1]) if parts else 1, file_type=file_type_in_name(name)
            )
            build_stand_in(shape, folder / name)
        return model, projector


def variant_names(package: Package) -> list[str]:
    """The names of the variants' files; the main model's is one of them where it is a variant's too."""
    return list(dict.fromkeys(variant.model.name for variant in package.variants))


def load_stand_in(package: Package) -> StandInFile | None:
    """The stand-in.yaml of a package; None where there is none.

    Raises PackageError for one that cannot be read, has unknown keys or wrong types.
    """
    path = package.golden_folder / FILE_NAME
    if not path.is_file():
        return None
    document = load(_read(path, MAX_BYTES), str(path))
    found = list(document.diagnostics) or list(_check(document))
    if found:
        raise PackageError(
            found[0].message,
            help=found[0].help,
            span=found[0].span,
            code=found[0].code,
            diagnostics=tuple(found),
        )
    return _stand_in(document.value, path, package)


def _read(path: Path, limit: int) -> bytes:
    """At most one byte more than `limit`, so that the caller sees a file that is too long."""
    try:
        return read_file(path, limit + 1)
    except OSError as e:
        raise _unreadable(path, os_reason(e)) from e


def _read_template(path: Path) -> str:
    data = _read(path, MAX_TEMPLATE)
    if len(data) > MAX_TEMPLATE:
        raise _unreadable(path, f"it has more than {MAX_TEMPLATE} bytes")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as e:
        raise _unreadable(path, f"it is not UTF-8 text (byte {e.start})") from e


def _inside(path: Path, package: Package) -> Path:
    """The path, if it is in the package or its folder of golden files, links followed."""
    place, homes = real_path(path), (package.folder, package.golden_folder)
    if any(place.is_relative_to(real_path(home)) for home in homes):
        return path
    raise _unreadable(path, "it is outside of the package's folder")


def _unreadable(path: Path, why: str) -> PackageError:
    hint = f"correct `chat_template` in {FILE_NAME}, or write both again with `mkmodelfile micro --describe`"
    return PackageError(f"cannot be read: {why}", span=Span(str(path)), help=hint, code=UNREADABLE)


def _stand_in(value: Mapping[str, Any], path: Path, package: Package) -> StandInFile:
    projector = value.get("projector", {})
    parts = _PARTS.search(package.model.name)
    template = ""
    if "chat_template" in value:
        template = _read_template(_inside(path.parent / value["chat_template"], package))
    stand_in = StandIn(
        name=value["name"],
        architecture=value["architecture"],
        tokenizer=value["tokenizer"],
        control=tuple(value["control"]),
        user_defined=tuple(value.get("user_defined", ())),
        chat_template=template,
        context_length=value.get("context_length", StandIn.context_length),
        m_rope=value.get("m_rope", False),
        projector=projector.get("type", ""),
        senses=tuple(projector.get("senses", StandIn.senses)),
        parts=int(parts[1]) if parts else 1,
        reply=tuple(value.get("reply", StandIn.reply)),
        source=str(path),
    )
    return StandInFile(stand_in, projector.get("file", ""))


def _check(document: Document) -> Iterable[Diagnostic]:
    value = document.value
    if not isinstance(value, Mapping):
        hint = "`mkmodelfile micro --describe` writes such a file from the package's model"
        yield _wrong(document, (), "expected a mapping of keys to values", hint)
        return
    yield from _check_keys(document, (), value, _KEYS)
    projector = value.get("projector", {})
    if isinstance(projector, Mapping):
        yield from _check_keys(document, ("projector",), projector, _PROJECTOR_KEYS)
        file = projector.get("file")
        if isinstance(file, str) and (file in ("", ".", "..") or re.search(r"[/\\\x00]", file)):
            hint = "write the name alone, such as mmproj.gguf; it is written beside the model"
            yield _wrong(
                document, ("projector", "file"), "expected the name of a file, without a folder", hint
            )
    wanted: list[tuple[str, ...]] = [(key,) for key in _REQUIRED]
    wanted += [("projector", key) for key in ("file", "type") if "projector" in value]
    for path in wanted:
        inside = value if len(path) == 1 else projector
        if isinstance(inside, Mapping) and path[-1] not in inside:
            message = f"`{'.'.join(path)}` is missing"
            span = document.span(*path[:-1])
            yield Diagnostic(MISSING_KEY, Severity.ERROR, message, span, f"add a line `{path[-1]}: …`")


def _check_keys(
    document: Document, path: tuple[str, ...], value: Mapping[str, Any], known: Mapping[str, tuple[type, str]]
) -> Iterable[Diagnostic]:
    for key, item in value.items():
        where = (*path, key)
        if key not in known:
            near = near_word(key, known)
            hint = f"did you mean `{near}`?" if near else f"known keys are {', '.join(known)}"
            message = f"unknown key `{'.'.join(where)}`"
            yield Diagnostic(UNKNOWN_KEY, Severity.ERROR, message, document.key_span(*where), hint)
        elif not isinstance(item, known[key][0]) or (known[key][0] is int and isinstance(item, bool)):
            yield _wrong(document, where, f"expected {known[key][1]}", f"write {known[key][1]}")
        elif isinstance(item, list):
            for number, text in enumerate(item):
                if not isinstance(text, str):
                    hint = f'put it in quotes: "{document.raw.get((*where, number), text)}"'
                    yield _wrong(document, (*where, number), "expected text", hint)


def _wrong(document: Document, path: tuple[str | int, ...], expected: str, hint: str) -> Diagnostic:
    label = f"`{'.'.join(map(str, path))}`: " if path else ""
    return Diagnostic(WRONG_VALUE, Severity.ERROR, f"{label}{expected}", document.span(*path), hint)


def describe(package: Package, model: Header, projector: Header | None, projector_name: str) -> Path:
    """Writes stand-in.yaml, and the model's chat template beside it, from the real files' headers.

    Returns its path. Tokens of a numbered kind, such as `<unused17>`, are left out.
    """
    vocabulary = Vocabulary.from_header(model)
    metadata = model.metadata
    value: dict[str, Any] = {"name": metadata.text("general.name") or package.name}
    value["architecture"] = model.architecture
    value["context_length"] = metadata.integer(model.own("context_length")) or StandIn.context_length
    value["tokenizer"] = _tokenizer(model, vocabulary)
    for kind, key in (("control", "control"), ("user-defined", "user_defined")):
        texts = [vocabulary.token(i) for i in range(len(vocabulary)) if vocabulary.type_of(i) == kind]
        named = {t for k, t in value["tokenizer"].items() if k.endswith(ID)}
        value[key] = _without_numbered(texts, keep=named)
    folder = package.golden_folder
    folder.mkdir(parents=True, exist_ok=True)
    if template := vocabulary.chat_templates.get("default"):
        value["chat_template"] = TEMPLATE_NAME
        write_atomically(folder / TEMPLATE_NAME, template.encode("utf-8", "surrogateescape"))
    if model.own("rope.dimension_sections") in metadata:
        value["m_rope"] = True
    if projector is not None:
        senses = [s for s in ("vision", "audio") if projector.metadata.get(f"clip.has_{s}_encoder")]
        kind = projector.metadata.text("clip.projector_type") or ""
        value["projector"] = {"file": projector_name, "type": kind, "senses": senses}
    if model.architecture in _REPLIES:
        value["reply"] = _REPLIES[model.architecture]
    text = "# What the model is like, for tests without it: `mkmodelfile micro --describe` wrote this.\n"
    text += yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=100)
    path = folder / FILE_NAME
    write_atomically(path, text.encode("utf-8"))
    return path


def _tokenizer(model: Header, vocabulary: Vocabulary) -> dict[str, Any]:
    """The keys of `tokenizer.ggml.` that are one value, special tokens by their text."""
    prefix = "tokenizer.ggml."
    found: dict[str, Any] = {}
    for key in sorted(k for k in model.metadata if k.startswith(prefix)):
        value = model.metadata[key]
        if isinstance(value, (StringArray, NumberArray)):
            continue
        name = key.removeprefix(prefix)
        if name.endswith(ID):
            if isinstance(value, int) and 0 <= value < len(vocabulary):
                found[name] = vocabulary.token(value)
        elif isinstance(value, (str, bool, int, float)):
            found[name] = value
    return found


def _without_numbered(texts: list[str], keep: set[str]) -> list[str]:
    kinds = Counter(re.sub(r"\d+", "#", t) for t in texts)
    return [t for t in texts if t in keep or kinds[re.sub(r"\d+", "#", t)] <= _NUMBERED]


@dataclass
class MicroFiles:
    """The micro models of packages, in a folder that is gone afterwards; each is made once."""

    _made: dict[Path, tuple[str, str | None]] = field(default_factory=dict)
    _folder: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> MicroFiles:
        self._folder = tempfile.TemporaryDirectory(prefix="mkmodelfile-")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._folder is not None
        self._folder.cleanup()

    def of(self, package_file: Path) -> tuple[str, str | None]:
        """Model and projector that stand in for a package's; the micro GLM-4.1V where nothing describes it.

        Raises PackageError for a faulty package or stand-in.yaml, UsageError for a shape that cannot be made.
        """
        package = load_package(package_file)
        found = load_stand_in(package)
        key = package.file.absolute() if found else Path()
        if key not in self._made:
            assert self._folder is not None
            folder = Path(self._folder.name) / str(len(self._made))
            self._made[key] = write_micro(package, folder, found)
        return self._made[key]


def write_micro(package: Package, folder: Path, found: StandInFile | None) -> tuple[str, str | None]:
    """Writes the micro model that stands in for a package's; returns the paths of model and projector.

    Raises UsageError where a larger file has the name of one of them.
    """
    names = [package.model.name, *([found.projector] if found and found.projector else [])]
    names += variant_names(package) if found else []
    _must_be_micro(folder, names)
    if found is None:
        return write_micro_pair(folder)
    folder.mkdir(parents=True, exist_ok=True)
    model, projector = found.build(package, folder)
    return str(model), str(projector) if projector else None


def write_micro_pair(folder: Path) -> tuple[str, str]:
    """Writes the micro GLM-4.1V and its projector, under their own names; returns their paths.

    Raises UsageError where a larger file has the name of one of them.
    """
    _must_be_micro(folder, [MODEL_NAME, PROJECTOR_NAME])
    folder.mkdir(parents=True, exist_ok=True)
    pair = build_pair(folder)
    return str(pair.model), str(pair.projector)


def _must_be_micro(folder: Path, names: Iterable[str]) -> None:
    for path in (folder / name for name in names):
        # A real model of that name may be in this folder; nothing but a micro model is overwritten.
        if path.is_file() and (size := path.stat().st_size) > LARGEST_MICRO:
            raise UsageError(
                f"a file of {size:,} bytes is there already, which is no micro model",
                span=Span(str(path)),
                help="name another folder with --output",
            )
