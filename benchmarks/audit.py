"""An audit of many models on a hub that is made here: time, bytes, and whether the table is the same.

`python -m benchmarks.audit CORPUS [--models 20000] [--templates 300] [--vocabulary 32000]`: a server plays
the hub's API for so many repositories, each with one GGUF of its own name, and so many different templates
(those of a corpus folder with index.json, told apart by a remark). The kit audits them with the real
huggingface_hub client: on one process, on two, and on a Dask cluster of two workers of which one is killed.
The cold time of the templates is told apart. No peer audits by headers over a hub's API.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import re
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

NAME = "model-{:06d}"
TENSORS = 290
TENSOR_BYTES = 14 << 20
"""Of each tensor that a file claims to have; nobody asks for them."""


def header_bytes(template: str, vocabulary: int, name: str) -> bytes:
    """The header of a Llama-shaped GGUF with this chat template."""
    from gguf import GGUFValueType

    def text(value: str) -> bytes:
        data = value.encode()
        return struct.pack("<Q", len(data)) + data

    keys: list[bytes] = []

    def key(name: str, kind: GGUFValueType, data: bytes) -> None:
        keys.append(text(name) + struct.pack("<I", int(kind)) + data)

    string, number, array = GGUFValueType.STRING, GGUFValueType.UINT32, GGUFValueType.ARRAY
    key("general.architecture", string, text("llama"))
    key("general.name", string, text(name))
    key("general.file_type", number, struct.pack("<I", 15))
    shape = {
        "block_count": 32,
        "context_length": 8192,
        "embedding_length": 4096,
        "feed_forward_length": 14336,
    }
    shape |= {"attention.head_count": 32, "attention.head_count_kv": 8, "rope.dimension_count": 128}
    for word, value in shape.items():
        key(f"llama.{word}", number, struct.pack("<I", value))
    key("llama.attention.layer_norm_rms_epsilon", GGUFValueType.FLOAT32, struct.pack("<f", 1e-5))
    key("tokenizer.ggml.model", string, text("llama"))
    tokens = [
        "<unk>",
        "<s>",
        "</s>",
        "<|im_start|>",
        "<|im_end|>",
        *(f"▁token{n}" for n in range(vocabulary - 5)),
    ]
    head = struct.pack("<IQ", int(string), len(tokens))
    key("tokenizer.ggml.tokens", array, head + b"".join(map(text, tokens)))
    head = struct.pack("<IQ", int(GGUFValueType.FLOAT32), len(tokens))
    key("tokenizer.ggml.scores", array, head + bytes(4 * len(tokens)))
    types = [2, 3, 3, 3, 3, *[1] * (len(tokens) - 5)]
    head = struct.pack("<IQ", int(GGUFValueType.INT32), len(tokens))
    key("tokenizer.ggml.token_type", array, head + struct.pack(f"<{len(types)}i", *types))
    key("tokenizer.ggml.bos_token_id", number, struct.pack("<I", 1))
    key("tokenizer.ggml.eos_token_id", number, struct.pack("<I", 2))
    key("tokenizer.chat_template", string, text(template))
    tensors, offset = [], 0
    for number_ in range(TENSORS):
        title = text(f"blk.{number_ // 9}.t{number_ % 9}.weight")
        tensors.append(title + struct.pack("<IQIQ", 1, TENSOR_BYTES // 4, 0, offset))
        offset += TENSOR_BYTES
    data = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(keys)) + b"".join(keys) + b"".join(tensors)
    return data + bytes(-len(data) % 32)


def serve(port_of: Path, models: int, templates: list[str], vocabulary: int) -> None:
    """The hub, in a process of its own, until it is killed. Writes its port into a file."""
    blobs = [header_bytes(template, vocabulary, NAME.format(0)) for template in templates]
    places = [blob.index(NAME.format(0).encode()) for blob in blobs]
    size = {len(blob): len(blob) + TENSOR_BYTES * TENSORS for blob in blobs}

    def blob_of(number: int) -> bytes:
        blob, at = blobs[number % len(blobs)], places[number % len(blobs)]
        name = NAME.format(number).encode()
        return blob[:at] + name + blob[at + len(name) :]

    def digest_of(number: int) -> str:
        return hashlib.sha256(str(number).encode()).hexdigest()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path)
            found = re.search(r"/org/model-(\d{6})(/|$)", path)
            if path == "/api/models":
                listed = [{"_id": "1", "id": f"org/{NAME.format(n)}"} for n in range(models)]
                self.answer(json.dumps(listed).encode())
            elif found is None or int(found[1]) >= models:
                self.send_error(404)
            elif "/resolve/" in path:
                self.part(blob_of(int(found[1])), digest_of(int(found[1])))
            elif "/tree/" in path:
                number = int(found[1])
                total = size[len(blobs[number % len(blobs)])]
                lfs = {"oid": digest_of(number), "size": total, "pointerSize": 134}
                entry = {"type": "file", "oid": "0" * 40, "size": total, "path": "m-Q4_K_M.gguf", "lfs": lfs}
                self.answer(json.dumps([entry]).encode())
            else:
                name = f"org/{NAME.format(int(found[1]))}"
                sha = digest_of(int(found[1]))[:40]
                self.answer(
                    json.dumps({"_id": "1", "id": name, "modelId": name, "sha": sha, "tags": []}).encode()
                )

        def part(self, blob: bytes, digest: str) -> None:
            first, last = map(int, self.headers["Range"].removeprefix("bytes=").split("-"))
            total = size[len(blob)]
            data = blob[first : last + 1]
            data += bytes(min(last + 1, total) - first - len(data))
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{first + len(data) - 1}/{total}")
            self.send_header("ETag", f'"{digest}"')
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 256

        def handle_error(self, *_: object) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    port_of.write_text(str(server.server_address[1]))
    server.serve_forever()


@contextmanager
def hub(folder: Path, models: int, templates: list[str], vocabulary: int) -> Iterator[str]:
    """The hub's address while it runs."""
    port = folder / "port"
    process = multiprocessing.get_context("spawn").Process(
        target=serve, args=(port, models, templates, vocabulary), daemon=True
    )
    process.start()
    while not port.exists() or not port.read_text():
        time.sleep(0.1)
    yield f"http://127.0.0.1:{port.read_text()}"
    process.kill()


def templates_of(corpus: Path, count: int) -> list[str]:
    """So many different chat templates out of a corpus: its own, told apart by a remark."""
    index = json.loads((corpus / "index.json").read_text(encoding="utf-8"))
    entries = index["templates"] if isinstance(index, dict) else index
    texts = [(corpus / entry["file"]).read_text(encoding="utf-8") for entry in entries]
    return [texts[n % len(texts)] + f"{{# {n // len(texts)} #}}" for n in range(count)]


def audit(folder: Path, name: str, names: Path, *options: str) -> tuple[float, float, bytes]:
    """One audit: seconds, processor seconds of its processes, and the bytes of the table."""
    out = folder / name
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    line = [
        sys.executable,
        "-m",
        "modelfile_kit",
        "audit",
        str(names),
        "--parquet",
        "--output",
        str(out),
        *options,
    ]
    done = subprocess.run([*line, "--fail-on", "never"], capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    said = [line for line in done.stderr.splitlines() if line.startswith("read ")]
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    table = (out / "audit.parquet").read_bytes()
    print(f"{name:<34} {seconds:8.1f} s {cpu:8.1f} s cpu  {''.join(said)}", flush=True)
    return seconds, cpu, table


def _pids(*arguments: str) -> list[str]:
    return subprocess.run(["pgrep", *arguments], capture_output=True, text=True, check=False).stdout.split()


def kill_a_worker(after: float) -> None:
    """Kills one worker process of a Dask cluster on this machine; its nanny makes a new one."""
    time.sleep(after)
    children = [
        child
        for parent in _pids("-f", "dask worker")
        for child in _pids("-P", parent)
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]
    if children:
        os.kill(int(children[0]), signal.SIGKILL)
        print("  killed one worker", flush=True)


@contextmanager
def cluster() -> Iterator[str]:
    """A scheduler and two workers in processes of their own, as on two machines."""
    dask = str(Path(sys.executable).parent / "dask")
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "scheduler.json"
        line = [dask, "scheduler", "--no-dashboard", "--scheduler-file", str(told), "--host", "127.0.0.1"]
        scheduler = subprocess.Popen([*line, "--port", "0"], stderr=subprocess.DEVNULL)
        while not told.exists():
            time.sleep(0.1)
        address = json.loads(told.read_text())["address"]
        line = [dask, "worker", address, "--nthreads", "1", "--memory-limit", "2GB", "--no-dashboard"]
        workers = [subprocess.Popen(line, stderr=subprocess.DEVNULL) for _ in range(2)]
        try:
            yield address
        finally:
            for process in (*workers, scheduler):
                process.terminate()
            for process in (*workers, scheduler):
                process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--models", type=int, default=20_000)
    parser.add_argument("--templates", type=int, default=300)
    parser.add_argument("--vocabulary", type=int, default=32_000)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        templates = templates_of(chosen.corpus, chosen.templates)
        with hub(folder, chosen.models, templates, chosen.vocabulary) as address:
            os.environ |= {
                "HF_ENDPOINT": address,
                "HF_HOME": str(folder / "hub"),
                "XDG_CACHE_HOME": str(folder / "cache"),
            }
            os.environ.pop("HF_TOKEN", None)
            few, all_ = folder / "few.txt", folder / "all.txt"
            names = [f"hf.co/org/{NAME.format(n)}" for n in range(chosen.models)]
            few.write_text("\n".join(names[: chosen.templates]))
            all_.write_text("\n".join(names))
            print(
                f"{chosen.models:,} models, {chosen.templates} templates, {chosen.vocabulary:,} tokens each"
            )
            audit(folder, "templates, cold, 2 processes", few, "--jobs", "2")
            tables = []
            for jobs in ("1", "2"):
                seconds, cpu, table = audit(folder, f"all, {jobs} process(es)", all_, "--jobs", jobs)
                tables.append(table)
                rates = (chosen.models / seconds, chosen.models / cpu)
                print("  {:.1f} models a second, {:.1f} a processor's second".format(*rates))
            with cluster() as scheduler:
                threading.Thread(target=kill_a_worker, args=(20,), daemon=True).start()
                tables.append(audit(folder, "all, Dask, one of two killed", all_, "--dask", scheduler)[2])
            print(f"the tables are {'equal, byte for byte' if len(set(tables)) == 1 else 'DIFFERENT'}")


if __name__ == "__main__":
    main()
