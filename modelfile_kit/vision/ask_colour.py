"""Asks an engine for the colour of test images, with the package's own prompt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..core.conversation import Message
from ..core.diagnostics import Diagnostic, Severity
from ..core.progress import told_steps
from ..runtime.completion import Engine
from .colour_images import plain_png

ASKED = ("red", "green", "blue")
QUESTION = "What colour is this picture? Answer with one word."
# Side of a test image in pixels: few tokens, and more than every projector's smallest image.
SIDE = 112
# Enough for a sentence around the word; thinking models need more, and say the colour while they think.
MAX_TOKENS = 48


@dataclass(frozen=True)
class ColourAnswer:
    """One image: the colour it has, what the model answered, and whether that names the colour.

    Unlike `colour_images.named`, a colour that is named in unfinished thinking counts: at 48 tokens a
    thinking model has not answered yet.
    """

    colour: str
    answer: str
    ok: bool


def ask_colours(
    engine: Engine, prompt_of: Callable[[Sequence[Message]], str], stop: Sequence[str] = ()
) -> tuple[ColourAnswer, ...]:
    """Asks for the colour of each test image.

    prompt_of: messages to the prompt that Ollama would send; stop: texts that end an answer.
    Raises EngineError where the engine fails.
    """
    answers = []
    for colour in told_steps("ask", ASKED, "image {}".format, len(ASKED)):
        image = plain_png(colour, (SIDE, SIDE))
        prompt = prompt_of([{"role": "user", "content": QUESTION, "images": [image]}])
        answer = engine.generate(prompt, [image], max_tokens=MAX_TOKENS, stop=stop).text
        answers.append(ColourAnswer(colour, answer, colour in answer.lower()))
    return tuple(answers)


def findings(answers: Sequence[ColourAnswer]) -> tuple[Diagnostic, ...]:
    """An error for a model that names no colour, a warning for one that misses some."""
    wrong = [a for a in answers if not a.ok]
    if not wrong:
        return ()
    said = ", ".join(f"{a.answer[:60]!r} for a {a.colour} image" for a in wrong)
    return (
        Diagnostic(
            "MK850",
            Severity.ERROR if len(wrong) == len(answers) else Severity.WARNING,
            f"asked for the colour of test images, the model answers {said}",
            help="check that the projector belongs to this model and the prompts match the chat template",
        ),
    )
