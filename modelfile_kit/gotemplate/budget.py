"""What one execution of a template may use up, so that a hostile one ends in an error.

A template has no memory or time limit in Go; an endless range or a doubling string would take the
machine with it. The defaults are far above what prompts need.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from ..errors import GoTemplateError

# A prompt beyond this is no model's: at 3 to 4 characters a token it is some five million tokens.
MAX_OUTPUT = 16_000_000
# One string that a template puts together; a prompt is built in one, so it may be as long.
MAX_STRING = 16_000_000
# Bytes of all long strings that are alive at once (a dozen copies of a huge conversation).
MAX_ALIVE = 96_000_000
# Actions carried out. A scan of 1 MB of text byte by byte takes about five million.
MAX_STEPS = 30_000_000
# Seconds; the promise is an answer within two.
MAX_SECONDS = 1.7
# Strings below this are not counted as alive: they cannot add up before the steps run out.
LONG = 4096
# The clock is looked at once in so many steps.
_STEPS_BETWEEN_LOOKS = 2048


@dataclass(frozen=True)
class Limits:
    """Bounds of one execution; 0 seconds means no bound in time.

    output, string: characters; alive: bytes; steps: actions, iterations and calls.
    """

    output: int = MAX_OUTPUT
    string: int = MAX_STRING
    alive: int = MAX_ALIVE
    steps: int = MAX_STEPS
    seconds: float = MAX_SECONDS


class LimitError(GoTemplateError):
    """A template that uses more than it may; Go itself has no such limit."""

    code = "MK221"


class Budget:
    """What is left of the limits. `steps` counts down and is looked after by `spend`."""

    __slots__ = ("_deadline", "alive", "limits", "next_look", "output", "steps")

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.steps = limits.steps
        self.next_look = limits.steps - _STEPS_BETWEEN_LOOKS
        self.alive = 0
        self.output = 0
        self._deadline = time.monotonic() + limits.seconds if limits.seconds else 0.0

    def spend(self, steps: int) -> None:
        """Counts steps; now and then looks at the clock."""
        self.steps -= steps
        if self.steps < self.next_look:
            self.look()

    def look(self) -> None:
        """Raises LimitError when steps or time have run out."""
        self.next_look = self.steps - _STEPS_BETWEEN_LOOKS
        if self.steps < 0:
            raise self.error(f"it takes more than {self.limits.steps:,} steps")
        if self._deadline and time.monotonic() > self._deadline:
            raise self.error(f"it takes longer than {self.limits.seconds:g} s")

    def write(self, characters: int) -> None:
        """Counts output."""
        self.output += characters
        if self.output > self.limits.output:
            raise self.error(f"it writes more than {self.limits.output:,} characters")

    def hold(self, size: int) -> None:
        """Counts bytes of a long string that is kept (negative: given up)."""
        self.alive += size
        if self.alive > self.limits.alive:
            raise self.error(f"it holds more than {self.limits.alive:,} bytes of text at once")

    def too_long(self) -> LimitError:
        return self.error(f"it makes a string of more than {self.limits.string:,} characters")

    def error(self, what: str) -> LimitError:
        return LimitError(
            f"the template was stopped: {what}",
            help="a template for prompts stays far below; look for a range or a recursion without end",
        )
