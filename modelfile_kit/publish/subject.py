"""What the checks of `verify` share: the model under test, and the outcome of a check."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..core.diagnostics import Diagnostic, Severity, has_errors
from ..core.errors import TemplateReferenceError
from ..runtime.completion import Completion
from ..runtime.ollama.client import OllamaServer
from ..vision.colour_images import ImageProbe, colour_probes, shape_probes
from ..vision.sounds import Sound
from .expectation import Expectation
from .prompt_judge import PromptJudge
from .served_model import ServedModel
from .token_counter import TokenCounter

LONGER = 4  # how many times longer an answer may be at the second try


@dataclass(frozen=True)
class Check:
    """One check and its outcome.

    name: as `image red.png`; status: "ok", "fail" or "skip"; detail: what was seen, or why it was
    skipped; diagnostics: the findings; seconds: how long it took; help: what to do about one that
    was skipped.
    """

    name: str
    status: str
    detail: str = ""
    diagnostics: tuple[Diagnostic, ...] = ()
    seconds: float = 0.0
    help: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "name": self.name,
            "status": self.status,
            "detail": self.detail,
            "diagnostics": [d.to_dict() for d in self.diagnostics],
            "seconds": round(self.seconds, 3),
            "help": self.help,
        }


@dataclass
class Subject:
    """The model under test, what it is expected to be, and what the checks find out for one another."""

    server: OllamaServer
    name: str
    served: ServedModel
    meant: Expectation
    version: str
    max_tokens: int = 400
    shapes: bool = False
    phone_agent: bool = False
    sounds: tuple[Sound, ...] = ()
    dead: str = ""  # why the engine does not run
    broken_off: Diagnostic | None = None  # why the first answer never came to its end
    prompts: dict[str, str] = field(default_factory=dict)  # expected prompt by conversation
    shells: list[str] = field(default_factory=list)  # rendered prompts without the messages' words
    stopped: list[Completion] = field(default_factory=list)

    @cached_property
    def judge(self) -> PromptJudge:
        """Compares prompts; made on first use."""
        return PromptJudge(self.meant, self.served, spell=self.counter.spell)

    @property
    def unproven_images(self) -> bool:
        """Whether nothing says what the model reads for an image, as its chat template has none."""
        try:
            return self.judge.blind
        except TemplateReferenceError:
            return False

    @cached_property
    def counter(self) -> TokenCounter:
        """Counts tokens with the same files; made on first use."""
        return TokenCounter(self.meant.model, self.meant.projector, self.meant.ends)

    @cached_property
    def images(self) -> tuple[ImageProbe, ...]:
        """The test images."""
        return colour_probes() + (shape_probes() if self.shapes else ())

    @property
    def repairable(self) -> bool:
        """Whether `repair` could give the model another TEMPLATE: no package says which it is to have."""
        return self.meant.template is None and not self.served.native

    @property
    def repair_advice(self) -> str:
        """What to type so that the model gets the TEMPLATE, PARSER and stops of its GGUF."""
        return f"`mkmodelfile repair {self.name}` gives it the TEMPLATE, PARSER and stops that are proven"

    def close(self) -> None:
        """Ends what was started for counting."""
        if "counter" in self.__dict__:
            self.counter.close()

    def ask(self, text: str, image: bytes | None = None, *, limit: int | None = None) -> Completion:
        """One answer, at temperature 0 and cut at `limit` tokens."""
        message: dict[str, Any] = {"role": "user", "content": text}
        if image is not None:
            message["images"] = [image]
        options = {"temperature": 0, "seed": 0, "num_predict": limit or self.max_tokens}
        return self.server.chat(self.name, [message], options=options)

    def ask_as_openai(self, text: str, sound: Sound | None = None, *, limit: int | None = None) -> Completion:
        """As `ask`, by the OpenAI endpoint, with a sound as `input_audio`."""
        media = (sound.data, sound.format) if sound else None
        return self.server.chat_as_openai(self.name, text, media, limit=limit or self.max_tokens)


def judged(name: str, found: list[Diagnostic], detail: str, wrong: str = "") -> Check:
    """A check that failed if any finding is an error.

    wrong: the detail of one that failed, where it is another.
    """
    failed = has_errors(found)
    return Check(name, "fail" if failed else "ok", (failed and wrong) or detail, tuple(found))


def short(text: str, limit: int = 60) -> str:
    """A text in quotes on one line, cut to `limit` characters."""
    flat = " ".join(text.split())
    return repr(flat if len(flat) <= limit else flat[: limit - 1] + "…")


def error(code: str, message: str, help: str) -> Diagnostic:
    """A finding that makes a check fail."""
    return Diagnostic(code, Severity.ERROR, message, help=help)
