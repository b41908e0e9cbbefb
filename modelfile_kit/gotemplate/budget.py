"""What one execution of a template may use up, so that a hostile one ends in an error.

A template has no memory or time limit in Go; an endless range or a doubling string would take the
machine with it. The defaults are far above what prompts need. Everything is counted and nothing is
timed, so a template that runs on one machine runs on every other.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..core.errors import GoTemplateError, StoppedError
from .values.representation import to_bytes

# A prompt beyond this is no model's: at 3 to 4 characters a token it is some two million tokens.
MAX_OUTPUT = 8_000_000
# One string that a template puts together; a prompt may be built in one, so it may be as long.
MAX_STRING = 8_000_000
# Bytes of all long strings that are kept at once (several copies of a huge conversation).
MAX_ALIVE = 64_000_000
# Text that is escaped or quoted character by character (%q, js): a second's work is beyond it.
MAX_QUOTED = 1_000_000
# Actions carried out and operands looked at, some 30 million a second. A scan of 1 MB of text byte by
# byte takes about ten million; the hungriest real TEMPLATE takes 150,000 for a prompt.
MAX_STEPS = 40_000_000
# Steps for one node in the exact evaluator, which takes so much longer than a compiled template.
EXACT = 16
# Strings below this are not counted as kept: they cannot add up before the steps run out.
LONG = 4096
# The output is measured once in so many steps.
STEPS_BETWEEN_LOOKS = 512
# Long strings whose bytes are remembered: those that a template is cutting pieces from.
_REMEMBERED = 8


@dataclass(frozen=True)
class Limits:
    """Bounds of one execution.

    output, string: characters; alive: bytes; steps: actions, iterations and calls. together: the limit of
    all executions of one piece of work, where `steps` is what is left of it.
    """

    output: int = MAX_OUTPUT
    string: int = MAX_STRING
    alive: int = MAX_ALIVE
    steps: int = MAX_STEPS
    together: int = 0


@dataclass
class Spent:
    """What executions have used up, added over all that were given it. steps: as in `Limits`."""

    steps: int = 0


class LimitError(GoTemplateError, StoppedError):
    """A template that uses more than it may; Go itself has no such limit."""

    code = "MK221"


class Budget:
    """The output and what is left of the limits.

    pieces: the output so far. steps: counted down; when it falls below `next_look`, `look` is due.
    """

    __slots__ = (
        "_counted",
        "_remembered",
        "alive",
        "limits",
        "next_look",
        "pieces",
        "size",
        "steps",
    )

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._remembered: dict[int, tuple[str, bytes]] = {}
        self.restart()

    def restart(self) -> None:
        """Begins anew."""
        self.steps = self.limits.steps
        self.next_look = self.steps - STEPS_BETWEEN_LOOKS
        self.pieces: list[str] = []
        self.size = self._counted = self.alive = 0

    def spend(self, steps: int) -> None:
        """Counts steps; now and then measures the output."""
        self.steps -= steps
        if self.steps < self.next_look:
            self.look()

    def look(self) -> None:
        """Raises LimitError when steps or room for output have run out."""
        self.next_look = self.steps - STEPS_BETWEEN_LOOKS
        if self.steps < 0:
            raise self.too_many_steps()
        self.count_output()

    def write(self, text: str) -> None:
        """Appends to the output; short pieces are counted later."""
        self.pieces.append(text)
        if len(text) > LONG:
            self.count_output()

    def count_output(self) -> None:
        self.size += sum(map(len, self.pieces[self._counted :]))
        self._counted = len(self.pieces)
        if self.size > self.limits.output:
            raise self.error(f"it writes more than {self.limits.output:,} characters")

    def made(self, text: str) -> str:
        """Counts a string that was just put together."""
        size = len(text)
        if size > LONG:
            if size > self.limits.string:
                raise self.too_long()
            self.spend(size >> (8 if text.isascii() else 6))
        return text

    def keep(self, new: object, old: object) -> None:
        """Counts the long strings that variables hold: one comes, one goes."""
        size = size_of(new) - size_of(old)
        if size:
            self.hold(size)

    def hold(self, size: int) -> None:
        """Counts bytes that are kept (negative: given up)."""
        self.alive += size
        if self.alive > self.limits.alive:
            raise self.error(f"it keeps more than {self.limits.alive:,} bytes of text at once")

    def bytes_of(self, text: str) -> bytes:
        """The bytes of a Go string, remembered for texts that are cut again and again."""
        found = self._remembered.get(id(text))
        if found is not None and found[0] is text:
            return found[1]
        data = to_bytes(text)
        if len(data) > 64:
            self.spend(len(data) >> 6)
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            self._remembered[id(text)] = (text, data)
        return data

    def too_many_steps(self) -> LimitError:
        if self.limits.together:
            return self.error(f"it takes more than {self.limits.together:,} steps in all its executions")
        return self.error(f"it takes more than {self.limits.steps:,} steps")

    def too_long(self) -> LimitError:
        return self.error(f"it builds a string of more than {self.limits.string:,} characters")

    def compare(self, left: str, right: str) -> None:
        """Counts a comparison of two strings: a step for every half kilobyte that both have."""
        size = min(len(left), len(right))
        if size > LONG:
            self.spend(size >> 9)

    def check_quoted(self, text: str) -> None:
        """Counts text that is looked at character by character."""
        if len(text) > MAX_QUOTED:
            raise self.error(f"it escapes or quotes a text of more than {MAX_QUOTED:,} characters")
        self.spend(8 * len(text))

    def error(self, what: str) -> LimitError:
        return LimitError(
            f"the template was stopped: {what}",
            help="look for a range or a recursion without end: templates for prompts stay far below",
        )


def size_of(value: object) -> int:
    """Bytes of a string that is worth counting."""
    return value.__sizeof__() if type(value) is str and len(value) > LONG else 0
