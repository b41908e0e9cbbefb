"""Which branches of a chat template any conversation of a kind can take at all.

The template is executed on abstract values: loops until nothing changes, both sides of every test
that is not decided, macros where they are called. What it finds possible may still be impossible
(it knows little of how positions hang together), never the other way round.
"""

from __future__ import annotations

from typing import Any

from jinja2 import nodes

from .coverage import Hit
from .refinement import Refinement
from .shapes import World
from .state import DeadError, State, join
from .values import ANYTHING, MISSING, NOTHING, TEXT, Missing, Thing, Value, thing, truths, union

# Rounds after which a loop that still changes is taken to change anything.
ROUNDS_MAX = 8
# Calls of a macro by itself after which what it is given has to be settled.
DEPTH_MAX = 12


def reachable(
    tree: nodes.Template, category: str, sites: int, *, bos_token: str | None, eos_token: str | None
) -> set[Hit]:
    """Every (site, outcome) that may be possible, by the numbers that `coverage` gave the sites.

    category: the kind of conversation. sites: how many there are.
    """
    found: set[Hit] = set()
    for flagged in (False, True):
        run = Reach(World(category, bos_token, eos_token, flagged=flagged))
        state = State()
        state.slots.update(run.world.names)
        run.body(tree.body, state)
        found |= run.seen
        if run.unsettled:
            return {(n, o) for n in range(sites) for o in (0, 1)}
    return found


class Reach(Refinement):
    """Executes statements; see `Refinement` and `Expressions` for the rest."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.macros: dict[str, nodes.Macro] = {}
        self.stack: list[str] = []
        self.summaries: dict[str, dict[str, Value]] = {}
        self.mentions: dict[str, frozenset[str]] = {}
        self.calls: dict[Any, tuple[Value, dict[Any, Value]]] = {}
        self.unsettled = False
        self.loops: list[tuple[list[State], list[State]]] = []

    def body(self, statements: list[nodes.Node], state: State | None) -> State | None:
        """Executes statements one after the other; None when the end is never reached."""
        for statement in statements:
            if state is None:
                return None
            method = getattr(self, "_do_" + type(statement).__name__.lower(), None)
            try:
                state = method(statement, state) if method else self._unknown(statement, state)
            except DeadError:
                return None
        return state

    def _unknown(self, statement: Any, state: State) -> State | None:
        return self.body(statement.body, state) if hasattr(statement, "body") else state

    def _do_output(self, statement: nodes.Output, state: State) -> State:
        for node in statement.nodes:
            if not isinstance(node, nodes.TemplateData):
                self.value(node, state)
        return state

    def _do_exprstmt(self, statement: nodes.ExprStmt, state: State) -> State:
        self.value(statement.node, state)
        return state

    def _do_assign(self, statement: nodes.Assign, state: State) -> State:
        self._bind(statement.target, self.value(statement.node, state), state)
        return state

    def _do_assignblock(self, statement: nodes.AssignBlock, state: State) -> State | None:
        after = self.body(statement.body, state.copy())
        if after is not None:
            self._bind(statement.target, TEXT, after)
        return after

    def _bind(self, target: nodes.Node, value: Value, state: State) -> None:
        if isinstance(target, nodes.Name):
            state.assign(target.name, value)
        elif isinstance(target, nodes.NSRef):
            spaces = [a for a in state.slots.get(target.name, MISSING) if isinstance(a, Thing)]
            for space in spaces:
                slot = (str(space.more), target.attr)
                before = state.slots.get(slot, MISSING) if len(spaces) > 1 else NOTHING
                state.assign(slot, union(before, value))
        elif isinstance(target, nodes.Tuple):
            for i, part in enumerate(target.items):
                self._bind(part, union(*(_unpacked(a, i) for a in value)), state)

    def _do_if(self, statement: nodes.If, state: State) -> State | None:
        ends: list[State | None] = []
        current: State | None = state
        for branch in (statement, *statement.elif_):
            if current is None:
                break
            possible = truths(self.value(branch.test, current))
            if True in possible:
                ends.append(self.body(branch.body, self.refine(branch.test, True, current)))
            current = self.refine(branch.test, False, current) if False in possible else None
        ends.append(self.body(statement.else_, current))
        return join(*ends)

    # -- loops ------------------------------------------------------------------------------------

    def _do_for(self, statement: nodes.For, state: State) -> State | None:
        over = self.value(statement.iter, state)
        rounds = frozenset().union(*map(self.world.rounds, over))
        if not rounds:
            return None
        item = union(*map(self.world.items, over))
        outside = dict(state.slots)
        after = self._looped(statement, item, state) if 1 in rounds else None
        empty = self.body(statement.else_, state.copy()) if 0 in rounds else None
        ended = join(after, empty)
        return _leave(ended, outside)

    def _looped(self, statement: nodes.For, item: Value, state: State) -> State | None:
        local = _assigned(statement) | {"loop"}
        entry = state.copy()
        entry.forget(local)
        exits: list[State | None] = []
        finished: State | None = None
        for n in range(ROUNDS_MAX + 1):
            start = entry.copy()
            self._bind(statement.target, item, start)
            start.assign("loop", thing("loop", item))
            inside = self._filtered(statement, start)
            continues: list[State] = []
            breaks: list[State] = []
            self.loops.append((continues, breaks))
            end = self.body(statement.body, inside)
            self.loops.pop()
            finished = join(end, *continues)
            exits += breaks
            back = _leave(finished, entry.slots)
            if back is not None:
                back.forget(local)
            again = join(entry, back)
            assert again is not None
            if again.slots == entry.slots and again.facts == entry.facts:
                break
            if n == ROUNDS_MAX - 1:
                for slot, value in again.slots.items():
                    if entry.slots.get(slot) != value:
                        again.slots[slot] = ANYTHING
                again.facts = {}
            entry = again
        skipped = entry if statement.test is not None else None
        return join(finished, skipped, *exits)

    def _filtered(self, statement: nodes.For, state: State) -> State | None:
        if statement.test is None:
            return state
        possible = truths(self.value(statement.test, state))
        return self.refine(statement.test, True, state) if True in possible else None

    def _do_continue(self, _: nodes.Continue, state: State) -> None:
        self.loops[-1][0].append(state)

    def _do_break(self, _: nodes.Break, state: State) -> None:
        self.loops[-1][1].append(state)

    # -- macros -----------------------------------------------------------------------------------

    def _do_macro(self, statement: nodes.Macro, state: State) -> State:
        self.macros[statement.name] = statement
        state.assign(statement.name, thing("macro", statement.name))
        return state

    def _do_callblock(self, statement: nodes.CallBlock, state: State) -> State | None:
        after = self.body(statement.body, state.copy())
        if after is not None:
            after.slots["caller"] = thing("function", "caller")
            self.value(statement.call, after)
        return after

    def _do_filterblock(self, statement: nodes.FilterBlock, state: State) -> State | None:
        return self.body(statement.body, state)

    def _do_with(self, statement: nodes.With, state: State) -> State | None:
        outside = dict(state.slots)
        inner = state.copy()
        for target, value in zip(statement.targets, statement.values, strict=True):
            self._bind(target, self.value(value, state), inner)
        return _leave(self.body(statement.body, inner), outside)

    def call(
        self, node: nodes.Call, function: Any, arguments: list[Value], named: dict[str, Value], state: State
    ) -> Value:
        if isinstance(function, Thing) and function.shape == "macro":
            return self._macro(self.macros[function.more], arguments, named, state)
        return super().call(node, function, arguments, named, state)

    def _macro(
        self, macro: nodes.Macro, arguments: list[Value], named: dict[str, Value], state: State
    ) -> Value:
        given = self._parameters(macro, arguments, named, state)
        deep = self.stack.count(macro.name)
        if deep:
            # Called by itself: everything it may be given is put together, until nothing new comes.
            before = self.summaries.get(macro.name, {})
            given = {k: union(v, before.get(k, NOTHING)) for k, v in given.items()}
            if given == before or deep > DEPTH_MAX:
                self.unsettled |= given != before
                return TEXT
            self.summaries[macro.name] = given
        spaces = {s: v for s, v in state.slots.items() if isinstance(s, tuple)}
        outer = {n: state.slots[n] for n in self._mentions(macro) if n in state.slots}
        key = (macro.name, *(frozenset(d.items()) for d in (given, spaces, outer)))
        if key not in self.calls:
            self.calls[key] = (TEXT, {})  # for a call of itself on the way
            inner = State()
            for part in (outer, spaces, given):
                inner.slots.update(part)  # type: ignore[arg-type]
            after = self._called(macro, inner)
            found = {s: v for s, v in after.slots.items() if isinstance(s, tuple)} if after else {}
            self.calls[key] = (TEXT if after else NOTHING, found)
        result, changed = self.calls[key]
        if any(spaces.get(slot) != value for slot, value in changed.items()):
            state.slots.update(changed)
            state.forget({n for n, v in state.slots.items() if isinstance(n, str) and _is_space(v)})
        return result

    def _called(self, macro: nodes.Macro, state: State) -> State | None:
        loops, self.loops = self.loops, []
        self.stack.append(macro.name)
        after = self.body(macro.body, state)
        self.stack.pop()
        self.loops = loops
        return after

    def _mentions(self, macro: nodes.Macro) -> frozenset[str]:
        """Names that a macro, or a macro that it calls, may read."""
        if macro.name not in self.mentions:
            self.mentions[macro.name] = frozenset()  # for one that calls itself
            names = {n.name for n in macro.find_all(nodes.Name)}
            for name in names & self.macros.keys():
                names |= self._mentions(self.macros[name])
            self.mentions[macro.name] = frozenset(names)
        return self.mentions[macro.name]

    def _parameters(
        self, macro: nodes.Macro, arguments: list[Value], named: dict[str, Value], state: State
    ) -> dict[str, Value]:
        given: dict[str, Value] = {}
        first_default = len(macro.args) - len(macro.defaults)
        for i, parameter in enumerate(macro.args):
            if i < len(arguments):
                given[parameter.name] = arguments[i]
            elif parameter.name in named:
                given[parameter.name] = named[parameter.name]
            elif i >= first_default:
                given[parameter.name] = self.value(macro.defaults[i - first_default], state)
            else:
                given[parameter.name] = MISSING
        return {**given, "varargs": ANYTHING, "kwargs": ANYTHING, "caller": ANYTHING}


def _leave(state: State | None, outside: dict[Any, Value]) -> State | None:
    """At the end of a scope: variables are what they were outside, namespaces keep what they got."""
    if state is None:
        return None
    changed = {n for n, v in state.slots.items() if isinstance(n, str) and outside.get(n) != v}
    state.forget(changed)
    kept = {s: v for s, v in state.slots.items() if isinstance(s, tuple)}
    state.slots = {s: v for s, v in outside.items() if isinstance(s, str)} | kept
    return state


def _assigned(statement: nodes.For) -> set[str]:
    """Variables that a loop's target and body set."""
    if "_assigned" not in statement.__dict__:
        found = {n.name for n in statement.find_all(nodes.Name) if n.ctx == "store"}
        statement._assigned = found | {r.name for r in statement.find_all(nodes.NSRef)}  # type: ignore[attr-defined]
    return set(statement._assigned)  # type: ignore[attr-defined]


def _unpacked(atom: Any, index: int) -> Value:
    if isinstance(atom, Thing) and atom.shape == "literal":
        return atom.more[index] if index < len(atom.more) else NOTHING
    return NOTHING if isinstance(atom, Missing) else ANYTHING


def _is_space(value: Value) -> bool:
    return any(isinstance(a, Thing) and a.shape == "namespace" for a in value)
