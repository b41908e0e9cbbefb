from __future__ import annotations

from typing import Any

import pytest
from werkzeug import Response

from modelfile_kit.core.errors import GGUFError
from modelfile_kit.gguf_file import read_header
from modelfile_kit.sources.resolve import resolve


@pytest.fixture
def server(httpserver, tmp_path, monkeypatch):
    """A server without ranges."""
    monkeypatch.setenv("MODELFILE_KIT_FILES", str(tmp_path / "files"))
    state: dict[str, Any] = {"data": b"", "etag": '"1"', "asked": []}

    def answer(request):
        state["asked"].append(request.headers.get("Range", ""))
        return Response(state["data"], 200, headers={"ETag": state["etag"]})

    httpserver.expect_request("/a%20b.gguf").respond_with_handler(answer)
    httpserver.expect_request("/a b.gguf").respond_with_handler(answer)
    state["url"] = httpserver.url_for("/a%20b.gguf")
    return state


def test_a_file_is_fetched_once_and_again_when_it_changes(server, model) -> None:
    server["data"] = model
    first = resolve(server["url"]).fetch()
    assert first.name == "a b.gguf" and first.read_bytes() == model
    assert read_header(first).size == len(model)
    server["asked"].clear()
    assert resolve(server["url"]).fetch() == first
    assert len(server["asked"]) == 1  # whether it is still the same
    server["data"], server["etag"] = model + b"2", '"2"'
    assert resolve(server["url"]).fetch().read_bytes() == model + b"2"


def test_going_on_with_a_server_without_ranges(server, model) -> None:
    server["data"] = model
    place = resolve(server["url"]).path
    place.parent.mkdir(parents=True)
    place.with_name(f"{place.name}.incomplete").write_bytes(model[:1_234_567])
    assert resolve(server["url"]).fetch().read_bytes() == model


def test_what_is_not_there(httpserver, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("MODELFILE_KIT_FILES", str(tmp_path))
    httpserver.expect_request("/x.gguf").respond_with_data("", status=404)
    with pytest.raises(GGUFError, match="HTTP 404"):
        resolve(httpserver.url_for("/x.gguf"))
