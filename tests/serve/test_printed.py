"""Each printed form is read by what it is for: sh, a YAML parser, docker's own rules, systemd."""

from __future__ import annotations

import argparse
import csv
import dataclasses
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from modelfile_kit.core.errors import UsageError
from modelfile_kit.serve.command_line import CommandLine, Option
from modelfile_kit.serve.printed import compose, docker, shell, systemd
from modelfile_kit.serve.program import LLAMA_SERVER, PYTHON_SERVER, Program

# Everything that one of the four could take for its own: quotes, variables, specifiers, commas, line ends.
NASTY = "a \"b\" 'c' $HOME ${X} `id` %h %% \\n x,y; # & | > * ~ 中"
STOPS = (NASTY, "</answer>", "two\nlines", "-r")
TEMPLATE = Path("/packages/my model/chat, template.jinja")


@pytest.fixture
def line(tmp_path):
    program = tmp_path / "llama $erver"
    program.write_text("#!/bin/sh\nfor word; do printf '%s\\0' \"$word\"; done\n")
    program.chmod(0o755)
    options = (
        Option("--model", "/packages/my model/$m, 50%.gguf", file=True),
        Option("--mmproj", "/elsewhere/mmproj.gguf", file=True),
        Option("--host", "127.0.0.1"),
        Option("--port", "8080"),
        Option("--jinja"),
        *(Option("--reverse-prompt", stop) for stop in STOPS),
    )
    found = Program(LLAMA_SERVER, (str(program),), "", "1")
    return CommandLine(found, "org/my model:v1", "127.0.0.1", 8080, "x", 4096, options, template="text")


def expected(line):
    return line.words(TEMPLATE)[1:]


def test_a_shell_runs_the_very_words(line):
    done = subprocess.run(["sh", "-c", shell(line, TEMPLATE)], capture_output=True, check=True)
    assert done.stdout.decode().split("\0")[:-1] == expected(line)


def test_a_key_is_named_and_never_printed(line):
    for form in (shell, compose, docker, systemd):
        assert "LLAMA_API_KEY" in form(line, TEMPLATE, key=True)
        assert "LLAMA_API_KEY" not in form(line, TEMPLATE)
    done = subprocess.run(["sh", "-c", shell(line, TEMPLATE, key=True)], capture_output=True, check=True)
    assert done.stdout.decode().split("\0")[:-1] == expected(line)


def undollared(value):
    """As compose reads a text: `$$` is a dollar, anything else behind one would be a variable."""
    assert re.fullmatch(r"(?:[^$]|\$\$)*", value, re.DOTALL)
    return value.replace("$$", "$")


def contained(line):
    """The words in the container, by hand: files have their names under /models, the host is every one."""
    words = expected(line)
    names = {
        "/packages/my model/$m, 50%.gguf": "/models/$m, 50%.gguf",
        "/elsewhere/mmproj.gguf": "/models/mmproj.gguf",
        str(TEMPLATE): "/models/chat, template.jinja",
        "127.0.0.1": "0.0.0.0",
    }
    return [names.get(word, word) for word in words], names


def test_a_compose_file(line):
    [(name, service)] = yaml.safe_load(compose(line, TEMPLATE))["services"].items()
    words, names = contained(line)
    assert re.fullmatch(r"[a-zA-Z0-9._-]+", name)
    assert service["image"].startswith("ghcr.io/ggml-org/llama.cpp:server")
    assert service["ports"] == ["127.0.0.1:8080:8080"]
    assert [undollared(word) for word in service["command"]] == words
    mounts = {undollared(v["source"]): undollared(v["target"]) for v in service["volumes"]}
    assert mounts == {k: v for k, v in names.items() if k.startswith("/")}
    assert all(v["type"] == "bind" and v["read_only"] is True for v in service["volumes"])
    assert "deploy" not in service and "environment" not in service
    [service] = yaml.safe_load(compose(dataclasses.replace(line, gpu=True), None, key=True))[
        "services"
    ].values()
    [device] = service["deploy"]["resources"]["reservations"]["devices"]
    assert device == {"driver": "nvidia", "count": "all", "capabilities": ["gpu"]}
    assert service["environment"] == ["LLAMA_API_KEY"]
    assert service["image"].endswith("cuda")


def read_docker(text):
    """The words that sh gives to `docker run`, read as its manual says, as far as it is used here."""
    assert text.startswith("docker run ")
    run = text.replace("docker run", "printf '%s\\0'", 1)
    words = (
        subprocess.run(["sh", "-c", run], capture_output=True, check=True).stdout.decode().split("\0")[:-1]
    )
    parser = argparse.ArgumentParser(prog="docker run", allow_abbrev=False)
    for flag in ("--rm", "--init"):
        parser.add_argument(flag, action="store_true", required=True)
    for name in ("--name", "--publish", "--gpus"):
        parser.add_argument(name)
    for name in ("--env", "--mount"):
        parser.add_argument(name, action="append", default=[])
    parser.add_argument("image")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    return parser.parse_args(words)


def test_a_docker_command(line):
    read = read_docker(docker(line, TEMPLATE, key=True))
    right, names = contained(line)
    assert read.command == right
    assert read.publish == "127.0.0.1:8080:8080"
    assert (read.env, read.gpus) == (["LLAMA_API_KEY"], None)
    mounts = {}
    for text in read.mount:
        [fields] = csv.reader([text])
        found = dict(field.split("=", 1) for field in fields if "=" in field)
        assert found["type"] == "bind" and "readonly" in fields
        mounts[found["src"]] = found["dst"]
    assert mounts == {k: v for k, v in names.items() if k.startswith("/")}


def test_files_of_one_name_and_split_models(line):
    options = (Option("--model", "/a/x.gguf", True), Option("--mmproj", "/b/x.gguf", True))
    parts = (Path("/a/x-00002-of-00002.gguf"),)
    read = read_docker(docker(dataclasses.replace(line, options=options, parts=parts, template=None), None))
    assert read.command == ["--model", "/models/x.gguf", "--mmproj", "/models/2/x.gguf"]
    assert [m.split("dst=")[1].split(",")[0] for m in read.mount] == [
        "/models/x.gguf",
        "/models/2/x.gguf",
        "/models/x-00002-of-00002.gguf",
    ]


def unit_words(text):
    """ExecStart as systemd.service and systemd.syntax describe it, written down by hand.

    Variables are not looked for in the program's own path.
    """
    words, word, quoted, i = [], None, False, 0
    while i < len(text):
        c = text[i]
        if c == "\\":
            i += 1
            word = (word or "") + {"n": "\n", "t": "\t", "r": "\r"}.get(text[i], text[i])
        elif c == '"':
            quoted, word = not quoted, word or ""
        elif c.isspace() and not quoted:
            words += [] if word is None else [word]
            word = None
        else:
            if c == "%" or (c == "$" and words):
                assert text[i + 1] == c, f"a specifier or a variable at {text[i:]!r}"
                i += 1
            word = (word or "") + c
        i += 1
    return [*words, *([] if word is None else [word])]


def test_a_unit_of_systemd(line, tmp_path):
    unit = systemd(line, TEMPLATE)
    lines = unit.replace("\\\n", " ").splitlines()
    [start] = [row.removeprefix("ExecStart=") for row in lines if row.startswith("ExecStart=")]
    assert unit_words(start) == line.words(TEMPLATE)
    assert [row for row in lines if row.startswith("[")] == ["[Unit]", "[Service]", "[Install]"]
    if shutil.which("systemd-analyze"):  # a second judge where it is; few machines for tests have systemd
        file = tmp_path / "model.service"
        file.write_text(unit, encoding="utf-8")
        done = subprocess.run(["systemd-analyze", "verify", str(file)], capture_output=True, text=True)
        assert "model.service" not in done.stderr, done.stderr


def test_a_container_has_no_python_server(line):
    python = dataclasses.replace(line, program=Program(PYTHON_SERVER, ("python",), "", ""))
    for form in (docker, compose):
        with pytest.raises(UsageError, match="a container runs llama-server"):
            form(python, None)
    assert shell(python, None).startswith("python")
