"""Where every command writes: the edge at which text from outside is shown (`core.foreign_text`).

No other file of the commands writes to a stream, so that no command can forget it.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TextIO

import click

from ..core.errors import UsageError
from ..core.foreign_text import shown

# What click.style writes: colours, bold, dim, and their end.
_OWN_COLOURS = re.compile("(\x1b\\[(?:[0-2]|3[0-7])m)")

_PLAIN_MARKS = {"✓": "+", "✗": "x", "…": "...", "→": "->", "│": "|", "⏎": "\\n", "×": "x"}

WRITING = threading.RLock()
"""Held by whoever writes: what is drawn beside the work (`cli.progress`) never stands inside a text."""

_BEFORE: ContextVar[Callable[[], None] | None] = ContextVar("_BEFORE", default=None)


@contextmanager
def before_writing(erase: Callable[[], None]) -> Iterator[None]:
    """Calls `erase` before anything is written inside: what is drawn on the terminal must go first."""
    token = _BEFORE.set(erase)
    try:
        yield
    finally:
        _BEFORE.reset(token)


def show(text: str, *, nl: bool = True) -> None:
    """Text for people, on stdout."""
    _write(text, sys.stdout, nl)


def tell(text: str, *, nl: bool = True) -> None:
    """Text for people, on stderr."""
    _write(text, sys.stderr, nl)


def deliver(text: str, *, nl_on_terminal: bool = False) -> None:
    """What was asked for as data (a prompt, a TEMPLATE, a Modelfile), on stdout.

    Exact in a pipe or a file, where bytes that are not UTF-8 are surrogates; shown on a terminal.
    nl_on_terminal: ends it with a newline there, which data does not get.
    Raises UsageError (MK901) for half of a surrogate pair: JSON can hold it (`\\ud800`), and UTF-8 cannot.
    """
    if sys.stdout.isatty():
        _write(text, sys.stdout, nl_on_terminal)
        return
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as e:
        place, half = text.count("\n", 0, e.start) + 1, ord(text[e.start])
        raise UsageError(
            f"line {place} of the text has half of a surrogate pair (\\u{half:04x}), which UTF-8 cannot hold",
            help="write both halves in the JSON of the conversation, or the character itself",
        ) from e
    with WRITING:
        _erase()
        sys.stdout.flush()
        sys.stdout.buffer.write(data)


def write_report(text: str, output_format: str) -> None:
    """A finished report on stdout; every format but text has shown its texts in a way of its own."""
    if output_format == "text":
        _write(text, sys.stdout, False)
    else:
        with WRITING:
            _erase()
            click.echo(text, nl=False)


def wants_color(stream: Any) -> bool:
    """Colour on a terminal that has it; NO_COLOR forbids it, FORCE_COLOR asks for it anywhere else.

    Of both NO_COLOR wins (https://no-color.org, https://force-color.org); empty is as if not set.
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return os.environ.get("TERM") != "dumb" and bool(stream.isatty())


def columns(stream: Any) -> int | None:
    """The width of a terminal; None for what is none, whose lines are not to be broken."""
    return shutil.get_terminal_size().columns if stream.isatty() else None


def panel_width(stream: Any) -> int | None:
    """The width of a panel; None in a pipe and on a terminal that cannot draw, which get plain lines."""
    return columns(stream) if _draws(stream) else None


def _draws(stream: Any) -> bool:
    """Whether the encoding of a terminal has what frames are made of."""
    return os.environ.get("TERM") != "dumb" and _has("╭─│", stream)


def _has(text: str, stream: Any) -> bool:
    try:
        text.encode(stream.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _in_its_characters(text: str, stream: Any) -> str:
    """The text with other marks of ours, where the encoding of a terminal lacks them."""
    if text.isascii() or (stream.encoding or "utf-8").lower().startswith("utf"):
        return text
    for mark, plain in _PLAIN_MARKS.items():
        if not _has(mark, stream):
            text = text.replace(mark, plain)
    return text


def _erase() -> None:
    if (erase := _BEFORE.get()) is not None:
        erase()


def _write(text: str, stream: TextIO, nl: bool) -> None:
    if wants_color(stream):
        # Colours of our own stay; whoever painted a text has shown it before.
        parts = _OWN_COLOURS.split(text)
        parts[::2] = [shown(part, lines=True) for part in parts[::2]]
        text = "".join(parts)
    else:
        text = shown(text, lines=True)
    with WRITING:
        _erase()
        click.echo(_in_its_characters(text, stream), file=stream, nl=nl, color=wants_color(stream))
