"""Finished checks and verifications in the shape that every report format takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..align.check import CheckReport, ConversationCheck
from ..align.compare import Token, format_alignment
from ..diff.compare import Compared
from ..diff.part import Outcome
from ..diff.rendering import ByJinja
from ..publish.reply_trials import ReplyReport, Trial
from ..publish.verify import VerifyReport
from ..replies.returned import message_text, reader, returned
from ..replies.round_trip import RoundTrip
from .model import ENGINE_TOKENS, OWN_TOKENS, Case, Chip, Report, Status, TokenPair

_ALIGNED = {"ok": Status.PASSED, "mismatch": Status.FAILED, "refused": Status.SKIPPED}
DIFFER = "MK770"
_COMPARED = {
    Outcome.EQUAL: Status.PASSED,
    Outcome.DIFFERENT: Status.FAILED,
    Outcome.NOT_COMPARED: Status.SKIPPED,
}
STATUS_OF = {"ok": Status.PASSED, "fail": Status.FAILED, "skip": Status.SKIPPED}
"""By the status of a check of a server."""


def check_cases(checked: CheckReport) -> tuple[Case, ...]:
    """A case for each conversation, and one for each image that the embedded engine was shown."""
    cases = [_conversation(c, checked) for c in checked.conversations]
    for sight in checked.sights:
        status = Status.PASSED if sight.ok else Status.FAILED
        cases.append(Case(f"image {sight.colour}", status, f"says {sight.answer.strip()[:80]!r}"))
    return tuple(cases)


def diff_report(compared: Compared) -> Report:
    """A comparison: a case for each part, failed where it differs."""
    cases = tuple(
        Case(p.name, _COMPARED[p.outcome], p.summary, "\n".join(p.lines), data=p.data) for p in compared.parts
    )
    before, after = compared.before, compared.after
    facts: dict[str, Any] = {}
    for sign, side in (("-", before), ("+", after)):
        makes = f"; prompts by {side.rendering.words}" if side.rendering is not None else ""
        facts[sign] = f"{side.name} ({side.kind}{makes})"
    jinja = [sign for sign, side in (("-", before), ("+", after)) if isinstance(side.rendering, ByJinja)]
    facts |= {f"branches {s}": b for s, b in zip(jinja, compared.branches, strict=False)}
    words = {"ok": "equal", "failed": "different", "passed": "equal", "skipped": "not compared"}
    return Report("diff", f"{before.name} {after.name}", cases, facts=facts, words=words, rule=DIFFER)


def verify_report(verified: VerifyReport, *, command: str = "verify", subject: str | None = None) -> Report:
    """A verification; command, subject: what the report calls itself, by default `verify` and the name."""
    cases = tuple(
        Case(c.name, STATUS_OF[c.status], c.detail, diagnostics=c.diagnostics, seconds=c.seconds, help=c.help)
        for c in verified.checks
    )
    by = "the GGUF's own chat template" if verified.native else "the TEMPLATE"
    facts = {"server": f"{verified.host} (Ollama {verified.version})", "prompts by": by}
    headline = f"at {facts['server']}; prompts by {by}"
    return Report(command, subject or verified.name, cases, facts=facts, headline=headline)


def reply_cases(tried: ReplyReport) -> tuple[Case, ...]:
    """A case for each kind of reply, with what each way of asking gave."""
    odd = (
        Case(f"reply: {told.odd.name}", Status.PASSED, told.words, diagnostics=told.diagnostics)
        for told in tried.odd
    )
    return (*map(_reply, tried.trials), *odd)


def reply_facts(trip: RoundTrip) -> list[dict[str, Any]]:
    """Each kind of reply that is shown: how the model writes it, and the message that the user gets."""
    by = reader(trip)
    return [
        {
            "kind": one.kind,
            "read by": by,
            "writes": one.writes,
            "gets": one.text(),
            "read back": not one.problem,
        }
        for one in returned(trip)
        if one.writes is not None
    ]


def _gets(trial: Trial) -> dict[str, str]:
    """What the user gets: of the ways that were asked, the first that gave something else than was meant."""
    seen = next((s for s in trial.seen if s.problem), next(iter(trial.seen), None))
    if seen is None:
        return {}
    if seen.answer is None:
        return {"gets": f"error: {seen.error}"}
    answer = seen.answer
    calls = [{"name": name, "arguments": arguments} for name, arguments in answer.calls]
    message = {"thinking": answer.thinking, "content": answer.content, "tool_calls": calls}
    return {"gets": message_text(message)}


def _reply(trial: Trial) -> Case:
    status = {"read": Status.PASSED, "absent": Status.SKIPPED, "skipped": Status.SKIPPED}
    words = {
        "read": "read back",
        "absent": "absent: the chat template shows no such reply",
        "skipped": trial.skipped,
    }
    ways = [f"{seen.way}: {seen.problem or 'read back'}" for seen in trial.seen]
    data = {
        "ways": {str(seen.way): seen.problem or "read" for seen in trial.seen},
        **({"writes": trial.spoken.text} if trial.spoken else {}),
        **_gets(trial),
    }
    return Case(
        f"reply: {trial.kind.name}",
        status.get(trial.status, Status.FAILED),
        words.get(trial.status, "; ".join(ways)),
        "\n".join(ways) if trial.status in ("partly", "unread") else "",
        trial.diagnostics,
        data=data,
    )


def _conversation(check: ConversationCheck, checked: CheckReport) -> Case:
    alignment, tokens = check.alignment, checked.tokens
    details = ""
    if check.status == "ok" and alignment is not None:
        size = len((check.prompt or "").encode("utf-8", "surrogateescape"))
        summary = f"{size} bytes" + (f", {alignment.prompt_count} tokens" if tokens else "")
    else:
        refused = check.uncompared or ("not compared" if check.stopped else "refused")
        summary = {"mismatch": "differs from the chat template", "refused": refused}.get(check.status, "")
    if check.status == "mismatch" and alignment is not None:
        details = format_alignment(alignment)
    own = check.own_tokens
    if own is not None:
        summary = f"{summary}, {own.words}"
        details = "\n".join(filter(None, (details, "" if own.equal else own.table())))
    data = {"prompt": check.prompt, "reference": check.reference}
    known: dict[str, object] = {key: text for key, text in data.items() if text is not None}
    if own is not None:
        known[ENGINE_TOKENS] = [[t.id, t.text] for t in own.ours]
        known[OWN_TOKENS] = [[t.id, t.text] for t in own.theirs]
    pairs = tuple(_pairs(check, checked))
    return Case(
        check.id, _ALIGNED[check.status], summary, details, check.diagnostics, data=known, tokens=pairs
    )


def _pairs(check: ConversationCheck, checked: CheckReport) -> Iterable[TokenPair]:
    """What the page shows of the tokens, where they were kept."""
    if check.tokens is None:
        return
    ours, theirs = (_chips(row, checked.kinds) for row in check.tokens)
    yield TokenPair("Tokens", "prompt", "reference", ours, theirs)
    own = check.own_tokens
    if own is not None:
        engine, trained = _chips(own.ours, checked.kinds), _chips(own.theirs, checked.own_kinds)
        title = "Tokens of the model's own tokenizer"
        yield TokenPair(title, "with llama.cpp", "with the model's own tokenizer", engine, trained)


def _chips(tokens: Iterable[Token], kinds: Sequence[str]) -> tuple[Chip, ...]:
    return tuple(Chip(t.id, t.text, _kind(t.id, kinds)) for t in tokens)


def _kind(number: int, kinds: Sequence[str]) -> str:
    if number < 0:
        return "image"
    return kinds[number] if number < len(kinds) else ""
