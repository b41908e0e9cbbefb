"""What tiktoken files and tekken.json have in common: bytes with ranks, one pattern, special tokens."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..reference import BYTE_LEVEL, KINDS
from .byte_level import spell
from .loaded import listed, unreadable


@dataclass(frozen=True)
class Content:
    """What a file of byte pairs says, with what the model's code adds.

    kind: the kind of file; ranks: of the bytes of tokens; pattern: the regular expression of the
    pre-tokenizer; special: ids by text; user_defined: the special texts that are no control tokens; roles:
    texts by role; shift: what is added to a rank to get the id; normal_form: NFC where the model's code
    composes texts, "" for none.
    """

    kind: str
    ranks: Mapping[bytes, int]
    pattern: str
    special: Mapping[str, int]
    roles: Mapping[str, str] = field(default_factory=dict)
    user_defined: frozenset[str] = frozenset()
    shift: int = 0
    normal_form: str = ""


class BytePairs:
    """A tokenizer of byte pairs. Raises Refused for a content that cannot be one."""

    def __init__(self, content: Content) -> None:
        # Here, because the libraries are there in an environment with the extra alone.
        import regex
        import tiktoken

        self.content = content
        lacking = [b for b in range(256) if bytes([b]) not in content.ranks]
        if lacking:
            raise unreadable(
                f"{len(lacking)} of the 256 single bytes have no token, such as 0x{lacking[0]:02x}; "
                "a vocabulary of byte pairs has all of them"
            )
        try:
            self._pattern: Any = regex.compile(content.pattern)
            self._encoding: Any = tiktoken.Encoding(
                "reference",
                pat_str=content.pattern,
                mergeable_ranks=dict(content.ranks),
                special_tokens={},
            )
        except Exception as e:  # regex.error, and what the library raises
            raise unreadable(f"its pattern or its tokens cannot be used: {e}") from e
        # Special tokens are cut out here: the library knows none whose ids come before the ranks.
        texts = sorted(content.special, key=len, reverse=True)
        self._cutter: Any = regex.compile("(" + "|".join(map(regex.escape, texts)) + ")") if texts else None

    def facts(self) -> dict[str, Any]:
        """As of `ReferenceFacts`."""
        special = {
            role: (t, self.content.special[t])
            for role, t in self.content.roles.items()
            if t in self.content.special
        }
        by_id = sorted((number, text) for text, number in self.content.special.items())
        return {
            "kind": self.content.kind,
            "size": len(self.tokens()[0]),
            "algorithm": "BPE",
            "spelling": BYTE_LEVEL,
            "special": special,
            "space_prefix": False,
            "ignore_merges": True,  # the library looks a piece up whole first
            "normalizer": [self.content.normal_form] if self.content.normal_form else [],
            "pre_tokenizer": [f"Split(Isolated) {self.content.pattern}"],
            "patterns": [self.content.pattern],
            "added": [
                {"id": number, "text": text, "special": text not in self.content.user_defined}
                for number, text in by_id
            ],
        }

    def tokens(self) -> tuple[Sequence[str | None], Sequence[int]]:
        """Text and kind of every id, bytes spelled as a GGUF does it."""
        ids = {spell(data): rank + self.content.shift for data, rank in self.content.ranks.items()}
        kinds = {}
        for text, number in self.content.special.items():
            ids[text] = number
            kinds[number] = KINDS.index("user-defined" if text in self.content.user_defined else "control")
        return listed(ids, kinds)

    def merges(self) -> None:
        """Ranks say which pieces merge; there is no list of pairs."""
        return

    def scores(self) -> None:
        """There are none."""
        return

    def encode(self, text: str, *, add_special: bool) -> list[int]:
        """Token ids of a text; these files say nothing about BOS and EOS around it."""
        special, shift = self.content.special, self.content.shift
        ids: list[int] = []
        text = self.normalize(text)
        for part in self._cutter.split(text) if self._cutter else [text]:
            if part in special:
                ids.append(special[part])
            elif part:
                ids += [n + shift for n in self._encoding.encode_ordinary(part)]
        return ids

    def normalize(self, text: str) -> str:
        """The text as the model's code composes it."""
        return unicodedata.normalize("NFC", text) if self.content.normal_form == "NFC" else text

    def split(self, text: str) -> list[str]:
        """The pieces that the pattern finds."""
        return [match[0] for match in self._pattern.finditer(text)]
