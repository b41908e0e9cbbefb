"""`serve --check`: whether a server with OpenAI's API works, and does what a package promises.

What a server does not have is "not offered". It is a fault only where the package promises it, or where every
server with this API has it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..core.errors import ServerError, UsageError
from ..core.listed import some
from ..core.progress import Progress, Step
from ..gguf_file.inputs import AUDIO
from ..prover.native import kinds_of
from ..publish.subject import Check
from ..report.convert import STATUS_OF
from ..report.model import Case, Report
from ..runtime.openai import OpenAIServer
from .answer_checks import check_answer, check_stop, check_stream
from .asked import ENDS, About, Asked, Promise, named
from .error_checks import check_broken_image, check_overflow
from .image_answers import check_images
from .prompts import compare_prompts
from .reply_answers import check_thinking, check_tools
from .sound_answers import check_sound

if TYPE_CHECKING:
    from ..building.build import Build

NAMES_SHOWN = 5


def check_prompts(asked: Asked) -> Iterator[Check]:
    """The prompts of the package's conversations; only llama-server shows them."""
    built = asked.promise.built
    if built is None or not asked.about.program.startswith("llama-server"):
        return
    right, found = compare_prompts(asked.server, built)
    detail = f"{right} conversations are rendered as the chat template does"
    yield Check("prompts", "fail" if found else "ok", detail, found)


CHECKS: tuple[tuple[str, Callable[[Asked], Iterator[Check]]], ...] = (
    ("prompts", check_prompts),
    ("answer", check_answer),
    ("stream", check_stream),
    ("stop", check_stop),
    ("images", check_images),
    ("sound", check_sound),
    ("tools", check_tools),
    ("thinking", check_thinking),
    ("broken image", check_broken_image),
    ("context overflow", check_overflow),
)


def promise_of(built: Build) -> Promise:
    """What a package promises: what its projector and its chat template have."""
    kinds = kinds_of(built.reference.text, images=False) if built.reference else ()
    context = built.package.parameters.get("num_ctx")
    return Promise(
        name=built.package.name,
        images=built.files.takes_images,
        audio=AUDIO in built.files.input,
        tools="tools" in kinds,
        thinking="thinking" in kinds,
        context=context if isinstance(context, int) else None,
        built=built,
    )


def check_server(
    server: OpenAIServer,
    *,
    model: str | None = None,
    promise: Promise | None = None,
    progress: Progress | None = None,
    max_tokens: int = 400,
) -> Report:
    """Asks a server all that OpenAI's API has and the kit's packages need.

    model: which of its models, by default the promised one or the only one; promise: what a package
    promises, None for nothing. progress: told before each check. max_tokens: of an answer.
    Raises ServerError where the server cannot be asked, UsageError where it is not known which model.
    """
    listed = server.models()
    names = [str(m.get("id")) for m in listed]
    name = _choose(names, model, promise, server.url)
    about = _about(server, name, listed)
    asked = Asked(server, name, promise or Promise(), about, max_tokens)
    cases = [_case(Check("models", "ok", _shown(names)), 0.0)]
    for number, (title, make) in enumerate(CHECKS):
        if progress:
            progress(Step("check", title, number, len(CHECKS)))
        cases += _timed(title, make, asked)
    if progress:
        progress(Step("check", "done", len(CHECKS), len(CHECKS)))
    facts = {"server": f"{server.url} ({about.program})", "model": name}
    return Report("serve", name, tuple(cases), facts=facts, headline=f"at {facts['server']}")


def _timed(title: str, make: Callable[[Asked], Iterator[Check]], asked: Asked) -> Iterator[Case]:
    """One check; what the server refuses in it becomes its failure, a server that is gone ends all."""
    start = time.monotonic()
    try:
        for check in make(asked):
            now = time.monotonic()
            yield _case(check, now - start)
            start = now
    except ServerError as e:
        if e.code in ENDS:
            raise
        finding = named(e)
        yield _case(Check(title, "fail", finding.message, (finding,)), time.monotonic() - start)


def _case(check: Check, seconds: float) -> Case:
    return Case(
        check.name, STATUS_OF[check.status], check.detail, diagnostics=check.diagnostics, seconds=seconds
    )


def _choose(names: Sequence[str], asked: str | None, promise: Promise | None, url: str) -> str:
    """The model to ask; Ollama lists a name with its tag."""
    for wanted in filter(None, (asked, promise.name if promise else None)):
        for name in names:
            if name in (wanted, f"{wanted}:latest"):
                return name
        if wanted == asked:
            raise ServerError(
                f"{url} has no model {asked!r}; it has {_shown(names)}",
                help="name one of them with --alias",
                code="MK808",
            )
    if len(names) == 1:
        return names[0]
    if not names:
        raise ServerError(f"{url} lists no model", help="load or publish one, then check again", code="MK808")
    raise UsageError(
        f"{url} has {len(names)} models: {_shown(names)}", help="say with --alias which one to check"
    )


def _shown(names: Sequence[str]) -> str:
    return some(names, NAMES_SHOWN) or "none"


def _about(server: OpenAIServer, name: str, listed: Sequence[Mapping[str, Any]]) -> About:
    """What the server says of itself: llama-server in /props, Ollama in its own API, vLLM in the list."""
    props = _own(server, "GET", "/props")
    if "build_info" in props:
        settings, senses = props.get("default_generation_settings"), props.get("modalities")
        context = settings.get("n_ctx") if isinstance(settings, Mapping) else None
        return About(
            f"llama-server {props['build_info']}",
            bool(senses.get("vision")) if isinstance(senses, Mapping) else None,
            bool(senses["audio"]) if isinstance(senses, Mapping) and "audio" in senses else None,
            context if isinstance(context, int) else None,
        )
    version = _own(server, "GET", "/api/version").get("version")
    if isinstance(version, str):
        can = _own(server, "POST", "/api/show", {"model": name}).get("capabilities")
        if not isinstance(can, list):
            return About(f"Ollama {version}")
        return About(f"Ollama {version}", images="vision" in can, audio="audio" in can)
    mine: Mapping[str, Any] = next((m for m in listed if m.get("id") == name), {})
    owner, limit = mine.get("owned_by"), mine.get("max_model_len")
    program = owner if isinstance(owner, str) and owner not in ("", "me", "system") else About.program
    return About(program, context=limit if isinstance(limit, int) else None)


def _own(
    server: OpenAIServer, method: str, path: str, body: Mapping[str, Any] | None = None
) -> Mapping[str, Any]:
    """What a path outside OpenAI's API answers; nothing where the server has none."""
    try:
        return server.ask(method, path, body)
    except ServerError as e:
        if e.code in ("MK802", "MK803"):
            raise
        return {}
