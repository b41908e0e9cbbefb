"""The checks of `verify --phone-agent`: a model is asked as Open-AutoGLM asks, and its answer is an action.

The screen is made on the spot, so the places of its buttons are known. The form of an answer is always
judged, a place only where the answer names one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..core.conversation import Message
from ..core.diagnostics import Diagnostic
from ..core.errors import ServerError
from ..runtime.ollama.messages import OPENAI, Answer, Way
from ..runtime.openai import image_part
from ..vision.phone_agent import (
    CLOSING,
    TARGET,
    AgentReply,
    first_step,
    inside,
    next_step,
    read_reply,
    written,
)
from ..vision.phone_screen import PhoneScreen, phone_screen
from .engine_faults import ENDLESS_HELP, name_fault
from .subject import LONGER, Check, Subject, error, judged, short

FIRST, SECOND = "phone agent, first step", "phone agent, second step"
# What the second step is told of the first, where the first answer cannot be used.
_ASSUMED = AgentReply("要保存消息,需要点击 Save 按钮。", "Tap", {"element": [270, 740]})


def check_phone_agent(subject: Subject) -> Iterator[Check]:
    """Two steps of a phone agent; nothing unless it was asked for."""
    if not subject.phone_agent:
        return
    if not subject.meant.vision or subject.dead:
        why = "the engine does not run" if subject.dead else "the model is not expected to see images"
        yield Check("phone agent", "skip", why)
        return
    screen = phone_screen()
    messages = first_step()
    check, reply = _step(subject, FIRST, messages, screen)
    yield check
    done = _ASSUMED if reply is None or reply.fault else reply
    yield _step(subject, SECOND, next_step(messages, done), screen)[0]


def _step(
    subject: Subject, name: str, messages: Sequence[Message], screen: PhoneScreen
) -> tuple[Check, AgentReply | None]:
    """One answer, by the API that the agent uses, and what is wrong with it."""
    *before, last = messages
    seen = {**last, "content": [image_part(screen.data), {"type": "text", "text": last["content"]}]}
    options = {"temperature": 0, "seed": 0, "num_predict": subject.max_tokens * LONGER}
    try:
        answer = subject.server.message(Way(OPENAI, True), subject.name, [*before, seen], options=options)
    except ServerError as e:
        if e.code == "MK802":
            raise
        found = name_fault(e, subject.served, with_image=True)
        return Check(name, "fail", "the server answered with an error", (found,)), None
    reply = read_reply(answer.content)
    problems = list(_problems(answer, reply, screen if name == FIRST else None))
    return judged(name, problems, _detail(reply)), reply


def _problems(answer: Answer, reply: AgentReply, screen: PhoneScreen | None) -> Iterator[Diagnostic]:
    """screen: the one that is to be tapped, None where that is not asked."""
    said = short(answer.content or answer.thinking)
    if answer.finish == "length":
        yield error("MK840", f"the answer does not end after {answer.tokens} tokens: {said}", ENDLESS_HELP)
    elif reply.closing:
        yield error(
            "MK894",
            f"{reply.fault}: {said}",
            f"stop there: `stop: auto` of a package, or `PARAMETER stop {CLOSING}`",
        )
    elif reply.fault:
        thought = ", all of it was read as a thought" if answer.thinking and not answer.content else ""
        yield error(
            "MK894",
            f"the answer is no action of a phone agent{thought}: {reply.fault}; the model answers {said}",
            "AutoGLM-Phone answers <think>…</think><answer>do(action=…)</answer>: see the findings about "
            "prompts and images; a model that was not trained as a phone agent does not answer so",
        )
    elif screen is not None and (point := reply.point) is not None:
        box = screen.buttons[TARGET]
        if not inside(point, box):
            yield error(
                "MK895",
                f"asked to tap {TARGET}, which is from {list(box[:2])} to {list(box[2:])}, the model taps "
                f"{list(point)}",
                "the image does not reach the model as in training: see the findings about images, and check "
                "that the projector belongs to this model",
            )


def _detail(reply: AgentReply) -> str:
    if reply.fault:
        return reply.fault
    place = f" on {TARGET}" if reply.point else ""
    return f"{written(reply.action, reply.arguments)}{place}, and {CLOSING} stays out of the answer"
