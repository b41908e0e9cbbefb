"""The registry client, with a real registry, and with servers that play what a real one does not do."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from modelfile_kit.core.errors import UsageError
from modelfile_kit.core.http_client import patience
from modelfile_kit.sources import registry as module
from modelfile_kit.sources.registry import Descriptor, Registry
from modelfile_kit.sources.registry_errors import RegistryError
from modelfile_kit.sources.registry_logins import Login, find_login
from tests.registry_process import RegistryProcess, registry_or_skip, running_registry

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
LAYER = "application/vnd.ollama.image.model"
# bcrypt of "open sesame" (golang.org/x/crypto/bcrypt); a registry takes no other kind.
HTPASSWD = "ali:$2a$05$Met8xFCqZXCoZ4HeNMSBQ./uUgWTvARdGb/TbLNKIgfGKiwPSakGy\n"


def sha(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def put_blob(url: str, repository: str, data: bytes, **more: Any) -> dict[str, Any]:
    """A blob, uploaded by httpx as the specification says; its descriptor."""
    with httpx.Client(trust_env=False, **more) as client:
        begun = client.post(f"{url}/v2/{repository}/blobs/uploads/")
        assert begun.status_code == 202
        where = httpx.URL(url).join(begun.headers["Location"]).copy_merge_params({"digest": sha(data)})
        assert client.put(where, content=data).status_code == 201
    return {"mediaType": LAYER, "digest": sha(data), "size": len(data)}


def put_model(url: str, repository: str, tag: str, *layers: bytes, **more: Any) -> bytes:
    config = put_blob(url, repository, b'{"model_format":"gguf"}', **more)
    body = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {**config, "mediaType": "application/vnd.docker.container.image.v1+json"},
        "layers": [put_blob(url, repository, layer, **more) for layer in layers],
    }
    data = json.dumps(body).encode()
    headers = {"Content-Type": MANIFEST}
    with httpx.Client(trust_env=False, **more) as client:
        done = client.put(f"{url}/v2/{repository}/manifests/{tag}", content=data, headers=headers)
    assert done.status_code == 201
    return data


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryProcess]:
    with running_registry(tmp_path_factory.mktemp("registry")) as process:
        yield process


@pytest.fixture
def client(real: RegistryProcess) -> Iterator[Registry]:
    with Registry(real.host, insecure=True) as found:
        yield found


@pytest.fixture(autouse=True)
def nobody_is_signed_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in ("REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "docker").mkdir()
    return tmp_path / "docker" / "config.json"


def sign_in(config: Path, **logins: str) -> None:
    auths = {host: {"auth": base64.b64encode(text.encode()).decode()} for host, text in logins.items()}
    config.write_text(json.dumps({"auths": auths}))


# -- a real registry --------------------------------------------------------------------


def test_a_manifest_and_its_blobs_are_read(real: RegistryProcess, client: Registry) -> None:
    layers = [b"GGUF and so on", b"", b"x" * 3_000_000]
    data = put_model(real.url, "me/m", "q4", *layers)
    found = client.manifest("me/m", "q4")
    assert (found.data, found.digest, found.media_type) == (data, sha(data), MANIFEST)
    assert [d.digest for d in found.layers] == [sha(layer) for layer in layers]
    assert client.manifest("me/m", found.digest) == found
    assert client.manifest_digest("me/m", "q4") == found.digest
    assert client.manifest_digest("me/m", "q8") is None
    assert [b"".join(client.read_blob("me/m", d)) for d in found.layers] == layers
    assert b"".join(client.read_blob("me/m", found.layers[2], 2_999_999)) == b"x"
    assert found.config is not None
    assert json.loads(client.blob("me/m", found.config)) == {"model_format": "gguf"}
    assert client.blob_size("me/m", sha(layers[2])) == 3_000_000
    assert client.blob_size("me/m", sha(b"never")) is None
    assert len(found.blobs) == 4


def test_tags_come_page_by_page(
    real: RegistryProcess, client: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        put_model(real.url, "me/tags", f"t{number}", b"x")
    monkeypatch.setattr(module, "TAGS_A_PAGE", 2)
    assert client.tags("me/tags") == [f"t{n}" for n in range(5)]


def test_what_is_not_there_is_told(client: Registry) -> None:
    with pytest.raises(RegistryError) as e:
        client.manifest("me/nothing", "latest")
    assert e.value.code == "MK846"
    assert e.value.status == 404
    assert "manifest of me/nothing:latest" in e.value.message
    assert "MANIFEST_UNKNOWN" in e.value.message


def test_a_header_is_read_by_ranges(real: RegistryProcess, client: Registry, pair: Any) -> None:
    put_model(real.url, "me/gguf", "latest", pair.model.read_bytes())
    layer = client.manifest("me/gguf", "latest").layers[0]
    source = client.open_blob("me/gguf", layer)
    pieces = [source.read(100), source.read(70_000), source.read(10**9), source.read(1)]
    assert pieces[3] == b""
    assert b"".join(pieces) == pair.model.read_bytes()
    assert [len(p) for p in pieces[:2]] == [100, 70_000]


def test_a_registry_that_wants_a_login(tmp_path: Path, nobody_is_signed_in: Path) -> None:
    passwords = tmp_path / "htpasswd"
    passwords.write_text(HTPASSWD)
    more = f"auth:\n  htpasswd: {{realm: tests, path: {passwords}}}\n"
    real = RegistryProcess(registry_or_skip(), tmp_path / "registry", more=more)
    real.start()
    try:
        put_model(real.url, "me/m", "latest", b"secret", auth=("ali", "open sesame"))
        with Registry(real.host, insecure=True) as client, pytest.raises(RegistryError) as e:
            client.manifest("me/m", "latest")
        assert (e.value.code, e.value.status) == ("MK844", 401)
        assert f"docker login {real.host}" in e.value.help
        sign_in(nobody_is_signed_in, **{real.host: "ali:open sesame"})
        with Registry(real.host, insecure=True) as client:
            layer = client.manifest("me/m", "latest").layers[0]
            assert client.blob("me/m", layer) == b"secret"
        sign_in(nobody_is_signed_in, **{real.host: "ali:wrong"})
        with Registry(real.host, insecure=True) as client, pytest.raises(RegistryError) as e:
            client.manifest("me/m", "latest")
        assert e.value.code == "MK844"
        given = Login("ali", "open sesame")
        with Registry(real.host, insecure=True, login=given) as client:
            assert client.tags("me/m") == ["latest"]
    finally:
        real.stop()


def test_plain_http_takes_the_flag(real: RegistryProcess) -> None:
    with Registry(real.host) as client, pytest.raises(RegistryError) as e:
        client.manifest("me/m", "latest")
    assert e.value.code == "MK847"
    assert "--insecure" in e.value.help


def test_nobody_there() -> None:
    with Registry("127.0.0.1:9", insecure=True) as client, pytest.raises(RegistryError) as e:
        client.tags("me/m")
    assert (e.value.code, e.value.exit_code) == ("MK802", 2)


# -- registries that are played ---------------------------------------------------------


def at(server: HTTPServer) -> str:
    return f"127.0.0.1:{server.port}"


def answer(server: HTTPServer, path: str, reply: Callable[[Request], Response]) -> None:
    server.expect_request(path).respond_with_handler(reply)


TOKEN = "token-of-the-tests"


def guarded(server: HTTPServer, challenge: str) -> list[str | None]:
    """Tags for who has the token; the list has every Authorization that came."""
    heard: list[str | None] = []

    def tags(request: Request) -> Response:
        heard.append(request.headers.get("Authorization"))
        if heard[-1] == f"Bearer {TOKEN}":
            return Response('{"tags": ["a"]}')
        return Response("{}", 401, {"WWW-Authenticate": challenge})

    answer(server, "/v2/me/m/tags/list", tags)
    return heard


def test_a_token_is_fetched_and_used(httpserver: HTTPServer, nobody_is_signed_in: Path) -> None:
    asked: list[Request] = []

    def token(request: Request) -> Response:
        asked.append(request)
        return Response(json.dumps({"access_token": TOKEN}))

    answer(httpserver, "/token", token)
    realm = f"http://{at(httpserver)}/token"
    scope = "repository:me/m:pull repository:other/n:pull"
    heard = guarded(
        httpserver, f'Basic realm="x", Bearer realm="{realm}",service="tests, all",scope="{scope}"'
    )
    sign_in(nobody_is_signed_in, **{at(httpserver): "ali:open sesame"})
    with Registry(at(httpserver), insecure=True) as client:
        assert client.tags("me/m") == ["a"]
        assert client.tags("me/m") == ["a"]
    assert heard == [None, f"Bearer {TOKEN}", f"Bearer {TOKEN}"]
    assert len(asked) == 1
    assert asked[0].args.getlist("scope") == scope.split()
    assert asked[0].args["service"] == "tests, all"
    assert asked[0].authorization is not None
    assert asked[0].authorization.password == "open sesame"


@pytest.mark.parametrize("kept_by", ["file", "helper"])
def test_an_identity_token_gets_a_token(
    httpserver: HTTPServer, nobody_is_signed_in: Path, kept_by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As docker writes it after `az acr login`; asked for as distribution's "OAuth2" page says."""
    asked: list[Request] = []

    def token(request: Request) -> Response:
        asked.append(request)
        right = request.method == "POST" and request.form.get("refresh_token") == "who-we-are"
        return Response(json.dumps({"access_token": TOKEN}) if right else "{}", 200 if right else 401)

    answer(httpserver, "/token", token)
    challenge = f'Bearer realm="http://{at(httpserver)}/token",service="s",scope="repository:me/m:pull"'
    heard = guarded(httpserver, challenge)
    empty = base64.b64encode(b"00000000-0000-0000-0000-000000000000:").decode()
    config: dict[str, object] = {"auths": {at(httpserver): {"auth": empty, "identitytoken": "who-we-are"}}}
    if kept_by == "helper":
        if os.name == "nt":
            pytest.skip("Windows starts no script by its #! line")
        helper = nobody_is_signed_in.parent / "docker-credential-test"
        helper.write_text('#!/bin/sh\necho \'{"Username": "<token>", "Secret": "who-we-are"}\'\n')
        helper.chmod(0o755)
        monkeypatch.setenv("PATH", f"{nobody_is_signed_in.parent}{os.pathsep}{os.environ['PATH']}")
        config = {"credHelpers": {at(httpserver): "test"}}
    nobody_is_signed_in.write_text(json.dumps(config))
    with Registry(at(httpserver), insecure=True) as client:
        assert client.tags("me/m") == ["a"]
    assert heard == [None, f"Bearer {TOKEN}"]
    form = asked[0].form
    assert (form["grant_type"], form["service"], form["scope"]) == (
        "refresh_token",
        "s",
        "repository:me/m:pull",
    )
    assert "Authorization" not in asked[0].headers and not asked[0].query_string
    assert "who-we-are" not in repr(find_login(at(httpserver)))


def test_an_identity_token_is_no_password(httpserver: HTTPServer, nobody_is_signed_in: Path) -> None:
    heard = guarded(httpserver, "Basic realm=x")
    config = {"auths": {at(httpserver): {"identitytoken": "who-we-are"}}}
    nobody_is_signed_in.write_text(json.dumps(config))
    with Registry(at(httpserver), insecure=True) as client, pytest.raises(RegistryError) as e:
        client.tags("me/m")
    assert (e.value.code, heard) == ("MK844", [None])


def test_another_host_gets_no_login_that_is_not_for_it(
    httpserver: HTTPServer, nobody_is_signed_in: Path
) -> None:
    with HTTPServer() as other:
        heard: list[str | None] = []

        def token(request: Request) -> Response:
            heard.append(request.headers.get("Authorization"))
            return Response("{}", 401)

        answer(other, "/token", token)
        guarded(httpserver, f'Bearer realm="http://{at(other)}/token",scope="repository:me/m:pull"')
        sign_in(nobody_is_signed_in, **{at(httpserver): "ali:open sesame"})
        with Registry(at(httpserver), insecure=True) as client, pytest.raises(RegistryError) as e:
            client.tags("me/m")
        assert heard == [None]
        assert e.value.code == "MK844"
        assert "a login for another host is not sent to this one" in e.value.help
        given = Login("ali", "open sesame")
        with Registry(at(httpserver), insecure=True, login=given) as client, pytest.raises(RegistryError):
            client.tags("me/m")
        assert heard == [None, None]
        # One that is written down for that host is for it.
        sign_in(nobody_is_signed_in, **{at(other): "baba:sugar"})
        with Registry(at(httpserver), insecure=True) as client, pytest.raises(RegistryError):
            client.tags("me/m")
        assert heard[2] == "Basic " + base64.b64encode(b"baba:sugar").decode()


def test_a_redirect_gets_neither_token_nor_login(httpserver: HTTPServer, nobody_is_signed_in: Path) -> None:
    data = b"weights"
    with HTTPServer() as store:
        heard: list[str | None] = []

        def blob(request: Request) -> Response:
            heard.append(request.headers.get("Authorization"))
            return Response(data)

        answer(store, "/blob", blob)
        challenge = {"WWW-Authenticate": "Basic realm=x"}

        def send_on(request: Request) -> Response:
            if not request.headers.get("Authorization"):
                return Response("{}", 401, challenge)
            return Response("", 307, {"Location": f"http://{at(store)}/blob?signature=x"})

        answer(httpserver, f"/v2/me/m/blobs/{sha(data)}", send_on)
        sign_in(nobody_is_signed_in, **{at(httpserver): "ali:open sesame"})
        with Registry(at(httpserver), insecure=True) as client:
            assert client.blob("me/m", Descriptor(LAYER, sha(data), len(data))) == data
        assert heard == [None]


def test_no_login_over_plain_http_to_another_machine(
    httpserver: HTTPServer, nobody_is_signed_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guarded(httpserver, "Basic realm=x")
    monkeypatch.setattr("modelfile_kit.core.api_keys.is_loopback", lambda url: False)
    sign_in(nobody_is_signed_in, **{at(httpserver): "ali:open sesame"})
    with Registry(at(httpserver), insecure=True) as client, pytest.raises(UsageError) as e:
        client.tags("me/m")
    assert e.value.code == "MK817"
    assert "sesame" not in e.value.message


def test_a_realm_without_https_is_refused(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Registry(at(httpserver))
    with pytest.raises(RegistryError) as e:
        client._token({"realm": "http://elsewhere.example/token"}, "tags")
    assert e.value.code == "MK847"


def test_damage_is_seen(httpserver: HTTPServer) -> None:
    good = b'{"schemaVersion": 2, "layers": []}'
    bad = good.replace(b"2", b"2 ")
    answer(httpserver, f"/v2/me/m/manifests/{sha(good)}", lambda r: Response(bad))
    answer(
        httpserver,
        "/v2/me/m/manifests/latest",
        lambda r: Response(bad, headers={"Docker-Content-Digest": sha(good)}),
    )
    answer(httpserver, f"/v2/me/m/blobs/{sha(b'right')}", lambda r: Response(b"wrong"))
    answer(httpserver, f"/v2/me/m/blobs/{sha(b'more')}", lambda r: Response(b"more and more"))
    with Registry(at(httpserver), insecure=True) as client:
        for reference in (sha(good), "latest"):
            with pytest.raises(RegistryError) as e:
                client.manifest("me/m", reference)
            assert e.value.code == "MK845"
        for right in (b"right", b"more"):
            with pytest.raises(RegistryError) as e:
                client.blob("me/m", Descriptor(LAYER, sha(right), len(right)))
            assert e.value.code == "MK845"


def test_a_blob_that_breaks_off_is_read_on(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    data = os.urandom(3_500_000)
    starts: list[str] = []

    def blob(request: Request) -> Response:
        said = request.headers.get("Range", "bytes=0-")
        starts.append(said)
        first = int(said.removeprefix("bytes=").rstrip("-"))
        last = min(len(data), first + 1_500_000)

        def pieces() -> Iterator[bytes]:
            yield data[first:last]
            if last < len(data):
                raise ConnectionError("cut")

        headers = {"Content-Length": str(len(data) - first)}
        if first:
            headers["Content-Range"] = f"bytes {first}-{len(data) - 1}/{len(data)}"
        return Response(pieces(), 206 if first else 200, headers)

    answer(httpserver, f"/v2/me/m/blobs/{sha(data)}", blob)
    with Registry(at(httpserver), insecure=True) as client:
        assert b"".join(client.read_blob("me/m", Descriptor(LAYER, sha(data), len(data)))) == data
    # What was read in pieces of a MiB is not asked for again.
    assert starts == ["bytes=0-", "bytes=1048576-", "bytes=2097152-"]


NOT_MANIFESTS = {
    "no JSON": b"<html>hello</html>",
    "a list": b"[]",
    "another version": b'{"schemaVersion": 1}',
    "a digest that leads away": b'{"schemaVersion": 2, "layers": [{"digest": "sha256:../..", "size": 1}]}',
    "a size below nothing": json.dumps(
        {"schemaVersion": 2, "layers": [{"mediaType": "x", "digest": sha(b""), "size": -1}]}
    ).encode(),
    "a text for layers": b'{"schemaVersion": 2, "layers": "abc"}',
    "a text for the config": b'{"schemaVersion": 2, "config": "abc", "layers": []}',
    "layers that are none": b'{"schemaVersion": 2, "layers": [7]}',
    "nested without end": b"[" * 200_000,
    "a number without end": b'{"schemaVersion": ' + b"2" * 10_000 + b"}",
}


@pytest.mark.parametrize("case", NOT_MANIFESTS)
def test_what_is_no_manifest_is_refused(httpserver: HTTPServer, case: str) -> None:
    answer(httpserver, "/v2/me/m/manifests/latest", lambda r: Response(NOT_MANIFESTS[case]))
    with Registry(at(httpserver), insecure=True) as client, pytest.raises(RegistryError) as e:
        client.manifest("me/m", "latest")
    assert e.value.code == "MK804"
    assert "object" not in e.value.message  # Python's own words


def test_an_answer_without_end_is_left(httpserver: HTTPServer) -> None:
    answer(httpserver, "/v2/me/m/manifests/latest", lambda r: Response(b" " * (6 << 20)))
    with Registry(at(httpserver), insecure=True) as client, pytest.raises(RegistryError) as e:
        client.manifest("me/m", "latest")
    assert "more than 4194304 bytes" in e.value.message


def test_a_registry_that_drips_meets_the_deadline(httpserver: HTTPServer) -> None:
    def drops() -> Iterator[bytes]:
        while True:
            yield b" "
            time.sleep(0.05)

    answer(httpserver, "/v2/me/m/manifests/latest", lambda r: Response(drops()))
    with patience(0.5), Registry(at(httpserver), insecure=True) as client, pytest.raises(RegistryError) as e:
        client.manifest("me/m", "latest")
    assert e.value.code == "MK803"


def test_tags_do_not_lead_to_another_host(httpserver: HTTPServer) -> None:
    headers = {"Link": '<http://elsewhere.example/v2/me/m/tags/list?last=a>; rel="next"'}
    answer(httpserver, "/v2/me/m/tags/list", lambda r: Response('{"tags": ["a"]}', headers=headers))
    with Registry(at(httpserver), insecure=True) as client, pytest.raises(RegistryError) as e:
        client.tags("me/m")
    assert "elsewhere.example" in e.value.message


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_registry_says_when(httpserver: HTTPServer, status: int) -> None:
    body = {"errors": [{"code": "TOOMANYREQUESTS", "message": "slow down"}]}
    reply = Response(json.dumps(body), status, {"Retry-After": "7"})
    answer(httpserver, "/v2/me/m/tags/list", lambda r: reply)
    with Registry(at(httpserver), insecure=True) as client, pytest.raises(RegistryError) as e:
        client.tags("me/m")
    assert "TOOMANYREQUESTS: slow down" in e.value.message
    assert "7 s" in e.value.help


@pytest.mark.parametrize("name", ["../etc", "a//b", "", "me/m/", "a b", "m?x=1", "me/m#", "%2e%2e/x"])
def test_what_is_no_repository_is_not_asked_for(name: str) -> None:
    with Registry("127.0.0.1:9", insecure=True) as client, pytest.raises(UsageError):
        client.manifest(name, "latest")


@pytest.mark.parametrize("host", ["", "a/b", "a@b", "http://a", "a:b", "a b", "a:123456"])
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(UsageError):
        Registry(host)
