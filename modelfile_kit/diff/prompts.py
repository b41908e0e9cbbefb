"""The prompts that are not the same on both sides, each with the smallest conversation that shows it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from ..core.common_start import common_length
from ..core.conversation import Conversation
from ..core.errors import GoTemplateError, TemplateReferenceError, UsageError
from ..core.progress import tell_step
from ..prover.comparison import DAYS, Clock, RenderingLimitError
from ..prover.conversations.features import Features
from ..prover.coverage import Hit, WatchedReference
from ..prover.findings import shown
from ..prover.prove import CATEGORIES_IN_ORDER, attempts
from ..prover.reach.branches import reachable
from ..prover.shrink import shrink
from .conversations import conversations
from .edits import Edit, edits
from .part import Outcome, Part, counted, not_compared
from .rendering import ByJinja, BySending, MixedPair, Pair, Rendered, Rendering, Seen, pair_of

EXAMPLES = 3
"""Conversations of a kind that are shown; the others are counted."""

STEPS = 3_000_000
"""Steps of the chat templates in one comparison: some seconds. The hungriest real pair takes a third."""

TRIED = 400
"""Differing conversations of a kind that are looked at for something new."""

LEFT_OUT = 20
"""Conversations that reach a limit of their own, after which a kind is given up."""

PROMPT = 320
"""Characters of a prompt that are shown; of a longer one those around the first difference."""


@dataclass(frozen=True)
class Example:
    """A conversation, as small as was found, and what both sides make of it."""

    conversation: Conversation
    seen: Seen

    def lines(self) -> list[str]:
        """For people."""
        request = json.dumps(shown(self.conversation), ensure_ascii=False)
        return [f"for {request}", *(f"  {line}" for line in _both(self.seen))]

    def to_dict(self) -> dict[str, object]:
        """For programs."""
        sides = {"before": self.seen.before, "after": self.seen.after}
        told = {k: {"prompt": s.text} if s.text is not None else {"refused": s.why} for k, s in sides.items()}
        return {"conversation": shown(self.conversation), **told}


@dataclass
class Kind:
    """What was seen of one kind of conversation.

    compared: how many conversations had a prompt on any side; different: of these; refused: how many had
    none on either side; left_out: how many a limit ended; ended: which limit ended all.
    """

    name: str
    compared: int = 0
    different: int = 0
    refused: int = 0
    left_out: int = 0
    ended: str = ""
    examples: list[Example] = field(default_factory=list)

    def part(self) -> Part:
        """The same as a part of the comparison."""
        name = f"prompts: {self.name}"
        notes = [f"{counted(self.refused, 'conversation')} that both refuse"] if self.refused else []
        notes += [f"{self.left_out} left out, which reach a limit"] if self.left_out else []
        notes += [f"ended early: {self.ended}"] if self.ended else []
        more = f" ({'; '.join(notes)})" if notes else ""
        data = {
            "conversations": self.compared,
            "different": self.different,
            "examples": [e.to_dict() for e in self.examples],
        }
        if not self.compared and self.refused and not self.ended:
            return Part(
                name, Outcome.EQUAL, f"both sides refuse all {self.refused:,} conversations", data=data
            )
        if not self.compared:
            return not_compared(name, "; ".join(notes) or "no conversation was tried")
        many = counted(self.compared, "conversation")
        if not self.different:
            return Part(name, Outcome.EQUAL, f"{many}, every prompt is the same{more}", data=data)
        lines = [line for example in self.examples for line in example.lines()]
        lines = lines or ["the changes that are shown above, by simpler conversations"]
        return Part(name, Outcome.DIFFERENT, f"{self.different:,} of {many}{more}", tuple(lines), data)


@dataclass(frozen=True)
class Prompts:
    """parts: one for each kind. branches: for each chat template how many of its branches were taken."""

    parts: tuple[Part, ...]
    branches: tuple[str, ...] = ()


def compare_prompts(before: Rendering, after: Rendering, seen: Features) -> Prompts:
    """Renders conversations of every kind on both sides.

    seen: what their templates look at. A side that does not compile is told as not compared.
    """
    try:
        for side in (before, after):
            if isinstance(side, ByJinja):
                side.reference()
    except TemplateReferenceError as error:
        return Prompts((not_compared("prompts", str(error)),))
    if _same_source(before, after):
        why = "both sides are made of the same text with the same tokens, so every prompt is the same"
        return Prompts((Part("prompts", Outcome.EQUAL, why),))
    clock = Clock()
    on_server = any(isinstance(s, BySending) and s.on_server for s in (before, after))
    if on_server:
        clock.now = datetime.now()
    try:
        pair = pair_of(before, after, clock)
    except (TemplateReferenceError, GoTemplateError, UsageError) as error:
        return Prompts((not_compared("prompts", error.message),))
    search = _Search(pair, seen, clock, few=on_server)
    return Prompts(tuple(search.kind(name).part() for name in CATEGORIES_IN_ORDER), tuple(search.branches()))


def _same_source(before: Rendering, after: Rendering) -> bool:
    if isinstance(before, ByJinja) and isinstance(after, ByJinja):
        return before == after
    if isinstance(before, BySending) and isinstance(after, BySending):
        return before.source is not None and before.source == after.source
    return False


class _Search:
    """The search for differences, kind by kind; what one kind has shown is not shown again by the next."""

    def __init__(self, pair: Pair, seen: Features, clock: Clock, *, few: bool) -> None:
        self.pair, self.seen, self.clock, self.few = pair, seen, clock, few
        self.known: set[Edit] = set()
        self.kinds: dict[str, Kind] = {}
        dated = any("strftime_now" in r.variables for r in pair.references) or not pair.references
        self.days = (clock.now,) if few else DAYS if dated else DAYS[:1]

    def kind(self, name: str) -> Kind:
        """All conversations of a kind."""
        found = Kind(name)
        if name == "images" and (why := self._no_images()):
            found.ended = why
            return found
        tried = 0
        for number, conversation in enumerate(self._conversations(found)):
            self.clock.now = self.days[number % len(self.days)]
            seen = self._look(conversation, found)
            if seen is None or not seen.rendered:
                continue
            found.compared += 1
            if seen.same:
                continue
            found.different += 1
            if len(found.examples) < EXAMPLES and tried < TRIED:
                tried += 1
                if not edits(seen, conversation) <= self.known:
                    self._show(self._example(conversation, seen), found)
        self.kinds[name] = found
        return found

    def _no_images(self) -> str:
        """Why no conversation with images is rendered, "" where they are."""
        try:
            ignored = isinstance(self.pair, MixedPair) and self.pair.ignores_images
        except RenderingLimitError as limit:
            return str(limit)
        return "the chat template prints nothing for an image" if ignored else ""

    def _show(self, example: Example, found: Kind) -> None:
        """Adds an example, unless it is of a simpler kind that has enough of them."""
        own = example.conversation
        natural = Conversation(own.id, own.messages, own.tools, own.think).category
        other = self.kinds.get(natural)
        if other is None or len(other.examples) < EXAMPLES:
            found.examples.append(example)

    def _conversations(self, found: Kind) -> Iterator[Conversation]:
        """One after the other; what is to be tried instead, where both sides refuse a conversation."""
        for candidate in conversations(found.name, self.seen, few=self.few):
            for conversation in attempts(candidate):
                if self.pair.steps >= STEPS:
                    found.ended = f"the limit of {STEPS:,} steps of the templates was reached"
                elif found.left_out >= LEFT_OUT:
                    found.ended = f"{LEFT_OUT} conversations reach a limit"
                if found.ended:
                    return
                before = found.refused
                tell_step("compare", f"{found.name} conversations")
                yield conversation
                if found.refused == before:
                    break

    def _look(self, conversation: Conversation, found: Kind) -> Seen | None:
        try:
            seen = self.pair.look(conversation)
        except RenderingLimitError:
            found.left_out += 1
            return None
        found.refused += not seen.rendered
        return seen

    def _example(self, conversation: Conversation, seen: Seen) -> Example:
        """The smallest conversation that shows something which none before has shown."""

        def new(candidate: Conversation) -> bool:
            if self.pair.steps >= STEPS:
                return False
            try:
                other = self.pair.look(candidate)
            except RenderingLimitError:
                return False
            if other.same or edits(other, candidate) <= self.known:
                return False
            differing.append(other)
            return True

        differing = [seen]
        small = shrink(conversation, new)
        self.known |= edits(differing[-1], small)
        return Example(small, differing[-1])

    def branches(self) -> Iterator[str]:
        """How many of a chat template's branches were taken, and which may be reached and were not."""
        for jinja, reference, taken in zip(
            self.pair.jinja, self.pair.references, self.pair.taken, strict=True
        ):
            yield _branches(jinja, reference, taken)


def _branches(jinja: ByJinja, reference: WatchedReference, taken: set[Hit]) -> str:
    missing = list(reference.missing(taken))
    count = sum(len(site.outcomes) for site in reference.sites)
    if not count:
        return "it has no branches"
    found = f"{count - len(missing)} of {count} taken"
    if not missing:
        return found
    may: set[Hit] = set()
    for kind in CATEGORIES_IN_ORDER:
        may |= reachable(
            reference.tree,
            kind,
            len(reference.sites),
            bos_token=jinja.bos_token,
            eos_token=jinja.eos_token,
        ).hits
    left = [(site, outcome) for site, outcome in missing if (site.number, outcome) in may]
    if not left:
        return f"{found}, no conversation reaches the others"
    site, outcome = left[0]
    words = {"condition": ("false", "true"), "loop": ("empty", "run")}[site.kind][min(outcome, 1)]
    more = f" and {len(left) - 1} more" if len(left) > 1 else ""
    return f"{found}; not seen: line {site.line}, `{site.text}` {words}{more}"


def _both(seen: Seen) -> Iterator[str]:
    """Both sides in a line each, from where they part if they are long."""
    one, other = seen.before.text, seen.after.text
    if one is None or other is None:
        yield f"- {_one(seen.before)}"
        yield f"+ {_one(seen.after)}"
        return
    at = common_length(one, other)
    start = max(0, at - PROMPT // 2) if max(len(one), len(other)) > PROMPT else 0
    for sign, text in (("-", one), ("+", other)):
        part = text[start : start + PROMPT]
        yield f"{sign} {'…' if start else ''}{_quoted(part)}{'…' if start + PROMPT < len(text) else ''}"


def _one(side: Rendered) -> str:
    return f"refused: {side.why}" if side.text is None else _quoted(side.text[:PROMPT])


def _quoted(text: str) -> str:
    """Control characters and odd spaces as escapes, everything else as it is."""
    return "".join(
        c if c == " " or (c.isprintable() and c != "\\") else c.encode("unicode_escape").decode()
        for c in text
    )
