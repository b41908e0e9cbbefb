"""The round trip: what a model writes goes through Ollama's reader, and the same message has to come out.

The replies are those that the chat template shows (`spoken`). The reader is the TEMPLATE's tags, or one of
Ollama's own parsers (PARSER). Each reply is read whole and in pieces, because a server gets it token by
token, and a token can end anywhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from ..core.errors import KitError
from ..core.step_account import steps_for_messages
from ..gotemplate.budget import LimitError
from ..huggingface import Reference
from ..ollama.builtin import PARSERS, parser_for
from ..ollama.parsers import OLDEST, read_reply
from ..ollama.prompt import PromptTemplate
from ..ollama.reply_tokens import ReplyTokens, preserved_tokens
from ..ollama.reply_types import Reply, ToolCall
from ..ollama.think import Think
from ..ollama.versions import Target
from .spoken import KINDS, QUESTION, TOOLS, Kind, Spoken, spoken_replies

if TYPE_CHECKING:
    from ..ollama.renderer_prompt import RendererPrompts

ASPECTS = ("answer", "thinking", "tools")
"""What a reply can hold; `Compiled.replies` has a word for each."""

WHOLE = 0
"""The size of a piece that is the whole reply."""
PIECES = (WHOLE, 1, 3, 7)
"""Characters in a piece; pieces of one character end at every place."""

CALLS, THINKING, CONTENT, REFUSED = "calls", "thinking", "content", "refused"
"""What can be wrong with a message that comes back."""


Prompts: TypeAlias = "PromptTemplate | RendererPrompts"
"""What makes the prompts that are replied to."""


@dataclass(frozen=True)
class Reading:
    """One reply as it comes back, in pieces of one size.

    size: characters in a piece, 0 for all at once. problem: "" where the message is the one that was meant.
    """

    spoken: Spoken
    size: int
    reply: Reply
    problem: str

    def right(self, aspect: str) -> bool:
        """Whether one of ASPECTS comes back: the calls with the text before them, the thought, the answer."""
        reply, kind = self.reply, self.spoken.kind
        if reply.error:
            return False
        if aspect == "thinking":
            return reply.thinking.strip() == kind.thinking.strip()
        called = same_calls([(c.name, c.arguments) for c in reply.tool_calls], kind.calls)
        return called and _text(reply, kind) == kind.content.strip()


@dataclass(frozen=True)
class RoundTrip:
    """Every reply of a model read by one reader.

    parser: the name of the PARSER, "" for the TEMPLATE's tags. readings: of every reply, in every size.
    unchanged: whether the prompts are those of the TEMPLATE without a PARSER. cut_tokens: whether pieces end
    inside special tokens too, as nobody said which texts are tokens; an engine sends a token whole. engine:
    the build of llama-server whose own parser read them, "" where Ollama did. unseen: kinds by name that were
    not read, and why: the engine was not asked, or the template was stopped.
    """

    parser: str
    readings: tuple[Reading, ...]
    unchanged: bool = True
    cut_tokens: bool = False
    engine: str = ""
    unseen: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def read(self) -> Mapping[str, bool]:
        """Kinds by name: whether the message comes back in pieces of every size."""
        found: dict[str, bool] = {}
        for reading in self.readings:
            name = reading.spoken.kind.name
            found[name] = found.get(name, True) and not reading.problem
        return found

    @cached_property
    def shown(self) -> Mapping[str, bool]:
        """Kinds by name: whether the user at least sees all of it, as text where it is not read."""
        found: dict[str, bool] = {}
        for reading in self.readings:
            name = reading.spoken.kind.name
            found[name] = found.get(name, True) and (not reading.problem or _visible(reading))
        return found

    @property
    def replies(self) -> dict[str, str]:
        """For each of ASPECTS: "exact", "partial", "unread" or "absent" (the chat template shows none).

        Of one that was not seen whole nothing more than "partial" is known.
        """
        stopped = {aspect for kind in KINDS if kind.name in self.stopped for aspect in aspects_of(kind)}
        known = {aspect: _status(self._right(aspect)) for aspect in ASPECTS}
        return {**known, **dict.fromkeys((a for a in ASPECTS if a in stopped), "partial")}

    @cached_property
    def stopped(self) -> frozenset[str]:
        """The kinds that were not read because the template was stopped, by name."""
        return frozenset() if self.engine else frozenset(self.unseen)

    def _right(self, aspect: str) -> list[bool]:
        """Of each reading that has the aspect: whether it comes back."""
        return [r.right(aspect) for r in self.readings if aspect in aspects_of(r.spoken.kind)]


def kinds_with(aspect: str) -> tuple[Kind, ...]:
    """The kinds of replies that count for one of ASPECTS."""
    return tuple(kind for kind in KINDS if aspect in aspects_of(kind))


def aspects_of(kind: Kind) -> tuple[str, ...]:
    """For what a kind counts: all that it holds; text before a call is no answer of its own."""
    holds = {
        "answer": kind.content and not kind.arguments,
        "thinking": kind.thinking,
        "tools": kind.arguments,
    }
    return tuple(aspect for aspect, has in holds.items() if has)


def _status(right: Sequence[bool]) -> str:
    if not right:
        return "absent"
    return "exact" if all(right) else "partial" if any(right) else "unread"


class Trip:
    """The replies of a model, to be put to readers.

    spoken: the replies. template: the TEMPLATE (or the RENDERER), with the model's own PARSER. tokens: the
    vocabulary's special tokens, if it is known: control tokens are left out of the text unless the reader
    asks for them, and none is cut in two. ended: which limit ended the search for replies; then none of them
    is read: what is missing may be there, and what was found may have been cut out wrongly.
    """

    def __init__(
        self,
        spoken: Sequence[Spoken],
        template: Prompts,
        tokens: ReplyTokens | None = None,
        *,
        ended: str = "",
    ) -> None:
        # A PARSER would let requests with tools through that the chat template does not show to the model.
        takes_tools = "tools" in template.capabilities
        # Of an answer by a schema only a server can say what becomes of it.
        known = (one for one in spoken if one.kind.form is None)
        self.spoken = tuple(one for one in known if takes_tools or not one.kind.offered)
        self.template = template
        self.target: Target = template.target
        oldest, newest = Target(self.target.version), self.target.newest
        self.ends = (oldest,) if oldest.version == newest.version else (oldest, newest)
        self.tokens = tokens or ReplyTokens()
        self.hidden = tuple(sorted(self.tokens.hidden, key=len, reverse=True))
        self._prompts: dict[tuple[bool, bool, Think], str | None] = {}
        self._stopped: LimitError | None = None  # no prompt was made after it: it says nothing about replies
        self._unseen: dict[str, str] = {}
        if ended:
            self.spoken = ()
            able = (kind for kind in KINDS if kind.form is None and (takes_tools or not kind.offered))
            self._unseen = dict.fromkeys((kind.name for kind in able), ended)

    @classmethod
    def of(
        cls,
        reference: Reference,
        eos_token: str | None,
        template: Prompts,
        tokens: ReplyTokens | None = None,
    ) -> Trip:
        """The replies that a chat template shows; eos_token: the text that ends them, if there is one."""
        spoken = spoken_replies(reference, eos_token)
        return cls(spoken, template, tokens, ended=reference.look_ended)

    def own(self) -> RoundTrip:
        """The replies read as the model is: by its PARSER (gpt-oss has one untold), else by the tags."""
        parser = self.template.parser
        known = parser_for(parser, self.target.newest) is not None
        reader = parser if known else ""
        return self._read(reader, unchanged=True)

    def by_parser(self, name: str) -> RoundTrip:
        """The replies read by a PARSER."""
        template = self.template.with_parser(name)
        try:
            unchanged = all(self._prompt(template, s) == self._prompt(self.template, s) for s in self.spoken)
        except LimitError:
            unchanged = False  # not known to be
        return self._read(name, unchanged=unchanged)

    def _read(self, parser: str, *, unchanged: bool) -> RoundTrip:
        """Every reply by one reader; those whose prompt was stopped are not read."""
        readings = tuple(self._readings(parser, PIECES))
        read = {r.spoken.kind.name for r in readings}
        unseen = {name: why for name, why in self._unseen.items() if name not in read}
        return RoundTrip(parser, readings, unchanged, self.tokens.whole is None, unseen=unseen)

    def best(self, own: RoundTrip | None = None) -> RoundTrip:
        """The reader that gives most kinds back and no answer worse than the model's own; that wins a draw.

        A PARSER is asked with whole replies first, and only those that can win with pieces. own: what `own`
        gave, if it was asked. Where the model has a PARSER, none at all is tried too. Where a limit hides
        replies, what another reader would make of them is not known: the model's own stays.
        """
        best = own or self.own()
        if self.target.version < OLDEST or best.unseen:
            return best
        if best.parser and self._has_tags:
            by_tags = self.by_parser("")
            best = by_tags if by_tags.unchanged and _better(by_tags, best) else best
        # A PARSER takes over the calls too. Where none is shown, what it makes of them is not known.
        calls = any(one.kind.arguments for one in self.spoken)
        unknown = not calls and "tools" in self.template.capabilities
        hopeful = []
        for place, name in enumerate(candidates(self.target)):
            whole = {r.spoken.kind.name: not r.problem for r in self._readings(name, (WHOLE,))}
            hopeful.append((-sum(whole.values()), place, name))
        for count, _, name in sorted(hopeful):
            if -count <= sum(best.read.values()):
                break
            if unknown and PARSERS[name].tools:
                continue
            trip = self.by_parser(name)
            if trip.unchanged and _better(trip, best):
                best = trip
        return best

    @property
    def _has_tags(self) -> bool:
        """Whether tags read the replies where no PARSER is named: not for gpt-oss, nor beside a RENDERER."""
        return isinstance(self.template, PromptTemplate) and not self.template.with_parser("").parser

    def takes_for_thought(self, parser: str) -> bool:
        """Whether an answer that begins without a thought, where thinking is on, becomes a thought.

        A model may leave the thought out where its prompt does not begin one. Most PARSERs take what comes
        before the closing tag for a thought, be there an opening one or not. parser: "" for the tags.
        """
        by_name = {one.kind.name: one for one in self.spoken}
        answer, thought = by_name.get("answer"), by_name.get("thought and answer")
        if answer is None or thought is None or thought.text.lstrip().startswith(thought.kind.thinking[:9]):
            return False
        direct = replace(answer, think=thought.think, prompt=thought.prompt)
        found = self._readings(parser, PIECES, (direct,))
        return any(r.reply.thinking.strip() and not r.reply.content.strip() for r in found)

    def _readings(
        self, parser: str, sizes: Sequence[int], replies: Sequence[Spoken] | None = None
    ) -> Iterator[Reading]:
        template = self.template.with_parser(parser)
        for spoken in self.spoken if replies is None else replies:
            try:
                prompt = self._prompt(template, spoken)
            except LimitError as error:
                self._unseen[spoken.kind.name] = str(error)
                continue
            if prompt is None:
                refused = Reply(error="the server refuses such a request")
                yield Reading(spoken, WHOLE, refused, REFUSED)
                continue
            text = self._sent(spoken, parser, template)
            for end in self.ends:
                if parser and end.version < OLDEST:
                    continue  # what its parsers read is not known
                # A PARSER that is younger than the release has no effect there.
                reader = parser if parser_for(parser, end) else ""
                for size in sizes:
                    reply = _reply(template, reader, end, spoken, prompt, self.tokens.pieces(text, size))
                    yield Reading(spoken, size, reply, problem_of(reply, spoken.kind))

    def _prompt(self, template: Prompts, spoken: Spoken) -> str | None:
        """The prompt of a request of this kind; None where the server refuses it.

        Raises LimitError where a limit of the kit ended this one or one before.
        """
        offered = spoken.kind.offered
        try:
            if offered and "tools" not in template.capabilities:
                return None
            think = template.resolved_think(spoken.think)
        except KitError:
            return None
        key = (template.parser == "harmony", offered, think)
        if key not in self._prompts:
            if self._stopped is not None:
                raise self._stopped
            self._prompts[key] = self._made(template, offered, think)
        return self._prompts[key]

    def _made(self, template: Prompts, offered: bool, think: Think) -> str | None:
        message = {"role": "user", "content": QUESTION}
        try:
            with steps_for_messages(1):  # whatever the work around it took before
                return template.render([message], tools=TOOLS if offered else None, think=think)
        except LimitError as error:
            self._stopped = error
            raise
        except KitError:
            return None

    def _sent(self, spoken: Spoken, parser: str, template: Prompts) -> str:
        """The reply as the engine gives it to the server."""
        text, offered = spoken.text, spoken.kind.offered
        tag = template.tool_tag.tag if isinstance(template, PromptTemplate) else ""
        newest = template.target.newest
        kept = preserved_tokens(parser=parser, tool_tag=tag, offers_tools=offered, target=newest)
        for token in self.hidden:
            if token not in kept:
                text = text.replace(token, "")
        return text


def _reply(
    template: Prompts, parser: str, target: Target, spoken: Spoken, prompt: str, pieces: Sequence[str]
) -> Reply:
    tools = TOOLS if spoken.kind.offered else None
    if not parser:
        return template.split_reply(pieces, prompt=prompt, think=spoken.think, tools=tools)
    return read_reply(
        parser,
        pieces,
        tools=tools,
        last_message={"role": "user", "content": QUESTION},
        think=template.resolved_think(spoken.think),
        target=target,
    )


def _better(trip: RoundTrip, other: RoundTrip) -> bool:
    """Whether more calls or thoughts come back, and no plain answer is lost for it.

    A kind that neither reads must not vanish from the user's sight, unless more of its aspect are read.
    Better answers alone are no reason: the PARSER would be one for another form of calls.
    """
    if sum(trip.read.values()) <= sum(other.read.values()):
        return False
    if any(
        other.read.get(kind.name) and not trip.read.get(kind.name, True) for kind in KINDS if not _own(kind)
    ):
        return False
    gained = {
        aspect
        for aspect in ASPECTS
        if sum(trip.read.get(k.name, False) for k in kinds_with(aspect))
        > sum(other.read.get(k.name, False) for k in kinds_with(aspect))
    }
    fallen = [kind for kind in KINDS if other.shown.get(kind.name) and not trip.shown.get(kind.name)]
    return bool(gained - {"answer"}) and all(gained & _own(kind) for kind in fallen)


def _own(kind: Kind) -> set[str]:
    """What a kind holds beside an answer."""
    return set(aspects_of(kind)) - {"answer"}


def _visible(reading: Reading) -> bool:
    """Whether the words of a reply that is not read stand somewhere in the message."""
    reply, kind = reading.reply, reading.spoken.kind
    if reply.error:
        return False
    text = reply.thinking + reply.content
    read = {call.name for call in reply.tool_calls}
    right = same_calls([(c.name, c.arguments) for c in reply.tool_calls], kind.calls[: len(reply.tool_calls)])
    words = [kind.thinking.strip(), kind.content.strip(), *(c.name for c in kind.calls if c.name not in read)]
    return right and all(word in text for word in words)


def candidates(target: Target) -> Iterator[str]:
    """The names of parsers that a target knows, in the order of their releases."""
    return (name for name in PARSERS if parser_for(name, target))


def problem_of(reply: Reply, kind: Kind) -> str:
    """What is wrong with a message that was to be of this kind; "" for nothing.

    Spaces and newlines around a thought and around an answer do not count: chat templates trim them.
    """
    if reply.error:
        return REFUSED
    if not same_calls([(c.name, c.arguments) for c in reply.tool_calls], kind.calls):
        return CALLS
    text = _text(reply, kind)
    if reply.thinking.strip() != kind.thinking.strip() and text == reply.content.strip():
        return THINKING
    return "" if text == kind.content.strip() else CONTENT


def _text(reply: Reply, kind: Kind) -> str:
    """The text of a message; gpt-oss' template makes the text before a call a thought, and so it returns."""
    as_thought = kind.arguments and not kind.thinking and not reply.content.strip()
    return (reply.thinking if as_thought else reply.content).strip()


def same_calls(found: Sequence[tuple[str, Any]], wanted: Sequence[ToolCall]) -> bool:
    """Whether names and arguments agree, in order; a whole number may have lost its point, or got one."""
    return [(n, plain(a)) for n, a in found] == [(c.name, plain(c.arguments)) for c in wanted]


def plain(value: Any) -> str:
    """Arguments as one text; a number that is whole has no point."""

    def whole(v: Any) -> Any:
        if isinstance(v, float) and v.is_integer():
            return int(v)
        if isinstance(v, Mapping):
            return {k: whole(x) for k, x in v.items()}
        return [whole(x) for x in v] if isinstance(v, list) else v

    return json.dumps(whole(value), sort_keys=True)
