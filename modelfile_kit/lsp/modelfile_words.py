"""What the instructions and PARAMETERs of a Modelfile are, for people who point at one."""

from __future__ import annotations

from collections.abc import Mapping

from ..lint.rules.parameter_out_of_range import RANGES
from ..ollama.builtin import PARSERS, RENDERERS
from ..ollama.defaults import DEFAULTS
from ..ollama.grammar import INSTRUCTIONS, PROJECTOR, ROLES
from ..ollama.parameters import PARAMETERS
from ..ollama.versions import LATEST, SINCE, since, until, version_text

# How each is written, and what it does.
INSTRUCTION_WORDS: Mapping[str, tuple[str, str]] = {
    "from": (
        "FROM ./model.gguf",
        "The model: a GGUF, a folder with GGUFs or safetensors, or the name of a published model. A second "
        "FROM names the projector (mmproj), without which a model takes no images.",
    ),
    "license": (
        'LICENSE """…"""',
        "The text of a licence, not the name of a file. It may stand more than once.",
    ),
    "template": (
        'TEMPLATE """{{ … }}"""',
        "The prompt as a Go template. Without it Ollama takes the GGUF's own chat template (since "
        f"{since('native_jinja')}) or one of its built-in templates that looks like it.",
    ),
    "system": (
        'SYSTEM """…"""',
        "The system text of conversations that have none of their own. The last SYSTEM counts.",
    ),
    "adapter": (
        "ADAPTER ./lora.gguf",
        "A LoRA adapter (GGUF) for the model of FROM.",
    ),
    "draft": (
        "DRAFT ./draft.gguf",
        "A draft model for speculative decoding: a GGUF with MTP layers, or a dflash model.",
    ),
    "renderer": (
        "RENDERER name",
        "The renderer of Ollama's own code that makes the prompts in place of a TEMPLATE.",
    ),
    "parser": (
        "PARSER name",
        "The parser of Ollama's own code that finds thoughts and tool calls in the replies.",
    ),
    "parameter": (
        "PARAMETER name value",
        "A default of the model for requests that do not say otherwise. `stop` may stand more than once; of "
        "the others the last counts.",
    ),
    "message": (
        "MESSAGE role text",
        f"A message before every conversation. Its role is {', '.join(ROLES[:-1])} or {ROLES[-1]}.",
    ),
    "requires": (
        "REQUIRES 0.30.0",
        "The oldest Ollama that the model is for. The server stores it; it refuses nothing by it.",
    ),
    PROJECTOR: (
        "PROJECTOR ./mmproj.gguf",
        "The projector, in the dialect of mkmodelfile. Ollama does not know it: `lint --fix` writes the FROM "
        "that it understands.",
    ),
}

PARAMETER_WORDS: Mapping[str, str] = {
    "num_keep": "How many tokens of the prompt's beginning stay when the context is full; -1 keeps all.",
    "seed": "The seed of the random numbers. The same seed and request give the same reply; -1 is a new one "
    "each time.",
    "num_predict": "The most tokens of a reply; -1 is no limit.",
    "top_k": "Only the `top_k` most probable tokens can be next; 0 is no limit.",
    "repeat_last_n": "How many of the last tokens count as repetition for `repeat_penalty`; 0 is none, -1 "
    "the whole context.",
    "num_ctx": "The length of the context in tokens: prompt and reply together. It decides how much memory "
    "the model takes; `mkmodelfile fit` says how much.",
    "num_batch": "How many tokens of the prompt are computed at once.",
    "num_gpu": "How many layers are on the GPU; -1 lets Ollama decide, 0 is none.",
    "main_gpu": "The number of the GPU that holds what is not split among several.",
    "num_thread": "How many threads of the processor compute; 0 lets Ollama decide.",
    "draft_num_predict": "How many tokens the draft model writes ahead.",
    "top_p": "Only the most probable tokens that together reach this probability can be next; 1 is no limit.",
    "min_p": "Only tokens that are at least this fraction as probable as the most probable one can be next; "
    "0 is no limit.",
    "typical_p": "Only tokens that are about as surprising as is typical can be next; 1 is no limit.",
    "temperature": "How freely the next token is chosen: 0 always takes the most probable one.",
    "repeat_penalty": "How strongly repeated tokens are held back; 1 is not at all.",
    "presence_penalty": "How strongly tokens that occurred are held back, however often they did; 0 is not "
    "at all.",
    "frequency_penalty": "How strongly tokens are held back for each time they occurred; 0 is not at all.",
    "use_mmap": "Whether the model's file is mapped into memory instead of read.",
    "stop": "A text at which the reply ends. It is not part of the reply. One PARAMETER for each.",
    "penalize_newline": "Whether line ends count as repetition.",
    "low_vram": "Whether less memory of the GPU is used.",
    "f16_kv": "Whether the cache is kept in half precision.",
    "logits_all": "Whether the probabilities of all tokens are computed.",
    "vocab_only": "Whether only the vocabulary is loaded.",
    "use_mlock": "Whether the model is kept from being swapped out of memory.",
    "mirostat": "Mirostat sampling: 0 off, 1 or 2 its version.",
    "mirostat_tau": "The perplexity that Mirostat aims at.",
    "mirostat_eta": "How fast Mirostat adapts.",
}

_KINDS = {"int": "a whole number", "float": "a number", "bool": "true or false", "text": "text"}
# Defaults that differ between releases or servers (`ollama.defaults` has those that do not).
_DEFAULTS = {
    "num_ctx": "decided by the server, by its video memory",
    "repeat_penalty": "1.0 since Ollama 0.33, 1.1 before",
    "stop": "none beside the model's own end tokens",
    "use_mmap": "decided by Ollama",
    "main_gpu": "0",
}
_MANY = 2**31 - 1


def about_instruction(name: str) -> str:
    """Markdown about an instruction, "" for a name that is none."""
    if name not in INSTRUCTION_WORDS:
        return ""
    written, words = INSTRUCTION_WORDS[name]
    return "\n\n".join([f"```modelfile\n{written}\n```", words, *_releases(_instruction_row(name))])


def about_parameter(name: str) -> str:
    """Markdown about a PARAMETER: what it is, its kind, range and default, and its releases; "" for none."""
    row = PARAMETERS.get(name)
    if row is None:
        return ""
    facts = [_KINDS[row.kind], *_range(name)]
    default = _default(name)
    return "\n\n".join(
        [
            f"**PARAMETER {name}**: {', '.join(facts)}",
            PARAMETER_WORDS[name],
            *([f"Default: {default}"] if default else []),
            *_releases(row.feature),
            *([f"{_ignored_since(row.ignored)} warns about it and ignores it."] if row.ignored else []),
        ]
    )


def about_built_in(instruction: str, name: str) -> str:
    """Markdown about a name that RENDERER or PARSER ("renderer", "parser") takes, "" for another one."""
    if instruction == "renderer" and name in RENDERERS:
        return f"**RENDERER {name}**, since Ollama {version_text(RENDERERS[name])}."
    if instruction == "parser" and name in PARSERS:
        parser = PARSERS[name]
        reads = " and ".join({"tools": "tool calls", "thinking": "thoughts"}[c] for c in parser.capabilities)
        said = f" It reads {reads}." if reads else ""
        return f"**PARSER {name}**, since Ollama {version_text(parser.since)}.{said}"
    return ""


def instruction_detail(name: str) -> str:
    """A few words beside an instruction in a list."""
    return INSTRUCTION_WORDS[name][0]


def parameter_detail(name: str) -> str:
    """Kind and default of a PARAMETER, for a list."""
    default = _default(name)
    return _KINDS[PARAMETERS[name].kind] + (f", default {default}" if default else "")


def is_ignored(name: str) -> bool:
    """Whether the latest Ollama only warns about a PARAMETER."""
    row = PARAMETERS[name]
    return bool(row.ignored) and SINCE[row.ignored].since <= LATEST


def _default(name: str) -> str:
    value = DEFAULTS.get(name)
    return _DEFAULTS.get(name, "") if value is None else f"{value:g}"


def _range(name: str) -> list[str]:
    if name not in RANGES:
        return []
    low, high = RANGES[name]
    return [f"from {low:g}" if high >= _MANY else f"from {low:g} to {high:g}"]


def _instruction_row(name: str) -> str:
    """The row of `versions.SINCE` that says which releases take an instruction."""
    return "lora_adapters" if name == "adapter" else INSTRUCTIONS.get(name, "")


def _releases(feature: str) -> list[str]:
    """Since and until which release something exists, where not always."""
    if not feature:
        return []
    row = SINCE[feature]
    found = [f"Since Ollama {since(feature)}."] if any(row.since) else []
    return [*found, *([f"Ollama {until(feature)} and later refuse it."] if row.until else [])]


def _ignored_since(feature: str) -> str:
    start = SINCE[feature].since
    return f"Ollama {version_text(start)} and later" if any(start) else "Every Ollama"
