"""RENDERER as a way to make a package's prompts: which renderer, and how its prompts are proven."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..core.conversation import Conversation
from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.errors import PromptError, TemplateReferenceError
from ..ollama.builtin import PARSERS, RENDERER_TOKENS, RENDERERS
from ..ollama.prompt import PromptTemplate
from ..ollama.renderer_prompt import RendererPrompts
from ..ollama.renderers import OLDEST, resolve_name
from ..ollama.versions import Target, version_text
from ..package.package import Package
from ..prover.counting import Count
from ..prover.native import kinds_of
from ..prover.renderer import RendererProof, prove_renderer
from ..replies.round_trip import RoundTrip
from ..sources.model_name import model_part
from .mode import kinds_in_words
from .package_replies import renderer_trip
from .prompt_maker import BY_RENDERER, PromptMaker, in_words
from .shared_work import SharedWork
from .sources import ModelTemplate, PackageFiles
from .template_in_use import TemplateInUse

_HELP = (
    "a renderer is a copy of one version of a chat template, and the model was trained on another; "
    "`mode: auto` takes what is proven for most"
)
PARSER_OF = {
    "qwen3.8": "qwen3.5",
    "deepseek3.1": "deepseek3",
    "olmo3.1": "olmo3",
    "olmo3-32b-think": "olmo3-think",
    "gemma4-small": "gemma4",
    "gemma4-large": "gemma4",
}
"""The parsers of those renderers whose parser has another name."""


def renderer_prompts(
    package: Package, files: PackageFiles, renderer: str, parser: str, target: Target, **options: Any
) -> RendererPrompts:
    """The prompts of a package with a RENDERER at a release; options as for `RendererPrompts`.

    The package's SYSTEM and MESSAGEs are not in front: whoever asks puts them there.
    """
    return RendererPrompts(
        renderer,
        parser=parser,
        target=target,
        name=package.name,
        family=files.header.architecture,
        parameters=files.header.parameter_count,
        projector=files.projector is not None,
        **options,
    )


def why_not_provable(package: Package, reference: ModelTemplate | None) -> str:
    """Why the prompts of a renderer cannot be proven here, "" where they can."""
    if reference is None:
        return "the package has no chat template to compare them with"
    if Target.parse(package.target).version < OLDEST:
        oldest = version_text(OLDEST)
        return f"`target` {package.target} includes servers before {oldest}, whose renderers are unknown"
    return ""


def prove_way(
    package: Package,
    files: PackageFiles,
    reference: ModelTemplate,
    renderer: str,
    parser: str,
    *,
    template: PromptTemplate | None = None,
    shared: SharedWork | None = None,
) -> RendererProof:
    """How a renderer's prompts compare with the chat template, at the oldest and the newest release."""
    work = SharedWork() if shared is None else shared
    key = _key(package, files, reference, renderer, parser), template.source if template else None
    return work.once(
        "renderer prompts", key, lambda: _proof(package, files, reference, renderer, parser, template)
    )


def _key(
    package: Package, files: PackageFiles, reference: ModelTemplate, renderer: str, parser: str
) -> tuple[Hashable, ...]:
    """What the prompts of a renderer, and the replies to them, depend on."""
    # Of the model's name only its base counts, beside what `resolve_name` finds in the whole of it.
    base = model_part(package.name)
    resolved = resolve_name(renderer, package.name, files.header.parameter_count)
    model = files.header.architecture, files.vocabulary_name, files.projector is not None, files.takes_images
    return resolved, parser, base, model, reference.key, package.target


def _proof(
    package: Package,
    files: PackageFiles,
    reference: ModelTemplate,
    renderer: str,
    parser: str,
    template: PromptTemplate | None,
) -> RendererProof:
    releases = [renderer_prompts(package, files, renderer, parser, target) for target in _ends(package)]
    kinds = kinds_of(reference.text, images=files.takes_images)
    return prove_renderer(reference, releases, kinds, template=template)


def _ends(package: Package) -> tuple[Target, ...]:
    target = Target.parse(package.target)
    oldest, newest = Target(target.version), target.newest
    return (oldest,) if oldest.version == newest.version else (oldest, newest)


def likely_renderers(
    package: Package, files: PackageFiles, reference: ModelTemplate, probes: Sequence[Conversation]
) -> Iterator[tuple[str, str]]:
    """Renderers and their parsers that could write this model's prompts.

    All servers of the target know them, the vocabulary has their tokens, and of the package's chats they get
    at least one right.
    """
    target, vocabulary = _ends(package)[0], files.vocabulary
    for renderer, since in RENDERERS.items():
        parser = PARSER_OF.get(renderer, renderer)
        tokens = RENDERER_TOKENS.get(renderer, ())
        known = since <= target.version and PARSERS[parser].since <= target.version
        if not known or vocabulary is None or vocabulary.missing(tokens):
            continue
        prompts = renderer_prompts(package, files, renderer, parser, target)
        if any(_is_right(prompts, reference, probe) for probe in probes):
            yield renderer, parser


def _is_right(prompts: RendererPrompts, reference: ModelTemplate, probe: Conversation) -> bool:
    bos = reference.bos_token or ""
    try:
        prompt = prompts.render(probe.messages, think=probe.think)
        thinks = [probe.think] if probe.think is not None else [None, True]
        meant = [reference.render(probe.messages, think=think) for think in thinks]
    except (PromptError, TemplateReferenceError):
        return False
    return any(prompt.removeprefix(bos) == text.removeprefix(bos) for text in meant)


def judged_maker(
    maker: PromptMaker,
    proof: RendererProof | None,
    why_not: str,
    span: Span,
    replies: Mapping[str, str] | None = None,
) -> PromptMaker:
    """The same RENDERER and PARSER with what is known of the prompts and the replies."""
    name = f"RENDERER {maker.renderer}"
    if proof is None:
        message = f"{name} of Ollama makes the prompts, not compared with a chat template: {why_not}"
        hint = "`mkmodelfile verify` compares the server's prompts with the model's chat template"
        unseen = Diagnostic(BY_RENDERER, Severity.WARNING, message, span, hint)
        return PromptMaker(maker.parser, maker.renderer, f"prompts: not proven ({why_not})", (unseen,))
    told = kinds_in_words(proof.coverage)
    found = tuple(Diagnostic(BY_RENDERER, Severity.WARNING, d, span, _HELP) for d in proof.differences)
    proven = f"prompts by {name}: {told} ({proof.conversations} conversations)"
    proven += f"; replies by PARSER {maker.parser}: {in_words(replies or {})}"
    return PromptMaker(maker.parser, maker.renderer, proven, found, replies)


@dataclass(frozen=True)
class RendererChoice:
    """A renderer that was compared, with its proof and its replies; why: in one sentence.

    proof: None where nothing could be compared; trip: None where the releases of the target are not known.
    """

    maker: PromptMaker
    proof: RendererProof | None
    trip: RoundTrip | None
    why: str = ""


def replies_with(
    package: Package,
    files: PackageFiles,
    reference: ModelTemplate,
    renderer: str,
    parser: str,
    *,
    shared: SharedWork | None = None,
) -> RoundTrip:
    """What a PARSER makes of the replies to a renderer's prompts."""
    work = SharedWork() if shared is None else shared
    prompts = renderer_prompts(package, files, renderer, parser, Target.parse(package.target))
    key = _key(package, files, reference, renderer, parser)
    return work.once("renderer replies", key, lambda: renderer_trip(prompts, files, reference))


def given_by_create(in_use: TemplateInUse) -> tuple[str, str] | None:
    """The renderer and the parser that `create` gives the architecture on every server of the target."""
    given = {(s.renderer, s.parser) for _, s in in_use.selections if s.source == "renderer"}
    every = all(s.source == "renderer" for _, s in in_use.selections)
    return given.pop() if every and len(given) == 1 else None


def choose_renderer(
    package: Package,
    files: PackageFiles,
    reference: ModelTemplate,
    probes: Sequence[Conversation],
    *,
    beside: Beside,
    given: tuple[str, str] | None,
    shared: SharedWork | None = None,
) -> tuple[RendererChoice | None, RendererChoice | None]:
    """The renderer to take in place of a TEMPLATE or of native mode, and the best one that was compared.

    The first is None where none is proven better. beside: what is proven of the other way. given: what
    `create` gives the architecture in any case; then the best renderer that reads as many replies is taken,
    whatever the TEMPLATE is, since it would not be used.
    """
    if given is None and beside.perfect:
        return None, None
    names = dict.fromkeys(likely_renderers(package, files, reference, probes))
    if given is not None:
        names = {given: None, **names}
    best: dict[bool, tuple[tuple[int, int], RendererChoice]] = {}
    least = (
        replies_with(package, files, reference, *given, shared=shared).replies if given is not None else {}
    )
    for renderer, parser in names:
        trip = replies_with(package, files, reference, renderer, parser, shared=shared)
        fewer = any(_rank(trip.replies[aspect]) < _rank(state) for aspect, state in least.items())
        if given is None and not beside.may_lose_to(trip.replies):
            continue
        proof = prove_way(
            package, files, reference, renderer, parser, template=beside.template, shared=shared
        )
        right = sum(c.native for c in proof.counts.values())
        worth = (len(proof.exact()), right if proof.counts else 0)
        maker = judged_maker(PromptMaker(parser, renderer), proof, "", package.span("mode"), trip.replies)
        choice = RendererChoice(maker, proof, trip, _why(renderer, proof, beside, given))
        taken = not fewer and (given is not None or beside.loses_to(proof, trip.replies))
        for kind in {False, taken}:
            if kind not in best or worth > best[kind][0]:
                best[kind] = worth, choice
    chosen, compared = (best[kind][1] if kind in best else None for kind in (True, False))
    return chosen, chosen or compared


def _why(renderer: str, proof: RendererProof, beside: Beside, given: tuple[str, str] | None) -> str:
    is_so = f"RENDERER {renderer} is {kinds_in_words(proof.coverage)} ({proof.conversations} conversations)"
    if given is not None:
        return f"`create` gives the architecture a renderer whatever the Modelfile says; {is_so}"
    return f"{is_so}, {beside.name} {kinds_in_words(beside.coverage)}{_counted(proof)}"


def _counted(proof: RendererProof) -> str:
    kinds = ", ".join(f"{k} {c.native} and {c.template} of {c.of}" for k, c in proof.counts.items())
    return f"; conversations that are right by the renderer and by the TEMPLATE: {kinds}" if kinds else ""


_STATES = ("absent", "unread", "partial", "exact")


@dataclass(frozen=True)
class Beside:
    """The way that a renderer would replace, and what is proven of it.

    name: in words. coverage: of prompts; replies: what comes back, None where that was not seen (native
    mode). template: the TEMPLATE to count with, None where there is none. cut_short: whether a limit ended
    the proof of it, so that what is not called exact may be.
    """

    name: str
    coverage: Mapping[str, str]
    replies: Mapping[str, str] | None
    template: PromptTemplate | None = None
    cut_short: bool = False

    @property
    def exact(self) -> bool:
        """Whether every kind of conversation is proven."""
        return all(state in ("exact", "absent") for state in self.coverage.values())

    @property
    def perfect(self) -> bool:
        """Whether nothing can be better: every prompt is proven, and every reply is read back."""
        known = self.replies is not None and all(s in ("exact", "absent") for s in self.replies.values())
        return self.exact and known

    def may_lose_to(self, replies: Mapping[str, str]) -> bool:
        """Whether a renderer is worth a proof: no reply is read worse, and something can be better."""
        if self.replies is None:
            return all(state in ("exact", "absent") for state in replies.values())
        worse = any(_rank(replies.get(a, "absent")) < _rank(state) for a, state in self.replies.items())
        return not worse and (not self.exact or self._reads_less_than(replies))

    def _reads_less_than(self, replies: Mapping[str, str]) -> bool:
        known = (self.replies or {}).items()
        return any(_rank(replies.get(a, "absent")) > _rank(s) for a, s in known if s != "absent")

    def loses_to(self, proof: RendererProof, replies: Mapping[str, str]) -> bool:
        """Whether a renderer is nowhere worse, in prompts and replies, and better somewhere."""
        if not self.may_lose_to(replies):
            return False
        kinds = [k for k, s in self.coverage.items() if "absent" not in (s, proof.coverage.get(k, "absent"))]
        exact = {k for k in kinds if self.coverage[k] == "exact"}
        found = proof.exact(kinds)
        if self.replies is None or self.cut_short:
            # Nothing is known of these replies, and nothing was counted beside native mode; or little is.
            return found == set(kinds)
        open_kinds = [k for k in kinds if k not in found]
        fewer = [k for k in open_kinds if k not in proof.counts or _gain(proof.counts[k]) < 0]
        more = [k for k in open_kinds if k in proof.counts and _gain(proof.counts[k]) > 0]
        return found >= exact and not fewer and bool(found > exact or more or self._reads_less_than(replies))


def _gain(count: Count) -> int:
    return count.native - count.template


def _rank(state: str) -> int:
    return _STATES.index(state)
