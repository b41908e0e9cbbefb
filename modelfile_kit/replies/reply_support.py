"""Whether Ollama parses the model's replies, and whether it uses the TEMPLATE at all: told as findings.

A prompt can be right to the byte while the reply to it is shown as it came: Ollama finds thoughts
between two fixed texts and calls as JSON after a third (thinking/parser.go, tools/tools.go).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from ..core.diagnostics import Diagnostic, Severity
from ..core.errors import KitError
from ..huggingface import Reference
from ..ollama.builtin import PARSERS
from ..ollama.prompt import PromptTemplate
from ..ollama.reply_types import Reply
from ..ollama.selection import jinja_evidence, select
from ..ollama.versions import Target, version_text
from .reading_back import NO_CALLS, PIECES, Written, answered, best_thinking_tags, same_calls, written_replies
from .tags import Tags
from .turns import QUESTION, TOOLS, USER, limit_of, render

# Ollama's own parsers (PARSER) by what only their format has. The tests put the same replies to the parsers
# themselves.
PARSER_MARKS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("<function=", "<parameter="), "qwen3-coder"),
    (("<|tool_call>call:",), "gemma4"),
    (("<|START_ACTION|>", '"tool_name"'), "cohere"),
    (("<atem:invoke",), "glimmer"),
    (("<|channel|>", "<|message|>"), "harmony"),
    (("<arg_key>", "\n<arg_value>"), "glm-ocr"),
    (("<arg_key>", "<arg_value>"), "glm-4.7"),
)
_SHOWN = 90


def check_replies(
    reference: Reference,
    template: str,
    coverage: Mapping[str, str],
    target: str,
    *,
    by_tags: bool = True,
) -> tuple[dict[str, str], list[Diagnostic]]:
    """What is left of the claims, and why, once replies are looked at.

    coverage: as proven for prompts; "exact" becomes "partial" where Ollama cannot parse what the model
    writes. by_tags: whether replies are read by the TEMPLATE's tags; with a PARSER they are not, and the
    GGUF's Jinja does not win over the TEMPLATE. Raises nothing: a TEMPLATE that Ollama refuses was told
    before.
    """
    left = dict(coverage)
    try:
        seen = PromptTemplate(template, target=target)
    except KitError:
        return left, []
    claimed = [kind for kind, claim in left.items() if claim in ("exact", "partial")]
    found = [
        *_content_ignored(reference),
        *_cut_short(reference),
        *(unread(reference, seen, claimed) if by_tags else ()),
        *_pretended(reference, seen, left),
        *(_unused(reference, seen, target) if by_tags else ()),
    ]
    for kind, code in (("tools", "MK670"), ("thinking", "MK671")):
        if left[kind] == "exact" and any(d.code == code for d in found):
            left[kind] = "partial"
    return left, found


def unread(reference: Reference, seen: PromptTemplate, kinds: Collection[str]) -> list[Diagnostic]:
    """MK670 to MK674: what Ollama does not read in the model's replies.

    seen: the TEMPLATE whose tags count, without a PARSER. kinds: which of "tools" and "thinking" matter.
    """
    tags = seen.thinking_tags
    known = (tags.opening, tags.closing) if "thinking" in seen.capabilities else None
    replies = list(_replies(reference, seen, known))
    found: list[Diagnostic] = []
    if "tools" in seen.capabilities and "tools" in kinds:
        found += _calls(replies, seen)
    if known and "thinking" in kinds:
        found += _thoughts(replies, reference, known)
    return [*found, *_answers(replies)]


def _replies(
    reference: Reference, seen: PromptTemplate, tags: Tags | None
) -> Iterator[tuple[Written, list[Reply]]]:
    """Each reply with what Ollama makes of it in pieces of each size."""
    for written in written_replies(reference, tags):
        tools = TOOLS if written.turn.tools else None
        try:
            prompt = seen.render([USER], tools=tools, think=written.turn.think)
        except KitError:
            continue
        tag, target = seen.tool_tag.tag, seen.target
        yield written, [answered(written, tags, tag, size, prompt, target) for size in PIECES]


def _calls(replies: list[tuple[Written, list[Reply]]], seen: PromptTemplate) -> Iterator[Diagnostic]:
    """MK670, MK672: calls that are not found, and calls that nobody shows."""
    calling = [(w, r) for w, r in replies if w.calls and not w.turn.content]
    if not calling:
        yield Diagnostic(
            "MK672",
            Severity.INFO,
            "tools: the chat template never shows a tool call, so Ollama treats any JSON "
            f"{_where(seen)} as one",
            help="send a request with tools; if calls stay in the answer, a PARSER may know the format",
        )
        return
    lost = [(w, r) for w, r in calling if not all(same_calls(reply.tool_calls, w.calls) for reply in r)]
    if not lost:
        return
    text = lost[0][0].text
    where = "" if seen.tool_tag.tag == NO_CALLS else f" {_where(seen)}"
    yield Diagnostic(
        "MK670",
        Severity.WARNING,
        f"tools: Ollama cannot parse this model's tool calls: it expects JSON{where}, the model writes "
        f"{'…' * (len(text) > _SHOWN)}{text[-_SHOWN:]!r}; {_fate(*lost[0])}",
        help=_parser_for(text) + "otherwise the client has to find the calls in the answer",
    )


def _where(seen: PromptTemplate) -> str:
    """Where Ollama looks for calls."""
    tag = seen.tool_tag.tag
    return "that starts with '{'" if tag == "{" else f"after {tag!r}"


def _fate(written: Written, replies: Sequence[Reply]) -> str:
    """What becomes of calls that are not read as they are."""
    for reply in replies:
        found = reply.tool_calls
        if not same_calls(found, written.calls[: len(found)]):
            return "Ollama reads other arguments"
        if found:
            return "of several calls in a reply Ollama reads only the first"
        if any(call.name not in reply.content for call in written.calls):
            return "the calls are lost"
    return "the calls stay in the answer as text"


def parser_for(text: str) -> tuple[str, str] | None:
    """The PARSER that knows a reply like this, and the advice to use it; None where none is known."""
    for marks, name in PARSER_MARKS:
        if all(mark in text for mark in marks):
            since = version_text(PARSERS[name].since)
            own = (
                " (models of the architecture gptoss use it without being told)" if name == "harmony" else ""
            )
            return name, f"add `PARSER {name}`, which parses such replies since Ollama {since}{own}"
    return None


def _parser_for(text: str) -> str:
    known = parser_for(text)
    return f"{known[1]}; " if known else ""


def _thoughts(
    replies: list[tuple[Written, list[Reply]]], reference: Reference, tags: Tags
) -> Iterator[Diagnostic]:
    """MK671, MK673: thoughts that are not split off, and tags that nobody shows."""
    opening, closing = tags
    lost = [w for w, rs in replies if w.thinking and any(r.thinking.strip() != w.thinking for r in rs)]
    if lost:
        yield Diagnostic(
            "MK671",
            Severity.WARNING,
            f"thinking: Ollama expects thoughts between {opening!r} and {closing!r} and does not find the "
            f"one in {lost[0].text[:_SHOWN]!r}, so thoughts stay in the answer",
            help=_parser_for(lost[0].text) + "send `think: false`, or remove thoughts in the client",
        )
    if best_thinking_tags(reference) is None:
        yield Diagnostic(
            "MK673",
            Severity.INFO,
            "thinking: the chat template shows no tags around thoughts, so the TEMPLATE names the usual "
            f"ones, {opening!r} and {closing!r}",
            help="if the model writes other tags, its thoughts stay in the answer",
        )


def _answers(replies: list[tuple[Written, list[Reply]]]) -> Iterator[Diagnostic]:
    """MK674: tokens that stay in an answer."""
    for written, several in replies:
        wanted = written.turn.content
        if not wanted or written.calls:
            continue
        for reply in several:
            extra = reply.content.replace(wanted, "", 1).strip()
            if wanted in reply.content and extra:
                yield Diagnostic(
                    "MK674",
                    Severity.INFO,
                    f"the model writes {extra!r} around its answers, and Ollama leaves it in the text",
                    help="if these are control tokens, Ollama 0.30 and later remove them; "
                    + _parser_for(written.text)
                    + "otherwise the client has to remove them",
                )
                return


def _content_ignored(reference: Reference) -> Iterator[Diagnostic]:
    """MK677: a chat template that prints nothing of the question."""
    if "content" not in reference.source:
        return
    prompt = render(reference, [USER], None, None)
    if prompt is not None and QUESTION not in prompt:
        yield Diagnostic(
            "MK677",
            Severity.WARNING,
            "chat: this chat template ignores string content, so the prompt does not contain the question "
            "(Hugging Face renders the same)",
            help="it expects content as a list of parts, which Ollama does not send; write a TEMPLATE "
            "by hand",
        )


def _cut_short(reference: Reference) -> Iterator[Diagnostic]:
    """MK655: a limit ended the look at replies, so that stops and tags may be missing."""
    if limit := limit_of(reference):
        yield Diagnostic(
            "MK655",
            Severity.WARNING,
            f"replies: not all kinds of replies were looked at: {limit}",
            help="no reply was found to be misread; try thinking and tool calls on a server",
        )


def _pretended(
    reference: Reference, seen: PromptTemplate, coverage: Mapping[str, str]
) -> Iterator[Diagnostic]:
    """MK676: Ollama takes requests with tools, and the chat template does nothing with them."""
    if "tools" in seen.capabilities and coverage["tools"] == "absent":
        words = " and ".join(f"`{w}`" for w in jinja_evidence(reference.source).words["tools"])
        yield Diagnostic(
            "MK676",
            Severity.INFO,
            f"tools: the chat template mentions tools ({words}) but writes none into the prompt; Ollama 0.30 "
            "and later accept requests with tools for such a model, and the TEMPLATE has to accept them too, "
            "because Ollama would not use it otherwise",
            help="offer this model no tools: they do not reach it, in Hugging Face either",
        )


def _unused(reference: Reference, seen: PromptTemplate, target: str) -> Iterator[Diagnostic]:
    """MK201: the GGUF's own Jinja would win over this TEMPLATE (Ollama 0.30 and later)."""
    newest = Target.parse(target).newest
    chosen = select(template=seen, jinja=reference.source, target=newest)
    if chosen.source != "template":
        yield Diagnostic(
            "MK201",
            Severity.WARNING,
            f"Ollama {newest.name} uses the GGUF's chat template instead of this TEMPLATE: {chosen.why}",
            help=f"{chosen.change}; or start the server with OLLAMA_GO_TEMPLATE=1, or remove "
            "tokenizer.chat_template from the GGUF",
        )
