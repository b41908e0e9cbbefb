"""What a chat template looks at: roles, texts that it searches for, names, methods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from jinja2 import nodes

from ...huggingface import jinja_source as source

# The roles of Ollama's API documentation; /api/chat hands any other on as it is.
ROLES = ("system", "user", "assistant", "tool")
# A role that no template knows.
OTHER_ROLE = "observer"

# Methods of texts whose arguments are searched for (strips: a set of characters).
_SEARCHES = frozenset({
    "split", "rsplit", "partition", "rpartition", "startswith", "endswith", "replace", "find", "rfind",
    "index", "rindex", "count", "removeprefix", "removesuffix", "strip", "lstrip", "rstrip",
})  # fmt: skip
_CASES = frozenset({"upper", "lower", "title", "capitalize", "swapcase", "casefold"})
# Markers beyond these are the template's odd corners; each costs some conversations.
MARKERS_MAX = 10
# Markers beyond the first that are tried in a few places only.
RARE_MAX = 30
# Roles beyond these are not tried, and the proof says so: each costs some twenty conversations. Real
# templates know seven at most.
ROLES_MAX = 40
# Numbers beyond these, and longer texts, are not worth their conversations.
NUMBERS_MAX = 4
LENGTH_MAX = 20_000


@dataclass(frozen=True)
class Features:
    """roles: those that Ollama can be sent and the template compares with, the four usual ones first,
    an unknown one last. markers: texts it searches for in texts, in order of appearance, words after the
    others since they may be keys of a mapping; rare: more of them. literals: other texts it compares values
    with. variables: names it reads. keys: fields and methods it reads. numbers: those that it compares
    lengths and positions with, but for the smallest. untried_roles: how many roles it compares with that
    are not among `roles`.
    """

    roles: tuple[str, ...]
    markers: tuple[str, ...]
    literals: tuple[str, ...]
    variables: frozenset[str]
    keys: frozenset[str]
    numbers: tuple[int, ...] = ()
    rare: tuple[str, ...] = ()
    untried_roles: int = 0

    @property
    def changes_case(self) -> bool:
        """Whether it maps letters to upper or lower case."""
        return bool(self.keys & _CASES)


_KINDS: tuple[type[nodes.Node], ...] = (
    *(nodes.Assign, nodes.Call, nodes.Compare, nodes.Filter),
    *(nodes.Getattr, nodes.Getitem, nodes.Name),
)
_Parts: TypeAlias = Mapping[type[nodes.Node], Sequence[Any]]


def _parts(tree: nodes.Template) -> _Parts:
    """The nodes of the kinds that are looked at, by kind, in one walk over the tree."""
    found: dict[type[nodes.Node], list[nodes.Node]] = {kind: [] for kind in _KINDS}
    for node in tree.find_all(_KINDS):
        found[type(node)].append(node)
    return found


def features(tree: nodes.Template) -> Features:
    """Reads them off a parsed template."""
    parts = _parts(tree)
    constants = _constants(parts)
    roles: list[str] = []
    markers: list[str] = []
    literals: list[str] = []
    for compare in parts[nodes.Compare]:
        _compared(compare, constants, roles, markers, literals)
    for call in parts[nodes.Call]:
        if isinstance(call.node, nodes.Getattr) and call.node.attr in _SEARCHES:
            markers += _texts(call.args, constants)
    for filtered in parts[nodes.Filter]:
        if filtered.name in ("replace", "split"):
            markers += _texts(filtered.args, constants)
        elif filtered.name in ("selectattr", "rejectattr") and len(filtered.args) == 3:
            attribute, value = _texts(filtered.args[:1], constants), _texts(filtered.args[2:], constants)
            (roles if attribute == ["role"] else literals).extend(value)
    found = sorted((m for m in _unique(markers) if m), key=str.isidentifier)
    known = [r for r in _unique(roles) if r not in ROLES and r == r.lower()]
    return Features(
        (*ROLES, *known[:ROLES_MAX], OTHER_ROLE),
        tuple(found[:MARKERS_MAX]),
        _unique(literals),
        frozenset(n.name for n in parts[nodes.Name]),
        _keys(parts),
        _numbers(parts),
        tuple(found[MARKERS_MAX : MARKERS_MAX + RARE_MAX]),
        len(known[ROLES_MAX:]),
    )


def _numbers(parts: _Parts) -> tuple[int, ...]:
    """Whole numbers in comparisons; what is below 4 every conversation has."""
    found: list[int] = []
    for compare in parts[nodes.Compare]:
        sides = (compare.expr, *(operand.expr for operand in compare.ops))
        values = [c.value for c in map(source.unwatched, sides) if isinstance(c, nodes.Const)]
        found += [v for v in values if type(v) is int and 3 < v <= LENGTH_MAX]
    return tuple(dict.fromkeys(found))[:NUMBERS_MAX]


def _constants(parts: _Parts) -> dict[str, str]:
    """Variables that hold a literal text."""
    found: dict[str, str] = {}
    for assign in parts[nodes.Assign]:
        value = assign.node.value if isinstance(assign.node, nodes.Const) else None
        if isinstance(assign.target, nodes.Name) and isinstance(value, str):
            found.setdefault(assign.target.name, value)
    return found


def _keys(parts: _Parts) -> frozenset[str]:
    attributes = {n.attr for n in parts[nodes.Getattr]}
    items = {n.arg.value for n in parts[nodes.Getitem] if isinstance(n.arg, nodes.Const)}
    filters = {n.name for n in parts[nodes.Filter]}
    return frozenset(attributes | filters | {i for i in items if isinstance(i, str)})


def _compared(
    compare: nodes.Compare,
    constants: dict[str, str],
    roles: list[str],
    markers: list[str],
    literals: list[str],
) -> None:
    left = source.unwatched(compare.expr)
    for operand in compare.ops:
        right = source.unwatched(operand.expr)
        found = _texts((left, right), constants)
        sides = source.text(left) + " " + source.text(right)
        if "role" in sides.replace("'", ""):
            roles += found
        elif operand.op in ("in", "notin") and not _is_list(right):
            markers += _texts((left,), constants)
        elif operand.op in ("eq", "ne", "in", "notin"):
            literals += found


def _is_list(node: nodes.Node) -> bool:
    """A literal list; jinja2 folds those of constants into one constant."""
    folded = isinstance(node, nodes.Const) and isinstance(node.value, (list, tuple))
    return folded or isinstance(node, (nodes.List, nodes.Tuple))


def _texts(expressions: Iterable[nodes.Expr], constants: dict[str, str]) -> list[str]:
    """The literal texts among expressions; lists are opened, known variables are looked up."""
    found: list[str] = []
    for e in map(source.unwatched, expressions):
        if isinstance(e, nodes.Const) and isinstance(e.value, str):
            found.append(e.value)
        elif isinstance(e, nodes.Const) and isinstance(e.value, (list, tuple)):
            found += [v for v in e.value if isinstance(v, str)]
        elif isinstance(e, (nodes.List, nodes.Tuple)):
            found += _texts(e.items, constants)
        elif isinstance(e, nodes.Name) and e.name in constants:
            found.append(constants[e.name])
    return found


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
