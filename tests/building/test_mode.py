"""TEMPLATE or the GGUF's own Jinja: what is proven wins, and the report says why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from modelfile_kit.building.mode import Mode, choose_mode, kinds_in_words, unused_template
from modelfile_kit.building.native_way import NativeReplies, NativeWay
from modelfile_kit.core.diagnostics import Diagnostic, Severity, Span
from modelfile_kit.ollama.reply_types import Reply
from modelfile_kit.ollama.versions import Target
from modelfile_kit.prover.counting import Count
from modelfile_kit.prover.native import NativeProof
from modelfile_kit.replies.round_trip import Reading, RoundTrip
from modelfile_kit.replies.spoken import KINDS, Spoken

EXACT = {"chat": "exact", "tools": "absent"}
TOOLS = {"chat": "exact", "tools": "partial"}
THINKS = {"chat": "exact", "tools": "partial", "thinking": "exact"}
PARTIAL = {"chat": "partial"}
NOTHING = {"chat": "unsupported"}

FOUND = Diagnostic("MK522", Severity.WARNING, "native mode, something: differs")


def seen(**coverage: str) -> NativeProof:
    """A proof of native mode; everything that is not named is absent."""
    kinds = {k: coverage.get(k, "absent") for k in ("chat", "tools", "thinking", "images")}
    partial = "partial" in kinds.values()
    return NativeProof(kinds, "llama-server 9", 7, (FOUND,) if partial else ())


BLIND = NativeProof({"chat": "unknown"}, diagnostics=(FOUND,), why_not="there is no llama-server")

REFUSED = NativeProof(
    {"chat": "unsupported"},
    "llama-server 9",
    diagnostics=(Diagnostic("MK736", Severity.ERROR, "llama-server does not take this chat template: why"),),
)


ENGINE = "llama-server 9"


def natively(**read: bool) -> NativeReplies:
    """Replies that a llama-server was seen to read, or not; `_` in a kind's name is a space."""
    spoken = {k: next(kind for kind in KINDS if kind.name == k.replace("_", " ")) for k in read}
    readings = (
        Reading(Spoken(spoken[k], "", None, ""), 0, Reply(), "" if read[k] else "content") for k in read
    )
    return NativeReplies(RoundTrip("", tuple(readings), engine=ENGINE), "")


def choose(
    coverage: dict[str, str] | None,
    found: NativeProof | None,
    *,
    asked: str = "auto",
    closed: str = "",
    target: str = ">=0.30",
    replies: dict[str, bool] | None = None,
    read: NativeReplies | None = None,
) -> Mode:
    def prove() -> NativeProof:
        assert found is not None, "native mode was looked at although nothing asks for it"
        return found

    way = NativeWay(closed, prove, lambda: read or NativeReplies())
    target_of = Target.parse(target)
    return choose_mode(asked, coverage, way, target=target_of, span=Span("p.yaml", 3), replies=replies)


@pytest.mark.parametrize(
    ("coverage", "found", "chosen", "codes"),
    [
        # The TEMPLATE is enough, or as good as native mode.
        (EXACT, None, "go", []),
        (TOOLS, seen(chat="exact", tools="partial"), "go", ["MK514"]),
        (TOOLS, seen(chat="partial", tools="exact"), "go", ["MK514"]),
        (THINKS, seen(chat="exact", tools="exact", thinking="partial"), "go", ["MK514"]),
        (PARTIAL, seen(chat="partial"), "go", ["MK514"]),
        # Native mode is proven for more.
        (TOOLS, seen(chat="exact", tools="exact"), "native", []),
        (PARTIAL, seen(chat="exact"), "native", []),
        (dict(PARTIAL, tools="partial"), seen(chat="exact", tools="partial"), "native", ["MK522"]),
        (NOTHING, seen(chat="exact"), "native", []),
        # There can be no TEMPLATE, so native mode is taken with what speaks against it.
        (NOTHING, seen(chat="partial"), "native", ["MK522"]),
        (NOTHING, BLIND, "native", ["MK522"]),
        # llama-server does not even take the chat template.
        (PARTIAL, REFUSED, "go", ["MK514"]),
        (NOTHING, REFUSED, "go", ["MK515"]),
        # Nothing is known about native mode.
        (PARTIAL, BLIND, "go", ["MK514"]),
    ],
)
def test_what_is_proven_wins(
    coverage: dict[str, str], found: NativeProof | None, chosen: str, codes: list[str]
) -> None:
    mode = choose(coverage, found)
    assert mode.chosen == chosen
    assert [d.code for d in mode.diagnostics] == codes
    assert mode.native is found
    if found is not None and "MK515" not in codes:
        assert "llama-server" in mode.why
    if chosen == "go" and codes:
        assert "llama-server" in mode.diagnostics[0].help


@pytest.mark.parametrize(
    ("asked", "coverage", "closed", "target", "chosen", "codes"),
    [
        ("auto", PARTIAL, "too old", ">=0.29", "go", ["MK514"]),
        ("auto", NOTHING, "too old", "0.17.4", "go", ["MK515"]),
        ("auto", NOTHING, "another file", ">=0.30", "go", ["MK515"]),
        ("go", PARTIAL, "", ">=0.30", "go", ["MK514"]),
        ("go", NOTHING, "", ">=0.30", "go", ["MK515"]),
        ("native", None, "", ">=0.30", "native", []),
        ("auto", None, "", ">=0.30", "go", []),
    ],
)
def test_where_native_mode_is_closed_or_not_asked_about(
    asked: str, coverage: dict[str, str] | None, closed: str, target: str, chosen: str, codes: list[str]
) -> None:
    mode = choose(coverage, None, asked=asked, closed=closed, target=target)
    assert mode.chosen == chosen
    assert [d.code for d in mode.diagnostics] == codes
    assert mode.why or codes == ["MK515"]
    if closed and codes == ["MK514"]:
        assert closed in mode.why and closed in mode.diagnostics[0].help


def test_old_servers_are_named_as_the_reason() -> None:
    mode = choose(NOTHING, None, closed="too old", target="0.17")
    assert ">=0.30" in mode.diagnostics[0].help


@pytest.mark.parametrize(
    ("right", "useless", "chosen"), [(True, True, "native"), (True, False, "go"), (False, True, "go")]
)
def test_a_useless_template_gives_way_where_native_mode_is_right_on_the_same(
    right: bool, useless: bool, chosen: str
) -> None:
    found = replace(seen(chat="partial"), probes_right=right)
    target = Target.parse(">=0.30")
    way = NativeWay(prove=lambda: found)
    mode = choose_mode("auto", PARTIAL, way, target=target, span=Span(), useless=useless)
    assert mode.chosen == chosen
    assert [d.code for d in mode.diagnostics] == ["MK522" if chosen == "native" else "MK514"]
    assert ("gets none of the package's conversations right" in mode.why) == (chosen == "native")


@pytest.mark.parametrize(
    ("chat", "tools", "exact", "chosen"),
    [
        # (by the TEMPLATE, natively) of ten
        ((10, 10), (0, 9), "exact", "native"),
        ((10, 10), (3, 4), "exact", "native"),
        ((10, 10), (4, 4), "exact", "go"),
        ((10, 10), (4, 3), "exact", "go"),
        # more tools for less chat is no gain, nor is it where the proof of chat is lost
        ((10, 9), (0, 10), "exact", "go"),
        ((10, 10), (0, 9), "partial", "go"),
    ],
)
def test_more_right_of_one_kind_and_of_no_kind_less(
    chat: tuple[int, int], tools: tuple[int, int], exact: str, chosen: str
) -> None:
    counts = {"chat": Count(*chat, 10), "tools": Count(*tools, 10)}
    found = replace(seen(chat=exact, tools="partial"), counts=counts)
    mode = choose(TOOLS, found)
    assert mode.chosen == chosen
    said = mode.why if chosen == "native" else mode.diagnostics[0].help
    assert f"chat {chat[1]} and {chat[0]} of 10, tools {tools[1]} and {tools[0]} of 10" in (said or "")


READ = {"answer": True, "call": False}
COUNTED = {"chat": Count(10, 10, 10), "tools": Count(8, 8, 10)}
FEWER = {"chat": Count(10, 10, 10), "tools": Count(8, 7, 10)}


@pytest.mark.parametrize(
    ("coverage", "found", "read", "chosen", "words"),
    [
        # A TEMPLATE that is exact gives way where native mode is too, and reads more.
        (EXACT, seen(chat="exact"), natively(answer=True, call=True), "native", "2 and 1 of 2"),
        (EXACT, seen(chat="partial"), natively(answer=True, call=True), "go", "its prompts are worse"),
        (EXACT, None, natively(answer=False, call=True), "go", "without answer"),
        (EXACT, None, natively(answer=True, call=False), "go", "all but call"),
        # What was not seen is not proven.
        (EXACT, None, natively(call=True), "go", "without answer"),
        (EXACT, None, NativeReplies(), "go", "not proven (llama-server was not found"),
        # Prompts that are equally right, and more replies.
        (TOOLS, COUNTED, natively(answer=True, call=True), "native", "2 and 1 of 2"),
        (TOOLS, FEWER, natively(answer=True, call=True), "go", "native mode is no better"),
        (TOOLS, COUNTED, natively(answer=True, call=False), "go", "1 and 1 of 2"),
        # Better prompts are no reason where a reply is lost.
        (TOOLS, seen(chat="exact", tools="exact"), natively(answer=True, call=False), "native", "proven"),
        (TOOLS, seen(chat="exact", tools="exact"), natively(answer=False, call=True), "go", "without answer"),
        (TOOLS, seen(chat="exact", tools="exact"), NativeReplies(), "go", "not proven"),
    ],
)
def test_replies_count_beside_prompts(
    coverage: dict[str, str], found: Any, read: NativeReplies, chosen: str, words: str
) -> None:
    if isinstance(found, dict):
        found = replace(seen(chat="exact", tools="partial"), counts=found)
    mode = choose(coverage, found, replies=READ, read=read)
    assert mode.chosen == chosen
    assert words in mode.why
    unread = chosen == "native" and not all(read.trip.read.values() if read.trip else ())
    assert ("MK532" in [d.code for d in mode.diagnostics]) == unread


def test_where_all_replies_are_read_nothing_is_asked() -> None:
    assert choose(EXACT, None, replies={"answer": True}, read=None).native_replies is None


def test_without_an_engine_the_choice_is_that_of_the_prompts() -> None:
    """As it was before replies counted: a TEMPLATE, or native mode where no TEMPLATE is possible."""
    for coverage, chosen in ((EXACT, "go"), (PARTIAL, "go"), (NOTHING, "native")):
        assert choose(coverage, BLIND, replies=READ).chosen == chosen
        assert choose(coverage, BLIND).chosen == chosen


def test_kinds_in_words() -> None:
    coverage = {"chat": "exact", "tools": "partial", "thinking": "exact", "images": "absent"}
    assert kinds_in_words(coverage) == "proven exact for chat, thinking; not exact in every case for tools"


@pytest.mark.parametrize(
    ("coverage", "found", "every", "chosen", "codes"),
    [
        (EXACT, seen(chat="exact"), True, "native", []),
        (EXACT, seen(chat="exact"), False, "go", []),
        (EXACT, seen(chat="partial"), True, "go", ["MK522"]),
        (THINKS, seen(chat="exact", thinking="partial"), True, "go", ["MK522"]),
        (TOOLS, seen(chat="exact", tools="partial"), True, "native", ["MK522"]),
        (EXACT, BLIND, True, "go", ["MK522"]),
        (EXACT, REFUSED, True, "go", ["MK736"]),
    ],
)
def test_a_template_that_ollama_will_not_use(
    coverage: dict[str, str], found: NativeProof, every: bool, chosen: str, codes: list[str]
) -> None:
    before = Mode("go", "it is exact")
    mode = unused_template(
        before, coverage, NativeWay(prove=lambda: found), every_server=every, span=Span("p.yaml", 3)
    )
    assert (mode.chosen, [d.code for d in mode.diagnostics]) == (chosen, codes)
    assert "llama-server" in mode.why
    assert mode.native is found
    assert all(d.severity is Severity.WARNING for d in mode.diagnostics)
