"""From what a user names to a side of a comparison."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..building.build import Build, build
from ..core.diagnostics import Span
from ..core.errors import GGUFError, GoTemplateError, KitError, TemplateReferenceError, UsageError
from ..core.file_kinds import CHAT_TEMPLATE_ENDINGS, PACKAGE_ENDINGS, has_ending, is_gguf, is_go_template
from ..core.files import NOT_FOUND, is_gguf_file, package_file_in, read_file, why_no_file
from ..core.urls import hide_logins
from ..gguf_file import Header, read_header
from ..gguf_file.pairing import classify
from ..gguf_file.vocabulary import Vocabulary
from ..huggingface.chat_template_file import MAX_BYTES, chat_template_from, load_chat_template
from ..huggingface.other_texts import require_chat_template
from ..lint.context import Context
from ..ollama.decoding import decode
from ..ollama.grammar import Modelfile, parse_modelfile
from ..ollama.prompt import PromptTemplate
from ..ollama.renderer_prompt import RendererPrompts
from ..ollama.reply_tokens import ReplyTokens
from ..ollama.versions import Target, server_version, since
from ..prover.comparison import Clock
from ..prover.renderer import RendererPrompter
from ..publish.expectation import Expectation
from ..publish.served_model import ServedModel
from ..publish.take_over import digest_of
from ..runtime.ollama.client import OllamaServer
from ..sources.name import PATH, parse_name
from ..sources.resolve import resolve
from .rendering import ByJinja, BySending, Rendering
from .replies import Reads
from .server_prompts import ServerPrompter
from .settings import Settings
from .side import CHAT_TEMPLATE, TEMPLATE, Side

OLLAMA = "ollama://"
READ_BYTES = 1 << 20

_MODELFILE = re.compile(r"\s*(?:#.*\n\s*)*(?:from|projector)\s", re.IGNORECASE)

Read = Callable[[], bytes]


def open_side(name: str, *, server: Callable[[], OllamaServer], stdin: Read) -> Side:
    """A side by its name.

    name: a GGUF, a chat template (Jinja, or one of Hugging Face's JSON files), a Go template, a Modelfile,
    each by its path, its URL or its name on a hub; a package's folder or file, a model on a server
    (`ollama://NAME`), or `-` for a text on standard input. server: the server that models are asked from;
    opened when it is needed. stdin: what `-` holds. Raises KitError for what cannot be read.
    """
    if name.startswith(OLLAMA):
        return served_side(server(), name[len(OLLAMA) :], shown=name)
    if name == "-":
        return text_side(stdin(), "<stdin>", Path())
    shown = hide_logins(name)
    if parse_name(name).kind != PATH:
        return _elsewhere(name, shown)
    path = Path(name)
    if path.is_dir():
        if package_file_in(path) is not None:
            return package_side(build(path, write=False), name)
        return _chat_template(path, name)
    if why := why_no_file(path):
        advice = "check the path" + ("; a model on a server is ollama://NAME" if why == NOT_FOUND else "")
        raise UsageError(why, span=Span(shown), help=advice)
    if has_ending(path, PACKAGE_ENDINGS):
        return package_side(build(path, write=False), name)
    if is_gguf_file(path):
        return gguf_side(read_header(path), name)
    data = read_file(path, MAX_BYTES + 1)
    jinja = has_ending(path, CHAT_TEMPLATE_ENDINGS) and not is_go_template(data.decode(errors="replace"))
    if jinja or path.suffix.lower() == ".json":
        return _chat_template(path, name)
    return text_side(data, name, path.parent)


def _elsewhere(name: str, shown: str) -> Side:
    """A file of a hub or a web server: of a GGUF the header is read, of a text all."""
    found = resolve(name)
    if found.path.suffix.lower() == ".gguf":
        return gguf_side(read_header(name), shown)
    source, data = found.open(), bytearray()
    try:
        while len(data) <= MAX_BYTES and not is_gguf(data) and (part := source.read(READ_BYTES)):
            data += part
    finally:
        source.close()
    return gguf_side(read_header(name), shown) if is_gguf(data) else text_side(bytes(data), shown)


def gguf_side(header: Header, name: str) -> Side:
    """A GGUF: its chat template makes the prompts, by Hugging Face's rules."""
    try:
        vocabulary = Vocabulary.from_header(header)
        templates = dict(vocabulary.chat_templates)
    except GGUFError:
        kind = f"GGUF ({classify(header).value})"
        return Side(name, kind, header, why_not="it has no vocabulary and no chat template")
    texts = {_called(n): text for n, text in templates.items()}
    default = templates.get("default") or next(iter(templates.values()), None)
    if default is None:
        return Side(name, "GGUF", header, why_not="it has no chat template")
    jinja = ByJinja(default, vocabulary.bos_text, vocabulary.eos_text)
    return Side(name, "GGUF", header, texts=texts, rendering=jinja, reads=Reads(jinja))


def text_side(data: bytes, name: str, folder: Path | None = None) -> Side:
    """A Modelfile, a Go template or a chat template, told apart by what it holds.

    folder: that of a Modelfile's files; None where none of them is here.
    """
    if len(data) > MAX_BYTES:
        raise UsageError(
            f"neither a GGUF nor a text of at most {MAX_BYTES >> 20} MiB",
            span=Span(name),
            help="give a GGUF, a template, a Modelfile or a package",
        )
    if _looks_like_modelfile(data, name):
        return modelfile_side(data, name, folder)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"neither a GGUF nor UTF-8 text (byte {error.start} is 0x{data[error.start]:02x})",
            span=Span(name),
            help="give a GGUF, a template, a Modelfile or a package",
        ) from error
    if is_go_template(text):
        return _go(text, name)
    found = chat_template_from(data, name)
    try:
        require_chat_template(found.text, plain=True)
    except TemplateReferenceError as error:
        error.span = Span(name)
        raise
    jinja = ByJinja(found.text, found.bos_token, found.eos_token)
    known = found.bos_token is not None or found.eos_token is not None
    return template_side(name, jinja, tokens_known=known)


def modelfile_side(data: bytes, name: str, folder: Path | None) -> Side:
    """A Modelfile with the files that it names, as far as they are here."""
    modelfile = parse_modelfile(data, file=name)
    context = Context(decode(data), modelfile, folder, Target.parse("latest"))
    if context.template_error is not None:
        context.template_error.span = Span(name)
        raise context.template_error
    files, selection = context.files, context.selection
    model = files.model.header if files.model else None
    projector = next((s.header for s in files.projectors if s.header), None)
    tokens = files.reply_tokens
    taught = None
    if files.chat_template and files.vocabulary:
        taught = ByJinja(files.chat_template, files.vocabulary.bos_text, files.vocabulary.eos_text)
    maker = _Maker(modelfile, model, taught, tokens)
    source = selection.source if selection else "template"
    if source == "template" and context.template is None:
        rendering, why = None, "create adds a TEMPLATE of its own, whose text is not in the Modelfile"
    elif source == "template" and not model and not modelfile.last("template"):
        rendering, why = None, "the model behind FROM is not here, and there is no TEMPLATE"
    else:
        rendering, why = maker.rendering(
            source, selection.renderer if selection else "", selection.parser if selection else ""
        )
    return maker.side(name, "Modelfile", projector, rendering, why)


def package_side(built: Build, name: str) -> Side:
    """A package, as `build` makes it."""
    reference, files = built.reference, built.files
    taught = ByJinja(reference.text, reference.bos_token, reference.eos_token) if reference else None
    maker = _Maker(built.modelfile, files.header, taught, ReplyTokens.of(files.vocabulary))
    source = {"go": "template", "native": "jinja"}.get(built.plan.mode.chosen, "renderer")
    names = built.plan.maker.renderer or "", built.plan.maker.parser or ""
    rendering, why = maker.rendering(source, *names)
    return maker.side(name, "package", files.projector_header, rendering, why)


def served_side(server: OllamaServer, name: str, *, shown: str) -> Side:
    """A model on a server: its prompts are asked of the server; its files count where they are here."""
    served = ServedModel.from_show(name, server.show(name))
    version = server.version()
    local = Expectation().completed(served)
    header = _header(local.model)
    taught = None
    if local.chat_template:
        taught = ByJinja(local.chat_template, local.bos_token or None, local.eos_token or None)
    elif served.native:
        taught = ByJinja(served.template)
    texts: dict[str, str] = {}
    if served.native:
        texts[CHAT_TEMPLATE] = served.template
    elif not served.renderer and not served.promptless:
        texts[TEMPLATE] = served.template
    if taught is not None:
        texts.setdefault(CHAT_TEMPLATE, taught.text)
    rendering, digest = None, digest_of(server, name)
    why = f"Ollama {version} cannot show prompts ({since('debug_render')} can)"
    if Target(server_version(version)).has("debug_render"):
        rendering = BySending(
            f"Ollama {version} at {server.url}, which was asked for each",
            lambda clock: ServerPrompter(server, name),
            ("server", server.url, digest) if digest else None,
            answers_open=served.native or bool(served.renderer),
            on_server=True,
            bos_token=local.bos_token if served.native else "",
        )
    tokens = ReplyTokens.of(_vocabulary(header)) if header else ReplyTokens()
    parser = served.parser or ""
    prompts: PromptTemplate | RendererPrompts | None = None
    if served.renderer:
        prompts = _quietly(
            lambda: RendererPrompts(served.renderer or "", parser=parser, family=served.architecture)
        )
    elif not served.native:
        prompts = _quietly(lambda: PromptTemplate(served.template, parser=parser, family=served.architecture))
    return Side(
        shown,
        "model on a server",
        header,
        _header(local.projector),
        texts,
        Settings.of_served(served),
        rendering,
        "" if rendering else why,
        Reads(taught, prompts, tokens),
    )


class _Maker:
    """What a Modelfile with its files gives."""

    def __init__(
        self, modelfile: Modelfile, header: Header | None, taught: ByJinja | None, tokens: ReplyTokens
    ) -> None:
        self.modelfile, self.header, self.taught, self.tokens = modelfile, header, taught, tokens
        self.prompts: PromptTemplate | RendererPrompts | None = None
        self.texts: dict[str, str] = {}
        template = modelfile.last("template")
        if template:
            self.texts[TEMPLATE] = template
        if taught is not None:
            self.texts[CHAT_TEMPLATE] = taught.text

    @property
    def options(self) -> Mapping[str, Any]:
        return {"family": self.header.architecture if self.header else ""}

    def rendering(self, source: str, renderer: str, parser: str) -> tuple[Rendering | None, str]:
        """Who makes the prompts, or why that is not known; source: as `ollama.selection` calls it."""
        if source == "renderer":
            return self._by_renderer(renderer, parser)
        if source in ("template", "message"):
            return self._by_template(parser)
        if source == "jinja" and self.taught is not None:
            first = tuple({"role": i.key, "content": i.value} for i in self.modelfile.all("message"))
            system = self.modelfile.last("system") or ""
            jinja = ByJinja(self.taught.text, self.taught.bos_token, self.taught.eos_token, system, first)
            return jinja, ""
        return None, "llama-server formats its chats as ChatML"

    def _by_template(self, parser: str) -> tuple[Rendering | None, str]:
        options = {**self.options, "parser": parser}
        self.prompts = PromptTemplate.from_modelfile(self.modelfile, **options)
        modelfile = self.modelfile
        words = "the TEMPLATE as Ollama renders it"
        made = [(i.command, i.key, i.value) for i in modelfile.instructions]
        source = tuple(m for m in made if m[0] in ("template", "system", "message", "parser"))

        def make(clock: Clock) -> PromptTemplate:
            return PromptTemplate.from_modelfile(modelfile, **options, now=clock.today)

        return BySending(words, make, ("template", source, tuple(options.items()))), ""

    def _by_renderer(self, renderer: str, parser: str) -> tuple[Rendering | None, str]:
        count = self.header.parameter_count if self.header else 0
        options: dict[str, Any] = {
            **self.options,
            "renderer": renderer,
            "parser": parser,
            "parameters": count,
        }
        try:
            prompts = RendererPrompts.from_modelfile(self.modelfile, **options)
        except UsageError as error:
            return None, error.message
        self.prompts = prompts

        def make(clock: Clock) -> RendererPrompter:
            return RendererPrompter(prompts.with_clock(clock.today))

        return BySending(f"RENDERER {renderer} as Ollama renders it", make, answers_open=True), ""

    def side(
        self, name: str, kind: str, projector: Header | None, rendering: Rendering | None, why: str
    ) -> Side:
        """All of it."""
        reads = Reads(self.taught, self.prompts, self.tokens)
        settings = Settings.of_modelfile(self.modelfile)
        return Side(name, kind, self.header, projector, self.texts, settings, rendering, why, reads)


def _go(text: str, name: str) -> Side:
    try:
        prompts = PromptTemplate(text)
    except GoTemplateError as error:
        error.span = Span(name, error.line)
        raise

    def make(clock: Clock) -> PromptTemplate:
        return PromptTemplate(text, now=clock.today)

    rendering = BySending("the TEMPLATE as Ollama renders it", make, ("template", text))
    return Side(
        name, "Go template", texts={TEMPLATE: text}, rendering=rendering, reads=Reads(prompts=prompts)
    )


def _chat_template(path: Path, name: str) -> Side:
    found = load_chat_template(path)
    known = found.bos_token is not None or found.eos_token is not None or found.beside is not None
    return template_side(name, ByJinja(found.text, found.bos_token, found.eos_token), tokens_known=known)


def template_side(name: str, jinja: ByJinja, *, tokens_known: bool = True) -> Side:
    """A chat template by itself. tokens_known: whether it is said which BOS and EOS there are."""
    texts = {CHAT_TEMPLATE: jinja.text}
    return Side(
        name, "chat template", texts=texts, rendering=jinja, reads=Reads(jinja), tokens_known=tokens_known
    )


def _called(name: str) -> str:
    return CHAT_TEMPLATE if name == "default" else f"{CHAT_TEMPLATE} {name}"


def _looks_like_modelfile(data: bytes, name: str) -> bool:
    if Path(name).name.lower().startswith("modelfile") or name.lower().endswith(".modelfile"):
        return True
    try:
        text = decode(data[:4096])
    except KitError:
        return False
    return _MODELFILE.match(text) is not None and "{%" not in text.partition("\n")[0]


def _header(path: Path | None) -> Header | None:
    try:
        return read_header(path) if path else None
    except GGUFError:
        return None


def _vocabulary(header: Header) -> Vocabulary | None:
    try:
        return Vocabulary.from_header(header)
    except GGUFError:
        return None


def _quietly(make: Callable[[], Any]) -> Any:
    """What is only needed for replies; a TEMPLATE that does not parse here has none that are read."""
    try:
        return make()
    except KitError:
        return None
