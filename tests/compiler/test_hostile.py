"""The whole compiler, its proof included, on the hostile chat templates; judged by counts, not by a clock.

What is counted is every call of a function, C's too, by Python's own profiler. A million calls are some
0.1 to 0.2 seconds of an idle machine. `python -m benchmarks.hostile` measures seconds and memory in all four
ways.
"""

from __future__ import annotations

import cProfile
import os
import pstats
import resource
import sys

import pytest

from modelfile_kit.compiler import Compiled, compile_template
from modelfile_kit.core.errors import TemplateReferenceError
from tests.hostile_templates import ALL

CALLS_MAX = 12_000_000
# Quick calls, most of them of C's functions: these too end in two seconds of processor time.
MANY_CALLS = {"forty switches asked in the loop", "many tests"}
MANY_CALLS_MAX = 20_000_000
MEMORY_MAX = 300 << 20
# Findings that tell of a place in the chat template, and have to say which.
PLACED = {"MK610", "MK611", "MK652"}
# `make soak` tries all of them, every other run each twelfth.
TRIED = list(ALL) if os.environ.get("MKMODELFILE_SOAK") else list(ALL)[::12]


def counted(source: str) -> tuple[Compiled | None, int]:
    """What is compiled, None for what is refused with its reason, and the count of calls."""
    profile = cProfile.Profile()
    found: Compiled | None = None
    profile.enable()
    try:
        found = compile_template(source)
    except TemplateReferenceError as e:
        assert e.message
    finally:
        profile.disable()
    return found, pstats.Stats(profile).total_calls  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", TRIED)
def test_it_ends_soon_and_says_where(name: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found, calls = counted(ALL[name])
    assert calls < (MANY_CALLS_MAX if name in MANY_CALLS else CALLS_MAX)
    more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert more * (1 if sys.platform == "darwin" else 1024) < MEMORY_MAX
    for told in found.diagnostics if found else ():
        assert told.code != "MK657", told.message
        assert told.code not in PLACED or (told.span and told.span.line), told.message
        assert "not defined" not in told.message


def test_what_takes_many_calls_is_among_them() -> None:
    assert set(ALL) >= MANY_CALLS


def test_there_are_two_hundred_of_them() -> None:
    assert len(set(ALL.values())) == len(ALL) > 200


def test_the_zeros_of_a_directive_are_read_once() -> None:
    zeros = "0" * 100_000  # with two ways to read each of them, this takes many minutes
    source = "{% for m in messages %}{{ '%" + zeros + "' % m.content }}{{ m.content }}{% endfor %}"
    found, calls = counted(source)
    assert found is None or found.template
    assert calls < CALLS_MAX
