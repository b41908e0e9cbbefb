"""The chat template of a GGUF on a hub, held to that of the model which it was made of.

Whoever converts a model may change its chat template, to correct it or by mistake, and an old conversion has
an old one. The repository's model card says which model it was (`base_model`), else the GGUF does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.errors import KitError, UsageError
from ..diff.compare import compare
from ..diff.open_side import template_side
from ..diff.part import Outcome, Part
from ..diff.rendering import ByJinja
from ..gguf_file import Header, read_header
from ..gguf_file.vocabulary import Vocabulary
from ..huggingface.chat_template_file import ChatTemplate, named_chat_template
from ..package.bounded_yaml import load
from ..sources.name import HUB, MODELSCOPE, Name, parse_name
from ..sources.places import known
from ..sources.repository import Repository, read_text
from ..sources.resolve import open_repository
from ..sources.text_files import CHAT_TEMPLATE_FILES

DIFFERS = "MK275"
SAME = "MK276"
NOT_HAD = "MK277"

CARD = "README.md"
CARD_BYTES = 4 << 20
SHOWN_LINES = 60
"""Of a part; `mkmodelfile diff` shows all."""

# Keys of a GGUF that name where it comes from, the nearest first (ggml, docs/gguf.md). llama.cpp writes the
# `base_model` of the converted model's own card as `general.base_model`, which may be one step too far.
_KEYS = (
    "general.source.repo_url",
    "general.source.url",
    "general.repo_url",
    "general.url",
    "general.base_model.0.repo_url",
)
# Relations of a card to its base model in which the chat template may rightly be another one.
_OTHER_MODEL = ("finetune", "adapter", "merge")


@dataclass(frozen=True)
class Held:
    """What the comparison came to: a finding, and for people the lines that show what differs."""

    diagnostic: Diagnostic
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Origin:
    """A repository that may have the original chat template, and who says so."""

    name: Name
    said_by: str

    @property
    def title(self) -> str:
        """For people, as they would write it."""
        host = "hf.co" if self.name.kind == HUB else "modelscope.cn"
        return f"{host}/{self.name.repository}"


def hold_to_upstream(model: Path) -> Held | None:
    """Compares the chat template of a GGUF that a hub's name stood for with the original model's.

    model: the GGUF's place. None for a file of no hub. Nothing is raised for what is not there or cannot be
    reached: the finding says that it could not be compared, and why.
    """
    found = known(model)
    if found is None or found.repository.name.kind not in (HUB, MODELSCOPE):
        return None
    span = Span(found.title)
    try:
        header = read_header(model)
        origins = list(_origins(found.repository, header))
    except KitError as error:
        return _not_had(error.message, span)
    if not origins:
        return _not_had("neither the model card nor the GGUF names the model that it was made of", span)
    reasons = []
    for origin in origins:
        try:
            upstream, file = _template_of(origin)
        except KitError as error:
            reasons.append(f"{origin.title} ({origin.said_by}): {error.message}")
            continue
        return _compared(header, upstream, f"{origin.title}/{file}", origin, span)
    return _not_had("; ".join(reasons), span)


def _origins(repository: Repository, header: Header) -> Iterator[Origin]:
    """Where the original may be, the most likely first, each once."""
    taken = {repository.name.repository.lower()}
    for text, said_by in (*_of_card(repository), *_of_header(header)):
        try:
            name = parse_name(text)
        except KitError:
            continue
        if name.kind in (HUB, MODELSCOPE) and name.repository.lower() not in taken:
            taken.add(name.repository.lower())
            yield Origin(name, said_by)


def _of_card(repository: Repository) -> Iterator[tuple[str, str]]:
    """`base_model` of the model card, as names."""
    data = read_text(repository, CARD, CARD_BYTES)
    text = (data or b"").decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n")
    if not text.startswith("---\n"):
        return
    end = text.find("\n---", 3)
    values = load(text[4 : end + 1].encode() if end >= 0 else b"", CARD).value
    if not isinstance(values, Mapping) or values.get("base_model_relation") in _OTHER_MODEL:
        return
    models = values.get("base_model")
    scheme = "hf" if repository.name.kind == HUB else "ms"
    for model in models if isinstance(models, list) else [models]:
        if isinstance(model, str) and model.strip():
            yield (model if "://" in model else f"{scheme}://{model.strip()}"), "`base_model` of the card"


def _of_header(header: Header) -> Iterator[tuple[str, str]]:
    for key in _KEYS:
        value = header.metadata.get(key)
        if isinstance(value, str) and value:
            yield value, f"{key} of the GGUF"


def _template_of(origin: Origin) -> tuple[ChatTemplate, str]:
    """The chat template of a repository, and the file that has it. Raises KitError where there is none."""
    scheme = "hf" if origin.name.kind == HUB else "ms"
    plain = f"{scheme}://{origin.name.repository}"
    there = {file.path for file in open_repository(parse_name(plain)).files()}
    for file in CHAT_TEMPLATE_FILES:
        if file not in there:
            continue
        try:
            return named_chat_template(f"{plain}/{file}")[0], file
        except UsageError as error:
            if file != CHAT_TEMPLATE_FILES[-1]:
                raise
            raise UsageError("its tokenizer_config.json has no chat template", help=error.help) from error
    names = ", ".join(CHAT_TEMPLATE_FILES)
    raise UsageError(f"it has none of {names}", help="name the model's own repository")


def _compared(header: Header, upstream: ChatTemplate, title: str, origin: Origin, span: Span) -> Held:
    vocabulary = Vocabulary.from_header(header)
    own = dict(vocabulary.chat_templates)
    text = own.get("default") or next(iter(own.values()), "")
    if not text:
        message = f"the GGUF has no chat template, and {title} has one"
        return Held(_differs(message, title, span))
    tokens_known = upstream.bos_token is not None or upstream.eos_token is not None
    before = template_side(
        title, ByJinja(upstream.text, upstream.bos_token, upstream.eos_token), tokens_known=tokens_known
    )
    after = template_side("the GGUF's chat template", ByJinja(text, vocabulary.bos_text, vocabulary.eos_text))
    parts = compare(before, after).parts
    lines = tuple(line for part in parts if part.outcome is not Outcome.EQUAL for line in _lines(part))
    prompts = [p for p in parts if p.name.startswith("prompts") and p.outcome is Outcome.DIFFERENT]
    unseen = [p for p in parts if p.name.startswith("prompts") and p.outcome is Outcome.NOT_COMPARED]
    same_text = text == upstream.text
    missing = sorted(set(upstream.names) - set(own)) if own else []
    more = f"; the GGUF lacks its other chat templates ({', '.join(missing)})" if missing else ""
    if prompts:
        example = next((p.lines[0] for p in prompts if p.lines), "")
        kinds = ", ".join(p.name.removeprefix("prompts: ") for p in prompts)
        message = f"the GGUF's chat template is not that of {title}: prompts differ ({kinds}), {example}"
        return Held(_differs(f"{message}{more}", title, span), lines)
    if missing or (not same_text and len(unseen) == sum(p.name.startswith("prompts") for p in parts)):
        why = f"; prompts could not be compared: {unseen[0].summary}" if unseen and not same_text else ""
        what = "the GGUF's chat template is" + (" " if same_text else " not ") + f"that of {title}"
        return Held(_differs(f"{what}{more}{why}", title, span), lines)
    message = f"the GGUF's chat template is that of {title} ({origin.said_by})"
    if not same_text:
        message = f"the text of the GGUF's chat template is not that of {title}, but every prompt is the same"
    return Held(Diagnostic(SAME, Severity.INFO, message, span), lines)


def _lines(part: Part) -> Iterator[str]:
    yield f"{part.name}: {part.summary}"
    yield from (f"  {line}" for line in part.lines[:SHOWN_LINES])
    if len(part.lines) > SHOWN_LINES:
        more = len(part.lines) - SHOWN_LINES
        yield f"  … {more} lines more; `mkmodelfile diff` shows all"


def _differs(message: str, title: str, span: Span) -> Diagnostic:
    advice = (
        f"find out which is right (`mkmodelfile diff {title} {span.file}` shows all of it); to take the "
        f"original's, write `chat_template: {title}` into the package"
    )
    return Diagnostic(DIFFERS, Severity.WARNING, message, span, advice)


def _not_had(why: str, span: Span) -> Held:
    message = f"the GGUF's chat template was not compared with the original model's: {why}"
    advice = "compare by hand: `mkmodelfile diff hf.co/ORG/MODEL …`, with the name of the original model"
    return Held(Diagnostic(NOT_HAD, Severity.INFO, message, span, advice))
