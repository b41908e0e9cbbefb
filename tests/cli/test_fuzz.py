"""A seeded share of what the fuzzers of commands do at any scale, and proof that they find faults."""

from __future__ import annotations

import os
from collections import Counter

import httpx
import pytest

pytest.importorskip("pty", reason="this system has no pseudo terminals")
from modelfile_kit.core import foreign_text
from modelfile_kit.runtime.ollama import replies
from tests.cli import fuzz_http, fuzz_terminal, hostile_server
from tests.fuzzing import run, within

COUNT = int(os.environ.get("MKMODELFILE_FUZZ", "4000")) // 200
SEED = int(os.environ.get("MKMODELFILE_SEED", "1"))


@pytest.mark.parametrize("cases", [fuzz_terminal.cases, fuzz_http.cases], ids=["foreign text", "odd servers"])
def test_no_command_falls_for_it(cases):
    tally: Counter[str] = Counter()
    found = [fault.what for fault in cases(COUNT, SEED, tally) if fault]
    assert not found, found[0]
    assert tally["foreign text was shown"] + tally["odd answers"] > COUNT // 4, tally


def test_text_that_is_not_escaped_is_found(monkeypatch, tmp_path):
    monkeypatch.setattr(foreign_text, "_escape", lambda found: found[0])
    assert run("lines", fuzz_terminal.cases, ["12", "1", "--keep", str(tmp_path)]) == 1
    assert list(tmp_path.glob("*.json"))


def only(monkeypatch, row, way):
    """Has one command asked, and each answer changed in one way."""
    monkeypatch.setattr(
        fuzz_http, "command_lines", lambda: [(row, True)] if "{}" not in row else [(row, False)]
    )
    monkeypatch.setattr(hostile_server, "mutate", way)


def test_a_crash_is_found(monkeypatch, tmp_path, capsys):
    only(monkeypatch, ["rollback", "some-model"], hostile_server._json)
    monkeypatch.setattr(replies, "_decode", lambda url, asked, data, kind: [])
    assert run("answers", fuzz_http.cases, ["3", "1", "--keep", str(tmp_path)]) == 1
    assert "MK999" in capsys.readouterr().out
    assert list(tmp_path.glob("*.json"))


def test_a_secret_that_is_printed_is_found(monkeypatch, tmp_path, capsys):
    def echo(plan, reply):
        reply.status = 500
        reply.body = plan.seen[-1]
        reply.set("Content-Length", str(len(reply.body)))
        return "an echo"

    only(monkeypatch, ["rollback", "some-model"], echo)
    assert run("answers", fuzz_http.cases, ["6", "1", "--keep", str(tmp_path)]) == 1
    assert "a secret is printed" in capsys.readouterr().out


def test_a_secret_that_goes_to_another_server_is_found(monkeypatch, tmp_path, capsys):
    def away(plan, reply):
        reply.status = 302
        reply.set("Location", plan.other)
        return "away"

    only(monkeypatch, ["inspect", "{}"], away)
    arguments = ["8", "1", "--keep", str(tmp_path)]
    assert run("answers", fuzz_http.cases, arguments) == 0
    assert "requests to the other server" in capsys.readouterr().out
    monkeypatch.setattr(httpx.Client, "_redirect_headers", lambda self, request, url, method: request.headers)
    assert run("answers", fuzz_http.cases, arguments) == 1
    assert "a secret went to another server" in capsys.readouterr().out


def test_a_hang_is_found():
    with pytest.raises(BaseException, match="not ended after 1 s"), within(1):
        while True:
            pass
