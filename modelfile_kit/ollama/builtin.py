"""Ollama's own renderers and parsers by name: since when, and what a parser gives a model.

Sources: model/renderers/renderer.go, model/parsers/parsers.go, harmony/harmonyparser.go. A release
between two that were read is counted with the older one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..gotemplate.values.unicode_tables import is_digit, is_letter
from .versions import Target, Version

_RENDERERS: dict[Version, str] = {
    (0, 12, 0): "qwen3-coder",
    (0, 12, 6): "qwen3-vl-instruct",
    (0, 13, 0): "qwen3-vl-thinking cogito",
    (0, 14, 0): "deepseek3.1 olmo3 olmo3.1 olmo3-think olmo3-32b-think nemotron-3-nano functiongemma",
    (0, 16, 0): "glm-4.7 glm-ocr lfm2 lfm2-thinking",
    (0, 17, 4): "qwen3.5",
    (0, 20, 0): "gemma4",
    (0, 22, 0): "gemma4-small gemma4-large laguna",
    (0, 30, 10): "cohere",
    (0, 30, 11): "ornith",
    (0, 32, 3): "poolside-v1",
    (0, 33, 0): "qwen3.8 nemotron-3.5-nano glimmer",
}
RENDERERS: dict[str, Version] = {name: v for v, names in _RENDERERS.items() for name in names.split()}
"""The names that RENDERER takes, and since when."""


_CHATML = ("<|im_start|>", "<|im_end|>")
_DEEPSEEK = ("<\uff5cUser\uff5c>", "<\uff5cAssistant\uff5c>")
_TURNS: dict[tuple[str, ...], str] = {
    _CHATML: "qwen3-coder qwen3-vl-instruct qwen3-vl-thinking qwen3.5 qwen3.8 ornith olmo3 olmo3.1 "
    "olmo3-think olmo3-32b-think nemotron-3-nano nemotron-3.5-nano lfm2 lfm2-thinking",
    _DEEPSEEK: "cogito deepseek3.1",
    ("<start_of_turn>", "<end_of_turn>"): "functiongemma",
    ("[gMASK]", "<sop>", "<|user|>", "<|assistant|>"): "glm-4.7 glm-ocr",
    ("<|turn>", "<turn|>"): "gemma4 gemma4-small gemma4-large",
    ("<|START_OF_TURN_TOKEN|>", "<|END_OF_TURN_TOKEN|>", "<|USER_TOKEN|>", "<|CHATBOT_TOKEN|>"): "cohere",
    ("\u3008|EOS|\u3009",): "laguna poolside-v1",
    ("<|start|>", "<|message|>", "<|eot|>"): "glimmer",
}
RENDERER_TOKENS: dict[str, tuple[str, ...]] = {
    name: tokens for tokens, names in _TURNS.items() for name in names.split()
}
"""The control tokens that each renderer writes around turns (a real Ollama 0.33.0 was asked)."""

# How names of Ollama's library begin whose models have a RENDERER, which FROM inherits.
_LIBRARY = (
    *("qwen3-coder", "qwen3-vl", "qwen3.5", "qwen3.8", "deepseek-v3.1", "cogito-2.1", "olmo-3", "olmo-3.1"),
    *("nemotron-3-nano", "nemotron-3.5-nano", "functiongemma", "glm-4.7", "glm-ocr", "lfm2", "lfm2.5"),
    *("gemma4", "laguna", "ornith"),
)


def library_renderer(model: str) -> str:
    """The family of Ollama's library, "" where a published model is of none whose models have a RENDERER.

    model: a name behind FROM. Only names without an owner are the library's.
    """
    name = model.lower().removeprefix("registry.ollama.ai/").removeprefix("library/").partition(":")[0]
    if "/" in name:
        return ""
    return next((known for known in _LIBRARY if name == known or name.startswith(f"{known}-")), "")


@dataclass(frozen=True)
class Parser:
    """A parser that PARSER names: since when, and the capabilities that it gives a model."""

    since: Version
    tools: bool
    thinking: bool

    @property
    def capabilities(self) -> tuple[str, ...]:
        """Of "tools" and "thinking" those that it gives."""
        return tuple(c for c, has in (("tools", self.tools), ("thinking", self.thinking)) if has)


_BOTH, _TOOLS, _THINKING, _NEITHER = (True, True), (True, False), (False, True), (False, False)
_PARSERS: dict[Version, dict[str, tuple[bool, bool]]] = {
    (0, 12, 0): {"qwen3-coder": _TOOLS, "passthrough": _NEITHER},
    (0, 12, 3): {"harmony": _BOTH},
    (0, 12, 6): {"qwen3-vl-instruct": _TOOLS},
    (0, 13, 0): {"qwen3-vl-thinking": _BOTH},
    (0, 14, 0): {
        **dict.fromkeys(("cogito", "deepseek3", "nemotron-3-nano"), _BOTH),
        **dict.fromkeys(("ministral", "olmo3", "functiongemma"), _TOOLS),
        "olmo3-think": _THINKING,
    },
    (0, 16, 0): {"glm-4.7": _BOTH, "lfm2-thinking": _BOTH, "glm-ocr": _TOOLS, "lfm2": _TOOLS},
    (0, 17, 4): {"qwen3": _TOOLS, "qwen3-thinking": _BOTH, "qwen3.5": _BOTH},
    (0, 20, 0): {"gemma4": _BOTH, "gemma4-no-thinking": _TOOLS},
    (0, 22, 0): {"laguna": _BOTH},
    (0, 30, 10): {"cohere": _BOTH},
    (0, 30, 11): {"ornith": _BOTH},
    (0, 32, 3): {"poolside-v1": _BOTH},
    (0, 33, 0): dict.fromkeys(("nemotron-3.5-nano", "glimmer"), _BOTH),
}
PARSERS: dict[str, Parser] = {
    name: Parser(v, tools, thinking)
    for v, names in _PARSERS.items()
    for name, (tools, thinking) in names.items()
}
"""The names that PARSER takes."""


def parser_for(name: str, target: Target) -> Parser | None:
    """The parser of that name on the target; an unknown one has no effect there."""
    parser = PARSERS.get(name)
    return parser if parser and target.version >= parser.since else None


# Architectures whose TEMPLATE is treated as harmony when it holds both marks (server/routes.go).
GPT_OSS = ("gptoss", "gpt-oss")
HARMONY_MARKS = ("<|start|>", "<|end|>")
_KEPT_NAMES = ("browser.open", "browser.search", "browser.find", "python")


def uses_harmony(family: str, template: str) -> bool:
    """Whether a TEMPLATE of that architecture is parsed as harmony although no PARSER is set."""
    return family in GPT_OSS and all(mark in template for mark in HARMONY_MARKS)


def harmony_names(names: Iterable[str]) -> list[str]:
    """The names under which harmony's parser shows tools to the TEMPLATE: identifiers, each once."""
    taken: set[str] = set()
    shown: list[str] = []
    for name in names:
        if not name:
            shown.append(name)
            continue
        new = name if name in _KEPT_NAMES else _free(_identifier(name), taken)
        taken.add(new)
        shown.append(new)
    return shown


def _identifier(name: str) -> str:
    mapped = ("_" if c in " -." else c for c in name)
    kept = "".join(c for c in mapped if c in "_$" or is_letter(c) or is_digit(c))
    if not kept:
        return "unnamed"
    return f"_{kept}" if kept[0] in "0123456789" else kept


def _free(name: str, taken: set[str]) -> str:
    candidate, count = name, 2
    while candidate in taken:
        candidate = f"{name}_{count}"
        count += 1
    return candidate
