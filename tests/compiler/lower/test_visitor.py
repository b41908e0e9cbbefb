"""Every node that a chat template can have goes to a rule, or is known not to be supported."""

from __future__ import annotations

from jinja2 import nodes

from modelfile_kit.compiler.lower.visitor import EXPRESSIONS, STATEMENTS

# Statements about other files and blocks, and what only Jinja's own extensions make.
NOT_SUPPORTED = {
    nodes.Block,
    nodes.EvalContextModifier,
    nodes.Extends,
    nodes.FromImport,
    nodes.Import,
    nodes.Include,
    nodes.ScopedEvalContextModifier,
    nodes.Pow,
}
# Parts of other nodes, and nodes that only extensions make.
NO_CONSTRUCTS = {
    nodes.ContextReference,
    nodes.DerivedContextReference,
    nodes.EnvironmentAttribute,
    nodes.ExtensionAttribute,
    nodes.ImportedName,
    nodes.InternalName,
    nodes.MarkSafe,
    nodes.MarkSafeIfAutoescape,
    nodes.NSRef,
    nodes.OverlayScope,
    nodes.Slice,
}
ABSTRACT = {nodes.Expr, nodes.Stmt, nodes.BinExpr, nodes.UnaryExpr, nodes.Literal}


def _kinds_of(base: type[nodes.Node]) -> set[type[nodes.Node]]:
    found = set(base.__subclasses__())
    return found | {inner for kind in found for inner in _kinds_of(kind)}


def test_every_node_is_known() -> None:
    theirs = _kinds_of(nodes.Expr) | _kinds_of(nodes.Stmt)
    private = {kind for kind in theirs if kind.__name__.startswith("_")}
    ours = set(EXPRESSIONS) | set(STATEMENTS)
    assert not ours & NOT_SUPPORTED
    assert theirs - private - ABSTRACT - NO_CONSTRUCTS == ours | NOT_SUPPORTED
