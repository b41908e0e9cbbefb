"""Every code in the source has a page, and every page a code in the source; old codes lead to new ones."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelfile_kit.core import codes
from modelfile_kit.core.codes import HEADINGS, Code
from modelfile_kit.core.codes.registry import PAGES

PACKAGE = Path(__file__).parents[2] / "modelfile_kit"
_CODE = re.compile(r"MK\d{3}")
ALL = pytest.mark.parametrize("code", codes.all_codes(), ids=lambda c: c.code)


def raised() -> dict[str, set[str]]:
    """The files in which each code is written as a value that a finding can get, not only asked for."""
    found: dict[str, set[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for constant in _values(tree):
            if _CODE.fullmatch(constant):
                found.setdefault(constant, set()).add(path.relative_to(PACKAGE).as_posix())
    return found


def _values(node: ast.AST) -> Iterator[str]:
    """The texts of a tree that are not operands of a comparison or members of a set."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    if isinstance(node, (ast.Compare, ast.Set)) or (
        isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("frozenset", "complaints")
    ):
        return
    for child in ast.iter_child_nodes(node):
        yield from _values(child)


def test_every_code_in_the_source_is_one_of_today() -> None:
    unknown = {code: files for code, files in raised().items() if codes.current(code) != (code,)}
    assert unknown == {}, "write modelfile_kit/core/codes/pages/CODE.md, or use the code that took its place"


def test_codes_that_are_asked_for_are_ones_of_today() -> None:
    texts = {p: p.read_text(encoding="utf-8") for p in sorted(PACKAGE.rglob("*.py"))}
    found = {(p.name, code) for p, text in texts.items() for code in _CODE.findall(text)}
    assert {pair for pair in found if codes.current(pair[1]) != (pair[1],)} == set()


def test_every_page_is_of_a_code_that_something_raises() -> None:
    groups = {code.code for code in codes.all_codes() if code.members}
    assert {code.code for code in codes.all_codes()} - set(raised()) - groups == set()


def test_no_name_is_used_twice() -> None:
    names = [name for code in codes.all_codes() for name in (code.name, *code.formerly)]
    assert sorted(names) == sorted(set(names))


@ALL
def test_a_page_is_complete(code: Code) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code.name)
    assert code.title
    assert not code.title.endswith(".")
    heads = re.findall(r"^# (.*)$", code.page, re.MULTILINE)
    # an example may have comments, which look like heads only without their indentation
    assert tuple(heads) == HEADINGS
    assert all(code.section(heading) for heading in HEADINGS)
    assert max(map(len, code.page.splitlines())) <= 110


@ALL
def test_is_found_by_code_and_name(code: Code) -> None:
    assert codes.find(code.code.lower()) is codes.find(code.name.upper()) is code
    assert codes.current(code.code) == (code.code,)
    assert codes.name_of(code.code) == code.name
    assert codes.help_uri(code.code).endswith(f"#{code.code.lower()}-{code.name}")


@ALL
def test_a_group_stands_for_codes_of_today(code: Code) -> None:
    assert all(codes.current(member) == (member,) for member in code.members)
    assert code.code not in code.members


def test_an_old_code_leads_to_codes_or_groups_of_today() -> None:
    assert len(codes.renamed()) > 30
    for old, now in codes.renamed().items():
        assert now
        assert all(codes.current(code) == (code,) for code in now)
        found = codes.find(old)
        assert found is not None
        assert found.code == now[0]


def test_a_name_of_the_past_still_finds_its_code() -> None:
    found = codes.find("picture-lost")
    assert found is not None
    assert (found.code, found.name) == ("MK249", "image-lost")


def test_nothing_is_found_under_what_is_no_code() -> None:
    for word in ("", "MK", "MK000", "MK1000", "../MK130", "no-such-name", "MK10\n1"):
        assert codes.find(word) is None
        assert codes.current(word) == ()
    assert codes.name_of("MK000") == codes.help_uri("MK000") == ""


def test_every_file_among_the_pages_is_one() -> None:
    assert {p.suffix for p in PAGES.iterdir()} == {".md"}
    assert all(_CODE.fullmatch(p.stem) for p in PAGES.iterdir())


def test_the_changelog_has_every_code_that_changed() -> None:
    text = (PACKAGE.parent / "CHANGELOG.md").read_text(encoding="utf-8")
    for old, now in codes.renamed().items():
        told = ", ".join(f"{code} {codes.name_of(code)}" for code in now)
        assert f"| {old} | {told} |" in text, old
