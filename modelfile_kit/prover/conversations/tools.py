"""Candidate conversations with tools, calls and their results.

What Ollama can express of tools: names of arguments and properties come out sorted, so they are
alphabetical here; numbers are float64, so there is no 1.0 and none beyond 2^53, nor below 0.0001
where Python and Go write another notation; schemas have only the keys that Ollama keeps, in the
order `type, items, description, enum, properties, required`; what is empty is absent.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...core.conversation import Message, Tool
from . import texts
from .features import OTHER_ROLE, Features
from .plain import Candidate, message, probe, thinks

ID = "abc123456"  # nine letters and digits: some templates insist on it
# Everything that JSON, Go's JSON, Python's str() and the templates' languages write in their own way.
ODD_TEXT = "é\"\\/<b>&'\u2028\x07\n 👩\u200d👧 {{x}}, y: z"


def tool(
    name: str = "f", description: str = "d", properties: Mapping[str, Any] | None = None, **more: Any
) -> Tool:
    """A tool in the shape of Hugging Face's get_json_schema; an empty description is left out."""
    parameters = {"type": "object", "properties": dict(properties or {}), **more}
    about = {"description": description} if description else {}
    return {"type": "function", "function": {"name": name, **about, "parameters": parameters}}


ODD_SCHEMA = {
    "a": {"type": "string", "description": ODD_TEXT, "enum": ["x", ODD_TEXT]},
    "b": {"type": "integer"},
}
PLAIN = (tool("f", ODD_TEXT, ODD_SCHEMA, required=["a", "b"]),)
TWO = (*PLAIN, tool("g", ODD_TEXT, {"a": {"type": "boolean", "description": "y"}}))
SCALARS = {
    "a": {"type": "string", "description": ODD_TEXT, "enum": ["x", "y z", '"q"']},
    "b": {"type": "integer", "enum": [1, 2, 1000000]},
    "c": {"type": "number", "description": "two\nlines\n"},
    "d": {"type": "boolean"},
    "e": {"type": "null"},
}
ARRAYS = {
    "a": {"type": "array", "items": {"type": "string"}, "description": "list"},
    "b": {"type": "array"},
    "c": {"type": "array", "items": {"type": "number"}},
    "d": {"type": "array", "items": {"description": "i", "enum": ["p", "q"], "type": "string"}},
    "e": {"type": "array", "items": {"items": {"type": "integer"}, "type": "array"}},
    "f": {"type": "array", "items": {"type": "boolean"}},
}
OBJECTS = {
    "a": {
        "type": "object",
        "description": "nested",
        "properties": {"d": {"type": "number"}, "e": {"type": "string", "enum": ["1"]}},
        "required": ["d", "e"],
    },
    "b": {"type": "object"},
    "c": {
        "type": "object",
        "properties": {
            "g": {"type": "object", "properties": {"h": {"type": "null"}}},
            "i": {"type": "array"},
        },
        "required": ["g"],
    },
}
RECORDS = {
    "a": {
        "type": "array",
        "items": {
            "properties": {"c": {"type": "string"}, "d": {"type": "array"}},
            "required": ["c", "d"],
            "type": "object",
        },
        "description": "deep",
    }
}
# Properties named as the keys of a schema are.
NAMES = {k: {"type": "string"} for k in ("description", "items", "name", "properties", "type")}
SCHEMAS: tuple[tuple[Tool, ...], ...] = (
    (tool("get_it", "Gets " + ODD_TEXT, SCALARS, required=["a", "c"]),),
    (tool("l", "lists", ARRAYS, required=["a"]),),
    (tool("o", "objects\n", OBJECTS, required=["a", "b"]),),
    (tool("r", "records", RECORDS),),
    (tool("e", "either", {"a": {"type": ["string", "null"], "description": "or"}}, required=["a"]),),
    (tool("t", "three", {"a": {"type": ["array", "number", "object"]}, "b": {"description": "no type"}}),),
    (tool("u", "union", {"a": {"anyOf": [{"type": "string"}, {"type": "null"}], "description": "w"}}),),
    (tool("n", "names", NAMES, required=["type"]),),
    (tool("h", ""), tool("i", "", {"b": {"type": "boolean"}}, required=["b"])),
    (tool("h", ""), *PLAIN, tool(ODD_TEXT, "odd name", {ODD_TEXT: {"type": "string"}}, required=[ODD_TEXT])),
)

ARGUMENTS: tuple[Mapping[str, Any], ...] = (
    {"a": ODD_TEXT, "b": 1},
    {},
    {"a": "", "b": ODD_TEXT},
    {"a": 3, "b": -7, "c": 1000000, "d": 0, "e": 0.5, "f": 123456789.25},
    {"a": True, "b": False},
    {"a": None},
    {"a": {"b": "y", "c": {"d": 1}}, "e": {}},
    {"a": ["x", 1, True, None, {"b": []}], "c": []},
    {"a": '{"b": 1}', "c": "  x\n", "d": "1", "e": "true"},
    # numbers that Python takes for true and false
    {"a": 1, "b": True},
    {"a": [0], "b": [False]},
)


# What an argument of a name that the template reads can hold, and how many such names are tried.
NAMED_VALUES: tuple[Any, ...] = (None, True, False, 0, 1, "", "x", [], ["x"], {}, {"x": 1})
NAMES_MAX = 60


def call(arguments: Mapping[str, Any] | None = None, name: str = "f", id: str | None = ID) -> dict[str, Any]:
    """A tool call as a message carries it."""
    known = {} if id is None else {"id": id}
    function = {"name": name, "arguments": dict(ARGUMENTS[0] if arguments is None else arguments)}
    return {**known, "type": "function", "function": function}


def asked(content: str = "", *calls: Mapping[str, Any], thinking: str | None = None) -> Message:
    """An assistant's message that calls tools (one unless given)."""
    return message("assistant", content, thinking=thinking, tool_calls=list(calls) or [call()])


def told(content: str = "21", name: str | None = "f", id: str | None = ID) -> Message:
    """A tool's answer."""
    return message("tool", content, tool_name=name, tool_call_id=id)


U, A, S = message("user", "u"), message("assistant", "a"), message("system", "s")
# More of each: templates compare whole messages.
U2, A2 = message("user", "u2"), message("assistant", "a2")
TWO_CALLS = (call(), call({"b": 2}, "g", "def123456"))

HISTORIES: dict[str, tuple[Message, ...]] = {
    "u": (U,),
    "su": (S, U),
    "uau": (U, A, U2),
    "suau": (S, U, A, U2),
    "uct": (U, asked(), told()),
    "suct": (S, U, asked(), told()),
    "uct-text": (U, asked("say"), told()),
    "uctau": (U, asked(), told(), A, U2),
    "suctau": (S, U, asked("say"), told(), A, U2),
    "uc2tt": (U, asked("", *TWO_CALLS), told(), told("22", "g", "def123456")),
    "uc2ttau": (U, asked("say", *TWO_CALLS), told(), told("22", "g", "def123456"), A, U2),
    "crossed": (U, asked("", *TWO_CALLS), told("22", "g", "def123456"), told()),
    "uctct": (U, asked(), told(), asked("", call({"b": 2}, "g")), told("22", "g")),
    "uctcta": (U, asked(), told(), asked("again"), told(), A),
    # the same words twice, and other calls or answers: templates compare whole messages
    "uctct-same": (U, asked("say"), told(), asked("say", call({"b": 2}, "g")), told(name="g")),
    "uctc-same": (U, asked(), told(), asked("", call({"b": 2}))),
    "uctca-same": (U, asked("a"), told(), A),
    "uctu": (U, asked(), told(), U2),
    "uc": (U, asked()),
    "uc-text": (U, asked("say")),
    "ucu": (U, asked(), U2),
    "ut": (U, told()),
    "t": (told(),),
    "tu": (told(), U),
    "tt": (told(), told()),
    "c": (asked(),),
    "ct": (asked(), told()),
    "scu": (S, asked(), U),
    "usct": (U, S, asked(), told()),
    "ucts": (U, asked(), told(), S),
    "uatu": (U, A, told(), U2),
    "uctautau": (
        U,
        asked(),
        told(),
        A,
        U2,
        asked("say", *TWO_CALLS),
        told(),
        told(),
        A2,
        message("user", "u3"),
    ),
    "s": (S,),
    "a": (A,),
    "ua": (U, A),
    "sa": (S, A),
    "us": (U, S),
    "o": (message(OTHER_ROLE, "o"),),
    "uo": (U, message(OTHER_ROLE, "o")),
    "no-id": (U, asked("", call(id=None)), told(id=None)),
    "short-id": (U, asked("", call(id="1")), told(id="1")),
    "short-answer": (U, asked(), told(id="1")),
    "no-name": (U, asked(), told(name=None)),
    "nothing": (U, asked("", call(id=None)), told(name=None, id=None)),
    "other-name": (U, asked("", call(name="get_it")), told(name="get_it")),
}
REASONED: dict[str, tuple[Message, ...]] = {
    "r": (U, asked(thinking="r"), told()),
    "r-text": (U, asked("say", thinking="r"), told()),
    "r-back": (U, asked(thinking="r1"), told(), message("assistant", "a", thinking="r2"), U2),
    "r-two": (U, asked(thinking="r1"), told(), asked("x", thinking="r2"), told()),
    "r-last": (U, asked(thinking="r1"), told(), message("assistant", "a", thinking="r2")),
    "r-open": (U, message("assistant", "a", thinking="r1"), U2, asked(thinking="r2")),
}


def tools(seen: Features) -> Iterator[Candidate]:
    """Histories with and without tools offered, then arguments, schemas, texts and literals."""
    for name, history in HISTORIES.items():
        uses = any(m["role"] == "tool" or "tool_calls" in m for m in history)
        for offered in (PLAIN, None, TWO) if uses else (PLAIN, TWO):
            count = len(offered or ())
            yield probe(f"{name}-{count}", history, offered, category="tools", telling=uses and count == 1)
    for name, history in {**HISTORIES, **REASONED}.items():
        for think in thinks(seen):
            if think is not None or name in REASONED:
                for offered in (PLAIN, None) if name in REASONED else (PLAIN,):
                    known = f"{name}-think-{think}-{bool(offered)}"
                    yield probe(known, history, offered, think, category="tools")
    for i, arguments in enumerate(ARGUMENTS):
        history = (U, asked("", call(arguments)), told())
        yield probe(f"arguments-{i}", history, TWO, category="tools", telling=True)
        several = (U, asked("x", call(arguments), call(arguments, "g")), told(), told())
        yield probe(f"arguments-two-{i}", several, category="tools", telling=True)
    for i, schemas in enumerate(SCHEMAS):
        yield probe(f"schema-{i}", (S, U), schemas, category="tools", telling=True)
        both = (*schemas, *SCHEMAS[i - 1])
        yield probe(f"schema-bare-{i}", (U,), both, category="tools", telling=True)
    yield from _named_arguments(seen)
    yield from _odd_texts(seen)
    yield from _literals(seen)


def _named_arguments(seen: Features) -> Iterator[Candidate]:
    """Arguments of every name that the template reads, with each value of JSON; null is there, yet empty."""
    names = sorted({*seen.keys, *seen.literals, *seen.markers} - {""})[:NAMES_MAX]
    for i, value in enumerate(NAMED_VALUES if names else ()):
        history = (U, asked("", call(dict.fromkeys(names, value))), told())
        yield probe(f"named-arguments-{i}", history, PLAIN, category="tools", telling=True)


def _odd_texts(seen: Features) -> Iterator[Candidate]:
    strange: Sequence[str] = (*texts.general(seen), *texts.around_markers(seen))
    for i, text in enumerate(strange):
        other = strange[(i + 1) % len(strange)]
        third = strange[(i * 2 + 5) % len(strange)]
        offered = PLAIN if i % 2 else None
        called = call(ARGUMENTS[i % len(ARGUMENTS)])
        history = (message("system", third), message("user", text), asked(other, called), told(text))
        yield probe(f"text-{i}", history, offered, category="tools", telling=True)
        several = [call(ARGUMENTS[(i + k) % len(ARGUMENTS)]) for k in range(i % 3 + 1)]
        back = (U, asked(text, *several, thinking=other or None), told(third), message("assistant", text), U2)
        yield probe(f"text-back-{i}", back, offered, category="tools", telling=True)


def _literals(seen: Features) -> Iterator[Candidate]:
    """Texts that the template compares with, as names, types and arguments."""
    for i, literal in enumerate(dict.fromkeys((*seen.literals, *seen.markers))):
        described = {"a": {"type": literal or "string", "description": literal or "x"}}
        offered = (tool(literal or "f", literal, described),)
        called = call({"a": literal}, literal or "f")
        history = (message("user", literal), asked(literal, called), told(literal, literal or None))
        yield probe(f"literal-{i}", history, offered, category="tools")
        keyed = (U, asked("", call({literal or "a": 1})), told())
        yield probe(f"literal-key-{i}", keyed, PLAIN, category="tools")
    for first, second in itertools.product(seen.markers, repeat=2):
        both = asked(f"a{first}b", call({"a": f"x{second}y"}), call({"a": second}))
        yield probe(f"pair-{first}-{second}", (U, both, told(first)), PLAIN, category="tools")
    for mark in seen.markers:
        names = (f"x{mark}f", f"x{mark}g", f"y{mark}h")
        answers = (told(name=n) for n in names)
        calls = asked("", *(call(name=n) for n in names))
        yield probe(f"names-{mark}", (U, calls, *answers), [tool(n) for n in names], category="tools")
    for role in seen.roles[4:]:
        history = (U, asked(), message(role, "x", tool_name="f"))
        yield probe(f"role-{role}", history, PLAIN, category="tools")
