from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from modelfile_kit.core.errors import ServerError
from modelfile_kit.publish.claims import claimed
from modelfile_kit.publish.names import WORKING_TAG, keeping_name, working_name
from modelfile_kit.publish.take_over import clean, digest_of, sweep, take_over, working_model
from modelfile_kit.sources.model_name import with_tag

posix = pytest.mark.skipif(os.name == "nt", reason="the kit takes no locks on Windows")


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


class FakeServer:
    """Names and what they hold, as Ollama keeps them; `trouble` is called before every change."""

    url = "http://box"

    def __init__(self, **models):
        self.held = {with_tag(k): v for k, v in models.items()}
        self.trouble = lambda action, name: None
        self.tear = False
        self.now = self.clock = datetime.now(timezone.utc)

    def models(self):
        return [{"model": k, "digest": v, "modified_at": self.now} for k, v in self.held.items()]

    def copy(self, source, destination):
        self.trouble("copy", destination)
        value = self.held[with_tag(source)]
        self.held[with_tag(destination)] = "torn" if self.tear and WORKING_TAG not in destination else value

    def delete(self, name):
        self.trouble("delete", name)
        if with_tag(name) not in self.held:
            raise ServerError("not found", status=404)
        del self.held[with_tag(name)]


def fail_on(action, part):
    def trouble(done, name):
        if done == action and part in name:
            raise ServerError("it broke")

    return trouble


def test_a_new_name():
    server: Any = FakeServer(tmp="new")
    assert take_over(server, "tmp", "m") == "new"
    assert server.held == {"tmp:latest": "new", "m:latest": "new"}


def test_an_old_model_is_replaced():
    server: Any = FakeServer(tmp="new", m="old")
    take_over(server, "tmp", "m")
    assert server.held == {"tmp:latest": "new", "m:latest": "new"}


def test_an_equal_model_is_left_alone():
    server: Any = FakeServer(tmp="same", m="same")
    server.trouble = fail_on("copy", "m")
    assert take_over(server, "tmp", "m") == "same"


def test_a_copy_that_fails_leaves_the_old_model():
    server: Any = FakeServer(tmp="new", m="old")
    failing: list[int] = []

    def once(action, name):
        if (action, name) == ("copy", "m") and not failing:
            failing.append(1)
            server.held["m:latest"] = "torn"
            raise ServerError("it broke")

    server.trouble = once
    with pytest.raises(ServerError):
        take_over(server, "tmp", "m")
    assert server.held == {"tmp:latest": "new", "m:latest": "old"}


def test_a_torn_copy_is_seen_and_undone():
    server: Any = FakeServer(tmp="new", m="old")
    first: list[int] = []

    def tear(action, name):
        # Only the first copy over the name is torn, as when a disk was full for a moment.
        server.tear = action == "copy" and name == "m" and not first
        if server.tear:
            first.append(1)

    server.trouble = tear
    with pytest.raises(ServerError) as e:
        take_over(server, "tmp", "m")
    assert e.value.code == "MK811"
    assert server.held["m:latest"] == "old"


def test_a_torn_copy_of_a_new_name_leaves_no_wreck():
    server: Any = FakeServer(tmp="new")
    server.tear = True
    with pytest.raises(ServerError):
        take_over(server, "tmp", "m")
    assert server.held == {"tmp:latest": "new"}


def test_ctrl_c_in_the_copy_leaves_the_old_model():
    server: Any = FakeServer(tmp="new", m="old")
    struck: list[int] = []

    def strike(action, name):
        if (action, name) == ("copy", "m") and not struck:
            struck.append(1)
            raise KeyboardInterrupt

    server.trouble = strike
    with pytest.raises(KeyboardInterrupt):
        take_over(server, "tmp", "m")
    assert server.held == {"tmp:latest": "new", "m:latest": "old"}


@pytest.mark.parametrize("error", [ServerError("x"), KeyboardInterrupt(), ValueError()])
def test_a_working_model_is_gone_whatever_happens(error):
    server: Any = FakeServer()
    with pytest.raises(type(error)), working_model(server, "m") as name:
        server.held[name] = "new"
        raise error
    assert server.held == {}


def test_a_server_that_vanished_does_not_hide_the_first_error():
    server: Any = FakeServer()
    server.trouble = fail_on("delete", "")
    with pytest.raises(ValueError, match="first"), working_model(server, "m"):
        raise ValueError("first")


AA, BB = "aaaaaaaaaaaa", "bbbbbbbbbbbb"


def test_working_names_of_another_machine_are_swept_once_they_are_old():
    left, other = f"m:{WORKING_TAG}{AA}", f"other:{WORKING_TAG}{BB}"
    server: Any = FakeServer(**{left: "x", "m": "old", other: "y", f"m:{WORKING_TAG}mine": "z"})
    assert sweep(server) == []  # young: another publish may be at work
    server.now -= timedelta(hours=2)
    assert sweep(server) == [left, other]
    assert set(server.held) == {"m:latest", f"m:{WORKING_TAG}mine"}  # no name that the kit makes


def test_the_servers_clock_tells_the_age():
    server: Any = FakeServer(**{f"m:{WORKING_TAG}{AA}": "x"})
    server.now -= timedelta(hours=2)
    server.clock = server.now + timedelta(minutes=5)
    assert sweep(server) == []


@posix
def test_a_working_name_is_swept_at_once_when_its_process_has_ended():
    server: Any = FakeServer(m="old")
    code = "import sys; from modelfile_kit.publish.claims import claimed\n"
    code += "with claimed(sys.argv[1]):\n    print(flush=True); sys.stdin.read()"
    left = working_name("m")
    server.held[left] = "x"
    process = subprocess.Popen(
        [sys.executable, "-c", code, left], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    assert [(c.running, c.removed) for c in clean(server)] == [(True, False)]
    server.now -= timedelta(hours=20)  # however long it takes
    assert sweep(server) == []
    process.kill()
    process.communicate()
    server.now = server.clock
    assert sweep(server) == [left]
    assert server.held == {"m:latest": "old"}


@posix
@pytest.mark.parametrize("tag", ["latest", "8b", "q4_K_M"])
def test_a_kept_model_gets_its_name_back(tag):
    """A server that died in a copy lists the name no more (seen: 0.34.4, CopyModel writes in place)."""
    name = f"me/m:{tag}"
    kept = keeping_name(name)
    server: Any = FakeServer(**{kept: "old"})
    with claimed(kept):
        assert sweep(server) == []
    assert [(c.name, c.restored) for c in clean(server)] == [(kept, name)]
    assert server.held == {name: "old"}


@posix
def test_the_only_copy_is_not_removed():
    kept = keeping_name("m")
    server: Any = FakeServer(**{kept: "old"})
    with claimed(kept):
        pass
    server.trouble = fail_on("copy", "m")
    assert sweep(server) == []
    assert server.held == {kept: "old"}


def test_what_is_kept_stays_where_it_cannot_be_put_back():
    """The server dies in the copy and is back at once: the old model is under its working name alone."""
    server: Any = FakeServer(tmp="new", m="old")

    def die(done, name):
        if done == "copy" and name == "m":
            server.held.pop("m:latest", None)
            raise ServerError("gone")

    server.trouble = die
    with pytest.raises(ServerError, match="gone"):
        take_over(server, "tmp", "m")
    assert "old" in server.held.values()


def test_names_are_found_whatever_their_case():
    server: Any = FakeServer(M="d")
    assert digest_of(server, "m") == "d"
    assert digest_of(server, "none") is None
