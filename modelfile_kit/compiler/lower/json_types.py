"""What a JSON value is in Go: its type only shows at run time."""

from __future__ import annotations

from ..ir import nodes as go
from ..ir.nodes import Expr, Lit, Test, call
from ..values.request import Data, RuntimeValue
from ..values.value import Value


def is_kind(e: Expr, kind: str) -> Test:
    """Whether a JSON value is of a Go type, by the name `%T` prints."""
    return go.equal(call("printf", Lit("%T"), e), Lit(kind))


def is_whole(e: Expr) -> Test:
    """Ollama's numbers are floats; one without a fraction prints the same as a whole one."""
    return go.both(is_kind(e, "float64"), go.equal(call("printf", Lit("%.0f"), e), call("json", e)))


MAP, LIST = "map[string]interface {}", "[]interface {}"


def is_type(v: Value, *kinds: str) -> Test | None:
    """Whether a value is a JSON value of one of these types of Go; None for what is no JSON value."""
    if isinstance(v, RuntimeValue) and v.data is Data.JSON:
        return go.either(*(is_kind(v.expr, k) for k in kinds))
    return None
