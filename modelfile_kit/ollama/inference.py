"""What Ollama reads out of a Go TEMPLATE besides rendering it: tags, capabilities, identifiers.

Sources (Ollama 0.33): template/template.go (Vars), thinking/template.go (InferTags),
tools/template.go (parseTag), server/images.go (Capabilities).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..gotemplate import nodes as n

# unicode.IsSpace, which strings.TrimSpace takes away.
GO_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
GO_SPACE += "\u2028\u2029\u202f\u205f\u3000"


@dataclass(frozen=True)
class ThinkingTags:
    """The tags by which a reply is split into thinking and content.

    opening, closing: trimmed texts; both must be there. field: the `.Thinking` that decided.
    """

    opening: str = ""
    closing: str = ""
    field: n.FieldNode | None = None

    def __bool__(self) -> bool:
        return bool(self.opening and self.closing)


@dataclass(frozen=True)
class ToolTag:
    """The text by which a tool call is found in a reply; "{" where the template shows none.

    condition: the `{{ if … .ToolCalls … }}` that decided; text: the text node that held the tag.
    """

    tag: str = "{"
    condition: n.IfNode | None = None
    text: n.TextNode | None = None


class UndefinedTemplateError(Exception):
    """`{{ template "x" }}` without a pipeline, which Ollama's own walk refuses."""


def variables(trees: Mapping[str, n.ListNode]) -> list[str]:
    """The identifiers that Ollama sees (Template.Vars): fields and variables, lower case, sorted.

    Fields behind a parenthesis and what a command declares are not seen. Raises
    UndefinedTemplateError.
    """
    return sorted(
        {name.lower() for tree in trees.values() for node in tree.nodes for name in _identifiers(node)}
    )


def _identifiers(node: n.Node | None) -> Iterator[str]:
    if isinstance(node, n.ListNode):
        for each in node.nodes:
            yield from _identifiers(each)
    elif isinstance(node, n.TemplateNode):
        if node.pipe is None:
            raise UndefinedTemplateError(node.name)
        yield from _identifiers(node.pipe)
    elif isinstance(node, n.ActionNode):
        yield from _identifiers(node.pipe)
    elif isinstance(node, n.BranchNode):
        for part in (node.pipe, node.list, node.else_list):
            yield from _identifiers(part)
    elif isinstance(node, n.PipeNode):
        for command in node.cmds:
            for argument in command.args:
                yield from _identifiers(argument)
    elif isinstance(node, (n.FieldNode, n.VariableNode)):
        yield from node.ident


def thinking_tags(root: n.ListNode) -> ThinkingTags:
    """The thinking tags of a template's main tree (InferTags); the last `.Thinking` decides.

    A `.Thinking` counts inside a range whose pipeline has a field `.Messages`: the first and the
    last text of the nearest list around it, if they are texts, are the tags. Either text stays
    from an earlier `.Thinking` where a later one's list has none at that end.
    """
    found = ThinkingTags()
    for field, ancestors in _fields_with_ancestors(root, ()):
        if field.ident[:1] != ("Thinking",):
            continue
        nearest = next((a for a in reversed(ancestors) if isinstance(a, n.RangeNode)), None)
        if nearest is None or not _mentions(nearest.pipe, "Messages"):
            continue
        around = next((a for a in reversed(ancestors) if isinstance(a, n.ListNode)), None)
        if around is None or not around.nodes:
            continue
        first, last = around.nodes[0], around.nodes[-1]
        found = ThinkingTags(
            _trimmed(first) if isinstance(first, n.TextNode) else found.opening,
            _trimmed(last) if isinstance(last, n.TextNode) else found.closing,
            field,
        )
    return found


def _trimmed(node: n.TextNode) -> str:
    return node.text.strip(GO_SPACE)


_Ancestors = tuple[n.Node, ...]


def _fields_with_ancestors(
    node: n.Node | None, ancestors: _Ancestors
) -> Iterator[tuple[n.FieldNode, _Ancestors]]:
    """Fields in the order in which Ollama's walk meets them; chains and variables are not entered."""
    inside = (*ancestors, node) if node is not None else ancestors
    if isinstance(node, n.FieldNode):
        yield node, ancestors
    elif isinstance(node, n.ListNode):
        for each in node.nodes:
            yield from _fields_with_ancestors(each, inside)
    elif isinstance(node, n.BranchNode):
        for part in (node.pipe, node.list, node.else_list):
            yield from _fields_with_ancestors(part, inside)
    elif isinstance(node, (n.ActionNode, n.TemplateNode)):
        yield from _fields_with_ancestors(node.pipe, inside)
    elif isinstance(node, n.PipeNode):
        for command in node.cmds:
            for argument in command.args:
                yield from _fields_with_ancestors(argument, inside)


def _mentions(pipe: n.PipeNode, name: str) -> bool:
    return any(field.ident[:1] == (name,) for field, _ in _fields_with_ancestors(pipe, ()))


def tool_tag(root: n.ListNode) -> ToolTag:
    """The tool-call tag of a template's main tree (parseTag).

    The first `if` whose own pipeline has a field with `.ToolCalls` decides; the first text inside it
    that is not blank, up to a `{`, is the tag, unless an action comes before it.
    """
    condition = _tool_call_branch(root.nodes)
    if condition is None:
        return ToolTag()
    text = _first_text(condition.list.nodes)
    if text is None:
        return ToolTag(condition=condition)
    tag = text.text.replace("\r\n", "\n").partition("{")[0].strip(GO_SPACE)
    return ToolTag(tag or "{", condition, text)


def _tool_call_branch(nodes: tuple[n.Node, ...]) -> n.IfNode | None:
    for node in nodes:
        if isinstance(node, n.IfNode) and _tests_tool_calls(node.pipe):
            return node
        inner: tuple[n.ListNode | None, ...] = ()
        if isinstance(node, n.BranchNode):
            inner = (node.list, node.else_list)
        elif isinstance(node, n.ListNode):
            inner = (node,)
        for part in inner:
            found = _tool_call_branch(part.nodes) if part is not None else None
            if found is not None:
                return found
    return None


def _tests_tool_calls(pipe: n.PipeNode) -> bool:
    arguments = (a for command in pipe.cmds for a in command.args)
    return any(isinstance(a, n.FieldNode) and "ToolCalls" in a.ident for a in arguments)


def _first_text(nodes: tuple[n.Node, ...]) -> n.TextNode | None:
    """The first text that is not blank, looking into branches, up to the first action or branch."""
    for node in nodes:
        if isinstance(node, n.TextNode):
            if node.text.strip(GO_SPACE):
                return node
        elif isinstance(node, n.BranchNode):
            found = _first_text(node.list.nodes)
            if found is None and node.else_list is not None:
                found = _first_text(node.else_list.nodes)
            return found
        elif isinstance(node, n.ListNode):
            found = _first_text(node.nodes)
            if found is not None:
                return found
        elif isinstance(node, n.ActionNode):
            return None
    return None


def capabilities(trees: Mapping[str, n.ListNode], root: n.ListNode) -> tuple[str, ...]:
    """What a TEMPLATE makes a model capable of: "tools", "insert", "thinking", in Ollama's order."""
    try:
        names = variables(trees)
    except UndefinedTemplateError:
        names = []
    found = []
    if "tools" in names:
        found.append("tools")
    if "suffix" in names:
        found.append("insert")
    if thinking_tags(root):
        found.append("thinking")
    return tuple(found)
