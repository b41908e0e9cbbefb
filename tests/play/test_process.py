from __future__ import annotations

import importlib.util
import os

import pytest

from modelfile_kit.core.errors import EngineError, PackageError
from modelfile_kit.play import process
from modelfile_kit.play.process import Player
from modelfile_kit.play.subject import Asked
from modelfile_kit.runtime import local
from tests.llama_server import llama_server_or_skip

LIBRARY = "llama_cpp"
HI = {"messages": [{"role": "user", "content": "Hi"}]}


def status(answer):
    return [way["status"] for way in answer["ways"]]


def test_a_conversation_is_answered_by_another_process(by_hand):
    with Player(Asked(str(by_hand))) as player:
        assert player._process is not None
        assert player._process.pid != os.getpid()
        assert status(player.answer(HI, "")) == ["mismatch"]
        [refused] = player.answer({"messages": [{"role": "user", "words": "Hi"}]}, "")["refused"]
        assert "unknown key 'words'" in refused["message"]
        assert status(player.answer(HI, "")) == ["mismatch"]


@pytest.mark.parametrize("odd", [None, 1, "x", [], [1], {"messages": [None]}, {"messages": {}, "tools": 1}])
def test_whatever_is_asked_has_an_answer(by_hand, odd, shared_player):
    assert shared_player.answer(odd, "")["refused"]


@pytest.fixture(scope="module")
def shared_player(by_hand):
    with Player(Asked(str(by_hand))) as player:
        yield player


def test_a_process_that_ended_is_started_again(by_hand):
    with Player(Asked(str(by_hand))) as player:
        player._process._process.kill()
        [told] = player.answer(HI, "")["refused"]
        assert "the process that renders ended" in told["message"]
        assert status(player.answer(HI, "")) == ["mismatch"]


def test_a_rendering_that_takes_too_long_is_ended(by_hand, monkeypatch):
    with Player(Asked(str(by_hand))) as player:
        player._process.timeout = 0.0
        [told] = player.answer(HI, "")["refused"]
        assert "took more than 0 s and was ended" in told["message"]
        assert status(player.answer(HI, "")) == ["mismatch"]


def test_a_hostile_template_costs_its_limit_and_no_more(tmp_path):
    file = tmp_path / "chat_template.jinja"
    file.write_text(
        "{% for a in range(99999) %}{% for b in range(99999) %}{{ messages }}{% endfor %}{% endfor %}"
    )
    with Player(Asked(str(file))) as player:
        answer = player.answer(HI, "")
        assert "limit" in str(answer) or "steps" in str(answer)


def test_what_cannot_be_opened_is_raised_with_its_place(tmp_path):
    (tmp_path / "mkmodelfile.yaml").write_text("name: x\nmodle: y\n")
    with pytest.raises(PackageError) as caught:
        Player(Asked(str(tmp_path)))
    assert caught.value.exit_code == 1
    assert "modle" in caught.value.message
    assert caught.value.span.line == 2


@pytest.mark.server
def test_native_mode_asks_llama_server(good, monkeypatch):
    program = llama_server_or_skip()
    monkeypatch.setenv("MKMODELFILE_LLAMA_SERVER", str(program))
    file = good / "native.yaml"
    file.write_text("name: n\nmodel: micro-glm4v.gguf\nmode: native\nsystem: Be brief.\n")
    with Player(Asked(str(file))) as player:
        assert status(player.answer(HI, "")) == ["ok", "ok"]


@pytest.fixture
def without_llama_cpp(monkeypatch, tmp_path):
    """Hides llama-cpp-python from this process, and from those that it starts."""
    find = importlib.util.find_spec
    hide = f"find = importlib.util.find_spec\nhidden = {LIBRARY!r}\n"
    (tmp_path / "sitecustomize.py").write_text(
        f"import importlib.util\n{hide}"
        "importlib.util.find_spec = lambda name, *more: None if name == hidden else find(name, *more)\n"
    )
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == LIBRARY else find(name, *more)
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))


def tokens(answer):
    return {way["name"]: [one[:3] for one in way["tokens"]["row"]] for way in answer["ways"]}


@pytest.mark.engine
@pytest.mark.server
def test_a_llama_server_shows_the_tokens_that_llama_cpp_python_shows(
    llama_cpp, by_hand, monkeypatch, request
):
    program = llama_server_or_skip()
    monkeypatch.setenv("MKMODELFILE_LLAMA_SERVER", str(program))
    asked = {"messages": [{"role": "user", "content": "你好 \U0001f600", "images": 2}], "tools": []}
    with Player(Asked(str(by_hand))) as player:
        expected = tokens(player.answer(asked, ""))
    request.getfixturevalue("without_llama_cpp")
    with Player(Asked(str(by_hand))) as player:
        assert player.facts["no_tokens"] == ""
        assert tokens(player.answer(asked, "")) == expected
        player._process._process.kill()
        assert "refused" in player.answer(asked, "")
        assert tokens(player.answer(asked, "")) == expected  # the new process is told of it as well
        server = player._tokens._server._process
        halved = {"messages": [{"role": "user", "content": "\ud800"}]}
        assert "UTF-8 alone" in player.answer(halved, "").get("no_tokens", "")
    assert server.poll() is not None


def test_with_neither_the_page_says_how_to_get_tokens(by_hand, without_llama_cpp, monkeypatch):
    monkeypatch.setattr(local, "find_llama_server", lambda: None)
    with Player(Asked(str(by_hand))) as player:
        assert "modelfile-kit[align]" in player.facts["no_tokens"]
        assert status(player.answer(HI, "")) == ["mismatch"]


def test_without_a_llama_server_native_mode_says_so(good, monkeypatch):
    def none(*_, **__):
        raise EngineError("llama-server was not found on this machine")

    monkeypatch.setattr(process, "native_prompter", none)
    file = good / "native.yaml"
    file.write_text("name: n\nmodel: micro-glm4v.gguf\nmode: native\n")
    with Player(Asked(str(file))) as player:
        answer = player.answer(HI, "")
    assert status(answer) == ["ok", "unknown"]
    assert "llama-server was not found" in answer["ways"][1]["findings"][0]["message"]
