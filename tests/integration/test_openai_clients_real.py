"""What people use: the openai package and LangChain, with a real llama-server and a real Ollama's /v1; and
`serve --check` on both."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import openai
import pytest
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI

from modelfile_kit.micro.demo_package import NAME
from modelfile_kit.parrot.build import Reply, build_parrot
from modelfile_kit.vision.colour_images import colour_probes, plain_png
from tests.integration.parrots import Template
from tests.llama_server import llama_server_or_skip
from tests.ollama_process import OllamaProcess
from tests.replies import formats
from tests.served import Served, output_of

pytestmark = pytest.mark.server

QUESTION = "What is the main colour of this picture? Answer with one word."


@dataclass(frozen=True)
class Server:
    """A server that runs the demo package. kind: "llama-server" or "Ollama"; url: of its /v1."""

    kind: str
    url: str


@pytest.fixture(scope="module")
def llama(demo: Path) -> Iterator[Server]:
    program = llama_server_or_skip()
    served = Served(demo, "--port", "0", "--llama-server", program)
    yield Server("llama-server", served.url)
    served.end()


@pytest.fixture(scope="module")
def ollama(demo: Path, ollama_process: OllamaProcess) -> Iterator[Server]:
    done = output_of("publish", demo, "--host", ollama_process.url)
    assert done.returncode == 0, done.stdout + done.stderr
    yield Server("Ollama", f"{ollama_process.url}/v1")
    ollama_process.run("rm", NAME)


@pytest.fixture(params=["llama", "ollama"])
def server(request: pytest.FixtureRequest) -> Server:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Server)
    return found


def url_of(image: bytes, kind: str = "png") -> str:
    return f"data:image/{kind};base64,{base64.b64encode(image).decode()}"


def parts(*images: str) -> list:
    return [
        *({"type": "image_url", "image_url": {"url": url}} for url in images),
        {"type": "text", "text": QUESTION},
    ]


@pytest.fixture
def client(server: Server) -> openai.OpenAI:
    return openai.OpenAI(base_url=server.url, api_key="none", max_retries=0)


def test_the_openai_package(client):
    """Whole and streamed, PNG and JPEG, usage, stop."""
    assert [m.id.removesuffix(":latest") for m in client.models.list()] == [NAME]
    for probe in (p for p in colour_probes() if p.format in ("PNG", "JPEG")):
        url = url_of(probe.bytes, probe.format.lower())
        messages = [{"role": "user", "content": parts(url)}]
        whole = client.chat.completions.create(model=NAME, messages=messages, temperature=0)
        assert (whole.choices[0].message.content, whole.choices[0].finish_reason) == (probe.answer, "stop")
        assert whole.usage.prompt_tokens > 9 and whole.usage.completion_tokens > 0
    pieces = client.chat.completions.create(
        model=NAME, messages=messages, stream=True, stream_options={"include_usage": True}
    )
    seen = list(pieces)
    text = "".join(p.choices[0].delta.content or "" for p in seen if p.choices)
    assert text == probe.answer and seen[-1].usage.prompt_tokens == whole.usage.prompt_tokens
    stopped = client.chat.completions.create(model=NAME, messages=messages, stop=[probe.answer[1:]])
    assert stopped.choices[0].message.content == probe.answer[0]


def test_errors_have_openais_shape(client, server):
    broken = [{"role": "user", "content": parts("data:image/png;base64,bm8gaW1hZ2U=")}]
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model=NAME, messages=broken)
    if server.kind == "llama-server":  # Ollama cuts the prompt
        with pytest.raises(openai.BadRequestError, match="exceeds the available context size"):
            client.chat.completions.create(model=NAME, messages=[{"role": "user", "content": "word " * 4000}])


def test_langchain_streams_the_colour(server):
    model = ChatOpenAI(
        model=NAME,
        base_url=server.url,
        api_key="none",
        max_retries=0,
        extra_body={"chat_template_kwargs": {"enable_thinking": False}},
    )
    for colour in ("red", "blue"):
        message = HumanMessage(parts(url_of(plain_png(colour, (112, 112)))))
        assert "".join(str(piece.content) for piece in model.stream([message])) == colour
    whole = model.invoke([SystemMessage("You name colours."), message])
    assert whole.content == "blue"
    assert whole.usage_metadata["output_tokens"] > 0
    two = HumanMessage(parts(*(url_of(plain_png(c, (112, 112))) for c in ("green", "red"))))
    assert model.invoke([two]).content == "red"


def test_serve_check_is_green(server, demo):
    done = output_of("serve", "--check", server.url, "--package", demo, "--format", "json")
    report = json.loads(done.stdout)
    status = {c["name"]: c["status"] for c in report["cases"]}
    assert (done.returncode, report["ok"]) == (0, True), done.stdout
    assert server.kind in report["facts"]["server"]
    names = ("models", "answer", "stream", "usage", "usage, streamed", "stop", "several images", "no image")
    for name in (*names, "image red.png", "image blue.jpg", "broken image", "context overflow"):
        assert status[name] == "passed", name
    # what the micro model has not, and llama-server's decoder neither
    assert (status["tools"], status["thinking"]) == ("skipped", "skipped")
    assert status["image green.webp"] == ("skipped" if server.kind == "llama-server" else "passed")
    if server.kind == "llama-server":
        assert status["prompts"] == "passed"


def test_tool_calls_and_thoughts_on_a_real_llama_server(tmp_path):
    """A parrot says them; llama-server finds them, with the package's system text in the chat template."""
    program = llama_server_or_skip()
    call = '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n</tool_call>'
    text = f"<think>\nI ask.\n</think>\n\n{call}"
    voice = Template(formats.JSON_CALLS, eos_token="<|im_end|>").voice([text])
    build_parrot(tmp_path / "parrot.gguf", [Reply(text)], voice)
    (tmp_path / "mkmodelfile.yaml").write_text(
        "name: parrot\nmodel: parrot.gguf\nprojector: none\nsystem: Be brief.\n"
    )
    done = output_of("serve", "--check", tmp_path, "--llama-server", program, "--format", "json")
    report = json.loads(done.stdout)
    found = {c["name"]: (c["status"], c["summary"]) for c in report["cases"]}
    assert done.returncode == 0, done.stdout
    assert found["tools"] == (
        "passed",
        "get_weather(city='Paris'), whole and streamed, finish 'tool_calls'",
    )
    assert found["thinking"] == ("passed", "reasoning_content: 'I ask.'")
    assert (found["images"][0], found["prompts"][0]) == ("skipped", "passed")


def test_a_package_that_promises_images_and_a_server_without(demo):
    program = llama_server_or_skip()
    served = Served(demo, "--port", "0", "--llama-server", program, "--projector", "none")
    try:
        plain = output_of("serve", "--check", served.url)
        promised = output_of("serve", "--check", served.url, "--package", demo)
    finally:
        served.end()
    assert plain.returncode == 0 and "not offered: image input is not supported" in plain.stdout
    assert promised.returncode == 1 and "MK888" in promised.stdout and "MK436" in promised.stdout
