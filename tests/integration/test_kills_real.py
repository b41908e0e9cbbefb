"""Publishes and rollbacks that are killed at random moments, and servers that are: no model is lost, and the
next publish, of another model, leaves nothing behind. MKMODELFILE_SOAK=1 kills 200 times each and fills
a disk.

MKMODELFILE_SEED chooses the moments.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest

from modelfile_kit.core.errors import ServerError
from modelfile_kit.publish.names import is_working_name
from modelfile_kit.publish.publish import publish
from modelfile_kit.runtime.ollama.client import OllamaServer
from tests.ollama_process import OllamaProcess

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(os.name == "nt", reason="Windows has no signals that end a process"),
]

SOAK = os.environ.get("MKMODELFILE_SOAK") == "1"
KILLS = int(os.environ.get("MKMODELFILE_KILLS") or (200 if SOAK else 8))
SERVER_KILLS = int(os.environ.get("MKMODELFILE_KILLS") or (200 if SOAK else 6))
SEED = int(os.environ.get("MKMODELFILE_SEED") or 1)
CLEAN = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# Imports once, and publishes each time in a process of its own.
PUBLISHING = """
import os, signal, sys
from modelfile_kit.core.interrupts import terminated_as_interrupted
from modelfile_kit.publish.keeping import roll_back
from modelfile_kit.publish.publish import publish
from modelfile_kit.runtime.ollama.client import OllamaServer
import httpcore, httpx, platformdirs

def work(path, host, name, way):
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background runs ignore it
    try:
        with terminated_as_interrupted(), OllamaServer(host) as server:
            print("begin", os.getpid(), flush=True)
            if way == "rollback":
                roll_back(server, name)
            else:
                publish(path, name, host=host, reuse=way == "reuse", verify=False)
            return 0
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        print(error, file=sys.stderr)
        return 1

for line in sys.stdin:
    if (child := os.fork()) == 0:
        os._exit(work(*line.split()))
    print("ended", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Publisher:
    """Publishes what it is told to, each time in a new process."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-c", PUBLISHING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def killed(self, seconds, sign, path, server, name, way):
        """Begins, and is sent the signal after so long, 0 for none; how the process ended."""
        self.process.stdin.write(f"{path} {server.url} {name} {way}\n")
        self.process.stdin.flush()
        word, number = self.process.stdout.readline().split()
        assert word == "begin"
        time.sleep(seconds)
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(number), sign)
        word, code = self.process.stdout.readline().split()
        assert word == "ended"
        return int(code)

    def close(self):
        self.process.communicate(timeout=60)


@pytest.fixture
def publisher():
    process = Publisher()
    yield process
    process.close()


@pytest.fixture(scope="module")
def mortal(tmp_path_factory, ollama_process):
    """A server of these tests alone."""
    process = OllamaProcess(ollama_process.program, tmp_path_factory.mktemp("mortal"))
    process.start()
    yield process
    process.stop()
    shutil.rmtree(process.folder, ignore_errors=True)


@pytest.fixture
def modelfile(tmp_path, micro_pair):
    def write(system):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.Modelfile"
        path.write_text(
            f"FROM {micro_pair.model}\nTEMPLATE {{{{ .Prompt }}}}\nSYSTEM {system}\n", encoding="utf-8"
        )
        return path

    return write


def working(server):
    return [name for m in server.models() if is_working_name(name := m["model"])]


def system_of(server, name):
    return server.show(name)["system"] if server.exists(name) else None


def test_publishes_that_are_killed(mortal, modelfile, publisher):
    chance = random.Random(SEED)
    lost, left, at_once = [], [], []
    ends: dict[int, int] = {}
    with OllamaServer(mortal.url) as server:
        publish(modelfile("other 0"), "other", host=mortal.url, verify=False)
        publish(modelfile("old"), "kept", host=mortal.url, verify=False)
        before = time.monotonic()
        publish(modelfile("older"), "kept", host=mortal.url, verify=False, reuse=False)
        span = 2 * (time.monotonic() - before)
        held = "older"
        for n in range(KILLS):
            sign = chance.choice((signal.SIGKILL, signal.SIGKILL, *CLEAN))
            way = chance.choice(("reuse", "files"))
            moment = chance.random() * span
            code = publisher.killed(moment, sign, modelfile(f"new {n}"), server, "kept", way)
            ends[code] = ends.get(code, 0) + 1
            found = system_of(server, "kept")
            if found not in (held, f"new {n}"):
                lost.append((n, sign.name, found))
                publish(modelfile(held), "kept", host=mortal.url, verify=False)
                found = held
            held = found
            if sign != signal.SIGKILL and (there := working(server)):
                at_once.append((n, sign.name, there))
            publish(modelfile(f"other {n + 1}"), "other", host=mortal.url, verify=False)
            if there := working(server):
                left.append((n, sign.name, there))
    print(f"{KILLS} kills, ends {ends}, lost {lost}, left {left}, after a clean end {at_once}")
    assert (lost, left, at_once) == ([], [], [])


def test_rollbacks_that_are_killed(mortal, modelfile, publisher):
    """One of the models is under the name and the other is kept, and the next publish leaves nothing else."""
    chance = random.Random(SEED + 3)
    lost, left = [], []
    ends: dict[int, int] = {}
    name, kept = "back", "back:latest-previous"
    with OllamaServer(mortal.url) as server:
        publish(modelfile("one"), name, host=mortal.url, verify=False)
        publish(modelfile("two"), name, host=mortal.url, verify=False, keep_previous=True)
        publish(modelfile("other"), "other", host=mortal.url, verify=False)
        path = modelfile("unused")
        for _ in range(2):  # the first time it imports
            before = time.monotonic()
            publisher.killed(0, 0, path, server, name, "rollback")
        span = 1.2 * (time.monotonic() - before)
        for n in range(KILLS):
            sign = chance.choice((signal.SIGKILL, signal.SIGKILL, *CLEAN))
            code = publisher.killed(chance.random() * span, sign, path, server, name, "rollback")
            ends[code] = ends.get(code, 0) + 1
            publish(modelfile(f"other {n}"), "other", host=mortal.url, verify=False)
            found = [system_of(server, name), system_of(server, kept)]
            if sorted(map(str, found)) != ["one", "two"]:
                lost.append((n, sign.name, found))
                publish(modelfile("one"), name, host=mortal.url, verify=False)
                publish(modelfile("two"), kept, host=mortal.url, verify=False)
            if there := working(server):
                left.append((n, sign.name, there))
    print(f"{KILLS} kills of a rollback, ends {ends}, lost {lost}, left {left}")
    assert (lost, left) == ([], [])


def test_servers_that_are_killed(mortal, modelfile):
    chance = random.Random(SEED + 1)
    lost, left = [], []
    publish(modelfile("old"), "served", host=mortal.url, verify=False)
    before = time.monotonic()
    publish(modelfile("older"), "served", host=mortal.url, verify=False, reuse=False)
    span = 1.2 * (time.monotonic() - before)
    held = "older"
    for n in range(SERVER_KILLS):
        timer = threading.Timer(chance.random() * span, lambda: mortal.stop(at_once=True))
        timer.start()
        path = modelfile(f"new {n}")
        with contextlib.suppress(ServerError):
            publish(path, "served", host=mortal.url, verify=False, reuse=chance.random() < 0.5)
        timer.join()
        mortal.start()
        publish(modelfile(f"other s{n}"), "other", host=mortal.url, verify=False)
        with OllamaServer(mortal.url) as server:
            found = system_of(server, "served")
            if found not in (held, f"new {n}"):
                lost.append((n, found))
                publish(modelfile(held), "served", host=mortal.url, verify=False)
                found = held
            held = found
            if there := working(server):
                left.append((n, there))
    print(f"{SERVER_KILLS} kills of the server, lost {lost}, left {left}")
    assert (lost, left) == ([], [])


def test_two_publishers_of_one_name(mortal, modelfile):
    """Each success is whole: the name has what one of the two published, and nothing is left."""
    with OllamaServer(mortal.url) as server:
        for n in range(KILLS // 4):
            systems = (f"a {n}", f"b {n}")
            failed: list[ServerError] = []

            def work(path, failed=failed):
                try:
                    publish(path, "shared", host=mortal.url, verify=False)
                except ServerError as e:
                    failed.append(e)

            paths = [modelfile(system) for system in systems]
            threads = [threading.Thread(target=work, args=(path,)) for path in paths]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert failed == []
            assert system_of(server, "shared") in systems
            assert working(server) == []


def test_a_model_that_is_deleted_meanwhile(mortal, modelfile):
    """Whoever deletes the old model while the new one is made does not stop it, and loses nothing else."""
    chance = random.Random(SEED + 2)
    with OllamaServer(mortal.url) as server:
        for n in range(KILLS // 4):
            publish(modelfile("old"), "deleted", host=mortal.url, verify=False)
            timer = threading.Timer(chance.random() * 0.3, lambda: _deleted(server))
            timer.start()
            failed = []
            try:
                publish(modelfile(f"new {n}"), "deleted", host=mortal.url, verify=False, reuse=n % 2 == 0)
            except ServerError as e:
                failed.append(e.code)
            timer.join()
            assert system_of(server, "deleted") in (None, f"new {n}")
            assert not failed or server.exists("deleted") is False
            assert working(server) == []
            assert server.exists("other")


def _deleted(server):
    with contextlib.suppress(ServerError), OllamaServer(server.url) as another:
        another.delete("deleted")


if SOAK:  # it mounts a file system, as root

    def test_a_full_disk(tmp_path, ollama_process, modelfile, micro_pair):
        """At every size the publish is done or the old model is there, and the next one leaves nothing."""
        folder = tmp_path / "small"
        process = OllamaProcess(ollama_process.program, folder)
        process.models.mkdir()
        size = micro_pair.model.stat().st_size
        room = 4 * size
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={room}", "tmpfs", str(process.models)], check=True
        )
        outcomes = []
        try:
            process.start()
            filler = process.models / "filler"
            publish(modelfile("old"), "kept", host=process.url, verify=False)
            held = "old"
            with OllamaServer(process.url) as server:
                for n in range(40):
                    free = shutil.disk_usage(process.models).free
                    leave = n * size // 30
                    filler.write_bytes(b"\0" * max(0, free - leave))
                    another = tmp_path / f"{n}.gguf"
                    another.write_bytes(micro_pair.model.read_bytes() + n.to_bytes(1, "little") * 4096)
                    path = modelfile(f"new {n}")
                    text = path.read_text(encoding="utf-8").replace(str(micro_pair.model), str(another))
                    path.write_text(text, encoding="utf-8")
                    try:
                        publish(path, "kept", host=process.url, verify=False)
                        outcomes.append("done")
                    except ServerError as e:
                        outcomes.append(e.code)
                    filler.unlink()
                    found = system_of(server, "kept")
                    assert found in (held, f"new {n}")
                    assert found == f"new {n}" or outcomes[-1] != "done"
                    held = found
                    publish(modelfile(f"other {n}"), "other", host=process.url, verify=False)
                    assert working(server) == []
            print(f"full disk: {outcomes}")
            assert "done" in outcomes
            assert set(outcomes) - {"done"}
        finally:
            process.stop()
            subprocess.run(["umount", str(process.models)], check=True)
