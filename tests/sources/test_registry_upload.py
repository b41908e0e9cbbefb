"""Uploads to a real registry, over lines that break, and to ones that are played."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from modelfile_kit.core.errors import UsageError
from modelfile_kit.core.http_client import patience
from modelfile_kit.sources import registry_upload as module
from modelfile_kit.sources.registry import DOCKER_MANIFEST, Descriptor, Registry
from modelfile_kit.sources.registry_errors import RegistryError
from modelfile_kit.sources.registry_upload import (
    UploadMemory,
    bytes_content,
    file_content,
    upload_blob,
)
from tests.cutting_proxy import CuttingProxy
from tests.registry_process import RegistryProcess, registry_or_skip

MIB = 1 << 20


def blob_of(data: bytes) -> Descriptor:
    return Descriptor("application/octet-stream", f"sha256:{hashlib.sha256(data).hexdigest()}", len(data))


@pytest.fixture(scope="module", params=[False, True], ids=["absolute", "relative"])
def real(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RegistryProcess]:
    folder = tmp_path_factory.mktemp("registry")
    process = RegistryProcess(registry_or_skip(), folder, relative=request.param)
    process.start()
    yield process
    process.stop()


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "CHUNK_BYTES", 2 * MIB)
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.01)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)


def kept(real: RegistryProcess, blob: Descriptor) -> bytes:
    """What the registry has, from its own disk."""
    digits = blob.digest.removeprefix("sha256:")
    return (real.data / "docker/registry/v2/blobs/sha256" / digits[:2] / digits / "data").read_bytes()


@pytest.mark.parametrize("size", [0, 1, MIB, 2 * MIB, 2 * MIB + 1, 7 * MIB + 12345])
def test_a_blob_arrives_whole(real: RegistryProcess, size: int) -> None:
    data = os.urandom(size)
    blob, told = blob_of(data), []
    with Registry(real.host, insecure=True) as client:
        sent = upload_blob(client, "me/m", blob, bytes_content(data), told=lambda *part: told.append(part))
        assert sent is (size > 0 or sent)
        assert kept(real, blob) == data
        assert told[-1] == (size, size)
        assert told == sorted(told)
        assert upload_blob(client, "me/m", blob, bytes_content(data)) is False
        assert b"".join(client.read_blob("me/m", blob)) == data


def test_another_repository_gives_its_blob(real: RegistryProcess) -> None:
    data = os.urandom(3 * MIB)
    blob = blob_of(data)
    never = pytest.fail

    def content(start: int, count: int) -> Iterator[bytes]:
        never("the blob was sent")
        yield b""

    with Registry(real.host, insecure=True) as client:
        assert upload_blob(client, "me/first", blob, bytes_content(data))
        assert upload_blob(client, "me/second", blob, content, mount_from="me/first") is False
        assert client.blob_size("me/second", blob.digest) == len(data)
        # What the other does not have is sent.
        other = os.urandom(100)
        assert upload_blob(client, "me/second", blob_of(other), bytes_content(other), mount_from="me/first")


def test_a_manifest_is_put(real: RegistryProcess) -> None:
    config = blob_of(b"{}")
    with Registry(real.host, insecure=True) as client:
        upload_blob(client, "me/put", config, bytes_content(b"{}"))
        data = json.dumps(
            {"schemaVersion": 2, "mediaType": DOCKER_MANIFEST, "config": config.as_json(), "layers": []}
        ).encode()
        digest = client.put_manifest("me/put", "q4", data, DOCKER_MANIFEST)
        assert client.manifest("me/put", "q4").digest == digest
        missing = data.replace(config.digest.encode(), blob_of(b"not there").digest.encode())
        with pytest.raises(RegistryError) as e:
            client.put_manifest("me/put", "q8", missing, DOCKER_MANIFEST)
        assert "MANIFEST_BLOB_UNKNOWN" in e.value.message or "BLOB_UNKNOWN" in e.value.message


def test_a_line_that_breaks_is_gone_on_with(real: RegistryProcess) -> None:
    data = os.urandom(9 * MIB)
    blob = blob_of(data)
    cuts = (3 * MIB, MIB, 100_000, MIB)
    with CuttingProxy(real.host, up=cuts) as proxy, Registry(proxy.host, insecure=True) as client:
        assert upload_blob(client, "me/cut", blob, bytes_content(data))
        assert proxy.cuts == len(cuts)
    assert kept(real, blob) == data
    # Each break costs at most one chunk.
    assert proxy.sent < len(data) + len(cuts) * 2 * MIB + MIB


def test_a_registry_that_stays_away_ends_it(real: RegistryProcess) -> None:
    data = os.urandom(5 * MIB)
    with CuttingProxy(real.host, up=(1000,) * 50) as proxy, Registry(proxy.host, insecure=True) as client:
        with pytest.raises(RegistryError) as e:
            upload_blob(client, "me/away", blob_of(data), bytes_content(data))
        assert e.value.code == "MK805"
        assert "what has arrived there stays" in e.value.help
        assert proxy.cuts < 10


def test_a_later_push_goes_on_where_an_earlier_one_was(real: RegistryProcess, tmp_path: Path) -> None:
    data = os.urandom(9 * MIB)
    blob, memory = blob_of(data), UploadMemory(tmp_path / "uploads")

    def dies(start: int, count: int) -> Iterator[bytes]:
        if start >= 6 * MIB:
            raise KeyboardInterrupt
        yield data[start : start + count]

    with Registry(real.host, insecure=True) as client:
        with pytest.raises(KeyboardInterrupt):
            upload_blob(client, "me/later", blob, dies, memory=memory)
        assert client.blob_size("me/later", blob.digest) is None
    sent: list[int] = []

    def rest(start: int, count: int) -> Iterator[bytes]:
        sent.append(count)
        yield data[start : start + count]

    with Registry(real.host, insecure=True) as client:
        assert upload_blob(client, "me/later", blob, rest, memory=memory)
    assert sum(sent) == 3 * MIB
    assert kept(real, blob) == data
    assert list((tmp_path / "uploads").iterdir()) == []


def test_an_upload_that_the_registry_forgot_begins_anew(real: RegistryProcess, tmp_path: Path) -> None:
    data = os.urandom(3 * MIB)
    blob, memory = blob_of(data), UploadMemory(tmp_path / "uploads")
    with Registry(real.host, insecure=True) as client:
        for old in (
            f"{real.url}/v2/me/old/blobs/uploads/no-such-upload",
            "ftp://x",
            "\0",
            "//[",
            "http://[/",
        ):
            memory.put(client.url, "me/old", blob.digest, old)
            upload_blob(client, "me/old", blob, bytes_content(data), memory=memory)
            assert kept(real, blob) == data
            data = os.urandom(3 * MIB)
            blob = blob_of(data)


def test_a_file_that_changed_is_refused(real: RegistryProcess, tmp_path: Path) -> None:
    file = tmp_path / "m.gguf"
    file.write_bytes(b"a" * 5 * MIB)
    blob = blob_of(file.read_bytes())
    file.write_bytes(b"b" * 5 * MIB)
    with Registry(real.host, insecure=True) as client:
        with pytest.raises(RegistryError) as e:
            upload_blob(client, "me/changed", blob, file_content(file, blob.size))
        assert e.value.code == "MK845"
        assert client.blob_size("me/changed", blob.digest) is None
        file.write_bytes(b"a" * 4 * MIB)
        with pytest.raises(UsageError) as u:
            upload_blob(client, "me/changed", blob, file_content(file, blob.size))
        assert u.value.code == "MK809"
        file.unlink()
        with pytest.raises(UsageError) as u:
            upload_blob(client, "me/changed", blob, file_content(file, blob.size))
        assert u.value.code == "MK809"


# -- registries that are played ---------------------------------------------------------


class Played:
    """As much of a registry as an upload needs; `refuse` looks at each request first."""

    def __init__(self, server: HTTPServer) -> None:
        self.host = f"127.0.0.1:{server.port}"
        self.asked: list[str] = []
        self.came = b""
        self.refuse: Callable[[Request], Response | None] = lambda request: None
        server.expect_request("/v2/me/m/blobs/uploads/").respond_with_handler(self)
        server.expect_request("/upload").respond_with_handler(self)

    def __call__(self, request: Request) -> Response:
        self.asked.append(request.method)
        if refused := self.refuse(request):
            return refused
        if request.method in ("PATCH", "PUT"):
            self.came += request.get_data()
        headers = {"Location": "/upload?a=b", "Range": f"0-{max(0, len(self.came) - 1)}"}
        return Response("", {"POST": 202, "PATCH": 202, "GET": 204, "PUT": 201}[request.method], headers)

    def upload(self, data: bytes) -> bool:
        with Registry(self.host, insecure=True) as client:
            return upload_blob(client, "me/m", blob_of(data), bytes_content(data))


@pytest.fixture
def played(httpserver: HTTPServer) -> Played:
    httpserver.expect_request("/v2/me/m/blobs/uploads/", method="HEAD")
    found = Played(httpserver)
    httpserver.no_handler_status_code = 404  # of HEAD: the blob is not there
    return found


def refusing(method: str, status: int, word: str, *, after: int = 0) -> Callable[[Request], Response | None]:
    count = [0]

    def refuse(request: Request) -> Response | None:
        if request.method != method:
            return None
        count[0] += 1
        if count[0] <= after:
            return None
        body = {"errors": [{"code": word, "message": "of the tests"}]}
        return Response(json.dumps(body), status)

    return refuse


def test_a_registry_that_refuses_midway_ends_it_at_once(played: Played) -> None:
    played.refuse = refusing("PATCH", 403, "DENIED", after=1)
    with pytest.raises(RegistryError) as e:
        played.upload(os.urandom(5 * MIB))
    assert (e.value.code, e.value.status) == ("MK844", 403)
    assert "DENIED: of the tests" in e.value.message
    assert played.asked == ["POST", "PATCH", "PATCH"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_registry_is_asked_again(played: Played, status: int) -> None:
    refuse = refusing("PATCH", status, "UNAVAILABLE")
    turns = iter([True, False, True, False, False, False])
    played.refuse = lambda r: refuse(r) if r.method == "PATCH" and next(turns) else None
    data = os.urandom(5 * MIB)
    assert played.upload(data)
    assert played.came == data


def test_a_busy_registry_is_not_asked_for_ever(played: Played) -> None:
    played.refuse = refusing("PATCH", 503, "UNAVAILABLE")
    with pytest.raises(RegistryError) as e:
        played.upload(os.urandom(5 * MIB))
    assert e.value.status == 503
    assert played.asked.count("PATCH") == module.ATTEMPTS


@pytest.mark.parametrize("says", ["0-0", "0-5", "0-5 0-3"])
def test_a_registry_that_forgets_chunks_is_not_asked_for_ever(played: Played, says: str) -> None:
    """It answers 202 to each, and that nothing of it is there."""
    turns = itertools.cycle(says.split())
    location = {"Location": "/upload?a=b"}
    played.refuse = lambda r: (
        Response("", 202, {**location, "Range": next(turns)}) if r.method == "PATCH" else None
    )
    with pytest.raises(RegistryError) as e:
        played.upload(os.urandom(5 * MIB))
    assert e.value.code == "MK804"
    assert "status 202" in e.value.message
    assert played.asked.count("PATCH") == module.ATTEMPTS


def test_a_registry_that_takes_back_what_it_has_is_not_asked_for_ever(played: Played) -> None:
    """Every second chunk fails, and nothing is there after each failure."""
    turns = itertools.cycle([False, True])
    refuse = refusing("PATCH", 500, "UNKNOWN")

    def answer(request: Request) -> Response | None:
        if request.method == "GET":
            return Response("", 204, {"Location": "/upload?a=b", "Range": "0-0"})
        return refuse(request) if request.method == "PATCH" and next(turns) else None

    played.refuse = answer
    with pytest.raises(RegistryError) as e:
        played.upload(os.urandom(7 * MIB))
    assert e.value.status == 500
    assert played.asked.count("PATCH") < 4 * module.ATTEMPTS


def test_a_registry_without_chunks_gets_all_at_once(played: Played) -> None:
    played.refuse = refusing("PATCH", 405, "UNSUPPORTED")
    data = os.urandom(5 * MIB)
    assert played.upload(data)
    assert played.came == data
    assert played.asked == ["POST", "PATCH", "PUT"]


def test_a_registry_that_says_another_digest_is_not_believed(played: Played) -> None:
    wrong = {"Docker-Content-Digest": blob_of(b"other").digest}
    played.refuse = lambda r: Response("", 201, wrong) if r.method == "PUT" else None
    with pytest.raises(RegistryError) as e:
        played.upload(b"small")
    assert e.value.code == "MK845"


@pytest.mark.parametrize("location", ["", "ftp://x/y", "http://user:word@x/y"])
def test_a_place_that_is_none_is_refused(played: Played, location: str) -> None:
    played.refuse = lambda r: Response("", 202, {"Location": location}) if r.method == "POST" else None
    with pytest.raises(RegistryError) as e:
        played.upload(b"small")
    assert e.value.code == "MK804"
    assert "word" not in e.value.message


def test_another_host_gets_the_blob_but_no_login(
    httpserver: HTTPServer, played: Played, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with HTTPServer() as store:
        heard: list[str | None] = []

        def take(request: Request) -> Response:
            heard.append(request.headers.get("Authorization"))
            return Response("", 201)

        store.expect_request("/there").respond_with_handler(take)

        def refuse(request: Request) -> Response | None:
            if not request.headers.get("Authorization"):
                return Response("{}", 401, {"WWW-Authenticate": "Basic realm=x"})
            return Response("", 202, {"Location": f"http://127.0.0.1:{store.port}/there"})

        played.refuse = refuse
        config = tmp_path / "config.json"
        config.write_text(json.dumps({"auths": {played.host: {"auth": "YTpi"}}}))
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
        assert played.upload(b"small")
        assert heard == [None]


def test_a_registry_that_hangs_meets_the_deadline(played: Played, httpserver: HTTPServer) -> None:
    import threading

    free = threading.Event()

    def hang(request: Request) -> Response | None:
        if request.method == "PATCH":
            free.wait(20)
        return None

    played.refuse = hang
    try:
        with patience(0.5), pytest.raises(RegistryError) as e:
            played.upload(os.urandom(5 * MIB))
        assert e.value.code == "MK803"
    finally:
        free.set()
