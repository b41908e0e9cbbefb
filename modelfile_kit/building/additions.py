"""What a package adds to its chat template: a text after every turn, one after images.

Both are put into the compiled TEMPLATE where it prints a message's text, so what comes out is the
proven prompt with exactly these texts added. The same is done to messages for the reference side
(`Additions.messages`); the two are compared on conversations before a package is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..core.conversation import Message, image_count
from ..core.errors import KitError, StoppedError
from ..gotemplate.parse import nodes as n
from ..gotemplate.parse.nodes import print_template
from ..gotemplate.parse.parser import ANY_FUNCTION, parse_trees
from ..gotemplate.values.strconv import quote

CANNOT_PLACE = "MK304"

Render = Callable[[Sequence[Message]], str]


class PlacementError(KitError):
    """A TEMPLATE in which an added text has no place that is certain to be right."""

    code = CANNOT_PLACE


@dataclass(frozen=True)
class Additions:
    """end: written after the text of every turn; separator: written between images and the text.

    Neighbours of the same role are one turn, as Ollama merges them; images of the second and later
    of them get no separator.
    """

    end: str = ""
    separator: str = ""

    def __bool__(self) -> bool:
        return bool(self.end or self.separator)

    def template(self, template: str) -> str:
        """The Go TEMPLATE with these texts in it. Raises PlacementError where that cannot be certain."""
        if not self:
            return template
        trees = parse_trees(template, "", ANY_FUNCTION)
        placer = _Placer(self)
        wanted = {name: placer.block(tree) for name, tree in trees.items()}
        if not placer.placed:
            raise PlacementError(
                "the TEMPLATE does not print the text of a message unchanged anywhere",
                help="remove `end_token` and `image.separator`, or write the TEMPLATE by hand",
            )
        written = placer.into_source(template)
        if written is not None and parse_trees(written, "", ANY_FUNCTION) == wanted:
            return written
        root = wanted.pop("", n.ListNode())
        return print_template(root, wanted)

    def messages(self, messages: Sequence[Message], render: Render) -> list[Message]:
        """Messages whose texts hold the additions: what the reference is rendered from.

        render: a conversation's prompt, asked whether a turn without text is written at all.
        """
        out: list[Message] = []
        for i, message in enumerate(messages):
            text = str(message.get("content") or "")
            follows = i > 0 and _merged(messages[i - 1], message)
            last = i + 1 == len(messages) or not _merged(message, messages[i + 1])
            new = text
            if self.separator and image_count(message) and not follows:
                new = self.separator + new
            if self.end and last and (text or _is_written(messages, i, render)):
                new += self.end
            out.append({**message, "content": new} if new != text else message)
        return out


def _merged(first: Message, second: Message) -> bool:
    """Whether Ollama makes one message of two (0.33, template/template.go, collate)."""
    return first.get("role") == second.get("role") and first.get("role") != "tool"


def _is_written(messages: Sequence[Message], index: int, render: Render) -> bool:
    without = [*messages[:index], *messages[index + 1 :]]
    try:
        return not without or render(without) != render(messages)
    except StoppedError:
        raise
    except KitError:  # such as a template that insists on a user's turn
        return True


class _Placer:
    """Walks a tree and puts the additions after each action that prints `.Content` as it is."""

    def __init__(self, additions: Additions) -> None:
        self.additions = additions
        self.placed = 0
        self.places: list[tuple[int, str]] = []  # where an action begins, and what is written for it

    def block(self, tree: n.ListNode) -> n.ListNode:
        nodes: list[n.Node] = []
        for node in tree.nodes:
            nodes += self.node(node)
        return replace(tree, nodes=tuple(_join_texts(nodes)))

    def node(self, node: n.Node) -> list[n.Node]:
        if isinstance(node, n.ActionNode):
            content = _printed_content(node.pipe)
            if content is None:
                self.refuse_use(node.pipe)
                return [node]
            self.placed += 1
            return self.printed(node, content)
        if isinstance(node, n.BranchNode):
            if not isinstance(node, n.IfNode):  # `with` and `range` make the text the dot
                self.refuse_use(node.pipe)
            other = self.block(node.else_list) if node.else_list is not None else None
            return [replace(node, list=self.block(node.list), else_list=other)]
        if isinstance(node, n.TemplateNode) and node.pipe is not None:
            self.refuse_use(node.pipe)
        return [node]

    def printed(self, node: n.ActionNode, content: n.Node) -> list[n.Node]:
        source = f"{{{{ {content} }}}}"
        if self.additions.separator:
            source = _separated(str(content), str(_images(content)), self.additions.separator)
        if self.additions.end:
            source += str(n.TextNode(self.additions.end))
        self.places.append((node.pos, source))
        return _parsed(source, content)

    def into_source(self, template: str) -> str | None:
        """The TEMPLATE's own text with the additions; the caller checks that it parses to the same tree."""
        out = template
        for pos, source in sorted(self.places, reverse=True):
            start = template.rfind("{{", 0, pos + 2)
            end = template.find("}}", pos)
            if pos < 0 or start < 0 or end < 0:
                return None
            out = out[:start] + source + out[end + 2 :]
        return out

    def refuse_use(self, pipe: n.PipeNode) -> None:
        """A text that is worked on before it is printed has no end that is certain."""
        for part in _walk(pipe):
            if _last_name(part) in ("Content", "System", "Prompt", "Response"):
                raise PlacementError(
                    f"the TEMPLATE changes a message's text before it prints it: {{{{ {pipe} }}}}",
                    help="remove `end_token` and `image.separator`: this chat template itself decides what "
                    "is written around a text",
                )


def _printed_content(pipe: n.PipeNode) -> n.Node | None:
    """`.Content`, `$m.Content` or `(…).Content` where the pipe is nothing but that."""
    if pipe.decl or len(pipe.cmds) != 1 or len(pipe.cmds[0].args) != 1:
        return None
    node = pipe.cmds[0].args[0]
    return node if _last_name(node) == "Content" else None


def _last_name(node: n.Node) -> str | None:
    if isinstance(node, n.FieldNode):
        return node.ident[-1]
    if isinstance(node, n.VariableNode):
        return node.ident[-1] if len(node.ident) > 1 else None
    return node.field[-1] if isinstance(node, n.ChainNode) else None


def _parsed(source: str, content: n.Node) -> list[n.Node]:
    """Nodes of source inside a template, whose variables in `content` are declared before it."""
    used = sorted({node.ident[0] for node in _walk(content) if isinstance(node, n.VariableNode)} - {"$"})
    declared = "".join(f"{{{{ {name} := . }}}}" for name in used)
    return list(parse_trees(declared + source, "", ANY_FUNCTION)[""].nodes[len(used) :])


def _images(content: n.Node) -> n.Node:
    """The `.Images` beside a `.Content`."""
    if isinstance(content, n.ChainNode):
        return replace(content, field=(*content.field[:-1], "Images"))
    assert isinstance(content, (n.FieldNode, n.VariableNode))
    return replace(content, ident=(*content.ident[:-1], "Images"))


def _separated(content: str, images: str, separator: str) -> str:
    """Go source that prints `content` with `separator` behind the `[img-N]` tags that it begins with.

    Ollama writes one tag for each image in front of the text (0.33, server/prompt.go). The tags are
    cut off one by one, as many as there are images; byte 93 is `]`. Needs range over an integer.
    """
    return f"""{{{{ $words := {content} }}}}
{{{{- $pictures := "" }}}}
{{{{- range {images} }}}}
{{{{- if eq (printf "%.5s" $words) "[img-" }}}}
{{{{- range $i := len $words }}}}
{{{{- if eq (index $words $i) 93 }}}}
{{{{- $pictures = printf "%s%s]" $pictures (slice $words 0 $i) }}}}
{{{{- $words = slice (slice $words $i) 1 }}}}
{{{{- break }}}}
{{{{- end }}}}
{{{{- end }}}}
{{{{- end }}}}
{{{{- end }}}}
{{{{- $pictures }}}}
{{{{- if $pictures }}}}{{{{ {quote(separator)} }}}}{{{{ end }}}}
{{{{- $words }}}}"""


def _join_texts(nodes: Sequence[n.Node]) -> list[n.Node]:
    """Texts side by side as one, as a parser would have them."""
    out: list[n.Node] = []
    for node in nodes:
        if isinstance(node, n.TextNode) and out and isinstance(out[-1], n.TextNode):
            out[-1] = n.TextNode(out[-1].text + node.text)
        else:
            out.append(node)
    return out


def _walk(node: Any) -> list[n.Node]:
    """A node and all that is in it, first to last."""
    if isinstance(node, (tuple, list)):
        return [found for item in node for found in _walk(item)]
    if isinstance(node, Mapping) or not isinstance(node, n.Node):
        return []
    inner = [found for value in vars(node).values() for found in _walk(value)]
    return [node, *inner]
