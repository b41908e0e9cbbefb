"""mkmodelfile.yaml becomes a `Package`: checked whole, every finding with its line and column."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..core.conversation import Message
from ..core.diagnostics import Diagnostic, Severity, Span, by_place
from ..core.errors import KitError, PackageError, UsageError
from ..core.file_kinds import GGUF, PACKAGE_FILE, PACKAGE_FILES, kind_of
from ..core.files import read_file
from ..core.near_words import near_word
from ..core.os_errors import os_reason
from ..core.sizes import read_size
from ..ollama.versions import Target
from ..sources.model_name import check_name
from ..sources.name import parse_name
from .bounded_yaml import MAX_BYTES, Document, load
from .create_keys import check_create_keys
from .families import family_names
from .named_files import LockMode, NamedFiles
from .prompt_maker import check_prompt_maker
from .schema import PackageShape, check_shape
from .variant_keys import VariantKeys, check_variants, variants_of, with_main_model

FILE_NAMES = PACKAGE_FILES
FAMILY_PREFIX = "family:"

UNREADABLE = "MK501"
NOT_YAML = "MK502"
WRONG_VALUE = "MK504"
CONFLICT = "MK507"
BAD_NAME = "MK508"
UNKNOWN_FAMILY = "MK510"

_PARAMETER = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
# Keys that take names of `sources.name` too.
_NAMED = ("model", "projector", "tokenizer", "chat_template", "draft", "adapters", "variants")
_PATHS = ("model", "projector", "tokenizer", "chat_template", "template", "tests")
# Keys of `parameters` that are something else in a package.
_NOT_PARAMETERS = {"stop": "stop", "system": "system", "template": "template"} | dict.fromkeys(
    ("mmproj", "projector", "mmproj_path", "clip_model_path"), "projector"
)


@dataclass(frozen=True)
class Variant:
    """One of several tags of a package.

    model: absolute path; quantize: as of the package; parameters: all of them, the package's included.
    problem: why the name that it has for `model` could not be resolved.
    """

    tag: str
    model: Path
    quantize: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    problem: PackageError | None = None


@dataclass(frozen=True)
class Package:
    """A package file whose every value is sound by itself; whether the files exist is seen at build.

    file: the mkmodelfile.yaml; name: valid for Ollama; model: absolute path.
    projector: absolute path, or "auto" or "none".
    tokenizer: absolute path of a file or folder of the original model, or "auto" or "none".
    chat_template: "gguf", "family:NAME", or the absolute path of a .jinja file.
    chat_template_name: which of the chat templates there, None for the default one.
    template: absolute path of a hand-written Go TEMPLATE, else None.
    end_token: "auto", "none", or the text written after every turn; stop: "auto" or the texts.
    messages: (role, text) of the messages before those of every request.
    parameters: PARAMETER values in the order of the file; image_separator: text between an image and the
    words after it.
    system_in: "system", or "user" for the first user turn.
    target: as written, ">=0.30"; mode: "auto", "go", "native" or "renderer".
    parser, renderer: "auto", "none" or a name. adapters, draft: absolute paths; quantize: as written.
    memory: bytes that the model is meant for, None where the package does not say.
    license: absolute path, or the text itself, else None; tests: absolute path of the golden folder.
    variants: the tags beside this model, which is the main one (package/variants.py makes packages of them).
    variant: the tag that this package was made for, None where it is the package of the file itself.
    also: further names that its model gets on a server. problem: why the name of its model was not resolved.
    spans: where each key that the file has stands (`parameters.num_ctx` for a deeper one). given: by their
    absolute paths, files that stand in for the package's, as they were named.
    """

    file: Path
    name: str
    model: Path
    projector: str | Path = "auto"
    chat_template: str | Path = "gguf"
    template: Path | None = None
    end_token: str = "auto"  # noqa: S105
    stop: str | tuple[str, ...] = "auto"
    system: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    image_separator: str = ""
    target: str = ">=0.30"
    mode: str = "auto"
    license: str | Path | None = None
    tests: Path | None = None
    chat_template_name: str | None = None
    messages: tuple[tuple[str, str], ...] = ()
    system_in: str = "system"
    parser: str = "auto"
    renderer: str = "auto"
    adapters: tuple[Path, ...] = ()
    quantize: str | None = None
    draft: Path | None = None
    tokenizer: str | Path = "auto"
    memory: int | None = None
    variants: tuple[Variant, ...] = ()
    variant: str | None = None
    also: tuple[str, ...] = ()
    problem: PackageError | None = field(default=None, compare=False)
    spans: Mapping[str, Span] = field(default_factory=dict, compare=False, repr=False)
    given: Mapping[Path, Path] = field(default_factory=dict, compare=False, repr=False)

    @property
    def folder(self) -> Path:
        """What the package's relative paths start from."""
        return self.file.parent

    @property
    def golden_folder(self) -> Path:
        """Where the golden files and the package's own conversations are: `tests:`, by default `golden/`."""
        return self.tests or self.folder / "golden"

    @property
    def first_messages(self) -> list[Message]:
        """`messages` as those of a conversation."""
        return [{"role": role, "content": text} for role, text in self.messages]

    @property
    def family(self) -> str | None:
        """The family that `chat_template` names, None if it names none."""
        value = self.chat_template
        return (
            value[len(FAMILY_PREFIX) :]
            if isinstance(value, str) and value.startswith(FAMILY_PREFIX)
            else None
        )

    def span(self, key: str) -> Span:
        """Where a key stands, or the file where the key was left out."""
        return self.spans.get(key) or Span(str(self.file))

    def as_named(self, path: Path) -> Path:
        """A path below the package's folder as it follows from how the package file was named.

        A file that stands in for the package's is as it was given, others are as they are. Findings show
        it: a report's paths are relative where the package was named so.
        """
        if path in self.given:
            return self.given[path]
        home = self.folder.absolute()
        return self.folder / path.relative_to(home) if path.is_relative_to(home) else path


def find_package_file(path: Path) -> Path:
    """The package file that `path` means: itself, or the one in that folder.

    Raises PackageError if there is none.
    """
    if not path.is_dir():
        return path
    for name in FILE_NAMES:
        if (path / name).is_file():
            return path / name
    raise PackageError(
        f"no {FILE_NAMES[0]} in this folder",
        span=Span(str(path)),
        help="name the folder of a package, or write one with `mkmodelfile init MODEL.gguf`",
        code=UNREADABLE,
    )


def load_package(path: str | Path, *, lock: LockMode = "keep") -> Package:
    """Reads a package file, or the one in a folder.

    lock: what mkmodelfile.lock is for the names in it (`named_files`); it is written where that says so.
    Raises PackageError, with every finding in `.diagnostics`, for a file that is missing, no YAML, or
    has unknown keys, wrong types or values that cannot be.
    """
    file = find_package_file(Path(path))
    try:
        data = read_file(file, MAX_BYTES + 1)
    except OSError as e:
        there = file.exists() or file.is_symlink()
        raise PackageError(
            f"cannot be read: {os_reason(e)}" if there else "no such file or folder",
            span=Span(str(file)),
            help="name a folder with a mkmodelfile.yaml, or the file itself",
            code=UNREADABLE,
        ) from e
    named = NamedFiles(file, lock)
    try:
        package = package_from(load(data, str(file)), file, named)
    except PackageError as error:
        raise other_kind(data, file) or error from error
    named.finish()
    return package


def other_kind(data: bytes, file: Path) -> PackageError | None:
    """The one error for a file of another kind, in place of all that YAML and its keys say of it.

    None for what may be a package file.
    """
    kind = kind_of(data) if file.name in FILE_NAMES else kind_of(data, file.name)
    if kind is None or kind in (PACKAGE_FILE, GGUF):  # of a GGUF the reader of YAML says it
        return None
    return PackageError(
        f"this is {kind.what}, expected a package file ({FILE_NAMES[0]})",
        span=Span(str(file)),
        help=f"{kind.taken_by}; here, name a package's folder or file, or write one with `mkmodelfile init`",
        code=NOT_YAML,
    )


def package_from(document: Document, file: Path, named: NamedFiles | None = None) -> Package:
    """A document as a `Package`; file: where relative paths start; named: who resolves names.

    Raises as `load_package` does.
    """
    shape, document, found = check_document(document)
    if found:
        _stop(found, file)
    assert shape is not None
    return _package(shape, document, file, named or NamedFiles(file))


def check_document(document: Document) -> tuple[PackageShape | None, Document, list[Diagnostic]]:
    """Holds a document against what can be said of it alone: no file is looked at, no name asked for.

    Returns the typed value, None where its shape is wrong; the document with the main model of `variants`
    filled in; and every finding.
    """
    found = list(document.diagnostics)
    if document.value is None and found:
        return None, document, found
    document = with_main_model(document)
    shape, wrong = check_shape(document)
    found += wrong
    if shape is not None:
        for check in (
            _check_name,
            _check_paths,
            _check_template,
            _check_words,
            _check_parameters,
            _check_memory,
            _check_mode,
            _check_system_in,
            check_prompt_maker,
            check_create_keys,
            check_variants,
        ):
            found += check(shape, document)
    return shape, document, found


def _stop(found: list[Diagnostic], file: Path) -> None:
    found.sort(key=by_place)
    first = found[0]
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    raise PackageError(
        first.message + more,
        help=first.help,
        span=first.span or Span(str(file)),
        code=first.code,
        diagnostics=tuple(found),
    )


def _error(document: Document, path: tuple[str, ...], message: str, help: str, code: str) -> Diagnostic:
    return Diagnostic(code, Severity.ERROR, message, document.span(*path), help)


def _check_name(shape: PackageShape, document: Document) -> list[Diagnostic]:
    problem = check_name(shape.name)
    if problem is None:
        return []
    return [_error(document, ("name",), f"`name` {problem.message}", problem.help, BAD_NAME)]


def _check_paths(shape: PackageShape, document: Document) -> list[Diagnostic]:
    out = []
    named: list[tuple[tuple[str, ...], str | None]]
    named = [((key,), getattr(shape, key)) for key in (*_PATHS, "draft")]
    named += [(("adapters",), path) for path in shape.adapters]
    named += [(_place_of_file(shape, v.tag), v.model) for v in variants_of(shape)]
    for path, value in dict.fromkeys(named):
        key = ".".join(path)
        if value is None or (path == ("model",) and path not in document.keys):
            continue
        if _URL.match(value) and path[0] not in _NAMED:
            message = f"`{key}` is a URL, expected a path"
            out.append(_error(document, path, message, "download it and write its path here", WRONG_VALUE))
        elif any(ord(c) < 32 for c in value):
            message = f"`{key}` holds a control character"
            out.append(_error(document, path, message, "write the path in one line", WRONG_VALUE))
        elif path[0] in _NAMED and (wrong := _no_name(value)) is not None:
            out.append(_error(document, path, f"`{key}`: {wrong}", wrong.help, wrong.code))
    return out


def _no_name(value: str) -> KitError | None:
    """Why a value that begins as a name is none."""
    try:
        parse_name(value)
    except KitError as e:
        return e
    return None


def _place_of_file(shape: PackageShape, tag: str) -> tuple[str, ...]:
    """Where the file of a variant stands."""
    plain = isinstance(shape.variants[tag], str)
    return ("variants", tag) if plain else ("variants", tag, "model")


def _check_template(shape: PackageShape, document: Document) -> list[Diagnostic]:
    value = shape.chat_template or "gguf"
    names = family_names()
    if value.startswith(FAMILY_PREFIX) and shape.chat_template_name is not None:
        message = "`chat_template_name` chooses from a file's chat templates; a family has only one"
        hint = "remove `chat_template_name`, or write `chat_template: gguf`"
        return [_error(document, ("chat_template_name",), message, hint, CONFLICT)]
    if value.startswith(FAMILY_PREFIX):
        name = value[len(FAMILY_PREFIX) :].strip()
        if name in names:
            return []
        close = near_word(name, names, cutoff=0.4)
        hint = f"did you mean `{FAMILY_PREFIX}{close}`? " if close else ""
        hint = f"{hint}families are {', '.join(names)}"
        return [_error(document, ("chat_template",), f"no family `{name}`", hint, UNKNOWN_FAMILY)]
    if value in names:
        hint = f"did you mean `{FAMILY_PREFIX}{value}`?"
        return [
            _error(document, ("chat_template",), f"`{value}` is a family, not a file", hint, UNKNOWN_FAMILY)
        ]
    return []


def _check_words(shape: PackageShape, document: Document) -> list[Diagnostic]:
    out = []
    try:
        Target.parse(shape.target)
    except UsageError as e:
        out.append(_error(document, ("target",), e.message, e.help, WRONG_VALUE))
    if isinstance(shape.stop, list):
        for i, text in enumerate(shape.stop):
            if not text:
                span = document.span("stop", i)
                message = f"`stop`, entry {i + 1} is empty: it would stop every reply at once"
                out.append(Diagnostic(WRONG_VALUE, Severity.ERROR, message, span, "remove it"))
            elif text in shape.stop[:i]:
                span = document.span("stop", i)
                message = f"`stop` has {text!r} twice"
                out.append(Diagnostic(WRONG_VALUE, Severity.ERROR, message, span, "remove one"))
    return out


def _check_parameters(shape: PackageShape, document: Document) -> list[Diagnostic]:
    out = _check_some_parameters(shape.parameters, document, "parameters")
    for variant in variants_of(shape):
        path = "variants", variant.tag, "parameters"
        out += _check_some_parameters(variant.parameters, document, *path)
    return out


def _check_some_parameters(
    parameters: Mapping[str, Any], document: Document, *where: str
) -> list[Diagnostic]:
    out = []
    for key, value in parameters.items():
        path = (*where, key)
        home = _NOT_PARAMETERS.get(key.lower())
        if home:
            message = f"`{key}` is not a parameter here"
            hint = f"write it as `{home}:` beside `{where[0]}`"
            out.append(Diagnostic(CONFLICT, Severity.ERROR, message, document.key_span(*path), hint))
        elif not _PARAMETER.match(key):
            message = f"parameter name {key!r} has characters that a Modelfile does not allow"
            hint = "names are letters, digits and `_`"
            out.append(Diagnostic(WRONG_VALUE, Severity.ERROR, message, document.key_span(*path), hint))
        elif isinstance(value, float) and not math.isfinite(value):
            out.append(_error(document, path, f"`{key}` is {value}", "write a finite number", WRONG_VALUE))
    return out


def _check_memory(shape: PackageShape, document: Document) -> list[Diagnostic]:
    if shape.memory is None or read_size(shape.memory):
        return []
    message = f"`memory` is {shape.memory!r}, expected a size"
    return [_error(document, ("memory",), message, "a number and a unit, such as 12GiB", WRONG_VALUE)]


def _check_mode(shape: PackageShape, document: Document) -> list[Diagnostic]:
    if shape.mode != "native":
        return []
    why = "`mode: native` lets the server use the GGUF's own Jinja template"
    clashes = [
        ("template", shape.template is not None, "a hand-written TEMPLATE"),
        ("chat_template", shape.chat_template not in (None, "gguf"), "another chat template"),
        (
            "chat_template_name",
            shape.chat_template_name not in (None, "default"),
            "another chat template than the default one",
        ),
        ("end_token", shape.end_token not in ("auto", "none"), "a text after every turn"),
        ("image", bool(shape.image.separator), "a text after images"),
    ]
    out = [
        _error(
            document,
            (key,),
            f"{why}; {what} cannot be combined with it",
            f"remove `{key}`, or set `mode: go`",
            CONFLICT,
        )
        for key, clash, what in clashes
        if clash
    ]
    with contextlib.suppress(UsageError):  # a target that is none has been said
        if Target.parse(shape.target).native_jinja:
            return out
        message = f"{why}, which needs Ollama 0.30 or later; `target` is {shape.target!r}"
        out.append(_error(document, ("mode",), message, "raise `target`, or set `mode: go`", CONFLICT))
    return out


def _check_system_in(shape: PackageShape, document: Document) -> list[Diagnostic]:
    """`system_in: user` needs a text to write, and a chat template to write it into."""
    if shape.system_in == "system":
        return []
    if not shape.system:
        message = "`system_in: user` says where the system text is written, and there is no `system`"
        hint = "write the text as `system:`, or remove `system_in`"
    elif shape.template is not None:
        message = "`system_in: user` cannot be combined with a hand-written TEMPLATE"
        hint = "write the text into the TEMPLATE, and remove `system_in` and `system`"
    else:
        return []
    return [_error(document, ("system_in",), message, hint, CONFLICT)]


def _package(shape: PackageShape, document: Document, file: Path, named: NamedFiles) -> Package:
    folder = Path(file).absolute().parent

    def place(value: str, *where: str | int) -> Path:
        if where:
            # Entries of a list count from 1, for people.
            key = ".".join(str(part + 1) if isinstance(part, int) else part for part in where)
            span = document.span(*where)
            if named.is_named(value):
                # A variant is written as its file alone, or as a mapping with `model`.
                entry = ".".join(map(str, where[:2])) if where[0] == "variants" else key
                return named.place(value, key, span, entry).absolute()
            named.check_path(value, key, span)
        # Ollama takes ~ for the home folder in a FROM; ~somebody is a plain name to it.
        return folder / (Path(value).expanduser() if value.startswith("~/") else value)

    chat_template: str | Path = shape.chat_template or "gguf"
    if chat_template != "gguf" and not str(chat_template).startswith(FAMILY_PREFIX):
        chat_template = place(str(chat_template), "chat_template")
    terms: str | Path | None = shape.license
    if shape.license is not None and "\n" not in shape.license.strip():
        terms = place(shape.license)
    variants = tuple(_variant(v, shape, place) for v in variants_of(shape))
    # Without a `model` the first variant is the main one, with all that it has.
    first = variants[0] if ("model",) not in document.keys and variants else None
    return Package(
        file=file,
        name=shape.name,
        model=first.model if first else place(shape.model, "model"),
        projector=shape.projector
        if shape.projector in ("auto", "none")
        else place(shape.projector, "projector"),
        chat_template=chat_template,
        template=place(shape.template) if shape.template is not None else None,
        end_token=shape.end_token,
        stop="auto" if isinstance(shape.stop, str) else tuple(shape.stop),
        system=shape.system,
        parameters=first.parameters if first else MappingProxyType(dict(shape.parameters)),
        image_separator=shape.image.separator,
        target=shape.target,
        mode=shape.mode,
        license=terms,
        tests=place(shape.tests),
        chat_template_name=shape.chat_template_name,
        messages=tuple((m.role, m.content) for m in shape.messages),
        system_in=shape.system_in,
        parser=shape.parser,
        renderer=shape.renderer,
        adapters=tuple(place(path, "adapters", n) for n, path in enumerate(shape.adapters)),
        quantize=first.quantize if first else shape.quantize,
        draft=place(shape.draft, "draft") if shape.draft is not None else None,
        memory=read_size(shape.memory) if shape.memory is not None else None,
        tokenizer=shape.tokenizer
        if shape.tokenizer in ("auto", "none")
        else place(shape.tokenizer, "tokenizer"),
        variants=variants,
        problem=first.problem if first else None,
        spans=MappingProxyType({".".join(map(str, path)): span for path, span in document.values.items()}),
    )


def _variant(keys: VariantKeys, shape: PackageShape, place: Callable[..., Path]) -> Variant:
    """A variant with what it takes over: `quantize` is about a file, so it goes with the package's only."""
    own = keys.model is not None
    named = keys.model if keys.model is not None else shape.model
    problem = None
    try:
        model = place(named, *(_place_of_file(shape, keys.tag) if own else ("model",)))
    except PackageError as e:
        # The others can be built all the same.
        model, problem = place(named), e
    return Variant(
        keys.tag,
        model,
        keys.quantize or (None if own else shape.quantize),
        MappingProxyType({**shape.parameters, **keys.parameters}),
        problem,
    )
