"""RENDERER as a way to make a package's prompts: which renderer, and how its prompts are proven."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..core.conversation import Conversation
from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.errors import PromptError, TemplateReferenceError
from ..ollama.builtin import PARSERS, RENDERER_TOKENS, RENDERERS
from ..ollama.prompt import PromptTemplate
from ..ollama.renderer_prompt import RendererPrompts
from ..ollama.renderers import OLDEST
from ..ollama.versions import Target, version_text
from ..package.package import Package
from ..prover.native import kinds_of
from ..prover.renderer import RendererProof, prove_renderer
from .mode import kinds_in_words
from .prompt_maker import BY_RENDERER, PromptMaker
from .sources import ModelTemplate, PackageFiles

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


def judged_maker(maker: PromptMaker, proof: RendererProof | None, why_not: str, span: Span) -> PromptMaker:
    """The same RENDERER and PARSER with what is known of the prompts."""
    name = f"RENDERER {maker.renderer}"
    if proof is None:
        message = f"{name} of Ollama makes the prompts, not compared with a chat template: {why_not}"
        hint = "`mkmodelfile verify` compares the server's prompts with the model's chat template"
        unseen = Diagnostic(BY_RENDERER, Severity.WARNING, message, span, hint)
        return PromptMaker(maker.parser, maker.renderer, f"prompts: not proven ({why_not})", (unseen,))
    told = kinds_in_words(proof.coverage)
    found = tuple(Diagnostic(BY_RENDERER, Severity.WARNING, d, span, _HELP) for d in proof.differences)
    proven = f"prompts by {name}: {told} ({proof.conversations} conversations)"
    return PromptMaker(maker.parser, maker.renderer, proven, found)
