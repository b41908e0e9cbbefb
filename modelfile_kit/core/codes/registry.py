"""Reads the pages of codes, one file each, when they are asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from ..listed import some
from ..near_words import near_word
from ..severity import Severity

PAGES = Path(__file__).parent / "pages"
HEADINGS = ("What it means", "Why it matters", "Example", "What to do")
# By the first digit of a code.
AREAS = {
    "1": "Modelfile: grammar, instructions, parameter values",
    "2": "Prompts and the TEMPLATE",
    "3": "Vocabulary: stops, end tokens, BOS",
    "4": "GGUF files and projectors",
    "5": "mkmodelfile.yaml and template families",
    "6": "Compiler: from the chat template to the TEMPLATE",
    "7": "Alignment: bytes and tokens against the reference",
    "8": "Publishing and verifying on a server",
    "9": "The environment and golden tests",
}
LIKE = 0.8  # of names: these have many words in common
MAX_NAMED = 4
_DOCS = "https://github.com/modelfile-kit/modelfile-kit/blob/main/docs/codes"
_CODE = re.compile(r"MK[1-9]\d\d")


@dataclass(frozen=True)
class Code:
    """One kind of finding.

    code: `MK` and three digits; name: lower-case words with `-` between them; title: one line; severity: the
    usual one; page: Markdown with the heads of `HEADINGS`; members: the codes that a group stands for, empty
    for a code that findings have; formerly: names of the past, which still find it.
    """

    code: str
    name: str
    title: str
    severity: Severity
    page: str
    members: tuple[str, ...] = ()
    formerly: tuple[str, ...] = ()

    def section(self, heading: str) -> str:
        """The text under one of the heads, "" where there is none."""
        _, _, rest = f"\n{self.page}".partition(f"\n# {heading}\n")
        return rest.partition("\n# ")[0].strip("\n")

    @property
    def meaning(self) -> str:
        """What it means, in one line: the first paragraph under that head."""
        return " ".join(self.section("What it means").partition("\n\n")[0].split())


def find(code_or_name: str) -> Code | None:
    """The code of that number or name, in any case; a code of the past gives the (first) one of today."""
    asked = code_or_name.strip()
    if _CODE.fullmatch(asked.upper()):
        now = current(asked.upper())
        return _code(now[0]) if now else None
    return _by_name().get(asked.lower())


def suggestion(word: str) -> str:
    """What may have been meant by a word that is no code, as the beginning of a hint; "" for nothing like it.

    A number is compared with numbers alone; a name has to be much the same, or to have the word in it.
    """
    word = word.strip()
    if word[:2].upper() == "MK":
        near = near_word(word.upper(), [code.code for code in all_codes()])
        return f"did you mean {near}? " if near else ""
    names = [code.name for code in all_codes()]
    if near := near_word(word.lower(), names, cutoff=LIKE):
        return f"did you mean {near}? "
    having = [name for name in names if word.lower() in name.split("-")]
    if not having:
        return ""
    return f"names with this word: {some(having, MAX_NAMED)}; "


def current(code: str) -> tuple[str, ...]:
    """The codes that took a code's place: itself where it is in use, nothing where it never existed.

    A code that was split has several; a group stays itself.
    """
    found = _read(code)
    if found is None:
        return ()
    return tuple(found[0]["now"].split()) if "now" in found[0] else (code,)


def name_of(code: str) -> str:
    """The name of a code that findings have, "" for an unknown one."""
    found = find(code)
    return found.name if found else ""


def help_uri(code: str) -> str:
    """The address of a code's page on the web, "" for an unknown one."""
    found = find(code)
    return f"{_DOCS}/MK{found.code[2]}xx.md#{found.code.lower()}-{found.name}" if found else ""


@lru_cache(maxsize=1)
def all_codes() -> tuple[Code, ...]:
    """Every code of today, by number."""
    found = (_code(path.stem) for path in sorted(PAGES.glob("MK*.md")))
    return tuple(code for code in found if code is not None)


def renamed() -> dict[str, tuple[str, ...]]:
    """Every code of the past with those that took its place, by number."""
    pairs = ((path.stem, current(path.stem)) for path in sorted(PAGES.glob("MK*.md")))
    return {old: now for old, now in pairs if now != (old,)}


@lru_cache(maxsize=1)
def _by_name() -> dict[str, Code]:
    return {name: code for code in all_codes() for name in (code.name, *code.formerly)}


@cache
def _code(code: str) -> Code | None:
    found = _read(code)
    if found is None or "now" in found[0]:
        return None
    head, page = found
    members, formerly = (tuple(head.get(key, "").split()) for key in ("members", "formerly"))
    return Code(code, head["name"], head["title"], Severity(head["severity"]), page, members, formerly)


@cache
def _read(code: str) -> tuple[dict[str, str], str] | None:
    """The head and the page of a code's file; None where there is no such file."""
    if not _CODE.fullmatch(code):
        return None
    try:
        text = (PAGES / f"{code}.md").read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    _, head, page = text.split("---\n", 2)
    pairs = (line.partition(": ") for line in head.splitlines())
    return {key: value.strip() for key, _, value in pairs}, page.strip("\n") + "\n"
