"""mkmodelfile.yaml in an editor."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from ..ollama.builtin import PARSERS, RENDERERS
from ..ollama.parameters import PARAMETERS
from ..ollama.versions import version_text
from ..package.bounded_yaml import BREAK, Document, load
from ..package.create_keys import QUANTIZATIONS
from ..package.families import family_names
from ..package.package import FAMILY_PREFIX, check_document
from ..package.schema import UNKNOWN_KEY, json_schema
from .answers import Choice, Edit, Hover, Link, OpenFile, Place, Problem, Symbol
from .document_text import DocumentText
from .modelfile_language import parameter_values, releases
from .modelfile_words import about_parameter, is_ignored, parameter_detail
from .near_files import GGUF, GO_TEMPLATES, TEMPLATES, TOKENIZERS, file_choices, file_link, first_file
from .problems import place_of, problems_of

_LINE = re.compile(r"(?P<indent>[ \t]*)(?P<dash>(?:- +)*)(?P<rest>.*)", re.DOTALL)
_KEY = re.compile(r"(?P<key>[\w.-]+|\"[^\"]*\"|'[^']*')[ \t]*:(?=[ \t]|\Z)")
_MEANT = re.compile(r"did you mean `(\w+)`\?")
# Lines above the cursor that are looked at for the key that it is under.
MAX_LINES_ABOVE = 2_000
# Keys whose value is a file, with the files that fit.
_FILES: Mapping[str, tuple[str, ...]] = {
    "model": GGUF,
    "projector": GGUF,
    "draft": GGUF,
    "adapters": GGUF,
    "tokenizer": TOKENIZERS,
    "chat_template": TEMPLATES,
    "template": GO_TEMPLATES,
    "license": (),
    "tests": ("/",),
}


class _Spot(NamedTuple):
    """Where the cursor is in a package file.

    above: the keys that it is under; key: whose value is written, "" where a key is; word: the place of what
    is written; typed: its text up to the cursor; siblings: the keys beside it.
    """

    above: tuple[str, ...]
    key: str
    word: Place
    typed: str
    siblings: frozenset[str]


class PackageLanguage:
    """A package file, as `mkmodelfile build` reads it."""

    name = "yaml"

    def problems(self, file: OpenFile) -> list[Problem]:
        """What can be said of the file alone: names are not asked for, and no GGUF is read."""
        document = _document(file)
        *_, found = check_document(document)
        found.sort(key=lambda d: (d.span.line or 0, d.span.column or 0) if d.span else (0, 0))
        return problems_of(found, file, _yaml_lines(file))

    def fixes(self, file: OpenFile, place: Place) -> list[Problem]:
        """A misspelt key on the lines of a place, corrected."""
        text = _yaml_lines(file)
        *_, found = check_document(_document(file))
        fixed = []
        for each in found:
            meant = _MEANT.search(each.help)
            if each.code != UNKNOWN_KEY or meant is None:
                continue
            key = place_of(each.span, text)
            if key[0] <= place[1] and place[0] <= key[1]:
                fix = (Edit(key, meant[1]),)
                fixed.append(Problem(key, each.severity, each.code, each.message, fix=fix))
        return fixed

    def fixed(self, file: OpenFile) -> str | None:
        """None: there is no `--fix` for package files."""
        return None

    def formatted(self, file: OpenFile) -> str | None:
        """None: `fmt` formats Modelfiles."""
        return None

    def hover(self, file: OpenFile, offset: int) -> Hover | None:
        """What a key, a parameter, a parser or a renderer is."""
        spot = _spot(file.text, offset, whole=True)
        word = file.text[slice(*spot.word)].strip("\"'")
        if spot.key:
            about = _about_word(spot.key, word) or _about_value(spot)
        elif spot.above[-1:] == ("parameters",):
            about = about_parameter(word)
        else:
            about = _about_key(spot.above, word)
        return Hover(spot.word, about) if about and word else None

    def choices(self, file: OpenFile, offset: int) -> list[Choice]:
        """Keys by the schema, and values."""
        spot = _spot(file.text, offset)
        if spot.key:
            return list(_values(spot, file))
        if spot.above[-1:] == ("parameters",):
            return [
                Choice(
                    name, "property", spot.word, parameter_detail(name), about_parameter(name), f"{name}: "
                )
                for name in PARAMETERS
                if name not in spot.siblings and name != "stop" and not is_ignored(name)
            ]
        return [
            Choice(key, "property", spot.word, _default(about), about["description"], f"{key}: ")
            for key, about in _keys(spot.above).items()
            if key not in spot.siblings
        ]

    def symbols(self, file: OpenFile) -> list[Symbol]:
        """Its keys, with those inside them."""
        return _symbols(file.text)

    def links(self, file: OpenFile) -> list[Link]:
        """The files that it names and that are there."""
        return list(_links(file))

    def definition(self, file: OpenFile, offset: int) -> Place | None:
        """None: files are links."""
        return None


def _document(file: OpenFile) -> Document:
    return load(file.text.encode("utf-8", "surrogatepass"), str(file.path) if file.path else None)


def _yaml_lines(file: OpenFile) -> DocumentText:
    """The text in lines as YAML counts them, which end at U+2028 too."""
    return DocumentText(file.text, breaks=BREAK)


@lru_cache(maxsize=1)
def _schema() -> dict[str, Any]:
    return json_schema()


def _keys(above: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """The keys that can stand under others, with what the schema says of them."""
    name = {
        (): "",
        ("image",): "ImageShape",
        ("messages",): "MessageShape",
    }.get(above, "VariantShape" if above[:1] == ("variants",) and len(above) == 2 else None)
    if name is None:
        return {}
    shape: dict[str, dict[str, Any]] = (_schema()["$defs"][name] if name else _schema())["properties"]
    return shape


def _about_key(above: tuple[str, ...], key: str) -> str:
    about = _keys(above).get(key)
    if about is None:
        return ""
    default = _default(about)
    words = _words(about)
    parts = [f"**{key}**", about["description"], *([f"Default: `{default}`"] if default else [])]
    return "\n\n".join([*parts, *([f"One of {', '.join(words)}."] if words else [])])


def _default(about: Mapping[str, Any]) -> str:
    default = about.get("default")
    return default if isinstance(default, str) else ""


def _about_value(spot: _Spot) -> str:
    """About the key, for its value."""
    return (
        about_parameter(spot.key) if spot.above[-1:] == ("parameters",) else _about_key(spot.above, spot.key)
    )


def _about_word(key: str, word: str) -> str:
    if key == "renderer" and word in RENDERERS:
        return f"**RENDERER {word}**, since Ollama {version_text(RENDERERS[word])}."
    if key == "parser" and word in PARSERS:
        return f"**PARSER {word}**, since Ollama {version_text(PARSERS[word].since)}."
    return ""


def _words(about: Mapping[str, Any]) -> tuple[str, ...]:
    """The words that a key can have, beside a file or a text or in place of it, by its part of the schema."""
    found: list[Any] = []
    for shape in (about, *about.get("anyOf", ())):
        found += [*shape.get("enum", ()), *shape.get("examples", ())]
        found += [shape["const"]] if "const" in shape else []
    return tuple(word for word in found if isinstance(word, str))


def _values(spot: _Spot, file: OpenFile) -> Iterator[Choice]:
    key, place = spot.key, spot.word
    if spot.above[-1:] == ("parameters",):
        yield from parameter_values(key, place)
        return
    for word in _words(_keys(spot.above).get(key, {})):
        yield Choice(word, "value", place)
    if key == "chat_template":
        for name in family_names():
            yield Choice(f"{FAMILY_PREFIX}{name}", "value", place, "a family's chat template")
    elif key == "parser":
        for name, parser in PARSERS.items():
            yield Choice(name, "value", place, f"since Ollama {version_text(parser.since)}")
    elif key == "renderer":
        for name, version in RENDERERS.items():
            yield Choice(name, "value", place, f"since Ollama {version_text(version)}")
    elif key == "quantize":
        for name in QUANTIZATIONS:
            yield Choice(name, "value", place)
    elif key == "target":
        for choice in releases(place, ">="):
            yield Choice(choice.label, "value", place, text=f'"{choice.label}"')
    endings = GGUF if spot.above == ("variants",) else _FILES.get(key)
    if endings is not None:
        yield from file_choices(file, spot.typed, place, endings)


def _links(file: OpenFile) -> Iterator[Link]:
    document = _document(file)
    if not isinstance(document.value, Mapping):
        return
    text = _yaml_lines(file)
    named: list[tuple[tuple[str | int, ...], Any]] = []
    for key, value in document.value.items():
        if key == "variants" and isinstance(value, Mapping):
            for tag, one in value.items():
                inner = one.get("model") if isinstance(one, Mapping) else one
                named.append(
                    (("variants", tag, "model") if isinstance(one, Mapping) else ("variants", tag), inner)
                )
        elif key == "adapters" and isinstance(value, list):
            named += [(("adapters", number), one) for number, one in enumerate(value)]
        elif key in _FILES:
            named.append(((key,), value))
    for path, value in named:
        if isinstance(value, str) and path in document.values:
            link = file_link(file, value, place_of(document.values[path], text), first_file)
            if link is not None:
                yield link


def _symbols(text: str) -> list[Symbol]:
    """The keys by their indentation, so that half a file has some too."""
    lines = DocumentText(text)
    found: list[tuple[int, str, Place, int, str]] = []
    for number in range(len(lines.starts)):
        start, end = lines.line_range(number)
        parts = _LINE.match(text, start, end)
        key = _KEY.match(text, parts.start("rest"), end) if parts else None
        if parts and key:
            value = text[key.end() : end].strip()
            depth = len(parts["indent"]) + len(parts["dash"])
            found.append((depth, key["key"].strip("\"'"), (key.start(), key.end("key")), end, value[:80]))
    return _nested(found, len(text.rstrip()))


def _nested(found: list[tuple[int, str, Place, int, str]], end_of_all: int) -> list[Symbol]:
    """Keys as a tree of two levels: the outermost, and those right under them."""
    top = [index for index, (depth, *_) in enumerate(found) if depth == 0]
    symbols = []
    for index, following in zip(top, [*top[1:], len(found)], strict=False):
        _, name, place, end, detail = found[index]
        below = found[index + 1 : following]
        least = min((depth for depth, *_ in below), default=0)
        last = max(end, max((line_end for _, _, _, line_end, _ in below), default=0))
        if following == len(found):
            last = max(last, end_of_all)
        inside = tuple(
            Symbol(inner, "key", (at[0], max(at[1], line_end)), at, said)
            for depth, inner, at, line_end, said in below
            if depth == least
        )
        symbols.append(Symbol(name, "key", (place[0], last), place, detail, inside))
    return symbols


# -- where the cursor is -------------------------------------------------------------------------------------


def _spot(text: str, offset: int, *, whole: bool = False) -> _Spot:
    """Where an index is; whole: what is written behind it counts too, as for a hover."""
    lines = DocumentText(text)
    number = lines.position(offset)[0]
    start, end = lines.line_range(number)
    parts = _LINE.match(text, start, end)
    assert parts is not None
    at = parts.start("rest")
    above, siblings = _above(lines, number, len(parts["indent"]), at - start)
    key = _KEY.match(text, at, end)
    flow = _flow(text, key.end() if key else at, offset)
    if flow is not None:
        return _flow_spot(text, flow, offset, end, (*above, _name(key)) if key else above)
    if key and offset >= key.end():
        return _value_spot(text, (key.end(), end), offset, above, _name(key), siblings)
    if key is None and parts["dash"] and above[-1:] in (("adapters",), ("stop",)):
        return _value_spot(text, (at, end), offset, above[:-1], above[-1], siblings)
    word = (at, key.end("key")) if key else (at, end if whole else max(at, offset))
    if not word[0] <= offset <= word[1]:
        word = (offset, offset)
    return _Spot(above, "", word, text[word[0] : offset], siblings)


def _name(key: re.Match[str]) -> str:
    return key["key"].strip("\"'")


def _value_spot(
    text: str, place: Place, offset: int, above: tuple[str, ...], key: str, siblings: frozenset[str]
) -> _Spot:
    value = _value_place(text, *place, offset)
    return _Spot(above, key, value, text[value[0] : offset].lstrip("\"'"), siblings)


def _value_place(text: str, start: int, end: int, offset: int) -> Place:
    """Where the value of a line stands, without a comment behind it; where there is none, at the cursor."""
    comment = re.compile(r"(?:^|[ \t])#").search(text, start, end)
    stop = comment.start() if comment else end
    part = text[start:stop]
    first = start + len(part) - len(part.lstrip())
    last = start + len(part.rstrip())
    return (first, last) if first <= offset <= last and first < last else (offset, offset)


def _flow(text: str, start: int, offset: int) -> int | None:
    """Where the innermost `{` opens that is not closed before the cursor, None where there is none."""
    opened: list[int] = []
    quote = ""
    for at in range(start, offset):
        character = text[at]
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character == "{":
            opened.append(at)
        elif character == "}" and opened:
            opened.pop()
    return opened[-1] if opened else None


def _flow_spot(text: str, opening: int, offset: int, end: int, above: tuple[str, ...]) -> _Spot:
    """The place within `{a: 1, b: 2}`."""
    entry = opening + 1 + text[opening + 1 : offset].rfind(",") + 1
    ends = [at for at in (text.find(mark, offset, end) for mark in ",}") if at >= 0]
    key, colon, value = text[entry : min(ends, default=end)].partition(":")
    siblings = frozenset(re.findall(r"([\w.-]+)[ \t]*:", text[opening + 1 : end])) - {key.strip()}
    start, written = (entry + len(key) + 1, value) if colon and offset > entry + len(key) else (entry, key)
    first = start + len(written) - len(written.lstrip())
    place = first, start + len(written.rstrip())
    if not place[0] <= offset <= place[1]:
        place = (offset, offset)
    return _Spot(above, key.strip() if written is not key else "", place, text[place[0] : offset], siblings)


def _above(
    lines: DocumentText, number: int, indent: int, column: int
) -> tuple[tuple[str, ...], frozenset[str]]:
    """The keys that a line stands under, by indentation, and those beside it.

    indent: of the line; column: of what follows its dashes.
    """
    found: list[str] = []
    siblings: set[str] = set()
    in_item, beside = indent < column, indent == column
    top = column == 0
    for above in range(number - 1, max(-1, number - 1 - MAX_LINES_ABOVE), -1):
        start, end = lines.line_range(above)
        parts = _LINE.match(lines.text, start, end)
        key = _KEY.match(lines.text, parts.start("rest"), end) if parts else None
        if parts is None or key is None:
            continue
        name, its_indent = key["key"].strip("\"'"), len(parts["indent"])
        its_column, dashed = its_indent + len(parts["dash"]), bool(parts["dash"])
        if its_column == column:
            if beside:
                siblings.add(name)
            if beside and dashed:  # the entry of the list begins here
                beside, in_item, indent = False, True, its_indent
        # A list may stand right under its key, without more indentation.
        elif its_column < column and (its_indent < indent or (in_item and not dashed)):
            found.insert(0, name)
            beside, in_item, indent, column = False, dashed, its_indent, its_column
        if not top and column == 0:
            break
    return tuple(found), frozenset(siblings | _keys_below(lines, number) if top else siblings)


def _keys_below(lines: DocumentText, number: int) -> set[str]:
    """The outermost keys behind a line."""
    found = set()
    for below in range(number + 1, min(len(lines.starts), number + MAX_LINES_ABOVE)):
        start, end = lines.line_range(below)
        key = _KEY.match(lines.text, start, end)
        if key:
            found.add(key["key"].strip("\"'"))
    return found
