"""What a chat template makes of conversations: the facts, rendered as Hugging Face renders them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..core.conversation import Message, Tool
from ..core.errors import TemplateReferenceError
from ..huggingface import ConversationRefusedError, Reference, TemplateLimitError
from .words import sentences

# Words that no template has: what is compared is where they come out again.
BEFORE, AFTER = "Qvort", "zlimp"
NEUTRAL = f"{BEFORE} {AFTER}"
_ANSWER, _SYSTEM, _LATER = "Gralb wumpf.", "Xolth mirv.", "Brunk vlapp."
NOW = datetime(2025, 3, 5, 12, 0, 0)
TOOL: Tool = {
    "type": "function",
    "function": {
        "name": "drovek",
        "description": "Plomf.",
        "parameters": {"type": "object", "properties": {"krull": {"type": "string"}}, "required": ["krull"]},
    },
}
_CALLS = [{"function": {"name": "drovek", "arguments": {"krull": "snip"}}}]
ROLES = ("user", "tool", "assistant", "system")
# Renderings of one template, and the steps that all may take: a template that is made to be slow ends there.
RENDERINGS_MAX = 400
STEPS_MAX = 400_000
STEPS_OF_ONE = 100_000
# Characters of a prompt that is compared; those of real templates have at most some 20,000.
PROMPT_MAX = 1 << 16


def conversations(role: str, text: str) -> Iterator[tuple[list[Message], list[Tool] | None]]:
    """Conversations in which somebody says this text, the shortest first."""
    user: Message = {"role": "user", "content": _LATER}
    answer: Message = {"role": "assistant", "content": _ANSWER}
    said: Message = {"role": role, "content": text}
    if role == "user":
        yield [said], None
        yield [said, answer, user], None
        yield [user, answer, said], None
        yield [{"role": "system", "content": _SYSTEM}, said], None
        yield [said], [TOOL]
    elif role == "system":
        yield [said, user], None
        yield [said, user], [TOOL]
    elif role == "assistant":
        yield [user, said, user], None
    else:
        call: Message = {"role": "assistant", "content": "", "tool_calls": _CALLS}
        yield [user, call, {**said, "tool_name": "drovek"}], [TOOL]


@dataclass(frozen=True)
class Shown:
    """A conversation that takes a branch, and its prompt beside that of one without the words.

    messages, tools, now: the request; role: who says it; prompt, other: with and without, or the template's
    refusal in words; added, lost: sentences of the template that only the one and only the other prompt has;
    altered: whether the message's own text came out changed.
    """

    messages: Sequence[Message]
    role: str
    prompt: str
    other: str
    added: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    altered: bool = False
    refused: str = ""
    now: datetime | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "conversation": [dict(m) for m in self.messages],
            "date": self.now.date().isoformat() if self.now else None,
            "prompt": self.prompt,
            "prompt_without": self.other,
            "added": list(self.added),
            "lost": list(self.lost),
        }


class Trials:
    """Renders one chat template in bounds; what was rendered is remembered."""

    def __init__(self, chat_template: str, *, bos_token: str | None, eos_token: str | None) -> None:
        self.reference = Reference(chat_template, bos_token=bos_token, eos_token=eos_token)
        self.reference.steps_max = STEPS_OF_ONE
        self.left = RENDERINGS_MAX
        self.ended = ""  # which limit kept a trial from being made, "" while none did
        self._known: dict[str, tuple[str, str] | None] = {}

    def prompt(
        self,
        messages: Sequence[Message],
        tools: Sequence[Tool] | None = None,
        now: datetime = NOW,
        *,
        reply: bool = True,
    ) -> tuple[str, str] | None:
        """The prompt and "", or "" and the template's refusal; None where it fails or no trial is left."""
        key = repr((messages, tools is not None, now, reply))
        if key not in self._known:
            self._known[key] = self._render(messages, tools, now, reply)
        return self._known[key]

    def _render(
        self, messages: Sequence[Message], tools: Sequence[Tool] | None, now: datetime, reply: bool
    ) -> tuple[str, str] | None:
        if self.over:
            return None
        self.left -= 1
        try:
            prompt = self.reference.render(messages, tools=tools, now=now, add_generation_prompt=reply)
            return (prompt, "") if len(prompt) <= PROMPT_MAX else None
        except ConversationRefusedError as error:
            return "", error.reason
        except TemplateLimitError as limit:
            self.ended = self.ended or limit.message
            return None
        except TemplateReferenceError:
            return None

    def in_parts(self, messages: Sequence[Message]) -> str:
        """The prompt of the same messages as lists of parts, "" where there is none."""
        shaped = [{**m, "content": [{"type": "text", "text": m["content"]}]} for m in messages]
        names = {"messages": shaped, "add_generation_prompt": True, "tools": None, "documents": None}
        try:
            return self.reference.render_arguments(names, now=NOW)
        except TemplateReferenceError:
            return ""

    @property
    def over(self) -> bool:
        """Whether no further rendering is allowed; asked before each, so then one is not made."""
        limit = ""
        if self.left <= 0:
            limit = f"{RENDERINGS_MAX:,} conversations were rendered"
        elif self.reference.steps > STEPS_MAX:
            limit = f"the chat template takes more than {STEPS_MAX:,} steps in all its renderings"
        self.ended = self.ended or limit
        return bool(limit)

    def compare(self, role: str, text: str) -> Shown | None:
        """The first conversation in which this text does more than come out where another one would."""
        if self.over:
            return None
        pairs = zip(conversations(role, text), conversations(role, NEUTRAL), strict=True)
        for (messages, tools), (plain, _) in pairs:
            found = self._differs(
                role, text, messages, self.prompt(messages, tools), self.prompt(plain, tools)
            )
            if found is not None:
                return found
        return None

    def _differs(
        self,
        role: str,
        text: str,
        messages: Sequence[Message],
        with_text: tuple[str, str] | None,
        without: tuple[str, str] | None,
    ) -> Shown | None:
        if with_text is None or without is None or without[1]:
            return None
        (prompt, refused), (other, _) = with_text, without
        if refused:
            return Shown(messages, role, prompt, other, refused=refused)
        # No template has the neutral words: this is the other prompt with the text in their place.
        expected = other.replace(NEUTRAL, text)
        if prompt == expected or prompt == other.replace(NEUTRAL, text.strip()):
            return None
        said, heard = (dict.fromkeys(sentences(_without(p, text))) for p in (prompt, expected))
        before = heard.keys() | set(sentences(other))
        added = tuple(s for s in said if s not in before and not _is_own(s, text))
        lost = tuple(s for s in heard if s not in said)
        altered = NEUTRAL in other and text not in prompt
        return Shown(messages, role, prompt, other, added, lost, altered)


_OWN = re.compile(rf"(?is){BEFORE}.*?{AFTER}")


def _without(prompt: str, text: str) -> str:
    """A prompt without the message that was tried, in whatever letters it comes out."""
    return _OWN.sub("\n", prompt.replace(text, "\n") if text.strip() else prompt)


def _is_own(sentence: str, text: str) -> bool:
    """Whether a line of a prompt is made of the message's words alone."""
    words = set(re.findall(r"\w+", text.lower()))
    return all(word in words for word in re.findall(r"\w+", sentence.lower()))


def in_turns(number: int) -> list[Message]:
    """A conversation of this many messages that ends with the user's."""
    names = ("user", "assistant")
    first = (number - 1) % 2
    return [{"role": names[n % 2], "content": f"{BEFORE} {_spelled(n)}"} for n in range(number - first)]


def _spelled(number: int) -> str:
    """A number as a word that no template has."""
    return "".join("bcdfghjklm"[int(digit)] + "o" for digit in str(number)) + "zzq"


def without_messages(prompt: str, messages: Sequence[Message]) -> str:
    """A prompt without what its messages say."""
    for message in messages:
        prompt = prompt.replace(str(message["content"]), "\n")
    return prompt


def without_dates(lines: Iterable[str]) -> list[str]:
    """Lines without numbers and the names of months and days."""
    return [_DATE.sub("", line) for line in lines]


_DATE = re.compile(
    r"\d+|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun)[a-z]*\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Plain:
    """What plain conversations show.

    default: sentences that the prompt has only where there is no system message; always: those that it has
    beside the user's own system message; after: those behind the user's message; begun: those with which the
    reply begins; later: those that only a longer conversation has; dropped: messages of the user that do not
    reach the prompt; changed: those that come out in other letters, with what came out; as_system: a user's
    text in a system turn, and the prompt; unread: sentences whose words do not stand in the source;
    cut: the characters of a long message, and how many of them reach the prompt.
    """

    default: tuple[str, ...] = ()
    always: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    changed: tuple[tuple[str, str], ...] = ()
    as_system: tuple[str, str] | None = None
    prompt: str = ""
    unread: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    begun: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    cut: tuple[int, int] | None = None


def plain(trials: Trials, source: str) -> Plain:
    """Tries plain conversations with and without a system message."""
    first, second = "Qvort zlimp. Hraff Nodu!", "Brunk vlapp, Ostri?"
    user: Message = {"role": "user", "content": first}
    answer: Message = {"role": "assistant", "content": _ANSWER}
    later: Message = {"role": "user", "content": second}
    system: Message = {"role": "system", "content": _SYSTEM}
    alone = trials.prompt([user])
    told = trials.prompt([system, user])
    long = trials.prompt([user, answer, later])
    texts = [first, second, _ANSWER, _SYSTEM]

    def own(result: tuple[str, str] | None) -> list[str]:
        if result is None:
            return []
        left = result[0]
        for text in texts:
            left = left.replace(text, "\n")
        return sentences(left)

    in_alone, in_told = own(alone), own(told)
    refused = told is None or bool(told[1])
    always = [s for s in in_alone if refused or s in in_told]
    default = [s for s in in_alone if s not in always]
    dropped, changed = _lost(long, (first, second))
    cut: tuple[int, int] | None = None
    if len(dropped) == 2:
        # A template may take lists of parts alone.
        dropped = tuple(t for t in dropped if t not in trials.in_parts([user, answer, later]))
    if long is not None and first in long[0] and not dropped and not changed:
        dropped, cut = _cut_short(trials, first)
    after = _after(alone, told, first)
    closed = trials.prompt([user], reply=False)
    begun = tuple(
        s for s in after if closed is not None and s not in sentences(closed[0].replace(first, "\n"))
    )
    whole = [result[0] for result in (alone, told, long) if result is not None]
    return Plain(
        tuple(dict.fromkeys(default)),
        tuple(dict.fromkeys(always)),
        dropped,
        changed,
        _as_system(told, whole, (first, second)),
        next(iter(whole), ""),
        _unread(whole, source, texts),
        tuple(s for s in after if s not in begun),
        begun,
        _later(trials, [result[0] for result in (alone, told) if result is not None]),
        cut,
    )


def _cut_short(trials: Trials, text: str) -> tuple[tuple[str, ...], tuple[int, int] | None]:
    """The messages of a long conversation that do not reach the prompt, and how much of a long one does."""
    words = f"{text}{' bromf' * 600} Ostri."
    prompt = trials.prompt([{"role": "user", "content": words}])
    if prompt is not None and text in prompt[0] and words not in prompt[0]:
        came = prompt[0][prompt[0].index(text) :][: len(words)]
        same = next((n for n, (a, b) in enumerate(zip(came, words, strict=False)) if a != b), len(came))
        return (), (len(words), same)
    turns = in_turns(25)
    prompt = trials.prompt(turns)
    if prompt is None or prompt[1]:
        return (), None
    said = [str(m["content"]) for m in turns if m["role"] == "user"]
    return tuple(t for t in said if t not in prompt[0]), None


def _later(trials: Trials, before: Sequence[str]) -> tuple[str, ...]:
    """Sentences that only a longer conversation has."""
    turns = in_turns(25)
    prompt = trials.prompt(turns)
    if prompt is None or not before:
        return ()
    said = dict.fromkeys(sentences(without_messages(prompt[0], turns)))
    return tuple(s for s in said if not any(s in p for p in before))


def _lost(
    result: tuple[str, str] | None, texts: Sequence[str]
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    if result is None or result[1]:
        return (), ()
    dropped, changed = [], []
    for text in texts:
        if text in result[0]:
            continue
        near = re.search(r"[\W_]*".join(re.findall(r"\w+", text)), result[0], re.IGNORECASE)
        if near:
            changed.append((text, near[0]))
        else:
            dropped.append(text)
    return tuple(dropped), tuple(changed)


def _after(alone: tuple[str, str] | None, told: tuple[str, str] | None, text: str) -> tuple[str, ...]:
    """Sentences behind the user's last message, in every prompt."""
    behind = [sentences(r[0].rpartition(text)[2]) for r in (alone, told) if r is not None and text in r[0]]
    return tuple(s for s in behind[0] if all(s in other for other in behind)) if behind else ()


_HEADER = re.compile(r"(?i)sys")
_BREAK = re.compile(
    r"(?i)[<\[|]|^[^\S\n]*(?:#+[^\S\n]*)?(?:user|human|assistant|instruction|question|prompt)\b[^\n]{0,20}:",
    re.MULTILINE,
)


def _as_system(
    told: tuple[str, str] | None, prompts: Sequence[str], texts: Sequence[str]
) -> tuple[str, str] | None:
    """The user's text that stands where the system message stands, and that prompt."""
    if told is None or _SYSTEM not in told[0]:
        return None
    before = told[0][: told[0].index(_SYSTEM)]
    header = _last_header(before)
    if not _HEADER.search(header):
        return None
    for prompt in prompts:
        for text in texts:
            place = prompt.find(text)
            while place >= 0:
                start = prompt.rfind(header, 0, place)
                if start >= 0:
                    between = prompt[start + len(header) : place]
                    if not _BREAK.search(between):
                        return text, prompt
                place = prompt.find(text, place + 1)
    return None


def _last_header(before: str) -> str:
    """The markers, with their role, that end a text."""
    found = re.search(
        r"(?:[<\[][^<>\[\]\n]{1,60}[>\]][^<>\[\]\n]{0,20}\n?)+\s*$|[^\n]{1,40}:?\s*$", before[-300:]
    )
    return found[0] if found else ""


def _unread(prompts: Sequence[str], source: str, texts: Sequence[str]) -> tuple[str, ...]:
    """Sentences of a prompt whose words cannot be read in the template's source."""
    source = source.lower()
    known = set(re.findall(r"[^\W_]{3,}", source))
    known |= {w for t in texts for w in re.findall(r"[^\W_]{3,}", t.lower())}
    found = []
    for prompt in prompts:
        for line in sentences(prompt):
            words = [w.lower() for w in re.findall(r"[^\W_]{3,}", _DATE.sub("", line))]
            if sum(w not in known and w not in source for w in words) >= 2:
                found.append(line)
    return tuple(dict.fromkeys(found))


# Messages of the shapes that a condition can ask for in place of words, by how it asks.
SHAPES = {
    "is made of digits": "12345",
    "is made of letters": "bromf",
    "is made of letters and digits": "bromf7",
    "is in capitals": "BROMF VLAPP",
    "is in small letters": "bromf vlapp",
    "is in title case": "Bromf Vlapp",
    "is ASCII": "brömf",
    "is an identifier": "bromf_vlapp",
    "comes again": "Brunk vlapp.",
}


def asks_for(texts: Mapping[str, str]) -> list[str]:
    """Messages that hold these constants, by the way each is asked for."""
    tried = []
    for text, way in texts.items():
        around = f"{BEFORE} {text} {AFTER}"
        tried += [text, f"{text} {AFTER}"] if way == "begins with" else []
        tried += [text, f"{BEFORE} {text}"] if way == "ends with" else []
        tried += [around, text, f"{text} {AFTER}", f"{BEFORE} {text}"]
    whole = " ".join(texts)
    return list(dict.fromkeys([*tried, f"{BEFORE} {whole} {AFTER}", whole]))
