"""Runs every benchmark and writes what each prints into benchmarks/README.md.

    python -m benchmarks [NAME…] [--corpus FOLDER] [--scanners PYTHON] [--peers FOLDER] [--print]

A benchmark is a module of this folder that prints its table. README.md says where the table belongs, by a
line `<!-- NAME -->`; what stands from there to `<!-- end -->` is written anew, with the date, the machine and
the versions of the peers that were measured beside the kit. Without a name all are run, one after the other
(some two hours). What something is missing for is left out with the reason, and its table stays as it was.

--corpus: chat templates and conversations, as `benchmarks.corpus` wants them. --scanners: a Python that has
c4nary, glyphhound and pillar-gguf-scanner. --peers: where ruff, llm and hf are, if not on PATH.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from modelfile_kit.core.files import write_atomically
from modelfile_kit.core.version import __version__

from . import memory, start_up

ROOT = Path(__file__).resolve().parents[1]
README = Path(__file__).with_name("README.md")
END = "<!-- end -->"


@dataclass(frozen=True)
class Benchmark:
    """needs: what has to be here, as in `missing`; packages: those of Python whose versions count."""

    name: str
    needs: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()


BENCHMARKS = (
    Benchmark("install", ("uv",)),
    Benchmark("start_up", packages=("click", "PyYAML")),
    Benchmark("lint", packages=("click",)),
    Benchmark("header", packages=("gguf", "llama-cpp-python")),
    Benchmark("build", packages=("gguf",)),
    Benchmark("tokenizing", ("llama_cpp",), ("llama-cpp-python",)),
    Benchmark("gotemplate"),
    Benchmark("hostile", packages=("jinja2",)),
    Benchmark("memory", ("go",)),
    Benchmark("publish", ("ollama",)),
    Benchmark("variants", ("ollama",)),
    Benchmark("audit", packages=("huggingface_hub", "distributed")),
    Benchmark("corpus", ("go", "corpus"), ("jinja2",)),
    Benchmark("templates", ("go", "corpus"), ("jinja2",)),
    Benchmark("converters", ("go", "corpus", "llama_cpp"), ("llama-cpp-python",)),
    Benchmark("safety", ("corpus", "scanners"), ("jinja2",)),
    Benchmark("own_tokenizers", ("llama_cpp",), ("llama-cpp-python", "tokenizers", "tiktoken")),
)


def missing(benchmark: Benchmark, asked: argparse.Namespace) -> str:
    """What a benchmark needs and is not here, "" where nothing is missing."""
    here: dict[str, Callable[[], bool]] = {
        "go": lambda: shutil.which("go") is not None,
        "uv": lambda: importlib.util.find_spec("uv") is not None,
        "ollama": lambda: bool(os.environ.get("OLLAMA_BIN") or shutil.which("ollama")),
        "llama_cpp": lambda: bool(versions(("llama-cpp-python",))),
        "corpus": lambda: asked.corpus is not None,
        "scanners": lambda: asked.scanners is not None,
    }
    return ", ".join(need for need in benchmark.needs if not here[need]())


def command(benchmark: Benchmark, asked: argparse.Namespace) -> list[str]:
    """Its command line."""
    given: list[str] = []
    if "scanners" in benchmark.needs:
        given.append(asked.scanners)
    if "corpus" in benchmark.needs:
        given.append(str(asked.corpus))
    if benchmark.name == "start_up" and asked.peers:
        given += ["--peers", str(asked.peers)]
    return [sys.executable, "-m", f"benchmarks.{benchmark.name}", *given]


def versions(packages: Sequence[str]) -> list[str]:
    """The packages that are installed, with their versions."""
    found = []
    for name in packages:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def programs(benchmark: Benchmark) -> list[str]:
    """The other programs that a benchmark measures or asks, with their versions."""
    found = []
    if "go" in benchmark.needs and shutil.which("go"):
        found.append(_first_line("go", "version").split()[2].replace("go", "Go ", 1))
    if "ollama" in benchmark.needs:
        found.append(_first_line(os.environ.get("OLLAMA_BIN", "ollama"), "--version"))
    if benchmark.name == "memory":
        found.append(f"gguf-parser-go {memory.VERSION}")
    return [program for program in found if program]


def _first_line(*words: str) -> str:
    ended = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    lines = (ended.stdout or ended.stderr).strip().splitlines()
    return lines[-1].strip() if lines else ""


def about(benchmark: Benchmark) -> str:
    """When, on what machine and beside which versions it was measured."""
    day = datetime.date.today()
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors"
    load = f"a load of {os.getloadavg()[0]:.0f} before" if hasattr(os, "getloadavg") else ""
    kit = f"modelfile-kit {__version__}, Python {platform.python_version()}"
    beside = [*versions(benchmark.packages), *programs(benchmark)]
    peers = "beside " + ", ".join(beside) if beside else ""
    parts = (f"{day.day} {day:%B %Y}", kit, machine, load, peers)
    return "; ".join(part for part in parts if part) + "."


def block(about_it: str, printed: str) -> str:
    """What stands between the marks: tables in Markdown as they are, anything else as text."""
    printed = "\n".join(line.rstrip() for line in printed.strip().splitlines())
    body = printed if printed.startswith("|") else f"```text\n{printed}\n```"
    return f"{_wrapped(about_it)}\n\n{body}"


def _wrapped(text: str, width: int = 110) -> str:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)


def placed(page: str, name: str, text: str) -> str:
    """The page with a text between the marks of a benchmark. Raises ValueError where it has none."""
    pattern = re.compile(rf"(<!-- {re.escape(name)} -->\n).*?({re.escape(END)})", re.DOTALL)
    found, count = pattern.subn(lambda m: f"{m[1]}{text}\n{m[2]}", page)
    if count != 1:
        raise ValueError(f"the page has {count} places for {name}, expected one: <!-- {name} --> … {END}")
    return found


def run(benchmark: Benchmark, asked: argparse.Namespace) -> bool:
    """Runs one and writes its table; whether it printed one."""
    text = about(benchmark)
    words = command(benchmark, asked)
    ended = subprocess.run(words, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    print(ended.stdout, end="", flush=True)
    if not ended.stdout.strip():
        print(f"{benchmark.name}: nothing was measured (exit code {ended.returncode})", file=sys.stderr)
        return False
    if not asked.print:
        page = README.read_text(encoding="utf-8")
        write_atomically(README, placed(page, benchmark.name, block(text, ended.stdout)).encode())
    return True


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs those that were named, or all."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").splitlines()[0], formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [benchmark.name for benchmark in BENCHMARKS]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(names)}; by default all")
    parser.add_argument("--corpus", type=Path, help="folder of chat templates and conversations")
    parser.add_argument("--scanners", help="a Python with c4nary, glyphhound and pillar-gguf-scanner")
    parser.add_argument("--peers", type=Path, help=f"folder of {', '.join(start_up.PEERS)}")
    parser.add_argument("--print", action="store_true", help="print the tables and leave README.md as it is")
    asked = parser.parse_args(arguments)
    if unknown := set(asked.names) - set(names):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    sound = True
    for benchmark in BENCHMARKS:
        if asked.names and benchmark.name not in asked.names:
            continue
        if lacking := missing(benchmark, asked):
            print(f"{benchmark.name}: left out, needs {lacking}", file=sys.stderr)
            sound = sound and not asked.names
            continue
        print(f"{benchmark.name}: running", file=sys.stderr)
        sound = run(benchmark, asked) and sound
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
