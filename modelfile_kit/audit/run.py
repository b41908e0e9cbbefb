"""An audit: every model is looked at once, every template judged once, and rows come as they are done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace

from ..core.urls import hide_logins
from .look import Looked, finished, look, lost
from .rows import Row
from .sources import told_names
from .templates import Judged, Judgements, Template, judge
from .workers import WorkerDiedError, Workers

WORKER_DIED = "MK497"
AHEAD = 4
"""So many models for each worker are under way at once; the next wait, so that memory is bounded."""


@dataclass(frozen=True)
class Done:
    """A row, and what it cost: bytes that were read over the network; new: whether it was made now."""

    row: Row
    read: int = 0
    new: bool = True


async def audit(
    names: Sequence[str],
    workers: Workers,
    judgements: Judgements,
    known: Mapping[str, Row] | None = None,
) -> AsyncIterator[Done]:
    """Looks at models and gives their rows in the order in which they are done.

    names: of models, which rows call as `told_names` does; known: rows of an earlier audit, by name, that are
    taken over where the revision is the same. A model that ends its worker gets a row that says so (MK497).
    """
    templates = _Templates(workers, judgements)
    waiting: set[asyncio.Task[Done]] = set()
    try:
        for name, told in told_names(names).items():
            if len(waiting) >= AHEAD * workers.count:
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    yield task.result()
            # Of an address that is told in part only, the row can be that of another one.
            row = (known or {}).get(name) if told == name else None
            waiting.add(asyncio.create_task(_told(told, _one(name, workers, templates, row))))
        while waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                yield task.result()
    finally:
        for task in waiting:
            task.cancel()


async def _told(told: str, work: Coroutine[None, None, Done]) -> Done:
    done = await work
    return replace(done, row=replace(done.row, name=told))


async def _one(name: str, workers: Workers, templates: _Templates, known: Row | None) -> Done:
    revision = known.revision if known and not known.error else ""
    try:
        looked: Looked = await workers.call(look, name, revision)
        if looked.unchanged and known is not None:
            return Done(known, looked.read, new=False)
        judged = await templates.judged(looked.template) if looked.template else None
    except Exception as error:
        return Done(lost(name, *_why(error)))
    return Done(finished(looked, judged), looked.read)


def _why(error: Exception) -> tuple[str, str]:
    """Code and words for a call that ended otherwise than its function does: it costs one model alone."""
    if isinstance(error, WorkerDiedError):
        return WORKER_DIED, "the process that was at it ended"
    if isinstance(error, MemoryError):
        return "MK405", "it takes more memory than a worker has"
    return "MK999", hide_logins(f"internal error: {type(error).__name__}: {error}")


class _Templates:
    """Judges each template once; who asks meanwhile waits for the same answer."""

    def __init__(self, workers: Workers, judgements: Judgements) -> None:
        self._workers = workers
        self._judgements = judgements
        self._asked: dict[str, asyncio.Task[Judged]] = {}

    async def judged(self, template: Template) -> Judged:
        key = template.key
        if (kept := self._judgements.get(key)) is not None:
            return kept
        if key not in self._asked:
            self._asked[key] = asyncio.create_task(self._judge(template, key))
        # Who gives up waiting does not end the work for the others.
        return await asyncio.shield(self._asked[key])

    async def _judge(self, template: Template, key: str) -> Judged:
        try:
            judged = await self._workers.call(judge, template)
        except Exception as error:
            # Not kept: the next audit tries again.
            code, _ = _why(error)
            return Judged(found=((code, "error"),))
        self._judgements.put(key, judged)
        return judged
