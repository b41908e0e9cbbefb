"""The judge itself: it answers, it survives crashes and it notices silence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.oracle.oracle import VERSIONS, Oracle, OracleTimeoutError

pytestmark = pytest.mark.oracle


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_answers(oracle_for: Callable[[str], Oracle], version: Any) -> None:
    judge = oracle_for(version)
    assert judge.modelfile(b"FROM x\nmessage USER hi") == {
        "ok": False,
        "line": 2,
        "error": '(line 2): message role must be one of "system", "user", or "assistant"',
    }
    assert judge.chat("{{ range .Messages }}<{{ .Role }}>{{ end }}", [{"role": "user"}])["output"] == "<user>"


def test_bytes_that_are_not_text(oracle: Oracle) -> None:
    answer = oracle.execute("{{ slice .s 1 }}\udcff", {"s": "é"})
    assert answer["output"] == "\udca9\udcff"


def test_typed_values(oracle: Oracle) -> None:
    data = {"a": {"$int": 3}, "b": 3, "c": {"$map[string]string": {"x": "y"}}, "d": {"$nil": "map"}}
    answer = oracle.execute('{{ printf "%T %T %v %T" .a .b .c .d }}', data)
    assert answer["output"] == "int float64 map[x:y] map[string]interface {}"


def test_a_crash_is_an_answer(oracle: Oracle) -> None:
    answer = oracle.chat("{{ if true }}{{ .Response }}{{ else }}b{{ end }}", [{"role": "user"}])
    assert answer["panic"] and not answer["ok"]
    assert oracle.parse("x")["ok"]


def test_silence_is_noticed(oracle: Oracle) -> None:
    with Oracle(timeout=0.5) as judge:
        with pytest.raises(OracleTimeoutError):
            judge.execute("{{ range $i := .n }}{{ end }}", {"n": {"$int": "9000000000000000000"}})
        assert judge.parse("x")["ok"]
