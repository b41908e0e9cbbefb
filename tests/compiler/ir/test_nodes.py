"""Nodes as keys."""

from __future__ import annotations

from modelfile_kit.compiler.ir import nodes as go
from modelfile_kit.compiler.values.weight import weight


def test_what_is_remembered_with_a_node_is_no_part_of_its_hash() -> None:
    weighed, other = (go.Atom(go.Field(go.Item(1), "Role")) for _ in range(2))
    weight(weighed)
    assert hash(weighed) == hash(other)
    assert {weighed: "known"}.get(other) == "known"
