"""The constructs of a chat template: each tag and text with its place, beside its node in the tree.

Jinja2's tree only knows lines. Its lexer sees the same tags in the same order, so the n-th `if` of the
one is the n-th `if` of the other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jinja2 import nodes

from ...huggingface import environment

# Statements by the keyword of their tag; others are told by their class.
_KINDS: dict[type[nodes.Node], str] = {
    nodes.For: "for",
    nodes.Assign: "set",
    nodes.AssignBlock: "set",
    nodes.Macro: "macro",
    nodes.With: "with",
    nodes.FilterBlock: "filter",
    nodes.Break: "break",
    nodes.Continue: "continue",
    nodes.Block: "block",
    nodes.Extends: "extends",
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "from",
}


@dataclass(frozen=True)
class Construct:
    """A tag or text of a chat template.

    number: counts from 1 in the order of the source; kind: `text`, `print` or the tag's keyword;
    line, end_line: where it stands, from 1; source: as it is written; parent: the construct whose body
    it is in, 0 at the top.
    """

    number: int
    kind: str
    line: int
    end_line: int
    source: str
    parent: int


@dataclass(frozen=True)
class _Tag:
    kind: str
    line: int
    end_line: int
    source: str


def constructs_of(source: str, tree: nodes.Template) -> list[tuple[Construct, nodes.Node]]:
    """The constructs in the order of the source, each with its node."""
    waiting: dict[str, deque[_Tag]] = {}
    for tag in _tags(source):
        waiting.setdefault(tag.kind, deque()).append(tag)
    found: list[tuple[Construct, nodes.Node]] = []
    numbers: dict[int, int] = {0: 0}
    for kind, node, parent in _walk(tree.body, None):
        tag = _next(waiting.get(kind, deque()), kind, node)
        number = len(found) + 1
        numbers[id(node)] = number
        place = numbers[id(parent)] if parent is not None else 0
        found.append((Construct(number, kind, tag.line, tag.end_line, tag.source, place), node))
    return found


def _next(tags: deque[_Tag], kind: str, node: nodes.Node) -> _Tag:
    while tags and tags[0].end_line < node.lineno:
        tags.popleft()
    if tags and tags[0].line <= node.lineno:
        return tags.popleft()
    return _Tag(kind, node.lineno, node.lineno, f"({kind})")


def _walk(
    body: Sequence[nodes.Node], parent: nodes.Node | None
) -> Iterator[tuple[str, nodes.Node, nodes.Node | None]]:
    """Each construct's kind, node and the node whose body it is in, in the order of the source."""
    for node in body:
        if isinstance(node, nodes.Output):
            for child in node.nodes:
                yield "text" if isinstance(child, nodes.TemplateData) else "print", child, parent
        elif isinstance(node, nodes.If):
            yield from _walk_if(node, parent)
        elif isinstance(node, nodes.Scope):
            yield from _walk(node.body, parent)
        else:
            yield _kind(node), node, parent
            yield from _walk(getattr(node, "body", ()), node)
            yield from _walk(getattr(node, "else_", ()), node)


def _walk_if(
    node: nodes.If, parent: nodes.Node | None
) -> Iterator[tuple[str, nodes.Node, nodes.Node | None]]:
    yield "if", node, parent
    yield from _walk(node.body, node)
    for other in node.elif_:
        yield "elif", other, node
        yield from _walk(other.body, other)
    yield from _walk(node.else_, node)


def _kind(node: nodes.Node) -> str:
    if isinstance(node, nodes.CallBlock):
        return "generation" if isinstance(node.call.node, nodes.ExtensionAttribute) else "call"
    return _KINDS.get(type(node), type(node).__name__.lower())


def _tags(source: str) -> Iterator[_Tag]:
    """Texts and tags as the lexer sees them, with their source; comments and ends are left out."""
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    at, begin, line, words = 0, 0, 1, list[str]()
    for lineno, what, value in environment().lexer.tokeniter(source, None):
        start = source.find(value, at)
        if start < 0:
            return
        at = start + len(value)
        if what == "data":
            if value:
                yield _Tag("text", lineno, lineno + value.rstrip("\n").count("\n"), value)
        elif what in ("block_begin", "variable_begin"):
            begin, line, words = start, lineno, []
        elif what in ("name", "operator"):
            words.append(value)
        elif what in ("block_end", "variable_end"):
            text = source[begin:at].rstrip()
            kind = "print" if what == "variable_end" else _keyword(words)
            # `{% print a, b %}` is one tag of two nodes
            for _ in range(_parts(words) if words[:1] == ["print"] and what == "block_end" else bool(kind)):
                yield _Tag(kind, line, line + text.count("\n"), text)


def _keyword(words: Sequence[str]) -> str:
    """The keyword of a tag; "" for one that only ends or divides a body."""
    word = words[0] if words else ""
    return "" if word == "else" or word.startswith("end") else word


def _parts(words: Sequence[str]) -> int:
    """How many expressions there are between commas, outside of brackets."""
    depth, parts = 0, 1
    for word in words:
        depth += (word in "([{") - (word in ")]}")
        parts += word == "," and not depth
    return parts
