from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from werkzeug import Request, Response

from modelfile_kit.core.errors import GGUFError
from modelfile_kit.gguf_file import read_header
from modelfile_kit.gguf_file.limits import FIRST_BLOCK, LARGEST_BLOCK
from modelfile_kit.sources.byte_source import FileSource
from tests.gguf_file.handmade import Typed, gguf, tensor

TOKENS = [f"token {n:06d}" for n in range(60_000)]
BIG = gguf(
    {"general.architecture": Typed("string", "glm4"), "t": Typed("string[]", TOKENS)},
    [tensor("w", (1024, 2048))],
    bytes(8 * 1024**2),
)


class Ranges:
    """Answers range requests as RFC 9110 says, and keeps count."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.asked: list[str] = []
        self.sent = 0
        self.etag = '"one"'

    def __call__(self, request: Request) -> Response:
        asked = request.headers.get("Range", "")
        self.asked.append(asked)
        first, last = map(int, re.fullmatch(r"bytes=(\d+)-(\d+)", asked).groups())
        if request.headers.get("If-Range", self.etag) != self.etag:
            return Response(self.data, 200, headers={"ETag": self.etag})
        if first >= len(self.data):
            return Response(b"", 416)
        part = self.data[first : last + 1]
        self.sent += len(part)
        where = f"bytes {first}-{first + len(part) - 1}/{len(self.data)}"
        return Response(part, 206, headers={"Content-Range": where, "ETag": self.etag})


def serve(httpserver, answer, path="/m.gguf"):
    httpserver.expect_request(path).respond_with_handler(answer)
    return httpserver.url_for(path)


def test_a_header_is_read_by_ranges_and_no_further(httpserver):
    server = Ranges(BIG)
    header = read_header(serve(httpserver, server))
    assert header.metadata["t"][59_999] == TOKENS[-1]
    assert header.size == len(BIG)
    assert header.source.endswith("/m.gguf")
    assert server.sent < header.data_offset + LARGEST_BLOCK < len(BIG)
    assert server.asked[0] == f"bytes=0-{FIRST_BLOCK - 1}"
    assert 2 <= len(server.asked) <= 5


def test_a_small_header_is_one_request(httpserver):
    server = Ranges(gguf({"a": Typed("uint8", 1)}, [tensor("w", (2**20,))], bytes(4 * 2**20)))
    assert read_header(serve(httpserver, server)).metadata["a"] == 1
    assert server.asked == [f"bytes=0-{FIRST_BLOCK - 1}"]


def test_cut_short_on_the_server(httpserver):
    with pytest.raises(GGUFError, match="the file ends at byte") as e:
        read_header(serve(httpserver, Ranges(BIG[:-1])))
    assert e.value.code == "MK404"
    with pytest.raises(GGUFError, match="the file ends at byte 300,000, inside its header"):
        read_header(serve(httpserver, Ranges(BIG[:300_000]), "/n.gguf"))


def test_a_server_without_ranges_is_read_as_a_stream(httpserver):
    url = serve(httpserver, lambda request: Response(BIG, 200))
    header = read_header(url)
    assert header.metadata["t"].tolist() == TOKENS
    assert header.size == len(BIG)
    assert len(httpserver.log) == 1


def test_a_stream_of_unknown_length(httpserver):
    def answer(request):
        return Response((BIG[n : n + 70_001] for n in range(0, len(BIG), 70_001)), 200)

    header = read_header(serve(httpserver, answer))
    assert header.metadata["t"][0] == TOKENS[0]
    assert header.size is None


def test_an_array_that_lies_is_refused_without_reading_on(httpserver):
    data = gguf([b"\1" + bytes(7) + b"t" + b"\x09\0\0\0\4\0\0\0" + (2**23).to_bytes(8, "little")])
    server = Ranges(data + bytes(2**20))
    with pytest.raises(GGUFError, match="the file ends") as e:
        read_header(serve(httpserver, server))
    assert e.value.code == "MK404"
    assert len(server.asked) == 1


def test_redirects_are_followed_once(httpserver):
    server = Ranges(BIG)
    real = serve(httpserver, server, "/store/signed.gguf")
    moves = []

    def move(request):
        moves.append(request.headers["Range"])
        return Response(b"", 302, headers={"Location": real})

    header = read_header(serve(httpserver, move))
    assert header.source.endswith("/m.gguf")
    assert len(moves) == 1 < len(server.asked)


def test_a_file_that_changes_meanwhile(httpserver):
    server = Ranges(BIG)

    def answer(request):
        reply = server(request)
        server.etag = '"two"'
        return reply

    with pytest.raises(GGUFError, match="changed on the server while it was read") as e:
        read_header(serve(httpserver, answer))
    assert e.value.help == "try again"


OLDER, NEWER = "Mon, 01 Jan 2024 00:00:00 GMT", "Tue, 02 Jan 2024 00:00:00 GMT"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"ETag": 'W/"one"'}, {"ETag": 'W/"two"'}),
        ({"ETag": '"one"'}, {"ETag": '"two"'}),
        ({"ETag": '"one"'}, {}),
        ({"Last-Modified": OLDER}, {"Last-Modified": NEWER}),
        ({}, {"size": "1"}),
    ],
)
def test_a_server_that_answers_with_a_part_of_a_new_file(httpserver, before, after):
    """RFC 9110, 13.1.5: a server without If-Range ignores it, and a weak ETag cannot be asked for."""
    server = Ranges(BIG)
    asked: list[Request] = []

    def answer(request):
        first, last = map(int, re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers["Range"]).groups())
        told = dict(after if asked else before)
        asked.append(request)
        part = server.data[first : last + 1]
        where = f"bytes {first}-{first + len(part) - 1}/{len(BIG)}" + told.pop("size", "")
        return Response(part, 206, headers={"Content-Range": where, **told})

    with pytest.raises(GGUFError, match="changed on the server while it was read"):
        read_header(serve(httpserver, answer))
    assert len(asked) == 2


NUMBER = "9" * 5000  # more digits than Python converts


@pytest.mark.parametrize("where", [f"bytes 0-9/{NUMBER}", f"bytes {NUMBER}-9/10", f"bytes 0-{NUMBER}/10"])
def test_a_range_with_a_number_that_is_none(httpserver, where):
    with pytest.raises(GGUFError, match="asked for bytes from 0") as e:
        read_header(serve(httpserver, lambda _: Response(BIG[:100], 206, headers={"Content-Range": where})))
    assert len(e.value.message) < 300


def test_a_login_and_a_signature_are_used_and_not_shown(httpserver):
    server, seen = Ranges(BIG), []

    def answer(request):
        seen.append((request.authorization and request.authorization.password, request.args.get("sign")))
        return server(request)

    url = serve(httpserver, answer).replace("http://", "http://me:hunter2@") + "?sign=hunter2"
    assert "hunter2" not in read_header(url).source
    assert set(seen) == {("hunter2", "hunter2")}


@pytest.mark.parametrize(
    ("status", "words", "advice"),
    [
        (404, "HTTP 404: there is no such file", "check the address"),
        (401, "HTTP 401: the server wants a login", "download the file"),
        (403, "HTTP 403: the server denies access", "download the file"),
        (500, "HTTP 500: the server refuses", "check the address"),
    ],
)
def test_a_refusing_server(httpserver, status, words, advice):
    with pytest.raises(GGUFError) as e:
        read_header(serve(httpserver, lambda request: Response(b"no", status)))
    assert words in e.value.message
    assert advice in e.value.help
    assert e.value.code == "MK402"


@pytest.mark.parametrize("where", ["bytes 5-9/10", "nonsense", ""])
def test_a_server_that_answers_other_bytes(httpserver, where):
    def answer(request):
        return Response(BIG[:100], 206, headers={"Content-Range": where} if where else {})

    with pytest.raises(GGUFError, match="asked for bytes from 0"):
        read_header(serve(httpserver, answer))


def test_more_than_asked_for_is_not_taken(httpserver):
    """A hostile server that sends the rest of the file with every range."""

    def answer(request):
        first = int(re.match(r"bytes=(\d+)", request.headers["Range"])[1])
        where = f"bytes {first}-{len(BIG) - 1}/{len(BIG)}"
        return Response(BIG[first:], 206, headers={"Content-Range": where})

    assert read_header(serve(httpserver, answer)).metadata["t"][59_999] == TOKENS[-1]


def test_a_login_page_with_status_200(httpserver):
    with pytest.raises(GGUFError, match="is an HTML page, expected a GGUF file"):
        read_header(serve(httpserver, lambda request: Response("<!doctype html><title>Sign in", 200)))


def test_an_unreachable_server():
    with pytest.raises(GGUFError, match="cannot be read") as e:
        read_header("http://127.0.0.1:9/m.gguf")
    assert e.value.code == "MK402"


@pytest.mark.parametrize("url", ["http://", "https://[", "http://exa mple/x.gguf"])
def test_an_impossible_url(url):
    with pytest.raises(GGUFError, match="cannot be read"):
        read_header(url)


def test_a_missing_file_names_what_is_there(tmp_path):
    (tmp_path / "AutoGLM-Phone-9B-Q4_K_M.gguf").touch()
    with pytest.raises(GGUFError, match="file not found") as e:
        read_header(tmp_path / "AutoGLM-Phone-9B-Q4_KM.gguf")
    assert e.value.code == "MK402"
    assert "AutoGLM-Phone-9B-Q4_K_M.gguf" in e.value.help
    with pytest.raises(GGUFError) as e:
        read_header(tmp_path / "other.gguf")
    assert "that folder holds AutoGLM-Phone-9B-Q4_K_M.gguf" in e.value.help


def test_a_folder_and_a_pipe_are_no_files(tmp_path):
    with pytest.raises(GGUFError, match="is a folder"):
        read_header(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(GGUFError, match="not a regular file"):
        read_header(tmp_path / "pipe")


def test_odd_paths_are_said_to_be_unreadable(tmp_path):
    with pytest.raises(GGUFError) as e:
        read_header("a\0b.gguf")
    assert e.value.code == "MK402"
    with pytest.raises(GGUFError) as e:
        read_header(tmp_path / ("x" * 5000))
    assert e.value.code == "MK402"


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("hf.co/unsloth", "hf.co/unsloth/REPO"),
        ("hf:unsloth/m", "hf://unsloth/m"),
        ("none.gguf", "check the path"),
    ],
)
def test_a_path_that_is_meant_as_a_name(text: str, advice: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GGUFError, match="file not found") as caught:
        FileSource(Path(text))
    assert advice in caught.value.help
