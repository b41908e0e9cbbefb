"""The prompts that a server renders, compared with the chat template's."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..align.causes import PromptPair, Spell, explain
from ..align.compare import byte_difference
from ..align.image_places import NO_IMAGES, WRAPPERS, Wrapper, place_reference, reference_mark, unit_of
from ..core.conversation import Conversation, Message, image_count
from ..core.diagnostics import Diagnostic, Severity
from ..core.errors import TemplateReferenceError
from ..huggingface import Reference, TemplateLimitError
from ..prover.image_text import has_images
from ..vision.colour_images import ImageProbe
from .expectation import Expectation
from .served_model import ServedModel

_TAG = re.compile(r"\[img-\d+\]")
# llama-server's own marker, which the server answers where the GGUF's template rendered the prompt.
NATIVE_MARK = re.compile(r"<__(?:\w+_)?media_[0-9a-f]+__>|<__media__>")


@dataclass(frozen=True)
class PromptFinding:
    """A rendered prompt's comparison. note: a word on what could not be compared; expected: the
    reference with `[img-N]` for images, None where there is none."""

    diagnostics: tuple[Diagnostic, ...] = ()
    note: str = ""
    expected: str | None = None


class PromptJudge:
    """Renders references and compares the server's prompts with them.

    spell: the tokens of a text in this vocabulary, where they can be asked for.
    Raises TemplateReferenceError where the expected chat template does not compile.
    """

    def __init__(self, expectation: Expectation, served: ServedModel, *, spell: Spell | None = None) -> None:
        self.expectation = expectation
        self.spell = spell
        self.served = served
        self.wrapper = WRAPPERS.get(served.projector_type, Wrapper())
        self.reference: Reference | None = None
        self.unit: str | None = None
        self.blind = False  # whether the chat template has no images
        self._told: set[Diagnostic] = set()
        if expectation.chat_template:
            self.reference = Reference(
                expectation.chat_template,
                bos_token=expectation.bos_token,
                eos_token=expectation.eos_token,
            )
            self._render = expectation.render or self.reference.render
            mark = reference_mark(self.reference)
            self.unit = unit_of(mark, self.wrapper) if mark else None
            self.blind = mark is None and not has_images(self.reference)

    def cannot(self, conversation: Conversation) -> str:
        """Why Ollama cannot express a conversation with this model, "" if it can."""
        messages = self.whole(conversation)
        for one, two in itertools.pairwise(messages):
            if one["role"] == two["role"] != "tool" and not self.served.native:
                return f"Ollama merges neighbouring {one['role']} messages"
        capabilities = self.served.capabilities
        if conversation.tools and "tools" not in capabilities:
            return "the model has no capability tools"
        if conversation.think and "thinking" not in capabilities:
            return "the model has no capability thinking"
        if any(image_count(m) for m in messages) and not self.sees:
            return "the model is not expected to see images"
        return ""

    @property
    def sees(self) -> bool:
        """Whether images can be given to the server for this model."""
        return self.served.has_projector or "vision" in self.served.capabilities

    def whole(self, conversation: Conversation) -> list[Message]:
        """The messages as the server completes them: its MESSAGEs first, its SYSTEM before all."""
        own = conversation.messages
        messages = [*self.served.messages, *own]
        if own and own[0]["role"] != "system" and self.served.system:
            messages = [{"role": "system", "content": self.served.system}, *messages]
        return messages

    def judge(self, conversation: Conversation, rendered: str) -> PromptFinding:
        """Compares one rendered prompt with the reference; also finds doubled image marks."""
        twice = tuple(self._marks_twice(conversation, rendered))
        if self.reference is None:
            return PromptFinding(twice, "" if twice else "no chat template known to compare it with")
        images = sum(image_count(m) for m in conversation.messages)
        if images and self.blind:
            return PromptFinding(twice, NO_IMAGES)
        prompt = self._plain(rendered)
        expected: list[str] = []
        note = ""
        for think in self._thinks(conversation):
            try:
                text = self._render(self.whole(conversation), tools=conversation.tools, think=think)
            except TemplateLimitError as e:
                return PromptFinding(twice, e.message)
            except TemplateReferenceError as e:
                note = e.message
                continue
            placed = place_reference(text, self.unit, images)
            if placed.problem:
                note = placed.problem
                continue
            expected.append(placed.text)
        if not expected:
            return PromptFinding(twice, note)
        bare = [self._bare(text) for text in expected]
        if prompt in bare:
            meant = expected[bare.index(prompt)]
            return PromptFinding((*twice, *self._ends(rendered, meant)), expected=meant)
        return PromptFinding(
            twice or (self._difference(conversation, prompt, bare[0]),), expected=expected[0]
        )

    def refusal(self, conversation: Conversation) -> str:
        """Why the chat template refuses a conversation, "" where it does not or none is known.

        Raises TemplateLimitError where a limit ends the rendering.
        """
        why = ""
        for think in self._thinks(conversation) if self.reference is not None else ():
            try:
                self._render(self.whole(conversation), tools=conversation.tools, think=think)
            except TemplateLimitError:
                raise
            except TemplateReferenceError as e:
                why = e.message
            else:
                return ""
        return why

    def _thinks(self, conversation: Conversation) -> Sequence[Any]:
        """The server turns thinking on where the model supports it (0.33, ChatHandler)."""
        if conversation.think is None and "thinking" in self.served.capabilities:
            return (None, True)
        return (conversation.think,)

    def _plain(self, rendered: str) -> str:
        """A rendered prompt with `[img-N]` marks and no leading BOS."""
        counted = iter(range(len(rendered)))
        prompt = NATIVE_MARK.sub(lambda _: f"[img-{next(counted)}]", rendered)
        return self._bare(prompt)

    def _bare(self, text: str) -> str:
        """Without the BOS and EOS that `_ends` judges."""
        text = text.removeprefix(self.expectation.bos_token)
        ends = self.expectation.ends
        return text.removesuffix(ends.eos) if ends is not None and ends.adds_eos else text

    def _ends(self, rendered: str, meant: str) -> Sequence[Diagnostic]:
        """What the engine makes of the prompt's ends; a warning is told once, not for each conversation."""
        ends = self.expectation.ends
        if ends is None:
            return ()
        model = self.expectation.model.name if self.expectation.model else "MODEL"
        if self.served.native:
            found = ends.judge(ends.ends_of(ends.received_natively(meant)), ends.ends_of(meant), model=model)
        else:
            found = ends.compare(rendered, meant, model=model)
        new = [d for d in found if d not in self._told or d.severity is Severity.ERROR]
        self._told.update(found)
        return new

    def _marks_twice(self, conversation: Conversation, rendered: str) -> Sequence[Diagnostic]:
        if not any(image_count(m) for m in conversation.messages):
            return ()
        said = "".join(str(m.get("content") or "") for m in conversation.messages)
        marks = [m for m in (self.wrapper.begin, self.wrapper.end) if m.strip() and m in rendered]
        marks = [m for m in marks if m not in said]
        if not marks:
            return ()
        return (
            Diagnostic(
                "MK250",
                Severity.ERROR,
                f"image tokens twice: the prompt has {' and '.join(marks)}, which the engine itself writes "
                f"around every image for a {self.served.projector_type} projector",
                help="remove them from the TEMPLATE: {{ .Content }} alone has the [img-N] tag",
            ),
        )

    def _difference(self, conversation: Conversation, prompt: str, expected: str) -> Diagnostic:
        if prompt != expected and _TAG.sub("", prompt) == _TAG.sub("", expected):
            return _misplaced(conversation, prompt, expected)
        place = byte_difference(prompt, expected)
        causes = explain(
            PromptPair(
                prompt,
                expected,
                messages=self.whole(conversation),
                spell=self.spell,
                wrapper=self.wrapper,
            )
        )
        what = f"conversation {conversation.id!r}: the rendered prompt differs from the chat template's"
        if place:
            what += (
                f" at byte {place.offset}: {place.prompt[:40]!r} instead of {place.reference[:40]!r}"
                f" after {place.before[-30:]!r}"
            )
        bos = self.expectation.bos_token
        if bos and prompt == bos + expected:
            help_ = f"take the leading {bos} out of the TEMPLATE"
            return Diagnostic("MK325", Severity.ERROR, f"{what}: it begins with {bos} twice", help=help_)
        known = [c for c in causes if c.code != "MK700"]
        reason = f" ({known[0].message})" if known else ""
        way_out = "build and publish the package again; `mkmodelfile check` shows more"
        if known and known[0].help:
            way_out = known[0].help
        return Diagnostic(known[0].code if known else "MK700", Severity.ERROR, what + reason, help=way_out)


def _misplaced(conversation: Conversation, prompt: str, expected: str) -> Diagnostic:
    """The text is right and an image is in another place.

    Ollama 0.33 hands images to llama-server behind the text of their message where the GGUF's own
    template renders (llm/llama_server.go), in front of it where a TEMPLATE does.
    """
    at, meant = prompt.find("[img-"), expected.find("[img-")
    return Diagnostic(
        "MK521",
        Severity.ERROR,
        f"conversation {conversation.id!r}: the image is {'after' if at > meant else 'before'} the place "
        f"where the chat template puts it (byte {len(prompt[:at].encode())}, expected "
        f"{len(expected[:meant].encode())})",
        help="render chats with a TEMPLATE (`mode: go`): then the server puts images before the text",
    )


def with_images(messages: Sequence[Message], probes: Sequence[ImageProbe]) -> list[Message]:
    """Messages whose counted images are real ones, as a request needs them."""
    filled: list[Message] = []
    number = 0
    for message in messages:
        count = image_count(message)
        if not count or not isinstance(message.get("images"), int):
            filled.append(message)
            continue
        images = [probes[(number + i) % len(probes)].bytes for i in range(count)]
        number += count
        filled.append({**message, "images": images})
    return filled
