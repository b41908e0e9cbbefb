"""`mkmodelfile explain`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click

from ..core import codes
from ..core.codes import Code
from ..core.errors import UsageError
from ..report.terminal import wrapped
from .command import Command
from .output import columns, show

PAGE_WIDTH = 100  # columns; longer lines are hard to read

# A code of some form, and the beginning that the codes of one subject share.
_CODE = re.compile(r"MK\d{3}", re.IGNORECASE)
_RULES = Path(__file__).parents[1] / "lint" / "rules"
_AREA = re.compile(r"MK([1-9])(?:XX)?", re.IGNORECASE)


@click.command(
    "explain",
    cls=Command,
    examples=(
        "mkmodelfile explain MK325",
        "mkmodelfile explain bos-twice stop-missing",
        "mkmodelfile explain MK3",
    ),
)
@click.argument("asked", nargs=-1, metavar="[CODE...]")
def command(asked: tuple[str, ...]) -> None:
    """Explain the codes of findings: what they mean, why they matter, an example, what to do.

    CODE is a code or its name, in any case; MK3 lists the codes of one subject. Without a CODE all are
    listed.
    """
    if not asked:
        show("\n".join(_list(area) for area in codes.AREAS))
        return
    pages = "\n\n".join(_about(word.strip()) for word in asked)
    width = columns(sys.stdout)
    show(pages if width is None else "\n\n".join(_fitted(block, width) for block in pages.split("\n\n")))


def _fitted(block: str, width: int) -> str:
    """A paragraph in lines of a terminal; examples, lists of codes and tables stay as they are."""
    lines = block.split("\n")
    if any(line.startswith((" ", "|", "-", "`" * 3)) for line in lines):
        return block
    return "\n".join(wrapped(" ".join(lines), "", min(width, PAGE_WIDTH)))


def _list(area: str) -> str:
    """The codes of one subject, a line each."""
    rows = [f"MK{area}xx  {codes.AREAS[area]}"]
    for code in codes.all_codes():
        if code.code[2] == area:
            rows.append(f"{code.code}  {code.severity.value:7}  {code.name:28}  {code.title}")
    return "\n".join(rows)


def _about(word: str) -> str:
    """The answer to one argument: a list, a page, or the pages that took the place of an old code's."""
    if area := _AREA.fullmatch(word):
        return _list(area[1])
    found = codes.find(word)
    if found is None:
        raise _unknown(word)
    now = codes.current(word.upper()) if _CODE.fullmatch(word) else (found.code,)
    pages = "\n\n".join(_page(code) for code in map(codes.find, now) if code)
    if now == (word.upper(),) or not _CODE.fullmatch(word):
        return pages
    named = " or ".join(f"{code} {codes.name_of(code)}" for code in now)
    return f"{word.upper()} is now {named}.\n\n{pages}"


def _page(code: Code) -> str:
    head = f"{code.code} {code.name} ({code.severity}): {code.title}"
    body = re.sub(r"^# ", "", code.page.strip(), flags=re.MULTILINE)
    if not code.members:
        return "\n\n".join([head, body, *_of_lint(code)])
    members = [f"  {member}  {codes.name_of(member)}" for member in code.members]
    return "\n".join([head, "", body, "", "It stands for these codes:", "", *members])


def _of_lint(code: Code) -> list[str]:
    """What lint does about a code, where one of its rules finds it."""
    groups = [group.name for group in codes.all_codes() if code.code in group.members]
    if not any((_RULES / f"{name.replace('-', '_')}.py").is_file() for name in (code.name, *groups)):
        return []
    from ..lint.registry import find_rule  # takes most of a second, and only these codes need it

    rule = find_rule(code.code)
    assert rule is not None
    notes = ["`mkmodelfile lint --fix` fixes it where that is safe."] if rule.fixes else []
    return [*notes, *(["`lint` needs the model's files to find it."] if rule.reads_files else [])]


def _unknown(word: str) -> UsageError:
    hint = codes.suggestion(word)
    return UsageError(
        f"there is no code {word!r}", help=f"{hint}`mkmodelfile explain` without a code lists all of them"
    )
