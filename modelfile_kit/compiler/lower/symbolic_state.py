"""The state of specialisation: what every name holds on this path, what is known, what was written.

Where two paths meet, names that differ become a choice by the test that parted them, or, when that
would look at something that no longer exists, a Go variable assigned on both paths.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ...core.diagnostics import Diagnostic, Severity, Span
from ...ollama.versions import Target, since
from ..explain.observer import Watch
from ..ir import nodes as go
from ..ir.nodes import Expr, Node, Test, Var
from ..values import types
from ..values.types import Value
from ..values.weight import WEIGHT_MAX, weight
from .control_flow import Dead, Raised, TooBig, Unsupported
from .facts import Facts, variables_of
from .variable_storage import Keeper, Rep, fit, is_simple, is_unstorable, shape_of

Key = tuple[int, str]
State = dict[Key, Value]

# Beyond this a choice between values is kept in a variable: trees double with every choice.
MAX_CHOICE = 90
# Statements and expressions executed at compile time, large values and many names counting for more;
# unrolled loops and fixpoints over them end here. The largest real template takes 30,000.
MAX_STEPS = 100_000
# How much of a value counts as one more step (see `weight`).
WEIGHT_IN_A_STEP = 1_000
# Names and facts copied for a path that count as one step.
COPIED_IN_A_STEP = 100
# Characters of a text that is known at compile time, and pieces of one that is not: a TEMPLATE of more
# is none that anybody would use.
TEXT_MAX = 200_000
PIECES_MAX = 10_000


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


@dataclass
class Carried:
    """A loop in progress: names kept in variables, and what its `break` and `continue` left behind."""

    reps: dict[Key, Rep]
    exits: list[State] = field(default_factory=list)
    # set where `break` leaves turns that are written out one after the other
    done: Var | None = None


class Machine(Keeper):
    """Paths, joins and Go variables; knows nothing of Jinja."""

    def __init__(self) -> None:
        super().__init__()
        self.out: list[Node] = []
        self.state: State = {}
        self.facts = Facts()
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
        self.target = Target()
        self.line = 0
        # the construct in progress, where somebody wants to know (see `explain`)
        self.origin: tuple[int, ...] = ()
        self.watch: Watch = Watch()
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
        if self.origin:
            # what comes from another construct keeps that origin
            nodes = tuple(n if n.origin else replace(n, origin=self.origin) for n in nodes)
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
        stale = [e for e in self.worked_out if variables & variables_of(go.Atom(e))]
        for e in stale:
            del self.worked_out[e]

    def visible(self) -> frozenset[int] | set[int]:
        """The Go variables that can be seen from here."""
        return self.declared | self.outer

    def fail(self, message: str) -> Dead:
        """Writes the end of this path; to be raised by the caller."""
        self.emit(go.Fail(message))
        return Dead()

    def step(self, count: int = 1) -> None:
        """Counts work done at compile time."""
        self.steps += count
        if self.steps > MAX_STEPS:
            raise TooBig(f"more than {MAX_STEPS:,} steps at compile time")

    def bounded(self, v: Value) -> Value:
        """A value that the template may go on with; raises TooBig for one without measure."""
        if isinstance(v, types.Const) and isinstance(v.value, str) and len(v.value) > TEXT_MAX:
            raise TooBig(f"a text of more than {TEXT_MAX} characters")
        if isinstance(v, types.Str) and len(v.parts) > PIECES_MAX:
            raise TooBig(f"a text of more than {PIECES_MAX} pieces")
        size = weight(v)
        if size > WEIGHT_MAX:
            raise TooBig(f"a value of more than {WEIGHT_MAX:,} parts")
        if size >= WEIGHT_IN_A_STEP:
            self.step(size // WEIGHT_IN_A_STEP)
        return v

    # --- paths ----------------------------------------------------------------------------------

    def run(self, facts: Facts, thunk: Callable[[], Value]) -> Run:
        """Runs a path in a block of its own and answers what it did, without keeping it."""
        self.step((len(self.state) + len(facts.known)) // COPIED_IN_A_STEP)
        saved = self.out, self.state, self.facts, self.declared, self.assigned
        outer = self.outer
        self.outer = outer | self.declared
        self.out, self.state, self.facts = [], dict(self.state), facts
        self.declared, self.assigned = set(), set()
        dead = False
        value: Value = types.NONE
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
        if isinstance(va, types.Markup) and isinstance(vb, types.Markup):
            return types.Markup(self._merge(None, test, va.text, vb.text, a, b))
        rep = self.loops[-1].reps.get(key) if self.loops and key else None
        if rep and self._can_hold(rep, va, vb) and not self._held_elsewhere(key, rep, a, b):
            self.more(a, lambda: self.store(rep, va))
            self.more(b, lambda: self.store(rep, vb))
            return self.value_of(rep)
        stale = {e.id for x in go.test_exprs(test) for e in go.walk(x) if isinstance(e, Var)}
        stale |= types.value_vars(va) | types.value_vars(vb)
        if not stale & (a.assigned | b.assigned | a.declared | b.declared):
            choice = types.choose(test, va, vb)
            if types.size(choice) <= MAX_CHOICE or is_unstorable(choice):
                return choice
        return self._phi(key[1] if key else "value", va, vb, a, b)

    def _can_hold(self, rep: Rep, *values: Value) -> bool:
        return all(shape_of(fit(rep, v)) in rep.shapes for value in values for v in types.leaves(value))

    def _held_elsewhere(self, key: Key | None, rep: Rep, a: Run, b: Run) -> bool:
        mine = {v.id for v in (rep.payload, rep.tag) if v}
        return any(
            k != key and types.value_vars(v) & mine for state in (a.state, b.state) for k, v in state.items()
        ) or bool((types.value_vars(a.value) | types.value_vars(b.value)) & mine)

    def _phi(self, hint: str, va: Value, vb: Value, a: Run, b: Run) -> Value:
        rep = self.new_rep(hint, (va, vb))
        for leaf in (*types.leaves(va), *types.leaves(vb)):
            if is_unstorable(fit(rep, leaf)) and self._local(leaf, a, b):
                # no variable can carry it out of the path that made it
                raise Unsupported(f"a value of kind {type(leaf).__name__} made on one path only", self.line)
        first = vb if not self._local(vb, a, b) and is_simple(vb) else None
        self.declare_rep(rep, first)
        self.more(a, lambda: self.store(rep, va))
        if first is None:
            self.more(b, lambda: self.store(rep, vb))
        return self.value_of(rep)

    def is_live(self, key: Key) -> bool:
        """Whether anything can still ask what a name holds."""
        names = self.live.get(key[0]) if key[0] == self.scope else None
        return names is None or key[1] in names

    def require(self, feature: str, what: str) -> None:
        """What the target's Ollama lacks cannot be written for it."""
        if not self.target.has(feature):
            raise Unsupported(
                f"{what} (needs Ollama {since(feature)}, the target is {self.target})", self.line
            )

    # --- findings ---------------------------------------------------------------------------------

    def note(self, code: str, message: str, help: str, *, narrow: bool = True) -> None:
        """A finding about this place; what is known here says which conversations it concerns."""
        where = Span(line=self.line) if self.line else None
        found = Diagnostic(code, Severity.WARNING, message, where, help)
        if all(found != d for d, _ in self.diagnostics):
            self.diagnostics.append((found, self.facts if narrow else Facts()))

    def refuse(self, e: Unsupported) -> None:
        """A construct that cannot be said: its path ends in an error at run time."""
        at = e.line or self.line
        found = Diagnostic(
            "MK610",
            Severity.WARNING,
            f"{e.what} cannot be said in a Go template",
            Span(line=at),
            "a conversation that comes here is answered with an error instead of a wrong prompt",
        )
        if all(found != d or f.known != self.facts.known for d, f in self.diagnostics):
            self.diagnostics.append((found, self.facts))
        self.emit(go.Fail(f"chat template, line {at}: {e.what}"))
