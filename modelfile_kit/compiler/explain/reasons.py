"""Why a construct left nothing in the TEMPLATE: what the compiler saw when it reached it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from jinja2 import nodes

from ...huggingface.jinja_source import text
from ..ir import nodes as go
from ..ir.nodes import Test
from ..values.known import Const, Undef
from ..values.number import Int
from ..values.request import RuntimeValue
from ..values.text import Str
from ..values.truth import Bool
from ..values.value import Value
from .constructs import Construct
from .observer import Observer

# What is known of an expression: that it differs or only shows at run time; that it is always undefined.
UNKNOWN = object()
UNDEFINED = object()
Row = tuple[Construct, nodes.Node]
_LOOKUPS = (nodes.Name, nodes.Getattr, nodes.Getitem)
_KINDS: dict[type, str] = {
    Str: "a string",
    Int: "an integer",
    Bool: "a boolean",
    RuntimeValue: "a list or mapping of the request",
}


class Witness(Observer):
    """Keeps what the compiler tells it; the tree has to live as long."""

    def __init__(self, numbers: Mapping[int, int]) -> None:
        self.numbers = numbers
        self.inside: dict[int, list[int]] = {}
        self.decided: dict[int, set[bool | None]] = {}
        self.seen: dict[int, list[Any]] = {}

    def begins(self, node: nodes.Node, origin: tuple[int, ...]) -> tuple[int, ...]:
        number = self.numbers.get(id(node))
        if number is None:
            return origin
        outer = self.inside.setdefault(number, [])
        if origin and origin[0] not in outer:
            outer.append(origin[0])
        return (number,)

    def decides(self, node: nodes.Node, test: Test) -> None:
        answer = test.value if isinstance(test, go.Truth) else None
        self.decided.setdefault(id(node), set()).add(answer)

    def sees(self, node: nodes.Node, value: Value) -> None:
        kept = self.seen.setdefault(id(node), [])
        if len(kept) < 3 and value not in kept:
            kept.append(value)

    def known(self, node: nodes.Node | None) -> Any:
        """The value of an expression where it is always the same and known; else UNKNOWN or UNDEFINED."""
        seen = self.seen.get(id(node), [])
        if len(seen) == 1 and isinstance(seen[0], Const):
            return seen[0].value
        return UNDEFINED if seen and all(isinstance(v, Undef) for v in seen) else UNKNOWN

    def kind(self, node: nodes.Node) -> str:
        """The kind of value an expression always has, in words; "" where that differs."""
        kinds = {_KINDS.get(type(v), "") for v in self.seen.get(id(node), [])}
        return kinds.pop() if len(kinds) == 1 else ""

    def reached(self, number: int) -> bool:
        """Whether a construct was ever reached."""
        return number in self.inside


def why_nothing(
    construct: Construct,
    node: nodes.Node,
    rows: Sequence[Row],
    witness: Witness,
    written: Mapping[int, object],
    failing: Collection[int],
) -> str:
    """One sentence without a full stop. failing: the constructs that answer the request with an error."""
    if not witness.reached(construct.number):
        return _unreached(construct, rows, witness, written)
    if isinstance(node, nodes.If):
        return _if(node, witness)
    line = _failure_behind(construct, rows, failing)
    if line is not None:
        return f"dropped: the request ends with an error on line {line}"
    if isinstance(node, nodes.For):
        return _for(node, witness)
    if isinstance(node, nodes.Macro):
        return f"a macro: {node.name} is expanded where it is called"
    if isinstance(node, nodes.Assign):
        return _assign(node, witness)
    if isinstance(node, nodes.AssignBlock):
        return f"{_target(node.target)} needs no variable: its text is inserted where it is used"
    if isinstance(node, nodes.CallBlock) and construct.kind == "generation":
        return "marks the text of the assistant for training; the content is printed as it is"
    if construct.kind == "print" and witness.known(node) in ("", UNDEFINED):
        reasons = _because(node, witness)
        return "always empty" + (f": {reasons}" if reasons else "")
    return _elsewhere(construct, rows, witness, written)


def _failure_behind(construct: Construct, rows: Sequence[Row], failing: Collection[int]) -> int | None:
    """The line of an error that comes after the construct whatever the request says."""
    outer: int = construct.number
    while outer:
        at = rows[outer - 1][0]
        for number in sorted(failing):
            other = rows[number - 1][0]
            if number > outer and other.parent == at.parent:
                return other.line
        outer = at.parent
    return None


def _unreached(
    construct: Construct, rows: Sequence[Row], witness: Witness, written: Mapping[int, object]
) -> str:
    outer = construct.parent
    while outer and not witness.reached(outer):
        outer = rows[outer - 1][0].parent
    if not outer:
        return "never reached: rendering always stops before it"
    at, node = rows[outer - 1]
    if isinstance(node, nodes.Macro):
        return f"never reached: {node.name} is never called"
    if isinstance(node, nodes.For):
        if outer in written:  # what was written is the error that stands for the whole loop
            return f"not compiled: the loop on line {at.line} is not supported"
        return f"never reached: the loop on line {at.line} never iterates"
    if isinstance(node, nodes.If):
        answers = witness.decided.get(id(node.test), set())
        if answers in ({True}, {False}):
            always = "always true" if True in answers else "never true"
            return f"never reached: the {at.kind} on line {at.line} is {always}"
    return f"never reached inside the {at.kind} on line {at.line}"


def _if(node: nodes.If, witness: Witness) -> str:
    answers = witness.decided.get(id(node.test), set())
    if answers in ({True}, {False}):
        reasons = _because(node.test, witness)
        always = "always true, only its body remains" if True in answers else "never true"
        return always + (f": {reasons}" if reasons else "")
    if None not in answers:
        return "resolved at compile time; only the taken branch remains"
    return "prints nothing itself: the value it selects is used elsewhere"


def _for(node: nodes.For, witness: Witness) -> str:
    if any(witness.reached(witness.numbers[id(n)]) for n in _constructs(node, witness)):
        return "unrolled: its iterations are known at compile time"
    reasons = _because(node.iter, witness)
    return "iterates over nothing" + (f": {reasons}" if reasons else "")


def _constructs(node: nodes.For, witness: Witness) -> list[nodes.Node]:
    inside = [n for part in node.body for n in (part, *part.find_all(nodes.Node))]
    return [n for n in inside if id(n) in witness.numbers]


def _assign(node: nodes.Assign, witness: Witness) -> str:
    name = text(node.target) if isinstance(node.target, nodes.Name) else _target(node.target)
    value = witness.known(node.node)
    if value is UNDEFINED:
        return f"{name} is always undefined: {_because(node.node, witness) or 'so is its value'}"
    if value is not UNKNOWN:
        return f"{name} is a constant: {_shown(value)} is inserted where it is used"
    return f"{name} needs no variable: its value is inserted where it is used"


def _target(node: nodes.Node) -> str:
    return f"{node.name}.{node.attr}" if isinstance(node, nodes.NSRef) else text(node)


def _elsewhere(
    construct: Construct, rows: Sequence[Row], witness: Witness, written: Mapping[int, object]
) -> str:
    outer = [n for n in witness.inside[construct.number] if n != construct.number]
    shown = sorted({rows[n - 1][0].line for n in outer if n in written})
    if shown:
        lines = ", ".join(map(str, shown[:4])) + (", …" if len(shown) > 4 else "")
        return f"part of the output for line{'s' if len(shown) > 1 else ''} {lines}"
    if outer:
        at = rows[outer[0] - 1][0]
        return f"part of the value of the {at.kind} on line {at.line}, inserted where it is used"
    return "prints nothing"


def _because(node: nodes.Node, witness: Witness) -> str:
    """What is known of the smallest parts of an expression that explain its value."""
    found: dict[str, None] = {}
    _explain(node, witness, found)
    if not found and isinstance(node, _LOOKUPS) and witness.kind(node):
        return f"`{text(node)}` is always defined"
    return ", ".join(list(found)[:3])


def _explain(node: nodes.Node, witness: Witness, found: dict[str, None]) -> None:
    value = witness.known(node)
    if isinstance(node, _LOOKUPS) and value is not UNKNOWN:
        if value is UNDEFINED:
            found[f"`{text(node)}` is never defined in Ollama's requests"] = None
        else:
            found[f"`{text(node)}` is {_shown(value)}"] = None
        return
    before = len(found)
    for child in node.iter_child_nodes():
        _explain(child, witness, found)
    # a test of an unknown value whose answer is known all the same
    if len(found) == before and isinstance(value, bool) and not isinstance(node, nodes.Const):
        kind = witness.kind(node.node) if isinstance(node, nodes.Test) else ""
        if isinstance(node, nodes.Test) and kind:
            found[f"`{text(node.node)}` is always {kind}"] = None
        else:
            found[f"`{text(node)}` is {'always' if value else 'never'} true here"] = None


def _shown(value: object) -> str:
    written = "none" if value is None else repr(value)
    return written if len(written) <= 60 else written[:59] + "…"
