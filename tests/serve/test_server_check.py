"""`serve --check` on a server that does everything, and on one for each fault; real servers are asked in
tests/integration. vLLM is played here, since it does not run where the tests do."""

from __future__ import annotations

import base64
import io
import json
import wave
from typing import Any

import pytest
from PIL import Image
from werkzeug import Response

from modelfile_kit.core.errors import ServerError, UsageError
from modelfile_kit.runtime.openai import OpenAIServer
from modelfile_kit.serve.asked import Promise
from modelfile_kit.serve.server_check import check_server, promise_of
from modelfile_kit.vision.colour_images import COLOURS

EVERYTHING = Promise("vlm", images=True, audio=True, tools=True, thinking=True)
REFUSED = {
    "no images": "vlm is not a multimodal model",
    "no sound": "At most 0 audio(s) may be provided in one prompt.",
    "no tools": '"auto" tool choice requires a parser',
}


class Vllm:
    """A server that does all that is asked, but for its fault."""

    def __init__(self, httpserver: Any, fault: str = "") -> None:
        self.fault = fault
        self.bodies: list[dict[str, Any]] = []
        self.heard = 0  # tokens of the sounds of a request
        models = [{"id": "vlm", "owned_by": "vllm", "max_model_len": 1000}]
        if fault == "two models":
            models.append({"id": "other", "owned_by": "vllm"})
        data = {"data": [] if fault == "no model" else models}
        httpserver.expect_request("/v1/models").respond_with_json(data)
        httpserver.expect_request("/v1/chat/completions").respond_with_handler(self.answer)
        httpserver.expect_request("/v1/audio/transcriptions").respond_with_handler(self.transcribe)

    def answer(self, request: Any) -> Response:
        body = request.get_json()
        self.bodies.append(body)
        content = body["messages"][-1]["content"]
        parts = content if isinstance(content, list) else [{"type": "text", "text": content}]
        text = next(p["text"] for p in parts if p["type"] == "text")
        images = [p["image_url"]["url"].partition(",")[2] for p in parts if p["type"] == "image_url"]
        sounds = [p["input_audio"]["format"] for p in parts if p["type"] == "input_audio"]
        self.heard = 0 if self.fault == "sound ignored" else 700 * len(sounds)
        if sounds and self.fault == "no sound":
            return error(400, REFUSED[self.fault])
        if refusal := self.refusal(body, text, images):
            return refusal
        message: dict[str, Any] = {"role": "assistant", "content": self.words(text, images)}
        if body.get("tools") and self.fault != "tools ignored":
            name = "other" if self.fault == "another tool" else "get_weather"
            arguments = '"Paris"' if self.fault == "odd arguments" else '{"city": "Paris"}'
            call = {"index": 0, "id": "1", "function": {"name": name, "arguments": arguments}}
            message = {"role": "assistant", "content": "", "tool_calls": [call]}
            if body.get("stream") and self.fault == "calls whole only":
                message = {"role": "assistant", "content": "hm"}
        if "Think" in text and self.fault != "no thoughts":
            on = body["chat_template_kwargs"]["enable_thinking"] or self.fault == "always thinks"
            if on and self.fault == "thought in content":
                message["content"] = "<think>3*4</think>12"
            elif on:
                message["reasoning_content"] = "3*4"
        return self.reply(body, message)

    def transcribe(self, request: Any) -> Response:
        with wave.open(io.BytesIO(request.files["file"].read())) as sound:
            frames = sound.getnframes()
        if self.fault == "no transcriptions":
            return error(404, "Not Found")
        if self.fault == "transcriptions break":
            return error(500, "Internal Server Error")
        text = json.dumps({"text": f"{request.form['model']} hears {frames}"})
        return Response(text, content_type="application/json")

    def words(self, text: str, images: list[str]) -> str:
        if not images:
            return "" if self.fault == "empty" else "Hello there, friend" if "hello" in text else "none"
        colours = [self.colour(image) for image in images]
        if self.fault == "images ignored":
            return "none"
        if self.fault == "colour-blind":
            return "black"
        return colours[0] if self.fault == "first image" else colours[-1]

    def colour(self, image: str) -> str:
        pixel: Any = Image.open(io.BytesIO(base64.b64decode(image))).convert("RGB").getpixel((5, 5))
        return min(COLOURS, key=lambda c: sum(abs(a - b) for a, b in zip(COLOURS[c], pixel, strict=True)))

    def refusal(self, body: dict[str, Any], text: str, images: list[str]) -> Response | None:
        if images and self.fault == "rate limit":
            return error(429, "slow down", {"Retry-After": "7"})
        if (images and self.fault == "no images") or (body.get("tools") and self.fault == "no tools"):
            return error(400, REFUSED[self.fault])
        if len(images) > 1 and self.fault == "one image":
            return error(400, "At most 1 image(s) may be provided in one prompt.")
        if text.count("word") > 1000 and self.fault != "cuts":
            return error(400, "This model's maximum context length is 1000 tokens.")
        for image in images:
            try:
                Image.open(io.BytesIO(base64.b64decode(image)))
            except OSError:
                if self.fault == "takes anything":
                    return self.reply(body, {"role": "assistant", "content": "a cat"})
                return error(400, "cannot identify image file")
        return None

    def reply(self, body: dict[str, Any], message: dict[str, Any]) -> Response:
        finish = "length" if self.fault == "endless" else "stop"
        for stop in body.get("stop") or ():
            if self.fault != "stop ignored":
                message["content"] = message["content"].partition(stop)[0]
        usage = {"prompt_tokens": 9 + self.heard, "completion_tokens": 3}
        if self.fault == "no usage":
            usage = {}
        if not body.get("stream"):
            choice = {"index": 0, "message": message, "finish_reason": finish}
            return Response(
                json.dumps({"choices": [choice], "usage": usage}), content_type="application/json"
            )
        if self.fault == "empty stream":
            message = {"role": "assistant", "content": ""}
        parts: list[dict[str, Any]] = [{"choices": [{"index": 0, "delta": message, "finish_reason": None}]}]
        if self.fault != "cut stream":
            parts.append({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
        parts.append({"choices": [], "usage": usage})
        text = "".join(f"data: {json.dumps(p)}\n\n" for p in parts)
        return Response(text + "data: [DONE]\n\n", content_type="text/event-stream")


def error(status: int, words: str, headers: dict[str, str] | None = None) -> Response:
    text = json.dumps({"error": {"message": words, "type": "BadRequestError", "code": status}})
    return Response(text, status, headers, content_type="application/json")


@pytest.fixture
def check(httpserver):
    """Checks a server with a fault; the report, and by name: status, summary, codes."""

    def call(fault="", promise=None, **options):
        Vllm(httpserver, fault)
        with OpenAIServer(httpserver.url_for("/"), patience=10) as server:
            report = check_server(server, promise=promise, **options)
        found = {c.name: (str(c.status), c.summary, [d.code for d in c.diagnostics]) for c in report.cases}
        return report, found

    return call


def test_a_server_that_does_all_of_it(check):
    report, found = check(promise=EVERYTHING)
    assert report.ok and {status for status, _, _ in found.values()} == {"passed"}
    assert "700 tokens" in found["sound"][1]
    assert found["transcription"][1] == "'vlm hears 16000'"
    assert {"images", "several images", "tools", "thinking", "enable_thinking", "context overflow"} - {
        *found
    } == {"images"}
    assert report.facts["server"].endswith("(vllm)")
    assert "1000 tokens" in found["context overflow"][1]


@pytest.mark.parametrize(
    ("fault", "name", "code", "words"),
    [
        ("empty", "answer", "MK887", "empty"),
        ("endless", "answer", "MK840", "does not end"),
        ("empty stream", "stream", "MK887", "empty"),
        ("cut stream", "stream", "MK805", "early"),
        ("stop ignored", "stop", "MK887", "ignored"),
        ("images ignored", "images", "MK851", "ignored"),
        ("colour-blind", "image red.png", "MK850", "expected red"),
        ("first image", "several images", "MK850", "not in order"),
        ("takes anything", "broken image", "MK887", "answered"),
        ("another tool", "tools", "MK870", "not as offered"),
        ("odd arguments", "tools", "MK870", "not as offered"),
        ("calls whole only", "tools", "MK870", "not as offered"),
        ("transcriptions break", "transcription", "MK801", "error"),
    ],
)
def test_faults_of_any_server(fault, name, code, words, check):
    report, found = check(fault)
    assert not report.ok
    status, summary, codes = found[name]
    assert (status, codes) == ("failed", [code]) and words in summary


@pytest.mark.parametrize(
    ("fault", "name", "codes", "words"),
    [
        ("no images", "images", ["MK888", "MK801"], "vlm is not a multimodal model"),
        ("no sound", "sound", ["MK888", "MK801"], "At most 0 audio(s)"),
        ("sound ignored", "sound", ["MK888", "MK859"], "no tokens"),
        ("no tools", "tools", ["MK888", "MK801"], "tool choice requires a parser"),
        ("tools ignored", "tools", ["MK888"], "and no call"),
        ("no thoughts", "thinking", ["MK888"], "and no thought"),
        ("thought in content", "thinking", ["MK871"], "<think>"),
    ],
)
def test_what_is_not_offered_is_a_fault_where_it_is_promised(fault, name, codes, words, check):
    report, found = check(fault, EVERYTHING)
    assert (found[name][0], found[name][2], report.ok) == ("failed", codes, False)
    report, found = check(fault)
    assert (found[name][0], found[name][2], report.ok) == ("skipped", [], True)
    assert found[name][1].startswith("not offered: ") and words in found[name][1]


@pytest.mark.parametrize(
    ("fault", "name", "words"),
    [
        ("one image", "several images", "not offered: At most 1 image"),
        ("no usage", "usage", "not offered"),
        ("no usage", "sound", "not known"),
        ("no transcriptions", "transcription", "not offered: Not Found"),
        ("always thinks", "enable_thinking", "thinks all the same"),
    ],
)
def test_what_few_servers_have(fault, name, words, check):
    report, found = check(fault, EVERYTHING)
    assert report.ok and found[name][0] == "skipped" and words in found[name][1]


@pytest.mark.parametrize(("hears", "status"), [(True, "passed"), (False, "skipped")])
@pytest.mark.parametrize("program", ["llama-server", "Ollama"])
def test_a_server_that_says_that_its_model_is_deaf_is_sent_no_sound(
    program, hears, status, check, httpserver
):
    if program == "Ollama":
        httpserver.expect_request("/api/version").respond_with_json({"version": "0.34.4"})
        able = {"capabilities": ["completion", *(["audio"] if hears else [])]}
        httpserver.expect_request("/api/show").respond_with_json(able)
    else:
        props = {"build_info": "b1", "modalities": {"vision": True, "audio": hears}}
        httpserver.expect_request("/props").respond_with_json(props)
    _, found = check("no tools")
    assert found["sound"][0] == status
    assert hears or found["sound"][1] == "not offered: the server says that its model does not hear"
    assert any("audio/transcriptions" in r.path for r, _ in httpserver.log) == hears
    _, found = check("no tools", Promise("vlm", audio=True))
    assert (found["sound"][0], found["sound"][2]) == (("passed", []) if hears else ("failed", ["MK888"]))


def test_a_version_without_end_is_not_repeated(check, httpserver):
    httpserver.expect_request("/props").respond_with_json({"build_info": "b" * 3_000_000})
    report, _ = check()
    assert 0 < len(str(report.facts)) < 5_000


def test_a_prompt_that_is_cut_is_a_warning(check):
    report, found = check("cuts")
    assert report.ok and found["context overflow"][2] == ["MK889"]


def test_a_rate_limit_ends_the_check(check):
    with pytest.raises(ServerError, match="slow down") as e:
        check("rate limit", EVERYTHING)
    assert e.value.code == "MK890"


def test_which_model(check, httpserver):
    assert check("two models", promise=EVERYTHING)[0].subject == "vlm"
    assert check("two models", model="other")[0].subject == "other"
    with pytest.raises(UsageError, match="has 2 models: vlm, other") as e:
        check("two models")
    assert "--alias" in e.value.help
    with pytest.raises(ServerError, match="has no model 'x'; it has vlm, other"):
        check("two models", model="x")


def test_no_model(check):
    with pytest.raises(ServerError, match="lists no model"):
        check("no model")


def test_the_promise_of_a_package(built):
    promise = promise_of(built)
    assert (promise.name, promise.images, promise.context) == ("mkmodelfile-demo", True, 2048)
    assert not promise.audio
    # the micro model's chat template has neither tools nor thoughts
    assert (promise.tools, promise.thinking) == (False, False)
