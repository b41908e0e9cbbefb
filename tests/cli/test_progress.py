"""How long work is shown: the lines of a log, the columns of a bar, and nothing between results."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from rich.progress import Progress

from modelfile_kit.cli.progress import Lines, count_line, draws_bars, progress_line
from modelfile_kit.cli.progress_columns import AmountColumn, TimeColumn
from modelfile_kit.core.progress import Step


def test_bytes_and_rate_of_a_transfer() -> None:
    column, now = AmountColumn({"push"}), [0.0]
    bars = Progress(get_time=lambda: now[0])
    bars.add_task("push", total=4 << 30, stage="push")
    [task] = bars.tasks
    assert column.render(task).plain == "0 B of 4.00 GiB"
    bars.update(task.id, completed=1 << 20)
    now[0] = 2.0
    bars.update(task.id, completed=3 << 20)
    assert column.render(task).plain == "3.00 MiB of 4.00 GiB, 1.00 MiB/s"
    # 4 GiB less 3 MiB, at 1 MiB a second
    assert TimeColumn().render(task).plain == "1:08:13 left"


def test_a_stage_that_moves_no_bytes_has_a_count() -> None:
    column, bars = AmountColumn({"push"}), Progress()
    for stage, total, text in (("verify", 10, "0 of 10"), ("push", None, ""), ("prove", None, "")):
        bars.add_task(stage, total=total, stage=stage)
        assert column.render(bars.tasks[-1]).plain == text


def test_the_time_so_far_where_the_end_is_not_known() -> None:
    now = [0.0]
    bars = Progress(get_time=lambda: now[0])
    bars.add_task("prove", total=None, stage="prove")
    now[0] = 83.0
    assert TimeColumn().render(bars.tasks[0]).plain == "1:23"


def test_lines_say_bytes_rate_and_time_left() -> None:
    assert progress_line("hash m.gguf", 1 << 30, 3 << 30, 1 << 29, 4.0) == (
        "hash m.gguf: 1.00 GiB of 3.00 GiB, 128 MiB/s, 0:16 left"
    )
    assert progress_line("fetch \x1b[2J", 2048, 0, 0, 0.0) == "fetch \\x1b[2J: 2.00 KiB"
    # a file that is fetched from its beginning again
    assert progress_line("fetch m.gguf", 1024, 4096, -1024, 6.0) == "fetch m.gguf: 1.00 KiB of 4.00 KiB"
    assert count_line(Step("verify", "images", 3, 9), 3, 6.0) == "verify images: 3 of 9, 0:12 left"
    assert count_line(Step("prove", "chat", 1200), 0, 61.0) == "prove chat: 1,200, 1:01 so far"
    assert count_line(Step("load", "m\x9b2J.gguf"), 0, 0.0) == "load m\\x9b2J.gguf"


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr("modelfile_kit.cli.progress.tell", lines.append)
    return lines


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[float], None]]:
    now = [100.0]
    monkeypatch.setattr("modelfile_kit.cli.progress.time.monotonic", lambda: now[0])
    yield lambda seconds: now.__setitem__(0, now[0] + seconds)


def test_a_line_every_few_seconds(told: list[str], clock: Callable[[float], None]) -> None:
    lines = Lines()
    for percent in range(0, 101, 2):
        lines.tell(Step("hash", "m.gguf", percent * 1024, 102_400))
        clock(0.25)
    # 12.5 seconds: two lines, and none for what ended before the first was due
    assert told == [
        "… hash m.gguf: 40.0 KiB of 100 KiB, 8.00 KiB/s, 0:07 left",
        "… hash m.gguf: 80.0 KiB of 100 KiB, 8.00 KiB/s, 0:02 left",
    ]


def test_short_work_has_no_line(told: list[str], clock: Callable[[float], None]) -> None:
    lines = Lines()
    for name in ("a", "b", "c"):
        lines.show(Step("upload", name, 5, 5))
        clock(1.0)
    assert told == []


def test_verbose_has_a_line_for_every_step_that_is_shown(told: list[str]) -> None:
    lines = Lines(verbose=True)
    for done in range(3):
        lines.show(Step("verify", f"check {done // 2}", done, 3))
        lines.tell(Step("prove", f"conversation {done}", done))
    assert told == ["verify check 0", "verify check 1"]


def test_work_that_says_nothing_is_told_to_go_on(told: list[str], clock: Callable[[float], None]) -> None:
    lines = Lines("publish")
    lines.tell(Step("create", "quantizing F16 model to Q4_K_M"))
    for _ in range(48):
        clock(0.25)
        lines.beat()
    lines.tell(Step("create", "quantizing F16 model to Q4_K_M", 1, 1))  # done
    for _ in range(24):
        clock(0.25)
        lines.beat()
    assert told == [
        "… create quantizing F16 model to Q4_K_M: 0:05 so far",
        "… create quantizing F16 model to Q4_K_M: 0:10 so far",
        "… publish: 0:05 so far",
    ]


def test_what_stands_still_is_told_more_rarely_and_nothing_is_guessed(
    told: list[str], clock: Callable[[float], None]
) -> None:
    lines = Lines("verify")
    for done in range(11):
        lines.show(Step("verify", "images", done, 13))
        clock(0.5)
    for _ in range(120):
        clock(0.5)
        lines.beat()
    lines.show(Step("verify", "sound", 11, 13))
    clock(0.5)
    lines.beat()
    first, *still, last = told
    assert first == "… verify images: 10 of 13, 0:01 left"
    assert still == [f"… verify images: 10 of 13, 0:{s} so far" for s in (10, 20, 40)]
    assert last == "… verify sound: 11 of 13, 0:11 left"  # 65.5 seconds for 11


def test_bytes_that_do_not_come_are_told(told: list[str], clock: Callable[[float], None]) -> None:
    lines = Lines("pull")
    lines.show(Step("fetch", "m.gguf", 0, 4096))
    clock(2.0)
    lines.show(Step("fetch", "m.gguf", 2048, 4096))
    clock(6.0)
    lines.beat()
    assert told == ["… fetch m.gguf: 2.00 KiB of 4.00 KiB, 256 B/s, 0:08 left"]


def test_a_result_ends_the_step_before_it(told: list[str], clock: Callable[[float], None]) -> None:
    lines = Lines("serve")
    lines.tell(Step("load", "m.gguf"))
    clock(4.0)
    lines.clear()  # as before anything that is written
    clock(4.0)
    lines.beat()
    assert told == []
    lines.idle = True  # requests are waited for
    clock(100.0)
    lines.beat()
    assert told == []


class _Stream:
    def __init__(self, terminal: bool) -> None:
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


@pytest.mark.parametrize(
    ("environment", "terminal", "drawn"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"CI": "true"}, True, False),
        ({"CI": "false"}, True, True),
        ({"NO_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, True, False),
        ({"FORCE_COLOR": "1"}, False, False),
        ({"FORCE_COLOR": "1", "CI": "1"}, True, False),
    ],
)
def test_where_bars_are_drawn(
    environment: dict[str, str], terminal: bool, drawn: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CI", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert draws_bars(_Stream(terminal)) is drawn


# Long work whose results go to a pipe while its bar would be on standard error.
WORK = """
import click, time
from modelfile_kit.cli.command import Command
from modelfile_kit.cli.flags import Flags
from modelfile_kit.cli.output import show
from modelfile_kit.core.progress import tell_step

@click.command(cls=Command)
def command():
    for number in range(40):
        tell_step("prove", "chat conversations", number, 40)
        time.sleep(0.04)
    show("the result")
    tell_step("prove", "chat conversations", 39, 40)

command.main([], standalone_mode=False, obj=Flags())
"""


def test_a_bar_is_gone_before_a_result_is_written() -> None:
    pytest.importorskip("pty", reason="this system has no pseudo terminals")
    from tests.pseudo_terminal import OnTerminal

    clean = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "CI", "COLUMNS", "LINES")}
    process = OnTerminal(["-c", WORK], {**clean, "TERM": "xterm-256color"}, columns=80)
    seen = b"".join(process.pieces()).decode()
    assert process.wait() == 0
    before, after = seen.split("the result")
    assert "prove chat conversations" in before
    assert "left" in before
    # the cursor is back, one line up, and that line is cleared
    erased = "\x1b[?25h\r\x1b[1A\x1b[2K"
    assert before.endswith(erased)
    assert after.endswith(erased)


def test_a_log_of_short_work_has_the_result_alone() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WORK],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert (done.stdout, done.stderr) == ("the result\n", "")


# One call that takes long and says nothing; what it is called is told, or not.
CALL = """
import contextlib, sys, time
import click
import modelfile_kit.cli.progress as progress
from modelfile_kit.cli.command import Command
from modelfile_kit.cli.flags import Flags
from modelfile_kit.cli.output import show
from modelfile_kit.core.progress import working

progress.LINE_SECONDS = 0.2

@click.command("publish", cls=Command)
def command():
    with working("load", "m.gguf") if "told" in sys.argv else contextlib.nullcontext():
        time.sleep(1.6)
    show("the result")
    with progress.nobody_waits():
        time.sleep(1.2)
    show("the end")

command.main([], standalone_mode=False, obj=Flags())
"""


@pytest.mark.parametrize(("word", "title"), [("told", "load m.gguf"), ("silent", "publish")])
def test_a_log_of_one_long_call_has_lines(word: str, title: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CALL, word],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stdout == "the result\nthe end\n"
    lines = done.stderr.splitlines()
    assert len(lines) > 2
    assert all(line.startswith(f"… {title}") for line in lines)
    assert lines[-1] == f"… {title}: 0:01 so far"


@pytest.mark.parametrize(("word", "title"), [("told", "load m.gguf"), ("silent", "publish")])
def test_one_long_call_is_drawn_and_erased(word: str, title: str) -> None:
    pytest.importorskip("pty", reason="this system has no pseudo terminals")
    from tests.pseudo_terminal import OnTerminal

    clean = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "CI", "COLUMNS", "LINES")}
    process = OnTerminal(["-c", CALL, word], {**clean, "TERM": "xterm-256color"}, columns=80)
    seen = b"".join(process.pieces()).decode()
    assert process.wait() == 0
    before, after = seen.split("the result")
    assert title in before and "0:01" in before
    # the cursor is back, one line up, and that line is cleared
    assert before.endswith("\x1b[?25h\r\x1b[1A\x1b[2K")
    assert after.split() == ["the", "end"]  # nothing is drawn where nobody waits
