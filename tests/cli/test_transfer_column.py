from __future__ import annotations

from rich.progress import Progress

from modelfile_kit.cli.transfer_column import TransferColumn


def test_bytes_and_rate_of_a_transfer() -> None:
    column, now = TransferColumn({"push"}), [0.0]
    bars = Progress(get_time=lambda: now[0])
    bars.add_task("push", total=4 << 30, stage="push")
    [task] = bars.tasks
    assert column.render(task).plain == "0 B of 4.00 GiB"
    bars.update(task.id, completed=1 << 20)
    now[0] = 2.0
    bars.update(task.id, completed=3 << 20)
    assert column.render(task).plain == "3.00 MiB of 4.00 GiB, 1.00 MiB/s"


def test_a_stage_that_moves_no_bytes_has_none() -> None:
    column, bars = TransferColumn({"push"}), Progress()
    for stage, total in (("verify", 10), ("push", None)):
        bars.add_task(stage, total=total, stage=stage)
        assert column.render(bars.tasks[-1]).plain == ""
