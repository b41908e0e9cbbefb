"""Which control tokens of a reply Ollama sees: 0.30 and later have the engine leave most of them out.

llama-server writes no control token into its answer, unless the request asks to preserve it. Ollama asks for
what a PARSER needs, and for the token that a tool-call tag begins with; thinking tags that the TEMPLATE shows
are not asked for. Tokens that end a turn are never seen. Sources: server/routes.go, llm/llama_server.go.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from .parsers.registry import reader_for
from .versions import Target

_FIRST = re.compile(r"<[^>]*>|\[[^\]]*\]")


def preserved_tokens(
    *, parser: str = "", tool_tag: str = "", offers_tools: bool = False, target: str | Target = "latest"
) -> tuple[str, ...]:
    """The texts that the request to the engine names.

    parser: the PARSER, "" for none; tool_tag: what `inference` found in the TEMPLATE; offers_tools: whether
    the request has tools. A text counts only where the vocabulary has it as one token. Beside a parser that
    has no tools the tag's token is left in too, although nothing looks for it. Raises UsageError for parsers
    and releases that `reader_for` refuses.
    """
    reader = reader_for(parser, Target.parse(target)) if parser else None
    kept = reader.preserved if reader else ()
    if offers_tools and not (reader and reader.tools):
        kept += tag_token(tool_tag)
    return kept


def tag_token(tool_tag: str) -> tuple[str, ...]:
    """The token that a tool-call tag begins with, else all of the tag; none for bare JSON."""
    if tool_tag in ("", "{", "["):
        return ()
    found = _FIRST.match(tool_tag)
    return (found.group() if found else tool_tag,)


def visible_pieces(
    tokens: Iterable[str], control: Collection[str], preserved: Collection[str]
) -> Iterator[str]:
    """What of a reply reaches Ollama, piece by piece.

    tokens: what the model generates, one text a token; control: the vocabulary's control tokens.
    """
    return (token for token in tokens if token not in control or token in preserved)
