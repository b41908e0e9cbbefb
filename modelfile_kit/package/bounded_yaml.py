"""YAML with a place for every value and a bound on everything, for mkmodelfile.yaml and family.yaml.

Only the plain part of YAML is taken: mappings with text keys, lists and scalars of the core types.
Tags, merge keys and duplicate keys are findings, not features.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.numbers import is_writable

MAX_BYTES = 256 * 1024  # a package file is a page of text; PyYAML reads about 100 kB a second
MAX_DEPTH = 16  # the deepest legal value is 3 deep; PyYAML recurses per level (CWE-674)
MAX_NODES = 20_000  # values after aliases are followed: stops "billion laughs" (CWE-776)

KeyPath: TypeAlias = "tuple[str | int, ...]"

NOT_YAML = "MK502"
DUPLICATE_KEY = "MK505"


@dataclass(frozen=True)
class Document:
    """A YAML file as plain values.

    value: dict, list or scalar; keys: where each key of a mapping stands; values: where each value
    stands; raw: the scalars as they were written (`0.30` is the number 0.3 to YAML).
    diagnostics: everything found while reading; `value` holds what could be read beside it.
    """

    file: str | None
    value: Any = None
    keys: dict[KeyPath, Span] = field(default_factory=dict)
    values: dict[KeyPath, Span] = field(default_factory=dict)
    raw: dict[KeyPath, str] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()

    def span(self, *path: str | int) -> Span:
        """Where a value stands; the nearest enclosing one if it has no place of its own."""
        for end in range(len(path), -1, -1):
            if (found := self.values.get(path[:end])) is not None:
                return found
        return Span(self.file, 1, 1)

    def key_span(self, *path: str | int) -> Span:
        """Where a key stands; else where its value does."""
        return self.keys.get(path) or self.span(*path)


def load(data: bytes, file: str | None) -> Document:
    """Reads one YAML document.

    data: the file's bytes, UTF-8 (or UTF-16 with a BOM, as YAML allows); file: its name for spans.
    Never raises for bad input: what is wrong is in `.diagnostics`.
    """
    reader = _Reader(file)
    if data.startswith(b"GGUF"):
        hint = "give the package's folder or its mkmodelfile.yaml; `mkmodelfile init` writes one for a GGUF"
        reader.error("not YAML: this is a GGUF file", Span(file), hint)
        return reader.document(None)
    if len(data) > MAX_BYTES:
        reader.error(
            f"{len(data)} bytes, expected at most {MAX_BYTES}", Span(file), "is this the right file?"
        )
        return reader.document(None)
    try:
        _check_depth(data)
        loader = yaml.SafeLoader(data)
        try:
            node = loader.get_single_node()
            value = reader.read(node, loader) if node is not None else None
        finally:
            loader.dispose()
    except _TooDeepError as e:
        reader.error(f"nested more than {MAX_DEPTH} deep", _span(file, e.mark), "use fewer levels")
        value = None
    except _TooManyError as e:
        message = f"more than {MAX_NODES} values once its aliases are followed"
        reader.error(message, _span(file, e.mark), "write the values out instead of using aliases")
        value = None
    except yaml.MarkedYAMLError as e:
        reader.error(*_syntax_error(e, file))
        value = None
    except (yaml.YAMLError, UnicodeError) as e:
        reader.error(*_encoding_error(e, data, file))
        value = None
    return reader.document(value)


class _LimitError(Exception):
    def __init__(self, mark: Any) -> None:
        self.mark = mark


class _TooDeepError(_LimitError):
    pass


class _TooManyError(_LimitError):
    pass


def _check_depth(data: bytes) -> None:
    """Counts nesting on events, which need no recursion, before anything that recurses sees the text."""
    depth = 0
    events: Iterator[Any] = yaml.parse(data, Loader=yaml.SafeLoader)
    for event in events:
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise _TooDeepError(event.start_mark)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


class _Reader:
    def __init__(self, file: str | None) -> None:
        self.file = file
        self.keys: dict[KeyPath, Span] = {}
        self.values: dict[KeyPath, Span] = {}
        self.raw: dict[KeyPath, str] = {}
        self.diagnostics: list[Diagnostic] = []
        self.left = MAX_NODES

    def document(self, value: Any) -> Document:
        return Document(self.file, value, self.keys, self.values, self.raw, tuple(self.diagnostics))

    def error(self, message: str, span: Span, help: str, code: str = NOT_YAML) -> None:
        self.diagnostics.append(Diagnostic(code, Severity.ERROR, message, span, help))

    def read(self, node: yaml.Node, loader: yaml.SafeLoader, path: KeyPath = ()) -> Any:
        self.left -= 1
        if self.left < 0:
            raise _TooManyError(node.start_mark)
        if len(path) > MAX_DEPTH:  # an alias may point at what encloses it
            raise _TooDeepError(node.start_mark)
        self.values[path] = _span(self.file, node.start_mark, node.end_mark)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, loader, path)
        plain = "tag:yaml.org,2002:map" if isinstance(node, yaml.MappingNode) else "tag:yaml.org,2002:seq"
        if node.tag != plain:
            self.error(f"tag {_short_tag(node.tag)} is not allowed", self.values[path], "remove the tag")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, loader, path)
        return [self.read(item, loader, (*path, i)) for i, item in enumerate(node.value)]

    def _mapping(self, node: yaml.MappingNode, loader: yaml.SafeLoader, path: KeyPath) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for key_node, value_node in node.value:
            span = _span(self.file, key_node.start_mark, key_node.end_mark)
            if not isinstance(key_node, yaml.ScalarNode):
                self.error(
                    "a key that is a list or a mapping, expected text", span, "write a plain word as key"
                )
                continue
            if key_node.tag == "tag:yaml.org,2002:merge":
                self.error("merge keys (<<) are not supported", span, "write the keys out")
                continue
            key = self._characters(key_node.value, span)
            if key is None:
                continue
            here: KeyPath = (*path, key)
            if key in out:
                first = self.keys[here].line
                message = f"`{key}` is given twice; the first one is on line {first}"
                self.error(message, span, "keep one of them", DUPLICATE_KEY)
                continue
            self.keys[here] = span
            out[key] = self.read(value_node, loader, here)
        return out

    def _scalar(self, node: yaml.ScalarNode, loader: yaml.SafeLoader, path: KeyPath) -> Any:
        if self._characters(node.value, self.values[path]) is None:
            return "?"
        self.raw[path] = node.value
        try:
            value = loader.construct_object(node)
            if isinstance(value, int) and not is_writable(value):
                raise ValueError(f"an integer of {value.bit_length()} bits")
            return value
        except (yaml.YAMLError, ValueError, OverflowError, ArithmeticError):
            shown = node.value if len(node.value) <= 40 else node.value[:37] + "..."
            message = f"{shown!r} cannot be read as {_short_tag(node.tag)}"
            self.error(message, self.values[path], f'for text, write it in quotes: "{shown}"')
            return node.value

    def _characters(self, text: str, span: Span) -> str | None:
        """The text; None where YAML's escapes made half a character, which is an error."""
        half = next((c for c in text if "\ud800" <= c <= "\udfff"), None)
        if half is None:
            return text
        message = f"\\u{ord(half):04x} is half a character"
        self.error(message, span, "write the whole character, or its number with eight digits: \\U0001F600")
        return None


def _short_tag(tag: str) -> str:
    name = tag.replace("tag:yaml.org,2002:", "!!")
    return {"!!int": "a number", "!!float": "a number", "!!timestamp": "a date"}.get(name, name)


def _span(file: str | None, start: Any, end: Any = None) -> Span:
    if end is None:
        return Span(file, start.line + 1, start.column + 1)
    return Span(file, start.line + 1, start.column + 1, end.line + 1, end.column + 1)


def _syntax_error(e: yaml.MarkedYAMLError, file: str | None) -> tuple[str, Span, str]:
    mark = e.problem_mark or e.context_mark
    span = _span(file, mark) if mark else Span(file)
    problem = e.problem or "cannot be read"
    hint = "quote texts that hold `: `, ` #`, or begin with one of & * ! | > % @ [ {"
    if "\\t" in problem:
        hint = "indent with spaces; YAML does not allow tabs there"
    elif "expected a single document" in str(e.context or "") + problem:
        hint = "keep one document and remove the `---`"
    elif "undefined alias" in problem:
        hint = "a value that begins with * is an alias; quote it if it is text"
    context = f" ({e.context})" if e.context else ""
    return f"not YAML: {problem}{context}", span, hint


def _encoding_error(e: Exception, data: bytes, file: str | None) -> tuple[str, Span, str]:
    position = getattr(e, "position", None)
    if isinstance(e, yaml.reader.ReaderError) and isinstance(position, int):
        if e.encoding in ("unicode", None) or isinstance(e.character, str):
            before = data.decode("utf-8", "replace")[:position]
        else:
            before = data[:position].decode("utf-8", "replace")
        span = Span(file, before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1)
        if e.reason == "special characters are not allowed":
            code = ord(e.character) if isinstance(e.character, str) else e.character
            return (
                f"not YAML: character U+{code:04X} is not allowed",
                span,
                'take it out, or write it as an escape in double quotes, such as "\\u0007"',
            )
        return f"not UTF-8 text: {e.reason} at byte {position}", span, "save the file as UTF-8"
    return f"not YAML: {e}", Span(file), "save the file as UTF-8 text"
