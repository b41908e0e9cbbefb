"""Prints statements as a Go template.

Each construct gets a line of its own where Go's trim markers remove no white space of the text itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...gotemplate.values.unicode_tables import is_print
from . import nodes as go
from .nodes import Expr, Lit, Node, Nodes, Test

# The white space that Go's trim markers remove.
_TRIMMED = " \t\r\n"

Origin = tuple[int, ...]
# text of a TEMPLATE, and the constructs that it came from
Piece = tuple[str, Origin]


def emit(nodes: Nodes, defined: Mapping[str, Nodes] | None = None) -> str:
    """The text of a TEMPLATE, with the templates it defines before it."""
    text = ""
    for name, block in (defined or {}).items():
        printer = _Printer()
        printer.out.append("{{- define " + quote(name) + " }}")
        printer.block(block)
        printer.action("end")
        text += "".join(printer.out) + "\n"
    body = _Printer().template(nodes)
    return _after_definitions(text, body) if text else body


def pieces(nodes: Nodes) -> list[Piece]:
    """The text of the statements in pieces, each with where it came from."""
    printer = _Printer()
    printer.block(nodes)
    return printer.pieces()


def _after_definitions(text: str, body: str) -> str:
    """The newline after the definitions must not be printed: the next action trims it, or there is none."""
    if body.startswith("{{ "):
        return text + "{{- " + body[3:]
    return text.rstrip("\n") + body


def quote(s: str) -> str:
    """A Go string literal that survives a Modelfile; a lone surrogate U+DC80… stands for a byte."""
    out = ['"']
    for c in s:
        if c in '"\\':
            out.append("\\" + c)
        elif c in "\n\t\r":
            out.append({"\n": "\\n", "\t": "\\t", "\r": "\\r"}[c])
        elif 0xDC80 <= ord(c) <= 0xDCFF:
            out.append(f"\\x{ord(c) - 0xDC00:02x}")
        elif not is_print(c):
            out.append(f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}")
        else:
            out.append(c)
    return "".join(out) + '"'


class _Printer:
    def __init__(self) -> None:
        self.out: list[str] = []
        # where each statement began in `out`, and where what it printed itself came from
        self.origin: Origin = ()
        self.marks: list[tuple[int, Origin]] = []
        self.names: list[dict[object, str]] = [{}]
        # The loop whose element the dot is; 0 at the top, None where it is a number.
        self.dot: int | None = 0

    # --- pieces -----------------------------------------------------------------------------------

    def template(self, nodes: Nodes) -> str:
        self.block(nodes)
        return "".join(self.out)

    def action(self, text: str, *, own_line: bool = True) -> None:
        """`{{ text }}`; on a line of its own where the text before does not end in white space."""
        before = self.out[-1] if self.out else ""
        if own_line and before and before[-1] not in _TRIMMED:
            self.out.append("\n{{- ")
        else:
            self.out.append("{{ ")
        self.out.append(text + " }}")

    def text(self, s: str) -> None:
        """Text, with Go strings for what a template or Modelfile cannot hold as it is."""
        special = s.replace("{{", "\0").replace('"""', "\1")
        if s.endswith("{"):
            special = special[:-1] + "\2" if special.endswith("{") else special
        run = ""
        for c in special:
            if c in "\0\1\2" or not (is_print(c) or c in _TRIMMED):
                if run:
                    self.out.append(run)
                    run = ""
                shown = {"\0": "{{", "\1": '"""', "\2": "{"}.get(c, c)
                self.out.append("{{ " + quote(shown) + " }}")
            else:
                run += c
        if run:
            self.out.append(run)

    # --- statements -----------------------------------------------------------------------------------

    def block(self, nodes: Nodes) -> None:
        self.names.append({})
        for n in nodes:
            self.node(n)
        self.names.pop()

    def node(self, n: Node) -> None:
        outer = self.origin
        self.mark(n.origin or outer)
        self.statement(n)
        self.mark(outer)

    def mark(self, origin: Origin) -> None:
        """Notes where what is printed from here on came from."""
        self.origin = origin
        self.marks.append((len(self.out), origin))

    def pieces(self) -> list[Piece]:
        """What was printed, by where it came from."""
        ends = [start for start, _ in self.marks[1:]] + [len(self.out)]
        found = [("".join(self.out[a:b]), o) for (a, o), b in zip(self.marks, ends, strict=True)]
        return [(text, origin) for text, origin in found if text]

    def statement(self, n: Node) -> None:
        if isinstance(n, go.Text):
            self.text(n.text)
        elif isinstance(n, go.Print):
            self.print(n.expr)
        elif isinstance(n, go.Declare):
            value = self.expr(n.expr)
            self.action(f"${self.name(n.var.id, n.var.hint)} := {value}")
        elif isinstance(n, go.Set):
            self.action(f"${self.find(n.var.id)} = {self.expr(n.expr)}")
        elif isinstance(n, go.If):
            self.condition(n)
        elif isinstance(n, go.Range):
            self.range(n)
        elif isinstance(n, (go.Break, go.Continue)):
            self.action("break" if isinstance(n, go.Break) else "continue")
        elif isinstance(n, go.Fail):
            self.action(f"template {quote(n.message or 'the chat template refuses this conversation')} .")
        else:
            self.action(f"template {quote(n.name)} {self.expr(n.arg, nested=True)}", own_line=False)

    def print(self, e: Expr) -> None:
        if isinstance(e, go.Call) and e.fn == "print" and len(e.args) == 1:
            e = e.args[0]
        self.action(self.expr(e), own_line=False)

    def condition(self, n: go.If, word: str = "if") -> None:
        self.action(f"{word} {self.test(n.test)}")
        self.block(n.then)
        if len(n.orelse) == 1 and isinstance(n.orelse[0], go.If):
            outer = self.origin
            self.mark(n.orelse[0].origin or outer)
            self.condition(n.orelse[0], "else if")
            self.mark(outer)
            return
        if n.orelse:
            self.action("else")
            self.block(n.orelse)
        self.action("end")

    def range(self, n: go.Range) -> None:
        over = self.expr(n.over)
        uses_index = any(isinstance(e, go.Index) and e.loop == n.loop for e in go.all_exprs(n.body))
        named = not n.count and _item_under_range(n.body, n.loop)
        # an iterator of pairs makes its keys the dot of a `range` without two variables
        handed = isinstance(n.over, go.Dot) and n.index != "i"  # the same as a template's argument
        pairs = handed or (isinstance(n.over, go.Field) and n.over.name == "All")
        self.names.append({})
        index = "$" + self.name(("index", n.loop), n.index) if uses_index else "$_"
        item = "$" + self.name(("item", n.loop), n.item) if named else "$_"
        if n.count:
            head = f"{index} := " if uses_index else ""
        else:
            head = f"{index}, {item} := " if uses_index or named or pairs else ""
        self.action(f"range {head}{over}")
        saved, self.dot = self.dot, None if n.count else n.loop
        self.block(n.body)
        self.dot = saved
        self.names.pop()
        self.action("end")

    # --- names ----------------------------------------------------------------------------------------

    def name(self, key: object, hint: str) -> str:
        """A name for something new in this block: the hint, with a number where that is taken."""
        hint = "".join(c if c.isalnum() and c.isascii() else "_" for c in hint) or "x"
        if hint[0].isdigit():
            hint = "_" + hint
        taken = {name for block in self.names for name in block.values()}
        name, n = hint, 2
        while name in taken:
            name, n = f"{hint}{n}", n + 1
        self.names[-1][key] = name
        return name

    def find(self, key: object) -> str:
        for block in reversed(self.names):
            if key in block:
                return block[key]
        raise KeyError(key)

    # --- expressions ----------------------------------------------------------------------------------

    def expr(self, e: Expr, nested: bool = False) -> str:
        if isinstance(e, Lit):
            if isinstance(e.value, bool):
                return "true" if e.value else "false"
            return str(e.value) if isinstance(e.value, int) else quote(e.value)
        if isinstance(e, go.Var):
            return "$" + self.find(e.id)
        if isinstance(e, go.Root):
            return ("." if self.dot == 0 else "$.") + e.name
        if isinstance(e, go.Item):
            return "." if self.dot == e.loop else "$" + self.find(("item", e.loop))
        if isinstance(e, go.Index):
            return "$" + self.find(("index", e.loop))
        if isinstance(e, go.Dot):
            return "." if self.dot == 0 else "$"
        if isinstance(e, go.Field):
            base = self.expr(e.base, nested=True)
            return base + e.name if base == "." else f"{base}.{e.name}"
        if isinstance(e, go.Operation):
            raise TypeError(f"{type(e).__name__} was not lowered to Go")
        text = self.call(e)
        return f"({text})" if nested else text

    def call(self, e: go.Call) -> str:
        if e.fn == "lt" and (isinstance(e.args[0], Lit) or isinstance(e.args[1], go.Index)):
            e = go.call("gt", e.args[1], e.args[0])
        elif e.fn in ("and", "or", "not"):
            return self.logic(e)
        return " ".join([e.fn, *(self.expr(a, nested=True) for a in e.args)])

    def logic(self, e: go.Call) -> str:
        if e.fn == "not" and isinstance(e.args[0], go.Call) and e.args[0].fn in ("eq", "lt"):
            inner = e.args[0]
            if inner.fn == "eq" and len(inner.args) == 2:
                return self.call(go.call("ne", *inner.args))
            if inner.fn == "lt":
                a, b = inner.args
                swap = isinstance(a, Lit) or isinstance(b, go.Index)
                return self.call(go.call("le", b, a) if swap else go.call("ge", a, b))
        return " ".join([e.fn, *(self.expr(a, nested=True) for a in e.args)])

    def test(self, t: Test) -> str:
        return self.expr(go.test_to_go(t))


def _item_under_range(nodes: Nodes, loop: int, below: bool = False) -> bool:
    """Whether the element of a loop is used inside another loop, where the dot is not it."""
    for n in nodes:
        if below and any(
            isinstance(x, go.Item) and x.loop == loop for e in go.node_exprs(n) for x in go.walk(e)
        ):
            return True
        if any(_item_under_range(b, loop, below or isinstance(n, go.Range)) for b in go.blocks(n)):
            return True
    return False
