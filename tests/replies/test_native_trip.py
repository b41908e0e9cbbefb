"""Native replies, as a stand-in for llama-server gives them: what counts as read, lost and not seen.

tests/integration/test_reply_trials_real.py asks a real llama-server.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.core.errors import PromptError
from modelfile_kit.huggingface import Reference
from modelfile_kit.parrot import Voice
from modelfile_kit.replies import native_trip as subject
from modelfile_kit.replies.native_trip import NO_MARKER, native_summary, native_trip
from modelfile_kit.replies.returned import reader, returned
from modelfile_kit.replies.spoken import spoken_replies
from tests.replies import formats

PROGRAM = Path("llama-server")
EOS = "<|im_end|>"
REFERENCE = Reference(formats.JSON_CALLS, eos_token=EOS)
# Of the kinds that no schema is asked for, in the order in which they are asked for.
SPOKEN = [s for s in spoken_replies(REFERENCE, EOS) if s.kind.form is None]


def voice(texts: Sequence[str]) -> Voice:
    return Voice({EOS: "control"}, {"eos": EOS}, chat_template=formats.JSON_CALLS)


class Server:
    """Answers what was meant, except where a test says otherwise."""

    build = "7 (abc)"
    program = PROGRAM
    lose: str = ""
    """The kind whose calls stay text, if any."""
    refuse: str = ""
    hide: str = ""
    broken: str = ""
    """The kind whose arguments are no JSON."""

    def __init__(self, program: Path, model: Path, *, context: int) -> None:
        assert model.stat().st_size
        self.bodies: list[Mapping[str, Any]] = []

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def apply_template(self, body: Mapping[str, Any]) -> str:
        return "" if self._kind(body) == self.hide else str(body["messages"][-1]["content"])

    def chat(self, body: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
        spoken = self._spoken(body)
        kind = spoken.kind
        if kind.name == self.refuse:
            raise PromptError("Failed to parse input at pos 3")
        assert body["max_tokens"] > 1
        assert body["temperature"] == 0
        assert ("tools" in body) == kind.offered
        message: dict[str, Any] = {"content": kind.content, "reasoning_content": kind.thinking}
        calls = [
            {"index": n, "function": {"name": c.name, "arguments": json.dumps(c.arguments)}}
            for n, c in enumerate(kind.calls)
        ]
        if kind.name == self.lose:
            message, calls = {"content": spoken.text}, []
        if kind.name == self.broken:
            calls[0]["function"]["arguments"] = '{"text":'
        message["tool_calls"] = calls
        return ({"choices": [{"delta" if body["stream"] else "message": message}]},)

    def _spoken(self, body: Mapping[str, Any]) -> Any:
        number = int(str(body["messages"][-1]["content"]).rpartition("-")[2])
        return SPOKEN[number - 1]

    def _kind(self, body: Mapping[str, Any]) -> str:
        return str(self._spoken(body).kind.name)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> type[Server]:
    made = type("Made", (Server,), {})
    monkeypatch.setattr(subject, "LlamaServer", made)
    return made


def test_what_comes_back_whole_and_streamed_is_read(server: type[Server]) -> None:
    trip = native_trip(PROGRAM, REFERENCE, voice, EOS)
    assert trip.read == dict.fromkeys((s.kind.name for s in SPOKEN), True)
    assert trip.replies == {"answer": "exact", "thinking": "exact", "tools": "exact"}
    assert (trip.engine, trip.unseen) == ("llama-server 7 (abc)", {})
    assert {r.size for r in trip.readings} == {0, 3}
    assert reader(trip) == trip.engine
    assert native_summary(trip).startswith("llama-server 7 (abc): reads answer, answer beside tools, ")


@pytest.mark.parametrize("fault", ["lose", "refuse", "broken"])
def test_what_does_not_come_back_is_not_read(server: type[Server], fault: str) -> None:
    setattr(server, fault, "two calls")
    trip = native_trip(PROGRAM, REFERENCE, voice, EOS)
    assert [kind for kind, right in trip.read.items() if not right] == ["two calls"]
    assert trip.replies["tools"] == "partial"
    shown = next(one for one in returned(trip) if one.kind == "two calls")
    assert shown.problem == {"lose": "calls"}.get(fault, "refused")
    assert native_summary(trip).endswith("; does not read two calls")


def test_a_reply_that_is_not_asked_for_is_not_seen(server: type[Server]) -> None:
    """A chat template that shows nothing of the question leaves the parrot without its marker."""
    server.hide = "answer"
    trip = native_trip(PROGRAM, REFERENCE, voice, EOS)
    assert trip.unseen == {"answer": NO_MARKER}
    assert "answer" not in trip.read
    assert native_summary(trip).endswith("; was not asked for answer")


def test_replies_to_requests_that_ollama_refuses(server: type[Server]) -> None:
    """Without tools in the chat template's text no request with tools reaches llama-server."""
    trip = native_trip(PROGRAM, Reference(formats.SWITCHED, eos_token=EOS), voice, EOS)
    assert list(trip.read) == ["answer"]
