"""Whether a running llama-server renders a package's conversations as the package promises.

Its Jinja engine is not Jinja2, and it sets variables of its own, so its prompts are compared with the
reference before anyone uses them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core.conversation import Conversation, image_count
from ..core.diagnostics import Diagnostic, Severity
from ..core.errors import TemplateReferenceError
from ..runtime.ollama.replies import RefusedError
from ..runtime.openai import OpenAIServer
from ..runtime.openai_messages import to_openai

if TYPE_CHECKING:
    from ..building.build import Build

DIFFERS = "MK885"
AROUND = 30  # characters shown on each side of the first difference


def compare_prompts(server: OpenAIServer, built: Build) -> tuple[int, tuple[Diagnostic, ...]]:
    """How many of the package's conversations have the expected prompt, and a finding for those that do not.

    Conversations with images are left out (where an image stands is an answer's matter), and those that end
    with an answer, which llama-server continues. Zero and nothing where the server renders none.
    """
    right, wrong = 0, []
    bos = (built.reference.bos_token if built.reference else "") or ""
    for conversation in built.conversations():
        if not _comparable(conversation):
            continue
        try:
            expected = built.expected(
                conversation.messages, tools=conversation.tools, think=conversation.think
            )
        except TemplateReferenceError:
            continue
        try:
            prompt = server.ask("POST", "/apply-template", _body(conversation)).get("prompt")
        except RefusedError as e:
            wrong.append((conversation.id, f"it renders none: {e.detail}"))
            continue
        if not isinstance(prompt, str):
            wrong.append((conversation.id, "it renders none"))
        elif prompt.removeprefix(bos) == expected.removeprefix(bos):
            right += 1
        else:
            wrong.append((conversation.id, _difference(prompt.removeprefix(bos), expected.removeprefix(bos))))
    if not wrong:
        return right, ()
    names = ", ".join(name for name, _ in wrong[:5]) + (" and others" if len(wrong) > 5 else "")
    return right, (
        Diagnostic(
            DIFFERS,
            Severity.WARNING,
            f"{len(wrong)} of {right + len(wrong)} prompts differ from the chat template's ({names}); in "
            f"{wrong[0][0]} {wrong[0][1]}",
            help="llama-server's Jinja engine or its own variables differ; `mkmodelfile publish` "
            "gives the model a TEMPLATE that is proven",
        ),
    )


def _comparable(conversation: Conversation) -> bool:
    messages = conversation.messages
    return not any(map(image_count, messages)) and messages[-1].get("role") != "assistant"


def _body(conversation: Conversation) -> dict[str, Any]:
    body: dict[str, Any] = {"messages": to_openai(conversation.messages)}
    if conversation.tools:
        body["tools"] = list(conversation.tools)
    if conversation.think is not None:
        think = bool(conversation.think)
        body["chat_template_kwargs"] = {"enable_thinking": think, "thinking": think}
    return body


def _difference(prompt: str, expected: str) -> str:
    place = next(
        (i for i, (a, b) in enumerate(zip(prompt, expected, strict=False)) if a != b),
        min(len(prompt), len(expected)),
    )
    start = max(0, place - AROUND)
    here, there = prompt[start : place + AROUND], expected[start : place + AROUND]
    return f"character {place + 1} on is {here!r}, expected {there!r}"
