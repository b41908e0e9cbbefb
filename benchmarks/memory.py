"""The memory of models of real shape: this kit and gguf-parser-go, beside what llama-server reports.

    python -m benchmarks.memory [MODEL …]

Each model is written as a sparse file (tests/fit/real_models.py) and given to both; what llama-server reports
of it is on record (tests/fit/engine_memory.txt). gguf-parser-go is built with Go, through its module proxy.
A ratio of 1.00 is what llama-server reports; what gguf-parser-go adds for the process itself is left out,
since no buffer of the server has it. Times are of a whole process each, the best of three.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.common.timing import fastest
from modelfile_kit.fit import Settings, estimate, open_model
from tests.fit.real_models import MODELS, write
from tests.fit.record import Memory, Run, read_record

VERSION = "v0.28.1"
SOURCE = Path(__file__).with_name("peers") / "gguf_parser.go"
MIB = 1 << 20
PARTS = ("weights", "cache", "compute", "total")


def build(folder: Path, source: Path = SOURCE) -> Path | None:
    """A program on gguf-parser-go, in a folder of its own; None without Go."""
    if not shutil.which("go"):
        return None
    shutil.copy(source, folder / "main.go")
    (folder / "go.mod").write_text("module peer\n\ngo 1.22\n")
    quiet = {**os.environ, "GOFLAGS": "-mod=mod"}
    for command in (
        ["go", "get", f"github.com/gpustack/gguf-parser-go@{VERSION}"],
        ["go", "build", "-o", "peer", "."],
    ):
        subprocess.run(command, cwd=folder, env=quiet, check=True, capture_output=True)
    return folder / "peer"


def ours(path: Path, run: Run) -> dict[str, float]:
    settings = Settings(run.context, slots=run.slots, cache_type=run.cache, flash_attention=run.flash)
    device = estimate(open_model(path), settings).devices[0]
    sizes = (device.weights, device.cache + device.states, device.compute + device.output)
    return named(*(size / MIB for size in sizes))


def theirs(program: Path, path: Path, run: Run) -> dict[str, float] | None:
    """None where the peer gives up."""
    _, *rest = run.words.split()
    done = subprocess.run([program, path, *rest], capture_output=True, text=True)
    if done.returncode:
        return None
    found = json.loads(done.stdout)
    found = {key: value / MIB for key, value in found.items()}
    return named(found["weights"], found["cache"], found["compute"])


def reported(memory: Memory) -> dict[str, float]:
    return named(memory.model, memory.cache + memory.states, memory.compute + memory.output)


def named(weights: float, cache: float, compute: float) -> dict[str, float]:
    return {"weights": weights, "cache": cache, "compute": compute, "total": weights + cache + compute}


def ratios(found: dict[str, float], right: dict[str, float]) -> dict[str, float]:
    return {part: found[part] / right[part] for part in PARTS if right[part]}


def seconds(command: list[str | Path]) -> float:
    """Of a whole process, the fastest of three."""
    return fastest(lambda: subprocess.run(command, capture_output=True), 3)


def main(names: list[str]) -> int:
    record = read_record()
    all_ours: list[dict[str, float]] = []
    all_theirs: list[dict[str, float]] = []
    head = f"{'weights':>16} {'cache':>16} {'compute':>16} {'total':>16}"
    sys.stdout.write(f"ours / gguf-parser-go {VERSION}, each as a share of what llama-server reports\n")
    sys.stdout.write(f"{'':38}{head}\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program = build(folder)
        for model in names or MODELS:
            path = write(folder / "model.gguf", MODELS[model])
            for run in (run for run in record if run.model == model):
                right = reported(record[run])
                mine = ratios(ours(path, run), right)
                peer = theirs(program, path, run) if program else None
                other = ratios(peer, right) if peer else {}
                all_ours.append(mine)
                all_theirs += [other] if other else []
                cells = [
                    f"{mine[part]:7.3f} / {other[part]:5.2f} "
                    if part in mine and part in other
                    else f"{mine[part]:7.3f} /  none"
                    if part in mine
                    else f"{'':15}"
                    for part in PARTS
                ]
                sys.stdout.write(f"{run.words:38}{' '.join(f'{cell:>16}' for cell in cells)}\n")
        for label, rows in (("ours", all_ours), ("gguf-parser-go", all_theirs)):
            for part in PARTS:
                values = [row[part] for row in rows if part in row]
                if values:
                    worst = max(values, key=lambda value: abs(value - 1))
                    middle = f"median {median(values):6.3f}  furthest {worst:6.3f}  runs {len(values)}"
                    sys.stdout.write(f"{label:15} {part:8} {middle}\n")
        own = seconds([sys.executable, "-m", "modelfile_kit", "fit", path])
        sys.stdout.write(f"whole process: ours {own:.2f} s")
        if program:
            peer_time = seconds([program, path, "4096", "f16", "on", "1"])
            sys.stdout.write(f", gguf-parser-go {peer_time:.2f} s")
        sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
