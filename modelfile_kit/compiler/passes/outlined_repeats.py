"""Writes statements that a TEMPLATE repeats once, as a defined template.

A defined template sees one argument and nothing else, so a run of statements can move there if all that it
reads from outside comes out of one expression, and if nothing outside reads what it declares.
"""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..ir import nodes as go
from ..ir.nodes import Expr, Node, Nodes
from .alpha_rename import same_but_for_names
from .effects import declared, effects, worked_out, written
from .replaced import replaced

# Statements in a run, inner ones counted, from which a definition of its own is worth its name.
SMALLEST = 8
# Statements beside each other that are looked at as one run.
LONGEST = 12
# Definitions that are made at most.
MAX_ROUNDS = 20

Definitions = dict[str, Nodes]


@dataclass(frozen=True)
class _Run:
    """Statements that may move: the block they stand in, where they begin and end, and their argument.

    key: what runs have in common that differ in their arguments and in the names of their variables alone.
    """

    block: Nodes
    start: int
    end: int
    size: int
    argument: Expr
    key: int

    @property
    def nodes(self) -> Nodes:
        return self.block[self.start : self.end]

    @functools.cached_property
    def body(self) -> Nodes:
        """The statements with the dot in place of the argument."""
        return replaced(self.nodes, self.argument, go.Dot())


# The runs that were looked at, by their block's address, start and end; the block is kept with them.
_Known = dict[tuple[int, int, int], tuple[Nodes, "_Run | None"]]


def outline_repeats(statements: Nodes, definitions: Definitions) -> tuple[Nodes, Definitions]:
    """The largest runs that are there more than once become definitions, until there is none left.

    >>> from modelfile_kit.compiler.ir.printer import emit
    >>> def shown(loop, name):
    ...     marks = tuple(go.If(go.equal(go.Item(loop), go.Lit(x)), (go.Text(x),)) for x in "abcd")
    ...     return go.Range(loop, go.Root(name), marks)
    >>> print(emit(*outline_repeats((shown(1, "A"), go.Text("-"), shown(2, "B")), {})))
    {{- define "part" }}
    {{- range . }}
    {{- if eq . "a" }}a
    {{- end }}
    {{- if eq . "b" }}b
    {{- end }}
    {{- if eq . "c" }}c
    {{- end }}
    {{- if eq . "d" }}d
    {{- end }}
    {{- end }}
    {{- end }}
    {{- template "part" .A }}-{{ template "part" .B }}
    """
    blocks = {"": statements, **definitions}
    known: _Known = {}
    for _ in range(MAX_ROUNDS):
        found = _largest(list(blocks.values()), known)
        if not found:
            break
        name = next(n for n in _names() if n not in blocks)
        body = found[0].body
        blocks = {key: _with_includes(block, name, found) for key, block in blocks.items()}
        blocks[name] = body
    return blocks.pop(""), blocks


def _names() -> Iterator[str]:
    yield "part"
    yield from (f"part {n}" for n in itertools.count(2))


def _largest(bodies: list[Nodes], known: _Known) -> list[_Run]:
    """The runs of the largest kind that is there twice; none where nothing is."""
    alike: dict[int, list[tuple[Nodes, int, int]]] = {}
    for block in {id(b): b for b in _blocks(bodies)}.values():
        for start, end, shape in _windows(block):
            alike.setdefault(shape, []).append((block, start, end))
    groups: dict[int, list[_Run]] = {}
    lasts: dict[int, dict[int, int]] = {}
    for places in alike.values():
        for block, start, end in places if len(places) > 1 else ():
            at = id(block), start, end
            if at not in known:
                if id(block) not in lasts:
                    lasts[id(block)] = _last_uses(block)
                known[at] = block, _run(block, start, end, lasts[id(block)])
            run = known[at][1]
            if run is not None:
                groups.setdefault(run.key, []).append(run)
    best: list[_Run] = []
    for runs in groups.values():
        if len(runs) < 2 or (best and runs[0].size <= best[0].size):
            continue
        first = runs[0].body
        same = [r for r in runs if same_but_for_names(first, r.body, operator.eq)]
        apart = [r for n, r in enumerate(same) if not any(_overlap(r, other) for other in same[:n])]
        if len(apart) > 1:
            best = apart
    return best


def _overlap(a: _Run, b: _Run) -> bool:
    return a.block is b.block and a.start < b.end and b.start < a.end


def _blocks(bodies: list[Nodes]) -> Iterator[Nodes]:
    for block in bodies:
        yield block
        for n in block:
            yield from _blocks(list(go.blocks(n)))


def _windows(block: Nodes) -> Iterator[tuple[int, int, int]]:
    """Where runs that are large enough begin and end, and their shape."""
    looks = [_look(n) for n in block]
    for start in range(len(block)):
        size = 0
        for end in range(start + 1, min(len(block), start + LONGEST) + 1):
            if effects(block[end - 1]).leaves:
                break
            size += looks[end - 1][0]
            if size >= SMALLEST:
                yield start, end, hash(tuple(shape for _, shape in looks[start:end]))


def _look(n: Node) -> tuple[int, int]:
    """How many statements it is, and a number that is equal where all but the expressions is."""
    known: tuple[int, int] | None = n.__dict__.get("_look")
    if known is None:
        inner = [[_look(x) for x in block] for block in go.blocks(n)]
        shapes = (tuple(shape for _, shape in block) for block in inner)
        size = 1 + sum(size for block in inner for size, _ in block)
        n.__dict__["_look"] = known = size, hash((type(n).__name__, _label(n), *shapes))
    return known


def _label(n: Node) -> object:
    """What a statement holds beside expressions and blocks."""
    if isinstance(n, go.Text):
        return n.text
    if isinstance(n, go.Include):
        return n.name
    return n.message if isinstance(n, go.Fail) else isinstance(n, go.Range) and n.count


def _last_uses(block: Nodes) -> dict[int, int]:
    """The last statement of a block that reads or writes each variable."""
    return {
        v: at for at, n in enumerate(block) for f in (effects(n),) for v in f.reads | f.assigned | f.declared
    }


def _run(block: Nodes, start: int, end: int, last: dict[int, int]) -> _Run | None:
    """Statements as a run; None where they cannot move. last: where each variable is used last."""
    nodes = block[start:end]
    own = declared(nodes)
    if written(nodes) - own or any(last[v] >= end for v in own):
        return None
    argument = _argument(nodes)
    if argument is None:
        return None
    size = sum(_look(n)[0] for n in nodes)
    return _Run(block, start, end, size, argument, hash(tuple(_key(n, argument) for n in nodes)))


def _key(n: Node, argument: Expr) -> int:
    """A number that is equal for statements which differ in nothing but their variables and argument."""
    known: tuple[Expr, int] | None = n.__dict__.get("_key")
    if known is None or known[0] is not argument:
        inner = (tuple(_key(x, argument) for x in block) for block in go.blocks(n))
        exprs = (_key_of(e, argument) for e in go.node_exprs(n))
        n.__dict__["_key"] = known = argument, hash((_look(n), *exprs, *inner))
    return known[1]


def _key_of(e: Expr, argument: Expr) -> Any:
    if e == argument:
        return "."
    if isinstance(e, go.Call):
        return e.fn, tuple(_key_of(a, argument) for a in e.args)
    if isinstance(e, go.Field):
        return e.name, _key_of(e.base, argument)
    return (type(e.value).__name__, e.value) if isinstance(e, go.Lit) else type(e).__name__


def _argument(nodes: Nodes) -> Expr | None:
    """The one expression from outside that a run reads, if the run begins by looking at it."""
    own = declared(nodes)
    loops = frozenset[int]().union(*(_reads(n).loops for n in nodes))
    chains: dict[Expr, _Chain] = {}
    for n in nodes:
        for leaf, chain in _reads(n).chains.items():
            if isinstance(leaf, go.Var) and leaf.id in own:
                continue
            if isinstance(leaf, (go.Item, go.Index)) and leaf.loop in loops:
                continue
            _add_chain(chains, chain)
            if len(chains) > 1:
                return None
    if not chains:
        return None
    ((*_, argument),) = chains.values()
    return argument if argument in _looked_at(nodes) and not isinstance(argument, go.Dot) else None


# A thing that is read, then what is taken from it, each from the one before.
_Chain = tuple[Expr, ...]


@dataclass(frozen=True)
class _Reads:
    """What a statement reads, with all inside it.

    chains: for each thing what all that takes something from it has in common. loops: the loops inside it.
    """

    chains: dict[Expr, _Chain]
    loops: frozenset[int]


def _reads(n: Node) -> _Reads:
    """What a statement reads; remembered with it."""
    known: _Reads | None = n.__dict__.get("_reads")
    if known is None:
        inner = [_reads(x) for block in go.blocks(n) for x in block]
        found: dict[Expr, _Chain] = {}
        for chains in (*map(_chains, go.node_exprs(n)), *(x.chains for x in inner)):
            for chain in chains.values():
                _add_chain(found, chain)
        loops = frozenset((n.loop,)) if isinstance(n, go.Range) else frozenset[int]()
        n.__dict__["_reads"] = known = _Reads(found, loops.union(*(x.loops for x in inner)))
    return known


def _add_chain(found: dict[Expr, _Chain], chain: _Chain) -> None:
    """Leaves of two chains of one thing what they begin with alike."""
    before = found.setdefault(chain[0], chain)
    if before is not chain and before != chain:
        same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(before, chain, strict=False))
        found[chain[0]] = tuple(x for x, _ in same)


def _chains(e: Expr) -> dict[Expr, _Chain]:
    """For each thing that an expression reads what is taken from it, up to the expression."""
    if isinstance(e, go.Lit):
        return {}
    if not isinstance(e, (go.Call, go.Field)):
        return {e: (e,)}
    known: dict[Expr, _Chain] | None = e.__dict__.get("_chains")
    if known is None:
        known = {}
        parts = e.args if isinstance(e, go.Call) else (e.base,)
        taken = isinstance(e, go.Field) or (
            e.fn == "index" and all(isinstance(a, go.Lit) for a in e.args[1:])
        )
        for part in parts:
            for chain in _chains(part).values():
                _add_chain(known, (*chain, e) if taken and chain[-1] == parts[0] else chain)
        e.__dict__["_chains"] = known
    return known


def _looked_at(nodes: Nodes) -> frozenset[Expr]:
    """What is worked out in any case when the first statement that reads anything runs."""
    return next((seen for n in nodes if (seen := _seen(n))), frozenset())


def _seen(n: Node) -> frozenset[Expr]:
    """What is worked out in any case when a statement runs, none for one that reads nothing; remembered."""
    known: frozenset[Expr] | None = n.__dict__.get("_seen")
    if known is None:
        known = frozenset(worked_out(n))
        if all(isinstance(x, go.Lit) for x in known):
            known = frozenset()
        n.__dict__["_seen"] = known
    return known


def _with_includes(block: Nodes, name: str, runs: list[_Run]) -> Nodes:
    """A block with includes in place of runs."""
    here = sorted((r for r in runs if r.block is block), key=lambda r: r.start)
    out: list[Node] = []
    at = 0
    for r in here:
        out += [_inside(n, name, runs) for n in block[at : r.start]]
        out.append(go.together(go.Include(name, r.argument), *r.nodes))
        at = r.end
    out += [_inside(n, name, runs) for n in block[at:]]
    return tuple(out)


def _inside(n: Node, name: str, runs: list[_Run]) -> Node:
    return go.with_blocks(n, lambda block: _with_includes(block, name, runs))
