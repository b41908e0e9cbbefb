from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from modelfile_kit.core.errors import ServerError
from modelfile_kit.publish.names import WORKING_TAG, with_tag
from modelfile_kit.publish.take_over import digest_of, sweep, take_over, working_model


class FakeServer:
    """Names and what they hold, as Ollama keeps them; `trouble` is called before every change."""

    url = "http://box"

    def __init__(self, **models):
        self.held = {with_tag(k): v for k, v in models.items()}
        self.trouble = lambda action, name: None
        self.tear = False
        self.now = datetime.now(timezone.utc)

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


def test_working_names_of_a_killed_publish_are_swept_once_they_are_old():
    left = f"m:{WORKING_TAG}aa"
    server: Any = FakeServer(**{left: "x", "m": "old", f"other:{WORKING_TAG}bb": "y"})
    assert sweep(server, "m") == []  # young: another publish may be at work
    server.now -= timedelta(hours=2)
    assert sweep(server, "m") == [left]
    assert set(server.held) == {"m:latest", f"other:{WORKING_TAG}bb"}


def test_names_are_found_whatever_their_case():
    server: Any = FakeServer(M="d")
    assert digest_of(server, "m") == "d"
    assert digest_of(server, "none") is None
