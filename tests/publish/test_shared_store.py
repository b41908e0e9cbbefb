"""The server's own folder of blobs: found by asking the server, and written as whole blobs alone."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from modelfile_kit.core.progress import Step
from modelfile_kit.publish.blobs import Blob, upload
from modelfile_kit.publish.shared_store import FORCED_REMOTE, put_blob, shared_blobs

pytestmark = pytest.mark.skipif(os.name == "nt", reason="no owner of a folder to compare with")


class Server:
    """Sees the blobs of a folder; counts what is sent to it."""

    def __init__(self, blobs: Path, url: str = "http://127.0.0.1:1") -> None:
        self.blobs, self.url, self.sent = blobs, url, 0

    def has_blob(self, digest: str) -> bool:
        return (self.blobs / digest.replace(":", "-")).is_file()

    def upload_blob(self, _digest: str, chunks: object, _size: int) -> None:
        self.sent += sum(map(len, chunks))  # type: ignore[call-overload]


@pytest.fixture
def blobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path / "models"))
    monkeypatch.delenv(FORCED_REMOTE, raising=False)
    (tmp_path / "models" / "blobs").mkdir(parents=True)
    return tmp_path / "models" / "blobs"


@pytest.fixture
def blob(tmp_path: Path) -> Blob:
    path = tmp_path / "m.gguf"
    path.write_bytes(os.urandom(300_000))
    return Blob(path, path.name, f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}", 300_000, False)


def test_it_is_the_one_that_the_server_sees(blobs: Path, tmp_path: Path) -> None:
    assert shared_blobs(Server(blobs)) == blobs  # type: ignore[arg-type]
    assert shared_blobs(Server(tmp_path)) is None  # type: ignore[arg-type]
    assert list(blobs.iterdir()) == []


def test_it_is_on_this_machine(blobs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shared_blobs(Server(blobs, "http://gpu-server:11434")) is None  # type: ignore[arg-type]
    monkeypatch.setenv(FORCED_REMOTE, "1")
    assert shared_blobs(Server(blobs)) is None  # type: ignore[arg-type]


def test_a_folder_of_another_user_is_left_alone(blobs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert shared_blobs(Server(blobs)) is None  # type: ignore[arg-type]
    blobs.rmdir()
    monkeypatch.undo()
    assert shared_blobs(Server(blobs)) is None  # type: ignore[arg-type]
    assert not blobs.exists()


def test_a_blob_is_copied_and_not_sent(blobs: Path, blob: Blob) -> None:
    server = Server(blobs)
    steps: list[Step] = []
    assert upload(server, blob, progress=steps.append, folder=lambda: blobs)  # type: ignore[arg-type]
    assert server.sent == 0
    (there,) = blobs.iterdir()
    assert there.read_bytes() == blob.path.read_bytes()
    assert (there.stat().st_mode & 0o777, there.stat().st_nlink) == (0o644, 1)
    assert steps[-1].done == blob.size
    assert not upload(server, blob, folder=lambda: blobs)  # type: ignore[arg-type]


def test_a_file_that_changed_gets_no_name_and_is_told_by_the_upload(blobs: Path, blob: Blob) -> None:
    blob.path.write_bytes(os.urandom(blob.size))
    assert list(put_blob(blobs, blob.digest, blob.path))
    assert list(blobs.iterdir()) == []
    server = Server(blobs)
    assert upload(server, blob, folder=lambda: blobs)  # type: ignore[arg-type]
    assert server.sent == blob.size  # whose digest a real server refuses


def test_a_folder_without_room_is_no_reason_to_fail(
    blobs: Path, blob: Blob, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "utime", full)
    server = Server(blobs)
    assert upload(server, blob, folder=lambda: blobs)  # type: ignore[arg-type]
    assert (server.sent, list(blobs.iterdir())) == (blob.size, [])
