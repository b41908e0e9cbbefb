"""Agents on a real server: a tool is offered, called, answered, called again, and the answer comes, through
Ollama's own Python client and OpenAI's. Parrots say what the models would.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from modelfile_kit.parrot import Reply, marker
from modelfile_kit.publish.parrot_model import parrot_model
from modelfile_kit.replies.said import END_OF_PROMPT, UNCALLED
from modelfile_kit.replies.spoken import TOOLS, Spoken, spoken_replies
from modelfile_kit.runtime.ollama.client import OllamaServer
from tests.integration.parrots import Template

pytestmark = pytest.mark.server

# Chat template, PARSER, and the architecture that brings one by itself.
MODELS = {
    "Qwen-Qwen3-0.6B": (None, "qwen3"),
    "Qwen3-Coder": ("qwen3-coder", "qwen3moe"),
    "GLM-4.6": ("glm-ocr", "glm4moe"),
    "openai-gpt-oss-120b": (None, "gptoss"),
    "google-gemma-4-31B-it-interleaved": ("gemma4", "gemma3"),
}
STEPS = ("call", "call with markup", "answer beside tools")


class Agent:
    """The turns of a conversation, in the shape of one API."""

    def __init__(self, name: str, think: bool | None, ask: Callable[..., dict[str, Any]]) -> None:
        self.name = name
        self.think = think
        self.ask = ask
        self.messages: list[dict[str, Any]] = [{"role": "user", "content": f"What is up? {marker(1)}"}]

    def run(self) -> Iterator[dict[str, Any]]:
        """Each message of the model; its calls are answered, with the marker of what it is to say next."""
        for step in range(2, 10):
            message = self.ask(self.name, self.messages, self.think)
            yield message
            self.messages.append(message)
            if not message["tool_calls"]:
                return
            for call in message["tool_calls"]:
                result = {"role": "tool", "content": f"Result {step}. {marker(step)}"}
                if "id" in call:
                    result["tool_call_id"] = call["id"]
                self.messages.append({**result, "tool_name": call["function"]["name"]})


def by_ollama(url: str, stream: bool) -> Callable[..., dict[str, Any]]:
    import ollama

    client: Any = ollama.Client(url)

    def ask(name, messages, think):
        options = {"temperature": 0, "num_predict": 300}
        found = client.chat(name, messages, tools=TOOLS, think=think, stream=stream, options=options)
        whole: dict[str, Any] = {"role": "assistant", "content": "", "thinking": "", "tool_calls": []}
        for part in found if stream else [found]:
            said = part.message.model_dump()
            whole["content"] += said.get("content") or ""
            whole["thinking"] += said.get("thinking") or ""
            whole["tool_calls"] += said.get("tool_calls") or []
        return whole

    return ask


def by_openai(url: str, stream: bool) -> Callable[..., dict[str, Any]]:
    openai = pytest.importorskip("openai", reason="needs the package openai (extra dev)")
    client = openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)

    def ask(name, messages, think):
        sent = [{k: v for k, v in m.items() if k not in ("tool_name", "thinking")} for m in messages]
        sent = [m if m.get("tool_calls") else {k: v for k, v in m.items() if k != "tool_calls"} for m in sent]
        more = {} if think is None else {"reasoning_effort": "medium" if think else "none"}
        found = client.chat.completions.create(
            model=name, messages=sent, tools=list(TOOLS), stream=stream, temperature=0, max_tokens=300, **more
        )
        if not stream:
            message = found.choices[0].message
            calls = [call.model_dump() for call in message.tool_calls or []]
            return {"role": "assistant", "content": message.content or "", "tool_calls": calls}
        content, calls = "", []
        for part in found:
            for choice in part.choices:
                content += choice.delta.content or ""
                calls += [call.model_dump(exclude={"index"}) for call in choice.delta.tool_calls or []]
        return {"role": "assistant", "content": content, "tool_calls": calls}

    return ask


def called(message: dict[str, Any]) -> list[tuple[str, Any]]:
    """Names and arguments; OpenAI's are JSON texts."""
    functions = [call["function"] for call in message["tool_calls"]]
    return [
        (f["name"], json.loads(f["arguments"]) if isinstance(f["arguments"], str) else dict(f["arguments"]))
        for f in functions
    ]


def prompts_of(template: Template, said: list[Spoken]) -> list[str]:
    """The prompt before each of the model's messages."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": "What is up?"}]
    found = []
    for spoken in said:
        found.append(template.reference.render(messages, tools=TOOLS, think=spoken.think))
        message = spoken.kind.message()
        messages.append(message)
        for call in message.get("tool_calls", ()):
            name = call["function"]["name"]
            messages.append({"role": "tool", "content": "R.", "tool_name": name, "tool_call_id": call["id"]})
    return found


@pytest.fixture(params=MODELS, scope="module")
def agent_model(request, ollama_process, shared):
    """A parrot that calls, calls again, and answers; with what it is to say."""
    entries = json.loads((shared / "corpus" / "index.json").read_text(encoding="utf-8"))
    entry = next(e for e in entries if e["id"] == request.param)
    text = (shared / "corpus" / entry["file"]).read_text(encoding="utf-8")
    template = Template(text, entry["bos_token"] or "", entry["eos_token"] or "")
    parser, architecture = MODELS[request.param]
    source = template.source(parser=parser, architecture=architecture)
    by_kind = {s.kind.name: s for s in spoken_replies(source.reference, source.eos_token)}
    said = [by_kind[step] for step in STEPS]
    prompts = prompts_of(template, said)
    replies = [Reply(UNCALLED)]
    replies += [Reply(s.text, (p[-END_OF_PROMPT:],)) for s, p in zip(said, prompts, strict=True)]
    voice = source.voice([source.request.template or "", *(s.text for s in said), *prompts])
    with (
        OllamaServer(ollama_process.host) as server,
        parrot_model(server, "agent", source.request, replies, voice, architecture) as parrot,
    ):
        yield parrot.name, said


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("client", [by_ollama, by_openai])
def test_an_agent_calls_twice_and_answers(client, stream, agent_model, ollama_server):
    name, said = agent_model
    agent = Agent(name, said[0].think, client(ollama_server.url, stream))
    messages = list(agent.run())
    wanted = [[(call.name, dict(call.arguments or {})) for call in one.kind.calls] for one in said]
    assert [called(message) for message in messages] == wanted
    assert messages[-1]["content"].strip() == said[-1].kind.content
