"""The check of a finished build: prompts, tokens and, with the embedded engine, images."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from ..building.build import Build
from ..building.mode import kinds_in_words
from ..building.unproven_images import template_name
from ..core.conversation import Conversation, Message
from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.errors import EngineError, UsageError
from ..core.progress import tell_step, working
from ..huggingface import Reference
from ..ollama.prompt import PromptTemplate
from ..ollama.renderer_prompt import RendererPrompts
from ..prover.native import NativePrompter, kinds_of, native_prompter, not_proven, prove_with
from ..reference_tokenizer.find import AUTO
from ..runtime.local import LocalTokenizer, open_engine, open_tokenizer
from ..vision.ask_colour import ColourAnswer, ask_colours, findings
from .both_tokenizers import BothTokenizers
from .check import CheckReport, Expected, PromptSources, check_prompts
from .image_places import WRAPPERS, Wrapper, place_reference, reference_mark, unit_of
from .model_tokenizer import belongs, compare_with, model_tokenizer
from .stress import findings as stress_findings
from .stress import stress
from .user_texts import Render, user_texts
from .vocabulary_check import VocabularyCheck


def check_package(
    build: Build,
    *,
    conversations: Iterable[Conversation] | None = None,
    tokenizer: LocalTokenizer | None = None,
    tokens: bool = True,
    reference: str | Path | None = None,
    embedded: bool = True,
    keep_tokens: bool = False,
    timeout: float = 300.0,
) -> CheckReport:
    """Checks what `modelfile_kit.build` made.

    conversations: the package's own probes unless given; tokenizer: of the package's model, opened here
    unless given; tokens: False compares bytes alone and needs no llama.cpp; reference: the
    model's own tokenizer in place of the package's `tokenizer:`; embedded: also load model and
    projector and ask it about test images; keep_tokens: keep every token of every prompt with its kind;
    timeout: seconds for one step of llama.cpp.

    A pair that llama.cpp refuses is a finding, not an exception. Raises MissingDependencyError where
    tokens or the embedded engine are wanted and there is neither llama-cpp-python nor a llama-server,
    EngineError where the model's vocabulary cannot be loaded.
    """
    probes = list(build.conversations() if conversations is None else conversations)
    with ExitStack() as opened:
        if tokens and tokenizer is None:
            with working("load", build.files.model.name):
                tokenizer = open_tokenizer(build.files.model, timeout=timeout)
            opened.callback(tokenizer.close)
        native, seen = _native(build, opened)
        wrapper, sights, found = _images(build, timeout, native) if embedded else (None, (), ())
        if wrapper is None:
            wrapper = WRAPPERS.get(_projector_type(build), Wrapper())
        own = _OwnTokenizer()
        if tokens and tokenizer is not None:
            own = _own_tokenizer(build, reference, tokenizer, timeout, opened)
        report = _prompts(
            build, wrapper, probes, tokenizer if tokens else None, native, own.both, keep_tokens
        )
        tell_step("compare", "the words of users")
        said = _user_texts(build, native, tokenizer, own.both) if tokens and tokenizer is not None else ()
        if keep_tokens and tokens:
            kinds = tuple(build.files.vocabulary.kinds()) if build.files.vocabulary is not None else ()
            others = tuple(own.both.reference.vocabulary.kinds) if own.both is not None else ()
            report = replace(report, kinds=kinds, own_kinds=others)
    found = (*seen, *own.diagnostics, *report.diagnostics, *said, *found, *findings(sights))
    engine = tokenizer.engine if tokens and tokenizer is not None else ""
    return replace(report, sights=sights, vocabulary=own.check, diagnostics=found, engine=engine)


@dataclass(frozen=True)
class _OwnTokenizer:
    """The model's own tokenizer beside the GGUF's; both: None where there is none, or another model's."""

    check: VocabularyCheck | None = None
    both: BothTokenizers | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


def _own_tokenizer(
    build: Build, asked: str | Path | None, engine: LocalTokenizer, timeout: float, opened: ExitStack
) -> _OwnTokenizer:
    """The model's own tokenizer beside the GGUF's vocabulary, where there is one: opened and compared."""
    asked = build.package.tokenizer if asked is None else asked
    model, vocabulary = build.files.model, build.files.vocabulary
    reference, found = opened.enter_context(model_tokenizer(asked, model, timeout=timeout))
    if reference is None or vocabulary is None:
        return _OwnTokenizer(diagnostics=found)
    checked, found = compare_with(reference, vocabulary, model, guessed=str(asked) == AUTO)
    if not belongs(checked):
        return _OwnTokenizer(checked, None, found)
    both = BothTokenizers(vocabulary, engine, reference)
    found = (*found, *stress_findings(stress(both), vocabulary.source))
    return _OwnTokenizer(checked, both, found)


def _user_texts(
    build: Build, native: NativePrompter | None, engine: LocalTokenizer, both: BothTokenizers | None
) -> tuple[Diagnostic, ...]:
    """Which words of users become special tokens."""
    vocabulary, template = build.files.vocabulary, build.template
    if vocabulary is None or (template is None and build.reference is None):
        return ()
    render: Render = build.expected
    if template is not None:
        seen = PromptTemplate(template, parser=build.plan.maker.parser or "")
        render = lambda messages: seen.render(build.with_system(messages))  # noqa: E731
    elif native is not None:
        render = lambda messages: native.render(build.with_system(messages))  # noqa: E731
    found = user_texts(render, vocabulary, engine, both.reference if both else None)
    source = vocabulary.source
    if source == str(build.files.model):
        source = str(build.package.as_named(build.files.model))
    said = found.diagnostic(source)
    return () if said is None else (said,)


def _native(build: Build, opened: ExitStack) -> tuple[NativePrompter | None, tuple[Diagnostic, ...]]:
    """In native mode: what renders the prompts, and how they compare with the reference."""
    reference = build.reference
    if build.plan.mode.chosen != "native" or reference is None:
        return None, ()

    images, span = build.files.takes_images, build.package.span("mode")
    kinds = kinds_of(reference.text, images=images)
    try:
        prompter = opened.enter_context(native_prompter(reference, build.files.vocabulary, images=images))
        proof = build.plan.mode.native or prove_with(prompter, reference, kinds, span=span)
    except (EngineError, UsageError) as e:
        # Where nothing could be looked at, the check of the prompts says so itself.
        proof = not_proven(e, kinds, span)
        return None, tuple(d for d in proof.diagnostics if d.severity is Severity.ERROR)
    said = f"{kinds_in_words(proof.coverage)} ({proof.engine}, {proof.conversations} conversations)"
    message = f"no TEMPLATE: llama-server renders the GGUF's own chat template, {said}"
    hint = "`mkmodelfile verify` compares the prompts on the server itself"
    return prompter, (Diagnostic("MK732", Severity.INFO, message, span, hint), *proof.diagnostics)


def _prompts(
    build: Build,
    wrapper: Wrapper,
    probes: Sequence[Conversation],
    tokenizer: LocalTokenizer | None,
    native: NativePrompter | None,
    both: BothTokenizers | None,
    keep_tokens: bool,
) -> CheckReport:
    subject = prompt_sources(build, native=native.render if native else None, wrapper=wrapper)
    if subject is None:
        return CheckReport((), (_NOTHING_TO_COMPARE,), tokenizer is not None)
    return check_prompts(subject, probes, tokenizer=tokenizer, both=both, keep_tokens=keep_tokens)


def prompt_sources(
    build: Build, *, native: Expected | None = None, wrapper: Wrapper | None = None
) -> PromptSources | None:
    """What a build's prompts are made and checked with; None where there is no chat template to hold them to.

    native: renders a request as llama-server does; wrapper: around an image, by default by the projector's
    type.
    """
    if build.reference is None:
        return None
    return PromptSources(
        template=build.template,
        chat_template=build.reference.text,
        bos_token=build.reference.bos_token,
        eos_token=build.reference.eos_token,
        system=build.plan.system,
        first=tuple(build.package.first_messages),
        wrapper=wrapper or WRAPPERS.get(_projector_type(build), Wrapper()),
        expected=build.expected_of_all if build.differs_on_purpose else None,
        native=native,
        ends=build.plan.ends,
        model=build.files.model.name,
        parser=build.plan.maker.parser or "",
        renderer=build.plan.maker.renderer or "",
        rendered=build.renderer_prompts(),
        place=Span(template_name(build.package, build.reference)),
    )


_NOTHING_TO_COMPARE = Diagnostic(
    "MK513",
    Severity.WARNING,
    "the model has no chat template, so the hand-written TEMPLATE cannot be checked",
    help="name the model's chat template with `chat_template:`",
)


def _images(
    build: Build, timeout: float, native: NativePrompter | None
) -> tuple[Wrapper | None, tuple[ColourAnswer, ...], tuple[Diagnostic, ...]]:
    if build.files.projector is None or not build.files.takes_images:
        return Wrapper(), (), ()
    try:
        with open_engine(build.files.model, build.files.projector, timeout=timeout) as engine:
            found = engine.image_wrapper()
            wrapper = WRAPPERS.get(_projector_type(build), Wrapper()) if found is None else Wrapper(*found)
            return (
                wrapper,
                ask_colours(engine, _prompt_of(build, wrapper, native), build.plan.stops.texts),
                (),
            )
    except EngineError as e:
        return None, (), (e.to_diagnostic(),)


def _prompt_of(
    build: Build, wrapper: Wrapper, native: NativePrompter | None
) -> Callable[[Sequence[Message]], str]:
    """Messages with an image to the prompt that Ollama would send, native mode included."""
    template, reference = build.template, build.reference
    seen: PromptTemplate | RendererPrompts | None = build.renderer_prompts()
    if template is not None:
        seen = PromptTemplate(template, parser=build.plan.maker.parser or "")
    if seen is not None:
        prompts = seen
        return lambda messages: prompts.render(build.with_system(messages))
    if native is not None:
        return lambda messages: native.render(build.with_system(messages))
    assert reference is not None  # without either there would be nothing to build
    mark = reference_mark(
        Reference(reference.text, bos_token=reference.bos_token, eos_token=reference.eos_token)
    )
    unit = unit_of(mark, wrapper) if mark else None
    return lambda messages: place_reference(build.expected(messages), unit, 1).text


def _projector_type(build: Build) -> str:
    header = build.files.projector_header
    return str(header.metadata.get("clip.projector_type", "")) if header else ""
