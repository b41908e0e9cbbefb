"""`verify`: whether a published model is the expected one and works, images included."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..core.diagnostics import Diagnostic
from ..core.errors import ServerError
from ..core.progress import Progress, Step
from ..runtime.ollama.client import PATIENCE_SECONDS, OllamaServer
from ..runtime.ollama.replies import RefusedError
from ..vision.sounds import Sound
from .checks import CHECKS
from .expectation import Expectation
from .served_model import ServedModel
from .subject import Check, Subject


@dataclass(frozen=True)
class VerifyReport:
    """Every check with its outcome, in the order they were made.

    name, host, version: model, URL and version of the server; native: whether the GGUF's own chat
    template renders chats there.
    """

    name: str
    host: str
    version: str
    native: bool
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Nothing failed."""
        return not any(c.status == "fail" for c in self.checks)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """The findings of all checks, each once."""
        return tuple(dict.fromkeys(d for c in self.checks for d in c.diagnostics))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "name": self.name,
            "host": self.host,
            "version": self.version,
            "native": self.native,
            "ok": self.ok,
            "checks": [c.to_dict() for c in self.checks],
        }


def verify(
    name: str,
    *,
    host: str | None = None,
    expectation: Expectation | None = None,
    progress: Progress | None = None,
    max_tokens: int = 400,
    shapes: bool = False,
    phone_agent: bool = False,
    sounds: Sequence[Sound] = (),
    patience: float = PATIENCE_SECONDS,
) -> VerifyReport:
    """Checks a published model and asks it.

    expectation: what the model is compared with; without one, what the server itself says of it.
    progress: told before each check, done and total being counts. max_tokens: how long an answer may
    be before it counts as endless (a first try; a longer one follows where the text looks sane).
    shapes: also ask for shapes, which the micro model cannot name. phone_agent: also ask as a phone agent
    does. sounds: the user's own, which are sent beside the tone that is made here. patience: seconds of
    silence that are borne while the model is loaded and answers.

    Raises ServerError where the server cannot be reached, is too old, or has no such model; what is
    wrong with the model is in the report.
    """
    with OllamaServer(host, patience=patience) as server:
        return verify_on(
            server,
            name,
            expectation=expectation,
            progress=progress,
            max_tokens=max_tokens,
            shapes=shapes,
            phone_agent=phone_agent,
            sounds=sounds,
        )


def verify_on(
    server: OllamaServer,
    name: str,
    *,
    expectation: Expectation | None = None,
    progress: Progress | None = None,
    max_tokens: int = 400,
    shapes: bool = False,
    phone_agent: bool = False,
    sounds: Sequence[Sound] = (),
) -> VerifyReport:
    """`verify` with a client that exists already."""
    version = server.version()
    served = ServedModel.from_show(name, server.show(name))
    meant = (expectation or Expectation()).completed(served)
    subject = Subject(server, name, served, meant, version, max_tokens, shapes, phone_agent, tuple(sounds))
    try:
        checks = tuple(_run(subject, progress))
    finally:
        subject.close()
    return VerifyReport(name, server.url, version, served.native, checks)


def _run(subject: Subject, progress: Progress | None) -> Iterator[Check]:
    for number, (title, make) in enumerate(CHECKS):
        if progress:
            progress(Step("verify", title, number, len(CHECKS)))
        yield from _timed(subject, title, make)
    if progress:
        progress(Step("verify", "done", len(CHECKS), len(CHECKS)))


def _timed(subject: Subject, title: str, make: Callable[[Subject], Iterator[Check]]) -> Iterator[Check]:
    """One check; what the server refuses in it becomes its failure, a server that is gone ends all."""
    start = time.monotonic()
    try:
        for check in make(subject):
            now = time.monotonic()
            yield replace(check, seconds=now - start)
            start = now
    except RefusedError as e:
        yield Check(title, "fail", e.message, (e.to_diagnostic(),), time.monotonic() - start)
    except ServerError as e:
        if e.code in ("MK802", "MK803", "MK804", "MK806"):
            raise
        yield Check(title, "fail", e.message, (e.to_diagnostic(),), time.monotonic() - start)
