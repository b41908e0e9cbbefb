"""The check of a finished build: prompts, tokens and, with the embedded engine, eyes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from ..conversation import Conversation, Message
from ..diagnostics import Diagnostic, Severity
from ..errors import EngineError
from ..jinja_reference import Reference
from ..ollama.prompt import render_prompt
from ..runtime.llama_cpp import EmbeddedEngine
from .check import CheckReport, Subject, check_prompts
from .pictures import WRAPPERS, Wrapper, place_reference, reference_mark, unit_of
from .sight import Sight, findings, look
from .tokenizer import LlamaTokenizer

if TYPE_CHECKING:
    from ..builder import Build


def check_package(
    build: Build,
    *,
    conversations: Iterable[Conversation] | None = None,
    tokenizer: LlamaTokenizer | None = None,
    tokens: bool = True,
    embedded: bool = True,
    timeout: float = 300.0,
) -> CheckReport:
    """Checks what `modelfile_kit.build` made.

    conversations: the package's own probes unless given; tokenizer: of the package's model, opened here
    unless given; tokens: False compares bytes alone and needs no llama.cpp; embedded: also load model and
    projector and put test pictures to them; timeout: seconds for one step of llama.cpp.

    A pair that llama.cpp refuses is a finding, not an exception. Raises MissingDependencyError where
    tokens or the embedded engine are wanted and llama-cpp-python is not there, EngineError where the
    model's vocabulary cannot be loaded.
    """
    probes = list(build.conversations() if conversations is None else conversations)
    with ExitStack() as opened:
        if tokens and tokenizer is None:
            tokenizer = opened.enter_context(LlamaTokenizer(build.files.model, timeout=timeout))
        wrapper, sights, found = _eyes(build, timeout) if embedded else (None, (), ())
        if wrapper is None:
            wrapper = WRAPPERS.get(_projector_type(build), Wrapper())
        report = _prompts(build, wrapper, probes, tokenizer if tokens else None)
    return replace(report, sights=sights, diagnostics=(*report.diagnostics, *found, *findings(sights)))


def _prompts(
    build: Build, wrapper: Wrapper, probes: Sequence[Conversation], tokenizer: LlamaTokenizer | None
) -> CheckReport:
    if build.reference is None:
        return CheckReport((), (_NOTHING_TO_COMPARE,), tokenizer is not None)
    subject = Subject(
        template=build.template,
        chat_template=build.reference.text,
        bos_token=build.reference.bos_token,
        eos_token=build.reference.eos_token,
        system=build.package.system or "",
        wrapper=wrapper,
        expected=build.expected if build.plan.additions else None,
    )
    return check_prompts(subject, probes, tokenizer=tokenizer)


_NOTHING_TO_COMPARE = Diagnostic(
    "MK734",
    Severity.WARNING,
    "the model has no chat template, so nothing says whether the hand-written TEMPLATE is right",
    help="name the model's chat template with `chat_template:`",
)


def _eyes(build: Build, timeout: float) -> tuple[Wrapper | None, tuple[Sight, ...], tuple[Diagnostic, ...]]:
    if build.files.projector is None:
        return Wrapper(), (), ()
    try:
        with EmbeddedEngine(build.files.model, build.files.projector, timeout=timeout) as engine:
            wrapper = Wrapper(*engine.picture_wrapper())
            return wrapper, look(engine, _prompt_of(build, wrapper), build.plan.stops.texts), ()
    except EngineError as e:
        return None, (), (e.to_diagnostic(),)


def _prompt_of(build: Build, wrapper: Wrapper) -> Callable[[Sequence[Message]], str]:
    """Messages with a picture to the prompt that Ollama would send, native mode included."""
    template, reference = build.template, build.reference
    if template is not None:
        return lambda messages: render_prompt(template, build.with_system(messages))
    assert reference is not None  # without either there would be nothing to build
    mark = reference_mark(
        Reference(reference.text, bos_token=reference.bos_token, eos_token=reference.eos_token)
    )
    unit = unit_of(mark, wrapper) if mark else None
    return lambda messages: place_reference(build.expected(messages), unit, 1).text


def _projector_type(build: Build) -> str:
    header = build.files.projector_header
    return str(header.metadata.get("clip.projector_type", "")) if header else ""
