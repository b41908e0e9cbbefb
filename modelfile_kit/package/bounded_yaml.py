"""YAML with a place for every value and a bound on everything, for mkmodelfile.yaml and family.yaml.

Only the plain part of YAML is taken: mappings with text keys, lists and scalars of the core types.
Tags, merge keys and duplicate keys are findings, not features.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.file_kinds import is_gguf
from ..core.numbers import is_writable

MAX_BYTES = 256 * 1024  # a package file is a page of text; PyYAML reads about 100 kB a second
MAX_DEPTH = 16  # the deepest legal value is 3 deep; PyYAML recurses per level (CWE-674)
MAX_NODES = 20_000  # values after aliases are followed: stops "billion laughs" (CWE-776)

BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")  # what ends a line to YAML 1.1

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
    if is_gguf(data):
        hint = "give the package's folder or its mkmodelfile.yaml; `mkmodelfile init` writes one for a GGUF"
        reader.error("not YAML: this is a GGUF file", Span(file, 1, 1), hint)
        return reader.document(None)
    if len(data) > MAX_BYTES:
        reader.error(
            f"{len(data)} bytes, expected at most {MAX_BYTES}", Span(file, 1, 1), "is this the right file?"
        )
        return reader.document(None)
    try:
        _check_marks(data)
        reader.tags = _explicit_tags(data)
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
    except _NumberError as e:
        hint = "no number of YAML's own is that large: write fewer digits"
        reader.error("not YAML: a number out of range", _span(file, e.mark), hint)
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


class _NumberError(_LimitError):
    pass


def _is_utf16(data: bytes) -> bool:
    return data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))


def _check_marks(data: bytes) -> None:
    """Refuses U+FEFF behind the beginning: nobody sees it, and readers of YAML do not agree what it is."""
    utf16 = _is_utf16(data)
    text = data.decode("utf-16" if utf16 else "utf-8", "replace")
    at = text.find("\ufeff", 0 if utf16 else 1)
    if at >= 0:
        reason = "special characters are not allowed"
        raise yaml.reader.ReaderError("", at + utf16, 0xFEFF, "unicode", reason)


def _explicit_tags(data: bytes) -> dict[int, str]:
    """The tags that are written out, by the index at which their value begins.

    Nesting is counted on the same way, on events, which need no recursion: nothing that recurses has seen
    the text yet.
    """
    depth = 0
    tags: dict[int, str] = {}
    loader: Any = yaml.SafeLoader(data)
    while (event := _next_event(loader)) is not None:
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise _TooDeepError(event.start_mark)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent)) and event.tag is not None:
            mark: Any = event.start_mark
            tags[mark.index] = event.tag
    return tags


def _next_event(loader: Any) -> Any:
    try:
        return loader.get_event()
    except UnicodeError:
        raise
    except (ValueError, OverflowError) as e:  # a version, or an escape such as \UFFFFFFFF
        raise _NumberError(loader.get_mark()) from e


class _Reader:
    def __init__(self, file: str | None) -> None:
        self.file = file
        self.keys: dict[KeyPath, Span] = {}
        self.values: dict[KeyPath, Span] = {}
        self.raw: dict[KeyPath, str] = {}
        self.diagnostics: list[Diagnostic] = []
        self.left = MAX_NODES
        self.tags: dict[int, str] = {}

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
        tagged = self._tagged(node, self.values[path])
        if isinstance(node, yaml.ScalarNode):
            # No constructor sees a value with a tag of its own: PyYAML's fail on some of them.
            return node.value if tagged else self._scalar(node, loader, path)
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
            self._tagged(key_node, span)
            if not key_node.value and key_node.style is None:
                self.error("a key that is empty, expected text", span, "write a plain word as key")
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

    def _tagged(self, node: yaml.Node, span: Span) -> bool:
        """Whether a tag is written at the value, which is an error."""
        tag = self.tags.get(node.start_mark.index) if node.start_mark else None
        if tag is not None:
            short = tag.replace("tag:yaml.org,2002:", "!!")
            self.error(f"tag {short} is not allowed", span, "remove the tag; for text, write it in quotes")
        return tag is not None

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
    """Message, place and advice for what is no text of YAML."""
    position = getattr(e, "position", None)
    if not isinstance(e, yaml.reader.ReaderError) or not isinstance(position, int):
        return f"not YAML: {e}", Span(file, 1, 1), "save the file as UTF-8 text"
    utf16 = _is_utf16(data)
    encoding = "utf-16" if utf16 else "utf-8"
    if e.encoding == "unicode":
        # The mark of UTF-16 is no part of Python's text, but of PyYAML's.
        before = data.decode(encoding, "replace")[: position - 1 if utf16 else position]
    else:
        before = data[:position].decode(encoding, "replace")
    lines = BREAK.split(before.removeprefix("\ufeff"))
    span = Span(file, len(lines), len(lines[-1]) + 1)
    if e.encoding == "unicode":
        code = ord(e.character) if isinstance(e.character, str) else e.character
        return (
            f"not YAML: character U+{code:04X} is not allowed",
            span,
            'take it out, or write it as an escape in double quotes, such as "\\u0007"',
        )
    name = "UTF-16" if utf16 else "UTF-8"
    return f"not {name} text: {e.reason} at byte {position}", span, "save the file as UTF-8"
