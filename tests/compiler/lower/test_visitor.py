"""Every node that a chat template can have goes to a rule, or is known not to be supported."""

from __future__ import annotations

import pytest
from jinja2 import nodes

from modelfile_kit.compiler.lower.visitor import EXPRESSIONS, STATEMENTS
from tests.compiler.cases import check, user

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


@pytest.mark.parametrize(
    "expression",
    [
        r"{{ '\ud800' }}",
        "\udc80",
        r"{{ m.content ~ '\ud83d\ude00' }}",
        r"{{ m.content.split('\ud800')[0] }}",
        r"{% if m.content == '\udfff' %}x{% endif %}",
        r"{{ {'a': '\ud800'}[m.content] }}",
    ],
)
def test_half_of_a_surrogate_pair_is_named_and_hurts_nothing_else(expression: str) -> None:
    """Python's texts can hold it, but a tokenizer refuses them, and Go's cannot."""
    source = "{% for m in messages %}{% if tools %}" + expression + "{% endif %}{{ m.content }}{% endfor %}"
    found = check(source, [user("a")])
    assert [d.code for d in found.diagnostics] == ["MK610"]
    assert "half of a surrogate pair" in found.diagnostics[0].message
