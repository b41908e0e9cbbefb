"""The golden file of replies: written, compared, and told apart by kind."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from modelfile_kit.core.errors import UsageError
from modelfile_kit.micro import build_model
from modelfile_kit.ollama.reply_types import Reply, ToolCall
from modelfile_kit.replies.returned import Returned
from modelfile_kit.report.model import Case, Status
from modelfile_kit.testing.golden_replies import FILE_NAME, compare_replies, without_replies
from modelfile_kit.testing.golden_run import check_packages

CALL = Returned("call", "<call>look</call>", Reply(tool_calls=(ToolCall("look", {"at": "up", "n": 2}),)))
REPLIES = (Returned("answer", "Yes – 五", Reply(content="Yes – 五")), CALL, Returned("two calls"))
BY = "PARSER qwen3-coder"


def test_written_and_compared(tmp_path: Path) -> None:
    assert compare_replies(tmp_path, BY, REPLIES).status is Status.SKIPPED
    assert compare_replies(tmp_path, BY, REPLIES, update=True).summary == "written"
    assert compare_replies(tmp_path, BY, REPLIES, update=True).summary == "unchanged"
    case = compare_replies(tmp_path, BY, REPLIES)
    assert (case.status, case.summary) == (Status.PASSED, "2 kinds, read by PARSER qwen3-coder")
    called = [{"name": "look", "arguments": {"at": "up", "n": 2}}]
    call = {"writes": "<call>look</call>", "gets": {"tool_calls": called}}
    assert json.loads((tmp_path / FILE_NAME).read_text(encoding="utf-8")) == {
        "replies": 1,
        "read by": BY,
        "kinds": {
            "answer": {"writes": "Yes – 五", "gets": {"content": "Yes – 五"}},
            "call": call,
            "two calls": None,
        },
    }
    assert list(tmp_path.iterdir()) == [tmp_path / FILE_NAME]


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (replace(CALL, writes="<call>took</call>"), "what the model writes differs at character 6: 'took"),
        (replace(CALL, reply=Reply(content="<call>look</call>")), "tool_calls of the message"),
        (replace(CALL, always=False), "in pieces of every size"),
        (Returned("call"), "the chat template no longer shows it"),
    ],
)
def test_a_change_names_the_kind_and_the_place(tmp_path: Path, now: Returned, words: str) -> None:
    compare_replies(tmp_path, BY, REPLIES, update=True)
    case = compare_replies(tmp_path, BY, (REPLIES[0], now, REPLIES[2]))
    assert case.status is Status.FAILED
    (found,) = case.diagnostics
    assert found.code == "MK914"
    assert found.message.startswith("reply 'call': ")
    assert words in found.message


def test_another_reader_is_a_change(tmp_path: Path) -> None:
    compare_replies(tmp_path, BY, REPLIES, update=True)
    (found,) = compare_replies(tmp_path, "the TEMPLATE's tags", REPLIES).diagnostics
    assert "the TEMPLATE's tags" in found.message
    assert BY in found.message


@pytest.mark.parametrize(
    "text", ["", "[]", '{"replies": 1}', '{"replies": 1, "kinds": [1]}', "\0", "[" * 9999]
)
def test_a_broken_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text)
    with pytest.raises(UsageError, match="golden replies") as caught:
        compare_replies(tmp_path, BY, REPLIES)
    assert str(tmp_path / FILE_NAME) in str(caught.value.span)


def test_a_file_of_tomorrow(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text('{"replies": 2, "kinds": {}}')
    with pytest.raises(UsageError, match="version 2"):
        compare_replies(tmp_path, BY, REPLIES)


def test_a_package_without_replies(tmp_path: Path) -> None:
    assert without_replies(tmp_path, "native") == []
    compare_replies(tmp_path, BY, REPLIES, update=True)
    assert without_replies(tmp_path, "native")[0].status is Status.FAILED
    assert without_replies(tmp_path, "native", update=True)[0].status is Status.PASSED
    assert not (tmp_path / FILE_NAME).exists()


def test_a_package(tmp_path: Path) -> None:
    jinja = (
        "[gMASK]<sop>\n{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}{% endfor %}"
        "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
    )
    build_model(tmp_path / "m.gguf", chat_template=jinja)
    package = tmp_path / "mkmodelfile.yaml"
    package.write_text("name: m\nmodel: m.gguf\nprojector: none\nmode: go\n")

    def replies(update: bool = False) -> Case:
        cases = check_packages([package], tokens=False, update=update)
        return next(case for case in cases if case.name == "replies")

    assert replies().status is Status.SKIPPED
    assert replies(update=True).summary == "written"
    assert replies().status is Status.PASSED
    path = tmp_path / "golden" / FILE_NAME
    path.write_text(path.read_text(encoding="utf-8").replace("**one**", "**two**"), encoding="utf-8")
    assert replies().status is Status.FAILED
