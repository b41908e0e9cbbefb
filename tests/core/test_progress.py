from __future__ import annotations

from modelfile_kit.core.progress import Step, listening, tell_step, told_steps


def test_only_who_listens_is_told() -> None:
    outer: list[Step] = []
    inner: list[Step] = []
    tell_step("hash", "nobody")
    with listening(outer.append):
        tell_step("hash", "a", 1, 2)
        with listening(inner.append):
            tell_step("hash", "b")
        tell_step("hash", "c")
    tell_step("hash", "nobody")
    assert outer == [Step("hash", "a", 1, 2), Step("hash", "c")]
    assert inner == [Step("hash", "b")]


def test_an_item_is_told_before_it_is_worked_on() -> None:
    seen: list[object] = []
    with listening(seen.append):
        for item in told_steps("ask", (1, 2), "image {}".format, 2):
            seen.append(item)
    assert seen == [Step("ask", "image 1", 0, 2), 1, Step("ask", "image 2", 1, 2), 2]
