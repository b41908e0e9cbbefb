"""The shape of every request that Ollama can express, as a chat template sees it."""

from __future__ import annotations

from collections.abc import Container

from ...huggingface.operations import Result, methods_of
from ...ollama.request_shape import Kind, Shape, members
from .values import (
    ANYTHING,
    FULL_TEXT,
    MISSING,
    NONE,
    TEXT,
    Anything,
    Atom,
    Known,
    Missing,
    SomeText,
    Thing,
    Value,
    known,
    list_of,
    thing,
    union,
)

_FUNCTIONS = ["raise_exception", "strftime_now", "namespace", "range", "dict", "cycler", "joiner", "lipsum"]
_MAPPING_METHODS, _LIST_METHODS = (
    frozenset(name for name, row in methods_of(of).items() if row.result is not Result.ANYTHING)
    for of in ("dict", "list")
)
_LISTS = {
    "messages": thing("message"),
    "calls": thing("call"),
    "tools": thing("tool"),
    "required": FULL_TEXT,
    "types": FULL_TEXT,
    "parts": thing("image_part") | thing("words"),
}
# What a member of the request holds for a chat template, where the request names it.
_HELD: dict[Kind, Value] = {
    Kind.TEXT: FULL_TEXT,
    Kind.TEXTS: thing("required"),
    Kind.TYPE: FULL_TEXT | thing("types"),
    Kind.JSON: thing("property"),
    Kind.VALUES: list_of(ANYTHING, full=True),
    Kind.CALLS: thing("calls"),
    Kind.CALLED: thing("called"),
    Kind.ARGUMENTS: thing("arguments", full=False),
    Kind.FUNCTION: thing("function schema"),
    Kind.PARAMETERS: thing("parameters"),
    Kind.PROPERTIES: thing("properties", full=False),
    Kind.INNER_PROPERTIES: thing("properties", full=False),
    Kind.PROPERTY_LIST: list_of(thing("property"), full=True),
}


def _fields(shape: Shape, **certain: Value) -> dict[str, Value]:
    """The keys of an object of the request; certain: those whose value is known better."""
    fields = {
        key: _HELD[m.kind] if m.required else MISSING | _HELD[m.kind]
        for m in members(shape)
        for key in m.keys
    }
    return {**fields, **certain}


class World:
    """What the names and fields of a request can be.

    category: the kind of conversation; "tools" allows reasoning too, "images" everything.
    flagged: whether the request says something about thinking. without: kinds that are left out.
    """

    def __init__(
        self,
        category: str,
        bos_token: str | None,
        eos_token: str | None,
        *,
        flagged: bool = False,
        without: Container[str] = (),
    ) -> None:
        tools = category in ("tools", "images") and "tools" not in without
        thinking = category in ("tools", "images", "thinking") and "thinking" not in without
        flags = known(True, False) if thinking else known(True)
        flag = flags if flagged else MISSING
        levels = known("medium", "low", "high") if thinking and flagged else known("medium")
        self.names: dict[str, Value] = {
            "messages": thing("messages"),
            "tools": NONE | thing("tools") if tools else NONE,
            "documents": NONE,
            "add_generation_prompt": known(True),
            "enable_thinking": flag,
            "thinking": flag,
            "reasoning_effort": MISSING | levels,
            "bos_token": MISSING if bos_token is None else known(bos_token),
            "eos_token": MISSING if eos_token is None else known(eos_token),
            **{name: thing("function", name) for name in _FUNCTIONS},
        }
        content = TEXT | thing("parts") if category == "images" else TEXT
        role: Value = frozenset({SomeText(True, frozenset() if tools else frozenset({"tool"}), low=True)})
        message = _fields(Shape.MESSAGE, role=role, content=content)
        had = {"chat": True, "tools": tools, "thinking": thinking, "images": category == "images"}
        for member in members(Shape.MESSAGE):
            if not had[member.category]:
                message |= dict.fromkeys(member.keys, MISSING)
        self.fields: dict[str, dict[str, Value]] = {
            "message": message,
            "call": _fields(Shape.CALL, type=known("function")),
            "called": _fields(Shape.CALLED),
            "tool": _fields(Shape.TOOL, type=known("function")),
            "function schema": _fields(Shape.FUNCTION),
            "parameters": _fields(Shape.PARAMETERS, type=known("object")),
            "property": _fields(Shape.PROPERTY),
            "image_part": {"type": known("image")},
            "words": {"type": known("text"), "text": TEXT},
        }

    def is_mapping(self, atom: Atom) -> bool:
        """Whether it is certainly a mapping."""
        return isinstance(atom, Thing) and (
            atom.shape in self.fields or atom.shape in ("arguments", "properties", "map")
        )

    def is_list(self, atom: Atom) -> bool:
        """Whether it is certainly a list (or tuple)."""
        return isinstance(atom, Thing) and atom.shape in (*_LISTS, "list", "literal", "pairs")

    def field(self, atom: Thing, name: str) -> Value | None:
        """What a key of a mapping holds; None for a thing that has no keys."""
        if atom.shape in self.fields:
            return self.fields[atom.shape].get(name, MISSING)
        if atom.shape == "arguments":
            return MISSING | ANYTHING
        if atom.shape == "properties":
            return MISSING | thing("property")
        if atom.shape == "map":
            fields: dict[str, Value] = dict(atom.more)
            return fields.get(name, MISSING)
        return None

    def attribute(self, atom: Thing, name: str) -> Value:
        """`atom.name`: a method wins over a key, as in jinja2."""
        if self.is_mapping(atom):
            if name in _MAPPING_METHODS:
                return thing("method", (name, atom))
            found = self.field(atom, name)
            return MISSING if found is None else found
        if self.is_list(atom):
            return thing("method", (name, atom)) if name in _LIST_METHODS else MISSING
        return MISSING if atom.shape == "method" else ANYTHING

    def items(self, atom: Atom) -> Value:
        """What a loop over it gives."""
        if isinstance(atom, SomeText):
            return FULL_TEXT
        if isinstance(atom, Known):
            return FULL_TEXT if isinstance(atom.value, str) else frozenset()
        if isinstance(atom, Missing):
            return frozenset()
        if isinstance(atom, Thing):
            if atom.shape in _LISTS:
                return _LISTS[atom.shape]
            if atom.shape in ("list", "stream"):
                return atom.more  # type: ignore[no-any-return]
            if atom.shape == "literal":
                return union(*atom.more)
            if atom.shape == "pairs":
                return thing("literal", self.pair(atom.more))
            if self.is_mapping(atom):
                return self.pair(atom)[0]
        return ANYTHING

    def known_fields(self, mapping: Atom) -> dict[str, Value] | None:
        """Keys that a mapping can have with what they then hold; None where any key can be."""
        if not isinstance(mapping, Thing):
            return None
        fields = dict(mapping.more) if mapping.shape == "map" else self.fields.get(mapping.shape)
        if fields is None:
            return None
        return {k: v - MISSING for k, v in fields.items() if v != MISSING}

    def pair(self, mapping: Thing) -> tuple[Value, Value]:
        """Keys and values of a mapping."""
        fields = self.known_fields(mapping)
        if fields is None:
            return TEXT, union(self.field(mapping, "") or ANYTHING) - MISSING
        return known(*fields), union(*fields.values())

    def rounds(self, atom: Atom) -> frozenset[int]:
        """How often a loop over it can run: 0, 1 for some; nothing where it fails."""
        if isinstance(atom, Missing):
            return frozenset({0})
        if isinstance(atom, Known):
            return frozenset({1 if atom.value else 0}) if isinstance(atom.value, str) else frozenset()
        if isinstance(atom, SomeText):
            return frozenset({1}) if atom.full else frozenset({0, 1})
        if isinstance(atom, Thing) and atom.shape in ("literal", "map"):
            return frozenset({min(len(atom.more), 1)})
        if isinstance(atom, Thing):
            return frozenset({1}) if atom.full else frozenset({0, 1})
        return frozenset({0, 1}) if isinstance(atom, Anything) else frozenset()
