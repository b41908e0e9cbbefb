"""What a published model is expected to be: what `verify` compares it with."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..building.unproven_images import template_name
from ..core.conversation import Conversation
from ..core.diagnostics import Span
from ..core.errors import GGUFError
from ..gguf_file import Vocabulary, read_header
from ..gguf_file.inputs import AUDIO
from ..gguf_file.pairing import FileKind
from ..ollama.prompt_ends import PromptEnds
from ..ollama.special_tokens import Kind, kind_of, special_texts
from .create_request import CreateRequest, file_kind, make_request
from .served_model import ServedModel

if TYPE_CHECKING:
    from ..building.build import Build

_BLOB_PATH = re.compile(r"^FROM (\S.*sha256-[0-9a-f]{64})\s*$", re.MULTILINE)
# Tags that stand at the border of a turn.
_BORDERS = ("[INST]", "[/INST]")
# Control tokens inside a turn (images, tools, thinking), and Jinja or Go between a token's bars.
_NO_BORDER = re.compile(r"image|img|video|audio|vision|think|tool|media|box|[{}]", re.IGNORECASE)


@dataclass(frozen=True)
class Expectation:
    """The expected model. What is None is not checked.

    chat_template: the model's own Jinja, bos_token and eos_token its texts, conversations the probes:
    together they give the reference prompts. template, system, parameters (with `stop`), messages,
    renderer, parser, requires: as published. quantization: the type to which the server was to quantize the
    model. adapters, drafts: how many there are. native: whether the GGUF's own template is to render chats.
    capabilities: at least these. vision, audio: whether images and sound are to work. render: renders the
    reference instead of chat_template alone (for packages that add texts of their own), called as
    `Reference.render` with the messages completed by SYSTEM and MESSAGEs. model, projector: the GGUF
    files, for counting tokens. place: of the chat template, for findings about it.
    ends: what the engine adds around prompts; without it one leading BOS more or less is not seen.
    """

    chat_template: str | None = None
    bos_token: str = ""
    eos_token: str = ""
    conversations: tuple[Conversation, ...] = ()
    template: str | None = None
    system: str | None = None
    parameters: Mapping[str, Any] | None = None
    messages: tuple[Mapping[str, str], ...] | None = None
    renderer: str | None = None
    parser: str | None = None
    requires: str | None = None
    quantization: str | None = None
    adapters: int | None = None
    drafts: int | None = None
    native: bool | None = None
    capabilities: frozenset[str] = field(default_factory=frozenset)
    vision: bool | None = None
    audio: bool | None = None
    render: Callable[..., str] | None = None
    model: Path | None = None
    projector: Path | None = None
    ends: PromptEnds | None = None
    place: Span | None = None

    @classmethod
    def from_build(cls, build: Build) -> Expectation:
        """What a finished build promises."""
        request = request_of_build(build)
        reference = build.reference
        return replace(
            cls.from_request(request),
            chat_template=reference.text if reference else None,
            bos_token=(reference.bos_token or "") if reference else "",
            eos_token=(reference.eos_token or "") if reference else "",
            render=build.expected_of_all if reference else None,
            conversations=tuple(build.conversations()),
            native=build.plan.mode.chosen == "native",
            vision=build.files.takes_images,
            audio=AUDIO in build.files.input,
            model=build.files.model,
            projector=build.files.projector,
            ends=build.plan.ends,
            place=Span(template_name(build.package, reference)) if reference else None,
        )

    @classmethod
    def from_request(cls, request: CreateRequest) -> Expectation:
        """What a Modelfile says; what it inherits from a published model is not checked."""
        inherits = request.from_model is not None
        kinds = {file_kind(f.path): f.path for f in reversed(request.files)}  # of several, the first
        return cls(
            template=request.template,
            system=None if inherits and request.system is None else request.system or "",
            parameters=None if inherits else request.parameters,
            messages=None if inherits and not request.messages else request.messages,
            renderer=request.renderer,
            parser=request.parser,
            requires=request.requires,
            quantization=request.quantize,
            adapters=None if inherits else len(request.adapters),
            drafts=None if inherits else len(request.drafts),
            model=kinds.get(FileKind.MODEL),
            projector=kinds.get(FileKind.PROJECTOR),
        )

    def completed(self, served: ServedModel) -> Expectation:
        """The same, with what is unknown taken from the server.

        On the server's own machine its blobs can be read, and with them the chat template and the
        vocabulary; elsewhere the prompts are only rendered, not compared.
        """
        known = self
        if known.model is None:
            model, projector = _local_files(served)
            known = replace(known, model=model, projector=projector)
        vocabulary = _vocabulary(known.model) if known.model else None
        if vocabulary is not None and known.ends is None:
            known = replace(known, ends=PromptEnds.of(vocabulary))
        if vocabulary is not None and known.chat_template is None:
            bos, eos = vocabulary.bos_text or "", vocabulary.eos_text or ""
            own = vocabulary.chat_templates.get("default")
            known = replace(known, chat_template=own, bos_token=bos, eos_token=eos)
        if known.vision is None:
            sees = "vision" in served.capabilities or served.has_projector
            known = replace(known, vision=sees)
        if known.audio is None:
            known = replace(known, audio="audio" in served.capabilities)
        if not known.conversations:
            known = replace(known, conversations=default_conversations(vision=bool(known.vision)))
        return known


def request_of_build(build: Build) -> CreateRequest:
    """The create request of a finished build, with what its Modelfile cannot say."""
    request = make_request(build.modelfile, build.path.parent, source=str(build.path))
    return replace(request, quantize=build.package.quantize)


def default_conversations(*, vision: bool) -> tuple[Conversation, ...]:
    """Conversations for a model without a package: one turn, three turns, a system message, an image."""
    user = {"role": "user", "content": "Hello, who are you?"}
    answer = {"role": "assistant", "content": "I am a model.\n"}
    more = {"role": "user", "content": "  What is 2 + 2?  "}
    system = {"role": "system", "content": "Answer briefly."}
    probes = [
        Conversation("one-turn", (user,)),
        Conversation("three-turns", (user, answer, more)),
        Conversation("system", (system, user)),
    ]
    if vision:
        image = {"role": "user", "content": "What is this?", "images": 1}
        probes.append(Conversation("image", (image,)))
    return tuple(probes)


def turn_tokens(templates: Sequence[str | None]) -> tuple[str, ...]:
    """Texts in templates or prompts that begin a prompt or border on a turn; none belongs in an answer."""
    found = dict.fromkeys(t for text in templates if text for t in special_texts(text))
    borders = (t for t in found if kind_of(t) is Kind.CONTROL or t in _BORDERS)
    return tuple(t for t in borders if not _NO_BORDER.search(t))


def _local_files(served: ServedModel) -> tuple[Path | None, Path | None]:
    """The model's and projector's blobs, where the server keeps its files on this machine."""
    text = str(served.raw.get("modelfile") or "")
    paths = [Path(p) for p in _BLOB_PATH.findall(text)]
    found: list[Path | None] = []
    for path in paths[:2]:
        try:
            with path.open("rb") as file:
                file.read(4)
        except OSError:
            return None, None
        found.append(path)
    model, projector, *_ = [*found, None, None]
    return model, projector


def _vocabulary(model: Path) -> Vocabulary | None:
    """The vocabulary of a GGUF; None for one that cannot be read."""
    try:
        return Vocabulary.from_header(read_header(model))
    except (GGUFError, OSError):
        return None
