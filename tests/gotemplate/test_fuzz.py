"""A seeded share of what `python -m tests.gotemplate.fuzz` does at any scale."""

from __future__ import annotations

import os

import pytest

from modelfile_kit.gotemplate import GoTemplateError, parse
from tests.gotemplate.fuzz import Tally, differences, functions_at, ours, without_messages, without_pointers
from tests.gotemplate.wire import decode
from tests.oracle.oracle import VERSIONS

# More pairs in a longer run: MKMODELFILE_FUZZ=100000.
_COUNT = int(os.environ.get("MKMODELFILE_FUZZ", "2000"))
_MESSAGE = {
    "role": "user",
    "content": "c",
    "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}],
}


@pytest.mark.oracle
def test_go_gives_the_same_answers(oracle):
    tally = Tally()
    found = list(differences(oracle, _COUNT, 4711, tally))
    assert not found, f"{tally}; first: {found[0]}"
    assert tally.accepted > _COUNT // 3
    assert tally.refused > _COUNT // 4
    assert tally.unjudged < _COUNT // 100


@pytest.mark.oracle
@pytest.mark.parametrize("version", VERSIONS[:-1])
def test_at_other_releases(oracle_for, version):
    tally = Tally()
    found = list(differences(oracle_for(version), _COUNT // 10, 4712, tally, version))
    assert not found, f"{tally}; first: {found[0]}"
    assert tally.accepted > _COUNT // 40


def test_functions_come_with_their_releases():
    template = "{{ currentDate }}{{ toTypeScriptType . }}"
    with pytest.raises(GoTemplateError, match='function "currentDate" not defined'):
        parse(template, functions=functions_at("0.9.6"))
    assert parse(template, functions=functions_at("0.12.6")).execute(1).endswith("any")


@pytest.mark.parametrize(
    "value",
    [
        *({"$*int": 3}, {"$*string": "a"}, {"$*map[string]string": {"A": "x"}}, {"$*message": _MESSAGE}),
        *({"$message": _MESSAGE}, {"$messages": [_MESSAGE]}),
    ],
)
def test_without_pointers_no_address_is_printed(value):
    data = {"L": [value]}
    assert ours("{{ . }}", data)["stage"] == "address"
    assert ours("{{ . }}", without_pointers(data))["ok"]


def test_messages_become_maps_that_have_their_texts():
    data = {"A": {"$message": _MESSAGE}, "B": [{"$messages": [_MESSAGE]}], "C": {"$nil": "*message"}}
    plain = without_messages(data)
    assert decode(plain)["A"] == {"Role": "user", "Content": "c"}
    assert "$message" not in str(plain)
    assert ours("{{ range index .B 0 }}{{ .Content }}{{ end }}", plain)["output"] == "c"
