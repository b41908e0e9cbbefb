"""Generated foreign text through every command: `python -m tests.cli.fuzz_terminal 1000 7`.

Each input is a command line of the matrix in test_output.py, on files and servers that hold the text, with
one of the command's formats, on a pipe or on a terminal. Nothing of the text may command a terminal or a CI
service, and no command may crash.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import tempfile
import traceback
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.cli.test_output import CORPUS, MATRIX, faults, formats, make_world, seen_by
from tests.fuzzing import Fault, HangError, Tally, run, within

LINES = 25  # command lines for each text: making its files takes as long as some of them
SECONDS = 300
CONTROLS = [chr(n) for n in (*range(1, 0x20), *range(0x7F, 0xA0))]
INVISIBLE = [
    chr(n) for n in (0xAD, 0x34F, 0x61C, 0x115F, 0x180E, *range(0x200B, 0x2010), *range(0x2028, 0x202F))
]
INVISIBLE += [
    chr(n) for n in (*range(0x2060, 0x2070), 0x3164, 0xFE0F, 0xFEFF, 0xFFA0, 0xFFF9, 0xFFFE, 0xE0041)
]
INTRODUCERS = [
    "\x1b[",
    "\x1b]",
    "\x1bP",
    "\x1b_",
    "\x1b^",
    "\x1bX",
    "\x1b(",
    "\x1b#",
    "\x1b",
    "\x9b",
    "\x9d",
    "\x90",
]
PARAMETERS = [
    "0",
    "31",
    "1;31",
    "?1049h",
    "2J",
    "6n",
    "0;PWNED",
    "8;;http://x.example",
    "52;c;UFdORUQ=",
    "?25l",
]
TERMINATORS = ["\x07", "\x1b\\", "\x9c", "m", "H", "n", "c", "", "~"]
BREAKS = ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x1e", "\x85", "\u2028", "\u2029"]
SPACES = ["", "", " ", "\t", "\u3000", "\u00a0", "\u200b", "\x1b[0m", "\u202e"]
COMMANDS = [
    *("::error::PWNED", "::add-mask::PWNED", "::set-output name=a::PWNED", "::stop-commands::x", "::", ":::"),
    *(
        "##[error]PWNED",
        "##[group]PWNED",
        "##vso[task.setvariable variable=x]PWNED",
        "##teamcity[PWNED]",
        "##[",
    ),
    *("###[x]", "# #[x]", ": :error::", "::error file=a,line=1::PWNED"),
]
WORDS = [
    "PWNED",
    "a",
    "é",
    "漢字",
    "👩\u200d💻",
    "❤\ufe0f",
    "{{",
    "}}",
    "{%",
    "%}",
    "'",
    '"',
    "`",
    "\\",
    "\\x1b",
    "%s",
    "%00",
    "<b>",
]
WORDS += [
    "](http://x.example)",
    "]]>",
    "&#27;",
    "\U0010ffff",
    "e\u0301",
    "עברית",
    " ",
    "  ",
    "$(x)",
    "[red]",
    "{0}",
    "None",
]


def text(chance: random.Random) -> str:
    """Foreign text; it has no character U+0000, which no argument can have, and no half of one."""
    parts = []
    for _ in range(chance.choice([1, 3, 8, 20])):
        kind = chance.randrange(7)
        if kind == 0:
            parts.append(chance.choice(CORPUS))
        elif kind == 1:
            parts += [chance.choice(INTRODUCERS), chance.choice(PARAMETERS), chance.choice(TERMINATORS)]
        elif kind == 2:
            parts += [chance.choice(BREAKS), chance.choice(SPACES), chance.choice(COMMANDS)]
        elif kind == 3:
            parts.append(chance.choice(CONTROLS))
        elif kind == 4:
            parts.append(chance.choice(INVISIBLE))
        elif kind == 5:
            number = chance.choice([chance.randrange(1, 0x3000), chance.randrange(1, 0x110000)])
            parts.append("" if 0xD800 <= number < 0xE000 else chr(number))
        else:
            parts.append(chance.choice(WORDS))
    return "".join(parts) + chance.choice(["", "PWNED", "\n"])


def file_name(chance: random.Random) -> str:
    """Such a text as a name of a file: at most 200 bytes, without slashes, with bytes that are not UTF-8."""
    name = os.fsencode(text(chance).replace("/", ""))[: chance.choice([20, 100, 200])]
    return os.fsdecode(name + chance.choice([b"", b"\xff", b"\xed\xa0\x80"])).strip(".") or "x"


@contextlib.contextmanager
def inside(folder: str) -> Iterator[None]:
    """The current folder, and an environment without settings of the user's."""
    before, kept = Path.cwd(), dict(os.environ)
    os.environ["TERM"] = "xterm-256color"
    os.environ["HOME"] = folder
    for name in ("NO_COLOR", "OLLAMA_HOST", "OLLAMA_API_KEY", "OPENAI_API_KEY"):
        os.environ.pop(name, None)
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
        os.environ.clear()
        os.environ.update(kept)


def cases(count: int, seed: int, tally: Tally) -> Iterator[Fault | None]:
    """What is wrong with what each command line writes."""
    chance = random.Random(seed)
    left = count
    while left:
        attack, name = text(chance), file_name(chance)
        with (
            tempfile.TemporaryDirectory() as place,
            tempfile.TemporaryDirectory() as here,
            inside(here),
            make_world(Path(place), attack, name) as world,
        ):
            lines = [[command, *more] for command, row in MATRIX.items() for more in row(world)]
            for line in chance.sample(lines, min(LINES, left, len(lines))):
                left -= 1
                chosen = chance.choice(formats(line[0]))
                terminal = chance.random() < 0.5
                what = fault(line, chosen, terminal, tally)
                kept = {"text": attack, "name": name, "line": list(map(str, line)), "format": chosen}
                data = json.dumps({**kept, "terminal": terminal}, indent=1).encode()
                yield Fault(what, data, ".json") if what else None


def without_signs(text: str) -> str:
    """The text without the joiners and selectors that say how a sign such as ❤️ is drawn."""
    return re.sub("(.)[\u200d\ufe0e\ufe0f]+", lambda m: m[1] if _is_sign(m[1]) else m[0], text)


def _is_sign(character: str) -> bool:
    return character > "\x7f" and unicodedata.category(character) in ("So", "Sm", "Sk", "Po")


def fault(line: list[Any], output_format: str | None, terminal: bool, tally: Tally) -> str:
    """What is wrong with what a command line writes, "" if nothing is."""
    asked = [*line, *(["--format", output_format] if output_format else [])]
    try:
        with within(SECONDS):
            said = seen_by(asked, terminal)
    except (Exception, HangError):
        return f"{asked!a:.200}: {traceback.format_exc(limit=-4)}"
    tally[f"on a {'terminal' if terminal else 'pipe'}"] += 1
    tally["foreign text was shown"] += "PWNED" in said
    if re.search("MK999|^Traceback", said, re.MULTILINE):
        return f"{asked!a:.200}: {said!a:.600}"
    wrong = faults(without_signs(said), output_format, terminal)
    return f"{asked!a:.200}: {wrong[0]}" if wrong else ""


if __name__ == "__main__":
    raise SystemExit(run("command lines", cases))
