"""What counts as read back, and how what is not is told; trials themselves are seen on a real server."""

from __future__ import annotations

import pytest

from modelfile_kit.ollama.reply_types import ToolCall
from modelfile_kit.publish.reply_trials import Seen, Trial, findings, problem_of
from modelfile_kit.replies.round_trip import same_calls
from modelfile_kit.replies.spoken import KINDS, Spoken
from modelfile_kit.runtime.ollama.messages import WAYS, Answer

KIND = {kind.name: kind for kind in KINDS}
CALL = ("tool_q7", {"text": "value-v1", "count": 73519})


def spoken(name: str, text: str = "written") -> Spoken:
    return Spoken(KIND[name], text, None, "prompt")


@pytest.mark.parametrize(
    ("kind", "answer", "problem"),
    [
        ("call", Answer(calls=(CALL,)), ""),
        ("call", Answer(calls=(CALL, CALL)), "calls"),
        ("call", Answer(content="tool_q7"), "calls"),
        ("call", Answer(calls=(CALL,), content="</tool_call>"), "content"),
        ("call", Answer(calls=(CALL,), thinking="x"), "thinking"),
        ("answer", Answer(content=KIND["answer"].content + "\n"), ""),
        ("answer", Answer(content="<|message|>" + KIND["answer"].content), "content"),
        ("answer", Answer(thinking=KIND["answer"].content), "thinking"),
    ],
)
def test_problems(kind, answer, problem):
    assert problem_of(answer, KIND[kind]) == problem


def test_arguments_are_compared_by_value_and_type():
    def same(found, wanted):
        return same_calls([("f", found)], [ToolCall("f", wanted)])

    assert same({"a": 2.0, "b": [1]}, {"b": [1.0], "a": 2})
    assert not same({"a": 1}, {"a": True})
    assert not same({"a": "1"}, {"a": 1})
    assert not same({"a": None}, {})
    assert not same_calls([("g", {})], [ToolCall("f", {})])


def test_a_problem_of_some_ways_names_them():
    seen = [Seen(WAYS[1], Answer(content="<call>x"), "calls"), Seen(WAYS[3], None, "refused", "no XML")]
    better = "add `PARSER qwen3-coder`, which reads all; "
    calls, refused = findings(spoken("call", "<tool_call>\n<function=f>"), seen, 4, "", better)
    assert (calls.code, refused.code) == ("MK870", "MK873")
    assert calls.message.startswith("call (/api/chat, streamed): the tool calls are not read back")
    assert "the user gets the text '<call>x'" in calls.message
    assert calls.help.startswith("add `PARSER qwen3-coder`")
    assert "ends the answer with an error: 'no XML'" in refused.message


def test_a_parser_in_use_is_not_advised_again():
    seen = [Seen(WAYS[0], None, "refused", "no XML")]
    (refused,) = findings(spoken("call", "<function=f>\n<parameter=x>"), seen, 1, "qwen3-coder")
    assert "by PARSER qwen3-coder" in refused.message
    assert "add `PARSER" not in refused.help


def test_status():
    good, bad = Seen(WAYS[0], Answer()), Seen(WAYS[1], Answer(), "content")
    one = spoken("answer")
    assert Trial(KIND["answer"]).status == "absent"
    assert Trial(KIND["answer"], one, (good,)).status == "read"
    assert Trial(KIND["answer"], one, (good, bad)).status == "partly"
    assert Trial(KIND["answer"], one, (bad,)).status == "unread"
    assert Trial(KIND["answer"], one, skipped="why").status == "skipped"
