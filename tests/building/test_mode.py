"""TEMPLATE or the GGUF's own Jinja: what is proven wins."""

from __future__ import annotations

import pytest

from modelfile_kit.building.mode import choose_mode
from modelfile_kit.diagnostics import Span
from modelfile_kit.ollama.targets import Target

EXACT = {"chat": "exact", "tools": "absent"}
SOME = {"chat": "exact", "tools": "partial"}
PARTIAL = {"chat": "partial"}
NOTHING = {"chat": "unsupported"}


@pytest.mark.parametrize(
    ("asked", "coverage", "origin", "target", "added", "chosen", "codes"),
    [
        ("auto", EXACT, "gguf", ">=0.30", False, "go", []),
        ("auto", SOME, "gguf", ">=0.30", False, "go", ["MK514"]),
        ("auto", PARTIAL, "gguf", ">=0.30", False, "native", []),
        ("auto", PARTIAL, "gguf", ">=0.29", False, "go", ["MK514"]),
        ("auto", PARTIAL, "family:glm4", ">=0.30", False, "go", ["MK514"]),
        ("auto", PARTIAL, "gguf", ">=0.30", True, "go", ["MK514"]),
        ("auto", NOTHING, "gguf", ">=0.30", False, "native", []),
        ("auto", NOTHING, "gguf", "0.17.4", False, "go", ["MK515"]),
        ("auto", NOTHING, "t.jinja", ">=0.30", False, "go", ["MK515"]),
        ("go", PARTIAL, "gguf", ">=0.30", False, "go", ["MK514"]),
        ("go", NOTHING, "gguf", ">=0.30", False, "go", ["MK515"]),
        ("native", None, "gguf", ">=0.30", False, "native", []),
        ("auto", None, "gguf", ">=0.30", False, "go", []),
    ],
)
def test_choice(
    asked: str,
    coverage: dict[str, str] | None,
    origin: str,
    target: str,
    added: bool,
    chosen: str,
    codes: list[str],
) -> None:
    mode = choose_mode(
        asked,
        coverage,
        origin=origin,
        target=Target.parse(target),
        needs_template=added,
        pictures=False,
        span=Span(),
    )
    assert mode.chosen == chosen
    assert [d.code for d in mode.diagnostics] == codes
    assert mode.why or codes == ["MK515"]


def test_old_servers_are_named_as_the_reason() -> None:
    mode = choose_mode(
        "auto",
        NOTHING,
        origin="gguf",
        target=Target.parse("0.17"),
        needs_template=False,
        pictures=False,
        span=Span(),
    )
    assert ">=0.30" in mode.diagnostics[0].help


@pytest.mark.parametrize(("coverage", "chosen"), [(PARTIAL, "go"), (NOTHING, "native"), (EXACT, "go")])
def test_native_is_the_last_choice_where_there_are_pictures(coverage: dict[str, str], chosen: str) -> None:
    mode = choose_mode(
        "auto",
        coverage,
        origin="gguf",
        target=Target.parse("latest"),
        needs_template=False,
        pictures=True,
        span=Span(),
    )
    assert mode.chosen == chosen
