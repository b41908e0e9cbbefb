"""Cases put to Ollama's own parsers and to ours."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from modelfile_kit.ollama.builtin import PARSERS
from modelfile_kit.ollama.parsers import read_reply
from modelfile_kit.ollama.versions import Target
from tests.ollama.parsers.generate import Case
from tests.oracle.oracle import Oracle


def question(case: Case) -> dict[str, Any]:
    """What the judge is asked."""
    asked: dict[str, Any] = {
        "op": "parser_reply",
        "name": case.name,
        "tools": case.tools or [],
        "chunks_b64": [base64.b64encode(piece).decode() for piece in case.pieces],
    }
    if case.together:
        asked["together"] = True
    if case.last is not None:
        asked["last"] = case.last
    if case.think is not None:
        asked["think"] = case.think
    return asked


def ollamas(answer: dict[str, Any]) -> list[Any]:
    """The judge's answer in the shape of `ours`."""
    calls = [
        [c["function"]["name"], _shape(c["function"]["arguments"]), c["function"].get("index", 0)]
        for c in answer.get("tool_calls", ())
    ]
    ending = "crash" if answer.get("panic") else "" if answer["ok"] else "error"
    return [answer.get("thinking", ""), answer.get("content", ""), calls, ending]


def ours(case: Case, version: str) -> list[Any]:
    """Thought, content, calls (name, arguments with their order, index), and how it ended."""
    reply = read_reply(
        case.name,
        [piece.decode("utf-8", "surrogateescape") for piece in case.pieces],
        tools=case.tools,
        last_message=case.last,
        think=case.think,
        target=version,
        end_with_last=case.together,
    )
    calls = [[call.name, _shape(call.arguments), call.index] for call in reply.tool_calls]
    ending = "crash" if reply.crash else "error" if reply.error else ""
    return [reply.thinking, reply.content, calls, ending]


def _shape(arguments: Any) -> Any:
    """Arguments with the order of their names, which dictionaries do not compare."""
    return None if arguments is None else [[name, as_sent(value)] for name, value in arguments.items()]


def as_sent(value: Any) -> Any:
    """A value as it comes out of the server's JSON, where a large float64 has the digits of an integer."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return int(Decimal(repr(value)))
    if isinstance(value, list):
        return [as_sent(item) for item in value]
    if isinstance(value, dict):
        return {name: as_sent(item) for name, item in value.items()}
    return value


def differences(judge: Oracle, wanted: Iterable[Case]) -> Iterator[tuple[Case, list[Any], list[Any]]]:
    """Cases that the two do not agree on, with both answers."""
    target = Target.parse(judge.version)
    known = (case for case in wanted if target.version >= PARSERS[case.name].since)
    asked, answered = itertools.tee(known)
    for case, answer in zip(answered, judge.ask_all(map(question, asked)), strict=True):
        theirs, mine = ollamas(answer), ours(case, judge.version)
        if theirs != mine:
            yield case, theirs, mine
