"""Constants of a chat template that people do not see as the model sees them.

Characters without a shape, letters of another alphabet in a word, texts in an encoding, letters written as
escapes, and links.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import nodes

from ..core.foreign_text import invisible
from .provenance import constants

# Characters that turn the direction of what is written, wherever they stand.
_TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_WORD = re.compile(r"[^\W\d_]{2,}")
# Alphabets with letters that look like Latin ones.
_LOOK_ALIKE = ("CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU")
_STYLED = ("FULLWIDTH LATIN", "MATHEMATICAL")
_BASE64 = re.compile(r"(?<![\w+/=-])[A-Za-z0-9+/_-]{16,}={0,2}(?![\w+/=-])")
_HEX = re.compile(r"(?<![\w])(?:0x)?(?:[0-9a-fA-F]{2}[ :]?){10,}(?![\w])")
_PERCENT = re.compile(r"(?:%[0-9a-fA-F]{2}|\w){0,200}(?:%[0-9a-fA-F]{2}){4,}(?:%[0-9a-fA-F]{2}|\w)*")
_URL = re.compile(
    r"\b(?:https?|ftp|wss?)://[^\s<>\"'`)}\]]+|\bwww\.[a-z0-9-]+\.[^\s<>\"'`)}\]]+", re.IGNORECASE
)
# `\x69` and `\u0069` for a sign that the keyboard has; Jinja reads them in its texts.
_ESCAPED = re.compile(
    r"(?:\\(?:x[2-7][0-9a-fA-F]|u00[2-7][0-9a-fA-F]|U000000[2-7][0-9a-fA-F]|1[0-7]{2}|0?[4-7][0-7])){3,}"
)
_COMMON = frozenset(
    [
        "the",
        "you",
        "and",
        "user",
        "always",
        "never",
        "ignore",
        "must",
        "answer",
        "system",
        "instructions",
        "with",
        "this",
        "that",
        "your",
        "not",
        "for",
        "are",
        "any",
        "say",
        "tell",
        "when",
        "secret",
        "model",
        "assistant",
        "follow",
        "reply",
        "please",
        "send",
        "about",
    ]
)


@dataclass(frozen=True)
class Hidden:
    """A text that is not seen for what it is.

    kind: "invisible", "look-alike", "encoded", "escaped" or "link"; what: the piece, as it stands there;
    reads: what it says, where that is known; node: the constant, None for a place of the source; offset: into
    the source, where there is no node.
    """

    kind: str
    what: str
    reads: str = ""
    node: nodes.Node | None = None
    offset: int | None = None


def hidden(tree: nodes.Template, source: str) -> Iterator[Hidden]:
    """Every such constant of a template; of one kind and text only the first."""
    told: set[tuple[str, str]] = set()
    for found in _all(tree, source):
        if (found.kind, found.what) not in told:
            told.add((found.kind, found.what))
            yield found


def _all(tree: nodes.Template, source: str) -> Iterator[Hidden]:
    for text, node in constants(tree):
        if not text.isascii():
            for character in invisible(text):
                yield Hidden("invisible", character, node=node)
            for word in _look_alikes(text):
                yield Hidden("look-alike", word, _latin(word), node)
        for what, reads in _encoded(text):
            yield Hidden("encoded", what, reads, node)
        for link in _URL.finditer(text):
            yield Hidden("link", link[0], node=node)
    for turning in _TURNING.finditer(source):
        yield Hidden("invisible", turning[0], offset=turning.start())
    for escaped in _ESCAPED.finditer(source):
        yield Hidden(
            "escaped", escaped[0], codecs.decode(escaped[0], "unicode_escape"), offset=escaped.start()
        )


def _look_alikes(text: str) -> Iterator[str]:
    """Words with letters of two alphabets, or of an alphabet for formulas."""
    for word in _WORD.findall(text):
        if word.isascii():
            continue
        names = [unicodedata.name(c, "") for c in word]
        latin = any(n.startswith("LATIN") for n in names)
        if any(n.startswith(_STYLED) for n in names) or (
            latin and any(n.startswith(_LOOK_ALIKE) for n in names)
        ):
            yield word


def _latin(word: str) -> str:
    """A styled word in plain letters; "" where the letters are of another alphabet."""
    plain = unicodedata.normalize("NFKC", word)
    return plain if plain.isascii() else ""


def _encoded(text: str) -> Iterator[tuple[str, str]]:
    for found in _BASE64.finditer(text):
        reads = _from_base64(found[0])
        if reads:
            yield found[0], reads
    for found in _HEX.finditer(text):
        try:
            reads = _readable(bytes.fromhex(re.sub(r"0x|[ :]", "", found[0])))
        except ValueError:
            continue
        if reads:
            yield found[0], reads
    for found in _PERCENT.finditer(text):
        reads = re.sub(r"%([0-9a-fA-F]{2})", lambda m: chr(int(m[1], 16)), found[0])
        yield found[0], reads
    for line in text.split("\n"):
        if _common(line) == 0:
            for reads in (codecs.encode(line, "rot13"), line[::-1]):
                if _common(reads) >= 2:
                    yield line.strip(), reads.strip()


def _from_base64(text: str) -> str:
    body = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return _readable(base64.b64decode(body + "=" * (-len(body) % 4), validate=True))
    except (binascii.Error, ValueError):
        return ""


def _readable(data: bytes) -> str:
    """Bytes that are a text with words in it, "" for others."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    good = sum(c.isalnum() or c in " .,:;!?'\"-\n/" for c in text)
    return text if len(text) >= 8 and text.isprintable() and good >= 0.95 * len(text) else ""


def _common(text: str) -> int:
    return len(_COMMON.intersection(re.findall(r"[a-z]{3,}", text.lower())))
