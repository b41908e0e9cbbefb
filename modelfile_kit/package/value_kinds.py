"""What a value of mkmodelfile.yaml may be: what is wrong with one, its typed form, and its JSON Schema.

The three come from one description, a dataclass whose fields are made by `key`. Nothing is converted: a
number is no text, and a text no number.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from .bounded_yaml import KeyPath

Fault = Literal["missing", "unknown", "short", "long", "wrong"]
"""A key that is not there, or is none; a text, list or mapping of another length; a value of another kind."""

Schema = dict[str, Any]


@dataclass(frozen=True)
class Problem:
    """path: the value that is wrong, or the key that is missing or unknown."""

    path: KeyPath
    fault: Fault


class Kind(Protocol):
    """A kind of value."""

    def problems(self, value: Any, path: KeyPath) -> list[Problem]:
        """What is wrong with a value that stands at a path; [] if nothing is."""
        ...

    def typed(self, value: Any) -> Any:
        """The value with dataclasses in place of mappings; for one without problems."""
        ...

    def schema(self, shapes: dict[str, Schema]) -> Schema:
        """Its JSON Schema; what is a dataclass goes into `shapes`."""
        ...


class _Plain:
    """A kind whose values are what they are."""

    def typed(self, value: Any) -> Any:
        """See `Kind`."""
        return value


@dataclass(frozen=True)
class Text(_Plain):
    """A text of at least and at most so many characters."""

    least: int = 1
    most: int | None = None

    def problems(self, value: Any, path: KeyPath) -> list[Problem]:
        """See `Kind`."""
        if not isinstance(value, str):
            return [Problem(path, "wrong")]
        return _of_length(len(value), self.least, self.most, path)

    def schema(self, shapes: dict[str, Schema]) -> Schema:
        """See `Kind`."""
        return {**_bounds("Length", self.least, self.most), "type": "string"}


@dataclass(frozen=True)
class Words(_Plain):
    """One of a few words."""

    words: tuple[str, ...]

    def problems(self, value: Any, path: KeyPath) -> list[Problem]:
        """See `Kind`."""
        return [] if isinstance(value, str) and value in self.words else [Problem(path, "wrong")]

    def schema(self, shapes: dict[str, Schema]) -> Schema:
        """See `Kind`."""
        one = len(self.words) == 1
        return {**({"const": self.words[0]} if one else {"enum": list(self.words)}), "type": "string"}


@dataclass(frozen=True)
class Basic(_Plain):
    """A value of one of JSON's types; a boolean is no number, and an integer is one."""

    name: Literal["boolean", "integer", "number", "null"]

    def problems(self, value: Any, path: KeyPath) -> list[Problem]:
        """See `Kind`."""
        fits = {
            "boolean": isinstance(value, bool),
            "integer": isinstance(value, int) and not isinstance(value, bool),
            "number": isinstance(value, (int, float)) and not isinstance(value, bool),
            "null": value is None,
        }
        return [] if fits[self.name] else [Problem(path, "wrong")]

    def schema(self, shapes: dict[str, Schema]) -> Schema:
        """See `Kind`."""
        return {"type": self.name}


@dataclass(frozen=True)
class ListOf:
    """A list of values of one kind."""

    item: Kind

    def problems(self, value: Any, path: KeyPath) -> list[Problem]:
        """See `Kind`."""
        if not isinstance(value, list):
            return [Problem(path, "wrong")]
        return [p for n, item in enumerate(value) for p in self.item.problems(item, (*path, n))]

    def typed(self, value: Any) -> Any:
        """See `Kind`."""
        return [self.item.typed(item) for item in value]

    def schema(self, shapes: dict[str, Schema]) -> Schema:
        """See `Kind`."""
        return {"items": self.item.schema(shapes), "type": "array"}


@dataclass(frozen=True)
class MappingOf:
    """A mapping with keys of one's own to values of one kind, with at least and at most so many keys."""

    item: Kind
    least: int = 0
    most: int | None = None

    def problems(self, value: Any, path: KeyPath) -> list[Problem]:
        """See `Kind`."""
        if not isinstance(value, dict):
            return [Problem(path, "wrong")]
        inside = [p for name, item in value.items() for p in self.item.problems(item, (*path, name))]
        return inside or _of_length(len(value), self.least, self.most, path)

    def typed(self, value: Any) -> Any:
        """See `Kind`."""
        return {name: self.item.typed(item) for name, item in value.items()}

    def schema(self, shapes: dict[str, Schema]) -> Schema:
        """See `Kind`."""
        bounds = _bounds("Properties", self.least, self.most)
        return {"additionalProperties": self.item.schema(shapes), **bounds, "type": "object"}


@dataclass(frozen=True)
class OneOf:
    """A value of any of some kinds."""

    kinds: tuple[Kind, ...]

    def problems(self, value: Any, path: KeyPath) -> list[Problem]:
        """See `Kind`; those inside of the value, where it is at least a list or mapping of the right kind."""
        found = [kind.problems(value, path) for kind in self.kinds]
        if not all(found):
            return []
        return next((problems for problems in found if problems[0].path != path), found[0])

    def typed(self, value: Any) -> Any:
        """See `Kind`."""
        return next(kind for kind in self.kinds if not kind.problems(value, ())).typed(value)

    def schema(self, shapes: dict[str, Schema]) -> Schema:
        """See `Kind`."""
        return {"anyOf": [kind.schema(shapes) for kind in self.kinds]}


@dataclass(frozen=True)
class ShapeOf:
    """A mapping with the keys of a dataclass, whose fields are made by `key`."""

    shape: type[Any]

    def problems(self, value: Any, path: KeyPath) -> list[Problem]:
        """See `Kind`; in the order of the dataclass, keys that are none at the end."""
        if not isinstance(value, dict):
            return [Problem(path, "wrong")]
        out: list[Problem] = []
        keys = {f.name: f for f in _fields(self.shape)}
        for name, f in keys.items():
            if name in value:
                out += f.metadata["kind"].problems(value[name], (*path, name))
            elif _required(f):
                out.append(Problem((*path, name), "missing"))
        return out + [Problem((*path, name), "unknown") for name in value if name not in keys]

    def typed(self, value: Any) -> Any:
        """See `Kind`."""
        kinds = key_kinds(self.shape)
        return self.shape(**{name: kinds[name].typed(item) for name, item in value.items()})

    def schema(self, shapes: dict[str, Schema]) -> Schema:
        """See `Kind`."""
        shapes[self.shape.__name__] = shape_schema(self.shape, shapes)
        return {"$ref": f"#/$defs/{self.shape.__name__}"}


def key(kind: Kind, description: str, *, examples: Sequence[str] = (), **default: Any) -> Any:
    """A field of a shape.

    description: for people; examples: words that an editor may offer; default: as of `dataclasses.field`.
    """
    said: Schema = {"description": description} | ({"examples": list(examples)} if examples else {})
    return field(metadata={"kind": kind, "said": said}, **default)


def key_names(shape: type[Any]) -> list[str]:
    """The keys of a shape."""
    return [f.name for f in _fields(shape)]


def key_kinds(shape: type[Any]) -> dict[str, Kind]:
    """What may stand for each key of a shape."""
    return {f.name: f.metadata["kind"] for f in _fields(shape)}


def shape_schema(shape: type[Any], shapes: dict[str, Schema]) -> Schema:
    """The JSON Schema of a shape; those of the shapes in it go into `shapes`."""
    properties = {}
    for f in _fields(shape):
        made = f.metadata["kind"].schema(shapes) | f.metadata["said"]
        if "$ref" not in made:
            made["title"] = f.name.replace("_", " ").title()
        if f.default is not dataclasses.MISSING:
            made["default"] = f.default
        properties[f.name] = dict(sorted(made.items()))
    required = [f.name for f in _fields(shape) if _required(f)]
    return {
        "additionalProperties": False,
        "description": (shape.__doc__ or "").strip(),
        "properties": properties,
        **({"required": required} if required else {}),
        "title": shape.__name__,
        "type": "object",
    }


def _fields(shape: type[Any]) -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(shape)


def _required(f: dataclasses.Field[Any]) -> bool:
    return f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING


def _of_length(length: int, least: int, most: int | None, path: KeyPath) -> list[Problem]:
    if length < least:
        return [Problem(path, "short")]
    return [Problem(path, "long")] if most is not None and length > most else []


def _bounds(of: str, least: int, most: int | None) -> Schema:
    return ({f"max{of}": most} if most is not None else {}) | ({f"min{of}": least} if least else {})
