"""The rule for one conversation."""

from __future__ import annotations

from typing import Any

import pytest

from modelfile_kit.core.conversation import Conversation
from modelfile_kit.core.errors import PromptError
from modelfile_kit.core.step_account import steps_together
from modelfile_kit.prover.comparison import Clock, Comparison, RenderingLimitError
from modelfile_kit.prover.conversations.plain import message
from modelfile_kit.prover.coverage import WatchedReference

PICTURES = """{% for m in messages %}{{ m.role }}: {% if m.content is string %}{{ m.content }}{% else %}
{%- for part in m.content %}{% if part.type == 'image' %}MARK{% else %}{{ part.text }}{% endif %}{% endfor %}
{%- endif %};{% endfor %}"""


class Fixed:
    """Stands for Ollama: one prompt, or one error."""

    steps = 0

    def __init__(self, prompt: str | Exception) -> None:
        self.prompt = prompt

    def render(self, messages: Any, *, tools: Any = None, think: Any = None) -> str:
        if isinstance(self.prompt, Exception):
            raise self.prompt
        return self.prompt


def compared(
    template: str, found: str | Exception, *messages: Any, think: Any = None, bos: str = "<s>"
) -> str | None:
    reference = WatchedReference(template, bos_token=bos, eos_token="</s>")
    comparison = Comparison(reference, Fixed(found), bos, Clock())
    told = tuple(messages) or (message("user", "hi"),)
    kind = "thinking" if think is not None else ""
    difference = comparison.difference(Conversation("c", told, None, think, kind))
    return difference.kind if difference else None


@pytest.mark.parametrize(
    ("template", "found", "kind"),
    [
        ("{{ messages[0].content }}", "hi", None),
        ("{{ messages[0].content }}", "hi ", "text"),
        # One leading BOS aside, on either side, and only one.
        ("{{ bos_token }}x", "x", None),
        ("x", "<s>x", None),
        ("x", "<s><s>x", "text"),
        ("x{{ bos_token }}", "x", "text"),
        # Without a flag both renderings are right.
        ("{% if enable_thinking %}T{% else %}-{% endif %}", "T", None),
        ("{% if enable_thinking %}T{% else %}-{% endif %}", "-", None),
        ("{% if enable_thinking is false %}F{% endif %}", "F", "text"),
        # The template's own refusal has to be shared; other failures leave nothing to compare with.
        ("{{ raise_exception('no') }}", "x", "refusal"),
        ("{{ raise_exception('no') }}", PromptError("no"), None),
        ("{{ messages[0].content + 1 }}", "x", None),
        ("x", PromptError("broken"), "failure"),
    ],
)
def test_the_rule(template: str, found: str | Exception, kind: str | None) -> None:
    assert compared(template, found) == kind


EFFORT = "{{ reasoning_effort | default('none') }}"


@pytest.mark.parametrize(
    ("think", "found", "kind"),
    [
        # Thinking without a level is medium for Ollama; nothing says so to Hugging Face.
        (None, "none", None),
        (None, "medium", None),
        (True, "none", None),
        (True, "medium", None),
        (True, "high", "text"),
        (False, "none", None),
        (False, "medium", "text"),
        ("high", "high", None),
        ("high", "none", "text"),
        ("low", "medium", "text"),
    ],
)
def test_levels_of_thinking(think: bool | str | None, found: str, kind: str | None) -> None:
    assert compared(EFFORT, found, think=think) == kind


def test_a_model_that_cannot_think_is_not_asked() -> None:
    refused = PromptError("does not support thinking", status=400)
    reference = WatchedReference("x", bos_token="", eos_token="")
    comparison = Comparison(reference, Fixed(refused), "", Clock())
    told = (message("user", "hi"),)
    assert comparison.difference(Conversation("c", told, None, True, "tools")) is None
    assert compared("x", refused, think=True) == "failure"


PICTURE = message("user", "Q", images=1)


@pytest.mark.parametrize(
    ("mark", "found", "kind"),
    [
        ("<img>", "user: [img-0]Q;", None),
        ("<img>", "user: Q[img-0];", "image"),
        ("<img>", "user:[img-0] Q;", "image"),
        ("<img>", "user: Q;", "image"),
        ("<img>", "user: [img-0][img-0]Q;", "image"),
        ("<img>", "user: <img>[img-0]Q;", "image"),
        # Spaces and words beside the marker are the template's to print.
        ("<img>\n", "user: [img-0]\nQ;", None),
        ("<img>\n", "user: [img-0]Q;", "image"),
        ("<a>image<b>", "user: [img-0]Q;", None),
        ("Look: <img>", "user: Look: [img-0]Q;", "image"),
        ("a picture", "user: [img-0]Q;", "image"),
    ],
)
def test_the_place_of_an_image(mark: str, found: str, kind: str | None) -> None:
    assert compared(PICTURES.replace("MARK", mark), found, PICTURE) == kind


def test_images_are_numbered_over_the_whole_conversation() -> None:
    template = PICTURES.replace("MARK", "<|image|>")
    told = (PICTURE, message("assistant", "A"), message("user", "R", images=2))
    assert compared(template, "user: [img-0]Q;assistant: A;user: [img-1][img-2]R;", *told) is None
    assert compared(template, "user: [img-1]Q;assistant: A;user: [img-0][img-2]R;", *told) == "image"


def test_a_marker_of_brackets_the_other_way_round() -> None:
    turned = PICTURES.replace("MARK", "]<]image[>[")
    picture = message("user", "x", images=1)
    assert compared(turned, "user: [img-0]x;", picture) is None
    assert compared(turned, "user: ][img-0]x;", picture) == "image"


def test_numbered_markers() -> None:
    template = PICTURES.replace("MARK", "<|image_{{ loop.index }}|>")
    assert compared(template, "user: [img-0][img-1]Q;", message("user", "Q", images=2)) is None


def test_a_printed_list_is_no_reference() -> None:
    assert compared("{{ messages[0].content }}", "anything", PICTURE) is None


def test_a_limit_says_nothing_about_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither that none are shown, nor what is printed for one; it is measured again where there is room."""
    reference = WatchedReference(PICTURES.replace("MARK", "<|image|>"), bos_token="", eos_token="")
    comparison = Comparison(reference, Fixed(""), "", Clock())
    with steps_together(0, 0):
        with pytest.raises(RenderingLimitError):
            _ = comparison.ignores_images
        with pytest.raises(RenderingLimitError):
            _ = comparison.marker
    assert not comparison.ignores_images
    assert comparison.marker is not None


def test_a_limit_says_nothing_about_releases() -> None:
    reference = WatchedReference("{{ messages[0].thinking }}", bos_token="", eos_token="")
    comparison = Comparison(reference, Fixed(""), "", Clock())
    thought = Conversation("c", ({"role": "assistant", "content": "a", "thinking": "b"},))
    assert comparison.depends_on_version(thought)
    with steps_together(0, 0), pytest.raises(RenderingLimitError):
        comparison.depends_on_version(thought)
