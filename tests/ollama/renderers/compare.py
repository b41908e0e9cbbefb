"""Requests put to Ollama's own renderers and to ours."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

from modelfile_kit.core.errors import PromptError
from modelfile_kit.ollama.builtin import RENDERERS, parser_for
from modelfile_kit.ollama.renderer_prompt import RendererPrompts
from modelfile_kit.ollama.versions import Target
from tests.ollama.renderers.generate import Case
from tests.oracle.oracle import Oracle, api_messages


def question(case: Case) -> dict[str, Any]:
    """What the judge is asked."""
    asked: dict[str, Any] = {
        "op": "renderer_prompt",
        "renderer": case.renderer,
        "parser": case.parser,
        "messages": api_messages(case.messages),
        "own_messages": api_messages(case.own or []),
        "system": case.system,
        "name": case.name,
        "family": case.family,
        "size": _size(case.parameters),
        "num_ctx": case.num_ctx,
        "projector": case.projector,
    }
    asked |= {"tools": case.tools} if case.tools is not None else {}
    return asked | ({"think": case.think} if case.think is not None else {})


def _size(parameters: int) -> str:
    """The number as `create` writes it into a model's configuration."""
    if not parameters:
        return ""
    milliards = parameters / 10**9
    return f"{milliards:.0f}B" if milliards == int(milliards) else f"{milliards:.1f}B"


def ollamas(answer: dict[str, Any]) -> list[Any]:
    """The judge's answer in the shape of `ours`."""
    if answer["ok"]:
        return ["prompt", answer["prompt"]]
    return ["refused" if answer.get("status") == 400 or answer.get("stage") == "request" else "error", ""]


def ours(case: Case, version: str) -> tuple[list[Any], str]:
    """The prompt, or how it is refused; and what of it is written in an order of chance."""
    prompts = RendererPrompts(
        case.renderer,
        parser=case.parser,
        target=version,
        system=case.system,
        messages=case.own or (),
        name=case.name,
        family=case.family,
        parameters=case.parameters,
        projector=case.projector,
    )
    cut: dict[str, Any] = {"num_ctx": case.num_ctx, "count_tokens": len} if case.num_ctx else {}
    try:
        return [
            "prompt",
            prompts.render(case.messages, tools=case.tools, think=case.think, **cut),
        ], prompts.varies
    except PromptError as e:
        return ["refused" if e.status == 400 else "error", ""], ""


def is_known(case: Case, target: Target) -> bool:
    """Whether the release has the renderer and the parser."""
    return target.version >= RENDERERS[case.renderer] and (
        not case.parser or parser_for(case.parser, target) is not None
    )


def agree(theirs: list[Any], mine: list[Any], varies: str) -> bool:
    """Whether the two answers are one; where the order is of chance, whether their characters are."""
    return theirs == mine or bool(varies and sorted(theirs[1]) == sorted(mine[1]))


def differences(judge: Oracle, wanted: Iterable[Case]) -> Iterator[tuple[Case, list[Any], list[Any]]]:
    """Cases that the two do not agree on, with both answers."""
    target = Target.parse(judge.version)
    asked, answered = itertools.tee(case for case in wanted if is_known(case, target))
    for case, answer in zip(answered, judge.ask_all(map(question, asked)), strict=True):
        theirs, (mine, varies) = ollamas(answer), ours(case, judge.version)
        if not agree(theirs, mine, varies):
            yield case, theirs, mine
