"""Which control tokens of a reply Ollama sees."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from modelfile_kit.core.errors import UsageError
from modelfile_kit.ollama.reply_tokens import preserved_tokens, tag_token
from tests.oracle.oracle import Oracle

TAGS = (
    "",
    "{",
    "[",
    "<tool_call>",
    "[TOOL_CALLS] [",
    "<a><b>",
    "<open",
    "[x",
    "[]",
    "<>",
    "Action: <x>",
    "x",
    " <t>",
)


def test_a_parser_keeps_its_own_tokens() -> None:
    assert preserved_tokens(parser="qwen3-coder") == ("<tool_call>", "</tool_call>")
    both = preserved_tokens(parser="olmo3-think", tool_tag="<c>", offers_tools=True)
    assert both == ("</think>", "<c>")
    assert preserved_tokens(parser="passthrough", tool_tag="<c>") == ()
    with pytest.raises(UsageError):
        preserved_tokens(parser="qwen3-coder", target="0.24.0")


def test_without_a_parser_the_first_token_of_the_tag_is_kept() -> None:
    assert preserved_tokens(tool_tag="[TOOL_CALLS] [", offers_tools=True) == ("[TOOL_CALLS]",)
    assert preserved_tokens(tool_tag="[TOOL_CALLS] [") == ()


@pytest.mark.oracle
@pytest.mark.parametrize("version", ["0.30.4", "0.33.0", "0.34.4"])
@pytest.mark.parametrize("tag", TAGS)
def test_as_ollama_asks_for_them(oracle_for: Callable[[str], Oracle], version: str, tag: str) -> None:
    answer = oracle_for(version).ask("preserved_tokens", parser=["</think>"], tag=tag)
    assert answer["tokens"] == ["</think>", *tag_token(tag)]
