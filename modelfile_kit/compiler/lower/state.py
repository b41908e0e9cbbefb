"""The state of the compiler: what every name holds on this path, what is known, what was written.

Where two paths meet, names that differ become a choice by the test that parted them, or, when that
would look at something that no longer exists, a Go variable assigned on both paths.

Rules are free functions that are handed the state, and reach each other through it: it asks what it was
given when it was made (`Rules`). So neither a rule nor the state imports the visitor, which knows them all.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from jinja2 import nodes

from ...core.diagnostics import Diagnostic, Severity, Span
from ...ollama.versions import Target, since
from .. import frontend
from ..explain.observer import Observer
from ..ir import nodes as go
from ..ir.nodes import Expr, Node, Test, Var
from ..values.callables import Macro, Namespace
from ..values.choice import Cond, choose, leaves
from ..values.known import NONE, Const, Undef
from ..values.number import Int
from ..values.request import Data, RuntimeValue
from ..values.text import Block, Choice, Markup, Part, Str, go_text, parts_of, text_of
from ..values.truth import Bool, bool_of
from ..values.value import Value, value_size, value_vars
from ..values.weight import WEIGHT_MAX, weight
from .control_flow import Dead, Raised, TooBig, Unsupported
from .facts import Facts
from .variable_storage import Rep, VariableStorage, fit, is_simple, is_unstorable, shape_of

T = TypeVar("T")
Key = tuple[int, str]
Bindings = dict[Key, Value]

# Beyond this a choice between values is kept in a variable: trees double with every choice.
MAX_CHOICE = 90
# Statements and expressions executed at compile time, large values and many names counting for more;
# unrolled loops and fixpoints over them end here. The largest real template takes 30,000.
MAX_STEPS = 100_000
# How much of a value counts as one more step (see `weight`).
WEIGHT_IN_A_STEP = 1_000
# Names and facts copied for a path that count as one step.
COPIED_IN_A_STEP = 100
# Characters of a text that is known at compile time, and pieces of one that is not: nobody would use a
# TEMPLATE of more.
TEXT_MAX = 200_000
PIECES_MAX = 10_000
# Statements in one block, and all that were ever written: some passes look at each pair in a block. Real
# templates have at most 40 in a block and write 4,000.
IN_A_ROW_MAX = 500
WRITTEN_MAX = 20_000


@dataclass(frozen=True)
class Rules:
    """What answers the state's questions; the visitor fills it in.

    expression, statement: what a node of the chat template gives and does. truth, to_go: the test that
    Python's `bool(v)` is, and a Go expression for a value. filters, tests, methods: rules by their names;
    whole: the filters that take a choice between values as it is.
    """

    expression: Callable[[State, nodes.Node], Value]
    statement: Callable[[State, nodes.Node], None]
    truth: Callable[[State, Value], Test]
    to_go: Callable[[State, Value], Expr]
    filters: Mapping[str, Callable[..., Value]]
    tests: Mapping[str, Callable[..., Test]]
    methods: Mapping[str, Callable[..., Value]]
    whole: frozenset[str]


@dataclass
class Run:
    """What running a path gave."""

    nodes: list[Node]
    state: Bindings
    facts: Facts
    value: Value
    dead: bool
    declared: set[int]
    assigned: set[int]


@dataclass
class Carried:
    """A loop in progress: names kept in variables, and what its `break` and `continue` left behind."""

    reps: dict[Key, Rep]
    exits: list[Bindings] = field(default_factory=list)
    # set where `break` leaves iterations that are written out one after the other
    done: Var | None = None


class State(VariableStorage):
    """Scopes, paths, joins, Go variables and what was written."""

    def __init__(self, rules: Rules) -> None:
        super().__init__()
        self.rules = rules
        self.out: list[Node] = []
        self.state: Bindings = {}
        self.facts = Facts()
        self.assigned: set[int] = set()
        self.outer: frozenset[int] = frozenset()
        # what was worked out already on this path: an expression that Go lacks, or a test, and its variable
        self.worked_out: dict[Expr, Var] = {}
        # the same for what statements print, with the variables that it depends on
        self.worked_texts: dict[Block, tuple[Var, frozenset[int]]] = {}
        self.parents: dict[int, int | None] = {}
        self.loops: list[Carried] = []
        # per scope, the names that statements yet to come read; a scope not in here may read all
        self.live: dict[int, frozenset[str]] = {}
        self.diagnostics: list[tuple[Diagnostic, Facts]] = []
        # which limit of the compiler the chat template outgrew, and where, if it did
        self.too_big: Diagnostic | None = None
        # statements written so far, those of paths that came to nothing too
        self.written = 0
        self.steps = 0
        self.scope = 0
        self.target = Target()
        self.line = 0
        # the construct in progress, where somebody wants to know (see `explain`)
        self.origin: tuple[int, ...] = ()
        self.observer: Observer = Observer()
        self._ids = itertools.count(1)
        # what a loop's number ranges over: lets `i - 1` be written with that list's slices
        self.loop_over: dict[int, Expr] = {}
        self.loop_items: dict[int, str] = {}
        # whether a message can have images
        self.images = False
        # the macros being called, outermost first
        self.calling: list[str] = []
        self._read: dict[tuple[int, int], frozenset[str]] = {}
        # what `_read` knows by its address must not go away
        self._kept: list[object] = []
        # macros that call themselves, and the templates they became
        self.recursive: frozenset[str] = frozenset()
        # those of them whose text some name is set to, and whether one is being set while there are such
        self.held: frozenset[str] = frozenset()
        self.holding = False
        self.instances: dict[object, str] = {}
        self.templates: dict[str, go.Nodes] = {}
        # those that were called and are yet to be written, and the work done before the one in progress
        self.undefined: list[Callable[[], None]] = []
        self.begun = 0
        # the names read after the statement in progress
        self.after: frozenset[str] = frozenset()
        # names that macros read wherever they are called from
        self.macro_names: frozenset[str] = frozenset()
        # what to ask of each element of the loop to come: whether it is kept, and what becomes of it
        self.selection: Callable[[Value], tuple[Test, Value]] | None = None
        # the variable that says whether the filtered loop in progress had an iteration
        self.entered: Var | None = None
        # the macro that the recursive loop to come is
        self.recursing: Macro | None = None
        # where the iterations of the filtered loop in progress are counted, and how many there will be
        self.counted: tuple[Var, Value | None] | None = None

    # --- nodes of the chat template ---------------------------------------------------------------

    def eval(self, node: nodes.Node) -> Value:
        """The value of an expression."""
        self.step()
        value = self.bounded(self.settle(self.rules.expression(self, node)))
        self.observer.sees(node, value)
        return value

    def execute(self, node: nodes.Node) -> None:
        """One statement; what is not supported ends the path, and nothing of it stays."""
        self.step()
        mark, state, declared = len(self.out), dict(self.state), set(self.declared)
        self.line = node.lineno
        outer, self.origin = self.origin, self.observer.begins(node, self.origin)
        try:
            self.rules.statement(self, node)
        except Unsupported as e:
            del self.out[mark:]
            self.state, self.declared = state, declared
            self.line = node.lineno
            self.refuse(e)
            raise Dead from None
        except Raised as e:
            raise self.fail(str(e)) from None
        finally:
            self.origin = outer

    def execute_all(self, body: Sequence[nodes.Node]) -> None:
        """The statements of a block."""
        scope = self.scope
        outer = self.live.get(scope, self.macro_names)
        for n, node in enumerate(body):
            # a statement still reads its own names while it runs
            self.live[scope] = outer | self._read_later(body, n)
            self.after = outer | self._read_later(body, n + 1)
            self.execute(node)
        self.live[scope] = outer

    def _read_later(self, body: Sequence[nodes.Node], start: int) -> frozenset[str]:
        """The names that the statements of a block read from a place on."""
        key = (id(body), start)
        found = self._read.get(key)
        if found is None:
            found = frozenset[str]()
            if start < len(body):
                found = self._read_later(body, start + 1) | frontend.names_in(body[start])
            self._read[key] = found
            self._kept.append(body)
        return found

    # --- values -----------------------------------------------------------------------------------

    def settle(self, v: Value) -> Value:
        """The value with everything answered that is known on this path."""
        if isinstance(v, Cond):
            test = self.facts.simplify(v.test)
            if isinstance(test, go.Truth):
                return self.settle(v.then if test.value else v.orelse)
        elif isinstance(v, Bool):
            return bool_of(self.facts.simplify(v.test))
        elif isinstance(v, RuntimeValue) and v.data is Data.JSON:
            kind = self.facts.equal.get(go.call("printf", go.Lit("%T"), v.expr))
            if kind == "string":
                return go_text(v.expr, self.facts.ask(v.expr) is True)
            if kind == "bool":
                return bool_of(self.facts.simplify(go.Atom(v.expr)))
            if kind == "<nil>":
                return NONE
        return v

    def lift(self, v: Value, rule: Callable[[Value], Value]) -> Value:
        """Applies a rule to every value that a choice can end in."""
        v = self.settle(v)
        if isinstance(v, Cond):
            cond = v
            return self.branch(
                cond.test, lambda: self.lift(cond.then, rule), lambda: self.lift(cond.orelse, rule)
            )
        return rule(v)

    def lift2(self, a: Value, b: Value, rule: Callable[[Value, Value], Value]) -> Value:
        """The same for two values."""
        return self.lift(a, lambda x: self.lift(b, lambda y: rule(x, y)))

    def truth(self, v: Value) -> Test:
        """Python's truth of a value."""
        return self.facts.simplify(self.rules.truth(self, self.settle(v)))

    def to_go(self, v: Value) -> Expr:
        """A Go expression for a value; a text of several parts may need statements before it."""
        return self.rules.to_go(self, self.settle(v))

    def in_variable(self, hint: str, v: Value) -> Expr:
        """The Go variable that holds a choice between values of one kind."""
        rep = self.new_rep(hint, (v,))
        if rep.tag or rep.by_emptiness or rep.payload is None:
            raise Unsupported("an expression whose value has several types", self.line)
        self.declare_rep(rep, None)
        self.store(rep, v)
        return rep.payload

    def least(self, v: Value) -> int:
        """The least number that a whole number can be; expressions count from 0 unless known otherwise."""
        if isinstance(v, Const):
            return int(v.value) if isinstance(v.value, int) else 0
        if isinstance(v, Int):
            low = v.const
            for e, n in v.terms:
                if n < 0:
                    return -(10**9) if len(v.terms) == 1 else min(low, 0)
                low += n * (self.bounds.get(e.id, 0) if isinstance(e, Var) else 0)
            return low
        return 0

    def concat(self, a: Value, b: Value) -> Const | Str:
        """Two texts (or choices between texts) put together."""
        return text_of(*self.parts(a), *self.parts(b))

    def parts(self, v: Value) -> tuple[Part, ...]:
        """The parts of a text, a choice between texts being one part."""
        v = self.settle(v)
        if isinstance(v, Cond):
            return (Choice(v.test, Str(self.parts(v.then)), Str(self.parts(v.orelse))),)
        if isinstance(v, (Const, Str)):
            return parts_of(v)
        raise Unsupported(f"{v.description} as text", self.line)

    # --- scopes and names -------------------------------------------------------------------------

    def fresh(self) -> int:
        """A number for a scope, namespace, loop or variable."""
        return next(self._ids)

    def lookup(self, owner: int | None, name: str, state: Bindings | None = None) -> Value:
        """What a name holds, seen from a scope; undefined if nothing does."""
        state = self.state if state is None else state
        while owner is not None:
            value = state.get((owner, name))
            if value is not None:
                return value
            owner = self.parents.get(owner)
        return Undef(name)

    def in_scope(self, body: Callable[[], T]) -> T:
        """Runs in a scope of its own; what is set there does not leave it."""
        saved, self.scope = self.scope, self.fresh()
        self.parents[self.scope] = saved
        try:
            return body()
        finally:
            self.drop_scope(self.scope)
            self.scope = saved

    def drop_scope(self, scope: int) -> None:
        """Forgets a scope, and namespaces that nothing else holds."""
        gone = [self.state.pop(k) for k in [k for k in self.state if k[0] == scope]]
        owners = {v.owner for v in gone if isinstance(v, Namespace)}
        if owners:
            owners -= {v.owner for v in self.state.values() if isinstance(v, Namespace)}
            for key in [k for k in self.state if k[0] in owners]:
                del self.state[key]

    def is_live(self, key: Key) -> bool:
        """Whether anything can still ask what a name holds.

        A scope in which no statement runs yet keeps all its names: what binds them, such as a loop's filter
        or the defaults of a macro, can join paths too.
        """
        names = self.live.get(key[0]) if key[0] == self.scope else None
        return names is None or key[1] in names

    # --- output -----------------------------------------------------------------------------------

    def emit(self, *statements: Node) -> None:
        """Writes statements."""
        if self.origin:
            # what comes from another construct keeps that origin
            statements = tuple(n if n.origin else replace(n, origin=self.origin) for n in statements)
        self.out.extend(statements)
        self.written += len(statements)
        if len(self.out) > IN_A_ROW_MAX or self.written > WRITTEN_MAX:
            raise TooBig(f"more than {IN_A_ROW_MAX:,} statements in a row, or {WRITTEN_MAX:,} in all")

    @contextlib.contextmanager
    def capture(self) -> Iterator[list[Node]]:
        """What is written inside goes to the list that this gives, not to the output."""
        saved, self.out = self.out, []
        try:
            yield self.out
        finally:
            self.out = saved

    @contextlib.contextmanager
    def capture_apart(self) -> Iterator[list[Node]]:
        """The same for statements that stand elsewhere: nothing worked out before can be seen from there."""
        known, texts = self.worked_out, self.worked_texts
        self.worked_out, self.worked_texts = {}, {}
        try:
            with self.capture() as written:
                yield written
        finally:
            self.worked_out, self.worked_texts = known, texts

    def declare(self, hint: str, expr: Expr) -> Var:
        """A new Go variable in the current block."""
        var = Var(self.fresh(), hint)
        self.emit(go.Declare(var, expr))
        self.declared.add(var.id)
        if expr == go.Lit(""):
            self.grown.add(var.id)
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
        stale = [e for e in self.worked_out if variables & go.variables(e)]
        for e in stale:
            del self.worked_out[e]
        for b in [b for b, (_, needed) in self.worked_texts.items() if variables & needed]:
            del self.worked_texts[b]

    def visible(self) -> frozenset[int] | set[int]:
        """The Go variables that can be seen from here."""
        return self.declared | self.outer

    def fail(self, message: str) -> Dead:
        """Writes the end of this path; the caller raises the answer."""
        self.emit(go.Fail(message))
        return Dead()

    # --- limits -----------------------------------------------------------------------------------

    def step(self, count: int = 1) -> None:
        """Counts work done at compile time."""
        self.steps += count
        if self.steps > MAX_STEPS:
            raise TooBig(f"more than {MAX_STEPS:,} steps at compile time")

    def bounded(self, v: Value) -> Value:
        """A value that the template may go on with; raises TooBig for a text beyond the limits."""
        if isinstance(v, Const) and isinstance(v.value, str) and len(v.value) > TEXT_MAX:
            raise TooBig(f"a text of more than {TEXT_MAX:,} characters")
        if isinstance(v, Str) and len(v.parts) > PIECES_MAX:
            raise TooBig(f"a text of more than {PIECES_MAX:,} pieces")
        if isinstance(v, (Const, RuntimeValue, Undef)):
            return v  # too small to be worth weighing
        size = weight(v)
        if size > WEIGHT_MAX:
            raise TooBig(f"a value of more than {WEIGHT_MAX:,} parts")
        if size >= WEIGHT_IN_A_STEP:
            self.step(size // WEIGHT_IN_A_STEP)
        return v

    def require(self, feature: str, what: str) -> None:
        """Raises Unsupported where the target's Ollama lacks a feature."""
        if not self.target.has(feature):
            raise Unsupported(
                f"{what} (needs Ollama {since(feature)}, the target is {self.target})", self.line
            )

    # --- paths ------------------------------------------------------------------------------------

    def run(self, facts: Facts, thunk: Callable[[], Value]) -> Run:
        """Runs a path in a block of its own and answers what it did, without keeping it."""
        self.step((len(self.state) + len(facts.known)) // COPIED_IN_A_STEP)
        saved = self.out, self.state, self.facts, self.declared, self.assigned
        outer = self.outer
        self.outer = outer | self.declared
        self.out, self.state, self.facts = [], dict(self.state), facts
        self.declared, self.assigned = set(), set()
        dead = False
        value: Value = NONE
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

    def _more(self, path: Run, thunk: Callable[[], None]) -> None:
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

    def _splice(self, path: Run) -> Value:
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
        return self._join(test, a, b)

    def either_way(
        self, test: Test, then: Callable[[], None], orelse: Callable[[], None] | None = None
    ) -> None:
        """The same for paths that have no value."""

        def without_value(thunk: Callable[[], None] | None) -> Callable[[], Value]:
            def run() -> Value:
                if thunk is not None:
                    thunk()
                return NONE

            return run

        self.branch(test, without_value(then), without_value(orelse))

    def _join(self, test: Test, a: Run, b: Run) -> Value:
        """The one path after two."""
        if a.dead and b.dead:
            self.emit(go.If(test, tuple(a.nodes), tuple(b.nodes)))
            raise Dead
        if a.dead or b.dead:
            test, dead, live = (test, a, b) if a.dead else (go.negate(test), b, a)
            if dead.nodes:
                self.emit(go.If(test, tuple(dead.nodes)))
            return self._splice(live)
        assigned = a.assigned | b.assigned
        values, value = self._merge_states(test, a, b)
        if a.nodes or b.nodes:
            self.emit(go.If(test, tuple(a.nodes), tuple(b.nodes)))
        self.state = values
        self.assigned |= assigned | a.assigned | b.assigned
        known = {t: x for t, x in a.facts.known.items() if b.facts.known.get(t) == x}
        self.facts = Facts(known).without(a.assigned | b.assigned)
        return value

    def _merge_states(self, test: Test, a: Run, b: Run) -> tuple[Bindings, Value]:
        merged: Bindings = {}
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

    def _outer(self, key: Key, state: Bindings) -> Value:
        return self.lookup(self.parents.get(key[0]), key[1], state)

    def _local(self, v: Value, a: Run, b: Run) -> bool:
        return bool(value_vars(v) & (a.declared | b.declared))

    def _merge(self, key: Key | None, test: Test, va: Value, vb: Value, a: Run, b: Run) -> Value:
        if isinstance(va, Markup) and isinstance(vb, Markup):
            return Markup(self._merge(None, test, va.text, vb.text, a, b))
        rep = self.loops[-1].reps.get(key) if self.loops and key else None
        if rep and self._can_hold(rep, va, vb) and not self._held_elsewhere(key, rep, a, b):
            self._more(a, lambda: self.store(rep, va))
            self._more(b, lambda: self.store(rep, vb))
            return self.value_of(rep)
        stale = go.test_variables(test) | value_vars(va) | value_vars(vb)
        if not stale & (a.assigned | b.assigned | a.declared | b.declared):
            choice = choose(test, va, vb)
            if value_size(choice) <= MAX_CHOICE or is_unstorable(choice):
                return choice
        return self._phi(key[1] if key else "value", va, vb, a, b)

    def _can_hold(self, rep: Rep, *values: Value) -> bool:
        return all(shape_of(fit(rep, v)) in rep.shapes for value in values for v in leaves(value))

    def _held_elsewhere(self, key: Key | None, rep: Rep, a: Run, b: Run) -> bool:
        mine = {v.id for v in (rep.payload, rep.tag) if v}
        return any(
            k != key and value_vars(v) & mine for state in (a.state, b.state) for k, v in state.items()
        ) or bool((value_vars(a.value) | value_vars(b.value)) & mine)

    def _phi(self, hint: str, va: Value, vb: Value, a: Run, b: Run) -> Value:
        rep = self.new_rep(hint, (va, vb))
        for leaf in (*leaves(va), *leaves(vb)):
            if is_unstorable(fit(rep, leaf)) and self._local(leaf, a, b):
                # no variable can carry it out of the path that made it
                raise Unsupported(f"{leaf.description} that only one branch makes", self.line)
        first = vb if not self._local(vb, a, b) and is_simple(vb) else None
        self.declare_rep(rep, first)
        self._more(a, lambda: self.store(rep, va))
        if first is None:
            self._more(b, lambda: self.store(rep, vb))
        return self.value_of(rep)

    # --- findings ---------------------------------------------------------------------------------

    def note(self, code: str, message: str, help: str, *, narrow: bool = True) -> None:
        """A finding about this place; what is known here says which conversations it concerns."""
        where = Span(line=self.line) if self.line else None
        found = Diagnostic(code, Severity.WARNING, message, where, help)
        if all(found != d for d, _ in self.diagnostics):
            self.diagnostics.append((found, self.facts if narrow else Facts()))

    def refuse(self, e: Unsupported) -> None:
        """A construct that Go templates cannot express: its path ends in an error at run time."""
        at = e.line or self.line
        found = Diagnostic(
            "MK610",
            Severity.WARNING,
            f"not supported in a Go template: {e.what}",
            Span(line=at),
            "requests that reach this code get an error, not a wrong prompt",
        )
        if all(found != d or f.known != self.facts.known for d, f in self.diagnostics):
            self.diagnostics.append((found, self.facts))
        self.emit(go.Fail(f"chat template, line {at}: {e.what}"))
