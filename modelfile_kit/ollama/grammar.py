"""Ollama's Modelfile grammar, to the last rune, read and written (Ollama 0.33, parser/parser.go).

What it is: instructions by name in any case; `#` starts a comment only where an instruction could
start; a value is bare, "…" or triple-quoted, without escapes, and ends at the first line end at
which the text so far, trimmed, is closed. Runes that `strconv.IsPrint` refuses vanish from values
(see printable.py). The kit adds one instruction of its own, `PROJECTOR file`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from ..core.diagnostics import Span
from ..core.errors import ModelfileError
from ..core.file_kinds import MODELFILE, is_gguf, kind_of
from ..core.near_words import near_word
from ..gotemplate.values.unicode_tables import is_print
from .decoding import decode, utf16_order
from .printable import drop_refused, first_refused
from .versions import Target, since

# Names, in the order in which Ollama lists them; the feature that brought the younger ones.
INSTRUCTIONS: dict[str, str] = {
    "from": "",
    "license": "",
    "template": "",
    "system": "",
    "adapter": "",
    "draft": "draft",
    "renderer": "renderer",
    "parser": "renderer",
    "parameter": "",
    "message": "",
    "requires": "requires",
}
ROLES = ("system", "user", "assistant")
PROJECTOR = "projector"

# A Modelfile holds texts for people; the largest known carry a licence of some 100 kB.
MAX_BYTES = 64 << 20

# What ends a line to an editor; Ollama counts the two characters of a CR LF one by one.
LINE_BREAK = re.compile(r"\r\n|\r|\n")

_BLANK = re.compile(r"[ \t\r\n]*")
_LINE_END = re.compile(r"[\r\n]")
_LETTERS = re.compile(r"[A-Za-z]*")
_WORD = re.compile(r"[A-Za-z0-9_]*")
TRIPLE_AT_LINE_END = re.compile(r'"""[ \t]*[\r\n]')
"""Three quotes at the end of a line would close a value that they stand in."""
_ONE_AT_LINE_END = re.compile(r'"[ \t]*[\r\n]')
_FIRST_WORD = re.compile(r"[ \t]*([A-Za-z]+)[ \t]")
# An instruction's name, and the role of a MESSAGE.
_WORDS = re.compile(r"(\S*)(?:[ \t]+(?:(?<=message[ \t])[ \t]*\w+[ \t]+)?)?", re.IGNORECASE)
# By so many bytes it is told whether a file is a text.
_SAMPLE = 1024
_PROJECTOR_COMMENT = re.compile(r"\s*PROJECTOR[ \t]+(\S.*?)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Instruction:
    """One instruction.

    name: lower case. key: the parameter's name, the message's role, else "". value: without its
    quotes. line: where it starts, counted from 1 as an editor does; 0 for one that was not read.
    span: its first character in the decoded text and the one after its last.
    """

    name: str
    key: str
    value: str
    line: int = 0
    span: tuple[int, int] = field(default=(0, 0), compare=False, repr=False)

    @property
    def command(self) -> str:
        """What Ollama takes it for: `PARAMETER system x` is a SYSTEM, `PARAMETER model x` a FROM."""
        if self.name == "parameter" and self.key in _COMMANDS:
            return "from" if self.key == "model" else self.key
        return self.name

    def __str__(self) -> str:
        return write_instruction(self)


# What Ollama calls the commands inside; a PARAMETER of such a name is taken for that instruction.
_COMMANDS = frozenset({"model", *INSTRUCTIONS} - {"from", "parameter"})


@dataclass(frozen=True)
class Comment:
    """A comment: its text after `#`, its line, and before which instruction it stands (an index)."""

    text: str
    line: int
    before: int


@dataclass(frozen=True)
class Dropped:
    """A rune that Ollama's parser silently removes from a value.

    line, column: where it stands, from 1; instruction: the index of its instruction.
    """

    rune: str
    line: int
    column: int
    instruction: int


@dataclass(frozen=True)
class Modelfile:
    """A parsed Modelfile; `str()` parses back to the same instructions and comments.

    dropped: what the values have lost (it is not part of what is compared or written).
    """

    instructions: tuple[Instruction, ...] = ()
    comments: tuple[Comment, ...] = field(default=())
    dropped: tuple[Dropped, ...] = field(default=(), compare=False)

    def all(self, name: str, key: str | None = None) -> tuple[Instruction, ...]:
        """The instructions that Ollama takes for `name` (and of that key), in order."""
        return tuple(i for i in self.instructions if i.command == name and (key is None or i.key == key))

    def last(self, name: str) -> str | None:
        """The value that counts where the last one wins (template, system, adapter, renderer, …)."""
        found = self.all(name)
        return found[-1].value if found else None

    def parameters(self, name: str) -> tuple[str, ...]:
        """The values given for a parameter, in order; all count for `stop`, else the last."""
        return tuple(i.value for i in self.all("parameter", name))

    @property
    def froms(self) -> tuple[Instruction, ...]:
        """Every FROM, projectors and models alike."""
        return self.all("from")

    @property
    def projectors(self) -> tuple[str, ...]:
        """The files named as projectors: by PROJECTOR, or by `# PROJECTOR file` right before its FROM."""
        found: list[tuple[int, str]] = [
            (n, i.value) for n, i in enumerate(self.instructions) if i.name == PROJECTOR
        ]
        for comment in self.comments:
            named = _PROJECTOR_COMMENT.fullmatch(comment.text)
            if not named or comment.before >= len(self.instructions):
                continue
            following = self.instructions[comment.before]
            if following.command == "from" and following.value == _unquoted(named[1]):
                found.append((comment.before, following.value))
        return tuple(dict.fromkeys(value for _, value in sorted(found)))

    @property
    def models(self) -> tuple[Instruction, ...]:
        """Every FROM that is not named as a projector."""
        projectors = self.projectors
        return tuple(i for i in self.froms if i.value not in projectors)

    def __str__(self) -> str:
        return write_modelfile(self.instructions, comments=self.comments)


@dataclass(frozen=True)
class Refused:
    """Lines that Ollama refuses, where reading goes on after them.

    error: why; start: the first character in the decoded text; lines: the first and the last, from 1, as an
    editor counts; like: the instruction whose name is nearly the word that they begin with, "" where there is
    none; before: the index of the next instruction that was read.
    """

    error: ModelfileError
    start: int
    lines: tuple[int, int]
    like: str
    before: int


def parse_modelfile(
    text: str | bytes,
    *,
    target: str | Target = "latest",
    dialect: bool = True,
    file: str | None = None,
) -> Modelfile:
    """Reads a Modelfile as Ollama does.

    text: the file's bytes (UTF-8, or UTF-16 by its byte order mark) or its text.
    target: the release whose instructions are known. dialect: whether `PROJECTOR` is. file: for
    messages. Raises ModelfileError (MK101 to MK105) where Ollama refuses; its `line` is Ollama's,
    which counts a CR LF as two.

        >>> from modelfile_kit import parse_modelfile
        >>> modelfile = parse_modelfile("FROM ./model.gguf\\nPARAMETER num_ctx 4096\\n")
        >>> [(i.line, i.name, i.key, i.value) for i in modelfile.instructions]
        [(1, 'from', '', './model.gguf'), (2, 'parameter', 'num_ctx', '4096')]
    """
    check_is_modelfile(text, file)
    parser = _Parser(decode(text), Target.parse(target), dialect, file)
    parser.run()
    result = parser.result
    if not result.froms:
        raise _no_from(file)
    return result


def parse_all(
    text: str | bytes, *, target: str | Target = "latest", file: str | None = None
) -> tuple[Modelfile, tuple[Refused, ...]]:
    """Reads a Modelfile beyond what Ollama refuses: the instructions, and the lines that are none.

    Arguments as for `parse_modelfile`. Reading goes on at the next line that begins like an instruction.
    A missing FROM is the last of the refused ones, at line 0. Raises ModelfileError (MK105, MK136, MK137,
    MK138) for what is no Modelfile at all.
    """
    check_is_modelfile(text, file)
    parser = _Parser(decode(text), Target.parse(target), True, file)
    parser.run(to_the_end=True)
    result, refused = parser.result, parser.refused
    if not result.froms and not any(r.like == "from" for r in refused):
        size = len(parser.text)
        refused.append(Refused(_no_from(file), size, (0, 0), "", len(result.instructions)))
    return result, tuple(refused)


def check_is_modelfile(data: str | bytes, file: str | None = None) -> None:
    """Raises ModelfileError for what is another kind of file.

    As `check_is_text` does; and MK138: a template, a package file or JSON, in place of MK101, with its line.
    """
    check_is_text(data, file)
    kind = kind_of(data, file or "")
    if kind is None or kind is MODELFILE:
        return
    refusal = _refusal(data, file)
    if refusal and refusal.code == "MK101":
        raise ModelfileError(
            f"this is {kind.what}, not a Modelfile",
            code="MK138",
            span=refusal.span,
            help=f"{kind.taken_by}; a Modelfile is a text that names the model: FROM ./model.gguf",
        )


def check_is_text(data: str | bytes, file: str | None = None) -> None:
    """Raises ModelfileError for what is no Modelfile by its size or its first bytes.

    MK105: larger than any Modelfile; MK136: UTF-16 without a byte order mark; MK137: a GGUF file. The last
    two stand for MK101 and have its line: Ollama refuses such a file at its first instruction.
    """
    if len(data) > MAX_BYTES:
        raise ModelfileError(
            f"the Modelfile is larger than the limit of {MAX_BYTES:,} bytes",
            code="MK105",
            span=Span(file) if file else None,
        )
    start = data[:_SAMPLE] if isinstance(data, bytes) else data[:_SAMPLE].encode("utf-8", "replace")
    if is_gguf(start):
        raise ModelfileError(
            "this is a GGUF file, not a Modelfile",
            code="MK137",
            span=Span(file, 1),
            help="see `mkmodelfile inspect`; a Modelfile is a text that names the model: FROM ./model.gguf",
        )
    order = utf16_order(start)
    refusal = _refusal(data, file) if order else None
    if refusal and refusal.code == "MK101":
        raise ModelfileError(
            f"this is UTF-16 ({order}-endian) without a byte order mark, which Ollama reads as UTF-8",
            code="MK136",
            span=refusal.span,
            help="save the file as UTF-8",
        )


def _refusal(data: str | bytes, file: str | None) -> ModelfileError | None:
    """Why Ollama refuses a file in which no line is an instruction.

    None for what it takes (an empty comment may be all that looks odd), and for a Modelfile: one instruction
    makes one, whatever is before and behind it.
    """
    parser = _Parser(decode(data), Target.parse("latest"), True, file)
    parser.run(to_the_end=True)
    return parser.refused[0].error if parser.refused and not parser.instructions else None


def _no_from(file: str | None) -> ModelfileError:
    return ModelfileError(
        "no FROM found",
        code="MK104",
        span=Span(file) if file else None,
        help="a Modelfile names its model: FROM ./model.gguf, or the name of a published model",
    )


class _Parser:
    """One pass over the decoded text; `at` is the next character."""

    def __init__(self, text: str, target: Target, dialect: bool, file: str | None) -> None:
        self.text = text
        self.target = target
        self.file = file
        self.known = {n for n, feature in INSTRUCTIONS.items() if not feature or target.may_have(feature)}
        if dialect:
            self.known.add(PROJECTOR)
        self.at = 0
        self.instructions: list[Instruction] = []
        self.comments: list[Comment] = []
        self.dropped: list[Dropped] = []
        self.refused: list[Refused] = []
        self._line_at = 0
        self._line = 1
        self._ends_read = 0, 0  # up to where line ends were counted as Ollama does, and how many there are
        self._open: set[str] = set()  # quotes that no line after what was read closes

    @property
    def result(self) -> Modelfile:
        """What was read so far."""
        return Modelfile(tuple(self.instructions), tuple(self.comments), tuple(self.dropped))

    def run(self, *, to_the_end: bool = False) -> None:
        text, size = self.text, len(self.text)
        while True:
            self.at = _match_end(_BLANK, text, self.at)
            if self.at == size:
                return
            if text[self.at] == "#":
                self._comment()
                continue
            start = self.at, self.line(self.at), len(self.dropped)
            try:
                self._instruction()
            except ModelfileError as error:
                if not to_the_end:
                    raise
                self._go_on(error, *start)

    def _go_on(self, error: ModelfileError, start: int, line: int, dropped: int) -> None:
        """Notes what is refused, and moves to where the next instruction may begin."""
        text = self.text
        words = _WORDS.match(text, start)
        name = words[1] if words else ""
        self.at = words.end() if words else start
        if text.startswith('"""', self.at):
            try:
                self._value()  # the value of an unknown instruction, or of a MESSAGE of an unknown role
            except ModelfileError:
                self.at = start
        while (found := _LINE_END.search(text, self.at)) and not self._may_begin(found.end()):
            self.at = found.end()
        self.at = found.start() if found else len(text)
        self._line_at, self._line = start, line
        del self.dropped[dropped:]
        last = self.line(start + len(text[start : self.at].rstrip()))
        error = error.with_traceback(None)  # which holds all that was read of the value
        self.refused.append(Refused(error, start, (line, last), self._near(name), len(self.instructions)))

    def _may_begin(self, at: int) -> bool:
        """Whether a line may be an instruction or a comment, rather than the rest of a text."""
        found = _FIRST_WORD.match(self.text, at)
        if self.text.startswith("#", at) or found is None:
            return self.text.startswith("#", at)
        return found[1].lower() in self.known or bool(found[1].isupper() and self._near(found[1]))

    def _near(self, name: str) -> str:
        """The known instruction whose name is nearly this one, "" where there is none."""
        return _nearest(name, sorted(self.known))

    def line(self, at: int) -> int:
        """The line of a position as an editor counts, CR LF being one; positions only grow."""
        part = self.text[self._line_at : at]
        self._line += part.count("\n") + part.count("\r") - part.count("\r\n")
        if part.endswith("\r") and self.text.startswith("\n", at):
            self._line -= 1  # the LF that belongs to this CR will count it
        self._line_at = at
        return self._line

    def _comment(self) -> None:
        found = _LINE_END.search(self.text, self.at)
        end = found.start() if found else len(self.text)
        text = self.text[self.at + 1 : end]
        self.comments.append(Comment(text, self.line(self.at), len(self.instructions)))
        self.at = end

    def _instruction(self) -> None:
        start, line = self.at, self.line(self.at)
        name = self._name()
        key = ""
        if name == "parameter":
            key = self._word(_WORD, "a parameter's name is letters, digits and _")
        elif name == "message":
            key = self._word(_LETTERS, "a message's role is letters")
            if key not in ROLES:
                self._refuse(
                    f"{key!r} is not the role of a MESSAGE",
                    at=self.at - 1,
                    code="MK102",
                    help=f"roles are {', '.join(ROLES)}, in lower case",
                )
        value = self._value()
        self.instructions.append(Instruction(name, key, value, line, (start, self.at)))

    def _name(self) -> str:
        """The instruction's name. Its first rune may be anything; one that is not printed is dropped."""
        text, start = self.text, self.at
        end = self.at = _match_end(_LETTERS, text, start + 1)
        name = (text[start] if is_print(text[start]) else "") + text[start + 1 : end]
        if end == len(text):
            self._unexpected_end(f"after {name!r}", "write a value after the name of the instruction")
        if text[end] not in " \t":
            self._unknown(name if text[end] in "\r\n" else name + text[end])
        if name.lower() not in self.known:
            self._unknown(name)
        self.at = end + 1
        return name.lower()

    def _word(self, pattern: re.Pattern[str], help: str) -> str:
        start = self.at
        end = self.at = _match_end(pattern, self.text, start)
        word = self.text[start:end]
        if end == len(self.text):
            self._unexpected_end(f"after {word!r}", help)
        if self.text[end] not in " \t":
            self._unexpected_end(f"after {word!r}: found {self.text[end]!r}, expected a space", help)
        self.at = end + 1
        return word

    def _value(self) -> str:
        """The value up to the first line end at which it is closed; `at` moves to that line end."""
        text, size = self.text, len(self.text)
        first_line = self.line(self.at)
        pieces: list[str] = []
        quote = ""
        while True:
            found = _LINE_END.search(text, self.at)
            end = found.start() if found else size
            piece = drop_refused(text[self.at : end])
            if len(piece) < end - self.at:
                self._note_dropped(self.at, end)
            trimmed = piece.strip(" \t")
            if not pieces:
                if not trimmed.startswith('"'):
                    self.at = end
                    return trimmed
                quote = '"""' if trimmed.startswith('"""') else '"'
                closed = len(trimmed) >= 2 * len(quote) and trimmed.endswith(quote)
            else:
                closed = trimmed.endswith(quote)
            pieces.append(piece)
            if closed:
                self.at = end
                return "".join(pieces).strip(" \t\r\n")[len(quote) : -len(quote)]
            if found is None or quote in self._open:
                self._open.add(quote)
                self._unexpected_end(
                    f"inside a value that {quote} opened", f"close the value with {quote}", first_line
                )
            pieces.append(text[end])
            self.at = end + 1

    def _note_dropped(self, start: int, end: int) -> None:
        line = self.line(start)
        line_start = self.text.rfind("\n", 0, start)
        line_start = max(line_start, self.text.rfind("\r", line_start + 1, start))
        for at in range(start, end):
            rune = self.text[at]
            if drop_refused(rune) == "":
                self.dropped.append(Dropped(rune, line, at - line_start, len(self.instructions)))

    def _unknown(self, name: str) -> NoReturn:
        """An instruction that the target does not know, noticed at the rune after its name."""
        lower = name.lower()
        feature = INSTRUCTIONS.get(lower)
        near = self._near(lower)
        code, message = "MK101", f"{name!r} is not an instruction"
        hint = f"Ollama knows {', '.join(n.upper() for n in INSTRUCTIONS if n in self.known)}"
        if lower in self.known:
            message = f"{name!r} has no value"
            hint = "write the value after the name, on the same line"
        elif feature:
            code = "MK116"
            message = f"{name.upper()} is unknown to Ollama {self.target.name}, it came with {since(feature)}"
            hint = "remove the instruction, or raise the target"
        elif lower == PROJECTOR:
            code = "MK133"
            hint = "PROJECTOR is not an instruction of Ollama: write a second FROM with the projector's file"
        elif near:
            hint = f"did you mean {near.upper()}?"
        self._refuse(message, at=self.at, code=code, help=hint)

    def _unexpected_end(self, where: str, help: str, line: int = 0) -> NoReturn:
        """Ollama answers "unexpected EOF" and names no line, even in the middle of a file.

        line: where what is unfinished begins; by default the line that was read last.
        """
        at = line or self.line(self.at)
        raise ModelfileError(
            f"the Modelfile ends too early: {where} (line {at})",
            code="MK103",
            span=Span(self.file) if self.file else None,
            help=help,
        )

    def _refuse(self, message: str, *, at: int, code: str, help: str) -> NoReturn:
        """An error noticed at the rune `at`; Ollama counts each CR and each LF up to and with it."""
        before, ends = self._ends_read if self._ends_read[0] <= at + 1 else (0, 0)
        ends += self.text.count("\n", before, at + 1) + self.text.count("\r", before, at + 1)
        self._ends_read = at + 1, ends
        raise ModelfileError(message, code=code, span=Span(self.file, 1 + ends), help=help)


def _nearest(name: str, known: list[str]) -> str:
    return near_word(name.lower(), known)


def _match_end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _unquoted(value: str) -> str:
    for quote in ('"""', '"'):
        if len(value) >= 2 * len(quote) and value.startswith(quote) and value.endswith(quote):
            return value[len(quote) : -len(quote)]
    return value


# -- writing ------------------------------------------------------------------------


def write_modelfile(instructions: Iterable[Instruction], *, comments: Sequence[Comment] = ()) -> str:
    """The text of a Modelfile; each comment stands before the instruction it stood before.

    Raises ModelfileError (MK118 a rune that Ollama drops, MK107 a value that no quoting carries)
    with the way out in its help.
    """
    lines: list[str] = []
    waiting = list(comments)
    for n, instruction in enumerate(instructions):
        while waiting and waiting[0].before <= n:
            lines.append(_comment_line(waiting.pop(0)))
        lines.append(write_instruction(instruction))
    lines.extend(_comment_line(c) for c in waiting)
    return "".join(f"{line}\n" for line in lines)


def write_instruction(instruction: Instruction) -> str:
    """One instruction as text, without a line end."""
    name = instruction.name.upper()
    head = f"{name} {instruction.key}" if instruction.name in ("parameter", "message") else name
    return f"{head} {quote(instruction.value, name=head)}"


def quote(value: str, *, name: str = "the value") -> str:
    """`value` bare, in "…" or in triple quotes, whichever Ollama reads back unchanged.

    Raises ModelfileError (MK118, MK107) where none does.
    """
    check_runes(value, name=name)
    if value and value == value.strip(" \t") and not value.startswith('"') and not _LINE_END.search(value):
        return value
    for mark in ('"""', '"') if _LINE_END.search(value) else ('"', '"""'):
        text = f"{mark}{value}{mark}"
        if _survives(text, mark):
            return text
    line = value.count("\n", 0, found.start()) + 1 if (found := TRIPLE_AT_LINE_END.search(value)) else 1
    raise ModelfileError(
        f'{name}: line {line} of the value ends with """, and no quoting keeps that from ending the value',
        code="MK107",
        help='put a character after the """, in a TEMPLATE write {{ "\\"\\"\\"" }} for it, '
        "or give the value to the server's create API instead",
    )


def check_runes(value: str, *, name: str) -> None:
    """Raises ModelfileError (MK118) for a rune that Ollama would drop, naming it and the way out."""
    found = first_refused(value)
    if found is None:
        return
    at, rune = found
    known = unicodedata.name(rune, "a control or private-use character")
    way_out = (
        'write it as a Go string in an action, as {{ "\\u200b" }}'
        if name == "TEMPLATE"
        else "remove it, or give the value to the server's create API, which takes it"
    )
    raise ModelfileError(
        f"{name}: U+{ord(rune):04X} ({known.lower()}) at character {at + 1} is dropped by Ollama's parser",
        code="MK118",
        help=way_out,
    )


def _survives(text: str, mark: str) -> bool:
    """Whether a quoted text is read to its end and with these marks (see `_Parser._value`)."""
    if (mark == '"') == text.startswith('"""') or len(text) < 2 * len(mark):
        return False
    ends = _ONE_AT_LINE_END if mark == '"' else TRIPLE_AT_LINE_END
    return not ends.search(text, len(mark))


def _comment_line(comment: Comment) -> str:
    if _LINE_END.search(comment.text):
        raise ModelfileError("a comment holds a line end", code="MK107", help="write one comment a line")
    return f"#{comment.text}"
