"""What llama-server's own parser makes of the replies: native mode, without a server of Ollama's.

It is made from the chat template by llama.cpp, so that its results belong to a build and are told with it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core.errors import PromptError
from ..ollama.native import native_request
from ..parrot import Reply, build_parrot, marker
from ..replies.spoken import TOOLS, Spoken, absent_kinds, spoken_replies
from ..runtime.llama_server import LlamaServer
from ..runtime.ollama.messages import OPENAI, Way, collect
from .parrot_model import CONTEXT
from .reply_trials import MORE, QUESTION, SIZE, UNCALLED, ReplyReport, Seen, Source, Trial, problem_of, said

NATIVE_WAYS = (Way(OPENAI, False), Way(OPENAI, True))


def native_replies(program: Path, source: Source, *, size: int = SIZE) -> ReplyReport:
    """Loads a parrot into a llama-server and asks for every kind of reply, whole and streamed.

    program: the llama-server; size: characters in a token of ordinary text. The report's version is the
    build. Raises EngineError where it does not run, ChatTemplateRefusedError where it does not take the chat
    template.
    """
    spoken = [s for s in spoken_replies(source.reference, source.eos_token) if s.kind.form is None]
    replies = [Reply(UNCALLED, size=size), *(said(s.text, s.prompt, size) for s in spoken)]
    voice = source.voice([t for s in spoken for t in (s.text, s.prompt)])
    with tempfile.TemporaryDirectory(prefix="modelfile-kit-") as folder:
        path = Path(folder) / "parrot.gguf"
        lengths = build_parrot(path, replies, voice)
        with LlamaServer(program, path, context=CONTEXT) as server:
            build = server.build
            trials = [
                _trial(server, voice.chat_template, one, number, lengths[number])
                for number, one in enumerate(spoken, start=1)
            ]
    trials += [Trial(kind) for kind in absent_kinds(spoken) if kind.form is None]
    return ReplyReport(program.name, "", build, True, "", tuple(trials))


def _trial(server: LlamaServer, chat_template: str, spoken: Spoken, number: int, length: int) -> Trial:
    messages = [{"role": "user", "content": f"{QUESTION} {marker(number)}"}]
    tools = TOOLS if spoken.kind.offered else None
    try:
        body = native_request(chat_template, messages, tools=tools, think=spoken.think)
    except PromptError as e:
        return Trial(spoken.kind, spoken, skipped=f"Ollama refuses such requests: {e.message}")
    body |= {"temperature": 0, "max_tokens": length + MORE}
    return Trial(spoken.kind, spoken, tuple(_seen(server, body, way, spoken) for way in NATIVE_WAYS))


def _seen(server: LlamaServer, body: Mapping[str, Any], way: Way, spoken: Spoken) -> Seen:
    try:
        parts: Sequence[Mapping[str, Any]] = server.chat({**body, "stream": way.streamed})
    except PromptError as e:
        return Seen(way, None, "refused", e.message)
    answer = collect(way, parts, url=str(server.program))
    return Seen(way, answer, problem_of(answer, spoken.kind))


def native_summary(report: ReplyReport) -> str:
    """The result in a line: the build, and which kinds it reads."""
    by: dict[str, list[str]] = {}
    for trial in report.trials:
        by.setdefault(trial.status, []).append(trial.kind.name)
    words = {"read": "reads", "partly": "reads in part", "unread": "does not read"}
    told = [f"{words[status]} {', '.join(names)}" for status, names in by.items() if status in words]
    return f"{report.name} {report.version}: {'; '.join(told) or 'nothing was asked'}"
