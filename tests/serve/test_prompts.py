"""What is said where a server renders other prompts; the real one is asked in tests/integration."""

from __future__ import annotations

import json

import pytest
from werkzeug import Response

from modelfile_kit.runtime.openai import OpenAIServer
from modelfile_kit.serve.prompts import compare_prompts


@pytest.fixture
def server(httpserver):
    with OpenAIServer(httpserver.url_for("/v1")) as server:
        yield server


def test_prompts_that_differ_are_shown(httpserver, server, built):
    def answer(request):
        # right but for one conversation
        messages = request.get_json()["messages"]
        prompt = built.expected(messages)
        odd = "Chinese" if "图" in prompt or "中" in prompt else ""
        return Response(json.dumps({"prompt": prompt + odd}), content_type="application/json")

    httpserver.expect_request("/apply-template", method="POST").respond_with_handler(answer)
    right, [finding] = compare_prompts(server, built)
    assert right > 3
    assert finding.code == "MK885" and "'Chinese'" not in finding.message
    assert "Chinese" in finding.message and "prompts differ" in finding.message


def test_a_server_that_renders_none(httpserver, server, built):
    httpserver.expect_request("/apply-template").respond_with_data("no", status=404)
    right, [finding] = compare_prompts(server, built)
    assert right == 0 and "it renders none" in finding.message
