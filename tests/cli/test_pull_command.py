"""`pull`: which files, where to, and what is left after every kind of end."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from modelfile_kit.cli.progress import progress_line
from modelfile_kit.core import http_client
from modelfile_kit.sources import places
from modelfile_kit.sources.hub import cache_folder

NAME = "hf.co/org/micro-GGUF"
MIB = 1 << 20


@pytest.fixture
def repo(hub, pair, tmp_path, monkeypatch):
    """Two quantizations, two projectors of which one is another model's, and a tokenizer."""
    places._REMOTE.clear()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    model, projector = pair.model.read_bytes(), pair.projector.read_bytes()
    files = {
        "micro-glm4v-Q4_K_M.gguf": model,
        "micro-glm4v-Q8_0.gguf": model + bytes(32),
        "mmproj-micro-glm4v-F16.gguf": projector,
        "mmproj-micro-glm4v-F32.gguf": projector + bytes(32),
        "tokenizer.json": b"{}",
        "README.md": b"about",
    }
    return hub.add("org/micro-GGUF", files)


def cached() -> list[str]:
    return sorted(p.name for p in (cache_folder() / "models--org--micro-GGUF" / "snapshots").glob("*/*"))


def test_the_usual_quantization_and_the_projector_of_a_build(mkmodelfile, hub, repo) -> None:
    done = mkmodelfile("pull", NAME)
    assert done.code == 0, done.err
    assert cached() == ["micro-glm4v-Q4_K_M.gguf", "mmproj-micro-glm4v-F16.gguf"]
    assert [Path(line).name for line in done.out.splitlines()] == cached()
    assert "there are Q8_0 too" in done.err and "not fetched: mmproj-micro-glm4v-F32.gguf" in done.err
    before = len(hub.cdn.asked)
    assert mkmodelfile("pull", NAME).out == done.out and len(hub.cdn.asked) == before


@pytest.mark.parametrize(
    ("options", "files"),
    [
        (["--projector", "none"], ["micro-glm4v-Q8_0.gguf"]),
        (
            ["--projector", "mmproj-micro-glm4v-F32.gguf"],
            ["micro-glm4v-Q8_0.gguf", "mmproj-micro-glm4v-F32.gguf"],
        ),
        (
            ["--projector", "all", "--tokenizer"],
            [
                *("micro-glm4v-Q8_0.gguf", "mmproj-micro-glm4v-F16.gguf", "mmproj-micro-glm4v-F32.gguf"),
                "tokenizer.json",
            ],
        ),
    ],
)
def test_what_is_asked_for(mkmodelfile, repo, options, files, tmp_path) -> None:
    done = mkmodelfile("pull", f"{NAME}:q8_0", "-o", "here", *options)
    assert done.code == 0, done.err
    assert sorted(p.name for p in (tmp_path / "here").iterdir()) == files
    assert all((tmp_path / "here" / f).read_bytes() == repo.files[f] for f in files)
    assert mkmodelfile("pull", f"{NAME}:q8_0", "-o", "here", *options).code == 0


def test_all_parts(mkmodelfile, hub, repo) -> None:
    parts = {f"big-Q4_0-{n:05d}-of-00003.gguf": bytes([n]) * 5000 for n in (1, 2, 3)}
    hub.add("org/split-GGUF", parts)
    done = mkmodelfile("pull", "hf.co/org/split-GGUF", "-o", "out")
    assert done.code == 0, done.err
    assert {p.name: p.read_bytes() for p in Path("out").iterdir()} == parts


def test_a_package(mkmodelfile, repo) -> None:
    Path("mkmodelfile.yaml").write_text(f"name: tiny\nmodel: {NAME}:Q8_0\nprojector: auto\n")
    done = mkmodelfile("pull", ".")
    assert done.code == 0, done.err
    assert cached() == ["micro-glm4v-Q8_0.gguf", "mmproj-micro-glm4v-F16.gguf"]


def test_a_dry_run(mkmodelfile, hub, repo) -> None:
    done = mkmodelfile("pull", NAME, "--dry-run", "--format", "json")
    files = json.loads(done.out)["facts"]["files"]
    assert [f["name"].rpartition("/")[2] for f in files] == [
        "micro-glm4v-Q4_K_M.gguf",
        "mmproj-micro-glm4v-F16.gguf",
    ]
    for file in files:
        data = repo.files[file["name"].rpartition("/")[2]]
        assert file["size"] == len(data) and not file["here"]
        assert file["digest"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert not list(cache_folder().rglob("*.gguf"))
    shown = mkmodelfile("pull", NAME, "--dry-run")
    assert shown.code == 0 and "micro-glm4v-Q4_K_M.gguf -> " in shown.out and "to fetch of" in shown.err


def test_what_is_refused(mkmodelfile, repo, tmp_path, monkeypatch) -> None:
    for arguments, words in (
        ([f"{NAME}:Q5_K_M"], "has no quantization Q5_K_M"),
        (["none.gguf"], "is a path, expected a name"),
        ([NAME, "--projector", "x.gguf"], "there is no projector 'x.gguf'"),
        ([str(tmp_path)], "no mkmodelfile.yaml in this folder"),
    ):
        done = mkmodelfile("pull", *arguments)
        assert done.code != 0 and words in done.err, done
    (tmp_path / "micro-glm4v-Q4_K_M.gguf").write_bytes(b"mine")
    done = mkmodelfile("pull", NAME, "-o", ".")
    assert done.code == 2 and "exists already, and is not hf.co/org" in done.err
    assert (tmp_path / "micro-glm4v-Q4_K_M.gguf").read_bytes() == b"mine"
    assert not list(tmp_path.glob("mmproj*"))
    from modelfile_kit.cli import pull_command

    monkeypatch.setattr(pull_command, "free_bytes", lambda _: 1000)
    done = mkmodelfile("pull", NAME)
    assert done.code == 2 and "MK492" in done.err and "needs" in done.err


def test_two_files_of_one_name(mkmodelfile, hub, repo) -> None:
    hub.add("org/other-GGUF", {"micro-glm4v-Q4_K_M.gguf": bytes(5000)})
    done = mkmodelfile("pull", NAME, "hf.co/org/other-GGUF", "-o", "x")
    assert done.code == 2 and "would both be" in done.err and not Path("x").exists()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="signals of Unix")
@pytest.mark.parametrize("ending", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_ended_in_the_middle_and_again(hub, tmp_path, ending, monkeypatch) -> None:
    """Two files' worth of connections; what is fetched twice is at most a piece of each."""
    data = random.Random(9).randbytes(48 * MIB)
    hub.add("org/large-GGUF", {"l-Q4_K_M.gguf": data})
    command = [sys.executable, "-m", "modelfile_kit", "pull", "hf.co/org/large-GGUF", "-o", "out"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, env=slow(hub))
    until = time.monotonic() + 60
    while hub.cdn.sent() < 12 * MIB and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(getattr(signal, ending))
    process.communicate(timeout=60)
    assert process.returncode == {"SIGKILL": -signal.SIGKILL}.get(ending, 130)
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["l-Q4_K_M.gguf.pieces"]
    hub.cdn.answer = type(hub.cdn).answer.__get__(hub.cdn)
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["l-Q4_K_M.gguf"]
    assert (tmp_path / "out" / "l-Q4_K_M.gguf").read_bytes() == data
    asked = sum(a.sent for a in hub.cdn.asked)
    assert asked <= len(data) + 4 * 8 * MIB


@pytest.mark.skipif(os.name == "nt", reason="Windows has no lock on the file that comes")
def test_two_at_once_fetch_it_once(hub, tmp_path) -> None:
    data = random.Random(10).randbytes(24 * MIB)
    hub.add("org/large-GGUF", {"l-Q4_K_M.gguf": data})
    command = [sys.executable, "-m", "modelfile_kit", "pull", "hf.co/org/large-GGUF", "-o", "out"]
    both = [
        subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, env=dict(os.environ))
        for _ in range(2)
    ]
    told = [process.communicate(timeout=100)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["l-Q4_K_M.gguf"]
    assert (tmp_path / "out" / "l-Q4_K_M.gguf").read_bytes() == data
    assert sum(asked.sent for asked in hub.cdn.asked) == len(data)


def test_a_server_that_drips_is_given_up_and_gone_on_with(
    mkmodelfile, hub, repo, tmp_path, monkeypatch
) -> None:
    """It sends a byte from time to time, so it is never silent."""
    monkeypatch.setattr(http_client, "RATE_SECONDS", 0.5)
    data = random.Random(11).randbytes(20 * MIB)
    hub.add("org/large-GGUF", {"l-Q4_K_M.gguf": data})
    answer, over = hub.cdn.answer, threading.Event()

    def drip(request) -> None:
        first, last = map(int, re.findall(r"[0-9]+", request.headers["Range"]))
        headers = {"ETag": '"x"', "Content-Range": f"bytes {first}-{last}/{len(data)}"}
        request.reply(206, {**headers, "Content-Length": str(last + 1 - first)})
        while not over.wait(0.1):
            request.write(data[first : first + 1])
            first += 1

    hub.cdn.answer = drip
    line = ("pull", "hf.co/org/large-GGUF", "-o", "out", "--min-rate", "1000")
    done = mkmodelfile(*line)
    over.set()
    assert done.code == 2
    assert "bytes came in" in done.err and "expected 1000 a second" in done.err
    assert {p.name for p in (tmp_path / "out").iterdir()} <= {"l-Q4_K_M.gguf.pieces"}
    hub.cdn.answer = answer
    assert mkmodelfile(*line).code == 0
    assert (tmp_path / "out" / "l-Q4_K_M.gguf").read_bytes() == data


def slow(hub) -> dict[str, str]:
    """The server waits before each answer after the first ones, so that the middle lasts."""
    answer = hub.cdn.answer

    def late(request) -> None:
        if hub.cdn.sent() > 12 * MIB:
            time.sleep(1)
        answer(request)

    hub.cdn.answer = late
    return dict(os.environ)


def test_a_line_of_progress() -> None:
    assert (
        progress_line("m", 3 << 30, 4 << 30, 1 << 30, 64) == "m: 3.00 GiB of 4.00 GiB, 16.0 MiB/s, 1:04 left"
    )
    assert progress_line("m", 1024, 0, 0, 0) == "m: 1.00 KiB"


def test_a_name_that_lacks_its_repository(mkmodelfile) -> None:
    done = mkmodelfile("pull", "hf.co/org")
    assert done.code == 2
    assert "did you mean `hf.co/org/REPO`?" in done.err
