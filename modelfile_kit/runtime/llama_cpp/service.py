"""The requests that the child process answers, one method for each kind of answer."""

from __future__ import annotations

from typing import Any

from ..frames import Refused, cut, pack_ids, unpack_ids
from .binding import Loaded
from .generation import Generation


class Service:
    """A loaded model and what may be asked of it."""

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded
        self.generation: Generation | None = None

    @classmethod
    def open(cls, head: dict[str, Any]) -> Service:
        """Loads the model that the `open` request names, or only its vocabulary."""
        return cls(Loaded.open(head))

    def info(self) -> dict[str, Any]:
        """Facts about the vocabulary."""
        return self.loaded.info()

    def answer(self, head: dict[str, Any], block: bytes) -> tuple[dict[str, Any], bytes]:
        """One request other than `open`."""
        op, loaded = head["op"], self.loaded
        if op == "tokenize":
            texts = cut(head["lengths"], block)
            lengths, ids = pack_ids([loaded.tokenize(t, head["add_special"]) for t in texts])
            return {"lengths": lengths}, ids
        if op == "pieces":
            [given] = unpack_ids([head["count"]], block)
            pieces = [loaded.piece(i, special=head["special"]) for i in given]
            return {"lengths": [len(p) for p in pieces]}, b"".join(pieces)
        if op == "end_of_generation":
            return {"ids": loaded.end_of_generation()}, b""
        if op == "context":
            self.generation = Generation(loaded, head)
            return self.generation.info(), b""
        return self._generate(op, head, block), b""

    def _generate(self, op: str, head: dict[str, Any], block: bytes) -> dict[str, Any]:
        generation = self.generation
        if generation is None:
            raise Refused(f"{op} was asked for before a context was made", kind="request")
        if op == "projector":
            return generation.projector(head)
        if op == "wrapper":
            return generation.wrapper()
        if op == "count":
            return generation.count(head, block)
        if op == "generate":
            return generation.generate(head, block)
        raise Refused(f"unknown request: {op}", kind="request")
