"""Replies as the model writes them and as the user gets them."""

from __future__ import annotations

from modelfile_kit.compiler.compile import translate
from modelfile_kit.huggingface import Reference
from modelfile_kit.ollama.prompt import PromptTemplate
from modelfile_kit.ollama.reply_types import Reply, ToolCall
from modelfile_kit.replies.returned import Returned, message_text, plain_message, returned
from modelfile_kit.replies.round_trip import Trip
from modelfile_kit.replies.spoken import ANSWER, THOUGHT, spoken_replies
from tests.replies import formats

END = "<|im_end|>"


def kinds(source: str) -> dict[str, Returned]:
    reference = Reference(source, eos_token=END)
    seen = PromptTemplate(translate(source, eos_token=END).template)
    return {one.kind: one for one in returned(Trip(spoken_replies(reference, END), seen).own())}


def test_what_is_written_comes_back() -> None:
    found = kinds(formats.JSON_CALLS)
    assert found["answer"].writes == ANSWER
    assert found["answer"].message() == {"content": ANSWER}
    assert found["thought and answer"].writes == f"<think>\n{THOUGHT}\n</think>\n\n{ANSWER}"
    message = found["thought and answer"].message()
    assert message is not None
    assert message["thinking"].strip() == THOUGHT
    assert message["content"].strip() == ANSWER
    call = {"name": "tool_q7", "arguments": {"text": "value-v1", "count": 73519}}
    assert found["call"].message() == {"tool_calls": [call]}
    assert not found["call"].problem


def test_calls_that_nobody_reads_are_text() -> None:
    call = kinds(formats.XML_CALLS)["call"]
    assert call.problem == "calls"
    assert call.message() == {"content": call.writes}


def test_a_kind_that_is_not_shown_is_absent() -> None:
    assert kinds(formats.NO_CALLS)["call"] == Returned("call")
    assert "answer by a schema" not in kinds(formats.NO_CALLS)


def test_messages_for_people() -> None:
    reply = Reply("why", "so", (ToolCall("look", {"where": ["up"]}),))
    assert (
        message_text(plain_message(reply)) == 'thinking: why\ncontent: so\ntool call: look {"where": ["up"]}'
    )
    assert message_text(plain_message(Reply(error="no"))) == "error: no"
    assert message_text(plain_message(Reply())) == "(an empty message)"
