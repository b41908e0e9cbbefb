"""Work that is done by the first who needs it."""

from __future__ import annotations

from functools import partial

import pytest

from modelfile_kit.building.shared_work import SharedWork


def test_equal_keys_share_and_others_do_not() -> None:
    work, seen = SharedWork(), []

    def do(value: int) -> int:
        seen.append(value)
        return value

    asked = [("compile", "a", 1), ("compile", "a", 2), ("compile", "b", 3), ("proof", "a", 4)]
    assert [work.once(name, key, partial(do, value)) for name, key, value in asked] == [1, 1, 3, 4]
    assert seen == [1, 3, 4]
    assert work.counts == {"compile": 2, "proof": 1}


def test_an_error_is_not_kept() -> None:
    work = SharedWork()
    with pytest.raises(ZeroDivisionError):
        work.once("compile", "a", lambda: 1 // 0)
    assert work.once("compile", "a", lambda: 5) == 5
