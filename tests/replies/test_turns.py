"""Turns are cut out of the reference's renderings at the right places."""

from __future__ import annotations

import pytest

from modelfile_kit.huggingface import Reference, render
from modelfile_kit.replies import turns
from modelfile_kit.replies.turns import ANSWER, THOUGHT, Turn, common, turns_of
from tests.replies import formats


def only(source: str, **wanted: object) -> Turn:
    found = [t for t in turns_of(Reference(source)) if all(getattr(t, k) == v for k, v in wanted.items())]
    assert len(found) == 1
    return found[0]


def test_an_answer() -> None:
    turn = only(formats.JSON_CALLS, think=None, calls=0)
    assert turn.goes_on
    assert (turn.inside, turn.tail) == (ANSWER, "<|im_end|>\n")
    assert turn.following == "<|im_end|>\n<|im_start|>user\n"


def test_a_thought() -> None:
    turn = only(formats.JSON_CALLS, think=True, thinks=True, calls=0)
    assert turn.inside == f"<think>\n{THOUGHT}\n</think>\n\n{ANSWER}"


def test_calls() -> None:
    one = only(formats.JSON_CALLS, think=None, calls=1, content="")
    two = only(formats.JSON_CALLS, think=None, calls=2)
    assert one.inside.startswith('<tool_call>\n{"name": "tool_q7", "arguments": {"x": "value-v1"')
    assert one.tail == "}}\n</tool_call><|im_end|>\n"
    assert two.inside.count("<tool_call>") == 2
    assert two.following == '"}}\n</tool_call><|im_end|>\n<|im_start|>tool\n'


def test_a_prompt_that_opens_a_thought_parts_from_former_turns() -> None:
    turn = only(formats.OPENED, think=None, calls=0)
    assert not turn.goes_on
    assert turn.prompt == turn.before + "<think>\n"
    assert turn.text == ANSWER + "<|im_end|>\n"


def test_what_the_reference_refuses_is_left_out() -> None:
    refusal = "{% if m.tool_calls %}{{ raise_exception('no') }}{% endif %}"
    source = "{% for m in messages %}{{ m.content }}" + refusal + "{% endfor %}"
    assert {t.calls for t in turns_of(Reference(source))} == {0}


def test_common() -> None:
    assert common("abc", "abd") == 2
    assert common("ab", "abd", "abc") == 2
    assert common("", "a") == 0
    assert common("same", "same") == 4


def test_turns_of_a_slow_template_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = "{% for i in range(20000) %}{% set x = i %}{% endfor %}" + formats.JSON_CALLS
    monkeypatch.setattr(turns, "STEPS_MAX", 100)
    assert len(turns_of(Reference(slow))) == 1


def test_a_limit_that_ended_a_look_is_known_to_whoever_asks_later(monkeypatch: pytest.MonkeyPatch) -> None:
    source = "{# asked for here alone #}" + formats.JSON_CALLS
    monkeypatch.setattr(render, "LOOK_STEPS", 20)
    first, second = Reference(source), Reference(source)
    assert {turn.calls for turn in turns_of(first)} == {0}  # those with calls take more
    assert "more than 20 steps" in first.look_ended
    assert second.look_ended == ""
    assert turns_of(second) == turns_of(first)
    assert second.look_ended == first.look_ended


def test_a_whole_look_ended_by_no_limit() -> None:
    reference = Reference(formats.JSON_CALLS)
    assert turns_of(reference)
    assert reference.look_ended == ""
