"""Which parser a name means, and the reading of a whole reply by it.

Sources: model/parsers/parsers.go (ParserForName), server/routes.go (ChatHandler). Held against Ollama's own
packages at 0.30.4, 0.33.0 and 0.34.4; the folders model/parsers and harmony of the releases between were
compared with them file by file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...core.errors import UsageError
from ..api_values import require_tools
from ..builtin import PARSERS, parser_for
from ..reply_types import Reply, ReplyError, ToolCall
from ..think import Think
from ..versions import Target, Version, version_text
from .cogito import Cogito
from .cohere import Cohere
from .deepseek3 import DeepSeek3
from .functiongemma import FunctionGemma
from .gemma4 import Gemma4, Gemma4NoThinking
from .glimmer import Glimmer
from .glm import GLM47, GLMOCR
from .go_text import joined
from .harmony import Harmony
from .laguna import Laguna, PoolsideV1
from .lfm2 import LFM2, LFM2Thinking
from .ministral import Ministral
from .nemotron import Nemotron3Nano
from .olmo3 import Olmo3, Olmo3Think
from .passthrough import Passthrough
from .protocol import Parser, Request, read_tools
from .qwen3 import Qwen3, Qwen3Thinking
from .qwen3_coder import Qwen3Coder
from .qwen3_vl import Qwen3VLInstruct, Qwen3VLThinking
from .qwen35 import Qwen35

OLDEST: Version = (0, 30, 0)
"""The oldest release whose parsers are read here."""

READERS: dict[str, type[Parser]] = {
    "passthrough": Passthrough,
    "qwen3": Qwen3,
    "qwen3-thinking": Qwen3Thinking,
    "qwen3.5": Qwen35,
    "ornith": Qwen35,
    "qwen3-coder": Qwen3Coder,
    "qwen3-vl-instruct": Qwen3VLInstruct,
    "qwen3-vl-thinking": Qwen3VLThinking,
    "ministral": Ministral,
    "harmony": Harmony,
    "cogito": Cogito,
    "deepseek3": DeepSeek3,
    "olmo3": Olmo3,
    "olmo3-think": Olmo3Think,
    "nemotron-3-nano": Nemotron3Nano,
    "nemotron-3.5-nano": Nemotron3Nano,
    "functiongemma": FunctionGemma,
    "glm-4.7": GLM47,
    "glm-ocr": GLMOCR,
    "gemma4": Gemma4,
    "gemma4-no-thinking": Gemma4NoThinking,
    "lfm2": LFM2,
    "lfm2-thinking": LFM2Thinking,
    "laguna": Laguna,
    "poolside-v1": PoolsideV1,
    "cohere": Cohere,
    "glimmer": Glimmer,
}
"""The parser of each name that PARSER takes."""


def make_parser(
    name: str,
    *,
    tools: Sequence[Mapping[str, Any]] | None = None,
    last_message: Mapping[str, Any] | None = None,
    think: Think = None,
    target: str | Target = "latest",
) -> Parser:
    """A parser that waits for the first piece of a reply.

    name: as PARSER has it. tools: those of the request. last_message: the last message of the conversation
    as the server sees it (`role`, `content`, `thinking`). think: the request's, after `resolve_think`: where
    the model can think, the server takes None for true, so None is only left where it cannot.
    /api/generate gives neither tools nor a last message. target: the release; of several the oldest counts.
    Raises UsageError for a name that the release does not know, and for releases that were not read;
    PromptError for tools that the server refuses.
    """
    target = Target.parse(target)
    cls = reader_for(name, target)
    message = last_message or {}
    require_tools(tools, target)
    request = Request(
        tools=read_tools(tools),
        last_role=message.get("role") or "",
        last_content=message.get("content") or "",
        last_thinking=message.get("thinking") or "",
        think=think,
    )
    return cls(request, target)


def known_parsers(target: str | Target = "latest") -> tuple[str, ...]:
    """The names that every server of the target takes for PARSER, and whose replies can be read here."""
    target = Target.parse(target)
    if target.version < OLDEST:
        return ()
    return tuple(name for name in READERS if parser_for(name, target))


def reader_for(name: str, target: Target) -> type[Parser]:
    """The class of the parser; what it promises and preserves can be asked without a reply."""
    if name not in PARSERS:
        known = ", ".join(sorted(PARSERS))
        raise UsageError(f"no parser of Ollama has the name {name!r}", help=f"take one of {known}")
    if target.version < OLDEST:
        raise UsageError(
            f"what Ollama {target.name} reads out of replies with a PARSER is not known",
            help=f"the parsers are known for {version_text(OLDEST)} and later",
        )
    if parser_for(name, target) is None:
        since = version_text(PARSERS[name].since)
        raise UsageError(
            f"the parser {name!r} came with Ollama {since}, and {target.name} does not know it",
            help=f"raise the target to {since}, or take another parser",
        )
    return READERS[name]


def read_reply(
    parser: str,
    pieces: str | Iterable[str],
    *,
    tools: Sequence[Mapping[str, Any]] | None = None,
    last_message: Mapping[str, Any] | None = None,
    think: Think = None,
    target: str | Target = "latest",
    end_with_last: bool = False,
) -> Reply:
    """What /api/chat makes of a model's reply where a PARSER is set.

    pieces: the text, or the pieces in which the engine gives it; a text comes as one piece. tools,
    last_message, think, target: see `make_parser`. end_with_last: whether the end comes with the last piece;
    from llama-server it comes on its own. Where the parser refuses the reply, the answer has `error` and
    what was given out before; a client that does not stream gets the error alone.
    """
    reader = make_parser(parser, tools=tools, last_message=last_message, think=think, target=target)
    contents: list[str] = []
    thoughts: list[str] = []
    calls: list[ToolCall] = []
    error, crash = "", False
    parts = [pieces] if isinstance(pieces, str) else [*pieces]
    parts += [] if end_with_last and parts else [""]
    for i, piece in enumerate(parts, 1):
        try:
            found = reader.add(piece, done=i == len(parts))
        except ReplyError as e:
            error, crash = str(e), e.crash
            break
        contents.append(found.content)
        thoughts.append(found.thinking)
        calls += found.calls
    content, thinking = (joined(parts) for parts in (contents, thoughts))
    return Reply(thinking, content, tuple(calls), error=error, crash=crash)
