from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from typing import Any

import pytest

from modelfile_kit.core.errors import ServerError, UsageError
from modelfile_kit.core.progress import Step
from modelfile_kit.publish import blobs
from modelfile_kit.publish.blobs import Blob, DigestCache, digest_file, upload


@pytest.fixture
def cache(tmp_path):
    return DigestCache(tmp_path / "cache")


@pytest.fixture
def old_file(tmp_path):
    """A file that nobody has touched for a minute."""

    def make(name="a.gguf", data=b"GGUF" + b"x" * 3_000_000):
        path = tmp_path / name
        path.write_bytes(data)
        age(path)
        return path

    return make


def age(path, seconds=60):
    stamp = time.time() - seconds
    os.utime(path, (stamp, stamp))


def test_the_digest_is_sha256_of_the_content(old_file, cache):
    path = old_file()
    expected = "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
    assert digest_file(path, cache=cache) == (expected, False)


def test_progress_counts_bytes_up_to_the_whole(old_file, cache):
    path = old_file()
    steps: list[Step] = []
    digest_file(path, progress=steps.append, cache=cache)
    assert [s.done for s in steps] == sorted(s.done for s in steps)
    assert (steps[-1].done, steps[-1].total) == (path.stat().st_size,) * 2
    assert {(s.stage, s.subject) for s in steps} == {("hash", "a.gguf")}
    assert len(steps) > 1


def test_a_second_time_the_file_is_not_read(old_file, cache):
    path = old_file()
    digest, _ = digest_file(path, cache=cache)
    steps: list[Step] = []
    assert digest_file(path, progress=steps.append, cache=cache) == (digest, True)
    assert steps == []


def test_a_changed_file_is_hashed_again_even_if_size_and_time_are_set_back(old_file, cache):
    path = old_file(data=b"one")
    before = path.stat()
    first, _ = digest_file(path, cache=cache)
    path.write_bytes(b"two")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    second, known = digest_file(path, cache=cache)
    assert not known
    assert second != first


def test_a_young_file_is_not_remembered(tmp_path, cache):
    # Its next change might leave size and time as they are.
    path = tmp_path / "young.gguf"
    path.write_bytes(b"one")
    digest_file(path, cache=cache)
    assert digest_file(path, cache=cache)[1] is False


def test_a_replaced_file_is_hashed_again(old_file, cache, tmp_path):
    path = old_file(data=b"one")
    digest_file(path, cache=cache)
    other = tmp_path / "other"
    other.write_bytes(b"two")
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.replace(path)
    assert digest_file(path, cache=cache) == ("sha256:" + hashlib.sha256(b"two").hexdigest(), False)


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"identity": 1}', b"\xff\xfe", b"[" * 200_000])
def test_a_damaged_entry_counts_as_none(old_file, cache, damage):
    path = old_file()
    digest, _ = digest_file(path, cache=cache)
    [entry] = cache.folder.iterdir()
    entry.write_bytes(damage)
    assert digest_file(path, cache=cache) == (digest, False)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_in_place_of_an_entry_is_not_waited_for(old_file, cache):
    path = old_file()
    digest, _ = digest_file(path, cache=cache)
    [entry] = cache.folder.iterdir()
    entry.unlink()
    os.mkfifo(entry)
    assert digest_file(path, cache=cache) == (digest, False)


def test_an_entry_with_a_foreign_digest_counts_as_none(old_file, cache):
    path = old_file()
    digest, _ = digest_file(path, cache=cache)
    [entry] = cache.folder.iterdir()
    entry.write_text(json.dumps({**json.loads(entry.read_text()), "digest": "../../etc/passwd"}))
    assert digest_file(path, cache=cache) == (digest, False)


def test_a_cache_that_cannot_be_written_is_no_error(old_file, tmp_path):
    (tmp_path / "file").write_text("in the way")
    digest, _ = digest_file(old_file(), cache=DigestCache(tmp_path / "file" / "below"))
    assert blobs.is_digest(digest)


def test_many_at_once_all_get_the_right_digest(old_file, cache):
    paths = [old_file(f"{i}.gguf", bytes([i]) * 100_000) for i in range(4)]
    expected = {p: "sha256:" + hashlib.sha256(p.read_bytes()).hexdigest() for p in paths}
    wrong = []

    def work():
        for _ in range(10):
            for path in paths:
                if digest_file(path, cache=cache)[0] != expected[path]:
                    wrong.append(path)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert wrong == []
    assert len(list(cache.folder.iterdir())) == len(paths)


def test_a_file_that_changes_while_it_is_read_is_an_error(old_file, cache):
    path = old_file()

    def meddle(step):
        if step.done < step.total:
            with path.open("ab") as file:
                file.write(b"more")

    with pytest.raises(UsageError) as e:
        digest_file(path, progress=meddle, cache=cache)
    assert e.value.code == "MK809"
    assert "changed while it was read" in e.value.message
    assert not cache.folder.exists()


def test_a_file_that_is_not_there(tmp_path, cache):
    with pytest.raises(UsageError) as e:
        digest_file(tmp_path / "none.gguf", cache=cache)
    assert e.value.code == "MK809"
    assert "none.gguf" in e.value.message


# -- uploading ---------------------------------------------------------------------------------


class FakeServer:
    """Takes blobs; `failures` are raised by the first uploads."""

    def __init__(self, failures=(), keeps_half=False):
        self.blobs: dict[str, bytes] = {}
        self.failures = list(failures)
        self.keeps_half = keeps_half
        self.uploads = 0

    def has_blob(self, digest):
        return digest in self.blobs

    def upload_blob(self, digest, chunks, size):
        self.uploads += 1
        data = b"".join(chunks)
        if self.failures:
            if self.keeps_half:
                self.blobs[digest] = data
            raise self.failures.pop(0)
        assert len(data) == size
        self.blobs[digest] = data


@pytest.fixture
def blob(old_file):
    path = old_file()
    digest = "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
    return Blob(path, path.name, digest, path.stat().st_size, False)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(blobs, "RETRY_SECONDS", 0)


def broken():
    return ServerError("broke", code="MK805")


def test_what_the_server_has_is_not_sent(blob):
    server: Any = FakeServer()
    assert upload(server, blob) is True
    assert server.blobs[blob.digest] == blob.path.read_bytes()
    assert upload(server, blob) is False
    assert server.uploads == 1


def test_upload_reports_its_bytes(blob):
    steps: list[Step] = []
    server: Any = FakeServer()
    upload(server, blob, progress=steps.append)
    assert (steps[-1].stage, steps[-1].done, steps[-1].total) == ("upload", blob.size, blob.size)


def test_a_broken_connection_is_tried_again(blob):
    server: Any = FakeServer([broken(), broken()])
    assert upload(server, blob) is True
    assert server.uploads == 3


def test_a_blob_that_arrived_after_all_is_not_sent_again(blob):
    server: Any = FakeServer([broken()], keeps_half=True)
    assert upload(server, blob) is True
    assert server.uploads == 1


def test_it_gives_up_in_the_end(blob):
    server: Any = FakeServer([broken() for _ in range(9)])
    with pytest.raises(ServerError):
        upload(server, blob)


def test_a_refusal_is_final(blob):
    server: Any = FakeServer([ServerError("digest mismatch", code="MK801")])
    with pytest.raises(ServerError):
        upload(server, blob)
    assert server.uploads == 1


@pytest.mark.parametrize("data", [b"shorter", b"GGUF" + b"x" * 4_000_000])
def test_a_file_that_is_another_by_now_is_not_sent(blob, data):
    blob.path.write_bytes(data)
    server: Any = FakeServer()
    with pytest.raises(UsageError) as e:
        upload(server, blob)
    assert e.value.code == "MK809"
