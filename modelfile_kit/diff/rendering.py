"""Who makes the prompts of a side, and what two of them make of one conversation.

A chat template renders by Hugging Face's rules. A TEMPLATE, a RENDERER and a server's model give what Ollama
sends to its engine. Where the sides are one of each, the prover's own rule says whether the prompts are the
same (`prover.comparison`): one leading BOS aside, an image as `[img-N]` where the chat template has its
marker.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..core.conversation import Conversation, Message, Tool
from ..core.errors import GoTemplateError, PromptError, TemplateReferenceError
from ..gotemplate import LimitError
from ..huggingface import TemplateLimitError
from ..ollama.conversation_rules import with_system
from ..prover.comparison import Clock, Comparison, Prompter, RenderingLimitError
from ..prover.coverage import Hit, WatchedReference
from ..prover.native import continues
from ..prover.refusals import in_words

STEPS_OF_A_TEMPLATE = 8
"""As many steps of a TEMPLATE take the time of one of a chat template (`prover.allowance.ProofLimits`)."""


@dataclass(frozen=True)
class Rendered:
    """What a side makes of a conversation: a prompt, or the reason why there is none."""

    text: str | None
    why: str = ""


@dataclass(frozen=True)
class Seen:
    """What both sides make of a conversation. same: whether that counts as the same prompt."""

    before: Rendered
    after: Rendered
    same: bool

    @property
    def rendered(self) -> bool:
        """Whether there is a prompt on any side."""
        return self.before.text is not None or self.after.text is not None


class CompletedReference(WatchedReference):
    """A chat template that gets a package's own SYSTEM and MESSAGEs before those of the request."""

    def __init__(
        self,
        chat_template: str,
        *,
        bos_token: str | None,
        eos_token: str | None,
        system: str = "",
        first: Sequence[Message] = (),
    ) -> None:
        super().__init__(chat_template, bos_token=bos_token, eos_token=eos_token)
        self.system, self.first = system, tuple(first)

    def render(self, messages: Sequence[Message], **options: Any) -> str:
        """As the chat template alone, of the whole conversation."""
        return super().render(with_system(messages, self.system, self.first), **options)


@dataclass(frozen=True)
class ByJinja:
    """A chat template, rendered by Hugging Face's rules. None for a token that nobody knows."""

    text: str
    bos_token: str | None = None
    eos_token: str | None = None
    system: str = ""
    first: tuple[Message, ...] = ()

    @property
    def words(self) -> str:
        """How its prompts are made."""
        return "the chat template by Hugging Face's rules"

    def reference(self) -> CompletedReference:
        """The template, compiled. Raises TemplateReferenceError for one that does not compile."""
        return CompletedReference(
            self.text,
            bos_token=self.bos_token,
            eos_token=self.eos_token,
            system=self.system,
            first=self.first,
        )


class MakesPrompts(Protocol):
    """Gives a prompter whose dates are by this clock."""

    def __call__(self, clock: Clock) -> Prompter: ...


@dataclass(frozen=True)
class BySending:
    """What Ollama sends to its engine.

    words: how the prompts are made. make: the prompter. source: what it is made of, equal where the prompts
    of every conversation are; None where that is not known. answers_open: whether a last answer is left open,
    so that the model goes on with it. on_server: whether each prompt is a request to a server.
    """

    words: str
    make: MakesPrompts
    source: object = None
    answers_open: bool = False
    on_server: bool = False
    bos_token: str = ""


Rendering = ByJinja | BySending


class Pair(Protocol):
    """Two sides that render the same conversations.

    jinja: the chat templates among them; references: the same, compiled; taken: for each the branches that
    its renderings took.
    """

    jinja: Sequence[ByJinja]
    references: Sequence[WatchedReference]
    taken: Sequence[set[Hit]]

    @property
    def steps(self) -> int:
        """What the renderings have used up of the chat templates' steps, the hungrier side's."""

    def look(self, conversation: Conversation) -> Seen:
        """Renders it on both sides. Raises RenderingLimitError where a limit ends a rendering."""


def pair_of(before: Rendering, after: Rendering, clock: Clock) -> Pair:
    """The pair of two sides. Raises TemplateReferenceError or GoTemplateError where one does not compile."""
    if isinstance(before, ByJinja) and isinstance(after, ByJinja):
        return JinjaPair(before, after, clock)
    if isinstance(before, BySending) and isinstance(after, BySending):
        return SentPair(before, after, clock)
    return MixedPair(before, after, clock)


class JinjaPair:
    """Two chat templates: every byte counts, BOS too."""

    def __init__(self, before: ByJinja, after: ByJinja, clock: Clock) -> None:
        self.jinja: Sequence[ByJinja] = (before, after)
        self.sides = before.reference(), after.reference()
        self.references: Sequence[WatchedReference] = self.sides
        self.taken: Sequence[set[Hit]] = (set(), set())
        self.clock = clock

    @property
    def steps(self) -> int:
        return max(side.steps for side in self.sides)

    def look(self, conversation: Conversation) -> Seen:
        found = []
        for side, taken in zip(self.sides, self.taken, strict=True):
            found.append(self._render(side, conversation))
            taken |= side.hits
        return Seen(found[0], found[1], found[0].text == found[1].text)

    def _render(self, side: WatchedReference, conversation: Conversation) -> Rendered:
        try:
            text = side.render(
                conversation.messages,
                tools=conversation.tools,
                think=conversation.think,
                now=self.clock.now,
            )
        except TemplateLimitError as error:
            raise RenderingLimitError(error.message) from error
        except TemplateReferenceError as error:
            return Rendered(None, error.message)
        return Rendered(text)


class SentPair:
    """Two sides of Ollama's: what is sent, byte for byte."""

    def __init__(self, before: BySending, after: BySending, clock: Clock) -> None:
        self.sides = before, after
        self.prompters = before.make(clock), after.make(clock)
        self.jinja: Sequence[ByJinja] = ()
        self.references: Sequence[WatchedReference] = ()
        self.taken: Sequence[set[Hit]] = ()

    @property
    def steps(self) -> int:
        return max(p.steps for p in self.prompters) // STEPS_OF_A_TEMPLATE

    def look(self, conversation: Conversation) -> Seen:
        one, other = (
            send(prompter, conversation, side.bos_token)
            for prompter, side in zip(self.prompters, self.sides, strict=True)
        )
        return Seen(one, other, one.text == other.text)


class MixedPair:
    """A chat template and a side of Ollama's: the prover's rule."""

    def __init__(self, before: Rendering, after: Rendering, clock: Clock) -> None:
        self.turned = not isinstance(before, ByJinja)
        jinja, sent = (after, before) if self.turned else (before, after)
        assert isinstance(jinja, ByJinja)
        assert isinstance(sent, BySending)
        self.jinja: Sequence[ByJinja] = (jinja,)
        reference = jinja.reference()
        self.references: Sequence[WatchedReference] = (reference,)
        self.taken: Sequence[set[Hit]] = (set(),)
        self.comparison = Comparison(reference, sent.make(clock), jinja.bos_token or "", clock)
        self.answers_open = sent.answers_open

    @property
    def steps(self) -> int:
        return max(self.comparison.reference.steps, self.comparison.ollama.steps // STEPS_OF_A_TEMPLATE)

    @property
    def ignores_images(self) -> bool:
        """Whether the chat template prints nothing for an image."""
        return self.comparison.ignores_images

    def look(self, conversation: Conversation) -> Seen:
        nothing = Rendered(None)
        if self.answers_open and continues(conversation):
            return Seen(nothing, nothing, True)
        texts, hits, refusal = self.comparison.expected(conversation)
        self.taken[0].update(hits)
        found = self.comparison.difference(conversation, texts, refusal)
        if found is None:
            same = Rendered(texts[0]) if texts else nothing
            return Seen(same, same, True)
        jinja, sent = Rendered(found.expected), Rendered(found.found)
        if found.kind == "failure":
            sent = Rendered(None, in_words(found.found))
        elif found.kind == "refusal":
            jinja = Rendered(None, found.expected)
        return Seen(sent, jinja, False) if self.turned else Seen(jinja, sent, False)


def send(prompter: Prompter, conversation: Conversation, bos_token: str = "") -> Rendered:
    """What Ollama makes of a conversation. bos_token: taken away where the prompt begins with it."""
    tools: Sequence[Tool] | None = conversation.tools
    try:
        text = prompter.render(conversation.messages, tools=tools, think=conversation.think)
    except LimitError as error:
        raise RenderingLimitError(error.message) from error
    except (PromptError, GoTemplateError) as error:
        return Rendered(None, in_words(str(error)))
    return Rendered(text.removeprefix(bos_token) if bos_token else text)
