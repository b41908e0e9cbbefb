"""The shape of a request is what generated requests really look like."""

from __future__ import annotations

from typing import Any

import pytest

from modelfile_kit.huggingface.render import huggingface_messages
from modelfile_kit.prover.conversations import plain as conversations
from modelfile_kit.prover.conversations import tools
from modelfile_kit.prover.conversations.features import ROLES, Features
from modelfile_kit.prover.reach.shapes import World
from modelfile_kit.prover.reach.values import Known, Missing, SomeNumber, SomeText, Thing, Value

SEEN = Features(ROLES, ("<x>",), (), frozenset(), frozenset())


def holds(world: World, value: Value, real: Any) -> bool:
    """Whether an abstract value includes a real one."""
    return any(_is(world, atom, real) for atom in value)


def _is(world: World, atom: Any, real: Any) -> bool:
    if isinstance(atom, Known):
        return bool(atom.value == real and type(atom.value) is type(real))
    if isinstance(atom, SomeText):
        return isinstance(real, str) and (bool(real) or not atom.full) and real not in atom.but
    if isinstance(atom, SomeNumber):
        return isinstance(real, (int, float))
    if isinstance(atom, Thing) and isinstance(real, list):
        return (bool(real) or not atom.full) and all(holds(world, world.items(atom), i) for i in real)
    if isinstance(atom, Thing) and isinstance(real, dict):
        fields = world.known_fields(atom) if world.is_mapping(atom) else {}
        if fields is None:
            return all(holds(world, world.pair(atom)[1], v) for v in real.values())
        missing = [
            k for k, v in world.fields.get(atom.shape, {}).items() if Missing() not in v and k not in real
        ]
        return not missing and all(k in fields and holds(world, fields[k], v) for k, v in real.items())
    return not isinstance(atom, (Missing, Thing))


@pytest.mark.parametrize("kind", ["chat", "thinking", "tools", "images"])
def test_every_candidate_has_the_shape(kind: str) -> None:
    generators = {
        "chat": conversations.chat,
        "thinking": conversations.thinking,
        "tools": tools.tools,
        "images": conversations.images,
    }
    world = World(kind, "<s>", None, flagged=True)
    for probe in generators[kind](SEEN):
        c = probe.conversation
        assert holds(world, world.names["messages"], huggingface_messages(c.messages)), c.id
        offered = None if c.tools is None else list(c.tools)
        assert holds(world, world.names["tools"], offered), c.id


def test_what_is_not_there_in_plain_chat() -> None:
    world = World("chat", "<s>", None)
    assert world.names["eos_token"] == {Missing()}
    assert not holds(world, world.names["messages"], [{"role": "user"}])
    assert not holds(world, world.names["messages"], [])
    image = [{"role": "user", "content": [{"type": "image"}]}]
    assert not holds(world, world.names["messages"], image)
    assert holds(World("images", "", ""), World("images", "", "").names["messages"], image)


def test_methods_win_over_keys_for_attributes_only() -> None:
    world = World("tools", "", "")
    [method] = world.attribute(Thing("property"), "items")
    assert isinstance(method, Thing)
    assert method.shape == "method"
    assert Missing() in (world.field(Thing("property"), "items") or ())
