"""Where a model's own pre-tokenizer cuts texts, and where llama.cpp does.

Both are asked about the same texts: the tokenizer's library itself, and llama.cpp's regular expressions
applied as its unicode_regex_split does (src/unicode.cpp): each to the pieces that the one before left, what
lies between two matches a piece too.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from ..gguf_file.pre_tokenizers import (
    PreTokenizer,
    checksum_text,
    known_checksum,
    models_of,
    pre_tokenizers,
)
from ..reference_tokenizer.reference import ReferenceTokenizer

PROBES = (
    "Hello world  two   three spaces    and  ",
    "1 12 123 1234 12345 123456 1234567 1.5 3,000,000 007",
    "I've I'VE he'll HE'LL it's IT'S 'tis o'clock don't DON'T",
    "a\nb\n\nc\n\n\n\td\t\te \n \n x\r\ny\r\r\n",
    "!!! ... ??? --- === ``` ''' \"\"\" <<>> {}[]() #$%&*+/:;@^_|~",
    "snake_case camelCase PascalCase ALLCAPS mixedCASEword x1y2 v2.0",
    "def f(x):\n    return x + 1\n\n\nclass A:\n\tpass\n",
    "http://example.org/path?a=1&b=2#c mail@example.org C:\\dir\\file",
    "你好，世界。今天是2024年。ひらがなとカタカナ 한국어 문장입니다",
    "Привет, мир! Ελληνικά Größe naïve ÄÖÜ ÀÉ Éa aÉ",
    "مرحبا بالعالم שלום हिन्दी में ไทย বাংলা",
    "🙂🙂 👩‍👩‍👧 🏳️‍🌈 ✅ ① ½ ² Ⅷ ٣٤٥ ৩",
    "a\u00a0b\u2003c\u3000d\u200be",
    "word\u0301 \u0915\u093f e\u0323",
    " leading\n  \n    indent\n \n",
    "$100 €5 +1 -2 <b>x</b> a|b a&&b a->b a::b",
)
"""Texts on which pre-tokenizers differ: digits, contractions, runs of spaces and lines, scripts, marks."""

_FURTHER_SPACES = re.compile("[\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")

Difference = tuple[str, tuple[str, ...], tuple[str, ...]]
"""A text, the pieces of the model's own pre-tokenizer, and those of llama.cpp."""


@dataclass(frozen=True)
class Splits:
    """How a model's own pre-tokenizer compares with llama.cpp's.

    used: the one that the GGUF names, None where llama.cpp has no such name; differences: where it cuts
    otherwise; better: names of llama.cpp whose pre-tokenizers differ less, those without a difference or with
    the fewest; better_differences: how many texts these cut otherwise; recognised: what llama.cpp's
    converter writes for this tokenizer, "" where it does not know it; models: those that are known to have
    its tokens; texts: how many were compared.
    """

    used: PreTokenizer | None
    differences: tuple[Difference, ...] = ()
    better: tuple[str, ...] = ()
    better_differences: int = 0
    recognised: str = ""
    models: tuple[str, ...] = ()
    texts: int = 0


def compare_splits(name: str, reference: ReferenceTokenizer) -> Splits:
    """Compares the pre-tokenizer that a GGUF names with the reference's.

    name: `tokenizer.ggml.pre`, "" for none. Needs the package `regex`.
    """
    known = pre_tokenizers()
    used = known.get(name or "default")
    recognised, models = _recognised(reference, used)
    texts = reference.normalize_many([*PROBES, checksum_text()])
    theirs = [tuple(pieces) for pieces in reference.split_many(texts)]
    if used is not None and not used.as_written:
        return Splits(used, recognised=recognised, models=models)
    counts = {}
    for kind, one in {p.type: p for p in known.values() if p.as_written}.items():
        counts[kind] = sum(_cut_like(one, text) != pieces for text, pieces in zip(texts, theirs, strict=True))
    differences: tuple[Difference, ...] = ()
    here = len(texts)
    if used is not None:
        pairs = zip(texts, theirs, strict=True)
        differences = tuple((t, p, ours) for t, p in pairs if (ours := _cut_like(used, t)) != p)
        here = len(differences)
    fewest = min(counts.values())
    better: tuple[str, ...] = ()
    if fewest < here:
        better = tuple(n for n, p in known.items() if counts.get(p.type) == fewest)
    return Splits(used, differences, better, fewest, recognised, models, len(texts))


def _recognised(reference: ReferenceTokenizer, used: PreTokenizer | None) -> tuple[str, tuple[str, ...]]:
    """What llama.cpp's converter writes for a tokenizer, and the models that have its tokens.

    As get_vocab_base_pre in conversion/base.py does. Files that say nothing about BOS are tried with and
    without; of two answers the one that the GGUF names counts, then one that cuts as it does.
    """
    plain, whole = (reference.encode(checksum_text(), add_special=add) for add in (False, True))
    bos = reference.facts.special.get("bos")
    tried = [whole]
    if reference.facts.kind in ("tiktoken", "tekken.json") and bos:
        tried.append([bos[1], *plain])
    answers = [known_checksum(hashlib.sha256(str(ids).encode()).hexdigest()) for ids in tried]
    found = [answer for answer in answers if answer is not None]
    known = pre_tokenizers()
    named = [a for a in found if used and a[0] == used.name]
    alike = [a for a in found if used and a[0] in known and known[a[0]].patterns == used.patterns]
    recognised = next((name for name, _ in (*named, *alike, *found)), "")
    # A checksum is one of ids: whoever shares the vocabulary has it, and no answer is better than another.
    return recognised, tuple(dict.fromkeys(name for _, where in found for name in models_of(where)))


def cuts_alike(name: str, reference: ReferenceTokenizer, text: str) -> bool | None:
    """Whether both cut a (normalized) text into the same pieces; None where llama.cpp's are not known.

    name: as of `compare_splits`.
    """
    used = pre_tokenizers().get(name or "default")
    if used is None or not used.as_written:
        return None
    return _cut_like(used, text) == tuple(reference.split_many([text])[0])


def first_difference(difference: Difference) -> tuple[str, str]:
    """Where a text is first cut otherwise: the pieces there of both sides, in words."""
    _, theirs, ours = difference
    place = next(
        (n for n, (a, b) in enumerate(zip(theirs, ours, strict=False)) if a != b),
        min(len(theirs), len(ours)),
    )
    # as many pieces as it takes until both sides have cut at the same place again
    left, right = [*theirs[place : place + 1]], [*ours[place : place + 1]]
    while len("".join(left)) != len("".join(right)) and len(left) + len(right) < 10:
        shorter, source = (left, theirs) if len("".join(left)) < len("".join(right)) else (right, ours)
        if place + len(shorter) >= len(source):
            break
        shorter.append(source[place + len(shorter)])
    return _shown(left), _shown(right)


def _shown(pieces: Sequence[str]) -> str:
    return " | ".join(map(repr, pieces)) or "nothing"


def _cut_like(pre: PreTokenizer, text: str) -> tuple[str, ...]:
    pieces = [text]
    for pattern in _compiled(pre):
        cut: list[str] = []
        for piece in pieces:
            at = 0
            # An expression without \p{…} sees every space beyond ASCII as a vertical tab.
            seen = piece if r"\p" in pattern.pattern else _FURTHER_SPACES.sub("\v", piece)
            for match in pattern.finditer(seen):
                cut += [piece[at : match.start()], piece[match.start() : match.end()]]
                at = match.end()
            cut.append(piece[at:])
        pieces = [piece for piece in cut if piece]
    return tuple(pieces)


@cache
def _compiled(pre: PreTokenizer) -> tuple[Any, ...]:
    # Here, because the package is there in an environment with the extra `tokenizers` alone.
    import regex

    # llama.cpp looks at letters without their case (src/unicode.cpp, k_ucat_enum).
    plain = (re.sub(r"\\p\{L[ultmo]\}", r"\\p{L}", pattern) for pattern in pre.patterns)
    return tuple(regex.compile(pattern) for pattern in plain)
