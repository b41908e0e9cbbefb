"""Installing the kit without extras, beside other tools of the field and beside its own parts.

    python -m benchmarks.install [--rounds N]

All wheels are fetched first, and the network is left out. Then each row is installed into an empty
environment by pip, by pip without compiling to bytecode, and by uv, which compiles nothing and copies here,
round after round, so that other work on the machine falls on all alike; times are processor time, in the
median. "As before" is this wheel with gguf (and numpy with it) and pillow, which the base installation once
had. Needs the extra dev, the package index, and a POSIX system.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.start_up import spent

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 3
MEGABYTES_MAX = 60.0
WAYS = ("pip", "pip --no-compile", "uv")
KIT = "modelfile-kit"
OTHERS = {
    f"{KIT}, as before": (KIT, "gguf", "pillow"),
    f"{KIT} alone, of these": ("--no-deps", KIT),
    "rich alone": ("rich",),
    "httpx alone": ("httpx",),
    "pydantic alone": ("pydantic",),
    "click, jinja2, pyyaml": ("click", "jinja2", "pyyaml"),
    "one file (mdurl)": ("mdurl",),
    "ruff": ("ruff",),
    "huggingface_hub (hf)": ("huggingface_hub",),
    "llm": ("llm",),
}


@dataclass
class Row:
    """What is installed. files, bare, whole: files, and bytes without and with bytecode; seconds: by way."""

    name: str
    words: tuple[str, ...]
    files: int = 0
    bare: int = 0
    whole: int = 0
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def run(self, way: str, folder: Path) -> None:
        """Installs it once."""
        environment = folder / "environment"
        shutil.rmtree(environment, ignore_errors=True)
        shutil.copytree(folder / "empty", environment, symlinks=True)
        python = environment / "bin" / "python"
        wheel = next(folder.glob(f"wheels/{KIT.replace('-', '_')}-*.whl"))
        words = [str(wheel) if word == KIT else word for word in self.words]
        words += ["--no-index", "--find-links", str(folder / "wheels")]
        if way == "uv":
            uv = [sys.executable, "-m", "uv", "pip", "install", "--python", python, "--link-mode", "copy"]
            command = [*uv, "--no-cache", "--offline", "--quiet", *words]
        else:
            pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            command = [*pip, *(["--no-compile"] if "no-compile" in way else []), *words]
        before = spent()
        _run(*command)
        self.seconds.setdefault(way, []).append(spent() - before)
        if way == "pip":
            there = {path.relative_to(folder / "empty") for path in (folder / "empty").rglob("*")}
            new = [
                p for p in environment.rglob("*") if p.is_file() and p.relative_to(environment) not in there
            ]
            self.files = sum(path.suffix != ".pyc" for path in new)
            self.bare = sum(path.stat().st_size for path in new if path.suffix != ".pyc")
            self.whole = sum(path.stat().st_size for path in new)


def _run(*words: object) -> None:
    """Runs a command; what it says is shown where it fails."""
    bare = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")}
    ended = subprocess.run([str(w) for w in words], env=bare, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(ended.stderr or ended.stdout)


def prepare(folder: Path, rows: Sequence[Row]) -> None:
    """An environment with pip alone, and every wheel that a row needs."""
    _run(sys.executable, "-m", "venv", folder / "empty")
    python, wheels = folder / "empty" / "bin" / "python", folder / "wheels"
    # What pip imports of itself is compiled before anything is measured.
    _run(python, "-m", "compileall", "-q", next(folder.glob("empty/lib/*/site-packages")))
    _run(sys.executable, "-m", "uv", "build", "--quiet", "--wheel", "--out-dir", wheels, ROOT)
    wheel = next(wheels.glob("*.whl"))
    for row in rows:
        words = [str(wheel) if word == KIT else word for word in row.words if word != "--no-deps"]
        _run(python, "-m", "pip", "download", "-q", "--disable-pip-version-check", "-d", wheels, *words)


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table; exit code 1 where the kit is larger than it may be."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args(arguments)
    kit = Row(KIT, (KIT,))
    rows = [kit, *(Row(name, words) for name, words in OTHERS.items())]
    with tempfile.TemporaryDirectory() as made:
        prepare(Path(made), rows)
        for _ in range(asked.rounds):
            for way in WAYS:
                for row in rows:
                    row.run(way, Path(made))
    print("| installed | files | MB | with bytecode | pip | times the first | without compiling | uv |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    base = statistics.median(kit.seconds["pip"])
    for row in rows:
        pip, bare, uv = (statistics.median(row.seconds[way]) for way in WAYS)
        print(
            f"| {row.name} | {row.files:,} | {row.bare / 1e6:.1f} | {row.whole / 1e6:.1f} | {pip:.2f} s "
            f"| {pip / base:.2f} | {bare:.2f} s | {uv:.2f} s |"
        )
    return 0 if kit.whole / 1e6 <= MEGABYTES_MAX else 1


if __name__ == "__main__":
    sys.exit(main())
