"""Go's eq, ne, lt, le, gt and ge. Source: Go 1.26, text/template/funcs.go.

Go 1.24 does not name the two types that it calls incompatible.
"""

from __future__ import annotations

from ..fmt.formatting import Printer
from ..values.gotypes import GoFunctionError, Kind
from ..values.reflection import Ref, equal, is_nil_ref
from ..values.values import plain
from .budget import Budget


def format_ref(ref: Ref, verb: str, budget: Budget) -> str:
    """%s or %v of a reflect.Value."""
    if not ref.valid:
        return "<invalid reflect.Value>" if verb == "v" else f"%!{verb}(<invalid reflect.Value>)"
    printer = Printer(budget)
    if ref.data is None or not printer.handle_methods(ref.data, verb):
        printer.print_value(ref.data, verb, 0, boxed=ref.boxed)
    return printer.result()


_BAD_TYPE = "invalid type for comparison"


def _basic(ref: Ref) -> str:
    """The group of kinds that are compared with each other; "" for others."""
    kind = ref.kind
    if kind.signed:
        return "int"
    if kind.unsigned:
        return "uint"
    return _BASIC.get(kind, "")


_BASIC = {
    Kind.BOOL: "bool",
    Kind.STRING: "string",
    Kind.FLOAT32: "float",
    Kind.FLOAT64: "float",
    Kind.COMPLEX64: "complex",
    Kind.COMPLEX128: "complex",
}


def go_eq(budget: Budget, first: Ref, *others: Ref) -> bool:
    if not others:
        raise GoFunctionError("missing argument for comparison")
    first = first.unboxed()
    return any(_equal_one(budget, first, other.unboxed()) for other in others)


def _equal_one(budget: Budget, a: Ref, b: Ref) -> bool:
    kind_a, kind_b = _basic(a), _basic(b)
    if kind_a and kind_b and (kind_a == kind_b or {kind_a, kind_b} == {"int", "uint"}):
        return bool(plain(a.data) == plain(b.data))
    if kind_a != kind_b:
        if a.valid and b.valid:
            raise GoFunctionError(f"incompatible types for comparison: {a.type.name} and {b.type.name}")
        return False
    if a.valid and b.valid and a.kind is not b.kind:
        shown_a, shown_b = (format_ref(r, v, budget) for r, v in ((a, "s"), (b, "v")))
        raise GoFunctionError(f"non-comparable types {shown_a}: {a.type.name}, {b.type.name}: {shown_b}")
    if is_nil_ref(a) or is_nil_ref(b):
        return is_nil_ref(a) and is_nil_ref(b)
    if not b.type.comparable:
        raise GoFunctionError(f"non-comparable type {format_ref(b, 's', budget)}: {b.type.name}")
    return equal(a.data, b.data)


def go_ne(budget: Budget, a: Ref, b: Ref) -> bool:
    return not go_eq(budget, a, b)


def go_lt(budget: Budget, a: Ref, b: Ref) -> bool:
    a, b = a.unboxed(), b.unboxed()
    kind_a, kind_b = _basic(a), _basic(b)
    if not kind_a or not kind_b:
        raise GoFunctionError(_BAD_TYPE)
    if kind_a != kind_b and {kind_a, kind_b} != {"int", "uint"}:
        raise GoFunctionError(f"incompatible types for comparison: {a.type.name} and {b.type.name}")
    if kind_a in ("bool", "complex"):
        raise GoFunctionError(_BAD_TYPE)
    left, right = plain(a.data), plain(b.data)
    if kind_a == "string" and not (left.isascii() and right.isascii()):
        left, right = budget.bytes_of(left), budget.bytes_of(right)
    return bool(left < right)


def go_le(budget: Budget, a: Ref, b: Ref) -> bool:
    return go_lt(budget, a, b) or go_eq(budget, a, b)


def go_gt(budget: Budget, a: Ref, b: Ref) -> bool:
    return not go_le(budget, a, b)


def go_ge(budget: Budget, a: Ref, b: Ref) -> bool:
    return not go_lt(budget, a, b)
