"""What is played with: a package, a GGUF, a chat template or a TEMPLATE, opened once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..align.check import PromptSources
from ..align.package_check import prompt_sources
from ..building.build import Build, build
from ..building.engine_tokens import compile_for_engine
from ..building.sources import ModelTemplate
from ..compiler import Compiled, compile_template
from ..core.diagnostics import Severity, Span
from ..core.errors import GoTemplateError, KitError, UsageError
from ..core.file_kinds import (
    CHAT_TEMPLATE,
    GGUF,
    GO_TEMPLATE,
    GO_TEMPLATE_ENDINGS,
    LOOKED_AT,
    PACKAGE_ENDINGS,
    TOKENIZER_CONFIG,
    has_ending,
    kind_of,
)
from ..core.files import is_gguf_file, package_file_in, read_bounded, read_file
from ..gguf_file import Vocabulary, read_header
from ..huggingface import Reference
from ..huggingface.chat_template_file import named_chat_template
from ..ollama.prompt import PromptTemplate
from ..ollama.prompt_ends import PromptEnds
from ..ollama.reply_tokens import ReplyTokens
from ..package.package import load_package
from ..package.variants import variant_packages
from ..replies.round_trip import Prompts
from ..replies.spoken import spoken_replies
from ..sources.places import remote

_NATIVE = "native"


@dataclass(frozen=True)
class Way:
    """One way to a prompt.

    name: as `TEMPLATE`, `RENDERER qwen3-vl` or `native`; chosen: whether the package gets it. sources: with
    what it is held to the chat template, None where there is none. prompts: makes the prompts and reads the
    replies; None in native mode, where llama-server does.
    """

    name: str
    chosen: bool
    sources: PromptSources | None = None
    prompts: Prompts | None = None

    @property
    def native(self) -> bool:
        """Whether llama-server makes its prompts."""
        return self.name == _NATIVE


@dataclass(frozen=True)
class Subject:
    """An opened package or template.

    reference: the chat template with its tokens, None for a TEMPLATE alone. vocabulary: the GGUF's; model:
    the file whose tokens are shown, None where it is not on this machine, and no_tokens why. system, first:
    what the server puts in front. images: whether the model takes them. spoken: a reply of each kind that the
    chat template shows, by the kind's name. notes: what is wrong as a whole.
    """

    title: str
    ways: tuple[Way, ...]
    reference: ModelTemplate | None = None
    vocabulary: Vocabulary | None = None
    model: Path | None = None
    no_tokens: str = ""
    system: str = ""
    first: tuple[Mapping[str, Any], ...] = ()
    images: bool = True
    spoken: Mapping[str, str] | None = None
    notes: tuple[str, ...] = ()

    @property
    def reply_tokens(self) -> ReplyTokens:
        """What an engine makes of special tokens in a reply."""
        return ReplyTokens.of(self.vocabulary)


@dataclass(frozen=True)
class Asked:
    """What a call of `play` names. source: the package or template; the others as the command's options."""

    source: str = "."
    variant: str | None = None
    model: str | None = None
    projector: str | None = None
    target: str | None = None
    name: str | None = None
    bos: str | None = None
    eos: str | None = None

    @property
    def is_package(self) -> bool:
        """Whether the source is a package file, or a folder that has one."""
        path = Path(self.source)
        return has_ending(path, PACKAGE_ENDINGS) or package_file_in(path) is not None or self.source == "."


def open_subject(asked: Asked) -> Subject:
    """Opens what is asked for; raises as `build`, `named_chat_template` and `compile_template` do.

    An error about a template names its file.
    """
    if asked.is_package:
        if asked.name or asked.bos is not None or asked.eos is not None:
            raise UsageError("--name, --bos and --eos are for a template; a package says them itself")
        return _package(asked)
    if asked.variant or asked.model or asked.projector:
        raise UsageError(
            "--variant, --model and --projector are for a package",
            help="name a folder with a mkmodelfile.yaml",
        )
    try:
        text = _go_template(asked.source)
        return _template(text, asked) if text is not None else _chat_template(asked)
    except KitError as error:
        if error.span is None or not error.span.file:
            line = error.line if isinstance(error, GoTemplateError) else None
            error.span = replace(error.span or Span(line=line), file=asked.source)
        raise


def _package(asked: Asked) -> Subject:
    package = load_package(Path(asked.source))
    if asked.variant is not None:
        package = variant_packages(package, (asked.variant,))[0]
    if package.problem is not None and asked.model is None:
        raise package.problem
    built = build(package, model=asked.model, projector=asked.projector, target=asked.target, write=False)
    sources = prompt_sources(built)
    ways = [way for way in (_template_way(built, sources), _renderer_way(built, sources)) if way is not None]
    if sources is not None and built.plan.mode.chosen == "native":
        ways.append(Way(_NATIVE, True, replace(sources, template=None, rendered=None)))
    reference = built.reference
    model, why = _tokens_of(built.files.model)
    return Subject(
        built.package.name,
        tuple(ways),
        reference,
        built.files.vocabulary,
        model,
        why,
        built.plan.system,
        tuple(built.package.first_messages),
        built.files.takes_images,
        _spoken(reference),
        tuple(d.message for d in built.diagnostics if d.severity is Severity.ERROR),
    )


def _template_way(built: Build, sources: PromptSources | None) -> Way | None:
    """The TEMPLATE of a package, also where it has none: then the one that would be compiled."""
    template, parser = built.template, built.plan.maker.parser or ""
    chosen = template is not None
    if template is None and built.reference is not None:
        compiled = built.compiled or _compiled_anyway(built)
        template, parser = (compiled.template, compiled.parser or "") if compiled is not None else (None, "")
    if not template:
        return None
    prompts = PromptTemplate(
        template, target=built.package.target, family=built.files.header.architecture, parser=parser
    )
    if sources is not None:
        sources = replace(sources, template=template, parser=parser, renderer="", rendered=None, native=None)
    return Way("TEMPLATE", chosen, sources, prompts)


def _compiled_anyway(built: Build) -> Compiled | None:
    assert built.reference is not None
    try:
        return compile_for_engine(built.reference, built.plan.ends, built.package.target)
    except KitError:
        return None  # that the chat template has no TEMPLATE is why the package has another way


def _renderer_way(built: Build, sources: PromptSources | None) -> Way | None:
    prompts = built.renderer_prompts()
    if prompts is None:
        return None
    if sources is not None:
        sources = replace(sources, template=None, native=None)
    return Way(f"RENDERER {prompts.renderer}", True, sources, prompts)


def _chat_template(asked: Asked) -> Subject:
    source, path = named_chat_template(asked.source, name=asked.name)
    bos = asked.bos if asked.bos is not None else source.bos_token
    eos = asked.eos if asked.eos is not None else source.eos_token
    reference = ModelTemplate(source.text, str(path), bos or "", eos or "")
    vocabulary = _vocabulary(path)
    ends = PromptEnds.of(vocabulary) if vocabulary is not None else None
    target = asked.target or "latest"
    notes: list[str] = []
    ways: tuple[Way, ...] = ()
    try:
        if ends is not None:
            compiled = compile_for_engine(reference, ends, target)
        else:
            compiled = compile_template(source.text, bos_token=bos or "", eos_token=eos or "", target=target)
    except KitError as error:
        notes.append(f"there is no TEMPLATE: {error.message}")
    else:
        ways = _compiled_way(compiled, reference, ends, target)
        notes += [d.message for d in compiled.diagnostics if d.severity is Severity.ERROR]
    model, why = _tokens_of(path) if vocabulary is not None else (None, "a template alone has no vocabulary")
    return Subject(
        path.name or asked.source,
        ways,
        reference,
        vocabulary,
        model,
        why,
        spoken=_spoken(reference),
        notes=tuple(notes),
    )


def _compiled_way(
    compiled: Compiled, reference: ModelTemplate, ends: PromptEnds | None, target: str
) -> tuple[Way, ...]:
    if not compiled.template:
        return ()
    parser = compiled.parser or ""
    sources = PromptSources(
        compiled.template,
        reference.text,
        reference.bos_token,
        reference.eos_token,
        ends=ends,
        parser=parser,
    )
    return (Way("TEMPLATE", True, sources, PromptTemplate(compiled.template, target=target, parser=parser)),)


def _template(text: str, asked: Asked) -> Subject:
    """A Go template alone: its prompts are shown, and there is nothing to hold them to."""
    prompts = PromptTemplate(text, target=asked.target or "latest")
    return Subject(
        Path(asked.source).name,
        (Way("TEMPLATE", True, None, prompts),),
        no_tokens="a template alone has no vocabulary",
        notes=("there is no chat template, so nothing is compared; name the package to see both",),
    )


def _go_template(source: str) -> str | None:
    """The text of a Go template; None for a chat template. Raises UsageError for what is neither."""
    path = Path(source)
    if not path.is_file():
        return None  # a name, or a folder
    kind = kind_of(read_file(path, LOOKED_AT), path.name)
    if kind is GO_TEMPLATE or (kind is None and has_ending(path, GO_TEMPLATE_ENDINGS)):
        return read_bounded(path, "a template").decode("utf-8-sig", "surrogateescape")
    if kind in (None, CHAT_TEMPLATE, GGUF, TOKENIZER_CONFIG):
        return None
    raise UsageError(f"this is {kind.what}, expected a package, a GGUF or a template", help=kind.taken_by)


def _vocabulary(path: Path) -> Vocabulary | None:
    """The vocabulary of a GGUF; None for a file that is none."""
    if remote(path) is None and not (path.is_file() and is_gguf_file(path)):
        return None
    return Vocabulary.from_header(read_header(path))


def _tokens_of(model: Path) -> tuple[Path | None, str]:
    """The file whose tokens can be shown, or why there is none."""
    if remote(model) is not None:
        return None, "the model is not on this machine: `mkmodelfile pull` fetches it"
    return model, ""


def _spoken(reference: ModelTemplate | None) -> Mapping[str, str]:
    if reference is None:
        return {}
    source = Reference(reference.text, bos_token=reference.bos_token, eos_token=reference.eos_token)
    try:
        found: Sequence[Any] = spoken_replies(source, reference.eos_token)
    except KitError:
        return {}  # a chat template that does not render shows no replies; the page says why it does not
    return {one.kind.name: one.text for one in found if one.kind.form is None}
