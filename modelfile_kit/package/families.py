"""Families of models: what a GGUF of a known kind needs, kept as files under templates/<family>/.

A family folder holds family.yaml (how to recognise a member, what ends a turn, whether images
work), chat_template.jinja (the reference where a GGUF has none), Modelfile.j2 and conversations/*.json.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..core.conversation import Conversation, load_conversations
from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.errors import KitError, PackageError, UsageError
from ..core.near_words import near_word
from ..core.os_errors import os_reason
from ..gguf_file import Header
from ..gguf_file.vocabulary import Vocabulary
from .bounded_yaml import Document, load

BROKEN_FAMILY = "MK511"
UNKNOWN_FAMILY = "MK510"

MAX_FILE = 1024 * 1024  # a chat template or Modelfile.j2; the largest known chat template has 70 kB
MAX_CONVERSATIONS = 1000  # files in a family's conversations/

_KEYS: Mapping[str, type] = {
    "id": str,
    "title": str,
    "architectures": list,
    "recognise": dict,
    "turn_ends": list,
    "lacks": dict,
    "vision": dict,
    "notes": str,
}
_SUB_KEYS: Mapping[str, Mapping[str, type]] = {
    "recognise": {"tokens": list, "template_has": list},
    "vision": {"supported": bool, "lost": bool, "reason": str, "way_out": str},
}
_REQUIRED = ("id", "title", "architectures", "recognise", "turn_ends", "vision")
_KIND = {str: "text", list: "a list of texts", dict: "a mapping", bool: "true or false"}


@dataclass(frozen=True)
class Vision:
    """Whether images work in this family; if not, why, and what to do where they are needed.

    lost: members could see before they became a GGUF, so that people will expect it of them.
    """

    supported: bool
    lost: bool = False
    reason: str = ""
    way_out: str = ""


@dataclass(frozen=True)
class Family:
    """A kind of models.

    architectures: `general.architecture` of its members.
    tokens: texts that a member's vocabulary has as single tokens; template_has: texts in its chat template.
    turn_ends: texts with which a member ends its turn, to be looked up in the vocabulary.
    lacks: what the family's own template cannot do ("tools") and why.
    """

    id: str
    title: str
    folder: Path
    architectures: tuple[str, ...]
    tokens: tuple[str, ...] = ()
    template_has: tuple[str, ...] = ()
    turn_ends: tuple[str, ...] = ()
    lacks: Mapping[str, str] = field(default_factory=dict)
    vision: Vision = Vision(True)
    notes: str = ""

    @property
    def chat_template(self) -> str:
        """The Jinja text of the reference. Raises PackageError if the file cannot be read."""
        return self.read_text("chat_template.jinja")

    @property
    def modelfile_template(self) -> str:
        """The text of Modelfile.j2. Raises PackageError if the file cannot be read."""
        return self.read_text("Modelfile.j2")

    def read_text(self, name: str) -> str:
        """A text file of the family's folder."""
        path = self.folder / name
        try:
            data = path.read_bytes()
            if len(data) > MAX_FILE:
                raise ValueError(f"{len(data)} bytes, expected at most {MAX_FILE}")
            return data.decode("utf-8")
        except (OSError, ValueError) as e:
            raise PackageError(
                f"family {self.id}: {name} cannot be read: {os_reason(e)}",
                span=Span(str(path)),
                code=BROKEN_FAMILY,
                help="reinstall modelfile-kit, or put the file back",
            ) from e

    def conversations(self) -> list[Conversation]:
        """The family's probe conversations, by file name. Raises UsageError for a faulty one."""
        files = sorted((self.folder / "conversations").glob("*.json"))[:MAX_CONVERSATIONS]
        return [c for file in files for c in load_conversations(file)]


@dataclass(frozen=True)
class Recognition:
    """Why a header was taken for a family: the facts that held, in words."""

    family: Family
    facts: tuple[str, ...]


def families_folder() -> Path:
    """Where the families are: inside an installed package, else beside it in a source checkout.

    Raises UsageError where neither is there.
    """
    here = Path(__file__).resolve().parents[1]
    for folder in (here / "_templates", here.parent / "templates"):
        if folder.is_dir():
            return folder
    raise UsageError(
        "the folder of model families is missing from this installation",
        help="reinstall with `pip install --force-reinstall modelfile-kit`",
    )


def family_names(folder: Path | None = None) -> list[str]:
    """The ids of all families, sorted; reads no family file."""
    root = folder or families_folder()
    return sorted(p.parent.name for p in root.glob("*/family.yaml"))


def list_families(folder: Path | None = None) -> list[Family]:
    """All families, by id. Raises PackageError for one whose family.yaml is faulty."""
    return [load_family(name, folder) for name in family_names(folder)]


def load_family(name: str, folder: Path | None = None) -> Family:
    """One family by its id; folder: where families are kept, the kit's own by default.

    Raises PackageError for an unknown name (with the nearest one) or a faulty family.yaml.
    """
    root = folder or families_folder()
    names = family_names(root)
    if name not in names:
        close = near_word(name, names, cutoff=0.4)
        hint = f"did you mean `{close}`? " if close else ""
        raise PackageError(
            f"no family {name!r}", code=UNKNOWN_FAMILY, help=f"{hint}families are {', '.join(names)}"
        )
    return _load(root / name)


def recognise(header: Header, folder: Path | None = None) -> Recognition | None:
    """The family a model's GGUF belongs to and the facts that decided, None if modelfile-kit knows none.

    header: of a model. Architecture, tokens of the vocabulary and texts of its chat template have to
    agree; ids are never compared. Of several families the one with the most matching tokens wins.
    """
    architecture = str(header.architecture or "")
    candidates = [f for f in list_families(folder) if architecture in f.architectures]
    if not candidates:
        return None
    try:
        vocabulary = Vocabulary.from_header(header)
        template = header.metadata.get("tokenizer.chat_template")
    except KitError:
        # A file without a vocabulary belongs to no family; what is wrong with it is said elsewhere.
        return None
    found: list[Recognition] = []
    for family in candidates:
        if any(vocabulary.special_id_of(t) is None for t in family.tokens):
            continue
        if isinstance(template, str) and not all(text in template for text in family.template_has):
            continue
        facts = [f"architecture {architecture}", f"the vocabulary has {' '.join(family.tokens)}"]
        if isinstance(template, str) and family.template_has:
            facts.append(f"its chat template has {' '.join(family.template_has)}")
        found.append(Recognition(family, tuple(facts)))
    return max(found, key=lambda r: len(r.family.tokens), default=None)


@lru_cache(maxsize=64)
def _load(folder: Path) -> Family:
    file = folder / "family.yaml"
    try:
        data = file.read_bytes()
    except OSError as e:
        raise PackageError(
            f"family {folder.name}: {os_reason(e)}", span=Span(str(file)), code=BROKEN_FAMILY
        ) from e
    document = load(data, str(file))
    problems = list(document.diagnostics) or _check(document, folder.name)
    if problems:
        first = problems[0]
        raise PackageError(
            f"family {folder.name}: {first.message}",
            help=first.help,
            span=first.span,
            code=BROKEN_FAMILY,
            diagnostics=tuple(problems),
        )
    return _family(document.value, folder)


def _check(document: Document, name: str) -> list[Diagnostic]:
    value = document.value
    if not isinstance(value, dict):
        return [_problem(document, (), "expected a mapping", "begin with `id:`")]
    out = _check_keys(document, (), value, _KEYS)
    for key, known in _SUB_KEYS.items():
        if isinstance(value.get(key), dict):
            out += _check_keys(document, (key,), value[key], known)
    out += [
        _problem(document, (), f"`{key}` is missing", f"add `{key}: …`")
        for key in _REQUIRED
        if key not in value
    ]
    if value.get("id", name) != name:
        out.append(_problem(document, ("id",), f"`id` is {value['id']!r}", f"the folder is called {name}"))
    if not out and "supported" not in value["vision"]:
        out.append(_problem(document, ("vision",), "`vision.supported` is missing", "write true or false"))
    return out


def _check_keys(
    document: Document, path: tuple[str, ...], value: dict[str, Any], known: Mapping[str, type]
) -> list[Diagnostic]:
    out = []
    for key, item in value.items():
        here = (*path, key)
        if key not in known:
            hint = f"known keys are {', '.join(known)}"
            out.append(_problem(document, here, f"unknown key `{'.'.join(here)}`", hint))
        elif not isinstance(item, known[key]) or not _texts_only(item):
            message = f"`{'.'.join(here)}` is not {_KIND[known[key]]}"
            out.append(_problem(document, here, message, f"expected {_KIND[known[key]]}"))
    return out


def _texts_only(item: Any) -> bool:
    return not isinstance(item, list) or all(isinstance(text, str) and text for text in item)


def _problem(document: Document, path: tuple[str, ...], message: str, help: str) -> Diagnostic:
    return Diagnostic(BROKEN_FAMILY, Severity.ERROR, message, document.key_span(*path), help)


def _family(value: dict[str, Any], folder: Path) -> Family:
    recognise, vision = value["recognise"], value["vision"]
    return Family(
        id=value["id"],
        title=value["title"],
        folder=folder,
        architectures=tuple(value["architectures"]),
        tokens=tuple(recognise.get("tokens", ())),
        template_has=tuple(recognise.get("template_has", ())),
        turn_ends=tuple(value["turn_ends"]),
        lacks=value.get("lacks", {}),
        vision=Vision(**vision),
        notes=value.get("notes", ""),
    )


def probe_conversations(family: Family | None, *, vision: bool) -> list[Conversation]:
    """The conversations a package is tried on: the family's, or plain ones for an unknown model.

    vision: whether those with images belong to them.
    """
    if family is not None:
        found = family.conversations()
    else:
        files = sorted((families_folder() / "conversations").glob("*.json"))
        found = [c for file in files for c in load_conversations(file)]
    return [c for c in found if vision or c.category != "images"]
