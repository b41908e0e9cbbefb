"""What Ollama reads out of a Go TEMPLATE besides rendering it: tags, capabilities, identifiers.

Sources (Ollama 0.33): template/template.go (Vars), thinking/template.go (InferTags),
tools/template.go (parseTag), server/images.go (Capabilities).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..gotemplate.parse import nodes as n

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

    Fields after a parenthesis and what a command declares are not seen. Raises
    UndefinedTemplateError.
    """
    names: set[str] = set()
    for tree in trees.values():
        _identifiers(tree, names)
    return sorted({name.lower() for name in names})


def _identifiers(node: n.Node | None, names: set[str]) -> None:
    """Adds the identifiers of a node to `names`."""
    if isinstance(node, n.ListNode):
        for each in node.nodes:
            if type(each) is n.ActionNode:
                _names_of(each.pipe, names)
            elif type(each) is not n.TextNode:
                _identifiers(each, names)
    elif isinstance(node, n.BranchNode):
        _names_of(node.pipe, names)
        _identifiers(node.list, names)
        _identifiers(node.else_list, names)
    elif isinstance(node, n.TemplateNode):
        if node.pipe is None:
            raise UndefinedTemplateError(node.name)
        _names_of(node.pipe, names)


def _names_of(pipe: n.PipeNode, names: set[str]) -> None:
    for command in pipe.cmds:
        for argument in command.args:
            if isinstance(argument, (n.FieldNode, n.VariableNode)):
                names.update(argument.ident)
            elif isinstance(argument, n.PipeNode):
                _names_of(argument, names)


def thinking_tags(root: n.ListNode) -> ThinkingTags:
    """The thinking tags of a template's main tree (InferTags); the last `.Thinking` decides.

    A `.Thinking` counts inside a range whose pipeline has a field `.Messages`: the first and the
    last text of the nearest list around it, if they are texts, are the tags. Either text stays
    from an earlier `.Thinking` where a later one's list has none at that end.
    """
    finder = _ThinkingFinder()
    finder.list(root, False)
    return finder.found


def _trimmed(node: n.TextNode) -> str:
    return node.text.strip(GO_SPACE)


class _ThinkingFinder:
    """Meets the fields in the order of Ollama's walk; chains and variables are not entered."""

    def __init__(self) -> None:
        self.found = ThinkingTags()

    def list(self, node: n.ListNode, counts: bool) -> None:
        """counts: whether the nearest range is one over `.Messages`, its pipeline and else included."""
        for each in node.nodes:
            if isinstance(each, n.BranchNode):
                inside = _mentions(each.pipe, "Messages") if isinstance(each, n.RangeNode) else counts
                if inside:
                    self.pipe(each.pipe, node)
                self.list(each.list, inside)
                if each.else_list is not None:
                    self.list(each.else_list, inside)
            elif isinstance(each, n.ListNode):
                self.list(each, counts)
            elif counts and isinstance(each, (n.ActionNode, n.TemplateNode)) and each.pipe is not None:
                self.pipe(each.pipe, node)

    def pipe(self, node: n.PipeNode, around: n.ListNode) -> None:
        for command in node.cmds:
            for argument in command.args:
                if isinstance(argument, n.FieldNode):
                    if argument.ident[0] == "Thinking":
                        self.field(argument, around)
                elif isinstance(argument, n.PipeNode):
                    self.pipe(argument, around)

    def field(self, field: n.FieldNode, around: n.ListNode) -> None:
        first, last = around.nodes[0], around.nodes[-1]
        self.found = ThinkingTags(
            _trimmed(first) if isinstance(first, n.TextNode) else self.found.opening,
            _trimmed(last) if isinstance(last, n.TextNode) else self.found.closing,
            field,
        )


def _mentions(pipe: n.PipeNode, name: str) -> bool:
    return any(
        argument.ident[0] == name
        if isinstance(argument, n.FieldNode)
        else isinstance(argument, n.PipeNode) and _mentions(argument, name)
        for command in pipe.cmds
        for argument in command.args
    )


def tool_tag(root: n.ListNode) -> ToolTag:
    """The tool-call tag of a template's main tree (parseTag).

    The first `if` whose own pipeline has a field with `.ToolCalls` decides; the first text inside it
    that is more than white space, up to a `{`, is the tag, unless an action comes before it.
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
    """The first text beyond white space, looking into branches, up to the first action or branch."""
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
