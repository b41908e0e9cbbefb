"""A parameter that Ollama does not know."""

from __future__ import annotations

from collections.abc import Iterator

from ..context import Context
from ..rule import Finding, Rule

# What llama.cpp, vLLM and the OpenAI interface call what Ollama has under another name.
_ELSEWHERE = {
    "max_tokens": "num_predict",
    "n_predict": "num_predict",
    "n_ctx": "num_ctx",
    "ctx_size": "num_ctx",
    "context_length": "num_ctx",
    "max_length": "num_ctx",
    "n_gpu_layers": "num_gpu",
    "threads": "num_thread",
    "temp": "temperature",
    "repetition_penalty": "repeat_penalty",
    "stop_sequence": "stop",
    "stop_sequences": "stop",
}

# What a request has, beside its options.
_OF_REQUESTS = {
    "think": 'the request ("think": false), or the chat (/set nothink)',
    "format": 'the request ("format")',
    "keep_alive": 'the request ("keep_alive"), or the server (OLLAMA_KEEP_ALIVE)',
    "stream": 'the request ("stream")',
    "raw": 'the request ("raw")',
    "tools": 'the request ("tools")',
    "suffix": 'the request ("suffix")',
    "logprobs": 'the request ("logprobs")',
}
_OF_REQUESTS |= dict.fromkeys(("thinking", "enable_thinking", "reasoning"), _OF_REQUESTS["think"])


def check(context: Context) -> Iterator[Finding]:
    for instruction, found in context.complaints("MK110"):
        if not instruction.key:
            continue  # spaces before the name, which another rule is about
        elsewhere = _ELSEWHERE.get(instruction.key.lower())
        of_requests = _OF_REQUESTS.get(instruction.key.lower())
        hint = f"in Ollama its name is {elsewhere}" if elsewhere else found.help
        if of_requests:
            hint = f"{instruction.key} belongs to {of_requests}, not to the Modelfile"
        yield Finding(found.message, instruction, hint)


RULE = Rule("MK110", check)
