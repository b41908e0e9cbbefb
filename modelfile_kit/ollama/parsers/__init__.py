"""Ollama's built-in reply parsers: what a server with a PARSER makes of what the model writes."""

from typing import TYPE_CHECKING

from ...core.later import exports

if TYPE_CHECKING:
    from ..reply_types import ReplyError
    from .protocol import Parser, Piece
    from .registry import OLDEST, READERS, known_parsers, make_parser, read_reply, reader_for
else:
    __getattr__ = exports(
        __name__,
        {
            "ReplyError": "protocol",
            "Parser": "protocol",
            "Piece": "protocol",
            "OLDEST": "registry",
            "READERS": "registry",
            "known_parsers": "registry",
            "make_parser": "registry",
            "read_reply": "registry",
            "reader_for": "registry",
        },
    )

__all__ = [
    "OLDEST",
    "READERS",
    "Parser",
    "Piece",
    "ReplyError",
    "known_parsers",
    "make_parser",
    "read_reply",
    "reader_for",
]
