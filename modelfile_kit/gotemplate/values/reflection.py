"""A value together with what only its place in the program tells: Go's reflect.Value.

The same Python value can be "an interface holding it" or "it itself", and can or cannot be
addressed; some of Go's rules and most of its error texts depend on that.
"""

from __future__ import annotations

from typing import Any

from . import gotypes as t
from .gotypes import GoFunctionError, GoType, Kind
from .representation import Pointer, Scalar, Slice, Struct, elements, is_nil, plain, truth, type_of

# The type of parameters that take a value as it is. Never the type of a value.
REFLECT_VALUE = GoType("reflect.Value", Kind.STRUCT)


class Ref:
    """A value and its place. data: as in `values.representation`. boxed: its static type is interface {}.
    addressable: it is an element of a slice, behind a pointer, or a field of such a struct.
    """

    __slots__ = ("addressable", "boxed", "data")

    def __init__(self, data: Any, *, boxed: bool = False, addressable: bool = False) -> None:
        self.data = data
        self.boxed = boxed
        self.addressable = addressable

    @property
    def valid(self) -> bool:
        """Whether there is a value; a nil interface is one, an untyped nil is not."""
        return self.boxed or self.data is not None

    @property
    def kind(self) -> Kind:
        if self.boxed:
            return Kind.INTERFACE
        return Kind.INVALID if self.data is None else type_of(self.data).kind

    @property
    def type(self) -> GoType:
        """The static type of a valid value."""
        return t.ANY if self.boxed else type_of(self.data)

    def unboxed(self) -> Ref:
        """What the interface holds; a value that is in none is itself (indirectInterface)."""
        return Ref(self.data) if self.boxed else self

    def indirect(self) -> tuple[Ref, bool]:
        """What is at the end of pointers and interfaces, and whether that is nil on the way."""
        at = self
        while True:
            if at.boxed:
                if at.data is None:
                    return at, True
                at = Ref(at.data)
            elif isinstance(at.data, Pointer):
                if at.data.target is None:
                    return at, True
                at = Ref(at.data.target, addressable=True)
            else:
                return at, False

    def truth(self) -> bool:
        return truth(self.data)


INVALID = Ref(None)
NIL_INTERFACE = Ref(None, boxed=True)


def member(type: GoType, data: Any, *, addressable: bool = False) -> Ref:
    """An element or field of the static type `type`."""
    if type.is_interface:
        return Ref(data, boxed=True)
    return Ref(data, addressable=addressable)


def assignable(have: GoType, want: GoType) -> bool:
    """reflect.Type.AssignableTo for the types that occur."""
    if have is want or want.is_interface:
        return True
    same_shape = have.kind is want.kind and have.elem is want.elem and have.key is want.key
    composite = have.kind in (Kind.SLICE, Kind.MAP, Kind.POINTER, Kind.ARRAY)
    return same_shape and composite and ("." not in have.name or "." not in want.name)


def equal(a: Any, b: Any) -> bool:
    """Go's == of two interface values; raises GoFunctionError where Go panics."""
    if a is None or b is None:
        return a is b
    if type_of(a) is not type_of(b):
        return False
    if not type_of(a).comparable:
        raise GoFunctionError(f"runtime error: comparing uncomparable type {type_of(a).name}")
    if isinstance(a, Struct):
        return all(equal(a.fields[name], b.fields[name]) for name in a.fields)
    if isinstance(a, Pointer):
        return a is b or a.target is b.target
    if isinstance(a, Slice):  # an array
        return all(equal(x, y) for x, y in zip(elements(a), elements(b), strict=True))
    if isinstance(a, Scalar):
        return bool(plain(a) == plain(b))
    return bool(a == b)


def is_nil_ref(ref: Ref) -> bool:
    """Whether it is nil, of whatever type."""
    return is_nil(ref.data)
