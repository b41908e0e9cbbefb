"""YAML read a second way: libyaml's parser, and scalars by the tables of YAML 1.1 (yaml.org/type).

The kit reads with PyYAML's parser in Python. libyaml is another program, in C. Only documents that the kit
takes are given to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import yaml

Place = tuple[int, int]
Places = dict[tuple[Any, ...], Place]
NOWHERE = (0, 0)
"""The place of a value that is left out."""

_INT = re.compile(
    r"([-+]?)(?:0b([01_]+)|0x([0-9a-fA-F_]+)|(0[0-7_]+)|(0|[1-9][0-9_]*)|([1-9][0-9_]*(?::[0-5]?[0-9])+))"
)
_FLOAT = re.compile(r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+][0-9]+)?")
_SIXTIES = re.compile(r"([-+]?)([0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*)")
_INFINITE = re.compile(r"([-+]?)\.(?:inf|Inf|INF)")
_DATE = re.compile(
    r"\d{4}-\d\d-\d\d|\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?"
    r"(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?",
    re.ASCII,
)
_TRUE = {form for word in ("yes", "true", "on") for form in (word, word.title(), word.upper())}
_FALSE = {form for word in ("no", "false", "off") for form in (word, word.title(), word.upper())}
DATE = object()
"""Any date: mkmodelfile.yaml has none, and says so."""


class Node:
    """A value with its place, and those inside it. kind: "scalar", "list" or "mapping"."""

    def __init__(self, kind: str, place: Place, text: str = "", plain: bool = False) -> None:
        self.kind, self.place, self.text, self.plain = kind, place, text, plain
        self.inner: list[Node] = []


def read(data: bytes) -> tuple[Any, Places, Places]:
    """The value, where each value stands and where each key does. Raises yaml.YAMLError."""
    events = yaml.parse(data, Loader=yaml.CSafeLoader)
    values: Places = {}
    keys: Places = {}
    anchors: dict[str, Node] = {}
    nodes: list[Node] = []
    for event in events:
        if isinstance(event, yaml.NodeEvent):
            nodes.append(_node(event, events, anchors))
    if not nodes:
        return None, values, keys
    [only] = nodes
    return _value(only, (), values, keys), values, keys


def _node(event: Any, events: Iterator[Any], anchors: dict[str, Node]) -> Node:
    if isinstance(event, yaml.AliasEvent):
        return anchors[event.anchor]
    place = event.start_mark.line + 1, event.start_mark.column + 1
    kind = "scalar" if isinstance(event, yaml.ScalarEvent) else "mapping"
    kind = "list" if isinstance(event, yaml.SequenceStartEvent) else kind
    node = Node(kind, place)
    if event.anchor:
        anchors[event.anchor] = node
    if isinstance(event, yaml.ScalarEvent):
        node.text, node.plain = event.value, event.implicit[0]
        return node
    while not isinstance(inner := next(events), yaml.CollectionEndEvent):
        node.inner.append(_node(inner, events, anchors))
    return node


def _value(node: Node, path: tuple[Any, ...], values: Places, keys: Places) -> Any:
    values[path] = node.place if node.text or not node.plain else NOWHERE
    if node.kind == "scalar":
        return scalar(node.text) if node.plain else node.text
    if node.kind == "list":
        return [_value(inner, (*path, n), values, keys) for n, inner in enumerate(node.inner)]
    found = {}
    for name, inner in zip(node.inner[::2], node.inner[1::2], strict=True):
        here = (*path, name.text)
        keys[here] = name.place if name.text or not name.plain else NOWHERE
        found[name.text] = _value(inner, here, values, keys)
    return found


def scalar(text: str) -> Any:
    """What a scalar without quotes is."""
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if found := _INT.fullmatch(text):
        return _number(found)
    if _FLOAT.fullmatch(text):
        return float(text.replace("_", ""))
    if found := _INFINITE.fullmatch(text):
        return float(f"{found[1]}inf")
    if text in (".nan", ".NaN", ".NAN"):
        return float("nan")
    if found := _SIXTIES.fullmatch(text):
        return float(f"{found[1]}1") * _sixties(
            [float(part) for part in found[2].replace("_", "").split(":")]
        )
    return DATE if _DATE.fullmatch(text) else text


def _number(found: re.Match[str]) -> int:
    sign = -1 if found[1] == "-" else 1
    for group, base in ((2, 2), (3, 16), (4, 8), (5, 10)):
        if found[group] is not None:
            return sign * int(found[group].replace("_", ""), base)
    return sign * int(_sixties([int(part) for part in found[6].replace("_", "").split(":")]))


def _sixties(parts: list[Any]) -> Any:
    total = parts[0]
    for part in parts[1:]:
        total = total * 60 + part
    return total


def comparable(value: Any) -> Any:
    """A value in the form in which both readers give it: numbers with their type, and DATE for every date."""
    if isinstance(value, dict):
        return {name: comparable(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [comparable(inner) for inner in value]
    if isinstance(value, (date, datetime)):
        return DATE
    if value is DATE:
        return value
    return type(value).__name__, repr(value)
