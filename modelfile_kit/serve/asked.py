"""What the checks of a server share: the server, what a package promises, and how a question is put."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..core.diagnostics import Diagnostic, Severity
from ..core.errors import ServerError
from ..core.foreign_text import bounded
from ..publish.subject import LONGER, Check
from ..runtime.error_texts import reason
from ..runtime.ollama.messages import Answer
from ..runtime.ollama.replies import RefusedError
from ..runtime.openai import OpenAIServer, sound_part
from ..runtime.openai_messages import to_openai
from ..vision.sounds import Sound

if TYPE_CHECKING:
    from ..building.build import Build

WRONG = "MK887"
PROMISED = "MK888"

# Nothing more can be found out once the server answers so: it is gone, foreign, or wants a key or a pause.
ENDS = frozenset({"MK802", "MK803", "MK804", "MK861", "MK890"})

GREETING = "Say hello in one short sentence."


@dataclass(frozen=True)
class Promise:
    """What a package promises of the server that runs it.

    name: the model's; images, audio, tools, thinking: whether it has them; context: tokens of a request,
    None where it does not say. built: the package itself, whose prompts are expected.
    """

    name: str = ""
    images: bool = False
    audio: bool = False
    tools: bool = False
    thinking: bool = False
    context: int | None = None
    built: Build | None = None


@dataclass(frozen=True)
class About:
    """What a server says about itself beside OpenAI's API.

    program: its name and version; images, audio: whether it says that the model takes them, None where it
    does not say; context: tokens that a request may have, None where it does not say.
    """

    program: str = "a server with OpenAI's API"
    images: bool | None = None
    audio: bool | None = None
    context: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "program", bounded(self.program))


@dataclass
class Asked:
    """The model under test, and what the checks find out for one another.

    plain: the answer to `GREETING`, None before it was asked for.
    """

    server: OpenAIServer
    model: str
    promise: Promise = field(default_factory=Promise)
    about: About = field(default_factory=About)
    max_tokens: int = 400
    plain: Answer | None = None

    def ask(
        self,
        text: str,
        images: Sequence[bytes] = (),
        *,
        sound: Sound | None = None,
        streamed: bool = False,
        **options: Any,
    ) -> Answer:
        """One answer at temperature 0; options: other keys of the request."""
        message: dict[str, Any] = {"role": "user", "content": text}
        if images:
            message["images"] = list(images)
        messages = to_openai([message])
        if sound is not None:
            part = {"type": "text", "text": text}
            messages[0]["content"] = [part, sound_part(sound.data, sound.format)]
        body: dict[str, Any] = {
            "model": self.model,
            "messages": messages,
            "temperature": 0,
            "seed": 0,
            "max_tokens": self.max_tokens,
            "stream": streamed,
            **options,
        }
        if streamed:
            body["stream_options"] = {"include_usage": True}
        return self.server.chat(body)

    def ask_longer(self, text: str, images: Sequence[bytes] = ()) -> Answer:
        """One answer; a longer one where a model that thinks at length was cut before it answered."""
        answer = self.ask(text, images)
        if answer.finish == "length" and not answer.content.strip():
            return self.ask(text, images, max_tokens=self.max_tokens * LONGER)
        return answer

    def greeting(self) -> Answer:
        """The answer to `GREETING`, asked for once."""
        if self.plain is None:
            self.plain = self.ask_longer(GREETING)
        return self.plain


def bear(error: ServerError) -> None:
    """Takes the refusal of one request for an answer; raises what is about the server itself."""
    if error.status is None or error.code in ENDS:
        raise error


def said(answer: Answer) -> str:
    """What a model wrote, thoughts included where there is nothing else."""
    return answer.content or answer.thinking


def words_of(refused: ServerError) -> str:
    """The server's own words."""
    return refused.detail if isinstance(refused, RefusedError) else refused.message


def named(refused: ServerError) -> Diagnostic:
    """A refusal as a finding, with the code that its words stand for."""
    known = reason(words_of(refused))
    code = known.code if known is not None and refused.code == "MK801" else refused.code
    return Diagnostic(code, Severity.ERROR, refused.message, help=refused.help)


def missing(name: str, what: str, promised: bool, help: str, *found: Diagnostic) -> Check:
    """A check of something that the server does not have: a fault where the package promises it."""
    if not promised:
        return Check(name, "skip", f"not offered: {what}")
    finding = Diagnostic(
        PROMISED, Severity.ERROR, f"the package promises {name}, and the server has none: {what}", help=help
    )
    return Check(name, "fail", "promised, and not offered", (finding, *found))
