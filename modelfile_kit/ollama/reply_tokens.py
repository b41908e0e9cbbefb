"""Which control tokens of a reply Ollama sees: 0.30 and later have the engine leave most of them out.

llama-server writes no control token into its answer, unless the request asks to preserve it. Ollama asks for
what a PARSER needs, and for the token that a tool-call tag begins with; thinking tags that the TEMPLATE shows
are not asked for. Tokens that end a turn are never seen. Sources: server/routes.go, llm/llama_server.go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..gguf_file import Vocabulary
from ..gguf_file.vocabulary import shown_in_replies
from .parsers.registry import reader_for
from .versions import Target


@dataclass(frozen=True)
class ReplyTokens:
    """What an engine makes of special tokens in a reply.

    hidden: control tokens that it leaves out unless it is asked to preserve them. whole: texts that are one
    token, and so come in one piece; None where the vocabulary is not known.
    """

    hidden: tuple[str, ...] = ()
    whole: tuple[str, ...] | None = None

    @classmethod
    def of(cls, vocabulary: Vocabulary | None) -> ReplyTokens:
        """Those of a vocabulary, where there is one."""
        return cls() if vocabulary is None else cls.of_types(vocabulary.special_tokens())

    @classmethod
    def of_types(cls, special: Mapping[str, str]) -> ReplyTokens:
        """special: the type of each special token, "control" or "user-defined"."""
        shown = shown_in_replies(special.keys())
        hidden = tuple(text for text, kind in special.items() if kind == "control" and text not in shown)
        return cls(hidden, tuple(special))

    def pieces(self, text: str, size: int) -> list[str]:
        """A reply in pieces of ordinary text of so many characters, and special tokens; 0: all in one."""
        if not size:
            return [text]
        found: list[str] = []
        for part, whole in self._parts(text):
            found += [part] if whole else [part[i : i + size] for i in range(0, len(part), size)]
        return found

    def _parts(self, text: str) -> Iterator[tuple[str, bool]]:
        known = sorted((token for token in self.whole or () if token in text), key=len, reverse=True)
        if not known:
            yield text, False
            return
        for number, part in enumerate(re.split(f"({'|'.join(map(re.escape, known))})", text)):
            if part:
                yield part, number % 2 == 1


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
