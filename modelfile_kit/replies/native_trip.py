"""The round trip in native mode: what llama-server's own parser makes of the replies.

llama.cpp makes that parser from the chat template, so its results are seen, not computed: a parrot that
writes the replies is loaded into a real llama-server. They belong to that build and are told with it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core.errors import PromptError, ServerError
from ..huggingface import Reference
from ..ollama.native import native_request
from ..ollama.reply_types import Reply, ToolCall
from ..ollama.selection import jinja_evidence
from ..parrot import Reply as Said
from ..parrot import UnsayableError, Voice, build_parrot, marker
from ..parrot.pieces import cut
from ..runtime.llama_server import LlamaServer
from ..runtime.ollama.messages import OPENAI, Way, collect
from .round_trip import REFUSED, WHOLE, Reading, RoundTrip, problem_of
from .said import CONTEXT, END_OF_PROMPT, MORE, SIZE, UNCALLED, asking, said
from .spoken import TOOLS, Spoken, spoken_replies

NO_MARKER = "the user's words are not in the prompt that llama-server renders"


def native_trip(
    program: Path,
    reference: Reference,
    voice: Callable[[Sequence[str]], Voice],
    eos_token: str | None = None,
    *,
    size: int = SIZE,
) -> RoundTrip:
    """Loads a parrot into a llama-server and asks for every kind of reply, whole and streamed.

    program: the llama-server. voice: chooses the special tokens that occur in texts. eos_token: the text that
    ends replies. size: characters in a token of ordinary text. A kind that the parrot cannot say, or is not
    asked for, is in `unseen`.
    Raises EngineError where llama-server does not run, ChatTemplateRefusedError where it does not take the
    chat template.
    """
    offers_tools = "tools" in jinja_evidence(reference.source).capabilities
    shown = spoken_replies(reference, eos_token)
    known = [s for s in shown if s.kind.form is None and (offers_tools or not s.kind.offered)]
    special = voice([t for s in known for t in (s.text, s.prompt)])
    spoken, unseen = _sayable(known, special, size)
    replies = [Said(UNCALLED, size=size), *(said(s.text, s.prompt, size) for s in spoken)]
    readings: list[Reading] = []
    with tempfile.TemporaryDirectory(prefix="modelfile-kit-") as folder:
        path = Path(folder) / "parrot.gguf"
        lengths = build_parrot(path, replies, special)
        with LlamaServer(program, path, context=CONTEXT) as server:
            engine = f"{program.name} {server.build}".strip()
            for number, one in enumerate(spoken, start=1):
                body = _request(reference.source, one, number)
                if isinstance(body, str):
                    readings.append(Reading(one, WHOLE, Reply(error=body), REFUSED))
                elif why := _astray(server, body, number):
                    unseen[one.kind.name] = why
                else:
                    body["max_tokens"] = lengths[number] + MORE
                    readings += _readings(server, body, one, size)
    return RoundTrip("", tuple(readings), engine=engine, unseen=unseen)


def native_summary(trip: RoundTrip) -> str:
    """The result in a line: the build, and which kinds it reads."""
    by = {
        "reads": [name for name, right in trip.read.items() if right],
        "does not read": [name for name, right in trip.read.items() if not right],
        "was not asked for": list(trip.unseen),
    }
    told = [f"{words} {', '.join(names)}" for words, names in by.items() if names]
    return f"{trip.engine}: {'; '.join(told) or 'nothing was asked'}"


def _sayable(spoken: Sequence[Spoken], voice: Voice, size: int) -> tuple[tuple[Spoken, ...], dict[str, str]]:
    """The replies that a parrot can say, and by name why it cannot say the others."""
    can, cannot = [], {}
    for one in spoken:
        try:
            cut(one.text, voice.special.keys(), size, (one.prompt[-END_OF_PROMPT:],))
            can.append(one)
        except UnsayableError as e:
            cannot[one.kind.name] = e.message
    return tuple(can), cannot


def _request(chat_template: str, spoken: Spoken, number: int) -> dict[str, Any] | str:
    """The request for a reply as Ollama sends it; why Ollama refuses it where it does."""
    tools = TOOLS if spoken.kind.offered else None
    try:
        body = native_request(chat_template, [asking(number)], tools=tools, think=spoken.think)
    except PromptError as e:
        return e.message
    return {**body, "temperature": 0}


def _astray(server: LlamaServer, body: Mapping[str, Any], number: int) -> str:
    """Why the parrot is not asked for its reply, "" where it is."""
    try:
        return "" if marker(number) in server.apply_template(body) else NO_MARKER
    except PromptError:
        return ""  # then the chat is refused too, which is seen there


def _readings(server: LlamaServer, body: Mapping[str, Any], spoken: Spoken, size: int) -> Iterator[Reading]:
    for pieces in (WHOLE, size):
        reply = _reply(server, body, streamed=pieces != WHOLE)
        yield Reading(spoken, pieces, reply, problem_of(reply, spoken.kind))


def _reply(server: LlamaServer, body: Mapping[str, Any], *, streamed: bool) -> Reply:
    """The message as Ollama passes it on; an error ends the request."""
    try:
        parts = server.chat({**body, "stream": streamed})
        answer = collect(Way(OPENAI, streamed), parts, url=str(server.program))
    except (PromptError, ServerError) as e:
        return Reply(error=e.message)
    calls = tuple(ToolCall(name, arguments) for name, arguments in answer.calls)
    return Reply(thinking=answer.thinking, content=answer.content, tool_calls=calls)
