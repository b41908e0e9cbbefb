"""The tag readers against Ollama's own packages: `make fuzz N=1000000` asks about a million replies."""

from __future__ import annotations

import base64
import itertools
import os
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

import pytest

from modelfile_kit.ollama.prompt import PromptTemplate
from modelfile_kit.ollama.replies import split_reply
from tests.ollama.generate_replies import TagCase, tag_cases
from tests.ollama.parsers.compare import as_sent
from tests.oracle.oracle import VERSIONS, Oracle, source

pytestmark = pytest.mark.oracle

COUNT = int(os.environ.get("MKMODELFILE_FUZZ", "5000"))
SEED = int(os.environ.get("MKMODELFILE_SEED", "1"))
# Go's maps have no order, so of several objects that may be arguments Ollama takes any; asked again, another.
AGAIN = 60


def _tools(case: TagCase) -> list[dict[str, Any]]:
    return [{"type": "function", "function": {"name": name}} for name in case.names]


def _question(case: TagCase) -> dict[str, Any]:
    chunks = [base64.b64encode(piece).decode() for piece in (*case.pieces, b"")]
    asked = {"think": case.think, "tools": _tools(case), "prompt": case.prompt, "chunks_b64": chunks}
    return {"op": "reply", **source(case.template), **asked}


def _theirs(answer: dict[str, Any]) -> list[Any]:
    calls = [
        [c["function"]["name"], c["function"]["arguments"], c["function"].get("index", 0)]
        for c in answer["tool_calls"]
    ]
    return [answer["thinking"], answer["content"], calls]


@lru_cache(maxsize=200)
def _tags(template: str, version: str) -> dict[str, str]:
    parsed = PromptTemplate(template, target=version)
    thinking = parsed.thinking_tags
    return {"opening": thinking.opening, "closing": thinking.closing, "tool_tag": parsed.tool_tag.tag}


def _ours(case: TagCase, version: str) -> list[Any]:
    reply = split_reply(
        [piece.decode("utf-8", "surrogateescape") for piece in case.pieces],
        **_tags(case.template, version),
        prompt=case.prompt,
        think=case.think,
        tools=_tools(case) or None,
        target=version,
    )
    calls = [[call.name, as_sent(call.arguments), call.index] for call in reply.tool_calls]
    return [reply.thinking, reply.content, calls]


def different(judge: Oracle, wanted: Iterable[TagCase]) -> Iterator[tuple[TagCase, list[Any], list[Any]]]:
    """Cases that the two do not agree on, with both answers."""
    asked, answered = itertools.tee(wanted)
    for case, answer in zip(answered, judge.ask_all(map(_question, asked)), strict=True):
        mine, theirs = _ours(case, judge.version), _theirs(answer)
        if mine == theirs:
            continue
        again = [_theirs(a) for a in Oracle.ask_all(judge, [_question(case)] * AGAIN)]
        if mine not in again:
            yield case, theirs, mine


@pytest.mark.parametrize("version", VERSIONS[2:])
def test_replies(oracle_for: Callable[[str], Oracle], version: str) -> None:
    count = COUNT if version == VERSIONS[-1] else COUNT // 5
    assert list(itertools.islice(different(oracle_for(version), tag_cases(SEED, count)), 3)) == []
