"""What is sent to either kind of server; pytest-httpserver plays them. The real ones: tests/integration."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from werkzeug import Response

from modelfile_kit.captions.models import OllamaModel, OpenAIModel, Question
from modelfile_kit.core.errors import ServerError, UsageError
from modelfile_kit.runtime.ollama.client import OllamaServer
from modelfile_kit.runtime.openai import OpenAIServer
from modelfile_kit.vision.image_tokens import Eye

GLM = {
    "clip.projector_type": "glm4v",
    "clip.vision.image_size": 336,
    "clip.vision.patch_size": 14,
    "clip.vision.spatial_merge_size": 2,
}
PNG = b"\x89PNG a picture"


@pytest.fixture
def ollama(httpserver):
    """A server with one model; what /api/show says of it can be changed."""
    shown: dict[str, Any] = {
        "capabilities": ["completion", "vision"],
        "projector_info": GLM,
        "model_info": {"general.architecture": "glm4"},
    }
    httpserver.expect_request("/api/show").respond_with_handler(lambda _: Response(json.dumps(shown)))
    httpserver.expect_request("/api/version").respond_with_json({"version": "0.34.4"})
    listed = [{"model": "m:latest", "digest": "d1"}, {"model": "m:q8", "digest": "d2"}]
    httpserver.expect_request("/api/tags").respond_with_json({"models": listed})
    done = {"message": {"content": "a cat"}, "done": True, "done_reason": "stop", "eval_count": 2}
    httpserver.expect_request("/api/chat").respond_with_data(json.dumps(done) + "\n")
    with OllamaServer(httpserver.url_for("/")) as server:
        yield server, shown


def test_ollama_says_how_a_model_sees_and_which_it_is(ollama):
    server, shown = ollama
    model = OllamaModel(server, "m")
    assert model.eye == Eye("glm4v", 336, 14, 2)
    assert model.identity == "ollama d1"
    assert OllamaModel(server, "m:q8").identity == "ollama d2"
    shown["model_info"] = {"general.architecture": "qwen25vl"}
    assert OllamaModel(server, "m").eye.least == 1024  # Ollama's own --image-min-tokens
    shown["projector_info"] = {}
    assert OllamaModel(server, "m").eye is None


def test_a_model_without_vision_is_refused_before_anything_is_asked(ollama):
    server, shown = ollama
    shown["capabilities"] = ["completion", "tools"]
    with pytest.raises(ServerError, match=r"m takes no images: .* completion, tools") as e:
        OllamaModel(server, "m")
    assert e.value.code == "MK820"


def test_what_ollama_is_asked(ollama, httpserver):
    told: list[str] = []
    question = Question("what?", "be brief", 9, 0.5, False)
    answer = OllamaModel(ollama[0], "m").ask(PNG, question, told.append)
    assert (answer.text, answer.completion_tokens, told) == ("a cat", 2, ["a cat"])
    sent = json.loads(httpserver.log[-1][0].data)
    assert sent["messages"] == [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "what?", "images": [base64.b64encode(PNG).decode()]},
    ]
    assert sent["options"] == {"temperature": 0.5, "seed": 0, "num_predict": 9}
    assert sent["think"] is False


@pytest.fixture
def openai(httpserver):
    listed: dict[str, Any] = {"data": [{"id": "m", "created": 1, "meta": {"n_params": 5}}]}
    httpserver.expect_request("/v1/models").respond_with_handler(lambda _: Response(json.dumps(listed)))
    piece = {"choices": [{"delta": {"content": "a cat"}, "finish_reason": "length"}]}
    httpserver.expect_request("/v1/chat/completions").respond_with_data(f"data: {json.dumps(piece)}\n\n")
    with OpenAIServer(httpserver.url_for("/")) as server:
        yield server, listed


def test_the_only_model_of_a_server_needs_no_name(openai):
    server, listed = openai
    first = OpenAIModel(server)
    assert first.name == "m"
    listed["data"][0]["created"] = 2  # started again
    assert OpenAIModel(server).identity == first.identity
    listed["data"][0]["meta"] = {"n_params": 6}
    assert OpenAIModel(server).identity != first.identity
    listed["data"].append({"id": "n"})
    with pytest.raises(UsageError, match="2 models: m, n"):
        OpenAIModel(server)
    assert OpenAIModel(server, "n").name == "n"


def test_what_llama_server_says_elsewhere_belongs_to_a_model(openai, httpserver):
    server, _ = openai
    without = OpenAIModel(server).identity
    props: dict[str, Any] = {
        "chat_template": "{{ messages }}",
        "default_generation_settings": {"params": {"top_k": 40}, "n_ctx": 2048},
        "media_marker": "<one>",
        "is_sleeping": False,
    }
    httpserver.expect_request("/props").respond_with_handler(lambda _: Response(json.dumps(props)))
    first = OpenAIModel(server).identity
    assert first != without
    props.update(media_marker="<two>", is_sleeping=True)  # other ones after each start
    assert OpenAIModel(server).identity == first
    props["chat_template"] = "{{ 'another system text' }}{{ messages }}"
    second = OpenAIModel(server).identity
    assert second != first
    props["default_generation_settings"]["params"]["top_k"] = 1
    assert OpenAIModel(server).identity not in (first, second)


def test_ollamas_digest_belongs_to_a_model_behind_openais_api(openai, httpserver):
    server, _ = openai
    tags = {"models": [{"model": "m:latest", "digest": "d1"}, {"model": "n:latest", "digest": "d2"}]}
    httpserver.expect_request("/api/tags").respond_with_handler(lambda _: Response(json.dumps(tags)))
    first = OpenAIModel(server).identity
    tags["models"][1]["digest"] = "d3"
    assert OpenAIModel(server).identity == first
    tags["models"][0]["digest"] = "d4"
    assert OpenAIModel(server).identity != first


def test_what_openais_api_is_asked(openai, httpserver):
    answer = OpenAIModel(openai[0]).ask(PNG, Question("what?", max_tokens=9))
    assert (answer.text, answer.finish_reason) == ("a cat", "length")
    sent = json.loads(httpserver.log[-1][0].data)
    url = "data:image/png;base64," + base64.b64encode(PNG).decode()
    image = {"type": "image_url", "image_url": {"url": url}}
    assert sent["messages"] == [{"role": "user", "content": [image, {"type": "text", "text": "what?"}]}]
    assert (sent["max_tokens"], sent["temperature"], sent["stream"]) == (9, 0.0, True)
