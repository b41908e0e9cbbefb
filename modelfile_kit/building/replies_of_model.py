"""What of a model's replies Ollama would read, from its GGUF: by a compiled TEMPLATE and by a PARSER."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..compiler.compile import translate
from ..core.errors import KitError
from ..core.listed import some
from ..gguf_file import Header
from ..gguf_file.vocabulary import Vocabulary
from ..huggingface import Reference
from ..ollama.builtin import PARSERS
from ..ollama.prompt import PromptTemplate
from ..ollama.reply_tokens import ReplyTokens
from ..ollama.versions import version_text
from ..replies.round_trip import RoundTrip, Trip


@dataclass(frozen=True)
class RepliesOfModel:
    """Its replies by two readers.

    own: the tags that Ollama infers from the compiled TEMPLATE; best: the best reader, maybe the same.
    """

    own: RoundTrip
    best: RoundTrip

    @property
    def summary(self) -> str:
        """One line for people."""
        told = f"{_read(self.own)} by {_reader(self.own, 'a compiled TEMPLATE')}"
        if self.best.parser == self.own.parser:
            return f"{told}; no PARSER reads more" if _lost(self.own) else told
        since = version_text(PARSERS[self.best.parser].since)
        return f"{told}; {_read(self.best)} by PARSER {self.best.parser} (Ollama {since} and later)"

    def to_dict(self) -> dict[str, Any]:
        """Plain values: for each reader, its PARSER (None for the tags) and whether each kind comes back."""
        ways = {"template": self.own, "best": self.best}
        return {
            way: {"parser": trip.parser or None, "kinds": dict(trip.read), **trip.replies}
            for way, trip in ways.items()
        }


def replies_of_model(header: Header) -> RepliesOfModel | None:
    """What is known of a GGUF.

    None without a chat template, where none can be compiled from it, and where a limit hid replies.
    """
    try:
        vocabulary = Vocabulary.from_header(header)
        source = vocabulary.chat_templates.get("default")
        if not source:
            return None
        bos, eos = vocabulary.bos_text, vocabulary.eos_text
        found = translate(source, bos_token=bos or "", eos_token=eos or "")
        if found.coverage["chat"] == "unsupported":
            return None
        seen = PromptTemplate(found.template, family=header.architecture)
        trip = Trip.of(Reference(source, bos_token=bos, eos_token=eos), eos, seen, ReplyTokens.of(vocabulary))
    except KitError:
        return None
    own = trip.own()
    if not own.readings or own.stopped:
        return None
    return RepliesOfModel(own, trip.best(own))


def _reader(trip: RoundTrip, otherwise: str) -> str:
    return f"PARSER {trip.parser}" if trip.parser else otherwise


def _read(trip: RoundTrip) -> str:
    """How many kinds come back, and which do not."""
    lost = _lost(trip)
    if not lost:
        count = len(trip.read)
        return f"all {count} kinds are read back" if count > 1 else f"{some(list(trip.read))} is read back"
    count = len(trip.read) - len(lost)
    return f"{count} of {len(trip.read)} kinds are read back (not {some(lost)})"


def _lost(trip: RoundTrip) -> list[str]:
    return [name for name, right in trip.read.items() if not right]
