from __future__ import annotations

import errno
import hashlib
import io
import os

import pytest

from modelfile_kit.core.errors import SourceError
from modelfile_kit.sources.connections import connections
from modelfile_kit.sources.download import download, still_missing
from modelfile_kit.sources.repository import RepositoryFile

DATA = bytes(range(256)) * 10_000


class _Opened(io.BytesIO):
    name = "memory"

    def __init__(self, data: bytes, start: int, end: int | None) -> None:
        super().__init__(data[start:end])
        self.size = len(data)


class Memory:
    """A source of bytes that counts who opened it."""

    def __init__(self, data: bytes = DATA) -> None:
        self.data = data
        self.opened: list[int] = []

    def __call__(self, start: int, end: int | None = None):
        self.opened.append(start)
        return _Opened(self.data, start, end)


def listed(data: bytes = DATA, **more) -> RepositoryFile:
    return RepositoryFile("m.gguf", len(data), f"sha256:{hashlib.sha256(data).hexdigest()}", **more)


def test_whole_or_not_at_all(tmp_path) -> None:
    place = tmp_path / "a" / "b" / "m.gguf"
    assert download(Memory(), place, listed(), title="x").read_bytes() == DATA
    assert [p.name for p in place.parent.iterdir()] == ["m.gguf"]


def test_going_on_where_it_broke(tmp_path) -> None:
    place, memory = tmp_path / "m.gguf", Memory()
    (tmp_path / "m.gguf.incomplete").write_bytes(DATA[:1_000_000])
    told: list[tuple[int, int]] = []
    download(memory, place, listed(), title="x", told=lambda *now: told.append(now))
    assert memory.opened == [1_000_000]
    assert told[0][0] > 1_000_000 and told[-1] == (len(DATA), len(DATA))
    assert place.read_bytes() == DATA


def test_all_of_it_is_there_already(tmp_path) -> None:
    memory = Memory()
    (tmp_path / "m.gguf.incomplete").write_bytes(DATA)
    download(memory, tmp_path / "m.gguf", listed(), title="x")
    assert memory.opened == [] and (tmp_path / "m.gguf").read_bytes() == DATA


@pytest.mark.parametrize(
    ("sent", "words", "left"),
    [
        (DATA[:-1] + b"x", "the bytes have the SHA-256", 0),
        (DATA + b"more", "bytes came, expected 2,560,000", 0),
        (DATA[:-1], "2,559,999 bytes came, expected 2,560,000", len(DATA) - 1),
    ],
)
def test_other_bytes_than_listed(tmp_path, sent, words, left) -> None:
    with pytest.raises(SourceError, match=words) as e:
        download(Memory(sent), tmp_path / "m.gguf", listed(), title="x")
    assert e.value.code == "MK488"
    assert not (tmp_path / "m.gguf").exists()
    assert (tmp_path / "m.gguf.incomplete").stat().st_size == left


def test_a_part_that_is_larger_than_the_file_is_begun_again(tmp_path) -> None:
    (tmp_path / "m.gguf.incomplete").write_bytes(DATA + DATA)
    assert download(Memory(), tmp_path / "m.gguf", listed(), title="x").read_bytes() == DATA


def test_a_size_and_digest_that_nobody_knows(tmp_path) -> None:
    assert download(Memory(), tmp_path / "m.gguf", RepositoryFile("m.gguf"), title="x").read_bytes() == DATA


def test_two_at_once(tmp_path) -> None:
    """The second one waits, and goes on where the first one ended."""
    fcntl = pytest.importorskip("fcntl", reason="the kit takes no locks on Windows")
    part, memory = tmp_path / "m.gguf.incomplete", Memory()
    told: list[tuple[int, int]] = []
    with part.open("wb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        stream.write(DATA[:1_000_000])
        stream.flush()

        def tell(done: int, size: int) -> None:
            told.append((done, size))
            if not stream.closed:
                assert (done, size) == (1_000_000, len(DATA)) and memory.opened == []
                stream.close()

        download(memory, tmp_path / "m.gguf", listed(), title="x", told=tell)
    assert memory.opened == [1_000_000] and (tmp_path / "m.gguf").read_bytes() == DATA


def test_another_process_that_ends_with_the_whole_file(tmp_path) -> None:
    fcntl = pytest.importorskip("fcntl", reason="the kit takes no locks on Windows")
    part, place, memory = tmp_path / "m.gguf.incomplete", tmp_path / "m.gguf", Memory()
    with part.open("wb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)

        def finish(_done: int, _size: int) -> None:
            place.write_bytes(DATA)
            part.unlink(missing_ok=True)
            stream.close()

        assert download(memory, place, listed(), title="x", told=finish) == place
    assert memory.opened == []


def test_a_network_disk_without_locks(tmp_path, monkeypatch) -> None:
    fcntl = pytest.importorskip("fcntl", reason="the kit takes no locks on Windows")

    def none(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", none)
    place = tmp_path / "m.gguf"
    assert download(Memory(), place, listed(), title="x", loose=True).read_bytes() == DATA


def test_a_full_disk(tmp_path, monkeypatch) -> None:
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space") as e:
        download(Memory(), tmp_path / "m.gguf", listed(), title="x")
    assert e.value.filename == str(tmp_path / "m.gguf")
    assert not (tmp_path / "m.gguf").exists()


OTHER = bytes(reversed(DATA))


@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize("size", [len(DATA), 20 << 20])
def test_a_beginning_of_another_state_is_not_gone_on_with(tmp_path, count, size) -> None:
    """Two states of a file without a digest, of one size: the server calls them by other names."""
    old, new = ((data * (size // len(data) + 1))[:size] for data in (OTHER, DATA))
    place, file = tmp_path / "m.gguf", RepositoryFile("m.gguf", size)

    class Server(Memory):
        def __init__(self, data, version, there):
            super().__init__(data)
            self.version, self.there = version, there

        def __call__(self, start, end=None):
            source = super().__call__(start, end)
            source.version = self.version
            source.truncate(max(0, min(len(source.getvalue()), self.there - start)))
            return source

    with connections(count):
        for version in ("old", ""):
            with pytest.raises(SourceError):
                download(Server(old, version, size // 2), place, file, title="x", version=version, loose=True)
        again = Server(new, "new", size)
        assert download(again, place, file, title="x", version="new", loose=True).read_bytes() == new
    assert again.opened[0] == 0
    assert [p.name for p in tmp_path.iterdir()] == ["m.gguf"]


@pytest.mark.parametrize("version", ["same", ""])
def test_a_beginning_of_the_same_state_is_gone_on_with(tmp_path, version) -> None:
    place, file = tmp_path / "m.gguf", RepositoryFile("m.gguf", len(DATA))

    def ask(memory, *, loose):
        return download(memory, place, file, title="x", version=version, loose=loose)

    for loose in (True, False):
        with pytest.raises(SourceError):
            ask(Memory(DATA[:1000]), loose=loose)
        missing = still_missing(place, file, version=version, loose=loose)
        # In a place for every state, what has no name of its own state is begun again.
        known = bool(version) or not loose
        assert missing == len(DATA) - (1000 if known else 0)
        again = Memory()
        assert ask(again, loose=loose).read_bytes() == DATA
        assert again.opened == [1000 if known else 0]
        assert [p.name for p in tmp_path.iterdir()] == ["m.gguf"]
        place.unlink()


def test_a_link_in_the_place_of_the_unfinished_file_is_not_written_through(tmp_path) -> None:
    mine = tmp_path / "mine"
    mine.write_bytes(b"mine")
    (tmp_path / "m.gguf.incomplete").symlink_to(mine)
    assert download(Memory(), tmp_path / "m.gguf", listed(), title="x").read_bytes() == DATA
    assert mine.read_bytes() == b"mine"
    assert not (tmp_path / "m.gguf").is_symlink()
