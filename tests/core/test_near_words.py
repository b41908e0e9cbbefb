"""Words that were mistyped, and texts that nobody types."""

from __future__ import annotations

import pytest

from modelfile_kit.core import near_words
from modelfile_kit.core.near_words import MAX_CHARACTERS, MAX_KNOWN, near_word


def test_a_mistyped_word() -> None:
    assert near_word("tempreture", ["top_p", "temperature"]) == "temperature"
    assert near_word("xyz", ["top_p", "temperature"]) == ""
    assert near_word("publsih", ["publish"]) == "publish"
    assert near_word("publsih", ["publish"], cutoff=0.9) == ""


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("n" * 1_000_000, ["target"]),
        ("target", ["n" * 1_000_000]),
        ("target", ["targex"] * 1_000_000),
    ],
)
def test_what_takes_minutes_is_not_compared(
    word: str, known: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    work = 0

    def counted(word: str, known: list[str], **more: float) -> list[str]:
        nonlocal work
        work += len(word) + sum(map(len, known))
        return []

    monkeypatch.setattr(near_words, "get_close_matches", counted)
    near_word(word, known)
    assert work <= MAX_CHARACTERS + MAX_KNOWN * len("target")
