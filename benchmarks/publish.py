"""What publishing costs: hashing, and the same package by `ollama create`, the ollama package and the kit.

    python -m benchmarks.publish [MEBIBYTES] [MODEL.gguf [PROJECTOR.gguf]]

Without files of your own the micro pair is used, its model filled up with bytes behind the tensors to
MEBIBYTES (default 512). They are hashed and uploaded like weights, but not rewritten by the server as
weights are, so for the rows of `ollama create` this is the best case. All rows are measured in one run
on one server of its own; a figure is the best of some runs, except "first", which there is only once.
The last table is about `publish --by api` and `--by cli`, without verification: a blob that is new, one that
the server has, and eight tags of one model. Each way has files of its own, of the same size.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.common.timing import fastest
from modelfile_kit.micro import build_pair
from modelfile_kit.publish.blobs import DigestCache, digest_file
from modelfile_kit.publish.publish import publish
from tests.ollama_process import OllamaProcess, find_ollama

RUNS = 3
TAGS = 8
TEMPLATE = "[gMASK]<sop>{{ range .Messages }}<|{{ .Role }}|>\n{{ .Content }}{{ end }}<|assistant|>\n"


def plainly(path: Path, size: int) -> str:
    """SHA-256 as a simple loop does it, with reads of `size` bytes."""
    sha = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(size):
            sha.update(chunk)
    return sha.hexdigest()


def hashing(path: Path, folder: Path) -> list[tuple[str, float]]:
    """The rows about hashing one file."""
    nobody = DigestCache(folder / "never" / "written")
    nobody.put = lambda *_: None  # type: ignore[method-assign]
    remembering = DigestCache(folder / "digests")
    rows = [
        ("hashlib, 32 KiB a read (the ollama package)", fastest(lambda: plainly(path, 32 << 10), RUNS)),
        ("hashlib, 1 MiB a read", fastest(lambda: plainly(path, 1 << 20), RUNS)),
    ]
    if program := shutil.which("sha256sum"):
        seconds = fastest(lambda: subprocess.run([program, path], stdout=subprocess.DEVNULL), RUNS)
        rows.append(("sha256sum", seconds))
    rows.append(("the kit, first time", fastest(lambda: digest_file(path, cache=nobody), RUNS)))
    digest_file(path, cache=remembering)
    rows.append(("the kit, again", fastest(lambda: digest_file(path, cache=remembering), RUNS)))
    return rows


def by_package(host: str, model: Path, projector: Path) -> None:
    """The same create by the ollama package."""
    import ollama

    client = ollama.Client(host)
    files = {p.name: client.create_blob(p) for p in (model, projector)}
    client.create("by-package", files=files, template=TEMPLATE)


def publishing(server: OllamaProcess, model: Path, projector: Path, folder: Path) -> list[tuple[str, float]]:
    """The rows about creating a model."""
    path = folder / "Modelfile"

    def write(system: str) -> Path:
        text = f'FROM {model}\nFROM {projector}\nTEMPLATE """{TEMPLATE}"""\nSYSTEM {system}\n'
        path.write_text(text, encoding="utf-8")
        return path

    def kit(system: str) -> None:
        publish(write(system), "by-kit", host=server.host, cache_folder=folder / "cache", verify=False)

    def again(file: Path = model) -> None:
        text = write("a").read_text(encoding="utf-8").replace(str(model), str(file))
        path.write_text(text, encoding="utf-8")
        server.run("create", "by-cli", "-f", str(path), timeout=3600)

    # The same size and other content, so that `ollama create` has something to upload as well.
    other = folder / "other.gguf"
    shutil.copyfile(model, other)
    with other.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\0")
    systems = iter(range(1000))
    return [
        ("the kit, first (hash, upload, create)", fastest(lambda: kit("a"), 1)),
        ("the kit, unchanged", fastest(lambda: kit("a"), RUNS)),
        ("the kit, another SYSTEM", fastest(lambda: kit(f"s{next(systems)}"), RUNS)),
        ("ollama create, first (hash, upload, create)", fastest(lambda: again(other), 1)),
        ("ollama create, unchanged", fastest(lambda: again(other), RUNS)),
        ("ollama package, unchanged", fastest(lambda: by_package(server.url, model, projector), 1)),
    ]


def ways(server: OllamaProcess, model: Path, projector: Path, folder: Path) -> list[tuple[str, float]]:
    """The rows about who creates the model."""
    rows = [row for by in ("api", "cli") for row in _way(by, server, model, projector, folder)]
    return sorted(rows, key=lambda row: row[0].partition(": ")[2])


def _way(
    by: str, server: OllamaProcess, model: Path, projector: Path, folder: Path
) -> list[tuple[str, float]]:
    own, path = folder / f"{by}.gguf", folder / f"Modelfile.{by}"
    shutil.copyfile(model, own)
    with own.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(by[:1].encode())
    minute_ago = time.time() - 60
    os.utime(own, (minute_ago, minute_ago))
    systems = iter(range(1000))

    def create(name: str) -> None:
        text = f'FROM {own}\nFROM {projector}\nTEMPLATE """{TEMPLATE}"""\nSYSTEM {next(systems)}\n'
        path.write_text(text, encoding="utf-8")
        publish(
            path,
            name,
            host=server.host,
            cache_folder=folder / "cache",
            verify=False,
            by=by,
            ollama_command=str(server.program) if by == "cli" else None,
        )

    def create_tags() -> None:
        for number in range(TAGS):
            create(f"ways-{by}:{number}")

    return [
        (f"by {by}: new blob (hash, upload, create)", fastest(lambda: create(f"ways-{by}"), 1)),
        (f"by {by}: the blob is there, another SYSTEM", fastest(lambda: create(f"ways-{by}"), RUNS)),
        (f"by {by}: {TAGS} tags of one model", fastest(create_tags, 1)),
    ]


def files_of(arguments: list[str], folder: Path) -> tuple[Path, Path]:
    """Model and projector: the caller's, or the micro pair filled up."""
    size = int(arguments[0]) << 20 if arguments else 512 << 20
    pair = build_pair(folder / "pair")
    assert pair.projector is not None
    if len(arguments) > 1:
        return Path(arguments[1]), Path(arguments[2]) if len(arguments) > 2 else pair.projector
    with pair.model.open("ab") as file:
        block = os.urandom(1 << 20)
        while file.tell() < size:
            file.write(block)
    minute_ago = time.time() - 60  # a file just written is not remembered
    for file_ in (pair.model, pair.projector):
        os.utime(file_, (minute_ago, minute_ago))
    return pair.model, pair.projector


def show(title: str, rows: list[tuple[str, float]], size: int) -> None:
    """Prints a table; the last column only says something about rows that read the file."""
    print(f"\n{title}")
    for name, seconds in rows:
        print(f"  {name:<46} {seconds * 1000:>10.1f} ms {size / seconds / 1e6:>12.0f} MB/s")


def main() -> None:
    """Measures and prints."""
    program, reason = find_ollama()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model, projector = files_of(sys.argv[1:], folder)
        size = model.stat().st_size
        print(f"{model.name}, {size / 1e6:.0f} MB")
        show("hashing", hashing(model, folder), size)
        if program is None:
            print(f"\npublishing: left out, {reason}")
            return
        server = OllamaProcess(program, folder / "ollama")
        server.start()
        try:
            show("publishing", publishing(server, model, projector, folder), size)
            show("who creates the model", ways(server, model, projector, folder), size)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
