"""Go's types, as far as a template can see them: their names, kinds, fields and methods.

A type is compared by identity; the helpers `slice_of`, `map_of`, `pointer_to` answer the same
object for the same parts, so that two values of one Go type carry one `GoType`.
Source of the rules: Go 1.26, packages reflect and text/template.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


class Kind(enum.IntEnum):
    """reflect.Kind. The order groups signed and unsigned integers, so that ranges can be tested."""

    INVALID = 0
    BOOL = 1
    INT = 2
    INT8 = 3
    INT16 = 4
    INT32 = 5
    INT64 = 6
    UINT = 7
    UINT8 = 8
    UINT16 = 9
    UINT32 = 10
    UINT64 = 11
    UINTPTR = 12
    FLOAT32 = 13
    FLOAT64 = 14
    COMPLEX64 = 15
    COMPLEX128 = 16
    ARRAY = 17
    FUNC = 19
    INTERFACE = 20
    MAP = 21
    POINTER = 22
    SLICE = 23
    STRING = 24
    STRUCT = 25

    @property
    def signed(self) -> bool:
        """Whether it is a signed integer."""
        return Kind.INT <= self <= Kind.INT64

    @property
    def unsigned(self) -> bool:
        """Whether it is an unsigned integer."""
        return Kind.UINT <= self <= Kind.UINTPTR

    @property
    def nillable(self) -> bool:
        """Whether nil can be assigned to it (template's canBeNil)."""
        return self in _NILLABLE


_NILLABLE = frozenset({Kind.FUNC, Kind.INTERFACE, Kind.MAP, Kind.POINTER, Kind.SLICE})


@dataclass(frozen=True, eq=False)
class Function:
    """A Go function or method as a template may call it.

    call: Python callable. A method gets its receiver first; arguments arrive as the values that
    `values.representation` describes. Raising `GoFunctionError` is Go's second result, an error.
    params: the parameters' types, the receiver not counted. variadic: the last parameter may repeat.
    result: the static type of the result.
    """

    call: Callable[..., Any]
    params: tuple[GoType, ...] = ()
    result: GoType | None = None
    variadic: bool = False


class GoFunctionError(Exception):
    """What a Go function returns as its error; the text is the error's text."""


@dataclass(frozen=True, eq=False)
class Field:
    """A field of a struct.

    name: Go's name. type: static type. json: the `json` tag ("name,omitempty"; "-" leaves it out).
    """

    name: str
    type: GoType
    json: str = ""

    @property
    def exported(self) -> bool:
        """Whether a template may read it."""
        return self.name[:1].isupper()


@dataclass(frozen=True, eq=False)
class GoType:
    """A Go type.

    name: as %T prints it ("api.ToolFunction", "[]string", "interface {}"). elem: what a slice, array,
    map, pointer or iterator holds; key: a map's or Seq2's keys. methods: of the type itself;
    pointer_methods: those with a pointer receiver. length: an array's. signature: of a func.
    yields: how many values an iterator (iter.Seq 1, iter.Seq2 2) passes on, else 0.
    """

    name: str
    kind: Kind
    elem: GoType | None = None
    key: GoType | None = None
    fields: tuple[Field, ...] = ()
    methods: Mapping[str, Function] = field(default_factory=dict)
    pointer_methods: Mapping[str, Function] = field(default_factory=dict)
    length: int = 0
    signature: Function | None = None
    yields: int = 0
    by_name: Mapping[str, Field] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {f.name: f for f in self.fields})

    def __repr__(self) -> str:
        return f"GoType({self.name})"

    def complete(self, *fields: Field) -> GoType:
        """Sets the fields of a type that its own fields mention; once, before it is used."""
        object.__setattr__(self, "fields", fields)
        self.__post_init__()
        return self

    @property
    def is_interface(self) -> bool:
        """Whether a value of this static type is boxed (only `interface {}` occurs)."""
        return self.kind is Kind.INTERFACE

    @property
    def comparable(self) -> bool:
        """reflect.Type.Comparable."""
        if self.kind in (Kind.FUNC, Kind.MAP, Kind.SLICE):
            return False
        if self.kind is Kind.ARRAY:
            return self.elem is None or self.elem.comparable
        return all(f.type.comparable for f in self.fields)

    def method(self, name: str, *, addressable: bool = False) -> Function | None:
        """The method `name` of a value of this type; with `addressable` those of *T too."""
        if self.kind is Kind.POINTER and self.elem is not None:
            return self.elem.method(name, addressable=True)
        found = self.methods.get(name)
        if found is None and addressable:
            found = self.pointer_methods.get(name)
        return found


BOOL = GoType("bool", Kind.BOOL)
INT = GoType("int", Kind.INT)
INT8 = GoType("int8", Kind.INT8)
INT16 = GoType("int16", Kind.INT16)
INT32 = GoType("int32", Kind.INT32)
INT64 = GoType("int64", Kind.INT64)
UINT = GoType("uint", Kind.UINT)
UINT8 = GoType("uint8", Kind.UINT8)
UINT16 = GoType("uint16", Kind.UINT16)
UINT32 = GoType("uint32", Kind.UINT32)
UINT64 = GoType("uint64", Kind.UINT64)
UINTPTR = GoType("uintptr", Kind.UINTPTR)
FLOAT32 = GoType("float32", Kind.FLOAT32)
FLOAT64 = GoType("float64", Kind.FLOAT64)
COMPLEX64 = GoType("complex64", Kind.COMPLEX64)
COMPLEX128 = GoType("complex128", Kind.COMPLEX128)
STRING = GoType("string", Kind.STRING)
ANY = GoType("interface {}", Kind.INTERFACE)

_derived: dict[tuple[Any, ...], GoType] = {}


def _once(key: tuple[Any, ...], make: Callable[[], GoType]) -> GoType:
    """One object per derived type; setdefault keeps that true between threads."""
    found = _derived.get(key)
    return found if found is not None else _derived.setdefault(key, make())


def slice_of(elem: GoType) -> GoType:
    """[]elem"""
    return _once(("slice", elem), lambda: GoType(f"[]{elem.name}", Kind.SLICE, elem=elem))


def array_of(length: int, elem: GoType) -> GoType:
    """[length]elem"""
    return _once(
        ("array", length, elem),
        lambda: GoType(f"[{length}]{elem.name}", Kind.ARRAY, elem=elem, length=length),
    )


def map_of(key: GoType, elem: GoType) -> GoType:
    """map[key]elem"""
    return _once(
        ("map", key, elem), lambda: GoType(f"map[{key.name}]{elem.name}", Kind.MAP, elem=elem, key=key)
    )


def pointer_to(elem: GoType) -> GoType:
    """*elem"""
    return _once(("pointer", elem), lambda: GoType(f"*{elem.name}", Kind.POINTER, elem=elem))


def func_of(params: Sequence[GoType], result: GoType = ANY, *, variadic: bool = False) -> GoType:
    """func(params) result"""
    names = [p.name for p in params]
    if variadic:
        names[-1] = f"...{names[-1]}"
    name = f"func({', '.join(names)}) {result.name}"
    signature = Function(_uncallable, tuple(params), result, variadic)
    return _once(
        ("func", tuple(params), result, variadic), lambda: GoType(name, Kind.FUNC, signature=signature)
    )


def seq_of(elem: GoType) -> GoType:
    """iter.Seq[elem]"""
    return _once(("seq", elem), lambda: GoType(f"iter.Seq[{elem.name}]", Kind.FUNC, elem=elem, yields=1))


def seq2_of(key: GoType, elem: GoType) -> GoType:
    """iter.Seq2[key,elem]"""
    return _once(
        ("seq2", key, elem),
        lambda: GoType(f"iter.Seq2[{key.name},{elem.name}]", Kind.FUNC, elem=elem, key=key, yields=2),
    )


def _uncallable(*_args: Any) -> Any:
    raise TypeError("a function type is not a function")


BYTES = slice_of(UINT8)
ANY_SLICE = slice_of(ANY)
ANY_MAP = map_of(STRING, ANY)
