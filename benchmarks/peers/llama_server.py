"""llama.cpp's own Jinja engine: its server, started with each chat template on the micro model."""

from __future__ import annotations

import base64
import json
import re
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from modelfile_kit.core.conversation import image_count, to_huggingface
from modelfile_kit.gguf_file import read_header
from modelfile_kit.micro import MicroPair, build_pair

START_SECONDS = 30
ANSWER_SECONDS = 30
# The micro model's token where the template's tokenizer has no BOS; what is printed for it is taken out.
NO_BOS = "<|endoftext|>"
_MEDIA = re.compile(r"<__media(?:_\w+)?__>")
# The smallest PNG there is: one pixel.
_PICTURE = base64.b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
        "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
    )
).decode()


class LlamaServer:
    """One template on llama-server. as_ollama: send what Ollama 0.33 sends when it leaves the prompt to the
    GGUF's template (llm/llama_server.go: images after the text, no earlier reasoning, `enable_thinking`
    alone); else what an OpenAI client with full knowledge sends.
    """

    def __init__(self, program: Path, entry: dict[str, Any], source: str) -> None:
        self.entry = entry
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        bos, eos = entry["bos_token"] or NO_BOS, entry["eos_token"] or NO_BOS
        pair = build_pair(folder, chat_template=source, extra_tokens=dict.fromkeys((bos, eos)))
        assert pair.projector
        _set_tokens(pair, bos, eos)
        self._log = (folder / "log").open("wb+")
        self._port = _free_port()
        self._process = subprocess.Popen(
            [
                *(str(program), "--model", str(pair.model), "--mmproj", str(pair.projector)),
                *("--host", "127.0.0.1", "--port", str(self._port), "--offline", "--no-warmup"),
                *("--ctx-size", "512", "--parallel", "1", "--threads", "1"),
            ],
            stdout=self._log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
        self._http = httpx.Client(timeout=ANSWER_SECONDS, trust_env=False)

    def __enter__(self) -> LlamaServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._http.close()
        self._log.close()
        self._folder.cleanup()

    def wait(self) -> str | None:
        """None when it answers, else what it said: it refuses some templates at the start."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            try:
                if self._http.get(self._url("/health")).status_code == 200:
                    return None
            except httpx.TransportError:
                pass
            time.sleep(0.02)
        self._log.seek(0)
        return self._log.read().decode("utf-8", "replace")[-400:]

    def render(self, conversation: dict[str, Any], *, as_ollama: bool) -> str | None:
        """The prompt of `/apply-template` without its media markers, None where it answers an error."""
        messages = _as_ollama(conversation) if as_ollama else _as_openai(conversation)
        body: dict[str, Any] = {"messages": messages}
        if conversation["tools"]:
            body["tools"] = conversation["tools"]
        if (think := conversation["think"]) is not None:
            body["chat_template_kwargs"] = {"enable_thinking": think}
            if not as_ollama:
                body["chat_template_kwargs"]["thinking"] = think
        try:
            answer = self._http.post(self._url("/apply-template"), content=json.dumps(body))
        except httpx.TransportError:
            return None
        if answer.status_code != 200:
            return None
        prompt = _MEDIA.sub("", str(answer.json()["prompt"]))
        return prompt if self.entry["bos_token"] else prompt.removeprefix(NO_BOS)

    def _url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._port}{path}"


def _as_openai(conversation: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        _with_images(_with_text_arguments(m), first=True) for m in to_huggingface(conversation["messages"])
    ]


def _as_ollama(conversation: dict[str, Any]) -> list[dict[str, Any]]:
    out = []
    for m, shaped in zip(conversation["messages"], to_huggingface(conversation["messages"]), strict=True):
        shaped.pop("reasoning_content", None)
        out.append(_with_images(_with_text_arguments(shaped), first=not image_count(m)))
    return out


def _with_text_arguments(message: dict[str, Any]) -> dict[str, Any]:
    """Arguments of calls as JSON text, as OpenAI's API has them."""
    calls = message.get("tool_calls")
    if not calls:
        return message
    texts = []
    for c in calls:
        arguments = json.dumps(c["function"]["arguments"], ensure_ascii=False)
        texts.append({**c, "function": {**c["function"], "arguments": arguments}})
    return {**message, "tool_calls": texts}


def _with_images(message: dict[str, Any], *, first: bool) -> dict[str, Any]:
    content = message.get("content")
    if not isinstance(content, list):
        return message
    url = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{_PICTURE}"}}
    images = [url for part in content if part["type"] == "image"]
    texts = [part for part in content if part["type"] == "text"]
    return {**message, "content": [*images, *texts] if first else [*texts, *images]}


def _set_tokens(pair: MicroPair, bos: str, eos: str) -> None:
    """Writes the ids of BOS and EOS into the model's header, in place."""
    tokens: Any = read_header(pair.model).metadata["tokenizer.ggml.tokens"]
    tokens = list(tokens)
    data = bytearray(pair.model.read_bytes())
    for key, text in ((b"tokenizer.ggml.bos_token_id", bos), (b"tokenizer.ggml.eos_token_id", eos)):
        at = data.index(key) + len(key) + 4  # a 32-bit type, then the value
        data[at : at + 4] = tokens.index(text).to_bytes(4, "little")
    pair.model.write_bytes(data)


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])
