"""Eight variants of a model: built and published by the kit, beside eight builds and eight `ollama create`.

    python -m benchmarks.variants [MEBIBYTES]

The micro pair stands in for a model, each variant filled up with bytes of its own to MEBIBYTES (default 64).
All rows are measured in one run on one server of its own, without verification, which `ollama create` does
not do. Bytes are those that a client sends, counted by a proxy before the server. To a server on this machine
neither way sends files: both copy them into its folder (OLLAMA_MODELS). So the proxy also listens where the
machine looks like another one. `ollama create` gets the Modelfiles that the kit built, so its times leave
out how a TEMPLATE comes to be. "first" has each way its own files, of the same size; "another SYSTEM" changes
one line of the package; "unchanged" is the same again. cpu: processor seconds of client and server together,
which say more than seconds on a machine that does other work.
"""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from modelfile_kit.building.build import build
from modelfile_kit.building.shared_work import SharedWork
from modelfile_kit.building.variants import build_variants
from modelfile_kit.package.package import load_package
from modelfile_kit.package.variants import variant_packages
from modelfile_kit.publish.variants import publish_variants
from tests.ollama_process import OllamaProcess, find_ollama
from tests.variant_files import TYPES, write_variants

PROMPT = "system: {}\n"


@dataclass
class Counting:
    """A proxy that counts what clients send. address: host and port that they are to use."""

    server: str
    host: str = "127.0.0.1"
    sent: int = 0
    _listening: socket.socket = field(default_factory=socket.socket)

    @property
    def address(self) -> str:
        """Where it listens."""
        host, port = self._listening.getsockname()
        return f"{host}:{port}"

    def __enter__(self) -> Counting:
        self._listening.bind((self.host, 0))
        self._listening.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            host, _, port = self.server.rpartition(":")
            server = socket.create_connection((host, int(port)))
            for end in (client, server):  # else each request in two pieces waits 40 ms for an ACK
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for source, target, counted in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._pump, args=(source, target, counted), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        try:
            while data := source.recv(1 << 20):
                if counted:
                    self.sent += len(data)
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def package(folder: Path, size: int) -> Path:
    """A package of eight variants whose files have `size` bytes, no two alike."""
    write_variants(folder, list(TYPES))
    minute_ago = time.time() - 60  # a file just written is not remembered
    for file in folder.glob("*.gguf"):
        if file.name.startswith("M-"):
            with file.open("ab") as out:
                while out.tell() < size:
                    out.write(os.urandom(1 << 20))
        os.utime(file, (minute_ago, minute_ago))
    return folder


def say(folder: Path, text: str) -> None:
    """Changes the package's system text."""
    path = folder / "mkmodelfile.yaml"
    lines = [x for x in path.read_text(encoding="utf-8").splitlines() if not x.startswith("system:")]
    path.write_text("\n".join([lines[0], PROMPT.format(text).strip(), *lines[1:]]) + "\n", encoding="utf-8")


def timed(work: Callable[[], object]) -> float:
    """Seconds of one call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def builds(folder: Path) -> None:
    """Eight variants with what they share done once, beside eight builds."""
    work = SharedWork()
    together = timed(lambda: build_variants(folder, write=False, shared=work))
    packages = variant_packages(load_package(folder))
    apart = timed(lambda: [build(p, write=False) for p in packages])
    print(f"\nbuilding {len(packages)} variants ({work.counts['compile']} compile)")
    print(f"  together {together:8.2f} s\n  apart    {apart:8.2f} s  {apart / together:.1f} times as long")


def own_address() -> str:
    """An address of this machine that is not the loopback's; that one where there is no other."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # nothing is sent
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def processor_seconds(server: OllamaProcess) -> float:
    """What this process, the programs that it ran and the server have used so far (Linux)."""
    mine = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    fields = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
    theirs = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")  # proc(5): utime, stime, and of children
    return sum(used.ru_utime + used.ru_stime for used in mine) + theirs


def publishing(server: OllamaProcess, host: str, ours: Path, theirs: Path, cache: Path) -> None:
    """The kit beside `ollama create`, first and with another SYSTEM; host: where the server seems to be."""
    print(f"\npublishing {len(TYPES)} variants to {'this' if host.startswith('127.') else 'another'} machine")
    with Counting(server.host, host) as proxy:
        for title, text in (("first", "a"), ("another SYSTEM", "b"), ("unchanged", "b")):
            figures = []
            for folder, create in ((ours, by_kit), (theirs, by_create)):
                say(folder, text)
                made = build_variants(folder)
                before, cpu = proxy.sent, processor_seconds(server)
                seconds = timed(partial(create, made, proxy, server, cache))
                figures.append((seconds, processor_seconds(server) - cpu, (proxy.sent - before) / 1e6))
            kit, cli = figures
            ways = (("the kit", kit), (f"{len(TYPES)} times `ollama create`", cli))
            told = (f"{who} {s:.2f} s, cpu {cpu:.2f} s, {sent:.1f} MB" for who, (s, cpu, sent) in ways)
            print(f"  {title}: {'; '.join(told)}; {cli[0] / kit[0]:.1f} times as long")


def by_kit(made: tuple[object, ...], proxy: Counting, _server: OllamaProcess, cache: Path) -> None:
    """All variants by the kit, the main one's second name included."""
    host = f"http://{proxy.address}"
    done = publish_variants(made, host=host, verify=False, cache_folder=cache)  # type: ignore[arg-type]
    assert all(one.done is not None for one in done)


def by_create(made: tuple[object, ...], proxy: Counting, server: OllamaProcess, _cache: Path) -> None:
    """All variants by `ollama create` with the Modelfiles that were built."""
    for one in made:
        path = one.built.path  # type: ignore[attr-defined]
        line = [str(server.program), "create", f"c:{path.parent.name}", "-f", str(path)]
        env = {**server.env, "OLLAMA_HOST": proxy.address}
        subprocess.run(line, env=env, check=True, capture_output=True, timeout=3600)


def main() -> None:
    """Measures and prints."""
    size = int(sys.argv[1] if len(sys.argv) > 1 else 64) << 20
    program, reason = find_ollama()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"{len(TYPES)} files of {size / 1e6:.0f} MB and a projector")
        for number, host in enumerate(dict.fromkeys(("127.0.0.1", own_address()))):
            ours, theirs = (package(folder / f"{who}{number}", size) for who in ("ours", "theirs"))
            if not number:
                builds(ours)
            if program is None:
                print(f"\npublishing: left out, {reason}")
                return
            server = OllamaProcess(program, folder / f"ollama{number}")
            server.start()
            os.environ["OLLAMA_MODELS"] = server.env["OLLAMA_MODELS"]  # as `ollama create` has it
            try:
                publishing(server, host, ours, theirs, folder / "cache")
            finally:
                server.stop()


if __name__ == "__main__":
    main()
