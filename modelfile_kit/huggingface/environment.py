"""The jinja2 environment of `apply_chat_template`, with every step and value counted.

Source of the rules: transformers 4.43 to 5.23, `utils/chat_template_utils.py`: the immutable
sandbox with trim_blocks and lstrip_blocks, loop controls, the `generation` tag, a `tojson` that
escapes nothing, `raise_exception`, `strftime_now`, and a `namespace` and `dict` of its own.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame, operators
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension, loopcontrols
from jinja2.optimizer import Optimizer
from jinja2.parser import Parser
from jinja2.runtime import Context, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedFormatter
from jinja2.utils import Namespace, generate_lorem_ipsum

from . import estimates, guard
from .guard import BUDGET

# Names, attributes, tests and other nodes of a block that take one more step.
NODES_IN_A_STEP = 8
# What calling a macro, function or method takes by itself.
STEPS_OF_A_CALL = 3
# What a dictionary has beside its keys; templates may see some of it.
_OF_DICTIONARIES = frozenset(dir({}))


class RaisedByTemplateError(jinja2.TemplateError):
    """What `raise_exception` in a template raises: the template refuses the conversation."""


class GenerationTag(Extension):
    """`{% generation %}…{% endgeneration %}`: marks what the assistant wrote; renders its body."""

    tags = {"generation"}  # noqa: RUF012 - jinja2's own attribute

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.CallBlock(self.call_method("render_body"), [], [], body).set_lineno(line)

    def render_body(self, caller: Macro) -> str:
        """Hugging Face also notes where the body begins and ends; the text is the same."""
        return str(caller())


class _FoldedOnce(Optimizer):
    """Folds constants as jinja2 does, but looks at each node once.

    The generator asks for every operator, from the outermost inwards, and jinja2 goes through all that is
    inside each time: quadratic in how deep an expression is.
    """

    def __init__(self, environment: jinja2.Environment) -> None:
        super().__init__(environment)
        self._seen: dict[int, nodes.Node] = {}  # which also keeps them, so that no other gets the number

    def visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> Any:
        if id(node) in self._seen:
            return node
        found = super().visit(node, *args, **kwargs)
        self._seen[id(found)] = found
        return found


class GuardedCode(CodeGenerator):
    """Generates the same code as jinja2, with a step per block and a look at every value made."""

    def __init__(self, environment: jinja2.Environment, *args: Any, **kwargs: Any) -> None:
        super().__init__(environment, *args, **kwargs)
        if self.optimizer is not None:
            self.optimizer = _FoldedOnce(environment)

    def blockvisit(self, nodes: Iterable[nodes.Node], frame: Frame) -> None:
        """The body of a loop, branch or macro: its steps each time it runs."""
        self.writeline(f"environment.tick({1 + sum(map(_count, nodes)) // NODES_IN_A_STEP})")
        super().blockvisit(nodes, frame)

    def visit_If(self, node: nodes.If, frame: Frame) -> None:  # noqa: N802
        self.writeline("environment.tick()", node)
        super().visit_If(node, frame)

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802
        self.write("environment.join_texts((")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")

    def visit_Compare(self, node: nodes.Compare, frame: Frame) -> None:  # noqa: N802
        """What is compared takes its steps; next to a constant only so much of it is read."""
        sides = [node.expr, *(operand.expr for operand in node.ops)]
        if any(map(_is_small, sides)) and all(o.op not in ("in", "notin") for o in node.ops):
            super().visit_Compare(node, frame)
            return
        self.write("(")
        self._compared("compare", node.expr, frame)
        for operand in node.ops:
            self.write(f" {operators[operand.op]} ")
            self._compared("search" if operand.op in ("in", "notin") else "compare", operand.expr, frame)
        self.write(")")

    def _compared(self, count: str, node: nodes.Expr, frame: Frame) -> None:
        if _is_small(node):
            self.visit(node, frame)
            return
        self.write(f"environment.{count}(")
        self.visit(node, frame)
        self.write(")")

    def visit_Sub(self, node: nodes.BinExpr, frame: Frame) -> None:  # noqa: N802
        """Numbers are quick; the difference of two dictionaries' keys is not."""
        self.write("(")
        self._compared("search", node.left, frame)
        self.write(" - ")
        self._compared("search", node.right, frame)
        self.write(")")

    def visit_List(self, node: nodes.List, frame: Frame) -> None:  # noqa: N802
        self._made(super().visit_List, node, frame)

    def visit_Dict(self, node: nodes.Dict, frame: Frame) -> None:  # noqa: N802
        self._made(super().visit_Dict, node, frame)

    def visit_Tuple(self, node: nodes.Tuple, frame: Frame) -> None:  # noqa: N802
        if node.ctx == "load":
            self._made(super().visit_Tuple, node, frame)
        else:
            super().visit_Tuple(node, frame)

    def visit_Getitem(self, node: nodes.Getitem, frame: Frame) -> None:  # noqa: N802
        if isinstance(node.arg, nodes.Slice):
            self._made(super().visit_Getitem, node, frame)
        else:
            super().visit_Getitem(node, frame)

    def _made(self, visit: Callable[[Any, Frame], None], node: nodes.Node, frame: Frame) -> None:
        self.write("environment.made(")
        visit(node, frame)
        self.write(")")


def _count(node: nodes.Node) -> int:
    """How many nodes run with a statement, those of blocks inside it left out."""
    inner = (child for child in node.iter_child_nodes() if not isinstance(child, nodes.Stmt))
    return 1 + sum(map(_count, inner))


def _is_small(node: nodes.Expr) -> bool:
    """Whether it is a constant, or a list of some that stands in the template itself."""
    if isinstance(node, (nodes.List, nodes.Tuple)):
        return all(isinstance(item, nodes.Const) for item in node.items)
    return isinstance(node, nodes.Const)


class _Formatter(SandboxedFormatter):
    def format_field(self, value: Any, format_spec: str) -> Any:
        estimates.check_format_spec(format_spec)
        return BUDGET.made(super().format_field(value, format_spec))


class TemplateNamespace(Namespace):
    """`namespace(...)`; Hugging Face allows no name that begins with an underscore."""

    def __init__(*args: Any, **kwargs: Any) -> None:
        # jinja2's own trick: `self` stays free as a keyword of the template.
        self, positional = args[0], args[1:]
        values = dict(*positional, **kwargs)
        for name in values:
            _check_name(name)
        Namespace.__init__(self, BUDGET.made(values))

    def __setitem__(self, name: str, value: Any) -> None:
        _check_name(name)
        super().__setitem__(name, value)

    def __repr__(self) -> str:
        # Nested ones could print without end, and no template prints one on purpose.
        raise guard.TemplateLimitError("the chat template prints a namespace")


def _check_name(name: Any) -> None:
    if isinstance(name, str) and name.startswith("_"):
        raise SecurityError(f"a namespace cannot hold {name!r}: names that begin with _ are refused")


class _Dict:
    """`dict` as templates see it: callable, with fromkeys, and no way to the type itself."""

    def __call__(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        return dict(*args, **kwargs)

    def fromkeys(self, keys: Iterable[Any], value: Any = None) -> dict[Any, Any]:
        return dict.fromkeys(keys, value)


class ReferenceEnvironment(ImmutableSandboxedEnvironment):
    """jinja2 as Hugging Face sets it up, in bounds (see guard.py)."""

    code_generator_class = GuardedCode
    intercepted_binops = frozenset({"+", "*", "**", "%"})
    concat = staticmethod(guard.concatenate)

    def __init__(self) -> None:
        super().__init__(
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=[GenerationTag, loopcontrols],
            finalize=guard.printed,
        )
        self.tick = BUDGET.tick
        self.made = BUDGET.made
        self.compare = BUDGET.compare
        self.search = BUDGET.search
        self.join_texts = guard.join_texts
        self.filters["tojson"] = to_json
        self.filters = {name: _guarded_filter(name, f) for name, f in self.filters.items()}
        self.tests = {name: _guarded_test(f) for name, f in self.tests.items()}
        self.globals.update(
            raise_exception=_raise_exception,
            strftime_now=_strftime_now,
            dict=_Dict(),
            namespace=TemplateNamespace,
            lipsum=_lipsum,
        )

    def getattr(self, obj: Any, attribute: str) -> Any:
        if obj.__class__ is dict and attribute not in _OF_DICTIONARIES:
            # what jinja2 finds too, without the exception that it catches first
            try:
                return obj[attribute]
            except KeyError:
                return self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if argument.__class__ is tuple:
            BUDGET.compare(argument)  # it is hashed
        return super().getitem(obj, argument)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        return estimates.binary(operator, self.binop_table[operator], left, right)

    def call(
        __self,  # noqa: N805 - a template may pass `self` as a keyword
        __context: Context,
        __obj: Any,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        BUDGET.tick(STEPS_OF_A_CALL)
        args = estimates.before_method(__obj, args, kwargs)
        return BUDGET.made(ImmutableSandboxedEnvironment.call(__self, __context, __obj, *args, **kwargs))

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        wrapped = super().wrap_str_format(value)
        if wrapped is None:
            return None
        text: str = value.__self__
        if value.__name__ == "format_map":
            return lambda mapping: str(_Formatter(self).vformat(text, (), mapping))
        return lambda *args, **kwargs: str(_Formatter(self).vformat(text, args, kwargs))

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for loop in tree.find_all(nodes.For):
            if loop.test is not None:
                # The filter of a loop is no block, so it gets its step here.
                loop.test = nodes.Filter(
                    loop.test, "_step", [], [], None, None, lineno=loop.test.lineno, environment=self
                )
        return tree


def to_json(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | str | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """Hugging Face's `tojson`: Python's json.dumps, no HTML escapes, non-ASCII as it is."""
    if indent is None:
        BUDGET.check(BUDGET.weigh(value))
        return json.dumps(value, ensure_ascii=ensure_ascii, separators=separators, sort_keys=sort_keys)
    encoder = json.JSONEncoder(
        ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )
    pieces: list[str] = []
    size = 0
    for piece in encoder.iterencode(value):
        size += len(piece)
        BUDGET.tick()
        BUDGET.check(size)
        pieces.append(piece)
    return "".join(pieces)


def _guarded_filter(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    leading = 1 if hasattr(function, "jinja_pass_arg") else 0

    @functools.wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        BUDGET.tick()
        args = (*args[:leading], *estimates.before_filter(name, args[leading:], kwargs))
        return BUDGET.made(function(*args, **kwargs))

    return guarded


def _guarded_test(function: Any) -> Callable[..., Any]:
    tick = BUDGET.tick

    @functools.wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        tick()
        return function(*args, **kwargs) if kwargs else function(*args)

    return guarded


def _raise_exception(message: Any) -> None:
    raise RaisedByTemplateError(str(message))


def _strftime_now(format: str) -> str:
    if len(format) > 1000:
        raise guard.TemplateLimitError("the chat template formats a date with more than 1,000 characters")
    return BUDGET.now().strftime(format)


def _lipsum(n: int = 5, html: bool = True, min: int = 20, max: int = 100) -> str:
    if n * max > 100_000:
        raise guard.TemplateLimitError("the chat template asks `lipsum` for more than 100,000 words")
    return generate_lorem_ipsum(n, html, min, max)


@functools.cache
def environment() -> ReferenceEnvironment:
    """The shared environment; it holds no state of a rendering."""
    env = ReferenceEnvironment()
    env.filters["_step"] = _guarded_test(lambda value: value)
    return env


def plain(value: Any) -> Any:
    """Rebuilds a value out of plain JSON types, as Hugging Face does: no method of a richer one is seen.

    Anything that is not JSON becomes a placeholder with its type's name, e.g. `<ndarray>`.
    """
    if value is None or value.__class__ in (str, int, float, bool):
        return value
    for kind in (str, int, float):
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, Mapping):
        return {plain(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        parts = map(plain, value)
        return tuple(parts) if isinstance(value, tuple) else list(parts)
    return f"<{type(value).__name__}>"
