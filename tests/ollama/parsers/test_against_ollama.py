"""The parsers against Ollama's own packages: `make fuzz N=1000000` asks about a million replies."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable

import pytest

from modelfile_kit.ollama.builtin import PARSERS
from modelfile_kit.ollama.parsers import READERS, make_parser
from modelfile_kit.ollama.versions import Target
from tests.ollama.parsers.compare import differences
from tests.ollama.parsers.generate import TOOLS, cases
from tests.oracle.oracle import TAGS, VERSIONS, Oracle

pytestmark = pytest.mark.oracle

COUNT = int(os.environ.get("MKMODELFILE_FUZZ", "8000"))
SEED = int(os.environ.get("MKMODELFILE_SEED", "1"))
JUDGED = [v for v in VERSIONS if tuple(map(int, v.split("."))) >= TAGS["parser_reply"]]


@pytest.mark.parametrize("version", JUDGED)
def test_replies(oracle_for: Callable[[str], Oracle], version: str) -> None:
    count = COUNT if version == VERSIONS[-1] else max(COUNT // 4, 1000)
    different = list(itertools.islice(differences(oracle_for(version), cases(SEED, count)), 5))
    assert different == []


@pytest.mark.parametrize("version", JUDGED)
def test_what_a_parser_promises(oracle_for: Callable[[str], Oracle], version: str) -> None:
    judge = oracle_for(version)
    asked = 0
    messages = [None, {"role": "assistant", "content": "Well"}, {"role": "user", "content": "q"}]
    for name, last, think, tools in itertools.product(
        READERS, messages, (None, True, False), ([], [TOOLS[0]])
    ):
        request = {"think": think} if think is not None else {}
        request |= {"last": last} if last else {}
        answer = judge.ask("parser_promises", name=name, tools=tools, **request)
        known = Target.parse(version).version >= PARSERS[name].since
        assert answer["known"] == known, name
        if not known:
            continue
        parser = make_parser(name, tools=tools, last_message=last, think=think, target=version)
        assert (parser.tools, parser.thinking) == (answer["tools"], answer["thinking"]), name
        assert list(parser.preserved) == (answer["preserved"] or []), name
        if "thinking_close" in answer:
            assert list(parser.thinking_close()) == (answer["thinking_close"] or []), (name, request)
            asked += 1
    assert asked or version != VERSIONS[-1]
