"""`mkmodelfile caption` with the micro model on a real Ollama, by /api and by /v1, and on llama-server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from modelfile_kit.micro import MicroPair
from modelfile_kit.runtime.ollama.client import OllamaServer
from modelfile_kit.vision.colour_images import COLOURS, named
from tests.ollama_process import OllamaProcess
from tests.vision.test_image_tokens import _llama_server
from tests.zoo.engine import LlamaServer

pytestmark = pytest.mark.server

NAME = "captioned"
QUESTION = "What colour is this picture? Answer with one word."
# With `make soak` the number that a user has.
COUNT = 500 if os.environ.get("MKMODELFILE_SOAK") == "1" else 24
# Runs a command line and writes the most memory that it had, in KiB, as the last line.
MEASURED = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""
PEAK_KIB = 256 << 10  # Python with Pillow and httpx has some 70 MiB; 500 images of 3 megapixels had 160


@pytest.fixture
def model(
    ollama_process: OllamaProcess, ollama_server: OllamaServer, micro_pair: MicroPair, tmp_path: Path
) -> str:
    path = tmp_path / "Modelfile"
    path.write_text(f"FROM {micro_pair.model}\nFROM {micro_pair.projector}\n", encoding="utf-8")
    ollama_process.run("create", NAME, "-f", str(path))
    return NAME


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images of a colour each, no two alike, in three formats."""
    folder = tmp_path_factory.mktemp("pictures")
    for n in range(COUNT):
        colour = list(COLOURS)[n % len(COLOURS)]
        number = n // len(COLOURS)
        shade = [
            abs(c - more) for c, more in zip(COLOURS[colour], (number % 10, number // 10, 0), strict=True)
        ]
        picture = Image.new("RGB", (600 + n % 7, 600), tuple(shade))
        picture.save(folder / f"{n:03}-{colour}.{('png', 'jpg', 'webp')[n % 3]}")
    return folder


def command(pictures: Path, cache: Path, *more: str) -> list[str]:
    line = ["caption", str(pictures), "--format", "jsonl", "--question", QUESTION, "--longest-side", "112"]
    return [sys.executable, "-m", "modelfile_kit", *line, "--max-tokens", "20", "--cache", str(cache), *more]


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **more}


def rows_of(text: str) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in text.splitlines()]
    assert [r["file"] for r in rows] == sorted(r["file"] for r in rows)
    for row in rows:
        assert named(row["caption"], tuple(COLOURS)) == Path(row["file"]).stem.partition("-")[2], row
        assert row["tokens"]["image"] == 16, row  # 112 pixels are 4 steps of 28
    return rows


def test_killed_and_resumed_without_asking_twice(
    ollama_process: OllamaProcess, model: str, pictures: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    line = command(pictures, cache, "--model", model, "--host", ollama_process.host)

    def asked() -> int:
        return ollama_process.log.read_text(errors="replace").count('"/api/chat"')

    before = asked()
    process = subprocess.Popen(line, env=environment(), stdout=subprocess.DEVNULL)
    while len(list(cache.rglob("*.json"))) < COUNT // 3 and process.poll() is None:
        time.sleep(0.02)
    process.kill()
    assert process.wait() == -9
    known = len(list(cache.rglob("*.json")))
    assert known < COUNT
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *line], env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert len(rows_of(done.stdout)) == COUNT
    assert f"{COUNT} images: " in done.stderr
    assert sum(row["cached"] for row in rows_of(done.stdout)) >= known
    # What was in work when it was killed had no answer yet: at most one a job, and two jobs are the default.
    # A JPEG can come out like another one; it is not asked about again either.
    answers = len(list(cache.rglob("*.json")))
    assert answers > COUNT * 3 // 4
    assert answers <= asked() - before <= answers + 2
    assert int(done.stderr.split()[-1]) < PEAK_KIB


@pytest.fixture
def other_server(
    request: pytest.FixtureRequest, ollama_process: OllamaProcess, model: str, micro_pair: MicroPair
) -> Iterator[tuple[str, ...]]:
    """The options that name a server with OpenAI's API."""
    if request.param == "ollama":
        yield "--url", f"{ollama_process.url}/v1", "--model", model
        return
    with LlamaServer(_llama_server(), micro_pair.model, micro_pair.projector) as server:
        assert not server.words
        yield "--url", f"http://127.0.0.1:{server.port}"


@pytest.mark.parametrize("other_server", ["ollama", "llama-server"], indirect=True)
def test_behind_openais_api(
    other_server: tuple[str, ...], pictures: Path, micro_pair: MicroPair, tmp_path: Path
) -> None:
    package = tmp_path / "mkmodelfile.yaml"
    package.write_text(f"name: any\nmodel: {micro_pair.model}\nprojector: {micro_pair.projector}\n")
    few = tmp_path / "few"
    few.mkdir()
    for path in sorted(pictures.iterdir())[:6]:
        (few / path.name).symlink_to(path)
    line = command(few, tmp_path / "cache", *other_server, "--package", str(package))
    done = subprocess.run(line, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for row in rows_of(done.stdout):
        assert row["tokens"]["prompt"] > 16
        assert row["finish"] == "stop"


def test_a_model_without_a_projector(
    ollama_process: OllamaProcess,
    ollama_server: OllamaServer,
    micro_pair: MicroPair,
    pictures: Path,
    tmp_path: Path,
) -> None:
    path = tmp_path / "Modelfile"
    path.write_text(f"FROM {micro_pair.model}\n", encoding="utf-8")
    ollama_process.run("create", "blind", "-f", str(path))
    line = command(pictures, tmp_path / "cache", "--model", "blind", "--host", ollama_process.host)
    done = subprocess.run(line, env=environment(), capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert "MK820" in done.stderr
    with LlamaServer(_llama_server(), micro_pair.model) as server:
        line = command(pictures, tmp_path / "cache", "--url", f"http://127.0.0.1:{server.port}")
        done = subprocess.run(line, env=environment(), capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("image input is not supported") == 1
