"""A typed conversation answered: the prompt of each way beside the reference, tokens, and the reply as read.

Everything in an answer is plain and can be shown as it is: texts have gone through `core.foreign_text`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..align.check import NOTHING_COMPARED, ConversationCheck, check_prompts
from ..align.compare import EveryToken, Token
from ..core.conversation import Conversation, Message, image_count
from ..core.diagnostics import Diagnostic
from ..core.errors import EngineError, KitError, PromptError
from ..core.foreign_text import shown
from ..core.step_account import steps_for_messages
from ..huggingface import Reference
from ..ollama.builtin import parser_for
from ..ollama.conversation_rules import with_system
from ..ollama.prompt import PromptTemplate
from ..ollama.reply_tokens import preserved_tokens
from ..ollama.reply_types import Reply
from ..replies.returned import plain_message
from ..report import differences
from ..report.model import Chip, TokenPair
from ..runtime.tokenizer import Tokenizer
from .subject import Subject, Way

# Images beyond this in one conversation are a mistake of typing.
MAX_IMAGES = 100
STREAMED = 1


@dataclass(frozen=True)
class Native:
    """What llama-server made of the request: a prompt, or why it refuses it; absent: why it was not asked."""

    text: str | None = None
    error: str = ""
    absent: str = ""


@dataclass(frozen=True)
class _Seen:
    """What became of a conversation on one way.

    shown: as the page has it; prompt: as it is, "" for none; reference: what the chat template made of it, as
    the page has it, None where the way was held to none.
    """

    shown: dict[str, Any]
    prompt: str = ""
    reference: dict[str, Any] | None = None


class Answers:
    """Answers conversations about one subject. tokenizer: of its model, None where tokens are not shown."""

    def __init__(self, subject: Subject, tokenizer: Tokenizer | None = None) -> None:
        self.subject = subject
        self.tokenizer = tokenizer
        vocabulary = subject.vocabulary
        self.kinds = tuple(vocabulary.kinds()) if vocabulary is not None and tokenizer is not None else ()

    def answer(
        self, data: Mapping[str, Any], reply: str = "", native: Native | None = None
    ) -> dict[str, Any]:
        """The answer to one conversation, as `Conversation.from_dict` reads it.

        reply: what the model writes; native: what llama-server made of it, where it makes the prompts.
        Where its tokens cannot be told, `no_tokens` says why. Raises UsageError where the conversation has
        another shape.
        """
        try:
            return self._answer(data, reply, native)
        except EngineError as error:
            if self.tokenizer is None:
                raise
            why = shown(error.message, lines=True)
            return {**Answers(self.subject).answer(data, reply, native), "no_tokens": why}

    def _answer(self, data: Mapping[str, Any], reply: str, native: Native | None) -> dict[str, Any]:
        conversation = Conversation.from_dict(data)
        for message in conversation.messages:
            if not 0 <= image_count(message) <= MAX_IMAGES:
                raise PromptError(
                    f"a message has {image_count(message)} images; expected at most {MAX_IMAGES}"
                )
        ways = [self._way(way, conversation, native) for way in self.subject.ways]
        replies = [
            {"way": way.name, **self._read(way, seen.prompt, reply, conversation)}
            for way, seen in zip(self.subject.ways, ways, strict=True)
            if way.prompts is not None and reply
        ]
        reference = next((seen.reference for seen in ways if seen.reference is not None), None)
        if reference is None and self.subject.reference is not None:
            reference = self._reference(conversation)
        shown_ways = [
            {"name": way.name, "chosen": way.chosen, **seen.shown}
            for way, seen in zip(self.subject.ways, ways, strict=True)
        ]
        return {"reference": reference, "ways": shown_ways, "replies": replies}

    def _way(self, way: Way, conversation: Conversation, native: Native | None) -> _Seen:
        if way.sources is None:
            return self._alone(way, conversation)
        sources = way.sources
        if way.native:
            if native is None or native.absent:
                why = native.absent if native is not None else "llama-server was not asked"
                return _Seen({"status": "unknown", "findings": [_said(why)]})
            sources = replace(sources, native=_given(native))
        checked = check_prompts(sources, [conversation], tokenizer=self.tokenizer, keep_tokens=True)
        [one] = checked.conversations
        of_all = [d for d in checked.diagnostics if d.code != NOTHING_COMPARED]
        return self._compared(one, [*one.diagnostics, *of_all])

    def _compared(self, one: ConversationCheck, found: Sequence[Diagnostic]) -> _Seen:
        seen: dict[str, Any] = {"status": one.status, "findings": _findings(found)}
        reference = None
        if one.prompt is not None:
            seen["prompt"] = _text(one.prompt, one.reference)
        if one.reference is not None:
            reference = _text(one.reference, one.prompt)
        if one.tokens is not None:
            pair = TokenPair("", "", "", *(self._chips(row) for row in one.tokens))
            places = differences.places(pair)
            marks = {n for p in places for n in range(p.at, p.at + len(p.left))}
            others = {n for p in places for n in range(p.other_at, p.other_at + len(p.right))}
            seen["tokens"] = _row(pair.ours, marks)
            if reference is not None:
                reference["tokens"] = _row(pair.theirs, others)
        return _Seen(seen, one.prompt or "", reference)

    def _alone(self, way: Way, conversation: Conversation) -> _Seen:
        """The prompt of a TEMPLATE that nothing is held to."""
        assert way.prompts is not None
        try:
            with steps_for_messages(len(conversation.messages)):
                prompt = way.prompts.render(
                    list(self._messages(conversation)), tools=conversation.tools, think=conversation.think
                )
        except KitError as error:
            return _Seen({"status": "refused", "findings": _findings([error.to_diagnostic()])})
        seen = {"status": "alone", "prompt": _text(prompt), "findings": [], **self._tokens(prompt)}
        return _Seen(seen, prompt)

    def _reference(self, conversation: Conversation) -> dict[str, Any]:
        """The chat template's prompt alone, where no way was held to it."""
        source = self.subject.reference
        assert source is not None
        reference = Reference(source.text, bos_token=source.bos_token, eos_token=source.eos_token)
        try:
            with steps_for_messages(len(conversation.messages)):
                text = reference.render(
                    self._messages(conversation), tools=conversation.tools, think=conversation.think
                )
        except KitError as error:
            return {"findings": _findings([error.to_diagnostic()])}
        return {**_text(text), **self._tokens(text, add_bos=False)}

    def _tokens(self, text: str, *, add_bos: bool = True) -> dict[str, Any]:
        """The tokens of a text that is held to no other; nothing where they are not shown."""
        if self.tokenizer is None:
            return {}
        [ids] = self.tokenizer.tokenize_many([text], add_bos=add_bos)
        return {"tokens": _row(self._chips(EveryToken(self.tokenizer).of(ids)), set())}

    def _messages(self, conversation: Conversation) -> Sequence[Message]:
        return with_system(conversation.messages, self.subject.system, self.subject.first)

    def _chips(self, tokens: Sequence[Token]) -> tuple[Chip, ...]:
        return tuple(Chip(t.id, t.text, self._kind(t.id)) for t in tokens)

    def _kind(self, number: int) -> str:
        if number < 0:
            return "image"
        return self.kinds[number] if number < len(self.kinds) else ""

    def _read(self, way: Way, prompt: str, reply: str, conversation: Conversation) -> dict[str, Any]:
        """What a client gets of a reply, token by token; and where it differs, what it gets all at once."""
        prompts = way.prompts
        assert prompts is not None
        parser = prompts.parser if parser_for(prompts.parser, prompts.target.newest) else ""
        tags = prompts.tool_tag.tag if isinstance(prompts, PromptTemplate) else ""
        kept = preserved_tokens(
            parser=parser, tool_tag=tags, offers_tools=bool(conversation.tools), target=prompts.target.newest
        )
        tokens = self.subject.reply_tokens
        unseen = [t for t in sorted(tokens.hidden, key=len, reverse=True) if t in reply and t not in kept]
        for token in unseen:
            reply = reply.replace(token, "")
        hidden = [shown(token) for token in unseen]
        options: dict[str, Any] = {
            "prompt": prompt,
            "think": conversation.think,
            "tools": conversation.tools,
            "last_message": conversation.messages[-1] if conversation.messages else None,
        }
        by = f"PARSER {parser}" if parser else "the TEMPLATE's tags"
        try:
            streamed = prompts.split_reply(tokens.pieces(reply, STREAMED), **options)
            whole = prompts.split_reply([reply], **options)
        except KitError as error:
            return {"by": by, "parts": [["error", shown(error.message, lines=True)]], "hidden": hidden}
        return {
            "by": by,
            "parts": _parts(streamed),
            "hidden": hidden,
            **({"at_once": _parts(whole)} if whole != streamed else {}),
        }


def _parts(reply: Reply) -> list[list[str]]:
    """A message part by part, each with its name."""
    message = plain_message(reply)
    names = ("error", "thinking", "content")
    found: list[tuple[str, str]] = [(name, str(message[name])) for name in names if name in message]
    for call in message.get("tool_calls", ()):
        arguments = json.dumps(call["arguments"], ensure_ascii=False)
        found.append(("tool call", f"{call['name']} {arguments}"))
    return [[name, shown(text, lines=True)] for name, text in found or [("content", "")]]


def _given(native: Native) -> Callable[..., str]:
    def render(_messages: Sequence[Message], **_: Any) -> str:
        if native.text is None:
            raise PromptError(native.error)
        return native.text

    return render


def _text(text: str, other: str | None = None) -> dict[str, Any]:
    """A text in parts: [text, differs], or the number of characters that are left out."""
    found = differences.parts(text, other)
    return {
        "bytes": len(text.encode("utf-8", "surrogatepass")),
        "parts": [p.left_out or [shown(p.text, lines=True), not p.same] for p in found],
    }


def _row(chips: Sequence[Chip], marked: set[int]) -> dict[str, Any]:
    """A row of tokens: [id, text, kind, differs], or the number of those that are left out."""
    found: list[Any] = []
    at = 0
    for one in differences.row(chips, min(marked, default=0)):
        if isinstance(one, int):
            found.append(one)
            at += one
        else:
            found.append([one.id, shown(one.text, lines=True), one.kind, at in marked])
            at += 1
    return {"count": len(chips), "row": found}


def _findings(found: Sequence[Diagnostic]) -> list[dict[str, str]]:
    return [
        {
            "severity": d.severity.value,
            "label": d.label.removeprefix(f"{d.severity} "),
            "message": shown(d.message, lines=True),
            "help": shown(d.help, lines=True),
        }
        for d in dict.fromkeys(found)
    ]


def _said(message: str) -> dict[str, str]:
    return {"severity": "info", "label": "", "message": shown(message, lines=True), "help": ""}
