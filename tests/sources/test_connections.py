"""Downloads by several connections, from the hub's stand-in and its host of files."""

from __future__ import annotations

import hashlib
import os
import random
import re
import threading

import pytest

from modelfile_kit.core.errors import GGUFError, SourceError
from modelfile_kit.sources import connections as module
from modelfile_kit.sources import download, pieces
from modelfile_kit.sources.connections import connections
from modelfile_kit.sources.resolve import resolve
from tests.hub_server import WebServer

SIZE = 1_000_003
PIECE = 100_000
NAME = "hf.co/org/repo-GGUF"
DATA = random.Random(14).randbytes(SIZE)


@pytest.fixture
def repo(hub, monkeypatch):
    monkeypatch.setattr(pieces, "PIECE_BYTES", PIECE)
    monkeypatch.setattr(module, "BLOCK_BYTES", 10_000)
    return hub.add("org/repo-GGUF", {"m-Q4_K_M.gguf": DATA})


def ranges(hub) -> list[tuple[int, int]]:
    found = [re.fullmatch(r"bytes=(\d+)-(\d+)", asked.range) for asked in hub.cdn.asked]
    return [(int(f[1]), int(f[2]) + 1) for f in found if f]


def test_every_byte_once(hub, repo) -> None:
    told: list[tuple[int, int]] = []
    path = resolve(NAME).fetch(lambda *now: told.append(now))
    assert path.read_bytes() == DATA
    assert sorted(ranges(hub)) == [(at, min(at + PIECE, SIZE)) for at in range(0, SIZE, PIECE)]
    assert hub.cdn.sent() == SIZE
    assert told == sorted(told) and told[-1] == (SIZE, SIZE)
    assert [p.name for p in path.resolve().parent.iterdir()] == [hashlib.sha256(DATA).hexdigest()]
    # Each connection asks the hub once, and its host of files from then on.
    assert len([a for a in hub.asked if "/resolve/" in a.path]) <= 4


def test_so_many_at_once(hub, repo) -> None:
    """All of them are under way before the first one gets an answer to its second piece."""
    together = threading.Barrier(3)
    answer = hub.cdn.answer

    def wait(request) -> None:
        if len(hub.cdn.asked) > 1:
            together.wait(20)
        answer(request)

    hub.cdn.answer = wait
    hub.add("org/repo-GGUF", {"m-Q4_K_M.gguf": DATA[: 7 * PIECE]})
    with connections(3):
        assert resolve(NAME).fetch().read_bytes() == DATA[: 7 * PIECE]


def test_one_connection_is_one_stream(hub, repo) -> None:
    with connections(1):
        assert resolve(NAME).fetch().read_bytes() == DATA
    assert [asked.range for asked in hub.cdn.asked] == ["bytes=0-"]


def test_a_server_without_ranges_is_read_once(hub, repo) -> None:
    hub.cdn.ranges = False
    assert resolve(NAME).fetch().read_bytes() == DATA
    assert len(hub.cdn.asked) == 1


def test_breaks_cost_at_most_a_block_each(hub, repo) -> None:
    hub.cdn.break_after = [55_000, 99_999, 12_345, 31_000]
    assert resolve(NAME).fetch().read_bytes() == DATA
    assert hub.cdn.sent() <= SIZE + 4 * module.BLOCK_BYTES


def test_a_server_that_breaks_off_always(hub, repo) -> None:
    hub.cdn.break_after = [0] * 100
    with pytest.raises(GGUFError, match="cannot be read"):
        resolve(NAME).fetch()
    assert len(hub.cdn.asked) <= module.ATTEMPTS * module.CONNECTIONS
    hub.cdn.break_after.clear()
    assert resolve(NAME).fetch().read_bytes() == DATA


def test_what_each_connection_has_is_kept(hub, repo) -> None:
    """An interrupt in the middle, and again: no byte that was kept is fetched twice."""

    def interrupt(done: int, _size: int) -> None:
        if done > 400_000:
            raise KeyboardInterrupt

    found = resolve(NAME)
    with pytest.raises(KeyboardInterrupt):
        found.fetch(interrupt)
    assert not found.path.exists()
    blob = found.path.parents[2] / "blobs" / hashlib.sha256(DATA).hexdigest()
    assert download.still_missing(blob, found.parts[0]) < SIZE - 400_000
    assert resolve(NAME).fetch().read_bytes() == DATA
    # What was on its way when it was interrupted comes again: at most a piece of each connection.
    assert hub.cdn.sent() <= SIZE + module.CONNECTIONS * PIECE


def test_what_came_as_one_stream_is_gone_on_with(hub, repo) -> None:
    found = resolve(NAME)
    blob = found.path.parents[2] / "blobs" / hashlib.sha256(DATA).hexdigest()
    blob.parent.mkdir(parents=True)
    blob.with_name(f"{blob.name}.incomplete").write_bytes(DATA[:250_000])
    assert found.fetch().read_bytes() == DATA
    assert hub.cdn.sent() == SIZE - 250_000
    assert [p.name for p in blob.parent.iterdir()] == [blob.name]


def test_other_bytes_than_listed(hub, repo) -> None:
    digest = hashlib.sha256(DATA).hexdigest()
    hub.cdn.contents[digest] = DATA[:-1] + bytes([DATA[-1] ^ 1])
    with pytest.raises(SourceError, match="have the SHA-256") as e:
        resolve(NAME).fetch()
    assert e.value.code == "MK488" and not resolve(NAME).path.exists()
    hub.cdn.contents[digest] = DATA
    hub.cdn.lie_total = 7
    with pytest.raises(SourceError, match="the list of files says") as e:
        resolve(NAME).fetch()
    assert e.value.code == "MK488"
    hub.cdn.lie_total = 0
    assert resolve(NAME).fetch().read_bytes() == DATA


def test_another_file_between_two_ranges(hub, repo) -> None:
    """The server has a new file under the same name while the connections are at it: no mixture of both."""
    new = random.Random(15).randbytes(SIZE)
    web = WebServer(DATA)
    try:
        answer = web.answer

        def change(request) -> None:
            if len(web.asked) > 3:
                web.data = new
            answer(request)

        web.answer = change  # type: ignore[method-assign]
        url = f"{web.url}/m-Q4_K_M.gguf"
        with pytest.raises(GGUFError, match="changed on the server"):
            resolve(url).fetch()
        assert not resolve(url).path.exists()
        assert resolve(url).fetch().read_bytes() == new
    finally:
        web.close()


def test_the_token_stays_with_the_hub(hub, repo, monkeypatch) -> None:
    monkeypatch.setenv("HF_TOKEN", hub.token)
    resolve(NAME).fetch()
    assert {a.authorization for a in hub.asked} == {f"Bearer {hub.token}"}
    assert {a.authorization for a in hub.cdn.asked} == {""}


def test_a_server_that_bears_one_connection(hub, repo) -> None:
    """Those that it refuses end, and the first one fetches their pieces too."""
    answer, first = hub.cdn.answer, []

    def refuse(request) -> None:
        first.append(request.client_address)
        if request.client_address != first[0]:
            request.reply(503)
            return
        answer(request)

    hub.cdn.answer = refuse
    assert resolve(NAME).fetch().read_bytes() == DATA
    assert hub.cdn.sent() == SIZE


def test_a_disk_without_room(hub, repo, monkeypatch) -> None:
    monkeypatch.setattr(download, "free_bytes", lambda _: 500_000)
    with pytest.raises(SourceError, match=r"needs 0\.00 GB, and .* has 0\.00 GB free") as e:
        resolve(NAME).fetch()
    assert e.value.code == "MK492" and hub.cdn.asked == []


def test_a_disk_that_takes_no_more(hub, repo, monkeypatch) -> None:
    def full(*_: object) -> bool:
        raise OSError(28, os.strerror(28))

    found = resolve(NAME)
    monkeypatch.setattr(pieces.Pieces, "add", full)
    with pytest.raises(OSError, match="No space left") as e:
        found.fetch()
    assert e.value.filename.endswith(hashlib.sha256(DATA).hexdigest())
