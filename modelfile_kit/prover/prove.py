"""Exactness is never assumed: holds a compiled TEMPLATE to the reference, conversation by conversation.

The conversations come from the chat template itself (see `probes`). "exact" stays only where every
branch that a conversation of the kind can reach was taken on both sides and no conversation was
found on which Ollama's prompt differs; everything else becomes "partial" with the reason.

What counts as a conversation that Ollama can express: neighbours of the same role (`tool` excepted)
do not occur, since Ollama merges them before its template runs; a call's arguments and a tool's
properties are in alphabetical order, since Ollama sorts them; numbers are what Go and Python write
alike; schemas have the keys that Ollama keeps; what is empty is absent; think is true, false or
not given. A conversation of several kinds (an image and tools) is promised where all of them are
exact; so images are proven without tools where tools are only partial. Where the template's own
`raise_exception` refuses a conversation, Ollama has to fail too; where the reference fails in any
other way there is nothing to compare with.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from ..core.conversation import CATEGORIES, Conversation, image_count
from ..core.diagnostics import Diagnostic
from ..core.errors import GoTemplateError, TemplateReferenceError
from ..core.progress import tell_step
from ..core.step_account import steps_together
from ..ollama.prompt import PromptTemplate
from .allowance import Allowance, ProofLimits
from .comparison import DAYS, Clock, Comparison, Difference, RenderingLimitError
from .conversations import plain as conversations
from .conversations import tools
from .conversations.features import ROLES_MAX, Features, features
from .conversations.mixed import mixed
from .conversations.plain import Candidate
from .coverage import Hit, Site, WatchedReference
from .findings import (
    Counterexample,
    CutShort,
    Finding,
    InvalidTemplate,
    NeighboursMerged,
    NoMarker,
    Uncovered,
    VersionsDiffer,
    diagnostic,
)
from .reach.branches import reachable
from .reach.expressions import STEPS_MAX, not_settled
from .shrink import shrink
from .usable import never_renders

# Branches that a second, closer look is worth.
APART_MAX = 8
# Branches named in diagnostics; the rest are counted.
BRANCHES_SHOWN = 3

_GENERATORS = {
    "chat": conversations.chat,
    "tools": tools.tools,
    "thinking": conversations.thinking,
    "images": conversations.images,
}
# Each kind's conversations may have everything that the kinds before it have.
CATEGORIES_IN_ORDER = ("chat", "thinking", "tools", "images")
# The kinds whose conversations are also of this kind's world: a branch covered there is covered here.
_INSIDE = {
    "chat": ("chat",),
    "thinking": ("chat", "thinking"),
    "tools": ("chat", "thinking", "tools"),
    "images": CATEGORIES,
}


@dataclass(frozen=True)
class Proof:
    """What a proof found.

    coverage: as claimed, or degraded. conversations: how many were compared. candidates: how many
    the reference rendered. uncovered: branches that no conversation reached, by kind. notes: what lies
    outside what Ollama can express and is worth knowing.
    """

    coverage: dict[str, str]
    findings: tuple[Finding, ...]
    conversations: int = 0
    candidates: int = 0
    uncovered: Mapping[str, tuple[tuple[Site, int], ...]] = field(default_factory=dict)
    notes: tuple[Finding, ...] = ()

    @property
    def counterexamples(self) -> tuple[Counterexample, ...]:
        """The conversations on which the sides differ."""
        return tuple(f for f in self.findings if isinstance(f, Counterexample))

    @property
    def diagnostics(self) -> list[Diagnostic]:
        """The findings in words."""
        return [diagnostic(f) for f in self.findings]


def prove(
    chat_template: str,
    go_template: str,
    *,
    bos_token: str | None = "",
    eos_token: str | None = "",
    target: str = "latest",
    claimed: Mapping[str, str],
    limits: ProofLimits | None = None,
) -> Proof:
    """Holds a Go TEMPLATE to its chat template; only ever takes back what is claimed.

    chat_template: the Jinja source. go_template: the TEMPLATE. bos_token, eos_token: their texts.
    target: the oldest Ollama. claimed: "exact", "partial", "unsupported" or "absent" for each of
    chat, tools, thinking and images; only what is "exact" is put to the test, and whether anything
    renders at all. limits: what the proof may use up; a proof that is cut short by one proves nothing.
    """
    clock = Clock()
    try:
        ollama = PromptTemplate(go_template, target=target, now=clock.today)
    except GoTemplateError as e:
        nothing = {k: _without_proof(v) for k, v in claimed.items()}
        return Proof(nothing, (InvalidTemplate(e.message, e.span),))
    reference = WatchedReference(chat_template, bos_token=bos_token, eos_token=eos_token)
    tokens = (bos_token, eos_token)
    comparison = Comparison(reference, ollama, bos_token or "", clock)
    return _ProofRun(comparison, tokens, dict(claimed), limits or ProofLimits()).prove()


def prove_prompts(
    comparison: Comparison,
    *,
    eos_token: str | None = "",
    claimed: Mapping[str, str],
    limits: ProofLimits | None = None,
) -> Proof:
    """The same proof for anything else that renders requests, such as a server.

    comparison: the reference and what is held to it; its clock's day is the only one. eos_token, claimed,
    limits: as for `prove`.
    """
    run = _ProofRun(
        comparison, (comparison.bos_token or None, eos_token), dict(claimed), limits or ProofLimits()
    )
    run.days = (comparison.clock.now,)
    return run.prove()


def _without_proof(claim: str) -> str:
    return "unsupported" if claim in ("exact", "partial") else claim


class _ProofRun:
    def __init__(
        self,
        comparison: Comparison,
        tokens: tuple[str | None, str | None],
        coverage: dict[str, str],
        limits: ProofLimits,
    ) -> None:
        self.allowance = Allowance(limits)
        self.bos_token, self.eos_token = tokens
        self.coverage = coverage
        self.comparison = comparison
        self.reference = comparison.reference
        self.clock = comparison.clock
        self.seen: Features = features(self.reference.tree)
        self.covered: dict[str, set[Hit]] = {c: set() for c in CATEGORIES}
        self.findings: list[Finding] = []
        self.uncovered: dict[str, tuple[tuple[Site, int], ...]] = {}
        self.candidates = 0
        self.search_steps = limits.search_steps
        dated = "strftime_now" in self.reference.variables
        self.days: tuple[datetime, ...] = DAYS if dated else DAYS[:1]

    def prove(self) -> Proof:
        limits = self.allowance.limits
        with steps_together(limits.reference_steps, limits.ollama_steps, anew=True):
            return self._proven()

    def _proven(self) -> Proof:
        useless = self._useless()
        for category in () if useless else CATEGORIES_IN_ORDER:
            if self.coverage.get(category) == "exact":
                self._category(category)
        for example in [f for f in self.findings if isinstance(f, Counterexample)]:
            self._spread(example)
        return Proof(
            self.coverage,
            tuple(self.findings),
            self.comparison.runs,
            self.candidates,
            self.uncovered,
            self._notes(),
        )

    def _notes(self) -> tuple[Finding, ...]:
        """Whether it shows that Ollama merges neighbours of one role."""
        apart = tuple(conversations.message("user", text) for text in ("a", "b"))
        merged = (conversations.message("user", "a\n\nb"),)
        try:
            same = self.reference.render(apart) == self.reference.render(merged)
        except TemplateReferenceError:
            same = True
        return () if same else (NeighboursMerged(),)

    def _useless(self) -> bool:
        """Whether no conversation of any kind renders; then nothing is left of the claims."""
        kinds = [c for c in CATEGORIES if self.coverage.get(c) in ("exact", "partial")]
        probes = (probe for kind in kinds for probe in self._probes(kind))
        why = never_renders(self.comparison, probes, self._ended)
        if why is not None:
            self.coverage = {k: _without_proof(v) for k, v in self.coverage.items()}
            self.findings.append(why)
        return why is not None

    def _ended(self) -> str:
        """Which limit of the proof was reached, "" while none was."""
        return self.allowance.ended(self.reference.steps, self.comparison.ollama.steps)

    # -- one kind of conversation ---------------------------------------------------------------------

    def _category(self, category: str) -> None:
        try:
            self._compared(category)
        except RenderingLimitError as e:
            self._degrade(category, CutShort(category, self._ended() or str(e)))

    def _compared(self, category: str) -> None:
        if category == "images" and self.comparison.ignores_images:
            self.coverage[category] = "absent"
            self.findings.append(NoMarker())
            return
        signatures: set[frozenset[Hit]] = set()
        rendered = False
        # Only a template that reads reasoning as `thinking` can tell transformers' versions apart.
        aliased = "thinking" in self.seen.keys
        for probe in self._probes(category):
            if ended := self._ended():
                self._degrade(category, CutShort(category, ended))
                return
            for conversation in attempts(probe):
                tell_step("prove", f"{category} conversations", self.candidates)
                self.candidates += 1
                self.allowance.conversations += 1
                self.clock.now = self.days[self.candidates % len(self.days)]
                if not self._promised(category, conversation):
                    break
                texts, hits, refusal = self.comparison.expected(conversation)
                self.covered[category] |= hits
                signature = frozenset(hits)
                if signature not in signatures or (probe.telling and texts):
                    signatures.add(signature)
                    difference = self.comparison.difference(conversation, texts, refusal)
                    if difference is not None:
                        self._found(category, conversation, difference)
                        return
                    if aliased and self.comparison.depends_on_version(conversation):
                        self._degrade(category, VersionsDiffer(category, conversation))
                        return
                if texts:
                    rendered = True
                    break
        if rendered and self._every_day(category):
            self._branches(category)
        if untried := self.seen.untried_roles:
            asked = f"the chat template compares with {untried + ROLES_MAX} roles"
            self._degrade(category, CutShort(category, f"{asked}, {ROLES_MAX} of them were tried"))

    def _promised(self, category: str, conversation: Conversation) -> bool:
        """Whether nothing about it is of another kind that is not exact."""
        return category != "images" or not (_kinds(conversation) & self._left_out())

    def _left_out(self) -> frozenset[str]:
        """The kinds that conversations with images leave out."""
        return frozenset(
            k for k in ("tools", "thinking") if self.coverage.get(k) in ("partial", "unsupported")
        )

    def _every_day(self, category: str) -> bool:
        """Whether a date is printed right on every kind of day."""
        for day in self.days[1:]:
            self.clock.now = day
            for probe in conversations.dated(category, tools.PLAIN):
                difference = self.comparison.difference(probe.conversation)
                if difference is not None:
                    self._found(category, probe.conversation, difference)
                    return False
        return True

    def _probes(self, category: str) -> Iterator[Candidate]:
        return itertools.chain(planned(category, self.seen), mixed(category, self.seen))

    def _found(self, category: str, conversation: Conversation, difference: Difference) -> None:
        """A counterexample: made small, told, and the kind degraded."""
        shown = [difference]  # of the smallest so far: a limit may end one more look

        def differs(candidate: Conversation) -> bool:
            if self._ended():
                return False
            try:
                found = self.comparison.difference(candidate)
            except RenderingLimitError:
                return False
            if found is None or found.kind != difference.kind:
                return False
            shown.append(found)
            return True

        small = shrink(conversation, differs)
        difference = shown[-1]
        small = replace(small, category=category)
        example = Counterexample(category, small, difference)
        self._degrade(category, example)
        # What is left of it may be of a simpler kind, which is then not exact either.
        natural = Conversation(small.id, small.messages, small.tools, small.think).category
        if self.coverage.get(natural) == "exact":
            self._degrade(natural, replace(example, category=natural))

    def _degrade(self, category: str, why: Finding) -> None:
        self.coverage[category] = "partial"
        self.findings.append(why)

    def _spread(self, example: Counterexample) -> None:
        """What goes wrong in one kind may go wrong in the others too, with tools or an image added."""
        for category in CATEGORIES:
            if self.coverage.get(category) != "exact":
                continue
            variant = _variant(example.conversation, category)
            if variant is None or not self._promised(category, variant):
                continue
            try:
                difference = self.comparison.difference(variant)
            except RenderingLimitError as e:
                self._degrade(category, CutShort(category, self._ended() or str(e)))
                continue
            if difference:
                self._found(category, variant, difference)

    # -- branches ---------------------------------------------------------------------------------------

    def _branches(self, category: str) -> None:
        covered = set().union(*(self.covered[c] for c in _INSIDE[category]))
        missing = list(self.reference.missing(covered))
        if not missing:
            return
        left, limit = self._reachable(category, missing, apart=False)
        if 0 < len(left) <= APART_MAX:
            left, limit = self._reachable(category, left, apart=True)
        if not left:
            return
        self.uncovered[category] = tuple(left)
        self.coverage[category] = "partial"
        for site, outcome in left[:BRANCHES_SHOWN]:
            self.findings.append(Uncovered(category, site, outcome, len(left), limit))

    def _reachable(
        self, category: str, branches: list[tuple[Site, int]], *, apart: bool
    ) -> tuple[list[tuple[Site, int]], str]:
        """Those branches that a conversation of this kind may reach, and which limit was reached, if any."""
        found = reachable(
            self.reference.tree,
            category,
            len(self.reference.sites),
            bos_token=self.bos_token,
            eos_token=self.eos_token,
            apart=apart,
            steps=self.search_steps,
            without=self._left_out() if category == "images" else (),
        )
        self.search_steps -= found.steps
        limit = found.limit and not_settled(min(STEPS_MAX, self.allowance.limits.search_steps))
        return [(site, n) for site, n in branches if (site.number, n) in found.hits], limit


def planned(category: str, seen: Features) -> Iterator[Candidate]:
    """The candidates of a kind that are made for what a chat template looks at, simplest first."""
    return _GENERATORS[category](seen)


def attempts(probe: Candidate) -> Iterator[Conversation]:
    """A candidate's conversation, then what is tried instead."""
    yield probe.conversation
    for messages in probe.instead:
        yield replace(probe.conversation, messages=messages)


def _kinds(conversation: Conversation) -> set[str]:
    """Beside plain chat and images: what else a conversation has."""
    messages = conversation.messages
    found = set()
    if conversation.tools or any(m["role"] == "tool" or m.get("tool_calls") for m in messages):
        found.add("tools")
    if conversation.think is not None or any(m.get("thinking") for m in messages):
        found.add("thinking")
    return found


def _variant(conversation: Conversation, category: str) -> Conversation | None:
    """The same conversation as one of another kind."""
    kinds = CATEGORIES_IN_ORDER
    if kinds.index(conversation.category) >= kinds.index(category):
        return None
    if category == "tools":
        return replace(conversation, tools=conversation.tools or tools.PLAIN, category=category)
    if category == "thinking":
        return replace(conversation, think=True, category=category)
    if category == "images":
        users = [i for i, m in enumerate(conversation.messages) if m["role"] == "user"]
        if users and not any(image_count(m) for m in conversation.messages):
            messages = list(conversation.messages)
            messages[users[0]] = {**messages[users[0]], "images": 1}
            return replace(conversation, messages=tuple(messages), category=category)
    return None
