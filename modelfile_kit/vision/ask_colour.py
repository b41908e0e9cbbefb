"""Does it see? Test pictures of one colour, put to the embedded engine with the package's own prompt."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..core.conversation import Message
from ..core.diagnostics import Diagnostic, Severity
from ..runtime.completion import Engine

COLOURS: dict[str, tuple[int, int, int]] = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}
QUESTION = "What colour is this picture? Answer with one word."
# Side of a test picture in pixels: few tokens, and more than every projector's smallest picture.
SIDE = 112
# Enough for a sentence around the word; thinking models need more, and say the colour while they think.
MAX_TOKENS = 48


@dataclass(frozen=True)
class Sight:
    """One picture: the colour it has, what the model answered, and whether that names the colour."""

    colour: str
    answer: str
    ok: bool


def look(
    engine: Engine, prompt_of: Callable[[Sequence[Message]], str], stop: Sequence[str] = ()
) -> tuple[Sight, ...]:
    """Asks for the colour of each test picture.

    prompt_of: messages to the prompt that Ollama would send. Raises EngineError where the engine fails.
    """
    sights = []
    for colour in COLOURS:
        shot = picture(colour)
        prompt = prompt_of([{"role": "user", "content": QUESTION, "images": [shot]}])
        answer = engine.generate(prompt, [shot], max_tokens=MAX_TOKENS, stop=stop).text
        sights.append(Sight(colour, answer, colour in answer.lower()))
    return tuple(sights)


def findings(sights: Sequence[Sight]) -> tuple[Diagnostic, ...]:
    """An error for a model that names no colour, a warning for one that misses some."""
    wrong = [s for s in sights if not s.ok]
    if not wrong:
        return ()
    said = ", ".join(f"{s.answer[:60]!r} to a {s.colour} picture" for s in wrong)
    return (
        Diagnostic(
            "MK850",
            Severity.ERROR if len(wrong) == len(sights) else Severity.WARNING,
            f"the embedded engine answers {said}",
            help="see that the projector belongs to this model and that the prompts are as the reference",
        ),
    )


def picture(colour: str, side: int = SIDE) -> bytes:
    """A PNG of one colour."""
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (side, side), COLOURS[colour]).save(out, "PNG")
    return out.getvalue()
