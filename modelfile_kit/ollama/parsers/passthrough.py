"""PARSER passthrough: the reply is content, all of it (model/parsers/parsers.go)."""

from __future__ import annotations

from .protocol import Parser


class Passthrough(Parser):
    """Splits nothing."""

    tools = False
    thinking = False

    def read(self, done: bool) -> None:
        self.out.content.append(self.buffer)
        self.buffer = b""
