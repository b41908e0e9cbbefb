"""What became of the variants that `publish` and `push` handed on, for their report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..core.files import without_detours
from ..publish.publish import NotVerifiedError, Published
from ..publish.variants import VariantPublish
from ..publish.verify import VerifyReport
from ..report import Status
from ..report.convert import verify_report
from .variants import Outcome, failed, own_findings


def published_facts(done: Published) -> dict[str, object]:
    """What was done, or would be, for programs."""
    blobs = [
        {
            "name": b.name,
            "path": str(without_detours(b.path)),
            "digest": b.digest,
            "size": b.size,
            "upload": bool(b.uploaded),
        }
        for b in done.blobs
    ]
    return {
        "server": f"{done.host} (Ollama {done.version})",
        "name": done.name,
        "also": list(done.also),
        "dry_run": done.dry_run,
        "upload_bytes": done.uploaded_bytes,
        "files": blobs,
        "request": dict(done.request),
        "command": list(done.command),
        "unchanged": done.unchanged,
        "digest": done.digest,
        "kept": done.kept,
        "removed": list(done.removed),
        "pushed": done.pushed,
    }


def outcome_of(
    one: VariantPublish, *, command: str = "publish", elsewhere: VerifyReport | None = None
) -> Outcome:
    """The outcome of a variant. elsewhere: its verification by another server, in place of the first."""
    seconds, build = one.of.seconds + one.seconds, one.of
    more: dict[str, Any] = {"seconds": seconds, "names": one.names}
    done = published_facts(one.done) if one.done is not None else {}
    found = own_findings(build.built) if build.built is not None else ()
    verified = elsewhere or (one.done.verified if one.done is not None else None)
    if isinstance(one.error, NotVerifiedError):
        verified = one.error.report
    elif one.error is not None:
        return failed(build, one.error, one.result, **more)
    if verified is not None:
        report = verify_report(verified, command=command)
        ok = verified.ok and one.error is None
        status = Status.PASSED if ok else Status.FAILED
        result = one.result if elsewhere is None or ok else f"{one.result}, verification failed"
        return Outcome(
            build,
            result,
            status,
            cases=report.cases,
            diagnostics=found,
            facts={**report.facts, **done},
            **more,
        )
    return Outcome(build, one.result, diagnostics=found, facts=done, **more)


def raise_if_none_was_tried(all_of_them: Sequence[VariantPublish]) -> None:
    """Raises the error that ended all of them, where it is about the surroundings and not about a variant."""
    errors = [one.error for one in all_of_them if one.error is not None]
    if len(errors) == len(all_of_them) and (fatal := [e for e in errors if e.exit_code != 1]):
        raise fatal[0]
