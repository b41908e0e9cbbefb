"""What renderings may take together."""

from __future__ import annotations

import pytest

from modelfile_kit.core.step_account import (
    StepAccount,
    open_accounts,
    remembered,
    steps_for_messages,
    steps_together,
)
from modelfile_kit.gotemplate import LimitError, parse
from modelfile_kit.huggingface import Reference, TemplateLimitError

CHAT = [{"role": "user", "content": "Hi"}]
JINJA = "{% for i in range(200) %}x{% endfor %}"
GO = "{{ range 300 }}{{ range 300 }}{{ end }}{{ end }}"


def test_nothing_is_open_by_itself() -> None:
    assert open_accounts() is None


def test_an_account_does_not_fall_below_nothing() -> None:
    assert StepAccount(10, 30).left == 0


def test_chat_templates_end_where_all_renderings_together_are_too_much() -> None:
    reference = Reference(JINJA)
    reference.render(CHAT)
    one = reference.steps
    with steps_together(3 * one + 10, 0) as accounts:
        for _ in range(3):
            reference.render(CHAT)
        assert accounts.jinja.left == 10
        with pytest.raises(
            TemplateLimitError, match=f"more than {3 * one + 10:,} steps in all its renderings"
        ):
            reference.render(CHAT)
        # nothing is left: the next one does not begin
        with pytest.raises(TemplateLimitError, match="in all its renderings"):
            Reference("x").render(CHAT)
    assert reference.render(CHAT) == "x" * 200


def test_templates_of_go_end_alike() -> None:
    template = parse(GO)
    with steps_together(0, 1_000_000) as accounts:
        template.execute(None)
        one = accounts.go.spent
        assert 90_000 <= one < 300_000
        with pytest.raises(LimitError, match="more than 1,000,000 steps in all its executions"):
            for _ in range(1_000_000 // one + 1):
                template.execute(None)
        with pytest.raises(LimitError, match="in all its executions"):
            parse("x").execute(None)
    assert template.execute(None) == ""


def test_accounts_of_one_piece_of_work_are_the_same() -> None:
    with steps_together(100, 100) as outer:
        with steps_together(5, 5) as inner:
            assert inner is outer
        with steps_for_messages(2) as own:
            assert own is not outer
            assert open_accounts() is own
        assert open_accounts() is outer


def test_an_answer_is_remembered_for_the_same_work_alone() -> None:
    asked: list[int] = []

    @remembered
    def double(n: int) -> int:
        asked.append(n)
        return 2 * n

    assert double(2) == double(2) == 4
    with steps_together(1, 1):
        assert double(2) == double(2) == 4
    with steps_together(1, 1):
        assert double(2) == 4
    assert double(3) == 6
    assert asked == [2, 2, 2, 3]
