"""Operations that neither Go nor Ollama has a function for: nodes of their own, never printed.

Each is an expression until it is lowered to what Go has. Where that happens:

- `Rewrite` (strip, case, JSON, Python's repr and str): statements work the text out, or a defined template
  prints it (`lower/lazy.py`).
- `ImageTags` and `TextAfterTags`: statements look for the tags in the content (`lower/images.py`).
- `Remainder` and `CharacterCount`: one Go expression (`passes/legalize.py`).
- `Contains`: statements written at once; the node only names what they found out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .nodes import Operation, _kept_hash


class Rewrite(Operation):
    """A text that statements work out from another one, piece by piece."""


@dataclass(frozen=True)
class Strip(Rewrite):
    """`operand.strip(chars)`; None: Python's white space. Only on one side: `lstrip`, `rstrip`."""

    chars: str | None = None
    left: bool = True
    right: bool = True

    __hash__ = _kept_hash

    def covers(self, left: bool, right: bool) -> bool:
        """Whether it does what a strip on these sides would."""
        return self.left >= left and self.right >= right

    @property
    def method(self) -> str:
        """Python's name of it."""
        return "strip" if self.left and self.right else "lstrip" if self.left else "rstrip"


Case = Literal["upper", "lower", "title", "titlewords"]


@dataclass(frozen=True)
class ChangeCase(Rewrite):
    """ASCII letters in another case; `titlewords` is Jinja's filter `title`, `title` is Python's method."""

    case: Case = "upper"

    __hash__ = _kept_hash


@dataclass(frozen=True)
class JsonStyle:
    """How JSON is laid out.

    indent: spaces for each level, 0 for one line; depth, base: the level and the spaces that it begins at;
    comma, colon: the separators.
    """

    indent: int = 0
    depth: int = 0
    base: int = 0
    comma: str = ", "
    colon: str = ": "

    def deeper(self) -> JsonStyle:
        """The style one level further in."""
        if not self.indent:
            return self
        return JsonStyle(self.indent, self.depth + 1, self.base, self.comma, self.colon)

    @property
    def newline(self) -> str:
        """What stands before an element: a line's end and its indentation, or nothing."""
        return "\n" + " " * (self.base + self.indent * self.depth) if self.indent else ""


@dataclass(frozen=True)
class ToJson(Rewrite):
    """The operand as Python's json.dumps writes it (Go's own JSON has other spaces and escapes)."""

    style: JsonStyle = JsonStyle()

    __hash__ = _kept_hash


@dataclass(frozen=True)
class PythonRepr(Rewrite):
    """`repr(operand)` of JSON data."""

    __hash__ = _kept_hash


@dataclass(frozen=True)
class PythonStr(Rewrite):
    """`str(operand)` of JSON data."""

    __hash__ = _kept_hash


@dataclass(frozen=True)
class ImageTags(Operation):
    """The `[img-N]` tags at the front of the content of a message (the operand)."""

    __hash__ = _kept_hash


@dataclass(frozen=True)
class TextAfterTags(Operation):
    """The content of a message (the operand) after its `[img-N]` tags."""

    __hash__ = _kept_hash


@dataclass(frozen=True)
class CharacterCount(Operation):
    """How many characters a text has; Go's `len` counts bytes."""

    __hash__ = _kept_hash


# The divisors that a digit of the number in some base tells the remainder of.
DIVISORS = (2, 4, 8, 10, 16)


@dataclass(frozen=True)
class Remainder(Operation):
    """`operand % divisor` for a whole number from 0; the divisor is one of DIVISORS."""

    divisor: int = 2

    __hash__ = _kept_hash


@dataclass(frozen=True)
class Contains(Operation):
    """`part in operand`: what a search's variable is remembered by."""

    part: str = ""

    __hash__ = _kept_hash
