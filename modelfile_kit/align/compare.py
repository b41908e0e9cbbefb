"""Two prompts side by side: the first byte and the first token at which they differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..runtime.tokenizer import Tokenizer

# Tokens shown before and after the first difference.
WINDOW = 6
# Characters of text shown before and after the first differing byte.
CONTEXT = 40


_LONGEST = 60
"""Characters of a text that a sentence shows; the longest real tokens are shorter."""


def quoted(text: str, write: Callable[[str], str] = repr) -> str:
    """A token or a short text in quotes, cut where it is too long for a sentence. write: repr or ascii."""
    return write(text) if len(text) <= _LONGEST else f"{write(text[:_LONGEST])}… ({len(text):,} characters)"


@dataclass(frozen=True)
class Token:
    """A token: its place in the prompt (from 0), id, and text (bytes that are no UTF-8 as U+FFFD).

    The tokens of an image, of which only their number is known, count as one: image N has id -1-N.
    """

    index: int
    id: int
    text: str


@dataclass(frozen=True)
class ByteDifference:
    """The first byte at which two texts differ.

    offset: in bytes of the UTF-8 prompt; line, column: from 1, columns in characters; before: the text
    just before, common to both; prompt, reference: what follows in each, "" at the end of the text.
    """

    offset: int
    line: int
    column: int
    before: str
    prompt: str
    reference: str


@dataclass(frozen=True)
class Alignment:
    """How a prompt compares with its reference.

    equal: texts and tokens are the same. byte_difference: None where the texts are the same.
    first_difference: index of the first differing token, None where the tokens are the same.
    prompt_tokens, reference_tokens: the tokens around it. counts: how many tokens each has.
    """

    equal: bool
    byte_difference: ByteDifference | None
    first_difference: int | None
    prompt_tokens: tuple[Token, ...]
    reference_tokens: tuple[Token, ...]
    prompt_count: int
    reference_count: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "equal": self.equal,
            "byte_difference": vars(self.byte_difference) if self.byte_difference else None,
            "first_difference": self.first_difference,
            "prompt_tokens": [vars(t) for t in self.prompt_tokens],
            "reference_tokens": [vars(t) for t in self.reference_tokens],
            "prompt_count": self.prompt_count,
            "reference_count": self.reference_count,
        }


class EveryToken:
    """Whole rows of tokens with their texts, each piece asked for once.

    Bytes that are no UTF-8 by themselves are `\\xNN` in a text.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._texts: dict[int, str] = {}

    def of(self, ids: Sequence[int]) -> tuple[Token, ...]:
        """The tokens of these ids; image N has id -1-N."""
        new = [i for i in dict.fromkeys(ids) if i >= 0 and i not in self._texts]
        if new:
            pieces = self._tokenizer.pieces(new)
            self._texts |= {
                i: p.decode("utf-8", "backslashreplace") for i, p in zip(new, pieces, strict=True)
            }
        texts = (self._texts[i] if i >= 0 else f"image {-1 - i}" for i in ids)
        return tuple(Token(n, i, text) for n, (i, text) in enumerate(zip(ids, texts, strict=True)))


def compare(
    prompt: str,
    reference: str,
    tokenizer: Tokenizer,
    *,
    add_bos: bool | None = None,
    window: int = WINDOW,
) -> Alignment:
    """Compares a prompt with its reference, as bytes and as tokens.

    prompt: what the server sends to the engine, tokenized as llama-server does it (`add_bos` None: by
    the vocabulary's own setting); reference: what the chat template renders, tokenized with nothing
    added, as Hugging Face does. Raises EngineError where the tokenizer fails.
    """
    [a] = tokenizer.tokenize_many([prompt], add_bos=add_bos)
    [b] = tokenizer.tokenize_many([reference], add_bos=False)
    return compare_tokens(prompt, reference, a, b, tokenizer, window=window)


def compare_tokens(
    prompt: str,
    reference: str,
    prompt_ids: Sequence[int],
    reference_ids: Sequence[int],
    tokenizer: Tokenizer,
    *,
    window: int = WINDOW,
) -> Alignment:
    """`compare` for texts whose tokens are known; `tokenizer` only gives the tokens' texts."""
    difference = byte_difference(prompt, reference)
    first = first_difference(prompt_ids, reference_ids)
    if first is None:
        shown_a: tuple[Token, ...] = ()
        shown_b: tuple[Token, ...] = ()
    else:
        start, end = max(0, first - window), first + window + 1
        shown_a = _tokens(prompt_ids, start, end, tokenizer)
        shown_b = _tokens(reference_ids, start, end, tokenizer)
    return Alignment(
        equal=difference is None and first is None,
        byte_difference=difference,
        first_difference=first,
        prompt_tokens=shown_a,
        reference_tokens=shown_b,
        prompt_count=len(prompt_ids),
        reference_count=len(reference_ids),
    )


def first_difference(a: Sequence[int], b: Sequence[int]) -> int | None:
    """The first index at which two sequences differ (their length counts), None if they are equal."""
    if list(a) == list(b):
        return None
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def byte_difference(prompt: str, reference: str, *, context: int = CONTEXT) -> ByteDifference | None:
    """The first difference of two texts, None if they are equal.

    The place is that of the first differing character; `offset` counts the UTF-8 bytes before it.
    """
    if prompt == reference:
        return None
    at = next(
        (i for i, (x, y) in enumerate(zip(prompt, reference, strict=False)) if x != y),
        min(len(prompt), len(reference)),
    )
    head = prompt[:at]
    return ByteDifference(
        offset=len(head.encode("utf-8", "surrogatepass")),
        line=head.count("\n") + 1,
        column=at - (head.rfind("\n") + 1) + 1,
        before=head[-context:],
        prompt=prompt[at : at + context],
        reference=reference[at : at + context],
    )


def format_alignment(alignment: Alignment, *, names: tuple[str, str] = ("Ollama", "reference")) -> str:
    """The comparison as plain text, one token a line, the first difference marked with `>`.

    names: what the two sides are called.
    """
    if alignment.equal:
        return f"equal: {alignment.prompt_count} tokens"
    lines = _byte_lines(alignment.byte_difference, names)
    if alignment.first_difference is None:
        count = alignment.prompt_count
        tokens = (
            f"tokens: {count} on both sides, all equal" if count else "tokens: not compared (--bytes-only)"
        )
        return "\n".join([*lines, tokens])
    lines.append(
        f"first differing token: {alignment.first_difference} "
        f"({names[0]} has {alignment.prompt_count} tokens, {names[1]} {alignment.reference_count})"
    )
    return "\n".join([*lines, *_token_lines(alignment, names)])


def _byte_lines(difference: ByteDifference | None, names: tuple[str, str]) -> list[str]:
    if difference is None:
        return ["texts: equal"]
    width = max(map(len, names))
    sides = ((names[0], difference.prompt), (names[1], difference.reference))
    return [
        f"first differing byte: {difference.offset} (line {difference.line}, column {difference.column})",
        *(f"  {n.ljust(width)}  {difference.before!r} + {(t or '(end)')!r}" for n, t in sides),
    ]


def _token_lines(alignment: Alignment, names: tuple[str, str]) -> list[str]:
    sides = {t.index: t for t in alignment.prompt_tokens}, {t.index: t for t in alignment.reference_tokens}
    shown = [["", "", names[0], names[1]]]
    for index in sorted({*sides[0], *sides[1]}):
        mark = ">" if index == alignment.first_difference else " "
        shown.append([mark, str(index), *(_cell(side.get(index)) for side in sides)])
    widths = [max(len(row[i]) for row in shown) for i in range(4)]
    return [
        "  ".join((m, i.rjust(widths[1]), a.ljust(widths[2]), b)).rstrip()
        for m, i, a, b in ([m.ljust(1), i, a, b] for m, i, a, b in shown)
    ]


def _cell(token: Token | None) -> str:
    return "-" if token is None else f"{token.id} {token.text!r}"


def _tokens(ids: Sequence[int], start: int, end: int, tokenizer: Tokenizer) -> tuple[Token, ...]:
    shown = list(ids[start:end])
    pieces = iter(tokenizer.pieces([i for i in shown if i >= 0]))
    texts = (next(pieces).decode("utf-8", "replace") if i >= 0 else f"image {-1 - i}" for i in shown)
    return tuple(Token(start + n, i, text) for n, (i, text) in enumerate(zip(shown, texts, strict=True)))
