"""Which files and which chat template a package is made of."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from ..compiler import unread
from ..compiler.frontend import parse
from ..core.conversation import Message
from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.errors import KitError, PackageError, UsageError
from ..core.files import NOT_FOUND, read_file, why_no_file
from ..core.near_words import near_word
from ..core.os_errors import os_reason
from ..gguf_file import Header, read_header
from ..gguf_file.inputs import IMAGE, model_input
from ..gguf_file.pairing import check_pair
from ..gguf_file.projector_choice import find_projector
from ..gguf_file.soundness import check_soundness
from ..gguf_file.vocabulary import Vocabulary
from ..gguf_file.vocabulary_name import vocabulary_name
from ..huggingface.chat_template_file import load_chat_template
from ..huggingface.render import Reference
from ..micro import MODEL_NAME, PROJECTOR_NAME
from ..package.families import Family, Recognition, load_family, recognise
from ..package.package import Package
from ..reference_tokenizer.find import find_tokenizer
from ..sources.folder import describe_folder
from ..sources.places import is_there, known

MISSING_FILE = "MK430"
NOT_TEXT = "MK509"
VISION_REFUSED = "MK418"
NO_CHAT_TEMPLATE = "MK513"
OTHER_FAMILY = "MK516"
FAMILY_LACKS = "MK517"

MAX_TEXT_FILE = 1024 * 1024  # a chat template, a TEMPLATE or a licence; the longest known have 100 kB
NO_IMAGES = "none"
# What gguf_file.pairing calls a file in another one's place.
WRONG_KINDS = ("MK415", "MK433")


@dataclass(frozen=True)
class PackageFiles:
    """The GGUF files of a package.

    projector: None where there is none; why: how the projector came to be this one, or none;
    rejected: files that were considered and not taken, with the reason.
    vocabulary: None where the model's file holds none. family: None for a model of no known family.
    """

    model: Path
    header: Header
    projector: Path | None
    projector_header: Header | None
    why: str
    rejected: tuple[tuple[str, str], ...] = ()
    vocabulary: Vocabulary | None = None
    family: Family | None = None
    recognition: Recognition | None = None
    diagnostics: tuple[Diagnostic, ...] = ()

    @cached_property
    def input(self) -> tuple[str, ...]:
        """What the model takes with this projector: "text", "image", "audio"."""
        return model_input(self.header, self.projector_header)

    @cached_property
    def vocabulary_name(self) -> str:
        """The same for files whose texts become the same tokens."""
        return vocabulary_name(self.header)

    @property
    def takes_images(self) -> bool:
        """Whether images are among it, through the projector or a vision part in the model's own file."""
        return IMAGE in self.input


@dataclass(frozen=True)
class ModelTemplate:
    """The chat template that a package is held to.

    origin: "gguf", "gguf:NAME" for a named one, "family:NAME" or the file's path; bos_token,
    eos_token: their texts, None where the vocabulary has none; span: where the template is, for findings.
    """

    text: str
    origin: str
    bos_token: str | None = None
    eos_token: str | None = None
    span: Span = field(default_factory=Span)

    @property
    def sha256(self) -> str:
        """Of the template's UTF-8 text, in hexadecimal."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def key(self) -> tuple[str, str | None, str | None]:
        """What its prompts depend on."""
        return self.text, self.bos_token, self.eos_token

    @cached_property
    def _renderer(self) -> Reference:
        return Reference(self.text, bos_token=self.bos_token, eos_token=self.eos_token)

    def render(self, messages: Sequence[Message], **options: Any) -> str:
        """The prompt of a conversation; options as of `render_reference`. Raises as that does."""
        return self._renderer.render(messages, **options)

    def look(self, messages: Sequence[Message], **options: Any) -> str:
        """The same for a short conversation of the kit's own; an early limit ends it."""
        return self._renderer.look(messages, **options)


def open_files(package: Package) -> PackageFiles:
    """Reads the headers, finds the projector and holds the two against each other.

    Raises PackageError for a file that was not found, GGUFError for one that is not sound.
    """
    must_exist(package.model, "model", package)
    header = _read_header(package.model, package)
    vocabulary = _vocabulary(header)
    recognition = recognise(header)
    family = _family(package, recognition)
    projector, why, rejected, found = _projector(package, header, family)
    projector_header = _read_header(projector, package) if projector else None
    found += check_soundness(header)
    found += check_soundness(projector_header) if projector_header else []
    found += _check_family(package, family, recognition, vocabulary)
    unsupported = family is not None and not family.vision.supported and projector is None
    text_only = package.projector == NO_IMAGES or unsupported
    # A model packaged without images on purpose lacks no projector; it still has to be a model.
    found += [d for d in check_pair(header, projector_header) if not text_only or d.code in WRONG_KINDS]
    found += _own_tokenizer(package)
    return PackageFiles(
        package.model,
        header,
        projector,
        projector_header,
        why,
        rejected,
        vocabulary,
        family,
        recognition,
        tuple(dict.fromkeys(found)),
    )


def _read_header(path: Path, package: Package) -> Header:
    """The header of a file of the package; findings about it name the file as the user would."""
    if known(path) is not None:  # a name, whose file may still be fetched
        return read_header(path)
    return replace(read_header(package.as_named(path)), place=path)


def _own_tokenizer(package: Package) -> list[Diagnostic]:
    """What is wrong with the tokenizer that the package names; `check` needs it, a build does not."""
    if not isinstance(package.tokenizer, Path):
        return []
    try:
        find_tokenizer(package.tokenizer, package.model)
    except KitError as e:
        return [Diagnostic(e.code, Severity.WARNING, e.message, package.span("tokenizer"), e.help)]
    return []


def choose_reference(package: Package, files: PackageFiles) -> ModelTemplate:
    """The chat template that the package names.

    Raises PackageError where there is none, and for one that never reads the messages (MK537).
    """
    found = _chosen(package, files)
    if not _reads_messages(found):
        raise PackageError(
            unread.MESSAGE,
            span=found.span,
            help=unread.HELP,
            code=unread.CODE,
        )
    return found


def _reads_messages(template: ModelTemplate) -> bool:
    """Whether it mentions them; true of one with another fault, which is told in its own words."""
    try:
        return not unread.ignores_messages(parse(template.text), template._renderer)
    except KitError:
        return True


def _chosen(package: Package, files: PackageFiles) -> ModelTemplate:
    bos, eos = _token_texts(files.vocabulary)
    if package.family:
        family = load_family(package.family)
        path = family.folder / "chat_template.jinja"
        return ModelTemplate(family.chat_template, f"family:{family.id}", bos, eos, Span(str(path)))
    if isinstance(package.chat_template, Path):
        path = package.chat_template
        must_exist(path, "chat_template", package)
        text = _jinja_file(path, package)
        return ModelTemplate(text, str(path), bos, eos, Span(str(package.as_named(path))))
    templates = files.vocabulary.chat_templates if files.vocabulary else {}
    name = package.chat_template_name
    if name is not None and templates:
        return _named(templates, name, package, files, bos, eos)
    text = templates.get("default") or next(iter(templates.values()), "")
    if text:
        return ModelTemplate(text, "gguf", bos, eos, Span(f"{files.model.name}: tokenizer.chat_template"))
    ways = "name its chat_template.jinja (`chat_template:`)"
    if files.family:
        ways = f"write `chat_template: family:{files.family.id}`, or {ways}"
    raise PackageError(
        f"{files.model.name} has no chat template (tokenizer.chat_template)",
        span=package.span("chat_template"),
        help=ways,
        code=NO_CHAT_TEMPLATE,
    )


def read_text_file(path: Path, key: str, package: Package) -> str:
    """A text file that the package names. Raises PackageError for one that is missing, too big or no text."""
    must_exist(path, key, package)
    try:
        data = read_file(path, MAX_TEXT_FILE + 1)
        if len(data) > MAX_TEXT_FILE:
            raise ValueError(f"more than {MAX_TEXT_FILE} bytes")
        return data.decode("utf-8-sig")
    except (OSError, ValueError) as e:
        raise PackageError(
            f"`{key}`: {path} is not a text file: {os_reason(e)}",
            span=package.span(key),
            help="expected UTF-8 text",
            code=NOT_TEXT,
        ) from e


def license_text(package: Package) -> str | None:
    """The licence's text, also of one that is a file; None without one. Raises as `read_text_file` does."""
    terms = package.license
    return read_text_file(terms, "license", package) if isinstance(terms, Path) else terms


def _named(
    templates: Mapping[str, str],
    name: str,
    package: Package,
    files: PackageFiles,
    bos: str | None,
    eos: str | None,
) -> ModelTemplate:
    """The chat template of that name. Servers use the default one alone, so any other has its own origin."""
    if name in templates:
        plain = name == "default"
        key = "tokenizer.chat_template" if plain else f"tokenizer.chat_template.{name}"
        origin = "gguf" if plain else f"gguf:{name}"
        return ModelTemplate(templates[name], origin, bos, eos, Span(f"{files.model.name}: {key}"))
    raise PackageError(
        f"{files.model.name} has no chat template named {name!r}",
        span=package.span("chat_template_name"),
        help=f"its chat templates are {', '.join(templates)}; write one of these names",
        code=NO_CHAT_TEMPLATE,
    )


def _jinja_file(path: Path, package: Package) -> str:
    name = package.chat_template_name
    try:
        return load_chat_template(path, name=name).text
    except UsageError as e:
        if name is None:
            raise
        span = package.span("chat_template_name")
        raise PackageError(e.message, help=e.help, span=span, code=NO_CHAT_TEMPLATE) from e


def must_exist(path: Path, key: str, package: Package) -> None:
    """Raises PackageError (MK430) for a file of the package that is missing."""
    what = why_no_file(path)
    if not what or is_there(path):
        return
    hint = {
        "model": "download it (the package's README says where from), or give another with --model",
        "projector": "download it, give another with --projector, or write `projector: none`",
    }.get(key, f"correct `{key}:`, or put the file there")
    words = {"projector": ("auto", "none"), "chat_template": ("gguf",)}.get(key, ())
    if not path.suffix and (near := near_word(path.name, words)):
        hint = f"did you mean `{near}`? A file of that name would have to be there"
    if path.name in (MODEL_NAME, PROJECTOR_NAME):
        hint = "it is the kit's micro model: `mkmodelfile demo --output FOLDER` writes it with a package"
    if key in ("model", "projector") and what.startswith("is a folder"):
        what, hint = describe_folder(path)
    elif what != NOT_FOUND:
        hint = f"correct `{key}:`: give the path of the file itself"
    named = package.as_named(path)
    if path in package.given:
        hint = f"check the path that --{key} names" if what == NOT_FOUND else hint
        raise PackageError(what, span=Span(str(named)), help=hint, code=MISSING_FILE)
    raise PackageError(f"`{key}`: {named} {what}", span=package.span(key), help=hint, code=MISSING_FILE)


def _vocabulary(header: Header) -> Vocabulary | None:
    if "tokenizer.ggml.tokens" not in header.metadata:
        return None
    return Vocabulary.from_header(header)


def _token_texts(vocabulary: Vocabulary | None) -> tuple[str | None, str | None]:
    if vocabulary is None:
        return None, None
    return vocabulary.bos_text, vocabulary.eos_text


def _family(package: Package, recognition: Recognition | None) -> Family | None:
    if package.family:
        return load_family(package.family)
    return recognition.family if recognition else None


def _projector(
    package: Package, header: Header, family: Family | None
) -> tuple[Path | None, str, tuple[tuple[str, str], ...], list[Diagnostic]]:
    asked = package.projector
    if asked == NO_IMAGES:
        return None, "`projector: none`", (), _no_vision(family, package) if family else []
    supported = family is None or family.vision.supported
    if isinstance(asked, Path):
        must_exist(asked, "projector", package)
        doubt = [] if supported or family is None else [_against_the_family(family, package)]
        return asked, f"{asked.name}, as given", (), doubt
    if family is not None and not supported:
        return None, f"not looked for: {family.vision.reason}", (), _no_vision(family, package)
    choice = find_projector(package.model, model=header)
    rejected = tuple((path.name, reason) for path, reason in choice.rejected)
    return choice.path, choice.reason, rejected, list(choice.diagnostics)


def _against_the_family(family: Family, package: Package) -> Diagnostic:
    """A projector that is named is taken; what is known of the family is said."""
    message = f"{family.title}: {family.vision.reason}; the projector is taken because the package names it"
    hint = f"check the images with `mkmodelfile verify`, or {family.vision.way_out}"
    return Diagnostic(VISION_REFUSED, Severity.WARNING, message, package.span("projector"), hint)


def _no_vision(family: Family, package: Package) -> list[Diagnostic]:
    """One finding for a model that could see images before it became a GGUF."""
    if not family.vision.lost:
        return []
    severity = Severity.INFO if package.projector == NO_IMAGES else Severity.WARNING
    message = f"{family.title}: images will not work with this model: {family.vision.reason}"
    return [Diagnostic(VISION_REFUSED, severity, message, package.span("projector"), family.vision.way_out)]


def _check_family(
    package: Package,
    family: Family | None,
    recognition: Recognition | None,
    vocabulary: Vocabulary | None,
) -> list[Diagnostic]:
    """A family that is named against what the file is, and what its own chat template cannot do."""
    out: list[Diagnostic] = []
    if family is None or package.family is None:
        return out
    span = package.span("chat_template")
    lacking = [t for t in family.tokens if vocabulary is not None and vocabulary.special_id_of(t) is None]
    if lacking:
        message = (
            f"`family:{family.id}` is named, but the model's vocabulary has no {' '.join(lacking)}: its "
            "prompts would be split into other tokens"
        )
        hint = "`chat_template: gguf`, or name the model's own chat_template.jinja"
        return [Diagnostic(OTHER_FAMILY, Severity.ERROR, message, span, hint)]
    if recognition is not None and recognition.family.id != family.id:
        facts = "; ".join(recognition.facts)
        message = (
            f"`family:{family.id}` is named, but the model looks like {recognition.family.title}: {facts}"
        )
        hint = f"`chat_template: gguf`, or `family:{recognition.family.id}`"
        out.append(Diagnostic(OTHER_FAMILY, Severity.WARNING, message, span, hint))
    for what, why in family.lacks.items():
        message = f"family {family.id} does not support {what}: {why}"
        hint = "`chat_template: gguf` takes the model's own"
        out.append(Diagnostic(FAMILY_LACKS, Severity.INFO, message, span, hint))
    return out
