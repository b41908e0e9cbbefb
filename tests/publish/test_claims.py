from __future__ import annotations

import os
import threading

import pytest

from modelfile_kit.publish import claims
from modelfile_kit.publish.claims import claimed, forget, in_use, one_at_a_time

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the kit takes no locks on Windows")
NAME = "me/m:mkmodelfile-0123456789ab"


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_a_name_is_in_use_for_as_long_as_it_is_held():
    assert in_use(NAME) is None
    with claimed(NAME):
        assert in_use(NAME) is True
        assert in_use("me/m:mkmodelfile-ba9876543210") is None
    assert in_use(NAME) is False
    forget(NAME)
    assert in_use(NAME) is None


def test_where_nothing_can_be_written_nothing_is_known(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with claimed(NAME):
        assert in_use(NAME) is None
    forget(NAME)


def test_what_was_forgotten_long_ago_goes_and_what_is_held_stays(monkeypatch):
    other, third = (f"m:mkmodelfile-{c * 12}" for c in "ab")
    with claimed(other):
        pass
    with claimed(third):
        monkeypatch.setattr(claims, "FORGOTTEN_SECONDS", -1.0)
        forget(NAME)
        assert (in_use(other), in_use(third)) == (None, True)


def test_one_publish_at_a_time_gives_a_name_away():
    order, inside = [], threading.Event()

    def second():
        inside.wait()
        with one_at_a_time("http://box", "m:latest"):
            order.append("second")

    thread = threading.Thread(target=second)
    thread.start()
    with one_at_a_time("http://box", "m:latest"):
        inside.set()
        with one_at_a_time("http://box", "other:latest"), one_at_a_time("http://there", "m:latest"):
            order.append("first")
        thread.join(0.2)
        order.append("first again")
    thread.join()
    assert order == ["first", "first again", "second"]
