from __future__ import annotations

import pytest

from modelfile_kit.core.progress import Step, listening, tell_step, told_steps, working


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


def test_work_is_told_to_be_done_however_it_ends() -> None:
    seen: list[object] = []
    with listening(seen.append), pytest.raises(OSError, match="full"), working("copy", "m.gguf"):
        seen.append("at work")
        raise OSError("full")
    assert seen == [Step("copy", "m.gguf"), "at work", Step("copy", "m.gguf", 1, 1)]
    assert [step.complete for step in seen if isinstance(step, Step)] == [False, True]


@pytest.mark.parametrize(
    ("done", "total", "complete"), [(0, 0, False), (3, 0, False), (2, 3, False), (3, 3, True)]
)
def test_a_step_is_complete_where_all_of_it_is_done(done: int, total: int, complete: bool) -> None:
    assert Step("hash", "m.gguf", done, total).complete is complete
