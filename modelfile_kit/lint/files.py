"""The files that a Modelfile names, as far as they are here: their headers, the model's vocabulary."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.diagnostics import Span
from ..core.errors import GGUFError, KitError
from ..core.files import stamp
from ..core.later import later
from ..gguf_file import read_header
from ..gguf_file.pairing import FileKind
from ..gguf_file.vocabulary import Vocabulary
from ..ollama.file_patterns import PatternError, files_of, is_pattern
from ..ollama.grammar import Instruction, Modelfile
from ..ollama.projectors import kind_on
from ..ollama.versions import Target
from ..sources.folder import describe_folder

if TYPE_CHECKING:
    from ..gguf_file import Header
    from ..ollama import reply_tokens as tokens
else:
    tokens = later("modelfile_kit.ollama.reply_tokens")

# What can only be meant as a file: Ollama's model names have no such start or ending.
_PATH = re.compile(r"^(\.{0,2}[/\\]|~|[A-Za-z]:[\\/])|\.(gguf|safetensors|bin)$|[*?\[]", re.IGNORECASE)

# The instructions that take patterns since 0.34.1.
PATTERNED = ("from", "draft")

# What `FROM folder` takes; the JSON files beside it come along.
_TAKEN = (
    "model*.safetensors",
    "consolidated*.safetensors",
    "pytorch_model*.bin",
    "consolidated*.pth",
    "*.gguf",
    "*.bin",
)

# Headers that are read of one folder; what lies beyond would not change the findings.
MAX_FILES = 50

# Headers and vocabularies that are kept for the next Modelfile; one may take some 30 MB.
KEPT = 4


def is_path(value: str) -> bool:
    """Whether a FROM names a file or folder, rather than a published model."""
    return _PATH.search(value) is not None or value in (".", "..")


@dataclass(frozen=True)
class Source:
    """A file or folder that a FROM, PROJECTOR or ADAPTER names, or a GGUF in such a folder.

    header: None for a folder and for what is no sound GGUF; error: why it is none, or why Ollama takes
    nothing from the folder; inside: whether the instruction names the folder of this file; matched: whether
    it is a pattern that means this file.
    """

    instruction: Instruction
    path: Path
    header: Header | None = None
    error: KitError | None = None
    inside: bool = False
    matched: bool = False

    @property
    def name(self) -> str:
        """What the instruction names, and the file in it."""
        value = self.instruction.value
        if self.matched:
            return f"{value} ({self.path.name})"
        return f"{value.rstrip('/')}/{self.path.name}" if self.inside else value


class Files:
    """Every question is answered from headers alone; without a folder there are no files at all."""

    def __init__(self, modelfile: Modelfile, folder: Path | None, target: Target) -> None:
        self.modelfile = modelfile
        self.folder = folder
        self.target = target

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """What FROM, PROJECTOR and ADAPTER name and is there, in order; after a folder the GGUFs that
        Ollama takes from it."""
        named = (i for i in self.modelfile.instructions if i.command in ("from", "projector", "adapter"))
        found: list[Source] = []
        for instruction in named:
            for path in self.paths_of(instruction):
                source = self._source(instruction, path)
                found += [source, *_taken_from(source)]
        return tuple(found)

    def paths_of(self, instruction: Instruction) -> list[Path]:
        """What an instruction names and is there: a file, a folder, or all that a pattern means."""
        path = self.path_of(instruction.value) if instruction.value else None
        if path is None:
            return []
        if instruction.command in PATTERNED and self.target.may_have("from_glob"):
            with contextlib.suppress(PatternError, OSError, ValueError):
                return [p for p in files_of(path)[:MAX_FILES] if p.exists()]
            return []
        return [path] if self.exists(instruction.value) else []

    @cached_property
    def models(self) -> tuple[Source, ...]:
        """The GGUFs behind FROM that Ollama takes for models."""
        return tuple(s for s in self._kinds(FileKind.MODEL) if s.instruction.command == "from")

    @property
    def model(self) -> Source | None:
        """The first of the models."""
        return self.models[0] if self.models else None

    @cached_property
    def projectors(self) -> tuple[Source, ...]:
        """The GGUFs that Ollama takes for projectors, however they are named; adapters do not count."""
        found = self._kinds(FileKind.PROJECTOR)
        return tuple(s for s in found if s.instruction.command != "adapter")

    @property
    def architecture(self) -> str:
        """The model's, "" where its file is not here."""
        return self.model.header.architecture if self.model and self.model.header else ""

    @property
    def parameter_count(self) -> int:
        """How many numbers the model holds, 0 where its file is not here."""
        return self.model.header.parameter_count if self.model and self.model.header else 0

    @cached_property
    def vocabulary(self) -> Vocabulary | None:
        """The model's vocabulary, where its file is here."""
        if self.model is None or self.model.header is None:
            return None
        try:
            return _vocabulary_of(self.model.path, stamp(self.model.path))
        except GGUFError:
            return None

    @cached_property
    def reply_tokens(self) -> tokens.ReplyTokens:
        """The special tokens of the model's vocabulary, where it is known."""
        try:
            return tokens.ReplyTokens.of(self.vocabulary)
        except GGUFError:
            return tokens.ReplyTokens()

    @cached_property
    def eos_token(self) -> str | None:
        """The text of the vocabulary's EOS."""
        found = self.vocabulary
        number = found.eos_id if found else None
        return found.token(number) if found and number is not None and number < len(found) else None

    @cached_property
    def chat_template(self) -> str | None:
        """The model's own Jinja chat template that Ollama reads, where its file is here and has one."""
        if self.vocabulary is None:
            return None
        try:
            return self.vocabulary.chat_templates.get("default")
        except GGUFError:
            return None

    def source_of(self, instruction: Instruction) -> Source | None:
        """What an instruction names, if that is here."""
        return next((s for s in self.sources if s.instruction is instruction), None)

    def path_of(self, value: str) -> Path | None:
        """Where a name behind FROM or ADAPTER leads; None without a folder."""
        if self.folder is None:
            return None
        try:
            path = Path(value).expanduser()
        except RuntimeError:  # the home folder of somebody who is not here
            return None
        return path if path.is_absolute() else self.folder / path

    def exists(self, value: str) -> bool | None:
        """Whether what a name leads to is there; None where that cannot be asked."""
        path = self.path_of(value)
        try:
            return None if path is None else path.exists()
        except (OSError, ValueError):
            return False

    def _kinds(self, kind: FileKind) -> list[Source]:
        return [s for s in self.sources if s.header and kind_on(s.header, self.target) is kind]

    def _source(self, instruction: Instruction, path: Path) -> Source:
        matched = path.name != Path(instruction.value).name and is_pattern(instruction.value)
        if path.is_dir():
            return Source(instruction, path, error=_nothing_in(path, instruction), matched=matched)
        return _read(instruction, path, matched=matched)


def _taken_from(source: Source) -> list[Source]:
    """The GGUFs that Ollama takes from a folder behind FROM: all of them, unless there are safetensors."""
    folder = source.path
    if source.instruction.command != "from" or not folder.is_dir() or any(folder.glob("model*.safetensors")):
        return []
    return [
        _read(source.instruction, path, inside=True)
        for path in sorted(folder.glob("*.gguf"))[:MAX_FILES]
        if path.is_file()
    ]


def _nothing_in(folder: Path, instruction: Instruction) -> KitError | None:
    """Why `ollama create` takes nothing from a folder behind FROM; None where it does.

    Source: Ollama 0.34.4, parser/parser.go, filesForModel.
    """
    try:
        taken = any(any(folder.glob(pattern)) for pattern in _TAKEN)
    except OSError:
        return None
    if taken or instruction.command != "from":
        return None
    what, advice = describe_folder(folder)
    return GGUFError(what, span=Span(str(folder)), help=advice, code="MK403")


# Modelfiles of a folder often name the same model, and a large vocabulary takes a third of a second.
@lru_cache(maxsize=KEPT)
def _header_of(path: Path, stamp: tuple[int, ...]) -> Header:
    return read_header(path)


@lru_cache(maxsize=KEPT)
def _vocabulary_of(path: Path, stamp: tuple[int, ...]) -> Vocabulary:
    return Vocabulary.from_header(_header_of(path, stamp))


def _read(instruction: Instruction, path: Path, *, inside: bool = False, matched: bool = False) -> Source:
    try:
        header = _header_of(path, stamp(path))
        return Source(instruction, path, header, inside=inside, matched=matched)
    except KitError as error:
        return Source(instruction, path, error=error, inside=inside, matched=matched)
