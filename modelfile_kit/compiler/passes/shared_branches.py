"""Moves out of an `if` what all its branches begin or end with."""

from __future__ import annotations

from ..ir import nodes as go
from ..ir.nodes import Node, Nodes, Test, with_blocks
from .alpha_rename import renamed, unified
from .chains import chain, rebuilt
from .effects import asked, read, written

# After these a text may be cut in two without looking cut: a line, a tag or a mark has ended.
_ENDS = "\n>]"
_BEGINS = "\n<["


def hoist_shared_statements(nodes: Nodes) -> Nodes:
    """Texts are cut where a line or a tag ends; other statements move whole.

    >>> from modelfile_kit.compiler.ir.printer import emit
    >>> before = (go.If(go.Atom(go.Root("A")), (go.Text("<turn>user"),), (go.Text("<turn>tool"),)),)
    >>> print(emit(before))
    {{ if .A }}<turn>user
    {{- else }}<turn>tool
    {{- end }}
    >>> print(emit(hoist_shared_statements(before)))
    <turn>
    {{- if .A }}user
    {{- else }}tool
    {{- end }}
    """
    out: list[Node] = []
    for n in nodes:
        if isinstance(n, go.If):
            out += _shared_by_branches(n)
        else:
            out.append(with_blocks(n, hoist_shared_statements))
    return tuple(out)


def _shared_by_branches(n: go.If) -> list[Node]:
    tests, branches = chain(n)
    before: list[Node] = []
    after: list[Node] = []
    if len(branches) > len(tests):
        if len(branches) == 2:
            before, branches = _same_work(n.test, branches)
        branches, after = _same_end(branches)
        head, branches = _shared_text(branches, first=True)
        tail, branches = _shared_text(branches, first=False)
        before, after = before + head, tail + after
    branches = [hoist_shared_statements(b) for b in branches]
    return [*before, *rebuilt(tests, branches), *after]


def _same_work(test: Test, branches: list[Nodes]) -> tuple[list[Node], list[Nodes]]:
    """Statements that both branches begin with, whatever they call their variables."""
    a, b = branches
    same: list[Node] = []
    variables = asked(test)
    while a and b and not isinstance(a[0], (go.Text, go.Print, go.Include, go.Break, go.Continue, go.Fail)):
        names = unified(a[0], b[0])
        if names is None or written((a[0],)) & variables:
            break
        same.append(go.together(a[0], b[0]))
        a = a[1:]
        b = tuple(renamed(n, names) for n in b[1:])
    # declarations alone are no work: they stay where they are used
    return (same, [a, b]) if any(isinstance(n, (go.Range, go.If)) for n in same) else ([], branches)


def _same_end(branches: list[Nodes]) -> tuple[list[Nodes], list[Node]]:
    """Statements that all branches end with, where nothing is declared in a branch that they need."""
    declared = {n.var.id for b in branches for n in b if isinstance(n, go.Declare)}
    same: list[Node] = []
    while all(branches) and all(b[-1] == branches[0][-1] for b in branches):
        last = branches[0][-1]
        if isinstance(last, go.Text) or declared & (written((last,)) | read((last,))):
            break
        same.insert(0, go.together(last, *(b[-1] for b in branches)))
        branches = [b[:-1] for b in branches]
    return branches, same


def _shared_text(branches: list[Nodes], *, first: bool) -> tuple[list[Node], list[Nodes]]:
    at = 0 if first else -1
    ends = [b[at] for b in branches if b]
    if len(ends) < len(branches) or not all(isinstance(e, go.Text) for e in ends):
        return [], branches
    texts = [e.text for e in ends if isinstance(e, go.Text)]
    cut = _common_start(texts) if first else _common_end(texts)
    if not cut:
        return [], branches
    common = go.together(go.Text(texts[0][:cut] if first else texts[0][-cut:]), *ends)
    out: list[Nodes] = []
    for block, text in zip(branches, texts, strict=True):
        rest = text[cut:] if first else text[:-cut]
        kept = (go.Text(rest, block[at].origin),) if rest else ()
        out.append((*kept, *block[1:]) if first else (*block[:-1], *kept))
    return [common], out


def _common_start(texts: list[str]) -> int:
    """How many characters all texts begin with, up to where a reader would cut."""
    shortest = min(texts, key=len)
    n = next((i for i, c in enumerate(shortest) if any(t[i] != c for t in texts)), len(shortest))
    whole = n == len(shortest) and not any(_in_word(t, n) for t in texts)
    while n and not whole and shortest[n - 1] not in _ENDS:
        n -= 1
    return n


def _common_end(texts: list[str]) -> int:
    """The same from the end."""
    shortest = min(texts, key=len)
    n = next(
        (i for i, c in enumerate(reversed(shortest)) if any(t[-1 - i] != c for t in texts)), len(shortest)
    )
    whole = n == len(shortest) and not any(_in_word(t, len(t) - n) for t in texts)
    while n and not whole and shortest[-n] not in _BEGINS:
        n -= 1
    return n


def _in_word(text: str, at: int) -> bool:
    """Whether a cut would go through a word."""
    return 0 < at < len(text) and all(c.isalnum() or c == "_" for c in text[at - 1 : at + 1])
