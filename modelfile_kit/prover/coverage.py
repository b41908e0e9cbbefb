"""Which branches of a chat template a rendering takes, measured in the reference itself.

The template's tree is changed before it is compiled: every condition that decides something (the
tests of if, elif, inline if and loop filters, taken apart at `and`, `or` and `not`) and every loop
is wrapped in a filter that notes what came and hands it on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jinja2 import nodes, pass_context

from ..core.conversation import Message, Tool
from ..huggingface import jinja_source as source
from ..huggingface.environment import ReferenceEnvironment
from ..huggingface.guard import BUDGET
from ..huggingface.render import Reference

# (site's number, outcome): True or False for a condition; 0, 1 or 2 (and more) rounds for a loop.
Hit = tuple[int, int]
# Watched conditions that take as long as a step of the chat template.
CONDITIONS_IN_A_STEP = 4
# What one rendering may take: conversations of a proof are short, and the hungriest real template takes some
# thousand steps for a message.
STEPS_OF_ONE = 150_000


@dataclass(frozen=True)
class Site:
    """A condition or loop. kind: "condition" or "loop"; text: its expression; line counts from 1."""

    number: int
    kind: str
    line: int
    text: str

    @property
    def outcomes(self) -> tuple[int, ...]:
        """What must be seen for the site to be covered: both truths; no rounds and some."""
        return (False, True) if self.kind == "condition" else (0, 1)


class WatchedEnvironment(ReferenceEnvironment):
    """The reference's environment, with watchers around conditions and loops."""

    def __init__(self) -> None:
        super().__init__()
        self.sites: list[Site] = []
        self.hits: set[Hit] = set()
        self.asked = 0  # conditions of one rendering
        self.tree: nodes.Template | None = None
        self.filters.update(_condition=self._condition, _loop=self._loop, _step=lambda value: value)

    @staticmethod
    @pass_context  # keeps jinja2 from folding it into a constant
    def _condition(context: Any, value: Any, number: int) -> Any:
        env = context.environment
        env.asked += 1
        if not env.asked % CONDITIONS_IN_A_STEP:
            BUDGET.tick()
        env.hits.add((number, bool(value)))
        return value

    @staticmethod
    @pass_context
    def _loop(context: Any, value: Any, number: int) -> Any:
        if value is None or isinstance(value, (bool, int, float)):
            return value  # the loop itself says what is wrong
        if not hasattr(value, "__len__"):
            value = list(value)
        context.environment.hits.add((number, min(len(value), 2)))
        return value

    def _parse(self, text: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(text, name, filename)
        self.sites = []
        self.tree = _Watch(self).template(tree)
        return tree


class _Watch:
    """Puts the watchers in."""

    def __init__(self, env: WatchedEnvironment) -> None:
        self.env = env

    def template(self, tree: nodes.Template) -> nodes.Template:
        tested: set[int] = set()
        found: list[Any] = list(tree.find_all((nodes.If, nodes.CondExpr, nodes.For)))
        for node in found:
            if hasattr(node, "iter"):  # a loop
                node.iter = self._wrapped(node.iter, "_loop", "loop")
            if node.test is not None:
                node.test = self._test(node.test, tested)
        for node in list(tree.find_all((nodes.And, nodes.Or))):
            if id(node) not in tested:
                node.left = self._test(node.left, tested)
        return tree

    def _test(self, test: nodes.Expr, tested: set[int]) -> nodes.Expr:
        """Takes a test apart down to the conditions that decide."""
        inner = source.unwatched(test)
        if isinstance(inner, (nodes.And, nodes.Or)):
            tested.add(id(inner))
            inner.left = self._test(inner.left, tested)
            inner.right = self._test(inner.right, tested)
            return test
        if isinstance(inner, nodes.Not):
            inner.node = self._test(inner.node, tested)
            return test
        if inner is not test and test.name == "_condition":  # type: ignore[attr-defined]
            return test
        return self._wrapped(test, "_condition", "condition")

    def _wrapped(self, node: nodes.Expr, watcher: str, kind: str) -> nodes.Expr:
        number = len(self.env.sites)
        self.env.sites.append(Site(number, kind, node.lineno, source.text(node)))
        mark = nodes.Const(number, lineno=node.lineno, environment=self.env)
        return nodes.Filter(node, watcher, [mark], [], None, None, lineno=node.lineno, environment=self.env)


class WatchedReference:
    """The reference of one chat template that tells which branches each rendering took."""

    def __init__(self, chat_template: str, *, bos_token: str | None, eos_token: str | None) -> None:
        self.env = WatchedEnvironment()
        self._reference = Reference(chat_template, bos_token=bos_token, eos_token=eos_token, env=self.env)
        self._reference.steps_max = STEPS_OF_ONE
        self.sites: Sequence[Site] = tuple(self.env.sites)
        assert self.env.tree is not None
        self.tree: nodes.Template = self.env.tree
        self.variables = frozenset(n.name for n in self.tree.find_all(nodes.Name) if n.ctx == "load")

    def render(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[Tool] | None = None,
        think: bool | str | None = None,
        now: datetime | None = None,
        **kwargs: Any,
    ) -> str:
        """As `Reference.render`; afterwards `hits` holds the branches taken, also after an error."""
        self.env.hits, self.env.asked = set(), 0
        return self._reference.render(messages, tools=tools, think=think, now=now, **kwargs)

    def render_without_aliases(
        self, messages: Sequence[Message], *, tools: Sequence[Tool] | None = None, think: Any = None
    ) -> str:
        """What transformers before 5 renders: reasoning is seen under one name."""
        self._reference.aliases = False
        try:
            return self._reference.render(messages, tools=tools, think=think)
        finally:
            self._reference.aliases = True

    @property
    def steps(self) -> int:
        """How many steps its renderings have taken so far."""
        return self._reference.steps

    @property
    def hits(self) -> set[Hit]:
        """The branches that the last rendering took."""
        return self.env.hits

    def missing(self, covered: set[Hit]) -> Iterator[tuple[Site, int]]:
        """Every site and outcome that is not covered."""
        for site in self.sites:
            for outcome in site.outcomes:
                if (site.number, outcome) not in covered and not (
                    site.kind == "loop" and outcome and (site.number, 2) in covered
                ):
                    yield site, outcome
