"""No version that the project claims to work with has a known hole that concerns it."""

from __future__ import annotations

import subprocess

import pytest

from tools.advisories import (
    PYTHONS,
    ROOT,
    advisories,
    affected,
    lowest_claimed,
    project_table,
    resolved,
    shipped_extras,
)


def test_the_table_knows_what_was_reproduced() -> None:
    """jinja2 3.1.5 lets a chat template read environment variables into the prompt (CVE-2025-27516)."""
    assert "CVE-2025-27516" in {a.number for a in affected({"jinja2": "3.1.5"})}
    assert affected({"jinja2": "3.1.6"}) == []


def test_a_range_has_two_ends() -> None:
    of = {(a.number, str(a.first)): a for a in advisories() if a.package == "protobuf"}
    assert affected({"protobuf": "6.33.4"}) == [of["CVE-2026-0994", "6.30.0rc1"]]
    assert affected({"protobuf": "6.33.5"}) == []
    assert affected({"protobuf": "5.29.6"}) == []


def test_every_row_says_where_it_is_from() -> None:
    for a in advisories():
        assert a.number and a.source, a
        assert a.fixed is None or a.first < a.fixed, a
        assert a.fixed or a.excuse, f"{a.number}: no fix is known, so say why it does not concern us"


def test_the_lowest_versions_claimed_are_not_affected() -> None:
    table = project_table()
    requirements = list(table["dependencies"])
    for extra in shipped_extras():
        requirements += table["optional-dependencies"][extra]
    lowest = lowest_claimed(requirements)
    assert {"jinja2", "pillow", "sentencepiece"} <= set(lowest)
    assert affected(lowest) == []


def test_an_excuse_is_true() -> None:
    """click.edit() and llama-cpp-python's cache on disk are what two rows say that nobody uses."""
    for path in (ROOT / "modelfile_kit").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "click.edit" not in text, path
        assert "DiskCache" not in text, path


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("resolution", ["lowest-direct", "highest"])
def test_what_gets_installed_is_not_affected(python: str, resolution: str) -> None:
    try:
        versions = resolved(shipped_extras(), python, resolution)
    except subprocess.CalledProcessError as error:
        if any(word in error.stderr for word in ("error sending request", "dns error", "Failed to fetch")):
            pytest.skip("the package index does not answer")
        raise AssertionError(error.stderr) from error
    assert affected(versions) == []
