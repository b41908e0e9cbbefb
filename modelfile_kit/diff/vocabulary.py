"""The vocabularies of two models: tokens, their types and roles, merges and scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..core.errors import GGUFError
from ..core.listed import some
from ..gguf_file.header import Header
from ..gguf_file.vocabulary import Vocabulary
from .part import Part, counted, not_compared, part_of
from .values import first_place

NAME = "vocabulary"
SHOWN = 8
"""Tokens of one kind of difference that are named; the rest are counted."""

ROLES = ("bos", "eos", "eot", "eom")


def compare_vocabularies(before: Header, after: Header) -> Part:
    """Token by token. The same text under another id has moved: an id is what the model computes with."""
    try:
        one, other = (Vocabulary.from_header(h) for h in (before, after))
    except GGUFError as error:
        return not_compared(NAME, error.message)
    texts = one.texts(), other.texts()
    lines = [
        *_tokens(*texts),
        *_types(texts, (one.kinds(), other.kinds())),
        *_roles(one, other),
        *_merges(one, other),
        *_scores(one, other),
    ]
    size = counted(len(one), "token")
    merges = f", {counted(len(one.merges), 'merge')}" if one.merges is not None else ""
    count = f"{len(one):,} -> {counted(len(other), 'token')}" if len(one) != len(other) else size
    return part_of(
        NAME,
        lines,
        f"{size}{merges}: texts, ids, types and special tokens are the same",
        f"{count}; {len(lines)} kinds of differences" if len(lines) > 1 else count,
        differences=list(lines),
    )


def _tokens(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """Tokens that only one side has, and those whose id is another one."""
    if before == after:
        return []
    places = _first_ids(before), _first_ids(after)
    removed = [f"{t!r} ({i})" for t, i in places[0].items() if t not in places[1]]
    added = [f"{t!r} ({i})" for t, i in places[1].items() if t not in places[0]]
    moved = [
        f"{t!r} ({i} -> {places[1][t]})" for t, i in places[0].items() if t in places[1] and places[1][t] != i
    ]
    lines = _counted("- removed", removed) + _counted("+ added", added) + _counted("~ moved", moved)
    # Texts that occur twice can differ in ways that first ids do not show.
    return lines or ["~ texts that occur more than once stand at other ids"]


def _first_ids(texts: Sequence[str]) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for number, text in enumerate(texts):
        found.setdefault(text, number)
    return found


def _types(
    texts: tuple[Sequence[str], Sequence[str]], kinds: tuple[Sequence[str], Sequence[str]]
) -> list[str]:
    """Tokens of which the text is the same and the type is not."""
    if kinds[0] == kinds[1] and texts[0] == texts[1]:
        return []
    there = dict(zip(texts[1], kinds[1], strict=True))
    changed = [
        f"{text!r} ({kind} -> {there[text]})"
        for text, kind in zip(texts[0], kinds[0], strict=True)
        if there.get(text, kind) != kind
    ]
    return _counted("~ type changed", changed)


def _roles(one: Vocabulary, other: Vocabulary) -> list[str]:
    """What begins and ends texts and turns, by the text of the token."""
    lines = []
    for role in ROLES:
        ids = (getattr(one, f"{role}_id"), getattr(other, f"{role}_id"))
        shown = [_token(v, i) for v, i in zip((one, other), ids, strict=True)]
        if shown[0] != shown[1]:
            lines.append(f"~ {role.upper()}: {shown[0]} -> {shown[1]}")
    for what, flags in (
        ("BOS is added", (one.add_bos, other.add_bos)),
        ("EOS is added", (one.add_eos, other.add_eos)),
        ("a space is put in front", (one.space_prefix, other.space_prefix)),
    ):
        if flags[0] != flags[1]:
            lines.append(f"~ {what}: {_yes(flags[0])} -> {_yes(flags[1])}")
    ends = [{_token(v, i) for i in v.end_of_generation()} for v in (one, other)]
    lines += _counted("- no longer ends the generation", sorted(ends[0] - ends[1]))
    lines += _counted("+ ends the generation", sorted(ends[1] - ends[0]))
    return lines


def _token(vocabulary: Vocabulary, number: int | None) -> str:
    if number is None:
        return "none"
    inside = 0 <= number < len(vocabulary)
    return f"{vocabulary.token(number)!r} ({number})" if inside else f"{number} (not a token)"


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"


def _merges(one: Vocabulary, other: Vocabulary) -> list[str]:
    before, after = one.merges, other.merges
    if before is None or after is None:
        if before is None and after is None:
            return []
        counts = ["none" if m is None else f"{len(m):,}" for m in (before, after)]
        return [f"~ merges: {counts[0]} -> {counts[1]}"]
    place = first_place(before, after)
    if place is None:
        return []
    count = f"{len(before):,} -> {len(after):,}" if len(before) != len(after) else f"{len(before):,}"
    return [
        f"~ merges: {count}, {place.count:,} differ, the first is {place.index:,}: "
        f"{place.before!r} -> {place.after!r}"
    ]


def _scores(one: Vocabulary, other: Vocabulary) -> list[str]:
    before, after = one.scores, other.scores
    if before is None or after is None:
        return (
            [] if before is after else [f"~ scores: {_yes(before is not None)} -> {_yes(after is not None)}"]
        )
    place = first_place(before, after)
    if place is None:
        return []
    return [
        f"~ scores: {place.count:,} differ, the first is that of token {place.index:,}: "
        f"{place.before} -> {place.after}"
    ]


def _counted(what: str, found: Iterable[str]) -> list[str]:
    every = list(found)
    if not every:
        return []
    return [f"{what}: {len(every):,}: {some(every, SHOWN)}"]
