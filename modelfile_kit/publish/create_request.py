"""From a Modelfile to what POST /api/create takes.

The rules are those of Ollama's own client (0.33, parser/parser.go, CreateRequest; cmd/cmd.go,
createRequestFileNames): paths count from the Modelfile's folder, the last TEMPLATE and SYSTEM win,
stops add up, deprecated parameters are left out. A FROM or DRAFT may be a pattern whatever the server is:
the files are found here. A file of exactly that name counts before what it means as a pattern.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.errors import GGUFError, ModelfileError, PackageError, UsageError
from ..core.files import is_gguf_file, read_file
from ..core.os_errors import os_reason
from ..gguf_file import read_header
from ..gguf_file.pairing import FileKind, classify
from ..gguf_file.soundness import check_soundness
from ..gguf_file.split import split_of
from ..ollama.file_patterns import PatternError, files_of, is_pattern
from ..ollama.grammar import MAX_BYTES, Instruction, Modelfile, parse_modelfile
from ..ollama.parameters import Refusal, add_parameter, read_parameter
from ..ollama.versions import Target

ANY_SERVER = Target((0, 7, 0), onwards=True)
"""A Modelfile is read before its server is known; what that one does not take is refused by `create`."""

_SHARD = re.compile(r"^(?P<stem>.*)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf$")
_PATH_LIKE = re.compile(r"^[.~/\\]|^[A-Za-z]:[\\/]|\.(gguf|safetensors|bin)$", re.IGNORECASE)
PROJECTOR_NOTE = re.compile(r"\s*PROJECTOR[ \t]+(?P<file>\S.*?)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class LocalFile:
    """A file that goes to the server; name: relative and clean, as the create request wants it."""

    path: Path
    name: str


@dataclass(frozen=True)
class CreateRequest:
    """A Modelfile, read for publishing.

    files, adapters, drafts: what is uploaded; from_model: a model on the server instead of files;
    template … requires: as written, None where absent; quantize: the type to which the server is to quantize
    the model, which no Modelfile can say; diagnostics: warnings.
    """

    files: tuple[LocalFile, ...] = ()
    adapters: tuple[LocalFile, ...] = ()
    drafts: tuple[LocalFile, ...] = ()
    from_model: str | None = None
    template: str | None = None
    system: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    messages: tuple[Mapping[str, str], ...] = ()
    licenses: tuple[str, ...] = ()
    renderer: str | None = None
    parser: str | None = None
    requires: str | None = None
    quantize: str | None = None
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def local_files(self) -> tuple[LocalFile, ...]:
        """Everything that is to be on the server before the model can be created."""
        return (*self.files, *self.adapters, *self.drafts)

    def body(self, model: str, digests: Mapping[Path, str]) -> dict[str, Any]:
        """The body of POST /api/create for a model of that name."""
        body = {"model": model, **self.description()}
        if self.from_model:
            body["from"] = self.from_model
        groups = (("files", self.files), ("adapters", self.adapters), ("draft_files", self.drafts))
        for key, group in groups:
            if group:
                body[key] = {f.name: digests[f.path] for f in group}
        return body

    def description(self) -> dict[str, Any]:
        """The part of the request that is not about files."""
        body: dict[str, Any] = {}
        for key in ("template", "system", "renderer", "parser", "requires", "quantize"):
            if value := getattr(self, key):
                body[key] = value
        if self.parameters:
            body["parameters"] = dict(self.parameters)
        elif self.template and self.files:
            # A request without parameters gets the stops of the built-in template that is similar to the
            # GGUF's chat template, even if it has a TEMPLATE (0.34.4, server/model.go, detectChatTemplate).
            body["parameters"] = {"stop": []}
        if self.messages:
            body["messages"] = [dict(m) for m in self.messages]
        if self.licenses:
            body["license"] = list(self.licenses)
        return body


def read_request(path: Path) -> CreateRequest:
    """Reads a Modelfile and finds its files.

    Raises ModelfileError where it does not parse or cannot become a request, UsageError (MK430,
    MK422) where a file is missing, PackageError for a GGUF that no engine takes.
    """
    try:
        data = read_file(path, MAX_BYTES + 1)  # the parser refuses what is longer
    except OSError as e:
        raise UsageError(
            f"{path} cannot be read: {os_reason(e)}", help="name a Modelfile or a package", code="MK809"
        ) from e
    request = make_request(parse_modelfile(data, file=str(path)), path.parent, source=str(path))
    _refuse_unsound(request.files)
    return request


def make_request(modelfile: Modelfile, folder: Path, *, source: str | None = None) -> CreateRequest:
    """The create request of a parsed Modelfile whose paths count from `folder`.

    Raises as `read_request` does.

    source: its file name for messages.
    """
    found = _Found(folder, source)
    for instruction in modelfile.instructions:
        found.take(instruction)
    if not found.files and not found.from_model:
        raise ModelfileError(
            "no FROM, so there is no model to publish",
            span=Span(source),
            help="begin with FROM and the path of the GGUF file",
            code="MK104",
        )
    if found.files and found.from_model:
        raise ModelfileError(
            f"FROM {found.from_model} names a published model: Ollama ignores the local files of the other "
            "FROM lines",
            span=Span(source),
            help="name the model's GGUF file instead of a published model",
            code="MK432",
        )
    return CreateRequest(
        files=_named(found.files),
        adapters=_named(found.adapters),
        drafts=_named(found.drafts),
        from_model=found.from_model,
        parameters=found.parameters,
        messages=tuple(found.messages),
        licenses=tuple(found.licenses),
        diagnostics=tuple(_unheard_projectors(modelfile, found.files, folder, source)),
        **found.texts,
    )


class _Found:
    """What the instructions of a Modelfile add up to."""

    def __init__(self, folder: Path, source: str | None) -> None:
        self.folder = folder
        self.source = source
        self.files: list[Path] = []
        self.adapters: list[Path] = []
        self.drafts: list[Path] = []
        self.from_model: str | None = None
        self.texts: dict[str, Any] = {}
        self.parameters: dict[str, Any] = {}
        self.messages: list[Mapping[str, str]] = []
        self.licenses: list[str] = []

    def take(self, instruction: Instruction) -> None:
        name, value = instruction.command, instruction.value
        if name == "from":
            self._from(instruction)
        elif name == "projector":
            self.files += self._files(instruction)
        elif name == "adapter":
            self.adapters = self._files(instruction)
        elif name == "draft":
            self.drafts += self._named_files(instruction)
        elif name in ("template", "system", "renderer", "parser"):
            self.texts[name] = value
        elif name == "requires":
            self.texts[name] = value.removeprefix("v")
        elif name == "license":
            self.licenses.append(value)
        elif name == "message":
            self.messages.append({"role": instruction.key, "content": value})
        elif name == "parameter":
            self._parameter(instruction)

    def _from(self, instruction: Instruction) -> None:
        path = self._path(instruction.value)
        if path.exists() or _PATH_LIKE.search(instruction.value) or is_pattern(instruction.value):
            self.files += self._named_files(instruction)
        else:
            self.from_model = instruction.value

    def _named_files(self, instruction: Instruction) -> list[Path]:
        """What FROM or DRAFT names: a file, a folder, or all that a pattern means."""
        path = self._path(instruction.value)
        if path.exists() or not is_pattern(instruction.value):
            return self._files(instruction)
        try:
            found = [p for p in files_of(path) if p.exists()]
        except PatternError as e:
            raise UsageError(
                f"{instruction.name.upper()} {instruction.value}: {e}",
                span=self._span(instruction),
                help="close `[` with `]`, with one character or more in between",
                code="MK439",
            ) from e
        if not found:
            raise UsageError(
                f"{instruction.name.upper()} {instruction.value}: no file matches this pattern",
                span=self._span(instruction),
                help="paths count from the Modelfile's folder; give the path of the GGUF file",
                code="MK430",
            )
        return [file for each in found for file in self._files(instruction, each)]

    def _files(self, instruction: Instruction, path: Path | None = None) -> list[Path]:
        path = path or self._path(instruction.value)
        if path.is_dir():
            return _folder_files(path, instruction, self._span(instruction))
        if not path.is_file():
            raise UsageError(
                f"{instruction.name.upper()} names {instruction.value!r}, which was not found ({path})",
                span=self._span(instruction),
                help="paths count from the Modelfile's folder; give the path of the GGUF file",
                code="MK430",
            )
        return _with_shards(path, self._span(instruction))

    def _path(self, value: str) -> Path:
        path = Path(value)
        if value == "~" or value.startswith(("~/", "~\\")):
            path = path.expanduser()
        path = self.folder / path
        # A build that was not written has no folder yet: `..` is resolved by text alone.
        return path if self.folder.exists() else Path(os.path.normpath(path))

    def _parameter(self, instruction: Instruction) -> None:
        key, text = instruction.key, instruction.value
        read = read_parameter(key, text, ANY_SERVER)
        if isinstance(read, Refusal):
            raise ModelfileError(read.message, span=self._span(instruction), help=read.help, code=read.code)
        if read is not None:
            add_parameter(self.parameters, key, read)

    def _span(self, instruction: Instruction) -> Span:
        return Span(self.source, instruction.line)


def _folder_files(folder: Path, instruction: Instruction, span: Span) -> list[Path]:
    """The files of `FROM folder`: model*.safetensors with what goes with them, else *.gguf."""
    tensors = sorted(folder.glob("model*.safetensors"))
    if tensors:
        extra = [p for pattern in ("*.json", "tokenizer.model") for p in sorted(folder.glob(pattern))]
        return tensors + extra
    files = sorted(folder.glob("*.gguf"))
    if not files:
        raise UsageError(
            f"{instruction.name.upper()} names the folder {folder}, which has no *.gguf and no "
            "model*.safetensors",
            span=span,
            help="give the path of the GGUF file",
            code="MK430",
        )
    return files


def _with_shards(path: Path, span: Span) -> list[Path]:
    """A file, or all parts where it is one part of a split GGUF."""
    match = _SHARD.match(path.name)
    if not match:
        return [path]
    count = int(match["count"])
    parts = [path.with_name(f"{match['stem']}-{n:05}-of-{count:05}.gguf") for n in range(1, count + 1)]
    missing = [p.name for p in parts if not p.is_file()]
    if missing:
        raise UsageError(
            f"{path.name} is one of {count} parts, and {missing[0]} was not found beside it"
            + (f" (nor {len(missing) - 1} more)" if len(missing) > 1 else ""),
            span=span,
            help="download the missing parts into the same folder",
            code="MK422",
        )
    return parts


def _named(paths: Sequence[Path]) -> tuple[LocalFile, ...]:
    """Names for the request: relative, clean, each only once, and GGUF files recognisable as such."""
    files: list[LocalFile] = []
    taken: set[str] = set()
    for path in dict.fromkeys(paths):
        name = path.name if path.suffix else f"{path.name}.gguf" if _is_gguf(path) else path.name
        number = 0
        while (candidate := name if number == 0 else f"{number}/{name}") in taken:
            number += 1
        taken.add(candidate)
        files.append(LocalFile(path, candidate))
    return tuple(files)


def _refuse_unsound(files: Iterable[LocalFile]) -> None:
    """Raises PackageError for a GGUF that no engine takes; what cannot be read is seen elsewhere."""
    for file in files:
        try:
            header = read_header(file.path, check_data=False)
        except (GGUFError, OSError):
            continue
        split = split_of(header)
        if split is not None and split.number > 0:
            continue  # seen with the first part
        found = check_soundness(header)
        wrong = next((d for d in found if d.severity is Severity.ERROR), None)
        if wrong is not None:
            raise PackageError(
                wrong.message, help=wrong.help, span=wrong.span, code=wrong.code, diagnostics=tuple(found)
            )


def file_kind(path: Path) -> FileKind | None:
    """What Ollama takes a GGUF for; None for a file that cannot be read as one."""
    try:
        return classify(read_header(path))
    except (GGUFError, OSError):
        return None


def _is_gguf(path: Path) -> bool:
    try:
        return is_gguf_file(path)
    except OSError:
        return False


def _unheard_projectors(
    modelfile: Modelfile, files: Iterable[Path], folder: Path, source: str | None
) -> Iterable[Diagnostic]:
    """A `# PROJECTOR file` note is a comment to Ollama: without the FROM the file stays behind."""
    known = {p.name for p in files}
    for comment in modelfile.comments:
        match = PROJECTOR_NOTE.fullmatch(comment.text)
        if not match or Path(match["file"].strip("\"'")).name in known:
            continue
        file = match["file"].strip("\"'")
        there = "" if (folder / file).exists() else ", once the file is there"
        yield Diagnostic(
            "MK134",
            Severity.WARNING,
            f"`# PROJECTOR {file}` is a comment to Ollama, and no FROM names that file: images will not work",
            Span(source, comment.line),
            f"write `FROM {file}` below it{there}",
        )
