"""`stop`: the texts at which a reply ends, checked against the vocabulary."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..core.diagnostics import Diagnostic, Severity, Span
from ..ollama.builtin import HARMONY_MARKS
from ..ollama.special_tokens import kind_of, special_texts, way_to_end_at
from ..ollama.versions import Target

if TYPE_CHECKING:
    from ..gguf_file.vocabulary import Vocabulary
    from ..package.families import Family

STOP_NOT_A_TOKEN = "MK320"  # noqa: S105
STOP_NEEDLESS = "MK328"
STOP_MISSING = "MK322"
STOPS_UNCHECKED = "MK308"
STOP_UNSEEN = "MK321"


@dataclass(frozen=True)
class Stop:
    """A stop: its text, its token's id (None for a plain text), and why it is one."""

    text: str
    id: int | None
    why: str


@dataclass(frozen=True)
class Stops:
    """What is written as `PARAMETER stop`, and what was left out with the reason."""

    stops: tuple[Stop, ...] = ()
    left_out: tuple[Stop, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def texts(self) -> list[str]:
        """The texts alone, in order."""
        return [s.text for s in self.stops]


def decide_stops(
    asked: str | Sequence[str],
    *,
    family: Family | None,
    compiled: Iterable[str],
    end: str | None,
    vocabulary: Vocabulary | None,
    target: Target,
    span: Span,
    harmony: bool = False,
) -> Stops:
    """The stops of a package.

    asked: "auto", or the package's own list; compiled: the stops that follow from the chat template;
    end: what is written after a turn, if anything. Only texts that the vocabulary has and at which
    llama.cpp does not end by itself become stops of `auto`.
    harmony: replies are parsed as gpt-oss writes them: its marks end a thought too, and are visible.
    """
    compiled = [text for text in compiled if not (harmony and text in HARMONY_MARKS)]
    stops = _auto(family, compiled, end, vocabulary, span)
    if not isinstance(asked, str):
        stops = _listed(asked, stops, vocabulary, span)
    unseen = _unseen(stops, vocabulary, target, span)
    return replace(stops, diagnostics=(*stops.diagnostics, *unseen))


def _auto(
    family: Family | None, compiled: Iterable[str], end: str | None, vocabulary: Vocabulary | None, span: Span
) -> Stops:
    candidates: dict[str, str] = {}
    for text in family.turn_ends if family else ():
        candidates.setdefault(text, f"ends a turn in the family {family.id}" if family else "")
    for text in special_texts(end or ""):
        candidates.setdefault(text, "is written after every turn")
    for text in compiled:
        candidates.setdefault(text, "follows from the chat template")
    if vocabulary is None:
        return _unchecked(candidates, span)
    ends = set(vocabulary.end_of_generation())
    stops, left_out = [], []
    for text, why in candidates.items():
        token = vocabulary.special_id_of(text)
        if token is None and kind_of(text):
            left_out.append(Stop(text, None, "the vocabulary has no such token"))
        elif token in ends:
            left_out.append(Stop(text, token, "llama.cpp stops there by itself"))
        else:
            stops.append(Stop(text, token, why))
    return Stops(tuple(stops), tuple(left_out))


def _unchecked(candidates: dict[str, str], span: Span) -> Stops:
    stops = tuple(Stop(text, None, why) for text, why in candidates.items())
    message = "the model's file has no vocabulary, so the stops could not be checked"
    found = Diagnostic(STOPS_UNCHECKED, Severity.WARNING, message, span, "build with the whole model file")
    return Stops(stops, (), (found,) if stops else ())


def _listed(asked: Sequence[str], auto: Stops, vocabulary: Vocabulary | None, span: Span) -> Stops:
    if vocabulary is None:
        return Stops(tuple(Stop(text, None, "listed") for text in asked), (), auto.diagnostics)
    ends = set(vocabulary.end_of_generation())
    stops = tuple(Stop(text, vocabulary.special_id_of(text), "listed") for text in asked)
    found = []
    for stop in stops:
        if stop.id is None:
            found.append(_not_a_token(stop.text, span))
        elif stop.id in ends:
            message = f"the stop {stop.text!r} is not needed: llama.cpp stops at this token by itself"
            found.append(Diagnostic(STOP_NEEDLESS, Severity.INFO, message, span, "remove it"))
    for missing in auto.stops:
        if missing.text not in asked and missing.id is not None:
            message = f"{missing.text!r} {missing.why}, but is not a stop: the model would keep generating"
            found.append(
                Diagnostic(STOP_MISSING, Severity.WARNING, message, span, "add it, or write `stop: auto`")
            )
    return Stops(stops, auto.left_out, tuple(found))


def _unseen(
    stops: Stops, vocabulary: Vocabulary | None, target: Target, span: Span
) -> tuple[Diagnostic, ...]:
    """Stops that servers since 0.30 cannot find.

    Their llama-server leaves control tokens out of the text in which it looks for stops (seen on 0.33.0:
    a reply wrote past such a stop, and ended at the same one made user-defined).
    """
    if vocabulary is None or not target.may_have("native_jinja"):
        return ()
    found = []
    ends = vocabulary.end_of_generation()
    for stop in stops.stops:
        if stop.id is None or stop.id in ends or vocabulary.type_of(stop.id) != "control":
            continue
        message = (
            f"the stop {stop.text!r} never fires on Ollama 0.30 and later: control tokens are not "
            "visible in the text there"
        )
        hint = way_to_end_at(stop.id)
        found.append(Diagnostic(STOP_UNSEEN, Severity.INFO, message, span, hint))
    return tuple(found)


def _not_a_token(text: str, span: Span) -> Diagnostic:
    if kind_of(text):
        message = (
            f"the stop {text!r} is not a token of this vocabulary, so the model will hardly ever write it"
        )
        return Diagnostic(
            STOP_NOT_A_TOKEN, Severity.WARNING, message, span, "remove it, or write `stop: auto`"
        )
    message = f"the stop {text!r} is not one token: Ollama looks for it in the text of the reply"
    hint = "this is fine for a plain text, but a reply that quotes it ends there too"
    return Diagnostic(STOP_NOT_A_TOKEN, Severity.INFO, message, span, hint)
