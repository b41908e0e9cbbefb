"""Compares the engine with Go on generated pairs: `python -m tests.gotemplate.fuzz COUNT [SEED]`.

The judge is Ollama's own build of text/template (tests/oracle). Equal means: the same output, or the
same refusal, word for word and place for place.
"""

from __future__ import annotations

import datetime
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from modelfile_kit.gotemplate import GoTemplateError, LimitError, Limits, marshal, parse
from modelfile_kit.gotemplate.gotypes import GoFunctionError
from tests.gotemplate.generate import Generator
from tests.gotemplate.wire import decode
from tests.oracle.oracle import Oracle, OracleTimeoutError, source

_PRINTS_ADDRESS = "memory address"
_LIMITS = Limits(steps=1_000_000, seconds=0)


def _json(value: Any) -> str:
    try:
        return marshal(value)
    except GoFunctionError:
        return ""


def _date(*_args: str) -> str:
    return datetime.datetime.now().strftime("%Y-%m-%d")


def _typescript(_value: Any) -> str:
    return "any"


FUNCTIONS = {"json": _json, "currentDate": _date, "yesterdayDate": _date, "toTypeScriptType": _typescript}
FUNCTIONS["json"].__annotations__["return"] = "str"


def ours(template: str, data: Any) -> dict[str, Any]:
    """The engine's answer in the judge's form; both its ways of executing have to agree."""
    try:
        parsed = parse(template, functions=FUNCTIONS)
    except GoTemplateError as error:
        return {"ok": False, "stage": "parse", "error": error.message}
    values = decode(data)
    fast = _answer(parsed.execute, values)
    exact = _answer(parsed.execute_exactly, values)
    for answer in (fast, exact):
        if answer.get("stage") == "limit":
            return answer
    return fast if fast == exact else {"ok": None, "fast": fast, "exact": exact}


def _answer(execute: Callable[..., str], values: Any) -> dict[str, Any]:
    try:
        return {"ok": True, "output": execute(values, limits=_LIMITS)}
    except LimitError as error:
        return {"ok": False, "stage": "limit", "error": error.message}
    except GoTemplateError as error:
        stage = "address" if _PRINTS_ADDRESS in error.message else "execute"
        return {"ok": False, "stage": stage, "error": error.message}


def judged(theirs: dict[str, Any], mine: dict[str, Any]) -> bool:
    """Whether there is something to compare.

    Not where Go writes a memory address or the engine stops at one of its own limits, which it says,
    nor where Go's run crashed.
    """
    return mine.get("stage") not in ("address", "limit") and not theirs.get("panic")


def same(theirs: dict[str, Any], mine: dict[str, Any]) -> bool:
    """Whether the two answers are equal."""
    if mine["ok"] is None:
        return False
    if theirs["ok"]:
        return bool(mine["ok"] and theirs["output"] == mine["output"])
    return bool(not mine["ok"] and theirs["error"] == mine["error"])


@dataclass
class Tally:
    """What a run has seen."""

    pairs: int = 0
    accepted: int = 0
    refused: int = 0
    unjudged: int = 0
    different: int = 0

    def __str__(self) -> str:
        return (
            f"{self.pairs} pairs: {self.accepted} with equal output, {self.refused} with equal refusal, "
            f"{self.unjudged} not judged, {self.different} different"
        )


def answers(judge: Oracle, requests: list[dict[str, Any]], batch: int = 250) -> Iterator[dict[str, Any]]:
    """The judge's answers; where a template kills it (no end, a full stack), "panic"."""
    for start in range(0, len(requests), batch):
        part = requests[start : start + batch]
        try:
            yield from list(judge.ask_all(part))
        except (OracleTimeoutError, OSError):
            if batch == 1:
                yield {"ok": False, "panic": True, "error": "the judge died"}
            else:
                yield from answers(judge, part, batch // 8 or 1)


Difference = tuple[str, Any, dict[str, Any], dict[str, Any]]


def differences(judge: Oracle, count: int, seed: int, tally: Tally) -> Iterator[Difference]:
    """The pairs on which the two disagree."""
    generator = Generator(seed)
    pairs = [generator.pair() for _ in range(count)]
    requests = [{"op": "execute", **source(template), "data": data} for template, data in pairs]
    for (template, data), theirs in zip(pairs, answers(judge, requests), strict=True):
        mine = ours(template, data)
        tally.pairs += 1
        if not judged(theirs, mine):
            tally.unjudged += 1
        elif not same(theirs, mine):
            tally.different += 1
            yield template, data, theirs, mine
        elif mine["ok"]:
            tally.accepted += 1
        else:
            tally.refused += 1


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    tally, start, chunk = Tally(), time.monotonic(), 2_000
    with Oracle(timeout=4) as judge:
        for number in range(-(-count // chunk)):
            found = differences(judge, min(chunk, count), seed * 1_000_003 + number, tally)
            for template, data, theirs, mine in found:
                if tally.different <= 12:
                    for label, shown in (("---", template), ("data", data), ("Go", theirs), ("here", mine)):
                        print(f"{label:4} {repr(shown)[:1500]}")
    print(f"seed {seed}: {tally}, {time.monotonic() - start:.0f} s")
    sys.exit(1 if tally.different else 0)


if __name__ == "__main__":
    main()
