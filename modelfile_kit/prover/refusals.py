"""How a TEMPLATE refuses a request, in words for people.

A Go template stops with a text of its own where it calls a template that is not defined, under that text as
its name. So the error of a server holds the words of the refusal inside Go's words about a missing template.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

_REFUSAL = re.compile(r'template ("(?:[^"\\]|\\.)*") not defined')
# What a compiled TEMPLATE calls at a construct that is not supported.
_UNSUPPORTED = re.compile(r"chat template, line (\d+): (.*)", re.DOTALL)


@dataclass(frozen=True)
class Refusal:
    """Why a TEMPLATE stopped. line: of the chat template, where it is a construct that is not supported."""

    what: str
    line: int | None = None


def refusal(error: str) -> Refusal | None:
    """What a TEMPLATE says in an error of Go's; None for an error that is none of its own.

    >>> refusal('template: :1:3: executing "" at <{{template "no" .}}>: template "no" not defined')
    Refusal(what='no', line=None)
    """
    found = _REFUSAL.search(error)
    if found is None:
        return None
    try:
        name = str(json.loads(found[1]))
    except ValueError:  # an escape that only Go has
        name = found[1][1:-1]
    unsupported = _UNSUPPORTED.fullmatch(name)
    return Refusal(unsupported[2], int(unsupported[1])) if unsupported else Refusal(name)


def in_words(error: str) -> str:
    """An error as the end of a sentence ("Ollama answers: …")."""
    found = refusal(error)
    if found is None:
        return error
    if found.line is None:
        return f"the TEMPLATE refuses it: {found.what}"
    return f"not supported in a Go template: {found.what} (line {found.line} of the chat template)"
