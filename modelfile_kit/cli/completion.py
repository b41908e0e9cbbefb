"""What can follow on a command line: asked by the scripts in `shells/`, printed a line for each.

A shell asks while somebody waits for a key to do something. So nothing of the commands is imported: what they
take is in `completion_table.json`, which `python -m tools.docs` writes and a test holds current. What cannot
be found out is no candidate, never a message.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from ..core.file_kinds import CHAT_TEMPLATE_ENDINGS, GO_TEMPLATE_ENDINGS, PACKAGE_FILES
from ..core.files import read_file
from .output import deliver

SHELLS = ("bash", "zsh", "fish")
FOLDER = Path(__file__).parent
TABLE = FOLDER / "completion_table.json"

MAX_ENTRIES = 5_000  # of a folder that are looked at
MAX_MODELS = 2_000
PATIENCE = 1.0  # seconds for all of a server's answer
# What a name of a server or a file's key may be made of; a shell would take other characters for its own.
_SAFE = re.compile(r"[A-Za-z0-9._:/@+-]+")
# What bash leaves unquoted behind a `:` or `=`, where Enter would run it as part of the line.
_RUN_BY_BASH = frozenset("$`<>")

_TEMPLATES = (*CHAT_TEMPLATE_ENDINGS, ".json", ".gguf")
ENDINGS: Mapping[str, tuple[str, ...]] = {
    "gguf": (".gguf",),
    "gguf-or-package": (".gguf", *PACKAGE_FILES),
    "package": PACKAGE_FILES,
    "json": (".json",),
    "template": _TEMPLATES,
    "gotmpl": GO_TEMPLATE_ENDINGS,
    "template-or-package": (*_TEMPLATES, *GO_TEMPLATE_ENDINGS, *PACKAGE_FILES),
    "image": (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp"),
    "tokenizer": (".json", ".model", ".tiktoken"),
    "path": (),
}
"""Kinds of files, with the ends of their names; none for all."""


@dataclass(frozen=True)
class Candidate:
    """text: the whole word; help: what it is; kind: "word", "file", "folder", or "more" if it goes on."""

    text: str
    help: str = ""
    kind: str = "word"


def answer(arguments: Sequence[str], shell: str) -> int:
    """Prints the candidates for the last word of a command line.

    arguments: of bash the line up to the cursor and the characters that break words; of the others the words
    behind the name of the program. Returns 0.
    """
    with suppress(OSError, ValueError, KeyError, IndexError):
        if shell == "bash":
            line, breaks = arguments
            words = split_line(line)[1:]
            found = candidates(words)
            cut = _broken_off(words[-1], breaks)
            found = [replace(c, text=c.text[cut:]) for c in found if len(c.text) > cut]
            if cut:
                found = [c for c in found if not _RUN_BY_BASH & set(c.text)]
        else:
            found = candidates(arguments or [""])
        deliver("".join(f"{c.kind}\t{c.text}\t{c.help}\n" for c in found))
    return 0


def script(shell: str) -> str:
    """The script of a shell, one of `SHELLS`."""
    return (FOLDER / "shells" / f"mkmodelfile.{shell}").read_text(encoding="utf-8")


def split_line(line: str) -> list[str]:
    """The words of a command line that is not finished, as a shell has them; the last is what is typed."""
    words, word, quote, at = [], "", "", 0
    begun = False
    while at < len(line):
        character = line[at]
        if quote:
            if character == quote:
                quote = ""
            elif character == "\\" and quote == '"' and line[at + 1 : at + 2] in ('"', "\\", "$", "`"):
                at += 1
                word += line[at : at + 1]
            else:
                word += character
        elif character in "\"'":
            quote, begun = character, True
        elif character == "\\":
            at += 1
            word += line[at : at + 1]
            begun = True
        elif character in " \t\n":
            if begun:
                words.append(word)
            word, begun = "", False
        else:
            word += character
            begun = True
        at += 1
    return [*words, word]


def _broken_off(word: str, breaks: str) -> int:
    """How much of a word bash keeps: it replaces what follows the last `:` or `=` alone."""
    return max(word.rfind(mark) + 1 for mark in ":=" if mark in breaks) if set(":=") & set(breaks) else 0


def candidates(words: Sequence[str]) -> list[Candidate]:
    """What the last of the words can become. words: behind the name of the program; the last may be empty."""
    *before, typed = words
    table = json.loads(TABLE.read_text(encoding="utf-8"))
    place = _read(before, table)
    if place.option is not None:
        found = list(_values(place.option, typed, place))
    elif typed.startswith("--") and "=" in typed and not place.only_arguments:
        name, _, value = typed.partition("=")
        option = place.options.get(name)
        inner = _values(option, value, place) if option and option["kind"] else ()
        found = [replace(c, text=f"{name}={c.text}") for c in inner]
    elif typed.startswith("-") and not place.only_arguments:
        found = [
            Candidate(name, option["help"])
            for name, option in place.options.items()
            if option["many"] or not set(option["names"]) & place.given
        ]
    elif place.command is None:
        found = [Candidate(name, command["help"]) for name, command in table["commands"].items()]
    else:
        argument = place.argument
        found = list(_values(argument, typed, place)) if argument else []
    return [c for c in found if c.text.startswith(typed) and c.text.isprintable()]


@dataclass
class _Place:
    """Where a command line is after some words.

    options: that can stand here, by each of their names; option: whose value comes next; given: the names of
    options that were given; values: those of options and arguments, by name.
    """

    options: dict[str, Any]
    command: dict[str, Any] | None = None
    option: dict[str, Any] | None = None
    given: frozenset[str] = frozenset()
    arguments: tuple[str, ...] = ()
    only_arguments: bool = False
    host: str | None = None

    @property
    def argument(self) -> dict[str, Any] | None:
        """The argument that comes next, None where all are given."""
        known = self.command["arguments"] if self.command else []
        for number, argument in enumerate(known):
            if argument["many"] or number >= len(self.arguments):
                found: dict[str, Any] = argument
                return found
        return None


def _read(words: Sequence[str], table: Mapping[str, Any]) -> _Place:
    """Where a command line is; words that make no sense are passed over."""
    place = _Place(_by_name(table["options"]))
    for word in words:
        if place.option is not None:
            if "--host" in place.option["names"]:
                place.host = word
            place.option = None
        elif word == "--" and place.command:
            place.only_arguments = True
        elif word.startswith("-") and len(word) > 1 and not place.only_arguments:
            name, equals, value = word.partition("=")
            option = place.options.get(name)
            if option is None:
                continue
            place.given |= {name}
            if name == "--host" and equals:
                place.host = value
            place.option = option if option["kind"] and not equals else None
        elif place.command is None:
            place.command = table["commands"].get(word, {"arguments": [], "options": []})
            place.options |= _by_name(place.command["options"])
        else:
            place.arguments = (*place.arguments, word)
    return place


def _by_name(options: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    # Long names first: they say what they are.
    pairs = [(name, option) for option in options for name in option["names"]]
    return dict(sorted(pairs, key=lambda pair: not pair[0].startswith("--")))


def _values(takes: Mapping[str, Any], typed: str, place: _Place) -> Iterator[Candidate]:
    """Values of an option or an argument."""
    kind = takes["kind"]
    if takes.get("choices"):
        yield from (Candidate(choice) for choice in takes["choices"])
    elif kind in ENDINGS:
        yield from files(typed, ENDINGS[kind])
    elif kind in _MAKERS:
        yield from _MAKERS[kind](typed, place)


def files(typed: str, endings: tuple[str, ...]) -> Iterator[Candidate]:
    """Files and folders that a path goes on with, in the order of their names."""
    before, slash, name = typed.rpartition("/")
    start = f"{before}{slash}"
    found: list[os.DirEntry[str]] = []
    with suppress(OSError, ValueError, RuntimeError), os.scandir(Path(start or ".").expanduser()) as entries:
        found += sorted(islice(entries, MAX_ENTRIES), key=lambda entry: entry.name)
    for entry in found:
        if not entry.name.startswith(name) or (entry.name.startswith(".") and not name.startswith(".")):
            continue
        if entry.is_dir():
            yield Candidate(f"{start}{entry.name}/", kind="folder")
        elif not endings or entry.name.lower().endswith(endings):
            yield Candidate(f"{start}{entry.name}", kind="file")


def _modelfiles(typed: str, place: _Place) -> Iterator[Candidate]:
    """Modelfiles by their usual names; all files where there is none."""
    found = list(files(typed, ()))
    usual = re.compile(r"(?:.*/)?(?:modelfile(?:\..*)?|[^/]*\.modelfile)", re.IGNORECASE)
    named = [c for c in found if c.kind == "folder" or usual.fullmatch(c.text)]
    yield from named if any(c.kind == "file" for c in named) else found


def _folders(typed: str, place: _Place) -> Iterator[Candidate]:
    yield from (c for c in files(typed, ()) if c.kind == "folder")


def _codes(typed: str, place: _Place) -> Iterator[Candidate]:
    """Codes and their names; behind a comma the next of a list."""
    from ..core import codes

    before = typed[: typed.rfind(",") + 1]
    for code in codes.all_codes():
        yield Candidate(f"{before}{code.code}", f"{code.name}: {code.title}")
    if typed[len(before) :]:
        yield from (Candidate(f"{before}{code.name}", code.title) for code in codes.all_codes())


def _releases(typed: str, place: _Place) -> Iterator[Candidate]:
    from ..ollama.releases import RELEASES

    before = ">=" if typed.startswith(">") else ""
    if not before:
        yield Candidate("latest", "the newest release that the kit knows")
    for version, release in reversed(RELEASES.items()):
        yield Candidate(before + ".".join(map(str, version)), f"of {release.day}")


def _quantizations(typed: str, place: _Place) -> Iterator[Candidate]:
    from ..runtime.llama_quantize import TYPES

    before = typed[: typed.rfind(",") + 1]
    yield from (Candidate(f"{before}{name}") for name in TYPES)


def _keys(typed: str, place: _Place) -> Iterator[Candidate]:
    """The keys of the GGUF that is named."""
    from ..core.errors import KitError
    from ..gguf_file import read_header

    path = Path(place.arguments[0]).expanduser() if place.arguments else Path()
    if not path.is_file():
        return
    with suppress(KitError):
        metadata = read_header(path).metadata
        yield from (Candidate(key) for key in metadata if _SAFE.fullmatch(key))


def _variants(typed: str, place: _Place) -> Iterator[Candidate]:
    """The tags of the package that is named, or that is here."""
    from ..package.bounded_yaml import MAX_BYTES, load

    path = Path(place.arguments[0]).expanduser() if place.arguments else Path()
    for file in (path, *(path / name for name in ENDINGS["package"])):
        if file.is_file():
            value = load(read_file(file, MAX_BYTES + 1), str(file)).value
            known = value.get("variants") if isinstance(value, dict) else None
            yield from (Candidate(str(tag)) for tag in known or () if _SAFE.fullmatch(str(tag)))
            return


def _assignments(typed: str, place: _Place) -> Iterator[Candidate]:
    yield from (Candidate(f"{c.text}=", kind="more") for c in _keys(typed, place))


def _models(typed: str, place: _Place) -> Iterator[Candidate]:
    """The models of the server, where one answers at once."""
    from ..core.errors import KitError
    from ..core.http_client import patience
    from ..runtime.ollama.client import OllamaServer

    with suppress(KitError), patience(deadline=PATIENCE), OllamaServer(place.host) as server:
        names = sorted(str(model.get("model")) for model in islice(server.models(), MAX_MODELS))
        for name in names:
            if _SAFE.fullmatch(name):
                yield Candidate(name.removesuffix(":latest"))


_MAKERS: Mapping[str, Callable[[str, _Place], Iterator[Candidate]]] = {
    "modelfile": _modelfiles,
    "folder": _folders,
    "code": _codes,
    "release": _releases,
    "quantization": _quantizations,
    "key": _keys,
    "assignment": _assignments,
    "model": _models,
    "variant": _variants,
}
KINDS = ("text", "choice", *ENDINGS, *_MAKERS)
"""What a value can be; of a text nothing is known."""
