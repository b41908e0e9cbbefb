"""llama-server as a process: found, started, asked, and every way in which it can fail. The real one is
asked in tests/integration."""

from __future__ import annotations

import os
import stat
import sys

import pytest

from modelfile_kit.core.errors import EngineError, PromptError, UsageError
from modelfile_kit.runtime import llama_server
from modelfile_kit.runtime.llama_server import (
    PROGRAM_VARIABLE,
    ChatTemplateRefusedError,
    LlamaServer,
    find_llama_server,
)

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows starts no script by its #! line")

# Answers as llama-server does; the model's file says what goes wrong.
STAND_IN = """#!{python}
import http.server, json, os, sys, time

if "--version" in sys.argv:
    sys.exit("version: 9.9.9 (build 1, commit abc)")
arguments = dict(zip(sys.argv[1:], sys.argv[2:]))
fault = open(arguments["--model"]).read()
if fault == "template":
    print("0.1 E srv init: chat template parsing error: no parser:")
    print("While executing\\nError: Unknown (built-in) filter 'x' for type String")
    sys.exit(1)
if fault == "model":
    print("0.1 E srv load_model: error loading model: tensor 'a' is missing")
    sys.exit(1)

class Answer(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.say(503 if fault == "never ready" else 200, b"{{}}")

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/tokenize":
            return self.say(200, body["content"].encode())
        words = body["messages"][-1]["content"]
        if words == "die":
            os._exit(3)
        if words == "hang":
            time.sleep(60)
        if words == "no":
            error = {{"error": {{"code": 400, "message": " Jinja Exception: no "}}}}
            return self.say(400, json.dumps(error).encode())
        if words == "garbage":
            return self.say(200, b"<html>")
        if words == "big":
            return self.say(200, b" " * 2000)
        self.say(200, json.dumps({{"prompt": words + os.environ["LLAMA_MEDIA_MARKER"]}}).encode())

    def say(self, status, data):
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

http.server.ThreadingHTTPServer(("127.0.0.1", int(arguments["--port"])), Answer).serve_forever()
"""


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "bin" / "llama-server"
    path.parent.mkdir()
    path.write_text(STAND_IN.format(python=sys.executable), encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model"
    path.write_text("sound")
    return path


def asks(words):
    return {"messages": [{"role": "user", "content": words}]}


def gone(server):
    return server._process.poll() is not None


def test_it_renders_and_ends(program, model):
    with LlamaServer(program, model) as server:
        assert server.apply_template(asks("Hi")) == "Hi" + llama_server.MARKER
        assert server.build == "9.9.9 (build 1, commit abc)"
        assert not gone(server)
    assert gone(server)
    server.close()
    with pytest.raises(EngineError, match="has ended"):
        server.apply_template(asks("Hi"))


def test_what_it_refuses_is_told_in_its_words(program, model):
    with LlamaServer(program, model) as server:
        with pytest.raises(PromptError) as e:
            server.apply_template(asks("no"))
        assert (e.value.message, e.value.status) == ("Jinja Exception: no", 400)
        assert server.apply_template(asks("still there")).startswith("still there")


@pytest.mark.parametrize(
    ("words", "said"), [("die", "failed"), ("hang", "not answer /apply-template within")]
)
def test_a_death_and_silence_end_it(words, said, program, model, monkeypatch):
    monkeypatch.setattr(llama_server, "ANSWER_SECONDS", 1.0)
    with LlamaServer(program, model) as server:
        with pytest.raises(EngineError, match=said):
            server.apply_template(asks(words))
        with pytest.raises(EngineError):
            server.apply_template(asks("Hi"))
    assert gone(server)


def test_something_else_than_json(program, model):
    with LlamaServer(program, model) as server, pytest.raises(EngineError, match="did not answer with JSON"):
        server.apply_template(asks("garbage"))


def test_tokens_are_texts_or_numbers(program, model):
    """As llama.cpp's tools/server/README.md says of /tokenize with_pieces."""
    with LlamaServer(program, model) as server:
        answer = '{"tokens": [{"id": 1, "piece": "a"}, {"id": 2, "piece": [240, 159]}]}'
        assert server.tokens(answer, add_special=False) == [(1, b"a"), (2, b"\xf0\x9f")]


@pytest.mark.parametrize(
    "tokens",
    [
        "1",
        "[1]",
        '[{"id": 1}]',
        '[{"id": "x", "piece": "a"}]',
        '[{"id": 1, "piece": [256]}]',
        '[{"id": 1, "piece": 1000000000000}]',
        '[{"id": 1, "piece": "\\ud800"}]',
    ],
)
def test_tokens_that_are_none(tokens, program, model):
    with LlamaServer(program, model) as server, pytest.raises(EngineError, match="not known here"):
        server.tokens(f'{{"tokens": {tokens}}}', add_special=False)


def test_an_answer_without_end(program, model, monkeypatch):
    monkeypatch.setattr(llama_server, "MAX_ANSWER_BYTES", 1000)
    with LlamaServer(program, model) as server:
        with pytest.raises(PromptError, match="/apply-template with more than 1,000 bytes") as e:
            server.apply_template(asks("big"))
        assert "loop in the chat template" in e.value.help
        with pytest.raises(PromptError, match="/tokenize with more than 1,000 bytes") as e:
            server.tokens("x" * 2000, add_special=False)
        assert "chat template" not in e.value.help


def test_a_template_that_it_does_not_take(program, model):
    model.write_text("template")
    with pytest.raises(ChatTemplateRefusedError) as e:
        LlamaServer(program, model)
    assert e.value.reason == "Unknown (built-in) filter 'x' for type String"
    assert e.value.code == "MK736"


def test_a_model_that_it_does_not_take(program, model):
    model.write_text("model")
    with pytest.raises(EngineError, match="tensor 'a' is missing") as e:
        LlamaServer(program, model)
    assert not isinstance(e.value, ChatTemplateRefusedError)


def test_one_that_never_gets_ready(program, model):
    model.write_text("never ready")
    with pytest.raises(EngineError, match="did not answer within 1 s"):
        LlamaServer(program, model, patience=1.0)


def test_something_that_is_no_program(tmp_path, model):
    path = tmp_path / "llama-server"
    path.write_text("no program")
    with pytest.raises(EngineError, match="cannot be started"):
        LlamaServer(path, model)


# -- where it is ------------------------------------------------------------------------------------


def put(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_the_variable_comes_first(tmp_path, monkeypatch):
    named = put(tmp_path / "named")
    monkeypatch.setenv(PROGRAM_VARIABLE, str(named))
    assert find_llama_server() == named
    monkeypatch.setenv(PROGRAM_VARIABLE, str(tmp_path / "missing"))
    with pytest.raises(UsageError, match=PROGRAM_VARIABLE):
        find_llama_server()


def test_ollamas_own_comes_before_another_one(tmp_path, monkeypatch):
    monkeypatch.delenv(PROGRAM_VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert find_llama_server() is None
    other = put(tmp_path / "bin" / "llama-server")
    assert find_llama_server() == other
    put(tmp_path / "app" / "bin" / "ollama")
    (tmp_path / "bin" / "ollama").symlink_to(tmp_path / "app" / "bin" / "ollama")
    assert find_llama_server() == other
    own = put(tmp_path / "app" / "lib" / "ollama" / "llama-server")
    assert find_llama_server() == own
