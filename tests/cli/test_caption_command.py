"""`mkmodelfile caption`: what goes where, with a server that pytest-httpserver plays."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PIL import Image
from werkzeug import Response

from tests.cli.test_terminal import on_terminal

COLOURS = {"a": (255, 0, 0), "b": (0, 255, 0), "c": (0, 0, 255)}


class Ollama:
    """Says the number of bytes of each image; `hold` keeps answers back, `status` refuses."""

    def __init__(self, httpserver):
        self.asked = 0
        self.status, self.headers, self.words = 200, {}, ""
        self.hold = threading.Event()
        self.hold.set()
        self.begun = threading.Event()
        self.url = httpserver.url_for("/")
        shown = {"capabilities": ["completion", "vision"], "projector_info": {}, "model_info": {}}
        httpserver.expect_request("/api/show").respond_with_json(shown)
        httpserver.expect_request("/api/version").respond_with_json({"version": "0.34.4"})
        listed = {"models": [{"model": "m:latest", "digest": "d"}]}
        httpserver.expect_request("/api/tags").respond_with_json(listed)
        httpserver.expect_request("/api/chat").respond_with_handler(self._chat)

    def _chat(self, request):
        self.asked += 1
        self.begun.set()
        self.hold.wait(20)
        if self.status != 200:
            return Response(json.dumps({"error": self.words}), self.status, self.headers)
        size = len(json.loads(request.data)["messages"][-1]["images"][0])
        parts = [
            {"message": {"content": f"{size} "}},
            {"message": {"content": "bytes"}},
            {"message": {}, "done": True, "done_reason": "stop", "prompt_eval_count": 9, "eval_count": 2},
        ]
        return Response("".join(json.dumps(p) + "\n" for p in parts))


@pytest.fixture
def ollama(httpserver):
    playing = Ollama(httpserver)
    yield playing
    playing.hold.set()


@pytest.fixture
def pictures(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name, colour in COLOURS.items():
        Image.new("RGB", (40, 30), colour).save(folder / f"{name}.png")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


def test_answers_in_order_and_remembered(mkmodelfile, ollama, pictures):
    done = mkmodelfile("caption", "pictures", "--model", "m", "--host", ollama.url)
    assert done.code == 0, done.err
    named = [line.partition(":")[0] for line in done.out.splitlines()]
    assert named == [f"pictures/{n}.png" for n in COLOURS]
    assert done.out.count(" bytes") == 3
    assert "3 images: 3 described, 0 known from before" in done.err
    again = mkmodelfile("caption", "pictures", "--model", "m", "--host", ollama.url)
    assert (again.out, ollama.asked) == (done.out, 3)
    assert "0 described, 3 known from before" in again.err
    mkmodelfile("caption", "pictures", "--model", "m", "--host", ollama.url, "--no-cache")
    assert ollama.asked == 6


def test_a_json_object_a_line(mkmodelfile, ollama, pictures):
    (pictures / "bad.png").write_bytes(b"not an image")
    done = mkmodelfile("caption", "pictures", "--model", "m", "--host", ollama.url, "--format", "jsonl")
    assert done.code == 1
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert [r["file"] for r in rows] == [f"pictures/{n}.png" for n in ("a", "b", "bad", "c")]
    first = rows[0]
    assert first["caption"].endswith("bytes")
    assert first["tokens"] == {"image": None, "prompt": 9, "answer": 2}
    assert first["image"]["size"] == [40, 30]
    assert first["finish"] == "stop"
    assert [r["error"]["code"] for r in rows if "error" in r] == ["MK891"]
    assert "pictures/bad.png: error MK891" in done.err
    assert "1 not described" in done.err


def test_a_package_names_its_model(mkmodelfile, ollama, pictures, package):
    (package / "mkmodelfile.yaml").write_text("name: m\nmodel: micro-glm4v.gguf\n")
    done = mkmodelfile("caption", "pictures/a.png", "--package", package, "--host", ollama.url)
    assert (done.code, ollama.asked) == (0, 1)


def test_a_packages_projector_counts_for_another_server(mkmodelfile, httpserver, pictures, package):
    httpserver.expect_request("/v1/models").respond_with_json({"data": [{"id": "x"}]})
    piece = {"choices": [{"delta": {"content": "red"}, "finish_reason": "stop"}]}
    httpserver.expect_request("/v1/chat/completions").respond_with_data(f"data: {json.dumps(piece)}\n\n")
    Image.new("RGB", (560, 280)).save(pictures / "large.png")
    line = ("caption", "pictures/large.png", "--url", httpserver.url_for("/v1"), "--format", "jsonl")
    done = mkmodelfile(*line, "--package", package)
    assert done.code == 0, done.err
    assert json.loads(done.out)["tokens"]["image"] == 20 * 10  # steps of 28
    done = mkmodelfile(*line, "--package", package, "--image-tokens", "50")
    assert 40 <= json.loads(done.out)["tokens"]["image"] <= 50
    done = mkmodelfile(*line, "--image-tokens", "50")
    assert done.code == 2
    assert "--longest-side" in done.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "--model NAME, --package PACKAGE, or --url URL"),
        (("--model", "m", "--url", "http://a", "--host", "b"), "two servers"),
        (("--url", "nonsense"), "'nonsense' is not the address of a server"),
        (("--model", "m", "--quality", "99"), "--quality"),
        (("--model", "m", "--temperature", "nan"), "'nan' is not a finite number"),
        (("--model", "m", "--temperature", "inf"), "'inf' is not a finite number"),
    ],
)
def test_wrong_usage(mkmodelfile, pictures, arguments, words):
    done = mkmodelfile("caption", "pictures", *arguments)
    assert done.code == 2
    assert words in done.err


@pytest.mark.parametrize(
    ("status", "headers", "words", "code", "said"),
    [
        (401, {}, "unauthorized", "MK861", "unauthorized"),
        (429, {"Retry-After": "7200"}, "slow down", "MK890", "slow down"),
        (404, {}, "model 'm' not found", "MK808", "has no model 'm'"),
    ],
)
def test_a_refusal_is_said_once(mkmodelfile, ollama, pictures, status, headers, words, code, said):
    ollama.status, ollama.headers, ollama.words = status, headers, words
    done = mkmodelfile("caption", "pictures", "--model", "m", "--host", ollama.url, "--jobs", "1")
    assert (done.code, ollama.asked) == (1, 1)
    assert done.out == ""
    assert done.err.count(said) == 1
    assert done.err.count(code) == 1


def test_a_refused_image_is_named(mkmodelfile, ollama, pictures):
    ollama.status, ollama.words = 400, "Failed to load image or audio file"
    done = mkmodelfile("caption", "pictures", "--model", "m", "--host", ollama.url)
    assert done.code == 1
    named = [line.partition(":")[0] for line in done.err.splitlines() if "error MK" in line]
    assert named == [f"pictures/{n}.png" for n in COLOURS]


def test_answers_that_cannot_be_remembered(mkmodelfile, ollama, pictures, tmp_path):
    (tmp_path / "taken").mkdir()
    for number in range(256):
        (tmp_path / "taken" / f"{number:02x}").write_bytes(b"")
    line = ("caption", "pictures", "--model", "m", "--host", ollama.url)
    done = mkmodelfile(*line, "--cache", tmp_path / "taken")
    assert done.code != 0
    assert "the answers cannot be remembered" in done.err
    assert "--no-cache" in done.err


def test_an_empty_folder(mkmodelfile, ollama, tmp_path):
    (tmp_path / "empty").mkdir()
    done = mkmodelfile("caption", tmp_path / "empty", "--model", "m", "--host", ollama.url)
    assert done.code == 1
    assert "MK893" in done.err
    assert ollama.asked == 0


def test_nobody_answers(mkmodelfile, pictures):
    done = mkmodelfile("caption", "pictures", "--model", "m", "--host", "127.0.0.1:9")
    assert done.code == 2
    assert done.err.count("no Ollama server answers") == 1


def test_on_a_terminal_an_answer_comes_in_pieces(ollama, pictures):
    command = ("caption", str(pictures), "--model", "m", "--host", ollama.url, "--cache", str(pictures / "c"))
    seen = on_terminal("-m", "modelfile_kit", *command)
    lines = [line for line in seen.splitlines() if " bytes" in line]
    assert [Path(line.partition(":")[0]).name for line in lines] == [f"{n}.png" for n in COLOURS]
    assert all(line.count(" bytes") == 1 for line in lines)


def test_ctrl_c_leaves_nothing_half_written(ollama, pictures, tmp_path):
    ollama.hold.clear()
    command = ["caption", str(pictures), "--model", "m", "--host", ollama.url, "--cache", str(tmp_path / "c")]
    process = subprocess.Popen(
        [sys.executable, "-m", "modelfile_kit", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert ollama.begun.wait(30)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)  # though no answer has come
    assert process.returncode == 130
    assert out == ""
    assert "3 left; the same command goes on from here" in err
    assert "Traceback" not in err
    assert not list((tmp_path / "c").rglob("*"))
