"""What is checked before a push, and what is asked again; ollama.com's answers are those of Ollama's source
(0.34.4, server/routes.go, WhoamiHandler; api/types.go, UserResponse)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from modelfile_kit.core.errors import KitError, ServerError, UsageError
from modelfile_kit.core.progress import Step
from modelfile_kit.micro import MicroPair
from modelfile_kit.publish import push as module
from modelfile_kit.publish.publish import NotPushedError, publish
from modelfile_kit.publish.push import push_on, require_pushable
from modelfile_kit.publish.second_server import hindrance_of, require_other_server
from modelfile_kit.runtime.ollama.client import OllamaServer
from tests.publish.fake_ollama import FakeOllama, answer, lines


class Pushing(FakeOllama):
    """With /api/me and /api/push. account: status and body; pushes: what each push answers, then success."""

    def __init__(self, httpserver: HTTPServer) -> None:
        super().__init__(httpserver)
        self.account: tuple[int, Any] = (200, {"id": "0", "email": "me@example.org", "name": "Me"})
        self.pushes: list[list[dict[str, Any]]] = []
        self.pushed: list[dict[str, Any]] = []

    def _me(self, request: Request, _body: object) -> Response:
        assert request.method == "POST"
        status, body = self.account
        return answer(body, status)

    def _push(self, _request: Request, body: dict[str, Any]) -> Response:
        self.pushed.append(body)
        done = [{"status": "pushing manifest"}, {"status": "success"}]
        return lines(self.pushes.pop(0) if self.pushes else done)


@pytest.fixture
def ollama(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> Pushing:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0)
    return Pushing(httpserver)


def check(ollama: Pushing, name: str, **more: bool) -> str:
    with OllamaServer(ollama.url) as server:
        return require_pushable(server, name, **more)


def refused(ollama: Pushing, name: str, kind: type[KitError] = KitError) -> KitError:
    with pytest.raises(kind) as e:
        check(ollama, name)
    return e.value


@pytest.mark.parametrize("name", ["me/m", "Me/m:q4", "registry.ollama.ai/me/m", "ollama.com/me/m"])
def test_ones_own_namespace_is_fine(ollama: Pushing, name: str) -> None:
    assert check(ollama, name) == "Me"


@pytest.mark.parametrize("name", ["you/m", "m", "library/m"])
def test_a_namespace_of_somebody_else_is_refused(ollama: Pushing, name: str) -> None:
    error = refused(ollama, name, UsageError)
    assert error.code == "MK829"
    assert "Me/m:latest" in error.help


def test_not_signed_in(ollama: Pushing) -> None:
    url = "https://ollama.com/connect?name=box&key=c3NoLWVkMjU1MTk"
    ollama.account = (401, {"error": "unauthorized", "signin_url": url})
    error = refused(ollama, "me/m", ServerError)
    assert error.code == "MK828"
    assert url in error.help
    ollama.account = (401, {"error": "unauthorized", "signin_url": "https://ollama.com.evil.example/"})
    assert "evil" not in refused(ollama, "me/m").help
    odd: Any
    for odd in ([], {"signin_url": 7}, {}):
        ollama.account = (401, odd)
        assert "ollama signin" in refused(ollama, "me/m").help


def test_an_account_that_cannot_be_asked_for(ollama: Pushing) -> None:
    ollama.account = (503, {"error": "account unavailable"})
    error = refused(ollama, "me/m", ServerError)
    assert error.code == "MK828"
    assert "account unavailable" in error.message


def test_a_server_that_is_too_old_to_say_is_not_kept_from_pushing(ollama: Pushing) -> None:
    ollama.account = (404, {"error": "404 page not found"})
    assert check(ollama, "me/m") == ""


def test_other_registries_have_no_account(ollama: Pushing) -> None:
    ollama.account = (500, {})
    assert check(ollama, "box:5000/you/m") == ""
    assert ollama.asked == []


@pytest.mark.parametrize("name", ["box/Me/m", "box/me/M", "box/me/m-", "box/me/m..x", "me/m m", "http://"])
def test_a_name_that_no_registry_takes(ollama: Pushing, name: str) -> None:
    assert refused(ollama, name, UsageError).code == "MK508"
    assert ollama.asked == []


def test_plain_http_in_the_name_takes_the_flag(ollama: Pushing) -> None:
    assert refused(ollama, "http://box/me/m", UsageError).code == "MK847"
    assert check(ollama, "http://box/me/m", insecure=True) == ""


def test_nothing_is_sent_before_the_check(ollama: Pushing, tmp_path: Path, pair: MicroPair) -> None:
    modelfile = tmp_path / "Modelfile"
    modelfile.write_text(f"FROM {pair.model}\n")
    with pytest.raises(UsageError):
        publish(modelfile, "you/m", host=ollama.url, push=True, cache_folder=tmp_path)
    assert ollama.asked == [("POST", "/api/me")]


@pytest.mark.parametrize("fails", [False, True])
def test_a_model_that_is_replaced_while_it_is_pushed(
    ollama: Pushing, tmp_path: Path, pair: MicroPair, fails: bool
) -> None:
    """A server pushes whatever has the name; blobs of the old model may be gone in the middle."""
    modelfile = tmp_path / "Modelfile"
    modelfile.write_text(f"FROM {pair.model}\n")

    def replace(_method: str, path: str) -> None:
        if path == "/api/push":
            ollama.models["box:1/me/m:latest"] = {"system": "of another"}

    ollama.before = replace
    if fails:
        ollama.pushes = [[{"error": "stat /blobs/sha256-0a: no such file or directory"}]]
    with pytest.raises(NotPushedError, match="another publish replaced") as e:
        publish(modelfile, "box:1/me/m", host=ollama.url, push=True, cache_folder=tmp_path, verify=False)
    assert e.value.code == "MK811"
    ollama.before = lambda method, path: None
    done = publish(modelfile, "box:1/me/m", host=ollama.url, push=True, cache_folder=tmp_path, verify=False)
    assert done.pushed


# -- the push itself ----------------------------------------------------------------------

BROKEN = [
    {"error": 'Put "https://r.example/v2/": EOF'},
    {"error": "max retries exceeded: http status 503 Service Unavailable: "},
    {"error": "write tcp 1.2.3.4:5->6.7.8.9:443: connection reset by peer"},
]


def push(ollama: Pushing, **more: Any) -> None:
    with OllamaServer(ollama.url) as server:
        push_on(server, "box/me/m", **more)


@pytest.mark.parametrize("error", BROKEN)
def test_what_breaks_is_asked_again(ollama: Pushing, error: dict[str, Any]) -> None:
    ollama.pushes = [[{"status": "pushing"}, error], [{"status": "half a stream"}]]
    push(ollama, insecure=True)
    assert len(ollama.pushed) == 3
    assert ollama.pushed[0] == {"model": "box/me/m", "insecure": True, "stream": True}


def test_what_stays_broken_ends(ollama: Pushing) -> None:
    ollama.pushes = [[BROKEN[0]] for _ in range(9)]
    with pytest.raises(ServerError) as e:
        push(ollama)
    assert "EOF" in e.value.message
    assert len(ollama.pushed) == module.ATTEMPTS


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("401: access denied", "MK801"),
        ("you are not authorized to push to this namespace", "MK861"),
        ('realm host "" does not match original host "box"', "MK844"),
        ("file does not exist", "MK846"),
        ('Head "https://box:99999/v2/": dial tcp: address 99999: invalid port', "MK802"),
        ('Head "https://box": http: server gave HTTP response to HTTPS client', "MK847"),
        ('Patch "http:///v2/me": http: no Host in request URL', "MK843"),
    ],
)
def test_what_is_refused_is_not_asked_again(ollama: Pushing, said: str, code: str) -> None:
    ollama.pushes = [[{"error": said}]]
    with pytest.raises(ServerError) as e:
        push(ollama)
    assert e.value.code == code
    assert len(ollama.pushed) == 1


def test_a_registry_where_nobody_answers(ollama: Pushing) -> None:
    said = 'Head "https://box:1/v2/": dial tcp 10.0.0.9:1: connect: connection refused'
    ollama.pushes = [[{"error": said}]] * module.ATTEMPTS
    with pytest.raises(ServerError, match="no registry answers the Ollama server at box") as e:
        push(ollama)
    assert e.value.code == "MK802"
    assert "ollama serve" not in e.value.help


def test_bytes_of_all_blobs_are_told(ollama: Pushing) -> None:
    ollama.pushes = [
        [
            {"status": "pushing a", "digest": "sha256:a", "total": 100},
            {"status": "pushing a", "digest": "sha256:a", "total": 100, "completed": 40},
            {"status": "pushing a", "digest": "sha256:a", "total": 100, "completed": 100},
            {"status": "pushing b", "digest": "sha256:b", "total": 50, "completed": 20},
            {"status": "success"},
        ]
    ]
    steps: list[Step] = []
    push(ollama, progress=steps.append)
    counts = [(s.done, s.total) for s in steps]
    assert counts == [(0, 100), (40, 100), (100, 100), (120, 150), (120, 150)]
    assert {s.stage for s in steps} == {"push"}


# -- the second server ----------------------------------------------------------------------


def test_the_same_server_is_no_second_one() -> None:
    with pytest.raises(UsageError):
        require_other_server("http://127.0.0.1:11434", "http://127.0.0.1:11434/")
    require_other_server("http://127.0.0.1:11434", "http://127.0.0.1:11435")


@pytest.mark.parametrize(("status", "found"), [(200, True), (307, False), (403, False)])
def test_a_registry_that_sends_files_itself_is_told(httpserver: HTTPServer, status: int, found: bool) -> None:
    digest = f"sha256:{'0' * 64}"
    manifest = {"schemaVersion": 2, "layers": [{"mediaType": "x", "digest": digest, "size": 1}]}
    replies: dict[str, Callable[[Request], Response]] = {
        "/v2/me/m/manifests/latest": lambda r: Response(json.dumps(manifest)),
        f"/v2/me/m/blobs/{digest}": lambda r: Response("x", status, {"Location": "http://elsewhere/"}),
    }
    for path, reply in replies.items():
        httpserver.expect_request(path).respond_with_handler(reply)
    told = hindrance_of(f"127.0.0.1:{httpserver.port}/me/m", insecure=True)
    assert (told is not None) is found
    assert told is None or told.code == "MK826"
    assert hindrance_of("127.0.0.1:9/me/m", insecure=True) is None
