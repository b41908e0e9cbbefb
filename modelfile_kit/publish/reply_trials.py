"""Whether a server reads back what the model writes: seen, by a parrot that writes it.

Every kind of reply is asked for by each of the four ways, and the message that comes back is compared with
the one that was meant. Nothing here depends on how we understand Ollama's parsers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..core.diagnostics import Diagnostic, Severity
from ..core.errors import KitError
from ..core.progress import Progress, Step
from ..huggingface import Reference
from ..ollama.prompt import PromptTemplate
from ..ollama.reply_tokens import ReplyTokens
from ..ollama.special_tokens import TOKEN_LIKE
from ..parrot import Reply, UnsayableError, Voice, marker
from ..parrot.pieces import cut
from ..replies.reply_findings import advice
from ..replies.round_trip import Trip, plain, same_calls
from ..replies.said import END_OF_PROMPT, MORE, SIZE, UNCALLED, asking, said
from ..replies.spoken import FORMED, TOOLS, Kind, Spoken, absent_kinds, spoken_replies
from ..runtime.ollama.client import OllamaServer
from ..runtime.ollama.messages import CHAT, WAYS, Answer, Way
from ..runtime.ollama.replies import HalfStreamError, RefusedError
from .create_request import CreateRequest
from .parrot_model import ParrotModel, parrot_model
from .served_model import ServedModel

CALLS_LOST, THOUGHT_LOST, ANSWER_CHANGED, REFUSED, ASTRAY = "MK870", "MK871", "MK872", "MK873", "MK874"
ODD = "MK875"
SHOWN = 90
ROUNDS = 4  # times that an endless thought is said before num_predict ends it
STREAMED = Way(CHAT, True)


@dataclass(frozen=True)
class Seen:
    """What one way gave.

    problem: "" where the message is the one that was meant, else what is wrong with it in a word: "calls",
    "thinking", "content" or "refused".
    """

    way: Way
    answer: Answer | None
    problem: str = ""
    error: str = ""


@dataclass(frozen=True)
class Trial:
    """One kind of reply and what each way gave; spoken: None where the chat template does not show it.

    skipped: why it was not asked for, "" where it was.
    """

    kind: Kind
    spoken: Spoken | None = None
    seen: tuple[Seen, ...] = ()
    skipped: str = ""
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def status(self) -> str:
        """One of "read", "partly", "unread", "absent" and "skipped"."""
        if self.spoken is None:
            return "absent"
        if self.skipped:
            return "skipped"
        wrong = sum(bool(seen.problem) for seen in self.seen)
        return "read" if not wrong else "partly" if wrong < len(self.seen) else "unread"


@dataclass(frozen=True)
class Odd:
    """A reply that goes wrong.

    name: for people; like: the sound reply that it is a part of; endless: whether it is said again and again
    until num_predict ends it; otherwise num_predict ends it where its text ends.
    """

    name: str
    text: str
    like: Spoken
    endless: bool = False


@dataclass(frozen=True)
class Told:
    """What the user sees of a reply that goes wrong, in words."""

    odd: Odd
    words: str
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True)
class ReplyReport:
    """Every kind of reply, by every way.

    name, host, version: what the parrot stood in for, URL and version of the server. native: whether
    llama-server's own parser read the replies; parser: the PARSER that did, "" for the tags of the TEMPLATE.
    """

    name: str
    host: str
    version: str
    native: bool
    parser: str
    trials: tuple[Trial, ...] = ()
    odd: tuple[Told, ...] = ()

    @property
    def reader(self) -> str:
        """What read the replies, in words."""
        if self.native:
            return "llama-server's own parser"
        return f"PARSER {self.parser}" if self.parser else "the tags in the TEMPLATE"

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """The findings, each once."""
        found = [d for trial in self.trials for d in trial.diagnostics]
        found += [d for told in self.odd for d in told.diagnostics]
        return tuple(dict.fromkeys(found))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON: for each kind, the problem of each way, "" for none."""
        kinds = {
            t.kind.name: {
                "status": t.status,
                "writes": t.spoken.text if t.spoken else None,
                "ways": {str(s.way): s.problem for s in t.seen},
            }
            for t in self.trials
        }
        return {
            "name": self.name,
            "host": self.host,
            "version": self.version,
            "reader": self.reader,
            "kinds": kinds,
        }


@dataclass(frozen=True)
class Source:
    """What is tried: a model's request, its chat template and the tokens of its vocabulary.

    voice: chooses the special tokens that occur in texts. eos_token: the vocabulary's.
    """

    request: CreateRequest
    reference: Reference
    voice: Callable[[Sequence[str]], Voice]
    architecture: str = ""
    eos_token: str | None = None


def try_replies(
    server: OllamaServer,
    name: str,
    source: Source,
    *,
    ways: Sequence[Way] = WAYS,
    size: int = SIZE,
    options: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> ReplyReport:
    """Publishes a parrot for `name`, asks for every kind of reply, and removes it.

    size: characters in a token of ordinary text; options: of the requests, by default temperature 0.
    Raises ServerError where the server cannot be used; what it does with replies is in the report.
    """
    found, unsayable = _sayable(spoken_replies(source.reference, source.eos_token), source, size)
    odd = odd_replies(found)
    spoken = tuple(_resumable(one, 1 + len(found) + len(odd)) for one in found)
    replies = [
        Reply(UNCALLED, size=size),
        *(said(s.text, s.prompt, size) for s in spoken),
        *(replace(said(o.text, o.like.prompt, size), end="" if o.endless else None) for o in odd),
        # The last: it is called for by the thought of a reply that is asked for in two requests.
        Reply(FORMED, size=size),
    ]
    texts = [source.request.template or "", *(t for s in spoken for t in (s.text, s.prompt))]
    voice = source.voice(texts)
    version = server.version()
    with parrot_model(server, name, source.request, replies, voice, source.architecture) as parrot:
        served = ServedModel.from_show(parrot.name, server.show(parrot.name))
        better = _better_parser(source, found)
        run = _Run(server, parrot, served, ways, {"temperature": 0, "seed": 0, **(options or {})}, better)
        trials = []
        for number, one in enumerate(spoken, start=1):
            if progress:
                progress(Step("replies", one.kind.name, number - 1, len(spoken)))
            trials.append(run.trial(number, one))
        strange = tuple(run.odd(number, one) for number, one in enumerate(odd, start=len(spoken) + 1))
        if progress:
            progress(Step("replies", "done", len(spoken), len(spoken)))
    trials += unsayable
    trials += [Trial(kind) for kind in absent_kinds([t.spoken for t in trials if t.spoken])]
    return ReplyReport(name, server.url, version, served.native, served.parser or "", tuple(trials), strange)


def _better_parser(source: Source, spoken: Sequence[Spoken]) -> str:
    """Advice of the PARSER that is proven to read more than what reads the replies now; "" for none."""
    request = source.request
    if not request.template:
        return ""
    try:
        seen = PromptTemplate(request.template, parser=request.parser or "", family=source.architecture)
    except KitError:
        return ""
    voice = source.voice([source.request.template or "", *(s.text for s in spoken)])
    tokens = ReplyTokens.of_types(voice.special)
    trip = Trip(spoken, seen, tokens, ended=source.reference.look_ended)
    own = trip.own()
    return advice(trip.best(own), own)


def _sayable(spoken: Sequence[Spoken], source: Source, size: int) -> tuple[tuple[Spoken, ...], list[Trial]]:
    """The replies that a parrot can say, and the trials of the others."""
    voice = source.voice([source.request.template or "", *(s.text for s in spoken)])
    can, cannot = [], []
    for one in spoken:
        try:
            cut(one.text, voice.special.keys(), size, (one.prompt[-END_OF_PROMPT:],))
            can.append(one)
        except UnsayableError as e:
            cannot.append(Trial(one.kind, one, (), e.message, (_astray_finding(one.kind, e.message),)))
    return tuple(can), cannot


def _resumable(spoken: Spoken, last: int) -> Spoken:
    """An answer by a schema as it can be said; a thought before it calls for the last reply, of this number.

    Until 0.34 Ollama asks twice: when the thought is over, it puts the thought into a second request, in
    which the schema holds (server/routes.go, structuredOutputsState). The parrot then has to say the answer
    alone. Without a thought, and since 0.34 from the end of the thought on, the schema allows the answer
    alone.
    """
    kind = spoken.kind
    if kind.form is None:
        return spoken
    if not kind.thinking:
        return replace(spoken, text=FORMED)
    thought = f"{kind.thinking} {marker(last)}"
    before, _, after = spoken.text.replace(kind.thinking, thought).rpartition(FORMED)
    after = after if after.strip() else ""
    return replace(spoken, kind=replace(kind, thinking=thought), text=f"{before.rstrip()}{FORMED}{after}")


class _Run:
    """The questions to one parrot."""

    def __init__(
        self,
        server: OllamaServer,
        parrot: ParrotModel,
        served: ServedModel,
        ways: Sequence[Way],
        options: Mapping[str, Any],
        better: str,
    ) -> None:
        self.better = better
        self.server = server
        self.parrot = parrot
        self.served = served
        self.ways = ways
        self.options = options

    def _limited(self, number: int) -> dict[str, Any]:
        return {**self.options, "num_predict": self.parrot.lengths[number] + MORE}

    def trial(self, number: int, spoken: Spoken) -> Trial:
        """One kind by all ways."""
        kind = spoken.kind
        lacking = [
            word
            for word, needed in (("tools", kind.offered), ("thinking", bool(spoken.think)))
            if needed and word not in self.served.capabilities
        ]
        if lacking:
            why = f"the server refuses such requests: the model has no capability {lacking[0]}"
            return Trial(kind, spoken, skipped=why)
        messages = [asking(number)]
        options = self._limited(number)
        seen = tuple(self._seen(way, messages, spoken, options) for way in self.ways)
        wrong = [s for s in seen if s.problem]
        if wrong and (why := self._astray(number, messages, spoken)):
            return Trial(kind, spoken, seen, why, (_astray_finding(kind, why),))
        told = findings(spoken, wrong, len(seen), self.served.parser or "", self.better)
        return Trial(kind, spoken, seen, diagnostics=tuple(told))

    def _seen(
        self, way: Way, messages: list[dict[str, Any]], spoken: Spoken, options: Mapping[str, Any]
    ) -> Seen:
        tools = TOOLS if spoken.kind.offered else None
        try:
            answer = self.server.message(
                way,
                self.parrot.name,
                messages,
                tools=tools,
                think=spoken.think,
                options=options,
                form=spoken.kind.form,
            )
        except (RefusedError, HalfStreamError) as e:
            return Seen(way, None, "refused", e.detail if isinstance(e, RefusedError) else e.message)
        return Seen(way, answer, problem_of(answer, spoken.kind))

    def odd(self, number: int, odd: Odd) -> Told:
        """What becomes of a reply that does not end as it should, on /api/chat, streamed."""
        kind = odd.like.kind
        lacking = ("tools" if kind.offered else "thinking") not in self.served.capabilities
        if lacking:
            return Told(odd, "not asked: the server refuses such requests for this model")
        messages = [asking(number)]
        # num_predict ends both: the one before the model would, the other in the end.
        length = self.parrot.lengths[number]
        limit = length * ROUNDS + MORE if odd.endless else length - 1
        seen = self._seen(STREAMED, messages, odd.like, {**self.options, "num_predict": limit})
        return told(odd, seen, self.served.parser or "")

    def _astray(self, number: int, messages: list[dict[str, Any]], spoken: Spoken) -> str:
        """Why the parrot did not say its text; "" where it did, without anybody reading it."""
        tools = TOOLS if spoken.kind.offered else None
        prompt = self.server.render(self.parrot.name, messages, tools=tools, think=spoken.think).prompt
        if marker(number) not in prompt:
            return "the user's words are not in the prompt that the server renders"
        options = self._limited(number)
        raw = self.server.generate(self.parrot.name, prompt, options=options, raw=True, think=False)
        plain = _without_tokens(raw.thinking + raw.text)
        # A stop may end it early, and where none ends it, it begins again.
        if plain and not (_without_tokens(spoken.text) * 2).startswith(plain):
            return f"the parrot wrote {plain[:SHOWN]!r}"
        return ""


def odd_replies(spoken: Sequence[Spoken]) -> tuple[Odd, ...]:
    """A call that breaks off in the middle, and a thought that does not end; as far as there are such."""
    found = []
    call = next((s for s in spoken if s.kind.name in ("call", "thought and call")), None)
    if call is not None:
        value = str(call.kind.arguments[0]["text"])
        found.append(Odd("call that breaks off", call.text[: call.text.rfind(value) + len(value) // 2], call))
    thought = next((s for s in spoken if s.kind.name == "thought and answer"), None)
    if thought is not None:
        whole = thought.text[: thought.text.find(thought.kind.thinking) + len(thought.kind.thinking)]
        found.append(Odd("thought without end", whole + " ", thought, endless=True))
    return tuple(found)


def told(odd: Odd, seen: Seen, parser: str) -> Told:
    """What the user sees, in words, with a finding where that is an error or marks of the format."""
    if seen.answer is None:
        by = f" (PARSER {parser})" if parser else ""
        words = f"the server ends the answer with an error{by}: {short(seen.error)}"
        return Told(odd, words, (_odd_finding(odd, words),))
    answer = seen.answer
    parts = [
        f"thought {short(answer.thinking)}" if answer.thinking else "",
        f"text {short(answer.content)}" if answer.content else "",
        f"{len(answer.calls)} tool call{'s' * (len(answer.calls) != 1)}" if answer.calls else "",
    ]
    seen_parts = ", ".join(filter(None, parts)) or "nothing at all"
    words = f"the user gets {seen_parts} (done_reason {answer.finish or 'not given'})"
    marks = TOKEN_LIKE.search(answer.content) is not None
    wrong = bool(answer.calls) or marks or not (answer.content or answer.thinking)
    return Told(odd, words, (_odd_finding(odd, words),) if wrong else ())


def _odd_finding(odd: Odd, words: str) -> Diagnostic:
    return Diagnostic(
        ODD,
        Severity.INFO,
        f"{odd.name}: {words}",
        help="raise num_predict and num_ctx, so that few replies are cut, and let clients expect this",
    )


def _without_tokens(text: str) -> str:
    """A text without special tokens and spaces, which readers drop."""
    return "".join(TOKEN_LIKE.sub("", text).split())


def problem_of(answer: Answer, kind: Kind) -> str:
    """What is wrong with a message that was to be of this kind; "" for nothing."""
    if not same_calls(answer.calls, kind.calls):
        return "calls"
    if answer.thinking.strip() != kind.thinking.strip():
        return "thinking"
    return "" if answer.content.strip() == kind.content.strip() else "content"


def findings(
    spoken: Spoken, wrong: Sequence[Seen], count: int, parser: str, better: str = ""
) -> Iterator[Diagnostic]:
    """What is wrong with the messages of one kind: a finding for each problem.

    wrong: the ways that gave another message; count: how many ways were asked; parser: the PARSER in use;
    better: advice of one that reads more, which other advice follows.
    """
    for problem in dict.fromkeys(seen.problem for seen in wrong):
        some = [seen for seen in wrong if seen.problem == problem]
        ways = "" if len(some) == count else f" ({'; '.join(str(seen.way) for seen in some)})"
        first, kind = some[0], spoken.kind
        code, what, fate, otherwise = _PROBLEMS[problem](spoken, first)
        by = f" by PARSER {parser}" if parser and problem == "refused" else ""
        message = f"{kind.name}{ways}: {what}{by}: {fate}"
        yield Diagnostic(code, Severity.ERROR, message, help=better + otherwise)


def _calls_problem(spoken: Spoken, seen: Seen) -> _Problem:
    answer = _answer(seen)
    if not answer.calls:
        fate = "no call comes back" if not _text(answer) else f"the user gets the text {short(_text(answer))}"
    else:
        got = ", ".join(f"{name}({plain(arguments)})" for name, arguments in answer.calls)
        fate = f"these calls come back: {short(got)}"
    fate = f"the model writes {short(spoken.text)}, {fate}"
    otherwise = "otherwise the client has to find the calls in the text"
    return CALLS_LOST, "the tool calls are not read back", fate, otherwise


def _thought_problem(spoken: Spoken, seen: Seen) -> _Problem:
    answer = _answer(seen)
    lost = not answer.thinking
    where = "stays in the answer" if lost and spoken.kind.thinking[:20] in answer.content else "is lost"
    fate = f"the thought {where}" if lost else f"the thought comes back as {short(answer.thinking)}"
    fate = f"the model writes {short(spoken.text)}, {fate}"
    return THOUGHT_LOST, "the thought is not read back", fate, "otherwise send `think: false`"


def _answer_problem(spoken: Spoken, seen: Seen) -> _Problem:
    got = _answer(seen).content
    fate = f"the model writes {short(spoken.text)}, the user gets {short(got) if got else 'no text'}"
    otherwise = "otherwise look at the stops, which cut an answer where they occur"
    if spoken.kind.form is not None:
        otherwise = "otherwise ask without `format`, say what is wanted in the prompt, and check the answer"
    return ANSWER_CHANGED, "the answer is changed", fate, otherwise


def _refused_problem(_spoken: Spoken, seen: Seen) -> _Problem:
    fate = f"{short(seen.error)}; the user gets the error in place of the reply"
    otherwise = "otherwise remove the PARSER, so that the reply arrives as text"
    return REFUSED, "the server ends the answer with an error", fate, otherwise


# The code, what is wrong, what becomes of the reply, and what helps where no other PARSER does.
_Problem = tuple[str, str, str, str]
_PROBLEMS: Mapping[str, Callable[[Spoken, Seen], _Problem]] = {
    "calls": _calls_problem,
    "thinking": _thought_problem,
    "content": _answer_problem,
    "refused": _refused_problem,
}


def _answer(seen: Seen) -> Answer:
    assert seen.answer is not None  # only a refusal has none
    return seen.answer


def _astray_finding(kind: Kind, why: str) -> Diagnostic:
    return Diagnostic(
        ASTRAY,
        Severity.WARNING,
        f"{kind.name}: whether it is read back was not seen: {why}",
        help="try such a request with the model itself",
    )


def _text(answer: Answer) -> str:
    return answer.content or answer.thinking


def short(text: str) -> str:
    """A text in quotes on one line, its end cut off."""
    flat = " ".join(text.split())
    return repr(flat if len(flat) <= SHOWN else flat[: SHOWN - 1] + "…")
