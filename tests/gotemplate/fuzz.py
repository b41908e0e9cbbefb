"""Compares the engine with Go: `python -m tests.gotemplate.fuzz COUNT [SEED] [--version V] [--jobs N]`.

The judge is Ollama's own build of text/template (tests/oracle). Equal means: the same output, or the
same refusal, word for word and place for place.

At releases other than the newest what differs are the functions that a template is given; the values
that Ollama makes of a request, each release's own types and String() forms, are compared by
tests/ollama/test_prompt_oracle.py (MKMODELFILE_FUZZ, MKMODELFILE_SEED), so that here messages are maps.
Every judge is built by the Go that is installed: what an older Go would do differently (no `range` over
an integer below Ollama 0.5.13) is not seen here.
"""

from __future__ import annotations

import argparse
import datetime
import gc
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import Any

from modelfile_kit.gotemplate import GoTemplateError, LimitError, Limits, parse
from modelfile_kit.gotemplate.values.gotypes import Function
from modelfile_kit.ollama.functions import template_functions
from modelfile_kit.ollama.versions import Target
from tests.fuzzing import FOLDER, Fault, keep
from tests.gotemplate.generate import Generator
from tests.gotemplate.wire import decode
from tests.oracle.oracle import LATEST, VERSIONS, Oracle, OracleTimeoutError, source

_PRINTS_ADDRESS = "memory address"
# Enough for every pair but those that count to a million; Go is not asked about what goes beyond.
_LIMITS = Limits(steps=100_000)
# Pairs of one generator, so that a run can be shared out without changing what is compared.
_CHUNK = 2_000
_SHOWN = 12
# One pair in so many is executed by the exact evaluator too where the compiled template succeeds.
_TWICE = 4
_REPORTED = 100_000
# A template that calls itself to Go's bound of 100,000 levels takes some seconds on a busy machine.
_ANSWER_SECONDS = 30


def functions_at(version: str) -> Mapping[str, Function]:
    """What Ollama gives to templates."""
    return template_functions(Target.parse(version), datetime.date.today)


FUNCTIONS = functions_at(LATEST)


def ours(
    template: str, data: Any, functions: Mapping[str, Function] = FUNCTIONS, *, twice: bool = True
) -> dict[str, Any]:
    """The engine's answer in the judge's form.

    twice: both its ways of executing have to agree.
    """
    try:
        parsed = parse(template, functions=functions)
    except GoTemplateError as error:
        return {"ok": False, "stage": "parse", "error": error.message}
    values = decode(data)
    fast = _answer(parsed.execute, values)
    if not fast["ok"] or not twice:  # a compiled template leaves every refusal to the exact evaluator
        return fast
    exact = _answer(parsed.execute_exactly, values)
    if exact.get("stage") == "limit":
        return exact
    return fast if fast == exact else {"ok": None, "fast": fast, "exact": exact}


def _answer(execute: Callable[..., str], values: Any) -> dict[str, Any]:
    try:
        return {"ok": True, "output": execute(values, limits=_LIMITS)}
    except LimitError as error:
        return {"ok": False, "stage": "limit", "error": error.message}
    except GoTemplateError as error:
        stage = "address" if _PRINTS_ADDRESS in error.message else "execute"
        return {"ok": False, "stage": stage, "error": error.message}


# What holds a pointer, and what it is without one.
_POINTED = {
    "$*int": "$int",
    "$*map[string]string": "$map[string]string",
    "$*message": "$message",
    "$*string": "",
    "$error": "",
}


def without_pointers(data: Any) -> Any:
    """The data with what its pointers point to: no address can be printed of it.

    A message's tool calls are left out: their arguments hold a pointer.
    """
    if isinstance(data, list):
        return [without_pointers(v) for v in data]
    if not isinstance(data, dict):
        return data
    (name, inner), *more = data.items() if data else (("", None),)
    if not more and name in _POINTED:
        return without_pointers({_POINTED[name]: inner} if _POINTED[name] else inner)
    if not more and name == "$messages":
        return {name: [without_pointers({"$message": m})["$message"] for m in inner]}
    if not more and name == "$message":
        return {name: {k: v for k, v in inner.items() if k != "tool_calls"}}
    return {k: without_pointers(v) for k, v in data.items()}


def without_messages(data: Any) -> Any:
    """The data with maps in the place of messages, whose type is another one in each release."""
    if isinstance(data, list):
        return [without_messages(v) for v in data]
    if not isinstance(data, dict):
        return data
    (name, inner), *more = data.items() if data else (("", None),)
    if not more and name in ("$message", "$*message"):
        return {"Role": inner["role"], "Content": inner["content"]}
    if not more and name == "$messages":
        return [{"Role": m["role"], "Content": m["content"]} for m in inner]
    if not more and data == {"$nil": "*message"}:
        return {"$nil": "*int"}
    return {k: without_messages(v) for k, v in data.items()}


def same(theirs: dict[str, Any], mine: dict[str, Any]) -> bool:
    """Whether the two answers are equal."""
    if mine["ok"] is None:
        return False
    if theirs["ok"]:
        return bool(mine["ok"] and theirs["output"] == mine["output"])
    return bool(not mine["ok"] and theirs["error"] == mine["error"])


@dataclass
class Tally:
    """What a run has seen. again: pairs compared without the pointers in their data."""

    pairs: int = 0
    accepted: int = 0
    refused: int = 0
    unjudged: int = 0
    different: int = 0
    again: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        """The counts of another part of the run."""
        for each in fields(self):
            if each.name not in ("reasons", "unjudged"):
                setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))
        for reason, count in other.reasons.items():
            self.leave(reason, count)

    def leave(self, reason: str, count: int = 1) -> None:
        """Notes why a pair was not judged."""
        self.unjudged += count
        self.reasons[reason] = self.reasons.get(reason, 0) + count

    def __str__(self) -> str:
        why = ", ".join(f"{reason} {count}" for reason, count in sorted(self.reasons.items()))
        return (
            f"{self.pairs} pairs: {self.accepted} with equal output, {self.refused} with equal refusal "
            f"({self.again} of both without pointers), {self.unjudged} not judged"
            f"{f' ({why})' if why else ''}, {self.different} different"
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


def differences(
    judge: Oracle, count: int, seed: int, tally: Tally, version: str = LATEST
) -> Iterator[Difference]:
    """The pairs on which the two disagree.

    Where an address would be printed, which nobody can foretell, the pair is tried again with data that
    has no pointers.
    """
    generator = Generator(seed)
    pairs = [generator.pair() for _ in range(count)]
    if version != LATEST:
        pairs = [(template, without_messages(data)) for template, data in pairs]
    functions = functions_at(version)
    again: list[tuple[str, Any]] = []
    for first in (True, False):
        found = [
            (template, data, ours(template, data, functions, twice=number % _TWICE == 0))
            for number, (template, data) in enumerate(pairs)
        ]
        if first:
            again = [(t, without_pointers(data)) for t, data, mine in found if mine.get("stage") == "address"]
            found = [each for each in found if each[2].get("stage") != "address"]
        tally.pairs += len(found)
        tally.again += 0 if first else len(found)
        for template, data, mine, theirs in _judged_pairs(judge, found, tally):
            if not same(theirs, mine):
                tally.different += 1
                yield template, data, theirs, mine
            elif mine["ok"]:
                tally.accepted += 1
            else:
                tally.refused += 1
        pairs = again


_Answered = tuple[str, Any, dict[str, Any]]


def _judged_pairs(
    judge: Oracle, found: list[_Answered], tally: Tally
) -> Iterator[tuple[str, Any, dict[str, Any], dict[str, Any]]]:
    """The pairs on which there is something to compare, with both answers.

    Not where Go writes a memory address or the engine stops at one of its own limits, which it says, nor
    where Go's run crashes.
    """
    asked = []
    for each in found:
        stage = each[2].get("stage")
        if stage in ("address", "limit"):
            tally.leave(stage)
        else:
            asked.append(each)
    requests = [{"op": "execute", **source(template), "data": data} for template, data, _ in asked]
    for each, theirs in zip(asked, answers(judge, requests), strict=True):
        if theirs.get("panic"):
            tally.leave("no answer")
            print(f"no answer of Go: {each[0]!r}"[:600], file=sys.stderr, flush=True)
        else:
            yield *each, theirs


def chunk(number: int, *, count: int, seed: int, version: str) -> tuple[Tally, list[Difference]]:
    """One part of a run, by a judge of its own."""
    gc.collect()
    gc.disable()  # what one part makes is not much
    tally = Tally()
    size = min(_CHUNK, count - number * _CHUNK)
    with Oracle(version, timeout=_ANSWER_SECONDS) as judge:
        found = differences(judge, size, seed * 1_000_003 + number, tally, version)
        return tally, list(found)


def main(arguments: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(prog="python -m tests.gotemplate.fuzz")
    options.add_argument("count", type=int, nargs="?", default=10_000, help="pairs of template and data")
    options.add_argument("seed", type=int, nargs="?", default=1)
    options.add_argument("--version", default=LATEST, help=f"Ollama's: {', '.join(VERSIONS)} or another")
    options.add_argument("--jobs", type=int, default=1, help="processes")
    options.add_argument("--keep", type=Path, default=FOLDER, help="the folder for pairs that differ")
    chosen = options.parse_args(arguments)
    tally, start = Tally(), time.monotonic()
    work = partial(chunk, count=chosen.count, seed=chosen.seed, version=chosen.version)
    numbers = range(-(-chosen.count // _CHUNK))
    shown = 0
    with ProcessPoolExecutor(max(chosen.jobs, 1)) as pool:
        for part, found in pool.map(work, numbers):
            tally.add(part)
            if tally.pairs % _REPORTED == 0:
                print(tally, file=sys.stderr, flush=True)
            for template, data, theirs, mine in found[: max(_SHOWN - shown, 0)]:
                shown += 1
                pair = json.dumps({"template": template, "data": data}, indent=1)
                print(f"kept as {keep(Fault('', pair.encode(), '.json'), chosen.keep)}")
                for label, value in (("---", template), ("data", data), ("Go", theirs), ("here", mine)):
                    print(f"{label:4} {repr(value)[:1500]}", flush=True)
    seconds = time.monotonic() - start
    print(f"Ollama {chosen.version}, seed {chosen.seed}: {tally}, {seconds:.0f} s")
    return 1 if tally.different else 0


if __name__ == "__main__":
    raise SystemExit(main())
