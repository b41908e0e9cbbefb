"""Is what Ollama sends the reference's text? The rule for one conversation.

Equal means: the same bytes, one leading BOS aside. Where the request says nothing about thinking,
the reference without the flag and with it true are both right, since the server switches thinking
on for a template that can. Thinking that is switched on without a level is "medium" for Ollama, so
the reference without a level and with that one are both right. An image is `[img-N]` in Ollama's
prompt, where the engine puts the model's own marker in; so the tag has to stand exactly where the
reference has its marker, with every space and word around it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from ..core.common_start import common_length
from ..core.conversation import Conversation, Message, image_count
from ..core.errors import GoTemplateError, PromptError, TemplateReferenceError
from ..gotemplate import LimitError
from ..huggingface import ConversationRefusedError, TemplateLimitError
from .coverage import Hit, WatchedReference
from .image_text import CLOSING, OPENING, image_text, prints_parts

LEVEL, MEDIUM = "reasoning_effort", "medium"
# Every month and every day of the week, days of one and two digits, leap days and the ends of years.
DAYS = (
    datetime(2024, 2, 5, 7, 8, 9),
    datetime(2025, 12, 31, 23, 59, 59),
    datetime(2023, 5, 10),
    datetime(2024, 1, 1),
    datetime(2024, 2, 29, 12),
    datetime(2026, 3, 9, 10, 10, 10),
    datetime(2026, 4, 30),
    datetime(2027, 6, 11, 3, 4, 5),
    datetime(2028, 7, 22),
    datetime(2029, 8, 8),
    datetime(2030, 9, 20),
    datetime(2031, 10, 19),
    datetime(2032, 11, 1),
)


class RenderingLimitError(Exception):
    """A rendering that reached a limit of the kit's own, which says nothing about the prompt."""


class Prompter(Protocol):
    """What renders a request as Ollama does; raises PromptError or GoTemplateError.

    steps: how many steps of a TEMPLATE its renderings have taken so far; 0 where none runs here.
    """

    @property
    def steps(self) -> int: ...

    def render(self, messages: Sequence[Message], *, tools: Any = None, think: Any = None) -> str: ...


@dataclass(frozen=True)
class Difference:
    """A conversation on which the two sides disagree.

    kind: "text" (other bytes), "failure" (only Ollama fails), "refusal" (only the reference does),
    "image" (an image at another place). expected: the reference's text, or why it refuses.
    found: Ollama's prompt, or its error.
    """

    kind: str
    expected: str
    found: str


class Clock:
    """The day that both sides print; changes from conversation to conversation."""

    def __init__(self) -> None:
        self.now = DAYS[0]

    def today(self) -> date:
        return self.now.date()


class Comparison:
    """Both sides of one template, and the rule."""

    def __init__(self, reference: WatchedReference, ollama: Prompter, bos_token: str, clock: Clock) -> None:
        self.reference = reference
        self.ollama = ollama
        self.bos_token = bos_token
        self.clock = clock
        self.runs = 0
        self.rendered = 0
        self.flagged = bool(reference.variables & {"enable_thinking", "thinking"})
        self.levelled = LEVEL in reference.variables
        self._marker: re.Pattern[str] | None = None
        self._measured = False

    def expected(self, conversation: Conversation) -> tuple[list[str], set[Hit], str | None]:
        """The texts that are right, the branches taken, and why the template refuses, if it does.

        No text and no refusal: Hugging Face's rendering fails, so there is nothing to compare with.
        Raises RenderingLimitError where a limit ends the rendering.
        """
        thinks: list[tuple[Any, dict[str, Any]]] = [(conversation.think, {})]
        if conversation.think is None and self.flagged:
            thinks.append((True, {}))
        if self.levelled:
            thinks += [(think, {LEVEL: MEDIUM}) for think, _ in thinks if think in (None, True)]
        texts: list[str] = []
        hits: set[Hit] = set()
        refusal: str | None = None
        for think, level in thinks:
            arguments = {"tools": conversation.tools, "think": think, "now": self.clock.now}
            try:
                texts.append(self.reference.render(conversation.messages, **arguments, **level))
            except ConversationRefusedError as e:
                refusal = e.reason
            except TemplateLimitError as e:
                raise RenderingLimitError(e.message) from e
            except TemplateReferenceError:
                pass
            hits |= self.reference.hits
        return texts, hits, None if texts else refusal

    def difference(
        self, conversation: Conversation, texts: Sequence[str] | None = None, refusal: str | None = None
    ) -> Difference | None:
        """How the two sides differ; None where they agree or nothing can be compared.

        Raises RenderingLimitError where a limit ends a rendering.
        """
        if texts is None:
            texts, _, refusal = self.expected(conversation)
        if not texts and refusal is None:
            return None
        self.runs += 1
        try:
            found = self.ollama.render(
                conversation.messages, tools=conversation.tools, think=conversation.think
            )
        except LimitError as e:
            raise RenderingLimitError(e.message) from e
        except (PromptError, GoTemplateError) as e:
            if self._not_asked(conversation, e):
                return None
            return Difference("failure", texts[0], str(e)) if texts else None
        if texts:
            # What is nearest is shown.
            texts = sorted(texts, key=lambda t: -common_length(self._bare(t), self._bare(found)))
        if not texts:
            return Difference("refusal", refusal or "", found)
        if any(image_count(m) for m in conversation.messages):
            return self._with_images(conversation, texts, found)
        bare = self._bare(found)
        if any(self._bare(t) == bare for t in texts):
            return None
        return Difference("text", texts[0], found)

    @staticmethod
    def _not_asked(conversation: Conversation, error: Exception) -> bool:
        """A model that cannot think is not asked to: the server answers 400, and nothing is sent."""
        refused = isinstance(error, PromptError) and error.status == 400
        return refused and bool(conversation.think) and conversation.category != "thinking"

    def depends_on_version(self, conversation: Conversation) -> bool:
        """Whether Hugging Face's versions render it differently: before 5, reasoning had one name."""
        if not any(m.get("thinking") for m in conversation.messages):
            return False
        arguments: dict[str, Any] = {"tools": conversation.tools, "think": conversation.think}
        try:
            now = self.reference.render(conversation.messages, **arguments)
        except TemplateLimitError as e:
            raise RenderingLimitError(e.message) from e
        except TemplateReferenceError:
            return False
        try:
            return now != self.reference.render_without_aliases(conversation.messages, **arguments)
        except TemplateLimitError as e:
            raise RenderingLimitError(e.message) from e
        except TemplateReferenceError:
            return True

    def _bare(self, text: str) -> str:
        """Without one leading BOS."""
        return text.removeprefix(self.bos_token)

    # -- images ---------------------------------------------------------------------------------------

    @property
    def ignores_images(self) -> bool:
        """Whether one more image changes nothing in the reference."""
        return not self._image_text()

    @property
    def marker(self) -> re.Pattern[str] | None:
        """What the reference prints for an image, numbers left open; None where that is not clear."""
        if not self._measured:
            text = self._image_text()
            self._measured = True
            core = text.strip() if text else ""
            if _is_marker(core) and not prints_parts(core):
                self._marker = re.compile(re.sub(r"\d+", r"\\d+", re.escape(core)))
        return self._marker

    def _image_text(self) -> str | None:
        """What one more image in a message adds to the reference."""
        try:
            return image_text(self.reference)
        except TemplateLimitError as e:
            raise RenderingLimitError(e.message) from e

    def _with_images(self, conversation: Conversation, texts: Sequence[str], found: str) -> Difference | None:
        count = sum(image_count(m) for m in conversation.messages)
        tag = re.compile("|".join(rf"\[img-{n}\]" for n in range(count)))
        tags = tag.findall(found)
        if all(map(prints_parts, texts)):
            return None  # the template does not know images in such a message
        inorder = [t for t in (f"[img-{n}]" for n in range(count)) if t in tags]
        if self.marker is None or tags != inorder:
            return Difference("image", texts[0], found)
        pieces = map(re.escape, tag.split(self._bare(found)))
        pattern = re.compile(self.marker.pattern.join(pieces))
        if any(pattern.fullmatch(self._bare(t)) for t in texts):
            return None
        # Shown with tags for the reference's markers, so that what really differs is seen.
        numbers = iter(range(count))
        tagged = self.marker.sub(lambda m: f"[img-{next(numbers, 'more')}]", self._bare(texts[0]))
        return Difference("image", tagged, self._bare(found))


def _is_marker(text: str) -> bool:
    """One token's text, or some: in brackets of its own kind, or a single word between signs."""
    if not text:
        return False
    if text[0] in OPENING and text[-1] in CLOSING:
        return True
    return not (text[0].isalnum() or text[-1].isalnum() or any(c.isspace() for c in text))
