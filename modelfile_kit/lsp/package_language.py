"""mkmodelfile.yaml in an editor."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from ..core.diagnostics import Diagnostic
from ..lint.any_file import package_findings
from ..ollama.parameters import PARAMETERS
from ..package.bounded_yaml import BREAK, Document, load
from ..package.create_keys import QUANTIZATIONS
from ..package.families import family_names
from ..package.package import FAMILY_PREFIX, check_document
from ..package.schema import UNKNOWN_KEY, json_schema
from .answers import Choice, Edit, Hover, Link, OpenFile, Place, Problem, Symbol
from .document_text import DocumentText
from .lint_settings import LintSettings, lint_settings
from .modelfile_language import built_in_names, parameter_values, releases
from .modelfile_words import about_built_in, about_parameter, is_ignored, parameter_detail
from .near_files import GGUF, GO_TEMPLATES, TEMPLATES, TOKENIZERS, file_choices, file_link, first_file
from .package_spot import KEY, LINE, Spot, spot_at
from .problems import linted, place_of

_MEANT = re.compile(r"did you mean `(\w+)`\?")
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


class PackageLanguage:
    """A package file, as `mkmodelfile build` reads it."""

    name = "yaml"

    def problems(self, file: OpenFile) -> list[Problem]:
        """What can be said of the file alone: names are not asked for, and no GGUF is read."""

        def lint(settings: LintSettings, name: str | None) -> list[Diagnostic]:
            _, found = package_findings(_document(file))
            return [d for d in found if settings.choice.wants(d.code)]

        return linted(file, lint, _yaml_lines(file))

    def fixes(self, file: OpenFile, place: Place) -> list[Problem]:
        """A misspelt key on the lines of a place, corrected."""
        text, settings = _yaml_lines(file), lint_settings(file)
        if settings.excluded:
            return []
        *_, found = check_document(_document(file))
        fixed = []
        for each in found:
            meant = _MEANT.search(each.help)
            if each.code != UNKNOWN_KEY or meant is None or not settings.choice.wants(each.code):
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
        spot = spot_at(file.text, offset, whole=True)
        word = file.text[slice(*spot.word)].strip("\"'")
        if spot.key:
            about = about_built_in(spot.key, word) or _about_value(spot)
        elif spot.above[-1:] == ("parameters",):
            about = about_parameter(word)
        else:
            about = _about_key(spot.above, word)
        return Hover(spot.word, about) if about and word else None

    def choices(self, file: OpenFile, offset: int) -> list[Choice]:
        """Keys by the schema, and values."""
        spot = spot_at(file.text, offset)
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


def _about_value(spot: Spot) -> str:
    """About the key, for its value."""
    return (
        about_parameter(spot.key) if spot.above[-1:] == ("parameters",) else _about_key(spot.above, spot.key)
    )


def _words(about: Mapping[str, Any]) -> tuple[str, ...]:
    """The words that a key can have, beside a file or a text or in place of it, by its part of the schema."""
    found: list[Any] = []
    for shape in (about, *about.get("anyOf", ())):
        found += [*shape.get("enum", ()), *shape.get("examples", ())]
        found += [shape["const"]] if "const" in shape else []
    return tuple(word for word in found if isinstance(word, str))


def _values(spot: Spot, file: OpenFile) -> Iterator[Choice]:
    key, place = spot.key, spot.word
    if spot.above[-1:] == ("parameters",):
        yield from parameter_values(key, place)
        return
    for word in _words(_keys(spot.above).get(key, {})):
        yield Choice(word, "value", place)
    if key == "chat_template":
        for name in family_names():
            yield Choice(f"{FAMILY_PREFIX}{name}", "value", place, "a family's chat template")
    elif key in ("parser", "renderer"):
        yield from built_in_names(key, place)
    elif key == "quantize":
        yield from (Choice(name, "value", place) for name in QUANTIZATIONS)
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
                if isinstance(one, Mapping):
                    named.append((("variants", tag, "model"), one.get("model")))
                else:
                    named.append((("variants", tag), one))
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
        parts = LINE.match(text, start, end)
        key = KEY.match(text, parts.start("rest"), end) if parts else None
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
