"""Tools, arguments and schemas as Ollama can carry them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from modelfile_kit.prover.conversations import tools
from modelfile_kit.prover.conversations.features import ROLES, Features

SEEN = Features(ROLES, ("<x>",), ("python",), frozenset(), frozenset())
ORDER = ["anyOf", "type", "items", "description", "enum", "properties", "required"]


def schemas(value: Any) -> Iterator[dict[str, Any]]:
    """Every property of a tool, nested ones too."""
    for key, inner in value.get("properties", {}).items():
        yield inner
        yield from schemas(inner)
        assert key
    if isinstance(value.get("items"), dict):
        yield from schemas(value["items"])


def offered() -> list[Any]:
    return [t for p in tools.tools(SEEN) for t in p.conversation.tools or ()]


def test_names_are_in_alphabetical_order() -> None:
    for tool in offered():
        names = list(tool["function"]["parameters"]["properties"])
        assert names == sorted(names)
    for probe in tools.tools(SEEN):
        for message in probe.conversation.messages:
            for call in message.get("tool_calls", ()):
                assert list(call["function"]["arguments"]) == sorted(call["function"]["arguments"])


def test_schemas_hold_only_what_ollama_keeps_in_its_order() -> None:
    for tool in offered():
        for schema in schemas(tool["function"]["parameters"]):
            keys = [k for k in ORDER if k in schema]
            assert list(schema) == keys
            assert all(v not in ("", [], {}) for v in schema.values())
        assert tool["function"].get("description") != ""


def test_numbers_are_written_alike_by_python_and_go() -> None:
    numbers = [v for a in tools.ARGUMENTS for v in a.values() if isinstance(v, float)]
    assert numbers
    for n in numbers:
        assert not n.is_integer()
        assert "e" not in json.dumps(n)


def test_every_kind_of_value_is_an_argument() -> None:
    kinds = {type(v) for a in tools.ARGUMENTS for v in a.values()}
    assert kinds == {str, int, float, bool, type(None), dict, list}
    assert {} in tools.ARGUMENTS


@pytest.mark.oracle
def test_ollama_s_own_types_keep_every_schema(oracle: Any) -> None:
    for tool in {json.dumps(t): t for t in offered()}.values():
        answer = oracle.chat("{{ json .Tools }}{{ if false }}{{ .Messages }}{{ end }}", [], tools=[tool])
        [kept] = json.loads(answer["output"])
        if not kept["function"]["description"]:
            del kept["function"]["description"]
        assert kept == tool
