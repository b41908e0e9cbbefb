"""Which branches of a chat template any conversation of a kind can take at all.

The template is executed on abstract values: loops until nothing changes, both sides of every test
that is not decided, macros where they are called. What it finds possible may still be impossible
(it knows little of how positions hang together), never the other way round.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from jinja2 import nodes

from ...huggingface import jinja_source as source
from ..coverage import Hit
from .effects import OWN_NAMES, Effects, effects, is_generation
from .expressions import STEPS_MAX, TooLongError, not_settled
from .loops import Loops, assigned, leave
from .shapes import World
from .state import AbstractState, DeadError, join
from .values import ANYTHING, MISSING, NOTHING, TEXT, Thing, Value, thing, truths, union

_Block = nodes.AssignBlock | nodes.CallBlock | nodes.FilterBlock
# What a variable may be set to that a later test of it tells more about.
_TESTS = (nodes.Compare, nodes.Test, nodes.And, nodes.Or, nodes.Not)
# Calls of a macro by itself after which what it is given has to be settled.
DEPTH_MAX = 12


@dataclass(frozen=True)
class Reached:
    """What may be possible: hits, (site, outcome).

    limit: which one ended the search, then all are in. steps: how many it took.
    """

    hits: set[Hit]
    limit: str = ""
    steps: int = 0


def reachable(
    tree: nodes.Template,
    category: str,
    sites: int,
    *,
    bos_token: str | None,
    eos_token: str | None,
    apart: bool = False,
    steps: int = 2 * STEPS_MAX,
    without: Container[str] = (),
) -> Reached:
    """Every (site, outcome) that may be possible, by the numbers that `coverage` gave the sites.

    category: the kind of conversation. sites: how many there are. apart: keep states in which flags
    have different values apart, which finds more branches impossible and takes longer. steps: expressions
    and statements after which it gives up, when everything counts as possible. without: kinds of
    conversations that this one leaves out.
    """
    found: set[Hit] = set()
    everything = {(n, o) for n in range(sites) for o in (0, 1)}
    done = effects(tree)
    if not done.followed:
        return Reached(everything)
    left = steps
    for flagged in (False, True):
        world = World(category, bos_token, eos_token, flagged=flagged, without=without)
        run = Reach(world, done, apart=apart, steps=min(left, STEPS_MAX))
        left -= run.steps
        state = AbstractState()
        state.slots.update(run.world.names)
        try:
            run.body(tree.body, state)
        except TooLongError:
            return Reached(everything, not_settled(min(steps, STEPS_MAX)), steps - left)
        found |= run.seen
        left += run.steps
        if run.unsettled:
            return Reached(everything, steps=steps - left)
    return Reached(found, steps=steps - left)


class Reach(Loops):
    """Executes statements; see `Loops`, `Refinement` and `Expressions` for the rest."""

    def __init__(
        self, world: World, effects: Effects, *, apart: bool = False, steps: int = STEPS_MAX
    ) -> None:
        super().__init__(world, effects)
        self.steps = steps
        self.apart = apart
        self.macros: dict[int, nodes.Macro] = {}
        self.stack: list[int] = []
        self.summaries: dict[int, dict[str, Value]] = {}
        self.calls: dict[Any, tuple[Value, dict[Any, Value]]] = {}
        self.unsettled = False

    def body(
        self, statements: list[nodes.Node], states: AbstractState | list[AbstractState] | None
    ) -> list[AbstractState]:
        """Executes statements one after the other in every state; no state when the end is not reached."""
        current = states if isinstance(states, list) else [states] if states is not None else []
        for statement in statements:
            method = getattr(self, "_do_" + type(statement).__name__.lower(), self._unknown)
            after: list[AbstractState] = []
            for state in current:
                self.step()
                try:
                    found = method(statement, state)
                except DeadError:
                    continue
                after += found if isinstance(found, list) else [found] if found is not None else []
            current = self.merged(after)
        return current

    def _unknown(self, statement: Any, state: AbstractState) -> list[AbstractState]:
        for option in statement.iter_child_nodes(exclude=("body",)):
            self.value(getattr(option, "value", option), state)
        return self.body(statement.body, state) if hasattr(statement, "body") else [state]

    def _do_output(self, statement: nodes.Output, state: AbstractState) -> AbstractState:
        for node in statement.nodes:
            if not isinstance(node, nodes.TemplateData):
                self.value(node, state)
        return state

    def _do_exprstmt(self, statement: nodes.ExprStmt, state: AbstractState) -> AbstractState:
        self.value(statement.node, state)
        return state

    def _do_assign(self, statement: nodes.Assign, state: AbstractState) -> AbstractState:
        self._bind(statement.target, self.value(statement.node, state), state)
        if isinstance(statement.target, nodes.Name):
            self._keep_meaning(statement.target.name, source.unwatched(statement.node), state)
        return state

    def _keep_meaning(self, name: str, test: nodes.Node, state: AbstractState) -> None:
        """A variable set to a test tells as much as the test, but for namespaces, which macros change."""
        names = source.names(test)
        spaces = any(_is_space(state.slots.get(n, NOTHING)) for n in names)
        if isinstance(test, _TESTS) and name not in names and not spaces and self.repeats(test, state):
            state.meanings[name] = test, source.text(test), names | {name}

    def _do_assignblock(self, statement: nodes.AssignBlock, state: AbstractState) -> list[AbstractState]:
        after = self._scoped(statement, state)
        if statement.filter is not None:
            after = [end for end in after if self.maybe(statement.filter, end)]
        for end in after:
            self._bind(statement.target, TEXT, end)
        return after

    def _scoped(self, block: _Block, state: AbstractState) -> list[AbstractState]:
        """Executes a block of which only what is set in namespaces leaves it."""
        inner = assigned(block)
        return [leave(end, state.slots, inner) for end in self.body(block.body, state.copy())]

    def _do_if(self, statement: nodes.If, state: AbstractState) -> list[AbstractState]:
        ends: list[AbstractState] = []
        current: AbstractState | None = state
        for branch in (statement, *statement.elif_):
            if current is None:
                break
            # Where this test fails, what an earlier branch has left goes on.
            possible = truths(self.maybe(branch.test, current))
            if True in possible:
                ends += self.body(branch.body, self.refine(branch.test, True, current))
            current = self.refine(branch.test, False, current) if False in possible else None
        return ends + self.body(statement.else_, current)

    # -- macros -----------------------------------------------------------------------------------

    def _do_macro(self, statement: nodes.Macro, state: AbstractState) -> AbstractState:
        self.macros[id(statement)] = statement
        state.assign(statement.name, thing("macro", id(statement)))
        return state

    def _do_callblock(self, statement: nodes.CallBlock, state: AbstractState) -> list[AbstractState]:
        if is_generation(statement):
            return self._scoped(statement, state)
        self.value(statement.call, state)
        # The macro says whether, when and how often the body is executed. What the body and the macro set in
        # namespaces is unknown all the time, so that nothing leaves the body.
        inner = state.copy()
        for name in (*OWN_NAMES, *(argument.name for argument in statement.args)):
            inner.assign(name, ANYTHING)
        for default in statement.defaults:
            self.maybe(default, inner)
        self.body(statement.body, inner)
        return [state]

    def _do_filterblock(self, statement: nodes.FilterBlock, state: AbstractState) -> list[AbstractState]:
        return [end for end in self._scoped(statement, state) if self.maybe(statement.filter, end)]

    def _do_with(self, statement: nodes.With, state: AbstractState) -> list[AbstractState]:
        outside = dict(state.slots)
        inner = state.copy()
        values = [self.value(value, inner) for value in statement.values]
        for target, value in zip(statement.targets, values, strict=True):
            self._bind(target, value, inner)
        return [leave(end, outside, assigned(statement)) for end in self.body(statement.body, inner)]

    def call(
        self,
        node: nodes.Call,
        function: Any,
        arguments: list[Value],
        named: dict[str, Value],
        state: AbstractState,
    ) -> Value:
        if isinstance(function, Thing) and function.shape == "macro":
            return self._macro(self.macros[function.more], node, arguments, named, state)
        return super().call(node, function, arguments, named, state)

    def _macro(
        self,
        macro: nodes.Macro,
        node: nodes.Call,
        arguments: list[Value],
        named: dict[str, Value],
        state: AbstractState,
    ) -> Value:
        mentions = self.effects.mentions[macro.name]
        hidden = self.effects.hidden[id(macro)]
        outer: dict[str, Value] = {n: state.slots[n] for n in mentions if n in state.slots}
        outer.update(dict.fromkeys(hidden, ANYTHING))
        given = self._parameters(macro, node, arguments, named, outer)
        deep = self.stack.count(id(macro))
        if deep:
            # Called by itself: everything it may be given is put together, until nothing new comes.
            before = self.summaries.get(id(macro), {})
            given = {k: union(v, before.get(k, NOTHING)) for k, v in given.items()}
            if given == before or deep > DEPTH_MAX:
                self.unsettled |= given != before
                return TEXT
            self.summaries[id(macro)] = given
        spaces = {s: v for s, v in state.slots.items() if isinstance(s, tuple)}
        facts = {} if deep else _handed_on(macro, node, state)
        key = (id(macro), *(frozenset(d.items()) for d in (given, spaces, outer, facts)))
        if key not in self.calls:
            self.calls[key] = (TEXT, {})  # for a call of itself on the way
            inner = AbstractState()
            for part in (outer, spaces, given):
                inner.slots.update(part)  # type: ignore[arg-type]
            inner.facts = dict(facts)
            after = join(*self._called(macro, inner))
            found = {s: v for s, v in after.slots.items() if isinstance(s, tuple)} if after else {}
            self.calls[key] = (TEXT if after else NOTHING, found)
        result, changed = self.calls[key]
        state.slots.update(changed)
        for attribute in self.effects.sets[macro.name]:
            state.forget_text(f".{attribute}")
        return result

    def _called(self, macro: nodes.Macro, state: AbstractState) -> list[AbstractState]:
        loops, self.loops = self.loops, []
        self.stack.append(id(macro))
        after = self.body(macro.body, state)
        self.stack.pop()
        self.loops = loops
        return after

    def _parameters(
        self,
        macro: nodes.Macro,
        node: nodes.Call,
        arguments: list[Value],
        named: dict[str, Value],
        outer: dict[str, Value],
    ) -> dict[str, Value]:
        """What the parameters hold. Defaults are worked out inside the macro and see the ones before."""
        unpacked = node.dyn_args is not None or node.dyn_kwargs is not None
        given: dict[str, Value] = dict.fromkeys(OWN_NAMES, ANYTHING)
        first_default = len(macro.args) - len(macro.defaults)
        for i, parameter in enumerate(macro.args):
            held = arguments[i] if i < len(arguments) else named.get(parameter.name)
            if held is None and i >= first_default:
                inner = AbstractState()
                for part in (outer, given):
                    inner.slots.update(part)
                held = self.value(macro.defaults[i - first_default], inner)
            # What a call block or an unpacked list hands over is not among the arguments.
            certain = not unpacked and parameter.name not in OWN_NAMES
            given[parameter.name] = (MISSING if held is None else held) if certain else ANYTHING
        return given


def _handed_on(macro: nodes.Macro, node: nodes.Call, state: AbstractState) -> dict[str, Any]:
    """What is known about arguments, said of the parameters: `m.x` becomes `message.x`."""
    facts: dict[str, Any] = {}
    for parameter, argument in zip(macro.args, node.args, strict=False):
        prefix = source.text(argument) + "."
        for text, (value, names) in state.facts.items():
            if text.startswith(prefix) and names <= source.names(argument):
                rest = text[len(prefix) :]
                if rest.isidentifier():
                    facts[f"{parameter.name}.{rest}"] = (value, frozenset({parameter.name}))
    return facts


def _is_space(value: Value) -> bool:
    return any(isinstance(a, Thing) and a.shape == "namespace" for a in value)
