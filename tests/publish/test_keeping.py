from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from modelfile_kit.core.errors import ServerError, UsageError
from modelfile_kit.publish.keeping import (
    before_repair_name,
    keeping,
    kept_models,
    previous_name,
    roll_back,
)
from modelfile_kit.sources.model_name import with_tag
from tests.publish.test_take_over import FakeServer, fail_on


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


class DatedServer(FakeServer):
    """Tells a later date for each name that is written, and unloads nothing."""

    def __init__(self, **models):
        super().__init__(**models)
        self.dates = dict.fromkeys(self.held, self.now)

    def copy(self, source, destination):
        super().copy(source, destination)
        self.now += timedelta(seconds=1)
        self.dates[with_tag(destination)] = self.now

    def models(self):
        return [{**m, "modified_at": self.dates[m["model"]]} for m in super().models()]

    def unload(self, name):
        pass


def server_with(**models: str) -> Any:
    return DatedServer(**{name.replace("__", ":").replace("_", "-"): value for name, value in models.items()})


def test_names():
    assert previous_name("a/m") == "a/m:latest-previous"
    assert previous_name("m:q4") == "m:q4-previous"
    server = server_with(m__q4_before_repair="x")
    assert before_repair_name(server, "m:q4") == "m:q4-before-repair-2"
    assert before_repair_name(server, "a/m") == "a/m:latest-before-repair"


def test_only_kept_models_of_this_name_and_tag():
    server = server_with(
        m="1",
        m__latest_previous="2",
        m__latest_before_repair_2="3",
        m__q4_previous="4",
        mm__latest_previous="5",
    )
    server.held["m:latest-before-repair-x"] = server.held["m:latest-previous-2"] = "6"
    server.dates.update(dict.fromkeys(server.held, server.now))
    assert {k.digest for k in kept_models(server, "m")} == {"2", "3"}


def test_kept_and_replaced():
    server = server_with(m="new", m__latest_previous="older")
    with keeping(server, "m", "m:latest-previous"):
        server.held["m:latest"] = "newest"
    assert server.held == {"m:latest": "newest", "m:latest-previous": "new"}


@pytest.mark.parametrize("older", [None, "older"])
def test_what_was_kept_before_comes_back_when_the_rest_fails(older):
    server = server_with(m="old", **({"m__latest_previous": older} if older else {}))
    before = dict(server.held)
    with pytest.raises(KeyboardInterrupt), keeping(server, "m", "m:latest-previous"):
        raise KeyboardInterrupt
    assert server.held == before


def test_back_and_forth():
    server = server_with(m="bad", m__latest_previous="good")
    done = roll_back(server, "m")
    assert (done.source, done.kept, done.digest) == ("m:latest-previous", "m:latest-previous", "good")
    assert server.held == {"m:latest": "good", "m:latest-previous": "bad"}
    roll_back(server, "m")
    assert server.held == {"m:latest": "bad", "m:latest-previous": "good"}


def test_the_one_that_was_replaced_last():
    server = server_with(m="3", m__latest_previous="1", m__latest_before_repair="2")
    server.dates["m:latest-before-repair"] += timedelta(seconds=1)
    roll_back(server, "m")
    assert server.held == {"m:latest": "2", "m:latest-previous": "3"}


def test_a_kept_model_that_is_the_present_one_is_passed_over():
    server = server_with(m="2", m__latest_previous="1", m__latest_before_repair="2")
    server.dates["m:latest-before-repair"] += timedelta(seconds=1)
    roll_back(server, "m")
    assert server.held["m:latest"] == "1"


def test_to_a_model_of_the_users_own():
    server = server_with(m="new", m__v1="old")
    roll_back(server, "m", to="v1")
    assert server.held == {"m:latest": "old", "m:v1": "old", "m:latest-previous": "new"}


def test_a_name_that_was_deleted():
    server = server_with(m__latest_previous="good")
    done = roll_back(server, "m")
    assert done.kept == ""
    assert server.held == {"m:latest": "good"}


@pytest.mark.parametrize(
    ("models", "to", "words"),
    [
        ({"m": "1"}, None, "none is kept$"),
        ({}, None, "none is kept, and .* has no m:latest"),
        ({"m": "1", "m__latest_previous": "1"}, None, "m:latest-previous is the same model"),
        ({"m": "1", "m__latest_previous": "2"}, "v0", "has no model m:v0"),
        ({"m": "1", "m__v1": "1", "m__latest_previous": "2"}, "v1", "m:v1 is the same model"),
    ],
)
def test_nothing_to_go_back_to(models, to, words):
    server = server_with(**models)
    before = dict(server.held)
    with pytest.raises(UsageError, match=words) as caught:
        roll_back(server, "m", to=to)
    assert caught.value.code == "MK842"
    assert ("m:latest-previous" in caught.value.help) is ("m__latest_previous" in models or to is None)
    assert server.held == before


@pytest.mark.parametrize("part", ["m", "m:latest-previous"])
def test_a_server_that_fails_in_the_middle(part):
    server = server_with(m="bad", m__latest_previous="good")
    asked: list[str] = []

    def trouble(action, name):
        if action == "copy" and name == part and not asked:
            asked.append(name)
            raise ServerError("it broke")

    server.trouble = trouble
    with pytest.raises(ServerError, match="it broke"):
        roll_back(server, "m")
    assert server.held == {"m:latest": "bad", "m:latest-previous": "good"}


def test_a_server_that_deletes_nothing():
    server = server_with(m="bad", m__latest_before_repair="good")
    server.trouble = fail_on("delete", "before-repair")
    assert roll_back(server, "m").digest == "good"
    assert server.held["m:latest"] == "good"
