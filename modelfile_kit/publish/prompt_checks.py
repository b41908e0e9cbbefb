"""The checks of `verify` about prompts: the rendered text and its number of tokens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ..align.image_places import NO_IMAGES
from ..building.unproven_images import no_images
from ..core.conversation import Conversation, Message, image_count
from ..core.diagnostics import Diagnostic, has_errors
from ..core.errors import KitError, MissingDependencyError, ServerError, TemplateReferenceError
from ..huggingface import TemplateLimitError
from ..ollama.versions import Target, server_version, since
from ..runtime.ollama.replies import RefusedError
from .engine_faults import name_fault
from .prompt_judge import with_images
from .subject import Check, Subject, error, short

COUNTED = 4  # conversations whose tokens are counted; each costs the server one pass over the prompt


def check_prompts(subject: Subject) -> Iterator[Check]:
    """The prompts that the server renders, against the chat template's."""
    if not Target(server_version(subject.version)).has("debug_render"):
        yield Check(
            "prompts", "skip", f"Ollama {subject.version} cannot show prompts ({since('debug_render')} can)"
        )
        return
    if subject.dead:
        yield Check("prompts", "skip", "the engine does not run")
        return
    try:
        judge = subject.judge
    except TemplateLimitError as e:
        yield Check("prompts", "skip", f"not compared: {e.message}")
        return
    except TemplateReferenceError as e:
        yield Check("prompts", "fail", e.message, (e.to_diagnostic(),))
        return
    seen: list[Check] = []
    for conversation in subject.meant.conversations:
        if reason := judge.cannot(conversation):
            yield Check(f"prompt {conversation.id}", "skip", reason)
        else:
            seen.append(_check_prompt(subject, conversation))
            yield seen[-1]
    if any(check.detail == NO_IMAGES for check in seen):
        yield Check(
            "prompts with images",
            "ok",
            "judged by the test images alone",
            (no_images(subject.meant.place),),
        )
    if judge.reference is not None and seen and all(check.status == "skip" for check in seen):
        message = f"the chat template refuses every conversation ({len(seen)}): nothing was compared"
        hint = "name the model's own chat template, or add conversations that it renders"
        yield Check("prompts", "fail", message, (error("MK738", message, hint),))


def _check_prompt(subject: Subject, conversation: Conversation) -> Check:
    name = f"prompt {conversation.id}"
    messages = with_images(conversation.messages, subject.images)
    try:
        rendered = subject.server.render(
            subject.name, messages, tools=conversation.tools, think=conversation.think
        )
    except RefusedError as e:
        try:
            refusal = subject.judge.refusal(conversation)
        except TemplateLimitError as limit:
            return Check(name, "skip", f"the server refuses it ({e.detail}); not compared: {limit.message}")
        if refusal:
            return Check(name, "skip", f"both sides refuse it: {e.detail}; {refusal}")
        found = error("MK730", f"the server refuses to render {conversation.id!r}: {e.detail}", e.help)
        return Check(name, "fail", e.detail, (found,))
    subject.shells.append(_without_words(rendered.prompt, messages))
    finding = subject.judge.judge(conversation, rendered.prompt)
    wrong = has_errors(finding.diagnostics) and subject.served.native
    if wrong and (reused := _reused_engine(subject, conversation, rendered.prompt)):
        return Check(name, "fail", "another package's engine answered", (reused,))
    if finding.expected is not None:
        subject.prompts[conversation.id] = finding.expected
    if has_errors(finding.diagnostics):
        return Check(name, "fail", "not the chat template's prompt", _advised(subject, finding.diagnostics))
    if finding.expected is None:
        return Check(name, "skip", finding.note)
    return Check(
        name, "ok", f"equal to the reference, {len(rendered.prompt.encode())} bytes", finding.diagnostics
    )


def _advised(subject: Subject, found: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The findings; of a model without a package with the command that replaces its TEMPLATE."""
    if not subject.repairable or not subject.meant.chat_template:
        return tuple(found)
    advice = subject.repair_advice
    return tuple(replace(d, help="; or ".join(filter(None, (advice, d.help)))) for d in found)


def _without_words(prompt: str, messages: Sequence[Message]) -> str:
    for message in messages:
        if words := str(message.get("content") or "").strip():
            prompt = prompt.replace(words, "")
    return prompt


def _reused_engine(subject: Subject, conversation: Conversation, wrong: str) -> Diagnostic | None:
    """Whether the prompt is right once the engine was started afresh.

    Ollama 0.33 goes on using an engine that was started for another model of the same files, even if
    that one has a TEMPLATE and this one has not (server/sched.go, needsReload looks at files and
    options only); llama-server then renders ChatML.
    """
    subject.server.unload(subject.name)
    messages = with_images(conversation.messages, subject.images)
    again = subject.server.render(subject.name, messages, tools=conversation.tools, think=conversation.think)
    if again.prompt == wrong or has_errors(subject.judge.judge(conversation, again.prompt).diagnostics):
        return None
    subject.stopped.clear()  # that answer was given to the wrong prompt as well
    return error(
        "MK834",
        "the server used the engine of another model that has the same files and a TEMPLATE: it rendered "
        f"{short(wrong)} instead of the GGUF's own chat template",
        f"run `ollama stop {subject.name}` after the other model ran, or give this one a TEMPLATE too",
    )


def check_tokens(subject: Subject) -> Iterator[Check]:
    """prompt_eval_count against our own count of the expected prompt."""
    if subject.dead or not subject.prompts:
        yield Check(
            "token counts", "skip", "the engine does not run" if subject.dead else "no prompt to count"
        )
        return
    if not subject.meant.model:
        yield Check("token counts", "skip", "the model's GGUF is not on this machine")
        return
    for conversation in _countable(subject):
        name = f"tokens {conversation.id}"
        messages = with_images(conversation.messages, subject.images)
        images = [i for m in messages for i in m.get("images") or ()]
        try:
            expected = subject.counter.count(subject.prompts[conversation.id], images)
        except MissingDependencyError as e:
            yield Check("token counts", "skip", f"not counted: {e.message}", help=e.help)
            return
        except KitError as e:
            yield Check(name, "skip", f"the tokens could not be counted here: {e.message}")
            continue
        yield _counted(subject, conversation, name, expected, bool(images))


def _counted(subject: Subject, conversation: Conversation, name: str, expected: int, image: bool) -> Check:
    try:
        reply = subject.server.chat(
            subject.name,
            with_images(conversation.messages, subject.images),
            tools=conversation.tools,
            think=conversation.think,
            options={"num_predict": 1, "temperature": 0},
        )
    except ServerError as e:
        if e.code == "MK802":
            raise
        return Check(name, "fail", e.message, (name_fault(e, subject.served, with_image=image),))
    return _count_check(name, reply.prompt_tokens, expected, image)


def _countable(subject: Subject) -> Iterable[Conversation]:
    known = [c for c in subject.meant.conversations if c.id in subject.prompts]
    with_image = [c for c in known if any(image_count(m) for m in c.messages)]
    without = [c for c in known if c not in with_image]
    return [*without[: COUNTED - 1], *with_image[:1]]


def _count_check(name: str, found: int | None, expected: int, image: bool) -> Check:
    if found is None:
        return Check(name, "skip", "the server gave no prompt_eval_count")
    if found == expected:
        return Check(name, "ok", f"{found} tokens")
    why = " (image tokens written twice are 3 too many)" if image and found - expected == 3 else ""
    finding = error(
        "MK833",
        f"the server counts {found} prompt tokens, the reference has {expected}{why}",
        "the prompt has a text that is not a token of this vocabulary, or BOS twice: "
        "`mkmodelfile check` shows the first differing token",
    )
    return Check(name, "fail", f"{found} instead of {expected} tokens", (finding,))
