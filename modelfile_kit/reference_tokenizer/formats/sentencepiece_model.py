"""tokenizer.model of SentencePiece, by Google's library, with the files beside it that add to it.

The library takes a control token in a text for ordinary characters. transformers cuts such tokens out of the
text first and gives the rest to the library piece by piece (tokenization_llama.py); so does this.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..reference import KINDS, NO_TOKEN, SENTENCEPIECE, AddedToken
from .config_files import ConfigFiles
from .loaded import MAX_TOKENS, unreadable

_CONTROL, _USER_DEFINED = KINDS.index("control"), KINDS.index("user-defined")
_ALGORITHMS = {1: "Unigram", 2: "BPE", 3: "Word", 4: "Char"}


class SentencePieceModel:
    """A tokenizer.model. data: its content; config: what lies beside it."""

    def __init__(self, data: bytes, config: ConfigFiles) -> None:
        # Here, because the libraries are there in an environment with the extra alone.
        from sentencepiece import SentencePieceProcessor, sentencepiece_model_pb2

        self.config = config
        try:
            self.model: Any = sentencepiece_model_pb2.ModelProto()
            self.model.ParseFromString(data)
            self.processor: Any = SentencePieceProcessor(model_proto=data)
            if not self.processor.get_piece_size():
                raise ValueError("it has no pieces")
        except Exception as e:  # DecodeError of protobuf, RuntimeError of the library
            raise unreadable(f"the library `sentencepiece` cannot read it: {e}") from e
        self.size = self.processor.get_piece_size()
        if self.size > MAX_TOKENS:
            raise unreadable(f"it has {self.size:,} pieces, at most {MAX_TOKENS:,} are read")
        self.pieces = [self._piece(number) for number in range(self.size)]
        self.added = self._added()
        texts = sorted(self.added, key=len, reverse=True)
        self.cutter = re.compile("(" + "|".join(map(re.escape, texts)) + ")") if texts else None
        # Later pieces of a text get no space in front where tokenizer_config.json says `legacy: false`.
        self.inner: Any = self.processor
        if config.flag("legacy") is False:
            inner = sentencepiece_model_pb2.ModelProto()
            inner.CopyFrom(self.model)
            inner.normalizer_spec.add_dummy_prefix = False
            self.inner = SentencePieceProcessor(model_proto=inner.SerializeToString())

    def _piece(self, number: int) -> str:
        try:
            return str(self.processor.id_to_piece(number))
        except UnicodeDecodeError as e:
            raise unreadable(f"its piece {number} is not UTF-8") from e

    def _added(self) -> dict[str, AddedToken]:
        found = {}
        for number in range(self.size):
            if self.processor.is_control(number) or self.processor.is_unknown(number):
                text = self.pieces[number]
                found[text] = AddedToken(number, text, special=True)
            elif self.model.pieces[number].type == 4:  # USER_DEFINED
                text = self.pieces[number]
                found[text] = AddedToken(number, text)
        for token in self.config.added:
            found = {text: other for text, other in found.items() if other.id != token.id}
            found[token.text] = token
        for token in self.config.named:
            number = self.processor.piece_to_id(token.text)
            if token.text not in found and self.pieces[number] == token.text:
                found[token.text] = replace(token, id=number)
        return found

    def facts(self) -> dict[str, Any]:
        """As of `ReferenceFacts`."""
        processor, texts = self.processor, self.tokens()[0]
        ids = {text: number for number, text in enumerate(texts) if text is not None}
        special = {}
        for role in ("bos", "eos", "unk", "pad"):
            number = getattr(processor, f"{role}_id")()
            if number >= 0:
                special[role] = (self.pieces[number], number)
        special |= {role: (t, ids[t]) for role, t in self.config.special.items() if t in ids}
        trainer, normalizer = self.model.trainer_spec, self.model.normalizer_spec
        steps = [normalizer.name] if normalizer.name not in ("", "identity") else []
        steps += ["remove_extra_whitespaces"] if normalizer.remove_extra_whitespaces else []
        added = sorted(self.added.values(), key=lambda token: token.id)
        return {
            "kind": "tokenizer.model",
            "size": len(texts),
            "algorithm": _ALGORITHMS.get(trainer.model_type, "Unigram"),
            "spelling": SENTENCEPIECE,
            "special": special,
            "adds_bos": self._adds("bos", "bos" in special),
            "adds_eos": self._adds("eos", False),
            "space_prefix": bool(normalizer.add_dummy_prefix),
            "byte_fallback": bool(trainer.byte_fallback),
            "normalizer": steps,
            "pre_tokenizer": [],
            "patterns": [],
            "added": [vars(token) for token in added],
        }

    def _adds(self, role: str, usual: bool) -> bool:
        said = self.config.flag(f"add_{role}_token")
        return usual if said is None else said

    def tokens(self) -> tuple[Sequence[str | None], Sequence[int]]:
        """Text and kind of every id."""
        size = max([self.size, *(token.id + 1 for token in self.added.values())])
        texts: list[str | None] = [None] * size
        kinds = [NO_TOKEN] * size
        for number, text in enumerate(self.pieces):
            texts[number] = text
            kinds[number] = self._kind(number)
        for text, token in self.added.items():
            texts[token.id] = text
            if token.id >= self.size or token in self.config.added:
                kinds[token.id] = _CONTROL if token.special else _USER_DEFINED
        return texts, kinds

    def _kind(self, number: int) -> int:
        """The kind of a piece (sentencepiece_model.proto, enum Type)."""
        kinds = {2: "unknown", 3: "control", 4: "user-defined", 5: "unused", 6: "byte"}
        return KINDS.index(kinds.get(self.model.pieces[number].type, "normal"))

    def merges(self) -> None:
        """Scores say which pieces merge; there is no list of pairs."""
        return

    def scores(self) -> Sequence[float]:
        """The score of every id, 0 for added tokens."""
        found = [piece.score for piece in self.model.pieces]
        return found + [0.0] * (len(self.tokens()[0]) - len(found))

    def encode(self, text: str, *, add_special: bool) -> list[int]:
        """Token ids of a text."""
        ids: list[int] = []
        for place, part in enumerate(self.cutter.split(text) if self.cutter else [text]):
            if part in self.added:
                ids.append(self.added[part].id)
            elif part:
                ids += (self.inner if place else self.processor).encode(part)
        if add_special:
            facts = self.facts()
            special = facts["special"]
            ids[:0] = [special["bos"][1]] if facts["adds_bos"] and "bos" in special else []
            ids += [special["eos"][1]] if facts["adds_eos"] and "eos" in special else []
        return ids

    def normalize(self, text: str) -> str:
        """The text as the library's normalizer leaves it, spaces as `▁`."""
        return str(self.processor.normalize(text))

    def split(self, text: str) -> list[str]:
        """The whole text: SentencePiece has no pre-tokenizer."""
        return [text] if text else []
