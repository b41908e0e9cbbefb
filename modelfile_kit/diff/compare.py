"""Two sides, part by part: what they say, the prompts that they make, and how replies are read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..core.diagnostics import Span
from ..core.errors import TemplateReferenceError
from .conversations import features_of
from .metadata import compare_metadata
from .part import Outcome, Part, not_compared
from .prompts import Prompts, compare_prompts
from .rendering import ByJinja
from .replies import compare_replies
from .settings import compare_settings
from .side import CHAT_TEMPLATE, TEMPLATE, Side
from .tensors import compare_data, compare_tensors
from .texts import unified
from .vocabulary import compare_vocabularies


@dataclass(frozen=True)
class Compared:
    """The parts, in order. branches: of the chat templates that were rendered, how many were taken.

    broken: why a chat template makes no prompts at all, None where each does not fail to compile.
    """

    before: Side
    after: Side
    parts: tuple[Part, ...]
    branches: tuple[str, ...] = ()
    broken: TemplateReferenceError | None = None

    @property
    def anything(self) -> bool:
        """Whether any part could be compared."""
        return any(p.outcome is not Outcome.NOT_COMPARED for p in self.parts)

    @property
    def equal(self) -> bool:
        """Whether nothing that was compared differs, and something was compared; not of broken ones."""
        return self.anything and not self.differs and self.broken is None

    @property
    def differs(self) -> bool:
        """Whether any part differs."""
        return any(p.outcome is Outcome.DIFFERENT for p in self.parts)


def compare(before: Side, after: Side, *, data: bool = False) -> Compared:
    """Compares all that both sides have. data: the bytes of tensors too, for files on this machine.

    Raises UsageError where `data` is asked for and a file is elsewhere.
    """
    before, after = before.with_tokens_of(after), after.with_tokens_of(before)
    prompts = _prompts(before, after)
    parts = (
        *_files(before, after, data=data),
        *_texts(before, after),
        *_settings(before, after),
        *prompts.parts,
        *_prompts_of_named(before, after),
        compare_replies(before.reads, after.reads),
    )
    return Compared(before, after, parts, prompts.branches, _broken(before) or _broken(after))


def _broken(side: Side) -> TemplateReferenceError | None:
    """Why a side's chat template does not compile, with the side's name."""
    if isinstance(side.rendering, ByJinja):
        try:
            side.rendering.reference()
        except TemplateReferenceError as error:
            error.span = Span(side.name, error.span.line if error.span else None)
            return error
    return None


def _files(before: Side, after: Side, *, data: bool) -> Iterator[Part]:
    """The GGUFs of the models and of the projectors."""
    if before.header is not None and after.header is not None:
        yield compare_metadata(before.header, after.header)
        yield compare_vocabularies(before.header, after.header)
        yield compare_tensors(before.header, after.header)
        if data:
            yield compare_data(before.header, after.header)
    elif before.header is not None or after.header is not None:
        side = before if before.header is None else after
        yield not_compared("GGUF", f"{side.name} ({side.kind}) has no GGUF that is here")
    one, other = before.projector, after.projector
    if one is not None and other is not None:
        for part in (compare_metadata(one, other), compare_tensors(one, other)):
            yield Part(f"projector's {part.name}", part.outcome, part.summary, part.lines, part.data)
    elif before.header is not None and after.header is not None and (one or other):
        which = (after if one is None else before).name
        if before.settings is not None and after.settings is not None:
            yield Part("projector", Outcome.DIFFERENT, f"only one side has one, {which} has none")


def _texts(before: Side, after: Side) -> Iterator[Part]:
    """Templates of the same language, as texts."""
    for name in dict.fromkeys((*before.texts, *after.texts)):
        one, other = before.texts.get(name), after.texts.get(name)
        if one is not None and other is not None:
            lines = unified(one, other)
            size = (
                f"{len(one):,} characters" if one == other else f"{len(one):,} -> {len(other):,} characters"
            )
            outcome = Outcome.DIFFERENT if lines else Outcome.EQUAL
            yield Part(name, outcome, f"the text is the same, {size}" if not lines else size, tuple(lines))
            continue
        side = after if other is None else before
        if _expected(name, side):
            yield Part(name, Outcome.DIFFERENT, f"{side.name} has none")
        else:
            yield not_compared(name, f"{side.name} ({side.kind}) has none; the prompts tell what it changes")


def _expected(name: str, side: Side) -> bool:
    """Whether a side that has no such text could have one."""
    if name == TEMPLATE:
        return side.settings is not None
    # A projector has neither vocabulary nor chat template.
    model = side.header is not None and "tokenizer.ggml.tokens" in side.header.metadata
    return name.startswith(CHAT_TEMPLATE) and model


def _settings(before: Side, after: Side) -> Iterator[Part]:
    if before.settings is not None or after.settings is not None:
        yield compare_settings(before.settings, after.settings, (before.header, after.header))


def _prompts_of_named(before: Side, after: Side) -> Iterator[Part]:
    """The prompts of named chat templates, such as `tool_use`, that both sides have and not alike.

    Hugging Face's own code takes one of them by its name; each is held to the one of the same name.
    """
    for name, one in before.texts.items():
        other = after.texts.get(name)
        if not name.startswith(f"{CHAT_TEMPLATE} ") or other is None or one == other:
            continue
        rendered = [
            ByJinja(text, tokens.bos_token, tokens.eos_token) if (tokens := side.taught) else ByJinja(text)
            for side, text in ((before, one), (after, other))
        ]
        for part in compare_prompts(rendered[0], rendered[1], features_of([one, other], [])).parts:
            yield replace(part, name=f"{name}, {part.name}")


def _prompts(before: Side, after: Side) -> Prompts:
    for side in (before, after):
        if side.rendering is None:
            return Prompts((not_compared("prompts", f"{side.name}: {side.why_not}"),))
    assert before.rendering is not None
    assert after.rendering is not None
    seen = features_of([*before.jinja, *after.jinja], [*before.golang, *after.golang])
    return compare_prompts(before.rendering, after.rendering, seen)
