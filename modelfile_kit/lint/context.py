"""What rules look at: the instructions, and whatever can be found out from them, worked out once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import GoTemplateError, KitError
from ..ollama.modelfile import Instruction, Modelfile
from ..ollama.targets import Target

if TYPE_CHECKING:
    from ..gguf_file import Header
    from ..gguf_file.vocabulary import Vocabulary
    from ..ollama.prompt import PromptTemplate


@dataclass(frozen=True)
class Source:
    """A file that a FROM, PROJECTOR or ADAPTER names; header: None where it is no sound GGUF, error: why."""

    instruction: Instruction
    path: Path
    header: Header | None = None
    error: KitError | None = None


class Context:
    """A Modelfile under the eyes of the rules.

    text: decoded; modelfile: parsed; folder: what relative paths start from, None where no file is to be
    looked at; target: the Ollama that is meant.
    """

    def __init__(self, text: str, modelfile: Modelfile, folder: Path | None, target: Target) -> None:
        self.text = text
        self.modelfile = modelfile
        self.folder = folder
        self.target = target

    def last(self, name: str) -> Instruction | None:
        """The instruction that counts where the last one wins."""
        found = self.modelfile.all(name)
        return found[-1] if found else None

    @cached_property
    def template(self) -> Instruction | None:
        """The TEMPLATE that counts."""
        return self.last("template")

    @cached_property
    def _parsed(self) -> PromptTemplate | GoTemplateError | None:
        from ..ollama.prompt import PromptTemplate

        if self.template is None:
            return None
        try:
            return PromptTemplate.from_modelfile(self.modelfile, target=self.target)
        except GoTemplateError as error:
            return error

    @property
    def prompt(self) -> PromptTemplate | None:
        """The TEMPLATE, ready to render; None where there is none or it does not parse."""
        return None if isinstance(self._parsed, GoTemplateError) else self._parsed

    @property
    def template_error(self) -> GoTemplateError | None:
        """Why the TEMPLATE does not parse."""
        return self._parsed if isinstance(self._parsed, GoTemplateError) else None

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """The local files named by FROM, PROJECTOR and ADAPTER, in order; a folder is not opened here."""
        named = (i for i in self.modelfile.instructions if i.command in ("from", "projector", "adapter"))
        found = (self._source(i) for i in named)
        return tuple(s for s in found if s is not None)

    @cached_property
    def model(self) -> Source | None:
        """The first local GGUF that Ollama takes for the model."""
        from ..gguf_file.pairing import FileKind, classify

        named = [s for s in self.sources if s.instruction.command == "from" and s.header]
        return next((s for s in named if s.header and classify(s.header) is FileKind.MODEL), None)

    @cached_property
    def projectors(self) -> tuple[Source, ...]:
        """The local GGUFs that Ollama takes for projectors, however they are named."""
        from ..gguf_file.pairing import FileKind, classify

        return tuple(s for s in self.sources if s.header and classify(s.header) is FileKind.PROJECTOR)

    @cached_property
    def vocabulary(self) -> Vocabulary | None:
        """The model's vocabulary, where its file is here."""
        from ..gguf_file.vocabulary import Vocabulary

        if self.model is None or self.model.header is None:
            return None
        try:
            return Vocabulary.from_header(self.model.header)
        except KitError:
            return None

    @cached_property
    def chat_template(self) -> str | None:
        """The model's own Jinja chat template, where its file is here and has one."""
        if self.vocabulary is None:
            return None
        templates = self.vocabulary.chat_templates
        return templates.get("default") or next(iter(templates.values()), None)

    def _source(self, instruction: Instruction) -> Source | None:
        from ..gguf_file import read_header

        if self.folder is None or not instruction.value:
            return None
        path = Path(instruction.value).expanduser()
        path = path if path.is_absolute() else self.folder / path
        if not path.is_file():
            return None
        try:
            return Source(instruction, path, read_header(path, check_data=False))
        except KitError as error:
            return Source(instruction, path, error=error)
