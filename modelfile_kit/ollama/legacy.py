"""Templates of the old kind, with `.Prompt` and `.Response`: the cut of the last run.

The last turn is rendered by a copy of the tree from which everything after the first `.Response`
is taken away (Ollama 0.33, template/template.go, Execute and deleteNode). The copy is a bare
text/template: Ollama's functions, defined templates and missingkey=zero are not known to it.
"""

from __future__ import annotations

from dataclasses import replace

from ..core.errors import PromptError
from ..gotemplate.parse import nodes as n

_RESPONSE = n.ActionNode(n.PipeNode((n.CommandNode((n.FieldNode(("Response",)),)),)))


def with_response(root: n.ListNode) -> n.ListNode:
    """The tree with `{{ .Response }}` at its end, as Ollama adds it to a template that has neither."""
    return replace(root, nodes=(*root.nodes, _RESPONSE))


def cut_at_response(root: n.ListNode) -> n.ListNode:
    """The tree of the last turn: all up to and with the first field `.Response`.

    Raises PromptError (500) where Ollama's handler crashes: an `{{ else }}` after the cut.
    """
    cutter = _Cutter()
    nodes = (cutter.walk(node) for node in root.nodes)
    return replace(root, nodes=tuple(node for node in nodes if node is not None))


class _Cutter:
    """One walk; once `cut` is set everything that is met is dropped."""

    def __init__(self) -> None:
        self.cut = False

    def walk(self, node: n.Node) -> n.Node | None:
        if self.cut:
            return None
        if isinstance(node, n.FieldNode) and "Response" in node.ident:
            self.cut = True  # the field itself stays
            return node
        if isinstance(node, n.ListNode):
            return self.list(node)
        if isinstance(node, n.BranchNode):
            return self.branch(node)
        if isinstance(node, n.ActionNode):
            pipe = self.pipe(node.pipe)
            if not self.cut:
                return node
            return replace(node, pipe=pipe) if isinstance(pipe, n.PipeNode) else None
        if isinstance(node, n.PipeNode):
            return self.pipe(node)
        return node

    def list(self, node: n.ListNode) -> n.ListNode:
        kept = [self.walk(each) for each in node.nodes]
        if not self.cut:
            return node
        return replace(node, nodes=tuple(each for each in kept if each is not None))

    def branch(self, node: n.BranchNode) -> n.BranchNode:
        """The pipeline of a branch is not looked at."""
        inner = self.list(node.list)
        if node.else_list is None:
            return replace(node, list=inner) if self.cut else node
        if self.cut:
            raise PromptError(
                "Ollama's handler crashes: an {{ else }} follows the .Response of its own branch",
                status=500,
                help="move {{ .Response }} after the {{ end }}, or write the template with .Messages",
            )
        otherwise = self.list(node.else_list)
        return replace(node, list=inner, else_list=otherwise) if self.cut else node

    def pipe(self, node: n.PipeNode) -> n.PipeNode | None:
        """A command that loses all its arguments takes the whole pipeline with it."""
        commands = []
        for command in node.cmds:
            kept = (self.walk(argument) for argument in command.args)
            args = tuple(argument for argument in kept if argument is not None)
            if not args:
                return None
            commands.append(replace(command, args=args) if self.cut else command)
        if not self.cut:
            return node
        return replace(node, cmds=tuple(commands)) if commands else None
