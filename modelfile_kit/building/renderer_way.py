"""RENDERER as a way to make a package's prompts: which renderer, and how its prompts are proven."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..core.conversation import Conversation
from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.errors import PromptError, TemplateReferenceError
from ..huggingface import Reference
from ..ollama.builtin import PARSERS, RENDERER_TOKENS, RENDERERS
from ..ollama.prompt import PromptTemplate
from ..ollama.renderer_prompt import RendererPrompts
from ..ollama.renderers import OLDEST
from ..ollama.reply_tokens import ReplyTokens
from ..ollama.versions import Target, version_text
from ..package.package import Package
from ..prover.counting import Count
from ..prover.native import kinds_of
from ..prover.renderer import RendererProof, prove_renderer
from ..replies.round_trip import Trip
from ..replies.spoken import spoken_replies
from .mode import kinds_in_words
from .prompt_maker import BY_RENDERER, PromptMaker, in_words
from .sources import ModelTemplate, PackageFiles
from .template_in_use import TemplateInUse

_HELP = (
    "a renderer is a copy of one version of a chat template, and the model was trained on another; "
    "`mode: auto` takes what is proven for most"
)
# Whose parser has another name.
_PARSER_OF = {
    "qwen3.8": "qwen3.5",
    "deepseek3.1": "deepseek3",
    "olmo3.1": "olmo3",
    "olmo3-32b-think": "olmo3-think",
    "gemma4-small": "gemma4",
    "gemma4-large": "gemma4",
}


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
) -> RendererProof:
    """How a renderer's prompts compare with the chat template, at the oldest and the newest release."""
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
        parser = _PARSER_OF.get(renderer, renderer)
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
    """A renderer that was taken, with its proof and its replies; why: in one sentence."""

    maker: PromptMaker
    proof: RendererProof
    why: str


def renderer_replies(
    package: Package, files: PackageFiles, reference: ModelTemplate, renderer: str, parser: str
) -> dict[str, str]:
    """What a PARSER makes of the replies to a renderer's prompts; see `Compiled.replies`."""
    prompts = renderer_prompts(package, files, renderer, parser, Target.parse(package.target))
    written = Reference(reference.text, bos_token=reference.bos_token, eos_token=reference.eos_token)
    tokens = ReplyTokens.of(files.vocabulary)
    return Trip(spoken_replies(written, reference.eos_token), prompts, tokens).own().replies


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
) -> RendererChoice | None:
    """The renderer to take in place of a TEMPLATE or of native mode; None where none is proven better.

    beside: what is proven of the other way. given: what `create` gives the architecture in any case; then the
    best renderer that reads as many replies is taken, whatever the TEMPLATE is, since it would not be used.
    """
    names = dict.fromkeys(likely_renderers(package, files, reference, probes))
    if given is not None:
        names = {given: None, **names}
    best: tuple[tuple[int, int], RendererChoice] | None = None
    least = renderer_replies(package, files, reference, *given) if given is not None else {}
    for renderer, parser in names:
        proof = prove_way(package, files, reference, renderer, parser, template=beside.template)
        replies = renderer_replies(package, files, reference, renderer, parser)
        fewer = any(_rank(replies[aspect]) < _rank(state) for aspect, state in least.items())
        if fewer or (given is None and not beside.loses_to(proof, replies)):
            continue
        right = sum(c.native for c in proof.counts.values())
        worth = (len(proof.exact()), right if proof.counts else 0)
        if best is None or worth > best[0]:
            maker = judged_maker(PromptMaker(parser, renderer), proof, "", package.span("mode"), replies)
            best = worth, RendererChoice(maker, proof, _why(renderer, proof, beside, given))
    return best[1] if best else None


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

    name: in words. coverage: of prompts; replies: what comes back, None where that is not proven (native
    mode). template: the TEMPLATE to count with, None where there is none.
    """

    name: str
    coverage: Mapping[str, str]
    replies: Mapping[str, str] | None
    template: PromptTemplate | None = None

    def loses_to(self, proof: RendererProof, replies: Mapping[str, str]) -> bool:
        """Whether a renderer is nowhere worse, in prompts and replies, and better somewhere."""
        kinds = [k for k, s in self.coverage.items() if "absent" not in (s, proof.coverage.get(k, "absent"))]
        exact = {k for k in kinds if self.coverage[k] == "exact"}
        found = proof.exact(kinds)
        if self.replies is None:
            # Nothing is known of native replies, and nothing was counted beside native mode.
            return found == set(kinds) and all(state in ("exact", "absent") for state in replies.values())
        worse = [a for a, state in self.replies.items() if _rank(replies.get(a, "absent")) < _rank(state)]
        open_kinds = [k for k in kinds if k not in found]
        fewer = [k for k in open_kinds if k not in proof.counts or _gain(proof.counts[k]) < 0]
        more = [k for k in open_kinds if k in proof.counts and _gain(proof.counts[k]) > 0]
        return found >= exact and not worse and not fewer and bool(found > exact or more)


def _gain(count: Count) -> int:
    return count.native - count.template


def _rank(state: str) -> int:
    return _STATES.index(state)
