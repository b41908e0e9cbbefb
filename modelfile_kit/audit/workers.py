"""Where the work is done: in processes of this machine, or on a Dask cluster. Both do the same calls.

A worker that dies takes only what it was at with it: each process of this machine has one call at a time, and
Dask says which call killed its workers.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from multiprocessing import get_context
from typing import Any, Protocol, TypeVar

from ..core.errors import MissingDependencyError, UsageError
from ..core.http_client import as_patient

MEMORY_BYTES = 2 << 30
"""What one worker may take; the largest honest header takes 300 MB."""

CALLS = 500
"""After so many a process is replaced, so that what a library keeps does not grow."""

DEATHS = 2
"""So often a call is tried: a worker may die of something else once."""

CLUSTER_SECONDS = 30

Result = TypeVar("Result")


class WorkerDiedError(Exception):
    """The process that did a call ended in it, each time that it was tried."""


class Workers(Protocol):
    """count: how many calls go on at once."""

    count: int

    async def call(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """The result of a call in a worker. Raises WorkerDiedError."""


class LocalWorkers:
    """Processes of this machine, each with one call at a time and bounded memory."""

    def __init__(self, count: int, memory: int = MEMORY_BYTES) -> None:
        self.count = count
        self._memory = memory
        self._idle: asyncio.LifoQueue[_Process] = asyncio.LifoQueue()
        self._all = [_Process(memory) for _ in range(count)]
        for process in self._all:
            self._idle.put_nowait(process)

    async def call(self, function: Callable[..., Result], *arguments: Any) -> Result:
        process = await self._idle.get()
        function = as_patient(function)
        try:
            for _ in range(DEATHS):
                with contextlib.suppress(BrokenProcessPool):
                    return await process.call(function, *arguments)
                process.replace()
            raise WorkerDiedError
        finally:
            self._idle.put_nowait(process)

    def close(self) -> None:
        """Ends the processes, also those that are at work."""
        for process in self._all:
            process.end()


class _Process:
    """One process, made at its first call."""

    def __init__(self, memory: int) -> None:
        self._memory = memory
        self._pool: ProcessPoolExecutor | None = None
        self._calls = 0

    async def call(self, function: Callable[..., Result], *arguments: Any) -> Result:
        if self._calls >= CALLS:
            self.replace()
        if self._pool is None:
            # Not by fork: the parent has threads and connections.
            self._pool = ProcessPoolExecutor(1, get_context("spawn"), _begin, (self._memory,))
        self._calls += 1
        return await asyncio.get_running_loop().run_in_executor(self._pool, function, *arguments)

    def replace(self) -> None:
        """The next call has a new process."""
        pool, self._pool, self._calls = self._pool, None, 0
        if pool is not None:
            pool.shutdown(wait=False)

    def end(self) -> None:
        """Ends the process at once."""
        pool, self._pool = self._pool, None
        if pool is not None:
            for process in list((pool._processes or {}).values()):
                process.kill()
            pool.shutdown(wait=True, cancel_futures=True)


def _begin(memory: int) -> None:
    """In a new process: Ctrl-C is the parent's matter, and memory is bounded where the system can."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class DaskWorkers:
    """The workers of a Dask cluster. client: an asynchronous `distributed.Client`."""

    def __init__(self, client: Any) -> None:
        self._client = client
        threads = (worker["nthreads"] for worker in client.scheduler_info()["workers"].values())
        self.count = max(1, sum(threads))

    async def call(self, function: Callable[..., Result], *arguments: Any) -> Result:
        from distributed.scheduler import KilledWorker

        future = self._client.submit(as_patient(function), *arguments, pure=False)
        try:
            result: Result = await future
        except KilledWorker as e:
            raise WorkerDiedError from e
        return result


@contextlib.asynccontextmanager
async def local_workers(count: int, memory: int = MEMORY_BYTES) -> AsyncIterator[LocalWorkers]:
    """So many processes, ended afterwards."""
    workers = LocalWorkers(count, memory)
    try:
        yield workers
    finally:
        workers.close()


@contextlib.asynccontextmanager
async def dask_workers(address: str, count: int) -> AsyncIterator[DaskWorkers]:
    """A cluster. address: of its scheduler, or "local" for one of `count` processes on this machine.

    Raises MissingDependencyError without the extra `dask`, UsageError where no scheduler answers.
    """
    try:
        distributed: Any = import_module("distributed")
    except ImportError as e:
        raise MissingDependencyError(
            "--dask needs the library distributed, which is not installed",
            help="pip install 'modelfile-kit[dask]'",
        ) from e
    async with contextlib.AsyncExitStack() as stack:
        if address == "local":
            cluster = distributed.LocalCluster(
                n_workers=count,
                threads_per_worker=1,
                asynchronous=True,
                memory_limit=MEMORY_BYTES,
                dashboard_address=None,
            )
            scheduler: Any = await stack.enter_async_context(cluster)
        else:
            scheduler = address
        try:
            client = await stack.enter_async_context(
                distributed.Client(scheduler, asynchronous=True, timeout=CLUSTER_SECONDS)
            )
        except (OSError, ValueError, asyncio.TimeoutError) as e:
            raise UsageError(
                f"no Dask scheduler answers at {address}: {e}",
                help="give the address that `dask scheduler` prints, such as tcp://HOST:8786, or `local`",
            ) from e
        yield DaskWorkers(client)
