"""The lines of bars: what they say, and that they fit."""

from __future__ import annotations

import re

import pytest

from modelfile_kit.cli.bars import Moving, bar_lines
from modelfile_kit.core.progress import Step
from modelfile_kit.report.cells import columns


def plain(lines: list[str]) -> list[str]:
    return [re.sub(r"\x1b\[\d*m", "", line) for line in lines]


def moving(*steps: tuple[float, Step]) -> Moving:
    """A stage of which steps were told, each with its time."""
    stage = Moving(steps[0][1], steps[0][0])
    for now, step in steps:
        stage.take(step, now)
    return stage


def push(done: int, total: int = 4 << 30) -> Step:
    return Step("push", "m.gguf", done, total)


def test_bytes_and_rate_of_a_transfer() -> None:
    stage = moving((0.0, push(0)))
    assert stage.amount(0.0) == "0 B of 4.00 GiB"
    stage = moving((0.0, push(1 << 20)), (2.0, push(3 << 20)))
    assert stage.amount(2.0) == "3.00 MiB of 4.00 GiB, 1.00 MiB/s"
    # 4 GiB less 3 MiB, at 1 MiB a second
    assert stage.time(2.0) == "1:08:13 left"


def test_a_transfer_that_stands_still_gets_slower() -> None:
    stage = moving((0.0, push(0)), (1.0, push(4 << 20)))
    assert stage.rate(1.0) == 4 << 20
    assert stage.rate(4.0) == 1 << 20


def test_the_rate_is_that_of_the_last_seconds() -> None:
    slow = [(float(n), push(n << 10)) for n in range(60)]
    fast = [(60.0 + n, push((60 << 10) + (n << 20))) for n in range(40)]
    assert moving(*slow, *fast).rate(99.0) == pytest.approx(1 << 20, rel=0.01)


def test_steps_that_come_quickly_are_not_all_kept() -> None:
    stage = moving(*((n / 1000, push(n)) for n in range(10_000)))
    assert len(stage.samples) < 50
    assert stage.rate(9.999) == pytest.approx(1000, rel=0.01)


def test_another_file_of_the_same_stage_begins_anew() -> None:
    stage = moving((0.0, push(0)), (5.0, push(5 << 20)), (6.0, push(0)))
    assert (stage.rate(6.0), stage.time(9.0)) == (0.0, "0:03")


def test_a_stage_that_moves_no_bytes_has_a_count() -> None:
    for step, text in (
        (Step("verify", "", 0, 10), "0 of 10"),
        (Step("push", ""), ""),
        (Step("prove", "", 1200), ""),
    ):
        assert moving((0.0, step)).amount(0.0) == text


def test_the_time_so_far_where_the_end_is_not_known() -> None:
    assert moving((0.0, Step("prove", ""))).time(83.0) == "1:23"
    # all of it is done
    assert moving((0.0, push(0)), (2.0, push(4 << 30))).time(2.0) == "0:02"


def test_lines_of_several_stages_stand_below_each_other() -> None:
    hashed = moving((0.0, Step("hash", "a.gguf", 1, 4)))
    verified = moving((0.0, Step("verify", "images", 9, 9)))
    assert plain(bar_lines([hashed, verified], 80, 3.0)) == [
        "hash a.gguf                           ━━━━━━━━━━━━━━━━━━━━  25% 1 B of 4 B 0:03",
        "verify images                         ━━━━━━━━━━━━━━━━━━━━ 100%     9 of 9 0:03",
    ]
    full = "\x1b[36m" + "━" * 20 + "\x1b[0m"
    assert full in bar_lines([verified], 80, 3.0)[0]


@pytest.mark.parametrize("width", [40, 60, 80, 200])
@pytest.mark.parametrize("name", ["a-long-name-" * 30, "模型" * 60, "m.gguf"])
def test_a_line_is_narrower_than_the_terminal(width: int, name: str) -> None:
    stage = moving((0.0, Step("fetch", name, 1 << 20, 3 << 30)), (2.0, Step("fetch", name, 2 << 20, 3 << 30)))
    [line] = plain(bar_lines([stage], width, 2.0))
    assert width - 3 < columns(line) < width
    assert "━" in line


def test_a_name_from_outside_is_shown() -> None:
    [line] = plain(bar_lines([moving((0.0, Step("load", "m\x9b2J\n.gguf")))], 80, 0.0))
    assert line.startswith("load m\\x9b2J\\n.gguf ")
