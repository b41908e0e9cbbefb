"""What a rule is, what it finds, and how a finding is fixed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core import codes
from ..core.codes import Code
from ..core.diagnostics import Severity
from ..core.errors import KitError, ModelfileError
from ..gguf_file import read_header
from ..gguf_file.pairing import FileKind, classify
from ..ollama.grammar import Instruction, write_instruction
from .files import is_path

if TYPE_CHECKING:
    from .context import Context

# What is no path of one file: an address, a comment, other options, a pattern.
_NO_PATH = re.compile(r"://|\s#|\s-|[*?[]")


@dataclass(frozen=True)
class Edit:
    """Replaces the characters `start` to `end` (exclusive) of the decoded text."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Fix:
    """Edits that fix a finding. A fix is offered only where it cannot make anything worse."""

    edits: tuple[Edit, ...]


@dataclass(frozen=True)
class Finding:
    """One place where a rule applies.

    message: what was found and what was expected; help: what to do, the rule's own by default.
    instruction: the one it is about; line: in the file, that of the instruction by default.
    severity: where it differs from the code's usual one. code: where it is another one than the rule's, one
    of those that the rule's group stands for.
    """

    message: str
    instruction: Instruction | None = None
    help: str = ""
    line: int | None = None
    column: int | None = None
    severity: Severity | None = None
    fix: Fix | None = None
    code: str = ""


Check = Callable[["Context"], Iterator[Finding]]


@dataclass(frozen=True)
class Rule:
    """A rule of lint; its name, severity and page are in the registry of codes (`core.codes`).

    code: `MK` and three digits, the code of what it finds or of a group of such codes; help: what to do,
    where a finding does not say.
    reads_files: whether it can only find something where the model's files are here; fixes: whether some of
    its findings can be fixed.
    """

    code: str
    check: Check
    help: str = ""
    reads_files: bool = False
    fixes: bool = False

    @property
    def about(self) -> Code:
        """What the registry says of the rule's code."""
        found = codes.find(self.code)
        assert found is not None, self.code
        return found

    @property
    def name(self) -> str:
        """For people, and for ignore comments: `dropped-character`."""
        return self.about.name

    @property
    def severity(self) -> Severity:
        """How bad its findings are, where one does not say otherwise."""
        return self.about.severity


def complaints(code: str) -> Check:
    """A check that passes on what `ollama.parameters.validate` finds of one code."""

    def check(context: Context) -> Iterator[Finding]:
        for instruction, found in context.complaints(code):
            yield Finding(found.message, instruction, found.help)

    return check


def at_the_ends(code: str) -> Check:
    """A check that passes on what is wrong with BOS and EOS of the prompts (`Context.ends`)."""

    def check(context: Context) -> Iterator[Finding]:
        for found in context.ends:
            if found.code == code:
                yield Finding(found.message, context.template, found.help, severity=found.severity)

    return check


def replaced(old: Instruction, *new: Instruction) -> Edit:
    """Other instructions (or none of the text) in the place of one."""
    return Edit(*old.span, "\n".join(write_instruction(i) for i in new))


def removed(instruction: Instruction, text: str) -> Edit:
    """An instruction taken out with the line it stood on; text: the decoded Modelfile."""
    start, end = instruction.span
    start = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
    while end < len(text) and text[end] not in "\r\n":
        end += 1
    if text.startswith("\r\n", end):
        end += 1
    return Edit(start, min(end + 1, len(text)), "")


def rewritten(instruction: Instruction, text: str) -> Fix:
    """An instruction's own text exchanged for another."""
    return Fix((Edit(*instruction.span, text),))


def as_projector(instruction: Instruction, context: Context) -> Fix | None:
    """The file of an instruction as a projector that Ollama and the kit understand.

    None where the model is not named by a file (Ollama then takes no other files), where the value is not
    the path of a projector, or where no quoting carries the name.
    """
    if not _is_projector_path(instruction.value, context):
        return None
    froms = [i.value for i in context.modelfile.froms]
    if instruction.value in froms:
        return Fix((removed(instruction, context.text),))
    if not froms or not all(is_path(value) for value in froms):
        return None
    try:
        written = write_instruction(Instruction("from", "", instruction.value))
    except ModelfileError:
        return None
    return rewritten(instruction, f"# PROJECTOR {written[5:]}\n{written}")


def _is_projector_path(value: str, context: Context) -> bool:
    """Whether a value is the path of one file that is a projector; where it is not here, that can be one."""
    if not value.isprintable() or _NO_PATH.search(value):
        return False
    path = context.files.path_of(value)
    if path is not None and context.files.exists(value):
        try:
            return path.is_file() and classify(read_header(path)) is FileKind.PROJECTOR
        except KitError:
            return False
    return value.lower().endswith(".gguf")
