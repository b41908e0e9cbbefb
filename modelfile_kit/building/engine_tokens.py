"""BOS and EOS that the engine adds by itself: the TEMPLATE without them, and what is left wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from ..compiler import Compiled
from ..compiler.compile import GO_STEPS, JINJA_STEPS, prove_translation, translate
from ..core.conversation import Conversation
from ..core.diagnostics import Diagnostic, Severity
from ..core.errors import GoTemplateError, PromptError, StoppedError, TemplateReferenceError
from ..core.step_account import steps_for_messages, steps_together
from ..ollama.prompt import PromptTemplate
from ..ollama.prompt_ends import ADD_BOS, ADD_EOS, PromptEnds
from ..ollama.reply_tokens import ReplyTokens
from .leading_bos import without_leading_bos, without_trailing_eos
from .sources import ModelTemplate


def compile_for_engine(
    reference: ModelTemplate,
    ends: PromptEnds,
    target: str,
    *,
    parser: str = "auto",
    family: str = "",
    reply_tokens: ReplyTokens | None = None,
) -> Compiled:
    """The chat template as a TEMPLATE that writes no BOS or EOS which the engine adds by itself.

    ends: what the engine adds. parser, family, reply_tokens: for the reading of replies, as in
    `check_replies`. Raises as `compile_template` does.
    """
    tokens = {"bos_token": reference.bos_token or "", "eos_token": reference.eos_token or ""}
    with steps_together(JINJA_STEPS, GO_STEPS):
        found = translate(reference.text, **tokens, target=target)
        if ends.adds_bos and ends.bos and found.coverage["chat"] != "unsupported":
            found = replace(found, template=without_leading_bos(found.template, ends.bos))
        # The proof sets one leading BOS aside, and no EOS.
        proven = prove_translation(
            found, reference.text, **tokens, target=target, parser=parser, family=family, tokens=reply_tokens
        )
    if ends.adds_eos and ends.eos:
        proven = replace(proven, template=without_trailing_eos(proven.template, ends.eos))
    return proven


def judge_template(
    template: str,
    reference: ModelTemplate,
    conversations: Iterable[Conversation],
    ends: PromptEnds,
    *,
    model: str,
    by_hand: bool = False,
    parser: str = "",
) -> list[Diagnostic]:
    """What is wrong with BOS and EOS of a TEMPLATE's prompts, each finding once.

    conversations: as the server completes them. model: the GGUF's name, for the advice. by_hand:
    whether people wrote the TEMPLATE, which `check` compares in full; then these are warnings.
    """
    try:
        ours = PromptTemplate(template, parser=parser)
    except GoTemplateError:
        return []  # said elsewhere

    def prompt(conversation: Conversation) -> str:
        return ours.render(conversation.messages, tools=conversation.tools, think=conversation.think)

    found = _judged(prompt, reference, conversations, ends, model)
    if by_hand:
        return [replace(d, severity=d.severity.at_most(Severity.WARNING)) for d in found]
    # The TEMPLATE was compiled: where it is not right, its text cannot be edited so that it is.
    return [_patched_instead(d, ends, model) for d in found]


def judge_native(
    reference: ModelTemplate,
    conversations: Iterable[Conversation],
    ends: PromptEnds,
    *,
    model: str,
) -> list[Diagnostic]:
    """The same for native mode, where llama-server renders the chat template."""

    def judged(conversation: Conversation) -> Iterable[Diagnostic]:
        text = _reference(reference, conversation)
        received = ends.ends_of(ends.received_natively(text))
        return ends.judge(received, ends.ends_of(text), model=model)

    return _of_each(judged, conversations)


def _judged(
    prompt: Callable[[Conversation], str],
    reference: ModelTemplate,
    conversations: Iterable[Conversation],
    ends: PromptEnds,
    model: str,
) -> list[Diagnostic]:
    def judged(conversation: Conversation) -> Iterable[Diagnostic]:
        theirs = _reference(reference, conversation)  # first: without it the other one is not needed
        return ends.compare(prompt(conversation), theirs, model=model)

    return _of_each(judged, conversations)


def _of_each(
    judged: Callable[[Conversation], Iterable[Diagnostic]], conversations: Iterable[Conversation]
) -> list[Diagnostic]:
    """The findings about all conversations, each once; which limit ended a rendering, if one did."""
    found: dict[Diagnostic, None] = {}
    asked = list(conversations)
    with steps_for_messages(sum(len(c.messages) for c in asked)):
        for conversation in asked:
            try:
                found.update(dict.fromkeys(judged(conversation)))
            except StoppedError as e:
                found[_not_judged(e.message)] = None
            except (GoTemplateError, PromptError, TemplateReferenceError):
                continue
    return list(found)


def _not_judged(limit: str) -> Diagnostic:
    return Diagnostic(
        "MK655",
        Severity.WARNING,
        f"BOS and EOS: not every conversation was looked at: {limit}",
        help="nothing was found to be wrong with the others; look for a loop in a loop in the chat template",
    )


def _reference(reference: ModelTemplate, conversation: Conversation) -> str:
    return reference.render(conversation.messages, tools=conversation.tools, think=conversation.think)


def _patched_instead(finding: Diagnostic, ends: PromptEnds, model: str) -> Diagnostic:
    key = {"MK325": ADD_BOS, "MK728": ADD_EOS}.get(finding.code)
    return replace(finding, help=ends.patch_advice(model, key, "false")) if key else finding
