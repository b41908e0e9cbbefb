from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from modelfile_kit.core.errors import ServerError, UsageError
from modelfile_kit.publish.claims import claimed
from modelfile_kit.publish.keeping import (
    before_repair_name,
    keeping,
    kept_models,
    previous_name,
    replacing,
    roll_back,
)
from modelfile_kit.publish.names import is_working_name, meant_for, moving_name
from modelfile_kit.publish.take_over import clean, sweep, take_over, working_model
from modelfile_kit.sources.model_name import check_name, with_tag
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


@pytest.mark.parametrize("length", [34, 35, 63, 80])
def test_the_names_of_what_is_kept_have_room_for_more(length):
    """However long the tag: a kept name is a name, is found again, and fits into a working name."""
    name, other = f"m:{'q' * length}", f"m:{'q' * (length - 1)}r"
    server = server_with()
    for kept in (previous_name(name), before_repair_name(server, name)):
        assert check_name(kept) is None
        assert meant_for(moving_name(f"{kept}-99")) == f"{kept}-99"
        server.held[kept] = kept
        server.dates[kept] = server.now
    assert {k.name for k in kept_models(server, name.upper())} == set(server.held)
    assert kept_models(server, other) == []


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
        assert server.held["m:latest-previous"] == "older"
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


class DyingServer(DatedServer):
    """Ends at its change number `last`, and so does who asks: nobody tidies up after it.

    tears: the last change is a copy that is begun and not ended: what was there is not listed any more.
    """

    def __init__(self, last: int, *, tears: bool, **models: str) -> None:
        super().__init__(**models)
        self.changes, self.last, self.tears, self.dead = 0, last, tears, False

    def _count(self) -> bool:
        """Whether this change is still made."""
        if self.dead:
            raise ServerError("gone")
        self.changes += 1
        self.dead = self.changes > self.last
        return not self.dead

    def models(self) -> list[dict[str, Any]]:
        if self.dead:
            raise ServerError("gone")
        return super().models()

    def copy(self, source: str, destination: str) -> None:
        if not self._count():
            if self.tears:
                self.held.pop(with_tag(destination), None)
            raise KeyboardInterrupt
        super().copy(source, destination)

    def delete(self, name: str) -> None:
        if not self._count():
            raise KeyboardInterrupt
        super().delete(name)


def back(server: Any, name: str) -> None:
    roll_back(server, name)


def publish_and_keep(server: Any, name: str) -> None:
    with working_model(server, name) as new:
        server.held[new] = "newest"
        server.dates[new] = server.now
        with replacing(server, name), keeping(server, name, previous_name(name)):
            take_over(server, new, name)


def repair_and_keep(server: Any, name: str) -> None:
    with working_model(server, name) as new:
        server.held[new] = "newest"
        server.dates[new] = server.now
        with replacing(server, name), keeping(server, name, before_repair_name(server, name)):
            take_over(server, new, name)


@pytest.mark.skipif(os.name == "nt", reason="the kit takes no locks on Windows")
@pytest.mark.parametrize("tears", [False, True])
@pytest.mark.parametrize("tag", ["latest", "q" * 34])
@pytest.mark.parametrize("work", [back, publish_and_keep, repair_and_keep])
def test_whoever_dies_in_the_middle_loses_no_model(work: Any, tag: str, tears: bool) -> None:
    """At each change of the server in turn: the next sweep leaves both models, and no working name."""
    name = f"m:{tag}"
    last, dead = 0, True
    while dead:
        server: Any = DyingServer(last, tears=tears, **{name: "now", f"{name}-previous": "before"})
        with contextlib.suppress(KeyboardInterrupt, ServerError):
            work(server, name)
        dead, server.dead, server.last = server.dead, False, 10**9
        sweep(server)
        held = server.held
        assert not any(map(is_working_name, held)), last
        assert held.get(name) in ("now", "newest" if work is not back else "before"), last
        assert "now" in held.values(), last
        # What --keep-previous replaces takes the place of the one before.
        given_way = work is publish_and_keep and (held[name], held[f"{name}-previous"]) == ("newest", "now")
        assert "before" in held.values() or given_way, last
        last += 1
    assert last > 6


class InterruptedServer(DatedServer):
    """Interrupts its user at change number `last`, before or after it is made; what tidies up is not."""

    def __init__(self, last: int, *, after: bool, **models: str) -> None:
        super().__init__(**models)
        self.changes, self.last, self.after = 0, last, after

    def _made(self, change: Callable[[], None]) -> None:
        self.changes += 1
        if self.changes != self.last:
            change()
            return
        if self.after:
            change()
        raise KeyboardInterrupt

    def copy(self, source: str, destination: str) -> None:
        self._made(lambda: super(InterruptedServer, self).copy(source, destination))

    def delete(self, name: str) -> None:
        self._made(lambda: super(InterruptedServer, self).delete(name))


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("work", [back, publish_and_keep, repair_and_keep])
def test_whoever_is_interrupted_loses_no_model(work: Any, after: bool) -> None:
    last, interrupted = 0, True
    while interrupted:
        last += 1
        server: Any = InterruptedServer(last, after=after, **{"m": "now", "m:latest-previous": "before"})
        interrupted = False
        try:
            work(server, "m")
        except KeyboardInterrupt:
            interrupted = True
        sweep(server)
        held, new = server.held, "before" if work is back else "newest"
        assert not any(map(is_working_name, held)), last
        assert held["m:latest"] in ("now", new), last
        assert "now" in held.values(), last
        given_way = work is publish_and_keep and (held["m:latest"], held["m:latest-previous"]) == (new, "now")
        assert "before" in held.values() or given_way, last
    assert last > 6


@pytest.mark.skipif(os.name == "nt", reason="the kit takes no locks on Windows")
def test_what_was_on_its_way_goes_where_it_was_meant_to() -> None:
    server = server_with(m="new", m__latest_previous="older", other="old")
    way = moving_name(previous_name("m"))
    server.held[way], server.dates[way] = "old", server.now
    with claimed(way):
        assert sweep(server) == []
    assert [(c.name, c.restored) for c in clean(server)] == [(way, "m:latest-previous")]
    assert server.held == {"m:latest": "new", "m:latest-previous": "old", "other:latest": "old"}
    server.held[way], server.dates[way] = "old", server.now
    with claimed(way):
        pass
    assert [(c.removed, c.restored) for c in clean(server)] == [(True, "")]


@pytest.mark.parametrize("moment", [1, 2])
def test_two_rollbacks_at_once_lose_nothing(moment: int) -> None:
    """The other one, of another machine, changes all of it before the first or second copy of this one."""
    server = server_with(m="bad", m__latest_previous="good")
    asked: list[str] = []

    def trouble(action: str, name: str) -> None:
        if action == "copy":
            asked.append(name)
            if len(asked) == moment:
                server.held |= {"m:latest": "good", "m:latest-previous": "bad"}

    server.trouble = trouble
    roll_back(server, "m")
    assert set(server.held) == {"m:latest", "m:latest-previous"}
    assert set(server.held.values()) == {"good", "bad"}
