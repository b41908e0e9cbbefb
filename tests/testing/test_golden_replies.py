"""The golden file of replies: written, compared, and told apart by kind."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from modelfile_kit.building import native_way
from modelfile_kit.building.build import build
from modelfile_kit.core.errors import UsageError
from modelfile_kit.micro import build_model
from modelfile_kit.ollama.reply_types import Reply, ToolCall
from modelfile_kit.replies.returned import Returned
from modelfile_kit.report.model import Case, Status
from modelfile_kit.testing.golden_replies import FILE_NAME, compare_native, compare_replies, without_replies
from modelfile_kit.testing.golden_run import check_packages
from tests.replies import formats

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


@pytest.mark.parametrize("text", ["[]", "null", '"x"', "5", '{"replies": 1}', '{"answer": {"writes": 1}}'])
def test_other_json_is_told_with_what_is_expected(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text)
    with pytest.raises(UsageError, match="expected a JSON object with `replies` and `kinds`"):
        compare_replies(tmp_path, BY, REPLIES)


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


WRITTEN = (Returned("answer", "Yes – 五"), Returned("call", "<call>look</call>"), Returned("two calls"))
ENGINE = "llama-server 7"


def native(folder: Path, replies: tuple[Returned, ...], engine: str = ENGINE, update: bool = False) -> Case:
    why_not = "" if engine else "llama-server was not found on this machine"
    return compare_native(folder, replies, engine, why_not, update=update)


def test_native_mode_holds_what_is_written_on_every_machine(tmp_path: Path) -> None:
    assert native(tmp_path, WRITTEN, "").status is Status.SKIPPED
    assert native(tmp_path, WRITTEN, "", update=True).summary == "written"
    case = native(tmp_path, WRITTEN, "")
    assert case.status is Status.PASSED
    assert case.summary.endswith("was not compared: llama-server was not found on this machine")
    # another machine, with a llama-server that is not recorded
    assert native(tmp_path, REPLIES).summary.endswith(f"{ENGINE} is not among the builds in {FILE_NAME}")
    changed = (WRITTEN[0], replace(WRITTEN[1], writes="<call>took</call>"), WRITTEN[2])
    (found,) = native(tmp_path, changed, "").diagnostics
    assert "what the model writes differs at character 6" in found.message


def test_native_mode_holds_what_comes_back_of_the_builds_that_were_asked(tmp_path: Path) -> None:
    native(tmp_path, REPLIES, update=True)
    native(tmp_path, REPLIES, "llama-server 8", update=True)
    golden = json.loads((tmp_path / FILE_NAME).read_text(encoding="utf-8"))
    assert list(golden["builds"]) == [ENGINE, "llama-server 8"]
    assert golden["kinds"]["call"] == {"writes": "<call>look</call>"}
    case = native(tmp_path, REPLIES)
    assert (case.status, case.summary) == (
        Status.PASSED,
        f"2 kinds as the model writes them; read by {ENGINE}",
    )
    lost = (REPLIES[0], replace(CALL, reply=Reply(content="<call>look</call>")), REPLIES[2])
    (found,) = native(tmp_path, lost).diagnostics
    assert found.code == "MK914"
    assert "tool_calls of the message" in found.message
    # where no llama-server is, what others recorded stays
    assert native(tmp_path, WRITTEN, "", update=True).summary == "unchanged"
    # other replies make what was recorded worthless
    changed = (WRITTEN[0], replace(WRITTEN[1], writes="<call>took</call>"), WRITTEN[2])
    native(tmp_path, changed, "", update=True)
    assert json.loads((tmp_path / FILE_NAME).read_text(encoding="utf-8"))["builds"] == {}


def test_a_package_in_native_mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a llama-server the golden file has what is written; with one, what comes back too."""
    monkeypatch.setattr(native_way, "find_llama_server", lambda: None)
    build_model(tmp_path / "m.gguf", chat_template=formats.JSON_CALLS)
    package = tmp_path / "mkmodelfile.yaml"
    package.write_text("name: m\nmodel: m.gguf\nprojector: none\nmode: native\n")
    assert build(package, write=False).round_trip() is None

    def replies(update: bool = False) -> Case:
        cases = check_packages([package], tokens=False, update=update)
        return next(case for case in cases if case.name == "replies")

    assert replies(update=True).summary == "written"
    assert replies().status is Status.PASSED
    path = tmp_path / "golden" / FILE_NAME
    kinds = json.loads(path.read_text(encoding="utf-8"))["kinds"]
    assert "<tool_call>" in kinds["call"]["writes"]
    path.write_text(path.read_text(encoding="utf-8").replace("**one**", "**two**"), encoding="utf-8")
    assert replies().status is Status.FAILED


def test_a_package_with_a_renderer(tmp_path: Path) -> None:
    """The PARSER reads the replies to the renderer's prompts, as with a TEMPLATE."""
    tokens = ["<|im_start|>", "<|im_end|>", "<think>", "</think>", "<tool_call>", "</tool_call>"]
    build_model(tmp_path / "m.gguf", chat_template=formats.JSON_CALLS, extra_tokens=tokens)
    package = tmp_path / "mkmodelfile.yaml"
    names = "renderer: qwen3-vl-thinking\nparser: qwen3-vl-thinking\n"
    package.write_text(f"name: m\nmodel: m.gguf\nprojector: none\n{names}")
    trip = build(package, write=False).round_trip()
    assert trip is not None
    assert trip.read["call"]
    cases = check_packages([package], tokens=False, update=True)
    assert [c.summary for c in cases if c.name == "replies"] == ["written"]
    golden = json.loads((tmp_path / "golden" / FILE_NAME).read_text(encoding="utf-8"))
    assert golden["read by"] == "PARSER qwen3-vl-thinking"
    called = golden["kinds"]["call"]["gets"]["tool_calls"]
    assert called == [{"name": "tool_q7", "arguments": {"text": "value-v1", "count": 73519}}]
