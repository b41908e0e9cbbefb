"""The state of specialisation: what every name holds on this path, what is known, what was written.

Where two paths meet, names that differ become a choice by the test that parted them, or, when that
would look at something that no longer exists, a Go variable assigned on both paths.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ..diagnostics import Diagnostic
from . import go, types
from .facts import Facts
from .go import Expr, Node, Test, Var
from .types import Value

Key = tuple[int, str]
State = dict[Key, Value]

# Beyond this a choice between values is kept in a variable: trees double with every choice.
MAX_CHOICE = 90
# Statements executed at compile time; unrolled loops and fixpoints over them end here.
MAX_STEPS = 60_000


class Unsupported(Exception):
    """A construct that cannot be said in a Go template (or not yet)."""

    def __init__(self, what: str, line: int | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.line = line


class Raised(Exception):
    """The chat template would raise here."""


class Dead(Exception):
    """Nothing after this place runs on this path: it failed, broke out or continued."""


class TooBig(Exception):
    """The template outgrew a limit of the compiler."""


@dataclass
class Run:
    """What running a path gave."""

    nodes: list[Node]
    state: State
    facts: Facts
    value: Value
    dead: bool
    declared: set[int]
    assigned: set[int]


@dataclass(frozen=True)
class Rep:
    """How a name that changes at run time is kept: shapes it can take, a payload and a tag variable."""

    shapes: tuple[tuple[object, ...], ...]
    payload: Var | None
    tag: Var | None
    by_emptiness: bool = False
    least: int = 0
    nonempty: bool = False
    plain: bool = True


@dataclass
class Carried:
    """A loop in progress: names kept in variables, and what its `break` and `continue` left behind."""

    reps: dict[Key, Rep]
    exits: list[State] = field(default_factory=list)


class Machine:
    """Paths, joins and Go variables; knows nothing of Jinja."""

    def __init__(self) -> None:
        self.out: list[Node] = []
        self.state: State = {}
        self.facts = Facts()
        self.declared: set[int] = set()
        self.assigned: set[int] = set()
        self.outer: frozenset[int] = frozenset()
        # What was worked out already on this path: an expression Go lacks, or a test, and its variable.
        self.worked_out: dict[Expr, Var] = {}
        self.parents: dict[int, int | None] = {}
        self.loops: list[Carried] = []
        # per scope, the names that statements yet to come read; a scope not in here may read all
        self.live: dict[int, frozenset[str]] = {}
        self.diagnostics: list[tuple[Diagnostic, Facts]] = []
        self.steps = 0
        self.scope = 0
        self._ids = itertools.count(1)

    # --- names ----------------------------------------------------------------------------------

    def fresh(self) -> int:
        """A number for a scope, namespace, loop or variable."""
        return next(self._ids)

    def lookup(self, owner: int | None, name: str, state: State | None = None) -> Value:
        """What a name holds, seen from a scope; undefined if nothing does."""
        state = self.state if state is None else state
        while owner is not None:
            value = state.get((owner, name))
            if value is not None:
                return value
            owner = self.parents.get(owner)
        return types.Undef(name)

    # --- writing --------------------------------------------------------------------------------

    def emit(self, *nodes: Node) -> None:
        self.out.extend(nodes)

    def declare(self, hint: str, expr: Expr) -> Var:
        """A new Go variable in the current block."""
        var = Var(self.fresh(), hint)
        self.emit(go.Declare(var, expr))
        self.declared.add(var.id)
        return var

    def assign(self, var: Var, expr: Expr) -> None:
        """Assigns a Go variable; what was known about it is forgotten."""
        if expr != var:
            self.emit(go.Set(var, expr))
            self.assigned.add(var.id)
            self.forget({var.id})

    def forget(self, variables: set[int]) -> None:
        """Drops what is known about variables."""
        self.facts = self.facts.without(variables)
        stale = [e for e in self.worked_out if any(isinstance(x, Var) and x.id in variables for x in go.walk(e))]
        for e in stale:
            del self.worked_out[e]

    def visible(self) -> frozenset[int] | set[int]:
        """The Go variables that can be seen from here."""
        return self.declared | self.outer

    def fail(self, message: str) -> Dead:
        """Writes the end of this path; to be raised by the caller."""
        self.emit(go.Fail(message))
        return Dead()

    def step(self) -> None:
        """Counts work done at compile time."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise TooBig(f"more than {MAX_STEPS} statements at compile time")

    # --- paths ----------------------------------------------------------------------------------

    def run(self, facts: Facts, thunk: Callable[[], Value]) -> Run:
        """Runs a path in a block of its own and answers what it did, without keeping it."""
        saved = self.out, self.state, self.facts, self.declared, self.assigned
        outer = self.outer
        self.outer = outer | self.declared
        self.out, self.state, self.facts = [], dict(self.state), facts
        self.declared, self.assigned = set(), set()
        dead, value = False, types.NONE
        try:
            value = thunk()
        except Dead:
            dead = True
        except Raised as e:
            self.emit(go.Fail(str(e)))
            dead = True
        except Unsupported as e:
            # only this path ends; what is known here says which conversations come to it
            self.refuse(e)
            dead = True
        finally:
            done = Run(self.out, self.state, self.facts, value, dead, self.declared, self.assigned)
            self.out, self.state, self.facts, self.declared, self.assigned = saved
            self.outer = outer
        return done

    def more(self, path: Run, thunk: Callable[[], None]) -> None:
        """Adds to the end of a path that was run."""
        saved = self.out, self.state, self.facts, self.declared, self.assigned
        outer, self.outer = self.outer, self.outer | self.declared
        self.out, self.state, self.facts = path.nodes, path.state, path.facts
        self.declared, self.assigned = path.declared, path.assigned
        try:
            thunk()
        finally:
            path.facts, self.outer = self.facts, outer
            self.out, self.state, self.facts, self.declared, self.assigned = saved

    def splice(self, path: Run) -> Value:
        """Makes a path part of the current one."""
        self.emit(*path.nodes)
        self.state, self.facts = path.state, path.facts
        self.declared |= path.declared
        self.assigned |= path.assigned
        if path.dead:
            raise Dead
        return path.value

    def branch(self, test: Test, then: Callable[[], Value], orelse: Callable[[], Value]) -> Value:
        """Runs what can happen by a test and joins the outcomes."""
        test = self.facts.simplify(test)
        if isinstance(test, go.Truth):
            return then() if test.value else orelse()
        a = self.run(self.facts.assume(test), then)
        b = self.run(self.facts.assume(test, False), orelse)
        return self.join(test, a, b)

    def join(self, test: Test, a: Run, b: Run) -> Value:
        """The one path after two."""
        if a.dead and b.dead:
            self.emit(go.If(test, tuple(a.nodes), tuple(b.nodes)))
            raise Dead
        if a.dead or b.dead:
            test, dead, live = (test, a, b) if a.dead else (go.negate(test), b, a)
            if dead.nodes:
                self.emit(go.If(test, tuple(dead.nodes)))
            return self.splice(live)
        assigned = a.assigned | b.assigned
        values, value = self._merge_states(test, a, b)
        if a.nodes or b.nodes:
            self.emit(go.If(test, tuple(a.nodes), tuple(b.nodes)))
        self.state = values
        self.assigned |= assigned | a.assigned | b.assigned
        known = {t: x for t, x in a.facts.known.items() if b.facts.known.get(t) == x}
        self.facts = Facts(known).without(a.assigned | b.assigned)
        return value

    def _merge_states(self, test: Test, a: Run, b: Run) -> tuple[State, Value]:
        merged: State = {}
        differing: list[Key] = []
        for key in {**a.state, **b.state}:
            if not self.is_live(key):
                continue
            va, vb = a.state.get(key), b.state.get(key)
            if va is vb and va is not None:
                merged[key] = va  # untouched on both paths
                continue
            va = va or self._outer(key, a.state)
            vb = vb or self._outer(key, b.state)
            if va == vb and not self._local(va, a, b):
                merged[key] = va
            else:
                differing.append(key)
        reps = self.loops[-1].reps if self.loops else {}
        for key in sorted(differing, key=lambda k: k not in reps):
            va = a.state.get(key) or self._outer(key, a.state)
            vb = b.state.get(key) or self._outer(key, b.state)
            merged[key] = self._merge(key, test, va, vb, a, b)
        value = a.value
        if a.value != b.value or self._local(a.value, a, b):
            value = self._merge(None, test, a.value, b.value, a, b)
        return merged, value

    def _outer(self, key: Key, state: State) -> Value:
        return self.lookup(self.parents.get(key[0]), key[1], state)

    def _local(self, v: Value, a: Run, b: Run) -> bool:
        return bool(types.value_vars(v) & (a.declared | b.declared))

    def _merge(self, key: Key | None, test: Test, va: Value, vb: Value, a: Run, b: Run) -> Value:
        rep = self.loops[-1].reps.get(key) if self.loops and key else None
        if rep and self._can_hold(rep, va, vb) and not self._held_elsewhere(key, rep, a, b):
            self.more(a, lambda: self.store(rep, va))
            self.more(b, lambda: self.store(rep, vb))
            return self.value_of(rep)
        stale = {e.id for x in go.test_exprs(test) for e in go.walk(x) if isinstance(e, Var)}
        stale |= types.value_vars(va) | types.value_vars(vb)
        if not stale & (a.assigned | b.assigned | a.declared | b.declared):
            choice = types.choose(test, va, vb)
            if types.size(choice) <= MAX_CHOICE or _unstorable(choice):
                return choice
        return self._phi(key[1] if key else "value", va, vb, a, b)

    def _can_hold(self, rep: Rep, *values: Value) -> bool:
        return all(shape_of(fit(rep, v)) in rep.shapes for value in values for v in types.leaves(value))

    def _held_elsewhere(self, key: Key | None, rep: Rep, a: Run, b: Run) -> bool:
        mine = {v.id for v in (rep.payload, rep.tag) if v}
        return any(
            k != key and types.value_vars(v) & mine
            for state in (a.state, b.state)
            for k, v in state.items()
        ) or bool((types.value_vars(a.value) | types.value_vars(b.value)) & mine)

    def _phi(self, hint: str, va: Value, vb: Value, a: Run, b: Run) -> Value:
        rep = self.new_rep(hint, (va, vb))
        first = vb if not self._local(vb, a, b) and _simple(vb) else None
        self.declare_rep(rep, first)
        self.more(a, lambda: self.store(rep, va))
        if first is None:
            self.more(b, lambda: self.store(rep, vb))
        return self.value_of(rep)

    # --- names kept in Go variables ---------------------------------------------------------------

    def new_rep(self, hint: str, values: Iterable[Value]) -> Rep:
        """Variables that can hold any of the values."""
        found = [leaf for v in values for leaf in types.leaves(v)]
        lists = {v for v in found if isinstance(v, (types.ListV, types.Built))}
        if len(lists) > 1 and all(map(types.is_built, lists)):
            found = [types.built(v) if v in lists else v for v in found]
        shapes = tuple(dict.fromkeys(shape_of(v) for v in found))
        paid = [s for s in shapes if s[0] in _PAID]
        payload = Var(self.fresh(), hint) if paid else None
        texts = [v for v in found if types.is_text(v)]
        filled = all(v.nonempty if isinstance(v, types.Str) else bool(v.value) for v in texts)  # type: ignore[union-attr]
        by_emptiness = len(shapes) == 2 and len(paid) == 1 and (
            (paid[0][0] == "str" and filled) or (paid[0][0] == "obj" and paid[0][1] in _NEVER_EMPTY)
        )
        tag = Var(self.fresh(), f"{hint}_is") if len(shapes) > 1 and not by_emptiness else None
        least = min((self.least(v) for v in found if types.is_int(v)), default=0)
        plain = all(v.plain for v in found if isinstance(v, types.Built))
        return Rep(shapes, payload, tag, by_emptiness, least, filled, plain)

    def declare_rep(self, rep: Rep, first: Value | None) -> None:
        """Declares the variables of a name, holding `first` if that is simple."""
        first = fit(rep, first) if first is not None else None
        payload, tag = self._encode(rep, first) if first is not None else (None, None)
        if rep.payload:
            self.emit(go.Declare(rep.payload, payload if payload is not None else _blank(rep)))
            self.declared.add(rep.payload.id)
        if rep.tag:
            self.emit(go.Declare(rep.tag, tag if tag is not None else self._tag(rep, rep.shapes[-1])))
            self.declared.add(rep.tag.id)

    def store(self, rep: Rep, value: Value) -> None:
        """Assigns a value to the variables of a name, path by path for a choice."""
        value = fit(rep, value)
        if value == self.value_of(rep):
            return
        if isinstance(value, types.Cond):
            cond = value

            def half(v: Value) -> Callable[[], Value]:
                def go_on() -> Value:
                    self.store(rep, v)
                    return types.NONE

                return go_on

            self.branch(cond.test, half(cond.then), half(cond.orelse))
            return
        payload, tag = self._encode(rep, value)
        if rep.payload and payload is not None:
            self.assign(rep.payload, payload)
        if rep.tag and tag is not None:
            self.assign(rep.tag, tag)

    def _encode(self, rep: Rep, leaf: Value) -> tuple[Expr | None, Expr | None]:
        shape = shape_of(leaf)
        payload: Expr | None = None
        if shape[0] in _PAID:
            payload = self.to_go(leaf.text if isinstance(leaf, types.Built) else leaf)
        elif rep.by_emptiness:
            payload = go.Lit("")
        return payload, self._tag(rep, shape) if rep.tag else None

    def _tag(self, rep: Rep, shape: tuple[object, ...]) -> Expr:
        if len(rep.shapes) == 2:
            return go.Lit(shape == rep.shapes[0])
        return go.Lit(str(rep.shapes.index(shape)))

    def value_of(self, rep: Rep) -> Value:
        """The value that the variables of a name hold, as a choice between its shapes."""
        values = [self._decode(rep, s) for s in rep.shapes]
        if len(values) == 1:
            return values[0]
        if rep.by_emptiness and rep.payload:
            paid = next(v for v, s in zip(values, rep.shapes) if s[0] in ("str", "obj"))
            other = next(v for v, s in zip(values, rep.shapes) if s[0] not in ("str", "obj"))
            return types.choose(go.Atom(rep.payload), paid, other)
        assert rep.tag
        if len(values) == 2:
            return types.choose(go.Atom(rep.tag), values[0], values[1])
        result = values[-1]
        for v, s in reversed(list(zip(values[:-1], rep.shapes[:-1]))):
            result = types.choose(go.equal(rep.tag, self._tag(rep, s)), v, result)
        return result

    def _decode(self, rep: Rep, shape: tuple[object, ...]) -> Value:
        kind = shape[0]
        if kind == "static":
            return shape[1]  # type: ignore[return-value]
        if kind == "none":
            return types.NONE
        if kind == "undef":
            return types.Undef()
        assert rep.payload
        if kind == "built":
            return types.Built(types.string(rep.payload), rep.plain)
        if kind == "str":
            return types.string(rep.payload, rep.by_emptiness or rep.nonempty)
        if kind == "int":
            self.bounds[rep.payload.id] = rep.least
            return types.number(rep.payload)
        if kind == "bool":
            return types.Bool(go.Atom(rep.payload))
        return types.Obj(str(shape[1]), rep.payload, bool(shape[2]))

    @property
    def bounds(self) -> dict[int, int]:
        """The least value of whole-number variables."""
        return self.__dict__.setdefault("_bounds", {})  # type: ignore[no-any-return]

    def is_live(self, key: Key) -> bool:
        """Whether anything can still ask what a name holds."""
        names = self.live.get(key[0]) if key[0] == self.scope else None
        return names is None or key[1] in names

    # --- filled in by the evaluator ---------------------------------------------------------------

    def refuse(self, e: Unsupported) -> None:
        """Writes the end of a path that cannot be said."""
        raise NotImplementedError

    def to_go(self, v: Value) -> Expr:
        """A Go expression for a value that is no choice."""
        raise NotImplementedError

    def least(self, v: Value) -> int:
        """The least number a whole number can be."""
        raise NotImplementedError


_PAID = ("str", "int", "bool", "obj", "built")
_NEVER_EMPTY = ("msg", "calls", "call", "tools", "tool", "fn", "toolfn")


def shape_of(v: Value) -> tuple[object, ...]:
    """What kind of variable a value that is no choice needs."""
    if types.is_text(v):
        return ("str",)
    if types.is_bool(v):
        return ("bool",)
    if types.is_int(v):
        return ("int",)
    if isinstance(v, types.Built):
        return ("built",)
    if isinstance(v, types.Obj):
        return ("obj", v.kind, v.reverse)
    if v == types.NONE:
        return ("none",)
    if isinstance(v, types.Undef):
        return ("undef",)
    return ("static", v)


def fit(rep: Rep | None, v: Value) -> Value:
    """The value in the form its variables hold: a known list of texts where a built one is kept."""
    if rep is None or ("built",) not in rep.shapes:
        return v
    if isinstance(v, types.Cond):
        return types.choose(v.test, fit(rep, v.then), fit(rep, v.orelse))
    return types.built(v) if isinstance(v, types.ListV) and types.is_built(v) else v


def _unstorable(v: Value) -> bool:
    return any(shape_of(leaf)[0] == "static" for leaf in types.leaves(v))


def _simple(v: Value) -> bool:
    if isinstance(v, types.Str):
        return len(v.parts) == 1 and isinstance(v.parts[0], go_expr_types)
    return isinstance(v, (types.Const, types.Obj, types.Undef, types.Bool)) or (
        isinstance(v, types.Int) and len(v.terms) == 1 and v.const == 0 and v.terms[0][1] == 1
    )


def _blank(rep: Rep) -> Expr:
    kinds = {s[0] for s in rep.shapes}
    if "int" in kinds:
        return go.Lit(0)
    return go.Lit(False) if "bool" in kinds else go.Lit("")


go_expr_types = (go.Lit, go.Var, go.Root, go.Item, go.Index, go.Dot, go.Field, go.Call)
