"""A tokenizer that can be checked by hand: a few special tokens, everything else byte by byte."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from modelfile_kit.runtime.vocabulary_info import VocabularyInfo

SPECIAL = ("<s>", "</s>", "[gMASK]", "<sop>", "<|system|>", "<|user|>", "<|assistant|>", "<pic>", "</pic>")


def info(**changes: object) -> VocabularyInfo:
    facts: dict[str, object] = {
        "size": 256 + len(SPECIAL),
        "bos": 256,
        "eos": 257,
        "eot": None,
        "add_bos": False,
        "add_eos": False,
        "strips_bos_text": False,
        "pre": "toy",
        "kind": "toy",
        "end_of_generation": (257,),
    }
    return VocabularyInfo(**{**facts, **changes})  # type: ignore[arg-type]


@dataclass
class Toy:
    """Special tokens have the ids from 256 on, in the order of `SPECIAL`; bytes are their own ids."""

    info: VocabularyInfo = field(default_factory=info)
    special: tuple[str, ...] = SPECIAL

    def tokenize_many(self, texts, *, add_bos=None):
        return [self.one(t, add_bos) for t in texts]

    def one(self, text, add_bos):
        ids = []
        for part in re.split("(" + "|".join(map(re.escape, self.special)) + ")", text):
            ids += [256 + self.special.index(part)] if part in self.special else list(part.encode())
        if add_bos or (add_bos is None and self.info.add_bos):
            ids.insert(0, self.info.bos)
        if add_bos is not False and self.info.add_eos:
            ids.append(self.info.eos)
        return ids

    def pieces(self, ids):
        return [bytes([i]) if i < 256 else self.special[i - 256].encode() for i in ids]
