"""`serve` as a command: what it prints and refuses; tests/integration runs it on a real llama-server."""

from __future__ import annotations

import json
import os
import shlex

import pytest

from tests.serve.conftest import stand_in  # noqa: F401

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows starts no script by its #! line")


@pytest.mark.parametrize("form", ["shell", "compose", "systemd", "docker"])
def test_it_prints_and_runs_nothing(form, mkmodelfile, package, stand_in):  # noqa: F811
    done = mkmodelfile("serve", package, "--llama-server", stand_in, "--print", form)
    assert done.code == 0, done.err
    template = package / "build" / "tiny" / "chat_template.jinja"
    assert '"Be brief."' in template.read_text()
    assert str(template) in done.out
    # what this old program does not know is not printed, and said
    assert "--jinja" not in done.out and "does not know --jinja" in done.err


def test_the_chat_template_is_written_only_where_it_is_needed(mkmodelfile, package, stand_in):  # noqa: F811
    (package / "mkmodelfile.yaml").write_text("name: tiny\nmodel: micro-glm4v.gguf\n")
    done = mkmodelfile("serve", package, "--llama-server", stand_in, "--print", "shell", "--context", "512")
    words = shlex.split(done.out.replace("\\\n", ""))
    assert words[words.index("--ctx-size") + 1] == "512"
    assert "--chat-template-file" not in words
    assert not (package / "build").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--gpu-layers", "some"), 2, "neither a number of layers nor `all`"),
        (("--gpu-layers", "²"), 2, "neither a number of layers nor `all`"),
        (("--port", "99999"), 2, "99999"),
        (("--llama-server", "missing"), 2, "file not found"),
        (("--api-key-file", "missing"), 2, "the API keys cannot be read"),
        (("--model", "missing.gguf"), 1, "missing.gguf"),
        (("--projector", "micro-glm4v.gguf"), 1, "MK4"),
        (("--host", "no such host!"), 1, "MK866"),
    ],
)
def test_bad_input_is_one_message(arguments, code, words, mkmodelfile, package, stand_in, monkeypatch):  # noqa: F811
    monkeypatch.chdir(package)
    program = () if "--llama-server" in arguments else ("--llama-server", stand_in)
    done = mkmodelfile("serve", ".", *program, *arguments)
    assert (done.code, done.out) == (code, ""), done.err
    assert words in done.err and done.err.count("error MK") == 1


@pytest.mark.parametrize(("fault", "code"), [("known", "MK404"), ("unknown", "MK886")])
def test_a_death_shows_its_last_lines(fault, code, mkmodelfile, package, stand_in, monkeypatch):  # noqa: F811
    monkeypatch.setenv("STAND_IN_FAULT", fault)
    done = mkmodelfile("serve", package, "--port", "0", "--llama-server", stand_in)
    assert done.code == 1 and f"error {code}" in done.err
    assert "the last lines of its log:\n  " in done.err
    whole = mkmodelfile("serve", package, "--port", "0", "--llama-server", stand_in, "-v")
    assert "the last lines of its log" not in whole.err and whole.err.count("loading") >= 1


def page(httpserver, status, text, kind):
    httpserver.expect_request("/v1/models").respond_with_data(text, status, content_type=kind)
    return httpserver.url_for("/v1")


@pytest.mark.parametrize(
    ("status", "text", "code", "exit_code"),
    [
        (200, "<!doctype html><title>Router</title>", "MK804", 2),
        (200, '{"hello": 1}', "MK804", 2),
        (401, '{"error": {"message": "Invalid API Key"}}', "MK861", 1),
        (429, '{"error": {"message": "slow down"}}', "MK890", 1),
    ],
)
def test_a_server_that_cannot_be_checked_is_one_message(
    status, text, code, exit_code, mkmodelfile, httpserver
):
    kind = "text/html" if "<" in text else "application/json"
    done = mkmodelfile("serve", "--check", page(httpserver, status, text, kind))
    assert (done.code, done.err.count("error MK")) == (exit_code, 1), done.err
    assert f"error {code}" in done.err


def test_check_where_nobody_answers(mkmodelfile):
    done = mkmodelfile("serve", "--check", "http://127.0.0.1:1/v1")
    assert done.code == 2 and "error MK802" in done.err


def test_the_key_of_a_file_is_sent(mkmodelfile, httpserver, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-elsewhere")
    (tmp_path / "keys").write_text("sk-of-the-file\n")
    url = page(httpserver, 401, '{"error": {"message": "no"}}', "application/json")
    done = mkmodelfile("serve", "--check", url, "--api-key-file", tmp_path / "keys")
    assert httpserver.log[0][0].headers["Authorization"] == "Bearer sk-of-the-file"
    assert "sk-of-the-file" not in done.out + done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("--check", "http://127.0.0.1:1", "--model", "m.gguf"),
        (".", "--package", "."),
        (".", "--print", "shell", "--check"),
        (".", "--print", "shell", "--port", "0"),
        ("--check", "ftp://127.0.0.1"),
    ],
)
def test_options_that_do_not_go_together(arguments, mkmodelfile):
    done = mkmodelfile("serve", *arguments)
    assert done.code == 2 and "MK901" in done.err


def test_what_stops_a_check_comes_in_the_asked_format(mkmodelfile, httpserver, package, stand_in):  # noqa: F811
    url = page(httpserver, 401, '{"error": {"message": "no"}}', "application/json")
    done = mkmodelfile("serve", "--check", url, "--format", "json")
    assert (done.code, json.loads(done.out)["ok"]) == (1, False)
    assert "MK861" in done.out
    arguments = ("--llama-server", stand_in, "--projector", "micro-glm4v.gguf", "--format", "json")
    done = mkmodelfile("serve", "--check", package, *arguments)
    assert (done.code, json.loads(done.out)["ok"]) == (1, False)
