"""The prompts of one of Ollama's own renderers held to the reference, as a TEMPLATE's are.

A renderer is a copy of one version of a family's chat template. Every conversation of the proof is rendered
by it at the oldest and at the newest release of the target; a kind is exact where both are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..core.common_start import common_length
from ..core.conversation import CATEGORIES, Conversation
from ..core.errors import PromptError
from ..ollama.prompt import PromptTemplate
from ..ollama.renderer_prompt import RendererPrompts
from .comparison import Clock, Comparison, Difference
from .counting import Count, count_right
from .coverage import Hit, WatchedReference
from .findings import Counterexample, Finding, NeighboursMerged, NoMarker, Side, counterexample, diagnostic
from .native import TemplateWithTokens, among_neighbours, continues
from .prove import prove_prompts

# Characters of both prompts, from where they part, that make two differences the same.
_ALIKE = 24
_WORST = ("unsupported", "partial", "exact", "absent")


@dataclass(frozen=True)
class RendererProof:
    """What was seen of a renderer.

    coverage: for each of chat, tools, thinking and images "exact", "partial", "unsupported" (no conversation
    renders) or "absent"; of two releases the worse one. conversations: how many were compared. differences:
    what differs in words, each with its releases. counts: for each kind, how many conversations the
    TEMPLATE and the renderer (as `native`) get right, at the release where the renderer gets fewer; empty
    where there is no TEMPLATE, or the renderer is exact.
    """

    renderer: str
    coverage: Mapping[str, str]
    conversations: int = 0
    differences: tuple[str, ...] = ()
    counts: Mapping[str, Count] = field(default_factory=dict)

    def exact(self, kinds: Sequence[str] = CATEGORIES) -> frozenset[str]:
        """The kinds of conversations that are proven."""
        return frozenset(k for k in kinds if self.coverage.get(k) == "exact")


class RendererPrompter:
    """A renderer behind the interface of everything that renders requests.

    What it writes in an order of chance is refused: it is another prompt from request to request.
    """

    steps = 0  # no TEMPLATE runs

    def __init__(self, prompts: RendererPrompts) -> None:
        self.prompts = prompts

    def render(self, messages: Sequence[Any], *, tools: Any = None, think: Any = None) -> str:
        """The prompt of an /api/chat request."""
        text = self.prompts.render(messages, tools=tools, think=think)
        if varies := self.prompts.varies:
            raise PromptError(f"{varies} is by chance, another one from request to request")
        return text


class RendererComparison(Comparison):
    """Prompts of a renderer and of the reference.

    A conversation that ends with an answer is not compared: some renderers leave that answer open, so that
    the model goes on with it, as Hugging Face does with continue_final_message.
    """

    def expected(self, conversation: Conversation) -> tuple[list[str], set[Hit], str | None]:
        """As for a TEMPLATE; nothing is expected of a conversation that ends with an answer."""
        texts, hits, refusal = super().expected(conversation)
        return ([], hits, None) if continues(conversation) else (texts, hits, refusal)

    def difference(
        self, conversation: Conversation, texts: Sequence[str] | None = None, refusal: str | None = None
    ) -> Difference | None:
        """As for a TEMPLATE; None for a conversation that ends with an answer."""
        return None if continues(conversation) else super().difference(conversation, texts, refusal)

    def beside(self, template: PromptTemplate) -> Comparison:
        """The same reference and the prompts of a TEMPLATE."""
        return Comparison(self.reference, template, self.bos_token, self.clock)


def compare_renderer(reference: TemplateWithTokens, prompts: RendererPrompts) -> RendererComparison:
    """A renderer beside the reference; the day of both is the comparison's."""
    watched = WatchedReference(reference.text, bos_token=reference.bos_token, eos_token=reference.eos_token)
    clock = Clock()
    dated = prompts.with_clock(clock.today)
    return RendererComparison(watched, RendererPrompter(dated), reference.bos_token or "", clock)


def prove_renderer(
    reference: TemplateWithTokens,
    releases: Sequence[RendererPrompts],
    kinds: Sequence[str],
    *,
    template: PromptTemplate | None = None,
) -> RendererProof:
    """Holds a renderer to the reference.

    releases: the renderer at each release that counts. kinds: which of chat, tools, thinking and images are
    of interest; the others are "absent". template: the TEMPLATE that the renderer would replace; then it is
    counted what each of the two gets right, unless the renderer is exact.
    """
    coverage = {k: "exact" if k in kinds else "absent" for k in CATEGORIES}
    told: list[tuple[Finding, str]] = []
    runs, counts = 0, dict[str, Count]()
    for prompts in releases:
        comparison = compare_renderer(reference, prompts)
        claimed = {k: "exact" if k in kinds else "absent" for k in CATEGORIES}
        proof = prove_prompts(comparison, eos_token=reference.eos_token, claimed=claimed)
        found: list[Finding] = [f for f in proof.findings if not isinstance(f, (NoMarker, NeighboursMerged))]
        seen = dict(proof.coverage)
        if seen["chat"] == "exact" and (merged := list(among_neighbours(comparison))):
            seen["chat"] = "partial"
            found += merged
        runs += comparison.runs
        told += [(f, prompts.target.name) for f in found]
        coverage = {k: min(coverage[k], seen[k], key=_WORST.index) for k in CATEGORIES}
        if template is not None and any(seen[k] not in ("exact", "absent") for k in kinds):
            counts = _fewer(counts, count_right(comparison.beside(template), comparison, kinds))
    return RendererProof(releases[0].renderer, coverage, runs, _told_once(told, releases[0].renderer), counts)


def _fewer(one: dict[str, Count], other: dict[str, Count]) -> dict[str, Count]:
    return {
        k: min(c, one.get(k, c), key=lambda count: count.native - count.template) for k, c in other.items()
    }


def _told_once(found: Sequence[tuple[Finding, str]], renderer: str) -> tuple[str, ...]:
    """Findings in words, each with its release; one difference is told once for all kinds and releases."""
    groups: dict[Any, list[tuple[Finding, str]]] = {}
    for each in found:
        groups.setdefault(_same(each[0]), []).append(each)
    return tuple(_in_words(group, renderer) for group in groups.values())


def _same(found: Finding) -> Any:
    """What findings have in common that tell the same."""
    if not isinstance(found, Counterexample):
        return diagnostic(found).message
    difference = found.difference
    if difference.kind == "failure":
        return difference.kind, difference.found
    if difference.kind == "refusal":
        return difference.kind, difference.expected
    at = common_length(difference.expected, difference.found)
    return difference.kind, *(text[at : at + _ALIKE] for text in (difference.expected, difference.found))


def _in_words(group: Sequence[tuple[Finding, str]], renderer: str) -> str:
    releases = " and ".join(dict.fromkeys(release for _, release in group))
    name = f"RENDERER {renderer} (Ollama {releases})"
    first = group[0][0]
    if isinstance(first, Counterexample):
        kinds = tuple(dict.fromkeys(f.category for f, _ in group if isinstance(f, Counterexample)))
        return f"{name}, {counterexample(first, Side('renderer', name), kinds)}"
    return f"{name}, {diagnostic(first).message}"
