"""The checks of `verify`, one small function each, in the order in which they make sense."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

from ..core.diagnostics import Diagnostic, Severity
from ..core.errors import ServerError, TemplateReferenceError
from ..runtime.completion import Completion
from .engine_faults import ENDLESS_HELP, missing_rope_sections, name_fault, no_projector
from .expectation import turn_tokens
from .image_checks import check_images
from .native_checks import check_native
from .phone_checks import check_phone_agent
from .prompt_checks import check_prompts, check_tokens
from .reply_checks import check_replies
from .served_model import differences
from .sound_checks import check_sound
from .subject import LONGER, Check, Subject, error, judged, short

GREETING = "Say hello in one short sentence."
MONOTONY = 12.0  # text that zlib packs this small repeats itself; prose stays below 4


def check_capabilities(subject: Subject) -> Iterator[Check]:
    """What the server says the model can do."""
    have = subject.served.capabilities
    want = set(subject.meant.capabilities) | ({"vision"} if subject.meant.vision else set())
    want |= {"audio"} if subject.meant.audio else set()
    found: list[Diagnostic] = []
    if "vision" in want and not subject.served.has_projector and "vision" not in have:
        found.append(no_projector(subject.served))
    if subject.meant.vision is not True and _template_sees(subject) and not subject.served.has_projector:
        found.append(
            Diagnostic(
                "MK436",
                Severity.WARNING,
                "the chat template supports images, the model has no projector: images will not work",
                help=no_projector(subject.served).help,
            )
        )
    found += [
        error(
            "MK820",
            f"the capability {word!r} is missing; the model has {', '.join(sorted(have)) or 'none'}",
            "Ollama derives tools and thinking from the TEMPLATE in use, vision from the projector",
        )
        for word in sorted(want - have - {"vision"})
    ]
    yield judged("capabilities", found, ", ".join(sorted(have)) or "the server names none")


def _template_sees(subject: Subject) -> bool:
    try:
        return subject.judge.unit is not None
    except TemplateReferenceError:
        return False


def check_description(subject: Subject) -> Iterator[Check]:
    """TEMPLATE, parameters, SYSTEM and MESSAGEs are the expected ones."""
    meant, served = subject.meant, subject.served
    known = (meant.template, meant.system, meant.parameters, meant.messages, meant.renderer, meant.parser)
    if all(k is None for k in (*known, meant.requires, meant.adapters, meant.drafts)):
        yield Check("description", "skip", "nothing to compare with: only the name is known")
        return
    found = [
        d
        for d in differences(
            served,
            template=None if meant.native else meant.template,
            system=meant.system,
            parameters=meant.parameters,
            messages=meant.messages,
            renderer=meant.renderer,
            parser=meant.parser,
            requires=meant.requires,
            quantization=meant.quantization,
            adapters=meant.adapters,
            drafts=meant.drafts,
        )
        if d.code != "MK201"
    ]
    settings = "TEMPLATE, parameters and texts are"
    yield judged("description", found, f"{settings} as expected", f"{settings} not as expected")


def check_selection(subject: Subject) -> Iterator[Check]:
    """Which template renders chats: the TEMPLATE, the GGUF's own, a renderer, or none at all."""
    served, meant = subject.served, subject.meant
    found: list[Diagnostic] = []
    if served.renderer:
        detail = f"RENDERER {served.renderer} of Ollama itself renders chats"
    elif served.promptless:
        detail = "no prompt format"
        found.append(
            error(
                "MK825",
                "no TEMPLATE and no chat template: messages reach the model unformatted",
                "name the package's `chat_template:`, or write a TEMPLATE into the Modelfile",
            )
        )
    else:
        detail = f"the {'chat template in the GGUF' if served.native else 'TEMPLATE'} renders chats"
    if (served.native and meant.native is False) or (
        served.native and meant.template and meant.native is None
    ):
        found += [d for d in differences(served, template=meant.template or "") if d.code == "MK201"]
    elif meant.native and not served.native and not served.renderer:
        found.append(
            error(
                "MK520",
                "expected the GGUF's chat template, the server renders with a TEMPLATE",
                "publish without a TEMPLATE, on Ollama 0.30 or later",
            )
        )
    yield judged("template in use", found, detail)


def check_engine(subject: Subject) -> Iterator[Check]:
    """The model loads and answers a text."""
    try:
        reply = subject.ask(GREETING)
    except ServerError as e:
        if e.code in ("MK802", "MK808"):
            raise
        finding = name_fault(e, subject.served, with_image=False)
        if finding.code == "MK840":
            subject.broken_off = finding
            yield Check("engine", "ok", "loads")
            return
        subject.dead = finding.message
        yield Check("engine", "fail", "the model does not load or answer", (finding,))
        return
    subject.stopped.append(reply)
    yield Check("engine", "ok", f"loads and answers: {short(reply.text or reply.thinking)}")


def check_stop(subject: Subject) -> Iterator[Check]:
    """The answer ends by itself, and no turn token is in it."""
    if subject.dead:
        yield Check("stop", "skip", "the engine does not run")
        return
    if subject.broken_off:
        yield Check("stop", "fail", "broken off", (subject.broken_off,))
        return
    reply = subject.stopped[0] if subject.stopped else subject.ask(GREETING)
    if reply.finish_reason == "length" and not _monotonous(reply):
        reply = subject.ask(GREETING, limit=subject.max_tokens * LONGER)
    found: list[Diagnostic] = []
    if reply.finish_reason in ("length", "repeat"):
        found.append(_endless(reply))
    templates = (subject.served.template, subject.meant.template, subject.meant.chat_template)
    borders = turn_tokens((*templates, *subject.shells))
    if inside := [t for t in borders if t in reply.text]:
        found.append(
            error(
                "MK841",
                f"the answer contains {inside[0]}, which marks a turn: {short(reply.text)}",
                f"add `PARAMETER stop {inside[0]}`",
            )
        )
    after = f"after {reply.completion_tokens} tokens"
    yield judged("stop", found, f"ends {after}", f"the answer {after} does not end as it should")


def _endless(reply: Completion) -> Diagnostic:
    repeats = " and repeats itself" if reply.finish_reason == "repeat" or _monotonous(reply) else ""
    after = f"after {reply.completion_tokens} tokens " if reply.completion_tokens else ""
    return error(
        "MK840",
        f"the answer does not end{repeats}: {after}it was cut ({short(reply.text or reply.thinking)})",
        ENDLESS_HELP,
    )


def check_files(subject: Subject) -> Iterator[Check]:
    """What the facts about the GGUF files alone say."""
    if not subject.served.has_projector:
        yield Check("files", "skip", "no projector")
        return
    sections = missing_rope_sections(subject.served)
    found = [sections] if sections else []
    yield judged("files", found, f"{subject.served.architecture} with {subject.served.projector_type}")


def _monotonous(reply: Completion) -> bool:
    data = (reply.text or reply.thinking).encode()
    return (len(data) > 100 and len(data) / len(zlib.compress(data)) > MONOTONY) or len(set(data)) == 1


CHECKS: tuple[tuple[str, Callable[[Subject], Iterator[Check]]], ...] = (
    ("capabilities", check_capabilities),
    ("description", check_description),
    ("template in use", check_selection),
    ("files", check_files),
    ("engine", check_engine),
    ("prompts", check_prompts),
    ("native proof", check_native),
    ("replies", check_replies),
    ("token counts", check_tokens),
    ("stop", check_stop),
    ("images", check_images),
    ("sound", check_sound),
    ("phone agent", check_phone_agent),
)
