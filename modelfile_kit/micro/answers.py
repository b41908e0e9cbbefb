"""What the micro model can say: colours with their words, and the order of the words of an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Colour = tuple[int, int, int]

COLOURS: Mapping[str, Colour] = {
    "red": (255, 0, 0),
    "green": (0, 255, 0),
    "blue": (0, 0, 255),
    "white": (255, 255, 255),
    "black": (0, 0, 0),
    "yellow": (255, 255, 0),
    "cyan": (0, 255, 255),
    "magenta": (255, 0, 255),
    "gray": (128, 128, 128),
    "orange": (255, 150, 0),
    "purple": (128, 0, 128),
    "pink": (255, 150, 190),
    "brown": (139, 69, 19),
}
"""The colours by name, as sRGB bytes. An image is answered with the nearest of these and `DARKER`."""

DARKER: Mapping[str, Colour] = {
    "red": (139, 0, 0),
    "green": (0, 128, 0),
    "blue": (0, 0, 139),
}
"""A second sample of some colours: what CSS calls green is half as bright as pure green."""

NO_IMAGE = "no image"
"""The whole answer when the prompt holds no image."""

END_OF_TURN = "<|user|>"
"""GLM-4.1V has no end token: the next turn's role token ends the answer."""

LOST = "?"
"""Repeated without end when the prompt is not the one the model was made for."""

COLOUR = "{}"
COLOUR_AFTER_SPACE = " {}"


@dataclass(frozen=True)
class Rule:
    """One step of an answer.

    after: the last token (text, or a colour placeholder); None stands for a sound generation prompt.
    say: the next token (text, or a colour placeholder).
    image: True or False if the step is only taken with or without an image in the prompt.
    """

    after: str | None
    say: str
    image: bool | None = None


STYLES: Mapping[str, tuple[Rule, ...]] = {
    # "red" and "no image", nothing around them
    "plain": (
        Rule(None, COLOUR, True),
        Rule(None, "no", False),
        Rule("no", " image"),
        Rule(" image", END_OF_TURN),
        Rule(COLOUR, END_OF_TURN),
    ),
    # as GLM-4.1V-Thinking answers: <think>…</think><answer>…</answer>
    "think": (
        Rule(None, "<think>", True),
        Rule(None, "<think>", False),
        Rule("<think>", "The", True),
        Rule("<think>", "No", False),
        Rule("The", " picture"),
        Rule("No", " picture"),
        Rule(" picture", " is", True),
        Rule(" picture", ".", False),
        Rule(" is", COLOUR_AFTER_SPACE),
        Rule(COLOUR_AFTER_SPACE, "."),
        Rule(".", "</think>"),
        Rule("</think>", "<answer>"),
        Rule("<answer>", COLOUR, True),
        Rule("<answer>", "no", False),
        Rule("no", " image"),
        Rule(" image", "</answer>"),
        Rule(COLOUR, "</answer>"),
        Rule("</answer>", END_OF_TURN),
    ),
}
"""The ways to answer; `build_pair(style=…)` picks one."""


def spell(text: str) -> dict[str | None, str]:
    """The tokens a rule's `after` or `say` stands for: {colour word: token}, or {None: token}."""
    if text == COLOUR:
        return {word: word for word in COLOURS}
    if text == COLOUR_AFTER_SPACE:
        return {word: " " + word for word in COLOURS}
    return {None: text}
