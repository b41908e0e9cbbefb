"""What macros, call blocks and loop filters do to namespaces where the search for branches does not follow.

The search executes a statement's expressions in order, and looks at a test several times. What a macro sets
in a namespace is followed where its call is certainly executed once and in that order. All other attributes
that may be set are `unknown`: they can hold anything, all the time. Where namespaces or macros are handed
around as values, nobody follows them, and every branch counts as possible.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from jinja2 import nodes

from ...huggingface import jinja_source as source

# Filters whose result gives its items once.
STREAMS = frozenset(
    ("map", "select", "selectattr", "reject", "rejectattr", "reverse", "unique", "batch", "slice", "items")
)
# Names that every macro and call block binds.
OWN_NAMES = ("caller", "varargs", "kwargs")
_Path = tuple[int, ...]
_SCOPES = (nodes.For, nodes.With, nodes.Macro, nodes.CallBlock, nodes.FilterBlock, nodes.AssignBlock)


@dataclass(frozen=True)
class Effects:
    """What a chat template does to namespaces.

    followed: whether namespaces and macros stay where the search sees them. unknown: attributes that can
    hold anything. sets: attributes that a call of a macro of this name may set. mentions: names that a macro,
    or a macro that it calls, may read. hidden: those of them that may be other variables where it is called,
    by the macro's id. set_anywhere: attributes that any statement sets. streams: whether what gives its items
    once is kept in variables.
    """

    followed: bool
    unknown: frozenset[str]
    sets: dict[str, frozenset[str]]
    mentions: dict[str, frozenset[str]]
    hidden: dict[int, frozenset[str]]
    set_anywhere: frozenset[str]
    streams: bool


def effects(tree: nodes.Template) -> Effects:
    """The effects of a chat template; kept on its tree."""
    if "_effects" not in tree.__dict__:
        tree._effects = _Survey(tree).effects()  # type: ignore[attr-defined]
    return tree._effects  # type: ignore[attr-defined, no-any-return]


def is_generation(block: nodes.CallBlock) -> bool:
    """Whether it is `{% generation %}`, whose body is executed once, in its place."""
    return isinstance(block.call.node, nodes.ExtensionAttribute)


class _Survey:
    """Looks at the whole tree once."""

    def __init__(self, tree: nodes.Template) -> None:
        self.tree = tree
        self.parents: dict[int, nodes.Node] = {}
        self.bindings: dict[str, set[_Path]] = {}
        self.paths: dict[int, _Path] = {}
        self._walk(tree, ())
        self.macros: dict[str, list[nodes.Macro]] = {}
        for macro in tree.find_all(nodes.Macro):
            self.macros.setdefault(macro.name, []).append(macro)
        self.blocks = [b for b in tree.find_all(nodes.CallBlock) if not is_generation(b)]
        self.recursive = any(loop.recursive for loop in tree.find_all(nodes.For))
        self.set_anywhere = _set_in(tree)
        self.mentions = {name: self._reached(name) for name in self.macros}

    def effects(self) -> Effects:
        sets = {name: self._sets({name, *self.mentions[name]}) for name in self.macros}
        return Effects(
            followed=self._followed(),
            unknown=self._unknown(sets),
            sets=sets,
            mentions=self.mentions,
            hidden={id(m): self._hidden(m) for same in self.macros.values() for m in same},
            set_anywhere=self.set_anywhere,
            streams=any(self._is_kept(f) for f in self.tree.find_all(nodes.Filter) if f.name in STREAMS),
        )

    # -- scopes -----------------------------------------------------------------------------------

    def _walk(self, node: nodes.Node, path: _Path) -> None:
        """Notes parents, and in which scopes names are bound."""
        inner = (*path, id(node)) if isinstance(node, _SCOPES) else path
        outside: list[nodes.Node] = []
        if isinstance(node, nodes.AssignBlock):
            outside.append(node.target)
        self.paths[id(node)] = path
        if isinstance(node, nodes.Macro):
            self._bound(node.name, path)
        if isinstance(node, (nodes.Macro, nodes.CallBlock)):
            for name in OWN_NAMES:
                self._bound(name, inner)
        if isinstance(node, nodes.For):
            self._bound("loop", inner)
        if isinstance(node, nodes.Name) and node.ctx != "load":
            self._bound(node.name, path)
        for child in node.iter_child_nodes():
            self.parents[id(child)] = node
            self._walk(child, path if any(child is o for o in outside) else inner)

    def _bound(self, name: str, path: _Path) -> None:
        self.bindings.setdefault(name, set()).add(path)

    def _hidden(self, macro: nodes.Macro) -> frozenset[str]:
        """Names that are also bound in scopes from which it is called, and which it does not see."""
        calls = [c for c in self.tree.find_all(nodes.Call) if _callee(c) == macro.name]
        there = {scope for call in calls for scope in _around(self.paths[id(call)])}
        other = there - _around(self.paths[id(macro)])
        return frozenset(n for n in self.mentions[macro.name] if self.bindings.get(n, set()) & other)

    # -- what calls do ----------------------------------------------------------------------------

    def _reached(self, name: str) -> frozenset[str]:
        """Names read in a macro, in those that it calls, and in what may call it back."""
        names: set[str] = set()
        open_, done = [name], set()
        while open_:
            current = open_.pop()
            if current in done:
                continue
            done.add(current)
            inside: list[nodes.Node] = [*self.macros.get(current, ())]
            inside += self.blocks if current == "caller" else ()
            found = {n for node in inside for n in _names(node)}
            names |= found
            open_ += found & (self.macros.keys() | {"caller"})
        return frozenset(names)

    def _sets(self, names: Iterable[str]) -> frozenset[str]:
        """Attributes that the macros of these names set."""
        found = {a for name in names for macro in self.macros.get(name, ()) for a in _set_in(macro)}
        if "caller" in names:
            found |= {a for block in self.blocks for a in _set_in(block)}
        return frozenset(found)

    def _unknown(self, sets: dict[str, frozenset[str]]) -> frozenset[str]:
        found: set[str] = set()
        once = set(self._once())
        called = [
            c for c in self.tree.find_all(nodes.Call) if _callee(c) in self.macros and id(c) not in once
        ]
        found.update(*(sets[_callee(c)] for c in called))
        for block in self.blocks:
            names = _names(block)
            found |= _set_in(block) | self._sets(names.union(*(self.mentions.get(n, ()) for n in names)))
        for name, mentions in self.mentions.items():
            if name in mentions:
                found |= sets[name].union(*map(_made_in, self.macros[name]))
        for loop in self.tree.find_all(nodes.For):
            if loop.recursive:
                names = _names(loop)
                names = names.union(*(self.mentions.get(n, ()) for n in names))
                macros = [m for n in names for m in self.macros.get(n, ())]
                found |= _set_in(loop) | self._sets(names).union(*map(_made_in, [loop, *macros]))
            if loop.test is not None:
                # Jinja looks one item ahead, or at all of them.
                found |= self._read(loop.test) & self.set_anywhere
        return frozenset(found)

    def _read(self, node: nodes.Node) -> set[str]:
        """Attributes that an expression reads, in the macros that it calls too."""
        names = _names(node)
        names = names.union(*(self.mentions.get(n, ()) for n in names))
        within = [node, *(m for n in names for m in self.macros.get(n, ()))]
        within += self.blocks if "caller" in names else ()
        found = {g.attr for each in within for g in _all(each, nodes.Getattr)}
        return found | {
            str(i.arg.value) for each in within for i in _all(each, nodes.Getitem) if _is_const(i.arg)
        }

    def _once(self) -> Iterator[int]:
        """Calls of macros that are executed once, in order, whenever their statement is."""
        for statement in self.tree.find_all(
            (nodes.Output, nodes.Assign, nodes.ExprStmt, nodes.For, nodes.With)
        ):
            whole: list[nodes.Node] = []
            if isinstance(statement, nodes.Output):
                whole = list(statement.nodes)
            elif isinstance(statement, nodes.With):
                whole = list(statement.values)
            else:
                whole = [statement.iter if isinstance(statement, nodes.For) else statement.node]  # type: ignore[attr-defined]
            for expression in whole:
                yield from self._within(expression)

    def _within(self, node: Any) -> Iterator[int]:
        node = source.unwatched(node)
        if isinstance(node, nodes.Call):
            if self._is_one(_callee(node)):
                yield id(node)
            for argument in (*node.args, *(k.value for k in node.kwargs)):
                yield from self._within(argument)
        elif isinstance(node, nodes.Filter) and node.node is not None:
            for part in (node.node, *node.args, *(k.value for k in node.kwargs)):
                yield from self._within(part)
        elif isinstance(node, nodes.Concat):
            for part in node.nodes:
                yield from self._within(part)
        elif isinstance(node, nodes.BinExpr) and not isinstance(node, (nodes.And, nodes.Or)):
            yield from self._within(node.left)
            yield from self._within(node.right)

    def _is_one(self, name: str) -> bool:
        """Whether there is one macro of this name, and nothing else."""
        return (
            len(self.macros.get(name, ())) == 1
            and len(self.bindings[name]) == 1
            and not self._is_stored(name)
        )

    def _is_stored(self, name: str) -> bool:
        return any(n.name == name and n.ctx != "load" for n in self.tree.find_all(nodes.Name))

    # -- values that are handed around ------------------------------------------------------------

    def _followed(self) -> bool:
        if next(self.tree.find_all(nodes.Block), None) is not None:
            return False
        spaces = self._spaces()
        return spaces is not None and all(
            self._is_seen(n, spaces) for n in self.tree.find_all(nodes.Name) if n.ctx == "load"
        )

    def _spaces(self) -> set[str] | None:
        """The variables that hold namespaces; None where there may be others."""
        found: set[str] = set()
        for call in self.tree.find_all(nodes.Call):
            looked_at = isinstance(self.parents[id(call)], nodes.Getattr)
            if _callee(call) == "namespace" and not looked_at:
                target = self._target(call)
                if target is None or call.args or call.dyn_args or call.dyn_kwargs:
                    return None
                found.add(target)
        if found and "namespace" in self.bindings:
            return None
        before: set[str] = set()
        while found != before:
            before = set(found)
            for name in self.tree.find_all(nodes.Name):
                if name.ctx == "load" and name.name in found:
                    found.update(self._handed_to(name))
        return found

    def _target(self, value: nodes.Node) -> str | None:
        """The variable that is set to a value, if that is all that becomes of it."""
        parent = self.parents[id(value)]
        if isinstance(parent, nodes.Assign) and isinstance(parent.target, nodes.Name):
            return parent.target.name
        if isinstance(parent, nodes.With):
            pairs = zip(parent.targets, parent.values, strict=True)
            return next((t.name for t, v in pairs if v is value and isinstance(t, nodes.Name)), None)
        return None

    def _handed_to(self, value: nodes.Name) -> set[str]:
        """Variables and parameters that get what a variable holds, as it is."""
        target = self._target(value)
        if target is not None:
            return {target}
        call: Any = self.parents[id(value)]
        key = ""
        if isinstance(call, nodes.Keyword):
            call, key = self.parents[id(call)], call.key
        found: set[str] = set()
        for macro in self.macros.get(_callee(call), ()) if isinstance(call, nodes.Call) else ():
            names = [a.name for a in macro.args]
            place = next((i for i, a in enumerate(call.args) if a is value), len(names))
            found |= {key} & set(names) if key else set(names[place : place + 1])
        return found

    def _is_seen(self, name: nodes.Name, spaces: set[str]) -> bool:
        """Whether this use of a variable leaves a macro or namespace where the search follows it."""
        parent = self.parents[id(name)]
        called = isinstance(parent, nodes.Call) and parent.node is name
        if name.name == "self":
            return False
        if name.name == "namespace" or name.name in self.macros:
            return called or self._is_parameter(name)
        read = isinstance(parent, (nodes.Getattr, nodes.Test))
        if name.name == "caller":
            return called or read or _is_watcher(parent) or isinstance(parent, nodes.Not)
        if name.name == "loop":
            handed_on = bool(self._handed_to(name)) and self._target(name) is None
            return called or read or (handed_on and not self.recursive)
        if name.name not in spaces:
            return True
        item = isinstance(parent, nodes.Getitem) and parent.node is name and _is_const(parent.arg)
        plain = item and not hasattr(dict, parent.arg.value)  # type: ignore[attr-defined]
        return read or plain or bool(self._handed_to(name))

    def _is_parameter(self, name: nodes.Name) -> bool:
        """Whether a macro around it has a parameter of this name."""
        around = self.paths[id(name)]
        return any(
            name.name in (a.name for a in m.args) for m in self.tree.find_all(nodes.Macro) if id(m) in around
        )

    def _is_kept(self, stream: nodes.Filter) -> bool:
        """Whether it is not used up where it stands."""
        parent = self.parents[id(stream)]
        if isinstance(parent, nodes.Filter):
            return parent.name in ("default", "d") or stream is not parent.node
        return not isinstance(parent, (nodes.Operand, nodes.Compare, nodes.Test, nodes.Output))


def _around(path: _Path) -> set[_Path]:
    return {path[:n] for n in range(len(path) + 1)}


def _callee(call: Any) -> str:
    return call.node.name if isinstance(call.node, nodes.Name) else ""


def _is_const(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Const) and isinstance(node.value, str)


def _is_watcher(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Filter) and node.name in source.WATCHERS


def _all(node: nodes.Node, kind: Any) -> list[Any]:
    return [*([node] if isinstance(node, kind) else ()), *node.find_all(kind)]


def _names(node: nodes.Node) -> frozenset[str]:
    """Variables that are named in a node, and those whose attributes it sets."""
    return frozenset(n.name for n in _all(node, (nodes.Name, nodes.NSRef)))


def _set_in(node: nodes.Node) -> frozenset[str]:
    return frozenset(r.attr for r in node.find_all(nodes.NSRef))


def _made_in(node: nodes.Node) -> frozenset[str]:
    """Attributes that namespaces have from the start."""
    made = [c for c in node.find_all(nodes.Call) if _callee(c) == "namespace"]
    return frozenset(str(k.key) for c in made for k in c.kwargs)
