"""Ollama's built-in reply parsers: what a server with a PARSER makes of what the model writes."""

from ..reply_types import ReplyError
from .protocol import Parser, Piece
from .registry import OLDEST, READERS, known_parsers, make_parser, read_reply, reader_for

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
