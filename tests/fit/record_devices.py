"""Asks llama.cpp's own llama-fit-params how models are shared between CPU and GPUs.

    python -m tests.fit.record_devices LLAMA_CPP

LLAMA_CPP: the sources of the llama.cpp in the installed llama-cpp-python (vendor/llama.cpp of its source
package). The program and the RPC backend are built from them, against the installed libraries, in a
minute. There need not be a GPU: an RPC server on this machine looks like one to llama.cpp, which places
layers, caches and buffers on it as on any other. The program only computes sizes, and loads nothing.
It writes tests/fit/engine_devices.txt.
"""

from __future__ import annotations

import contextlib
import ctypes
import datetime
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .real_models import MODELS, write
from .record import _free_port

RECORD = Path(__file__).with_name("engine_devices.txt")
_DEVICE = re.compile(r"^(RPC\d|Host)\S* (\d+) (\d+) (\d+)", re.MULTILINE)
_MAIN = """
#include "ggml-backend.h"
#include <cstdlib>
int llama_fit_params(int argc, char ** argv);
int main(int argc, char ** argv) {
    return ggml_backend_load(getenv("FIT_BACKEND")) ? llama_fit_params(argc, argv) : 2;
}
"""
NAMES = (
    *("Llama-3.2-1B", "Qwen3-8B", "GLM-4-9B-0414", "Gemma-3-4B", "gpt-oss-20b", "DeepSeek-V2-Lite"),
    *("Granite-4.0-H-Micro", "Qwen3.5-4B"),
)


@dataclass(frozen=True)
class Share:
    """One way of sharing a model. split: shares of the GPUs, "1" for one GPU."""

    model: str
    context: int
    layers: int
    split: str

    @property
    def words(self) -> str:
        return f"{self.model} {self.context} {self.layers} {self.split}"


Devices = tuple[tuple[int, int, int], ...]
"""Weights, cache and states, compute buffer of the CPU and of each GPU, in MiB."""


def shares(model: str) -> Iterator[Share]:
    """Everything on one GPU, some layers, and two GPUs with equal and with other shares."""
    for context in (4096, 32768):
        yield Share(model, context, 99, "1")
        yield Share(model, context, 11, "1")
        yield Share(model, context, 99, "1,1")
        yield Share(model, context, 99, "3,1")


def read_record(path: Path = RECORD) -> dict[Share, Devices]:
    found = {}
    for line in path.read_text().splitlines():
        if line and not line.startswith("#"):
            model, context, layers, split, *sizes = line.split()
            numbers = [tuple(map(int, size.split("/"))) for size in sizes]
            found[Share(model, int(context), int(layers), split)] = tuple((a, b, c) for a, b, c in numbers)
    return found


def main(sources: Path) -> int:
    lines = []
    with tempfile.TemporaryDirectory() as name, _servers(folder := Path(name), sources) as (program, ends):
        for model in NAMES:
            file = write(folder / "model.gguf", MODELS[model])
            for share in shares(model):
                sizes = _ask(program, file, share, ends[: share.split.count(",") + 1])
                lines.append(f"{share.words} {' '.join('/'.join(map(str, size)) for size in sizes)}\n")
                sys.stdout.write(lines[-1])
    day = f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d}"
    RECORD.write_text(
        "# What llama-fit-params says of models of real shape (tests/fit/real_models.py), in MiB.\n"
        f"# {llama_cpp_version()}, {day}, made by `python -m tests.fit.record_devices`,\n"
        "# with -b 512 and one row of output for every token. GPUs are RPC servers on the same machine.\n"
        "# model context gpu-layers split | weights/cache-and-states/compute of the CPU and of each GPU\n"
        + "".join(lines)
    )
    return 0


def llama_cpp_version() -> str:
    import llama_cpp

    return f"llama.cpp of llama-cpp-python {llama_cpp.__version__}"


def _ask(program: list[str], file: Path, share: Share, ends: list[str]) -> Devices:
    arguments = [
        *("-m", str(file), "-c", str(share.context), "-b", "512", "-ngl", str(share.layers)),
        *("-ts", share.split, "--rpc", ",".join(ends), "--no-repack", "--fit-print", "on"),
    ]
    done = subprocess.run([*program, *arguments], capture_output=True, text=True, errors="replace")
    found = {name: (int(a), int(b), int(c)) for name, a, b, c in _DEVICE.findall(done.stdout)}
    if "Host" not in found:
        raise RuntimeError(done.stderr[-2000:])
    return (found.pop("Host"), *(found[name] for name in sorted(found)))


@contextlib.contextmanager
def _servers(folder: Path, sources: Path) -> Iterator[tuple[list[str], list[str]]]:
    """The program's command, and two RPC servers that look like GPUs."""
    import llama_cpp

    libraries = Path(llama_cpp.__file__).parents[1] / "lib"
    backend, program = folder / "libggml-rpc.so", folder / "llama-fit-params"
    entry = folder / "main.cpp"
    entry.write_text(_MAIN)
    include = [f"-I{sources / part}" for part in ("include", "ggml/include", "ggml/src", "common", "vendor")]
    compiler = ["g++", "-O1", "-std=c++17", *include, f"-L{libraries}", f"-Wl,-rpath,{libraries}"]
    rpc = [str(sources / "ggml/src/ggml-rpc" / part) for part in ("ggml-rpc.cpp", "transport.cpp")]
    defines = [f"-DGGML_{name}" for name in ("BACKEND_DL", "BACKEND_BUILD", "BACKEND_SHARED", "SHARED")]
    subprocess.run(
        [*compiler, "-shared", "-fPIC", *defines, *rpc, "-o", str(backend), "-lggml-base", "-lpthread"],
        check=True,
    )
    tool = str(sources / "tools/fit-params/fit-params.cpp")
    linked = ["-lllama-common", "-lllama", "-lggml", "-lggml-base"]
    subprocess.run([*compiler, str(entry), tool, "-o", str(program), *linked], check=True)
    ends = [f"127.0.0.1:{_free_port()}" for _ in range(2)]
    command = [sys.executable, "-m", "tests.fit.record_devices", "--serve", str(libraries), str(backend)]
    processes = [subprocess.Popen([*command, end], stdout=subprocess.DEVNULL) for end in ends]
    os.environ |= {"FIT_BACKEND": str(backend), "LD_LIBRARY_PATH": str(libraries)}
    try:
        for end in ends:
            _wait(int(end.rpartition(":")[2]))
        yield [str(program)], ends
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _wait(port: int) -> None:
    """Until somebody listens there."""
    for _ in range(600):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise RuntimeError("the RPC server does not answer")


def _serve(libraries: Path, backend: str, end: str) -> None:
    """An RPC server with the CPU as its device, until it is killed."""
    for name in ("libggml-base.so.0", "libggml-cpu.so.0"):
        ctypes.CDLL(str(libraries / name), ctypes.RTLD_GLOBAL)
    ggml = ctypes.CDLL(str(libraries / "libggml.so.0"), ctypes.RTLD_GLOBAL)
    ggml.ggml_backend_dev_by_type.restype = ctypes.c_void_p
    devices = (ctypes.c_void_p * 1)(ggml.ggml_backend_dev_by_type(0))
    one = ctypes.c_size_t(1)
    ctypes.CDLL(backend).ggml_backend_rpc_start_server(end.encode(), None, one, one, devices)


if __name__ == "__main__":
    if sys.argv[1] == "--serve":
        _serve(Path(sys.argv[2]), sys.argv[3], sys.argv[4])
    else:
        sys.exit(main(Path(sys.argv[1])))
