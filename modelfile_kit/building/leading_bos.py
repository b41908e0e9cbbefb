"""Takes the BOS text that begins the prompts out of a Go TEMPLATE, for an engine that adds the token itself.

A walk over the TEMPLATE's tree finds where BOS may be the first thing that is printed. There it is cut out;
where it is the first thing on some paths only (a loop's first round), a variable decides at run time. The
text of the TEMPLATE is edited, so that all else stays as it was. Whether the result is right is proven by
rendering afterwards, as for every TEMPLATE.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..gotemplate.parse import nodes as n
from ..gotemplate.parse.parser import ANY_FUNCTION, parse_trees
from ..gotemplate.values.strconv import quote


def without_leading_bos(template: str, bos: str) -> str:
    """The TEMPLATE without the BOS text that its prompts begin with; other places keep theirs.

    template: Go source that parses. bos: the token's text, not empty. A TEMPLATE that begins with none, or
    prints it in a way that is not seen here, comes back as it is.
    """
    trees = parse_trees(template, "", ANY_FUNCTION)
    walk = _Walk(template, bos, trees)
    walk.block(trees[""], walk.start())
    return walk.edited()


def without_trailing_eos(template: str, eos: str) -> str:
    """The TEMPLATE without the EOS text that its prompts end with, where that stands at its very end."""
    tree = parse_trees(template, "", ANY_FUNCTION)[""]
    texts = [node for node in tree.nodes if not isinstance(node, n.CommentNode)]
    last = texts[-1] if texts else None
    if isinstance(last, n.TextNode) and last.text.endswith(eos) and template.endswith(eos):
        return template.removesuffix(eos)
    return template


# Whether something was printed (True) or not, in the first round of the loop with an index (False) or a
# later one (True).
_Path = tuple[bool, bool]
_Paths = frozenset[_Path]
_NOWHERE: _Paths = frozenset()


@dataclass
class _Loop:
    """A range that is being walked. index: its variable that counts the rounds, "" if there is none."""

    index: str
    ends: set[_Path] = field(default_factory=set)
    next: set[_Path] = field(default_factory=set)


class _Walk:
    """One walk; `guarded` is found out by a first one, where a variable is needed at all."""

    def __init__(self, template: str, bos: str, trees: Mapping[str, n.ListNode]) -> None:
        self.template = template
        self.bos = bos
        self.trees = trees
        self.loops: list[_Loop] = []
        # At each place of BOS: on which paths it was met. At each print: whether it may be the first.
        self.met: dict[int, set[_Path]] = {}
        self.index_at: dict[int, str] = {}
        self.marks: set[int] = set()

    def start(self) -> _Paths:
        return frozenset([(False, False)])

    # -- the walk -------------------------------------------------------------------------------------

    def block(self, block: n.ListNode | None, paths: _Paths) -> _Paths:
        for node in block.nodes if block is not None else ():
            if not paths:
                break
            paths = self.node(node, paths)
        return paths

    def node(self, node: n.Node, paths: _Paths) -> _Paths:
        if isinstance(node, n.TextNode):
            return self.text(node, paths)
        if isinstance(node, n.ActionNode):
            if node.pipe.decl or _prints_nothing(node.pipe):
                return paths
            return self.printed(self.opening(node.pos), paths)
        if isinstance(node, n.RangeNode):
            return self.range(node, paths)
        if isinstance(node, n.BranchNode):
            return self.branch(node, paths)
        if isinstance(node, n.TemplateNode):
            if node.name not in self.trees:
                return _NOWHERE  # how a TEMPLATE refuses a conversation: Go fails here
            return self.printed(self.opening(node.pos), paths)
        if isinstance(node, (n.BreakNode, n.ContinueNode)) and self.loops:
            loop = self.loops[-1]
            (loop.ends if isinstance(node, n.BreakNode) else loop.next).update(paths)
            return _NOWHERE
        return paths

    def text(self, node: n.TextNode, paths: _Paths) -> _Paths:
        if not node.text:
            return paths
        if node.text.startswith(self.bos) and self.template.startswith(node.text, node.pos):
            self.met.setdefault(node.pos, set()).update(paths)
            self.index_at[node.pos] = self.loops[-1].index if self.loops else ""
            return self.all_printed(paths)
        return self.printed(node.pos, paths)

    def printed(self, place: int, paths: _Paths) -> _Paths:
        if any(not printed for printed, _ in paths):
            self.marks.add(place)
        return self.all_printed(paths)

    @staticmethod
    def all_printed(paths: _Paths) -> _Paths:
        return frozenset((True, later) for _, later in paths)

    def branch(self, node: n.BranchNode, paths: _Paths) -> _Paths:
        yes, no = paths, paths
        condition = str(node.pipe)
        if isinstance(node, n.IfNode):
            index = self.loops[-1].index if self.loops else ""
            first = frozenset(p for p in paths if not p[1])
            later = paths - first
            if condition == "false":
                yes = _NOWHERE
            elif index and condition in (f"eq {index} 0", f"not {index}"):
                yes, no = first, later
            elif index and condition in (f"ne {index} 0", index):
                yes, no = later, first
        return (self.block(node.list, yes) if yes else _NOWHERE) | (
            self.block(node.else_list, no) if no else _NOWHERE
        )

    def range(self, node: n.RangeNode, paths: _Paths) -> _Paths:
        decl = node.pipe.decl
        loop = _Loop(decl[0].ident[0] if len(decl) == 2 and not node.pipe.is_assign else "")
        outer = {later for _, later in paths}
        self.loops.append(loop)
        entered = {(printed, False) for printed, _ in paths}
        while True:
            before = frozenset(entered)
            loop.next.clear()
            out = self.block(node.list, before) | loop.next
            entered |= {(printed, True) for printed, _ in out}
            if before == entered:
                break
        self.loops.pop()
        empty = self.block(node.else_list, paths)
        left = {printed for printed, _ in (*out, *loop.ends)}
        return empty | {(printed, later) for printed in left for later in outer}

    # -- the edits ------------------------------------------------------------------------------------

    def edited(self) -> str:
        edits: list[tuple[int, int, str]] = []  # place, length of what goes, what comes
        flag = self.flag()
        flagged = False
        for place, paths in self.met.items():
            index = self.index_at[place]
            if all(printed for printed, _ in paths):
                continue
            if not any(printed for printed, _ in paths):
                edits.append((place, len(self.bos), ""))
            elif index and all(printed == later for printed, later in paths):
                edits.append((place, len(self.bos), f"{{{{ if {index} }}}}{self.shown}{{{{ end }}}}"))
            else:
                flagged = True
                edits.append((place, len(self.bos), f"{{{{ if {flag} }}}}{self.shown}{{{{ end }}}}"))
        if flagged:
            mark = f"{{{{ {flag} = true }}}}"
            edits = [(p, k, text + mark) for p, k, text in edits]
            edits += [(place, 0, mark) for place in self.marks - set(self.met)]
            edits.append((0, 0, f"{{{{ {flag} := false }}}}"))
        out = self.template
        for place, length, text in sorted(edits, reverse=True):
            out = out[:place] + text + out[place + length :]
        return out

    @property
    def shown(self) -> str:
        return self.bos if "{{" not in self.bos else f"{{{{ {quote(self.bos)} }}}}"

    def flag(self) -> str:
        name = "$begun"
        while name in self.template:
            name += "2"
        return name

    def opening(self, position: int) -> int:
        """Where the action at a position begins."""
        return self.template.rfind("{{", 0, position + 2)


def _prints_nothing(pipe: n.PipeNode) -> bool:
    return str(pipe) == '""'
