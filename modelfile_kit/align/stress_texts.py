"""Texts that tokenizers disagree about, made for one vocabulary: the same ones on every machine.

Every special token alone and between other texts, every script, digits, code, runs of spaces and lines,
combining marks, emoji sequences, characters that are no token, and long repeats.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

COUNT = 10_000

_SCRIPTS = (
    "The quick brown fox jumps over the lazy dog",
    "Größe naïve café Ångström ÄÖÜ ß Œuvre Øre",
    "Быстрая коричневая лиса Ёж їжак",
    "Η γρήγορη αλεπού ΑΒΓ άέή",
    "你好世界今天天气很好我们去公园",
    "ひらがなカタカナ漢字ー々",
    "한국어 문장입니다 각 갂",
    "مرحبا بالعالم اللُّغة",
    "שלום עולם שָׁלוֹם",
    "नमस्ते दुनिया हिन्दी क्षत्रिय",
    "বাংলা ভাষা",
    "தமிழ் மொழி",
    "ภาษาไทย น้ำ",
    "កាន់តែពិសេសអាច",
    "ქართული Հայերեն አማርኛ",
)
_DIGITS = ("0", "7", "42", "007", "1234", "3.14159", "1,000,000", "1e-9", "٣٤٥", "½", "Ⅷ", "²", "2024-01-31")
_SPACES = (
    *(" ", "  ", "   ", "    ", " " * 17, "\t", "\t\t", "\n", "\n\n", "\r\n", "\r", " \n", "\n "),
    *("\u00a0", "\u3000", "\u2003", "\u200b", "\ufeff", "\u0085"),
)
_CODE = (
    "def f(x):\n    return x + 1\n",
    "if (a && b) { return; }",
    "<div class='x'>&amp;</div>",
    '{"key": [1, 2, null]}',
    "SELECT * FROM t WHERE a <> 'b';",
    "C:\\dir\\file.txt",
    "http://example.org/?a=1&b=%20#c",
    "camelCase snake_case SCREAMING_CASE x1y2",
)
_MARKS = ("e\u0301", "é", "A\u030a", "\u212b", "n\u0303", "ﬁ", "①", "\u1112\u1161\u11ab", "a\u0323\u0302")
_EMOJI = ("🙂", "👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇩🇪🇫🇷", "❤️", "🀄", "\U0001f9d1\u200d\U0001f4bb")
_RARE = (
    "\U00010348",
    "\u16a0",
    "\ua98f",
    "\U0001d11e",
    "\x00",
    "\x07",
    "\x7f",
    "\ufffd",
    "\ue000",
    "\U000e0041",
)
_WORDS = (
    "don't",
    "IT'S",
    "we'll",
    "I'VE",
    "o'clock",
    "'tis",
    "--",
    "...",
    "!?",
    "``",
    "$5",
    "a_b",
    "e.g.",
    "x=y",
)
_REPEATS = ("a", "ab", "=", "-", "!", "0", " ", "\n", "字", "é")
_AROUND = ("", " ", "\n", "a", "  x", "。")


def stress_texts(special: Sequence[str] = (), *, count: int = COUNT, seed: int = 1) -> list[str]:
    """Texts without duplicates, the fixed ones first.

    special: the texts of special tokens; count: how many texts, more only where the fixed ones are more;
    seed: for the mixed ones.
    """
    found = dict.fromkeys(_fixed(special))
    chance = random.Random(seed)  # noqa: S311 - the same texts everywhere, no secret
    kinds = (_SCRIPTS, _DIGITS, _SPACES, _CODE, _MARKS, _EMOJI, _RARE, _WORDS)
    pool = [part for kind in kinds for part in kind]
    while len(found) < count:
        parts = [chance.choice(pool) for _ in range(chance.randint(2, 5))]
        if special and chance.random() < 0.3:
            parts.insert(chance.randrange(len(parts) + 1), chance.choice(special))
        text = chance.choice(("", " ", "")).join(_cut(part, chance) for part in parts)
        if text:
            found[text] = None
    return list(found)


def _fixed(special: Sequence[str]) -> Iterator[str]:
    for part in (*_SCRIPTS, *_DIGITS, *_CODE, *_MARKS, *_EMOJI, *_RARE, *_WORDS):
        yield part
        yield f" {part}"
        yield f"x{part}"
    for space in _SPACES:
        yield from (space, f"a{space}b", f"{space}a", f"a{space}", f"1{space}2", f".{space}.")
    for repeat in _REPEATS:
        yield from (repeat * n for n in (2, 3, 4, 7, 16, 65, 300))
    for text in special:
        yield text
        yield from (f"{before}{text}{behind}" for before in _AROUND for behind in ("", " ", "\n", "b"))
        yield from (text[:-1], text[1:], text.upper(), f"{text}{text}")
    for first in special[:20]:
        yield from (f"{first}{second}" for second in special[:20])


def _cut(part: str, chance: random.Random) -> str:
    """A part of a text, so that words and sequences end anywhere."""
    if len(part) < 4 or chance.random() < 0.5:
        return part
    start = chance.randrange(len(part) - 2)
    return part[start : start + chance.randint(2, 12)]
