"""tokenizer.json, by Hugging Face's library `tokenizers`, with the files beside it that add to it.

As `PreTrainedTokenizerFast` of transformers loads a folder: tokens of tokenizer_config.json and
added_tokens.json that the tokenizer lacks are added, in the order of their ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from ..reference import BYTE_LEVEL, KINDS, PLAIN, SENTENCEPIECE, WORD_PIECE, AddedToken
from .config_files import ConfigFiles
from .loaded import listed, parsed_json, unreadable

_BYTE = re.compile(r"<0x[0-9A-F]{2}>")
_CONTROL, _USER_DEFINED, _BYTE_KIND, _UNKNOWN = (
    KINDS.index(kind) for kind in ("control", "user-defined", "byte", "unknown")
)


class TokenizerJson:
    """A tokenizer.json. text: its content; config: what lies beside it."""

    def __init__(self, text: str, config: ConfigFiles) -> None:
        # Here, because the library is there in an environment with the extra alone.
        from tokenizers import Tokenizer

        self.data = _parsed(text)
        self.config = config
        try:
            self.tokenizer: Any = Tokenizer.from_str(text)
        except Exception as e:  # the library raises Exception itself
            raise unreadable(f"the library `tokenizers` cannot read it: {e}") from e
        # A reference is never cut, filled up or left to chance.
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        if self.data["model"].get("dropout"):
            self.tokenizer.model.dropout = None
        self._add_missing()
        if config.flag("split_special_tokens"):
            self.tokenizer.encode_special_tokens = True

    def _add_missing(self) -> None:
        """Adds what the configuration adds, as `TokenizersBackend.__init__` of transformers does.

        A token with other flags than in tokenizer.json gets those of the configuration, and a special token
        that is none in tokenizer.json becomes one.
        """
        from tokenizers import AddedToken as LibraryToken

        there = {token["text"]: AddedToken(**token) for token in self.added}
        # added_tokens.json has ids and no flags: it says nothing about an added token of tokenizer.json.
        numbered = [
            token
            for token in self.config.added
            if there.get(token.text) != token and (self.config.says_flags or token.text not in there)
        ]
        named = {token.text for token in numbered} | set(there)
        new = [*numbered, *(token for token in self.config.named if token.text not in named)]
        known = {token.text for token in numbered if self.tokenizer.token_to_id(token.text) is not None}
        keys = ("special", "lstrip", "rstrip", "single_word", "normalized")
        self.tokenizer.add_tokens([LibraryToken(t.text, **{k: getattr(t, k) for k in keys}) for t in new])
        for token in numbered:
            number = self.tokenizer.token_to_id(token.text)
            if number == token.id:
                continue
            where = f"tokenizer.json has {number}" if token.text in known else f"the next free id is {number}"
            raise unreadable(
                f"{self.config.origin} gives {token.text!r:.60} the id {token.id}, and {where}; these "
                "files do not belong together"
            )

    def facts(self) -> dict[str, Any]:
        """As of `ReferenceFacts`."""
        return self._facts

    @cached_property
    def _facts(self) -> dict[str, Any]:
        model, size = self.data["model"], len(self.tokens()[0])
        named = dict(self.config.special)
        if isinstance(unknown := model.get("unk_token"), str):
            named.setdefault("unk", unknown)
        numbers = {role: self.tokenizer.token_to_id(text) for role, text in named.items()}
        special = {role: (text, numbers[role]) for role, text in named.items() if numbers[role] is not None}
        around = self._around()
        for role, number in zip(("bos", "eos"), around, strict=True):
            if number is not None and role not in special:
                special[role] = (self.tokenizer.id_to_token(number), number)
        return {
            "kind": "tokenizer.json",
            "size": size,
            "algorithm": str(model.get("type", "")),
            "spelling": self.spelling,
            "special": special,
            "adds_bos": self._adds("bos", around[0], special),
            "adds_eos": self._adds("eos", around[1], special),
            "space_prefix": self._space_prefix(),
            "byte_fallback": bool(model.get("byte_fallback")),
            "ignore_merges": bool(model.get("ignore_merges")),
            "normalizer": [_words(step) for step in _steps(self.data.get("normalizer"), "normalizers")],
            "pre_tokenizer": [_words(step) for step in self._pre_tokenizers()],
            "patterns": [p for step in self._pre_tokenizers() for p in _patterns(step)],
            "added": self.added,
        }

    @property
    def added(self) -> list[dict[str, Any]]:
        """Its added tokens as of `AddedToken`, by id."""
        found = sorted(self.tokenizer.get_added_tokens_decoder().items())
        keys = ("special", "lstrip", "rstrip", "single_word", "normalized")
        return [{"id": n, "text": t.content, **{k: getattr(t, k) for k in keys}} for n, t in found]

    @property
    def spelling(self) -> str:
        """How its tokens are spelled."""
        if self.data["model"].get("type") == "WordPiece":
            return WORD_PIECE
        parts = [*self._pre_tokenizers(), *_steps(self.data.get("decoder"), "decoders")]
        if any(p.get("type") == "ByteLevel" for p in parts):
            return BYTE_LEVEL
        steps = [*parts, *_steps(self.data.get("normalizer"), "normalizers")]
        spaced = any(
            p.get("type") == "Metaspace" or "▁" in (p.get("content"), p.get("prepend")) for p in steps
        )
        return SENTENCEPIECE if spaced else PLAIN

    def _pre_tokenizers(self) -> list[Mapping[str, Any]]:
        return list(_steps(self.data.get("pre_tokenizer"), "pretokenizers"))

    def _around(self) -> tuple[int | None, int | None]:
        """What the post-processor puts before and behind a text."""
        plain = self.tokenizer.encode("a", add_special_tokens=False).ids
        whole = self.tokenizer.encode("a", add_special_tokens=True).ids
        for start in range(len(whole) - len(plain) + 1):
            if plain and whole[start : start + len(plain)] == plain:
                behind = whole[start + len(plain) :]
                return (whole[0] if start else None), (behind[-1] if behind else None)
        return None, None

    def _adds(self, role: str, by_itself: int | None, special: Mapping[str, Any]) -> bool:
        said = self.config.flag(f"add_{role}_token")
        if said is None or self.config.text("tokenizer_class") == "PreTrainedTokenizerFast":
            return by_itself is not None
        return said and role in special

    def _space_prefix(self) -> bool | None:
        if self.spelling != SENTENCEPIECE:
            levels = [p for p in self._pre_tokenizers() if p.get("type") == "ByteLevel"]
            return bool(levels[0].get("add_prefix_space")) if levels else None
        for step in [*_steps(self.data.get("normalizer"), "normalizers"), *self._pre_tokenizers()]:
            if step.get("type") == "Prepend":
                return True
            if step.get("type") == "Metaspace":
                scheme = step.get("prepend_scheme")
                return scheme != "never" if scheme else bool(step.get("add_prefix_space", True))
        return False

    def tokens(self) -> tuple[Sequence[str | None], Sequence[int]]:
        """Text and kind of every id."""
        return self._tokens

    @cached_property
    def _tokens(self) -> tuple[Sequence[str | None], Sequence[int]]:
        added = {token["id"]: token for token in self.added}
        # An added token takes the place of a token of the model that has its id.
        # The library writes the whole vocabulary anew each time that it is asked: asked once, and here alone.
        ids: dict[str, int] = self.tokenizer.get_vocab(with_added_tokens=True)
        for text in [text for text, n in ids.items() if n in added and text != added[n]["text"]]:
            del ids[text]
        kinds = {}
        if self.data["model"].get("byte_fallback"):
            kinds = {number: _BYTE_KIND for text, number in ids.items() if _BYTE.fullmatch(text)}
        for token in added.values():
            kinds[token["id"]] = _CONTROL if token["special"] else _USER_DEFINED
        unknown = self.data["model"].get("unk_token")
        if unknown in ids and ids[unknown] not in kinds:
            kinds[ids[unknown]] = _UNKNOWN
        if self.spelling == WORD_PIECE:
            prefix = str(self.data["model"].get("continuing_subword_prefix") or "##")
            ids = {_word_piece(text, prefix): number for text, number in ids.items()}
        return listed(ids, kinds)

    def merges(self) -> Sequence[str] | None:
        """The merges of BPE."""
        merges = self.data["model"].get("merges")
        if not isinstance(merges, list):
            return None
        return [m if isinstance(m, str) else " ".join(map(str, m)) for m in merges]

    def scores(self) -> Sequence[float] | None:
        """The scores of Unigram, 0 for added tokens."""
        model = self.data["model"]
        if model.get("type") != "Unigram":
            return None
        scores = [float(row[1]) for row in model["vocab"]]
        return scores + [0.0] * (len(self.tokens()[0]) - len(scores))

    def encode(self, text: str, *, add_special: bool) -> list[int]:
        """Token ids of a text."""
        said = self.config.flag("add_bos_token")
        if add_special and said is not None:
            before, behind = self._said_around
            return [*before, *self.tokenizer.encode(text, add_special_tokens=False).ids, *behind]
        return list(self.tokenizer.encode(text, add_special_tokens=add_special).ids)

    @cached_property
    def _said_around(self) -> tuple[list[int], list[int]]:
        """What goes around a text where tokenizer_config.json says so."""
        facts = self.facts()
        before, behind = (
            [facts["special"][role][1]] if facts[f"adds_{role}"] else [] for role in ("bos", "eos")
        )
        return before, behind

    def normalize(self, text: str) -> str:
        """The text as the normalizer leaves it."""
        normalizer = self.tokenizer.normalizer
        return text if normalizer is None else str(normalizer.normalize_str(text))

    def split(self, text: str) -> list[str]:
        """The pieces into which the pre-tokenizer cuts a text."""
        splitter = self.tokenizer.pre_tokenizer
        if splitter is None:
            return [text] if text else []
        return [text[start:end] for _, (start, end) in splitter.pre_tokenize_str(text)]


def _word_piece(text: str, prefix: str) -> str:
    """A piece as llama.cpp's converter writes it (conversion/bert.py)."""
    if text.startswith("[") and text.endswith("]"):
        return text
    return text.removeprefix(prefix) if text.startswith(prefix) else "▁" + text


def _parsed(text: str) -> Any:
    data = parsed_json(text)
    if not isinstance(data, dict) or not isinstance(data.get("model"), dict):
        raise unreadable("it is JSON without a `model`, so it is no tokenizer.json")
    return data


def _steps(part: Any, inside: str) -> Iterator[Mapping[str, Any]]:
    """A normalizer, pre-tokenizer or decoder as its single steps, in order."""
    if not isinstance(part, Mapping):
        return
    if part.get("type") == "Sequence":
        for step in part.get(inside) or ():
            yield from _steps(step, inside)
    else:
        yield part


def _words(step: Mapping[str, Any]) -> str:
    """A step with its values: `Split(Isolated) \\p{N}{1,3}`, `Replace ' ' with '▁'`."""
    kind = str(step.get("type"))
    if kind == "Split":
        return f"Split({step.get('behavior')}) {_pattern(step)}"
    if kind == "Replace":
        return f"Replace {_pattern(step)!r} with {step.get('content')!r}"
    values = {k: v for k, v in step.items() if k not in ("type", "trim_offsets", "precompiled_charsmap")}
    return f"{kind}({', '.join(f'{k}={v!r}' for k, v in values.items())})" if values else kind


def _pattern(step: Mapping[str, Any]) -> str:
    pattern = step.get("pattern")
    if isinstance(pattern, Mapping):
        return str(pattern.get("Regex", pattern.get("String", "")))
    return str(pattern)


def _patterns(step: Mapping[str, Any]) -> Iterator[str]:
    pattern = step.get("pattern")
    if step.get("type") == "Split" and isinstance(pattern, Mapping):
        yield str(pattern["Regex"]) if "Regex" in pattern else re.escape(str(pattern.get("String", "")))
