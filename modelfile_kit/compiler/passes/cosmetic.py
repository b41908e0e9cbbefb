"""What a reader would still write differently: shared beginnings and ends once, defaults instead of `else`,
one `if` for one question, no test that another one answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..ir import nodes as go
from ..ir.nodes import Node, Nodes, Test
from .alpha_rename import renamed, unified
from .common_subexpressions import read, written

# After these a text may be cut in two without looking cut: a line, a tag or a mark has ended.
_ENDS = "\n>]"
_BEGINS = "\n<["
# Fields of Ollama's messages and tools that are texts: where they are false, they print nothing.
_TEXTS = {"Content", "Description", "Name", "Role", "Thinking", "ToolCallID", "ToolName"}


def tidy(nodes: Nodes) -> Nodes:
    """The same output, closer to what is written by hand."""
    return _merged(_defaults(_shared(_asked_once(nodes))))


def inside(n: Node, change: Callable[[Nodes], Nodes]) -> Node:
    """A statement with its blocks changed."""
    if isinstance(n, go.If):
        then, orelse = change(n.then), change(n.orelse)
        return n if then == n.then and orelse == n.orelse else replace(n, then=then, orelse=orelse)
    if isinstance(n, go.Range):
        body = change(n.body)
        return n if body == n.body else replace(n, body=body)
    return n


def _asks(test: Test) -> set[int]:
    return {x.id for e in go.test_exprs(test) for x in go.walk(e) if isinstance(x, go.Var)}


# --- tests ------------------------------------------------------------------------------------------


def _asked_once(nodes: Nodes) -> Nodes:
    out = []
    for n in nodes:
        if isinstance(n, go.If):
            n = replace(n, test=without_answered(n.test))
            n = _print_of(n) or n
        out.append(inside(n, _asked_once))
    return tuple(out)


def _print_of(n: go.If) -> Node | None:
    """`if .Content` around `.Content` alone: what is printed either way."""
    if n.orelse or len(n.then) != 1 or not isinstance(n.test, go.Atom):
        return None
    shown, asked = n.then[0], n.test.expr
    if isinstance(shown, go.Print) and shown.expr == asked and isinstance(asked, go.Field):
        return go.together(shown, n) if asked.name in _TEXTS else None
    return None


def without_answered(t: Test) -> Test:
    """`a or (not a and b)` is `a or b`, `a and (not a or b)` is `a and b`, `a or (a and b)` is `a`."""
    if isinstance(t, go.Not):
        return go.negate(without_answered(t.test))
    if not isinstance(t, (go.All, go.Some)):
        return t
    join, other = (go.both, go.All) if isinstance(t, go.All) else (go.either, go.Some)
    inner = go.Some if isinstance(t, go.All) else go.All
    parts = [without_answered(p) for p in t.tests]
    for i, part in enumerate(parts):
        if isinstance(part, inner):
            known = parts[:i] + (parts[i + 1 :] if _cannot_fail(part) else [])
            parts[i] = _without_known(part, known)
    joined = join(*parts)
    return joined if joined == t or not isinstance(joined, other) else without_answered(joined)


def _without_known(part: Test, known: list[Test]) -> Test:
    """`part` where all of `known` are already answered the other way (false in an `or`, true in an `and`)."""
    assert isinstance(part, (go.All, go.Some))
    if any(p in known for p in part.tests):
        return go.FALSE if isinstance(part, go.All) else go.TRUE
    rest = [p for p in part.tests if go.negate(p) not in known]
    return (go.both if isinstance(part, go.All) else go.either)(*rest)


def _cannot_fail(t: Test) -> bool:
    """Whether a test may be asked at any time: it only looks at what is there."""
    return not any(isinstance(x, go.Call) for e in go.test_exprs(t) for x in go.walk(e))


# --- what all branches share ------------------------------------------------------------------------


def _shared(nodes: Nodes) -> Nodes:
    out: list[Node] = []
    for n in nodes:
        if isinstance(n, go.If):
            out += _shared_by_branches(n)
        else:
            out.append(inside(n, _shared))
    return tuple(out)


def _shared_by_branches(n: go.If) -> list[Node]:
    tests, branches = _chain(n)
    before: list[Node] = []
    after: list[Node] = []
    if len(branches) > len(tests):
        if len(branches) == 2:
            before, branches = _same_work(n.test, branches)
        branches, after = _same_end(branches)
        head, branches = _shared_text(branches, first=True)
        tail, branches = _shared_text(branches, first=False)
        before, after = before + head, tail + after
    branches = [_shared(b) for b in branches]
    return [*before, *_rebuilt(tests, branches), *after]


def _chain(n: go.If) -> tuple[list[go.If], list[Nodes]]:
    """The tests of `if … else if … else` and its branches: one more than tests where there is an `else`."""
    tests, branches, rest = [n], [n.then], n.orelse
    while len(rest) == 1 and isinstance(rest[0], go.If):
        tests.append(rest[0])
        branches.append(rest[0].then)
        rest = rest[0].orelse
    return tests, [*branches, rest] if rest else branches


def _rebuilt(tests: list[go.If], branches: list[Nodes]) -> Nodes:
    rest: Nodes = branches[len(tests)] if len(branches) > len(tests) else ()
    for n, then in zip(reversed(tests), reversed(branches[: len(tests)]), strict=True):
        if not then and not rest:
            continue
        if not then:
            rest = (replace(n, test=go.negate(n.test), then=rest, orelse=()),)
        else:
            rest = (replace(n, then=then, orelse=rest),)
    return rest


def _same_work(test: Test, branches: list[Nodes]) -> tuple[list[Node], list[Nodes]]:
    """Statements that both branches begin with, whatever they call their variables."""
    a, b = branches
    same: list[Node] = []
    asked = _asks(test)
    while a and b and not isinstance(a[0], (go.Text, go.Print, go.Include, go.Break, go.Continue, go.Fail)):
        names = unified(a[0], b[0])
        if names is None or written((a[0],)) & asked:
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


# --- variables and questions ------------------------------------------------------------------------


def _defaults(nodes: Nodes) -> Nodes:
    """`$x := ""; if …, $x = a, else $x = b` is `$x := b; if … $x = a`."""
    out: list[Node] = []
    for n in nodes:
        n = inside(n, _defaults)
        for i in range(len(out) - 1, -1, -1):
            d = out[i]
            if not (isinstance(d, go.Declare) and isinstance(d.expr, (go.Lit, go.Root))):
                break
            if isinstance(n, go.If) and isinstance(d.expr, go.Lit):
                found = _default_of(d.var, n) or _first_of(d.var, n)
                if found:
                    value, n = found
                    out[i] = go.together(replace(d, expr=value.expr), value)
        out.append(n)
    return tuple(out)


def _default_of(var: go.Var, n: go.If) -> tuple[go.Set, go.If] | None:
    """The last branch's value of `var`, where every branch gives one and none looks at the old."""
    tests, branches = _chain(n)
    if len(branches) == len(tests) or len(branches[-1]) != 1:
        return None
    value = branches[-1][0]
    if not isinstance(value, go.Set) or value.var != var or not isinstance(value.expr, (go.Lit, go.Root)):
        return None
    if any(var.id in _asks(t.test) for t in tests) or not all(_gives(b, var) for b in branches[:-1]):
        return None
    (changed,) = _rebuilt(tests, branches[:-1])
    assert isinstance(changed, go.If)
    return value, changed


def _first_of(var: go.Var, n: go.If) -> tuple[go.Set, go.If] | None:
    """The value that both branches give `var` before anything looks at it."""
    at = [_first_mention(block, var) for block in (n.then, n.orelse)]
    if at[0] is None or at[1] is None or var.id in _asks(n.test):
        return None
    value = n.then[at[0]]
    assert isinstance(value, go.Set)
    base = value.expr.base if isinstance(value.expr, go.Field) else value.expr
    if value != n.orelse[at[1]] or not isinstance(base, (go.Lit, go.Root, go.Item)):
        return None
    then = n.then[: at[0]] + n.then[at[0] + 1 :]
    orelse = n.orelse[: at[1]] + n.orelse[at[1] + 1 :]
    return (value, replace(n, then=then, orelse=orelse)) if then and orelse else None


def _first_mention(block: Nodes, var: go.Var) -> int | None:
    """Where a block assigns to `var`, if nothing before that mentions it."""
    for i, x in enumerate(block):
        if isinstance(x, go.Set) and x.var == var:
            return None if any(e == var for e in go.walk(x.expr)) else i
        if var.id in read((x,)) | written((x,)):
            return None
    return None


def _gives(block: Nodes, var: go.Var) -> bool:
    """Whether a branch assigns to `var` before anything looks at it, on every way through."""
    for n in block:
        if any(x == var for e in go.node_exprs(n) for x in go.walk(e)):
            return False
        if isinstance(n, go.Set) and n.var == var:
            return True
        if isinstance(n, go.If) and n.orelse and _gives(n.then, var) and _gives(n.orelse, var):
            return True
        if any(var.id in read((n,)) | written((n,)) for _ in go.blocks(n)):
            return False
    return False


def _merged(nodes: Nodes) -> Nodes:
    """Two questions in a row that are the same become one; what is declared between them goes before."""
    out: list[Node] = []
    for n in nodes:
        n = inside(n, _merged)
        if isinstance(n, go.If):
            i = len(out)
            while i and isinstance(d := out[i - 1], go.Declare) and isinstance(d.expr, (go.Lit, go.Root)):
                i -= 1
            first = out[i - 1] if i else None
            between = tuple(out[i:])
            if isinstance(first, go.If) and _same_question(first, n) and _stays(first, between):
                then, orelse = (n.then, n.orelse) if first.test == n.test else (n.orelse, n.then)
                both = replace(first, then=first.then + then, orelse=first.orelse + orelse)
                out[i - 1 :] = [*out[i:], go.together(both, n)]
                out[-1] = inside(out[-1], _merged)
                continue
        out.append(n)
    return tuple(out)


def _same_question(a: go.If, b: go.If) -> bool:
    """Whether one answers the other; a chain of `else if` is no answer."""
    return a.test == b.test or (a.test == go.negate(b.test) and not (a.orelse or b.orelse))


def _stays(n: go.If, between: Nodes) -> bool:
    """Whether the answer is the same after the branches, what follows them is reached, and what is
    declared there is no other of theirs (statements that were written out twice have the same)."""
    block = n.then + n.orelse
    exits = any(isinstance(x, (go.Break, go.Continue, go.Fail)) for x in go.all_nodes(block))
    used = written(block) | read(block)
    return not exits and not (written(block) & _asks(n.test)) and not (written(between) & used)
